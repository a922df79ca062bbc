"""Classes as sheets name them, by a name or a code that is none of their own source: which registered class is meant.

That is found from what is in, at every refresh: a class that is registered later, or another of the same name, needs no sheet read again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from portrait.programme.called import alike, bare, closest, contradict, years
from portrait.store.schema import named_run, training_class
from portrait.store.upsert import put

NAME = 300
# A code of one list for all, as BJ2022GP100007; 01, B1 and CLASS01 stand for other classes at every provider.
_CODE = re.compile(r"(?=.*[A-Za-z])(?=(?:.*\d){8})[A-Za-z0-9][A-Za-z0-9_-]{9,}")
_AROUND = timedelta(days=90)  # before and after a class in which a sheet may still tell of it
_NEAR = 3
_ALIKE = 0.5


Span = tuple[date, date]  # first and last day


@dataclass(frozen=True)
class Called:
    """A registered class and what it is called."""

    id: int
    source: str
    code: str
    name: str
    starts: date | None = None
    ends: date | None = None

    def near(self, name: str, span: Span | None) -> bool:
        """Whether a sheet that calls it so may be about it: last year's class of the same name is not this year's,
        and that of another programme another."""
        if contradict(name, self.name):
            return False
        if span is None:
            return True
        first, last = span
        if self.starts or self.ends:
            return (self.starts is None or last >= self.starts - _AROUND) and (
                self.ends is None or first <= self.ends + _AROUND
            )
        # A programme of one year may be held in the next.
        said = {int(year) for year in years(self.name)}
        return not said or any(year <= last.year and year + 1 >= first.year for year in said)


@dataclass(frozen=True)
class Classes:
    """All registered classes by what they are called."""

    all: tuple[Called, ...]
    codes: Mapping[str, tuple[Called, ...]]
    names: Mapping[str, tuple[Called, ...]]  # alike
    bare: Mapping[str, tuple[Called, ...]]

    def fitting(self, name: str, catalogue: str = "", span: Span | None = None) -> tuple[Called, ...]:
        """The classes (of one source, where it is named) that a name or a code may mean, by the closest way in which any fits: its
        code, its name, its name without the year and the kind of sheet. `span` are the first and the last day of what it names."""
        code = name.strip()
        ways = [self.codes.get(code, ())] if _CODE.fullmatch(code) else []
        ways += [self.names.get(alike(name), ()), self.bare.get(bare(name), ())]
        for way in ways:
            fit = [
                one
                for one in way
                if (not catalogue or one.source == catalogue) and (one.code == code or one.near(name, span))
            ]
            if fit:
                return tuple(closest(name, fit, lambda one: one.name))
        return ()

    def nearest(self, name: str, catalogue: str = "") -> list[Called]:
        """The classes whose names come nearest, at most three."""
        there = {bare(one.name): one for one in self.all if not catalogue or one.source == catalogue}
        return [there[one] for one in get_close_matches(bare(name), list(there), n=_NEAR, cutoff=_ALIKE)]


def note_runs(connection: Connection, rows: Iterable[tuple[int, str, str, date | None, date | None]]) -> int:
    """Remember how sheets name classes that are not registered so: run of their records, source of the class where it is said, name,
    first and last day of the records. How many are new or have other days now."""
    found = {(run, catalogue): (name, first, last) for run, catalogue, name, first, last in rows}
    for row in connection.execute(select(named_run).where(named_run.c.run_id.in_({run for run, _ in found}))):
        if (row.run_id, row.catalogue) in found:
            _, first, last = found[row.run_id, row.catalogue]
            days = [day for day in (row.first, row.last, first, last) if day]
            found[row.run_id, row.catalogue] = (row.name, min(days, default=None), max(days, default=None))
    columns = ["run_id", "catalogue", "name", "first", "last"]
    return put(connection, "named_run", columns, ((*key, *said) for key, said in found.items()))


def classes(connection: Connection) -> Classes:
    """All classes by what they are called."""
    rows = connection.execute(
        select(
            training_class.c.id,
            training_class.c.source,
            training_class.c.code,
            training_class.c.name,
            training_class.c.starts,
            training_class.c.ends,
        ).order_by(training_class.c.id)
    )
    every = tuple(Called(*row) for row in rows)

    def by(key: Any) -> dict[str, tuple[Called, ...]]:
        found: dict[str, list[Called]] = defaultdict(list)
        for one in every:
            if text := key(one):
                found[text].append(one)
        return {text: tuple(some) for text, some in found.items()}

    return Classes(
        every, by(lambda one: one.code), by(lambda one: alike(one.name)), by(lambda one: bare(one.name))
    )


def meant_runs(connection: Connection) -> dict[int, int | None]:
    """Of every run that sheets name the one class that it means now; None where it means none, or several."""
    noted = connection.execute(select(named_run)).all()
    if not noted:
        return {}
    known = classes(connection)
    own = {one.id for one in known.all}
    found: dict[int, set[int]] = defaultdict(set)
    for row in noted:
        # What is registered under this very code is the class itself.
        span = (row.first, row.last) if row.first else None
        found[row.run_id] |= (
            set() if row.run_id in own else {one.id for one in known.fitting(row.name, row.catalogue, span)}
        )
    return {run: next(iter(some)) if len(some) == 1 else None for run, some in sorted(found.items())}


def held_runs(registry: Engine) -> dict[int, int]:
    """Run → class, as readers see it: what the last refresh has found."""
    query = select(named_run.c.run_id, named_run.c.class_id).where(named_run.c.class_id.is_not(None))
    with registry.connect() as connection:
        return dict(connection.execute(query).all())


def moved_runs(connection: Connection, meant: Mapping[int, int | None]) -> list[int]:
    """The runs that mean another class than readers see."""
    held = connection.execute(select(named_run.c.run_id, named_run.c.class_id)).all()
    return sorted({run for run, class_id in held if meant.get(run) != class_id})


def keep_runs(connection: Connection, meant: Mapping[int, int | None], moved: Collection[int]) -> None:
    """Let readers see what these runs mean now."""
    if moved:
        connection.execute(
            update(named_run)
            .where(named_run.c.run_id == bindparam("run"))
            .values(class_id=bindparam("meant")),
            [{"run": run, "meant": meant[run]} for run in moved],
        )

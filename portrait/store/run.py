"""Classes as sheets name them, by a name or a code that is none of their own source: which registered class is meant.

That is found from what is in, at every refresh: a class that is registered later, or another of the same name, needs no sheet read again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from portrait.programme.called import alike, bare, contradict
from portrait.store.schema import named_run, training_class
from portrait.store.upsert import put

NAME = 300
# A code that says itself what it is a code of; 01 and B1 stand for other classes at every provider.
_CODE = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9][A-Za-z0-9_-]{5,}")
_NEAR = 3
_ALIKE = 0.5


@dataclass(frozen=True)
class Called:
    """A registered class and what it is called."""

    id: int
    source: str
    code: str
    name: str


@dataclass(frozen=True)
class Classes:
    """All registered classes by what they are called."""

    all: tuple[Called, ...]
    codes: Mapping[str, tuple[Called, ...]]
    names: Mapping[str, tuple[Called, ...]]  # alike
    bare: Mapping[str, tuple[Called, ...]]

    def fitting(self, name: str, catalogue: str = "") -> tuple[Called, ...]:
        """The classes (of one source, where it is named) that a name or a code may mean, by the closest way in which any fits: its
        code, its name, its name without the year and the kind of sheet."""
        code = name.strip()
        ways = [self.codes.get(code, ())] if _CODE.fullmatch(code) else []
        ways += [self.names.get(alike(name), ()), self.bare.get(bare(name), ())]
        for way in ways:
            fit = tuple(
                one
                for one in way
                if (not catalogue or one.source == catalogue)
                and (one.code == code or not contradict(name, one.name))
            )
            if fit:
                return fit
        return ()

    def nearest(self, name: str, catalogue: str = "") -> list[Called]:
        """The classes whose names come nearest, at most three."""
        there = {bare(one.name): one for one in self.all if not catalogue or one.source == catalogue}
        return [there[one] for one in get_close_matches(bare(name), list(there), n=_NEAR, cutoff=_ALIKE)]


def note_runs(connection: Connection, rows: Iterable[tuple[int, str, str]]) -> int:
    """Remember how sheets name classes that are not registered so: (run of their records, source of the class where it is said, name)."""
    return put(connection, "named_run", ["run_id", "catalogue", "name"], rows, update=False)


def classes(connection: Connection) -> Classes:
    """All classes by what they are called."""
    rows = connection.execute(
        select(
            training_class.c.id, training_class.c.source, training_class.c.code, training_class.c.name
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
    noted = connection.execute(select(named_run.c.run_id, named_run.c.catalogue, named_run.c.name)).all()
    if not noted:
        return {}
    known = classes(connection)
    own = {one.id for one in known.all}
    found: dict[int, set[int]] = defaultdict(set)
    for row in noted:
        # What is registered under this very code is the class itself.
        found[row.run_id] |= (
            set() if row.run_id in own else {one.id for one in known.fitting(row.name, row.catalogue)}
        )
    return {run: next(iter(some)) if len(some) == 1 else None for run, some in sorted(found.items())}


def held_runs(registry: Engine) -> dict[int, int]:
    """Run → class, as readers see it: what the last refresh has found."""
    query = select(named_run.c.run_id, named_run.c.class_id).where(named_run.c.class_id.is_not(None))
    with registry.connect() as connection:
        return dict(connection.execute(query).all())


def moved_runs(connection: Connection, meant: Mapping[int, int | None]) -> list[int]:
    """The runs that mean another class than readers see."""
    held = dict(connection.execute(select(named_run.c.run_id, named_run.c.class_id)).all())
    return [run for run, class_id in meant.items() if held.get(run) != class_id]


def keep_runs(connection: Connection, meant: Mapping[int, int | None], moved: Collection[int]) -> None:
    """Let readers see what these runs mean now."""
    if moved:
        connection.execute(
            update(named_run)
            .where(named_run.c.run_id == bindparam("run"))
            .values(class_id=bindparam("meant")),
            [{"run": run, "meant": meant[run]} for run in moved],
        )

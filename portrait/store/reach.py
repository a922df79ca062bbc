"""Whose records a reader may confirm or return, as rows to be joined with the lake's, and the classes that these are of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    ScalarSelect,
    Select,
    String,
    TextClause,
    func,
    select,
    text,
    true,
)

from portrait.scope import Scope, sees_all
from portrait.store.name import in_parts
from portrait.store.schema import (
    account,
    alias,
    batch,
    link,
    person,
    provider,
    school,
    trainee,
    training_class,
)

_WRITTEN = 20_000  # numbers in one statement: written out, for to bind so many takes ten times as long


@dataclass(frozen=True)
class Reach:
    """Where the records lie that a reader may decide on. Those of unknown persons are nobody's to decide on."""

    how: str  # but: all but those of these accounts | account: of these | pair: of these accounts in these classes
    rows: pa.Table  # account, of a pair run too


def reach(
    registry: Engine,
    scope: Scope | None,
    strange: Collection[int] = (),
    among: Collection[int] | None = None,
) -> Reach:
    """The reach of a reader; of all for the province's own office and for who runs a command (None). Accounts are `strange` that
    the registry may not know. `among`: told of these accounts alone, whatever the reader reaches besides.

    A sign-in sheet may know a trainee by another account than the roster does: it is the person who is the trainee.
    """
    if scope is None or sees_all(scope):
        loose = select(account.c.id).where(account.c.person_id.is_(None))
        asked = strange if among is None else set(strange).intersection(among)
        nobody = np.array(strangers(registry, asked), np.int64)
        found = _numbers(registry, loose, among)
        return Reach("but", pa.table({"account": np.concatenate([found["account"].to_numpy(), nobody])}))
    if scope.actor.school_id is not None:
        query = select(account.c.id).join(person, person.c.id == account.c.person_id).where(scope.counted)
        return Reach("account", _numbers(registry, query, among))
    return Reach("pair", _numbers(registry, _pairs(scope), among))


def newest(registry: Engine) -> tuple[Any, ...]:
    """What is another one after a batch, a link of an account or a merge of persons, a decision on one, or one that is undone: trainees,
    classes and whose accounts are seldom change without one of these."""
    last = [batch.c.id, *(one.c[name] for one in (link, alias) for name in ("id", "decided_at", "undone_at"))]
    # Each by the index of its own: all in one SELECT, SQLite would read the tables.
    with registry.connect() as connection:
        return tuple(connection.execute(select(*(_last(column) for column in last))).one())


def _last(column: Column[Any]) -> ScalarSelect[Any]:
    return select(func.max(column)).scalar_subquery()


def _pairs(scope: Scope) -> Select[Any]:
    """Classes, and the accounts of those of their trainees whom the reader may list."""
    named = account.alias("named")
    return (
        select(account.c.id, trainee.c.class_id)
        .select_from(trainee)
        .join(named, named.c.id == trainee.c.account_id)
        .join(account, account.c.person_id == named.c.person_id)
        .where(scope.listed)
    )


def _numbers(registry: Engine, query: Select[Any], among: Collection[int] | None) -> pa.Table:
    """The rows of a query of `account.id`, and of classes if it asks for them, as numbers: account, run.

    All of them in one text, for to make a row of each takes four times as long.
    """
    columns = list(query.selected_columns)
    whole: ColumnElement[str] = columns[0].cast(String)
    for column in columns[1:]:
        whole = whole + "," + column.cast(String)
    told = query.with_only_columns(func.aggregate_strings(whole, ","))
    with registry.connect() as connection:
        texts = [connection.execute(told.where(some)).scalar() for some in _parts(among)]
    said = ",".join(filter(None, texts))
    found = (np.fromstring(said, np.int64, sep=",") if said else np.array([], np.int64)).reshape(
        -1, len(columns)
    )
    return pa.table({name: found[:, place] for place, name in enumerate(("account", "run")[: len(columns)])})


def _parts(among: Collection[int] | None) -> Iterator[ColumnElement[bool] | TextClause]:
    """Conditions that together hold of these accounts; of all when there is none to be among."""
    if among is None:
        yield true()
        return
    listed = sorted(among)
    for start in range(0, len(listed), _WRITTEN):
        yield _listed(listed[start : start + _WRITTEN])


def _listed(accounts: Iterable[int]) -> TextClause:
    return text(f"account.id IN ({', '.join(map(str, map(int, accounts)))})")


def strangers(registry: Engine, accounts: Collection[int]) -> list[int]:
    """Those of these accounts that the registry does not know, in order."""
    listed, found = sorted(accounts), list[int]()
    with registry.connect() as connection:
        for start in range(0, len(listed), _WRITTEN):
            some = listed[start : start + _WRITTEN]
            among = _listed(some)
            counted = select(func.count()).select_from(account).where(among)
            if connection.execute(counted).scalar_one() < len(some):
                there = set(connection.execute(select(account.c.id).where(among)).scalars())
                found += [one for one in some if one not in there]
    return found


@dataclass(frozen=True)
class Owner:
    """Whose an account is, for who may decide on its records."""

    person_id: int
    person: str
    school: str


def owners(registry: Engine, accounts: Collection[int]) -> dict[int, Owner]:
    """Whose accounts these are, of those that are somebody's. The caller has looked whether the reader reaches their records."""
    query = (
        select(account.c.id, person.c.id, person.c.name, func.coalesce(school.c.name, ""))
        .join(person, person.c.id == account.c.person_id)
        .outerjoin(school, school.c.id == person.c.school_id)
    )
    return {row[0]: Owner(*row[1:]) for row in in_parts(registry, query, account.c.id, accounts)}


@dataclass(frozen=True)
class Span:
    """When a class is held, what it is called, and who holds it."""

    name: str
    starts: date | None
    ends: date | None
    provider_id: int | None = None
    provider: str = ""
    code: str = ""

    def outside(self, day: date | None) -> bool:
        """Whether a day is none of the class's."""
        if day is None:
            return False
        return bool((self.starts and day < self.starts) or (self.ends and day > self.ends))


def class_spans(registry: Engine, ids: Collection[int]) -> dict[int, Span]:
    query = select(
        training_class.c.id,
        training_class.c.name,
        training_class.c.starts,
        training_class.c.ends,
        training_class.c.provider_id,
        func.coalesce(provider.c.name, ""),
        training_class.c.code,
    ).outerjoin(provider, provider.c.id == training_class.c.provider_id)
    return {row[0]: Span(*row[1:]) for row in in_parts(registry, query, training_class.c.id, ids)}


def classes_of(registry: Engine, provider_id: int) -> list[int]:
    """The classes that a provider holds."""
    query = select(training_class.c.id).where(training_class.c.provider_id == provider_id)
    with registry.connect() as connection:
        return list(connection.execute(query).scalars())

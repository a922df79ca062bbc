"""Seats of classes: one for one human being, whatever lists name it and by whichever accounts. Made from what the lists say, so that
a link that is undone gives each account its own again; nobody else writes `trainee`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    case,
    delete,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.schema import DropTable

from portrait.store.schema import account, enlisted, trainee
from portrait.store.upsert import empty_stage, fold, staged

# What a list may say of a trainee. Blank is nothing said.
SAID = ("region", "confirmed", "checked_in", "graduated", "left", "reason")
HEARD = {name: f"{name}_batch" for name in SAID}  # where it is kept which list said it last
# Of one who has finished and one who has left, the newer list knows.
_AGAINST = {"graduated": "left", "left": "graduated"}


def seat(connection: Connection, accounts: Collection[int], persons: Iterable[int] = ()) -> None:
    """Bring the seats of these accounts, and of everybody who has one of them or is one of these persons, to what the lists say now.

    `persons`: whose the accounts were before. Of each thing the newest list holds that says it. Running it again changes nothing.
    """
    if not accounts:
        return
    about = staged(connection, "about", [Column("account_id", BigInteger)], ((one,) for one in set(accounts)))
    before = staged(connection, "before", [Column("person_id", BigInteger)], ((one,) for one in set(persons)))
    member = empty_stage(connection, "member", [Column("account_id", BigInteger)])
    connection.execute(insert(member).from_select(["account_id"], _members(about, before)))
    made = empty_stage(connection, "seat", list(trainee.c), [key.name for key in trainee.primary_key])
    connection.execute(insert(made).from_select([column.name for column in trainee.c], _seats(member)))
    gone = ~exists().where(made.c.class_id == trainee.c.class_id, made.c.account_id == trainee.c.account_id)
    connection.execute(delete(trainee).where(trainee.c.account_id.in_(select(member.c.account_id)), gone))
    fold(connection, trainee, made)
    for stage in (made, member, before, about):
        connection.execute(DropTable(stage))


def _members(about: Table, before: Table) -> CompoundSelect[Any]:
    """The accounts of all whose seats may change, those that lists name."""
    whose = account.alias("whose")
    theirs = select(whose.c.person_id).join(about, about.c.account_id == whose.c.id)
    listed = exists().where(enlisted.c.account_id == account.c.id)
    return union(
        select(about.c.account_id),
        *(
            # Each by the index of its own; one condition of both would read every account.
            select(account.c.id).where(account.c.person_id.in_(persons), listed)
            for persons in (theirs, select(before.c.person_id))
        ),
    )


def _seats(member: Table) -> Select[Any]:
    """The seats of these accounts, as rows of `trainee`."""
    learner = func.coalesce(account.c.person_id, account.c.id)
    heard = {name: func.coalesce(enlisted.c[column], 0) for name, column in HEARD.items()}
    whose = (enlisted.c.class_id, learner)
    told = (
        select(
            enlisted,
            learner.label("learner"),
            *(
                func.max(case((_says(enlisted, name), heard[name])))
                .over(partition_by=whose)
                .label(f"{name}_newest")
                for name in SAID
            ),
        )
        .join(account, account.c.id == enlisted.c.account_id)
        .where(enlisted.c.account_id.in_(select(member.c.account_id)))
        .cte("told")
    )
    newest = {
        name: and_(_says(told, name), func.coalesce(told.c[HEARD[name]], 0) == told.c[f"{name}_newest"])
        for name in SAID
    }
    first = (
        select(
            told.c.class_id,
            told.c.learner,
            func.min(told.c.account_id).label("account_id"),
            *(func.max(case((newest[name], told.c.account_id))).label(name) for name in SAID),
        )
        .group_by(told.c.class_id, told.c.learner)
        .cte("first")
    )
    values = []
    for name in SAID:
        holds: ColumnElement[bool] = told.c.account_id == first.c[name]
        if other := _AGAINST.get(name):
            mine, theirs = told.c[f"{name}_newest"], told.c[f"{other}_newest"]
            later = or_(mine > theirs, and_(mine == theirs, first.c[name] >= first.c[other]))
            holds = and_(holds, or_(theirs.is_(None), later))
        value = func.max(case((holds, told.c[name])))
        values.append((value if trainee.c[name].nullable else func.coalesce(value, "")).label(name))
    return (
        select(first.c.class_id, first.c.account_id, *values)
        .join(told, and_(told.c.class_id == first.c.class_id, told.c.learner == first.c.learner))
        .group_by(first.c.class_id, first.c.account_id)
    )


def heard(columns: Collection[str], batch: int) -> dict[str, tuple[int, ColumnElement[bool]]]:
    """What to raise (see `portrait.store.upsert.put`) when a list of these columns comes in: of each thing that it says, the batch that
    said it last, for a list that says nothing of a thing leaves it to those before."""
    said = {HEARD[name]: (batch, _says(enlisted, name)) for name in SAID if name in columns}
    return {"batch_id": (batch, true()), **said}


def _says(lists: FromClause, name: str) -> ColumnElement[bool]:
    """Whether a list says something of it: a date or a word, for blank says nothing."""
    column = lists.c[name]
    return column.is_not(None) if enlisted.c[name].nullable else column != ""


@dataclass(frozen=True)
class Shared:
    """Of the persons of a list those whom their class knows by more than one account, and those of whom the lists say different things."""

    persons: int
    differ: int


def shared(connection: Connection, batch: int) -> Shared:
    """What a batch has in common with other lists of its classes. The same person in two classes counts twice."""
    mine = (
        select(enlisted.c.class_id, account.c.person_id)
        .join(account, account.c.id == enlisted.c.account_id)
        .where(enlisted.c.batch_id == batch, account.c.person_id.is_not(None))
        .distinct()
        .cte("mine")
    )
    twice = (
        select(
            or_(
                *(func.count(distinct(case((_says(enlisted, name), enlisted.c[name])))) > 1 for name in SAID)
            ).label("differ")
        )
        .select_from(mine)
        .join(account, account.c.person_id == mine.c.person_id)
        .join(enlisted, and_(enlisted.c.class_id == mine.c.class_id, enlisted.c.account_id == account.c.id))
        .group_by(mine.c.class_id, mine.c.person_id)
        .having(func.count() > 1)
        .subquery()
    )
    query = select(func.count(), func.coalesce(func.sum(case((twice.c.differ, 1), else_=0)), 0)).select_from(
        twice
    )
    persons, differ = connection.execute(query).one()
    return Shared(int(persons), int(differ))

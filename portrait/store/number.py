"""Accounts that have a number by the rules of before, when logins were kept with the numbers of people in them: found, and put under
the number they have today with everything that hangs on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from portrait.identifier import SENSITIVE
from portrait.identity import NAMING, Identifier, account_number, renamed
from portrait.store.link import OPEN, add_accounts, decide_alone, name_accounts, settle
from portrait.store.moved import Moved, move
from portrait.store.rekeyed import rekeyed
from portrait.store.schema import account, enlisted, followup, identifier, link, mark
from portrait.store.seat import seat
from portrait.store.upsert import chunks, put

_MARK = "naming"
_PART = 400
_LEAST = 11  # digits of the shortest number of a person
NOTED = "（登录名遮盖后账号换了编号，原 {old}）"


@dataclass(frozen=True)
class Renumbered:
    """An account by its number of before, and what it is today."""

    old: int
    new: int
    source: str
    identifier: Identifier
    before: tuple[str, str]  # kind and digest
    name: str | None


def renumbered(connection: Connection, secret: bytes) -> list[Renumbered]:
    """The accounts with a number of before, by source and number. Looks at every account that is shown with enough digits."""
    query = (
        select(account)
        .where(account.c.kind.not_in(SENSITIVE), func.length(account.c.shown) >= _LEAST)
        .order_by(account.c.source, account.c.id)
    )
    found = []
    for row in connection.execute(query):
        if sum(map(str.isdigit, row.shown)) < _LEAST:
            continue
        today = renamed(row.source, row.kind, row.shown, row.id, secret)
        if today is not None:
            new = account_number(row.source, today)
            found.append(Renumbered(row.id, new, row.source, today, (row.kind, row.digest), row.name))
    return found


def owed(connection: Connection, secret: bytes) -> tuple[int, int]:
    """How many accounts a rebuild of the lake has to put under their numbers of today, and how many persons under their keys of today,
    before anything may come in. It changes nothing: see `settled`."""
    if settled(connection):
        return 0, 0
    return len(renumbered(connection, secret)), len(rekeyed(connection, secret))


def settled(connection: Connection) -> bool:
    """Whether that has been looked into and noted for the rules of today."""
    return naming(connection) == NAMING


def note(connection: Connection, value: int) -> None:
    put(connection, "mark", ["name", "value"], [(_MARK, value)])


def naming(connection: Connection) -> int | None:
    """By which rules accounts have been numbered, as far as that is noted: changes when their records get other ids."""
    return connection.scalar(select(mark.c.value).where(mark.c.name == _MARK))


def carry(connection: Connection, moves: Sequence[Renumbered], now: datetime) -> list[int]:
    """Give what people said of these accounts to the numbers of today, its history with it; the accounts (of today) of which a
    person had said something. The accounts of before stay, for whoever reads the old lake, until `drop`.

    Running it again changes nothing.
    """
    decide_alone(connection)
    settle(connection, [one.old for one in moves], now)  # who is somebody's without a history gets one
    _identifiers(connection, moves)
    add_accounts(connection, (_row(one) for one in moves))
    name_accounts(connection, ((*_row(one), one.name) for one in moves if one.name))
    said = _links(connection, moves, now)
    settle(connection, [one.new for one in moves], now)
    return said


def drop(connection: Connection, moves: Sequence[Renumbered], moved: Moved, now: datetime) -> None:
    """Let classes know their trainees by the numbers of today, move what was said of records, and remove the accounts of before with
    the logins they were shown by."""
    decide_alone(connection)
    _links(connection, moves, now)  # decided while the lake was being made
    _classes(connection, moves)
    move(connection, moved)
    logins = [{"its_kind": one.before[0], "its_digest": one.before[1]} for one in moves]
    of = (identifier.c.kind == bindparam("its_kind"), identifier.c.digest == bindparam("its_digest"))
    _each(connection, delete(identifier).where(*of), logins)
    for part in chunks([one.old for one in moves], _PART):
        connection.execute(delete(account).where(account.c.id.in_(part)))
    settle(connection, [one.new for one in moves], now)


def _row(one: Renumbered) -> tuple[int, str, str, str, str]:
    return one.new, one.source, one.identifier.kind, one.identifier.shown, one.identifier.digest


def _links(connection: Connection, moves: Sequence[Renumbered], now: datetime) -> list[int]:
    """The histories of accounts as those of their new numbers; of which (by that) a person had a part in it."""
    histories: dict[int, list[Row[Any]]] = {}
    for part in chunks([number for one in moves for number in (one.old, one.new)], _PART):
        for row in connection.execute(select(link).where(link.c.account_id.in_(part))):
            histories.setdefault(row.account_id, []).append(row)
    lapsed, passed, noted, found = list[int](), list[dict[str, Any]](), list[dict[str, Any]](), list[int]()
    for one in moves:
        before = sorted(histories.get(one.old, []), key=lambda row: row.id)
        if not before:
            continue
        lapsed += _superseded([*before, *histories.get(one.new, [])], one)
        passed.append({"old": one.old, "new": one.new})
        said = [row for row in before if row.decided_by or row.undone_by]
        words = NOTED.format(old=one.old)
        noted += [{"number": row.id, "words": f"{row.note[: 200 - len(words)]}{words}"} for row in said]
        if said:
            found.append(one.new)
    for part in chunks(lapsed, _PART):
        connection.execute(update(link).where(link.c.id.in_(part)).values(state="lapsed", undone_at=now))
    theirs = update(link).where(link.c.account_id == bindparam("old"))
    _each(connection, theirs.values(account_id=bindparam("new")), passed)
    _each(
        connection,
        update(link).where(link.c.id == bindparam("number")).values(note=bindparam("words")),
        noted,
    )
    return found


def _superseded(rows: Sequence[Row[Any]], one: Renumbered) -> list[int]:
    """Of both histories what cannot stand in one: of two decisions the earlier, of two findings of the rules that of before."""
    decided = sorted(
        (row for row in rows if row.state == "active" and row.decided_by), key=lambda row: row.decided_at
    )
    lapsed = [row.id for row in decided[:-1]]
    if any(row.account_id == one.new for row in rows):
        lapsed += [
            row.id for row in rows if row.account_id == one.old and row.state in OPEN and not row.decided_by
        ]
    return lapsed


def _identifiers(connection: Connection, moves: Sequence[Renumbered]) -> None:
    """Who is known by such a login, by a roster, is known by what it is today."""
    today = {one.before: one.identifier for one in moves}
    same = []
    for part in chunks(sorted({digest for _, digest in today}), _PART):
        for row in connection.execute(select(identifier).where(identifier.c.digest.in_(part))):
            now = today.get((row.kind, row.digest))
            if now is not None:
                same.append((now.kind, now.digest, now.shown[:20], row.person_id))
    put(connection, "identifier", ["kind", "digest", "hint", "person_id"], same, update=False)


def _classes(connection: Connection, moves: Sequence[Renumbered]) -> None:
    """Whom lists name as trainees by the numbers of before, and what their classes' staff noted on them, by the numbers of today."""
    numbers = {one.old: one.new for one in moves}
    listed = set[tuple[int, int]]()
    for part in chunks([*numbers, *numbers.values()], _PART):
        columns = (enlisted.c.class_id, enlisted.c.account_id)
        found = connection.execute(select(*columns).where(enlisted.c.account_id.in_(part)))
        listed.update((row.class_id, row.account_id) for row in found)
    twice = [
        {"its_class": number, "old": old}
        for number, old in sorted(listed)
        if old in numbers and (number, numbers[old]) in listed
    ]
    of = (enlisted.c.class_id == bindparam("its_class"), enlisted.c.account_id == bindparam("old"))
    _each(connection, delete(enlisted).where(*of), twice)
    for table, with_one in (
        (enlisted, {old for _, old in listed}),
        (followup, _followed(connection, numbers)),
    ):
        passed = [{"old": old, "new": new} for old, new in numbers.items() if old in with_one]
        theirs = update(table).where(table.c.account_id == bindparam("old"))
        _each(connection, theirs.values(account_id=bindparam("new")), passed)
    seat(connection, [*numbers, *numbers.values()])


def _followed(connection: Connection, numbers: dict[int, int]) -> set[int]:
    # Few have ever been asked, and there is no index by account.
    found = connection.execute(select(followup.c.account_id).distinct()).scalars()
    return {number for number in found if number in numbers}


def _each(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    for part in chunks(rows, _PART):
        connection.execute(statement, part)

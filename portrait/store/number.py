"""Accounts that have a number by the rules of before, when logins were kept with the numbers of people in them: found, and put under
the number they have today with everything that hangs on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from portrait.identifier import SENSITIVE
from portrait.identity import NAMING, Identifier, account_number, renamed
from portrait.store.link import OPEN, add_accounts, decide_alone, name_accounts, settle
from portrait.store.schema import account, claim, contest, followup, identifier, link, mark, ruling, trainee
from portrait.store.upsert import chunks, put

OWED = 0  # the value of the mark while the lake has the numbers of before and the registry those of today
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


@dataclass(frozen=True)
class Moved:
    """Records whose ids, keys and facts (portrait.lake.content.facts_sql) hold the number of an account: before → now."""

    records: Mapping[bytes, bytes] = field(default_factory=dict)
    keys: Mapping[int, int] = field(default_factory=dict)
    facts: Mapping[tuple[bytes, bytes], bytes] = field(
        default_factory=dict
    )  # (record now, facts before) → now


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


def owed(connection: Connection, secret: bytes) -> int:
    """How many accounts a rebuild of the lake has to put under their numbers of today before anything may come in. It changes
    nothing: see `settled`."""
    value = connection.scalar(select(mark.c.value).where(mark.c.name == _MARK))
    if value == NAMING:
        return 0
    return len(renumbered(connection, secret)) or int(value == OWED)


def settled(connection: Connection) -> bool:
    """Whether that has been looked into and noted for the rules of today."""
    return bool(connection.scalar(select(mark.c.value).where(mark.c.name == _MARK)) == NAMING)


def note(connection: Connection, value: int) -> None:
    put(connection, "mark", ["name", "value"], [(_MARK, value)])


def carry(connection: Connection, moves: Sequence[Renumbered], moved: Moved, now: datetime) -> list[int]:
    """Give what people said of these accounts and of their records to the numbers of today, its history with it; the accounts
    (of today) of which a person had said something. The accounts of before stay, for whoever reads the old lake, until `drop`.

    Running it again changes nothing.
    """
    decide_alone(connection)
    settle(connection, [one.old for one in moves], now)  # who is somebody's without a history gets one
    _identifiers(connection, moves)
    add_accounts(connection, (_row(one) for one in moves))
    name_accounts(connection, ((*_row(one), one.name) for one in moves if one.name))
    said = [one.new for one in moves if _links(connection, one, now)]
    settle(connection, [one.new for one in moves], now)
    _records(connection, moved)
    return said


def drop(connection: Connection, moves: Sequence[Renumbered], now: datetime) -> None:
    """Let classes know their trainees by the numbers of today, and remove the accounts of before with the logins they were shown by."""
    for one in moves:
        _links(connection, one, now)  # decided while the lake was being made
        there = select(trainee.c.class_id).where(trainee.c.account_id == one.new)
        connection.execute(
            delete(trainee).where(trainee.c.account_id == one.old, trainee.c.class_id.in_(there))
        )
        for table in (trainee, followup):
            connection.execute(update(table).where(table.c.account_id == one.old).values(account_id=one.new))
        kind, digest = one.before
        connection.execute(delete(identifier).where(identifier.c.kind == kind, identifier.c.digest == digest))
    for part in chunks([one.old for one in moves], _PART):
        connection.execute(delete(account).where(account.c.id.in_(part)))
    settle(connection, [one.new for one in moves], now)


def _row(one: Renumbered) -> tuple[int, str, str, str, str]:
    return one.new, one.source, one.identifier.kind, one.identifier.shown, one.identifier.digest


def _links(connection: Connection, one: Renumbered, now: datetime) -> bool:
    """The history of an account as that of its new number; whether a person had a part in it."""
    rows = connection.execute(
        select(link).where(link.c.account_id.in_((one.old, one.new))).order_by(link.c.id)
    ).all()
    before = [row for row in rows if row.account_id == one.old]
    if not before:
        return False
    lapsed = _superseded(rows, one)
    connection.execute(update(link).where(link.c.id.in_(lapsed)).values(state="lapsed", undone_at=now))
    connection.execute(update(link).where(link.c.account_id == one.old).values(account_id=one.new))
    said = [row for row in before if row.decided_by or row.undone_by]
    for row in said:
        words = NOTED.format(old=one.old)
        text = f"{row.note[: 200 - len(words)]}{words}"
        connection.execute(update(link).where(link.c.id == row.id).values(note=text))
    return bool(said)


def _superseded(rows: Sequence[Row[tuple[object, ...]]], one: Renumbered) -> list[int]:
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
    for one in moves:
        kind, digest = one.before
        same = and_(identifier.c.kind == kind, identifier.c.digest == digest)
        owners = connection.execute(select(identifier.c.person_id).where(same)).scalars().all()
        today = one.identifier
        put(
            connection,
            "identifier",
            ["kind", "digest", "hint", "person_id"],
            [(today.kind, today.digest, today.shown[:20], owner) for owner in owners],
            update=False,
        )


def _records(connection: Connection, moved: Moved) -> None:
    """What was said of records by their ids and keys, of the records that they are now."""
    for old, new in sorted(moved.records.items()):
        taken = select(claim.c.id).where(claim.c.record == new)
        if connection.scalar(taken) is None:
            connection.execute(update(claim).where(claim.c.record == old).values(record=new))
        for table in (ruling, contest):
            connection.execute(update(table).where(table.c.record == old).values(record=new))
    for (record, before), facts in sorted(moved.facts.items()):
        for table in (ruling, claim):
            connection.execute(
                update(table).where(table.c.record == record, table.c.facts == before).values(facts=facts)
            )
    for old_key, new_key in sorted(moved.keys.items()):
        connection.execute(update(ruling).where(ruling.c.key_number == old_key).values(key_number=new_key))

"""What a person decides about accounts and persons: it is one, it is not, later, and back again. Every answer stays in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, update

from portrait.errors import InputError, NotFound
from portrait.identity import hidden
from portrait.match import STATES, identity_rule
from portrait.sentence import sentence
from portrait.store.alias import unify
from portrait.store.link import decide_alone, settle
from portrait.store.schema import account, alias, link, person

TABLES = {"link": link, "alias": alias}
THINGS = {"link": "账号和教师的关联", "alias": "教师的合并"}
ANSWERS = {"same": "是同一人", "different": "不是同一人", "later": "以后再说"}
NOTE = 200


def answer(
    connection: Connection,
    thing: str,
    number: int,
    said: str,
    *,
    by: str,
    now: datetime,
    note: str = "",
    stands: int | None = None,
) -> Row[Any]:
    """Answer a waiting match (`thing` link or alias) with one of ANSWERS; the row as it stands then. Of two persons who are one
    `stands` is the one who stands for both, whose school and stage count from then on; without it the one whom the rules named.

    Raises NotFound for a number that is none, InputError for one that waits no more and for a `stands` that is neither of the two.
    """
    if said not in ANSWERS:
        raise InputError("没有“{said}”这种回答，可选：{choices}", said=said, choices=list(ANSWERS))
    table = TABLES[thing]
    row = _waiting_alone(connection, thing, number)
    if row.state != "waiting":
        _wrong(thing, number, row.state)
    values: dict[str, Any] = {"note": hidden(note.strip())[:NOTE]}
    if thing == "alias" and said == "same" and stands is not None:
        if stands not in (row.person_id, row.stands_id):
            raise InputError("代表两位教师的应是两位之一")
        other = row.person_id if stands == row.stands_id else row.stands_id
        values |= {"person_id": other, "stands_id": stands}
    if said == "later":
        values["later_at"] = now
    else:
        values |= {
            "state": "active" if said == "same" else "rejected",
            "decided_by": by[:60],
            "decided_at": now,
        }
    connection.execute(update(table).where(table.c.id == number).values(**values))
    if said != "later":
        _follow(connection, thing, row, now)
    return _row(connection, thing, number)


def undo(
    connection: Connection, thing: str, number: int, *, by: str, now: datetime, note: str = ""
) -> Row[Any]:
    """Take back an active match or a refusal, of the rules or of a person; the row as it stands then."""
    table = TABLES[thing]
    row = _waiting_alone(connection, thing, number)
    if row.state not in ("active", "rejected"):
        _wrong(thing, number, row.state)
    connection.execute(
        update(table)
        .where(table.c.id == number)
        .values(state="undone", undone_by=by[:60], undone_at=now, undone_note=hidden(note.strip())[:NOTE])
    )
    _follow(connection, thing, row, now)
    return _row(connection, thing, number)


def join_account(
    connection: Connection, account_id: int, person_id: int, *, by: str, now: datetime, note: str = ""
) -> Row[Any]:
    """Link an account with a person by hand. Raises InputError when it is somebody else's: that is to be undone first."""
    decide_alone(connection)
    _check(connection, account, account_id, "账号")
    _check(connection, person, person_id, "教师")
    held = connection.execute(
        select(link).where(link.c.account_id == account_id, link.c.state == "active")
    ).first()
    if held is not None:
        raise InputError(
            "账号 {account} 已经关联（第 {number} 号），要改请先撤销", account=account_id, number=held.id
        )
    return _made(connection, "link", {"account_id": account_id, "person_id": person_id}, by, now, note)


def join_persons(
    connection: Connection, person_id: int, stands_id: int, *, by: str, now: datetime, note: str = ""
) -> Row[Any]:
    """Say that two persons are one, the second standing for both. Raises InputError when they are one already."""
    decide_alone(connection)
    for one in (person_id, stands_id):
        _check(connection, person, one, "教师")
    _apart(connection, person_id, stands_id)
    return _made(connection, "alias", {"person_id": person_id, "stands_id": stands_id}, by, now, note)


def _made(
    connection: Connection, thing: str, pair: dict[str, int], by: str, now: datetime, note: str
) -> Row[Any]:
    table = TABLES[thing]
    values = {
        **pair,
        "reason": "decided",
        "evidence": {},
        "confidence": identity_rule().reasons["decided"].confidence,
        "state": "active",
        "at": now,
        "decided_by": by[:60],
        "decided_at": now,
        "note": hidden(note.strip())[:NOTE],
    }
    number = connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    row = _row(connection, thing, number)
    _follow(connection, thing, row, now)
    return row


def _follow(connection: Connection, thing: str, row: Row[Any], now: datetime) -> None:
    """What else must change for it."""
    if thing == "link":
        settle(connection, [row.account_id], now)
    else:
        unify(connection, now)


def _waiting_alone(connection: Connection, thing: str, number: int) -> Row[Any]:
    """The row, with nobody else deciding at the same time."""
    decide_alone(connection)
    row = _row(connection, thing, number)
    if thing == "alias" and row.state == "waiting":
        _apart(connection, row.person_id, row.stands_id)
    return row


def _row(connection: Connection, thing: str, number: int) -> Row[Any]:
    table = TABLES[thing]
    row = connection.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise NotFound("没有第 {number} 号{thing}", number=number, thing=sentence(THINGS[thing]))
    return row


def _wrong(thing: str, number: int, state: str) -> None:
    raise InputError(
        "第 {number} 号{thing}现在是“{state}”，不能这样处理",
        number=number,
        thing=sentence(THINGS[thing]),
        state=sentence(STATES[state]),
    )


def _apart(connection: Connection, one: int, other: int) -> None:
    roots = set(
        connection.execute(
            select(func.coalesce(person.c.stands_id, person.c.id)).where(person.c.id.in_((one, other)))
        ).scalars()
    )
    if len(roots) < 2:
        raise InputError("这两位教师已经是同一人")


def _check(connection: Connection, table: Table, number: int, what: str) -> None:
    if connection.scalar(select(table.c.id).where(table.c.id == number)) is None:
        raise NotFound("没有{what} {number}", what=sentence(what), number=number)

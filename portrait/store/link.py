"""Which account is whose: logins as they come in, and the matching of unknown ones against the persons' identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, select, update
from sqlalchemy.schema import DropTable

from portrait.identity import CONFIDENCE, KIND_NAME
from portrait.store.schema import account, course, identifier, person, provider, school, training_class
from portrait.store.upsert import put, staged

_THINGS = {"school": school, "provider": provider, "course": course, "class": training_class}

AccountRow = tuple[int, str, str, str, str]  # id, source, kind, shown, digest


def known_ids(connection: Connection, thing: str) -> Iterator[int]:
    """Ids of all schools, providers, courses or classes."""
    yield from connection.execute(select(_THINGS[thing].c.id)).scalars()


def known_names(connection: Connection, thing: str) -> Iterator[tuple[str, int]]:
    """Name and id of all schools, providers, courses or classes."""
    table = _THINGS[thing]
    called = table.c.title if "title" in table.c and "name" not in table.c else table.c.name
    for name, number in connection.execute(select(called, table.c.id)):
        yield str(name), int(number)


def add_accounts(connection: Connection, rows: Iterable[AccountRow]) -> int:
    """Make accounts known; those that exist stay as they are. How many are new."""
    return put(connection, "account", ["id", "source", "kind", "shown", "digest"], rows, update=False)


def link_accounts(connection: Connection, now: datetime) -> int:
    """Give every account without a person the person who has the same identifier, with the reason; how many were linked.

    Only ever fills a gap, so running it again changes nothing.
    """
    count = 0
    for kind, confidence in CONFIDENCE.items():
        owner = (
            select(identifier.c.person_id)
            .where(identifier.c.kind == kind, identifier.c.digest == account.c.digest)
            .scalar_subquery()
        )
        count += connection.execute(
            update(account)
            .where(
                account.c.person_id.is_(None),
                account.c.kind == kind,
                select(identifier.c.person_id)
                .where(identifier.c.kind == kind, identifier.c.digest == account.c.digest)
                .exists(),
            )
            .values(
                person_id=owner,
                reason=f"{KIND_NAME[kind]}与教师名册相同",
                confidence=confidence,
                linked_at=now,
            )
        ).rowcount
    return count


def add_owned(connection: Connection, rows: Iterable[tuple[*AccountRow, int]], now: datetime) -> int:
    """Make accounts known as belonging to the person (last in the row) whom a roster names; how many were linked by it."""
    columns = ["id", "source", "kind", "shown", "digest", "person_id", "reason", "confidence", "linked_at"]
    linked = ((*row, "名册写明的账号", 1.0, now) for row in rows)
    return put(connection, "account", columns, linked, only=account.c.person_id.is_(None))


def owned_by_others(
    connection: Connection, claims: Iterable[tuple[int, str, str, int]]
) -> list[tuple[int, str, str]]:
    """Claims (line, kind, digest, person) on identifiers that another person has: (line, kind, that person's key)."""
    columns: list[Column[Any]] = [
        Column("line", BigInteger),
        Column("kind", identifier.c.kind.type),
        Column("digest", identifier.c.digest.type),
        Column("person_id", BigInteger),
    ]
    stage = staged(connection, "claim", columns, claims)
    rows = connection.execute(
        select(stage.c.line, stage.c.kind, person.c.key)
        .join(identifier, (identifier.c.kind == stage.c.kind) & (identifier.c.digest == stage.c.digest))
        .join(person, person.c.id == identifier.c.person_id)
        .where(identifier.c.person_id != stage.c.person_id)
        .order_by(stage.c.line, stage.c.kind)
    ).all()
    connection.execute(DropTable(stage))
    return [(row.line, row.kind, row.key) for row in rows]


def accounts_of_others(
    connection: Connection, claims: Iterable[tuple[int, int, int]]
) -> list[tuple[int, str]]:
    """Claims (line, account, person) on accounts that are another person's: (line, that person's key)."""
    columns: list[Column[Any]] = [
        Column("line", BigInteger),
        Column("account_id", BigInteger),
        Column("person_id", BigInteger),
    ]
    stage = staged(connection, "claim", columns, claims)
    rows = connection.execute(
        select(stage.c.line, person.c.key)
        .join(account, account.c.id == stage.c.account_id)
        .join(person, person.c.id == account.c.person_id)
        .where(account.c.person_id != stage.c.person_id)
        .order_by(stage.c.line)
    ).all()
    connection.execute(DropTable(stage))
    return [(row.line, row.key) for row in rows]


def unlinked(connection: Connection, source: str) -> Sequence[int]:
    """Accounts of a source whose person is unknown."""
    return list(
        connection.execute(
            select(account.c.id).where(account.c.source == source, account.c.person_id.is_(None))
        ).scalars()
    )

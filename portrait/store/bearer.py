"""Who is registered under which number, and whose logins a source has. Digests are asked about, never the numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from portrait.store.schema import account, identifier, person
from portrait.store.upsert import chunks

_PART = 400  # values bound in one statement


def anybody(connection: Connection) -> bool:
    """Whether a roster has come in."""
    return connection.execute(select(person.c.id).limit(1)).first() is not None


def bearers(connection: Connection, digests: Collection[str]) -> dict[str, set[str]]:
    """Digest → the names of those who are registered under it; none for the others."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(sorted(digests), _PART):
        for digest, name in connection.execute(
            select(identifier.c.digest, person.c.name)
            .join(person, person.c.id == identifier.c.person_id)
            .where(identifier.c.digest.in_(part))
        ):
            found[digest].add(name)
    return dict(found)


def unknown_accounts(connection: Connection, source: str) -> int:
    """How many accounts of a source are nobody's yet."""
    nobody = select(func.count()).where(account.c.source == source, account.c.person_id.is_(None))
    return connection.execute(nobody).scalar_one()


def login_sources(connection: Connection) -> list[str]:
    """Sources by whose own logins people are known."""
    return list(
        connection.scalars(
            select(account.c.source)
            .where(account.c.kind == "native", account.c.person_id.is_not(None))
            .distinct()
            .order_by(account.c.source)
        )
    )


def owned(connection: Connection, digests: Collection[str]) -> set[str]:
    """Those of the digests that are logins of somebody who is known."""
    return {
        digest
        for part in chunks(sorted(digests), _PART)
        for digest in connection.scalars(
            select(account.c.digest).where(account.c.digest.in_(part), account.c.person_id.is_not(None))
        )
    }

"""The registry's seal: a random number of its own that goes wherever its rows go, and that the lake made of them carries too."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.engine import URL

from portrait.settings import open_address
from portrait.store.registry import at_once
from portrait.store.schema import batch, mark
from portrait.store.upsert import put

_MARK = "registry"


@dataclass(frozen=True)
class Held:
    """What a registry holds before anything is done to it. `seal` is None in one that has none yet, `empty` says that no batch came in."""

    seal: int | None
    empty: bool


def held(registry: Engine) -> Held:
    """Changes nothing: tables that are not there are not made."""
    with registry.connect() as connection:
        there = inspect(connection)
        seal = _seal(connection) if there.has_table(mark.name) else None
        some = there.has_table(batch.name) and connection.scalar(select(batch.c.id).limit(1)) is not None
        return Held(seal, not some)


def knows(registry: Engine, number: int) -> bool:
    """Whether the ledger has a batch of this number that may have left records."""
    query = select(batch.c.id).where(
        batch.c.id == number, (batch.c.rows_stored > 0) | (batch.c.state != "done")
    )
    with registry.connect() as connection:
        return connection.scalar(query) is not None


def sealed(registry: Engine, lake: int | None = None) -> int:
    """The registry's seal. One that has none gets that of its `lake`, else a new one."""
    with registry.connect() as connection:
        found = _seal(connection)
    if found is not None:
        return found
    with at_once(registry) as connection:
        new = secrets.randbits(63) if lake is None else lake
        put(connection, mark.name, ["name", "value"], [(_MARK, new)], update=False)
        found = _seal(connection)
    assert found is not None
    return found


def address(url: URL) -> str:
    """Where a registry is, without what is secret."""
    return open_address(url)


def _seal(connection: Connection) -> int | None:
    found: int | None = connection.scalar(select(mark.c.value).where(mark.c.name == _MARK))
    return found

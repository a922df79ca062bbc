"""The registry's seal: a random number of its own that goes wherever its rows go, and that the lake made of them carries too; and what
the registry knows of that lake, by which a copy of another day is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.engine import URL

from portrait.settings import open_address
from portrait.store.registry import lasting
from portrait.store.schema import batch, mark
from portrait.store.upsert import put

_MARK = "registry"
_WRITTEN = "lake"
_LAST = (
    select(batch.c.id, batch.c.key, batch.c.file)
    .where(batch.c.target == "record", batch.c.state == "done", batch.c.rows_stored > 0)
    .order_by(batch.c.finished.desc().nulls_last(), batch.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Last:
    """The batch of learning records that was finished last of those that left any."""

    id: int
    key: str
    file: str


@dataclass(frozen=True)
class Held:
    """What a registry holds before anything is done to it. `seal` is None in one that has none yet, `written` (how far its lake had
    come, see portrait.lake.table.Lake) in one that noted nothing yet."""

    seal: int | None
    written: int | None
    newest: int  # the highest number of the ledger, 0 in an empty one
    last: Last | None


def held(registry: Engine) -> Held:
    """Changes nothing: tables that are not there are not made."""
    with registry.connect() as connection:
        there = inspect(connection)
        seal = written = last = None
        newest = 0
        if there.has_table(mark.name):
            seal, written = _number(connection, _MARK), _number(connection, _WRITTEN)
        if there.has_table(batch.name):
            newest = connection.scalar(select(func.coalesce(func.max(batch.c.id), 0))) or 0
            row = connection.execute(_LAST).first()
            last = None if row is None else Last(row.id, row.key, row.file)
        return Held(seal, written, newest, last)


def key_of(registry: Engine, number: int) -> str | None:
    """The key of the batch of this number; None where the ledger has none."""
    with registry.connect() as connection:
        found: str | None = connection.scalar(select(batch.c.key).where(batch.c.id == number))
        return found


def keys(registry: Engine) -> set[str]:
    """The keys of all batches of the ledger."""
    with registry.connect() as connection:
        return set(connection.scalars(select(batch.c.key)))


def note_written(connection: Connection, written: int) -> None:
    """Keep how far the lake has come, in the transaction that says of a batch that it is in."""
    put(connection, mark.name, ["name", "value"], [(_WRITTEN, written)])


def sealed(registry: Engine, lake: int | None = None) -> int:
    """The registry's seal, on the disk before a lake can carry it. One that has none gets that of its `lake`, else a new one."""
    with registry.connect() as connection:
        found = _number(connection, _MARK)
    if found is not None:
        return found
    with lasting(registry) as connection:
        new = secrets.randbits(63) if lake is None else lake
        put(connection, mark.name, ["name", "value"], [(_MARK, new)], update=False)
        found = _number(connection, _MARK)
    assert found is not None
    return found


def address(url: URL) -> str:
    """Where a registry is, without what is secret."""
    return open_address(url)


def _number(connection: Connection, name: str) -> int | None:
    found: int | None = connection.scalar(select(mark.c.value).where(mark.c.name == name))
    return found

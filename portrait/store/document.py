"""Documents of the learning record store: state, activity profile and agent profile, each under its key with its ETag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from portrait.store.registry import at_once
from portrait.store.schema import document

TRIES = 2  # each waits as long as the database lets it


@dataclass(frozen=True)
class Place:
    """Where documents lie, in numbers of portrait.xapi.term (0 where the resource has none). `name` None: all of the place."""

    resource: str  # s(tate) | a(ctivity profile) | g (agent profile)
    activity: int = 0
    agent: int = 0
    registration: int | None = 0  # None: of any registration
    name: int | None = None


@dataclass(frozen=True)
class Document:
    """A document. `updated` is in microseconds since 1970, `etag` the SHA-1 of the content."""

    text: str
    type: str
    etag: str
    updated: int
    source: str
    content: bytes


def _at(place: Place) -> list[Any]:
    conditions = [
        document.c.resource == place.resource,
        document.c.activity == place.activity,
        document.c.agent == place.agent,
    ]
    if place.registration is not None:
        conditions.append(document.c.registration == place.registration)
    if place.name is not None:
        conditions.append(document.c.name == place.name)
    return conditions


_COLUMNS = (
    document.c.text,
    document.c.type,
    document.c.etag,
    document.c.updated,
    document.c.source,
    document.c.content,
)


def find_document(connection: Connection, place: Place) -> Document | None:
    row = connection.execute(select(*_COLUMNS).where(*_at(place))).first()
    return Document(*row) if row else None


def list_documents(connection: Connection, place: Place, since: int | None, source: str) -> list[str]:
    """Text ids of a place's documents, those changed after `since`, those of one source where it is not empty."""
    query = select(document.c.text).where(*_at(place)).distinct().order_by(document.c.text)
    if since is not None:
        query = query.where(document.c.updated > since)
    if source:
        query = query.where(document.c.source == source)
    return list(connection.scalars(query))


def change_document(
    registry: Engine, place: Place, change: Callable[[Document | None], Document | None]
) -> Document | None:
    """Put what `change` makes of the document that is there (None: nothing is, nothing shall be) in its place, as one step.

    `change` may raise, and is asked again when another was faster.
    """
    for left in range(TRIES, 0, -1):
        try:
            with at_once(registry) as connection:
                row = connection.execute(select(*_COLUMNS).where(*_at(place)).with_for_update()).first()
                before = Document(*row) if row else None
                after = change(before)
                _put(connection, place, before, after)
            return after
        except (IntegrityError, OperationalError):
            if left == 1:
                raise
    raise AssertionError("unreachable")


def _put(connection: Connection, place: Place, before: Document | None, after: Document | None) -> None:
    if after is None:
        if before is not None:
            connection.execute(delete(document).where(*_at(place)))
        return
    values = {
        "type": after.type,
        "etag": after.etag,
        "updated": after.updated,
        "source": after.source,
        "content": after.content,
    }
    if before is not None:
        connection.execute(update(document).where(*_at(place)).values(**values))
    else:
        key = {
            "resource": place.resource,
            "activity": place.activity,
            "agent": place.agent,
            "registration": place.registration,
            "name": place.name,
            "text": after.text,
        }
        connection.execute(insert(document).values(**key, **values))


def remove_documents(registry: Engine, place: Place, source: str) -> int:
    """Remove all documents of a place (those of one source where it is not empty); how many there were."""
    query = delete(document).where(*_at(place))
    if source:
        query = query.where(document.c.source == source)
    with registry.begin() as connection:
        return connection.execute(query).rowcount

"""Frameworks that were imported, version by version. A version that is in is never changed; the next one stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from portrait.competency import Association, Frame, Item
from portrait.store.schema import framework, framework_association, framework_item, framework_version

_CHUNK = 2000


@dataclass(frozen=True)
class Version:
    """One imported version. `number` counts from 1, or from 2 where the product ships the first."""

    id: int
    identifier: str
    number: int
    title: str
    label: str
    form: str
    digest: str
    content: str
    file: str
    items: int
    associations: int
    by: str
    at: datetime


def versions(connection: Connection, identifier: str = "") -> list[Version]:
    """Every imported version, of one framework or of all, oldest first."""
    query = (
        select(framework_version, framework.c.identifier)
        .join(framework, framework.c.id == framework_version.c.framework_id)
        .order_by(framework.c.id, framework_version.c.number)
    )
    if identifier:
        query = query.where(framework.c.identifier == identifier)
    return [_version(row) for row in connection.execute(query)]


def _version(row: Row[Any]) -> Version:
    return Version(
        row.id,
        row.identifier,
        row.number,
        row.title,
        row.label,
        row.form,
        row.digest,
        row.content,
        row.file,
        row.items,
        row.associations,
        row.by,
        row.at,
    )


def frame_of_version(connection: Connection, version: Version) -> Frame:
    """The framework as it stood in a version."""
    own = framework_version.c.id == version.id
    document: Mapping[str, Any] = connection.execute(
        select(framework_version.c.document).where(own)
    ).scalar_one()
    items = connection.execute(
        select(framework_item)
        .where(framework_item.c.version_id == version.id)
        .order_by(framework_item.c.place)
    )
    links = connection.execute(
        select(framework_association)
        .where(framework_association.c.version_id == version.id)
        .order_by(framework_association.c.place)
    )
    return Frame(
        version.identifier,
        version.title,
        version.label,
        version.form,
        document,
        tuple(
            Item(row.identifier, row.code, row.statement, row.kind, row.body, row.english) for row in items
        ),
        tuple(
            Association(row.identifier, row.kind, row.origin, row.destination, row.sequence, row.body)
            for row in links
        ),
    )


def add_version(
    connection: Connection,
    frame: Frame,
    *,
    number: int,
    digest: str,
    content: str,
    file: str,
    by: str,
    now: datetime,
) -> Version:
    """Store a framework as the version of this number; all of it in the caller's transaction."""
    known = connection.execute(
        select(framework.c.id).where(framework.c.identifier == frame.identifier)
    ).scalar()
    if known is None:
        made = connection.execute(insert(framework).values(identifier=frame.identifier))
        known = made.inserted_primary_key[0]  # type: ignore[index]
    made = connection.execute(
        insert(framework_version).values(
            framework_id=known,
            number=number,
            title=frame.title[:300],
            label=frame.label[:80],
            form=frame.form,
            digest=digest,
            content=content,
            file=file[-300:],
            items=len(frame.items),
            associations=len(frame.associations),
            document=frame.document,
            by=by[:60],
            at=now,
        )
    )
    version = made.inserted_primary_key[0]  # type: ignore[index]
    items = [
        {
            "version_id": version,
            "place": place,
            "identifier": item.identifier,
            "code": item.code,
            "statement": item.statement,
            "english": item.english,
            "kind": item.kind,
            "body": item.body,
        }
        for place, item in enumerate(frame.items)
    ]
    links = [
        {
            "version_id": version,
            "place": place,
            "identifier": one.identifier,
            "kind": one.kind,
            "origin": one.origin,
            "destination": one.destination,
            "sequence": one.sequence,
            "body": one.body,
        }
        for place, one in enumerate(frame.associations)
    ]
    for table, rows in ((framework_item, items), (framework_association, links)):
        for start in range(0, len(rows), _CHUNK):
            connection.execute(insert(table), rows[start : start + _CHUNK])
    (stored,) = (one for one in versions(connection, frame.identifier) if one.number == number)
    return stored

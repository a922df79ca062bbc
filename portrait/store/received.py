"""What the learning record store received, by source and credential: how much, how far it has gone on, and what was repaired of it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from portrait.errors import NotFound
from portrait.identity import hidden
from portrait.scope import Scope
from portrait.store.credential import Credential, read_credential
from portrait.store.schema import credential, forwarded, repair, statement

EXAMPLES = 3  # the newest of each kind of repair
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Received:
    """The statements of one source, over all its credentials."""

    source: str
    credentials: int  # that may still be used
    statements: int
    last: datetime | None  # when the newest was stored
    waiting: int  # not in the lake yet


def received(connection: Connection, scope: Scope) -> list[Received]:
    """Every source that has or had a credential, in order of its code."""
    counts = {
        row.credential: row
        for row in connection.execute(
            select(statement.c.credential, func.count().label("n"), func.max(statement.c.seq).label("last"))
            .where(scope.intake)
            .group_by(statement.c.credential)
        )
    }
    behind: dict[str, int] = {
        row.source: row.n
        for row in connection.execute(
            select(credential.c.source, func.count().label("n"))
            .join(statement, statement.c.credential == credential.c.id)
            .outerjoin(forwarded, forwarded.c.source == credential.c.source)
            .where(scope.intake, statement.c.seq > func.coalesce(forwarded.c.seq, 0))
            .group_by(credential.c.source)
        )
    }
    own: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for row in connection.execute(
        select(credential.c.id, credential.c.source, credential.c.revoked)
        .where(scope.intake)
        .order_by(credential.c.source)
    ):
        own[row.source].append((row.id, row.revoked is None))
    found = []
    for source, rows in own.items():
        theirs = [counts[number] for number, _ in rows if number in counts]
        last = max((one.last for one in theirs), default=None)
        found.append(
            Received(
                source,
                sum(usable for _, usable in rows),
                sum(one.n for one in theirs),
                None if last is None else EPOCH + timedelta(microseconds=last),
                behind.get(source, 0),
            )
        )
    return found


def credentials(connection: Connection, scope: Scope) -> list[tuple[Credential, str]]:
    """All credentials and who made each, those in use first, by source."""
    rows = connection.execute(
        select(credential)
        .where(scope.intake)
        .order_by(credential.c.revoked.is_not(None), credential.c.source, credential.c.id)
    )
    return [(read_credential(row), row.by) for row in rows]


def credential_of(connection: Connection, scope: Scope, key: str) -> tuple[Credential, str]:
    """A credential by its key and who made it. Raises NotFound when there is none, or none in the scope."""
    row = connection.execute(select(credential).where(credential.c.key == key, scope.intake)).first()
    if row is None:
        raise NotFound("没有凭据“{key}”", key=key[:40])
    return read_credential(row), row.by


@dataclass(frozen=True)
class Example:
    """One repair: of which statement, where in it, what stood there and what stands there now."""

    statement: str
    path: str
    was: str
    became: str


@dataclass(frozen=True)
class Repaired:
    """One kind of fault that was repaired for one credential; `examples` are the newest."""

    key: str
    source: str
    code: str
    n: int
    examples: tuple[Example, ...]


def repaired(connection: Connection, scope: Scope, *, key: str = "") -> list[Repaired]:
    """What lenient credentials let pass, the commonest first; of one credential or of all."""
    chosen = [credential.c.key == key] if key else []
    kinds = connection.execute(
        select(credential.c.id, credential.c.key, credential.c.source, repair.c.code, func.count().label("n"))
        .join(repair, repair.c.credential == credential.c.id)
        .where(scope.intake, *chosen)
        .group_by(credential.c.id, credential.c.key, credential.c.source, repair.c.code)
        .order_by(func.count().desc(), credential.c.source, repair.c.code)
    ).all()
    found = []
    for row in kinds:
        newest = connection.execute(
            select(repair.c.statement, repair.c.path, repair.c.was, repair.c.became)
            .where(repair.c.credential == row.id, repair.c.code == row.code)
            .order_by(repair.c.id.desc())
            .limit(EXAMPLES)
        )
        examples = tuple(
            Example(str(one.statement), one.path, _said(one.was), _said(one.became)) for one in newest
        )
        found.append(Repaired(row.key, row.source, row.code, row.n, examples))
    return found


def _said(kept: str) -> str:
    """A value as a reader sees it: kept as JSON, or as it is where it is none, with people's numbers and mailboxes masked. Nothing is an
    empty text."""
    try:
        value = json.loads(kept)
    except ValueError:
        return hidden(kept)
    if value is None:
        return ""
    return hidden(value if isinstance(value, str) else kept)

"""The audit: append-only rows chained by hash, so that a changed, removed or inserted row shows."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from portrait.clock import aware
from portrait.errors import NotFound
from portrait.identity import hidden
from portrait.scope import Scope
from portrait.sentence import sentence
from portrait.store.schema import audit, audit_head

START = "0" * 64
OUTCOMES = ("ok", "refused", "failed")
_NUMBERED = re.compile(
    r"(?:person|account|claim|batch|trainee|class|school|provider|objection|user|row|link|question|address|credential|framework):-?\d+"
)  # person:42: our own numbers, and one may look like somebody's


@dataclass(frozen=True)
class AuditCheck:
    """What reading the whole chain found. `row` is the first row that does not fit."""

    sound: bool
    rows: int
    row: int | None
    reason: str


def add_audit(
    engine: Engine,
    *,
    now: datetime,
    actor: str,
    action: str,
    role: str = "",
    object: str = "",
    outcome: str = "ok",
    reason: str = "",
) -> int:
    """The number of the new row. Numbers have no gaps: the head row's lock lets one writer in at a time."""
    line = {
        "at": now,
        "actor": actor[:60],
        "role": role[:12],
        "action": action[:40],
        "object": (object if _NUMBERED.fullmatch(object) else hidden(object))[:120],
        "outcome": outcome[:12],
        "reason": hidden(reason)[:300],
    }
    with engine.begin() as connection:
        rows, chain = _next_head(connection)
        line |= {"id": rows, "chain": link(chain, rows, line)}
        connection.execute(insert(audit).values(**line))
        connection.execute(update(audit_head).values(chain=line["chain"]))
    return rows


def _next_head(connection: Connection) -> tuple[int, str]:
    step = (
        update(audit_head)
        .where(audit_head.c.id == 1)
        .values(rows=audit_head.c.rows + 1)
        .returning(audit_head.c.rows, audit_head.c.chain)
    )
    row = connection.execute(step).one_or_none()
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(insert(audit_head).values(id=1, rows=0, chain=START))
        except IntegrityError:
            pass  # another process opened the audit at the same moment
        row = connection.execute(step).one()
    return int(row[0]), str(row[1])


def link(before: str, number: int, line: dict[str, Any]) -> str:
    """The chain value of a row: sha256 over the previous value, the row's number and its content."""
    at = aware(line["at"]).astimezone(UTC)
    text = json.dumps(
        [
            before,
            number,
            at.isoformat(timespec="microseconds"),
            *(line[name] for name in ("actor", "role", "action", "object", "outcome", "reason")),
        ],
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def verify_audit(engine: Engine) -> AuditCheck:
    """Reads the chain from its first row to the head."""
    before, count = START, 0
    with engine.connect() as connection:
        for row in connection.execute(select(audit).order_by(audit.c.id)):
            count += 1
            if row.id != count:
                return AuditCheck(False, count, count, sentence("第 {number} 行不见了", number=count))
            if link(before, row.id, row._asdict()) != row.chain:
                return AuditCheck(
                    False, count, row.id, sentence("第 {number} 行的内容与链不符，被改过", number=row.id)
                )
            before = row.chain
        head = connection.execute(select(audit_head)).one_or_none()
    if head is None:
        return AuditCheck(count == 0, count, None, "" if count == 0 else sentence("审计链的末端记录不见了"))
    if head.rows != count:
        return AuditCheck(False, count, count + 1, sentence("末尾少了 {n} 行", n=head.rows - count))
    if head.chain != before:
        return AuditCheck(False, count, count, sentence("末端与最后一行不符"))
    return AuditCheck(True, count, None, "")


def recent_audit(engine: Engine, *, limit: int = 200, actor: str = "", action: str = "") -> list[Row[Any]]:
    """Newest rows first. Only an administrator's page may show them."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if actor:
        query = query.where(audit.c.actor == actor)
    if action:
        query = query.where(audit.c.action == action)
    with engine.connect() as connection:
        return list(connection.execute(query))


def audit_rows(
    connection: Connection,
    scope: Scope,
    *,
    actor: str = "",
    action: str = "",
    outcome: str = "",
    before: int | None = None,
    limit: int = 200,
) -> list[Row[Any]]:
    """Newest rows first; with `before`, those that stand before the row of this number."""
    query = select(audit).where(scope.intake).order_by(audit.c.id.desc()).limit(limit)
    for column, wanted in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.outcome, outcome)):
        if wanted:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(audit.c.id < before)
    return list(connection.execute(query))


def audit_row(connection: Connection, scope: Scope, number: int) -> Row[Any]:
    """One row. Raises NotFound when there is none, or none in the scope."""
    row = connection.execute(select(audit).where(audit.c.id == number, scope.intake)).first()
    if row is None:
        raise NotFound("审计里没有第 {number} 行", number=number)
    return row


def audit_names(connection: Connection, scope: Scope) -> tuple[list[str], list[str]]:
    """Every actor and every action that the audit knows, in order of name."""
    actors, actions = (
        list(connection.execute(select(column).where(scope.intake).distinct().order_by(column)).scalars())
        for column in (audit.c.actor, audit.c.action)
    )
    return actors, actions


def views_of(engine: Engine, object: str, *, limit: int = 100) -> list[Row[Any]]:
    """Who looked at one object (e.g. `person:42`), newest first: the reader's own right to know."""
    query = select(audit).where(audit.c.object == object).order_by(audit.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        return list(connection.execute(query))

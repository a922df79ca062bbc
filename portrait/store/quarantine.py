"""Rows that could not be taken: where they stood, what is wrong with them, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from portrait.clock import aware
from portrait.record import COLUMN_STEP, row_of
from portrait.scope import Scope
from portrait.store.schema import batch, quarantine
from portrait.store.upsert import CHUNK, chunks


@dataclass(frozen=True)
class Refused:
    """A row to be quarantined. Sensitive values in `raw` are masked."""

    sheet: str
    line: int
    column: str
    code: str
    reason: str
    raw: Mapping[str, str]


@dataclass(frozen=True)
class Quarantined:
    """A quarantined row with what its batch says about it."""

    id: int
    batch: int
    source: str
    stream: str
    target: str
    file: str
    sheet: str
    line: int
    column: str
    code: str
    reason: str
    raw: Mapping[str, str]
    state: str  # open | replayed | dismissed
    decided_by: str
    decided_at: datetime | None
    replay: int | None  # batch of the replay that took the row
    mended: bool  # a person has corrected cells of it

    @property
    def row(self) -> int:
        """The row of the file; of a wide table several lines are cells of one row."""
        return row_of(self.line)


@dataclass(frozen=True)
class Place:
    """Where a quarantined row stands, and what it takes to read it again."""

    id: int
    sheet: str
    line: int
    mended: str | None  # sha256 of the archived cells
    replay: int | None


def store_refused(connection: Connection, number: int, rows: Iterable[Refused]) -> int:
    """Quarantine the rows of a batch, in place of any that an interrupted attempt left; how many."""
    connection.execute(delete(quarantine).where(quarantine.c.batch_id == number))
    count = 0
    for chunk in chunks(rows, CHUNK):
        values = [
            {
                "batch_id": number,
                "sheet": row.sheet[:60],
                "line": row.line,
                "column": row.column[:80],
                "code": row.code[:40],
                "reason": row.reason,
                "raw": dict(row.raw),
            }
            for row in chunk
        ]
        connection.execute(insert(quarantine), values)
        count += len(values)
    return count


def _chosen(scope: Scope | None, conditions: Sequence[Any]) -> Select[Any]:
    allowed = [scope.intake] if scope else []
    return (
        select(
            quarantine.c.id,
            quarantine.c.batch_id.label("batch"),
            batch.c.source,
            batch.c.stream,
            batch.c.target,
            batch.c.file,
            quarantine.c.sheet,
            quarantine.c.line,
            quarantine.c.column,
            quarantine.c.code,
            quarantine.c.reason,
            quarantine.c.raw,
            quarantine.c.state,
            quarantine.c.decided_by,
            quarantine.c.decided_at,
            quarantine.c.replay,
            quarantine.c.mended.is_not(None).label("mended"),
        )
        .join(batch, batch.c.id == quarantine.c.batch_id)
        .where(*allowed, *conditions)
        .order_by(quarantine.c.batch_id, quarantine.c.sheet, quarantine.c.line)
    )


def _read(row: Any) -> Quarantined:
    values = dict(row._mapping)
    values["decided_at"] = aware(values["decided_at"]) if values["decided_at"] else None
    values["mended"] = bool(values["mended"])
    return Quarantined(**values)


def quarantined(
    connection: Connection,
    scope: Scope | None = None,
    *,
    number: int | None = None,
    source: str = "",
    state: str = "open",
    code: str = "",
    limit: int = 500,
    offset: int = 0,
) -> list[Quarantined]:
    """Quarantined rows of a batch (or of all), in file order. `state=""` gives decided ones too."""
    chosen = _chosen(scope, _conditions(number, source, state, code)).limit(limit).offset(offset)
    return [_read(row) for row in connection.execute(chosen)]


def same_row(connection: Connection, one: Quarantined) -> list[Quarantined]:
    """Other open rows that are the same row of the same file, read from it by another stream or as another cell."""
    here = select(batch.c.content).where(batch.c.id == one.batch).scalar_subquery()
    chosen = _chosen(
        None,
        [
            batch.c.content == here,
            batch.c.source == one.source,
            quarantine.c.id != one.id,
            quarantine.c.state == "open",
            quarantine.c.sheet == one.sheet,
            quarantine.c.line % COLUMN_STEP == one.row,
        ],
    )
    return [_read(row) for row in connection.execute(chosen)]


def quarantined_by_id(
    connection: Connection, ids: Sequence[int], scope: Scope | None = None
) -> list[Quarantined]:
    found: list[Quarantined] = []
    for chunk in chunks(ids, 500):
        found += [_read(row) for row in connection.execute(_chosen(scope, [quarantine.c.id.in_(chunk)]))]
    return found


def quarantine_codes(
    connection: Connection,
    scope: Scope | None = None,
    *,
    number: int | None = None,
    source: str = "",
    state: str = "open",
) -> dict[str, int]:
    """How many rows wait for which reason, the commonest first."""
    n = func.count().label("n")
    allowed = [scope.intake] if scope else []
    rows = connection.execute(
        select(quarantine.c.code, n)
        .join(batch, batch.c.id == quarantine.c.batch_id)
        .where(*allowed, *_conditions(number, source, state, ""))
        .group_by(quarantine.c.code)
        .order_by(n.desc(), quarantine.c.code)
    )
    return {row.code: row.n for row in rows}


def open_ids(
    connection: Connection, scope: Scope, *, number: int | None = None, source: str = "", code: str = ""
) -> list[int]:
    """The rows that wait for a decision, in file order."""
    chosen = _chosen(scope, _conditions(number, source, "open", code)).with_only_columns(quarantine.c.id)
    return list(connection.execute(chosen).scalars())


def quarantine_states(
    connection: Connection, scope: Scope, *, number: int | None = None, source: str = ""
) -> dict[str, int]:
    """How many rows are in which state."""
    rows = connection.execute(
        select(quarantine.c.state, func.count().label("n"))
        .join(batch, batch.c.id == quarantine.c.batch_id)
        .where(scope.intake, *_conditions(number, source, "", ""))
        .group_by(quarantine.c.state)
    )
    return {row.state: row.n for row in rows}


def quarantine_batches(connection: Connection, scope: Scope, *, source: str = "") -> dict[int, str]:
    """Batches that ever had a row quarantined, the newest first, with their files."""
    rows = connection.execute(
        select(batch.c.id, batch.c.file)
        .where(
            scope.intake, batch.c.id.in_(select(quarantine.c.batch_id)), *_conditions(None, source, "", "")
        )
        .order_by(batch.c.id.desc())
    )
    return {row.id: row.file for row in rows}


def _conditions(number: int | None, source: str, state: str, code: str) -> list[Any]:
    conditions: list[Any] = []
    if number is not None:
        conditions.append(quarantine.c.batch_id == number)
    if source:
        conditions.append(batch.c.source == source)
    if state:
        conditions.append(quarantine.c.state == state)
    if code:
        conditions.append(quarantine.c.code == code)
    return conditions


def decide(connection: Connection, ids: Sequence[int], state: str, by: str, now: datetime) -> int:
    """Mark open rows as replayed or dismissed; how many were open."""
    count = 0
    for chunk in chunks(ids, 500):
        count += connection.execute(
            update(quarantine)
            .where(quarantine.c.id.in_(chunk), quarantine.c.state == "open")
            .values(state=state, decided_by=by, decided_at=now)
        ).rowcount
    return count


def take(connection: Connection, ids: Sequence[int], replay: int, by: str, now: datetime) -> None:
    """Mark rows as taken by a replay: what is stored is no longer open, nor dismissed in the meantime."""
    for chunk in chunks(ids, 500):
        connection.execute(
            update(quarantine)
            .where(quarantine.c.id.in_(chunk), quarantine.c.state != "replayed")
            .values(state="replayed", replay=replay, decided_by=by, decided_at=now)
        )


def restate(connection: Connection, rows: Iterable[tuple[int, Refused]]) -> None:
    """Keep rows (by id) open with what is wrong with them now."""
    statement = (
        update(quarantine)
        .where(quarantine.c.id == bindparam("number"))
        .values(
            column=bindparam("new_column"),
            code=bindparam("new_code"),
            reason=bindparam("new_reason"),
            raw=bindparam("new_raw"),
        )
    )
    for chunk in chunks(rows, CHUNK):
        connection.execute(
            statement,
            [
                {
                    "number": number,
                    "new_column": row.column[:80],
                    "new_code": row.code[:40],
                    "new_reason": row.reason,
                    "new_raw": dict(row.raw),
                }
                for number, row in chunk
            ],
        )


def rewrite(connection: Connection, number: int, mended: str, raw: Mapping[str, str]) -> None:
    """Keep a row's corrected cells (archived as `mended`) and the form in which people see it."""
    connection.execute(
        update(quarantine).where(quarantine.c.id == number).values(mended=mended, raw=dict(raw))
    )


def places(
    connection: Connection, number: int, *, state: str = "open", ids: Sequence[int] | None = None
) -> list[Place]:
    """The rows of a batch in a state ("" for any; of these ids), in file order."""
    stated = [quarantine.c.state == state] if state else []
    chosen = (
        select(
            quarantine.c.id, quarantine.c.sheet, quarantine.c.line, quarantine.c.mended, quarantine.c.replay
        )
        .where(quarantine.c.batch_id == number, *stated)
        .order_by(quarantine.c.sheet, quarantine.c.line)
    )
    wanted = None if ids is None else set(ids)
    found = (Place(*row) for row in connection.execute(chosen))
    return [row for row in found if wanted is None or row.id in wanted]


def mended_of(connection: Connection, number: int, line: int) -> str | None:
    """The sha256 of the archived correction of a row of a batch that waited in quarantine; None when nobody has corrected it."""
    found: str | None = connection.execute(
        select(quarantine.c.mended).where(quarantine.c.batch_id == number, quarantine.c.line == line).limit(1)
    ).scalar()
    return found


def batches_of_open(
    connection: Connection, *, number: int | None = None, source: str = "", ids: Sequence[int] = ()
) -> list[int]:
    """Batches with open rows among those that are meant, all when nothing is said."""
    query = (
        select(quarantine.c.batch_id)
        .join(batch, batch.c.id == quarantine.c.batch_id)
        .where(*_conditions(number, source, "open", ""))
        .distinct()
    )
    if not ids:
        return sorted(connection.execute(query).scalars())
    found: set[int] = set()
    for chunk in chunks(ids, 500):
        found.update(connection.execute(query.where(quarantine.c.id.in_(chunk))).scalars())
    return sorted(found)

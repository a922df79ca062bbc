"""The ledger: what came in, when, from whom, and where every row of it went."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from portrait.clock import aware
from portrait.errors import NotFound
from portrait.scope import Scope
from portrait.store.schema import batch, quarantine


@dataclass(frozen=True)
class Counts:
    """Where the rows went: always read = stored + duplicate + quarantined. Passed rows belong to other streams."""

    rows_read: int = 0
    rows_stored: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    rows_passed: int = 0
    rows_doubtful: int = 0
    rows_unmatched: int = 0

    @property
    def balanced(self) -> bool:
        return self.rows_read == self.rows_stored + self.rows_duplicate + self.rows_quarantined


_MOST_BOUND = 2_000  # numbers bound in one statement, the newest
HAVING = ("failed", "stored", "duplicate", "quarantined", "unmatched", "doubtful")


@dataclass(frozen=True)
class Batch:
    """One file × one stream, as the ledger has it; or a replay of quarantined rows of such a batch (`origin`).

    The counts of a replay tell of the rows it read again, those of its origin where each row of the file is now.
    """

    id: int
    key: str
    source: str
    stream: str
    target: str
    file: str
    content: str
    inputs: tuple[Mapping[str, str], ...]
    mapping: str
    recipe: str | None  # sha256 of the archived mapping file; None in batches older than that
    arrived: date | None
    origin: int | None
    state: str  # running | done | failed
    by: str
    started: datetime
    finished: datetime | None
    counts: Counts
    message: str


def _read(row: Any) -> Batch:
    values = dict(row._mapping)
    counts = Counts(**{field.name: int(values.pop(field.name)) for field in fields(Counts)})
    values["inputs"] = tuple(values["inputs"])
    values["started"] = aware(values["started"])
    values["finished"] = aware(values["finished"]) if values["finished"] else None
    return Batch(**values, counts=counts)


def open_batch(registry: Engine, *, key: str, now: datetime, **values: object) -> Batch:
    """The batch of this key, running: a new one, the interrupted or failed one taken up again, or the done one as it is."""
    with registry.begin() as connection:
        row = connection.execute(select(batch).where(batch.c.key == key)).first()
        if row is None:
            connection.execute(
                insert(batch).values(
                    id=_next_number(connection), key=key, state="running", started=now, **values
                )
            )
        elif row.state != "done":
            connection.execute(
                update(batch).where(batch.c.id == row.id).values(state="running", message="", finished=None)
            )
        return _read(connection.execute(select(batch).where(batch.c.key == key)).one())


def _next_number(connection: Connection) -> int:
    """Counted here and not by the database, whose sequence would skip the numbers of crashed attempts."""
    return int(connection.execute(select(func.coalesce(func.max(batch.c.id), 0))).scalar_one()) + 1


def open_replay(
    connection: Connection, origin: Batch, *, now: datetime, mapping: str, recipe: str, by: str
) -> Batch:
    """A replay of a batch, running: the interrupted one taken up again, or a new one. A batch has at most one that is not done."""
    begun = unfinished_replay(connection, origin.id)
    said = {"mapping": mapping, "recipe": recipe, "by": by}
    if begun is not None:
        connection.execute(update(batch).where(batch.c.id == begun.id).values(**said, message=""))
        return batch_of(connection, begun.id)
    number = _next_number(connection)
    connection.execute(
        insert(batch).values(
            id=number,
            key=hashlib.sha256(f"replay|{origin.key}|{number}".encode()).hexdigest(),
            source=origin.source,
            stream=origin.stream,
            target=origin.target,
            file=origin.file,
            content=origin.content,
            inputs=[dict(one) for one in origin.inputs],
            arrived=origin.arrived,
            origin=origin.id,
            state="running",
            started=now,
            **said,
        )
    )
    return batch_of(connection, number)


def unfinished_replay(connection: Connection, number: int) -> Batch | None:
    """The replay of a batch that was interrupted."""
    row = connection.execute(
        select(batch).where(batch.c.origin == number, batch.c.state != "done").order_by(batch.c.id)
    ).first()
    return _read(row) if row is not None else None


def unfinished_replays(connection: Connection, *, number: int | None = None, source: str = "") -> list[int]:
    """Batches with an interrupted replay: this one, of this source, or all."""
    query = select(batch.c.origin).where(batch.c.origin.is_not(None), batch.c.state != "done")
    if number is not None:
        query = query.where(batch.c.origin == number)
    if source:
        query = query.where(batch.c.source == source)
    return sorted(one for one in connection.execute(query).scalars() if one is not None)


def drop_replay(connection: Connection, number: int) -> None:
    """Forget a replay of which nothing was stored."""
    connection.execute(
        delete(batch).where(batch.c.id == number, batch.c.origin.is_not(None), batch.c.state != "done")
    )


def replays(connection: Connection, number: int, scope: Scope | None = None) -> list[Batch]:
    """The replays of a batch, oldest first."""
    allowed = [scope.intake] if scope else []
    rows = connection.execute(select(batch).where(batch.c.origin == number, *allowed).order_by(batch.c.id))
    return [_read(row) for row in rows]


def record_ledger(connection: Connection) -> list[Batch]:
    """The finished batches of learning records, replays among them, in the order in which they were done."""
    rows = connection.execute(
        select(batch)
        .where(batch.c.target == "record", batch.c.state == "done")
        .order_by(batch.c.finished, batch.c.id)
    )
    return [_read(row) for row in rows]


def unfinished_batches(registry: Engine) -> tuple[int, ...]:
    """The numbers of the batches of learning records of which not all is in. Serves the lake's readers, who see none of them."""
    query = select(batch.c.id).where(batch.c.target == "record", batch.c.state != "done").order_by(batch.c.id)
    with registry.connect() as connection:
        return tuple(connection.execute(query).scalars())


def later_batches(connection: Connection, earlier: Batch) -> list[Batch]:
    """Finished batches of the same target that came in after this one, replays left out."""
    rows = connection.execute(
        select(batch)
        .where(
            batch.c.target == earlier.target,
            batch.c.id > earlier.id,
            batch.c.state == "done",
            batch.c.origin.is_(None),
        )
        .order_by(batch.c.id)
    )
    return [_read(row) for row in rows]


def close_batch(connection: Connection, number: int, counts: Counts, message: str, now: datetime) -> None:
    connection.execute(
        update(batch)
        .where(batch.c.id == number)
        .values(state="done", finished=now, message=message, **asdict(counts))
    )


def fail_batch(registry: Engine, number: int, message: str, now: datetime) -> None:
    with registry.begin() as connection:
        connection.execute(
            update(batch).where(batch.c.id == number).values(state="failed", finished=now, message=message)
        )


def recount_batch(connection: Connection, number: int, counts: Counts) -> None:
    connection.execute(update(batch).where(batch.c.id == number).values(**asdict(counts)))


def batch_of(connection: Connection, number: int, scope: Scope | None = None) -> Batch:
    """A batch by number. Raises NotFound when there is none, or none in the scope."""
    allowed = [scope.intake] if scope else []
    row = connection.execute(select(batch).where(batch.c.id == number, *allowed)).first()
    if row is None:
        raise NotFound("没有第 {number} 号批次", number=number)
    return _read(row)


def batches(
    connection: Connection,
    scope: Scope,
    *,
    source: str = "",
    having: str = "",
    arrived: tuple[date, date] | None = None,
    among: Collection[int] | None = None,
    limit: int = 500,
) -> list[Batch]:
    """The newest batches first. `having` asks for those that failed or have such rows (`HAVING`), `arrived` for days from … to, `among` for
    some by number."""
    condition = [batch.c.source == source] if source else []
    if having:
        condition.append(batch.c.state == "failed" if having == "failed" else batch.c[f"rows_{having}"] > 0)
    if arrived is not None:
        condition.append(batch.c.arrived.between(*arrived))
    if among is not None:
        condition.append(batch.c.id.in_(sorted(among)[-_MOST_BOUND:]))
    rows = connection.execute(
        select(batch).where(scope.intake, *condition).order_by(batch.c.id.desc()).limit(limit)
    )
    return [_read(row) for row in rows]


def record_batches_from(connection: Connection, source: str) -> list[Batch]:
    """Every batch of learning records of a source. Serves the door, which takes no Scope."""
    rows = connection.execute(select(batch).where(batch.c.source == source, batch.c.target == "record"))
    return [_read(row) for row in rows]


def sources(connection: Connection, scope: Scope | None = None) -> list[str]:
    """Sources that ever sent something."""
    allowed = [scope.intake] if scope else []
    rows = connection.execute(
        select(batch.c.source).where(*allowed).distinct().order_by(batch.c.source)
    ).scalars()
    return list(rows)


@dataclass(frozen=True)
class Sums:
    """The ledger of one source, added up."""

    source: str
    batches: int
    failed: int
    last: datetime | None
    counts: Counts
    open: int  # quarantined rows that nobody has decided on


def sums(connection: Connection, scope: Scope) -> list[Sums]:
    """Per source, in order of name. Replays are in the counts of the batches whose rows they read again."""
    names = [field.name for field in fields(Counts)]
    waiting = (
        select(batch.c.source, func.count().label("n"))
        .join(quarantine, quarantine.c.batch_id == batch.c.id)
        .where(quarantine.c.state == "open")
        .group_by(batch.c.source)
        .subquery()
    )
    rows = connection.execute(
        select(
            batch.c.source,
            func.count().label("batches"),
            func.count().filter(batch.c.state == "failed").label("failed"),
            func.max(batch.c.finished).label("last"),
            func.coalesce(func.max(waiting.c.n), 0).label("open"),
            *(func.sum(batch.c[name]).label(name) for name in names),
        )
        .join(waiting, waiting.c.source == batch.c.source, isouter=True)
        .where(scope.intake, batch.c.origin.is_(None))
        .group_by(batch.c.source)
        .order_by(batch.c.source)
    )
    return [
        Sums(
            row.source,
            row.batches,
            row.failed,
            aware(row.last) if row.last else None,
            Counts(**{name: int(row._mapping[name]) for name in names}),
            int(row.open),
        )
        for row in rows
    ]


def running(connection: Connection, scope: Scope) -> Sequence[Batch]:
    """Batches that are being taken in, or were when their process died."""
    rows = connection.execute(select(batch).where(scope.intake, batch.c.state == "running"))
    return [_read(row) for row in rows]

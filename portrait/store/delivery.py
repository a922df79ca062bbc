"""The ledger by source and day of arrival: what the quality of a source is told from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import Connection, func, select

from portrait.clock import day_of
from portrait.scope import Scope
from portrait.store.batch import Counts
from portrait.store.schema import account, batch, quarantine


@dataclass(frozen=True)
class Day:
    """What came from one source on one day. Replays are in the counts of the batches whose rows they read again."""

    source: str
    arrived: date
    batches: int
    failed: int
    counts: Counts
    open: int  # quarantined rows that nobody has decided on


def arrival_days(connection: Connection, scope: Scope) -> list[Day]:
    """Every source's days, the oldest first."""
    names = [field.name for field in fields(Counts)]
    waiting = {
        (row.source, row.arrived): int(row.n)
        for row in connection.execute(
            select(batch.c.source, batch.c.arrived, func.count().label("n"))
            .join(quarantine, quarantine.c.batch_id == batch.c.id)
            .where(scope.intake, quarantine.c.state == "open")
            .group_by(batch.c.source, batch.c.arrived)
        )
    }
    rows = connection.execute(
        select(
            batch.c.source,
            batch.c.arrived,
            func.min(batch.c.started).label("started"),
            func.count().label("batches"),
            func.count().filter(batch.c.state == "failed").label("failed"),
            *(func.sum(batch.c[name]).label(name) for name in names),
        )
        .where(scope.intake, batch.c.origin.is_(None))
        .group_by(batch.c.source, batch.c.arrived)
        .order_by(batch.c.source, batch.c.arrived)
    )
    return [
        Day(
            row.source,
            row.arrived or day_of(row.started),  # batches of before the day was kept
            row.batches,
            row.failed,
            Counts(**{name: int(row._mapping[name]) for name in names}),
            waiting.get((row.source, row.arrived), 0),
        )
        for row in rows
    ]


def batch_days(connection: Connection, scope: Scope) -> list[tuple[int, str, date]]:
    """Number, source and day of arrival of every batch of records, replays with the day of their origin."""
    rows = connection.execute(
        select(batch.c.id, batch.c.source, batch.c.arrived, batch.c.started).where(
            scope.intake, batch.c.target == "record"
        )
    )
    return [(row.id, row.source, row.arrived or day_of(row.started)) for row in rows]


def strangers(connection: Connection, scope: Scope) -> list[int]:
    """Accounts of all sources whose person is unknown."""
    sources = select(batch.c.source).where(scope.intake)
    return list(
        connection.scalars(
            select(account.c.id)
            .where(account.c.person_id.is_(None), account.c.source.in_(sources))
            .order_by(account.c.id)
        )
    )


def last_failures(connection: Connection, scope: Scope) -> dict[str, tuple[int, date]]:
    """By source, its newest batch when that one failed: number and day."""
    newest = select(func.max(batch.c.id)).where(batch.c.origin.is_(None)).group_by(batch.c.source)
    rows = connection.execute(
        select(batch.c.source, batch.c.id, batch.c.arrived, batch.c.started).where(
            scope.intake, batch.c.id.in_(newest), batch.c.state == "failed"
        )
    )
    return {row.source: (row.id, row.arrived or day_of(row.started)) for row in rows}

"""What the registry says of its own state, for `portrait doctor`: sizes, batches that never ended, sums that do not add up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, func, select

from portrait.store.schema import account, batch, course, lease, person, quarantine, user


def sizes(engine: Engine) -> dict[str, int]:
    """Rows of the tables that tell whether anything has come in."""
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (person, account, course, batch, quarantine, user)
        }


def unfinished_batches(engine: Engine) -> list[Row[Any]]:
    """Batches that were begun and are not done."""
    query = select(
        batch.c.id,
        batch.c.source,
        batch.c.stream,
        batch.c.file,
        batch.c.state,
        batch.c.message,
        batch.c.origin,
    )
    with engine.connect() as connection:
        return list(connection.execute(query.where(batch.c.state != "done").order_by(batch.c.id)))


def broken_batches(engine: Engine) -> list[Row[Any]]:
    """Finished batches whose rows read are not rows stored + duplicates + quarantined."""
    accounted = batch.c.rows_stored + batch.c.rows_duplicate + batch.c.rows_quarantined
    query = select(batch.c.id, batch.c.source, batch.c.stream, batch.c.file).where(
        batch.c.state == "done", batch.c.rows_read != accounted
    )
    with engine.connect() as connection:
        return list(connection.execute(query.order_by(batch.c.id)))


def held_leases(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(lease)))

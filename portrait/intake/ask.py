"""Asking the engine: one row, or many a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

_FETCH = 20_000


def one(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The only row of a query that always has one."""
    row: tuple[Any, ...] = engine.execute(query).fetchall()[0]  # fetchone would leave the result open
    return row


def many(engine: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, while the engine stays free for others."""
    reading = engine.cursor()
    reading.execute(query)
    while rows := reading.fetchmany(_FETCH):
        yield from rows
    reading.close()

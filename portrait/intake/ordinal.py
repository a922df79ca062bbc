"""The ids of replayed rows: those of a clean first run, also where equal rows are separate events and one of them was bad.

A bad row that says what it is of whom keeps its place among its equals from the first run on (portrait.intake.land). One that
did not say takes the next place after all of them, in the order of the replays and of the lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby

import duckdb

from portrait.intake.bench import Bench, clear, set_up, set_up_over
from portrait.intake.land import Staged, keys_sql, stage, unstage
from portrait.intake.mend import cells_of
from portrait.intake.program import Program
from portrait.intake.recipe import arrival_of, files_again, joined_again, mapping_then
from portrait.intake.reread import reread
from portrait.lake.engine import bind
from portrait.lake.table import Lake
from portrait.store.batch import Batch, batch_of
from portrait.store.quarantine import places


@contextmanager
def stage_again(bench: Bench, program: Program, batch: Batch, origin: Batch) -> Iterator[Staged]:
    """The good rows of a replay `batch`, in one part, for the block."""
    staged = stage(
        bench.engine,
        program,
        batch,
        0,
        arrival=arrival_of(bench.site, origin),
        buckets=bench.site.lake.buckets,
        part_rows=sys.maxsize,
        folder=bench.staging,
        origin=origin,
    )
    table = f"{program.prefix}places"
    try:
        if program.stream.repeats == "keep":
            _number(bench, program, batch, origin, table)
            staged = replace(staged, places=table)
        yield staged
    finally:
        unstage(bench.engine, staged)
        bench.engine.execute(f"DROP TABLE IF EXISTS {table}")


def landed_ids(engine: duckdb.DuckDBPyConnection, lake: Lake, batch: Batch) -> dict[int, bytes]:
    """The records of a batch that the lake holds: line → id."""
    bind(engine, lake, "record")
    return dict(engine.execute(f"SELECT line, id FROM record WHERE batch = {batch.id}").fetchall())


def continues(engine: duckdb.DuckDBPyConnection, staged: Staged, landed: dict[int, bytes]) -> bool:
    """Whether these records landed from just these rows: an interrupted replay can then go on as the one that it was."""
    made = dict(engine.execute(f"SELECT line, id FROM ({staged.records_sql()})").fetchall())
    return all(made.get(line) == number for line, number in landed.items())


def _number(bench: Bench, program: Program, batch: Batch, origin: Batch, table: str) -> None:
    """The table (line, n) of the places that the good rows of a replay take among their equals in the whole file."""
    engine, again, equal = bench.engine, f"{table}_again", f"{table}_equal"
    engine.execute(
        f"CREATE TABLE {again} AS SELECT *, {batch.id}::bigint AS turn FROM ({keys_sql(program)} AND NOT _bad)"
    )
    _earlier(bench, batch, origin, again)
    mapping, stream = mapping_then(bench.site, origin)
    main, files = files_again(bench.site, origin)
    first = set_up(bench, mapping, stream, main, joined_again(origin, stream, files))
    engine.execute(
        f"CREATE TABLE {equal} AS SELECT key, line, row_number() OVER (PARTITION BY key ORDER BY line) AS n "
        f"FROM ({keys_sql(first)}) WHERE key IN (SELECT key FROM {again})"
    )
    clear(bench, first)
    # Of the rows that had no place in the first run each gets one after the last that somebody had.
    late = "row_number() OVER (PARTITION BY a.key, e.n IS NULL ORDER BY a.turn, a.line)"
    engine.execute(
        f"CREATE TABLE {table} AS SELECT line, n FROM ("
        f"SELECT a.line, a.turn, coalesce(e.n, coalesce(m.n, 0) + {late}) AS n FROM {again} a "
        f"LEFT JOIN {equal} e ON e.key = a.key AND e.line = a.line "
        f"LEFT JOIN (SELECT key, max(n) AS n FROM {equal} GROUP BY key) m ON m.key = a.key) WHERE turn = {batch.id}"
    )
    engine.execute(f"DROP TABLE {again}")
    engine.execute(f"DROP TABLE {equal}")


def _earlier(bench: Bench, batch: Batch, origin: Batch, table: str) -> None:
    """Add the keys of the rows that earlier replays of the same origin have taken."""
    site = bench.site
    with site.registry.connect() as connection:
        rows = [
            row for row in places(connection, origin.id, state="replayed") if (row.replay or 0) < batch.id
        ]
        turns = {
            number: (batch_of(connection, number), list(some))
            for number, some in groupby(sorted(rows, key=lambda row: row.replay or 0), lambda row: row.replay)
            if number is not None
        }
    for number, (replay, taken) in turns.items():
        mapping, stream = mapping_then(site, replay)
        main, files = files_again(site, replay)
        cells = {row.line: cells_of(site.archive, row.mended) for row in taken}
        with reread(bench, stream, main, cells) as raw:
            program = set_up_over(bench, mapping, stream, raw, joined_again(replay, stream, files))
            bench.engine.execute(
                f"INSERT INTO {table} SELECT *, {number} FROM ({keys_sql(program)} AND NOT _bad)"
            )
            clear(bench, program)

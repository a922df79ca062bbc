"""The embedded engine: an in-memory DuckDB over the lake's immutable files. Never a shared database file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from portrait.lake.table import TABLES, Lake


def open_engine(lake: Lake, *, memory: str = "1GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A connection whose views `record`, `cell`, `snapshot`, … read the newest version of each lake table.

    A table without a commit yet is an empty view with the right columns.
    """
    engine = bare_engine(lake, memory=memory, threads=threads)
    for name in TABLES:
        bind(engine, lake, name)
    return engine


def bare_engine(lake: Lake, *, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """A connection with the limits in force and no view yet."""
    spill = lake.folder / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    engine = duckdb.connect(":memory:")
    engine.execute(f"SET memory_limit='{memory}'")
    engine.execute(f"SET threads={int(threads)}")
    engine.execute(f"SET temp_directory='{quoted(str(spill))}'")
    engine.execute("SET TimeZone='UTC'")
    engine.execute("SET parquet_metadata_cache=true")
    # A bar would be drawn on stdout, into the JSON that a script reads; where there is none (notebooks), it cannot be put off.
    if engine.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        engine.execute("SET enable_progress_bar=false")
    return engine


def bind(engine: duckdb.DuckDBPyConnection, lake: Lake, name: str) -> None:
    """(Re)create the view of one lake table over its newest files."""
    bind_files(engine, name, lake.files(name))


def bind_files(engine: duckdb.DuckDBPyConnection, name: str, files: Iterable[str]) -> None:
    """(Re)create the view of one lake table over these of its files."""
    if not engine.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [f"{name}_empty"]).fetchone():
        empty: Any = TABLES[name][0].empty_table()
        engine.register("nothing", empty)
        engine.execute(f"CREATE TABLE {name}_empty AS SELECT * FROM nothing")
        engine.unregister("nothing")
    engine.execute(f"CREATE OR REPLACE VIEW {name} AS {rows(name, files)}")


def rows(name: str, files: Iterable[str]) -> str:
    """SELECT of all columns of a lake table, from these of its files; from an empty table when there are none."""
    schema, partitions = TABLES[name]
    columns = ", ".join(f'"{field.name}"' for field in schema)
    listed = ", ".join(f"'{quoted(file)}'" for file in files)
    if not listed:
        return f"SELECT {columns} FROM {name}_empty"
    types = ", ".join(f"'{column}': INTEGER" for column in partitions)
    hive = f"hive_partitioning=true, hive_types={{{types}}}" if partitions else "hive_partitioning=false"
    return f"SELECT {columns} FROM read_parquet([{listed}], {hive})"


def quoted(text: str) -> str:
    return text.replace("'", "''")

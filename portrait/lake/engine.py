"""The embedded engine: an in-memory DuckDB over the lake's immutable files. Never a shared database file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from portrait.lake.content import SAID_RUN
from portrait.lake.table import TABLES, Lake, file_paths
from portrait.record import OWN, RECORD_SCHEMA

if TYPE_CHECKING:
    from deltalake import DeltaTable

_TYPES = {
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.float64(): "DOUBLE",
    pa.binary(): "BLOB",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def open_engine(
    lake: Lake,
    *,
    memory: str = "1GB",
    threads: int = 2,
    unfinished: Collection[int] = (),
    named: Mapping[int, int] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection whose views `record`, `cell`, `snapshot`, … read the newest version of each lake table.

    A table without a commit yet is an empty view with the right columns. `record` is what counts, see `counted`.
    """
    engine = bare_engine(lake, memory=memory, threads=threads)
    for name in TABLES:
        bind(engine, lake, name)
    bind_counted(engine, lake, unfinished, named)
    return engine


def bind_counted(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    unfinished: Collection[int] = (),
    named: Mapping[int, int] | None = None,
) -> None:
    """(Re)create `record` over what counts; `landed` is all that ever came in."""
    left = {*unfinished, *unjudged(lake.table("verdict"))}
    bind(engine, lake, "verdict")
    bind_files(engine, "record", lake.files("record"), lake.lacking("record"), view="landed")
    hold_meant(engine, named or {})
    rule = counting(unfinished=left, named=bool(named))
    engine.execute(f"CREATE OR REPLACE VIEW record AS {counted('SELECT * FROM landed', rule)}")


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
    """(Re)create the view of one lake table over its newest files, all its rows."""
    bind_files(engine, name, lake.files(name), lake.lacking(name))


def bind_files(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    files: Iterable[str],
    lacking: Collection[str] = (),
    *,
    view: str = "",
) -> None:
    """(Re)create the view of one lake table over these of its files, all their rows."""
    engine.execute(f"CREATE OR REPLACE VIEW {view or name} AS {rows(name, files, lacking)}")


def rows(name: str, files: Iterable[str], lacking: Collection[str] = ()) -> str:
    """SELECT of all columns of a lake table, from these of its files; of no row when there are none.

    Columns that the table is `lacking` yet are null.
    """
    schema, partitions = TABLES[name]
    listed = ", ".join(f"'{quoted(file)}'" for file in files)
    if not listed:
        return f"SELECT {', '.join(_column(field, schema.names) for field in schema)} WHERE false"
    columns = ", ".join(_column(field, lacking) for field in schema)
    types = ", ".join(f"'{column}': INTEGER" for column in partitions)
    hive = f"hive_partitioning=true, hive_types={{{types}}}" if partitions else "hive_partitioning=false"
    return f"SELECT {columns} FROM read_parquet([{listed}], {hive})"


def now_and_then(lake: Lake, name: str, since: int) -> tuple[str, str]:
    """SELECT of what a table says, and of what it said at version `since`; its files may be gone when they are read."""
    table = lake.open(name)
    assert table is not None
    now = rows(name, file_paths(table))
    table.load_as_version(since)
    return now, rows(name, file_paths(table))


def _column(field: pa.Field, lacking: Collection[str]) -> str:
    if field.name not in lacking:
        return f'"{field.name}"'
    return f'NULL::{_TYPES[field.type]} AS "{field.name}"'


def hold_meant(engine: duckdb.DuckDBPyConnection, named: Mapping[int, int]) -> None:
    """Make the table `meant_run` say of runs that sheets name in their own words which class they mean.

    A table, for to write so many into the text of every question takes a hundred times as long as to join them.
    """
    said = pa.table(
        {
            "run": pa.array(list(named), pa.int64()),
            "meant": pa.array(list(named.values()), pa.int64()),
        }
    )
    engine.register("said_meant", said)
    engine.execute("CREATE OR REPLACE TABLE meant_run AS SELECT * FROM said_meant")
    engine.unregister("said_meant")


@dataclass(frozen=True)
class Counting:
    """As SQL of a record `r` as it came in: what it is joined with, whether it counts then, and of which class it is."""

    joined: str
    counts: str
    run: str
    flag: str


def counting(
    *, unfinished: Collection[int] = (), verdict: str | None = "verdict", named: bool = False
) -> Counting:
    """What counts: neither outdated nor withdrawn records, nor those of `unfinished` batches, nor versions that nobody has compared
    yet. `named`: some sheets name classes in their own words, see hold_meant."""
    left = f" AND r.batch NOT IN ({', '.join(map(str, sorted(unfinished)))})" if unfinished else ""
    judged = f" LEFT JOIN {verdict} v ON v.batch = r.batch AND v.line = r.line" if verdict is not None else ""
    return Counting(
        judged + (" LEFT JOIN meant_run m ON m.run = r.run" if named else ""),
        f"coalesce(v.state, CASE WHEN r.held THEN 1 ELSE 0 END) = 0{left}"
        if judged
        else f"r.held IS NOT TRUE{left}",
        "coalesce(m.meant, r.run)" if named else "r.run",
        "coalesce(v.flag, r.flag)::integer" if judged else "r.flag",
    )


def counted(records: str, rule: Counting) -> str:
    """SELECT of the records that count, out of SELECT `records`, with the flags that the verdicts give them. `own` are the flags that
    they came in with, SAID_RUN is the run."""
    told = {"run": rule.run, "flag": rule.flag}
    own = {name: f'r."{name}"' for name in RECORD_SCHEMA.names[:OWN]} | told
    columns = ", ".join(
        [*(f'{said} AS "{name}"' for name, said in own.items()), "r.flag AS own", f"r.run AS {SAID_RUN}"]
    )
    return f"SELECT {columns} FROM ({records}) r{rule.joined} WHERE {rule.counts}"


def open_marks(unfinished: Collection[int]) -> Mapping[str, int]:
    """What the verdicts remember of the batches that they were made without; see `unjudged`."""
    return {
        "open": len(unfinished),
        **{f"open:{place}": number for place, number in enumerate(sorted(unfinished))},
    }


def unjudged(verdict: DeltaTable | None) -> frozenset[int]:
    """The batches that were not whole when the verdicts were written, whole or not by now.

    Another batch may have brought their rows again, and its versions count until the verdicts have compared the two.
    """
    count = (verdict.transaction_version("open") if verdict else None) or 0
    found = (verdict.transaction_version(f"open:{place}") for place in range(count)) if verdict else ()
    return frozenset(number for number in found if number is not None)


def quoted(text: str) -> str:
    return text.replace("'", "''")

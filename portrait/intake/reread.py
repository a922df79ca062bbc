"""Some rows of an archived file, read again with corrected cells in their places. All else of the file is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby

import duckdb
import pyarrow as pa

from portrait.intake.bench import Bench, Input
from portrait.intake.mapping import Stream
from portrait.intake.program import own_columns
from portrait.intake.raw import TEXT_KEY, Broken, Raw, plain, without_nul
from portrait.intake.reader import IS_ROW, cut_sql, no_object, read

Cells = Mapping[int, Mapping[str, str]]  # row number → corrected cells, {} where there are none


@contextmanager
def reread(bench: Bench, stream: Stream, file: Input, rows: Cells) -> Iterator[Raw]:
    """The rows of the file with these numbers, for the block. A row that could not be cut into columns is one when its
    cells were given.

    Raises InputError as `read` does.
    """
    engine, table = bench.engine, f"{bench.prefix()}again"
    whole = read(engine, file.path, file.name, stream.layout, own_columns(stream), bench.staging)
    columns = list(whole.columns)
    cells = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(whole.columns.values()))
    text = whole.whole or "NULL"
    engine.register("wanted_rows", pa.table({"line": pa.array(list(rows), pa.int64())}))
    engine.execute(
        f"CREATE TABLE {table} AS SELECT r._row, ({text})::varchar AS _json, {cells} "
        f"FROM {whole.relation} r WHERE r._row IN (SELECT line FROM wanted_rows)"
    )
    engine.unregister("wanted_rows")
    broken = {row.row: row for row in whole.broken if row.row in rows}
    if whole.whole:
        texts = {line: given[TEXT_KEY] for line, given in rows.items() if TEXT_KEY in given}
        wrong = _replace_texts(engine, table, columns, texts, whole.recut)
        broken = {line: row for line, row in broken.items() if line not in texts} | wrong
    else:
        given = {line: row for line, row in broken.items() if rows[line]}
        _insert(engine, table, columns, given.values())
        broken = {line: row for line, row in broken.items() if line not in given}
    _correct(engine, table, columns, rows)
    yield Raw(
        whole.file,
        whole.sheet,
        f"(SELECT * FROM {table})",
        {name: plain(without_nul(f"r.c{i}")) for i, name in enumerate(columns)},
        tuple(broken[line] for line in sorted(broken)),
        whole="r._json" if whole.whole else "",
        title=whole.title,
        caption=whole.caption,
        heads=whole.heads,
    )
    engine.execute(f"DROP TABLE IF EXISTS {table}")


def lines_of(engine: duckdb.DuckDBPyConnection, raw: Raw) -> set[int]:
    """The numbers of the rows that are there, cut into columns or not."""
    rows = engine.execute(f"SELECT r._row FROM {raw.relation} r").fetchall()
    return {number for (number,) in rows} | {row.row for row in raw.broken}


def _replace_texts(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[str],
    texts: Mapping[int, str],
    recut: Callable[[str], str] | None,
) -> dict[int, Broken]:
    """Put rows that were given as whole texts in their places; those that are still no rows."""
    if not texts:
        return {}
    given = pa.table(
        {
            "_row": pa.array(list(texts), pa.int64()),
            "c0": pa.array([recut(text) if recut else text for text in texts.values()], pa.string()),
            "c1": pa.array(list(texts.values()), pa.string()),
        }
    )
    engine.register("given_texts", given)
    engine.execute(f"DELETE FROM {table} WHERE _row IN (SELECT _row FROM given_texts)")
    engine.execute(f"INSERT INTO {table} BY NAME {cut_sql('given_texts', columns, 'c1')}")
    wrong = engine.execute(f"SELECT _row, c1 FROM given_texts WHERE NOT {IS_ROW}").fetchall()
    engine.unregister("given_texts")
    return {row: no_object(row, text) for row, text in wrong}


def _insert(
    engine: duckdb.DuckDBPyConnection, table: str, columns: list[str], rows: Iterable[Broken]
) -> None:
    """Rows by what is known of their cells: more cells than columns are no cells."""
    found = list(rows)
    if not found:
        return
    made = {"_row": pa.array([row.row for row in found], pa.int64())}
    for i, name in enumerate(columns):
        made[f"c{i}"] = pa.array([row.raw.get(name) for row in found], pa.string())
    engine.register("given_rows", pa.table(made))
    engine.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given_rows")
    engine.unregister("given_rows")


def _correct(engine: duckdb.DuckDBPyConnection, table: str, columns: list[str], rows: Cells) -> None:
    """Write corrected cells over the file's; a column that the file no longer gives is passed over."""
    places = {name: place for place, name in enumerate(columns)}
    cells = sorted(
        (places[name], line, text)
        for line, given in rows.items()
        for name, text in given.items()
        if name in places
    )
    for place, some in groupby(cells, key=lambda cell: cell[0]):
        listed = list(some)
        given = {"line": pa.array([line for _, line, _ in listed], pa.int64())}
        given["text"] = pa.array([text for _, _, text in listed], pa.string())
        engine.register("given_cells", pa.table(given))
        engine.execute(f"UPDATE {table} SET c{place} = g.text FROM given_cells g WHERE g.line = {table}._row")
        engine.unregister("given_cells")

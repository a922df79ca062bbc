"""Tables of text as platforms export them: CSV with a mark, GB18030 CSV, workbooks, Parquet; the same bytes for the same table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
import xlsxwriter

SHEET_ROWS = 100_000
_BLOCK = 100_000


def words(values: Sequence[str] | np.ndarray, index: np.ndarray | None = None) -> pa.Array:
    """A column of text; with `index`, the values at those places."""
    column = pa.array(values, pa.string())
    return column if index is None else column.take(pa.array(index))


def numbers(values: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """Numbers as text, empty where `blank`."""
    text = pc.cast(pa.array(values), pa.string())
    return text if blank is None else pc.if_else(pa.array(blank), pa.scalar(None, pa.string()), text)


def moments(seconds: np.ndarray) -> pa.Array:
    """2022-05-10 09:00:00"""
    return pc.cast(pc.cast(pa.array(seconds), pa.timestamp("s")), pa.string())


def days(seconds: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """2022-05-10"""
    text = pc.utf8_slice_codeunits(moments(seconds), 0, 10)
    return text if blank is None else pc.if_else(pa.array(blank), pa.scalar(None, pa.string()), text)


def serials(prefix: str, count: int, width: int = 9) -> pa.Array:
    """prefix000000001 …"""
    padded = pc.utf8_lpad(pc.cast(pa.array(np.arange(1, count + 1)), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def write_csv(path: Path, table: pa.Table, encoding: str) -> None:
    """`encoding` is utf-8-sig or gb18030."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if encoding == "utf-8-sig":
            file.write(b"\xef\xbb\xbf")
            pv.write_csv(table, file, pv.WriteOptions(quoting_style="none"))
            return
        for start in range(0, max(1, table.num_rows), _BLOCK):
            options = pv.WriteOptions(include_header=start == 0, quoting_style="none")
            part = io.BytesIO()
            pv.write_csv(table.slice(start, _BLOCK), part, options)
            file.write(part.getvalue().decode().encode(encoding))


def write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=1 << 19)


def write_book(path: Path, table: pa.Table, created: datetime, figures: frozenset[str]) -> None:
    """A workbook with one sheet 名单. Columns in `figures` hold numbers, all others text. `created` keeps the bytes the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": created})
    sheet = book.add_worksheet("名单")
    sheet.write_row(0, 0, table.column_names)
    columns = [column.to_pylist() for column in table.columns]
    numeric = [name in figures for name in table.column_names]
    for line, row in enumerate(zip(*columns, strict=True), start=1):
        for place, value in enumerate(row):
            if value is None or value == "":
                continue
            if numeric[place] and value.replace(".", "", 1).isdigit():
                sheet.write_number(line, place, float(value))
            else:
                sheet.write_string(line, place, value)
    book.close()


def write_books(folder: Path, name: str, table: pa.Table, created: datetime, figures: frozenset[str]) -> None:
    """A workbook, or several of at most 100,000 rows when there are more."""
    if table.num_rows <= SHEET_ROWS:
        write_book(folder / f"{name}.xlsx", table, created, figures)
        return
    for number, start in enumerate(range(0, table.num_rows, SHEET_ROWS), 1):
        write_book(folder / f"{name}-{number:02d}.xlsx", table.slice(start, SHEET_ROWS), created, figures)

"""A row as it stands in the archived file, by its number as its mapping counts rows. Nothing of it is hidden yet: it is for nobody's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from portrait.intake.bench import Input
from portrait.intake.mapping import Layout, Stream
from portrait.intake.office import head_of, open_grid, sought
from portrait.intake.program import own_columns
from portrait.intake.raw import TEXT_KEY, Broken, Passed
from portrait.intake.reader import format_of, read
from portrait.intake.table import body
from portrait.intake.text import line_at, look_kept, row_at
from portrait.sentence import sentence


@dataclass(frozen=True)
class Bench:
    """An engine and a folder of one's own for a while."""

    engine: duckdb.DuckDBPyConnection
    staging: Path


@dataclass(frozen=True)
class Bare:
    """Its cells under the heads of the file, or its text."""

    sheet: str
    cells: tuple[tuple[str, str], ...]
    text: str = ""
    note: str = ""
    torn: bool = False  # which text belongs to which head is not known
    event: bool = False  # the text is one of a tracking log


def bare_row(bench: Bench, stream: Stream, file: Input, row: int) -> Bare | None:
    """The row by its number as the batch's mapping counts rows; None where there is none."""
    layout = stream.layout
    kind = layout.format if layout.format != "auto" else format_of(file.name)
    if layout.office:
        return _office(layout, own_columns(stream), kind, file, row)
    if kind in ("jsonl", "edx"):
        line = line_at(look_kept(file.path, file.name, layout.encoding), row, listed=kind == "jsonl")
        return None if not line else Bare("", (), line, event=kind == "edx")
    if kind == "csv":
        names, cells = row_at(look_kept(file.path, file.name, layout.encoding), layout.header, row)
        if row <= layout.header and isinstance(cells, list):
            return _above("", cells)
        return _cut("", names, cells)
    # As the file has its columns: neither renamed nor one of many made rows.
    plain = replace(layout, names=(), lacking=(), wide=None)
    raw = read(bench.engine, file.path, file.name, plain, [], bench.staging)
    listed = ", ".join(raw.columns.values())
    found = bench.engine.execute(f"SELECT {listed} FROM {raw.relation} r WHERE r._row = {row}").fetchall()
    return _cut(raw.sheet, list(raw.columns), [text or "" for text in found[0]]) if found else None


def _cut(sheet: str, names: Sequence[str], cells: Sequence[str] | Broken | None) -> Bare | None:
    if cells is None:
        return None
    if isinstance(cells, Broken):
        text = cells.raw.get(TEXT_KEY, "")
        told = tuple((name, cell) for name, cell in cells.raw.items() if name != TEXT_KEY)
        return Bare(sheet, told, text, sentence(cells.reason), torn=True)
    return Bare(sheet, tuple(zip(names, cells, strict=True))) if any(cells) else None


def _above(sheet: str, cells: Sequence[str]) -> Bare | None:
    """A title, a stamp, the heads themselves: shown by place, for they stand under no head."""
    places = tuple((sentence("第 {n} 列", n=n), cell) for n, cell in enumerate(cells, 1) if cell)
    return Bare(sheet, places, note=sentence("表头或表头上面的一行，不是数据")) if places else None


def _office(layout: Layout, columns: Sequence[str], kind: str, file: Input, row: int) -> Bare | None:
    needed = sought(columns, layout)
    opened = open_grid(file.path, file.name, kind, layout, kept=True)
    head = head_of(opened, layout, needed)
    if head is None:
        return None
    if row <= head.last:
        return _above(opened.sheet, next((cells for number, cells in opened.first if number == row), []))
    looked = 0  # of the rows that could not be cut, which are found on the way
    for found in body(opened.grid, head, layout, needed):
        if isinstance(found, Passed):
            if found.row == row:
                return Bare(opened.sheet, (), found.text, sentence(found.reason))
        elif found[0] == row:
            return _cut(opened.sheet, head.names, found[1])
        fresh, looked = opened.grid.broken[looked:], len(opened.grid.broken)
        broken = next((one for one in fresh if one.row == row), None)
        if broken is not None:
            return _cut(opened.sheet, head.names, broken)
        if (found.row if isinstance(found, Passed) else found[0]) > row:
            break
    broken = next((one for one in opened.grid.broken[looked:] if one.row == row), None)
    return None if broken is None else _cut(opened.sheet, head.names, broken)

"""Sheets that people have laid out and written (`cells: office`), staged as rows; the plain formats have readers of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
from python_calamine import CalamineSheet

from portrait.errors import InputError
from portrait.identity import hidden
from portrait.intake.arrange import arranged
from portrait.intake.cell import clean, meant
from portrait.intake.held import day_said, held
from portrait.intake.layout import (
    CAPTION_COLUMN,
    DATED_COLUMN,
    EVERY_SHEET,
    HELD_COLUMN,
    NAMED,
    SHEET_COLUMN,
    TITLE_COLUMN,
    given,
)
from portrait.intake.mapping import Layout
from portrait.intake.raw import Broken, Passed, Raw, Stage, literal
from portrait.intake.sheet import open_sheet, sheet_names, sound
from portrait.intake.styling import Styling, styling
from portrait.intake.table import HEAD_ROWS, Grid, Head, Row, body, found_head, head_at
from portrait.intake.text import cut_rows, delimiter_of, look, look_kept
from portrait.sentence import sentence

_CHUNK = 5_000
_SHOWN, _LONG = 20, 20  # cells of a row that is told, and signs of each


@dataclass(frozen=True)
class Opened:
    """A sheet as a grid, its first rows looked at already."""

    sheet: str
    grid: Grid
    first: Sequence[Row]  # they come again in the grid
    styling: Styling


def read_office(
    path: Path, name: str, kind: str, layout: Layout, columns: Sequence[str], target: Path
) -> Raw:
    """The rows of a sheet or CSV as the layout says; `columns` tell which header is meant. Raises InputError."""
    needed = sought(columns, layout)
    opened = open_grid(path, name, kind, layout)
    head = head_of(opened, layout, needed)
    where = f"{name}，工作表“{opened.sheet}”" if opened.sheet else name
    if head is None or not any(head.names):
        raise _headless(where, layout, needed, opened)
    stage = Stage(target, head.names)
    passed: list[Passed] = []
    rows = body(opened.grid, head, layout, needed)
    while chunk := list(islice(rows, _CHUNK)):
        passed += [row for row in chunk if isinstance(row, Passed)]
        good = [row for row in chunk if not isinstance(row, Passed)]
        texts = zip(*(cells for _, cells in good), strict=True) if good else [()] * len(head.names)
        stage.write(
            pa.array([number for number, _ in good], pa.int64()),
            [pa.array(column, pa.string()) for column in texts],
        )
    stage.close()
    told = {SHEET_COLUMN: opened.sheet, TITLE_COLUMN: head.title, CAPTION_COLUMN: head.caption}
    told |= {HELD_COLUMN: held(head.caption), DATED_COLUMN: held(head.caption) or day_said(head.caption)}
    told |= {column: column.removeprefix(NAMED) for column in columns if column.startswith(NAMED)}
    also = {column: f"nullif({literal(text)}, '')" for column, text in told.items() if column in columns}
    broken = tuple(opened.grid.broken)
    raw = Raw(
        name,
        opened.sheet,
        stage.relation(),
        stage.columns(),
        broken,
        tuple(passed),
        title=head.title,
        caption=head.caption,
    )
    raw = arranged(raw, layout) if layout.wide else raw
    return replace(raw, columns=raw.columns | also)


def open_grid(path: Path, name: str, kind: str, layout: Layout, *, kept: bool = False) -> Opened:
    """The rows of a sheet as their texts are meant; `kept` of a sound file of the archive. Raises InputError."""
    most = max(HEAD_ROWS, layout.header + layout.under)
    if kind == "csv":
        text = (look_kept if kept else look)(path, name, layout.encoding)
        grid = Grid(iter(()), 0, exact=True)
        rows = _texts(cut_rows(text, delimiter_of(text, most)), grid.broken)
        opened = Opened("", grid, list(islice(rows, most)), Styling())
    else:
        sheet = "" if layout.sheet == EVERY_SHEET else layout.sheet
        chosen, wrong = open_sheet(path, name, sheet, layout.place)
        styles = _styling(path, name, chosen.name)
        rows = _cells(chosen, wrong, styles)
        merged = [
            (top + 1, left + 1, bottom + 1, right + 1)
            for (top, left), (bottom, right) in chosen.merged_cell_ranges or ()
        ]
        grid = Grid(iter(()), 0, merged, styles.hidden_rows)
        opened = Opened(chosen.name, grid, list(islice(rows, most)), styles)
    grid.width = max((len(cells) for _, cells in opened.first), default=0)
    grid.rows = chain(opened.first, rows)
    return opened


def head_of(opened: Opened, layout: Layout, needed: Sequence[str]) -> Head | None:
    """The header; None where no row has any of the needed columns."""
    grid = opened.grid
    last = opened.first[-1][0] if opened.first else 0
    merged = [span for span in grid.merged if span[0] <= last]
    if layout.header:
        return head_at(opened.first, layout.header, layout.under, merged, grid.width)
    head = found_head(opened.first[:HEAD_ROWS], needed, layout.under, merged, grid.width)
    return head if head.row else None


def sought(columns: Sequence[str], layout: Layout) -> list[str]:
    """The columns by which a header is known: neither given by every sheet nor made of its heads."""
    made = (layout.wide.item, layout.wide.value) if layout.wide else ()
    return [column for column in columns if not given(column) and column not in made]


def fits(head: Head | None, layout: Layout, columns: Sequence[str]) -> bool:
    """Whether a header has all of the columns, and one for an item where the table is wide."""
    if head is None or not set(sought(columns, layout)) <= set(head.names):
        return False
    only = layout.wide.only if layout.wide else ""
    return not only or any(re.search(only, name) for name in head.names)


def fitting_sheets(path: Path, name: str, layout: Layout, needed: Sequence[str]) -> list[int]:
    """Places (from 1) of the sheets that have all of the needed columns in their header. Raises InputError."""
    found = []
    for place in range(1, len(sheet_names(path, name)) + 1):
        opened = open_grid(path, name, "xlsx", _at(layout, place))
        if fits(head_of(opened, layout, sought(needed, layout)), layout, needed):
            found.append(place)
    return found


def _at(layout: Layout, place: int) -> Layout:
    return Layout(
        layout.file, layout.format, layout.encoding, "", layout.header, under=layout.under, place=place
    )


def _headless(where: str, layout: Layout, needed: Sequence[str], opened: Opened) -> InputError:
    if layout.header:
        return InputError("{file}：第 {line} 行应为表头，这一行是空的", file=where, line=layout.header)
    fullest = max(opened.first, key=lambda row: len(set(filter(None, row[1]))), default=(0, []))
    return InputError(
        "{file}：前 {n} 行里没有表头：没有一行有这些列中的任何一个：{columns}；最像表头的是第 {line} 行：{there}",
        file=where,
        n=HEAD_ROWS,
        columns=list(needed),
        line=fullest[0],
        there=[hidden(cell)[:_LONG] for cell in fullest[1] if cell][:_SHOWN] or [sentence("（空的）")],
    )


def _texts(rows: Iterator[tuple[int, list[str] | Broken]], broken: list[Broken]) -> Iterator[Row]:
    for number, cells in rows:
        if isinstance(cells, Broken):
            broken.append(cells)
        else:
            yield number, [clean(cell) if cell else "" for cell in cells]


def _cells(sheet: CalamineSheet, wrong: dict[int, dict[int, str]], styles: Styling) -> Iterator[Row]:
    percent: dict[int, set[int]] = {}
    for row, column in styles.percent:
        percent.setdefault(row, set()).add(column)
    for number, cells in enumerate(sheet.iter_rows(), 1):
        shares = percent.get(number)
        if shares:
            texts = [meant(cell, place in shares) for place, cell in enumerate(cells, 1)]
        else:
            texts = ["" if cell == "" else meant(cell) for cell in cells]
        for column, shown in wrong.get(number, {}).items():
            if column <= len(texts):
                texts[column - 1] = shown
        yield number, texts


def _styling(path: Path, name: str, sheet: str) -> Styling:
    with sound(path, name):
        return styling(path, sheet)

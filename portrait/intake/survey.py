"""Where the table of a sheet that nobody has described stands, and what its columns hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from portrait.identity import hidden, masked
from portrait.intake.deed import MOST
from portrait.intake.guess import (
    LIKELY,
    RULES,
    Guess,
    guesses,
    is_day,
    number_of,
)
from portrait.intake.layout import OFFICE
from portrait.intake.mapping import Layout
from portrait.intake.office import Opened, open_grid
from portrait.intake.raw import Passed
from portrait.intake.scale import Place
from portrait.intake.table import Head, Merged, body, head_at
from portrait.resource import read_yaml

_LOOKED = 2_000  # rows that guesses are made from
_KEPT = 20_000  # rows that are told apart
_HEADS = 40  # rows among which the header is
_EXAMPLES = 3
_ENTRY = re.compile(r".{0,12}[:：]|附件|附表")
_PLACED = re.compile(r"（第 \d+ 列）$")
_GROUP = frozenset(
    {"school_name", "school_code", "county", "class_code", "class_name", "course_code", "course_title"}
)


@dataclass(frozen=True)
class Column:
    """One column of the table: a few of its texts (people's numbers masked), how many rows fill it, what it may be."""

    name: str
    examples: tuple[str, ...]
    filled: int
    guesses: tuple[Guess, ...]
    values: tuple[str, ...]  # as they came: for guessing only, never shown
    marks: tuple[tuple[Place, float], ...] = ()  # cells that are numbers and no percentages
    words: tuple[
        str, ...
    ] = ()  # all its texts in the whole table, where they are so few that each may mean something

    @property
    def role(self) -> str:
        """What it most probably is; "" when nothing is likely enough."""
        return self.guesses[0].role if self.guesses and self.guesses[0].sure >= LIKELY else ""


@dataclass(frozen=True)
class Table:
    """Where the table stands in its sheet. `passed` are rows in it that are no data."""

    sheet: str
    head: Head
    columns: tuple[Column, ...]
    rows: int
    passed: int
    hidden_rows: int
    hidden_columns: tuple[str, ...]
    title: str  # the first line above the header, where it stands alone
    fill_down: tuple[str, ...]
    lines: tuple[int, ...] = ()  # of the rows that were looked at
    cells: tuple[tuple[str, ...], ...] = ()  # theirs, for telling rows apart: never shown


def survey(path: Path, name: str, kind: str, sheet: str, header: str) -> Table | None:
    """The table of one sheet, None where there is none. `header` says its rows where a person has: "3" or "3-4", else ""."""
    rules = read_yaml(RULES)
    layout = Layout("*", kind, sheet=sheet, cells=OFFICE, skip=tuple(map(str, rules["skip"])))
    first, under = _said(header)
    opened = open_grid(path, name, kind, replace(layout, header=first, under=under))
    head = _head(opened, first, under)
    if head is None:
        return None
    rows: list[list[str]] = []
    numbers: list[int] = []
    total = passed = 0
    words: list[dict[str, None] | None] = [{} for _ in head.names]
    for row in body(opened.grid, head, layout, ()):
        if isinstance(row, Passed):
            passed += 1
            continue
        total += 1
        if len(rows) < _KEPT:
            rows.append(row[1])
            numbers.append(row[0])
        for place, some in enumerate(words):
            if some is not None and row[1][place]:
                some[row[1][place]] = None
                if len(some) > MOST:
                    words[place] = None
    if not total:
        return None
    columns = tuple(
        _column(
            column,
            [row[place] for row in rows[:_LOOKED]],
            numbers[:_LOOKED],
            opened.sheet,
            words[place] or (),
        )
        for place, column in enumerate(head.names)
    )
    columns = tuple(column for column in columns if column.filled or not _PLACED.search(column.name))
    styling = opened.styling
    fill_down = tuple(_fill_down(columns, rows[:_LOOKED], head))
    return Table(
        opened.sheet,
        head,
        columns,
        total,
        passed,
        sum(row > head.last for row in styling.hidden_rows),
        tuple(column for place, column in enumerate(head.names, 1) if place in styling.hidden_columns),
        _title(opened, head),
        fill_down,
        tuple(numbers),
        tuple(_filled(rows, [head.names.index(column) for column in fill_down])),
    )


def _title(opened: Opened, head: Head) -> str:
    """What the sheet is called: the first line above the header that says something and is no entry of a form (单位：…)."""
    for number, cells in opened.first:
        texts = list(dict.fromkeys(" ".join(cell.split()) for cell in cells if cell))
        if number < head.row and len(texts) == 1 and not _ENTRY.match(texts[0]) and len(texts[0]) > 1:
            return texts[0]
    return ""


def _said(header: str) -> tuple[int, int]:
    """First row and rows below it of a header that a person has chosen; 0 where it is to be found."""
    found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", header)
    if found is None:
        return 0, 0
    first = max(int(found[1]), 1)
    return first, min(max(int(found[2] or first) - first, 0), 2)


def _head(opened: Opened, first: int, under: int) -> Head | None:
    grid = opened.grid
    last = opened.first[-1][0] if opened.first else 0
    merged = [span for span in grid.merged if span[0] <= last]
    if first:
        head = head_at(opened.first, first, under, merged, grid.width)
        return head if any(head.names) else None
    best: tuple[float, Head] | None = None
    texts = dict(opened.first)
    for number, cells in opened.first[:_HEADS]:
        filled = [cell for cell in cells if cell]
        if len(set(filled)) < 2:
            continue
        depths = [0, 1] if _double(number, texts, merged) else [0]
        for depth in depths:
            head = head_at(opened.first, number, depth, merged, grid.width)
            score = _headlike(head, texts, depth)
            if score > 0 and (best is None or score > best[0]):
                best = score, head
    return best[1] if best else None


def _double(number: int, texts: dict[int, list[str]], merged: Sequence[Merged]) -> bool:
    """Whether the row below may belong to the header too: it says what stands under a merged or left-open cell."""
    above, below = texts.get(number, []), texts.get(number + 1, [])
    if not any(below) or any(number_of(cell) is not None for cell in below):
        return False
    tall = any(top == number and bottom == number + 1 for top, _, bottom, _ in merged)
    pairs = list(zip_longest(above, below, fillvalue=""))
    return tall or (
        any(low and not high for high, low in pairs) and any(high and not low for high, low in pairs)
    )


def _headlike(head: Head, texts: dict[int, list[str]], depth: int) -> float:
    """How much a row looks like a header: words that heads have, no values, rows below."""
    names = [name for name in head.names if not _PLACED.search(name)]
    if len(names) < 2 or not any(any(cells) for row, cells in texts.items() if row > head.last):
        return 0.0
    score = 0.0
    for name in names:
        known = guesses(name, ())
        value = number_of(name) is not None or re.fullmatch(r"[\d.:/-]{5,}.*", name) is not None
        if value and not is_day(name):
            score -= 1.0
        elif is_day(name):
            score += 0.4
        else:
            score += known[0].sure if known else 0.1 if len(name) <= 12 else -0.2
    # Two rows say more only where each of them says something.
    return score + (0.3 if depth else 0.0)


def _column(
    name: str, cells: Sequence[str], lines: Sequence[int], sheet: str, words: Iterable[str]
) -> Column:
    found = tuple(guesses(name, cells))
    values = tuple(dict.fromkeys(cell for cell in cells if cell))
    role = found[0].role if found else ""
    shown = tuple(
        masked(role, value) if role in ("idno", "phone", "mail") else hidden(value)
        for value in values[:_EXAMPLES]
    )
    marks = tuple(
        ((sheet, line), value)
        for line, cell in zip(lines, cells, strict=True)
        if not cell.endswith(("%", "％")) and (value := number_of(cell)) is not None
    )
    return Column(name, shown, sum(map(bool, cells)), found, values[:_LOOKED], marks, tuple(words))


def _filled(rows: Sequence[list[str]], places: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """The rows with what stands only in the first row of a group."""
    last: dict[int, str] = {}
    for row in rows:
        last |= {place: row[place] for place in places if row[place]}
        yield tuple(last.get(place, cell) if place in places else cell for place, cell in enumerate(row))


def _fill_down(columns: Sequence[Column], rows: Sequence[Sequence[str]], head: Head) -> Iterator[str]:
    """Columns that name a group once, at its first row."""
    for column in columns:
        place = head.names.index(column.name)
        blank = sum(not row[place] for row in rows)
        if column.role in _GROUP and rows[0][place] and 0.3 * len(rows) <= blank < len(rows):
            yield column.name

"""The table in a sheet that people have laid out: its header, merged cells, and the rows that are no data. Formats are not its business."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from portrait.intake.caption import LONGEST, caption
from portrait.intake.mapping import Layout
from portrait.intake.raw import Broken, Passed, header_names, ragged
from portrait.sentence import sentence

HEAD_ROWS = 60  # where a header is looked for
_NOISE = re.compile(r"\s+")
_ALONE = re.compile(r"(?<=.)(?:分|数|值|得分|成绩|人数|学时|[：:])$")  # 平均分 says no more than 平均
_FEW, _SHORT = 3, 14  # a total stands in one of the first cells, in few words
Merged = tuple[
    int, int, int, int
]  # first row, first column, last row, last column, from 1, the ends included
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Head:
    """Where the header is (from 1) and what it says; `title` is what stands above it, in the rows `above`."""

    row: int
    under: int
    names: tuple[str, ...]
    title: str = ""
    above: tuple[Sequence[str], ...] = ()

    @property
    def last(self) -> int:
        return self.row + self.under

    @cached_property
    def caption(self) -> str:
        """What of the title names the thing."""
        return caption(self.above)


@dataclass
class Grid:
    """The rows of a sheet by number, with what is known of the sheet. Merged cells have their text in the first only."""

    rows: Iterator[Row]
    width: int
    merged: Sequence[Merged] = ()
    hidden: Collection[int] = frozenset()
    exact: bool = False  # a row has as many cells as the header, or something is lost
    broken: list[Broken] = field(default_factory=list)


def head_at(rows: Sequence[Row], first: int, under: int, merged: Sequence[Merged], width: int) -> Head:
    """The header in these rows. Cells of several rows are joined by a point: 成绩·期末."""
    texts = {number: cells for number, cells in rows if number <= first + under}
    lines = [
        _spread(number, texts.get(number, []), merged, texts, width)
        for number in range(first, first + under + 1)
    ]
    for above, below in pairwise(lines):
        for place in range(1, width):
            # Not merged, only left blank: the group's word stands over its first column.
            if (
                not above[place]
                and below[place]
                and not (place < width and _starts(merged, first, place + 1))
            ):
                above[place] = above[place - 1]
    names = []
    for place in range(width):
        parts = [" ".join(line[place].split()) for line in lines]
        names.append("·".join(dict.fromkeys(part for part in parts if part)))
    over = tuple(row for number, row in rows if number < first)
    title = " ".join(dict.fromkeys(cell for row in over for cell in row if cell))[:LONGEST]
    return Head(first, under, tuple(header_names(names)), title, over)


def found_head(
    rows: Sequence[Row], needed: Collection[str], under: int, merged: Sequence[Merged], width: int
) -> Head:
    """The first header that has all of the needed columns, else the one that has most."""
    best, most = Head(0, under, ()), -1
    for number, cells in rows:
        if not any(cells):
            continue
        head = head_at(rows, number, under, merged, width)
        there = sum(name in head.names for name in needed)
        if there > most:
            best, most = head, there
        if there == len(needed):
            break
    return best if most > 0 else Head(0, under, ())


def body(grid: Grid, head: Head, layout: Layout, needed: Collection[str]) -> Iterator[Row | Passed]:
    """The rows below the header, merged and left-out cells filled in; rows that are no data as passed over. Blank rows are no rows."""
    width = len(head.names)
    filled = [place for place, name in enumerate(head.names) if name in layout.fill_down]
    wanted = [place for place, name in enumerate(head.names) if name in needed]
    above: dict[int, str] = {}
    spans = _Spans(grid.merged)
    ended = ""
    for number, cells in grid.rows:
        if number <= head.last:
            spans.see(number, cells)
            continue
        if not any(cells):
            spans.see(number, cells)
            continue
        came = cells
        cells = cells[:width] + [""] * (width - len(cells))
        own = list(cells)
        spans.fill(number, cells)
        reason = ended or _no_data(own, cells, head, layout, wanted)
        if not reason and layout.hidden == "skip" and number in grid.hidden:
            reason = sentence("隐藏的行")
        if reason:
            if not ended and layout.stop_at and _said(own, layout.stop_at, cells, wanted):
                ended = sentence("表格已在第 {line} 行结束", line=number)
            yield Passed(number, reason, " ".join(cell for cell in own if cell)[:200])
            continue
        if grid.exact and (len(came) < width or any(came[width:])):
            grid.broken.append(ragged(number, came, head.names))
            continue
        for place in filled:
            if cells[place]:
                above[place] = cells[place]
            else:
                cells[place] = above.get(place, "")
        yield number, cells


def _no_data(own: list[str], cells: list[str], head: Head, layout: Layout, wanted: list[int]) -> str:
    word = _said(own, (*layout.skip, *layout.stop_at), cells, wanted)
    if word:
        return sentence("“{word}”行，不是数据", word=word)
    filled = [cell for cell in own if cell]
    if len(filled) <= _FEW and len(filled) < len(own) and not caption([filled]):
        return sentence("人数、落款一类的行，不是数据")  # 应到5人，实到5人
    shown = [" ".join(cell.split()) for cell in own]
    if sum(map(bool, shown)) > 1 and all(
        not cell or cell == name.rpartition("·")[2] for cell, name in zip(shown, head.names, strict=True)
    ):
        return sentence("重复的表头")
    return ""


def _said(own: Sequence[str], words: Sequence[str], cells: Sequence[str], wanted: Sequence[int]) -> str:
    """The word that makes a row none: its first cell says it, or one of the first does and something needed is lacking."""
    if not words:
        return ""
    there = [(place, _NOISE.sub("", cell)) for place, cell in enumerate(own) if cell][:_FEW]
    for n, (place, text) in enumerate(there):
        for word in words:
            if word not in text:
                continue
            lacking = any(cells[other] in ("", own[place]) for other in wanted if other != place)
            if _ALONE.sub("", text) == word and (n == 0 or lacking):
                return word
            if n == 0 and re.match(rf"{re.escape(word)}(?:[人者员]?[^：:]{{0,6}}[：:]|[（(])", text):
                return word
            if text.endswith(word) and len(text) <= _SHORT and lacking:
                return word
    return ""


def _starts(merged: Sequence[Merged], row: int, column: int) -> bool:
    return any(top <= row <= bottom and left == column for top, left, bottom, _ in merged)


def _spread(
    number: int, cells: Sequence[str], merged: Sequence[Merged], texts: dict[int, list[str]], width: int
) -> list[str]:
    """A row of the header with its merged cells filled."""
    line = [*cells[:width], *[""] * (width - len(cells))]
    for top, left, bottom, right in merged:
        if top <= number <= bottom:
            source = texts.get(top, [])
            text = source[left - 1] if left <= len(source) else ""
            for place in range(left - 1, min(right, width)):
                line[place] = line[place] or text
    return line


class _Spans:
    """The merged cells that reach over the row at hand."""

    def __init__(self, merged: Iterable[Merged]) -> None:
        self._coming = sorted(merged, reverse=True)
        self._open: list[tuple[Merged, str]] = []

    def see(self, number: int, cells: Sequence[str]) -> None:
        self._open = [(span, text) for span, text in self._open if span[2] >= number]
        while self._coming and self._coming[-1][0] <= number:
            span = self._coming.pop()
            text = cells[span[1] - 1] if span[0] == number and span[1] <= len(cells) else ""
            if text and span[2] >= number:
                self._open.append((span, text))

    def fill(self, number: int, cells: list[str]) -> None:
        if not self._open and not self._coming:
            return
        self.see(number, cells)
        for (_, left, _, right), text in self._open:
            for place in range(left - 1, min(right, len(cells))):
                if not cells[place]:
                    cells[place] = text

"""What a mapping may say of sheets that people have laid out and written: where the header is, which rows are no data, what is blank."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from portrait.errors import MappingError
from portrait.intake.expression import Expression
from portrait.intake.node import choice_of, columns_of

OFFICE = "office"
AUTO = "auto"  # of a year: what the sheet names itself
EVERY_SHEET = "*"
# Columns that no sheet has and every sheet gives: its tab, all that stands above its table, what of that names the thing, the day that
# it says of the thing, and the one day that it says at all.
SHEET_COLUMN, TITLE_COLUMN, CAPTION_COLUMN = "（工作表）", "（标题）", "（标题正文）"
HELD_COLUMN, DATED_COLUMN = "（标题日期）", "（标题里的一天）"
_GIVEN = (SHEET_COLUMN, TITLE_COLUMN, CAPTION_COLUMN, HELD_COLUMN, DATED_COLUMN)
FIELD = "（读作）"  # before a field's name, in a key: what is read there, however it was written
NAMED = "（列名）"  # before a column's name: a column that says that name in every row
JOIN_WORDS = frozenset({"cells", "fill_down", "skip", "stop_at", "hidden"})
STREAM_WORDS = JOIN_WORDS | {"blank", "year"}
_HEADER = re.compile(r"[1-9][0-9]{0,5}")
_AUTO = re.compile(r"auto(?: ([23]))?")


@dataclass(frozen=True)
class Habit:
    """How the cells of a stream are written."""

    loose: bool = False
    blank: tuple[str, ...] = ()
    year: str = ""
    titled: bool = False  # the year that a sheet names itself comes first


def header_of(raw: dict[str, Any], at: str) -> tuple[int, int]:
    """First row of the header (0: to be found) and how many rows it has below that. Raises MappingError."""
    said = raw.get("header", "1")
    auto = _AUTO.fullmatch(said) if isinstance(said, str) else None
    office = raw.get("cells") == OFFICE
    if auto and office:
        return 0, int(auto[1] or 1) - 1
    if isinstance(said, str) and _HEADER.fullmatch(said):
        return int(said), 0
    if isinstance(said, list) and office and all(isinstance(n, str) and _HEADER.fullmatch(n) for n in said):
        rows = [int(row) for row in said]
        if 0 < len(rows) <= 3 and rows == list(range(rows[0], rows[0] + len(rows))):
            return rows[0], len(rows) - 1
    if auto or isinstance(said, list):
        also = "" if office else "（auto 和几行表头要同时写 cells: office）"
        raise MappingError(
            f"{at}：header 应为行号（从 1 数）、auto、auto 2（两行表头），或一到三个相连的行号，如 [3, 4]{also}"
        )
    raise MappingError(f"{at}：header 应为表头所在的行号（从 1 数），这里是“{said}”")


def office_of(raw: dict[str, Any], at: str) -> dict[str, Any]:
    """What else is said of the layout, by field of Layout. Raises MappingError."""
    cells = choice_of(raw, "cells", ("strict", OFFICE), at)
    if cells != OFFICE:
        wrong: list[str] = [
            word for word in ("fill_down", "skip", "stop_at", "hidden", "year") if word in raw
        ]
        if raw.get("sheet") == EVERY_SHEET:
            wrong.append('sheet: "*"')
        if wrong:
            raise MappingError(f"{at}：{'、'.join(wrong)} 要同时写 cells: office")
        return {}
    lists = {
        word: columns_of(raw.get(word, []), f"{at}，{word}") for word in ("fill_down", "skip", "stop_at")
    }
    hidden = choice_of(raw, "hidden", ("read", "skip"), at)
    return {"cells": OFFICE, "hidden": "" if hidden == "read" else hidden, **lists}


def given(column: str) -> bool:
    """Whether a column is one that every sheet gives and none has."""
    return column in _GIVEN or column.startswith(NAMED)


def habit_of(raw: dict[str, Any], at: str) -> Habit:
    """How the stream's cells are written. Raises MappingError."""
    years = list(columns_of(raw.get("year", []), f"{at}，year"))
    titled = years[:1] == [AUTO]
    given = years[titled:]
    if len(given) > 1 or not all(re.fullmatch(r"(19|20)\d\d", year) for year in given):
        raise MappingError(
            f"{at}：year 应为四位的年份，如 2022；或 auto（标题、表名、文件名里的）；"
            f"或 [auto, 2022]（那里没写的才是 2022）；这里是“{'、'.join(years)}”"
        )
    return Habit(
        raw.get("cells") == OFFICE,
        columns_of(raw.get("blank", []), f"{at}，blank"),
        "".join(given),
        titled,
    )


def written_by(habit: Habit, expression: Expression) -> Expression:
    """An expression over cells that are written so, its parts too."""
    if not (habit.loose or habit.blank):
        return expression

    def part(one: Expression | None) -> Expression | None:
        return None if one is None else written_by(habit, one)

    blank = tuple(dict.fromkeys((*expression.blank, *habit.blank))) if expression.source else expression.blank
    return replace(
        expression,
        blank=blank,
        loose=habit.loose,
        year=expression.year or habit.year,
        titled=habit.titled and not expression.year,
        start=part(expression.start),
        days=part(expression.days),
        first=tuple(written_by(habit, one) for one in expression.first),
    )

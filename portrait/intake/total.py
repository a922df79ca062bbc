"""Columns of marks that are made of the others: 总评 beside 平时 and 考试. Read too they would count every mark twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from portrait.intake.guess import outside, plain
from portrait.intake.scale import Marks
from portrait.sentence import Sentence, sentence

_CALLED = re.compile(
    r"总评|总分|总成绩|总得分|合计|总计|折合|折算|加权|(?:综合|最终|平均)(?:成绩|得分|评分|评定|分)?$"
)
_ROWS = 3  # rows that show that a column is the sum of the others
_MOST = 0.8  # of the rows
_NEAR = 0.051  # of a sum: marks are written with one decimal


def called_total(name: str) -> bool:
    """Whether a head says that its column sums others up."""
    return bool(_CALLED.search(outside("（(", ")）", plain(name.rpartition("·")[2]))))


def totals(columns: Mapping[str, Marks]) -> dict[str, Sentence]:
    """Of columns of marks those that are made of others, each with the reason. One at least is left."""
    filled = [name for name, marks in columns.items() if marks]
    made = [name for name in columns if called_total(name)]
    parts = [name for name in filled if name not in made]
    if not parts:
        first, *others = [name for name in filled if name in made] or [""]
        return {
            name: sentence("和“{first}”是同一个成绩的两种写法，只用一个，免得计两次", first=first)
            for name in (others if first else [])
        }
    if not made:
        made = [
            name for name in parts if len(parts) > 2 and _sums(columns[name], _others(columns, parts, name))
        ][:1]
        parts = [name for name in parts if name not in made]
    return {
        name: sentence(
            "由{parts}合成，不另算一条，免得同一个成绩计两次", parts=[f"“{part}”" for part in parts]
        )
        for name in made
    }


def _others(columns: Mapping[str, Marks], parts: Sequence[str], name: str) -> list[Marks]:
    return [columns[part] for part in parts if part != name]


def _sums(marks: Marks, others: Sequence[Marks]) -> bool:
    by_row = [dict(one) for one in others]
    rows = [
        (mark, [one[place] for one in by_row]) for place, mark in marks if all(place in one for one in by_row)
    ]
    fits = sum(abs(sum(parts) - mark) < _NEAR for mark, parts in rows)
    return len(rows) >= _ROWS and fits >= _MOST * len(rows)

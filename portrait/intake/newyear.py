"""Days that are written without a year and run from December into January: in which month they begin. It reads no title and no year."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from portrait.intake.guess import day_of

_GAP = 270  # days of a year without one of them: the others lie together, around New Year
_LATE, _EARLY = 11, 2  # months between which columns in their order run over it


def turn(heads: Sequence[str]) -> tuple[int, int]:
    """The month in which the days in the heads begin and the one in which they end, where they run over New Year; else (0, 0).

    They do where they lie close together around it, in whatever order, or where the columns go once from December to January.
    """
    days = days_in(heads)
    inside = sorted(set(days))
    for before, after in pairwise(inside):
        if (after[0] - before[0]) * 30.4 + after[1] - before[1] > _GAP:
            return after[0], before[0]
    falls = [(before[0], after[0]) for before, after in pairwise(days) if after < before]
    if len(falls) == 1 and falls[0][0] >= _LATE and falls[0][1] <= _EARLY and days[-1] < days[0]:
        return days[0][0], days[-1][0]
    return 0, 0


def days_in(heads: Sequence[str]) -> list[tuple[int, int]]:
    """Month and day of the heads that are days, in their order."""
    return [(int(day[5:7]), int(day[8:])) for head in heads if (day := day_of(head, "2000"))]

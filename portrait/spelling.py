"""A record's key as people write it down: a day in it is the same day however it is spelled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import chain, islice, product
from math import prod

from portrait.intake.width import narrow

MOST = 500  # spellings of one key: all of one with two days
_DAY = re.compile(
    r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?(?:[T\s]\s*0?0:00(?::00)?)?"
)


def day_in(text: str) -> date | None:
    """The day that a text is, and nothing besides; None for anything else, a moment of a day among it."""
    found = _DAY.fullmatch(narrow(text.strip()))
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def spellings(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """A key as it was given and as it may stand in a file: its days in every form in which files write them. Where these are more than
    MOST (`cut`), those first in which all days have one form, as one file writes them."""
    each = [forms(part) for part in parts]
    most = max(map(len, each), default=0)
    alike = (tuple(some[min(n, len(some) - 1)] for some in each) for n in range(most))
    return list(islice(dict.fromkeys(chain([tuple(parts)], alike, product(*each))), MOST))


def cut(parts: Sequence[str]) -> bool:
    """Whether a key has so many days that not all its spellings are thought of."""
    return prod(len(forms(part)) for part in parts) > MOST


def forms(part: str) -> list[str]:
    """A part as it was given, and where it is a day, in every form of that."""
    day = day_in(part)
    return list(dict.fromkeys([part, *_forms(day)])) if day else [part]


def _forms(day: date) -> list[str]:
    year, month, number = day.year, day.month, day.day
    plain = [f"{year}{sign}{month:02}{sign}{number:02}" for sign in "-/."]
    short = [f"{year}{sign}{month}{sign}{number}" for sign in "-/."]
    words = [f"{year}年{month}月{number}日", f"{year}年{month:02}月{number:02}日"]
    midnight = [
        f"{text}{zero}"
        for text in (plain[0], plain[1], short[1])
        for zero in (" 00:00:00", " 00:00", " 0:00", "T00:00:00")
    ]
    return [*plain, *short, *words, f"{year}{month:02}{number:02}", *midnight]

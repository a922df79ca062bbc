"""How a level is said: 0..1 inside, 0–100 分 and a named band before a reader."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from dashboards.language import current
from portrait.resource import read_yaml


@dataclass(frozen=True)
class Band:
    """A named stretch of the scale: `low` inclusive, `high` exclusive but for the last."""

    code: str
    name: str
    low: float
    high: float


def bands() -> tuple[Band, ...]:
    return _bands("en" if current() == "en" else "zh")


@cache
def _bands(name: str) -> tuple[Band, ...]:
    rows = read_yaml("rules/evidence.yaml")["bands"]
    ends = [row["from"] for row in rows[1:]] + [1.0]
    return tuple(Band(row["code"], row[name], row["from"], end) for row, end in zip(rows, ends, strict=True))


def band_of(level: float) -> Band:
    return [band for band in bands() if level >= band.low][-1]


def lift() -> int:
    """Pixels by which a row's name rises above its figures: an English name leaves them no room beside it on a phone."""
    return 16 if current() == "en" else 0


def points(level: float) -> str:
    """A level as the whole number a reader sees; with a decimal where rounding would lift it into the next band."""
    whole = round(level * 100)
    if band_of(whole / 100) == band_of(level):
        return f"{whole}"
    return f"{math.floor(level * 1000) / 10:.1f}"


def interval(low: float, high: float) -> str:
    return f"{points(low)}–{points(high)}"

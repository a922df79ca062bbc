"""Rates that are made public: always n of N with an interval and a definition, never a bare number.

Rates of persons are hidden in groups below the small-cell floor, and so is a second group when the first could be
worked out from the total.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import TypeVar

from portrait.resource import read_yaml

Key = TypeVar("Key")


@dataclass(frozen=True)
class Measure:
    """What a rate means, in words, and the clause of the notice it answers to."""

    code: str
    zh: str
    of: str  # person | place | class: only rates of persons are ever hidden
    n_zh: str
    total_zh: str
    text: str
    cite: str


class Shown(StrEnum):
    YES = "yes"
    EMPTY = "empty"  # nothing to count yet: no rate, which is not zero
    SMALL = "small"  # fewer than the floor: hidden
    SHIELD = "shield"  # hidden so that a small group cannot be worked out from the total


@dataclass(frozen=True)
class Rate:
    """n of N with its Wilson interval. All four numbers are None where the rate is not shown."""

    measure: Measure
    shown: Shown
    n: int | None
    total: int | None
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        return self.n / self.total if self.n is not None and self.total else None

    @property
    def missing(self) -> int | None:
        return self.total - self.n if self.n is not None and self.total is not None else None


@cache
def measures() -> dict[str, Measure]:
    rules = read_yaml("rules/programme.yaml")["rates"]
    return {
        code: Measure(code, r["zh"], r["of"], r["n_zh"], r["total_zh"], r["text"], r["cite"])
        for code, r in rules.items()
    }


def confidence() -> float:
    return float(read_yaml("rules/programme.yaml")["interval"])


def wilson(n: int, total: int, level: float) -> tuple[float, float]:
    """The Wilson score interval of a proportion."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = n / total
    centre = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    # Rounding must not push a bound past 0 or 1, nor past the share itself.
    return max(0.0, min(share, (centre - half) / scale)), min(1.0, max(share, (centre + half) / scale))


def rate(measure: str, n: int, total: int, *, floor: int = 0) -> Rate:
    """The rate n of `total`. With a floor, a rate of persons over fewer is hidden.

    Raises ValueError when n does not lie in 0..total: then something was counted twice.
    """
    meaning = measures()[measure]
    if not 0 <= n <= total:
        raise ValueError(f"{meaning.zh}：{n} 不在 0–{total} 之内")
    if total == 0:
        return Rate(meaning, Shown.EMPTY, None, None, None, None)
    if meaning.of == "person" and total < floor:
        return Rate(meaning, Shown.SMALL, None, None, None, None)
    low, high = wilson(n, total, confidence())
    return Rate(meaning, Shown.YES, n, total, low, high)


def rates(measure: str, counts: Mapping[Key, tuple[int, int]], *, floor: int = 0) -> dict[Key, Rate]:
    """The rate of each group, for groups whose common total is shown too.

    Groups below the floor are hidden. When what is hidden could be worked out from the total (one group, or fewer
    than `floor` persons together), the smallest shown groups are hidden with it.
    """
    found = {key: rate(measure, n, total, floor=floor) for key, (n, total) in counts.items()}
    hidden = [key for key, r in found.items() if r.shown is Shown.SMALL]
    if not hidden:
        return found
    spare = sorted((key for key, r in found.items() if r.shown is Shown.YES), key=lambda key: counts[key][1])
    while spare and (len(hidden) < 2 or sum(counts[key][1] for key in hidden) < floor):
        key = spare.pop(0)
        hidden.append(key)
        found[key] = _shield(found[key])
    return found


def rates_within(
    measure: str, counts: Mapping[Key, tuple[int, int]], larger: Callable[[Key], object], *, floor: int = 0
) -> dict[Key, Rate]:
    """The rate of each group, for groups that stand beside the rates of the larger ones they lie in.

    What is hidden cannot be worked out from the larger group's rate; a larger group that is hidden itself cannot be
    added up from its groups, for none of them is shown.
    """
    members: dict[object, list[Key]] = {}
    for key in counts:
        members.setdefault(larger(key), []).append(key)
    sums = {
        whole: (sum(counts[key][0] for key in keys), sum(counts[key][1] for key in keys))
        for whole, keys in members.items()
    }
    found: dict[Key, Rate] = {}
    for whole, seen in rates(measure, sums, floor=floor).items():
        own = rates(measure, {key: counts[key] for key in members[whole]}, floor=floor)
        hide = seen.shown in (Shown.SMALL, Shown.SHIELD)
        found |= {key: _shield(r) if hide and r.shown is Shown.YES else r for key, r in own.items()}
    return {key: found[key] for key in counts}


def _shield(shown: Rate) -> Rate:
    return replace(shown, shown=Shown.SHIELD, n=None, total=None, low=None, high=None)


class Standing(StrEnum):
    """Where a group stands against all groups together, with the number of comparisons allowed for."""

    ABOVE = "above"
    BELOW = "below"
    SAME = "same"  # cannot be told apart
    UNSEEN = "unseen"  # not shown


def standings(found: Mapping[Key, Rate]) -> dict[Key, Standing]:
    """Each group against all the others together, whose rate is no surer than they are many.

    A group is told apart only when the interval of the difference (Newcombe 1998, his method 10: from the two Wilson
    intervals), widened for the number of groups compared (Bonferroni), lies wholly on one side of zero. Order alone
    says nothing.
    """
    seen = {key: r for key, r in found.items() if r.shown is Shown.YES}
    n_all = sum(r.n or 0 for r in seen.values())
    total_all = sum(r.total or 0 for r in seen.values())
    level = 1 - (1 - confidence()) / max(1, len(seen))
    result: dict[Key, Standing] = {}
    for key, r in found.items():
        if key not in seen or r.n is None or r.total is None:
            result[key] = Standing.UNSEEN
            continue
        others = total_all - r.total
        if others == 0:
            result[key] = Standing.SAME
            continue
        low, high = _difference((r.n, r.total), (n_all - r.n, others), level)
        result[key] = Standing.ABOVE if low > 0 else Standing.BELOW if high < 0 else Standing.SAME
    return result


def _difference(one: tuple[int, int], other: tuple[int, int], level: float) -> tuple[float, float]:
    """The interval of the first rate minus the second."""
    (p, q), (low, high), (low2, high2) = (
        (one[0] / one[1], other[0] / other[1]),
        wilson(*one, level),
        wilson(*other, level),
    )
    return p - q - math.hypot(p - low, high2 - q), p - q + math.hypot(high - p, q - low2)


def count(found: Iterable[Standing], which: Standing) -> int:
    return sum(1 for standing in found if standing is which)

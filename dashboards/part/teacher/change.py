"""Whether a figure has grown: said only when the change is beyond its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portrait.evidence import evidence_rule
from portrait.portrait import Estimate, State

STALE = 12  # months without new evidence


@dataclass(frozen=True)
class Change:
    """`verdict`: none | first | grown | fallen | stale | open. `first` and `last` are the estimates compared."""

    verdict: str
    first: Estimate | None = None
    last: Estimate | None = None
    difference: float = 0.0
    error: float = 0.0  # half the interval of the difference


def change(history: Sequence[Estimate], today: date) -> Change:
    """The change from the first date with an estimate to the last.

    The two estimates are taken as independent, variance of the difference = sum of the variances. They share their older
    evidence, so the true error is smaller: growth is said too seldom rather than too often.
    """
    known = [e for e in history if e.state is State.ESTIMATED]
    if not known:
        return Change("none")
    first, last = known[0], known[-1]
    if first is last:
        return Change("first", first, last)
    difference = (last.level or 0) - (first.level or 0)
    error = evidence_rule().z * math.hypot(_deviation(first), _deviation(last))
    verdict = "open"
    if abs(difference) > error:
        verdict = "grown" if difference > 0 else "fallen"
    elif last.last is None or _months(last.last, today) >= STALE:
        verdict = "stale"
    return Change(verdict, first, last, difference, error)


def _deviation(estimate: Estimate) -> float:
    return ((estimate.high or 0) - (estimate.low or 0)) / 2 / evidence_rule().z


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month

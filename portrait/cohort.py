"""The portrait of a group: how many stand where in each dimension, never who. Small groups are not shown.

暂无证据, 证据不足 and estimates are counted apart; the two former never enter a mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, quantiles, stdev

import pyarrow as pa

from portrait.framework import Node
from portrait.portrait import State


@dataclass(frozen=True)
class Held:
    """What a group needs to know of one estimate. `level` and `high` are None unless estimated."""

    state: State
    level: float | None
    high: float | None


@dataclass(frozen=True)
class Spread:
    """One dimension or indicator over a group. `bands` and what follows are None where fewer than the floor have an estimate."""

    node: str
    members: int
    estimated: int
    thin: int
    none: int
    bands: tuple[int, ...] | None  # persons in each named band, lowest first
    quartiles: tuple[float, float, float] | None
    below: int | None  # persons whose whole interval lies below their own standard
    gap: float | None  # mean of standard − level over those with an estimate; positive = short of it
    gap_low: float | None
    gap_high: float | None

    @property
    def shown(self) -> bool:
        return self.bands is not None


@dataclass(frozen=True)
class Cohort:
    """All spreads of a group, in the order of the framework. Empty when the group itself is below the floor."""

    members: int
    floor: int
    spreads: tuple[Spread, ...]

    @property
    def hidden(self) -> bool:
        return self.members < self.floor

    def gaps(self) -> tuple[Spread, ...]:
        """Where the group is, as a group, short of its standards beyond error; the widest gap first."""
        short = [s for s in self.spreads if s.gap is not None and s.gap_low is not None and s.gap_low > 0]
        return tuple(sorted(short, key=lambda s: -(s.gap or 0.0)))


def cohort(
    estimates: Mapping[int, Mapping[str, Held]],
    standards: Mapping[int, float],
    nodes: Sequence[Node],
    bands: Sequence[float],
    *,
    floor: int,
    level: float = 0.90,
) -> Cohort:
    """The group of the persons in `standards`. A person without an entry in `estimates` has no evidence yet.

    `bands` holds the lower bounds of the named bands. Record-only dimensions are left out: they have no level.
    """
    members = len(standards)
    if members < floor:
        return Cohort(members, floor, ())
    return Cohort(
        members,
        floor,
        tuple(_spread(node.code, estimates, standards, bands, floor, level) for node in nodes if node.scored),
    )


def held(levels: pa.Table) -> dict[int, dict[str, Held]]:
    """Rows of portrait.reading.LEVELS_SCHEMA by person and node."""
    found: dict[int, dict[str, Held]] = {}
    columns = (levels[name].to_pylist() for name in ("person", "node", "state", "level", "high"))
    for person, node, state, level, high in zip(*columns, strict=True):
        found.setdefault(person, {})[node] = Held(State(state), level, high)
    return found


def _spread(
    node: str,
    estimates: Mapping[int, Mapping[str, Held]],
    standards: Mapping[int, float],
    bands: Sequence[float],
    floor: int,
    level: float,
) -> Spread:
    thin = 0
    seen: list[tuple[float, float, float]] = []  # level, upper bound, standard
    for person, standard in standards.items():
        estimate = estimates.get(person, {}).get(node)
        if estimate is None:
            continue
        if estimate.state is State.THIN:
            thin += 1
        elif estimate.state is State.ESTIMATED and estimate.level is not None and estimate.high is not None:
            seen.append((estimate.level, estimate.high, standard))
    none = len(standards) - thin - len(seen)
    if len(seen) < max(floor, 2):
        return Spread(node, len(standards), len(seen), thin, none, None, None, None, None, None, None)
    levels = sorted(value for value, _, _ in seen)
    counts = [0] * len(bands)
    for value in levels:
        counts[max(i for i, bound in enumerate(bands) if value >= bound or i == 0)] += 1
    short = [standard - value for value, _, standard in seen]
    mean = fmean(short)
    half = NormalDist().inv_cdf((1 + level) / 2) * stdev(short) / sqrt(len(short))
    low, middle, high = quantiles(levels, n=4, method="inclusive")
    most = fmean(standard for _, _, standard in seen)  # the gap if nobody could do anything
    return Spread(
        node,
        len(standards),
        len(seen),
        thin,
        none,
        tuple(counts),
        (low, middle, high),
        sum(1 for _, bound, standard in seen if bound < standard),
        mean,
        max(most - 1, mean - half),
        min(most, mean + half),
    )

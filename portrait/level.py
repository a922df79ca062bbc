"""Sums to figures: every node's state, level and interval for many teachers (or one teacher on many days) at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait.estimate import Array, Prior, columns, combined, posterior
from portrait.evidence import EvidenceRule
from portrait.framework import Node, dimensions, indicators, indicators_of
from portrait.portrait import State
from portrait.record import MASS_UNIT

Whole = NDArray[np.int64]
Priors = Mapping[str, Mapping[str, Prior]]  # by indicator and stage; "" = everybody
STATES = (State.NONE, State.THIN, State.ESTIMATED, State.RECORD)


@cache
def nodes() -> tuple[Node, ...]:
    """The indicators, then the dimensions: the columns of a Mass."""
    return (*indicators().values(), *dimensions().values())


@cache
def place() -> dict[str, int]:
    return {node.code: number for number, node in enumerate(nodes())}


@dataclass(frozen=True)
class Mass:
    """Discounted sums by row (a teacher, or a day) and node; `sources` of the dimensions too, the rest is added up."""

    n: Whole
    sw: Whole  # 1 / MASS_UNIT
    swy: Whole
    last_month: Whole
    sources: Whole

    @classmethod
    def empty(cls, rows: int) -> Mass:
        return cls(*(np.zeros((rows, len(nodes())), dtype=np.int64) for _ in range(5)))


@dataclass(frozen=True)
class Figures:
    """What a Mass says: `state` indexes STATES; `level`, `low`, `high` are 0 and meaningless unless estimated."""

    mass: Mass
    state: Whole
    level: Array
    low: Array
    high: Array


def figures_of(mass: Mass, stage: NDArray[Any], priors: Priors, rule: EvidenceRule) -> Figures:
    """The figures of the indicators by their priors, then of the dimensions from the indicators that are estimated."""
    shape = mass.n.shape
    stages, group = np.unique(stage.astype(str), return_inverse=True)
    level, sd = np.zeros(shape), np.zeros(shape)
    for number, node in enumerate(indicators().values()):
        if node.scored:
            by_stage = priors[node.code]
            prior = columns([by_stage.get(code, by_stage[""]) for code in stages.tolist()])
            level[:, number], sd[:, number] = posterior(
                mass.sw[:, number] / MASS_UNIT,
                mass.swy[:, number] / MASS_UNIT,
                **{name: values[group] for name, values in prior.items()},
            )
    scored = np.array([node.scored for node in nodes()])
    n, sw, last = mass.n.copy(), mass.sw.copy(), mass.last_month.copy()
    firm = (n > 0) & scored & (sw >= rule.thin_weight * MASS_UNIT) & (mass.sources >= rule.thin_sources)
    for dimension in dimensions():
        own, under = place()[dimension], [place()[node.code] for node in indicators_of(dimension)]
        n[:, own], sw[:, own] = n[:, under].sum(axis=1), sw[:, under].sum(axis=1)
        last[:, own] = last[:, under].max(axis=1)
        firm[:, own] = firm[:, under].any(axis=1)
        level[:, own], sd[:, own] = combined(level[:, under], sd[:, under], firm[:, under], rule.correlation)
    state = np.where(
        n == 0,
        STATES.index(State.NONE),
        np.where(
            firm,
            STATES.index(State.ESTIMATED),
            np.where(scored, STATES.index(State.THIN), STATES.index(State.RECORD)),
        ),
    )
    level, sd = np.where(firm, level, 0.0), np.where(firm, sd, 0.0)
    low, high = np.clip(level - rule.z * sd, 0, 1), np.clip(level + rule.z * sd, 0, 1)
    return Figures(Mass(n, sw, mass.swy, last, mass.sources), state, level, low, high)

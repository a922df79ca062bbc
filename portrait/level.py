"""Sums to figures: every node's state, level and interval for many teachers (or one teacher on many days) at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait.estimate import Array, Evidence, Prior, columns, combined, posterior
from portrait.evidence import EvidenceRule
from portrait.framework import Node, dimensions, indicators, indicators_of
from portrait.portrait import State
from portrait.record import MASS_UNIT, SQUARE_UNIT

Whole = NDArray[np.int64]
Priors = Mapping[str, Mapping[str, Prior]]  # by indicator and stage; "" = everybody
TINY = np.finfo(np.float64).tiny
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
    swa: Whole
    swt: Whole
    sww: Whole  # 1 / SQUARE_UNIT
    last_month: Whole
    sources: Whole

    @classmethod
    def empty(cls, rows: int) -> Mass:
        return cls(*(np.zeros((rows, len(nodes())), dtype=np.int64) for _ in fields(cls)))

    def evidence(self, column: int) -> Evidence:
        """What stands in a column, in units of weight."""
        w, wy, wa, wt = (some[:, column] / MASS_UNIT for some in (self.sw, self.swy, self.swa, self.swt))
        return Evidence(w, wy, wa, wt, self.sww[:, column] / SQUARE_UNIT)


@dataclass(frozen=True)
class Figures:
    """What a Mass says: `state` indexes STATES; what follows is 0 and meaningless unless estimated."""

    mass: Mass
    state: Whole
    level: Array
    low: Array
    high: Array
    alignment: Array  # mean of the evidence
    mixed: Array  # share of the variance that comes of partial alignment


def figures_of(mass: Mass, stage: NDArray[Any], priors: Priors, rule: EvidenceRule) -> Figures:
    """The figures of the indicators by their priors, then of the dimensions from the indicators that are estimated."""
    shape = mass.n.shape
    stages, group = np.unique(stage.astype(str), return_inverse=True)
    level, sd, mixed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number, node in enumerate(indicators().values()):
        if node.scored:
            by_stage = priors[node.code]
            prior = columns([by_stage.get(code, by_stage[""]) for code in stages.tolist()])
            level[:, number], sd[:, number], mixed[:, number] = posterior(
                mass.evidence(number), {name: values[group] for name, values in prior.items()}
            )
    scored = np.array([node.scored for node in nodes()])
    n, sw, swa, last = mass.n.copy(), mass.sw.copy(), mass.swa.copy(), mass.last_month.copy()
    firm = (n > 0) & scored & (sw >= rule.thin_weight * MASS_UNIT) & (mass.sources >= rule.thin_sources)
    for dimension in dimensions():
        own, under = place()[dimension], [place()[node.code] for node in indicators_of(dimension)]
        n[:, own], sw[:, own], swa[:, own] = (some[:, under].sum(axis=1) for some in (n, sw, swa))
        last[:, own] = last[:, under].max(axis=1)
        firm[:, own] = firm[:, under].any(axis=1)
        level[:, own], sd[:, own] = combined(level[:, under], sd[:, under], firm[:, under], rule.correlation)
        square = np.where(firm[:, under], sd[:, under] ** 2, 0.0)
        mixed[:, own] = (mixed[:, under] * square).sum(axis=1) / np.maximum(square.sum(axis=1), TINY)
    state = np.where(
        n == 0,
        STATES.index(State.NONE),
        np.where(
            firm,
            STATES.index(State.ESTIMATED),
            np.where(scored, STATES.index(State.THIN), STATES.index(State.RECORD)),
        ),
    )
    level, sd, mixed = (np.where(firm, some, 0.0) for some in (level, sd, mixed))
    low, high = np.clip(level - rule.z * sd, 0, 1), np.clip(level + rule.z * sd, 0, 1)
    alignment = swa / np.maximum(sw, 1)
    whole = replace(mass, n=n, sw=sw, swa=swa, last_month=last)
    return Figures(whole, state, level, low, high, alignment, mixed)

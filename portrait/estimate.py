"""The estimator: a discounted Bayesian level per teacher and indicator, its interval, and the prior learned from the group.

A record of weight w shows y = θ + noise with variance σ²/w; a teacher's θ is spread around the group's μ with variance τ².
With κ = σ²/τ² the level is (κμ + Σwdy) / (κ + Σwd) and its variance σ² / (κ + Σwd), plus what is not known about μ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait.evidence import EvidenceRule

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """What is expected of a teacher of the group before any evidence, and how much one record says."""

    mean: float  # μ
    kappa: float  # σ²/τ²
    noise: float  # σ²
    error: float  # variance of μ itself
    persons: int
    basis: str  # stage | all | rule: whose data it was estimated from


@dataclass(frozen=True)
class Sums:
    """Σwd, Σwdy, Σwdy² and the number of records per teacher, for one indicator."""

    w: Array
    wy: Array
    wyy: Array
    n: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> Sums:
        return Sums(self.w[chosen], self.wy[chosen], self.wyy[chosen], self.n[chosen])


def rule_prior(rule: EvidenceRule) -> Prior:
    """The prior where too few teachers have evidence to learn one."""
    return Prior(rule.mean, rule.noise**2 / rule.spread**2, rule.noise**2, 0.0, 0, "rule")


def learned_prior(sums: Sums, rule: EvidenceRule, basis: str, otherwise: Prior) -> Prior:
    """The prior of a group by the method of moments, or `otherwise` when fewer than `group_floor` teachers have evidence.

    σ² is the variance within teachers; τ² the variance between them beyond what σ² explains (DerSimonian and Laird
    1986, repeated once with the weights it gives: two-step DL2).
    """
    held = sums.where(sums.w > 0)
    persons = len(held.w)
    if persons < rule.group_floor:
        return otherwise
    within = np.maximum(held.wyy - held.wy**2 / held.w, 0.0)
    repeats = int(np.sum(np.maximum(held.n - 1, 0)))
    noise = float(np.sum(within)) / repeats if repeats >= rule.group_floor else otherwise.noise
    noise = max(noise, rule.least_noise**2)
    y, variance = held.wy / held.w, noise / held.w
    spread = _spread(y, variance, held.w / noise)
    spread = _spread(y, variance, 1 / (variance + max(spread, rule.least_spread**2)))
    spread = max(spread, rule.least_spread**2)
    precision = 1 / (variance + spread)
    total = float(np.sum(precision))
    return Prior(float(np.sum(precision * y)) / total, noise / spread, noise, 1 / total, persons, basis)


def _spread(y: Array, variance: Array, weight: Array) -> float:
    """τ² from the generalised Q statistic with these weights; may be negative."""
    total = np.sum(weight)
    q = np.sum(weight * (y - np.sum(weight * y) / total) ** 2)
    expected = np.sum(weight * variance) - np.sum(weight**2 * variance) / total
    scale = total - np.sum(weight**2) / total
    return float((q - expected) / scale) if scale > 0 else 0.0


def stage_priors(sums: Sums, stage: NDArray[Any], rule: EvidenceRule) -> dict[str, Prior]:
    """Priors of one indicator by stage; "" is everybody's and stands for stages without one of their own."""
    whole = learned_prior(sums, rule, "all", rule_prior(rule))
    found = {"": whole}
    for code in sorted(set(np.unique(stage).tolist()) - {""}):
        found[code] = learned_prior(sums.where(stage == code), rule, "stage", whole)
    return found


def posterior(
    w: Array, wy: Array, mean: Array, kappa: Array, noise: Array, error: Array
) -> tuple[Array, Array]:
    """Level and standard deviation, elementwise."""
    share = kappa / (kappa + w)
    return (kappa * mean + wy) / (kappa + w), np.sqrt(noise / (kappa + w) + share**2 * error)


def combined(
    levels: Array, deviations: Array, held: NDArray[np.bool_], correlation: float
) -> tuple[Array, Array]:
    """Mean over the held columns of each row and its standard deviation; NaN for a row without any.

    The errors of two indicators of a dimension hang together by `correlation`: a record often speaks for both.
    """
    count = held.sum(axis=1)
    sums = np.where(held, levels, 0.0).sum(axis=1)
    sd = np.where(held, deviations, 0.0)
    squares, square = (sd**2).sum(axis=1), sd.sum(axis=1) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / count, np.sqrt((1 - correlation) * squares + correlation * square) / count


def columns(priors: Sequence[Prior]) -> dict[str, Array]:
    """The numbers of many priors as arrays."""
    return {
        name: np.array([getattr(prior, name) for prior in priors], dtype=np.float64)
        for name in ("mean", "kappa", "noise", "error")
    }

"""The estimator: a discounted Bayesian level per teacher and indicator, its interval, and the prior learned from the group.

With weights w (discount included), marks y and what is expected of the group μ, the level is (κμ + Σwy) / (κ + Σw). What it
may be off by has these causes, all learned from the records. A teacher's θ lies around μ with variance τ²; a mark has noise
of variance σ² · alignment / w (alignment says what a mark is about, not how well it was marked); all marks of a source are
off together by γ²; competency moves by η² a month; and a course that is only partly about the indicator shows for the rest
what else it is about, from which the indicator is apart by δ² (s² of it the indicator's own). With A = Σw·alignment and
R = Σw − A the variance is
(κ²τ² + 2κRs² + R²δ² + σ²A + γ²Σ(Σw of a source)² + η²Σw·Σw·age) / (κ + Σw)², plus what is not known about μ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from portrait.evidence import EvidenceRule

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

APART = 2  # half-years between evidence that tells how competency moves: neighbours are often of one course
REACH = 8  # half-years of a teacher that are compared with one another


@dataclass(frozen=True)
class Prior:
    """What is expected of a teacher of the group before any evidence, and how much one record says."""

    mean: float  # μ
    kappa: float  # σ²/τ²
    spread: float  # τ²
    noise: float  # σ²
    source: float  # γ²
    particular: float  # s²
    mixture: float  # δ²
    drift: float  # η²
    error: float  # variance of μ itself
    persons: int
    basis: str  # stage | all | rule: whose data it was estimated from


NUMBERS = ("mean", "kappa", "spread", "noise", "source", "particular", "mixture", "drift", "error")


@dataclass(frozen=True)
class Evidence:
    """What the evidence of some teachers for one indicator adds up to."""

    w: Array  # Σw
    wy: Array  # Σwy
    wa: Array  # Σw·alignment
    wt: Array  # Σw·age in months
    ww: Array  # Σ over sources of (Σw)²

    def where(self, chosen: NDArray[np.bool_]) -> Self:
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


@dataclass(frozen=True)
class Sums(Evidence):
    """The same with what the variances are learned from. The rows of many indicators may stand under one another."""

    person: Whole
    number: Whole  # of the indicator
    n: Whole
    sources: Whole
    wyy: Array  # Σwy²
    within: Array  # Σ over sources of Σw(y − the source's mean)²
    alone: Array  # Σ over sources of their mean alignment
    free: Array  # the same times the source's records less one


@dataclass(frozen=True)
class Halves:
    """What evidence adds up to by half-year, in order of person, indicator and half-year."""

    person: Whole
    number: Whole
    half: Whole
    w: Array
    wy: Array
    wa: Array
    wt: Array


def rule_prior(rule: EvidenceRule) -> Prior:
    """The prior where too few teachers have evidence to learn one."""
    kappa = rule.noise**2 / rule.spread**2
    return Prior(
        rule.mean,
        kappa,
        rule.spread**2,
        rule.noise**2,
        rule.source**2,
        rule.particular**2,
        _mixture(rule.particular**2, rule),
        rule.drift**2 / 12,
        0.0,
        0,
        "rule",
    )


def shared_prior(sums: Sums, halves: Halves, rule: EvidenceRule) -> Prior:
    """The rule's prior with the variances that all indicators share, each learned by the method of moments where at
    least `group_floor` teachers show it."""
    prior = rule_prior(rule)
    held = sums.where(sums.w > 0)
    noise = _noise(held, rule, prior.noise)
    source = _source(held, noise, rule, prior.source)
    particular = _particular(held, replace(prior, noise=noise, source=source), rule)
    return replace(
        prior,
        noise=max(noise, rule.least_noise**2),
        source=source,
        particular=particular,
        mixture=_mixture(particular, rule),
        drift=_drift(halves, noise, source, rule, prior.drift),
    )


def _mixture(particular: float, rule: EvidenceRule) -> float:
    """δ² of an indicator from the mean of `others` indicators that are as far apart as it is."""
    return particular * (1 + 1 / rule.others)


def _noise(held: Sums, rule: EvidenceRule, otherwise: float) -> float:
    """σ² from the marks that a teacher has of one source; not yet kept above its floor."""
    repeats = int(np.sum(np.maximum(held.n - held.sources, 0)))
    free = float(np.sum(held.free))
    return float(np.sum(held.within)) / free if repeats >= rule.group_floor and free > 0 else otherwise


def _source(held: Sums, noise: float, rule: EvidenceRule, otherwise: float) -> float:
    """γ² from how far a teacher's sources lie apart beyond what noise explains."""
    many = held.where(held.sources > 1)
    if _persons(many.person) < rule.group_floor:
        return otherwise
    between = many.wyy - many.within - many.wy**2 / many.w
    expected = noise * (many.alone - many.wa / many.w)
    found = float(np.sum(between - expected)) / float(np.sum(many.w - many.ww / many.w))
    return max(found, rule.least_source**2)


def _particular(held: Sums, prior: Prior, rule: EvidenceRule) -> float:
    """s² from how far a teacher's indicators lie apart, of those whose evidence is mainly about them.

    Marks that count for several indicators draw them together: of what sets an indicator apart from the others they show
    their alignment less what they show of each of the others.
    """
    firm = held.where(
        (held.w >= rule.thin_weight) & (held.sources >= rule.thin_sources) & (held.wa >= rule.mainly * held.w)
    )
    y = firm.wy / firm.w
    y = y - _mean_by(y, firm.number)
    _, who, count = np.unique(firm.person, return_inverse=True, return_counts=True)
    if int(np.sum(count > 1)) < rule.group_floor:
        return prior.particular
    apart = y - np.bincount(who, y)[who] / count[who]
    share = 1 - 1 / count[who]
    alignment = firm.wa / firm.w
    shown = (alignment - (1 - alignment) / rule.others) ** 2
    error = _marks(firm, prior.noise, prior.source, 0.0) / firm.w**2
    found = float(np.sum(apart**2 - error * share)) / float(np.sum(shown * share))
    return max(found, rule.least_particular**2)


def _drift(halves: Halves, noise: float, source: float, rule: EvidenceRule, otherwise: float) -> float:
    """η² from how differences between a teacher's older and newer evidence grow with the time between.

    A slope over few years is uncertain, so it is weighed against the rule's, which is held to be right up to its own size.
    """
    y, age, variance = halves.wy / halves.w, halves.wt / halves.w, noise * halves.wa / halves.w**2
    found = []
    for step in range(1, REACH):
        old, new = slice(step, None), slice(None, -step)
        pair = (
            (halves.person[old] == halves.person[new])
            & (halves.number[old] == halves.number[new])
            & (halves.half[old] - halves.half[new] >= APART)
        )
        both = (variance[old] + variance[new])[pair]
        apart = ((y[old] - y[new])[pair]) ** 2 - both
        found.append((halves.person[old][pair], (age[old] - age[new])[pair], apart, 1 / (both + 2 * source)))
    person, gap, apart, weight = (np.concatenate(one) for one in zip(*found, strict=True))
    if _persons(person) < rule.group_floor:
        return otherwise
    gap = gap - np.average(gap, weights=weight)
    scale = float(np.sum(weight * gap**2))
    if scale <= 0:
        return otherwise
    slope = float(np.sum(weight * gap * apart)) / scale
    left = weight * gap * (apart - np.average(apart, weights=weight) - slope * gap)
    error = float(np.sum(np.bincount(np.unique(person, return_inverse=True)[1], left) ** 2)) / scale**2
    trust = otherwise**2 / (otherwise**2 + error)
    return max(trust * slope + (1 - trust) * otherwise, rule.least_drift**2 / 12)


def _persons(person: Whole) -> int:
    return len(np.unique(person))


def _mean_by(y: Array, group: Whole) -> Array:
    """Of each value the mean of its group."""
    _, own, count = np.unique(group, return_inverse=True, return_counts=True)
    return np.asarray((np.bincount(own, y) / count)[own])


def _marks(held: Evidence, noise: Any, source: Any, drift: Any) -> Array:
    """Variance of Σwy around what the courses show of the teacher today."""
    return np.asarray(noise * held.wa + source * held.ww + drift * held.w * held.wt)


def learned_prior(sums: Sums, rule: EvidenceRule, basis: str, otherwise: Prior) -> Prior:
    """The prior of a group by the method of moments, or `otherwise` when fewer than `group_floor` teachers have evidence.

    τ² is the variance between teachers beyond what their marks' errors explain (DerSimonian and Laird 1986, repeated once
    with the weights it gives: two-step DL2). κ = σ²/τ²: what the other errors ask for beyond that is left to the interval,
    because they do not go away by leaning on the group.
    """
    held = sums.where(sums.w > 0)
    persons = len(held.w)
    if persons < rule.group_floor:
        return otherwise
    noise = max(_noise(held, rule, otherwise.noise), rule.least_noise**2)
    rest = held.w - held.wa
    y, both = held.wy / held.w, otherwise.particular * rest / held.w
    error = _marks(held, noise, otherwise.source, otherwise.drift) / held.w**2
    error = error + otherwise.mixture * (rest / held.w) ** 2
    excess = error - 2 * both  # of the variance of y over τ²; with τ² ≥ s² the sum stays positive
    least = max(rule.least_spread**2, otherwise.particular)
    spread = max(_spread(y, excess, 1 / (error + least)), least)
    spread = max(_spread(y, excess, 1 / (excess + spread)), least)
    precision = 1 / (excess + spread)
    total = float(np.sum(precision))
    return replace(
        otherwise,
        mean=float(np.sum(precision * y)) / total,
        kappa=noise / spread,
        spread=spread,
        noise=noise,
        error=1 / total,
        persons=persons,
        basis=basis,
    )


def _spread(y: Array, variance: Array, weight: Array) -> float:
    """τ² from the generalised Q statistic with these weights; may be negative."""
    total = np.sum(weight)
    q = np.sum(weight * (y - np.sum(weight * y) / total) ** 2)
    expected = np.sum(weight * variance) - np.sum(weight**2 * variance) / total
    scale = total - np.sum(weight**2) / total
    return float((q - expected) / scale) if scale > 0 else 0.0


def stage_priors(sums: Sums, stage: NDArray[Any], rule: EvidenceRule, shared: Prior) -> dict[str, Prior]:
    """Priors of one indicator by stage; "" is everybody's and stands for stages without one of their own."""
    whole = learned_prior(sums, rule, "all", shared)
    found = {"": whole}
    for code in sorted(set(np.unique(stage).tolist()) - {""}):
        found[code] = learned_prior(sums.where(stage == code), rule, "stage", whole)
    return found


def posterior(held: Evidence, prior: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """Level, standard deviation and the share of the variance that comes from courses only partly about the indicator."""
    kappa, total, rest = prior["kappa"], prior["kappa"] + held.w, held.w - held.wa
    group = kappa**2 * (prior["spread"] + prior["error"])
    mixed = 2 * kappa * rest * prior["particular"] + rest**2 * prior["mixture"]
    variance = group + mixed + _marks(held, prior["noise"], prior["source"], prior["drift"])
    return (kappa * prior["mean"] + held.wy) / total, np.sqrt(variance) / total, mixed / variance


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
    return {name: np.array([getattr(prior, name) for prior in priors], dtype=np.float64) for name in NUMBERS}

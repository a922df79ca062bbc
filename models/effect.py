"""培训成效 of a class as the paired gain from pre-test to post-test, with its interval, who is missing and how little the design proves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from portrait.lake.history import class_tests
from portrait.portrait import State
from portrait.record import Kind
from portrait.resource import read_yaml
from portrait.site import Site
from portrait.store.study import persons_of, study_trainees


@dataclass(frozen=True)
class Figure:
    """A figure with its interval at `Gain.confidence`; the ends are None when they cannot be computed."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Threat:
    code: str
    zh: str


@dataclass(frozen=True)
class Design:
    """What the comparison is and what else could have made the difference."""

    code: str
    zh: str
    strength: str  # weak | moderate | strong
    strength_zh: str
    says: str
    threats: tuple[Threat, ...]


@dataclass(frozen=True)
class Gain:
    """Scores are shares of the full mark, 0..1; a gain of 0.12 is 12 points of 100.

    state       none (no pair), thin (fewer pairs than the rule asks for) or estimated
    pairs       trainees with both tests, of `trainees`
    only_pre    with a pre-test only; `only_post` likewise; `neither` has none
    strangers   people with a test of this class who are not on its list: not counted
    gain        mean of post − pre, Student's t
    normalised  (mean post − mean pre) / (1 − mean pre), interval by the delta method; None when nobody could gain
    d_z         mean gain / standard deviation of gains (Cohen); None for fewer than two pairs or equal gains
    points      each pair (pre, post), by post − pre so that nothing tells whose it is

    With fewer pairs than `floor` only the counts are there: a mean of so few is nearly somebody's own mark. Intervals
    end where the quantity does.
    """

    state: State
    trainees: int
    pairs: int
    only_pre: int
    only_post: int
    neither: int
    strangers: int
    pre: float | None
    post: float | None
    gain: Figure | None
    normalised: Figure | None
    d_z: float | None
    confidence: float
    design: Design
    rule: str
    floor: int
    points: tuple[tuple[float, float], ...]

    @property
    def hidden(self) -> bool:
        return 0 < self.pairs < self.floor


def class_gain(site: Site, class_id: int) -> Gain:
    """The gain of a class from the tests that came in. Whose class it is is decided before (portrait.store.training.class_of).

    Its trainees are those who checked in or sat a test. Who sat it under two accounts counts once, with the mean. Hidden
    below the small-cell setting.
    """
    trainees = study_trainees(site.registry, [class_id])
    tests = class_tests(site.pool, class_id)
    person = persons_of(site.registry, {account for account, _, _ in tests})
    scores: dict[Kind, dict[int, list[float]]] = {Kind.PRETEST: {}, Kind.POSTTEST: {}}
    for account, kind, value in tests:
        scores[kind].setdefault(person.get(account, account), []).append(value)
    pre, post = ({one: float(np.mean(own)) for one, own in of.items()} for of in scores.values())
    listed = {t.learner for t in trainees}
    came = {t.learner for t in trainees if t.checked_in is not None} | (listed & (pre.keys() | post.keys()))
    return gain(pre, post, frozenset(came), floor=site.settings.small_cell)


def gain(
    pre: Mapping[int, float], post: Mapping[int, float], trainees: frozenset[int], *, floor: int = 0
) -> Gain:
    """The gain of `trainees` from their scores (0..1) by learner; counts alone for fewer pairs than `floor`."""
    rule = read_yaml("rules/effect.yaml")
    paired = sorted(trainees & pre.keys() & post.keys())
    a = np.array([pre[learner] for learner in paired])
    b = np.array([post[learner] for learner in paired])
    n = len(paired)
    shown = n >= max(floor, 1)
    state = State.NONE if n == 0 else State.THIN if n < max(rule["min_pairs"], floor) else State.ESTIMATED
    return Gain(
        state=state,
        trainees=len(trainees),
        pairs=n,
        only_pre=len((trainees & pre.keys()) - post.keys()),
        only_post=len((trainees & post.keys()) - pre.keys()),
        neither=len(trainees - pre.keys() - post.keys()),
        strangers=len((pre.keys() | post.keys()) - trainees),
        pre=float(a.mean()) if shown else None,
        post=float(b.mean()) if shown else None,
        gain=_mean(b - a, rule["interval"]) if shown else None,
        normalised=_ratio(b - a, 1 - a, rule["interval"]) if shown else None,
        d_z=_standardised(b - a) if shown else None,
        confidence=rule["interval"],
        design=_design("paired", rule, complete=n >= rule["complete"] * len(trainees)),
        rule=rule["version"],
        floor=floor,
        points=tuple(
            sorted(zip(a.tolist(), b.tolist(), strict=True), key=lambda pair: (pair[1] - pair[0], pair))
        )
        if shown
        else (),
    )


def _mean(values: np.ndarray, confidence: float) -> Figure:
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Figure(mean, None, None)
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1) * values.std(ddof=1) / math.sqrt(n))
    return Figure(mean, max(-1.0, mean - half), min(1.0, mean + half))


def _ratio(above: np.ndarray, below: np.ndarray, confidence: float) -> Figure | None:
    """Ratio of two means over the same people; its residuals carry the error of both."""
    if below.mean() <= 0:
        return None
    ratio, n = float(above.mean() / below.mean()), len(above)
    if n < 2:
        return Figure(ratio, None, None)
    error = (above - ratio * below).std(ddof=1) / (below.mean() * math.sqrt(n))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1) * error)
    # At most everything is gained; at worst everything known before is lost.
    worst = float(1 - 1 / below.mean())
    return Figure(ratio, max(worst, ratio - half), min(1.0, ratio + half))


def _standardised(values: np.ndarray) -> float | None:
    if len(values) < 2:
        return None
    spread = float(values.std(ddof=1))
    return float(values.mean()) / spread if spread > 1e-12 else None


def _design(code: str, rule: Mapping[str, object], *, complete: bool) -> Design:
    raw = rule["designs"][code]  # type: ignore[index]
    threats = [*raw["threats"], *([] if complete else [rule["attrition"]])]
    return Design(
        code,
        raw["zh"],
        raw["strength"],
        raw["strength_zh"],
        raw["says"],
        tuple(Threat(t["code"], t["zh"]) for t in threats),
    )

"""Courses put in order for one teacher: gaps of the portrait, stage, like histories and novelty, each with its points and its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from models.recommender import Share
from portrait.framework import indicators
from portrait.portrait import Estimate, State
from portrait.resource import read_yaml


class Why(StrEnum):
    GAP = "gap"  # an indicator is estimated below the standard
    DIAGNOSE = "diagnose"  # 先诊断: nothing, or too little, is known of what the course is about
    HISTORY = "history"  # teachers with the same past courses took it
    POPULAR = "popular"  # often taken by teachers of the stage; only for who has no history
    STAGE = "stage"  # made for the teacher's stage or subject
    NOVELTY = "novelty"  # unlike the courses taken so far


@dataclass(frozen=True)
class Past:
    """A course taken before; `share` is its part of what past courses say for the course (the parts of those that speak for it sum to 1)."""

    course_id: int
    share: float


@dataclass(frozen=True)
class Reason:
    """One reason. `points` is what it adds to the score; the points of a recommendation sum to its score.

    gap, diagnose  `indicator`, its `estimate` (None: no evidence) and the `standard` of the post
    history        `past`, greatest share first
    popular        `count` of `of` teachers took it, `codes` = (stage,) or () for all stages
    stage          `codes`: the teacher's own stage and subject codes that the course is made for; () = made for all
    """

    why: Why
    points: float
    indicator: str = ""
    estimate: Estimate | None = None
    standard: float | None = None
    past: tuple[Past, ...] = ()
    codes: tuple[str, ...] = ()
    count: int = 0
    of: int = 0


@dataclass(frozen=True)
class Recommendation:
    """A course with its score (0..1) and every reason, greatest first. `rule` is the version of data/rules/recommend.yaml."""

    course_id: int
    score: float
    because: tuple[Reason, ...]
    rule: str


@dataclass(frozen=True)
class Candidate:
    """A course that may be offered."""

    course_id: int
    aligned: tuple[tuple[str, int], ...]  # indicator, percent; greatest first
    stages: tuple[str, ...] = ()  # empty = all
    subjects: tuple[str, ...] = ()
    level_from: str = ""  # band code of data/rules/evidence.yaml

    @property
    def dimension(self) -> str:
        """That of the indicator it is mostly about; empty when it is aligned with nothing."""
        return self.aligned[0][0].split(".")[0] if self.aligned else ""


@dataclass(frozen=True)
class Taste:
    """What enrolments say: a score by course and why. `basis` is history, popular or "" (nothing known)."""

    basis: str = ""
    score: Mapping[int, float] = field(default_factory=dict)
    explain: Callable[[int], Sequence[Share]] = lambda _course: ()
    group: str = ""
    count: Mapping[int, int] = field(default_factory=dict)
    of: int = 0


@dataclass(frozen=True)
class Learner:
    """What is known of the teacher. `past` holds the alignment of each course taken."""

    standard: float
    stage: str = ""
    subjects: tuple[str, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    past: tuple[tuple[tuple[str, int], ...], ...] = ()
    taste: Taste = field(default_factory=Taste)


def rank(candidates: Sequence[Candidate], learner: Learner, k: int) -> list[Recommendation]:
    """At most `k` courses, best first. Courses for which no reason speaks are not offered."""
    rule = read_yaml("rules/recommend.yaml")
    fitting = [c for c in candidates if not _too_high(c, learner, rule)]
    parts = {
        "gap": _gaps(fitting, learner, rule),
        "stage": _stages(fitting, learner, rule),
        "history": _tastes(fitting, learner),
        "novelty": _novelties(fitting, learner),
    }
    told = {name: values for name, values in parts.items() if values is not None}
    total = sum(rule["weights"][name] for name in told)
    points = {name: values * (rule["weights"][name] / total) for name, values in told.items()}
    score = sum(points.values(), np.zeros(len(fitting)))
    ids = np.array([c.course_id for c in fitting], dtype=np.int64)
    found = []
    for i in _spread(np.lexsort((ids, -score)), fitting, k, rule):
        own = {name: float(values[i]) for name, values in points.items()}
        because = _because(fitting[i], learner, own, rule)
        if because:
            found.append(Recommendation(int(ids[i]), float(score[i]), because, rule["version"]))
    return found


def _known(learner: Learner, indicator: str) -> Estimate | None:
    estimate = learner.estimates.get(indicator)
    return estimate if estimate is not None and estimate.state is State.ESTIMATED else None


def _need(learner: Learner, indicator: str, rule: Mapping[str, Any]) -> float:
    """0..1; an unknown level needs a diagnosis and is not taken for a low one."""
    estimate = _known(learner, indicator)
    if estimate is None or estimate.level is None:
        return 0.0
    return min(1.0, max(0.0, (learner.standard - estimate.level) / float(rule["gap_span"])))


def _gaps(candidates: Sequence[Candidate], learner: Learner, rule: Mapping[str, Any]) -> np.ndarray | None:
    if not any(_known(learner, code) for code in learner.estimates):
        return None
    need = {code: _need(learner, code, rule) for code in indicators()}
    return np.array([sum(need.get(code, 0.0) * p for code, p in c.aligned) / 100 for c in candidates])


def _stages(candidates: Sequence[Candidate], learner: Learner, rule: Mapping[str, Any]) -> np.ndarray | None:
    own = [own for own in ((learner.stage,) if learner.stage else (), learner.subjects) if own]
    if not own:
        return None

    def fit(made_for: tuple[str, ...], mine: tuple[str, ...]) -> float:
        return float(bool(set(made_for) & set(mine))) if made_for else float(rule["general_fit"])

    def both(c: Candidate) -> float:
        fits = [fit(c.stages, (learner.stage,))] if learner.stage else []
        fits += [fit(c.subjects, learner.subjects)] if learner.subjects else []
        return sum(fits) / len(fits)

    return np.array([both(c) for c in candidates])


def _tastes(candidates: Sequence[Candidate], learner: Learner) -> np.ndarray | None:
    if not learner.taste.basis:
        return None
    scores = np.array([max(0.0, learner.taste.score.get(c.course_id, 0.0)) for c in candidates])
    return scores / scores.max() if scores.any() else scores


def _novelties(candidates: Sequence[Candidate], learner: Learner) -> np.ndarray | None:
    past = _directions(learner.past)
    if not past.any():
        return None
    alike: np.ndarray = (_directions([c.aligned for c in candidates]) @ past.T).max(axis=1, initial=0.0)
    return np.where([bool(c.aligned) for c in candidates], 1 - alike.clip(0, 1), 0.0)


def _directions(aligned: Sequence[Sequence[tuple[str, int]]]) -> np.ndarray:
    """Alignments as unit vectors over the indicators; a course aligned with nothing is the zero vector."""
    place = {code: i for i, code in enumerate(indicators())}
    rows = np.zeros((len(aligned), len(place)))
    for row, pairs in zip(rows, aligned, strict=True):
        for code, percent in pairs:
            if code in place:
                row[place[code]] = percent
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _too_high(candidate: Candidate, learner: Learner, rule: Mapping[str, Any]) -> bool:
    """The course starts more than `level_jump` bands above the teacher's band in what it is mostly about."""
    bands = read_yaml("rules/evidence.yaml")["bands"]
    codes = [band["code"] for band in bands]
    estimate = _known(learner, candidate.aligned[0][0]) if candidate.aligned else None
    if candidate.level_from not in codes or estimate is None or estimate.level is None:
        return False
    own = sum(estimate.level >= band["from"] for band in bands) - 1
    return bool(codes.index(candidate.level_from) - own > rule["level_jump"])


def _spread(order: np.ndarray, candidates: Sequence[Candidate], k: int, rule: Mapping[str, Any]) -> list[int]:
    """The first `k` of `order`, with few of one dimension among the first while other dimensions have courses left."""
    chosen: list[int] = []
    seen: dict[str, int] = {}
    for i in order.tolist():
        if len(chosen) >= min(k, rule["first"]):
            break
        dimension = candidates[i].dimension
        if dimension and seen.get(dimension, 0) >= rule["per_dimension"]:
            continue
        seen[dimension] = seen.get(dimension, 0) + 1
        chosen.append(i)
    rest = [i for i in order.tolist() if i not in set(chosen)]
    return (chosen + rest)[: max(k, 0)]


def _because(
    candidate: Candidate, learner: Learner, points: Mapping[str, float], rule: Mapping[str, Any]
) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if points.get("gap", 0) > 0:
        code = max(candidate.aligned, key=lambda pair: _need(learner, pair[0], rule) * pair[1])[0]
        found.append(Reason(Why.GAP, points["gap"], code, _known(learner, code), learner.standard))
    if points.get("history", 0) > 0:
        found.append(_taste_reason(candidate.course_id, learner.taste, points["history"], rule))
    if points.get("stage", 0) > 0:
        own = (learner.stage, *learner.subjects)
        made_for = {*candidate.stages, *candidate.subjects}
        found.append(Reason(Why.STAGE, points["stage"], codes=tuple(c for c in own if c in made_for)))
    if points.get("novelty", 0) > 0:
        found.append(Reason(Why.NOVELTY, points["novelty"]))
    found.sort(key=lambda reason: -reason.points)
    main = candidate.aligned[0][0] if candidate.aligned else ""
    if main in indicators() and indicators()[main].scored and _known(learner, main) is None:
        found.append(Reason(Why.DIAGNOSE, 0.0, main, learner.estimates.get(main), learner.standard))
    return tuple(found)


def _taste_reason(course_id: int, taste: Taste, points: float, rule: Mapping[str, Any]) -> Reason:
    if taste.basis == "popular":
        codes = (taste.group,) if taste.group else ()
        return Reason(Why.POPULAR, points, codes=codes, count=taste.count.get(course_id, 0), of=taste.of)
    shares = taste.explain(course_id)
    total = sum(
        share.value for share in shares if share.value > 0
    )  # what speaks against it is no reason for it
    past = tuple(Past(s.item, s.value / total) for s in shares if s.value > 0)
    return Reason(Why.HISTORY, points, past=past[: rule["past_shown"]])

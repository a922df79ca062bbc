"""预警: who of a running class may not finish, with the chance, its interval and what it is made of; or plain rules, said to be rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from models.card import fitted, load
from models.completion import FEATURES, day_at, gone, progress, standing
from models.logistic import GroupedLogistic
from portrait.resource import read_yaml
from portrait.site import Site
from portrait.store.study import StudyClass, finished_classes, study_class, study_trainees

NAME = "completion"
VERSION = "logistic-1"
FOLDS = 5
DRAWS = 60


@dataclass(frozen=True)
class Cause:
    """One reason why a trainee is listed.

    `odds` is what it adds to the log odds against the average trainee at this point of a class; 0 under a plain rule.
    `part` of `whole`: sessions missed of held, tasks missing of due, days idle of days gone (all of them: never active),
    online events against the class's median, 1 of 1 for who has not checked in.
    """

    feature: str
    odds: float
    part: float
    whole: float


@dataclass(frozen=True)
class Risk:
    """A trainee who may not finish. Chance and interval are None under plain rules."""

    account_id: int
    learner: int
    chance: float | None
    low: float | None
    high: float | None
    causes: tuple[Cause, ...]  # greatest first


@dataclass(frozen=True)
class Past:
    """Finished classes and their trainees, at the same point of the class (0..1)."""

    classes: int
    trainees: int
    point: float


@dataclass(frozen=True)
class Watch:
    """Who is listed of a class on a day, and on what ground.

    basis    model, rule or none (the class does not run on that day, or nobody is on its list)
    why      why there is no model: unlearned (too little of the past) or early (the class has only begun); else empty
    past     what the model compares with; None without one
    watched  trainees still in the class; `risks` are of them
    """

    basis: str
    why: str
    past: Past | None
    watched: int
    risks: tuple[Risk, ...]
    as_of: date
    version: str
    confidence: float | None = None


@dataclass(frozen=True)
class RiskModel:
    """A regression for each point of a class at which it foretells more than the share of the past does."""

    by_point: Mapping[float, GroupedLogistic]

    def at(self, share: float) -> tuple[float, GroupedLogistic] | None:
        """That of the last point already behind; before the first there is too little to go by."""
        behind = [point for point in self.by_point if point <= share]
        return (max(behind), self.by_point[max(behind)]) if behind else None


def at_risk(site: Site, class_id: int, as_of: date) -> Watch:
    """Who of a class may not finish, most likely first. Whose class it is is decided before (portrait.store.training.class_of)."""
    rule = read_yaml("rules/risk.yaml")
    one = study_class(site.registry, class_id)
    if one is None or not one.starts <= as_of <= one.ends:
        return Watch("none", "", None, 0, (), as_of, rule["version"])
    here = study_trainees(site.registry, [class_id])
    if not here:
        return Watch("none", "", None, 0, (), as_of, rule["version"])
    frame = standing(here, [one], progress(site, [one]), {class_id: as_of})
    frame = frame[_still_in(frame)].reset_index(drop=True)
    model: RiskModel | None = None
    if fitted(site.models, NAME):
        model, card = load(site.models, NAME, VERSION)
    chosen = model.at(gone(one, as_of)) if model else None
    if chosen is None:
        why = "unlearned" if model is None else "early"
        risks = _by_rule(frame, rule) if len(frame) else ()
        return Watch("rule", why, None, len(frame), risks, as_of, rule["version"])
    point, regression = chosen
    past = Past(card.n["classes"], card.n["trainees"], point)
    risks = _by_model(frame, regression, rule) if len(frame) else ()
    return Watch("model", "", past, len(frame), risks, as_of, card.version, rule["interval"])


# --- learning ------------------------------------------------------------------------------------------------


def past_classes(site: Site, day: date) -> list[StudyClass]:
    """The finished classes to learn from."""
    return finished_classes(site.registry, day, read_yaml("rules/risk.yaml")["classes"])


def past_standings(
    site: Site, classes: Sequence[StudyClass], progressed: Callable[[float], None] = lambda _share: None
) -> dict[float, pd.DataFrame]:
    """How the trainees of finished classes stood at each point, with `unfinished` 0 or 1; without those who had left by then."""
    if not classes:
        return {}
    trainees = study_trainees(site.registry, [one.id for one in classes])
    done = progress(site, classes)
    points: list[float] = read_yaml("rules/risk.yaml")["points"]
    found = {}
    for number, point in enumerate(points):
        frame = standing(trainees, classes, done, {one.id: day_at(one, point) for one in classes})
        frame = frame[_still_in(frame)].reset_index(drop=True)
        frame["unfinished"] = frame["graduated"].isna().astype(int)
        found[point] = frame
        progressed((number + 1) / len(points))
    return found


def enough(standings: Mapping[float, pd.DataFrame]) -> str:
    """Why there is too little to learn from; empty when there is enough."""
    rule = read_yaml("rules/risk.yaml")
    first = next(iter(standings.values()), pd.DataFrame({"class_id": [], "unfinished": []}))
    classes, unfinished = first["class_id"].nunique(), int(first["unfinished"].sum())
    if classes < rule["least_classes"] or unfinished < rule["least_unfinished"]:
        return (
            f"已结束的班 {classes} 个（要 {rule['least_classes']} 个），"
            f"其中未结业学员 {unfinished} 人（要 {rule['least_unfinished']} 人）"
        )
    return ""


def learn(
    standings: Mapping[float, pd.DataFrame], penalty: float = 1.0
) -> tuple[RiskModel, dict[str, dict[str, float]]]:
    """The model and, for each point, how well it foretold classes that it had not seen, beside the share of the past."""
    by_point, metrics = {}, {}
    for point, frame in standings.items():
        X, y, groups = (
            frame[list(FEATURES)].to_numpy(float),
            frame["unfinished"].to_numpy(),
            frame["class_id"],
        )
        if y.min() == y.max():
            continue
        estimator = GroupedLogistic(penalty=penalty, positive=True, draws=DRAWS)
        measured = cross_validated(estimator, X, y, groups.to_numpy())
        metrics[f"{point:g}"] = measured
        if measured["brier"] < measured["brier_base"]:
            by_point[point] = estimator.fit(X, y, groups)
    return RiskModel(by_point), metrics


def cross_validated(
    estimator: GroupedLogistic, X: np.ndarray, y: np.ndarray, groups: np.ndarray
) -> dict[str, float]:
    """Brier score and AUC over classes held out whole; `brier_base` foretells everybody the share of the other classes."""
    chance, base = np.zeros(len(y)), np.zeros(len(y))
    for rest, held in GroupKFold(min(FOLDS, len(np.unique(groups)))).split(X, y, groups):
        base[held] = y[rest].mean()
        one = GroupedLogistic(penalty=estimator.penalty, positive=estimator.positive)
        chance[held] = (
            one.fit(X[rest], y[rest]).predict_proba(X[held])[:, 1]
            if y[rest].min() < y[rest].max()
            else base[held]
        )
    listed = chance >= read_yaml("rules/risk.yaml")["listed_from"]
    return {
        "brier": float(brier_score_loss(y, chance)),
        "brier_base": float(brier_score_loss(y, base)),
        "auc": float(roc_auc_score(y, chance)),
        "foretold": float(chance.mean()),
        "unfinished": float(y.mean()),
        "listed": float(listed.sum()),
        "listed_unfinished": float(y[listed].sum()),
    }


# --- listing -------------------------------------------------------------------------------------------------


def _still_in(frame: pd.DataFrame) -> pd.Series:
    """Neither left nor graduated by that day: of whoever has, the answer is known."""
    out = pd.Series(False, index=frame.index)
    for event in ("left", "graduated"):
        out |= pd.to_datetime(frame[event]).sub(pd.Timestamp(1970, 1, 1)).dt.days <= frame["today"]
    return ~out


def _by_model(frame: pd.DataFrame, regression: GroupedLogistic, rule: Mapping[str, Any]) -> tuple[Risk, ...]:
    X = frame[list(FEATURES)].to_numpy(float)
    chance = regression.predict_proba(X)[:, 1]
    low, high = regression.interval(X, rule["interval"])
    added = regression.contributions(X)
    found = []
    for i in np.argsort(-chance, kind="stable").tolist():
        if chance[i] < rule["listed_from"]:
            break
        row = frame.loc[i].to_dict()
        causes = [
            cause(feature, row, float(odds))
            for feature, odds in zip(FEATURES, added[i], strict=True)
            if odds > 0
        ]
        found.append(
            Risk(
                int(row["account_id"]),
                int(row["learner"]),
                float(chance[i]),
                float(low[i]),
                float(high[i]),
                tuple(sorted(causes, key=lambda c: -c.odds)),
            )
        )
    return tuple(found)


def _by_rule(frame: pd.DataFrame, rule: Mapping[str, Any]) -> tuple[Risk, ...]:
    plain = rule["rules"]
    found = []
    for row in frame.to_dict("records"):
        broken = {
            "away": row["away"] > 0,
            "absent": row["held"] > 0 and row["attended"] / row["held"] < plain["attendance_below"],
            "missing": row["due"] > 0 and row["handed"] / row["due"] < plain["handed_in_below"],
            "idle": row["idle_days"] >= plain["idle_days"],
        }
        causes = tuple(cause(feature, row, 0.0) for feature, is_broken in broken.items() if is_broken)
        if causes:
            found.append(Risk(int(row["account_id"]), int(row["learner"]), None, None, None, causes))
    return tuple(sorted(found, key=lambda risk: (-len(risk.causes), risk.learner)))


def cause(feature: str, row: Mapping[Any, Any], odds: float) -> Cause:
    """The reason with the numbers behind it."""
    part, whole = {
        "absent": (row["held"] - row["attended"], row["held"]),
        "missing": (row["due"] - row["handed"], row["due"]),
        "idle": (row["idle_days"], row["today"] - row["start"] + 1),
        "quiet": (row["online"], row["online_median"]),
        "away": (1, 1),
    }[feature]
    return Cause(feature, odds, float(part), float(whole))

"""Every model that the records support, fitted, measured on what was held out, and saved with its card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from models import recommender, risk
from models.card import Card, save
from models.completion import FEATURES
from models.recommender import Recommender, evaluate
from portrait.clock import now
from portrait.lake.history import enrolled
from portrait.site import Site
from portrait.store.bulk import links
from portrait.store.name import meant_courses

LEAST_ASKED = 20  # learners with two courses or more; fewer cannot tell a good order from a bad one
PROVENANCE = "由本安装点接入的学习记录训练；含学习者行为的统计量，只供本平台内部使用，不随软件分发"

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is behind (0..1)


@dataclass(frozen=True)
class Fitted:
    """What came of a fit: the cards saved, and for each model not saved the reason."""

    cards: tuple[Card, ...]
    skipped: dict[str, str]


@dataclass(frozen=True)
class Histories:
    """Courses taken, by learner in order of time; a learner is a person, or an account whose person is not known."""

    learners: np.ndarray
    stages: list[str]
    courses: list[np.ndarray]
    period: tuple[date | None, date | None]


def fit(site: Site, *, progress: Progress | None = None, at: datetime | None = None) -> Fitted:
    """Fit and save what the data support."""
    tell = progress or (lambda _step, _share: None)
    moment = at or now()
    cards, skipped = [], {}
    jobs = {recommender.NAME: fit_recommender, risk.NAME: fit_risk}
    for number, (name, job) in enumerate(jobs.items()):

        def part(step: str, share: float, before: int = number) -> None:
            tell(step, (before + share) / len(jobs))

        outcome = job(site, moment, part)
        if isinstance(outcome, Card):
            cards.append(outcome)
        else:
            skipped[name] = outcome
    tell("完成", 1.0)
    return Fitted(tuple(cards), skipped)


def fit_recommender(site: Site, moment: datetime, tell: Progress) -> Card | str:
    """The card of the recommender, or why there is none."""
    tell("读取选课记录", 0.0)
    found = histories(site)
    asked = sum(len(path) >= 2 for path in found.courses)
    if asked < LEAST_ASKED:
        return f"选过两门以上课程的学习者只有 {asked} 人（要 {LEAST_ASKED} 人）"
    model = Recommender()
    tell("检验选课推荐", 0.3)
    metrics = evaluate(found.courses, model)
    tell("训练选课推荐", 0.8)
    model.fit(found.courses, found.stages)
    return save(
        model,
        site.models,
        Card(
            recommender.NAME,
            recommender.VERSION,
            moment,
            found.period,
            {
                "learners": len(found.courses),
                "courses": len(model.items_),
                "enrolments": sum(map(len, found.courses)),
            },
            metrics,
            ("courses taken, in order", "stage (only for what is popular)"),
            PROVENANCE,
        ),
    )


def fit_risk(site: Site, moment: datetime, tell: Progress) -> Card | str:
    """The card of the model of who may not finish, or why there is none."""
    tell("读取往期班次", 0.0)
    classes = risk.past_classes(site, site.today)
    standings = risk.past_standings(site, classes, lambda done: tell("比照往期班次的进度", 0.6 * done))
    if reason := risk.enough(standings):
        return reason
    tell("训练结业预警", 0.6)
    model, metrics = risk.learn(standings)
    if not model.by_point:
        return "在没见过的班上，没有哪个进度点能比往期平均估得更准"
    first = next(iter(standings.values()))
    return save(
        model,
        site.models,
        Card(
            risk.NAME,
            risk.VERSION,
            moment,
            (min(one.starts for one in classes), max(one.ends for one in classes)),
            {
                "classes": int(first["class_id"].nunique()),
                "trainees": len(first),
                "unfinished": int(first["unfinished"].sum()),
            },
            {"by_point": metrics, "used": [f"{point:g}" for point in model.by_point]},
            FEATURES,
            PROVENANCE,
        ),
    )


def histories(site: Site) -> Histories:
    """All enrolments of the lake under today's links of accounts."""
    frame = enrolled(site.pool).all()
    meant = meant_courses(site.registry, frame["course"].unique().tolist())
    frame["course"] = np.array([meant[course] for course in frame["course"].tolist()], dtype=np.int64)
    link = links(site.registry)
    stage = dict(zip(link["person"].to_pylist(), link["stage"].to_pylist(), strict=True))
    frame["learner"] = _persons(frame["account"].to_numpy(np.int64), link)
    frame = frame.sort_values(["learner", "time", "seq", "course"]).drop_duplicates(["learner", "course"])
    starts = np.flatnonzero(np.diff(frame["learner"].to_numpy())) + 1
    courses = np.split(frame["course"].to_numpy(np.int64), starts) if len(frame) else []
    learners = (
        frame["learner"].to_numpy(np.int64)[np.concatenate([[0], starts])] if len(frame) else np.zeros(0)
    )
    known = frame["time"][frame["time"] >= 0]
    period = (_day(known.min()), _day(known.max())) if len(known) else (None, None)
    return Histories(learners, [stage.get(one, "") for one in learners.tolist()], courses, period)


def _persons(accounts: np.ndarray, link: pa.Table) -> np.ndarray:
    """The person of each account, the account itself where nobody is known. (A pandas map would pass through float.)"""
    known, person = link["account"].to_numpy(), link["person"].to_numpy()
    if not len(known):
        return accounts
    place = np.searchsorted(known, accounts).clip(max=len(known) - 1)
    return np.where(known[place] == accounts, person[place], accounts)


def _day(microseconds: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))).date()

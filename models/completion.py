"""Where each trainee of a class stands on a day: attendance, tasks, silence, activity, check-in. Nothing about who the trainee is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from portrait.lake.history import class_days, class_tasks
from portrait.record import month_number
from portrait.resource import read_yaml
from portrait.site import Site
from portrait.store.study import StudyClass, StudyTrainee, persons_of

# Each is zero for who does everything and grows with what is missing, so that no weight may be negative.
FEATURES = ("absent", "missing", "idle", "quiet", "away")
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Progress:
    """What happened in some classes, by learner. Days count from 1970.

    days   class_id, learner, day, online, attended
    tasks  class_id, learner, item, day (first handed in)
    """

    days: pd.DataFrame
    tasks: pd.DataFrame


def progress(site: Site, classes: Sequence[StudyClass]) -> Progress:
    """The records of these classes between their first and last day."""
    runs = [one.id for one in classes]
    months = {
        month
        for one in classes
        for month in range(month_number(one.starts - timedelta(days=1)), month_number(one.ends) + 1)
    }
    found = [
        table(site.pool, runs, months).to_pandas().rename(columns={"run": "class_id"})
        for table in (class_days, class_tasks)
    ]
    accounts = sorted({number for frame in found for number in frame["account"].unique().tolist()})
    person = persons_of(site.registry, accounts)
    for frame in found:
        frame["learner"] = np.array([person.get(n, n) for n in frame["account"].tolist()], dtype=np.int64)
    days = found[0].groupby(["class_id", "learner", "day"], as_index=False)[["online", "attended"]]
    tasks = found[1].groupby(["class_id", "learner", "item"], as_index=False)["day"]
    return Progress(days.agg({"online": "sum", "attended": "max"}), tasks.min())


def standing(
    trainees: Sequence[StudyTrainee], classes: Sequence[StudyClass], done: Progress, on: dict[int, date]
) -> pd.DataFrame:
    """A row per trainee at the end of the day `on[class_id]`: FEATURES and the counts they are made of.

    held, attended          sessions so far (days on which enough of the class signed in) and those the trainee signed in to
    due, handed             tasks handed in by enough of the class so far, and those the trainee handed in
    idle_days               days since the trainee was last active, since the start when never
    online, online_median   events so far, and the median of the class
    """
    frame = pd.DataFrame(
        [(t.class_id, t.account_id, t.learner, t.checked_in, t.graduated, t.left) for t in trainees],
        columns=["class_id", "account_id", "learner", "checked_in", "graduated", "left"],
    ).drop_duplicates(["class_id", "learner"])
    starts = {one.id: _number(one.starts) for one in classes}
    today = {number: _number(day) for number, day in on.items()}
    frame["start"], frame["today"] = frame["class_id"].map(starts), frame["class_id"].map(today)
    frame["size"] = frame.groupby("class_id")["learner"].transform("count")
    ours = frame[["class_id", "learner", "start", "today", "size"]]
    days = done.days.merge(ours, on=["class_id", "learner"])
    days = days[(days["day"] <= days["today"]) & (days["day"] >= days["start"])]
    tasks = done.tasks.merge(ours, on=["class_id", "learner"])
    tasks = tasks[tasks["day"] <= tasks["today"]]

    frame = _joined_of(frame, days[days["attended"] > 0], "day", ("held", "attended"))
    frame = _joined_of(frame, tasks, "item", ("due", "handed"))
    own = days.groupby(["class_id", "learner"])
    frame = _joined(frame, own["online"].sum(), "online")
    frame["online_median"] = frame.groupby("class_id")["online"].transform("median")
    frame = _joined(frame, own["day"].max(), "seen", otherwise=np.nan)
    elapsed = frame["today"] - frame["start"] + 1
    frame["idle_days"] = (frame["today"] - frame["seen"]).fillna(elapsed)

    frame["absent"] = (frame["held"] - frame["attended"]) / frame["held"].clip(lower=1)
    frame["missing"] = (frame["due"] - frame["handed"]) / frame["due"].clip(lower=1)
    frame["idle"] = frame["idle_days"] / elapsed
    frame["quiet"] = (np.log1p(frame["online_median"]) - np.log1p(frame["online"])).clip(lower=0)
    arrived = pd.to_datetime(frame["checked_in"]).sub(pd.Timestamp(EPOCH)).dt.days
    frame["away"] = (~(arrived <= frame["today"])).astype(float)
    return frame.sort_values(["class_id", "learner"], ignore_index=True)


def day_at(one: StudyClass, point: float) -> date:
    """The day after which at most a share of a class is over; its first day when that is less than a day."""
    return one.starts + timedelta(days=max(0, int(point * one.length + 1e-9) - 1))


def gone(one: StudyClass, day: date) -> float:
    """The share of a class that is over after a day."""
    return ((day - one.starts).days + 1) / one.length


def _joined_of(frame: pd.DataFrame, done: pd.DataFrame, what: str, names: tuple[str, str]) -> pd.DataFrame:
    """With the number of things that enough of the class did, and how many of them the trainee did."""
    share = read_yaml("rules/risk.yaml")["common"]
    by = done.groupby(["class_id", what]).agg(n=("learner", "nunique"), size=("size", "first"))
    common = by[by["n"] >= share * by["size"]].reset_index()[["class_id", what]]
    frame[names[0]] = frame["class_id"].map(common.groupby("class_id")[what].count()).fillna(0)
    own = done.merge(common, on=["class_id", what]).groupby(["class_id", "learner"])[what].nunique()
    return _joined(frame, own, names[1])


def _joined(frame: pd.DataFrame, counts: pd.Series, name: str, otherwise: float = 0) -> pd.DataFrame:
    counted = counts.rename(name).reset_index()
    joined = frame.merge(counted, on=["class_id", "learner"], how="left")
    joined[name] = joined[name].astype(float).fillna(otherwise)
    return joined


def _number(day: date) -> int:
    return (day - EPOCH).days

"""Which courses teachers choose, and in what order: popularity, stage and subject, taste, series, companions and summer themes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portrait.world.calendar import SPAN, Calendar, clock
from portrait.world.catalogue import Catalogue
from portrait.world.people import SUBJECTS, TASTES, People

_MOST = 30
_THEMES = 14
_COMPANIONS = 3
# What each taste looks for: (dimension, how many times as likely).
_TASTE = ({"P3": 3.0}, {"P6": 4.0, "P3": 1.5}, {"P4": 4.0}, {"P5": 5.0}, {"P7": 4.0, "P2": 1.5}, {"P2": 3.0})


@dataclass(frozen=True)
class Enrolments:
    """One entry a course taken, in the order taken by each teacher. `who` counts inside the chunk."""

    who: np.ndarray
    course: np.ndarray
    moment: np.ndarray


@dataclass(frozen=True)
class Shelf:
    """What the choice needs of the catalogue, made once: tables of cumulative chances by group of teachers."""

    chances: np.ndarray  # group × course, cumulative within each group and shifted by the group's number
    sequel: np.ndarray
    companion: np.ndarray  # course × 3
    by_theme: list[np.ndarray]  # courses of each theme, popular first
    groups: dict[tuple[int, int], int]  # (stage, subject) → first group; tastes and ability thirds follow


def build_shelf(rng: np.random.Generator, catalogue: Catalogue, people: People) -> Shelf:
    courses = catalogue.shelf
    n = len(courses)
    popularity = rng.lognormal(0.0, 0.9, n)
    themed = np.array([bool(c.theme) for c in courses])
    main = [max(c.align, key=lambda code: c.align[code])[:2] for c in courses]
    taste = np.array([[liking.get(d, 1.0) for d in main] for liking in _TASTE[:TASTES]])
    step = {"": 1, "L1": 0, "L2": 1, "L3": 2}
    depth = np.array([step[c.level_from] for c in courses])
    third = np.array([[2.2, 1.0, 0.25], [1.0, 1.4, 0.8], [0.4, 1.2, 2.2]])[:, depth]
    pairs = np.unique(people.stage.astype(int) * 100 + people.subject)
    rows: list[np.ndarray] = []
    groups: dict[tuple[int, int], int] = {}
    for pair in pairs.tolist():
        stage, subject = divmod(pair, 100)
        fit = np.array([_fit(c.stage, c.subject, f"S{stage}", SUBJECTS[subject]) for c in courses])
        groups[(stage, subject)] = len(rows)
        for t in range(TASTES):
            for a in range(3):
                weight = popularity * fit * taste[t] * third[a] * np.where(themed, 0.25, 1.0)
                rows.append(np.cumsum(weight / weight.sum()))
    table = np.array(rows)
    table[:, -1] = 1.0
    companion = np.full((len(catalogue.courses), _COMPANIONS), -1, np.int32)
    for place, course in enumerate(courses):
        near = [
            (popularity[k] * _fit(o.stage, o.subject, course.stage[:2], course.subject or "-") * len(o.align.keys() & course.align.keys()), k)
            for k, o in enumerate(courses)
            if k != place and not o.theme and o.series != course.series
        ]  # fmt: skip
        for slot, (weight, k) in enumerate(sorted(near, reverse=True)[:_COMPANIONS]):
            companion[place, slot] = k if weight > 0 and not course.theme else -1
    by_theme = [
        np.array(sorted((k for k, c in enumerate(courses) if c.theme == f"TS{t + 1:02d}"), key=lambda k: -popularity[k]))
        for t in range(_THEMES)
    ]  # fmt: skip
    return Shelf(table + np.arange(len(table))[:, None], catalogue.sequel(), companion, by_theme, groups)


def _fit(stages: str, course_subject: str, stage: str, subject: str) -> float:
    """How well a course for these stages and subject fits a teacher of this stage and subject."""
    here = 1.0 if not stages or not stage or stage in stages.split("|") else 0.02
    if course_subject and subject != "-":
        here *= 5.0 if course_subject == subject else 0.03
    return here


def choose_courses(
    rng: np.random.Generator, people: People, rows: slice, shelf: Shelf, calendar: Calendar
) -> Enrolments:
    """Courses taken in two years by the teachers in `rows`. Keener teachers take more; some take none at all."""
    keen = people.engagement[rows]
    n = len(keen)
    mean = np.exp(1.9 + 0.42 * keen - 0.15 * np.maximum(people.workload[rows], 0))
    count = np.minimum(rng.poisson(mean * rng.gamma(3.0, 1 / 3, n)), _MOST)
    count[rng.random(n) < 0.05] = 0
    count[people.doubtful[rows]] += 4

    who = np.repeat(np.arange(n), count)
    days = rng.choice(SPAN, len(who), p=calendar.day_weights()) + clock(rng, len(who))
    days = days[np.lexsort((days, who))]
    starts = np.r_[0, np.cumsum(count)[:-1]]
    months = np.array([calendar.date(day).month for day in range(SPAN)])
    summer = np.isin(months, (7, 8))[days.astype(int)]

    ability = np.digitize(people.ability[rows], (-0.4, 0.45))
    first = np.array([shelf.groups[(int(s), int(x))] for s, x in zip(people.stage[rows], people.subject[rows], strict=True)])  # fmt: skip
    group = first + people.taste[rows].astype(int) * 3 + ability
    width = shelf.chances.shape[1]
    order = np.argsort(rng.gumbel(size=(n, _THEMES)) * 0.9 + np.arange(_THEMES) * 0.35, axis=1)
    flat, sizes = np.concatenate(shelf.by_theme), np.array([len(c) for c in shelf.by_theme])
    offset = np.cumsum(sizes) - sizes
    next_theme = np.zeros(n, np.int64)
    course = np.full(len(who), -1, np.int64)
    seen = np.zeros((n, width), bool)
    last = np.full(n, -1, np.int64)
    for k in range(int(count.max(initial=0))):
        now = np.flatnonzero(count > k)
        at = starts[now] + k
        draw = rng.random((6, len(now)))
        free = np.searchsorted(shelf.chances.ravel(), group[now] + draw[0] * 0.999999) % width
        pick = free
        had = last[now] >= 0
        previous = np.maximum(last[now], 0)
        beside = shelf.companion[
            previous, np.minimum((draw[2] ** 1.6 * _COMPANIONS).astype(int), _COMPANIONS - 1)
        ]
        pick = np.where(had & (draw[1] < 0.30) & (beside >= 0), beside, pick)
        follow = shelf.sequel[previous]
        pick = np.where(had & (draw[3] < 0.42) & (follow >= 0), follow, pick)
        theme = order[now, np.minimum(next_theme[now], _THEMES - 1)]
        wants_theme = draw[4] < np.where(summer[at], 0.55, 0.12)
        popular = (draw[5] ** 1.5 * sizes[theme]).astype(int)
        pick = np.where(wants_theme, flat[offset[theme] + popular], pick)
        next_theme[now] += wants_theme
        pick = np.where(seen[now, pick], free, pick)  # a course already taken gives way to a free choice
        fresh = ~seen[now, pick]
        course[at[fresh]] = pick[fresh]
        seen[now, pick] = True
        last[now] = np.where(fresh, pick, last[now])
    taken = course >= 0
    return Enrolments(who[taken], course[taken], days[taken])

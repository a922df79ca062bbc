"""What became of chosen courses: videos, discussions, quizzes, homework, examinations, completion or drop-out."""

from __future__ import annotations

import numpy as np

from portrait.record import Kind
from portrait.world.calendar import within_day
from portrait.world.catalogue import CourseArrays
from portrait.world.choice import Enrolments
from portrait.world.event import Events, events
from portrait.world.latent import Latent
from portrait.world.people import People

_DAY = 1.0


def study(
    rng: np.random.Generator,
    people: People,
    rows: slice,
    latent: Latent,
    courses: CourseArrays,
    taken: Enrolments,
) -> list[Events]:
    """Events of self-chosen courses of the teachers in `rows`."""
    who, course, begin = taken.who, taken.course, taken.moment
    n = len(who)
    keen, burden = people.engagement[rows][who], people.workload[rows][who]
    rural, scripted = people.rural[rows][who], people.doubtful[rows][who]
    level = courses.expected(lambda j: latent.level(j, who, begin), course)
    hours, platform = courses.hours[course], courses.platform[course]

    hard = 0.06 * (hours - 6)
    fit = np.where(courses.scored[course], 3.0 * (level - 0.55), 0.4)
    logit = 1.05 + 0.65 * keen - 0.4 * burden - 0.2 * rural - hard + fit + 0.7 * rng.standard_t(5, n)
    completes = (rng.random(n) < 1 / (1 + np.exp(-logit))) | scripted
    part = np.where(completes, 1.0, rng.beta(1.1, 1.6, n))
    pace = np.exp(0.75 - 0.22 * keen + 0.35 * rng.normal(size=n) + 0.25 * ~completes)
    span = np.maximum(2.0, pace * courses.videos[course] * 1.6)
    span = np.where(scripted, 1.0, span)

    parts = [events(Kind.ENROL, who, course, begin, platform)]
    parts += _videos(rng, taken, courses, part, span, scripted)
    parts += _talk(rng, taken, courses, part, span, keen)
    parts += _marks(rng, taken, latent, courses, completes, part, span, keen, scripted)
    parts += _ends(rng, taken, courses, completes, part, span)
    return parts


def spread(count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For entries that each occur `count` times: which entry, and the how-manieth of it."""
    entry = np.repeat(np.arange(len(count)), count)
    return entry, np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)


def noise(rng: np.random.Generator, count: int, scale: float) -> np.ndarray:
    """Heavy-tailed: most marks are close, some are far off."""
    return np.asarray(rng.standard_t(3, count) * scale)


def _videos(
    rng: np.random.Generator,
    taken: Enrolments,
    courses: CourseArrays,
    part: np.ndarray,
    span: np.ndarray,
    scripted: np.ndarray,
) -> list[Events]:
    total = courses.videos[taken.course]
    entry, k = spread(np.ceil(part * total * rng.uniform(0.85, 1.0, len(total))).astype(int))
    course = taken.course[entry]
    days = taken.moment[entry] + span[entry] * (k + rng.random(len(k))) / total[entry]
    content = 600 + 60 * ((course * 7 + k * 13) % 31)
    watched = np.clip(rng.normal(0.95, 0.18, len(k)), 0.3, 1.6)
    fast = (scripted[entry] & (rng.random(len(k)) < 0.8)) | (rng.random(len(k)) < 0.0008)
    watched = np.where(fast, rng.uniform(0.01, 0.15, len(k)), watched)
    read = (rng.random(len(k)) < 0.14) & ~fast
    moment = within_day(rng, days, taken.moment[entry])
    platform = courses.platform[course]
    return [
        events(
            kind, taken.who[entry][mask], course[mask], moment[mask], platform[mask], number=k[mask] + 1,
            seconds=np.round(content * watched)[mask], content=content[mask] if kind is Kind.VIDEO else 0,
        )
        for kind, mask in ((Kind.VIDEO, ~read), (Kind.VIEW, read))
    ]  # fmt: skip


def _talk(
    rng: np.random.Generator,
    taken: Enrolments,
    courses: CourseArrays,
    part: np.ndarray,
    span: np.ndarray,
    keen: np.ndarray,
) -> list[Events]:
    entry, k = spread(rng.poisson(part * np.exp(-0.9 + 0.35 * keen)))
    days = taken.moment[entry] + span[entry] * part[entry] * rng.random(len(k))
    moment = within_day(rng, days, taken.moment[entry])
    course = taken.course[entry]
    return [events(Kind.FORUM, taken.who[entry], course, moment, courses.platform[course], number=k % 5 + 1)]


def _marks(
    rng: np.random.Generator,
    taken: Enrolments,
    latent: Latent,
    courses: CourseArrays,
    completes: np.ndarray,
    part: np.ndarray,
    span: np.ndarray,
    keen: np.ndarray,
    scripted: np.ndarray,
) -> list[Events]:
    """Scored work. Who expects to fail hands in less: what is missing is not missing at random."""
    parts: list[Events] = []
    for kind, total, scale, ease, when in (
        (Kind.QUIZ, courses.quizzes, 0.075, 0.02, 0.9),
        (Kind.ASSIGNMENT, courses.assignments, 0.055, 0.0, 1.0),
        (Kind.EXAM, courses.exam.astype(int), 0.05, -0.01, 1.05),
    ):
        entry, k = spread(total[taken.course])
        course, who = taken.course[entry], taken.who[entry]
        place = (k + when) / np.maximum(total[course], 1)
        days = taken.moment[entry] + span[entry] * place + 0.2
        true = courses.expected(lambda j, who=who, days=days: latent.level(j, who, days), course)  # type: ignore[misc]
        mark = true + ease + courses.offset[course] + noise(rng, len(k), scale)
        if kind is Kind.ASSIGNMENT:
            mark += courses.severity[course]
            shown = rng.random(len(k)) < np.where(
                completes[entry], 0.86 + 0.25 * (true - 0.6), 0.2 + 0.3 * part[entry]
            )
        elif kind is Kind.QUIZ:
            shown = (place <= part[entry] + 0.15) & (
                rng.random(len(k)) < 0.8 + 0.06 * np.tanh(keen[entry]) + 0.2 * (true - 0.6)
            )
        else:
            shown = completes[entry] | (rng.random(len(k)) < 0.12 * part[entry])
        mark = np.where(scripted[entry] & (kind is not Kind.ASSIGNMENT), rng.uniform(0.95, 1.0, len(k)), mark)
        mark = np.where((kind is Kind.EXAM) & completes[entry], np.maximum(mark, 0.4), mark)
        moment = within_day(rng, days, taken.moment[entry])
        platform = courses.platform[course]
        parts.append(
            events(
                kind,
                who[shown],
                course[shown],
                moment[shown],
                platform[shown],
                number=k[shown] + 1,
                score=np.clip(mark, 0.03, 1.0)[shown],
            )
        )
    return parts


def _ends(
    rng: np.random.Generator,
    taken: Enrolments,
    courses: CourseArrays,
    completes: np.ndarray,
    part: np.ndarray,
    span: np.ndarray,
) -> list[Events]:
    """Completion with credit, withdrawal, failure; some courses are just never finished."""
    fate = rng.random(len(part))
    closing = np.floor(taken.moment + span * 1.1 + 1.5) + 8 / 24 + rng.random(len(part)) / 6
    quits = ~completes & (fate < 0.3)
    fails = ~completes & (fate >= 0.3) & (fate < 0.62)
    leaving = taken.moment + span * part + rng.exponential(9.0, len(part)) + _DAY
    failing = closing + rng.uniform(15, 60, len(part))

    def ended(kind: Kind, rows: np.ndarray, moment: np.ndarray) -> Events:
        credit = courses.hours[taken.course[rows]] if kind is Kind.COMPLETE else 0.0
        course = taken.course[rows]
        return events(kind, taken.who[rows], course, moment[rows], courses.platform[course], credit=credit)

    return [
        ended(Kind.COMPLETE, completes, closing),
        ended(Kind.WITHDRAW, quits, leaving),
        ended(Kind.FAIL, fails, failing),
    ]

"""What happens in classes: sign-in, tests before and after, tasks, rubric marks, the end; and what trainees gain from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from portrait.record import Kind
from portrait.world.calendar import SPAN, within_day
from portrait.world.catalogue import CourseArrays, scored_indicators
from portrait.world.event import Events, events
from portrait.world.latent import Latent
from portrait.world.learn import noise, spread
from portrait.world.provider import Provider
from portrait.world.seat import Seats
from portrait.world.training import TrainingClass

OFFLINE = 3
EXPERTS = 40
PRESENT, OFFSITE, FACE, VERIFIED = 1, 2, 4, 8  # bits of a sign-in's `number`


@dataclass(frozen=True)
class ClassArrays:
    """The classes as arrays, indexed like the list they come from."""

    course: np.ndarray
    starts: np.ndarray
    length: np.ndarray
    hours: np.ndarray
    sessions: np.ndarray
    tasks: np.ndarray
    platform: np.ndarray
    effect: np.ndarray
    severity: np.ndarray
    school_based: np.ndarray
    away: np.ndarray
    face: np.ndarray
    session_day: np.ndarray  # class × session
    rubric: np.ndarray  # the indicator its experts look at, as position of the rubric's course


def class_arrays(
    classes: Sequence[TrainingClass],
    providers: Sequence[Provider],
    courses: CourseArrays,
    rubric_course: np.ndarray,
) -> ClassArrays:
    """`rubric_course` gives for each scored indicator the position of its rubric's course."""
    most = max(c.sessions for c in classes)
    days = np.zeros((len(classes), most), np.int64)
    for row, plan in zip(days, classes, strict=True):
        row[: plan.sessions] = plan.session_days() if plan.sessions else 0
    course = np.array([c.course for c in classes])
    return ClassArrays(
        course=course,
        starts=np.array([c.starts for c in classes]),
        length=np.array([c.ends - c.starts + 1 for c in classes]),
        hours=np.array([c.hours for c in classes], np.float32),
        sessions=np.array([c.sessions for c in classes]),
        tasks=np.array([c.tasks for c in classes]),
        platform=courses.platform[course],
        effect=np.array([0.0 if c.provider < 0 else providers[c.provider].effect for c in classes]),
        severity=np.array([0.0 if c.provider < 0 else providers[c.provider].severity for c in classes]),
        school_based=np.array([c.school >= 0 for c in classes]),
        away=np.array([c.offsite for c in classes]),
        face=np.array([c.sessions > 0 and c.mode != "M10" for c in classes]),
        session_day=days,
        rubric=rubric_course[courses.weights[course].argmax(axis=1)],
    )


def attend(
    rng: np.random.Generator,
    seats: Seats,
    runs: ClassArrays,
    latent: Latent,
    courses: CourseArrays,
    experts: np.ndarray,
) -> list[Events]:
    """Events of the seats, whose `who` counts inside the chunk. Writes the gains into `latent` first. `experts`: how kindly each marks."""
    rows = np.flatnonzero((seats.checked_in >= 0) & ~runs.school_based[seats.run])
    who, run = seats.who[rows], seats.run[rows]
    stays = np.where(seats.left[rows] >= 0, seats.left[rows], runs.starts[run] + runs.length[run])
    part = np.clip((stays - runs.starts[run]) / runs.length[run], 0, 1)
    _gain(rng, latent, courses, runs, who, run, part * seats.presence[rows])

    parts: list[Events] = []
    entry, k = spread(runs.sessions[run])
    day = runs.session_day[run[entry], k]
    there = (day <= stays[entry]) & ((k == 0) | (rng.random(len(k)) < seats.presence[rows][entry]))
    entry, day = entry[there], day[there]
    verified = rng.random(len(day)) < 0.96
    bits = PRESENT + OFFSITE * runs.away[run[entry]] + FACE * runs.face[run[entry]] + VERIFIED * verified
    parts.append(events(Kind.ATTENDANCE, who[entry], runs.course[run[entry]], day + 0.33, OFFLINE, run=run[entry], number=bits))  # fmt: skip

    parts += _online(rng, runs, courses, who, run, stays, seats.effort[rows])
    parts += _tasks(rng, latent, runs, courses, who, run, stays, seats.effort[rows])
    parts += _tests(rng, latent, runs, courses, who, run, part)
    parts += _rubrics(rng, latent, runs, courses, seats, rows, experts)
    for kind, day in ((Kind.COMPLETE, seats.graduated[rows]), (Kind.WITHDRAW, seats.left[rows])):
        here = np.flatnonzero(day >= 0)
        credit = runs.hours[run[here]] if kind is Kind.COMPLETE else 0.0
        parts.append(events(kind, who[here], runs.course[run[here]], day[here] + 0.6, OFFLINE, run=run[here], credit=credit))  # fmt: skip
    over = runs.starts[run] + runs.length[run] + 3
    failed = np.flatnonzero((seats.graduated[rows] < 0) & (seats.left[rows] < 0) & (over < SPAN))
    parts.append(events(Kind.FAIL, who[failed], runs.course[run[failed]], over[failed] + 0.6, OFFLINE, run=run[failed]))  # fmt: skip
    return parts


def _gain(
    rng: np.random.Generator,
    latent: Latent,
    courses: CourseArrays,
    runs: ClassArrays,
    who: np.ndarray,
    run: np.ndarray,
    dose: np.ndarray,
) -> None:
    """What each trainee gains on the class's indicators: by provider, by days present, more for those with more to learn."""
    if not len(who):
        return
    ends = runs.starts[run] + runs.length[run]
    first = np.r_[True, who[1:] != who[:-1]]
    slot = np.arange(len(who)) - np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
    amount = 0.21 * runs.effect[run] * np.sqrt(dose) * rng.lognormal(-0.1, 0.45, len(who))
    weights = courses.weights[runs.course[run]]
    touched = np.clip(weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-6), 0, 1)
    room = np.clip(1.1 - latent.start[who], 0.1, 1.0)
    latent.gain_day[who, slot] = ends
    latent.gain[who, slot] = amount[:, None] * touched * room


def _online(
    rng: np.random.Generator,
    runs: ClassArrays,
    courses: CourseArrays,
    who: np.ndarray,
    run: np.ndarray,
    stays: np.ndarray,
    effort: np.ndarray,
) -> list[Events]:
    """The class's space on a platform: opened on the first day, videos over its weeks."""
    start = runs.starts[run].astype(float)
    course, platform = runs.course[run], runs.platform[run]
    entry, k = spread(np.clip(3 + runs.length[run] // 9, 3, 8))
    total = np.clip(3 + runs.length[run] // 9, 3, 8)[entry]
    days = start[entry] + runs.length[run[entry]] * (k + rng.random(len(k))) / total
    seen = (rng.random(len(k)) < 0.25 + 0.75 * effort[entry]) & (days < stays[entry])
    entry, k, days = entry[seen], k[seen], days[seen]
    content = 900 + 120 * ((runs.course[run[entry]] + 3 * k) % 11)
    seconds = np.round(content * np.clip(rng.normal(0.95, 0.15, len(k)), 0.4, 1.5))
    return [
        events(Kind.ENROL, who, course, within_day(rng, start, start + 8 / 24), platform, run=run),
        events(
            Kind.VIDEO, who[entry], course[entry], within_day(rng, days, start[entry] + 9 / 24), platform[entry],
            run=run[entry], number=k + 1, seconds=seconds, content=content,
        ),
    ]  # fmt: skip


def _tasks(
    rng: np.random.Generator,
    latent: Latent,
    runs: ClassArrays,
    courses: CourseArrays,
    who: np.ndarray,
    run: np.ndarray,
    stays: np.ndarray,
    effort: np.ndarray,
) -> list[Events]:
    entry, k = spread(runs.tasks[run])
    due = runs.starts[run[entry]] + runs.length[run[entry]] * (k + 0.9) / np.maximum(
        runs.tasks[run[entry]], 1
    )
    days = due + rng.normal(0, 1.2, len(k))
    shown = (rng.random(len(k)) < effort[entry]) & (due < stays[entry] + 2)
    entry, k, days = entry[shown], k[shown], np.maximum(days[shown], runs.starts[run[entry[shown]]] + 0.5)
    course = runs.course[run[entry]]
    mark = courses.expected(lambda j: latent.level(j, who[entry], days), course)
    mark = mark + runs.severity[run[entry]] + noise(rng, len(k), 0.055)
    return [
        events(
            Kind.ASSIGNMENT, who[entry], course, within_day(rng, days, days - 1), runs.platform[run[entry]],
            run=run[entry], number=k + 1, score=np.clip(mark, 0.03, 1.0),
        )
    ]  # fmt: skip


def _tests(
    rng: np.random.Generator,
    latent: Latent,
    runs: ClassArrays,
    courses: CourseArrays,
    who: np.ndarray,
    run: np.ndarray,
    part: np.ndarray,
) -> list[Events]:
    """Before and after. Right after a class the whole gain shows; what lasts of it is less."""
    course, platform = runs.course[run], np.where(runs.platform[run] == 0, 0, OFFLINE)
    platform = np.where(runs.sessions[run] > 0, OFFLINE, platform)
    start = runs.starts[run].astype(float)
    end = start + runs.length[run] - 1
    parts = []
    for kind, day, took in (
        (Kind.PRETEST, start + 0.4, rng.random(len(who)) < 0.93),
        (Kind.POSTTEST, end + 0.6, (rng.random(len(who)) < 0.9) & (part >= 1)),
    ):
        # A moment before the end the lasting part has not set in yet; the full gain is added here.
        true = courses.expected(lambda j, day=day: latent.level(j, who, np.floor(day)), course)  # type: ignore[misc]
        if kind is Kind.POSTTEST:
            slot_gain = np.zeros(len(who), np.float32)
            for k in range(latent.gain.shape[1]):
                mine = latent.gain_day[who, k] == start + runs.length[run]
                slot_gain += mine * courses.expected(lambda j, k=k: latent.gain[who, k, j], course)  # type: ignore[misc]
            true = true + slot_gain
        mark = np.clip(true - 0.02 + noise(rng, len(who), 0.05), 0.03, 1.0)
        moment = np.where(platform == OFFLINE, day, within_day(rng, day, day))
        parts.append(
            events(
                kind,
                who[took],
                course[took],
                moment[took],
                platform[took],
                run=run[took],
                score=mark[took],
                number=1,
            )
        )
    return parts


def _rubrics(
    rng: np.random.Generator,
    latent: Latent,
    runs: ClassArrays,
    courses: CourseArrays,
    seats: Seats,
    rows: np.ndarray,
    experts: np.ndarray,
) -> list[Events]:
    """Experts look at a lesson some weeks after the class, some graduates twice; each expert has a severity of their own."""
    done = rows[seats.graduated[rows] >= 0]
    entry, _ = spread(rng.choice(3, len(done), p=(0.5, 0.35, 0.15)))
    seat = done[entry]
    day = seats.graduated[seat] + rng.integers(5, 40, len(seat)).astype(float)
    course = runs.rubric[seats.run[seat]]
    return [rate(rng, latent, courses, seats.who[seat], course, day, experts, seats.run[seat])]


def rate(
    rng: np.random.Generator,
    latent: Latent,
    courses: CourseArrays,
    who: np.ndarray,
    course: np.ndarray,
    day: np.ndarray,
    experts: np.ndarray,
    run: np.ndarray | int = -1,
) -> Events:
    """Marks on a rubric of 1 to 4 in halves. `number` is the expert."""
    expert = rng.integers(0, len(experts), len(who))
    true = courses.expected(lambda j: latent.level(j, who, day), course)
    mark = np.clip(np.round((true + experts[expert] + noise(rng, len(who), 0.045)) * 8) / 8, 0.25, 1.0)
    return events(Kind.RATING, who, course, day + 0.45, OFFLINE, run=run, number=expert + 1, score=mark)


def rubric_courses(place: dict[str, int]) -> np.ndarray:
    """Position of each scored indicator's rubric course."""
    return np.array([place[f"LG-{code}"] for code in scored_indicators()])

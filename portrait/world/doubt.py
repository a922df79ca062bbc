"""Cases that nobody can have lived through, planted in 豫研在线's exports, and what is true of each: rows by their key, with the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from portrait.record import Kind
from portrait.world.calendar import Calendar
from portrait.world.event import Events, events, together

RULES = ("parallel", "idle", "same", "sleepless", "outlier")
SHARE = 400  # teachers to one of each kind
CROWD = 30  # teachers who learn in the same course and month
_HOUR, _MINUTE = 1 / 24, 1 / 1440
TRUTH = pa.schema(
    [
        ("staff", pa.string()),
        ("rule", pa.string()),
        ("kind", pa.int32()),
        ("course", pa.string()),
        ("at", pa.int64()),  # wall clock, seconds since 1970
    ]
)


@dataclass
class Planted:
    """Events that a rule should find. `who` of each says whose; the truth is by teacher, kind and course."""

    parts: list[Events] = field(default_factory=list)
    truth: list[tuple[int, str, int, int, float]] = field(
        default_factory=list
    )  # who, rule, kind, course, moment

    def add(self, rule: str, part: Events) -> None:
        self.parts.append(part)
        self.truth += [
            (int(who), rule, int(kind), int(course), float(moment))
            for who, kind, course, moment in zip(part.who, part.kind, part.course, part.moment, strict=True)
        ]

    def besides(self, part: Events) -> None:
        self.parts.append(part)


def plant(
    rng: np.random.Generator,
    found: Events,
    free: np.ndarray,
    courses: Sequence[int],
    calendar: Calendar,
    until: int,
) -> Planted:
    """Cases of every rule, played by teachers of `free` in `courses` (of the platform that is exported), before day `until`."""
    made = Planted()
    count = max(2, len(free) // SHARE)
    chosen = rng.choice(free, min(len(free), count * 7), replace=False)
    actors = {rule: chosen[k * count : (k + 1) * count] for k, rule in enumerate(RULES)}
    actors["same"] = np.r_[actors["same"], chosen[5 * count :]]  # groups of three
    days = rng.integers(until - 200, until - 40, len(chosen) + 1)
    for n, who in enumerate(actors["parallel"]):
        pair = rng.choice(courses, 2, replace=False)
        start = _months(calendar, days[n : n + 1])[1][0] + int(rng.integers(2, 20))
        for evening in range(3):
            for k, course in enumerate(pair):
                moment = start + 2 * evening + 20 * _HOUR + k * 3 * _MINUTE
                made.add("parallel", _watched(who, course, moment, evening + 1, 1_800))
    for n, who in enumerate(actors["idle"]):
        start = _months(calendar, days[n : n + 1])[1][0]
        course = rng.choice(courses)
        for k in range(14):
            made.add("idle", _watched(who, course, start + k + 19 * _HOUR, k + 1, 3_000))
    for n in range(count):
        group, course, day = actors["same"][3 * n : 3 * n + 3], rng.choice(courses), days[n]
        marks = rng.choice(np.arange(62, 98), 4, replace=False) / 100
        pause = np.cumsum(rng.integers(40, 400, 4)) / 86_400
        for k, who in enumerate(group):
            begin = day + 20 * _HOUR + 37 * k * _MINUTE
            for number in range(4):
                part = _marked(who, course, begin + pause[number], number + 11, marks[number])
                made.add("same", part)
    for n, who in enumerate(actors["sleepless"]):
        course = rng.choice(courses)
        for hour in range(22):
            moment = days[n] + hour * _HOUR + 5 * _MINUTE
            made.add("sleepless", _watched(who, course, moment, hour + 1, 240, Kind.VIEW))
    _far(made, found, actors["outlier"], calendar, until)
    return made


def _far(made: Planted, found: Events, actors: np.ndarray, calendar: Calendar, until: int) -> None:
    """Days of watching in a course and month in which many others watched an hour; with a word or two, so that it is no idle watching."""
    videos = found.take(
        np.flatnonzero((found.kind == Kind.VIDEO) & (found.platform == 0) & (found.moment < until - 40))
    )
    _, start = _months(calendar, videos.moment.astype(int))
    crowds: dict[tuple[int, int], set[int]] = {}
    for who, course, begin in zip(videos.who.tolist(), videos.course.tolist(), start.tolist(), strict=True):
        crowds.setdefault((begin, course), set()).add(who)
    fullest = sorted(crowds, key=lambda place: (-len(crowds[place]), place))
    fit = [place for place in fullest if len(crowds[place]) >= CROWD and place[0] >= 0]
    for who, (begin, course) in zip(actors, fit[: len(actors)], strict=False):
        for k in range(18):
            made.add("outlier", _watched(who, course, begin + k + 20 * _HOUR, k + 1, 3_300))
        word = np.array([who]), np.array([course]), np.array([begin + 3 + 10 * _HOUR])
        made.besides(events(Kind.FORUM, *word, 0, number=1))


def _months(calendar: Calendar, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The months of these days, and the day on which each begins."""
    zero = np.datetime64(calendar.first)
    month = (zero + days.astype(int)).astype("datetime64[M]")
    return month, (month.astype("datetime64[D]") - zero).astype(int)


def _watched(
    who: int, course: int, moment: float, number: int, seconds: int, kind: Kind = Kind.VIDEO
) -> Events:
    content = seconds if kind is Kind.VIDEO else 0
    return events(
        kind,
        np.array([who]),
        np.array([course]),
        np.array([moment]),
        0,
        number=number,
        seconds=seconds,
        content=content,
    )


def _marked(who: int, course: int, moment: float, number: int, score: float) -> Events:
    return events(
        Kind.QUIZ, np.array([who]), np.array([course]), np.array([moment]), 0, number=number, score=score
    )


def sorted_events(made: Planted, until: float) -> Events:
    return together(made.parts, until)


def truth_table(made: Planted, staff: np.ndarray, course: Sequence[str], calendar: Calendar) -> pa.Table:
    at = calendar.seconds(np.array([moment for *_, moment in made.truth])).tolist()
    rows = [
        (str(staff[who]), rule, kind, course[number], second)
        for (who, rule, kind, number, _), second in zip(made.truth, at, strict=True)
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=TRUTH)

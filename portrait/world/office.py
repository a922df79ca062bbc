"""What training offices and schools write down besides classes: general-theme certificates, school study, rubrics, self-ratings, facts."""

from __future__ import annotations

import numpy as np

from portrait.record import Kind
from portrait.world.calendar import SPAN, Calendar, within_day
from portrait.world.catalogue import CourseArrays, scored_indicators
from portrait.world.classwork import OFFLINE, rate
from portrait.world.event import Events, events
from portrait.world.latent import Latent
from portrait.world.learn import noise
from portrait.world.people import HEAD_POSTS, People
from portrait.world.training import TrainingClass

_THEMES = 14


def ledgers(
    rng: np.random.Generator,
    people: People,
    rows: slice,
    latent: Latent,
    courses: CourseArrays,
    place: dict[str, int],
    classes: list[TrainingClass],
    calendar: Calendar,
    experts: np.ndarray,
    *,
    plain: bool = False,
) -> list[Events]:
    """Events of the teachers in `rows`; `plain` leaves rubrics, self-ratings and facts out."""
    keen = people.engagement[rows]
    n = len(keen)
    parts = [
        _certificates(rng, keen, courses, place, calendar),
        _school_study(rng, people, rows, place, classes),
    ]
    if plain:
        return parts
    codes = scored_indicators()

    # Lessons looked at in school; strong and senior teachers are looked at more often.
    chance = 0.7 + 0.25 * np.tanh(people.ability[rows]) + 0.03 * (people.title[rows] >= 4)
    who = np.repeat(np.arange(n), rng.poisson(np.clip(chance, 0.05, 2)))
    main = [codes.index(c) for c in ("P3.1", "P3.2", "P3.3", "P4.1", "P4.2", "P5.1", "P5.2", "P7.2")]
    rubrics = np.array([place[f"LG-{codes[j]}"] for j in main])
    course = rubrics[rng.choice(len(main), len(who), p=(0.25, 0.25, 0.15, 0.1, 0.05, 0.1, 0.05, 0.05))]
    parts.append(
        rate(rng, latent, courses, who, course, rng.integers(20, SPAN - 1, len(who)).astype(float), experts)
    )
    parts.append(_self_ratings(rng, people, rows, latent, place))
    parts.append(_facts(rng, people, rows, place))
    return parts


def _certificates(
    rng: np.random.Generator,
    keen: np.ndarray,
    courses: CourseArrays,
    place: dict[str, int],
    calendar: Calendar,
) -> Events:
    """Summer study on the national platform: a few general themes a year, nearly always the first two."""
    n = len(keen)
    who, theme, day = [], [], []
    for year in (calendar.today.year - 1, calendar.today.year):
        first = calendar.day(calendar.today.replace(year=year, month=7, day=15))
        chance = (
            np.r_[0.8, 0.8, np.full(_THEMES - 2, 0.09)][None, :] * (0.6 + 0.35 * np.tanh(0.6 + keen))[:, None]
        )
        rows, themes = np.nonzero((rng.random((n, _THEMES)) < chance) & (rng.random(n) < 0.72)[:, None])
        who.append(rows)
        theme.append(themes)
        day.append(first + rng.integers(0, 40, len(rows)))
    teachers, themes = np.concatenate(who), np.concatenate(theme)
    course = np.array([place[f"TS{t + 1:02d}-01"] for t in range(_THEMES)])[themes]
    serial = np.concatenate([np.zeros(len(who[0]), int), np.ones(len(who[1]), int)])
    return events(
        Kind.CERTIFICATE, teachers, course, np.concatenate(day) + 0.5, OFFLINE, number=serial, credit=2.0
    )


def _school_study(
    rng: np.random.Generator,
    people: People,
    rows: slice,
    place: dict[str, int],
    classes: list[TrainingClass],
) -> Events:
    """School-based study with credit; where the school has a class of it, the activities within its weeks belong to it."""
    n = len(people.engagement[rows])
    who = np.repeat(np.arange(n), rng.poisson(2.6, n))
    day = np.floor(rng.random(len(who)) * (SPAN - 2))
    run = np.full(len(who), -1)
    school = people.school[rows]
    for index, plan in enumerate(classes):
        if plan.school < 0:
            continue
        staff = np.flatnonzero(school == plan.school)
        here = np.repeat(staff, 2)
        inside = np.floor(plan.starts + rng.random(len(here)) * (plan.ends - plan.starts))
        who, day, run = np.r_[who, here], np.r_[day, inside], np.r_[run, np.full(len(here), index)]
    # A topic is named once a day at most, so that an activity is known by teacher, topic and day.
    topic = rng.integers(0, 10, len(who))
    credit = rng.choice(np.array([2.0, 3.0, 4.0, 6.0]), len(who))
    return events(
        Kind.ACTIVITY, who, np.full(len(who), place["XB-P7.3"]), day + 0.6, OFFLINE, run=run, number=topic, credit=credit
    )  # fmt: skip


def _self_ratings(
    rng: np.random.Generator, people: People, rows: slice, latent: Latent, place: dict[str, int]
) -> Events:
    """A quarter of the teachers place themselves; most are kinder to themselves than the evidence, the strongest are not."""
    codes = scored_indicators()
    n = len(people.engagement[rows])
    rated = np.flatnonzero(rng.random(n) < 0.22 + 0.08 * np.tanh(people.engagement[rows]))
    who, indicator = np.repeat(rated, len(codes)), np.tile(np.arange(len(codes)), len(rated))
    kept = rng.random(len(who)) < 0.5
    who, indicator = who[kept], indicator[kept]
    day = np.repeat(rng.integers(200, SPAN - 2, len(rated)), len(codes))[kept].astype(float)
    true = np.zeros(len(who), np.float32)
    for j in range(len(codes)):
        here = indicator == j
        true[here] = latent.level(j, who[here], day[here])
    seen = 0.25 + 0.75 * true + noise(rng, len(who), 0.07)
    course = np.array([place[f"ZP-{code}"] for code in codes])[indicator]
    band = np.clip(np.digitize(seen, (0.4, 0.6, 0.8)) + 1, 1, 4) / 4
    return events(
        Kind.SELF_RATING, who, course, within_day(rng, day, day), 0, number=indicator + 1, score=band
    )


def _facts(rng: np.random.Generator, people: People, rows: slice, place: dict[str, int]) -> Events:
    """Demonstration lessons, outreach and results that an office recognised; rare, and mostly of senior teachers."""
    n = len(people.ability[rows])
    keen = np.exp(
        0.7 * people.ability[rows] + 0.3 * people.engagement[rows] + 0.25 * (people.title[rows] - 3)
    )
    keen = np.where(np.isin(people.post[rows], HEAD_POSTS), keen * 0.5, keen)
    who = np.repeat(np.arange(n), rng.poisson(np.minimum(0.07 * keen, 2.0)))
    sort = rng.choice(3, len(who), p=(0.55, 0.25, 0.2))
    course = np.array([place[f"CG-P8.{k + 1}"] for k in range(3)])[sort]
    day = rng.integers(10, SPAN - 1, len(who)) + 0.45
    return events(Kind.FACT, who, course, day, OFFLINE, number=rng.integers(0, 4, len(who)))

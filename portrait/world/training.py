"""The training classes of the demo province: what is taught when, by whom, with places for which counties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from portrait.place import cities, place_name
from portrait.resource import read_yaml
from portrait.world.calendar import SPAN, Calendar
from portrait.world.catalogue import SUBJECTS_OF_STAGE, Catalogue, Course
from portrait.world.people import HEAD_POSTS, SUBJECTS, People
from portrait.world.provider import CENTRE, CITY, COUNTY, UNIVERSITY, Provider
from portrait.world.province import Province
from portrait.world.words import STAGE_WORD, numeral, shares, subject_word

LEVEL_OF_PLAN = {"G": "L1", "S": "L2"}
PROJECT_COUNTIES = 30


@dataclass(frozen=True)
class Audience:
    """Whom a class is for. `rural` means outside the city proper."""

    stages: tuple[str, ...]
    subject: str = ""
    rural: bool = False
    post: str = ""
    senior: bool = False
    novice: bool = False

    def members(self, people: People, country: np.ndarray, year: int) -> np.ndarray:
        """Indices of the teachers it names, in county order."""
        mask = np.isin(people.stage, [int(s[1]) for s in self.stages])
        if self.subject:
            mask &= people.subject == SUBJECTS.index(self.subject)
        if self.rural:
            mask &= country
        if self.post == "校长":
            mask &= np.isin(people.post, HEAD_POSTS)
        elif self.post:
            mask &= people.post == 1
        if self.senior:
            mask &= people.title >= 3
        if self.novice:
            mask &= people.since >= year - 3
        return np.flatnonzero(mask)


@dataclass(frozen=True)
class TrainingClass:
    """One class. Days count as in Calendar; `school` is an index for school-based study, else -1."""

    code: str
    name: str
    category: str
    subproject: str
    level: str
    mode: str
    provider: int  # index, -1: the school itself
    course: int
    starts: int
    ends: int
    hours: int
    sessions: int
    tasks: int
    audience: Audience
    counties: tuple[int, ...]
    size: int
    school: int = -1

    @property
    def offsite(self) -> bool:
        """Whether its days in the room are days away from home (notice 四(二))."""
        return self.level in ("L1", "L2", "L3") and self.mode in ("M1", "M5", "M7")

    def session_days(self) -> np.ndarray:
        """Days on which people sign in: at the start, or spread out where trainers come to the school."""
        step = max(1, (self.ends - self.starts + 1) // self.sessions) if self.mode in ("M8", "M9") else 1
        return self.starts + step * np.arange(self.sessions)


def build_classes(
    rng: np.random.Generator,
    province: Province,
    people: People,
    providers: Sequence[Provider],
    catalogue: Catalogue,
    calendar: Calendar,
) -> list[TrainingClass]:
    """About one class for sixty teachers, every kind of class at least once in this autumn; adds their courses to the catalogue."""
    specs = read_yaml("world/training.yaml")["classes"]
    counts = shares(np.array([s["share"] for s in specs], float), max(2 * len(specs), len(people) // 60))
    staff = np.bincount(people.county, minlength=len(province.counties)).astype(float)
    towns = [i for i, p in enumerate(province.counties) if p.kind in ("县", "县级市")]
    project = rng.choice(towns, min(PROJECT_COUNTIES, len(towns)), replace=False)
    classes: list[TrainingClass] = []
    named: dict[str, int] = {}
    for number, (spec, count) in enumerate(zip(specs, counts.tolist(), strict=True)):
        for turn in range(count):
            term = 2 if turn == 0 else int(rng.choice(3, p=(0.2, 0.2, 0.6)))
            starts, ends = _dates(rng, calendar, spec["length"], term)
            made = _class(rng, province, people, providers, catalogue, spec, number, staff, project)
            if number == 0 and turn < 2:  # one that is over and one that runs, whatever the dice say
                starts = (calendar.day(date(calendar.today.year, 9, 5)), SPAN - 10)[turn]
                made, ends = replace(made, mode=spec["mode"]), starts + spec["length"] - 1
            code = f"BJ{calendar.date(starts).year}{spec['category']}{len(classes) + 1:05d}"
            term_name = f"{calendar.date(starts).year}{made.name}"
            named[term_name] = named.get(term_name, 0) + 1
            name = f"{made.name}{numeral((named[term_name] - 1) % 99 + 1)}班"
            classes.append(replace(made, code=code, starts=starts, ends=ends, name=name))
    return classes


def _dates(rng: np.random.Generator, calendar: Calendar, length: int, term: int) -> tuple[int, int]:
    """First and last day: last autumn (term 0), this spring (1), or this autumn (2): over, running or still to come."""
    year = calendar.today.year
    if term < 2:
        low, high = ((year - 1, 9, 6), (year - 1, 12, 20)) if term == 0 else ((year, 2, 25), (year, 7, 10))
        first, last = calendar.day(date(*low)), calendar.day(date(*high)) - length + 1
    else:
        opening, closing = calendar.day(date(year, 9, 5)), calendar.day(date(year, 12, 31))
        latest = closing - length + 1  # the notice wants all of them over by the end of the year
        spans = {
            "done": (opening, SPAN - 2 - length),
            "running": (max(opening, SPAN - length + 1), min(SPAN - 2, latest)),
            "coming": (SPAN + 3, latest),
        }
        phase = str(rng.choice(tuple(spans), p=(0.42, 0.36, 0.22)))
        first, last = spans[phase]
        if first > last:
            first, last = opening, latest
    starts = int(rng.integers(first, max(first, last) + 1))
    return starts, starts + length - 1


def _class(
    rng: np.random.Generator,
    province: Province,
    people: People,
    providers: Sequence[Provider],
    catalogue: Catalogue,
    spec: Any,
    number: int,
    staff: np.ndarray,
    project: np.ndarray,
) -> TrainingClass:
    """A class without code and dates: audience, provider, course, counties."""
    category, stages, subject = spec["category"], tuple(spec["stage"]), ""
    if "by_subject" in spec:
        weight = 1 / (np.arange(len(spec["by_subject"])) + 1.5)
        subject = str(rng.choice(spec["by_subject"], p=weight / weight.sum()))
        stages = tuple(s for s in stages if subject in SUBJECTS_OF_STAGE[s])
    if "{学段}" in spec["name"] or subject:
        stages = (str(rng.choice(stages)),)
    audience = Audience(
        stages, subject, bool(spec.get("rural")), spec.get("post", ""), bool(spec.get("senior")), bool(spec.get("novice"))
    )  # fmt: skip
    title = (
        spec["name"]
        .replace("{学段}", STAGE_WORD[stages[0]])
        .replace("{学科}", subject_word(subject) if subject else "")
    )
    level = category if category.startswith("L") else LEVEL_OF_PLAN[category[0]]
    provider, counties, school, region = _where(rng, province, providers, category, staff, project)
    subproject = title.replace("{地区}", "").replace("{学校}", "")
    course = catalogue.add(
        Course(
            code="XB-P7.3" if school >= 0 else f"BC{number + 1:02d}-{stages[0]}{subject}",
            title=f"{subproject}（班次课程）", summary=f"班次课程：{subproject}。", provider="", hours=spec["hours"],
            mode=spec["mode"], theme="", category="业务能力", stage="|".join(stages), subject=subject, level_from="L2",
            level_to="L3", shelf=False, platform=0 if spec["mode"] == "M2" else number % 2,
            align=dict(spec["indicators"]),
        )
    )  # fmt: skip
    mode, sessions = spec["mode"], spec["days"]
    if sessions and level in ("L1", "L2") and rng.random() < 0.06:
        mode = "M10"  # moved online with the office's consent
    return TrainingClass(
        code="",
        name=title.replace("{地区}", region).replace("{学校}", region),
        category="" if category.startswith("L") else category,
        subproject=subproject,
        level=level,
        mode=mode,
        provider=provider,
        course=course,
        starts=0,
        ends=0,
        hours=spec["hours"],
        sessions=sessions,
        tasks=spec["tasks"],
        audience=audience,
        counties=counties,
        size=int(rng.integers(32, 58)),
        school=school,
    )


def _where(
    rng: np.random.Generator,
    province: Province,
    providers: Sequence[Provider],
    category: str,
    staff: np.ndarray,
    project: np.ndarray,
) -> tuple[int, tuple[int, ...], int, str]:
    """Provider, counties that may send teachers, school of school-based study, and the name of the area."""

    def of(*kinds: str) -> int:
        return int(rng.choice([i for i, p in enumerate(providers) if p.kind in kinds]))

    if category == "L5":
        big = [i for i, school in enumerate(province.schools) if school.teachers >= 8]
        school = int(rng.choice(big or [0]))
        return -1, (province.schools[school].county,), school, province.schools[school].name
    if category == "L4":
        provider = of(COUNTY)
        county = province.county(providers[provider].region)
        return provider, (county,), -1, province.counties[county].name
    if category == "L3":
        provider = of(CITY)
        city = providers[provider].region
        inside = tuple(i for i, p in enumerate(province.counties) if p.parent == city and not p.direct)
        return provider, inside, -1, place_name(city)
    if category == "GP7":
        return of(UNIVERSITY, COUNTY), (int(rng.choice(project)),), -1, ""
    count = int(rng.integers(7, 15))
    city = str(rng.choice([place.adcode for place in cities()]))
    near = staff * np.where([place.parent == city for place in province.counties], 4.0, 1.0)
    chosen = rng.choice(len(staff), count, replace=False, p=near / near.sum())
    return of(UNIVERSITY, CENTRE), tuple(sorted(int(i) for i in chosen)), -1, ""

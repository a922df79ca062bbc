"""The invented teachers: who they are, and the traits behind what they do, as arrays in the order of their schools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from portrait.world.province import Province
from portrait.world.words import names

SUBJECTS = tuple(f"X{n:02d}" for n in range(1, 26))
POSTS = ("教师", "班主任", "教务主任", "教研组长", "校长", "园长")
HEAD_POSTS = (4, 5)
TASTES = 6
_SUBJECT_SHARE: dict[str, dict[str, float]] = {
    "S1": {"X23": 1},
    "S2": {"X01": 33, "X02": 28, "X03": 10, "X04": 6, "X11": 5, "X12": 2, "X14": 4, "X15": 4, "X17": 6, "X18": 1, "X25": 2},
    "S3": {"X01": 18, "X02": 18, "X03": 17, "X04": 7, "X06": 6, "X07": 5, "X08": 8, "X09": 5, "X10": 5, "X12": 2, "X14": 2, "X15": 2, "X17": 5},
    "S4": {"X01": 15, "X02": 15, "X03": 15, "X05": 7, "X06": 7, "X07": 7, "X08": 9, "X09": 8, "X10": 8, "X12": 2, "X13": 1, "X17": 4, "X16": 2},
    "S5": {"X01": 22, "X02": 22, "X03": 18, "X05": 10, "X12": 18, "X17": 10},
    "S6": {"X24": 1},
}  # fmt: skip
_FEMALE = {"S1": 0.97, "S2": 0.76, "S3": 0.62, "S4": 0.52, "S5": 0.52, "S6": 0.7}


@dataclass(frozen=True)
class People:
    """One entry a teacher. Traits are standardised: 0 is an ordinary teacher.

    `serial` counts within the county; staff number, mailbox and telephone number are made from it.
    """

    school: np.ndarray
    county: np.ndarray
    serial: np.ndarray
    stage: np.ndarray  # 1..6 for S1..S6
    subject: np.ndarray  # index into SUBJECTS
    subject2: np.ndarray  # -1 none
    female: np.ndarray
    since: np.ndarray
    birth: np.ndarray
    title: np.ndarray  # 0..5 for T0..T5
    post: np.ndarray  # index into POSTS
    teaching: np.ndarray
    rural: np.ndarray
    surname: np.ndarray
    given: np.ndarray
    ability: np.ndarray
    engagement: np.ndarray
    workload: np.ndarray
    taste: np.ndarray
    doubtful: np.ndarray  # the account is played by a script

    def __len__(self) -> int:
        return len(self.school)

    def name(self, index: int) -> str:
        words = names()
        given = words["given_female" if self.female[index] else "given_male"]
        return str(words["surnames"][self.surname[index]] + given[self.given[index] % len(given)])

    def names(self) -> np.ndarray:
        """All names, as an object array."""
        words = names()
        surnames = np.array(list(words["surnames"]), object)
        women, men = (np.array(words[key], object) for key in ("given_female", "given_male"))
        given = np.where(self.female, women[self.given % len(women)], men[self.given % len(men)])
        return np.asarray(surnames[self.surname] + given)


def staff_number(adcode: str, serial: int) -> str:
    """The invented 继教编号: county and running number."""
    return f"HJ{adcode}{serial:05d}"


def build_people(rng: np.random.Generator, province: Province, today: date) -> People:
    sizes = np.array([school.teachers for school in province.schools])
    school = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    n = len(school)
    county = np.array([s.county for s in province.schools], np.int16)[school]
    first = np.searchsorted(county, np.arange(len(province.counties)))
    rural = np.array([s.rural for s in province.schools])[school]
    stage = np.array([int(s.stage[1]) for s in province.schools], np.int8)[school]
    stage = np.where(stage == 9, rng.choice(np.array([2, 3], np.int8), n), stage)

    subject = np.zeros(n, np.int8)
    for code, table in _SUBJECT_SHARE.items():
        here = np.flatnonzero(stage == int(code[1]))
        share = np.array(list(table.values()), float)
        choices = np.array([SUBJECTS.index(key) for key in table], np.int8)
        subject[here] = rng.choice(choices, len(here), p=share / share.sum())
    all_round = (stage == 2) & rural & (rng.random(n) < 0.14)
    subject[all_round] = SUBJECTS.index("X25")
    second = rng.choice(np.array([0, 1, 3, 10, 13, 14, 16, 17], np.int8), n)
    has_second = rng.random(n) < np.where(rural, 0.5, 0.15) * np.isin(stage, (2, 3))
    subject2 = np.where(has_second & (second != subject) & ~all_round, second, -1).astype(np.int8)

    years = np.minimum(38, rng.gamma(1.9, 8.5, n)).astype(np.int16)
    since = (today.year - years).astype(np.int16)
    birth = (since - rng.integers(21, 25, n)).astype(np.int16)
    ladder = years + rng.normal(0, 4, n) - 3 * rural
    title = np.digitize(ladder, (0.5, 2.5, 8, 20, 36)).astype(np.int8)
    share_female = np.array([_FEMALE[f"S{s}"] for s in range(1, 7)])
    female = rng.random(n) < share_female[stage - 1]

    post = rng.choice(np.array([0, 1, 2, 3], np.int8), n, p=(0.66, 0.24, 0.04, 0.06))
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    heads = starts[sizes >= 5]
    post[heads] = np.where(stage[heads] == 1, 5, 4)
    since[heads] = np.minimum(since[heads], today.year - 12)
    birth[heads] = np.minimum(birth[heads], since[heads] - 21)
    title[heads] = np.maximum(title[heads], 3)
    teaching = rng.random(n) < np.where(np.isin(post, HEAD_POSTS), 0.5, 0.99)

    young = np.clip((15 - years) / 15, -1, 1)
    ability = 0.85 * rng.standard_t(6, n) / 1.22 + 0.16 * (title - 2.3) - 0.28 * rural
    engagement = 0.5 * ability + rng.normal(0, 0.8, n) + 0.2 * young - 0.15 * rural
    workload = rng.gamma(2.0, 0.5, n) - 1 + 0.45 * (post == 1) + 0.3 * rural + 0.3 * all_round
    return People(
        school=school,
        county=county,
        serial=(np.arange(n) - first[county] + 1).astype(np.int32),
        stage=stage,
        subject=subject,
        subject2=subject2,
        female=female,
        since=since,
        birth=birth,
        title=title,
        post=post,
        teaching=teaching,
        rural=rural,
        surname=_surnames(rng, n),
        given=rng.integers(0, 10_000, n).astype(np.int16),
        ability=ability.astype(np.float32),
        engagement=engagement.astype(np.float32),
        workload=workload.astype(np.float32),
        taste=rng.integers(0, TASTES, n).astype(np.int8),
        doubtful=rng.random(n) < 0.006,
    )


def _surnames(rng: np.random.Generator, n: int) -> np.ndarray:
    """A few surnames are common, as in life: weight falls with the place in the list."""
    count = len(names()["surnames"])
    weight = 1 / (np.arange(count) + 4.0)
    return rng.choice(count, n, p=weight / weight.sum()).astype(np.int16)

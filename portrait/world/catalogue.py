"""What is taught: the course supermarket, and the courses that carry class work, rubrics, self-ratings and recognised facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from portrait.framework import indicators
from portrait.resource import read_yaml
from portrait.world.provider import CENTRE, UNIVERSITY, Provider
from portrait.world.words import STAGE_WORD, subject_word

SHELF = 600
SUBJECTS_OF_STAGE: dict[str, tuple[str, ...]] = {
    "S1": ("X23",),
    "S2": ("X01", "X02", "X03", "X04", "X11", "X14", "X15", "X17"),
    "S3": ("X01", "X02", "X03", "X04", "X06", "X07", "X08", "X09", "X10", "X17"),
    "S4": ("X01", "X02", "X03", "X05", "X06", "X07", "X08", "X09", "X10"),
    "S5": ("X01", "X02"),
    "S6": ("X24",),
}
_STAGE_SHARE = {"S1": 0.35, "S2": 1.0, "S3": 0.8, "S4": 0.6, "S5": 0.15, "S6": 0.15}


@dataclass(frozen=True)
class Course:
    """One course. `platform` hosts it: 0 豫研在线, 1 中原教师网, 2 云课堂, 3 none (offline)."""

    code: str
    title: str
    summary: str
    provider: str
    hours: int
    mode: str
    theme: str
    category: str
    stage: str
    subject: str
    level_from: str
    level_to: str
    shelf: bool
    platform: int
    align: dict[str, int]
    series: str = ""  # courses of one series follow one another
    offset: float = 0.0  # how much easier its tests are than other courses'
    severity: float = 0.0  # how much kinder its markers are than other courses'


@dataclass
class Catalogue:
    """All courses in a fixed order. Positions in it stand for courses everywhere in this package."""

    courses: list[Course] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)

    def add(self, course: Course) -> int:
        """Position of the course, added unless its code is there."""
        if course.code not in self.place:
            self.place[course.code] = len(self.courses)
            self.courses.append(course)
        return self.place[course.code]

    @property
    def shelf(self) -> list[Course]:
        return [course for course in self.courses if course.shelf]

    def sequel(self) -> np.ndarray:
        """For every course the next one of its series, or -1."""
        following = np.full(len(self.courses), -1, np.int32)
        last: dict[str, int] = {}
        for place, course in enumerate(self.courses):
            if course.series:
                if course.series in last:
                    following[last[course.series]] = place
                last[course.series] = place
        return following


def scored_indicators() -> tuple[str, ...]:
    """Indicators that have a level: what a true competency exists for."""
    return tuple(node.code for node in indicators().values() if node.scored)


def build_catalogue(
    rng: np.random.Generator, providers: tuple[Provider, ...], platforms: tuple[float, ...]
) -> Catalogue:
    """The supermarket's 600 courses, general themes first, then carriers. `platforms` are the shares of the online platforms."""
    makers = [p.code for p in providers if p.kind in (UNIVERSITY, CENTRE)]
    words = read_yaml("world/course.yaml")

    def common() -> dict[str, Any]:
        return {
            "provider": makers[int(rng.integers(len(makers)))],
            "platform": int(rng.choice(len(platforms), p=platforms)),
            "offset": float(rng.normal(0, 0.035)),
            "severity": float(rng.normal(0, 0.045)),
        }

    catalogue = Catalogue()
    for theme, entry in words["themes"].items():
        for number, title in enumerate(entry["titles"], 1):
            hours = int(rng.choice((4, 5, 6, 8)))
            catalogue.add(
                Course(
                    f"{theme}-{number:02d}", title, _summary(rng, words, entry["learn"], words["forms"][0]),
                    hours=hours, mode="M2", theme=theme, category=entry["category"], stage=entry.get("stage", ""),
                    subject="", level_from="", level_to="", shelf=True, align=dict(entry["align"]), series=theme,
                    **common(),
                )
            )  # fmt: skip
    topics = _topics(rng, words)
    room = SHELF - len(catalogue.courses)
    for topic in _choose(rng, topics, room):
        form = words["forms"][int(rng.choice(3, p=[f["share"] / 100 for f in words["forms"]]))]
        step = words["steps"][topic.step]
        title = topic.title + (f"（{step['tail']}）" if topic.steps > 1 else "")
        catalogue.add(
            Course(
                f"KC{len(catalogue.courses) + 1:04d}", title, _summary(rng, words, topic.learn, form),
                hours=int(rng.choice(step["hours"])), mode=form["mode"], theme="", category="业务能力",
                stage=topic.stage, subject=topic.subject, level_from=step["from"], level_to=step["to"], shelf=True,
                align=_align(rng, topic), series=topic.title, **common(),
            )
        )  # fmt: skip
    _carriers(catalogue)
    return catalogue


@dataclass(frozen=True)
class _Topic:
    title: str
    learn: str
    indicator: str
    also: tuple[str, ...]
    stage: str
    subject: str
    step: int
    steps: int
    weight: float


def _topics(rng: np.random.Generator, words: Any) -> list[list[_Topic]]:
    """Every topic that could be offered, each as the list of its steps."""
    found: list[list[_Topic]] = []

    def offer(indicator: str, entry: Any, title: str, stage: str, subject: str, weight: float) -> None:
        steps = 1 + int(rng.choice(3, p=(0.45, 0.4, 0.15)))
        start = int(rng.integers(0, 4 - steps))
        found.append(
            [
                _Topic(title, entry["learn"], indicator, tuple(entry["also"]), stage, subject, start + k, steps, weight)
                for k in range(steps)
            ]
        )  # fmt: skip

    for indicator, entry in words["indicators"].items():
        for title in entry["topics"].get("n", ()):
            offer(indicator, entry, title, "", "", 50.0)
        for title in entry["topics"].get("s", ()):
            for stage in ("S1", "S2", "S3", "S4"):
                if stage == "S1" and _is_for_school(words, title):
                    continue
                offer(indicator, entry, title.replace("{学段}", STAGE_WORD[stage]), stage, "", 6.0)
        for title in entry["topics"].get("x", ()):
            for stage, subjects in SUBJECTS_OF_STAGE.items():
                if stage == "S1" and _is_for_school(words, title):
                    continue
                for rank, subject in enumerate(subjects):
                    text = title.replace("{学段}", STAGE_WORD[stage]).replace(
                        "{学科}", "" if stage == "S6" else subject_word(subject)
                    )
                    offer(indicator, entry, text, stage, subject, _STAGE_SHARE[stage] * 3 / (rank + 2))
    return found


def _is_for_school(words: Any, title: str) -> bool:
    """Whether a topic makes no sense in a kindergarten."""
    return any(word in title for word in words["not_for_kindergarten"])


def _choose(rng: np.random.Generator, topics: list[list[_Topic]], room: int) -> list[_Topic]:
    """Whole topics, the likely ones first, until the shelf is full."""
    keys = [float(rng.random() ** (1 / topic[0].weight)) for topic in topics]
    chosen: list[_Topic] = []
    for place in sorted(range(len(topics)), key=lambda i: -keys[i]):
        chosen.extend(topics[place][: room - len(chosen)])
        if len(chosen) == room:
            break
    return chosen


def _align(rng: np.random.Generator, topic: _Topic) -> dict[str, int]:
    main = int(rng.choice((50, 60, 70, 80, 100)))
    align = {topic.indicator: main}
    others = [str(code) for code in rng.permutation(list(topic.also))[: 2 if main <= 60 else 1]]
    rest = 100 - main
    if rest and len(others) == 2:
        align |= {others[0]: rest - 10 * (rest // 20), others[1]: 10 * (rest // 20)}
    elif rest:
        align[others[0]] = rest
    return align


def _summary(rng: np.random.Generator, words: Any, learn: str, form: Any) -> str:
    def pick(items: list[str]) -> str:
        return items[int(rng.integers(len(items)))]

    return f"{pick(words['openings'])}。学习目标：{learn}。{pick(words['tasks'])}。{form['text']}"


def _carriers(catalogue: Catalogue) -> None:
    """Courses that nobody takes: they carry rubrics, self-ratings, school study and facts to their indicators."""

    def add(code: str, title: str, mode: str, indicator: str, summary: str) -> None:
        catalogue.add(
            Course(
                code, title, summary, "", 0, mode, "", "业务能力", "", "", "", "", False, 3, {indicator: 100}
            )
        )

    for code in scored_indicators():
        zh = indicators()[code].zh
        add(f"LG-{code}", f"课例量规：{zh}", "M4", code, "专家或同行按四级量规评价课例、作品或现场表现。")
        add(f"ZP-{code}", f"自我评估：{zh}", "M2", code, "教师对照能力描述给自己定级。")
    add("XB-P7.3", "校本研修活动", "M6", "P7.3", "学校组织的教研活动。")
    for code in ("P8.1", "P8.2", "P8.3"):
        add(
            f"CG-{code}", f"成果认定：{indicators()[code].zh}", "M4", code, "经学校或教育行政部门认定的事实。"
        )


@dataclass(frozen=True)
class CourseArrays:
    """The catalogue as arrays: `weights` is course × scored indicator and sums to 1, or to 0 where nothing is scored."""

    weights: np.ndarray
    hours: np.ndarray
    platform: np.ndarray
    offset: np.ndarray
    severity: np.ndarray
    videos: np.ndarray
    quizzes: np.ndarray
    assignments: np.ndarray
    exam: np.ndarray
    scored: np.ndarray
    theme: np.ndarray  # 0..13, -1 none

    def expected(self, level: Callable[[int], np.ndarray], course: np.ndarray) -> np.ndarray:
        """Σ weight × level(indicator) for each course entry; `level(j)` gives the levels of indicator j."""
        total = np.zeros(len(course), np.float32)
        for j in np.flatnonzero(self.weights.any(axis=0)):
            share = self.weights[course, j]
            if share.any():
                total += share * level(int(j))
        return total


def course_arrays(catalogue: Catalogue) -> CourseArrays:
    codes = scored_indicators()
    weights = np.array([[c.align.get(j, 0) for j in codes] for c in catalogue.courses], np.float32)
    sums = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    hours = np.array([c.hours for c in catalogue.courses], np.float32)
    scored = sums[:, 0] > 0
    return CourseArrays(
        weights=weights,
        hours=hours,
        platform=np.array([c.platform for c in catalogue.courses], np.int8),
        offset=np.array([c.offset for c in catalogue.courses], np.float32),
        severity=np.array([c.severity for c in catalogue.courses], np.float32),
        videos=np.clip(np.round(hours * 0.55), 3, 8).astype(np.int8),
        quizzes=np.where(scored, np.clip(np.round(hours / 4), 1, 3), 0).astype(np.int8),
        assignments=np.where(scored, np.where(hours >= 10, 2, 1), 0).astype(np.int8),
        exam=scored & (hours >= 6),
        scored=scored,
        theme=np.array([int(c.theme[2:]) - 1 if c.theme else -1 for c in catalogue.courses], np.int8),
    )

"""The teacher the demo's guests log in as: keen, in a class that is over and in one that is running, in a county that answers to its city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from portrait.world.calendar import SPAN
from portrait.world.people import People
from portrait.world.province import Province
from portrait.world.training import Audience, TrainingClass

HOME = "410223"  # 尉氏县; the first county school of the providers is there
_KEEN = 1.8
NO_NEWCOMERS = 9999  # a year after which nobody began to teach


@dataclass(frozen=True)
class Showcase:
    """Positions of the teacher and of the two classes."""

    teacher: int
    finished: int
    running: int

    @property
    def seats(self) -> tuple[tuple[int, int], ...]:
        return ((self.teacher, self.finished), (self.teacher, self.running))


def choose_showcase(province: Province, people: People, classes: Sequence[TrainingClass]) -> Showcase:
    """The keenest ordinary teacher who fits two such classes, at home if there is one; makes that teacher keener still.

    Where few teachers are in the world nobody may fit both; then fitting the first is enough.
    """
    over = [(i, c) for i, c in enumerate(classes) if c.ends < SPAN - 5 and c.starts > SPAN - 100 and c.offsite and c.level == "L1"]  # fmt: skip
    running = [(i, c) for i, c in enumerate(classes) if c.starts < SPAN - 3 and c.ends > SPAN + 5 and c.level in ("L1", "L2")]  # fmt: skip
    # The first class's provider is the trainer's login: one with a class under way has somebody to look after.
    busy = {c.provider for _, c in running if c.starts < SPAN - 14}
    over.sort(key=lambda pair: pair[1].provider not in busy)
    country = np.array([not s.urban_rural.startswith("11") for s in province.schools])[people.school]
    ordinary = (people.post <= 1) & people.teaching
    members: dict[Audience, np.ndarray] = {}
    for _, plan in (*over, *running):
        if plan.audience not in members:
            members[plan.audience] = ordinary & np.isin(
                np.arange(len(people)), plan.audience.members(people, country, NO_NEWCOMERS)
            )
    home = people.county == province.county(HOME)
    under_a_city = ~np.array([p.direct or p.level != "county" for p in province.counties])[people.county]
    everyone = np.ones(len(people), bool)
    for strict, place in ((True, home), (True, under_a_city), (False, home), (False, everyone)):
        for i, first in over:
            for k, second in running:
                fits = members[first.audience] & place & (members[second.audience] if strict else ordinary)
                if second.starts > first.ends and fits.any():
                    rows = np.flatnonzero(fits)
                    teacher = int(rows[np.argmax(people.engagement[rows] + people.ability[rows])])
                    _encourage(people, teacher)
                    return Showcase(teacher, i, k)
    raise AssertionError("build_classes makes one class that is over and one that runs")


def _encourage(people: People, teacher: int) -> None:
    people.engagement[teacher] = max(_KEEN, float(people.engagement[teacher]))
    people.ability[teacher] = np.clip(people.ability[teacher], 0.2, 1.0)
    people.workload[teacher] = min(0.0, float(people.workload[teacher]))
    people.doubtful[teacher] = False

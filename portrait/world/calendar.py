"""The two years a world covers, counted in days from its first one, and the hours at which teachers learn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

SPAN = 744  # days before today that have records
_MONTH_WEIGHT = (0.7, 0.5, 1.1, 1.2, 1.2, 0.9, 1.1, 1.2, 1.0, 1.2, 1.3, 1.0)
_HOUR_WEIGHT = (1, 0, 0, 0, 0, 1, 3, 4, 4, 4, 4, 3, 6, 5, 3, 4, 4, 4, 6, 12, 16, 14, 8, 3)


@dataclass(frozen=True)
class Calendar:
    """Day 0 is the first day with records, day `SPAN` is today: nothing has happened yet on it."""

    today: date

    @property
    def first(self) -> date:
        return self.today - timedelta(days=SPAN)

    def day(self, when: date) -> int:
        return (when - self.first).days

    def date(self, day: int) -> date:
        return self.first + timedelta(days=int(day))

    def day_weights(self) -> np.ndarray:
        """How likely study is on each day: the season, and a use of the platforms that grows."""
        season = np.array([_MONTH_WEIGHT[self.date(day).month - 1] for day in range(SPAN)])
        weight = season * np.linspace(0.8, 1.2, SPAN)
        return np.asarray(weight / weight.sum())

    def seconds(self, moments: np.ndarray) -> np.ndarray:
        """Fractional days as seconds since 1970 on the wall clock."""
        offset = (self.first - date(1970, 1, 1)).days
        return np.asarray(np.floor((moments + offset) * 86_400).astype(np.int64))


def clock(rng: np.random.Generator, count: int) -> np.ndarray:
    """Times of day as fractions, mostly evenings."""
    weight = np.array(_HOUR_WEIGHT, float)
    hours = rng.choice(24, count, p=weight / weight.sum())
    return np.asarray((hours + rng.random(count)) / 24.0)


def within_day(rng: np.random.Generator, days: np.ndarray, not_before: np.ndarray) -> np.ndarray:
    """The days with a likely hour; never earlier than `not_before`."""
    moments = np.floor(days) + clock(rng, len(days))
    late = not_before + rng.random(len(days)) / 96 + 1 / 1440
    return np.asarray(np.where(moments <= not_before, late, moments))

"""The true competency of every teacher: where it starts, how it grows, what classes add. Nothing an estimator assumes is built in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portrait.framework import indicators
from portrait.world.calendar import SPAN
from portrait.world.catalogue import scored_indicators
from portrait.world.people import People
from portrait.world.seat import MOST

_KEPT = 0.6  # share of a class's gain that lasts
_DIGITAL = ("P3.3", "P3.4", "P4.3", "P6.1", "P6.2", "P6.3", "P6.4", "P6.5")


@dataclass(frozen=True)
class Latent:
    """Levels of some teachers over time: `start` + uneven growth + what classes left, each teacher × scored indicator."""

    start: np.ndarray
    growth: np.ndarray
    middle: np.ndarray  # when a dimension's growth is half done, as a share of the two years
    steep: np.ndarray
    dimension: np.ndarray  # of each indicator
    gain_day: np.ndarray  # teacher × class; beyond the end where there is none
    gain: np.ndarray  # teacher × class × indicator

    def level(self, indicator: int, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """True level of each teacher in `who` on each `day`."""
        d = int(self.dimension[indicator])
        middle, steep = self.middle[who, d], self.steep[who, d]
        low = _rise(0.0, middle, steep)
        share = (_rise(day / SPAN, middle, steep) - low) / (_rise(1.0, middle, steep) - low)
        level = self.start[who, indicator] + self.growth[who, indicator] * share
        for k in range(self.gain_day.shape[1]):
            level = level + _KEPT * self.gain[who, k, indicator] * (day >= self.gain_day[who, k])
        return np.asarray(np.clip(level, 0.02, 0.98), np.float32)

    def all(self, day: int) -> np.ndarray:
        """Teacher × indicator on one day."""
        who = np.arange(len(self.start))
        days = np.full(len(who), float(day))
        return np.stack([self.level(j, who, days) for j in range(self.start.shape[1])], axis=1)


def _rise(share: np.ndarray | float, middle: np.ndarray, steep: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-(share - middle) / steep)))


def indicator_ease(rng: np.random.Generator) -> np.ndarray:
    """How far above or below the others each indicator is in the whole province."""
    return rng.uniform(-0.06, 0.06, len(scored_indicators()))


def build_latent(rng: np.random.Generator, people: People, rows: slice, ease: np.ndarray) -> Latent:
    """Levels of the teachers in `rows`, without any class yet."""
    codes = scored_indicators()
    nodes = indicators()
    names = list(dict.fromkeys(nodes[c].dimension for c in codes))
    dimension = np.array([names.index(nodes[c].dimension) for c in codes])
    ability, keen = people.ability[rows], people.engagement[rows]
    n, wide = len(ability), len(codes)
    young = np.clip((people.birth[rows].astype(float) - 1980) / 15, -1.5, 1.2)
    digital = np.array([code in _DIGITAL for code in codes])

    by_dimension = rng.normal(0, 1, (n, len(names)))
    own = rng.standard_t(5, (n, wide)) / 1.29
    score = 0.58 + ease + 0.09 * ability[:, None] + 0.075 * by_dimension[:, dimension] + 0.065 * own
    score += digital * (0.05 * young[:, None] - 0.03 * people.rural[rows][:, None])
    start = np.clip(score, 0.06, 0.95)

    grows = rng.random((n, len(names))) < 0.42 + 0.1 * np.tanh(keen)[:, None]
    amount = rng.gamma(1.6, 0.05, (n, len(names))) * grows
    fades = ~grows & (rng.random((n, len(names))) < 0.12)
    amount -= fades * rng.uniform(0, 0.06, (n, len(names)))
    uneven = rng.uniform(0.4, 1.6, (n, wide))
    growth = amount[:, dimension] * uneven * np.where(amount[:, dimension] > 0, 1.5 * (1 - start), 1.0)
    return Latent(
        start=start.astype(np.float32),
        growth=growth.astype(np.float32),
        middle=rng.uniform(0.15, 0.85, (n, len(names))).astype(np.float32),
        steep=rng.choice(np.array([0.015, 0.08, 0.25], np.float32), (n, len(names))),
        dimension=dimension,
        gain_day=np.full((n, MOST), 10 * SPAN, np.float32),
        gain=np.zeros((n, MOST, wide), np.float32),
    )

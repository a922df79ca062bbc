"""One line of the bench: what we need, what the baseline needs, and how the two compare."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.bench.measure import Measured, Pair, median, percentiles

RATE, TIME, SIZE = "rate", "time", "size"
VALUES = {RATE: ["rate"], TIME: ["p50", "p95"], SIZE: ["size"]}


@dataclass(frozen=True)
class Line:
    """`ours` and `baseline` are one rate (a second), two times (p50 and p95 in milliseconds) or one size; memory is the peak in MB."""

    key: str
    name: str
    unit: str
    kind: str  # RATE: more is better; TIME and SIZE: less is better
    ours: tuple[float, ...]
    baseline: tuple[float, ...]
    megabytes: float
    baseline_megabytes: float
    against: str  # what the baseline is

    @property
    def ratio(self) -> tuple[float, ...]:
        """How many times as fast, or as small, as the baseline; above 1 is better."""
        pairs = zip(self.ours, self.baseline, strict=True)
        return tuple(a / b if self.kind == RATE else b / a for a, b in pairs)

    def as_json(self) -> dict[str, object]:
        def number(value: float) -> float | None:
            return None if math.isnan(value) else round(value, 3)

        return {
            "key": self.key,
            "unit": self.unit,
            "values": VALUES[self.kind],
            "ours": [number(value) for value in self.ours],
            "baseline": [number(value) for value in self.baseline],
            "speed_ratio": [number(value) for value in self.ratio],
            "megabytes": number(self.megabytes),
            "baseline_megabytes": number(self.baseline_megabytes),
            "against": self.against,
        }

    def as_row(self) -> tuple[str, ...]:
        return (
            self.name,
            self.unit,
            _numbers(self.ours, self.kind),
            _numbers(self.baseline, self.kind),
            " / ".join(f"{value:.2g}×" for value in self.ratio),
            _memory(self.megabytes),
            _memory(self.baseline_megabytes),
            self.against,
        )


COLUMNS = ("测什么", "单位", "#本产品", "#基线", "#快几倍", "#内存 MB", "#基线内存 MB", "基线是什么")


def rate_line(key: str, name: str, unit: str, pair: Pair, against: str) -> Line:
    """The median of several runs whose value is a Work."""

    def rate(one: Measured) -> float:
        return float(one.value.rate)

    return Line(
        key, name, unit, RATE, (median(pair.ours, rate),), (median(pair.baseline, rate),), *_peaks(pair), against
    )  # fmt: skip


def time_line(key: str, name: str, pair: Pair, against: str) -> Line:
    """The medians of p50 and p95 of several runs whose value is a list of seconds."""

    def of(place: int, measured: object) -> float:
        return median(measured, lambda one: percentiles(one.value)[place])

    ours, baseline = ((of(0, side), of(1, side)) for side in (pair.ours, pair.baseline))
    return Line(key, name, "毫秒 p50 / p95", TIME, ours, baseline, *_peaks(pair), against)


def size_line(key: str, name: str, unit: str, ours: float, baseline: float, against: str) -> Line:
    """What two things take of room, measured once: it does not depend on the moment."""
    unknown = float("nan")
    return Line(key, name, unit, SIZE, (ours,), (baseline,), unknown, unknown, against)


def _peaks(pair: Pair) -> tuple[float, float]:
    return median(pair.ours, lambda one: one.megabytes), median(pair.baseline, lambda one: one.megabytes)


def _numbers(values: tuple[float, ...], kind: str) -> str:
    return " / ".join(f"{value:,.0f}" if kind == RATE or value >= 100 else f"{value:.2f}" for value in values)


def _memory(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}"

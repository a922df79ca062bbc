"""The rule by which a record counts as evidence, and one record as it stands behind a figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from statistics import NormalDist

from portrait.record import DOUBTFUL, SCORED, Flag, Kind
from portrait.resource import read_yaml


@dataclass(frozen=True)
class Band:
    """A named level; `low` is its lower bound, inclusive."""

    code: str
    zh: str
    en: str
    low: float


@dataclass(frozen=True)
class EvidenceRule:
    """What data/rules/evidence.yaml says, with its version."""

    version: str
    cite: str
    half_life: float  # months
    thin_weight: float
    thin_sources: int
    interval: float
    reliability: dict[Kind, float]
    facts: tuple[Kind, ...]
    group_floor: int
    mean: float
    spread: float
    noise: float
    least_spread: float
    least_noise: float
    source: float
    least_source: float
    particular: float
    least_particular: float
    others: int
    mainly: float
    drift: float  # a year
    least_drift: float
    mixed: float
    correlation: float
    bands: tuple[Band, ...]

    @property
    def z(self) -> float:
        """Half the interval in standard deviations."""
        return NormalDist().inv_cdf(0.5 + self.interval / 2)

    def discount(self, months: int) -> float:
        """Of evidence that is `months` old; evidence from after the day of the portrait counts nothing."""
        return float(2 ** (-months / self.half_life)) if months >= 0 else 0.0


@cache
def evidence_rule() -> EvidenceRule:
    said = read_yaml("rules/evidence.yaml")
    prior = said["prior"]
    return EvidenceRule(
        version=said["version"],
        cite=said["cite"],
        half_life=float(said["half_life_months"]),
        thin_weight=float(said["thin_weight"]),
        thin_sources=int(said["thin_sources"]),
        interval=float(said["interval"]),
        reliability={Kind[name.upper()]: float(value) for name, value in said["reliability"].items()},
        facts=tuple(Kind[name.upper()] for name in said["facts"]),
        group_floor=int(prior["group_floor"]),
        mean=float(prior["mean"]),
        spread=float(prior["spread"]),
        noise=float(prior["noise"]),
        least_spread=float(prior["least_spread"]),
        least_noise=float(prior["least_noise"]),
        source=float(prior["source"]),
        least_source=float(prior["least_source"]),
        particular=float(prior["particular"]),
        least_particular=float(prior["least_particular"]),
        others=int(prior["others"]),
        mainly=float(prior["mainly"]),
        drift=float(prior["drift"]),
        least_drift=float(prior["least_drift"]),
        mixed=float(said["mixed"]),
        correlation=float(said["dimension_correlation"]),
        bands=tuple(Band(b["code"], b["zh"], b["en"], float(b["from"])) for b in said["bands"]),
    )


DOUBT_ZH: dict[Flag, str] = {
    Flag.SPEED: "学完得异常快，待核实",
    Flag.FUTURE: "时间晚于入库，待核实",
    Flag.PARALLEL: "同时在看两处，待核实",
    Flag.IDLE: "只看不参与，待核实",
    Flag.SAME: "与他人的成绩和节奏相同，待核实",
    Flag.SLEEPLESS: "昼夜不停，待核实",
    Flag.OUTLIER: "时长远超他人，待核实",
}


def silence(kind: Kind, flag: Flag, weight: int, month: int, portrait_month: int, rule: EvidenceRule) -> str:
    """Why a record says nothing about a level on the month of the portrait; "" when it counts."""
    if kind is Kind.SELF_RATING:
        return "自评不计入水平"
    if kind not in SCORED or not rule.reliability.get(kind, 0.0):
        return "这类记录不计入水平"
    if flag & Flag.REFUSED:
        return "存疑，核实后不予认可"
    for doubt, why in DOUBT_ZH.items():
        if flag & doubt:
            return why
    if not flag & Flag.SCORED:
        return "没有成绩"
    if not weight:
        return "来源给的权重为 0"
    if not month:
        return "没有日期，不能折算"
    return "晚于画像日期" if month > portrait_month else ""


@dataclass(frozen=True)
class EvidenceItem:
    """One record behind a figure and exactly what it did to it.

    `weight` = reliability × alignment × quality. `contribution` = weight · discount · (value − μ) / (κ + Σwd), for a
    dimension divided by its number of estimated indicators; with μ the contributions add up to the level. It is None
    where no level is stated, and 0 for a record that is kept but does not count (`reason` says why).
    """

    record: bytes
    indicator: str
    time: datetime | None
    month: int  # 0 = undated
    source: str
    course: int  # 0 when the record names only a class
    course_title: str  # of the class where there is no course
    item: str
    kind: Kind
    score: float | None  # as it came
    score_max: float | None
    value: float | None  # on 0..1; None when the record holds no score
    reliability: float
    alignment: float
    quality: float
    discount: float
    contribution: float | None
    reason: str  # why it counts nothing; "" when it counts
    rule: str
    batch: int
    file: str
    line: int
    called: str = (
        ""  # what statements call an item that is known by an address; "" where the item says it itself
    )

    @property
    def weight(self) -> float:
        return self.reliability * self.alignment * self.quality

    @property
    def counted(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class Explanation:
    """A figure taken apart: `mean` + Σ contribution = `level` (None where no level is stated)."""

    node: str
    level: float | None
    mean: float | None  # μ, what is expected of the group before any evidence
    kappa: float | None  # the weight of that expectation; None for a dimension
    basis: str  # whose mean: stage | all | rule
    items: tuple[EvidenceItem, ...]  # newest first
    rule: str


@dataclass(frozen=True)
class RecordItem:
    """One record of a teacher, as the evidence page lists it."""

    record: bytes
    time: datetime | None
    month: int  # 0 = undated
    source: str
    account: int
    course: int
    course_title: str
    theme: str
    run: int
    class_name: str
    item: str
    kind: Kind
    score: float | None
    score_max: float | None
    count: int
    seconds: int
    hours: float  # 学时
    flag: Flag
    batch: int
    file: str
    line: int
    outside: bool = False  # a sign-in on a day that is none of its class's
    returned: bool = False  # somebody has looked at it and did not confirm it
    corrected: bool = False  # somebody had decided on it before it was corrected to say something else
    spot: int = 0  # the line with its column, see portrait.record.COLUMN_STEP
    called: str = (
        ""  # what statements call an item that is known by an address; "" where the item says it itself
    )

    @property
    def doubtful(self) -> bool:
        return bool(self.flag & DOUBTFUL)

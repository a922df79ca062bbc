"""What a portrait says of one teacher on one day. Every figure is an Estimate; no bare float leaves this module."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portrait.evidence import Band, EvidenceRule, evidence_rule


class State(StrEnum):
    """Never merged into one another: blank is not zero and thin is not low."""

    NONE = "none"  # 暂无证据
    THIN = "thin"  # 证据不足
    ESTIMATED = "estimated"
    RECORD = "record"  # record-only or evidence list: facts, never a level


STATE_ZH = {
    State.NONE: "暂无证据",
    State.THIN: "证据不足",
    State.ESTIMATED: "已有估计",
    State.RECORD: "只记录",
}


@dataclass(frozen=True)
class Estimate:
    """One figure with its uncertainty. `level`, `low`, `high` are on 0..1 and None unless estimated."""

    node: str
    state: State
    level: float | None
    low: float | None
    high: float | None
    n: int
    weight: float  # discounted Σwd
    sources: int
    last: date | None  # first day of the month of the newest evidence
    as_of: date
    rule: str
    alignment: float | None = None  # mean of the evidence, 0..1; None unless estimated
    mixed: float = 0.0  # share of the interval's variance that comes of partial alignment


@dataclass(frozen=True)
class Portrait:
    """All figures of one teacher, by node code; every scored or listed node of the framework is present."""

    person: int
    as_of: date
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class Gap:
    """How far a level is from what is expected. `verdict`: unknown (diagnose first) | below | unsure | met.

    below and met are said only when the whole interval lies on one side of the standard.
    """

    node: str
    standard: float
    distance: float | None  # standard − level; positive = short of it; None unless estimated
    verdict: str


@dataclass(frozen=True)
class Doubt:
    """One cause of a wide interval, with the number behind it. `code`: few | old | one_sided | mixed."""

    code: str
    zh: str
    number: float


def band(level: float, rule: EvidenceRule | None = None) -> Band:
    """The named level that a point on 0..1 lies in."""
    bands = (rule or evidence_rule()).bands
    return next(b for b in reversed(bands) if level >= b.low or b is bands[0])


def wording(estimate: Estimate) -> str:
    """The level in words, only as firm as its interval allows: “熟练，可能已到引领”."""
    if estimate.level is None or estimate.low is None or estimate.high is None:
        return STATE_ZH[estimate.state]
    here, low, high = band(estimate.level), band(estimate.low), band(estimate.high)
    if low == here == high:
        return here.zh
    if low == here:
        return f"{here.zh}，可能已到{high.zh}"
    if high == here:
        return f"{here.zh}，也可能在{low.zh}"
    return f"{here.zh}，可能在{low.zh}到{high.zh}之间"


def gap(estimate: Estimate, standard: float) -> Gap:
    if estimate.level is None or estimate.low is None or estimate.high is None:
        return Gap(estimate.node, standard, None, "unknown")
    verdict = "below" if estimate.high < standard else "met" if estimate.low >= standard else "unsure"
    return Gap(estimate.node, standard, standard - estimate.level, verdict)


def why_unsure(estimate: Estimate, rule: EvidenceRule | None = None) -> list[Doubt]:
    """What makes a figure uncertain: few, old, one-sided or partly aligned evidence, the worst first. Empty without evidence."""
    rule = rule or evidence_rule()
    found: list[tuple[float, Doubt]] = []
    if estimate.state not in (State.THIN, State.ESTIMATED):
        return []
    enough = 3 * rule.thin_weight
    if estimate.weight < enough:
        found.append(
            (
                1 - estimate.weight / enough,
                Doubt("few", f"证据少：{estimate.n} 条，折合权重 {estimate.weight:.1f}", estimate.weight),
            )
        )
    if estimate.sources < rule.thin_sources:
        found.append(
            (1.0, Doubt("one_sided", f"来源单一：只有 {estimate.sources} 个独立来源", estimate.sources))
        )
    if estimate.last is None:
        found.append((1.0, Doubt("old", "证据没有日期，不能折算", 0.0)))
    else:
        months = (estimate.as_of.year - estimate.last.year) * 12 + estimate.as_of.month - estimate.last.month
        if months >= rule.half_life / 2:
            found.append(
                (
                    1 - rule.discount(months),
                    Doubt("old", f"证据旧：最近一条在 {months} 个月前", float(months)),
                )
            )
    if estimate.alignment is not None and estimate.mixed >= rule.mixed:
        share = f"证据所属课程平均只有 {estimate.alignment:.0%} 对应这里"
        found.append((estimate.mixed, Doubt("mixed", f"对应不专：{share}", estimate.alignment)))
    return [doubt for _, doubt in sorted(found, key=lambda pair: -pair[0])]

"""What each of a teacher's records counted for: levels of indicators, hours, days and themes, or nothing, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.name import node_name
from portrait.evidence import EvidenceItem, RecordItem
from portrait.explain import explanations
from portrait.framework import dimensions
from portrait.hours import Compliance, compliance, unconfirmed
from portrait.record import SCORED, Kind
from portrait.site import Site


@dataclass(frozen=True)
class Use:
    """One record's uses. `items` are its lines under indicators, `hours` what it adds to the ledger, `day` an off-site day."""

    record: RecordItem
    items: tuple[EvidenceItem, ...] = ()
    hours: float = 0.0
    days: float = 0.0
    themes: float = 0.0

    @property
    def weight(self) -> float:
        """Before discount, over all indicators; 0 where nothing of it counts."""
        return sum(item.weight for item in self.items if item.counted and item.value is not None)

    @property
    def dimensions(self) -> frozenset[str]:
        return frozenset(item.indicator.split(".")[0] for item in self.items)


def uses(site: Site, person: int, records: Sequence[RecordItem]) -> list[Use]:
    """In the order of `records`, which are all of the person's."""
    behind: dict[bytes, list[EvidenceItem]] = {}
    for found in explanations(site, person, dimensions()).values():
        for item in found.items:
            behind.setdefault(item.record, []).append(item)
    ledger = _ledger(compliance(records, site.today))
    return [
        Use(record, tuple(behind.get(record.record, ())), **ledger.get(record.record, {}))
        for record in records
    ]


def _ledger(strip: Compliance) -> Mapping[bytes, dict[str, float]]:
    found: dict[bytes, dict[str, float]] = {}
    for name, one in (("hours", strip.hours), ("days", strip.offsite), ("themes", strip.themes)):
        for item in one.items:
            if item.value:
                found.setdefault(item.record.record, {})[name] = item.value
    return found


def said(use: Use) -> str:
    """What a record counted for, in one line."""
    words = []
    counted = [item for item in use.items if item.counted]
    moved = [item for item in counted if item.contribution is not None and item.value is not None]
    waiting = [item for item in counted if item.contribution is None and item.value is not None]
    facts = [item for item in counted if item.value is None]
    words += [
        gettext("{name} {points} 分", name=node_name(item.indicator), points=_points(item)) for item in moved
    ]
    if waiting:
        words.append(gettext("{names}：已计入，还不够下结论", names=_names(waiting)))
    if facts:
        words.append(gettext("{names}：列为事实", names=_names(facts)))
    if use.hours:
        words.append(gettext("{n} 学时", n=format.decimal(use.hours)))
    if use.days:
        words.append(gettext("外出集中 1 天"))
    if use.themes:
        words.append(gettext("通识主题"))
    return gettext("；").join(words) or gettext("没有计入：{reason}", reason=_silence(use))


def _points(item: EvidenceItem) -> str:
    return format.signed((item.contribution or 0.0) * 100, 2)


def _names(items: Sequence[EvidenceItem]) -> str:
    return gettext("、").join(node_name(item.indicator) for item in items)


def _silence(use: Use) -> str:
    for item in use.items:
        if item.reason:
            return gettext(item.reason)
    record = use.record
    if record.doubtful:
        return gettext("有疑点，待核实")
    if why := unconfirmed(record.kind, record.flag, record.returned, corrected=record.corrected):
        return gettext(why)
    if record.kind in SCORED:
        return gettext("课程没有对应到指标")
    if record.kind in (Kind.VIEW, Kind.VIDEO, Kind.FORUM):
        return gettext("学习时长不代表水平")
    if record.kind is Kind.SELF_RATING:
        return gettext("自评不计入水平")
    return gettext("只是过程记录")

"""What is due and what is overdue, from the classes and quotas as registered; each with its number and its clause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from portrait.programme.deadline import deadline, selection_due
from portrait.programme.tally import Fill
from portrait.programme.training_class import TrainingClass

SOON = timedelta(days=14)
WORDS = {
    "quota": ("名额没有选派足", "通知四（二）8 月 31 日前完成遴选，足额完成下达指标"),
    "unscheduled": ("没有报开班时间", "通知四（六）8 月 30 日前报送具体开班时间"),
    "arrival": ("已开班，没有一人登记报到", "通知四（六）报到、注册和管理"),
    "graduation": ("已结束，没有登记结业", "通知四（八）结业率通报"),
    "late": ("计划结束晚于项目期限", "通知三 原则上 12 月 31 日前完成"),
    "ending": ("两周内结束，准备结业登记", "通知四（六）精准记录培训数据"),
    "starting": ("两周内开班", "通知四（六）开班前一周报送通知书和课程表"),
}


class Counted(Protocol):
    """What `dues` needs of a class and its head counts."""

    @property
    def training_class(self) -> TrainingClass: ...
    @property
    def places(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def arrived(self) -> int: ...
    @property
    def closed(self) -> date | None: ...


@dataclass(frozen=True)
class Due:
    """One line of the board. `when` is the earliest day on which one of the things was or is due."""

    code: str
    count: int
    when: date
    classes: tuple[int, ...]  # ids, where the line is about classes

    @property
    def what(self) -> str:
        return WORDS[self.code][0]

    @property
    def cite(self) -> str:
        return WORDS[self.code][1]

    def overdue(self, as_of: date) -> bool:
        return self.when < as_of


def dues(classes: Iterable[Counted], fill: Fill, year: int | None, as_of: date) -> list[Due]:
    """The lines that hold something, overdue ones first, then by day.

    The quota line counts places as capped by sub-project and area (`fill`), not by class.
    """
    hits: dict[str, list[tuple[date, int]]] = {}
    quota_days: list[date] = []
    for count in classes:
        one = count.training_class
        if one.starts is None:
            hits.setdefault("unscheduled", []).append((deadline("opening", year or as_of.year), one.id))
            continue
        if count.places > count.sent:
            quota_days.append(selection_due(one.starts))
        for code, day in _states(count, as_of):
            hits.setdefault(code, []).append((day, one.id))
    found = [
        Due(code, len(items), min(day for day, _ in items), tuple(number for _, number in items))
        for code, items in hits.items()
    ]
    if fill.gap > 0:
        day = min(quota_days, default=deadline("selection", year or as_of.year))
        found.append(Due("quota", fill.gap, day, ()))
    return sorted(found, key=lambda due: (not due.overdue(as_of), due.when, due.code))


def _states(count: Counted, as_of: date) -> Iterable[tuple[str, date]]:
    one = count.training_class
    assert one.starts is not None
    if one.starts <= as_of and count.sent and not count.arrived:
        yield "arrival", one.starts
    if as_of < one.starts <= as_of + SOON:
        yield "starting", one.starts
    if one.ends is None:
        return
    if one.ends < as_of and count.arrived and count.closed is None:
        yield "graduation", one.ends
    if as_of <= one.ends <= as_of + SOON and one.starts <= as_of:
        yield "ending", one.ends
    if one.due is not None and one.ends > one.due:
        yield "late", one.due

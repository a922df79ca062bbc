"""The compliance strip of a teacher: hours of the cycle, off-site days, general themes, each with its rule and the items behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from portrait import clock
from portrait.evidence import RecordItem
from portrait.record import DOUBTFUL, Flag, Kind
from portrait.resource import read_code, read_yaml

CHINA = clock.CHINA  # a day of attendance is a day there
FINISHED = (Kind.COMPLETE, Kind.CERTIFICATE)


@dataclass(frozen=True)
class HoursRule:
    """What data/rules/hours.yaml says."""

    version: str
    cycle_start: date
    cycle_years: int
    targets: dict[str, int]  # hours | offsite | themes
    sentences: dict[str, str]
    cites: dict[str, str]
    credited: tuple[Kind, ...]
    verified: tuple[Kind, ...]  # of these only what somebody has confirmed counts

    def cycle(self, day: date) -> tuple[date, date]:
        """First and last day of the cycle that a day lies in."""
        start = self.cycle_start
        number = (
            day.year - start.year - ((day.month, day.day) < (start.month, start.day))
        ) // self.cycle_years
        first = start.replace(year=start.year + number * self.cycle_years)
        return first, first.replace(year=first.year + self.cycle_years) - timedelta(days=1)


@cache
def hours_rule() -> HoursRule:
    said = read_yaml("rules/hours.yaml")
    return HoursRule(
        said["version"],
        said["cycle_start"],
        int(said["cycle_years"]),
        {
            "hours": int(said["total_hours"]),
            "offsite": int(said["offsite_days"]),
            "themes": int(said["themes"]),
        },
        {name: rule["zh"] for name, rule in said["rules"].items()},
        {name: rule["cite"] for name, rule in said["rules"].items()},
        tuple(Kind[name.upper()] for name in said["credited"]),
        tuple(Kind[name.upper()] for name in said["verified"]),
    )


@dataclass(frozen=True)
class LedgerItem:
    """One record as a requirement reads it. `value` is what it adds: hours, a day, a theme; 0 with the reason."""

    record: RecordItem
    day: date | None
    value: float
    what: str  # name of the course, class or activity; of the theme
    reason: str  # why it adds nothing; "" when it counts


@dataclass(frozen=True)
class Requirement:
    """One figure of the strip: value of target, the rule's own words, and every item that could have counted."""

    code: str  # hours | offsite | themes
    value: float
    target: int
    rule: str
    cite: str
    version: str
    items: tuple[LedgerItem, ...]  # newest first
    parts: dict[str, float]  # hours by kind of record; completed themes by code; empty for days

    @property
    def met(self) -> bool:
        return self.value >= self.target


@dataclass(frozen=True)
class Compliance:
    first: date
    last: date
    as_of: date
    hours: Requirement
    offsite: Requirement
    themes: Requirement


def compliance(records: Iterable[RecordItem], today: date, rule: HoursRule | None = None) -> Compliance:
    """The strip on a day, from all records of a teacher. Only what happened in the cycle up to that day counts."""
    rule = rule or hours_rule()
    first, last = rule.cycle(today)
    held = sorted(records, key=lambda record: (record.time is None, record.time, record.record))
    window = (first, min(last, today))
    return Compliance(
        first,
        last,
        today,
        _hours(held, window, rule),
        _offsite(held, window, rule),
        _themes(held, window, rule),
    )


def unconfirmed(
    kind: Kind, flag: Flag, returned: bool, rule: HoursRule | None = None, *, corrected: bool = False
) -> str:
    """Why a record counts nothing before somebody has confirmed it; "" where somebody has, or nobody needs to."""
    if kind not in (rule or hours_rule()).verified or flag & Flag.VERIFIED:
        return ""
    if corrected:
        return "已更正，还没有人重新确认"
    return "退回了，没有确认" if returned else "还没有人确认"


def day_of(record: RecordItem) -> date | None:
    return record.time.astimezone(CHINA).date() if record.time else None


def _hours(records: list[RecordItem], window: tuple[date, date], rule: HoursRule) -> Requirement:
    """Hours of finished courses once per course, of activities once per activity and day, of sign-ins once per class and day.

    Hours on sign-in sheets of a class are part of the hours that finishing it gives.
    """
    finished = {
        record.run
        for record in records
        if record.kind in FINISHED and record.hours and record.run and not _outside(record, window)
    }
    items, seen = [], set[tuple[object, ...]]()
    for record in records:
        if not record.hours:
            continue
        study = record.course or record.run
        key: tuple[object, ...] = (study or record.item,)
        if record.kind is Kind.ATTENDANCE:
            key = (record.kind, study, day_of(record))
        elif record.kind is Kind.ACTIVITY:
            # Handed in with a proof and listed by the office: named by a course in one and not in the other.
            key = (record.kind, record.item or study, day_of(record))
        elif record.kind not in FINISHED:
            key = (record.kind, study, record.item, day_of(record))
        reason = _outside(record, window)
        if not reason and record.kind not in rule.credited:
            reason = "这类记录不计学时"
        reason = reason or unconfirmed(
            record.kind, record.flag, record.returned, rule, corrected=record.corrected
        )
        if not reason and record.kind is Kind.ATTENDANCE and record.run in finished:
            reason = "已含在班次的结业学时里"
        if not reason and key in seen:
            reason = "同一项学习已经计过学时"
        if not reason:
            seen.add(key)
        items.append(_item(record, 0.0 if reason else record.hours, _name(record), reason))
    parts: dict[str, float] = {}
    for item in items:
        if not item.reason:
            code = item.record.kind.name.lower()
            parts[code] = parts.get(code, 0.0) + item.value
    return _requirement("hours", items, parts, rule)


def _offsite(records: list[RecordItem], window: tuple[date, date], rule: HoursRule) -> Requirement:
    items, seen = [], set[date | None]()
    for record in records:
        if record.kind is not Kind.ATTENDANCE or not record.flag & Flag.OFFSITE:
            continue
        day, reason = day_of(record), _outside(record, window)
        if not reason and not record.flag & Flag.FACE:
            reason = "不是集中面授"
        if not reason and not record.flag & Flag.VERIFIED:
            reason = "签到未核验"
        if not reason and day in seen:
            reason = "同一天已经计过"
        if not reason:
            seen.add(day)
        items.append(_item(record, 0.0 if reason else 1.0, _name(record), reason))
    return _requirement("offsite", items, {}, rule)


def _themes(records: list[RecordItem], window: tuple[date, date], rule: HoursRule) -> Requirement:
    known = read_code("general_courses")
    items, parts = [], dict[str, float]()
    for record in records:
        if record.kind not in FINISHED or record.theme not in known:
            continue
        reason = _outside(record, window)
        if not reason and record.theme in parts:
            reason = "这个主题已经完成过"
        if not reason:
            parts[record.theme] = 1.0
        items.append(_item(record, 0.0 if reason else 1.0, known[record.theme]["zh"], reason))
    return _requirement("themes", items, parts, rule)


def _outside(record: RecordItem, window: tuple[date, date]) -> str:
    day = day_of(record)
    if record.flag & DOUBTFUL:
        return "有疑点，待核实"
    if day is None:
        return "没有日期，不知道属于哪个周期"
    if day < window[0]:
        return "不在本周期"
    return "在今天之后" if day > window[1] else ""


def _name(record: RecordItem) -> str:
    return (
        (record.item if record.kind is Kind.ACTIVITY else "")
        or record.course_title
        or record.class_name
        or record.item
    )


def _item(record: RecordItem, value: float, what: str, reason: str) -> LedgerItem:
    return LedgerItem(record, day_of(record), value, what, reason)


def _requirement(code: str, items: list[LedgerItem], parts: dict[str, float], rule: HoursRule) -> Requirement:
    return Requirement(
        code,
        sum(item.value for item in items),
        rule.targets[code],
        rule.sentences[code],
        rule.cites[code],
        rule.version,
        tuple(reversed(items)),
        parts,
    )

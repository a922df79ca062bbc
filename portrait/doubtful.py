"""Doubtful records as readers decide on them: by rule, with the numbers, in the reader's scope."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portrait.errors import AccessRefused, InputError, NotFound
from portrait.hours import CHINA
from portrait.record import DOUBTFUL, FOUND_BY, Flag, Kind, row_of
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.name import account_names, arrival_days, batch_names, class_names, course_names
from portrait.store.ruling import rulings_on
from portrait.store.trainee import listed_accounts
from portrait.store.training import class_numbers
from portrait.withdrawal import EPOCH, newest, rule_on

RULES: dict[str, tuple[Flag, str]] = {
    "speed": (Flag.SPEED, "学得异常快"),
    "future": (Flag.FUTURE, "时间晚于入库"),
    "parallel": (Flag.PARALLEL, "同时看两处"),
    "idle": (Flag.IDLE, "只挂着不参与"),
    "same": (Flag.SAME, "答案和节奏相同"),
    "sleepless": (Flag.SLEEPLESS, "昼夜不停"),
    "outlier": (Flag.OUTLIER, "时长远超常人"),
}
STATES = {"open": "待核实", "cleared": "认可", "refused": "不认可"}
DECISIONS = {"clear": "cleared", "refuse": "refused", "reopen": "open"}


@dataclass(frozen=True)
class Doubt:
    """A record that somebody should look at, and what made it doubtful."""

    record: bytes
    rules: tuple[str, ...]
    numbers: Mapping[str, Mapping[str, int]]  # rule → what it counted
    state: str  # open | cleared | refused
    waiting: bool  # decided, and the figures follow with the next refresh
    source: str
    account: str  # as shown, masked; of trainees whom the reader may list, and for who decides on all records
    person: int | None  # as the account
    name: str  # only of trainees whom the reader may list: administrators see no one's learning, providers that of their time
    course_title: str
    class_name: str
    item: str
    kind: Kind
    time: datetime | None
    seconds: int
    batch: int
    file: str
    line: int
    spot: int = 0  # the line with its column, see portrait.record.COLUMN_STEP


def doubts(site: Site, scope: Scope, *, rule: str = "", state: str = "open", limit: int = 500) -> list[Doubt]:
    """The doubtful records that a reader may decide on, the newest first. Raises InputError for a rule or state that there is not."""
    return _told(site, scope, _rows(site, _where(site, scope, rule, state), limit))


def doubt_of(site: Site, scope: Scope, record: bytes) -> Doubt:
    """The doubtful record of this id, decided on or not. Raises NotFound for one that the reader may not decide on."""
    theirs = " OR ".join(f"({_where(site, scope, '', state)})" for state in STATES)
    found = _told(site, scope, _rows(site, f"r.id = unhex('{record.hex()}') AND ({theirs})", 1))
    if not found:
        raise NotFound("没有这条记录")
    return found[0]


def _told(site: Site, scope: Scope, found: list[dict[str, Any]]) -> list[Doubt]:
    with site.registry.connect() as connection:
        words = rulings_on(connection, {row["id"] for row in found}) if found else []
    decided = {one.record: one.said for one in words if one.said in DECISIONS}  # the newest of each
    accounts = account_names(site.registry, {row["account"] for row in found})
    courses = course_names(site.registry, {row["course"] for row in found} - {0})
    classes = class_names(site.registry, {row["run"] for row in found} - {0})
    batches = batch_names(site.registry, {row["batch"] for row in found})
    arrived = arrival_days(site.registry, {row["batch"] for row in found})
    listed = listed_accounts(site.registry, scope, {row["account"] for row in found if row["run"]})
    all_accounts = _all(scope)
    made = []
    for row in found:
        flag, account = Flag(row["flag"]), accounts.get(row["account"])
        course, batch = courses.get(row["course"]), batches.get(row["batch"])
        named = (row["run"], row["account"]) in listed
        shown = account if named or all_accounts else None
        now = _state(flag)
        said = decided.get(row["id"])
        then = DECISIONS[said] if said else "open"
        made.append(
            Doubt(
                row["id"],
                tuple(name for name, (bit, _) in RULES.items() if flag & bit),
                {
                    **_own_numbers(row, flag, arrived.get(row["batch"])),
                    **{name: json.loads(row[name]) for name in RULES if row.get(name)},
                },
                then,
                then != now,
                account.source if account else "",
                shown.shown if shown else "",
                shown.person if shown else None,
                shown.name if shown and named else "",
                course.title if course else "",
                classes.get(row["run"], ("", None))[0],
                row["item"],
                Kind(row["kind"]),
                None if row["time"] is None else EPOCH + timedelta(microseconds=row["time"]),
                row["seconds"],
                batch.number if batch else row["batch"],
                batch.file if batch else "",
                row_of(row["line"]),
                row["line"],
            )
        )
    return made


def _own_numbers(row: Mapping[str, Any], flag: Flag, arrived: date | None) -> dict[str, dict[str, int]]:
    """What a record's own columns say of the doubt that was seen as it came in."""
    found = {"speed": {"seconds": int(row["seconds"])}} if flag & Flag.SPEED else {}
    if flag & Flag.FUTURE and row["time"] is not None and arrived is not None:
        day = (EPOCH + timedelta(microseconds=row["time"])).astimezone(CHINA).date()
        found["future"] = {"days": (day - arrived).days}
    return found


def doubt_counts(site: Site, scope: Scope) -> dict[str, int]:
    """Open doubtful records by rule. A record that two rules found counts for both."""
    where = _where(site, scope, "", "open")
    columns = ", ".join(f"count(*) FILTER (r.flag & {int(bit)} <> 0)" for bit, _ in RULES.values())
    counts = site.pool.kept(f"SELECT {columns} FROM record r WHERE {where}")[0]
    return {name: int(count) for name, count in zip(RULES, counts, strict=True)}


def decide(site: Site, scope: Scope, said: str, records: Sequence[bytes], *, reason: str, by: str) -> int:
    """Say of doubtful records that they count (`clear`) or do not (`refuse`), or take that back (`reopen`); how many.

    Raises AccessRefused for a record outside the reader's scope, else as `rule_on`.
    """
    if said not in DECISIONS:
        raise InputError("没有决定“{said}”，可选：{choices}", said=said, choices="、".join(DECISIONS))
    listed = ", ".join(f"unhex('{one.hex()}')" for one in records) or "NULL"
    inside = {
        row[0]
        for row in site.pool.rows(
            f"SELECT r.id FROM record r WHERE r.id IN ({listed}) AND {_allowed(site, scope)}"
        )
    }
    # A record that is set aside is there too; why nothing can be decided on it is told to who decides on all.
    there = {one.id for one in newest(site, records)}
    lost = [one.hex() for one in records if one not in there]
    if lost:
        raise NotFound("没有编号为 {numbers} 的记录", numbers=lost)
    if not _all(scope) and set(records) - inside:
        raise AccessRefused("这些记录不在您的范围里")
    return rule_on(site, said, records, reason=reason, by=by, role=scope.actor.role.value)


def _state(flag: Flag) -> str:
    if flag & Flag.REFUSED:
        return "refused"
    return "open" if flag & DOUBTFUL else "cleared"


def _where(site: Site, scope: Scope, rule: str, state: str) -> str:
    if rule and rule not in RULES:
        raise InputError("没有规则“{rule}”，可选：{choices}", rule=rule, choices="、".join(RULES))
    if state not in STATES:
        raise InputError("没有状态“{state}”，可选：{choices}", state=state, choices="、".join(STATES))
    decided, doubtful = int(Flag.REFUSED), int(RULES[rule][0] if rule else DOUBTFUL)
    said = {
        "open": f"r.flag & {doubtful} <> 0 AND r.flag & {decided} = 0",
        "refused": f"r.flag & {decided} <> 0",
        "cleared": f"r.flag & {int(Flag.CLEARED)} <> 0 AND r.flag & {int(DOUBTFUL)} = 0",
    }[state]
    return f"{said} AND {_allowed(site, scope)}"


def _all(scope: Scope) -> bool:
    role = scope.actor.role
    return role is Role.ADMIN or (role is Role.OFFICE and not scope.actor.office)


def _allowed(site: Site, scope: Scope) -> str:
    """Administrators and the department decide on all, others on the records of their classes, teachers on none."""
    if _all(scope):
        return "true"
    if scope.actor.role not in (Role.OFFICE, Role.TRAINER):
        return "false"
    with site.registry.connect() as connection:
        own = class_numbers(connection, scope)
    return f"r.run IN ({', '.join(map(str, own)) or 'NULL'})"


def _rows(site: Site, where: str, limit: int) -> list[dict[str, Any]]:
    details = list(FOUND_BY)
    names = ["id", "batch", "line", "account", "course", "run", "item", "kind", "seconds", "flag"]
    found = site.pool.kept(
        f"SELECT {', '.join(f'r.{name}' for name in names)}, epoch_us(r.time), {', '.join(f'v.{one}' for one in details)} "
        f"FROM record r LEFT JOIN verdict v ON v.batch = r.batch AND v.line = r.line WHERE {where} "
        f"ORDER BY r.time DESC NULLS LAST, r.id LIMIT {int(limit)}"
    )
    return [dict(zip([*names, "time", *details], row, strict=True)) for row in found]

"""The way back: every record behind a figure with exactly what it did to it, and all records of a teacher."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portrait.confirmation import split
from portrait.estimate import Prior
from portrait.evidence import EvidenceItem, EvidenceRule, Explanation, RecordItem, evidence_rule, silence
from portrait.framework import indicators, indicators_of
from portrait.hours import CHINA, FINISHED, Compliance, compliance, hours_rule, unconfirmed
from portrait.level import Priors
from portrait.portrait import Estimate, State
from portrait.reading import as_of, links_of, portrait_of, priors
from portrait.record import DOUBTFUL, SCORED, UNIT, Flag, Kind, Standing, month_number, row_of
from portrait.site import Site
from portrait.store.decided import decided_records
from portrait.store.name import (
    BatchName,
    CourseName,
    accounts_of,
    alignments_of,
    batch_days,
    batch_names,
    class_names,
    course_names,
    meant_courses,
)
from portrait.store.reach import class_spans
from portrait.store.ruling import rulings_on
from portrait.xapi.name import activity_names

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = (
    "id, batch, line, account, course, run, item, kind, epoch_us(time), score, score_max, value, weight, count, seconds, "
    "credit, flag, month, own"
)


def explanation(site: Site, person_id: int, node: str) -> Explanation:
    """A figure of the newest portrait taken apart. A dimension is the mean of its estimated indicators."""
    return explanations(site, person_id, [node])[node]


def explanations(site: Site, person_id: int, wanted: Collection[str]) -> dict[str, Explanation]:
    """Several figures taken apart in one reading of the records."""
    rule, known = evidence_rule(), priors(site)
    accounts, stage = links_of(site, person_id)
    under = {node: _under(node) for node in wanted}
    codes = sorted({code for some in under.values() for code in some})
    items = _items(site, accounts, codes, rule)
    states = portrait_of(site, person_id).estimates
    return {
        node: _explained(node, [one for one in items if one.indicator in some], states, known, stage, rule)
        for node, some in under.items()
    }


def _under(node: str) -> list[str]:
    return [node] if node in indicators() else [one.code for one in indicators_of(node)]


def _explained(
    node: str,
    items: list[EvidenceItem],
    states: Mapping[str, Estimate],
    known: Priors,
    stage: str,
    rule: EvidenceRule,
) -> Explanation:
    codes = _under(node)
    if not indicators()[codes[0]].scored:
        return Explanation(node, None, None, None, "", tuple(items), rule.version)
    firm = [code for code in codes if states[code].state is State.ESTIMATED]
    parts = {
        code: _solved(code, [one for one in items if one.indicator == code], _prior(known, code, stage))
        for code in firm
    }
    shared = [
        replace(item, contribution=item.contribution / len(firm) if item.contribution is not None else None)
        for part in parts.values()
        for item in part.items
    ]
    rest = [item for item in items if item.indicator not in firm]
    if not firm:
        return Explanation(node, None, None, None, "", tuple(rest), rule.version)
    ordered = sorted(shared + rest, key=_newest, reverse=True)
    return Explanation(
        node,
        sum(part.level for part in parts.values() if part.level is not None) / len(firm),
        sum(part.mean for part in parts.values() if part.mean is not None) / len(firm),
        parts[node].kappa if node in parts else None,
        parts[node].basis if node in parts else "",
        tuple(ordered),
        rule.version,
    )


def records_of(
    site: Site,
    person_id: int,
    *,
    kinds: Collection[Kind] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[RecordItem]:
    """The records of all accounts of a person, newest first."""
    accounts = {number: source for number, (_, source) in accounts_of(site.registry, [person_id]).items()}
    rows = _rows(site, accounts, kinds, limit, offset)
    named = _Names.of(site, rows)
    # By record, not by person: a claim keeps the person it was made of, a record goes where its account goes.
    decided = _decided(site, accounts, rows)
    signed = {row["run"] for row in rows if row["kind"] == Kind.ATTENDANCE} - {0}
    spans = class_spans(site.registry, signed)
    return [
        RecordItem(
            row["id"],
            row["time"],
            row["month"],
            accounts[row["account"]],
            row["account"],
            row["course"],
            named.title(row),
            named.theme(row),
            row["run"],
            named.classes.get(row["run"], ("", None))[0],
            row["item"],
            Kind(row["kind"]),
            row["score"],
            row["score_max"],
            row["count"],
            row["seconds"],
            row["credit"] / 100,
            decided.flag(row),
            named.number(row),
            named.file(row),
            row_of(row["line"]),
            returned=decided.of(row) == "returned",
            corrected=row["id"] in decided.stale,
            outside=row["kind"] == Kind.ATTENDANCE
            and row["run"] in spans
            and spans[row["run"]].outside(row["time"].astimezone(CHINA).date() if row["time"] else None),
            spot=row["line"],
            called=named.called(row),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class _Decisions:
    """What was decided on some records: what holds, and what is about the record as it was before a correction."""

    holding: Mapping[bytes, str]  # record → confirmed | returned
    stale: Collection[bytes]

    def of(self, row: Mapping[str, Any]) -> str:
        return self.holding.get(row["id"], "")

    def flag(self, row: Mapping[str, Any]) -> Flag:
        """A record's flags with what was decided on it last, whether a refresh has followed that or not."""
        verified = Flag.VERIFIED if self.of(row) == "confirmed" else Flag(row["own"]) & Flag.VERIFIED
        return Flag(row["flag"]) & ~(Flag.VERIFIED | Flag.CONFIRMED) | verified


def _decided(site: Site, accounts: Collection[int], rows: Collection[dict[str, Any]]) -> _Decisions:
    """What somebody has decided on those of these records that have to be confirmed."""
    asked = {row["id"] for row in rows if row["kind"] in hours_rule().verified}
    found = decided_records(site.registry, asked)
    near = (
        site.pool.part("record", bucket={number % site.lake.buckets for number in accounts}) if found else ""
    )
    holding, stale = split(site, found, among=near)
    return _Decisions({record: one.state for record, one in holding.items()}, stale.keys())


@dataclass(frozen=True)
class SetAside:
    """A record, or a version of one, that counts no more: what it was, why, when and by whom."""

    record: bytes
    state: Standing
    time: datetime | None
    source: str
    course_title: str
    item: str
    kind: Kind
    score: float | None
    score_max: float | None
    batch: int
    file: str
    line: int
    instead: int  # batch of the version that took its place; 0 = none
    reason: str  # of the withdrawal; "" where a newer version or the source itself says it
    by: str
    at: datetime | None  # of the withdrawal, else when the newer version came in
    absent: bool = False  # the version that took its place says that nobody was there
    spot: int = 0  # the line with its column, see portrait.record.COLUMN_STEP
    called: str = (
        ""  # what statements call an item that is known by an address; "" where the item says it itself
    )


def set_aside_of(site: Site, person_id: int) -> list[SetAside]:
    """The records of a person that were withdrawn, voided by their source or replaced by a newer version; newest first."""
    accounts = {number: source for number, (_, source) in accounts_of(site.registry, [person_id]).items()}
    if not accounts:
        return []
    buckets = {number % site.lake.buckets for number in accounts}
    names = [
        "id",
        "batch",
        "line",
        "account",
        "course",
        "run",
        "item",
        "kind",
        "score",
        "score_max",
        "key_number",
        "flag",
    ]
    found = site.pool.kept(
        f"SELECT {', '.join(f'r.{name}' for name in names)}, epoch_us(r.time), v.state, v.instead "
        f"FROM {site.pool.landed(bucket=buckets)} r JOIN verdict v ON v.batch = r.batch AND v.line = r.line "
        f"WHERE v.state <> {int(Standing.COUNTS)} AND r.account IN ({', '.join(map(str, sorted(accounts)))}) "
        f"ORDER BY r.time DESC NULLS LAST, r.batch DESC, r.line DESC"
    )
    every = [dict(zip([*names, "time", "state", "instead"], row, strict=True)) for row in found]
    # That nobody was there is no record of its own: it is why another one does not count.
    nobody = {row["id"] for row in every if row["flag"] & Flag.ABSENT and row["state"] == Standing.VOID}
    rows = [row for row in every if not row["flag"] & Flag.ABSENT]
    named = _Names.of(site, rows)
    came = batch_days(site.registry, {row["instead"] or row["batch"] for row in rows})
    keys = {row["key_number"] for row in rows if row["key_number"] is not None}
    with site.registry.connect() as connection:
        said = [
            one for one in rulings_on(connection, {row["id"] for row in rows}, keys) if one.said == "void"
        ]
    made = []
    for row in rows:
        state = Standing(row["state"])
        word = next(
            (one for one in reversed(said) if one.record == row["id"] or one.key_number == row["key_number"]),
            None,
        )
        word = word if state is Standing.WITHDRAWN else None
        made.append(
            SetAside(
                row["id"],
                state,
                None if row["time"] is None else EPOCH + timedelta(microseconds=row["time"]),
                accounts[row["account"]],
                named.title(row),
                row["item"],
                Kind(row["kind"]),
                row["score"],
                row["score_max"],
                named.number(row),
                named.file(row),
                row_of(row["line"]),
                row["instead"],
                word.reason if word else "",
                word.by if word else "",
                word.at if word else came.get(row["instead"] or row["batch"]),
                row["id"] in nobody,
                row["line"],
                named.called(row),
            )
        )
    return made


def compliance_of(site: Site, person_id: int) -> Compliance:
    """The strip of hours, off-site days and themes of a person on the site's today."""
    kinds = {*hours_rule().credited, *FINISHED, Kind.ATTENDANCE}
    return compliance(records_of(site, person_id, kinds=kinds), site.today)


@dataclass(frozen=True)
class _Names:
    """The names behind the numbers of some records."""

    courses: dict[int, CourseName]
    classes: dict[int, tuple[str, int | None]]
    batches: dict[int, BatchName]
    activities: dict[str, str]

    @classmethod
    def of(cls, site: Site, rows: list[dict[str, Any]]) -> _Names:
        classes = class_names(site.registry, {row["run"] for row in rows} - {0})
        taught = {course for _, course in classes.values() if course}
        return cls(
            course_names(site.registry, {row["course"] for row in rows} - {0} | taught),
            classes,
            batch_names(site.registry, {row["batch"] for row in rows}),
            activity_names(site.registry, {row["item"] for row in rows}),
        )

    def called(self, row: dict[str, Any]) -> str:
        return self.activities.get(row["item"], "")

    def subject(self, row: dict[str, Any]) -> int:
        """The course that a record counts for: its own, else what its class teaches; 0 = none."""
        return row["course"] or self.classes.get(row["run"], ("", None))[1] or 0

    def title(self, row: dict[str, Any]) -> str:
        course = self.courses.get(self.subject(row))
        return course.title if course else self.classes.get(row["run"], ("", None))[0]

    def theme(self, row: dict[str, Any]) -> str:
        course = self.courses.get(self.subject(row))
        return course.theme if course else ""

    def file(self, row: dict[str, Any]) -> str:
        batch = self.batches.get(row["batch"])
        return batch.file if batch else ""

    def number(self, row: dict[str, Any]) -> int:
        """The batch in which the record's file came in."""
        batch = self.batches.get(row["batch"])
        return batch.number if batch else int(row["batch"])


def _rows(
    site: Site,
    accounts: Collection[int],
    kinds: Collection[Kind] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    if not accounts:
        return []
    part = site.pool.part("record", bucket={number % site.lake.buckets for number in accounts})
    names = COLUMNS.replace("epoch_us(time)", "time").split(", ")
    # All kinds at once: the files are opened for the sake of a few rows, and the same teacher's next page asks for the rest.
    found = site.pool.kept(
        f"SELECT {COLUMNS} FROM {part} WHERE account IN ({', '.join(str(one) for one in sorted(accounts))}) "
        f"ORDER BY month DESC, time DESC, seq DESC, id"
    )
    if kinds is not None:
        kind = names.index("kind")
        found = [row for row in found if row[kind] in kinds]
    if limit is not None:
        found = found[offset : offset + limit]
    # DuckDB hands zoned times over only where pytz is installed; whole microseconds need nothing.
    times = [None if row[8] is None else EPOCH + timedelta(microseconds=row[8]) for row in found]
    rows = [
        dict(zip(names, row, strict=True)) | {"time": time} for row, time in zip(found, times, strict=True)
    ]
    meant = meant_courses(site.registry, {row["course"] for row in rows} - {0})
    return [row | {"course": meant.get(row["course"], 0)} for row in rows]


def _kinds(code: str, rule: EvidenceRule) -> set[Kind]:
    """The kinds of records that can stand behind an indicator."""
    return {*SCORED, Kind.SELF_RATING} if indicators()[code].scored else set(rule.facts)


def _items(site: Site, accounts: dict[int, str], codes: list[str], rule: EvidenceRule) -> list[EvidenceItem]:
    """The records that could speak for these indicators, as they came: what they did to a level is not worked out."""
    kinds = {code: _kinds(code, rule) for code in codes}
    rows = _rows(site, accounts, {kind for some in kinds.values() for kind in some})
    named = _Names.of(site, rows)
    aligned = alignments_of(site.registry, {named.subject(row) for row in rows} - {0})
    now = month_number(as_of(site))
    waiting = _waiting(site, named, {row["batch"] for row in rows})
    decided = _decided(site, accounts, rows)
    found = []
    for row in rows:
        for code in codes:
            percent = aligned.get(named.subject(row), {}).get(code)
            if percent is None or row["kind"] not in kinds[code]:
                continue
            kind, flag, scored = Kind(row["kind"]), Flag(row["flag"]), indicators()[code].scored
            if scored:
                reason = silence(kind, flag, row["weight"], row["month"], now, rule)
                weight = rule.reliability.get(kind, 0.0), percent / 100, row["weight"] / UNIT
                if flag & DOUBTFUL:
                    weight = (weight[0], weight[1], 0.0)
                discount = rule.discount(now - row["month"]) if row["month"] else 0.0
            else:
                reason = "待核实" if flag & DOUBTFUL else "晚于画像日期" if row["month"] > now else ""
                weight, discount = (0.0, percent / 100, 0.0), 0.0
                asked = unconfirmed(
                    kind, flag, decided.of(row) == "returned", corrected=row["id"] in decided.stale
                )
                # Confirmed since the cells were made, they follow with the next refresh.
                reason = reason or (
                    "已确认，等下一次计算" if asked and decided.of(row) == "confirmed" else asked
                )
            if not reason and row["batch"] in waiting:
                reason = "已入库，等下一次计算"
            found.append(
                EvidenceItem(
                    row["id"],
                    code,
                    row["time"],
                    row["month"],
                    accounts[row["account"]],
                    row["course"],
                    named.title(row),
                    row["item"],
                    kind,
                    # A dimension without a level shows no marks either.
                    row["score"] if scored else None,
                    row["score_max"] if scored else None,
                    row["value"] / UNIT if scored and flag & Flag.SCORED else None,
                    *weight,
                    discount,
                    None,
                    reason,
                    rule.version,
                    named.number(row),
                    named.file(row),
                    row_of(row["line"]),
                    named.called(row),
                )
            )
    return found


def _waiting(site: Site, named: _Names, batches: Collection[int]) -> set[int]:
    """Those of the batches that the newest snapshot does not hold yet."""
    through = site.pool.mark("snapshot", "through") or 0
    return {
        number
        for number in batches
        if number > through
        and (
            number not in named.batches
            or site.pool.mark("snapshot", f"batch:{named.batches[number].key}") is None
        )
    }


def _prior(known: Priors, code: str, stage: str) -> Prior:
    prior: Prior = known[code].get(stage, known[code][""])
    return prior


def _solved(code: str, items: list[EvidenceItem], prior: Prior) -> Explanation:
    """One indicator: what each record moved its level by."""
    total = prior.kappa + sum(item.weight * item.discount for item in items if item.counted)
    moved = tuple(
        replace(
            item,
            contribution=item.weight * item.discount * (item.value - prior.mean) / total
            if item.counted and item.value is not None
            else 0.0,
        )
        for item in items
    )
    level = prior.mean + sum(item.contribution or 0.0 for item in moved)
    return Explanation(code, level, prior.mean, prior.kappa, prior.basis, moved, "")


def _newest(item: EvidenceItem) -> tuple[int, float]:
    return item.month, item.time.timestamp() if item.time else 0.0

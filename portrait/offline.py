"""Offline study and sign-ins with proof: handed in by a teacher or come in by a file, and confirmed or returned by another.

What is not confirmed keeps its place and counts for nothing. What a teacher hands in becomes a record when it is confirmed, and
comes in by the door like every other.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from portrait import clock
from portrait.errors import AccessRefused, InputError, NotFound
from portrait.explain import EPOCH
from portrait.hours import CHINA, hours_rule
from portrait.identity import account_number, identify, load_secret
from portrait.intake.archive import keep, place, sound
from portrait.intake.bench import staging_folder
from portrait.intake.door import intake
from portrait.intake.land import record_key
from portrait.proof import check_proof
from portrait.record import Flag, Kind
from portrait.resource import read_yaml
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.alias import are_one
from portrait.store.answer import own_person
from portrait.store.claim import (
    REASON_LIMIT,
    Claim,
    Proof,
    add_claim,
    add_proof,
    claim_of,
    claims_of,
    class_spans,
    decide_claim,
    decided_records,
    loose_proofs,
    may_decide,
    own_account,
    owners,
    proof_by,
    reach,
    settle_record,
)

MAPPING = "confirmed"
TITLE_LIMIT = 120
DECIDERS = (Role.SCHOOL, Role.TRAINER, Role.OFFICE)
MOST = 200  # unconfirmed records in a list
PAGE = 1000  # read at once
WAIT_SECONDS = 20.0
_HEADER = (
    "编号",
    "人员",
    "种类",
    "活动名称",
    "日期",
    "学时",
    "申报人",
    "申报时间",
    "证明材料",
    "确认人",
    "确认时间",
)


@dataclass(frozen=True)
class ClaimRule:
    """What data/rules/hours.yaml says of claims."""

    most_hours: float  # of one activity
    days: int  # how long after it an activity may be handed in
    waiting: int  # claims of one person that await a decision at a time
    proofs: int  # of one account that stand for no claim, among those of `proof_days`
    proof_days: int
    cite: str


def claim_rule() -> ClaimRule:
    said = read_yaml("rules/hours.yaml")["claim"]
    return ClaimRule(
        float(said["most_hours"]),
        int(said["days"]),
        int(said["waiting"]),
        int(said["proofs"]),
        int(said["proof_days"]),
        said["cite"],
    )


@dataclass(frozen=True)
class Waiting:
    """A record of the lake that counts for nothing until somebody confirms it. `outside`: its day is none of its class's."""

    record: bytes
    person_id: int
    person: str
    school: str
    class_id: int | None
    class_name: str
    kind: str
    title: str
    day: date | None
    hours: float
    outside: bool


def expect_proof(site: Site, scope: Scope) -> None:
    """Raises AccessRefused for who can hand in nothing, InputError for who has sent too many proofs that stand for no claim: what
    is archived stays for ever."""
    own_person(scope)
    _bounded(site, scope.actor.login)


def receive_proof(site: Site, path: Path, name: str, *, by: str) -> Proof:
    """The file, judged and archived as it is. Raises InputError for what is no proof, and for one too many."""
    _bounded(site, by)
    name = name.replace("\\", "/").rpartition("/")[2][-120:]
    kind = check_proof(path, name)
    size, content = path.stat().st_size, keep(site.archive, path)
    number = add_proof(site.registry, content=content, name=name, kind=kind, size=size, by=by, now=site.now)
    return Proof(number, content, name, kind, size, by)


def _bounded(site: Site, by: str) -> None:
    rule = claim_rule()
    if loose_proofs(site.registry, by, site.now - timedelta(days=rule.proof_days)) >= rule.proofs:
        raise InputError(
            "{days} 天里已有 {most} 份证明材料没有用在申报上，先用掉或过些天再传",
            days=rule.proof_days,
            most=rule.proofs,
        )


def hand_in(
    site: Site, scope: Scope, *, title: str, day: date | None, hours: float | None, proof: int | None
) -> int:
    """The number of a teacher's own claim of school-based study. Raises InputError naming what is wrong with it."""
    rule, person = claim_rule(), own_person(scope)
    title = " ".join(title.split())
    if not title or len(title) > TITLE_LIMIT:
        raise InputError("活动名称应为 1 到 {most} 个字", most=TITLE_LIMIT)
    if day is None or day > site.today:
        raise InputError("请填活动日期，不能晚于今天")
    if day < site.today - timedelta(days=rule.days):
        raise InputError("活动过去 {days} 天以上，不能再申报", days=rule.days)
    if hours is None or not 0 < hours <= rule.most_hours or round(hours * 100) != hours * 100:
        raise InputError("一次活动的学时应大于 0，不超过 {most}", most=f"{rule.most_hours:g}")
    if proof is None:
        raise InputError("请先上传证明材料")
    held = proof_by(site.registry, proof, scope.actor.login)
    before = claims_of(site.registry, scope)
    if any(
        one.title == title and one.day == day and one.state in ("submitted", "confirmed") for one in before
    ):
        raise InputError("这一天的这个活动已经申报过")
    if sum(one.state == "submitted" for one in before) >= rule.waiting:
        raise InputError("已有 {most} 项申报等着确认，等学校处理一些再提交", most=rule.waiting)
    return add_claim(
        site.registry,
        {
            "person_id": person,
            "kind": "activity",
            "title": title,
            "day": day,
            "hours": hours,
            "proof_id": held.id,
            "state": "submitted",
            "by": scope.actor.login[:60],
            "at": site.now,
        },
    )


def withdraw(site: Site, scope: Scope, number: int) -> None:
    """Take back what one has handed in oneself, while nobody has decided. Raises NotFound when there is nothing to take back."""
    claim = claim_of(site.registry, scope, number)
    if not are_one(site.registry, own_person(scope), claim.person_id) or not decide_claim(
        site.registry, number, "withdrawn", by=scope.actor.login, now=site.now, kept=_kept(number)
    ):
        raise NotFound("没有可以撤回的申报 {number}", number=number)


def proof_file(site: Site, scope: Scope | None, number: int) -> tuple[Claim, Proof, Path]:
    """The proof of a claim that the reader may see. Raises NotFound when there is none, InputError when the archive has lost it."""
    claim = claim_of(site.registry, scope, number)
    if claim.proof is None:
        raise NotFound("第 {number} 号申报没有证明材料", number=number)
    if not sound(site.archive, claim.proof.content):
        raise InputError("证明材料 {file} 不在存档里，请从备份恢复", file=claim.proof.name)
    return claim, claim.proof, place(site.archive, claim.proof.content)


def waiting_records(
    site: Site, scope: Scope | None, *, limit: int = MOST, only: bytes | None = None
) -> list[Waiting]:
    """Sign-ins and activities of the reader's people that came in unconfirmed and await a decision, newest first; of `only` this
    one record when it is one of them, decided or not. Those of unknown persons wait until it is known whose they are.

    `scope` is None for who runs a command.
    """
    kinds = ", ".join(str(int(kind)) for kind in hours_rule().verified)
    if not kinds or (scope is not None and scope.actor.role not in DECIDERS):
        return []
    column, ids = reach(site.registry, scope)
    where, given = f"kind IN ({kinds})", list[object]()
    if column:
        where, given = f"{where} AND {column} IN (SELECT unnest(?::BIGINT[]))", [sorted(ids)]
    decided = decided_records(site.registry)
    if only is None:
        where, given = f"{where} AND id NOT IN (SELECT unnest(?::BLOB[]))", [*given, sorted(decided)]
    else:
        where, given = f"{where} AND id = ?", [*given, only]
    if only is None or only not in decided:
        where += f" AND flag & {int(Flag.VERIFIED)} = 0"
    found, past = list[Waiting](), 0
    while len(found) < limit:
        rows = site.pool.kept(
            f"SELECT id, account, run, kind, item, epoch_us(time), credit FROM record WHERE {where} "
            f"ORDER BY month DESC, time DESC, id LIMIT {PAGE} OFFSET {past}",
            given,
        )
        found += _known(site, scope, column, rows)
        past += len(rows)
        if len(rows) < PAGE:
            break
    return found[:limit]


def _known(site: Site, scope: Scope | None, column: str, rows: Sequence[tuple[Any, ...]]) -> list[Waiting]:
    """Those of the rows whose person is known and the reader's to decide on."""
    whose = owners(site.registry, scope, {row[1] for row in rows})
    spans = class_spans(site.registry, {row[2] for row in rows} - {0})
    found = []
    for identifier, account, run, kind, item, moment, credit in rows:
        owner = whose.get((run if column == "run" else 0, account))
        if owner is None:
            continue
        span = spans.get(run)
        day = None if moment is None else (EPOCH + timedelta(microseconds=moment)).astimezone(CHINA).date()
        found.append(
            Waiting(
                bytes(identifier),
                owner.person_id,
                owner.person,
                owner.school,
                run if span else None,
                span.name if span else "",
                Kind(kind).name.lower(),
                item,
                day,
                credit / 100,
                bool(span and kind == Kind.ATTENDANCE and span.outside(day)),
            )
        )
    return found


def decide_record(
    site: Site, scope: Scope | None, record: bytes, state: str, reason: str = "", *, by: str
) -> Waiting:
    """Confirm or return a record that came in by a file; hours and days follow at once, the portrait with the next refresh.

    A reader (`scope`) decides on what nobody has decided on yet, who runs a command (None) may also say the opposite of what was
    decided. Raises NotFound for a record that is not the reader's to decide on, InputError where nothing is left to decide.
    """
    _check(scope, state, reason)
    before = decided_records(site.registry).get(record, "")
    row = next(iter(waiting_records(site, scope, only=record)), None)
    if row is None or (scope is not None and before):
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    if before == state:
        raise InputError("记录 {number} 已经处理过了，没有新的", number=record.hex())
    if scope is not None:
        _not_oneself(site, scope, row.person_id)
    kept = settle_record(
        site.registry,
        {
            "record": record,
            "person_id": row.person_id,
            "class_id": row.class_id,
            "kind": row.kind,
            "title": row.title[:TITLE_LIMIT],
            "day": row.day or site.today,
            "hours": row.hours,
            "state": state,
            "by": "file",
            "at": site.now,
            "reason": reason.strip(),
            "confirmed_by": by,
            "confirmed_at": site.now,
        },
        over=scope is None,
    )
    if not kept:
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    return row


def decide(
    site: Site, scope: Scope | None, numbers: Sequence[int], state: str, reason: str = "", *, by: str
) -> list[Claim]:
    """Confirm or return claims; those that became decided now. A confirmed one becomes a verified record first, so that a crash
    in between leaves it waiting and confirming it again adds nothing; returned after all, it counts no more from the next refresh.

    `scope` is None for who runs a command. Raises NotFound, InputError, AccessRefused before anything is done, and LakeBusy.
    """
    _check(scope, state, reason)
    found = [claim_of(site.registry, scope, number) for number in dict.fromkeys(numbers)]
    for claim in found:
        if scope is not None:
            _not_oneself(site, scope, claim.person_id)
            if not may_decide(site.registry, scope, claim.id):
                raise AccessRefused("第 {number} 号申报不由您确认", number=claim.id)
        if claim.state != "submitted":
            raise InputError("第 {number} 号申报已经处理过了", number=claim.id)
    now = site.now
    if state == "confirmed":
        _record(site, found, by, now)
    return [
        one
        for one in found
        if decide_claim(
            site.registry, one.id, state, by=by, now=now, reason=reason.strip(), kept=_kept(one.id)
        )
    ]


def _kept(number: int) -> tuple[str, int]:
    """Source and key of the record that a claim becomes."""
    return MAPPING, record_key(MAPPING, "", [str(number)])


def _check(scope: Scope | None, state: str, reason: str) -> None:
    if scope is not None and scope.actor.role not in DECIDERS:
        raise AccessRefused("签到和校本研修由学校、承训单位或项目办确认")
    if state not in ("confirmed", "returned"):
        raise InputError("只能确认（confirmed）或退回（returned）")
    if state == "returned" and not reason.strip():
        raise InputError("退回要写明原因")
    if len(reason.strip()) > REASON_LIMIT:
        raise InputError("原因最多 {most} 字", most=REASON_LIMIT)


def _not_oneself(site: Site, scope: Scope, person_id: int) -> None:
    me = scope.actor.person_id
    if me is not None and are_one(site.registry, me, person_id):
        raise AccessRefused("不能确认自己的申报")


def _record(site: Site, claims: Sequence[Claim], by: str, now: datetime) -> None:
    """Bring confirmed claims in by the door: one file, one row a claim."""
    if not claims:
        return
    secret = load_secret(site.settings.home)
    with site.registry.begin() as connection:
        for claim in claims:
            found = identify(MAPPING, "native", claim.person_key, secret)
            number = account_number(MAPPING, found)
            own_account(
                connection,
                (number, MAPPING, "native", found.shown, found.digest),
                claim.person_id,
                clock.now(),
            )
    with staging_folder(site.settings.home) as folder:
        path = folder / f"{MAPPING}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_HEADER)
            for claim in claims:
                proof = f"{claim.proof.name}（sha256 {claim.proof.content}）" if claim.proof else ""
                writer.writerow(
                    (claim.id, claim.person_key, claim.kind, claim.title, claim.day, f"{claim.hours:g}", claim.by,
                     f"{claim.at:%Y-%m-%d %H:%M}", proof, by, f"{now:%Y-%m-%d %H:%M}")
                )  # fmt: skip
        reports = intake(site, path, MAPPING, by=by, wait_seconds=WAIT_SECONDS)
    bad = sum(report.rows_quarantined for report in reports)
    if bad:
        raise InputError("{n} 条没有能入库，见隔离区，没有确认", n=bad)

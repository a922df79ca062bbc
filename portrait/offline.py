"""Offline study with proof: handed in by a teacher, confirmed or returned by another.

What is not confirmed keeps its place and counts for nothing. What a teacher hands in becomes a record when it is confirmed, and
comes in by the door like every other. What came in by a file and waits is in portrait.waiting.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from portrait import clock
from portrait.decider import expect_another, expect_decision
from portrait.errors import AccessRefused, InputError, NotFound
from portrait.identity import account_number, identify, load_secret
from portrait.intake.archive import keep, place, sound
from portrait.intake.bench import staging_folder
from portrait.intake.door import intake
from portrait.intake.land import record_key
from portrait.proof import check_proof
from portrait.resource import read_yaml
from portrait.scope import Scope
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.store.alias import are_one
from portrait.store.answer import own_person
from portrait.store.claim import (
    Claim,
    Proof,
    add_claim,
    add_proof,
    claim_of,
    claims_of,
    decide_claim,
    loose_proofs,
    may_decide,
    own_account,
    proof_by,
)

MAPPING = "confirmed"
TITLE_LIMIT = 120
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


def faults(
    site: Site, *, title: str, day: date | None, hours: float | None, proof: int | None
) -> dict[str, Sentence]:
    """What is wrong with each part of a claim (title, day, hours, proof), in the order of the form; {} when nothing is."""
    rule, found = claim_rule(), dict[str, Sentence]()
    if not 0 < len(" ".join(title.split())) <= TITLE_LIMIT:
        found["title"] = sentence("活动名称应为 1 到 {most} 个字", most=TITLE_LIMIT)
    if day is None or day > site.today:
        found["day"] = sentence("请填活动日期，不能晚于今天")
    elif day < site.today - timedelta(days=rule.days):
        found["day"] = sentence("活动过去 {days} 天以上，不能再申报", days=rule.days)
    if hours is None or not 0 < hours <= rule.most_hours or round(hours * 100) != hours * 100:
        found["hours"] = sentence("一次活动的学时应大于 0，不超过 {most}", most=f"{rule.most_hours:g}")
    if proof is None:
        found["proof"] = sentence("请先上传证明材料")
    return found


def hand_in(
    site: Site, scope: Scope, *, title: str, day: date | None, hours: float | None, proof: int | None
) -> int:
    """The number of a teacher's own claim of school-based study. Raises InputError naming what is wrong with it."""
    rule, person = claim_rule(), own_person(scope)
    title = " ".join(title.split())
    for fault in faults(site, title=title, day=day, hours=hours, proof=proof).values():
        raise InputError(fault.words, **fault.values)
    assert day is not None
    assert proof is not None
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


def decide(
    site: Site, scope: Scope | None, numbers: Sequence[int], state: str, reason: str = "", *, by: str
) -> list[Claim]:
    """Confirm or return claims; those that became decided now. A confirmed one becomes a verified record first, so that a crash
    in between leaves it waiting and confirming it again adds nothing; returned after all, it counts no more from the next refresh.

    `scope` is None for who runs a command. Raises NotFound, InputError, AccessRefused before anything is done, and LakeBusy.
    """
    expect_decision(scope, state, reason)
    found = [claim_of(site.registry, scope, number) for number in dict.fromkeys(numbers)]
    for claim in found:
        if scope is not None:
            expect_another(site, scope, claim.person_id)
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

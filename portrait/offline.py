"""Offline study and sign-ins with proof: handed in by a teacher or come in by a file, and confirmed or returned by another.

What is not confirmed keeps its place and counts for nothing. What a teacher hands in becomes a record when it is confirmed, and
comes in by the door like every other.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from portrait import clock
from portrait.confirmation import split
from portrait.errors import AccessRefused, InputError, NotFound
from portrait.explain import EPOCH
from portrait.hours import CHINA, hours_rule
from portrait.identity import account_number, identify, load_secret
from portrait.intake.archive import keep, place, sound
from portrait.intake.bench import staging_folder
from portrait.intake.door import intake
from portrait.intake.land import record_key
from portrait.lake.content import SAID_RUN, facts_sql, verified_sql
from portrait.proof import check_proof
from portrait.record import Kind
from portrait.resource import read_yaml
from portrait.scope import Role, Scope
from portrait.site import Site
from portrait.store.alias import are_one
from portrait.store.answer import own_person
from portrait.store.claim import (
    REASON_LIMIT,
    Claim,
    Decided,
    Owner,
    Proof,
    Span,
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
    provider: str  # who holds the class; "" where no class is known
    kind: str
    title: str
    day: date | None
    hours: float
    outside: bool
    facts: bytes  # what it says, see portrait.lake.content.facts_sql
    earlier: Decided | None  # what somebody decided before it was corrected to say this


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


@dataclass(frozen=True)
class Choice:
    """Which of the waiting records a reader wants to see; None and False: all."""

    class_id: int | None = None
    provider_id: int | None = None
    corrected: bool = False  # only those on which somebody had decided before they were corrected


@dataclass(frozen=True)
class Queue:
    """How many records of a choice wait, and what there is to choose from among all that wait."""

    total: int
    outside: int  # of them, dated outside their class
    corrected: int  # of all that wait
    classes: Mapping[int, str]
    providers: Mapping[int, str]


_ALL = Choice()


@dataclass(frozen=True)
class _Reach:
    """The waiting records that a reader may decide on, as SQL over the lake."""

    where: str
    given: list[object]
    pairs: list[
        tuple[int, int, int]
    ]  # run, account, how many; only of accounts that are known to be somebody's
    whose: Mapping[tuple[int, int], Owner]
    spans: Mapping[int, Span]
    column: str
    stale: Mapping[bytes, Decided]

    def owner(self, run: int, account: int) -> Owner | None:
        return self.whose.get((run if self.column == "run" else 0, account))

    def chosen(self, choice: Choice) -> tuple[str, list[object], int]:
        """The condition of a choice with its parameters, and how many records it leaves."""
        pairs = [pair for pair in self.pairs if self._fits(pair[0], choice)]
        where = f"{self.where} AND (run, account) IN (SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[]))"
        given = [*self.given, [pair[0] for pair in pairs], [pair[1] for pair in pairs]]
        return where, given, sum(pair[2] for pair in pairs)

    def _fits(self, run: int, choice: Choice) -> bool:
        span = self.spans.get(run)
        return (choice.class_id is None or (span is not None and run == choice.class_id)) and (
            choice.provider_id is None or (span is not None and span.provider_id == choice.provider_id)
        )


def waiting_queue(site: Site, scope: Scope | None, choice: Choice = _ALL) -> Queue:
    """How many records wait for the reader's decision, whole numbers that no list cuts off."""
    reach = _reach(site, scope, choice)
    if reach is None:
        return Queue(0, 0, 0, {}, {})
    everything = (_reach(site, scope, _ALL) if choice.corrected else None) or reach
    runs = {run for run, _, _ in everything.pairs} & everything.spans.keys()
    classes = {run: everything.spans[run].name for run in runs}
    providers = {
        span.provider_id: span.provider
        for span in (everything.spans[run] for run in runs)
        if span.provider_id is not None
    }
    corrected: _Reach | None = reach
    if not choice.corrected:
        corrected = _reach(site, scope, Choice(corrected=True)) if reach.stale else None
    return Queue(
        reach.chosen(choice)[2],
        _outside(site, reach, choice),
        sum(pair[2] for pair in corrected.pairs) if corrected else 0,
        dict(sorted(classes.items(), key=lambda one: one[1])),
        dict(sorted(providers.items(), key=lambda one: one[1])),
    )


def waiting_records(
    site: Site,
    scope: Scope | None,
    *,
    limit: int = MOST,
    offset: int = 0,
    choice: Choice = _ALL,
    only: Collection[bytes] | None = None,
) -> list[Waiting]:
    """Sign-ins and activities of the reader's people that came in unconfirmed and await a decision, newest first; of `only` those
    among these that are of the kind, decided or not. Those of unknown persons wait until it is known whose they are; those that
    were corrected to say something else since somebody decided wait again.

    `scope` is None for who runs a command.
    """
    reach = _reach(site, scope, choice, only)
    if reach is None:
        return []
    where, given, _ = reach.chosen(choice)
    rows = site.pool.kept(
        f"SELECT id, account, run, kind, item, epoch_us(time), credit, {facts_sql(run=SAID_RUN)} FROM record WHERE {where} "
        f"ORDER BY month DESC, time DESC, id LIMIT {int(limit)} OFFSET {int(offset)}",
        given,
    )
    return [_waiting(reach, row) for row in rows]


def _reach(
    site: Site, scope: Scope | None, choice: Choice, only: Collection[bytes] | None = None
) -> _Reach | None:
    kinds = ", ".join(str(int(kind)) for kind in hours_rule().verified)
    if not kinds or (scope is not None and scope.actor.role not in DECIDERS):
        return None
    column, ids = reach(site.registry, scope)
    where, given = f"kind IN ({kinds})", list[object]()
    if column:
        where, given = f"{where} AND {column} IN (SELECT unnest(?::BIGINT[]))", [sorted(ids)]
    holding, stale = split(site, decided_records(site.registry, only))
    if only is None:
        where, given = f"{where} AND id NOT IN (SELECT unnest(?::BLOB[]))", [*given, sorted(holding)]
        if choice.corrected:
            where, given = f"{where} AND id IN (SELECT unnest(?::BLOB[]))", [*given, sorted(stale)]
    else:
        where, given = f"{where} AND id IN (SELECT unnest(?::BLOB[]))", [*given, sorted(only)]
    # What a refresh of before made of a confirmation looks like the file's own word.
    where += f" AND (NOT {verified_sql()} OR id IN (SELECT unnest(?::BLOB[])))"
    given.append([] if only is None else sorted(holding))
    found = site.pool.kept(
        f"SELECT run, account, count(*) FROM record WHERE {where} GROUP BY run, account ORDER BY run, account",
        given,
    )
    whose = owners(site.registry, scope, {row[1] for row in found})
    known = [
        (int(run), int(account), int(n))
        for run, account, n in found
        if (run if column == "run" else 0, account) in whose
    ]
    spans = class_spans(site.registry, {run for run, _, _ in known} - {0})
    return _Reach(where, given, known, whose, spans, column, stale)


def _outside(site: Site, reach: _Reach, choice: Choice) -> int:
    """How many sign-ins of a choice are dated outside their class."""
    where, given, _ = reach.chosen(choice)
    spans = sorted(reach.spans.items())
    lists = [
        [run for run, _ in spans],
        [span.starts for _, span in spans],
        [span.ends for _, span in spans],
    ]
    day = "(time + INTERVAL 8 HOUR)::date"
    ((count,),) = site.pool.kept(
        f"WITH held AS (SELECT unnest(?::BIGINT[]) AS held, unnest(?::DATE[]) AS starts, unnest(?::DATE[]) AS ends) "
        f"SELECT count(*) FROM record JOIN held ON held.held = run WHERE kind = {int(Kind.ATTENDANCE)} "
        f"AND ({day} < starts OR {day} > ends) AND {where}",
        [*lists, *given],
    )
    return int(count)


def _waiting(reach: _Reach, row: tuple[Any, ...]) -> Waiting:
    identifier, account, run, kind, item, moment, credit, facts = row
    owner, span = reach.owner(run, account), reach.spans.get(run)
    assert owner is not None
    day = None if moment is None else (EPOCH + timedelta(microseconds=moment)).astimezone(CHINA).date()
    return Waiting(
        bytes(identifier),
        owner.person_id,
        owner.person,
        owner.school,
        run if span else None,
        span.name if span else "",
        span.provider if span else "",
        Kind(kind).name.lower(),
        item,
        day,
        credit / 100,
        bool(span and kind == Kind.ATTENDANCE and span.outside(day)),
        bytes(facts),
        reach.stale.get(bytes(identifier)),
    )


def stale_records(site: Site) -> set[bytes]:
    """Records that have been corrected to say something else since somebody decided on them."""
    return set(split(site, decided_records(site.registry))[1])


def decide_record(
    site: Site,
    scope: Scope | None,
    record: bytes,
    state: str,
    reason: str = "",
    *,
    by: str,
    seen: bytes | None = None,
) -> Waiting:
    """Confirm or return a record that came in by a file; hours and days follow at once, the portrait with the next refresh.

    The decision is about what the record says now, and where the facts are given that the reader has `seen`, about nothing else.
    A reader (`scope`) decides on what no decision holds of, who runs a command (None) may also say the opposite of what was
    decided. Raises NotFound for a record that is not the reader's to decide on, InputError where nothing is left to decide and
    where the record has been corrected since it was seen.
    """
    _check(scope, state, reason)
    row = next(iter(waiting_records(site, scope, only=[record])), None)
    before = decided_records(site.registry, [record]).get(record)
    holds = before is not None and (row is None or row.earlier is None)
    if row is None or (scope is not None and holds):
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    if seen is not None and seen != row.facts:
        raise InputError("这条记录刚刚更正过，请看过现在的内容再处理")
    if before is not None and holds and before.state == state:
        raise InputError("记录 {number} 已经处理过了，没有新的", number=record.hex())
    if scope is not None:
        _not_oneself(site, scope, row.person_id)
    if not _settled(site, row, state, reason, by=by, over=scope is None):
        raise NotFound("没有这条待确认的记录，或者已经有人处理了")
    return row


def confirm_records(site: Site, scope: Scope, seen: Mapping[bytes, bytes], *, by: str) -> list[Waiting]:
    """Confirm the records that a reader has `seen`, each with its facts; those confirmed now. What somebody else has decided on or
    what has been corrected in between is left alone, and so is what is one's own."""
    _check(scope, "confirmed", "")
    decided = decided_records(site.registry, seen)
    done = []
    for row in waiting_records(site, scope, only=list(seen)):
        if seen[row.record] != row.facts or (row.record in decided and row.earlier is None):
            continue
        try:
            _not_oneself(site, scope, row.person_id)
        except AccessRefused:
            continue
        if _settled(site, row, "confirmed", "", by=by, over=False):
            done.append(row)
    return done


def _settled(site: Site, row: Waiting, state: str, reason: str, *, by: str, over: bool) -> bool:
    return settle_record(
        site.registry,
        {
            "record": row.record,
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
            "facts": row.facts,
        },
        over=over,
    )


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

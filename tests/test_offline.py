"""Offline study with proof: what may be one, who may confirm whose, and that nothing counts before somebody has."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from portrait.confirmation import decide_record
from portrait.errors import AccessRefused, InputError, NotFound
from portrait.explain import compliance_of, explanation, records_of
from portrait.intake.door import BatchReport, intake
from portrait.offline import (
    claim_rule,
    decide,
    expect_proof,
    hand_in,
    proof_file,
    receive_proof,
    withdraw,
)
from portrait.offsite import offsite_board
from portrait.proof import check_proof
from portrait.rebuild import rebuild
from portrait.record import Flag, Kind
from portrait.refresh import refresh
from portrait.scope import Actor, Role, Scope, scope
from portrait.site import Site
from portrait.store.claim import claims, claims_of, loose_proofs
from portrait.store.decision import join_persons, undo
from portrait.store.schema import account
from portrait.store.training import Ask
from tests.desk import waiting_records
from tests.hand import Hand, cell_sums, record
from tests.readers import account_of, enlist, settle

PDF = b"%PDF-1.7\n..."


def office(part: str, *more: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in (part, *more):
            packed.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", PDF, "pdf"),
        ("照片.JPEG", b"\xff\xd8\xff\xe0....", "jpg"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "png"),
        ("a.docx", office("word/document.xml"), "docx"),
        ("a.xlsx", office("xl/workbook.xml"), "xlsx"),
        ("a.exe", b"MZ", "a.exe：不收这种文件，证明材料可以是：pdf、jpg、png、docx、xlsx"),
        ("a.html", b"<script>", "不收这种文件"),
        ("a.pdf", b"<script>alert(1)</script>", "内容不是 PDF 文件"),
        ("a.pdf", b"", "文件是空的"),
        ("a.pdf", PDF + b"0" * (10 << 20), "超过 10 MB 的上限"),
        ("a.docx", office("xl/workbook.xml"), "内容不是 DOCX 文件"),
        ("a.docx", b"PK\x03\x04broken", "内容不是 DOCX 文件"),
        ("a.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin"), "内容不是 XLSX 文件"),
    ],
)
def test_a_proof_is_what_its_name_says_or_is_told(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    if len(told) < 5:
        assert check_proof(path, name) == told
        return
    with pytest.raises(InputError) as error:
        check_proof(path, name)
    assert told in error.value.message


@pytest.fixture
def home(sqlite_site: Site) -> Site:
    settle(sqlite_site.registry)
    return sqlite_site


@pytest.fixture
def read(home: Site) -> Callable[[str], Scope]:
    actors = enlist(home.registry)
    return lambda login: scope(actors[login], home.today)


def proof(site: Site, tmp_path: Path, by: str = "teacher") -> int:
    path = tmp_path / "证明.pdf"
    path.write_bytes(PDF)
    return receive_proof(site, path, "C:\\照片\\证明.pdf", by=by).id


def claim(site: Site, mine: Scope, tmp_path: Path, *, title: str = "教研活动", hours: float = 2.0) -> int:
    made = proof(site, tmp_path, mine.actor.login)
    return hand_in(site, mine, title=title, day=date(2022, 10, 8), hours=hours, proof=made)


def test_what_a_teacher_hands_in_counts_when_the_school_has_confirmed_it(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    number = claim(home, read("teacher"), tmp_path)
    assert [
        (one.id, one.state, one.proof and one.proof.name) for one in claims_of(home.registry, read("teacher"))
    ] == [(number, "submitted", "证明.pdf")]
    assert compliance_of(home, 1).hours.value == 0
    seen = {login: [one.id for one in claims(home.registry, read(login))] for login in ("school", "office", "trainer", "bureau", "office-a", "admin", "colleague")}  # fmt: skip
    assert seen == {"school": [number], "office": [number], "trainer": [], "bureau": [], "office-a": [], "admin": [], "colleague": []}  # fmt: skip
    (done,) = decide(home, read("school"), [number], "confirmed", by="school")
    assert (done.id, done.person) == (number, "甲教师本人")
    (made,) = records_of(home, 1)
    assert (made.item, made.hours, made.source) == ("教研活动", 2.0, "confirmed")
    assert compliance_of(home, 1).hours.value == 2.0
    (after,) = claims_of(home.registry, read("teacher"))
    assert (after.state, after.decided_by) == ("confirmed", "school")
    with pytest.raises(InputError, match="已经处理过了"):
        decide(home, read("school"), [number], "returned", "重复", by="school")
    rebuild(home)
    assert compliance_of(home, 1).hours.value == 2.0


def test_an_activity_counts_once_however_it_comes(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    listed = record(
        9, account_of(1), Kind.ACTIVITY, on=date(2022, 10, 8), credit=200, item="备课", flag=Flag.VERIFIED
    )
    Hand(home).course(7, "校本研修")
    Hand(home).batch([listed])
    number = claim(home, read("teacher"), tmp_path, title="备课")
    with pytest.raises(InputError, match="已经申报过"):
        claim(home, read("teacher"), tmp_path, title=" 备课 ")
    decide(home, read("office"), [number], "confirmed", by="office")
    assert (len(records_of(home, 1)), compliance_of(home, 1).hours.value) == (2, 2.0)


def test_a_claim_that_is_returned_or_withdrawn_counts_for_nothing_and_says_why(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    first, second = (claim(home, read("teacher"), tmp_path, title=title) for title in ("甲", "乙"))
    with pytest.raises(InputError, match="退回要写明原因"):
        decide(home, read("school"), [first], "returned", " ", by="school")
    decide(home, read("school"), [first], "returned", "照片看不清", by="school")
    with pytest.raises(NotFound):
        withdraw(home, read("colleague"), second)
    withdraw(home, read("teacher"), second)
    assert [(one.state, one.reason) for one in claims_of(home.registry, read("teacher"))] == [
        ("withdrawn", ""),
        ("returned", "照片看不清"),
    ]
    assert records_of(home, 1) == []


@pytest.mark.parametrize("after", ["returned", "withdrawn", "confirmed"])
def test_what_was_killed_while_confirming_counts_as_the_decision_says_that_was_taken_then(
    home: Site, read: Callable[[str], Scope], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    number = claim(home, read("teacher"), tmp_path)
    with monkeypatch.context() as killed:
        killed.setattr("portrait.offline.decide_claim", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            decide(home, read("school"), [number], "confirmed", by="school")
    if after == "withdrawn":
        withdraw(home, read("teacher"), number)
    else:
        decide(home, read("school"), [number], after, "照片看不清", by="school")
    refresh(home)
    assert [one.state for one in claims_of(home.registry, read("teacher"))] == [after]
    assert compliance_of(home, 1).hours.value == (2.0 if after == "confirmed" else 0.0)


def test_who_confirms_while_another_returns_has_the_last_word_and_the_hours(
    home: Site, read: Callable[[str], Scope], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = claim(home, read("teacher"), tmp_path)

    def meanwhile(*said: object, **more: object) -> list[BatchReport]:
        decide(home, read("office"), [number], "returned", "重复", by="office")
        return intake(*said, **more)

    monkeypatch.setattr("portrait.offline.intake", meanwhile)
    decide(home, read("school"), [number], "confirmed", by="school")
    refresh(home)
    assert [one.state for one in claims_of(home.registry, read("teacher"))] == ["confirmed"]
    assert compliance_of(home, 1).hours.value == 2.0


def test_nobody_decides_on_foreign_claims_or_on_their_own(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    number = claim(home, read("teacher"), tmp_path)
    for login in ("trainer", "office-a"):
        with pytest.raises(NotFound):
            decide(home, read(login), [number], "confirmed", by=login)
    for login in ("teacher", "bureau", "admin"):
        with pytest.raises(AccessRefused):
            decide(home, read(login), [number], "confirmed", by=login)
    myself = scope(Actor(99, "head", "校长", Role.SCHOOL, person_id=1, school_id=1), home.today)
    with pytest.raises(AccessRefused, match="不能确认自己的申报"):
        decide(home, myself, [number], "confirmed", by="head")
    assert proof_file(home, read("teacher"), number)[2].read_bytes() == PDF
    assert proof_file(home, read("school"), number)[1].name == "证明.pdf"
    for login in ("colleague", "trainer", "bureau", "admin"):
        with pytest.raises(NotFound):
            proof_file(home, read(login), number)


@pytest.mark.parametrize(("me", "stands"), [(1, 2), (2, 2), (2, 1), (4, 2)])
def test_nobody_confirms_their_own_claim_under_another_key(
    home: Site, read: Callable[[str], Scope], tmp_path: Path, me: int, stands: int
) -> None:
    """Person 1 hands in; persons 1, 2 and 4 turn out to be one, whichever of them stands for the others."""
    number = claim(home, read("teacher"), tmp_path)
    with home.registry.begin() as connection:
        for other in {1, 2, 4} - {stands}:
            join_persons(connection, other, stands, by="admin", now=home.now)
    head = scope(Actor(99, "head", "校长", Role.SCHOOL, person_id=me, school_id=1), home.today)
    with pytest.raises(AccessRefused, match="不能确认自己的申报"):
        decide(home, head, [number], "confirmed", by="head")
    foreign = scope(Actor(98, "other", "副校长", Role.SCHOOL, person_id=3, school_id=1), home.today)
    assert [one.id for one in decide(home, foreign, [number], "confirmed", by="other")] == [number]


def test_a_teacher_takes_back_what_was_handed_in_under_another_key(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    number = claim(home, read("teacher"), tmp_path)
    with home.registry.begin() as connection:
        join_persons(connection, 1, 2, by="admin", now=home.now)
    withdraw(home, read("colleague"), number)
    assert [one.state for one in claims_of(home.registry, read("colleague"))] == ["withdrawn"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"title": " "}, "活动名称应为 1 到 120 个字"),
        ({"title": "长" * 121}, "活动名称应为 1 到 120 个字"),
        ({"day": None}, "请填活动日期"),
        ({"day": date(2022, 11, 16)}, "不能晚于今天"),
        ({"day": date(2021, 11, 1)}, "活动过去 365 天以上"),
        ({"hours": None}, "学时应大于 0，不超过 8"),
        ({"hours": 0.0}, "学时应大于 0"),
        ({"hours": 8.5}, "学时应大于 0"),
        ({"hours": float("nan")}, "学时应大于 0"),
        ({"proof": None}, "请先上传证明材料"),
    ],
)
def test_a_claim_that_lacks_something_is_told(
    home: Site, read: Callable[[str], Scope], tmp_path: Path, said: dict[str, object], told: str
) -> None:
    good = {"title": "教研", "day": date(2022, 10, 8), "hours": 2.0, "proof": proof(home, tmp_path)}
    with pytest.raises(InputError, match=told):
        hand_in(home, read("teacher"), **(good | said))


def test_a_proof_of_somebody_else_proves_nothing(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    foreign = proof(home, tmp_path, "colleague")
    with pytest.raises(NotFound):
        hand_in(home, read("teacher"), title="教研", day=date(2022, 10, 8), hours=1.0, proof=foreign)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two proofs without a claim and two claims waiting are as many as there may be."""
    rule = replace(claim_rule(), proofs=2, waiting=2)
    monkeypatch.setattr("portrait.offline.claim_rule", lambda: rule)


@pytest.mark.usefixtures("narrow")
def test_who_sends_proofs_and_hands_nothing_in_is_stopped_and_nobody_else_is(
    home: Site, read: Callable[[str], Scope], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = claim(home, read("teacher"), tmp_path)  # its proof stands for something
    proof(home, tmp_path)
    proof(home, tmp_path)
    kept = sorted(home.archive.rglob("*"))
    for refused in (lambda: proof(home, tmp_path), lambda: expect_proof(home, read("teacher"))):
        with pytest.raises(InputError, match="30 天里已有 2 份证明材料没有用在申报上"):
            refused()
    assert sorted(home.archive.rglob("*")) == kept
    expect_proof(home, read("colleague"))
    with monkeypatch.context() as later:
        later.setattr(Site, "now", home.now + timedelta(days=31))
        assert proof(home, tmp_path)
    withdraw(home, read("teacher"), number)  # to hand in and take back makes no more room
    assert loose_proofs(home.registry, "teacher", home.now - timedelta(days=30)) == 4
    with pytest.raises(AccessRefused):
        expect_proof(home, read("bureau"))


@pytest.mark.usefixtures("narrow")
def test_claims_that_wait_are_bounded_until_some_are_decided(
    home: Site, read: Callable[[str], Scope], tmp_path: Path
) -> None:
    first, _ = (claim(home, read("teacher"), tmp_path, title=title) for title in ("甲", "乙"))
    with pytest.raises(InputError, match="已有 2 项申报等着确认"):
        claim(home, read("teacher"), tmp_path, title="丙")
    assert claim(home, read("colleague"), tmp_path, title="丙")
    decide(home, read("school"), [first], "returned", "照片看不清", by="school")
    assert claim(home, read("teacher"), tmp_path, title="丙")


# --- sign-in sheets ------------------------------------------------------------------------------------------


@pytest.fixture
def signed(home: Site) -> Site:
    """Persons 1 and 3 sign in to class 101 (1 to 20 July): verified twice a day, not verified, and after the class."""
    away = Flag.OFFSITE | Flag.FACE

    def sign(number: int, person: int, on: date, flag: Flag = away, **more: object) -> dict[str, object]:
        said = {"course": 0, "run": 101, "credit": 300, "item": "上午"} | more
        return record(number, account_of(person), Kind.ATTENDANCE, on=on, flag=flag, **said)

    Hand(home).batch(
        [
            sign(1, 1, date(2022, 7, 1), away | Flag.VERIFIED),
            sign(2, 1, date(2022, 7, 1), away | Flag.VERIFIED, item="下午"),
            sign(3, 1, date(2022, 7, 2)),
            sign(4, 1, date(2022, 8, 2)),
            sign(5, 3, date(2022, 7, 2)),
            record(6, account_of(2), Kind.ACTIVITY, on=date(2022, 7, 3), course=0, credit=200, item="备课"),
        ]
    )
    return home


def test_signing_twice_a_day_counts_once_and_what_is_unverified_counts_nothing(signed: Site) -> None:
    found = compliance_of(signed, 1)
    assert (found.hours.value, found.offsite.value) == (3.0, 1.0)
    reasons = sorted(item.reason for item in found.hours.items)
    assert reasons == ["", "同一项学习已经计过学时", "还没有人确认", "还没有人确认"]
    assert sorted(one.outside for one in records_of(signed, 1)) == [False, False, False, True]


def test_an_unverified_sign_in_counts_when_who_runs_the_class_confirms_it(
    signed: Site, read: Callable[[str], Scope]
) -> None:
    waiting = waiting_records(signed, read("trainer"))
    assert sorted((one.person, str(one.day), one.outside) for one in waiting) == [
        ("丙教师外市", "2022-07-02", False),
        ("甲教师本人", "2022-07-02", False),
        ("甲教师本人", "2022-08-02", True),
    ]
    assert {one.person for one in waiting_records(signed, read("school"))} == {"甲教师本人", "乙教师同校"}
    assert waiting_records(signed, read("bureau")) == []
    mine = next(one for one in waiting if one.person_id == 1 and not one.outside)
    with pytest.raises(AccessRefused):
        decide_record(signed, read("bureau"), mine.record, "confirmed", by="bureau")
    decide_record(signed, read("trainer"), mine.record, "confirmed", by="trainer")
    found = compliance_of(signed, 1)
    assert (found.hours.value, found.offsite.value) == (6.0, 2.0)
    with pytest.raises(NotFound):
        decide_record(signed, read("school"), mine.record, "returned", "迟了", by="school")
    late = next(one for one in waiting if one.outside)
    decide_record(signed, read("school"), late.record, "returned", "那天班已经结束", by="school")
    assert mine.record not in {one.record for one in waiting_records(signed, read("school"))}
    assert compliance_of(signed, 1).offsite.value == 2.0
    assert offsite_board(signed, read("office"), Ask(), signed.today).days[:3]


def test_what_was_confirmed_stays_confirmed_when_two_persons_are_one_and_when_an_account_moves(
    signed: Site, read: Callable[[str], Scope]
) -> None:
    def figures(person: int) -> tuple[float, float]:
        found = compliance_of(signed, person)
        return found.hours.value, found.offsite.value

    def board() -> tuple[int, ...]:
        """By number of off-site days how many of the two at the school of persons 1 and 2."""
        refresh(signed)
        return offsite_board(signed, read("school"), Ask(), signed.today).days[:3]

    mine = next(
        one for one in waiting_records(signed, read("trainer")) if one.person_id == 1 and not one.outside
    )
    decide_record(signed, read("trainer"), mine.record, "confirmed", by="trainer")
    assert (figures(1), board()) == ((6.0, 2.0), (1, 0, 1))
    with signed.registry.begin() as connection:
        joined = join_persons(connection, 1, 2, by="admin", now=signed.now)
    assert (figures(2), board()[2]) == ((6.0, 2.0), 1)
    with signed.registry.begin() as connection:
        undo(connection, "alias", joined.id, by="admin", now=signed.now)
    assert (figures(1), board()) == ((6.0, 2.0), (1, 0, 1))
    with signed.registry.begin() as connection:
        connection.execute(update(account).where(account.c.id == account_of(1)).values(person_id=2))
    assert (figures(2), board()) == ((6.0, 2.0), (1, 0, 1))


def test_an_activity_is_a_fact_once_somebody_has_confirmed_it_and_no_more_when_that_was_a_mistake(
    site: Site,
) -> None:
    settle(site.registry)
    hand, school = Hand(site), scope(enlist(site.registry, "school")["school"], site.today)
    hand.course(7, "师德研修", P1_2=100)
    for number in (8, 9):  # so many others that one person's portrait is made alone
        hand.person(number)
        hand.account(account_of(number), number)
    rows = [
        record(n, account_of(n), Kind.ACTIVITY, item="备课", credit=200, flag=Flag.VERIFIED if n == 2 else Flag(0))
        for n in (1, 2)
    ]  # fmt: skip
    hand.batch(rows)
    mine = (1).to_bytes(16, "big")

    def said() -> str:
        (item,) = explanation(site, 1, "P1.2").items
        return item.reason

    def after(portraits: str) -> list[tuple[Any, ...]]:
        """Who has the fact; the same when everything is made again."""
        assert refresh(site).portraits == portraits
        found = [(row[0] - 10, row[4]) for row in cell_sums(site)], _portraits(site)
        refresh(site, full=True)
        assert found == ([(row[0] - 10, row[4]) for row in cell_sums(site)], _portraits(site))
        return found[0]

    assert (after("full"), said()) == ([(2, 1)], "还没有人确认")
    decide_record(site, school, mine, "confirmed", by="school")
    assert said() == "已确认，等下一次计算"
    assert (after("batch"), said()) == ([(1, 1), (2, 1)], "")
    with pytest.raises(InputError, match="已经处理过了，没有新的"):
        decide_record(site, None, mine, "confirmed", by="operator")
    decide_record(site, None, mine, "returned", "照片是别人的", by="operator")
    assert (after("batch"), said()) == ([(2, 1)], "退回了，没有确认")
    assert [item.reason for item in compliance_of(site, 1).hours.items] == ["退回了，没有确认"]
    decide_record(site, None, mine, "confirmed", by="operator")
    assert after("batch") == [(1, 1), (2, 1)]
    rebuilt = [one for one in claims(site.registry, None) if one.record == mine]
    assert [(one.state, one.decided_by) for one in rebuilt] == [("confirmed", "operator")]


def _portraits(site: Site) -> list[tuple[Any, ...]]:
    return site.pool.rows(
        "SELECT person, node, state, level, n, weight, sources, last_month FROM snapshot s "
        "WHERE seq = (SELECT max(seq) FROM snapshot t WHERE t.person = s.person) AND node <> '' ORDER BY ALL"
    )


def test_a_sign_in_is_confirmed_whatever_account_the_sheet_knows_the_trainee_by(
    home: Site, read: Callable[[str], Scope]
) -> None:
    hand = Hand(home)
    hand.account(91, 1, "offline")  # the roster knows person 1 by another account
    hand.account(92, None, "offline")
    sheet = [record(n, 90 + n, Kind.ATTENDANCE, course=0, run=101) for n in (1, 2)]
    hand.batch([*sheet, record(3, 91, Kind.ACTIVITY, course=0, item="备课")])
    seen = {login: [one.kind for one in waiting_records(home, read(login))] for login in ("trainer", "office-a", "office", "school", "bureau", "admin")}  # fmt: skip
    both = ["activity", "attendance"]
    assert {login: sorted(found) for login, found in seen.items()} == {"trainer": ["attendance"], "office-a": ["attendance"], "office": both, "school": both, "bureau": [], "admin": []}  # fmt: skip
    assert len(waiting_records(home, None)) == 2
    hand.link(92, 3)
    assert sorted(one.person for one in waiting_records(home, read("trainer"))) == [
        "丙教师外市",
        "甲教师本人",
    ]


def test_claims_and_decisions_are_the_same_on_both_databases(site: Site, tmp_path: Path) -> None:
    settle(site.registry)
    actors = enlist(site.registry, "teacher", "school", "trainer", "office")
    teacher, school, trainer, office = (scope(one, site.today) for one in actors.values())
    Hand(site).batch(
        [record(3, account_of(1), Kind.ATTENDANCE, course=0, run=101, flag=Flag.OFFSITE | Flag.FACE)]
    )
    number = claim(site, teacher, tmp_path)
    assert [one.id for one in claims(site.registry, school)] == [number]
    for reader in (school, trainer, office):
        assert [one.person for one in waiting_records(site, reader)] == ["甲教师本人"]
    decide_record(site, trainer, (3).to_bytes(16, "big"), "confirmed", by="trainer")
    decide(site, school, [number], "confirmed", by="school")
    assert (compliance_of(site, 1).hours.value, compliance_of(site, 1).offsite.value) == (2.0, 1.0)
    assert {one.state for one in claims(site.registry, office)} == {"confirmed"}
    assert waiting_records(site, school) == []

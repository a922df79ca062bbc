"""The pages of offline study: a proof goes up, waits, is looked at and decided on; foreign ones are not there."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

import pytest

from dashboards.app import create_app
from portrait.confirmation import decide_record
from portrait.record import Flag, Kind
from portrait.refresh import refresh
from portrait.scope import scope
from portrait.site import Site
from portrait.store.audit import recent_audit
from portrait.store.claim import claims
from portrait.store.user import actor_of, find_user
from tests.desk import waiting_records
from tests.hand import Hand, record
from tests.press import ask, shown
from tests.readers import READERS, Browser, Clock, account_of, enlist, settle

PNG = b"\x89PNG\r\n\x1a\n...."


@pytest.fixture
def home(sqlite_site: Site) -> Site:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    Hand(sqlite_site).batch(
        [record(3, account_of(1), Kind.ATTENDANCE, course=0, run=101, flag=Flag.OFFSITE | Flag.FACE)]
    )
    return sqlite_site


@pytest.fixture
def readers(home: Site) -> dict[str, Browser]:
    app = create_app(home, clock=Clock())
    return {
        login: Browser(app).sit_down(home.registry, number) for number, login in enumerate(READERS, start=1)
    }


def hand_in(teacher: Browser) -> int:
    """The teacher's claim, made as the page makes it."""
    sent = teacher.post(f"/study/proof?name={quote('照片.png')}", PNG)
    assert sent.status_code == 200, sent.text
    said = {"study_title": "同课异构", "study_day": "2022-10-08", "study_hours": 2}
    answer = ask(
        teacher, "study-send", "n_clicks", 1, changes="study-form", study_proof=sent.get_json()["id"], **said
    )
    assert "同课异构" in shown(answer)
    return 1


def test_a_teacher_hands_in_and_the_school_looks_and_confirms(
    home: Site, readers: dict[str, Browser]
) -> None:
    number = hand_in(readers["teacher"])
    assert "同课异构" in readers["school"].open("/confirm")
    proof = readers["school"].get(f"/confirm/proof/{number}")
    assert (proof.status_code, proof.data) == (200, PNG)
    assert proof.headers["Content-Type"] == "image/png"
    assert proof.headers["Content-Disposition"].startswith("attachment; ")
    assert quote("照片.png") in proof.headers["Content-Disposition"]
    assert proof.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in proof.headers["Content-Security-Policy"]
    press = {"type": "confirm-do", "key": f"c{number}", "do": "confirmed"}
    assert "处理过的" in shown(ask(readers["school"], press, "n_clicks", 1, changes="confirm-panels"))
    assert "已确认" in readers["teacher"].open("/study")
    acts = {(row.actor, row.action, row.object) for row in recent_audit(home.registry)}
    assert {
        ("teacher", "hand-in", "claim:1"),
        ("school", "open-proof", "claim:1"),
        ("school", "confirm", "claim:1"),
    } <= acts


def test_who_sees_what_waits_to_be_confirmed_and_the_teacher_what_it_waits_for(
    home: Site, readers: dict[str, Browser]
) -> None:
    hand_in(readers["teacher"])
    key = "r" + (3).to_bytes(16, "big").hex()
    seen = {}
    for login in ("school", "trainer", "office", "office-a"):
        page = readers[login].open("/confirm")
        seen[login] = ("教师的申报" in page, "同课异构" in page, key in page)
    both, sheet = (True, True, True), (False, False, True)
    assert seen == {"school": both, "trainer": sheet, "office": both, "office-a": sheet}
    assert "没有计入：还没有人确认" in readers["teacher"].open("/evidence")


def test_the_drawer_of_a_dimension_without_a_level_tells_what_is_no_fact_yet(
    home: Site, readers: dict[str, Browser]
) -> None:
    hand = Hand(home)
    hand.batches = 1
    hand.course(8, "师德研修", P1_2=100)
    flags = {5: Flag(0), 6: Flag.VERIFIED}
    hand.batch(record(n, account_of(1), Kind.ACTIVITY, course=8, flag=flag) for n, flag in flags.items())
    refresh(home)
    press = {"type": "open-behind", "key": "P1.2"}
    told = shown(ask(readers["teacher"], press, "n_clicks", 1, changes="drawer-content"))
    assert all(word in told for word in ("共 1 条", "另有 1 条不计", "不计：还没有人确认"))


def test_a_proof_is_there_for_its_teacher_and_who_may_confirm_it_only(
    home: Site, readers: dict[str, Browser]
) -> None:
    number = hand_in(readers["teacher"])
    seen = {
        login: (
            reader.get(f"/study/proof/{number}").status_code,
            reader.get(f"/confirm/proof/{number}").status_code,
        )
        for login, reader in readers.items()
    }
    may = {"teacher": (200, 403), "school": (403, 200), "office": (403, 200)}
    roles = {"colleague": (404, 403), "trainer": (403, 404), "office-a": (403, 404)}
    assert seen == dict.fromkeys(READERS, (403, 403)) | may | roles
    assert readers["teacher"].get("/study/proof/99").status_code == 404
    assert Browser(readers["teacher"].app).get(f"/study/proof/{number}").status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("a.html", b"<script>", "不收这种文件"), ("a.png", b"<script>", "内容不是 PNG 文件"), ("", b"x", "不收这种文件"),
     ("a.png", PNG + b"0" * (10 << 20), "超过 10 MB")],
)  # fmt: skip
def test_what_is_no_proof_is_told_and_not_kept(
    home: Site, readers: dict[str, Browser], name: str, content: bytes, told: str
) -> None:
    answer = readers["teacher"].post(f"/study/proof?name={name}", content)
    assert answer.status_code == 422
    assert told in answer.get_json()["message"]
    assert readers["school"].post("/study/proof?name=a.png", PNG).status_code == 403
    assert not home.archive.exists()
    assert list(home.settings.home.glob("half-*")) == []


def test_a_forged_press_decides_nothing(home: Site, readers: dict[str, Browser]) -> None:
    number = hand_in(readers["teacher"])
    for key in (
        f"c{number}",
        "c0",
        "c",
        "x1",
        "r00",
        "r" + "0" * 32,
        "r" + (3).to_bytes(16, "big").hex(),
        "²",
    ):
        for login in ("trainer", "office-a", "school"):
            press = {"type": "confirm-do", "key": key, "do": "nonsense" if login == "school" else "confirmed"}
            if login != "school" and key.endswith("3"):
                continue  # a sign-in to a class of theirs
            shown(ask(readers[login], press, "n_clicks", 1, changes="confirm-panels"))
    back = {"type": "study-withdraw", "key": str(number)}
    shown(ask(readers["colleague"], back, "n_clicks", 1, changes="study-claims"))
    assert [one.state for one in claims(home.registry, None)] == ["submitted"]


def test_a_return_asks_for_its_reason_and_a_sign_in_is_confirmed_by_who_runs_the_class(
    home: Site, readers: dict[str, Browser]
) -> None:
    number = hand_in(readers["teacher"])
    press = {"type": "confirm-do", "key": f"c{number}", "do": "returned"}
    field = {"type": "confirm-reason", "key": f"c{number}"}
    ask(readers["school"], press, "n_clicks", 1, changes="confirm-panels", confirm_reason=[(field, " ")])
    assert [one.state for one in claims(home.registry, None)] == ["submitted"]
    ask(readers["school"], press, "n_clicks", 1, changes="confirm-panels", confirm_reason=[(field, "看不清")])
    assert "看不清" in readers["teacher"].open("/study")
    key = "r" + (3).to_bytes(16, "big").hex()
    assert key in readers["trainer"].open("/confirm")
    ask(
        readers["trainer"],
        {"type": "confirm-do", "key": key, "do": "confirmed"},
        "n_clicks",
        1,
        changes="confirm-panels",
    )
    trainer = actor_of(find_user(home.registry, "trainer"))
    assert waiting_records(home, scope(trainer, home.today)) == []


def test_the_page_tells_how_many_wait_reaches_all_of_them_and_confirms_exactly_what_it_shows(
    home: Site, readers: dict[str, Browser]
) -> None:
    hand = Hand(home)
    hand.batches = 1
    away = Flag.OFFSITE | Flag.FACE
    hand.batch(
        record(n, account_of(1 + n % 2 * 2), Kind.ATTENDANCE, course=0, run=101, flag=away)
        for n in range(100, 162)
    )
    hand.batch([record(200, account_of(2), Kind.ATTENDANCE, course=0, run=102, flag=away)])
    office = readers["office"]

    def keys(search: str = "") -> list[str]:
        return list(
            dict.fromkeys(re.findall(r"\br[0-9a-f]{32}-[0-9a-f]{32}", office.open("/confirm", search)))
        )

    first, second = keys(), keys("?page=2")
    page = office.open("/confirm")
    assert (len(first), len(second), len({*first, *second})) == (60, 4, 64)
    assert all(
        word in page
        for word in (
            "64 条没有核验，近的在前。",
            "这一页是第 1–60 条",
            "第 1 页，共 2 页",
            "确认这一页的 60 条",
        )
    )
    assert keys("?page=99") == second
    assert "本单位师范学院" in page
    assert len(keys("?class=102")) == len(keys("?provider=2")) == 1
    assert keys("?only=corrected") == keys("?class=7") == []
    own = scope(actor_of(find_user(home.registry, "office")), home.today)
    gone = bytes.fromhex(second[0][1:33])
    decide_record(home, own, gone, "returned", "代签", by="other")
    seen = [({"type": "confirm-reason", "key": key}, "") for key in second]
    told = ask(office, "confirm-all", "n_clicks", 1, changes="confirm-panels", confirm_reason=seen)
    assert "60 条没有核验" in shown(told)
    sure = {one.record.hex() for one in claims(home.registry, None, state="confirmed") if one.record}
    assert sure == {key[1:33] for key in second[1:]}, "not what somebody else has returned meanwhile"
    assert keys() == first


def test_a_row_that_was_corrected_while_the_page_was_open_is_not_confirmed(
    home: Site, readers: dict[str, Browser]
) -> None:
    key = f"r{(3).to_bytes(16, 'big').hex()}-{'0' * 32}"
    press = {"type": "confirm-do", "key": key, "do": "confirmed"}
    ask(readers["trainer"], press, "n_clicks", 1, changes="confirm-panels")
    assert claims(home.registry, None) == []


def test_a_sign_in_is_told_with_its_class_day_once_source_and_row(
    home: Site, readers: dict[str, Browser]
) -> None:
    folder = home.settings.home / "mapping"
    folder.mkdir()
    (folder / "m.yaml").write_text(
        "name: m\nsource: 甲\ntitle: 暑期骨干班签到表（2022年）\n", encoding="utf-8"
    )
    hand = Hand(home)
    hand.batches = 1
    said = {"on": date(2022, 7, 2), "course": 0, "flag": Flag.OFFSITE | Flag.FACE}
    hand.batch(
        [
            record(7, account_of(1), Kind.ATTENDANCE, run=101, item="7月2日", line=12 + (3 << 32), **said),
            record(8, account_of(1), Kind.ATTENDANCE, run=0, item="7月2日上午", line=13, **said),
        ]
    )
    page = readers["office"].open("/confirm")
    assert "来源：暑期骨干班签到表 · 2.csv 第 12 行" in page
    assert "签到 · 2022 年 7 月 2 日 · 骨干班壹零壹" in page
    assert "暑期骨干班签到表（2022年） · 上午" in page, "of a class that nobody knows the sheet is told"
    assert "7月2日" not in page


def test_an_empty_form_marks_every_field_that_is_wrong_at_once(readers: dict[str, Browser]) -> None:
    told = shown(ask(readers["teacher"], "study-send", "n_clicks", 1, changes="study-form"))
    faults = ("活动名称应为", "请填活动日期", "学时应大于 0", "请先上传证明材料", "有 4 处要改")
    assert all(fault in told for fault in faults)


def test_who_decided_is_told_by_name_and_never_by_login(home: Site, readers: dict[str, Browser]) -> None:
    hand_in(readers["teacher"])
    confirm = {"type": "confirm-do", "key": "c1", "do": "confirmed"}
    ask(readers["school"], confirm, "n_clicks", 1, changes="confirm-panels")
    assert "读者school：已确认" in readers["teacher"].open("/study")

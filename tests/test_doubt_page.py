"""The page on which doubtful records are decided, and the list of what counts no more on the teacher's evidence page."""

from __future__ import annotations

import pytest

from portrait import clock
from portrait.record import Flag, Kind
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.audit import recent_audit
from portrait.store.ruling import rulings_on
from portrait.store.statement import put_activities
from portrait.withdrawal import rule_on
from portrait.xapi.term import number
from tests.hand import Hand, record
from tests.press import ask, shown
from tests.readers import account_of, browser, enlist, settle

QUIZ = "https://c.example.cn/quiz/7"
OWN, FOREIGN, FREE = (n.to_bytes(16, "big").hex() for n in (1, 2, 3))


@pytest.fixture
def home(sqlite_site: Site) -> Site:
    """Doubtful records in a class of each provider and in none."""
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    hand = Hand(sqlite_site)
    hand.course(7, "课堂诊断", P3_1=100)
    hand.batch(
        [
            record(number, account_of(1), Kind.EXAM, 0.8, run=run, item=item, flag=Flag.SPEED)
            for number, (run, item) in enumerate(
                [(101, "甲班的"), (102, "乙班的"), (0, "自选的"), (101, QUIZ)], 1
            )
        ]
        + [record(9, account_of(1), Kind.QUIZ, 0.5, item="作废的")]
    )
    refresh(sqlite_site)
    return sqlite_site


def test_everyone_sees_the_doubtful_records_of_their_own_scope(home: Site) -> None:
    admin, trainer = browser(home, "admin").open("/doubts"), browser(home, "trainer").open("/doubts")
    assert [word in admin for word in ("甲班的", "乙班的", "自选的", "学得异常快")] == [True] * 4
    assert "自选的" not in trainer
    assert ("甲班的" in trainer) != ("乙班的" in trainer)


def test_a_thing_and_a_person_are_told_by_name_where_a_name_is_known(home: Site) -> None:
    with home.registry.begin() as connection:
        put_activities(connection, {number("activity", QUIZ): (QUIZ, {"name": {"zh-CN": "第七单元测验"}})})
    listed = browser(home, "trainer").open("/doubts")
    assert "第七单元测验" in listed
    assert "quiz/7" not in listed
    assert "甲教师本人" in listed
    assert '"k1"' not in listed
    assert '"k1"' in browser(home, "admin").open("/doubts"), "who is told no name is told the login"


def test_a_decision_needs_a_tick_and_a_reason_and_waits_for_the_next_calculation(home: Site) -> None:
    reader = browser(home, "admin")

    def press(**state: object) -> str:
        return shown(ask(reader, "doubt-clear", "n_clicks", 1, changes="doubt-list", **state))

    assert "先勾选" in press(doubt_reason="有录屏")
    assert "要写明理由" in press(doubt_rows=[{"id": OWN}], doubt_reason=" ")
    assert "不是记录编号" in press(doubt_rows=[{"id": "'; --"}], doubt_reason="有录屏")
    said = press(doubt_rows=[{"id": OWN}, {"id": FREE}], doubt_reason="有录屏")
    assert "已记下 2 条" in said
    assert said.count("已决定，下次计算后生效") == 2
    refresh(home)
    assert "甲班的" not in reader.open("/doubts")
    assert "甲班的" in reader.open("/doubts", "?state=cleared")


def test_a_record_of_another_class_is_refused(home: Site) -> None:
    reader = browser(home, "trainer")
    theirs = FOREIGN if "甲班的" in reader.open("/doubts") else OWN
    rows = [{"id": theirs}]
    answer = ask(
        reader, "doubt-clear", "n_clicks", 1, changes="doubt-list", doubt_rows=rows, doubt_reason="想算"
    )
    assert "不在您的范围里" in shown(answer)
    assert "已记下" not in shown(answer)


def test_the_teacher_sees_what_was_withdrawn_and_why(home: Site) -> None:
    reader = browser(home, "teacher")
    assert "不再计入的记录" not in reader.open("/evidence")
    rule_on(home, "void", [(9).to_bytes(16, "big")], reason="系统故障", by="管理员")
    refresh(home)
    page = reader.open("/evidence")
    assert "不再计入的记录" in page
    assert "已撤回" in page
    assert "工作人员：系统故障" in page
    assert (
        f"{home.today.year} 年 {home.today.month} 月 {home.today.day} 日" in page
    )  # as all other days of the page
    with home.registry.connect() as connection:
        (told,) = rulings_on(connection, [(9).to_bytes(16, "big")])
    assert told.at.astimezone(clock.CHINA).date() == home.today
    (noted,) = recent_audit(home.registry, action="record.void")
    assert noted.at.year == clock.now().year  # the audit keeps the machine's time

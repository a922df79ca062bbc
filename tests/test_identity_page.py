"""身份合并 on the page and by the command: both sides, three answers, the history and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from portrait.clock import now
from portrait.identity import identify
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store import schema
from portrait.store.alias import unify
from portrait.store.answer import answer_course, elections, rate_self, self_ratings
from portrait.store.audit import recent_audit
from portrait.store.decision import join_persons, undo
from portrait.store.link import add_accounts, link_accounts, name_accounts
from portrait.store.session import find_session
from tests.hand import Hand, record
from tests.press import ask, shown
from tests.readers import Browser, account_of, browser, enlist, settle
from tests.test_one_person import PHONE, SECRET

SEAT = 77


@pytest.fixture
def home(sqlite_site: Site) -> Site:
    """The little province, and an account whose phone person 1 has, but whose name is another's; it has two records."""
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    hand = Hand(sqlite_site)
    hand.course(7, "课堂诊断", P3_1=100)
    one = identify("lms", "phone", PHONE, SECRET)
    with sqlite_site.registry.begin() as connection:
        row = {"kind": "phone", "digest": one.digest, "hint": one.shown, "person_id": 1}
        connection.execute(insert(schema.identifier).values(**row))
        add_accounts(connection, [(SEAT, "lms", "phone", one.shown, one.digest)])
        name_accounts(connection, [(SEAT, "lms", "phone", one.shown, one.digest, "旁人")])
        link_accounts(connection, now())
    hand.batch([record(1, SEAT, 8, 0.8), record(2, SEAT, 8, 0.6)])
    return sqlite_site


@pytest.fixture
def admin(home: Site) -> Iterator[Browser]:
    page = browser(home, "admin")
    yield page
    job = page.app.server.extensions["jobs"].find("refresh")
    assert job is None or job.wait(60)


def press(page: Browser, do: str, note: str = "") -> str:
    key = {"type": "identity-do", "key": "link:1", "do": do}
    notes = [({"type": "identity-note", "key": "link:1"}, note)]
    return shown(ask(page, key, "n_clicks", 1, changes="identity-list", identity_note=notes))


def owner(home: Site) -> int | None:
    with home.registry.connect() as connection:
        return connection.scalar(select(schema.account.c.person_id).where(schema.account.c.id == SEAT))


def test_both_sides_stand_beside_each_other_and_no_number_in_clear(admin: Browser, home: Site) -> None:
    with home.registry.begin() as connection:
        connection.execute(insert(schema.school).values(id=909, code="X9", name="旧学校", county="410221"))
        spell = {"person_id": 1, "school_id": 909, "until": date(2020, 9, 1)}
        connection.execute(insert(schema.employment).values(**spell))
    page = admin.open("/identity")
    assert "旧学校" in page
    for words in (
        "标识相同，姓名不同",
        "旁人",
        "***1234",
        "2 条",
        "2022",
        "是同一人",
        "不是同一人",
        "以后再说",
    ):
        assert words in page, words
    assert PHONE not in page
    assert (recent_audit(home.registry)[0].action, recent_audit(home.registry)[0].object) == (
        "look",
        "identity:waiting",
    )
    assert "没有放到以后的" in admin.open("/identity", "?tab=later")
    assert "没有这样的历史" in admin.open("/identity", "?tab=history&about=没有这个人")


def test_a_yes_links_makes_the_portrait_and_can_be_taken_back(admin: Browser, home: Site) -> None:
    assert "没有等待确认的" in press(admin, "same", "学校说是")
    assert owner(home) == 1
    job = admin.app.server.extensions["jobs"].find("refresh")
    assert job.wait(60)
    assert job.result.persons == 1
    past = admin.open("/identity", "?tab=history")
    assert "学校说是" in past
    assert "撤销" in past
    done = recent_audit(home.registry, action="identity.same")[0]
    assert (done.actor, done.object, done.reason) == ("admin", "link:1", "学校说是")
    key = {"type": "identity-undo", "key": "link:1"}
    assert "已撤销" in shown(ask(admin, key, "n_clicks", 1, changes="identity-list", url="?tab=history"))
    assert owner(home) is None
    assert "标识相同，姓名不同" in admin.open("/identity"), "to take back one's own answer asks again"


def test_a_no_and_a_later_are_kept(admin: Browser, home: Site) -> None:
    assert "以后再说" in press(admin, "later", "等学校回话")
    assert "等学校回话" in admin.open("/identity", "?tab=later")
    assert "没有等待确认的" in press(admin, "different")
    assert "不能这样处理" in press(admin, "same"), "it was answered in another window"
    assert owner(home) is None
    assert "没有这一项" in shown(
        ask(
            admin,
            {"type": "identity-do", "key": "link:99", "do": "same"},
            "n_clicks",
            1,
            changes="identity-list",
        )
    )


def test_the_command_lists_answers_links_and_takes_back(home: Site, command: Any) -> None:
    at = ("--home", home.settings.home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTRAIT_DATABASE_URL", str(home.registry.url))
        patch.setenv("PORTRAIT_TODAY", str(home.today))
        (asked,) = command("identity", "list", "--json", *at).json
        assert (asked["thing"], asked["number"], asked["reason"]) == ("link", 1, "named")
        assert "***1234" in command("identity", "list", *at).out
        assert "1 个账号或教师拿不准" in command("doctor", *at).out
        assert command("identity", "answer", "link:1", "different", "--note", "问过了", *at).code == 0
        assert command("identity", "link", SEAT, "k2", *at, "--json").json == {
            "number": "link:2", "state": "active", "refreshed": 1,
        }  # fmt: skip
        assert owner(home) == 2
        assert "先撤销" in command("identity", "link", SEAT, "k1", *at).err
        assert command("identity", "unlink", "link:2", "--no-refresh", *at).code == 0
        assert owner(home) is None
        assert command("identity", "merge", "k2", "k1", "--note", "换了编号", *at).code == 0
        assert "已经是同一人" in command("identity", "merge", "k1", "k2", *at).err
        assert "split" in command("identity", "unlink", "alias:1", *at).err
        assert command("identity", "split", "alias:1", *at).code == 0
        past = command("identity", "history", "--json", *at).json
        assert [(one["thing"], one["state"]) for one in past] == [
            ("alias", "undone"), ("link", "undone"), ("link", "rejected"),
        ]  # fmt: skip
        assert "换了编号" in command("identity", "history", "--about", "k2", *at).out
        assert command("identity", "answer", "x", "same", *at).code == 2
        assert "k9" in command("identity", "merge", "k9", "k1", *at).err
        assert str(SEAT) in command("identity", "list", "--unknown", "--source", "lms", *at).out
    actions = {row.action for row in recent_audit(home.registry)}
    assert {
        "identity.different",
        "identity.link",
        "identity.unlink",
        "identity.merge",
        "identity.split",
    } <= actions


def test_who_signs_in_under_a_second_key_is_the_one_who_stands_for_both(site: Site) -> None:
    settle(site.registry)
    enlist(site.registry)
    two = scope(Actor(1, "colleague", "某", Role.TEACHER, person_id=2))
    rate_self(site.registry, two, "P3", 3, now())
    with site.registry.begin() as connection:
        connection.execute(update(schema.course).values(shelf=True))
        course = connection.scalar(select(schema.course.c.id).limit(1))
    if course is not None:
        answer_course(site.registry, two, course, "take", now())
    with site.registry.begin() as connection:
        row = join_persons(connection, 2, 1, by="a", now=now())
    one = scope(Actor(1, "teacher", "某", Role.TEACHER, person_id=1))
    assert self_ratings(site.registry, one, 1)["P3"].value == 3
    assert [e.course_id for e in elections(site.registry, one, 1)] == ([course] if course is not None else [])
    assert _person_of(site, "colleague") == 1
    with site.registry.connect() as connection:
        whose = connection.scalar(
            select(schema.account.c.person_id).where(schema.account.c.id == account_of(2))
        )
    assert whose == 1, "the account, and the place in a class that hangs on it"
    with site.registry.begin() as connection:
        undo(connection, "alias", row.id, by="a", now=now())
        unify(connection, now())
    assert self_ratings(site.registry, one, 1) == {}
    assert _person_of(site, "colleague") == 2


def _person_of(site: Site, login: str) -> int:
    from datetime import timedelta

    from portrait.store.session import open_session
    from portrait.store.user import find_user

    user = find_user(site.registry, login)
    assert user is not None
    token = open_session(site.registry, user.id, now=now())
    day = timedelta(days=1)
    row = find_session(site.registry, token, idle=day, idle_admin=day, longest=day, now=now())
    assert row is not None
    return int(row.person_id)


def test_who_stands_for_two_teachers_is_chosen_and_said_before_and_after(home: Site, admin: Browser) -> None:
    with home.registry.begin() as connection:
        connection.execute(update(schema.person).where(schema.person.c.id == 3).values(name="甲教师本人"))
        for person, told in ((1, date(2022, 9, 1)), (3, date(2021, 9, 1))):
            spell = {"person_id": person, "school_id": 1 if person == 1 else 2, "told": told}
            connection.execute(insert(schema.employment).values(**spell))
            row = {"kind": "phone", "digest": "same", "hint": "***1", "person_id": person}
            connection.execute(insert(schema.identifier).values(**row))
        unify(connection, now())
        number = connection.scalar(select(schema.alias.c.id).where(schema.alias.c.state == "waiting"))
        assert connection.execute(select(schema.alias.c.stands_id)).scalar() == 1  # by the rules
    page = admin.open("/identity")
    assert "两位各算各的" in page
    assert "2022 年 9 月 1 日 的名册" in page
    key = {"type": "identity-do", "key": f"alias:{number}", "do": "same"}

    def said(stands: str) -> str:
        chosen = [({"type": "identity-stands", "key": f"alias:{number}"}, stands)]
        return shown(ask(admin, key, "n_clicks", 1, changes="identity-list", identity_stands=chosen))

    assert "应是两位之一" in said("2")
    assert "由甲教师本人（k3）代表：学校按龙亭某小学" in said("3")
    with home.registry.connect() as connection:
        stood = connection.execute(select(schema.person.c.id, schema.person.c.stands_id)).all()
    assert {one: stands for one, stands in stood if stands} == {1: 3}
    assert "由甲教师本人（k3）代表" in admin.open("/identity", "?tab=history")

"""The teacher's pages as their router and callbacks answer: one's own records only, and no number without its way back."""

import json
from datetime import date

import pytest
from sqlalchemy import select, update

from portrait.reading import portrait_of
from portrait.record import Flag, Kind
from portrait.refresh import refresh
from portrait.scope import scope
from portrait.store.answer import contests, preferred
from portrait.store.schema import course, election, self_rating
from tests.hand import Hand, record
from tests.readers import browser, enlist, settle

MINE, THEIRS = 11, 12  # account_of persons 1 and 2
OWN, FOREIGN, FAST = (n.to_bytes(16, "big").hex() for n in (1, 50, 7))


@pytest.fixture
def home(sqlite_site):
    """Person 1 has two platforms' evidence on P3.1, a finished ethics course and a doubtful mark; person 2 has one mark."""
    settle(sqlite_site.registry)
    hand = Hand(sqlite_site)
    hand.course(7, "课堂诊断", P3_1=100)
    hand.course(8, "师德师风研修", theme="TS02", P1_2=100)
    hand.course(9, "别人学的课", P3_1=100)
    hand.course(10, "家校沟通入门", P5_3=100)
    hand.account(21, 1, "乙")
    hand.batch(
        [
            record(1, MINE, Kind.EXAM, 0.8),
            record(2, MINE, Kind.ASSIGNMENT, 0.7),
            record(3, 21, Kind.ASSIGNMENT, 0.75),
            record(4, MINE, Kind.COMPLETE, course=8, credit=500, on=date(2022, 6, 1)),
            record(5, MINE, Kind.QUIZ, 0.9, course=8, on=date(2022, 6, 1)),
            record(6, MINE, Kind.VIDEO, seconds=600),
            record(7, MINE, Kind.EXAM, 1.0, flag=Flag.SPEED),
            record(50, THEIRS, Kind.EXAM, 0.6, course=9),
        ]
    )
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(course).values(shelf=True))
    enlist(sqlite_site.registry)
    refresh(sqlite_site)
    return sqlite_site


@pytest.fixture
def me(home):
    return browser(home, "teacher")


def pressed(me, output, key, inputs=None, *, state=(), outputs=None):
    """The answer to one press of a button with a pattern for a name."""
    name = json.dumps(key, sort_keys=True, separators=(",", ":"))
    listed = {"id": key, "property": "n_clicks", "value": 1}
    return me.callback(
        output,
        inputs if inputs is not None else [[listed]],
        state,
        outputs=outputs,
        changed=[f"{name}.n_clicks"],
    )


def drawer(me, kind, key):
    output = next(
        name
        for name, listed in ((one["output"], one) for one in me.app._callback_list)
        if "drawer-content" in name and f"open-{kind}" in json.dumps(listed["inputs"])
    )
    parts = output.strip(".").split("...")
    answer = pressed(
        me,
        output,
        {"type": f"open-{kind}", "key": key},
        outputs=[{"id": p.rsplit(".", 1)[0], "property": p.rsplit(".", 1)[1]} for p in parts],
    )
    assert answer.status_code in (200, 204), answer.text
    return json.dumps(answer.get_json(silent=True), ensure_ascii=False)


def actor_scope(home, login="teacher"):
    from portrait.store.user import actor_of, find_user

    return scope(actor_of(find_user(home.registry, login)))


def test_the_portrait_names_me_my_state_and_never_a_score_for_ethics(me):
    shown = me.open("/portrait")
    assert "甲教师本人的专业画像" in shown
    assert "仅作记录（2 条）" in shown
    assert "90% 区间" in shown
    assert "乙教师同校" not in shown


def test_the_drawer_of_a_figure_adds_up_and_tells_what_is_silent(me):
    shown = drawer(me, "behind", "P3.1")
    assert "起点" in shown
    assert "3 条进入这个数，1 条不计。" in shown
    assert "学完得异常快，待核实" in shown
    assert "别人学的课" not in shown


def test_the_drawer_of_ethics_lists_facts_without_marks(me):
    shown = drawer(me, "behind", "P1")
    assert "师德师风研修" in shown
    assert "不打分、不排名" in shown
    assert "得分" not in shown
    assert "90" not in shown.replace("1900", "")


@pytest.mark.parametrize("key", ["P99", "", "../x", "'; drop table person; --"])
def test_a_forged_figure_opens_nothing(me, key):
    assert "课堂诊断" not in drawer(me, "behind", key)


def test_a_requirement_opens_to_its_items_and_its_rule(me):
    shown = drawer(me, "requirement", "themes")
    assert "1 / 14" in shown
    assert "师德师风研修" not in drawer(me, "requirement", "offsite")
    assert "+5 学时" in drawer(me, "requirement", "hours")


def test_the_evidence_page_lists_my_records_and_nobody_elses(me):
    shown = me.open("/evidence")
    assert "7 条记录，3 条计入了水平，1 条有疑点" in shown
    assert OWN in shown
    assert FOREIGN not in shown
    assert "学习时长不代表水平" in shown


def click_row(me, row):
    output = next(
        listed["output"] for listed in me.app._callback_list if "evidence-grid" in json.dumps(listed["inputs"])
        and "drawer-content" in listed["output"]
    )  # fmt: skip
    parts = output.strip(".").split("...")
    answer = me.callback(
        output,
        [{"id": "evidence-grid", "property": "cellClicked", "value": {"rowId": row}}],
        outputs=[{"id": p.rsplit(".", 1)[0], "property": p.rsplit(".", 1)[1]} for p in parts],
    )
    return json.dumps(answer.get_json(silent=True), ensure_ascii=False)


def test_a_row_opens_to_the_file_and_line_it_came_from(me):
    shown = click_row(me, OWN)
    assert "1.csv 第 1 行" in shown
    assert "权重 0.90 = 0.90 × 1.00 × 1.00" in shown


@pytest.mark.parametrize("row", [FOREIGN, "zz", "00", OWN + "00"])
def test_another_teachers_record_opens_nothing(me, row):
    shown = click_row(me, row)
    assert "没有这条记录" in shown
    assert "drawer-content" not in shown


def contest(me, key, text="成绩不对"):
    said, box = ({"type": f"contest-{name}", "key": key} for name in ("said", "text"))
    send = {"type": "contest-send", "key": key}
    return pressed(
        me,
        '..{"key":["MATCH"],"type":"contest-said"}.children...{"key":["MATCH"],"type":"contest-text"}.value..',
        send,
        [{"id": send, "property": "n_clicks", "value": 1}],
        state=[
            {"id": box, "property": "value", "value": text},
            {"id": send, "property": "id", "value": send},
        ],
        outputs=[{"id": said, "property": "children"}, {"id": box, "property": "value"}],
    )


def test_an_objection_to_my_record_is_kept_with_its_due_day(me, home):
    contest(me, f"P3.1:{OWN}")
    [kept] = contests(home.registry, actor_scope(home), 1)
    assert (kept.node, kept.record.hex(), kept.state, kept.due) == ("P3.1", OWN, "open", date(2022, 12, 6))
    assert "待答复，还剩 21 天" in me.open("/evidence")


@pytest.mark.parametrize("key", [f"P3.1:{FOREIGN}", "P3.1:xyz", "P99:", ":" + "0" * 31])
def test_an_objection_to_what_is_not_mine_is_refused(me, home, key):
    contest(me, key)
    assert contests(home.registry, actor_scope(home), 1) == []


def test_a_self_rating_is_kept_beside_the_estimate_and_leaves_it_alone(me, home):
    before = portrait_of(home, 1)
    where = {"type": "self-rate", "node": "P3"}
    said = {"type": "self-said", "node": "P3"}
    me.callback(
        '{"node":["MATCH"],"type":"self-said"}.children',
        [{"id": where, "property": "value", "value": "4"}],
        [{"id": where, "property": "id", "value": where}],
        outputs={"id": said, "property": "children"},
        changed=['{"node":"P3","type":"self-rate"}.value'],
    )
    with home.registry.connect() as connection:
        [row] = connection.execute(select(self_rating))
    assert (row.person_id, row.node, row.value) == (1, "P3", 4)
    refresh(home, full=True)
    assert portrait_of(home, 1) == before
    assert "引领（2022 年 11 月 15 日）" in me.open("/portrait")


def answer_course(me, number, answer, shown="browse"):
    return pressed(
        me,
        "courses-changed.data",
        {"type": "answer-course", "key": str(number), "answer": answer, "shown": shown},
        state=[{"id": "courses-changed", "property": "data", "value": 0}],
        outputs={"id": "courses-changed", "property": "data"},
    )


def answers_kept(home):
    with home.registry.connect() as connection:
        return {
            (r.person_id, r.course_id): (r.answer, r.reason) for r in connection.execute(select(election))
        }


def test_a_taken_course_leaves_the_shelf_and_stands_in_my_choices(me, home):
    assert answer_course(me, 10, "take", "recommended").status_code == 200
    answer, reason = answers_kept(home)[1, 10]
    assert answer == "take"
    assert "家校协同育人" in reason
    shown = me.open("/courses", "?tab=chosen")
    assert "我的选课（1）" in shown
    assert "共 3 门" in shown
    answer_course(me, 10, "withdrawn", "chosen")
    assert "共 4 门" in me.open("/courses")


@pytest.mark.parametrize(
    ("number", "answer"), [("x", "take"), (99, "take"), ("9" * 30, "take"), (10, "maybe")]
)
def test_a_forged_answer_to_a_course_is_not_kept(me, home, number, answer):
    assert answer_course(me, number, answer).status_code in (200, 204)
    assert answers_kept(home) == {}


def test_the_switch_turns_recommendation_off_and_is_remembered(me, home):
    assert "推荐的理由" in me.open("/courses")
    me.callback(
        "..courses-recommended.children...courses-chosen.children...courses-chosen-tab.children..",
        [
            {"id": "courses-changed", "property": "data", "value": 0},
            {"id": "courses-personal", "property": "checked", "value": False},
        ],
        outputs=[
            {"id": name, "property": "children"}
            for name in ("courses-recommended", "courses-chosen", "courses-chosen-tab")
        ],
        changed=["courses-personal.checked"],
    )
    assert preferred(home.registry, actor_scope(home), "personalised", "on") == "off"
    shown = browser(home, "teacher").open("/courses")
    assert "个性化推荐已关闭" in shown
    assert "推荐的理由" not in shown
    assert "推荐的理由" in browser(home, "colleague").open("/courses")


def test_an_address_filters_the_shelf_and_unknown_codes_find_nothing(me):
    assert "共 1 门" in me.open("/courses", "?dimension=P5")
    assert "没有找到相符的课程" in me.open("/courses", "?theme=TS99")
    assert "共 1 门" in me.open("/courses", "?search=家校 沟通")


def test_growth_says_that_one_date_shows_no_change(me):
    shown = me.open("/growth")
    assert "目前只有一个时点有估计" in shown
    assert "确有成长" not in shown

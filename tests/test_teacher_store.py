from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from portrait.errors import AccessRefused, InputError, NotFound
from portrait.scope import Actor, Role, scope
from portrait.standard import standard_of
from portrait.store.answer import (
    answer_course,
    contests,
    elections,
    open_contest,
    prefer,
    preferred,
    rate_self,
    self_ratings,
    withdraw_contest,
)
from portrait.store.course import Browse, browse, choices, courses
from portrait.store.person import who
from portrait.store.registry import open_registry
from portrait.store.schema import alignment, course, person, provider, school, user
from portrait.workday import after_workdays, is_workday

AT = datetime(2022, 9, 28, 2, 0, tzinfo=UTC)


def teacher(number):
    return scope(Actor(number, f"t{number}", "某老师", Role.TEACHER, person_id=number))


@pytest.fixture
def registry(registry_url):
    registry = open_registry(registry_url)
    with registry.begin() as connection:
        connection.execute(insert(school).values(id=7, code="s", name="青龙小学", county="410122"))
        for number in (1, 2):
            connection.execute(
                insert(person).values(
                    id=number, key=f"k{number}", name=f"某{number}", school_id=7, title="T3"
                )
            )
            connection.execute(
                insert(user).values(
                    id=number, login=f"t{number}", name="某", password="x", role="teacher", created=AT
                )
            )
        connection.execute(insert(provider).values(id=9, code="p", name="中原师范大学"))
        for row in (
            {
                "id": 1,
                "title": "课堂诊断与 数据分析",
                "hours": 8,
                "theme": "",
                "stage": "S2|S3",
                "subject": "X02",
            },
            {"id": 2, "title": "心理健康入门", "hours": 4, "theme": "TS03", "stage": "", "subject": ""},
            {"id": 3, "title": "100% 有效的家校沟通", "hours": 24, "theme": "", "stage": "S1", "subject": ""},
            {"id": 4, "title": "未上架的课", "hours": 24, "theme": "", "stage": "", "shelf": False},
        ):
            connection.execute(
                insert(course).values(
                    **{"source": "m", "code": str(row["id"]), "shelf": True, "provider_id": 9, **row}
                )
            )
        connection.execute(insert(alignment).values(course_id=1, indicator="P4.3", percent=70))
        connection.execute(insert(alignment).values(course_id=1, indicator="P6.3", percent=30))
    yield registry
    registry.dispose()


def found(registry, who=1, **ask):
    return [c.id for c in browse(registry, teacher(who), Browse(**ask)).courses]


def test_search_finds_a_part_of_a_title_whatever_the_spaces(registry):
    assert found(registry, search="诊断") == [1]
    assert found(registry, search="诊断与数据") == [1]
    assert found(registry, search=" 课堂　数 据分析 ") == [1]
    assert found(registry, search="诊断 健康") == []


def test_search_takes_percent_and_underscore_literally(registry):
    assert found(registry, search="100%") == [3]
    assert found(registry, search="_") == []


def test_search_knows_the_names_of_subject_stage_and_provider(registry):
    assert found(registry, search="小学 数学") == [1]
    assert found(registry, search="学前") == [3]
    assert len(found(registry, search="中原师范")) == 3


def test_filters_treat_an_unnamed_stage_as_every_stage(registry):
    assert sorted(found(registry, stage="S2")) == [1, 2]
    assert found(registry, stage="S1") == [2, 3]
    assert found(registry, dimension="P4") == [1]
    assert found(registry, hours="s") == [2, 1]
    assert found(registry, theme="TS03") == [2]
    assert found(registry, theme="'; drop table course; --") == []


def test_a_page_beyond_the_last_is_the_last(registry):
    shelf = browse(registry, teacher(1), Browse(page=99, size=2))
    assert (shelf.page, shelf.pages, shelf.total, len(shelf.courses)) == (2, 2, 3, 1)


def test_choices_count_the_courses_each_filter_would_leave(registry):
    given = choices(registry, teacher(1))
    assert given["theme"] == [("TS03", 1)]
    assert dict(given["stage"])["S2"] == 2
    assert given["dimension"] == [("P4", 1), ("P6", 1)]
    assert given["hours"] == [("s", 2), ("l", 1)]


def test_a_course_carries_provider_and_alignment(registry):
    assert courses(registry, teacher(1), [1])[1].aligned == (("P4.3", 70), ("P6.3", 30))
    assert courses(registry, teacher(1), [1])[1].provider == "中原师范大学"


def test_a_taken_course_leaves_the_list_and_comes_back_when_withdrawn(registry):
    answer_course(registry, teacher(1), 2, "take", AT, "通识缺口")
    assert sorted(found(registry)) == [1, 3]
    assert 2 in found(registry, who=2)
    answer_course(registry, teacher(1), 2, "withdrawn", AT)
    assert 2 in found(registry)
    assert [(e.course_id, e.answer) for e in elections(registry, teacher(1), 1)] == [(2, "withdrawn")]


def test_a_course_off_the_shelf_cannot_be_taken(registry):
    with pytest.raises(NotFound):
        answer_course(registry, teacher(1), 4, "take", AT)
    with pytest.raises(InputError):
        answer_course(registry, teacher(1), 2, "maybe", AT)


def test_the_newest_self_rating_counts_and_ethics_has_none(registry):
    rate_self(registry, teacher(1), "P2", 2, AT)
    rate_self(registry, teacher(1), "P2", 3, AT)
    assert self_ratings(registry, teacher(1), 1)["P2"].value == 3
    assert self_ratings(registry, teacher(1), 1)["P2"].at == AT
    for node, value in (("P1", 2), ("P8", 2), ("P2", 5), ("P99", 1)):
        with pytest.raises(InputError):
            rate_self(registry, teacher(1), node, value, AT)


def test_another_teacher_sees_none_of_it(registry):
    rate_self(registry, teacher(1), "P2", 2, AT)
    answer_course(registry, teacher(1), 2, "no", AT)
    kept = open_contest(registry, teacher(1), "分数不对", AT, node="P2")
    assert self_ratings(registry, teacher(2), 1) == {}
    assert elections(registry, teacher(2), 1) == []
    assert contests(registry, teacher(2), 1) == []
    with pytest.raises(NotFound):
        withdraw_contest(registry, teacher(2), kept.id, AT)


def test_an_objection_is_due_after_fifteen_working_days_and_can_be_withdrawn_once(registry):
    kept = open_contest(registry, teacher(1), " 这不是我的作业 ", AT, record=b"x" * 16)
    assert (kept.text, kept.state, kept.due) == ("这不是我的作业", "open", date(2022, 10, 24))
    assert withdraw_contest(registry, teacher(1), kept.id, AT).state == "withdrawn"
    with pytest.raises(NotFound):
        withdraw_contest(registry, teacher(1), kept.id, AT)
    with pytest.raises(InputError):
        open_contest(registry, teacher(1), "  ", AT)


def test_a_reader_who_is_no_teacher_cannot_answer(registry):
    office = scope(Actor(1, "a", "甲", Role.OFFICE))
    with pytest.raises(AccessRefused):
        rate_self(registry, office, "P2", 2, AT)


def test_a_preference_is_remembered_for_its_user_only(registry):
    prefer(registry, teacher(1), "personalised", "off")
    prefer(registry, teacher(1), "personalised", "on")
    prefer(registry, teacher(1), "personalised", "off")
    assert preferred(registry, teacher(1), "personalised", "on") == "off"
    assert preferred(registry, teacher(2), "personalised", "on") == "on"


def test_national_day_week_holds_no_working_day_and_moved_saturdays_do():
    assert not any(is_workday(date(2022, 10, d)) for d in range(1, 8))
    assert is_workday(date(2022, 10, 8))
    assert after_workdays(date(2022, 9, 30), 1) == date(2022, 10, 8)
    assert after_workdays(date(2022, 8, 5), 1) == date(2022, 8, 8)


def test_a_teacher_is_known_by_name_to_themself_only(registry):
    assert who(registry, teacher(1), 1).school == "青龙小学"
    with pytest.raises(NotFound):
        who(registry, teacher(2), 1)
    with pytest.raises(NotFound):
        who(registry, scope(Actor(3, "o", "省", Role.OFFICE)), 1)


def test_the_standard_follows_the_title_and_says_when_it_is_only_the_default():
    assert (standard_of("T3").level, standard_of("T3").title) == (0.65, "T3")
    assert (standard_of("").level, standard_of("").title) == (0.60, "")

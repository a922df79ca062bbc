"""A part of a page that fails says so in its own place, and the rest of the page is there."""

from __future__ import annotations

import pytest

from dashboards.part import panel
from portrait.errors import AccessRefused, InputError
from portrait.site import Site
from tests.readers import browser, enlist, settle


@pytest.fixture
def home(sqlite_site: Site) -> Site:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    return sqlite_site


PARTS = [
    ("office", "/office", "dashboards.office.overview.categories_card", "待办与逾期"),
    ("bureau", "/bureau", "dashboards.office.bureau.offsite_board", "待办与逾期"),
    ("school", "/school", "dashboards.office.school.group_portrait", "选派记录"),
    ("trainer", "/trainer/classes", "dashboards.trainer.classes.class_progress", "全部班次"),
    ("trainer", "/trainer/effect", "dashboards.trainer.effect.gains_chart", "没有一名学员"),
    ("teacher", "/portrait", "dashboards.teacher.profile.compliance_card", "八个维度"),
    ("teacher", "/evidence", "dashboards.teacher.evidence.set_aside_of", "我的异议"),
    ("admin", "/intake", "dashboards.admin.intake.sums", "接入文件"),
    ("admin", "/quarantine", "dashboards.admin.quarantine.quarantine_batches", "等待处理"),
    ("admin", "/doubts", "dashboards.office.doubt.doubts", "存疑记录"),
]


@pytest.mark.parametrize(("login", "path", "broken", "stands"), PARTS)
def test_a_broken_part_leaves_the_rest_of_the_page(home, monkeypatch, caplog, login, path, broken, stands):
    def fail(*_given: object, **_named: object) -> object:
        raise ZeroDivisionError("secret of the machine")

    monkeypatch.setattr(broken, fail)
    page = browser(home, login).open(path)
    assert "这一部分出错了" in page
    assert "页面出错了" not in page
    assert stands in page
    assert "secret of the machine" not in page
    number = page.partition("问题已经记录，编号 ")[2][:8]
    assert f"incident {number}" in caplog.text


def test_an_error_that_was_foreseen_is_told_in_its_own_words():
    def refuse() -> object:
        raise InputError("异议最多 {most} 字", most=500)

    assert "异议最多 500 字" in str(panel("我的异议", refuse))


def test_what_is_not_for_the_reader_is_said_by_the_page():
    def refuse() -> object:
        raise AccessRefused("不在您的范围内")

    with pytest.raises(AccessRefused):
        panel("名单", refuse)


def test_several_components_stand_under_each_other():
    assert panel("名单", lambda: ["a", "b"]).className == "stack"
    assert panel("名单", lambda word: word, "a") == "a"

"""A course that is named by an address is the one whose code the address ends with, if the catalogue leaves no doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portrait.address import codes_in
from portrait.hashing import key_number
from portrait.intake.door import intake
from portrait.intake.preview import preview
from portrait.quality import Quality, Taken, qualities
from portrait.reading import portrait_of
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store.bulk import alignments
from portrait.store.name import alignments_of, course_names, meant_courses
from portrait.store.schema import person
from portrait.store.unlisted import stands
from tests.inbox import ALIGNED, COURSES, PEOPLE, mapping, write
from tests.readers import browser, enlist, settle

ADMIN = scope(Actor(1, "admin", "", Role.ADMIN))
LMS = "https://lms.example.cn"
EVENTS = """
  - name: events
    file: events*.jsonl
    target: record
    key: [$.id]
    fields:
      account: {from: $.who, kind: staff}
      course: {from: $.course}
      course_source: {const: henan}
      kind: {const: exam}
      time: {const: "2022-06-01"}
      score: {from: $.score, max: 100}
"""


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        (f"{LMS}/course/HN-2022-017", ("HN-2022-017",)),
        (f"{LMS}/course/HN-2022-017/?from=mail", ("HN-2022-017",)),
        (f"{LMS}/%E8%AF%BE/HN%2D1", ("HN-1",)),
        (f"{LMS}/app#/course/HN-1", ("app", "HN-1")),
        (f"{LMS}/course/view.php?id=HN-1&x=HN-2", ("view.php", "HN-1")),
        (f"{LMS}/course/view.php?id=7", ("view.php", "7")),
        (f"{LMS}/mod/quiz/view.php?id=7", ("view.php",)),
        (f"{LMS}/play?courseid=7", ("play", "7")),
        (f"{LMS}/course/7", ("7",)),
        (f"{LMS}/course/5/quiz/7", ()),
        ("urn:course:HN-1", ("HN-1",)),
        (LMS, ()),
        ("https://[broken/HN-1", ()),
        ("HN-1", ()),
        ("course-v1:A+B+C", ()),
    ],
)
def test_what_may_be_a_code_in_an_address(address: str, codes: tuple[str, ...]) -> None:
    assert codes_in(address) == codes


def told(site: Site, source: str) -> Quality:
    return next(one for one in qualities(site, ADMIN, today=site.today) if one.source == source)


def catalogue(site: Site, folder: Path, *more: str) -> None:
    write(
        folder / "henan", "people.csv", "编号,姓名,身份证号,手机,邮箱", *(f"T{n},某{n},,," for n in range(7))
    )
    lines = ["HN-1,一", "HN-2,二", "index,三", "7,四", *more]
    write(folder / "henan", "courses.csv", "代码,名称", *lines)
    write(folder / "henan", "aligned.csv", "课程,指标,占比", "HN-1,P2.1,100", "HN-2,P3.1,100")
    intake(site, folder / "henan", mapping(folder, PEOPLE, COURSES, ALIGNED, name="henan"), by="t")


def events(folder: Path, *courses: str) -> tuple[Path, str]:
    rows = [
        {"id": f"{n}:{place}", "who": f"T{n}", "course": course, "score": 40 + 9 * n}
        for place, course in enumerate(courses)
        for n in range(7)
    ]
    file = write(folder / "lms", "events.jsonl", *(json.dumps(row) for row in rows))
    return file, mapping(folder, EVENTS, name="lms")


def levels(site: Site) -> list[Any]:
    with site.registry.connect() as connection:
        people = connection.execute(select(person.c.key, person.c.id).order_by(person.c.key)).all()
    return [(key, portrait_of(site, number).estimates) for key, number in people]


def test_records_that_name_courses_by_address_count_as_if_they_named_the_code_whichever_came_first(
    site: Site, tmp_path: Path
) -> None:
    file, path = events(
        tmp_path, f"{LMS}/course/HN-1", f"{LMS}/course/HN-2/", f"{LMS}/quiz/7", f"{LMS}/x/HN-9"
    )
    (report,) = intake(site, file, path, by="t")
    assert "按最后一段" not in report.message, "there is no catalogue yet"
    refresh(site)
    assert told(site, "lms").figures.unlisted == 28
    catalogue(site, tmp_path)
    assert "2 个网址按最后一段认作来源 henan 的课程，如 https://lms.example.cn/course/HN-1 认作 HN-1" in str(
        preview(site, file, path)[0].courses
    )
    assert refresh(site).cells == "full"
    late = levels(site)
    one = told(site, "lms")
    assert (one.figures.coursed, one.figures.unlisted) == (28, 14)
    assert one.taken == (
        Taken(f"{LMS}/course/HN-1", 7, "henan", "HN-1"),
        Taken(f"{LMS}/course/HN-2/", 7, "henan", "HN-2"),
    )
    assert [missed.code for missed in one.missed] == [f"{LMS}/quiz/7", f"{LMS}/x/HN-9"]
    ids = [key_number("course", "henan", course) for course in (f"{LMS}/course/HN-1", "HN-1")]
    assert meant_courses(site.registry, ids) == dict.fromkeys(ids, ids[1])
    assert course_names(site.registry, ids)[ids[0]] == course_names(site.registry, ids)[ids[1]]
    assert alignments_of(site.registry, ids) == {key: {"P2.1": 100} for key in ids}

    plain, _ = events(tmp_path, "HN-1", "HN-2", f"{LMS}/quiz/7", f"{LMS}/x/HN-9")
    (again,) = intake(site, plain, path, by="t")
    assert again.rows_stored == 14, "newer versions, which name the code itself"
    refresh(site)
    assert levels(site) == late
    assert told(site, "lms").taken == ()


def test_an_address_in_the_catalogue_is_the_course_and_one_that_can_be_two_is_none(
    sqlite_site: Site, tmp_path: Path
) -> None:
    own, both = f"{LMS}/course/HN-1", f"{LMS}/course/HN-1#HN-2"
    catalogue(sqlite_site, tmp_path, f"{own},自己的", "view.php,页面")
    file, path = events(tmp_path, own, both, f"{LMS}/site/index", f"{LMS}/course/view.php?id=HN-1")
    intake(sqlite_site, file, path, by="t")
    refresh(sqlite_site)
    with sqlite_site.registry.connect() as connection:
        found = {one.address: one.code for one in stands(connection).values()}
    assert found == {f"{LMS}/site/index": "index"}, "a common word counts only as a code of the catalogue"
    subjects = set(alignments(sqlite_site.registry, ["P2.1", "P3.1"], [], {})["subject"].to_pylist())
    assert subjects == {key_number("course", "henan", code) for code in ("HN-1", "HN-2")}
    assert {one.code for one in told(sqlite_site, "lms").missed} == {both, f"{LMS}/course/view.php?id=HN-1"}


def test_the_page_and_the_command_name_what_was_found_by_the_last_part(
    sqlite_site: Site, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    catalogue(sqlite_site, tmp_path)
    file, path = events(tmp_path, f"{LMS}/course/HN-1", f"{LMS}/course/XX")
    (report,) = intake(sqlite_site, file, path, by="t")
    assert "1 个网址按最后一段认作来源 henan 的课程" in report.message
    assert f"登记库里还没有这些课程代码：{LMS}/course/XX（" in report.message
    refresh(sqlite_site)
    page = browser(sqlite_site, "admin").open("/quality", "?source=lms")
    for words in (
        "按网址最后一段认出的课程",
        "7 条记录用网址写课程",
        f"{LMS}/course/HN-1",
        "目录里没有的课程",
    ):
        assert words in page, words
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", str(sqlite_site.registry.url))
    said = command("quality", "--source", "lms", "--home", sqlite_site.settings.home)
    assert "按网址最后一段认出的课程 1 个" in said.out

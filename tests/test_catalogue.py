"""Courses of another source's catalogue: said in the mapping, counted where it was not said, and put right afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portrait.errors import InputError, MappingError, NotFound
from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.intake.door import intake
from portrait.intake.forward import add_platform, forward, forward_again
from portrait.intake.mapping import read_mapping
from portrait.intake.preview import preview
from portrait.quality import Quality, qualities
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.source import source_titles
from portrait.store.credential import check_credential
from portrait.store.unlisted import catalogues, holding
from portrait.xapi.wsgi import application
from tests.inbox import ALIGNED, COURSES, MARKS, PEOPLE, mapping, records, write
from tests.readers import browser, enlist, settle
from tests.test_xapi_find import calling

ADMIN = scope(Actor(1, "admin", "", Role.ADMIN))


def told(site: Site, source: str) -> Quality:
    return next(one for one in qualities(site, ADMIN, today=site.today) if one.source == source)


def catalogue(site: Site, folder: Path) -> None:
    """Source henan has the courses HN-1 to HN-9, and teacher T1."""
    write(folder / "henan", "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
    write(folder / "henan", "courses.csv", "代码,名称", *(f"HN-{n},课 {n}" for n in range(1, 10)))
    intake(site, folder / "henan", mapping(folder, PEOPLE, COURSES, name="henan"), by="t")


def courses(site: Site) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in site.pool.query("SELECT course FROM record").to_pylist():
        found[row["course"]] = found.get(row["course"], 0) + 1
    return found


def said(path: str, line: str) -> str:
    """The mapping with one more line of its own at the head."""
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(f"{line}\n{text}", encoding="utf-8")
    return path


def test_a_whole_mapping_may_say_whose_courses_it_names_and_a_stream_otherwise(tmp_path: Path) -> None:
    own = MARKS.replace("- name: marks", "- name: own").replace(
        "      kind:", "      course_source: {const: other}\n      kind:"
    )
    path = Path(said(mapping(tmp_path, PEOPLE, COURSES, ALIGNED, MARKS, own), "course_source: henan"))
    streams = {stream.name: stream.course_source for stream in read_mapping(path).streams}
    assert streams == {"people": "", "courses": "", "aligned": "henan", "marks": "henan", "own": "other"}
    plain = read_mapping(Path(mapping(tmp_path, MARKS, name="plain")))
    before = plain.digest(plain.streams[0])
    same = read_mapping(Path(said(mapping(tmp_path, MARKS, name="plain"), "class_source: plain")))
    assert same.streams[0].class_source == "plain"
    assert before == read_mapping(Path(mapping(tmp_path, MARKS, name="plain"))).digest(plain.streams[0])
    with pytest.raises(MappingError, match="course_source“河南”只能用字母"):
        read_mapping(Path(said(mapping(tmp_path, MARKS, name="plain"), "course_source: 河南")))


def test_a_sheet_whose_courses_nobody_knows_is_told_with_the_codes_and_the_remedy_and_mended_by_it(
    site: Site, tmp_path: Path
) -> None:
    catalogue(site, tmp_path)
    lines = [f"T1,HN-{n % 4 + 1},2022-06-01,{n}" for n in range(100)] + ["T1,XX-13900001234,2022-06-01,5"]
    file = write(tmp_path / "sheet", "marks.csv", "编号,课程,时间,得分", *lines)
    marks = MARKS.replace("key: [编号, 课程]", "key: [编号, 课程, 得分]")
    path = mapping(tmp_path, marks, name="sheet")
    advice = "4 个课程代码在来源 henan 的课程目录里：是那里的课程，就在映射里写 course_source: henan"
    assert [seen.courses for seen in preview(site, file, path)] == [advice], "before anything is taken in"
    (report,) = intake(site, file, path, by="t")
    assert report.rows_stored == 101
    assert f"；其中 {advice}，再导入一次" in report.message
    one = told(site, "sheet")
    assert (one.figures.coursed, one.figures.unlisted) == (101, 101)
    assert [(m.code, m.records, m.catalogue, m.holds) for m in one.missed] == [
        *((f"HN-{n}", 25, "sheet", ("henan",)) for n in range(1, 5)),
        ("XX-***1234", 1, "sheet", ()),
    ]
    (signal,) = (signal for signal in one.signals if signal.code == "unlisted")
    assert "最多的：HN-1（25 条）、HN-2（25 条）、HN-3（25 条）。" in signal.says
    assert (
        "其中 4 个代码在来源 henan 的目录里：在映射里写 course_source: henan，再导入一次原来的文件"
        in signal.says
    )
    assert one.worst == signal.weight == 1.0
    said(path, "course_source: henan")
    assert preview(site, file, path)[0].courses is None
    (again,) = intake(site, file, path, by="t")
    assert again.rows_stored == 101
    refresh(site)
    one = told(site, "sheet")
    assert (one.figures.records, one.figures.unlisted) == (101, 1), (
        "the rows are newer versions, not new ones"
    )
    assert [signal.code for signal in one.signals if signal.code == "unlisted"] == []
    assert courses(site)[key_number("course", "henan", "HN-1")] == 25


def test_what_would_help_depends_on_which_catalogues_there_are(site: Site, tmp_path: Path) -> None:
    rows = [f"T1,Z{n % 2},2022-06-01,{n}" for n in range(100)]
    file = write(tmp_path / "sheet", "marks.csv", "编号,课程,时间,得分", *rows)
    path = mapping(tmp_path, MARKS.replace("key: [编号, 课程]", "key: [编号, 课程, 得分]"), name="sheet")
    intake(site, file, path, by="t")

    def says() -> str:
        return next(str(signal.says) for signal in told(site, "sheet").signals if signal.code == "unlisted")

    assert "还没有接入过课程名单" in says()
    catalogue(site, tmp_path)
    assert "来源 sheet 没有给过课程名单" in says()
    assert "有目录的：henan" in says()
    write(tmp_path / "own", "courses.csv", "代码,名称", "Y1,别的课")
    intake(site, tmp_path / "own", mapping(tmp_path, COURSES, name="sheet"), by="t")
    assert "来源 sheet 的目录里没有这些代码" in says()
    write(tmp_path / "own", "courses2.csv", "代码,名称", "Z0,课")
    intake(site, tmp_path / "own" / "courses2.csv", mapping(tmp_path, COURSES, name="sheet"), by="t")
    one = told(site, "sheet")
    assert (one.figures.unlisted, [m.code for m in one.missed]) == (50, ["Z1"]), (
        "a course that comes later is found"
    )


def test_the_catalogues_and_which_of_them_has_given_codes(site: Site, tmp_path: Path) -> None:
    assert catalogue(site, tmp_path) is None
    write(tmp_path / "b", "courses.csv", "代码,名称", "HN-1,课", "B,课")
    intake(site, tmp_path / "b", mapping(tmp_path, COURSES, name="b"), by="t")
    with site.registry.connect() as connection:
        assert [(one.source, one.courses) for one in catalogues(connection)] == [("henan", 9), ("b", 2)]
        assert holding(connection, ["HN-1", "HN-2", "nothing"]) == {"henan": {"HN-1", "HN-2"}, "b": {"HN-1"}}
        assert list(holding(connection, ["HN-1", "B"])) == ["b", "henan"]


def test_a_platform_whose_accounts_are_staff_numbers_and_whose_courses_are_the_catalogues(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site = sqlite_site
    catalogue(site, tmp_path)
    iri = "https://lms.example.cn/course/HN-3"
    write(tmp_path / "iri", "courses.csv", "代码,名称", f"{iri},课 3")
    intake(site, tmp_path / "iri", mapping(tmp_path, COURSES, name="iris"), by="t")
    made, path = add_platform(site, source="lms", name="市平台: “一期”", staff=True)
    assert source_titles(site.settings.home)["lms"] == "市平台: “一期”"
    assert add_platform(site, source="lms")[0].name == "市平台: “一期”"
    assert add_platform(site, source="lms", name="二期")[0].name == "二期"
    sent = {
        "id": str(uuid4()),
        "actor": {"account": {"homePage": "https://lms.example.cn", "name": "T1"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
        "object": {"id": "https://lms.example.cn/quiz/1"},
        "result": {"score": {"raw": 8, "max": 10}},
        "context": {"contextActivities": {"parent": [{"id": iri, "definition": {"type": "http://adlnet.gov/expapi/activities/course"}}]}},
        "timestamp": "2022-08-19T08:00:00+08:00",
    }  # fmt: skip
    with closing(application(site.registry)) as app:
        usable = check_credential(site.registry, made.key, made.secret)
        assert usable is not None
        assert calling(app, made)("POST", body=sent)[0] == 200
    (report,) = forward(site, by="t")
    assert (report.rows_stored, report.counts.rows_unmatched) == (1, 0), (
        "the account's name is the teacher's number"
    )
    assert records(site)[0]["account"] == account_id("lms", "staff", "T1")
    assert [(m.code, m.holds) for m in told(site, "lms").missed] == [(iri, ("iris",))]
    said(str(path), "course_source: iris")
    (again,) = forward_again(site, "lms", by="t")
    assert (again.rows_read, again.rows_stored) == (1, 1)
    refresh(site)
    assert (told(site, "lms").figures.records, told(site, "lms").missed) == (1, ())
    assert courses(site) == {key_number("course", "iris", iri): 1}
    with pytest.raises(NotFound, match="没有来源“nobody”的凭据"):
        forward_again(site, "nobody", by="t")


def test_a_credential_makes_the_mapping_say_whose_courses_and_accounts_they_are(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    words = ("--courses", "henan", "--staff", "--name", "市平台")
    made = command("credential", "add", "city", *words, "--home", home, "--json").json
    read = read_mapping(Path(made["mapping"]))
    (stream,) = read.streams
    assert (read.title, read.source, stream.course_source) == ("市平台", "city", "henan")
    account = stream.field("account")
    assert account is not None
    assert account.kinds == ("mail", "mbox_sha1sum", "openid", "staff")
    command("credential", "add", "town", "--home", home)
    assert source_titles(home)["town"] == "town", "two platforms without a name are told apart"
    refused = command("credential", "add", "city", "--courses", "henan", "--home", home)
    assert refused.code != 0
    assert "已经有映射" in refused.err
    assert command("credential", "reread", "city", "--home", home).code == 0
    assert command("credential", "reread", "nobody", "--home", home).code == 4


def test_the_page_names_the_courses_and_its_links_lead_to_something(
    sqlite_site: Site, tmp_path: Path
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    file = write(
        tmp_path, "marks.csv", "编号,课程,时间,得分", *(f"T1,HN-{n},2022-01-01,80" for n in range(100))
    )
    intake(sqlite_site, file, mapping(tmp_path, MARKS, name="sheet"), by="t")
    page = browser(sqlite_site, "admin")
    everything = page.open("/quality")
    assert "课程对不上" in everything
    assert "view=unlisted" in everything
    one = page.open("/quality", "?source=sheet&view=unlisted")
    for words in ("目录里没有的课程", "HN-11", "另有 80 个代码没有列出", "有课程不在目录里的", "marks.csv"):
        assert words in one, words
    assert "marks.csv" in page.open("/quality", "?source=sheet&view=late")
    assert "没有这样的批次" in page.open("/quality", "?source=sheet&view=doubtful")


def test_a_source_code_for_courses_is_one(site: Site) -> None:
    with pytest.raises(InputError, match="来源代码“河南”"):
        add_platform(site, source="lms", courses="河南")
    assert key_number("course", "henan", "HN-1") != key_number("course", "sheet", "HN-1")

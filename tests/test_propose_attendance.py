"""Sign-in sheets: a day in every column, or one column of signatures; who was there, at which meeting of which class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.part.admin.sketch import sketch_form
from dashboards.part.admin.sketching import drafted
from portrait.hashing import key_number
from portrait.intake.door import intake
from portrait.intake.draft import lacking
from portrait.intake.propose import propose
from portrait.intake.sketch import Tried
from portrait.record import Kind
from portrait.site import Site
from tests.export import Export
from tests.sheets import SIGNED, picked, proposed, taken, written


def test_a_sign_in_sheet_has_a_day_in_every_column_and_only_the_ticked_were_there(
    sqlite_site: Site, tmp_path: Path
) -> None:
    rows = [
        ["甲", 13800000001, "√", "√", "签名"],
        ["乙", 13800000002, "×", "√", ""],
        ["丙", 13800000003, "", "/", ""],
    ]
    found = proposed(
        tmp_path, [["2022年签到表"], ["姓名", "手机号", "8月1日", "8月2日", "备注"], *rows], "签到.xlsx"
    )
    assert {column: pick for column, pick in picked(found).items() if column != "姓名"} == {
        "手机号": "account:phone",
        "8月1日": "day",
        "8月2日": "day",
    }
    written(tmp_path, found)
    reports = intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert [(one.rows_stored, one.rows_quarantined, dict(one.passed)) for one in reports] == [
        (3, 0, {"缺勤": 1, "没有签到": 2}),
    ]
    days = sqlite_site.pool.rows(
        "SELECT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY time"
    )
    assert [day for (day,) in days] == ["2022-08-01", "2022-08-02", "2022-08-02"]


def test_a_sign_in_sheet_without_numbers_knows_its_teachers_by_name_and_school(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, SIGNED, "签到.xlsx")
    assert (found.draft.target, found.missing, found.draft.named) == ("record", (), "2022")
    assert picked(found) == {
        "姓名": "name", "单位": "school", "2022年9月1日": "day", "9月2日": "day", "9月3日": "day",
    }  # fmt: skip
    told = "".join(map(str, found.notes))
    assert "按姓名和单位认人" in told
    assert "身份合并" in told
    written(tmp_path, found)
    (report,) = intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert (report.rows_stored, dict(report.codes)) == (4, {"unknown_value": 1})
    assert dict(report.passed) == {"缺勤": 2, "请假": 2}
    held = sqlite_site.pool.rows(
        "SELECT account, kind, strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY line"
    )
    named = Export(sqlite_site, tmp_path / "x")
    assert [(named.shown(who), kind, day) for who, kind, day in held] == [
        ("王芳 · 一小学", Kind.ATTENDANCE, "2022-09-01"),
        ("李建国 · 一小学", Kind.ATTENDANCE, "2022-09-01"),
        ("李建国 · 一小学", Kind.ATTENDANCE, "2022-09-02"),
        ("张敏 · 二中学", Kind.ATTENDANCE, "2022-09-02"),
    ]
    # The next sheet has other days, another year and another column, and is read by the same mapping.
    later = [["姓名", "单位", "备注", "2023-10-08", "10.9上午"], ["王芳", "一小学", "", "√", "√"]]
    proposed(tmp_path, later, "十月.xlsx")
    (report,) = intake(sqlite_site, tmp_path / "十月.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert (report.rows_stored, report.rows_quarantined) == (2, 0)
    days = sqlite_site.pool.rows(
        f"SELECT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record WHERE batch = {report.batch} ORDER BY time"
    )
    assert [day for (day,) in days] == ["2023-10-08", "2023-10-09"]


def test_one_school_s_sheet_of_names_has_its_school_filled_in(sqlite_site: Site, tmp_path: Path) -> None:
    found = proposed(
        tmp_path, [["某小学2022年9月1日研修签到表"], ["姓名", "签到"], ["王芳", "√"], ["李建国", "缺"]]
    )
    assert (found.draft.target, picked(found)) == ("record", {"姓名": "name", "签到": "tick"})
    assert found.draft.fixed == {"kind": "attendance", "time": "（标题）"}
    assert found.missing == ("账号（编号、手机号这样的一列，或者姓名和单位）",)
    assert any("--fill school=单位的全名" in note for note in found.notes)
    filled = replace(found.draft, fixed={**found.draft.fixed, "school": "一小学"})
    assert lacking(filled) == []
    written(tmp_path, replace(found, draft=filled))
    (report,) = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert (report.rows_stored, dict(report.passed)) == (1, {"缺勤": 1})
    ((who, day),) = sqlite_site.pool.rows(
        "SELECT account, strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record"
    )
    assert (Export(sqlite_site, tmp_path / "x").shown(who), day) == ("王芳 · 一小学", "2022-09-01")
    # The sheet of another day, read by the same mapping, is of that day.
    proposed(tmp_path, [["某小学2022.10.8研修签到表"], ["姓名", "签到"], ["王芳", "√"]])
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    days = sqlite_site.pool.rows("SELECT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY 1")
    assert days == [("2022-09-01",), ("2022-10-08",)]


def test_a_registered_school_in_the_title_says_whose_people_they_are_of_that_sheet_alone(
    sqlite_site: Site, tmp_path: Path
) -> None:
    schools = ["某县第一小学", "第一小学", "某县实验中学"]
    rows = [["姓名", "签到"], ["王芳", "√"]]
    path = Export(sqlite_site, tmp_path).workbook(
        "表.xlsx", {"S": [["某县第一小学2022年9月1日签到表"], *rows]}
    )
    (found,) = propose(path, path.name, schools=lambda: schools)
    assert (found.missing, found.draft.fixed["school"]) == ((), "某县第一小学")
    assert "标题里写着学校“某县第一小学”" in "".join(map(str, found.notes))
    written(tmp_path, found)
    (report,) = intake(sqlite_site, path, str(tmp_path / "m.yaml"), by="t")
    assert report.rows_stored == 1
    other = taken(sqlite_site, tmp_path, [["某县实验中学2022年9月1日签到表"], *rows], "别校.xlsx")
    assert (other.rows_stored, other.rows_quarantined) == (0, 1), (
        "nobody of another school becomes one of this"
    )


def test_a_signature_is_a_presence_and_a_sheet_without_any_mark_is_asked_about(tmp_path: Path) -> None:
    head = ["单位", "姓名", "签名"]
    found = proposed(
        tmp_path, [["2022年9月1日签到表"], head, ["一小学", "王芳", "王芳"], ["一小学", "李强", ""]]
    )
    assert picked(found) == {"单位": "school", "姓名": "name", "签名": "sign"}
    assert found.draft.fixed == {"kind": "attendance", "time": "（标题）"}
    found = proposed(tmp_path, [["签到表"], head[:2], ["一小学", "王芳"]])
    assert (found.draft.fixed, found.missing) == ({"kind": "", "time": "（标题）"}, ("记录种类",))
    counted = proposed(
        tmp_path, [["考勤"], ["姓名", "学校", "请假天数", "出勤率"], ["王芳", "一小学", 0, "100%"]]
    )
    assert "tick" not in picked(counted).values()


def test_the_same_people_sign_the_sheet_of_another_meeting(sqlite_site: Site, tmp_path: Path) -> None:
    for which in ("第一次", "第二次"):
        table = [
            [f"{which}集中研修签到表"],
            ["姓名", "继教编号", "签到"],
            ["王芳", "HJ001", "√"],
            ["李强", "HJ002", "√"],
        ]
        found = proposed(tmp_path, table)
        written(tmp_path, found)
        (report,) = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
        assert (report.rows_stored, report.rows_duplicate) == (2, 0), which


def test_digits_in_the_head_above_the_days_are_no_day(sqlite_site: Site, tmp_path: Path) -> None:
    heads = ["继教编号", "第1-2周·9月3日", "2026-2027学年·9月4日"]
    found = proposed(tmp_path, [["2022年签到表"], heads, *([f"HJ{n}", "√", "√"] for n in range(3))])
    assert list(picked(found).values())[1:] == ["day", "day"]
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    days = sqlite_site.pool.rows(
        "SELECT DISTINCT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY 1"
    )
    assert days == [("2022-09-03",), ("2022-09-04",)]


def test_who_signed_in_what_it_gave_and_how_it_ended_are_three_records_of_the_day_in_the_title(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["继教编号", "签到", "成绩", "结业情况"]
    rows = [["HJ001", "√", 88, "合格"], ["HJ002", "请假", 90, "合格"], ["HJ003", "√", 60, "不合格"]]
    found = proposed(tmp_path, [["2022年9月3日研修签到及测试成绩"], head, *rows])
    written(tmp_path, found)
    reports = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert sum(one.rows_quarantined for one in reports) == 0
    held = sqlite_site.pool.rows(
        "SELECT kind, count(*), count(DISTINCT time), count(time) FROM record GROUP BY 1 ORDER BY 1"
    )
    assert [(Kind(kind), n) for kind, n, _, _ in held] == [
        (kind, n)
        for kind, n in sorted({Kind.QUIZ: 3, Kind.ATTENDANCE: 2, Kind.COMPLETE: 2, Kind.FAIL: 1}.items())
    ]
    assert all(days == 1 and dated == n for _, n, days, dated in held)


@pytest.mark.parametrize(
    ("title", "name", "called", "sure"),
    [
        (
            "农村中小学班主任育人能力提升一班（BJ2022GP100007）集中培训签到表",
            "a.xlsx",
            "BJ2022GP100007",
            True,
        ),
        ("签到表", "GP2022-03签到.xlsx", "GP2022-03", True),
        ("2022年“国培计划”班主任班签到表", "a.xlsx", "2022年“国培计划”班主任班", False),
        ("签到表", "骨干教师提升二班签到.xlsx", "骨干教师提升二班", False),
        ("班主任培训签到表", "a.xlsx", "", False),
        ("2022年签到表", "Sheet1.xlsx", "", False),
    ],
)
def test_the_class_in_a_title_is_proposed_and_asked_about(
    sqlite_site: Site, tmp_path: Path, title: str, name: str, called: str, sure: bool
) -> None:
    found = proposed(tmp_path, [[title], ["继教编号", "2022-10-08"], ["HJ001", "√"]], name)
    assert found.draft.fixed.get("run", "") == ("（标题）" if called else "")
    told = [str(note) for note in found.notes if "是这一班吗" in note]
    assert [f"“{called}”" in note and ("没有把握" in note) != sure for note in told] == [True] * bool(called)
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / name, str(tmp_path / "m.yaml"), by="t")
    expected = key_number("class", found.draft.source, called) if called else 0
    assert sqlite_site.pool.rows("SELECT run FROM record") == [(expected,)]


def test_a_sheet_of_another_school_is_nobody_s_here_whatever_the_source_is_called_on_the_page(
    sqlite_site: Site, tmp_path: Path
) -> None:
    rows = [["姓名", "9月5日", "9月12日"], ["王芳", "√", "√"]]
    table = [["某县第一小学2022年9月校本研修签到表"], *rows]
    path = Export(sqlite_site, tmp_path).workbook("表.xlsx", {"1组": table})
    (found,) = propose(path, path.name, schools=lambda: ["某县第一小学", "某县实验中学"])
    drawn = sketch_form(path, [path.name], ["1组"], found, Tried(), {})
    data = {
        part.id: part.data for part in drawn if getattr(part, "id", "") in ("sketch-columns", "sketch-about")
    }
    named = {"name": "signs", "source": "signs", "title": "第一小学校本研修签到"}
    picks = [found.draft.picks[column] for column in data["sketch-columns"]]
    draft = drafted(data["sketch-columns"], data["sketch-about"], picks, [], found.draft.fixed, named)
    written(tmp_path, replace(found, draft=draft))
    assert taken(sqlite_site, tmp_path, table, "甲.xlsx").rows_stored == 2
    for title in ("某县实验中学2022年9月校本研修签到表", "2022年9月校本研修签到表"):
        report = taken(sqlite_site, tmp_path, [[title], *rows], "乙.xlsx")
        assert (report.rows_stored, report.rows_quarantined) == (0, 2), title

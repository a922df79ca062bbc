"""The day of a sheet without a column for it: what its heading says of the thing, never when the form was filled in; and what is said
where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portrait.intake.draft import mapping_text
from portrait.intake.held import held
from portrait.intake.preview import preview
from portrait.site import Site
from tests.sheets import Table, held_days, proposed, taken, written


@pytest.mark.parametrize(
    ("above", "day"),
    [
        ("期末成绩表 考试时间：2022年10月22日", "2022-10-22"),
        ("测试日期 2022-10-22", "2022-10-22"),
        ("时间：2022年10月22日上午9:00—11:00 地点：报告厅", "2022-10-22"),
        ("培训时间：2022年10月8日（周六）至10月12日（周三）", "2022-10-12"),
        ("培训时间：2022.10.08-10.12", "2022-10-12"),
        ("活动时间：2022年12月30日—1月2日", "2023-01-02"),
        ("培训时间：10月8日、9日、10日", "10月10日"),
        ("培训时间：2022年10月8日至12日 考试时间：2022年10月11日", "2022-10-11"),
        ("2022年10月22日科学教师笔试成绩表", "2022-10-22"),
        ("研修时间：2022年2月30日", ""),
        ("考试时间：90分钟", ""),
        ("2022年10月25日", ""),
        ("日期：2022年10月22日", ""),
        ("制表日期：2022年10月25日", ""),
        ("2022年9月测评成绩", ""),
        ("2022年11月1日打印考试成绩", ""),
        ("2022年10月25日上报培训成绩", ""),
        ("2022年10月25日公布考试成绩", ""),
        ("2022年10月22日填报的培训成绩", ""),
        ("2022年11月1日前提交培训作业", ""),
        ("考试于2022年11月1日前完成", ""),
        ("时间：2022年10月25日制表", ""),
        ("培训于2022年9月1日开始报名", ""),
        ("考试时间：2022年10月22日 报名时间：2022年9月1日", "2022-10-22"),
        ("2022年10月8日前往郑州培训", "2022-10-08"),
    ],
)
def test_a_word_says_that_a_day_is_the_thing_s_own(above: str, day: str) -> None:
    assert held(above) == day


HEAD = ["继教编号", "姓名", "课程代码", "笔试成绩"]
ROWS = [["HJ41000000001", "王芳", "C1", 95], ["HJ41000000002", "李强", "C1", 81]]


def sheet(*above: str, rows: Table = ROWS) -> Table:
    return [*([line] for line in above), HEAD, *rows]


def test_marks_take_the_day_of_the_examination_from_each_sheet_s_heading(
    sqlite_site: Site, tmp_path: Path
) -> None:
    first = sheet("某县培训笔试成绩表", "制表日期：2022年10月25日　　考试时间：2022年10月22日")
    found = proposed(tmp_path, first)
    assert found.draft.fixed["time"] == "（标题）"
    assert any("这一张是 2022-10-22" in note for note in found.notes)
    written(tmp_path, found)
    report = taken(sqlite_site, tmp_path, first, "甲.xlsx")
    assert (report.rows_stored, "没有日期" in report.message) == (2, False)
    later = sheet("某县培训笔试成绩表", "制表日期：2022年12月25日", "考试时间：2022年12月3日至4日")
    assert taken(sqlite_site, tmp_path, later, "乙.xlsx").rows_stored == 2
    assert held_days(sqlite_site) == ["2022-10-22"] * 2 + ["2022-12-04"] * 2
    # One that says none says so, before and after.
    bare = sheet("某县培训面试成绩表", "制表日期：2023年1月5日")
    report = taken(sqlite_site, tmp_path, bare, "丙.xlsx")
    assert report.message.count("2 行没有日期：入库，但不计入") == 1
    (looked,) = preview(sqlite_site, tmp_path / "丙.xlsx", str(tmp_path / "m.yaml"))
    assert "2 行没有日期" in (looked.courses or "")


def test_a_day_that_is_given_later_is_the_same_records_with_a_day(sqlite_site: Site, tmp_path: Path) -> None:
    bare = sheet("某县培训笔试成绩表", "制表日期：2022年10月25日")
    found = proposed(tmp_path, bare)
    assert any("--fill time=" in note for note in found.notes)
    assert not any("这一张是" in note or "没有写年份" in note for note in found.notes)
    written(tmp_path, found)
    assert "没有日期" in taken(sqlite_site, tmp_path, bare, "甲.xlsx").message
    given = replace(found, draft=replace(found.draft, fixed={**found.draft.fixed, "time": "2022-10-22"}))
    written(tmp_path, given)
    report = taken(sqlite_site, tmp_path, bare, "甲.xlsx")
    assert (report.rows_stored, "没有日期" in report.message) == (2, False)
    (count,) = sqlite_site.pool.rows("SELECT count(DISTINCT id) FROM record")[0]
    assert count == 2
    # Another examination of this mapping is not a correction of the first.
    other = sheet("某县培训补考成绩表", "制表日期：2022年12月25日")
    assert taken(sqlite_site, tmp_path, other, "乙.xlsx").rows_stored == 2


def test_a_day_that_is_written_into_the_heading_later_is_read_by_the_same_mapping(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, sheet("某县培训笔试成绩表"))
    written(tmp_path, found)
    assert "标题里写上" in taken(sqlite_site, tmp_path, sheet("某县培训笔试成绩表"), "甲.xlsx").message
    dated = sheet("某县培训笔试成绩表", "考试时间：2022年10月22日")
    report = taken(sqlite_site, tmp_path, dated, "甲.xlsx")
    assert (report.rows_stored, "没有日期" in report.message) == (2, False)
    assert [day for day in held_days(sqlite_site) if day] == ["2022-10-22"] * 2
    # A mapping without a place for the day has to be proposed again, and the notice says so.
    text = mapping_text([replace(found.draft, fixed={**found.draft.fixed, "time": ""})])
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    report = taken(sqlite_site, tmp_path, sheet("某县面试成绩表", "考试时间：2022年12月3日"), "乙.xlsx")
    assert "--propose --save --replace" in report.message


def test_a_form_that_was_filled_in_later_does_not_move_a_sign_in(sqlite_site: Site, tmp_path: Path) -> None:
    signed = [["某校研修签到表"], ["填报日期：2022年9月9日", "活动时间：2022年9月1日"], ["继教编号", "签到"]]
    table: Table = [*signed, ["HJ41000000001", "√"]]
    found = proposed(tmp_path, table)
    assert any("这一张是 2022-09-01" in note for note in found.notes)
    written(tmp_path, found)
    assert taken(sqlite_site, tmp_path, table, "甲.xlsx").rows_stored == 1
    # Nor does a filled-in form without any other day date one.
    table[1] = ["填报日期：2022年9月9日"]
    assert "没有日期" in taken(sqlite_site, tmp_path, table, "乙.xlsx").message
    assert [day for day in held_days(sqlite_site) if day] == ["2022-09-01"]

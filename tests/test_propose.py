"""A mapping proposed for a sheet that nobody has described: the very rows come back, whatever stands around them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.errors import InputError
from portrait.hashing import key_number
from portrait.intake.door import intake
from portrait.intake.draft import checked, choices, lacking, mapping_text
from portrait.intake.guess import RULES, day_of, guesses
from portrait.intake.lookup import code_list
from portrait.intake.mapping import read_mapping
from portrait.intake.preview import preview
from portrait.intake.propose import TARGETS_OFFERED, Proposal, propose, shape
from portrait.intake.replay import ReplayReport, mend
from portrait.intake.scale import scale_of
from portrait.intake.target import TARGETS
from portrait.intake.year import year_named
from portrait.record import Kind
from portrait.resource import read_yaml
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.source import source_titles
from portrait.store.quarantine import quarantined
from tests.export import Export
from tests.test_sheet import IDNO, draw

Table = list[list[Any]]


def proposed(folder: Path, table: Table, name: str = "表.xlsx") -> Proposal:
    book = xlsxwriter.Workbook(folder / name)
    sheet = book.add_worksheet()
    for row, cells in enumerate(table):
        sheet.write_row(row, 0, ["" if cell is None else cell for cell in cells])
    book.close()
    (found,) = propose(folder / name, name)
    return found


def picked(proposal: Proposal) -> dict[str, str]:
    return {column: pick for column, pick in proposal.draft.picks.items() if pick}


ROSTER = ["序号", "工作单位", "姓名", "身份证号码", "联系电话", "专业技术职称", "任教学科", "继续教育编号"]


def test_a_roster_is_known_by_its_heads_and_cells(tmp_path: Path) -> None:
    rows = [
        [n, f"{n}小学", "王　芳", IDNO, 13800000000 + n, "一级", "生物", f"HJ{n:06d}"] for n in range(1, 5)
    ]
    found = proposed(tmp_path, [["2022年教师信息表"], ROSTER, *rows, ["合计", "4人"]])
    assert (found.draft.target, found.missing, found.draft.named) == ("person", (), "2022")
    assert picked(found) == {
        "工作单位": "school",
        "姓名": "name",
        "身份证号码": "idno",
        "联系电话": "phone",
        "专业技术职称": "title",
        "任教学科": "subject",
        "继续教育编号": "key",
    }
    assert (found.table.head.row, found.table.rows, found.table.passed) == (2, 4, 1)
    shown = {column.name: column.examples for column in found.table.columns}
    assert shown["身份证号码"] == ("***002X",)
    assert shown["联系电话"][0] == "***0001"
    reasons = {column.name: str(column.guesses[0].why) for column in found.table.columns}
    assert reasons["身份证号码"] == "表头像“身份证号码”；4 格中 4 格是身份证号（校验位对）"


def test_cells_tell_a_column_whose_head_says_nothing_and_contradict_one_that_says_wrong(
    tmp_path: Path,
) -> None:
    rows = [[f"HJ{n:06d}", "男", 13800000000 + n, f"t{n}@demo.invalid"] for n in range(6)]
    found = proposed(tmp_path, [["继教编号", "丙", "姓名", "手机号"], *rows])
    assert picked(found) == {"继教编号": "key", "丙": "gender", "姓名": "phone", "手机号": "mail"}
    assert found.missing == ("姓名",)


def test_marks_of_several_columns_become_a_stream_each_and_hours_count_once(tmp_path: Path) -> None:
    head = ["继教编号", "平时成绩", "期末成绩（100分）", "学习时长（分钟）"]
    found = proposed(tmp_path, [head, *([f"T{n}000", 60 + n, "缺考" if n else 90, 30] for n in range(3))])
    assert picked(found) == {
        "继教编号": "account:staff",
        "平时成绩": "score:quiz",
        "期末成绩（100分）": "score:exam",
        "学习时长（分钟）": "seconds:minutes",
    }
    mapping = written(tmp_path, found)
    assert [stream.name for stream in mapping.streams] == ["record_1", "record_2"]
    assert [stream.field("seconds") is not None for stream in mapping.streams] == [True, False]
    assert {stream.field("kind").const for stream in mapping.streams} == {"quiz", "exam"}  # type: ignore[union-attr]


def written(folder: Path, *found: Proposal) -> Any:
    path = folder / "m.yaml"
    path.write_text(mapping_text([checked(one.draft) for one in found]), encoding="utf-8")
    return read_mapping(path)


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


@pytest.mark.parametrize(
    ("name", "marks", "full", "beyond"),
    [
        ("成绩", [90, 88, 76, 92, 81, 105], "100", 1),  # 95, mistyped
        ("成绩", [90, 105] * 3, "120", 0),  # half of them are no mistakes
        ("成绩", [140, 110, 125, 90, 88], "150", 0),
        ("评分", [4, 5, 3, 5, 2], "5", 0),
        ("平时", [9, 10, 8, 7, 10], "10", 0),
        ("平时", [9, 10, 8, 7, 85], "100", 0),
        ("平时（40分）", [35, 38, 29], "40", 0),
        ("笔试 满分120", [90, 88], "120", 0),
        ("结业测试（40分）", [35, 28, 44], "40", 1),  # the head says it, one mark is mistyped
        ("测验（2）", [90, 88], "100", 0),
        ("成绩（2026）", [90, 88], "100", 0),  # a year
        ("成绩", [0, 0], "100", 0),
        ("成绩", [], "100", 0),
        ("总分", [170, 165, 90], "", 0),
    ],
)
def test_a_full_mark_is_the_smallest_usual_one_that_nearly_all_marks_keep_to(
    name: str, marks: list[float], full: str, beyond: int
) -> None:
    found = scale_of(name, [(("", row), float(mark)) for row, mark in enumerate(marks, 2)])
    assert (found.full, len(found.beyond)) == (full, beyond)
    assert bool(found.full) == (found.sure > 0)


def test_a_mark_beyond_the_full_mark_is_named_by_its_row_and_columns_may_have_their_own(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["继教编号", "平时（40分）", "期末成绩", "总评"]
    rows = [[f"T{n}000", 30 + n, 80 + n, 85 + n] for n in range(8)]
    rows[3][2] = 105
    found = proposed(tmp_path, [["成绩汇总表"], head, *rows])
    assert (found.draft.fixed, found.draft.scales) == ({"score_max": "100"}, {"平时（40分）": "40"})
    assert "8 个得分里 7 个不超过 100" in found.draft.reasons["score_max"]
    assert "“期末成绩”有 1 个得分超过满分 100，会进隔离区：工作表“Sheet1”第 6 行。" in "".join(
        map(str, found.notes)
    )
    written(tmp_path, found)
    reports = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert [(one.rows_stored, dict(one.codes)) for one in reports] == [
        (8, {}),
        (7, {"beyond_scale": 1}),
    ]
    assert sqlite_site.pool.rows("SELECT DISTINCT score_max FROM record ORDER BY 1") == [(40.0,), (100.0,)]


SIGNED = [
    ["校本研修活动签到表"],
    ["序号", "姓名", "单位", "2022年9月1日", "9月2日", "9月3日", "签字"],
    [1, "王芳", "一小学", "√", "×", "请假", ""],
    [2, "李建国", "一小学", "到", "出勤", "事假", ""],
    [3, "张　敏", "二中学", "缺勤", "迟到", "？", ""],
]


def test_a_sign_in_sheet_without_numbers_knows_its_teachers_by_name_and_school(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, SIGNED, "签到.xlsx")
    assert (found.draft.target, found.missing) == ("record", ("年份（列名里的日期没有写）",))
    assert picked(found) == {
        "姓名": "name", "单位": "school", "2022年9月1日": "day", "9月2日": "day", "9月3日": "day",
    }  # fmt: skip
    told = "".join(map(str, found.notes))
    assert "按姓名和单位认人" in told
    assert "身份合并" in told
    written(tmp_path, replace(found, draft=replace(found.draft, year="2022")))
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
    assert [day for (day,) in days] == ["2022-10-09", "2023-10-08"]


def test_one_school_s_sheet_of_names_has_its_school_filled_in(sqlite_site: Site, tmp_path: Path) -> None:
    found = proposed(
        tmp_path, [["某小学2022年9月1日研修签到表"], ["姓名", "签到"], ["王芳", "√"], ["李建国", "缺"]]
    )
    assert (found.draft.target, picked(found)) == ("record", {"姓名": "name", "签到": "tick"})
    assert found.draft.fixed == {"kind": "attendance", "time": "（标题）"}
    assert found.missing == ("账号（编号、手机号这样的一列，或者姓名和单位）",)
    assert any("固定的单位" in note for note in found.notes)
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


def test_a_signature_is_a_presence_and_a_sheet_without_any_mark_is_asked_about(tmp_path: Path) -> None:
    head = ["单位", "姓名", "签名"]
    found = proposed(
        tmp_path, [["2022年9月1日签到表"], head, ["一小学", "王芳", "王芳"], ["一小学", "李强", ""]]
    )
    assert picked(found) == {"单位": "school", "姓名": "name", "签名": "sign"}
    assert found.draft.fixed == {"kind": "attendance", "time": "（标题）"}
    found = proposed(tmp_path, [["签到表"], head[:2], ["一小学", "王芳"]])
    assert (found.draft.fixed, found.missing) == ({"kind": ""}, ("记录种类",))
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
        for kind, n in sorted({Kind.EXAM: 3, Kind.ATTENDANCE: 2, Kind.COMPLETE: 2, Kind.FAIL: 1}.items())
    ]
    assert all(days == 1 and dated == n for _, n, days, dated in held)


def test_how_it_ended_is_a_record_beside_the_marks_and_a_certificate_s_number_is_nobody_s(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["编号", "手机号", "平时成绩", "作业", "是否合格", "学时"]
    rows = [[f"证{n:03d}", 13800000001 + n, 80, 90, "合格" if n else "不合格", 30] for n in range(3)]
    found = proposed(tmp_path, [["结业成绩"], head, *rows])
    assert picked(found) == {
        "手机号": "account:phone",
        "平时成绩": "score:quiz",
        "作业": "score:assignment",
        "是否合格": "kind",
        "学时": "credit",
    }
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    held = sqlite_site.pool.rows("SELECT kind, count(*), sum(credit) FROM record GROUP BY 1 ORDER BY 1")
    assert [(Kind(kind), n, bool(hours)) for kind, n, hours in held] == [
        (Kind.QUIZ, 3, False),
        (Kind.ASSIGNMENT, 3, False),
        (Kind.COMPLETE, 2, True),
        (Kind.FAIL, 1, True),
    ]


@pytest.mark.parametrize(
    ("table", "target", "expected"),
    [
        ([["课程编号", "课程名称", "学时"], ["K1", "平均数", 3]], "course", {"课程编号": "code", "课程名称": "title", "学时": "hours"}),
        ([["课程编号", "课程名称", "主讲人"], ["K1", "课一", "王芳"]], "course", {"课程编号": "code", "课程名称": "title"}),
        ([["班次代码", "班次名称", "开班日期"], ["B1", "某班", "2022-08-01"]], "class", {"班次代码": "code", "班次名称": "name", "开班日期": "starts"}),
        ([["学校代码", "学校名称", "所在县"], ["S1", "一小学", "兰考县"]], "school", {"学校代码": "code", "学校名称": "name", "所在县": "county"}),
        ([["班次代码", "继教编号", "报到日期"], ["B1", "T1001", "2022-08-01"]], "trainee", {"班次代码": "class", "继教编号": "account:staff", "报到日期": "checked_in"}),
        ([["手机", "课程代码", "认定学时", "完成时间"], [13800000001, "K1", 3, "2022-08-01"]], "record", {"手机": "account:phone", "课程代码": "course", "认定学时": "credit", "完成时间": "time"}),
    ],
)  # fmt: skip
def test_what_the_rows_are_is_told_from_the_columns(
    tmp_path: Path, table: Table, target: str, expected: dict[str, str]
) -> None:
    found = proposed(tmp_path, table)
    assert (found.draft.target, picked(found), found.missing) == (target, expected, ())
    assert written(tmp_path, found).streams[0].target.name == target


def test_a_full_mark_beyond_the_usual_ones_is_asked_for_and_study_at_school_is_told_by_its_heads(
    tmp_path: Path,
) -> None:
    found = proposed(tmp_path, [["继教编号", "笔试", "竞赛得分"], ["T1001", 90, 170]])
    assert (found.draft.fixed, found.missing) == ({"score_max": ""}, ("满分",))
    found = proposed(tmp_path, [["继教编号", "校本研修主题", "认定学时"], ["T1001", "集体备课", 2]])
    assert found.draft.fixed == {"kind": "activity"}


def test_two_rows_of_header_and_sheets_of_the_same_kind_are_one_proposal(tmp_path: Path) -> None:
    def two(book: xlsxwriter.Workbook, sheet: Any) -> None:
        sheet.merge_range("A1:C1", "成绩表")
        sheet.merge_range("A2:A3", "继教编号")
        sheet.merge_range("B2:C2", "成绩")
        sheet.write_row("B3", ["平时", "期末"])
        sheet.write_row("A4", ["T1001", 80, 90])

    draw(tmp_path / "a.xlsx", two, "甲班", "乙班")
    (found,) = propose(tmp_path / "a.xlsx", "a.xlsx")
    assert (found.sheets, found.draft.sheet, found.draft.header) == (("甲班", "乙班"), "*", "auto 2")
    assert list(picked(found)) == ["继教编号", "成绩·平时", "成绩·期末"]
    (chosen,) = propose(tmp_path / "a.xlsx", "a.xlsx", sheet="乙班", header="2-3")
    assert (chosen.table.sheet, chosen.draft.header) == ("乙班", "2-3")


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("只有一格\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有找到表格"):
        propose(tmp_path / "a.csv", "a.csv")
    with pytest.raises(InputError, match="只有表格文件"):
        propose(tmp_path / "a.csv", "a.jsonl")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target": "x"}, "没有“x”这种内容"),
        ({"name": "../x"}, "名字和来源只能用字母"),
        ({"header": "first"}, "表头应为行号"),
        ({"year": "22"}, "年份应为四位数字"),
        ({"picks": {"甲": "x"}}, "列“甲”：没有“x”这个字段"),
        ({"picks": {"甲": "name", "乙": "name"}}, "“姓名”只能来自一列，这里选了：甲、乙"),
        ({"fixed": {"x": "1"}}, "没有“x”这个字段"),
    ],
)
def test_a_draft_from_a_browser_is_checked(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    found = proposed(tmp_path, [["继教编号", "姓名"], ["T1001", "王芳"]])
    with pytest.raises(InputError) as error:
        checked(replace(found.draft, **change))
    assert says in error.value.message


HOSTILE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=HOSTILE,
    columns=st.lists(HOSTILE.map(str.strip).filter(bool), min_size=2, max_size=2, unique=True),
    item=HOSTILE,
)
def test_any_words_become_yaml_that_says_just_them(
    tmp_path: Path, title: str, columns: list[str], item: str
) -> None:
    found = proposed(tmp_path, [["继教编号", "成绩"], ["T1001", 5]])
    picks = {columns[0]: "account:staff", columns[1]: "score:exam"}
    draft = replace(
        found.draft,
        title=title or "题",
        picks=picks,
        fixed={"item": item, "score_max": "5"},
        why={columns[0]: title},
    )
    said = yaml.load(mapping_text([draft]), Loader=yaml.BaseLoader)
    (stream,) = said["streams"]
    assert said["title"] == (title or "题")
    assert [stream["fields"][field]["from"] for field in ("account", "score")] == columns
    assert stream["fields"].get("item", {}).get("const", "") == item


def test_the_rules_name_only_what_there_is() -> None:
    rules = read_yaml(RULES)
    for name, aliases in rules["alias"].items():
        if name != "result":
            assert set(map(str, aliases.values())) <= set(code_list(name).values()), name
    assert set(rules["table"]) <= {*TARGETS, "attendance", "marks", "hours", "certificate"}
    assert guesses("序号", ["1", "2", "3"])[0].role == "number"
    for target in TARGETS_OFFERED:
        assert choices(target)
    assert [day_of(head, "2022") for head in ("8月1日", "8.1", "2021年8月1日", "2022-08-01", "第1天")] == [
        "2022-08-01",
        "2022-08-01",
        "2021-08-01",
        "2022-08-01",
        "",
    ]


def test_the_command_prints_a_mapping_that_can_be_saved_and_used(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    rows = [
        "2022年成绩,,",
        "继教编号,考试日期,成绩",
        "T1001,8月19日,85%",
        "T1002,2022.8.20,９０分",
        "合计,2人,",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="gb18030")
    printed = command("intake", tmp_path / "a.csv", "--propose")
    assert printed.code == 0
    assert "# a.csv：表头在第 2 行，2 行数据" in printed.out
    (tmp_path / "m.yaml").write_text(printed.out, encoding="utf-8")
    taken = command(
        "intake", tmp_path / "a.csv", "--source", tmp_path / "m.yaml", "--json", "--home", tmp_path / "home"
    )
    (report,) = json.loads(taken.out)
    assert (report["rows_stored"], report["rows_quarantined"], report["rows_passed"]) == (2, 0, 1)
    shape = json.loads(command("intake", tmp_path / "a.csv", "--propose", "--json").out)
    assert shape[0]["columns"][2] | {"sure": 0} == {
        "name": "成绩", "examples": ["85%", "90分"], "field": "score:exam", "sure": 0,
        "why": "表头像“成绩”；2 格中 2 格是 0 到 150 的数",
    }  # fmt: skip
    assert command("intake", tmp_path / "a.csv").code == 2


def test_a_proposal_has_a_name_and_title_of_its_own_and_counts_every_sheet(tmp_path: Path) -> None:
    def one(book: xlsxwriter.Workbook, sheet: Any) -> None:
        title = f"2022年培训成绩汇总表（{sheet.name}）"
        sheet.merge_range("A1:C1", title)
        sheet.write_row("A2", ["填报单位：某中心", "", "填报时间：2022年9月1日"])
        sheet.write_row("A3", ["继教编号", "姓名", "成绩"])
        for row in range(2 if sheet.name == "第一期" else 3):
            sheet.write_row(3 + row, 0, [f"T{row}001", "王芳", 80 + row])
        sheet.write_row(6, 0, ["合计", "", 200])

    (found,) = propose(draw(tmp_path / "成绩.xlsx", one, "第一期", "第二期"), "成绩.xlsx")
    assert (found.rows, found.counts, found.passed) == (5, (2, 3), 2)
    assert found.draft.title == "2022年培训成绩汇总表"
    assert found.draft.name.startswith("marks_")
    names = {
        proposed(tmp_path, SIGNED, name).draft.name
        for name in ("签到1.xlsx", "签到2.xlsx", "研修签到.xlsx", "sign in.xlsx")
    }
    assert len(names) == 3
    assert "sign_in" in names


@pytest.mark.parametrize("source", ["", "moodle_log"])
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("成绩.xlsx", b"%PDF-1.4\n1 0 obj", "PDF 文件"), ("成绩.xls", b"<html><table>", "网页（HTML）")],
)
def test_what_only_calls_itself_a_sheet_is_called_what_it_is(
    command: Callable[..., Any], tmp_path: Path, name: str, content: bytes, kind: str, source: str
) -> None:
    (tmp_path / name).write_bytes(content)
    how = ["--source", source, "--home", tmp_path / "home"] if source else ["--propose"]
    said = command("intake", tmp_path / name, *how)
    assert said.code == 3
    assert kind in said.err
    assert "不是表格" in said.err


def test_propose_says_what_it_is_for(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("继教编号,成绩\nT1001,80\n", encoding="utf-8")
    said = command("intake", tmp_path, "--propose")
    assert said.code == 3
    assert "是文件夹；一次看一个表格文件，这里有：a.csv" in said.err
    said = command("intake", tmp_path / "a.csv", "--propose", "--source", "oulad")
    assert said.code == 2
    assert "不和 --source" in said.err


def test_a_cell_that_several_streams_read_is_mended_once_and_full_width_is_no_fault(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["手机号", "平时成绩", "期末成绩"]
    rows = [[13800000001, 80, 90], ["1380000000", 81, 91], [13800000003, 82, "九十"]]
    written(tmp_path, proposed(tmp_path, [head, *rows]))
    reports = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert [(one.rows_stored, one.rows_quarantined) for one in reports] == [(2, 1), (1, 2)]
    with sqlite_site.registry.connect() as connection:
        first, second, mark = quarantined(connection)
    assert (first.row, second.row, mark.row) == (3, 3, 4)
    assert mend(sqlite_site, mark.id, {"期末成绩": "９３．５"}, by="t") == ReplayReport(1, 1, 0, 0)
    assert mend(sqlite_site, first.id, {"手机号": "13800000002"}, by="t") == ReplayReport(2, 2, 0, 0)
    with sqlite_site.registry.connect() as connection:
        assert quarantined(connection) == []
    assert sqlite_site.pool.rows("SELECT score FROM record ORDER BY 1") == [
        (80.0,), (81.0,), (82.0,), (90.0,), (91.0,), (93.5,),
    ]  # fmt: skip


def test_who_is_wrong_in_a_row_of_days_is_mended_for_all_of_them(sqlite_site: Site, tmp_path: Path) -> None:
    table = [["手机号", "9月1日", "9月2日"], [13800000001, "√", "√"], ["138", "√", "？"]]
    found = proposed(tmp_path, table)
    written(tmp_path, replace(found, draft=replace(found.draft, year="2022")))
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    with sqlite_site.registry.connect() as connection:
        one, other = quarantined(connection)
    assert mend(sqlite_site, one.id, {"手机号": "13800000002"}, by="t") == ReplayReport(2, 1, 0, 1)
    assert mend(sqlite_site, other.id, {"（签到）": "√"}, by="t") == ReplayReport(1, 1, 0, 0)
    assert sqlite_site.pool.rows("SELECT count(*) FROM record") == [(4,)]


# --- any sheet at all ------------------------------------------------------------------------------------------

ODD = st.one_of(
    st.sampled_from(
        [*(["姓名", "单位", "学校", "继教编号", "手机号", "身份证号", "序号", "签字", "签到", "成绩", "得分", "满分", "学时", "时长", "日期", "课程", "课程代码", "班次", "结果", "备注"]),
         "9月1日", "9.1", "2022-09-01", "2月31日", "13月1日", "第一天", "√", "×", "请假", "100", "85%", "1小时20分", "王芳", "4.1E+17", "=", "-", "（日期）"]
    ),
    st.text('1天日月年.√分（）·: "\n', max_size=6),
    st.just(""),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=st.lists(st.lists(ODD, max_size=6), max_size=6), target=st.sampled_from(["", *TARGETS_OFFERED]))
def test_any_sheet_gives_a_mapping_or_a_sentence(tmp_path: Path, table: Table, target: str) -> None:
    with (tmp_path / "表.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    found, told = [], ""
    try:
        found = propose(tmp_path / "表.csv", "表.csv", target=target)
    except InputError as error:
        told = error.message
    assert found or told.startswith("表.csv：")
    for one in found:
        json.dumps(shape(one))
        checked(one.draft)
        assert one.missing or written(tmp_path, one).streams


# --- any layout ------------------------------------------------------------------------------------------------

FULL = str.maketrans("0123456789", "０１２３４５６７８９")
DAYS: list[Callable[[date], object]] = [
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: day.isoformat(),
    lambda day: f"{day.year}.{day.month}.{day.day} ",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.month}月{day.day}日",
    lambda day: (day - date(1899, 12, 30)).days,
    lambda day: f"{day.year}年{day.month}月{day.day}日（星期五）".translate(FULL),
]
MARKS: list[Callable[[int], object]] = [
    lambda mark: mark,
    lambda mark: str(mark),
    lambda mark: f"{mark}分",
    lambda mark: f"{mark}%",
    lambda mark: f" {mark}\u00a0".translate(FULL),
    lambda mark: f"'{mark}",
]
NUMBERS = count(1)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Table, list[tuple[str, int, str, str, float]], bool]:
    """A sheet, the rows in it (number of the row, staff number, group, day and mark), and whether it is a workbook."""
    group = st.sampled_from(["一小学", "二中学", "某县实验小学"])
    workbook = draw(st.booleans())
    names = [
        "继教编号",
        "工作单位",
        "考试日期",
        "成绩",
        *draw(st.lists(st.sampled_from(["序号", "姓名", "备注"]), unique=True)),
    ]
    names = draw(st.permutations(names))
    table: Table = []
    for line in draw(
        st.lists(st.sampled_from(["2022年某县考试成绩表", "填报单位：某县教师进修学校", ""]), max_size=3)
    ):
        table.append([line])
    table.append(list(names))
    rows = []
    for n in range(draw(st.integers(3, 7))):
        if draw(st.integers(0, 5)) == 0:
            table.append(draw(st.sampled_from([[], ["小计"], list(names), ["小　计", "", "3人"]])))
        day = date(2022, draw(st.integers(1, 12)), draw(st.integers(1, 28)))
        mark, school, staff = draw(st.integers(0, 100)), draw(group), f"HJ{next(NUMBERS):08d}"
        cells = {
            "继教编号": staff.translate(FULL) if draw(st.booleans()) else staff,
            "工作单位": school,
            "考试日期": draw(st.sampled_from(DAYS))(day),
            "成绩": draw(st.sampled_from(MARKS))(mark),
            "序号": n + 1,
            "姓名": draw(st.sampled_from(["王 芳", "李建国", "张\u3000敏"])),
        }
        table.append([cells.get(name, "") for name in names])
        rows.append((len(table), staff, day.isoformat(), float(mark)))
    for line in draw(
        st.lists(
            st.sampled_from([["合计", "", "9人"], ["平均分", "80"], ["填表人：张三    审核：李四"], []]),
            max_size=3,
        )
    ):
        table.append(line)
    return table, rows, workbook


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(sheets())
def test_whatever_stands_around_a_table_the_very_rows_come_back(
    propose_site: Site, tmp_path: Path, given_: tuple[Table, list[Any], bool]
) -> None:
    table, rows, workbook = given_
    path = tmp_path / ("表.xlsx" if workbook else "表.csv")
    if workbook:
        Export(propose_site, tmp_path).workbook(path.name, {"表": table})
    else:
        width = max(map(len, table))
        lines = (",".join(str(cell) for cell in [*row, *[""] * (width - len(row))]) for row in table)
        path.write_text("\r\n".join(lines), encoding="gb18030")
    (found,) = propose(path, path.name)
    (tmp_path / "m.yaml").write_text(mapping_text([replace(found.draft, year="2022")]), encoding="utf-8")
    (report,) = intake(propose_site, path, str(tmp_path / "m.yaml"), by="t")
    held = propose_site.pool.rows(
        "SELECT line, account, strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d'), score FROM record "
        f"WHERE batch = {report.batch} ORDER BY line"
    )
    named = Export(propose_site, tmp_path / "x")
    assert [(line, named.shown(who), day, mark) for line, who, day, mark in held] == rows
    assert report.rows_quarantined == 0
    told = sum(1 for row in table[rows[0][0] - 1 :] if any(row)) - len(rows)
    assert report.counts.rows_passed >= told


@pytest.fixture(scope="module")
def propose_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("propose")
    opened = open_site(load_settings(home / "home", today=date(2022, 12, 31)))
    yield opened
    opened.registry.dispose()


def test_lacking_fields_are_named(tmp_path: Path) -> None:
    found = proposed(tmp_path, [["继教编号", "姓名"], ["T1001", "王芳"]])
    assert lacking(replace(found.draft, picks={})) == ["继教编号（或“来源:编号”）", "姓名"]


# --- the year of a day ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "year", "among"),
    [
        (("2022年国培计划签到表", "10月", "a.xlsx"), "2022", ()),
        (("签到表", "2023", "2022.xlsx"), "2023", ()),
        (("签到表", "Sheet1", "签到_20231008.xlsx"), "2023", ()),
        (("2022年国培计划某班（2023年3月）签到表", "", ""), "2023", ()),
        (("2022—2023学年校本研修签到表", "", ""), "2022-08", ()),
        (("2022年12月28日至2023年1月5日签到表", "", ""), "2022-12", ()),
        (("某班（BJ2022GP100007）签到表", "", "教师〔2021〕1号.xlsx"), "", ()),
        (("2022年签到表 填报日期：2023年1月5日", "", ""), "2022", ()),
        (("2021、2022年签到表", "", ""), "", ("2021", "2022")),
        (("2021、2022年签到表", "2022", ""), "2022", ()),
        (("签到表", "", ""), "", ()),
    ],
)
def test_a_sheet_names_its_year_in_its_title_its_tab_or_its_file_s_name(
    places: tuple[str, str, str], year: str, among: tuple[str, ...]
) -> None:
    found = year_named(*places)
    assert (found.year, found.among) == (year, among)


def held_days(site: Site) -> list[str]:
    rows = site.pool.rows("SELECT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY 1")
    return [day for (day,) in rows]


def taken(site: Site, folder: Path, table: Table, name: str) -> Any:
    """What becomes of a sheet that comes in by the rule that was saved."""
    Export(site, folder).workbook(name, {"Sheet1": table})
    (report,) = intake(site, folder / name, str(folder / "m.yaml"), by="t")
    return report


SIGNS = ["继教编号", "10月8日", "10月9日"]


def test_a_rule_saved_on_one_year_s_sheet_reads_the_next_year_s_in_its_own(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, [["2022年某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到.xlsx")
    assert (found.missing, found.draft.named, found.draft.year) == ((), "2022", "")
    assert "这一张是 2022 年" in "".join(map(str, found.notes))
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09"]
    taken(sqlite_site, tmp_path, [["2023年某班签到表"], SIGNS, ["HJ001", "√", "×"]], "签到2.xlsx")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2023-10-08"]
    taken(sqlite_site, tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "×"]], "2024年签到.xlsx")
    assert held_days(sqlite_site)[3:] == ["2024-10-08"]
    # Nothing says the year of this one: nobody's guess is better than none.
    with pytest.raises(InputError, match=r"签到3\.xlsx，.*标题、表名和文件名里也没有.*写 year"):
        taken(sqlite_site, tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到3.xlsx")
    assert len(held_days(sqlite_site)) == 4


def test_a_year_that_a_person_gave_is_for_sheets_that_name_none(sqlite_site: Site, tmp_path: Path) -> None:
    found = proposed(tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到.xlsx")
    assert found.missing == ("年份（列名里的日期没有写）",)
    text = written(tmp_path, replace(found, draft=replace(found.draft, year="2022"))).text
    assert 'year: [auto, "2022"]' in text
    intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    taken(sqlite_site, tmp_path, [["2023年某班签到表"], SIGNS, ["HJ001", "√", "×"]], "签到2.xlsx")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2023-10-08"]
    # A rule of old that says only 2022 does not read the sheet of another year.
    (tmp_path / "m.yaml").write_text(text.replace('[auto, "2022"]', '"2022"'), encoding="utf-8")
    with pytest.raises(InputError, match="标题写的是 2024 年，映射的 year 却是 2022"):
        taken(sqlite_site, tmp_path, [["2024年某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到4.xlsx")
    assert len(held_days(sqlite_site)) == 3
    (seen,) = preview(sqlite_site, tmp_path / "签到4.xlsx", str(tmp_path / "m.yaml"))
    assert "映射的 year 却是 2022" in seen.error


# --- one thing, however it is written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "day", ["2022年10月8日", "2022.10.8", "２０２２年１０月８日", 44842, "10月8日", "2022/10/08（星期六）"]
)
def test_a_day_and_a_person_are_one_however_they_are_written(
    sqlite_site: Site, tmp_path: Path, day: object
) -> None:
    head = ["手机号", "签到", "签到日期"]
    found = proposed(tmp_path, [["2022年签到表"], head, ["13800000001", "√", "2022-10-08"]])
    text = written(tmp_path, found).text
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    kept = sqlite_site.pool.rows("SELECT id FROM record")
    report = taken(sqlite_site, tmp_path, [["2022年签到表"], head, ["138-0000-0001", "到", day]], "再来.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (0, 1)
    # What was written in the usual spelling has the id that it had when the key was the columns' texts.
    key = next(line for line in text.splitlines() if line.startswith("    key:"))
    assert key == "    key: [{field: account}, {field: time}]"
    (tmp_path / "m.yaml").write_text(text.replace(key, "    key: [手机号, 签到日期]"), encoding="utf-8")
    report = taken(
        sqlite_site, tmp_path, [["2022年签到表"], head, ["13800000001", "√", "2022-10-08"]], "旧.xlsx"
    )
    assert (report.rows_stored, sqlite_site.pool.rows("SELECT id FROM record")) == (0, kept)


def test_the_day_over_the_marks_is_one_however_it_is_written_and_a_morning_is_no_afternoon(
    sqlite_site: Site, tmp_path: Path
) -> None:
    table = [
        ["2022年签到表"],
        ["姓名", "单位", "2022-10-08", "10月9日上午", "10月9日下午"],
        ["王芳", "一小学", "√", "√", "√"],
    ]
    written(tmp_path, proposed(tmp_path, table))
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2022-10-09"]
    again = [
        ["2022年签到表"],
        ["姓名", "单位", "10月8日", "2022年10月9日下午"],
        ["王　芳", "一小学", "到", "到"],
    ]
    taken(sqlite_site, tmp_path, again, "再来.xlsx")
    assert sqlite_site.pool.rows("SELECT count(DISTINCT id) FROM record") == [(3,)]


# --- what counts once, and is called what it is -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("heads", "marks", "left"),
    [
        (["平时", "作业", "总评"], [(80, 90, 86), (70, 80, 76)], {"总评": "由“平时”、“作业”合成"}),
        (["笔试", "面试", "综合成绩（100分）"], [(80, 90, 86)], {"综合成绩（100分）": "由“笔试”、“面试”合成"}),
        (["考勤分", "作业", "测试", "结业成绩"], [(20, 30 + n, 40 - n, 90) for n in range(4)], {"结业成绩": "由“考勤分”"}),
        (["总分", "折合分"], [(180, 90), (160, 80)], {"折合分": "和“总分”是同一个成绩的两种写法"}),
        (["总成绩"], [(80,), (90,)], {}),
        (["平时成绩", "作业", "期末成绩"], [(80, 90, 86), (70, 80, 76), (60, 60, 60)], {}),
    ],
)  # fmt: skip
def test_a_total_beside_its_parts_is_left_out_and_why_is_said(
    tmp_path: Path, heads: list[str], marks: list[tuple[int, ...]], left: dict[str, str]
) -> None:
    found = proposed(tmp_path, [["继教编号", *heads], *([f"HJ{n}01", *row] for n, row in enumerate(marks))])
    chosen = {column for column, pick in picked(found).items() if pick.startswith("score")}
    assert chosen == set(heads) - left.keys()
    told = "".join(map(str, found.notes))
    for column, why in left.items():
        assert f"“{column}”不用：{why}" in told


def test_a_list_of_certificates_makes_certificates_known_by_their_numbers(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["证书编号", "姓名", "继教编号", "培训项目名称", "认定学时", "发证日期"]
    rows = [
        ["ZS2022001", "王芳", "HJ001", "师德专题研修", "12学时", "2022年10月8日"],
        ["", "李强", "HJ002", "师德专题研修", 12, "2022-10-08"],
    ]
    found = proposed(tmp_path, [["2022年学时证书登记表"], head, *rows])
    assert picked(found) == {
        "证书编号": "certificate",
        "姓名": "name",
        "继教编号": "account:staff",
        "培训项目名称": "item",
        "认定学时": "credit",
        "发证日期": "time",
    }
    text = written(tmp_path, found).text
    assert "    key: [证书编号]\n" in text
    (report,) = intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert (report.rows_stored, dict(report.passed)) == (1, {"没有证书编号": 1})
    again = [["2022年学时证书登记表"], head, ["ZS2022001", "王芳", "HJ001", "师德专题研修", 12, "2022/10/8"]]
    assert taken(sqlite_site, tmp_path, again, "再来.xlsx").rows_duplicate == 1
    held = sqlite_site.pool.rows("SELECT kind, item, credit FROM record")
    assert held == [(int(Kind.CERTIFICATE), "师德专题研修", 1200)]


def test_a_certificate_is_for_what_the_title_names_where_no_column_does(
    sqlite_site: Site, tmp_path: Path
) -> None:
    title = "附件1：2022年国培计划农村中小学班主任班结业证书发放登记表"
    head = ["结业证书编号", "继教编号", "学时"]
    found = proposed(tmp_path, [[title], head, ["JY01", "HJ001", 60]])
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    taken(
        sqlite_site,
        tmp_path,
        [[title.replace("班主任班", "校长研修")], head, ["JY02", "HJ001", 60]],
        "二.xlsx",
    )
    held = sqlite_site.pool.rows("SELECT kind, item FROM record ORDER BY item")
    assert held == [
        (int(Kind.CERTIFICATE), "2022年国培计划农村中小学校长研修"),
        (int(Kind.CERTIFICATE), "2022年国培计划农村中小学班主任班"),
    ]


def test_each_comment_is_about_its_own_line(tmp_path: Path) -> None:
    head = ["继教编号", "平时（40分）", "结业测试", "作业", "是否合格"]
    rows = [[f"HJ{n}01", 30 + n, 80 + n, 90, "合格"] for n in range(6)]
    found = proposed(tmp_path, [["考核成绩汇总表"], head, *rows])
    lines = mapping_text([found.draft]).splitlines()
    said = [line.strip() for line in lines if line.strip().startswith(("kind: {", "score_max:"))][1:]
    assert said == [
        "kind: {from: 是否合格, map: kind}  # 表头像“是否合格”（很有把握，0.95）",
        "kind: {const: quiz}  # 列名里有“平时”：在线测验",
        'score_max: {const: "40"}  # 列名写着满分 40（很有把握，0.95）',
        "kind: {const: exam}  # 列名没说是哪一种测评，按标题或最常见的：监考测评（请核对）",
        'score_max: {const: "100"}  # 6 个得分里 6 个不超过 100，这是放得下几乎全部得分的最小的常见满分（很有把握，0.85）',
        "kind: {const: assignment}  # 列名里有“作业”：作业",
        'score_max: {const: "100"}  # 6 个得分里 6 个不超过 100，这是放得下几乎全部得分的最小的常见满分（很有把握，0.85）',
    ]


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


def test_marks_without_a_date_are_told_apart_by_their_sheet_s_title(
    sqlite_site: Site, tmp_path: Path
) -> None:
    def table(term: str, mark: int) -> Table:
        return [[f"{term}成绩表"], ["继教编号", "成绩"], ["HJ001", mark]]

    written(tmp_path, proposed(tmp_path, table("第一期", 80)))
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    taken(sqlite_site, tmp_path, table("第二期", 90), "二.xlsx")
    assert sqlite_site.pool.rows("SELECT count(DISTINCT id) FROM record") == [(2,)]


# --- what is said of a sheet that is none, or another -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        ("a.xlsx", lambda whole: whole[: len(whole) // 2], "文件不完整，多半没有传完"),
        ("a.xlsx", lambda _: b"", "文件是空的（0 字节）"),
        ("a.xlsx", lambda _: "继教编号,成绩\nHJ1,80\n".encode("gb18030"), "内容是文本（如 CSV），不是工作簿；把扩展名改成 .csv"),
        ("a.xlsx", lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "内容是旧版 Office 文件"),
        ("a.xlsx", lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "有打开密码"),
        ("a.xlsx", lambda whole: whole.replace(b"xl/workbook", b"yl/workbook"), "没有工作表"),
    ],
)  # fmt: skip
def test_a_workbook_that_cannot_be_read_is_told_in_words_of_the_reader(
    tmp_path: Path, name: str, spoil: Callable[[bytes], bytes], says: str
) -> None:
    proposed(tmp_path, [["继教编号", "成绩"], ["HJ001", 80]], name)
    (tmp_path / name).write_bytes(spoil((tmp_path / name).read_bytes()))
    with pytest.raises(InputError, match=re.escape(says)) as error:
        propose(tmp_path / name, name)
    assert set(re.findall("[A-Za-z]{3,}", error.value.message)) <= {"xlsx", "csv", "CSV", "Excel", "Office"}


def test_a_workbook_is_one_whatever_its_suffix(tmp_path: Path) -> None:
    proposed(tmp_path, [["继教编号", "成绩"], ["HJ001", 80]], "a.xlsx")
    (tmp_path / "a.xlsx").rename(tmp_path / "a.xls")
    (found,) = propose(tmp_path / "a.xls", "a.xls")
    assert found.rows == 1


def test_a_wrong_sheet_and_an_unknown_mark_are_told_with_what_is_known(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, [["2022年签到表"], SIGNS, ["HJ001", "√", "参加了"]], "签到.xlsx")
    written(tmp_path, found)
    (report,) = intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert dict(report.codes) == {"unknown_value": 1}
    with sqlite_site.registry.connect() as connection:
        (row,) = quarantined(connection)
    assert "应为其中之一：√、✓、✔、☑、是、到" in row.reason
    assert "不成为记录的：×" in row.reason
    with pytest.raises(InputError, match="没有一列的列名是日期") as error:
        taken(sqlite_site, tmp_path, [["成绩表"], ["继教编号", "成绩"], ["HJ001", 80]], "成绩.xlsx")
    assert "一天一列，列名如 10月8日" in error.value.message
    assert "文件里有：继教编号、成绩" in error.value.message
    assert "\\d" not in error.value.message
    with pytest.raises(InputError, match="最像表头的是第 1 行：课程、学校"):
        taken(sqlite_site, tmp_path, [["课程", "学校"], ["甲", "乙"]], "别的.xlsx")


def test_a_proposal_is_saved_where_its_source_has_a_title(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    proposed(tmp_path, [["2022年某县骨干教师成绩表"], ["继教编号", "成绩"], ["HJ001", 80]], "marks.xlsx")
    printed = command("intake", tmp_path / "marks.xlsx", "--propose", "--home", home)
    assert f"加 --save 存成 {home / 'mapping' / 'marks.yaml'}" in printed.out
    (tmp_path / "m.yaml").write_text(printed.out, encoding="utf-8")
    elsewhere = command("intake", tmp_path / "marks.xlsx", "--source", tmp_path / "m.yaml", "--home", home)
    assert "来源 marks 在网页上只显示代码" in elsewhere.out
    saved = command("intake", tmp_path / "marks.xlsx", "--propose", "--save", "--home", home)
    assert "显示为“2022年某县骨干教师成绩表”" in saved.out
    assert source_titles(home)["marks"] == "2022年某县骨干教师成绩表"
    used = command("intake", tmp_path / "marks.xlsx", "--source", "marks", "--home", home)
    assert (used.code, "只显示代码" in used.out) == (0, False)
    assert command("intake", tmp_path / "marks.xlsx", "--save", "--source", "marks").code == 2

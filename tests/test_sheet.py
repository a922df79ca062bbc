"""Sheets as offices and providers really send them: where the table is, what a cell means, and which rows are no data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portrait.errors import InputError, MappingError
from portrait.intake.cell import clean, meant
from portrait.intake.mapping import mapping_files, read_mapping
from portrait.intake.preview import preview
from portrait.site import Site
from tests.export import LOG, Export

OFFICE = """
name: office
source: p
streams:
  - name: marks
    file: "*"
    header: auto
    cells: office
    skip: [合计, 小计, 平均, 填表人, 审核, 备注]
    blank: [—, /, 无, N/A]
    target: record
    key: [编号, 日期]
    fields:
      account: {from: 编号, kind: staff}
      item: {from: 学校}
      kind: {const: exam}
      time: {from: 日期}
      score: {from: 得分, max: 100}
      seconds: {from: 时长}
"""
HEAD = ["学校", "编号", "日期", "得分", "时长"]
PHONE, IDNO = "13800000001", "11010519491231002X"

Read = dict[int, tuple[str, ...]]
Draw = Callable[[xlsxwriter.Workbook, Any], None]


@pytest.fixture
def office(sqlite_site: Site, tmp_path: Path) -> Export:
    return Export(sqlite_site, tmp_path / "in", OFFICE)


def draw(path: Path, what: Draw, *names: str) -> Path:
    book = xlsxwriter.Workbook(path)
    for name in names or ("表",):
        what(book, book.add_worksheet(name))
    book.close()
    return path


def seen(export: Export, fields: tuple[str, ...] = ("account", "item", "time", "score", "seconds")) -> Read:
    """By row number what each field is read as, of all rows; "" where nothing is read. Bad rows give their problem."""
    found: Read = {}
    for one in preview(export.site, export.folder, str(export.mapping), rows=100):
        assert one.error == ""
        for sample in one.samples:
            read = tuple(sample.read.get(name, "") for name in fields)
            found[sample.row] = (sample.problem,) if sample.problem else read
    return found


def passed(export: Export) -> dict[int, str]:
    return {
        row.row: row.reason
        for one in preview(export.site, export.folder, str(export.mapping))
        for row in one.no_data
    }


def test_the_table_is_found_below_its_title_and_totals_are_passed_over_not_lost(office: Export) -> None:
    office.workbook(
        "a.xlsx",
        {
            "成绩": [
                ["2022年培训成绩表"],
                [],
                HEAD,
                ["一小", "T1", "2022-08-19", 80, "80分钟"],
                ["一小", "T2", "2022-08-19", 90, "1小时20分"],
                ["小计", None, None, 170],
                [],
                HEAD,
                ["二小", "T3", "2022-08-19", 70, "1:20:00"],
                ["平 均 分", None, None, 80],
                ["合　计", "3人", None, 240, None],
                ["填表人：张三      审核人签字：", None, None, None, None],
            ]
        },
    )
    assert seen(office) == {
        4: ("T1", "一小", "2022-08-19", "80", "4800 秒"),
        5: ("T2", "一小", "2022-08-19", "90", "4800 秒"),
        9: ("T3", "二小", "2022-08-19", "70", "4800 秒"),
    }
    told = passed(office)
    assert told == {
        6: "“小计”行，不是数据",
        8: "重复的表头",
        10: "“平均”行，不是数据",
        11: "“合计”行，不是数据",
        12: "“填表人”行，不是数据",
    }
    (report,) = office.take()
    assert (report.rows_read, report.rows_stored, report.counts.rows_passed) == (3, 3, 5)
    assert "略过 5 行：“小计”行，不是数据 1 行（第 6 行）" in report.message
    assert sum(rows for _, rows in report.passed) == report.counts.rows_passed == 5


def test_every_row_that_is_passed_over_has_its_reason_counted(office: Export) -> None:
    office.map(
        OFFICE.replace("N/A]", "N/A, 缺考]").replace(
            "    target:",
            "    where: [{column: 得分, present: true}, {column: 学校, in: [一小], why: 不是本校的}]\n    target:",
        )
    )
    rows = [("T1", 80), ("T2", "缺考"), ("T3", "缺考"), ("T4", "—"), ("T5", None)]
    told = [["一小", who, "2022-08-19", score, ""] for who, score in rows]
    other = ["二小", "T6", "2022-08-19", 70, ""]
    office.workbook("a.xlsx", {"表": [HEAD, *told, other, ["合计", None, None, 80, None]]})
    (looked,) = preview(office.site, office.folder, str(office.mapping))
    (report,) = office.take()
    by_mapping = [("列“得分”是“缺考”", 2), ("列“得分”是“—”", 1), ("列“得分”空着", 1), ("不是本校的", 1)]
    assert sorted(looked.passed) == sorted(by_mapping)
    assert sorted(report.passed) == sorted([*by_mapping, ("“合计”行，不是数据", 1)])
    assert report.rows_stored == 1
    assert report.counts.rows_passed == 6
    assert "略过 6 行：“合计”行，不是数据 1 行（第 8 行），列“得分”是“缺考” 2 行" in report.message


def test_what_stands_in_a_column_that_says_who_it_is_or_everything_is_not_told(office: Export) -> None:
    text = LOG.replace("    key:", "    where: {column: 账号, in: [u0]}\n    key:").replace("native", "phone")
    office.map(text)
    office.put("log1.csv", f"流水号,账号,行为,时间,得分,用时\n1,{PHONE},看,2022-03-01,,60\n")
    (report,) = office.take()
    assert report.passed == (("列“账号”不是u0", 1),)
    office.map(LOG.replace("    key:", "    where: {column: 用时, in: ['0']}\n    key:"))
    rows = "".join(f"{n},u1,看,2022-03-01,,{n}\n" for n in range(1, 31))
    office.put("log1.csv", f"流水号,账号,行为,时间,得分,用时\n{rows}")
    (report,) = office.take()
    assert len(report.passed) == 21
    assert ("列“用时”不是0", 10) in report.passed


def test_words_for_the_rows_left_out_do_not_make_it_another_mapping(office: Export) -> None:
    office.map(OFFICE.replace("    key:", "    where: {column: 学校, in: [一小]}\n    key:"))
    before = read_mapping(office.mapping)
    office.map(OFFICE.replace("    key:", "    where: {column: 学校, in: [一小], why: 别校}\n    key:"))
    after = read_mapping(office.mapping)
    assert before.digest(before.streams[0]) == after.digest(after.streams[0])


def test_a_person_whose_row_only_looks_like_a_total_is_read(office: Export) -> None:
    office.workbook(
        "a.xlsx",
        {"表": [HEAD, ["合计小学", "T1", "2022-08-19", 80, ""], ["备注", "T2", "2022-08-19", 1, "0"]]},
    )
    # A first cell that says nothing but the word is a total whatever follows; a name that has it in it is not.
    assert list(seen(office)) == [2]
    assert passed(office) == {3: "“备注”行，不是数据"}


def merged(book: xlsxwriter.Workbook, sheet: Any) -> None:
    sheet.merge_range("A1:E1", "成绩汇总")
    for place, name in enumerate(["学校", "编号", "日期"]):
        sheet.merge_range(1, place, 2, place, name)
    sheet.merge_range("D2:E2", "考试")
    sheet.write_row("D3", ["得分", "时长"])
    sheet.merge_range("A4:A6", "一小")
    for row in range(3, 7):
        sheet.write_row(row, 1, [f"T{row}", "2022-08-19", row * 10, ""])
    sheet.write(6, 0, "二小")


def test_merged_groups_fill_their_rows_and_two_rows_of_header_are_joined(office: Export) -> None:
    office.map(
        OFFICE.replace("auto", "auto 2")
        .replace("from: 得分", "from: 考试·得分")
        .replace("from: 时长", "from: 考试·时长")
    )
    draw(office.folder / "a.xlsx", merged)
    assert {row: read[:2] for row, read in seen(office).items()} == {
        4: ("T3", "一小"),
        5: ("T4", "一小"),
        6: ("T5", "一小"),
        7: ("T6", "二小"),
    }
    office.map(office.mapping.read_text(encoding="utf-8").replace("auto 2", "[2, 3]"))
    assert list(seen(office)) == [4, 5, 6, 7]


def test_a_group_that_is_written_once_and_not_merged_fills_down_where_the_mapping_says_so(
    office: Export,
) -> None:
    rows = [
        HEAD,
        ["一小", "T1", "2022-08-19", 1, ""],
        ["", "T2", "2022-08-19", 2, ""],
        ["二小", "T3", "2022-08-19", 3, ""],
    ]
    office.workbook("a.xlsx", {"表": rows})
    assert [read[1] for read in seen(office).values()] == ["一小", "", "二小"]
    office.map(OFFICE.replace("    skip:", "    fill_down: [学校]\n    skip:"))
    assert [read[1] for read in seen(office).values()] == ["一小", "一小", "二小"]


def test_hidden_rows_are_read_unless_the_mapping_passes_them_over(office: Export) -> None:
    def hide(book: xlsxwriter.Workbook, sheet: Any) -> None:
        for row, cells in enumerate([HEAD, *(["一小", f"T{n}", "2022-08-19", n, ""] for n in range(3))]):
            sheet.write_row(row, 0, cells)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column("A:A", None, None, {"hidden": True})

    draw(office.folder / "a.xlsx", hide)
    assert list(seen(office)) == [2, 3, 4]
    office.map(OFFICE.replace("    skip:", "    hidden: skip\n    skip:"))
    assert (list(seen(office)), passed(office)) == ([2, 4], {3: "隐藏的行"})


def test_a_stream_reads_every_sheet_that_has_its_columns_and_names_the_others(office: Export) -> None:
    office.map(OFFICE.replace("    header:", '    sheet: "*"\n    header:'))
    rows = {
        name: [HEAD, ["一小", f"T{name}", "2022-08-19", 5, ""], ["x", "T0", "哪天", 5, ""]] for name in "甲乙"
    }
    office.workbook("a.xlsx", {**rows, "说明": [["填表说明"]]})
    reports = office.take()
    assert [(report.stream, report.rows_stored, report.rows_quarantined) for report in reports] == [
        ("marks#1", 1, 1),
        ("marks#2", 1, 1),
    ]
    assert "没有读的工作表（没有这些列）：说明" in reports[0].message
    waiting = office.waiting()
    assert [(row.sheet, row.line) for row in sorted(waiting, key=lambda row: row.id)] == [
        ("甲", 3),
        ("乙", 3),
    ]
    again = office.take()
    assert all(report.taken_before for report in again)


def test_a_row_of_one_of_several_sheets_is_mended_and_found_in_a_rebuilt_lake(office: Export) -> None:
    from portrait.intake.replay import mend
    from portrait.rebuild import rebuild

    office.map(OFFICE.replace("    header:", '    sheet: "*"\n    header:'))
    office.workbook("a.xlsx", {name: [HEAD, ["一小", f"T{name}", "哪天", 5, ""]] for name in "甲乙"})
    office.take()
    (second,) = (row for row in office.waiting() if row.sheet == "乙")
    mend(
        office.site,
        second.id,
        dict(second.raw) | {"日期": "2022年8月19日"},
        by="t",
        mapping=str(office.mapping),
    )
    before = office.records()
    assert [(who, when) for who, _, when, _, _ in before] == [("T乙", "2022-08-19 00:00:00")]
    rebuild(office.site)
    assert office.records() == before


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("１２３ＡＢｃ", "123ABc"),
        ("'0371", "0371"),
        ("\u2019\uff11\uff12", "12"),
        (" 王\u3000芳\u00a0", "王芳"),
        ("合   计", "合计"),
        ("一 小 学校", "一 小 学校"),
        ("\ufeff编号\u200b", "编号"),
        ("（说明）", "（说明）"),
        (0.1 + 0.2, "0.3"),
        (13800000001.0, PHONE),
        (4.1010519491231e17, "4.1010519491231e+17"),
        (time(1, 20), "01:20:00"),
        (timedelta(hours=25, minutes=5, seconds=7.5), "25:05:07.500"),
        (timedelta(minutes=80), "1:20:00"),
        (date(2022, 8, 19), "2022-08-19"),
        (True, "true"),
    ],
)
def test_a_cell_is_read_as_it_was_meant(cell: object, text: str) -> None:
    assert meant(cell) == text
    assert clean(text) == text


DATES = {
    "2022年8月19日": "2022-08-19",
    "2022 年 8 月 19 日": "2022-08-19",
    "２０２２年８月１９日": "2022-08-19",
    "2022年8月19日（星期五）": "2022-08-19",
    "2022年8月19日 下午2:30": "2022-08-19 14:30",
    "2022年8月19日上午9时5分": "2022-08-19 09:05",
    "2022/8/19 9:05": "2022-08-19 09:05",
    "2022.8.19": "2022-08-19",
    "20220819": "2022-08-19",
    "44792": "2022-08-19",
    44792: "2022-08-19",
    44792.5: "2022-08-19 12:00",
    "8月19日": None,
    "8月19日 9:05": None,
    "2022年8月": "应为时间",
    "2022年13月1日": "应为时间",
    "去年": "应为时间",
    "8.1": "应为时间",
    "123": "应为时间",
    "—": "",
}


@pytest.mark.parametrize("year", ["", "2022"])
def test_dates_are_read_in_every_usual_spelling_and_never_given_a_year_of_our_own(
    office: Export, year: str
) -> None:
    office.map(OFFICE.replace("    skip:", f'    year: "{year}"\n    skip:') if year else OFFICE)
    office.workbook(
        "a.xlsx", {"表": [HEAD, *(["一小", f"T{n}", text, 1, ""] for n, text in enumerate(DATES))]}
    )
    for (text, expected), read in zip(DATES.items(), seen_in_order(office), strict=True):
        if expected is None and year:
            assert read[2:3] == (("2022-08-19 09:05" if "9:05" in str(text) else "2022-08-19"),), (
                text,
                read,
            )
        elif expected is None:
            assert "日期没有写年份：在映射里写 year" in read[0], text
        elif "应为" in expected:
            assert expected in read[0], text
        else:
            assert read[2:3] == (expected,), (text, read)


def seen_in_order(export: Export) -> list[tuple[str, ...]]:
    """Every row's reading. A preview shows one bad row of a kind, so each is looked at in a file of its own."""
    rows: Read = {}
    for one in preview(export.site, export.folder, str(export.mapping), rows=100):
        rows.update(
            {
                s.row: tuple(s.read.get(n, "") for n in ("account", "item", "time", "score", "seconds"))
                for s in one.samples
                if not s.problem
            }
        )
    export.take()
    rows.update({row.line: (row.reason,) for row in export.waiting()})
    return [rows[line] for line in sorted(rows)]


SPANS = {
    "1小时20分": "4800 秒",
    "1 小时 20 分钟": "4800 秒",
    "80分钟": "4800 秒",
    "80 min": "4800 秒",
    "1:20:00": "4800 秒",
    "1h20m": "4800 秒",
    "1.5小时": "5400 秒",
    "90秒": "90 秒",
    timedelta(minutes=80): "4800 秒",
    "0": "0 秒",
    "无": "",
    "80": "应为带单位的时长",
    "1:20": "应为带单位的时长",
    "很久": "应为带单位的时长",
}


def test_durations_say_their_unit_or_are_asked_for_it(office: Export) -> None:
    rows = [["一小", f"T{n}", "2022-08-19", 1, text] for n, text in enumerate(SPANS)]

    def spans(book: xlsxwriter.Workbook, sheet: Any) -> None:
        clock = book.add_format({"num_format": "[h]:mm:ss"})
        for row, cells in enumerate([HEAD, *rows]):
            for place, cell in enumerate(cells):
                sheet.write(row, place, cell, *([clock] if isinstance(cell, timedelta) else []))

    draw(office.folder / "a.xlsx", spans)
    for (text, expected), read in zip(SPANS.items(), seen_in_order(office), strict=True):
        assert (expected in read[0]) if "应为" in expected else read[4] == expected, text


def test_a_bare_duration_is_in_the_unit_of_the_mapping(office: Export) -> None:
    office.map(OFFICE.replace("from: 时长", "from: 时长, unit: minutes"))
    rows = [["一小", f"T{n}", "2022-08-19", 1, text] for n, text in enumerate(["80", 80, "80:30", "1小时"])]
    office.workbook("a.xlsx", {"表": [HEAD, *rows]})
    assert [read[4] for read in seen(office).values()] == ["4800 秒", "4800 秒", "4830 秒", "3600 秒"]


def test_percentages_and_numbers_with_words_are_numbers_and_a_dash_is_no_zero(office: Export) -> None:
    given: list[object] = ["85%", "８５．５％", "85分", " 85 ", "—", "/", "N/A", None, "0"]

    def shares(book: xlsxwriter.Workbook, sheet: Any) -> None:
        share = book.add_format({"num_format": "0.0%"})
        for row, cells in enumerate(
            [HEAD, *(["一小", f"T{n}", "2022-08-19", text, ""] for n, text in enumerate(given))]
        ):
            for place, cell in enumerate(cells):
                sheet.write(row, place, cell)
        sheet.write_row(len(given) + 1, 0, ["一小", "T99", "2022-08-19"])
        sheet.write(len(given) + 1, 3, 0.85, share)

    draw(office.folder / "a.xlsx", shares)
    assert [read[3] for read in seen(office).values()] == [
        "85",
        "85.5",
        "85",
        "85",
        "",
        "",
        "",
        "",
        "0",
        "85",
    ]


PEOPLE = """
name: people
source: p
streams:
  - name: people
    file: "*"
    cells: office
    target: person
    fields:
      key: {from: 编号}
      name: {from: 姓名}
      idno: {from: 身份证号}
      phone: {from: 手机}
      teaching: {from: 在岗}
"""


def test_digits_that_the_spreadsheet_lost_are_refused_row_by_row_with_how_to_export_again(
    office: Export,
) -> None:
    office.map(PEOPLE)
    head = ["编号", "姓名", "身份证号", "手机", "在岗"]
    office.workbook(
        "a.xlsx",
        {
            "表": [
                head,
                ["T1", "王　芳", IDNO, 13800000001, "√"],
                ["T2", "李四", 4.10105198001011e17, "１３８００００００02", "是"],
                ["T3", "赵五", "4.10105E+17", "'13800000003", "×"],
                ["T4", "钱六", "410105198001011000", "13800000004", "✓"],
                ["T5", "孙七", "", "1.38E+10", "否"],
                [4.10105e17, "周八", "", "", ""],
            ]
        },
    )
    (report,) = office.take()
    assert (report.rows_stored, dict(report.codes)) == (1, {"lost_digits": 5})
    reasons = {row.line: row.reason for row in office.waiting()}
    assert reasons[3].startswith("身份证号：***")
    assert "“文本”格式" in reasons[3]
    assert all("末几位已经丢失" in reason for reason in reasons.values())
    assert "编号" in reasons[7]
    assert "末三位都是 0" in reasons[5]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_is_laid_out_like_a_sheet(office: Export, encoding: str) -> None:
    lines = [
        "2022年成绩,,,,",
        ",,,,",
        ",".join(HEAD),
        "一小,Ｔ１,2022年8月19日,85%,80分钟",
        ",,,,",
        "合计,,,85,",
        "一小,T2,2022-8-19",
    ]
    office.put("a.csv", "\r\n".join(lines), encoding)
    assert seen(office) == {
        4: ("T1", "一小", "2022-08-19", "85", "4800 秒"),
        7: ("这一行有 3 格，表头有 5 列",),
    }
    assert list(passed(office)) == [6]


def test_a_sheet_without_the_columns_names_what_is_missing_and_what_there_is(office: Export) -> None:
    office.workbook(
        "a.xlsx", {"表": [["题"], ["学校", "编 号", "日期", "得分"], ["一小", "T1", "2022-08-19", 1]]}
    )
    with pytest.raises(InputError, match="缺少 “时长”；文件里有：学校、编号、日期、得分"):
        office.take()
    office.workbook("a.xlsx", {"表": [["甲", "乙"], [1, 2]]})
    with pytest.raises(
        InputError, match="前 60 行里没有表头：没有一行有这些列中的任何一个：编号、学校、日期"
    ):
        office.take()


def test_what_stands_over_the_table_and_on_its_tab_can_be_columns(office: Export) -> None:
    office.map(OFFICE.replace("item: {from: 学校}", 'item: {from: [（标题）, （工作表）], join: " "}'))
    office.workbook("a.xlsx", {"甲班": [["签到表", "2022"], HEAD, ["一小", "T1", "2022-08-19", 1, ""]]})
    assert seen(office)[3][1] == "签到表 2022 甲班"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "header: auto\n    cells: office\n    skip: [合计, 小计, 平均, 填表人, 审核, 备注]",
            "header: auto",
            "auto 和几行表头要同时写 cells: office",
        ),
        ("header: auto\n    cells: office", "header: 1", "skip 要同时写 cells: office"),
        ("header: auto", "header: [1, 3]", "一到三个相连的行号"),
        ("header: auto", "header: auto 9", "header 应为"),
        ("    skip:", '    year: "22"\n    skip:', "year 应为四位的年份"),
        ("    skip:", "    hidden: no\n    skip:", "hidden“no”不认识，可选：read、skip"),
        ("cells: office", "cells: loose", "cells“loose”不认识，可选：strict、office"),
    ],
)
def test_words_of_a_layout_are_checked_before_any_file_is_opened(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(OFFICE.replace(old, new), encoding="utf-8")
    with pytest.raises(MappingError) as error:
        read_mapping(path)
    assert says in error.value.message, error.value.message


def test_mappings_of_before_keep_their_digests(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(LOG, encoding="utf-8")
    mapping = read_mapping(path)
    assert (
        mapping.digest(mapping.streams[0])
        == "0d6c2de1fde17737e9efdad3ea16d0a8360d626dfcd2bcf7de8ab0300fd7fde5"
    )
    marks = read_mapping(mapping_files(tmp_path)["oulad"]).stream("marks")
    assert (
        read_mapping(mapping_files(tmp_path)["oulad"]).digest(marks)
        == "d61e7ce8f5c9aa6b23b0f56f77626334292450606c74f8d246a56bbfff8bae2a"
    )

"""A mapping proposed for a sheet that nobody has described: what its columns are, what its rows, and what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.draft import checked, choices, kinds, lacking
from portrait.intake.guess import RULES, day_of, guesses
from portrait.intake.lookup import code_list
from portrait.intake.mapping import load_mapping
from portrait.intake.pick import TARGETS_OFFERED
from portrait.intake.propose import propose
from portrait.intake.replay import ReplayReport, mend
from portrait.intake.target import TARGETS
from portrait.resource import read_yaml
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.source import source_titles
from portrait.store.quarantine import quarantined
from tests.sheets import SIGNED, SIGNS, Table, picked, proposed, taken, written
from tests.test_sheet import IDNO, draw

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


def test_the_rules_name_only_what_there_is() -> None:
    rules = read_yaml(RULES)
    for name, aliases in rules["alias"].items():
        if name in ("result", "kind"):
            assert set(aliases.values()) <= kinds().keys(), name
        else:
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
        "name": "成绩", "examples": ["85%", "90分"], "field": "score:quiz", "sure": 0,
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


def test_a_workbook_cut_short_is_told_so_by_a_mapping_that_knows_its_files_by_their_heads(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    proposed(tmp_path, [["时间", "事件名称"], *([f"{n}", "x"] for n in range(99))], "log.xlsx")
    whole = (tmp_path / "log.xlsx").read_bytes()
    (tmp_path / "log.xlsx").write_bytes(whole[: len(whole) // 2])
    said = command("intake", tmp_path / "log.xlsx", "--source", "moodle_log", "--home", tmp_path / "home")
    assert said.code == 3
    assert "文件不完整，多半没有传完" in said.err
    assert "没有用得上它的流" not in said.err


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


def test_a_list_of_certificates_and_one_of_hours_have_names_that_say_which(tmp_path: Path) -> None:
    head = ["证书编号", "姓名", "继教编号", "认定学时"]
    certificates = proposed(tmp_path, [["发证登记表"], head, ["ZS1", "王芳", "HJ001", 12]], "登记表.xlsx")
    hours = proposed(tmp_path, [["学时登记表"], head[1:], ["王芳", "HJ001", 12]], "登记表.xlsx")
    study = proposed(tmp_path, [["校本研修登记表"], head[1:], ["王芳", "HJ001", 12]], "登记表.xlsx")
    names = [one.draft.name.partition("_")[0] for one in (certificates, hours, study)]
    assert names == ["certificates", "hours", "research"]


def test_what_a_sheet_does_not_say_is_filled_in_by_command_and_told_before_it_is_saved(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    home = ["--home", tmp_path / "home"]
    proposed(tmp_path, [["研修签到表"], ["姓名", "10月8日"], ["王芳", "√"]], "sign.xlsx")
    how = ["intake", tmp_path / "sign.xlsx", "--propose"]
    assert "还缺：账号" in command(*how, *home).out
    open_site(load_settings(tmp_path / "home")).registry.dispose()
    refused = command(*how, "--save", *home)
    assert refused.code == 3
    assert "命令加 --fill school=单位的全名" in refused.out
    assert "没有存：还缺 账号" in refused.err
    saved = command(*how, "--save", *home, "--fill", "school=某县第一小学", "--fill", "year=2022")
    assert "注意：只有姓名，全表按姓名和单位“某县第一小学”认人" in saved.out
    assert "已存成" in saved.out
    title = ["2021年国培计划某校研修签到表"]
    proposed(tmp_path, [title, ["姓名", "10月8日"], ["王芳", "√"]], "other.xlsx")
    told = command("intake", tmp_path / "other.xlsx", "--propose", *home, "--fill", "year=2022").out
    assert "按映射的 year 算 2022 年" in told
    assert "按标题里项目的年份算" not in told
    taken = command("intake", tmp_path / "sign.xlsx", "--source", "sign", "--json", *home)
    assert [one["rows_stored"] for one in taken.json] == [1]
    assert "没有“x”这个字段，可选：" in command(*how, "--fill", "x=1").err
    assert command(*how, "--fill", "school").code == 2
    assert command("intake", tmp_path / "sign.xlsx", "--source", "sign", "--fill", "year=2022").code == 2


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


def test_lacking_fields_are_named(tmp_path: Path) -> None:
    found = proposed(tmp_path, [["继教编号", "姓名"], ["T1001", "王芳"]])
    assert lacking(replace(found.draft, picks={})) == ["继教编号（或“来源:编号”）", "姓名"]


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
    how = ("intake", tmp_path / "marks.xlsx", "--propose", "--save", "--home", home)
    assert "（命令加 --replace）" in command(*how).err
    assert command(*how, "--replace").code == 0
    assert load_mapping("marks", home).version == "2"

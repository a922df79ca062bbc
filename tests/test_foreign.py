"""Sheets that offices send and that are none of ours are refused in words; ours with a word of theirs are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dash import html

from dashboards.part.admin.sketch import sketch_form
from portrait.intake.propose import propose
from portrait.intake.sketch import Tried
from portrait.settings import load_settings
from portrait.site import open_site
from tests.export import Export
from tests.sheets import Table, picked, proposed

WHO = [["王芳", "HJ000001"], ["李建国", "HJ000002"], ["张敏", "HJ000003"]]


def sheet(title: str, heads: list[str], *cells: object) -> Table:
    return [[title], heads, *([*who, *cells] for who in WHO)]


FOREIGN = {
    "学员评教": sheet("一班 学员课后评价汇总", ["姓名", "继教编号", "课程名称", "授课教师", "满意度（5分）", "建议", "评价时间"], "师德", "专家甲", 5, "很好", "2022年10月9日"),
    "工资和劳务费": sheet("2022年9月工资表", ["姓名", "工号", "岗位工资", "薪级工资", "应发合计", "实发合计"], 2000, 1500, 3500, 3000),
    "通讯录": [["办公室通讯录"], ["姓名", "单位", "手机号", "微信号"], ["王芳", "第一小学", "13800000001", "abc"]],
    "课表和日程": [["培训课程安排表"], ["日期", "时间", "课程名称", "授课专家", "地点"], ["10月8日", "上午", "师德", "专家甲", "报告厅"]],
    "住宿安排": sheet("学员住宿安排", ["姓名", "继教编号", "房间号", "入住时间"], "301", "2022年10月7日"),
    "报销和经费": [["差旅费报销明细"], ["姓名", "事由", "交通费", "住宿费", "金额"], ["王芳", "培训", 100, 200, 300]],
    "用餐安排": sheet("用餐登记", ["姓名", "编号", "早餐", "午餐"], "√", "√"),
    "学生的名单和成绩": [["七（1）班期中成绩"], ["学号", "姓名", "语文", "数学", "英语", "总分"], ["0101", "小明", 90, 91, 92, 273]],
    "学员评教 ": sheet("一班学员评教得分", ["姓名", "继教编号", "授课教师", "满意度", "建议", "得分"], "专家甲", "高", "无", 5),
    "课表和日程 ": [["培训日程"], ["日期", "上午", "下午", "晚上"], ["10月8日", "师德", "研讨", "自习"]],
    "工资和劳务费 ": sheet("发放表", ["姓名", "身份证号", "课时", "讲课费", "个税", "银行卡号"], "", 4, 800, 0, "6222"),
    "健康监测": sheet("学员健康监测表", ["姓名", "编号", "体温", "健康码"], 36.5, "绿码"),
}  # fmt: skip


@pytest.mark.parametrize("what", list(FOREIGN))
def test_a_sheet_that_is_none_of_ours_is_refused_by_its_name(tmp_path: Path, what: str) -> None:
    found = proposed(tmp_path, FOREIGN[what])
    assert str(found.refused).startswith(f"这种表还不能用：像是{what.strip()}（")


def test_what_can_be_taken_from_it_is_said_and_taken_when_a_person_says_so(tmp_path: Path) -> None:
    found = proposed(tmp_path, FOREIGN["学员评教"])
    assert str(found.refused) == (
        "这种表还不能用：像是学员评教（表头里有“授课教师”、“满意度（5分）”、“建议”），满意度、评分和意见没有地方存。"
        "其中“姓名”、“继教编号”可以作学员名单（还缺 班次代码）：网页上“每一行是”选它，命令加 --target trainee"
    )
    (said,) = propose(tmp_path / "表.xlsx", "表.xlsx", target="trainee")
    assert not said.refused
    assert picked(said) == {"姓名": "name", "继教编号": "account:staff"}


OURS: list[tuple[str, Table]] = [
    ("record", sheet("教学评价能力测试成绩", ["姓名", "继教编号", "成绩"], 90)),
    ("record", sheet("住宿学员签到表", ["姓名", "继教编号", "10月8日", "10月9日"], "√", "√")),
    ("record", sheet("作业成绩", ["姓名", "继教编号", "得分", "评语"], 90, "好")),
    ("record", sheet("一班报到签到表", ["姓名", "继教编号", "房间号", "10月8日"], "301", "√")),
    ("person", sheet("小学教师名册（工资核对用）", ["姓名", "继教编号", "学校", "任教学科"], "第一小学", "语文")),
    ("course", [["课程名单"], ["课程代码", "课程名称", "授课教师", "教室"], ["KC1", "师德", "专家甲", "101"]]),
    ("record", sheet("某班学员签到表 2022年10月8日", ["姓名", "继教编号", "上午", "下午", "晚上"], "√", "√", "×")),
    ("record", sheet("校本研修登记表", ["姓名", "继教编号", "活动时间", "活动主题", "主讲人", "收获", "建议", "学时"], "2022-10-08", "集体备课", "赵老师", "多", "无", 4)),
    ("record", sheet("听课记录表", ["姓名", "继教编号", "听课日期", "授课教师", "评语", "建议", "学时"], "2022-10-08", "赵老师", "好", "无", 1)),
    ("record", sheet("某县课程安排与学时登记表", ["姓名", "继教编号", "课程代码", "授课专家", "学时"], "C1", "赵老师", 4)),
    ("trainee", sheet("学员名单", ["姓名", "继教编号", "班次代码", "房间号"], "B1", "301")),
]  # fmt: skip


@pytest.mark.parametrize(("target", "table"), OURS)
def test_a_word_of_theirs_alone_refuses_none_of_ours(tmp_path: Path, target: str, table: Table) -> None:
    found = proposed(tmp_path, table)
    assert (str(found.refused), found.draft.target) == ("", target)


def test_a_table_of_nobody_and_nothing_is_refused_with_what_to_do(tmp_path: Path) -> None:
    found = proposed(tmp_path, [["设备情况"], ["名目", "状态"], ["投影", "好"], ["音响", "坏"]])
    assert str(found.refused).startswith(
        "这种表还不能用：没有一列说是谁、哪门课、哪个班次或哪所学校（有的列：名目、状态）"
    )


def test_the_command_refuses_such_a_sheet_and_takes_the_others_of_the_workbook(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    home = ("--home", tmp_path / "home")
    export = Export(open_site(load_settings(tmp_path / "home")), tmp_path)
    proposed(tmp_path, FOREIGN["住宿安排"])
    refused = command("intake", tmp_path / "表.xlsx", "--propose", "--save", *home)
    assert (refused.code, "表.xlsx：这种表还不能用：像是住宿安排" in refused.err) == (3, True)
    (said,) = json.loads(command("intake", tmp_path / "表.xlsx", "--propose", "--json", *home).out)
    assert said["refused"].startswith("这种表还不能用")
    export.workbook(
        "班.xlsx", {"住宿": FOREIGN["住宿安排"], "成绩": sheet("成绩表", ["姓名", "继教编号", "成绩"], 90)}
    )
    both = command("intake", tmp_path / "班.xlsx", "--propose", *home)
    assert both.out.startswith("# 班.xlsx：工作表 住宿：这种表还不能用：像是住宿安排")
    assert "sheet: 成绩" in both.out
    assert "房间号" not in both.out.partition("\n")[2]
    forced = command("intake", tmp_path / "表.xlsx", "--propose", "--target", "trainee", *home)
    assert "account: {from: 继教编号, kind: staff}" in forced.out


def test_the_page_shows_why_and_asks_what_each_row_is_and_offers_nothing_to_save(tmp_path: Path) -> None:
    found = proposed(tmp_path, FOREIGN["学员评教"])
    (path,) = tmp_path.glob("*.xlsx")
    shown = str(html.Div(sketch_form(path, [path.name], ["Sheet1"], found, Tried(), {})))
    assert str(found.refused) in shown
    assert "'part': 'target'" in shown
    assert "sketch-save" not in shown
    (said,) = propose(path, path.name, target="trainee")
    assert "sketch-save" in str(html.Div(sketch_form(path, [path.name], ["Sheet1"], said, Tried(), {})))

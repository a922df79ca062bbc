"""What a sheet is called without the frame of its form, so that a sheet that comes again corrected is the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portrait.intake.caption import caption
from portrait.intake.door import intake
from portrait.intake.draft import mapping_text
from portrait.rebuild import rebuild
from portrait.refresh import refresh
from portrait.site import Site
from tests.sheets import Table, proposed, taken, written

DAYS = st.dates().map(lambda day: f"{1990 + day.year % 40}年{day.month}月{day.day}日")
DATES = DAYS | st.dates().map(lambda day: f"{1990 + day.year % 40}-{day.month:02d}-{day.day:02d}")
NAMES = st.sampled_from(["张三", "李 四", "欧阳　娜", ""])
DONE = st.sampled_from(["填报", "填表", "制表", "打印", "统计", "报送", "上报", "审核"])
FRAME = st.one_of(
    st.builds("{}{}：{}".format, DONE, st.sampled_from(["日期", "时间"]), DATES),
    st.builds("{}人：{}".format, DONE, NAMES),
    st.builds(
        "{}单位（盖章）：{}".format, st.sampled_from(["填报", "报送", "承训"]), st.just("某县师训中心")
    ),
    st.builds("联系电话：{}".format, st.sampled_from(["0371-60000000", "16900000000", ""])),
    st.builds("第{}页 共{}页".format, st.integers(1, 99), st.integers(1, 99)),
    st.builds("应到{}人，实到{}人".format, st.integers(0, 500), st.integers(0, 500)),
    st.builds("参训总人数：{}".format, st.integers(0, 500)),
    st.builds("{}{}".format, DATES, st.sampled_from(["制表", "更新", "打印"])),
    st.builds("截至{}".format, DATES),
)
AGAIN = st.one_of(
    st.sampled_from(["更正", "修订版", "第二稿", "终稿", "更正后", "补报", "v2"]),
    st.builds("{}更正".format, DAYS),
    st.builds("第{}次修订".format, st.integers(1, 9)),
)
NAMED = st.sampled_from(
    [
        "某县骨干教师培训一班学员签到表",
        "2022年某县科学教师培训第二次笔试成绩表",
        "某县中小学教师信息技术应用能力提升工程2.0测评成绩（初中组）",
        "某校2022—2023学年第一学期校本研修签到表",
        "课程方案修订研讨会签到表",
        "教育统计与测量培训补考成绩表",
    ]
)
ENTRY = st.sampled_from(
    ["考试时间：2022年10月22日", "培训时间：2022年10月8日至10月12日", "科目：数学", "地点：报告厅"]
)


@settings(max_examples=40)
@given(
    named=NAMED,
    entry=ENTRY,
    frames=st.lists(FRAME, max_size=4),
    again=AGAIN | st.just(""),
    gap=st.sampled_from(["  ", "\u3000\u3000", " "]),
    shape=st.sampled_from(["line", "cells", "rows", "beside"]),
)
def test_no_frame_changes_what_a_sheet_is_called(
    named: str, entry: str, frames: list[str], again: str, gap: str, shape: str
) -> None:
    title = f"{named}（{again}）" if again else named
    rows = {
        "line": [[title], [gap.join([entry, *frames])]],
        "cells": [[title, "", ""], [entry, "", *frames]],
        "rows": [[frame] for frame in frames] + [[title], [entry]],
        # What is filled in stands in a cell of its own.
        "beside": [[title], [part for one in frames for part in one.partition("：")[::2]], [entry]],
    }[shape]
    if shape == "beside" and any("：" not in frame for frame in frames):
        rows[1] = frames
    assert caption(rows) == f"{named} {entry}", rows


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("某班第一次测验成绩表", "某班第二次测验成绩表"),
        ("某班成绩表", "某班补考成绩表"),
        ("某班成绩表 考试时间：2022年10月22日", "某班成绩表 考试时间：2022年11月22日"),
        ("某班签到表（上午）", "某班签到表（下午）"),
        ("某班成绩表 科目：数学", "某班成绩表 科目：语文"),
        ("作业提交时间：2022年10月8日", "作业提交时间：2022年11月8日"),
        ("某班签到表 2022年10月8日", "某班签到表 2022年10月9日"),
        ("校长：李四", "校长：王五"),
        ("某校签到表 备注：语文组集体备课", "某校签到表 备注：班主任论坛"),
        ("某校签到表 说明：第一场", "某校签到表 说明：第二场"),
        ("某校签到表 备注：本表为第一场签到", "某校签到表 备注：本表为第二场签到"),
        ("某校签到表 说明：请语文组教师签到", "某校签到表 说明：请数学组教师签到"),
        ("某校签到表 备注：画法教学", "某校签到表 备注：打击乐教学"),
        ("某校签到表 负责人：赵老师", "某校签到表 负责人：钱老师"),
        ("某县教育统计人员在岗培训第一次测验成绩表", "某县教育统计人员在岗培训第二次测验成绩表"),
        ("某县学籍录入员在线培训第一次测验成绩表", "某县学籍录入员在线培训第二次测验成绩表"),
        ("某县职称审核人员于郑州培训第一次考试成绩表", "某县职称审核人员于郑州培训第二次考试成绩表"),
        ("教育统计：第一次测验成绩表", "教育统计：第二次测验成绩表"),
        ("学时表 统计时间：2022年上半年", "学时表 统计时间：2022年下半年"),
        ("学时表 填报时间：2022年第一季度", "学时表 填报时间：2022年第二季度"),
        ("学时表 填报时间：9月份", "学时表 填报时间：10月份"),
        ("学时表 统计日期：2022年9月", "学时表 统计日期：2022年10月"),
        ("学时表 统计时间：2022-2023学年第一学期", "学时表 统计时间：2022-2023学年第二学期"),
        ("学时表 统计时间：2022年1月至6月", "学时表 统计时间：2022年7月至12月"),
        ("学时表 统计时间：2022.1-2022.6", "学时表 统计时间：2022.7-2022.12"),
        ("学时表 2022年9月统计", "学时表 2022年10月统计"),
        ("统计人员 2022年10月8日培训签到表", "统计人员 2022年10月9日培训签到表"),
    ],
)
def test_what_tells_sheets_apart_stays(one: str, other: str) -> None:
    assert caption([[one]]) == one
    assert caption([[other]]) == other


@pytest.mark.parametrize(
    "frame",
    [
        "备注：√表示出勤，×表示缺勤",
        "说明：1.请用黑色签字笔填写",
        "注：缺考记0分",
        "备注：更正王芳的成绩",
        "备注：",
        "负责人：    填表人：张三",
        "负责人（签字）：赵",
        "填报日期：2022年10月25日（星期二） 14:30",
        "填报日期：1990-01-01 参训总人数：0",
        "填报日期：2022年10月25日填表人：张三",
        "填报日期：2022年  月  日",
        "填报日期：二〇二二年十月二十五日",
        "填表时间 2022.10.25",
    ],
)
def test_what_says_how_to_fill_a_form_in_and_on_which_day_it_was_is_frame(frame: str) -> None:
    assert caption([["某校签到表"], [frame]]) == "某校签到表"


def test_a_long_note_hides_nothing_that_stands_below_it() -> None:
    note = "备注：" + "语文组集体备课，" * 40
    assert "10月8日" in caption([["某校签到表"], [note], ["活动时间：2022年10月8日"]])


def test_a_cell_beside_the_day_of_filling_in_is_frame_only_when_it_is_one() -> None:
    assert caption([["学时表"], ["填报日期：", "2022年10月8日"]]) == "学时表"
    assert caption([["学时表"], ["填报日期：", "2022年上半年"]]) == "学时表 2022年上半年"


HEAD = ["序号", "继教编号", "姓名", "课程代码", "成绩"]


def marks(frame: str, *scores: int, title: str = "某班期末考试成绩表") -> Table:
    rows = [
        [place, f"HJ4100000000{place}", "王芳李强张敏"[place * 2 - 2 :][:2], "C1", score]
        for place, score in enumerate(scores, 1)
    ]
    return [[title], [frame], HEAD, *rows]


def scores(site: Site) -> list[int]:
    refresh(site)
    return sorted(int(score) for (score,) in site.pool.rows("SELECT score FROM record"))


def test_marks_that_come_again_under_another_day_of_filling_in_are_corrected(
    sqlite_site: Site, tmp_path: Path
) -> None:
    written(tmp_path, proposed(tmp_path, marks("制表日期：2022年10月25日", 80, 81, 82)))
    assert (
        taken(sqlite_site, tmp_path, marks("制表日期：2022年10月25日", 80, 81, 82), "甲.xlsx").rows_stored
        == 3
    )
    again = marks("制表日期：2022年10月28日　制表人：李四", 80, 81, 62, title="某班期末考试成绩表（更正）")
    report = taken(sqlite_site, tmp_path, again, "乙.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (1, 2)
    # Another examination is another one.
    other = marks("制表日期：2022年10月28日", 50, 51, 52, title="某班补考成绩表")
    assert taken(sqlite_site, tmp_path, other, "丙.xlsx").rows_stored == 3
    assert scores(sqlite_site) == [50, 51, 52, 62, 80, 81]


def signs(frame: str, first: str, second: str) -> Table:
    return [
        ["某县骨干教师培训一班学员签到表"],
        [f"培训时间：2022年10月8日至10月9日    {frame}"],
        ["继教编号", "姓名", "10月8日", "10月9日"],
        ["HJ41000000001", "王芳", *first],
        ["HJ41000000002", "李强", *second],
    ]


def test_a_sign_in_is_taken_back_by_a_sheet_that_was_filled_in_later(
    sqlite_site: Site, tmp_path: Path
) -> None:
    first = signs("填报日期：2023年1月5日", "√√", "√√")
    written(tmp_path, proposed(tmp_path, first))
    assert taken(sqlite_site, tmp_path, first, "甲.xlsx").rows_stored == 4
    report = taken(sqlite_site, tmp_path, signs("填报日期：2023年1月9日", "√×", "√√"), "乙.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (0, 3)
    assert "收回了以前的 1 条签到" in report.message
    refresh(sqlite_site)
    assert sqlite_site.pool.rows("SELECT count(*) FROM record") == [(3,)]


def test_a_sheet_that_only_a_note_tells_from_another_takes_nothing_back(
    sqlite_site: Site, tmp_path: Path
) -> None:
    first = signs("备注：语文组集体备课", "√√", "√√")
    written(tmp_path, proposed(tmp_path, first))
    assert taken(sqlite_site, tmp_path, first, "甲.xlsx").rows_stored == 4
    report = taken(sqlite_site, tmp_path, signs("备注：班主任论坛", "√×", "√√"), "乙.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (3, 0)
    assert "收回" not in report.message


def before(text: str) -> str:
    """The mapping as it was proposed when the whole title was part of the key."""
    return text.replace("（标题正文）", "（标题）")


def test_what_came_in_under_the_whole_title_is_known_by_the_mapping_proposed_anew(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, signs("填报日期：2023年1月5日", "√√", "√√"))
    now = mapping_text([found.draft])
    (tmp_path / "m.yaml").write_text(before(now), encoding="utf-8")
    first = taken(sqlite_site, tmp_path, signs("填报日期：2023年1月5日", "√√", "√√"), "甲.xlsx")
    assert first.rows_stored == 4
    assert "按整个标题认表" in first.message
    (tmp_path / "m.yaml").write_text(now, encoding="utf-8")
    again = take(sqlite_site, tmp_path, "甲.xlsx")
    assert (again.rows_stored, again.rows_duplicate, again.taken_before) == (0, 4, False)
    assert "整个标题" not in again.message
    corrected = taken(sqlite_site, tmp_path, signs("填报日期：2023年1月9日", "√×", "√√"), "乙.xlsx")
    assert (corrected.rows_stored, corrected.rows_duplicate) == (0, 3)
    assert take(sqlite_site, tmp_path, "甲.xlsx").taken_before
    refresh(sqlite_site)
    held = sqlite_site.pool.rows("SELECT hex(id), batch FROM record ORDER BY id")
    assert len(held) == 3
    rebuild(sqlite_site)
    assert sqlite_site.pool.rows("SELECT hex(id), batch FROM record ORDER BY id") == held


def test_two_sheets_that_were_taken_for_different_ones_stay_what_they_were_when_they_come_again(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, marks("制表日期：2022年10月25日", 80))
    now = mapping_text([found.draft])
    (tmp_path / "m.yaml").write_text(before(now), encoding="utf-8")
    for day, name, score in ((25, "甲.xlsx", 80), (28, "乙.xlsx", 70)):
        assert (
            taken(sqlite_site, tmp_path, marks(f"制表日期：2022年10月{day}日", score), name).rows_stored == 1
        )
    (tmp_path / "m.yaml").write_text(now, encoding="utf-8")
    assert [take(sqlite_site, tmp_path, name).rows_stored for name in ("甲.xlsx", "乙.xlsx")] == [0, 0]
    # A third one is the newest, corrected; that the first counts beside it is said.
    report = taken(sqlite_site, tmp_path, marks("制表日期：2022年10月29日", 60), "丙.xlsx")
    assert report.rows_stored == 1
    assert "存成了 2 张（第 1、2 号批次）" in report.message
    assert scores(sqlite_site) == [60, 80]


def take(site: Site, folder: Path, name: str) -> Any:
    (report,) = intake(site, folder / name, str(folder / "m.yaml"), by="t")
    return report


def test_a_row_of_head_counts_is_passed_over_with_its_reason(sqlite_site: Site, tmp_path: Path) -> None:
    table = [*signs("", "√√", "√×"), ["应到2人，实到1人"], ["", "", "填表人：张三", "电话：16900000000"]]
    found = proposed(tmp_path, table)
    assert (found.rows, found.passed) == (2, 2)
    written(tmp_path, found)
    report = taken(sqlite_site, tmp_path, table, "甲.xlsx")
    assert (report.rows_stored, report.rows_quarantined) == (3, 0)
    assert dict(report.passed)["人数、落款一类的行，不是数据"] == 1
    assert "16900000000" not in report.message

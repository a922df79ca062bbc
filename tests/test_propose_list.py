"""Lists of people: who is a trainee of a class, who is a teacher on a roster, and what else the same sheet may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sheets import Table, picked, proposed

CLASS = "农村中小学班主任育人能力提升一班"


def test_a_roster_of_a_class_with_days_of_arrival_is_a_list_of_trainees_and_may_be_a_roster_too(
    tmp_path: Path,
) -> None:
    heads = ["序号", "班次名称", "继教编号", "姓名", "工作单位", "任教学科", "报到日期", "结业情况"]
    rows = [
        [n, CLASS, f"HJ00000{n}", name, "第一小学", "语文", "2022年10月7日", "结业"]
        for n, name in enumerate(("王芳", "李建国", "张敏"), 1)
    ]
    found = proposed(tmp_path, [[f"{CLASS}学员花名册"], heads, *rows], "学员花名册.xlsx")
    assert found.draft.target == "trainee"
    assert picked(found) == {
        "班次名称": "class", "继教编号": "account:staff", "姓名": "name", "报到日期": "checked_in",
    }  # fmt: skip
    assert [str(note) for note in found.notes] == [
        "“工作单位”、“任教学科”不是学员的内容；同一张表还可以再存一份映射，作教师：网页上把“每一行是”换成它，命令加 --target person",
        "“结业情况”不是学员的内容；同一张表还可以再存一份映射，作学习记录：网页上把“每一行是”换成它，命令加 --target record",
    ]


@pytest.mark.parametrize(
    ("target", "table"),
    [
        ("person", [["第一小学教师花名册"], ["姓名", "继教编号", "学校", "班级"], ["王芳", "HJ000001", "第一小学", "三（1）班"]]),
        ("person", [["学员花名册"], ["姓名", "继教编号", "学校", "职称"], ["王芳", "HJ000001", "第一小学", "一级教师"]]),
        ("record", [["学员结业考核"], ["班次代码", "继教编号", "报到日期", "成绩"], ["B1", "HJ000001", "2022年10月7日", 90]]),
        ("record", [["结业名单"], ["姓名", "继教编号", "结业情况"], ["王芳", "HJ000001", "结业"]]),
        ("trainee", [["结业名单"], ["班次代码", "姓名", "继教编号", "结业日期"], ["B1", "王芳", "HJ000001", "2022年10月7日"]]),
    ],
)  # fmt: skip
def test_what_a_list_is_depends_on_what_it_says_of_people(tmp_path: Path, target: str, table: Table) -> None:
    assert proposed(tmp_path, table).draft.target == target

"""Marks, what they are out of, what counts once, how it ended, and certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait.intake.door import intake
from portrait.intake.draft import mapping_text
from portrait.intake.scale import scale_of
from portrait.record import Kind
from portrait.site import Site
from tests.sheets import Table, picked, proposed, taken, written


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
    assert {stream.field("kind").const for stream in mapping.streams} == {"quiz", "exam"}


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
    assert (found.draft.fixed, found.draft.scales) == (
        {"time": "（标题）", "score_max": "100"},
        {"平时（40分）": "40"},
    )
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


def test_a_full_mark_beyond_the_usual_ones_is_asked_for_and_study_at_school_is_told_by_its_heads(
    tmp_path: Path,
) -> None:
    found = proposed(tmp_path, [["继教编号", "笔试", "竞赛得分"], ["T1001", 90, 170]])
    assert (found.draft.fixed, found.missing) == ({"time": "（标题）", "score_max": ""}, ("满分",))
    found = proposed(tmp_path, [["继教编号", "校本研修主题", "认定学时"], ["T1001", "集体备课", 2]])
    assert found.draft.fixed == {"kind": "activity", "time": "（标题）"}


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
        "kind: {const: exam}  # 列名里有“结业”：监考测评",
        'score_max: {const: "100"}  # 6 个得分里 6 个不超过 100，这是放得下几乎全部得分的最小的常见满分（很有把握，0.85）',
        "kind: {const: assignment}  # 列名里有“作业”：作业",
        'score_max: {const: "100"}  # 6 个得分里 6 个不超过 100，这是放得下几乎全部得分的最小的常见满分（很有把握，0.85）',
    ]


def test_marks_without_a_date_are_told_apart_by_their_sheet_s_title(
    sqlite_site: Site, tmp_path: Path
) -> None:
    def table(term: str, mark: int) -> Table:
        return [[f"{term}成绩表"], ["继教编号", "成绩"], ["HJ001", mark]]

    written(tmp_path, proposed(tmp_path, table("第一期", 80)))
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    taken(sqlite_site, tmp_path, table("第二期", 90), "二.xlsx")
    assert sqlite_site.pool.rows("SELECT count(DISTINCT id) FROM record") == [(2,)]

"""What a log or a sheet of marks says of each row: which kind of record, in which unit, by which number, and told apart by what."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait.intake.deed import kind_of
from portrait.intake.door import intake
from portrait.intake.guess import guesses, outside, unit_of
from portrait.intake.preview import preview
from portrait.intake.total import called_total
from portrait.record import KIND_ZH, Kind
from portrait.site import Site
from tests.sheets import Table, picked, proposed, written

WHO = "继教编号"


def kept(site: Site, folder: Path, table: Table) -> list[tuple[str, int, float | None]]:
    """Kind, seconds and score of each record that the sheet becomes as it is proposed; a look must count the same."""
    found = proposed(folder, table)
    written(folder, found)
    seen = preview(site, folder / "表.xlsx", str(folder / "m.yaml"))
    done = intake(site, folder / "表.xlsx", str(folder / "m.yaml"), by="t")
    assert [(one.rows_new, one.rows_again, one.rows_bad) for one in seen] == [
        (one.rows_stored, one.rows_duplicate, one.rows_quarantined) for one in done
    ]
    rows = site.pool.rows("SELECT kind, seconds, score FROM record ORDER BY 1, 2, 3")
    return [(KIND_ZH[Kind(kind)], seconds, score) for kind, seconds, score in rows]


def test_marks_of_several_tests_on_one_day_are_several_records(sqlite_site: Site, tmp_path: Path) -> None:
    rows = [[f"HJ{who:06d}", f"单元测验{n}", 60 + n, "2022-10-08"] for who in (1, 2) for n in (1, 2, 3)]
    table: Table = [[WHO, "项目", "得分", "提交日期"], *rows]
    assert len(kept(sqlite_site, tmp_path, table)) == 6
    assert picked(proposed(tmp_path, table))["项目"] == "item"


@pytest.mark.parametrize(
    ("head", "values", "pick"), [("卷别", ["甲", "乙", "丙"], "item"), ("第几回", [1, 2, 3], "")]
)
def test_an_unused_column_without_which_rows_would_be_one_enters_the_key(
    sqlite_site: Site, tmp_path: Path, head: str, values: list[object], pick: str
) -> None:
    rows = [[f"HJ{who:06d}", value, 60 + who, "2022-10-08", "同"] for who in (1, 2) for value in values]
    table: Table = [[WHO, head, "得分", "提交日期", "批注"], *rows]
    found = proposed(tmp_path, table)
    assert found.draft.picks[head] == pick
    assert found.draft.key == (() if pick else (head,))
    assert f"不看“{head}”，几行会被当作同一个记录，所以它也算进 key" in found.notes
    assert len(kept(sqlite_site, tmp_path, table)) == 6


def test_rows_that_no_column_tells_apart_are_named_before_they_are_taken(tmp_path: Path) -> None:
    rows = [["HJ000001", 60, "2022-10-08"], ["HJ000002", 70, "2022-10-08"], ["HJ000001", 90, "2022-10-08"]]
    notes = proposed(tmp_path, [[WHO, "得分", "提交日期"], *rows]).notes
    (told,) = [str(note) for note in notes if "内容却不同" in note]
    assert told.startswith(
        "有 1 行和前面的行是同一个人、同一件事、同一时间，内容却不同（例如第 2 行和第 4 行）"
    )


def test_a_log_says_of_each_row_what_it_is_and_what_nobody_knows_is_passed_over(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["日志编号", WHO, "行为", "发生时间", "用时秒", "内容秒", "得分"]
    rows = [
        ["Y-0007", "HJ000001", "选课", "2022-03-01 08:00", None, None, None],
        ["Y-0008", "HJ000001", "看视频", "2022-03-01 08:00", 90, 100, None],
        ["Y-0009", "HJ000001", "单元测验", "2022-03-01 08:00", 60, None, 80],
        ["Y-0010", "HJ000002", "点赞", "2022-03-01 08:00", None, None, None],
        ["Y-0008", "HJ000001", "看视频", "2022-03-01 08:00", 90, 100, None],
    ]
    found = proposed(tmp_path, [head, *rows])
    assert picked(found) == {
        "日志编号": "serial", WHO: "account:staff", "行为": "kind", "发生时间": "time", "用时秒": "seconds:seconds",
        "内容秒": "content_seconds:seconds", "得分": "score",
    }  # fmt: skip
    assert found.draft.words == {"选课": "enrol", "看视频": "video", "单元测验": "quiz", "点赞": ""}
    assert any("“行为”里认不出的 1 种不读，计入略过：点赞" in note for note in found.notes)
    (stream,) = written(tmp_path, found).streams
    assert stream.key == ("日志编号",)
    assert kept(sqlite_site, tmp_path, [head, *rows]) == [
        ("选课", 0, None),
        ("视频学习", 90, None),
        ("在线测验", 60, 80.0),
    ]


def test_a_column_that_numbers_the_rows_of_a_sheet_is_no_number_of_records(tmp_path: Path) -> None:
    rows = [[n, f"HJ{n:06d}", 60, f"2022-10-0{n}"] for n in range(1, 6)]
    assert "ID" not in picked(proposed(tmp_path, [["ID", WHO, "得分", "提交日期"], *rows]))


def test_without_a_word_for_it_nothing_becomes_what_weighs_most(tmp_path: Path) -> None:
    log = proposed(tmp_path, [[WHO, "发生时间", "用时秒", "学时"], ["HJ000001", "2022-03-01 08:00", 30, 1]])
    assert log.draft.fixed["kind"] == "view"
    assert "没有一列说每一行是什么记录，全部按“浏览学习”读；不是就改“记录种类”" in log.notes
    marks = proposed(tmp_path, [[WHO, "提交日期", "得分"], ["HJ000001", "2022-03-01", 30]])
    assert marks.draft.picks["得分"] == "score:quiz"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("测验", "quiz"), ("期末考试", "exam"), ("单元作业3", "assignment"), ("观看", "video"), ("浏览", "view"), ("合格", "complete"),
        ("不参加考试", ""), ("取消作业", ""), ("缓考试", ""), ("免考试", ""), ("学员未参加考试", ""), ("放弃考试", ""), ("撤回作业", ""),
        ("推迟期末考试", ""), ("待批作业", ""), ("没交作业", ""), ("已取消单元测验3", ""), ("删除回帖", ""), ("退回作业", ""), ("拒绝参加测验", ""),
        ("布置作业", ""), ("发布考试", ""), ("批改作业", ""), ("发布讨论", "forum"), ("查看作业", "view"), ("下载单元测验", "view"),
        ("浏览论坛", "view"), ("浏览视频", "video"), ("暂停视频", "video"), ("补交作业", "assignment"), ("参加考试", "exam"),
        ("不等式单元测验", "quiz"), ("无机化学考试", "exam"), ("查漏补缺测验", "quiz"), ("非遗课程作业", "assignment"), ("不定期测验", "quiz"),
        ("不合格", "fail"), ("Quiz", "quiz"), ("未考试", ""), ("缺考", ""), ("抽查", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_word_means_a_kind_or_nothing(word: str, kind: str) -> None:
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("用时秒", "seconds"), ("学习时长分钟", "minutes"), ("时长（时）", "hours"), ("累计小时数", "hours"), ("时长_秒", "seconds"),
        ("用时", ""), ("学时", ""), ("课时数", ""), ("时长", ""),
    ],
)  # fmt: skip
def test_a_head_names_its_unit(head: str, unit: str) -> None:
    assert unit_of(head) == unit


def test_a_cell_that_is_no_duration_is_told_how_a_bare_number_is_read(site: Site, tmp_path: Path) -> None:
    head = [WHO, "发生时间", "用时秒"]
    rows = [["HJ000001", "2022-03-01 08:00", 30], ["HJ000002", "2022-03-01 08:00", "约半小时"]]
    written(tmp_path, proposed(tmp_path, [head, *rows]))
    (seen,) = preview(site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"))
    (bad,) = [one for one in seen.samples if one.problem]
    assert (
        bad.problem == "用时秒“约半小时”：应为数字（按秒读），或带单位的时长，如 1小时20分、80分钟、1:20:00"
    )


def test_a_mapping_that_does_not_fit_says_which_header_it_met(sqlite_site: Site, tmp_path: Path) -> None:
    proposed(tmp_path, [["某班结业成绩"], [WHO, "得分"], ["HJ000001", 80]])
    (seen,) = preview(sqlite_site, tmp_path / "表.xlsx", "moodle_log")
    assert seen.error.endswith("；这个文件开头是标题“某班结业成绩”，表头在第 2 行：继教编号、得分")


def test_a_span_in_hours_of_credit_is_credit() -> None:
    assert guesses("学习时长（学时）", ["2", "4"])[0].role == "credit"


def test_a_mark_is_what_its_own_head_says_and_not_what_stands_above_it(tmp_path: Path) -> None:
    rows = [["HJ000001", 30, 90], ["HJ000002", 35, 80]]
    found = proposed(tmp_path, [["某班结业考核成绩"], [WHO, "结业考核·平时", "结业考核·笔试"], *rows])
    assert (found.draft.picks["结业考核·平时"], found.draft.picks["结业考核·笔试"]) == (
        "score:quiz",
        "score:exam",
    )


def test_a_word_or_a_head_of_a_hundred_thousand_signs_is_looked_through_once() -> None:
    # Where the way grows with the square of the length, this ends on no day on which anybody waits for it.
    many = 400_000
    assert (kind_of("测验" + "1" * many), kind_of("1" * many + "!")) == ("quiz", "")
    assert outside("([【", ")]】", "(甲)乙" + "(" * many) == "乙" + "(" * many
    assert called_total("总评" + "（" * many)

"""Moodle's exports through the door: logs in any language and order, gradebooks made long, tables of the database."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from portrait.errors import InputError, MappingError
from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.intake.door import BatchReport, intake
from portrait.intake.mapping import load_mapping, read_mapping
from portrait.intake.preview import preview
from portrait.intake.replay import mend
from portrait.record import Kind
from portrait.resource import DATA
from portrait.site import Site
from tests.inbox import waiting

REAL = Path(os.environ.get("TEACHER_DATA") or Path(__file__).parents[2] / "shared" / "data")
HEADS = {
    "en": "Time|User full name|Affected user|Event context|Component|Event name|Description|Origin|IP address",
    "zh": "时间|用户全名|受影响用户|事件背景|组件|事件名称|描述|来源|IP地址",
    "de": "Zeit|Vollständiger Name|Betroffene/r Nutzer/in|Ereigniskontext|Komponente|Ereignisname|Beschreibung|Herkunft|IP-Adresse",
    "fr": "Heure|Nom complet de l’utilisateur|Utilisateur touché|Contexte de l’événement|Composant|Nom de l’événement|Description|Origine|Adresse IP",
    "es": "Hora|Nombre completo del usuario|Usuario afectado|Contexto del evento|Componente|Nombre del evento|Descripción|Origen|Dirección IP",
    "it": "Data/Ora|Nome completo dell'utente|Utente coinvolto|Contesto dell'evento|Componente|Evento|Descrizione|Origine|Indirizzo IP",
}
VIEWED = "The user with id '58' viewed the 'quiz' activity with course module id '33'."
SUBMITTED = (
    "The user with id '58' has submitted the attempt with id '7' for the quiz with course module id '33'."
)
ROWS = [
    ["23/01/23, 12:09", "王芳", "-", "Quiz: 期中", "Quiz", "Course module viewed", VIEWED, "web", "10.0.0.1"],
    ["23/01/23, 12:10", "王芳", "-", "Quiz: 期中", "Quiz", "Quiz attempt submitted", SUBMITTED, "web", "10.0.0.1"],
    ["23/01/23, 12:11", "-", "-", "Front page", "System", "Course viewed", "The user with id '0' viewed the course with id '1'.", "web", "10.0.0.1"],
]  # fmt: skip


def log(rows: list[list[str]], head: str = HEADS["en"], end: str = "\r\n", index: bool = False) -> str:
    """An export as Moodle, or a data frame with its index, writes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    writer.writerow([""] * index + head.split("|"))
    writer.writerows([str(n)] * index + row for n, row in enumerate(rows))
    return out.getvalue()


def event(
    description: str, name: str = "Etwas", time: str = "23/01/23, 12:09", who: str = "王芳"
) -> list[str]:
    return [time, who, "-", "Course: C", "System", name, description, "web", "10.0.0.1"]


def take(
    site: Site, folder: Path, text: str | bytes, source: str = "moodle_log", name: str = "log.csv"
) -> list[BatchReport]:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    reports = intake(site, path, source, by="test")
    assert all(report.counts.balanced for report in reports)
    return reports


def kept(
    site: Site,
    columns: str = "account, kind, strftime(timezone('Asia/Shanghai', time), '%Y-%m-%d %H:%M'), item",
) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in site.pool.rows(f"SELECT {columns} FROM record ORDER BY batch, line")]


def own_mapping(site: Site, source: str, *changes: tuple[str, str]) -> None:
    """The shipped mapping with a user's changes, in the home folder."""
    text = (DATA / "mapping" / f"{source}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder = site.settings.home / "mapping"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{source}.yaml").write_text(text, encoding="utf-8")


# --- logs --------------------------------------------------------------------------------------------------------


def test_a_log_is_read_whatever_the_language_and_order_of_its_heads(
    sqlite_site: Site, tmp_path: Path
) -> None:
    order = [6, 0, 8, 3, 5, 1, 2, 7, 4]
    folder = tmp_path / "in"
    folder.mkdir()
    for language, heads in HEADS.items():
        head = "|".join(heads.split("|")[n] for n in order)
        (folder / f"{language}.csv").write_text(log([[row[n] for n in order] for row in ROWS], head), "utf-8")
    first, *others = intake(sqlite_site, folder, "moodle_log", by="test")
    assert (first.rows_stored, first.counts.rows_passed) == (2, 1)
    # The same events in another language are the same events.
    assert [(report.rows_duplicate, report.counts.rows_passed) for report in others] == [(2, 1)] * 5
    who = account_id("moodle", "native", "58")
    assert kept(sqlite_site) == [
        (who, Kind.VIEW, "2023-01-23 12:09", "Quiz: 期中"),
        (who, Kind.QUIZ, "2023-01-23 12:10", "Quiz: 期中"),
    ]


def test_a_log_is_read_whatever_its_line_ends_encoding_and_index(sqlite_site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    ways = [("\r", "utf-8"), ("\r", "gb18030"), ("\n", "utf-8-sig"), ("\r\n", "utf-16")]
    for number, (end, encoding) in enumerate(ways):
        (folder / f"{number}.csv").write_bytes(log(ROWS, HEADS["zh"], end, index=True).encode(encoding))
    reports = intake(sqlite_site, folder, "moodle_log", by="test")
    assert [report.rows_stored + report.rows_duplicate for report in reports] == [2] * len(ways)
    assert len(kept(sqlite_site)) == 2


WRITTEN = [
    "23/01/23, 12:09",
    "23/01/23, 12:09:40",
    "23/01/2023, 12:09",
    "23.01.23, 12:09",
    "2023年1月23日 12:09",
    "2023/01/23 12:09",
    "2023-01-23 12:09:00",
    "23 January 2023, 12:09 PM",
    "23. Januar 2023, 12:09",
    "23 janvier 2023, 12:09",
    "23 de enero de 2023, 12:09",
    "23 gennaio 2023, 12:09",
]


def test_times_are_read_as_the_languages_write_them(sqlite_site: Site, tmp_path: Path) -> None:
    take(sqlite_site, tmp_path / "in", log([event(VIEWED, time=written) for written in WRITTEN]))
    assert [row[2] for row in kept(sqlite_site)] == ["2023-01-23 12:09"] * len(WRITTEN)


def test_a_log_without_years_is_refused_and_the_refusal_says_how_to_give_the_year(
    sqlite_site: Site, tmp_path: Path
) -> None:
    rows = [event(VIEWED, time="11 May, 09:44"), event(SUBMITTED, time="12 May, 10:00")]
    with pytest.raises(
        InputError, match=r"log\.csv：列“时间”（如 11 May, 09:44）：时间里没有年份.*year: 2023"
    ):
        take(sqlite_site, tmp_path / "in", log(rows))
    assert kept(sqlite_site) == []
    own_mapping(sqlite_site, "moodle_log", ("months: any", "months: any\n        year: 2023"))
    take(sqlite_site, tmp_path / "in", log(rows))
    assert [row[2] for row in kept(sqlite_site)] == ["2023-05-11 09:44", "2023-05-12 10:00"]


YEARLESS = [
    ("30 September, 08:00", "2023-09-30 08:00"),
    ("31 August, 08:00", "2024-08-31 08:00"),
    ("29 February, 08:00", "2024-02-29 08:00"),
    ("11. März, 09:44", "2024-03-11 09:44"),
    ("11 mai, 09:44", "2024-05-11 09:44"),
    ("11 de mayo, 09:44", "2024-05-11 09:44"),
    ("1 dicembre, 09:44", "2023-12-01 09:44"),
    ("5月11日 09:44", "2024-05-11 09:44"),
]


def test_a_school_year_gives_each_month_its_year(sqlite_site: Site, tmp_path: Path) -> None:
    own_mapping(sqlite_site, "moodle_log", ("months: any", "months: any\n        year: 2023-09"))
    take(sqlite_site, tmp_path / "in", log([event(VIEWED, time=written) for written, _ in YEARLESS]))
    assert [row[2] for row in kept(sqlite_site)] == [read for _, read in YEARLESS]


def test_a_row_without_a_year_among_dated_ones_waits_alone(sqlite_site: Site, tmp_path: Path) -> None:
    (report,) = take(
        sqlite_site,
        tmp_path / "in",
        log([*ROWS, event(VIEWED, time="11 May, 09:44"), event(VIEWED, time="bald")]),
    )
    assert (report.rows_stored, dict(report.codes)) == (2, {"no_year": 1, "bad_time": 1})
    assert "year: 2023" in waiting(sqlite_site)[0].reason


EVENTS = [
    ("The user with id '5' viewed the course with id '3'.", "", Kind.VIEW),
    ("The user with id '5' viewed the section number '2' of the course with id '3'.", "", Kind.VIEW),
    (
        "The user with id '5' has viewed the discussion with id '9' in the forum with course module id '4'.",
        "",
        Kind.VIEW,
    ),
    (
        "The user with id '5' has created the discussion with id '9' in the forum with course module id '4'.",
        "",
        Kind.FORUM,
    ),
    (
        "The user with id '5' has created the post with id '1' in the discussion with id '9' in the forum with course module id '4'.",
        "",
        Kind.FORUM,
    ),
    (
        "The user with id '5' has submitted the submission with id '8' for the assignment with course module id '4'.",
        "",
        Kind.ASSIGNMENT,
    ),
    (
        "The user with id '5' has submitted the attempt with id '8' for the quiz with course module id '4'.",
        "",
        Kind.QUIZ,
    ),
    (
        "The user with id '2' enrolled the user with id '5' using the enrolment method 'manual' in the course with id '3'.",
        "",
        Kind.ENROL,
    ),
    (
        "The user with id '2' unenrolled the user with id '5' using the enrolment method 'manual' from the course with id '3'.",
        "",
        Kind.WITHDRAW,
    ),
    ("The user with id '5' completed the course with id '3'.", "", Kind.COMPLETE),
    ("The user with id '5' has been awarded the badge with id '1'.", "", Kind.CERTIFICATE),
    (
        "The user with id '5' has had their attempt with id '1' reviewed by the user with id '5' for the quiz with course module id '4'.",
        "",
        Kind.VIEW,
    ),
    (
        "The user with id '5' has viewed the summary for the attempt with id '1' for the quiz with course module id '4'.",
        "",
        Kind.VIEW,
    ),
    ("The user with id '5' has ended the lesson with course module id '4'.", "", Kind.VIEW),
    (
        "The user with id '5' has launched the sco with id '1' for the scorm with course module id '4'.",
        "",
        Kind.VIEW,
    ),
    (
        "The user with the id '5' has sent a tracking statement for an H5P activity with the course module id '4'.",
        "",
        Kind.VIEW,
    ),
    (
        "The user with id '5' created the page with id '1' for the wiki with course module id '4'.",
        "",
        Kind.FORUM,
    ),
    ("The user with id '5' has sent a message in the chat with course module id '4'.", "", Kind.FORUM),
    (
        "The user with id '5' created the submission with id '1' for the workshop with course module id '4'.",
        "",
        Kind.ASSIGNMENT,
    ),
    # Where a plug-in translates its descriptions the name of the event must do.
    ("ID 为“5”的用户查看了课程。", "已查看课程", Kind.VIEW),
    ("ID 为“5”的用户提交了作业。", "已提交作业", Kind.ASSIGNMENT),
    ("ID 为“5”的用户交了卷。", "测验试答已提交", Kind.QUIZ),
    ("ID 为“5”的用户发了帖。", "讨论已创建", Kind.FORUM),
]
NONE = [
    ("The user with id '5' has logged in.", "User has logged in", "登录、首页、消息和个人页面"),
    ("The user with id '5' has viewed their dashboard", "Dashboard viewed", "登录、首页、消息和个人页面"),
    (
        "The user with id '5' viewed the log report for the course with id '3'.",
        "Log report viewed",
        "看报表和成绩",
    ),
    (
        "The user with id '5' viewed the user report in the gradebook.",
        "Grade user report viewed",
        "看报表和成绩",
    ),
    (
        "The user with id '5' updated the 'quiz' activity with course module id '4'.",
        "Course module updated",
        "教学管理操作",
    ),
    ("The user with id '5' updated the course with id '3'.", "Course updated", "教学管理操作"),
    (
        "The user with id '5' assigned the role with id '5' to the user with id '6'.",
        "Role assigned",
        "教学管理操作",
    ),
    (
        "The user with id '5' has graded the submission '8' for the user with id '6' for the assignment with course module id '4'.",
        "The submission has been graded.",
        "批改、改成绩和改完成状态（成绩另由成绩册接入）",
    ),
    ("The user with id '0' viewed the course with id '3'.", "Course viewed", "没有登录的人或访客"),
    (
        "The user with id '5' created a file submission and uploaded '1' file/s in the assignment with course module id '4'.",
        "",
        "同一次提交或发帖的另一条",
    ),
    (
        "The user with id '5' has uploaded a file to the submission with id '7' in the assignment activity with course module id '4'.",
        "",
        "同一次提交或发帖的另一条",
    ),
    (
        "The user with id '5' has posted content in the forum post with id '1' in the discussion '9' located in the forum with course module id '4'.",
        "",
        "同一次提交或发帖的另一条",
    ),
    (
        "The user with id '5' has updated the post with id '1' in the discussion with id '9' in the forum with course module id '4'.",
        "",
        "改动和删除",
    ),
    (
        "The user with id '5' subscribed the user with id '5' to the forum with course module id '4'.",
        "",
        "订阅和退订",
    ),
    (
        "The user with id '5' updated the completion state for the course module with id '4' for the user with id '5'.",
        "",
        "批改、改成绩和改完成状态（成绩另由成绩册接入）",
    ),
    (
        "The user with id '5' viewed the list of users in the course with id '3'.",
        "",
        "登录、首页、消息和个人页面",
    ),
    ("The user with id '5' levitated.", "Levitation performed", "映射里没有的事件：Levitation performed"),
]


def test_an_event_becomes_a_record_of_its_kind_for_the_one_whom_it_is_about(
    sqlite_site: Site, tmp_path: Path
) -> None:
    (report,) = take(sqlite_site, tmp_path / "in", log([event(text, name) for text, name, _ in EVENTS]))
    assert report.passed == ()
    who = account_id("moodle", "native", "5")
    assert kept(sqlite_site, "account, kind") == [(who, kind) for _, _, kind in EVENTS]


def test_what_is_no_learning_is_passed_over_and_counted_under_its_reason(
    sqlite_site: Site, tmp_path: Path
) -> None:
    (report,) = take(sqlite_site, tmp_path / "in", log([event(text, name) for text, name, _ in NONE]))
    assert (report.rows_read, report.counts.rows_passed) == (0, len(NONE))
    assert dict(report.passed) == Counter(why for _, _, why in NONE)
    assert "映射里没有的事件：Levitation performed 1 行" in report.message


def test_a_log_of_one_course_is_that_courses_and_of_several_each_rows_own(
    sqlite_site: Site, tmp_path: Path
) -> None:
    one = [
        event("The user with id '5' viewed the course with id '3'."),
        event(VIEWED),
        event("The user with id '5' viewed the course with id '3'."),
    ]
    take(sqlite_site, tmp_path / "in", log(one), name="one.csv")
    assert [row[0] for row in kept(sqlite_site, "course")] == [key_number("course", "moodle", "3")] * 3
    two = [
        *one,
        event("The user with id '6' viewed the course with id '4'."),
        event(VIEWED, time="24/01/23, 08:00"),
    ]
    take(sqlite_site, tmp_path / "in", log(two), name="two.csv")
    assert [row[0] for row in kept(sqlite_site, "course")][3:] == [key_number("course", "moodle", "4"), 0]


def test_overlapping_logs_count_once_and_two_equal_events_of_a_minute_twice(
    sqlite_site: Site, tmp_path: Path
) -> None:
    twice = [event(VIEWED, time="01/02/23, 08:00")] * 2
    first = take(
        sqlite_site, tmp_path / "in", log([event(VIEWED, time="01/01/23, 08:00"), *twice]), name="january.csv"
    )
    second = take(
        sqlite_site, tmp_path / "in", log([event(VIEWED, time="01/03/23, 08:00"), *twice]), name="march.csv"
    )
    assert [report.rows_stored for report in (*first, *second)] == [3, 1]
    assert second[0].rows_duplicate == 2


def test_one_event_is_one_whatever_the_language_and_its_way_to_write_times_contexts_and_names(
    sqlite_site: Site, tmp_path: Path
) -> None:
    other = VIEWED.replace("'33'", "'34'")
    english = [
        ["23/05/22, 10:00", "Fang Wang", "-", "Quiz: Midterm", "Quiz", "Course module viewed", VIEWED, "web", "10.0.0.1"],
        ["23/05/22, 10:00", "Fang Wang", "-", "Quiz: Midterm", "Quiz", "Course module viewed", VIEWED, "web", "10.0.0.1"],
        ["23/05/22, 10:00", "Fang Wang", "-", "Quiz: Final", "Quiz", "Course module viewed", other, "web", "10.0.0.1"],
        ["23/05/22, 10:01", "Fang Wang", "-", "Quiz: Midterm", "Quiz", "Course module viewed", VIEWED, "web", "10.0.0.1"],
    ]  # fmt: skip
    times = {"23/05/22, 10:00": "2022年05月23日 10:00", "23/05/22, 10:01": "2022年05月23日 10:01"}
    chinese = [
        [
            times[time],
            "王芳",
            "-",
            context.replace("Quiz: ", "测验："),
            "测验",
            "查看了课程模块",
            said,
            origin,
            address,
        ]
        for time, _, _, context, _, _, said, origin, address in english
    ]
    # What only its context tells apart is another event, in whatever language it stands.
    page = event("The user with id '58' has viewed the page.", "Course viewed")
    elsewhere = [*page[:3], "Course: D", *page[4:]]
    fresh = ["2022年05月23日 10:02", *chinese[0][1:]]
    (first,) = take(sqlite_site, tmp_path / "in", log([*english, page]), name="english.csv")
    told = log([fresh, *chinese[::-1], elsewhere], HEADS["zh"])
    (again,) = take(sqlite_site, tmp_path / "in", told, name="chinese.csv")
    assert (first.rows_stored, again.rows_stored, again.rows_duplicate) == (5, 2, 4)


def test_who_has_no_number_is_known_by_the_full_name(sqlite_site: Site, tmp_path: Path) -> None:
    (report,) = take(
        sqlite_site,
        tmp_path / "in",
        log([event("Viewed.", "Course viewed"), event("Viewed.", "Course viewed", who="-")]),
    )
    assert kept(sqlite_site, "account") == [(account_id("moodle", "native", "name:王芳"),)]
    assert report.passed == (("看不出是谁（没有编号也没有姓名）", 1),)


def test_a_file_that_is_no_log_is_named_with_the_columns_that_a_log_has(
    sqlite_site: Site, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="时间 \\+ 事件名称 \\+ 描述；这个文件的表头是：a、b"):
        take(sqlite_site, tmp_path / "in", "a,b\n1,2\n")


# --- gradebooks --------------------------------------------------------------------------------------------------

BOOK = """First name,Last name,ID number,Institution,Department,Email address,Quiz: 单元一 (Real),Quiz: 单元一 (Percentage),Assignment: 教案 (Real),Assignment: 教案 (Feedback),Category 平时 total (Real),Course total (Real),Last downloaded from this course
芳,王,t1,,,t1@demo.invalid,8.00,80.00 %,56.5,好,60,64.5,1674446940
强,李,,,,t2@demo.invalid,-,-,"0,00",,,0.00,1674446940
敏,张,,,,,,,101,,,101,1674446940
"""


def test_a_gradebook_becomes_one_record_for_each_person_and_item_with_a_mark(
    sqlite_site: Site, tmp_path: Path
) -> None:
    (report,) = take(sqlite_site, tmp_path / "in", BOOK, "moodle_gradebook", "Course1 Grades.csv")
    wang = account_id("moodle", "staff", "t1")
    found = kept(
        sqlite_site,
        "account, kind, item, score, score_max, course, strftime(timezone('Asia/Shanghai', time), '%Y-%m-%d')",
    )
    course = key_number("course", "moodle", "Course1")
    li = found[2][0]
    assert found == [
        (wang, Kind.QUIZ, "Quiz: 单元一", 80, 100, course, "2023-01-23"),
        (wang, Kind.ASSIGNMENT, "Assignment: 教案", 56.5, 100, course, "2023-01-23"),
        (
            li,
            Kind.ASSIGNMENT,
            "Assignment: 教案",
            0,
            100,
            course,
            "2023-01-23",
        ),  # a nought is a mark, a blank is none
    ]
    assert report.passed == (("没有成绩（空不是零）", 2),)
    (bad,) = waiting(sqlite_site)
    assert (bad.code, bad.row, bad.raw["项目"], bad.raw["成绩"]) == (
        "beyond_scale",
        4,
        "Assignment: 教案 (Real)",
        "101",
    )


def test_a_mark_is_one_whatever_the_language_of_the_gradebook(sqlite_site: Site, tmp_path: Path) -> None:
    english = "First name,Surname,ID number,Quiz: Week 1 (Percentage),Assignment: Week 1 (Percentage)\nF,W,HJ1,80 %,90 %\n"
    chinese = "名,姓,学号,测验：Week 1 (百分比),作业：Week 1 (百分比)\nF,W,HJ1,80 %,90 %\n"
    take(sqlite_site, tmp_path / "in", english, "moodle_gradebook", "MATH Grades.csv")
    take(sqlite_site, tmp_path / "in", chinese, "moodle_gradebook", "MATH 成绩.csv")
    assert sorted(kept(sqlite_site, "kind, score")) == [(Kind.QUIZ, 80), (Kind.ASSIGNMENT, 90)]


@pytest.mark.parametrize(
    "heads",
    [
        ("Quiz", "Test", "Assignment", "Devoir", "Percentage"),
        ("Test", "Quiz", "Devoir", "Assignment", "Pourcentage"),
        ("Quiz", "测验", "Assignment", "作业", "Real"),
    ],
)
def test_what_another_language_calls_an_activity_is_a_title_of_its_own(
    sqlite_site: Site, tmp_path: Path, heads: tuple[str, ...]
) -> None:
    *words, ends = heads
    head = ",".join(f"{word}: Unit 1 ({ends})" for word in words)
    text = f"First name,Surname,ID number,{head}\nF,W,HJ1,60,70,80,90\n"
    take(sqlite_site, tmp_path / "in", text, "moodle_gradebook", "MATH Grades.csv")
    assert sorted(kept(sqlite_site, "score")) == [(60,), (70,), (80,), (90,)]


def test_a_mark_of_a_gradebook_can_be_mended_alone(sqlite_site: Site, tmp_path: Path) -> None:
    text = BOOK.replace("8.00,80.00 %,56.5", "8.00,acht,fünf")
    take(sqlite_site, tmp_path / "in", text, "moodle_gradebook")
    rows = {row.raw["项目"]: row for row in waiting(sqlite_site) if row.row == 2}
    assert rows.keys() == {"Quiz: 单元一 (Percentage)", "Assignment: 教案 (Real)"}
    report = mend(sqlite_site, rows["Assignment: 教案 (Real)"].id, {"成绩": "55"}, by="test")
    assert (report.stored, report.still) == (1, 0)
    assert ("Assignment: 教案", 55) in kept(sqlite_site, "item, score")
    assert [row.raw["项目"] for row in waiting(sqlite_site) if row.row == 2] == ["Quiz: 单元一 (Percentage)"]


def test_the_public_gradebooks_are_read_and_refused_as_they_should_be(sqlite_site: Site) -> None:
    folder = REAL / "platforms" / "moodle"
    if not folder.is_dir():
        pytest.skip(f"没有真实数据 {folder}")
    reports = intake(sqlite_site, folder / "gradebook_export.csv", "moodle_gradebook", by="test")
    assert sum(report.rows_stored for report in reports) == 4
    assert {row[0] for row in kept(sqlite_site, "item")} == {
        "Assignment: Assignment for grape group",
        "Assignment: Second new grade item",
    }
    with pytest.raises(InputError, match="第 2 行的格数和表头的列数不一样（这一行有 9 格，表头有 8 列）"):
        intake(sqlite_site, folder / "gradebook_bad_extra_column.csv", "moodle_gradebook", by="test")
    assert len(kept(sqlite_site)) == 4


# --- tables of the database --------------------------------------------------------------------------------------

TABLE = r"""id,eventname,component,userid,courseid,relateduserid,contextinstanceid,objectid,timecreated
1,\mod_quiz\event\attempt_submitted,mod_quiz,5,3,\N,33,7,1606845939
2,\core\event\user_enrolment_created,core,2,3,5,30,1,1606845940
3,\core\event\user_loggedin,core,5,0,\N,0,5,1606845941
4,\core\event\course_viewed,core,0,3,\N,30,,1606845942
5,,,5,3,\N,30,,1606845943
"""


def test_the_log_table_of_the_database_is_read_by_the_names_of_its_events(
    sqlite_site: Site, tmp_path: Path
) -> None:
    (report,) = take(sqlite_site, tmp_path / "in", TABLE, "moodle")
    five = account_id("moodle", "native", "5")
    assert kept(sqlite_site) == [
        (five, Kind.QUIZ, "2020-12-02 02:05", "quiz 33"),
        (five, Kind.ENROL, "2020-12-02 02:05", "30"),
    ]
    assert dict(report.passed) == {
        "映射里没有的事件：user_loggedin": 1,
        "没有登录的人或访客": 1,
        "没有事件名，不知道发生了什么": 1,
    }


def test_every_row_of_the_public_files_is_accounted_for(sqlite_site: Site) -> None:
    folder = REAL / "platforms" / "moodle"
    if not folder.is_dir():
        pytest.skip(f"没有真实数据 {folder}")
    files = {report.file: report for report in intake(sqlite_site, folder, "moodle", by="test")}
    assert all(report.counts.balanced and not report.rows_quarantined for report in files.values())
    rows = {
        name: (report.rows_stored, report.rows_duplicate, sum(n for _, n in report.passed))
        for name, report in files.items()
    }
    assert rows == {
        "example_course_dates.csv": (3, 0, 0),
        "example_course_shortnames.csv": (0, 3, 0),
        "example_student_role.csv": (8, 0, 1),
        "example_teacher_role.csv": (0, 0, 5),
        "example_database_data.csv": (0, 0, 20),
    }
    (report,) = intake(sqlite_site, folder, "moodle_log", by="test")
    assert (report.file, report.rows_stored, dict(report.passed)) == (
        "example_platform_logs.csv",
        4,
        {"没有登录的人或访客": 13, "登录、首页、消息和个人页面": 2, "看报表和成绩": 1},
    )


# --- what mappings may say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("columns:", "kolumns:", "不认识“kolumns”，可选：.*columns"),
        ("present: false, why: 看不出是谁（没有编号也没有姓名）", "why: 看不出是谁", "要写 in、match、present、outside 中的一种"),
        ("(?i)user with", "(?<=x)user with", "用不了"),
        ("months: any", "months: de", "months“de”用不了"),
        ("months: any", "months: any\n        year: 23", "year“23”用不了"),
        ("- {from: 学员编号}\n        - {from: 姓名, match", "- {from: 学员编号, const: x}\n        - {from: 姓名, match", "只能一种"),
    ],
)  # fmt: skip
def test_a_mapping_that_says_nonsense_is_told_where(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = (DATA / "mapping" / "moodle_log.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "m.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MappingError, match=said):
        read_mapping(tmp_path / "m.yaml")


def test_what_mappings_could_not_say_before_leaves_the_digests_of_the_others_alone(tmp_path: Path) -> None:
    mapping = load_mapping("oulad", tmp_path)
    assert (
        mapping.digest(mapping.stream("clicks"))
        == "bf155ae3a7aeb44622427f46a279aba8b1d6f5b5a0da9fe1049c033d8e22d6d3"
    )


def test_a_gradebook_in_a_workbook_is_known_by_its_heads_among_other_files(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = list(csv.reader(io.StringIO(BOOK)))
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(folder / "成绩.xlsx", index=False, engine="xlsxwriter")
    pd.DataFrame([["x"]], columns=["别的"]).to_excel(folder / "别的.xlsx", index=False, engine="xlsxwriter")
    (folder / "README.md").write_text("# 说明\n", encoding="utf-8")
    (report,) = intake(sqlite_site, folder, "moodle_gradebook", by="test")
    assert (report.file, report.rows_stored, report.rows_quarantined) == ("成绩.xlsx", 3, 1)


def test_a_preview_names_what_would_be_passed_over(sqlite_site: Site, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(log([event("The user with id '5' levitated.", "Levitation performed")]), encoding="utf-8")
    (seen,) = preview(sqlite_site, path, "moodle_log")
    assert (seen.rows_read, seen.rows_passed, seen.passed) == (
        0,
        1,
        (("映射里没有的事件：Levitation performed", 1),),
    )

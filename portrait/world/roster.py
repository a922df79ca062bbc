"""The registry's rosters: schools, teachers, providers, courses, alignments, classes, quotas, trainees, as the province's site exports them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from portrait.world.calendar import Calendar
from portrait.world.catalogue import Catalogue
from portrait.world.people import POSTS, SUBJECTS, People, staff_number
from portrait.world.provider import Provider
from portrait.world.province import STAGES, Province
from portrait.world.seat import NEVER, Quotas, Seats
from portrait.world.table import days, numbers, words
from portrait.world.training import TrainingClass
from portrait.world.words import label

FIGURES = frozenset({"出生年份", "从教年份", "学时", "占比", "名额", "集中天数", "任务数"})
FILE = 100_000  # teachers in one file
MAIL_HOST = "jy.demo.invalid"  # .invalid leads nowhere (RFC 2606)


def staff_numbers(province: Province, people: People, rows: slice) -> np.ndarray:
    codes = [place.adcode for place in province.counties]
    pairs = zip(people.county[rows].tolist(), people.serial[rows].tolist(), strict=True)
    return np.array([staff_number(codes[county], serial) for county, serial in pairs], object)


def mailboxes(staff: np.ndarray) -> np.ndarray:
    return np.array([f"{number.lower()}@{MAIL_HOST}" for number in staff], object)


def provider_table(providers: Sequence[Provider]) -> pa.Table:
    return pa.table(
        {
            "单位代码": words([p.code for p in providers]),
            "单位名称": words([p.name for p in providers]),
            "单位类别": words([p.kind for p in providers]),
        }
    )


def school_table(province: Province) -> pa.Table:
    schools, stage = province.schools, label("stage")
    return pa.table(
        {
            "学校代码": words([s.code for s in schools]),
            "学校名称": words([s.name for s in schools]),
            "县区代码": words([province.counties[s.county].adcode for s in schools]),
            "城乡代码": words([s.urban_rural for s in schools]),
            "学段": words([stage[s.stage] for s in schools]),
        }
    )


def teacher_table(province: Province, people: People, rows: slice, staff: np.ndarray) -> pa.Table:
    """Telephone numbers begin with 169, which no operator has."""
    stage, subject, title = label("stage"), label("subject"), label("title")
    subjects = [subject[code] for code in SUBJECTS]
    second = people.subject2[rows]
    serial = np.arange(rows.start, rows.stop)
    return pa.table(
        {
            "继教编号": words(staff),
            "姓名": words(people.names()[rows]),
            "性别": words(["男", "女"], people.female[rows].astype(np.int64)),
            "出生年份": numbers(people.birth[rows]),
            "学校代码": words([s.code for s in province.schools], people.school[rows]),
            "任教学段": words([stage[code] for code in STAGES[:6]], people.stage[rows].astype(np.int64) - 1),
            "任教学科": words(subjects, people.subject[rows]),
            "兼教学科": words(["", *subjects], second.astype(np.int64) + 1),
            "职称": words([title[f"T{t}"] for t in range(6)], people.title[rows]),
            "岗位": words(POSTS, people.post[rows]),
            "从教年份": numbers(people.since[rows]),
            "是否任课": words(["否", "是"], people.teaching[rows].astype(np.int64)),
            "邮箱": words(mailboxes(staff)),
            "联系电话": words([f"169{number:08d}" for number in serial.tolist()]),
        }
    )


def course_tables(catalogue: Catalogue, calendar: Calendar) -> tuple[pa.Table, pa.Table]:
    """The courses and their alignment with indicators."""
    mode = label("mode")
    courses = catalogue.courses
    opened, closes = calendar.date(-60).isoformat(), f"{calendar.today.year + 1}-12-31"
    listed = pa.table(
        {
            "课程代码": words([c.code for c in courses]),
            "课程名称": words([c.title for c in courses]),
            "课程简介": words([c.summary for c in courses]),
            "开发单位": words([c.provider for c in courses]),
            "学时": words([str(c.hours) for c in courses]),
            "学习形式": words([mode[c.mode] for c in courses]),
            "通识主题": words([c.theme for c in courses]),
            "课程类别": words([c.category for c in courses]),
            "适用学段": words([c.stage for c in courses]),
            "适用学科": words([c.subject for c in courses]),
            "起点层级": words([c.level_from for c in courses]),
            "目标层级": words([c.level_to for c in courses]),
            "上线日期": words([opened if c.shelf else "" for c in courses]),
            "下线日期": words([closes if c.shelf else "" for c in courses]),
            "进入课程超市": words(["是" if c.shelf else "否" for c in courses]),
        }
    )
    pairs = [(c.code, indicator, str(percent)) for c in courses for indicator, percent in c.align.items()]
    aligned = pa.table(
        {
            "课程代码": words([pair[0] for pair in pairs]),
            "指标代码": words([pair[1] for pair in pairs]),
            "占比": words([pair[2] for pair in pairs]),
        }
    )
    return listed, aligned


def class_table(
    classes: Sequence[TrainingClass], providers: Sequence[Provider], catalogue: Catalogue, calendar: Calendar
) -> pa.Table:
    level, mode, category = label("level"), label("mode"), {"": "", **label("category")}
    return pa.table(
        {
            "班次代码": words([c.code for c in classes]),
            "班次名称": words([c.name for c in classes]),
            "项目类别": words([category[c.category] for c in classes]),
            "子项目": words([c.subproject for c in classes]),
            "培训层级": words([level[c.level] for c in classes]),
            "培训形式": words([mode[c.mode] for c in classes]),
            "承训单位代码": words(["" if c.provider < 0 else providers[c.provider].code for c in classes]),
            "课程代码": words([catalogue.courses[c.course].code for c in classes]),
            "开班日期": words([calendar.date(c.starts).isoformat() for c in classes]),
            "结束日期": words([calendar.date(c.ends).isoformat() for c in classes]),
            "学时": words([str(c.hours) for c in classes]),
            "集中天数": words([str(c.sessions) for c in classes]),
            "任务数": words([str(c.tasks) for c in classes]),
        }
    )


def quota_table(province: Province, classes: Sequence[TrainingClass], quotas: Quotas) -> pa.Table:
    return pa.table(
        {
            "班次代码": words([c.code for c in classes], quotas.run),
            "县区代码": words([p.adcode for p in province.counties], quotas.county),
            "名额": numbers(quotas.places),
        }
    )


def trainee_table(
    province: Province,
    classes: Sequence[TrainingClass],
    calendar: Calendar,
    seats: Seats,
    staff: np.ndarray,
    names: np.ndarray,
) -> pa.Table:
    """`staff` and `names` are those of the teachers in the seats."""

    def day(values: np.ndarray) -> pa.Array:
        return days(calendar.seconds(values), values == NEVER)

    return pa.table(
        {
            "班次代码": words([c.code for c in classes], seats.run),
            "继教编号": words(staff),
            "姓名": words(names),
            "选派县区代码": words([p.adcode for p in province.counties], seats.county),
            "确认日期": day(seats.confirmed),
            "报到日期": day(seats.checked_in),
            "结业日期": day(seats.graduated),
            "退出日期": day(seats.left),
            "原因": words(seats.reason),
        }
    )

"""Any sheet, any layout, any words: a mapping that says just them and gives the very rows, or a sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.draft import checked, mapping_text
from portrait.intake.pick import TARGETS_OFFERED
from portrait.intake.propose import propose, shape
from portrait.settings import load_settings
from portrait.site import Site, open_site
from tests.export import Export
from tests.sheets import Table, proposed, written

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


@pytest.fixture(scope="module")
def propose_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("propose")
    opened = open_site(load_settings(home / "home", today=date(2022, 12, 31)))
    yield opened
    opened.registry.dispose()


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

"""Days and the year of those that are written without one; one day and one person, however they are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.preview import preview
from portrait.intake.year import year_named
from portrait.settings import load_settings
from portrait.site import Site, open_site
from tests.sheets import SIGNS, held_days, proposed, taken, written


@pytest.mark.parametrize(
    ("places", "year", "among"),
    [
        (("2022年国培计划签到表", "10月", "a.xlsx"), "2022", ()),
        (("签到表", "2023", "2022.xlsx"), "2023", ()),
        (("签到表", "Sheet1", "签到_20231008.xlsx"), "2023", ()),
        (("2022年国培计划某班（2023年3月）签到表", "", ""), "2023", ()),
        (("2022—2023学年校本研修签到表", "", ""), "2022-08", ()),
        (("2022年12月28日至2023年1月5日签到表", "", ""), "2022-12", ()),
        (("某班（BJ2022GP100007）签到表", "", "教师〔2021〕1号.xlsx"), "", ()),
        (("2022年签到表 填报日期：2023年1月5日", "", ""), "2022", ()),
        (("2021、2022年签到表", "", ""), "", ("2021", "2022")),
        (("2021、2022年签到表", "2022", ""), "2022", ()),
        (("签到表", "", ""), "", ()),
        (("2021年国培计划某班（2022年10月8日至12日）签到表", "", ""), "2022", ()),
        (("2021年国培计划某班签到表 培训时间：2022年", "", ""), "2022", ()),
        (("2021年“国培计划”某班2022年集中签到表", "", ""), "2022", ()),
        (("2021年国培计划某班签到表", "2022年10月", ""), "2022", ()),
        (("2021年国培计划某班签到表", "10月", "签到_20221008.xlsx"), "2022", ()),
        (("国培计划（2021）某班签到表", "", "2022签到.xlsx"), "2022", ()),
        (("2021年度校本研修签到表", "", "2022年第一次.xlsx"), "2022", ()),
        (("2021年国培计划某班签到表", "Sheet1", "a.xlsx"), "2021", ()),
        (("2021年省培项目、2022年国培计划签到表", "", ""), "", ("2021", "2022")),
        (("2022年12月至次年1月签到表", "", ""), "2022-12", ()),
        (("2022年12月-1月签到表", "", ""), "2022-12", ()),
        (("签到表", "2022.12.30—1.5", ""), "2022-12", ()),
        (("签到表", "", "20221230-0105签到.xlsx"), "2022-12", ()),
        (("2022年11月、翌年元月签到表", "", ""), "2022-11", ()),
        (("2022年12月30日-31日签到表", "", ""), "2022", ()),
        (("2022年9月-101班签到表", "", ""), "2022", ()),
        (("2022年3月至5月签到表", "", ""), "2022", ()),
    ],
)
def test_a_sheet_names_its_year_in_its_title_its_tab_or_its_file_s_name(
    places: tuple[str, str, str], year: str, among: tuple[str, ...]
) -> None:
    found = year_named(*places)
    assert (found.year, found.among) == (year, among)


OVER = ("12月30日", "1月5日")


@pytest.mark.parametrize(
    ("places", "heads", "of"),
    [
        (("2022年签到表", "", ""), OVER, "2022-12"),
        (("2022年签到表", "", ""), OVER[::-1], "2022-12"),
        (("2023年1月签到表", "", ""), OVER, "2022-12"),
        (("2022-2023年签到表", "", ""), OVER, "2022-12"),
        (("2022—2023学年签到表", "", ""), OVER, "2022-08"),
        (("2022年国培计划签到表", "", ""), OVER, "2022-12"),
        (("签到表", "", ""), ("12月30日", "2023年1月5日"), "2022-12"),
        (("签到表", "", ""), ("2022年12月30日", "1月5日"), "2022-12"),
        (("2022年签到表", "", ""), ("9月5日", "12月1日", "1月3日", "5月4日"), "2022-09"),
        (("2022年签到表", "", ""), ("1月5日", "6月1日", "12月30日"), "2022"),
        (("2022年签到表", "", ""), ("12月1日", "1月3日", "12月2日", "1月4日", "6月1日"), "2022"),
        # The date of a file's name.
        (("签到表", "", "签到20230115.xlsx"), OVER, "2022-12"),
        (("签到表", "", "签到20221220.xlsx"), OVER, "2022-12"),
        (("签到表", "", "签到20221008.xlsx"), OVER, "2021-12"),
        (("签到表", "", "签到20230115.xlsx"), ("12月30日",), "2022-03"),
        (("签到表", "", "签到20230115.xlsx"), (), "2022-03"),
        (("签到表", "", "签到20230115.xlsx"), ("1月15日", "3月1日"), "2023"),
        (("签到表", "", "签到20221008.xlsx"), ("10月8日", "12月3日"), "2022"),
        (("签到表", "", "签到20221230.xlsx"), ("1月5日", "6月1日", "12月30日"), "2022"),
    ],
)
def test_days_from_december_into_january_are_of_two_years_and_a_file_is_made_after_its_days(
    places: tuple[str, str, str], heads: tuple[str, ...], of: str
) -> None:
    assert year_named(*places, heads).of == of


@pytest.mark.parametrize(
    ("title", "name", "told"),
    [
        ("2022年12月-1月签到表", "表.xlsx", "按标题里写的读：这一张从 2022 年 12 月起算十二个月"),
        ("2022年签到表", "表.xlsx", "列名里的日期跨年：没写年份的从 2022 年 12 月起算"),
        ("签到表", "签到20230115.xlsx", "列名里的日期跨年"),
        ("2022年国培计划签到表", "表.xlsx", "按标题里项目的年份，从 2022 年 12 月起算十二个月"),
    ],
)
def test_a_sheet_over_new_year_is_read_so_and_that_is_said(
    sqlite_site: Site, tmp_path: Path, title: str, name: str, told: str
) -> None:
    table = [[title], ["继教编号", *OVER], ["HJ001", "√", "√"]]
    found = proposed(tmp_path, table, name)
    assert told in "".join(map(str, found.notes))
    written(tmp_path, found)
    report = taken(sqlite_site, tmp_path, table, name)
    assert held_days(sqlite_site) == ["2022-12-30", "2023-01-05"]
    assert told in report.message or "按标题里写的读" in told


def test_of_a_column_of_days_those_before_the_file_was_made_are_of_the_year_before(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["手机号", "签到", "签到日期"]
    rows = [["13800000001", "√", "12月30日"], ["13800000002", "√", "1月5日"]]
    found = proposed(tmp_path, [["签到表"], head, *rows], "签到20230115.xlsx")
    says = "文件名里的日期是 2023-01"
    assert says in "".join(map(str, found.notes))
    written(tmp_path, found)
    assert says in taken(sqlite_site, tmp_path, [["签到表"], head, *rows], "签到20230115.xlsx").message
    assert held_days(sqlite_site) == ["2022-12-30", "2023-01-05"]
    table = [["签到表"], ["手机号", *OVER], ["13800000004", "√", "√"]]
    over = proposed(tmp_path, table)
    written(tmp_path, replace(over, draft=replace(over.draft, year="2022")))
    assert "列名里的日期跨年" in taken(sqlite_site, tmp_path, table, "某班.xlsx").message
    assert held_days(sqlite_site) == ["2022-12-30", "2022-12-30", "2023-01-05", "2023-01-05"]


def test_a_rule_saved_on_one_year_s_sheet_reads_the_next_year_s_in_its_own(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, [["2022年某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到.xlsx")
    assert (found.missing, found.draft.named, found.draft.year) == ((), "2022", "")
    assert "这一张是 2022 年" in "".join(map(str, found.notes))
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09"]
    taken(sqlite_site, tmp_path, [["2023年某班签到表"], SIGNS, ["HJ001", "√", "×"]], "签到2.xlsx")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2023-10-08"]
    taken(sqlite_site, tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "×"]], "2024年签到.xlsx")
    assert held_days(sqlite_site)[3:] == ["2024-10-08"]
    # Nothing says the year of this one: nobody's guess is better than none.
    with pytest.raises(InputError, match=r"签到3\.xlsx，.*标题、表名和文件名里也没有.*写 year"):
        taken(sqlite_site, tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到3.xlsx")
    assert len(held_days(sqlite_site)) == 4


def test_a_year_that_a_person_gave_is_for_sheets_that_name_none(sqlite_site: Site, tmp_path: Path) -> None:
    found = proposed(tmp_path, [["某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到.xlsx")
    assert found.missing == ("年份（列名里的日期没有写）",)
    text = written(tmp_path, replace(found, draft=replace(found.draft, year="2022"))).text
    assert 'year: [auto, "2022"]' in text
    intake(sqlite_site, tmp_path / "签到.xlsx", str(tmp_path / "m.yaml"), by="t")
    taken(sqlite_site, tmp_path, [["2023年某班签到表"], SIGNS, ["HJ001", "√", "×"]], "签到2.xlsx")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2023-10-08"]
    # A rule of old that says only 2022 does not read the sheet of another year.
    (tmp_path / "m.yaml").write_text(text.replace('[auto, "2022"]', '"2022"'), encoding="utf-8")
    with pytest.raises(InputError, match="标题写的是 2024 年，映射的 year 却是 2022"):
        taken(sqlite_site, tmp_path, [["2024年某班签到表"], SIGNS, ["HJ001", "√", "√"]], "签到4.xlsx")
    assert len(held_days(sqlite_site)) == 3
    (seen,) = preview(sqlite_site, tmp_path / "签到4.xlsx", str(tmp_path / "m.yaml"))
    assert "映射的 year 却是 2022" in seen.error


def test_a_day_and_a_person_are_one_however_they_are_written(sqlite_site: Site, tmp_path: Path) -> None:
    head = ["手机号", "签到", "签到日期"]
    title = ["2022年签到表"]
    found = proposed(tmp_path, [title, head, ["13800000001", "√", "2022-10-08"]])
    text = written(tmp_path, found).text
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    kept = sqlite_site.pool.rows("SELECT id FROM record")
    days = ["2022年10月8日", "2022.10.8", "２０２２年１０月８日", 44842, "10月8日", "2022/10/08（星期六）"]
    again = [title, head, *(["138-0000-0001", "到", day] for day in days)]
    report = taken(sqlite_site, tmp_path, again, "再来.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (0, len(days))
    # What was written in the usual spelling has the id that it had when the key was the columns' texts.
    key = next(line for line in text.splitlines() if line.startswith("    key:"))
    assert key == "    key: [{field: account}, {field: time}]"
    (tmp_path / "m.yaml").write_text(text.replace(key, "    key: [手机号, 签到日期]"), encoding="utf-8")
    report = taken(sqlite_site, tmp_path, [title, head, ["13800000001", "√", "2022-10-08"]], "旧.xlsx")
    assert (report.rows_stored, sqlite_site.pool.rows("SELECT id FROM record")) == (0, kept)


def test_the_day_over_the_marks_is_one_however_it_is_written_and_a_morning_is_no_afternoon(
    sqlite_site: Site, tmp_path: Path
) -> None:
    table = [
        ["2022年签到表"],
        ["姓名", "单位", "2022-10-08", "10月9日上午", "10月9日下午"],
        ["王芳", "一小学", "√", "√", "√"],
    ]
    written(tmp_path, proposed(tmp_path, table))
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert held_days(sqlite_site) == ["2022-10-08", "2022-10-09", "2022-10-09"]
    again = [
        ["2022年签到表"],
        ["姓名", "单位", "10月8日", "2022年10月9日下午"],
        ["王　芳", "一小学", "到", "到"],
    ]
    taken(sqlite_site, tmp_path, again, "再来.xlsx")
    assert sqlite_site.pool.rows("SELECT count(DISTINCT id) FROM record") == [(3,)]


PROGRAMME = "2021年国培计划某班签到表"


def test_a_whole_date_over_one_column_says_the_year_of_the_others(sqlite_site: Site, tmp_path: Path) -> None:
    heads = ["继教编号", "2022年12月30日", "12月31日", "2023年1月2日", "1月3日"]
    found = proposed(tmp_path, [[PROGRAMME], heads, ["HJ001", *"√√√√"]])
    assert (found.missing, found.draft.named) == ((), "2022-12")
    written(tmp_path, found)
    intake(sqlite_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"), by="t")
    assert held_days(sqlite_site) == ["2022-12-30", "2022-12-31", "2023-01-02", "2023-01-03"]


@pytest.mark.parametrize(
    ("year", "title", "held", "says"),
    [
        ("auto", PROGRAMME, "2021", "按标题里项目的年份算 2021 年；是下一年办的"),
        ('[auto, "2022"]', PROGRAMME, "2022", "标题里的 2021 年是项目的年份；没写年份的日期按映射的 year 算 2022 年"),
        ('[auto, "2022"]', "2023年国培计划某班签到表", "2023", "按标题里项目的年份算 2023 年"),
        ('[auto, "2022"]', "2019年国培计划某班签到表", "2019", "按标题里项目的年份算 2019 年"),
        ('[auto, "2022"]', "2021年某班签到表", "2021", ""),
        ('"2022"', PROGRAMME, "2022", "标题里的 2021 年是项目的年份；没写年份的日期按映射的 year 算 2022 年"),
        ('"2022"', "2022年国培计划某班签到表", "2022", ""),
        ('"2022"', "2023年国培计划某班签到表", "", "标题写的是 2023 年，映射的 year 却是 2022"),
        ('"2022"', "2021年某班签到表", "", "标题写的是 2021 年，映射的 year 却是 2022"),
    ],
)  # fmt: skip
def test_a_programme_s_year_gives_way_to_what_a_person_says_of_the_days(
    bare_site: Site, tmp_path: Path, year: str, title: str, held: str, says: str
) -> None:
    text = written(tmp_path, proposed(tmp_path, [[title], SIGNS, ["HJ001", "√", "√"]])).text
    (tmp_path / "m.yaml").write_text(text.replace("year: auto", f"year: {year}"), encoding="utf-8")
    (seen,) = preview(bare_site, tmp_path / "表.xlsx", str(tmp_path / "m.yaml"))
    told = f"{seen.error}{seen.courses or ''}"
    assert says in told
    assert bool(says) == ("项目的年份" in told or bool(seen.error))
    assert bool(seen.error) != bool(held)
    assert {sample.read["time"][:4] for sample in seen.samples} == ({held} if held else set())


def test_the_year_of_a_programme_is_told_where_days_get_it_and_not_elsewhere(
    sqlite_site: Site, tmp_path: Path
) -> None:
    found = proposed(tmp_path, [[PROGRAMME], SIGNS, ["HJ001", "√", "√"]])
    assert "按标题里项目的年份算 2021 年" in "".join(map(str, found.notes))
    written(tmp_path, found)
    whole = [[PROGRAMME], ["继教编号", "2021-10-08"], ["HJ001", "√"]]
    assert "项目的年份" not in taken(sqlite_site, tmp_path, whole, "全.xlsx").message
    short = [[PROGRAMME], SIGNS, ["HJ001", "√", "√"]]
    assert "项目的年份" in taken(sqlite_site, tmp_path, short, "短.xlsx").message


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A site into which nothing is taken."""
    opened = open_site(load_settings(tmp_path_factory.mktemp("year") / "home", today=date(2024, 12, 31)))
    yield opened
    opened.registry.dispose()

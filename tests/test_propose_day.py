"""Days and the year of those that are written without one; one day and one person, however they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.preview import preview
from portrait.intake.year import year_named
from portrait.site import Site
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
    ],
)
def test_a_sheet_names_its_year_in_its_title_its_tab_or_its_file_s_name(
    places: tuple[str, str, str], year: str, among: tuple[str, ...]
) -> None:
    found = year_named(*places)
    assert (found.year, found.among) == (year, among)


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

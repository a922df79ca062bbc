"""Keys as people write them: a day is the same day however it is spelled, and what no record has is answered with what there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portrait.near import nearest
from portrait.refresh import refresh
from portrait.site import Site
from portrait.spelling import MOST, cut, day_in, spellings
from portrait.withdrawal import absent, restore, withdraw
from tests.export import Export

MAP = """
name: sheet
source: p
streams:
  - name: sheet
    file: sheet*
    target: record
    key: [班次, 账号, 日期]
    fields:
      account: {from: 账号, kind: KIND}
      kind: {const: attendance}
      item: {from: 班次}
      time: {from: 日期}
"""
ROWS = (
    "班次,账号,日期",
    "GP01,HJ41010200001,2022年10月8日",
    "GP01,HJ41010200001,2022/10/9",
    "GP01,HJ41010200002,2022-10-08",
    "GP02,HJ41010200001,2022-12-01",
    "XX99,HJ99999999999,2022-10-08",
)


@given(day=st.dates(date(1000, 1, 1)))
def test_a_day_is_the_same_in_every_form_and_no_other(day: date) -> None:
    forms = {one for (one,) in spellings([day.isoformat()])}
    read = {day_in(one) for one in forms}
    assert read - {None} == {day}
    assert f"{day.year}年{day.month}月{day.day}日" in forms
    for other in forms:
        if day_in(other):
            assert {one for (one,) in spellings([other])} == forms | {other}


@pytest.mark.parametrize(
    "text", ["1", "2022-13-01", "2022-10-08 09:30", "6f1c0d5e-0000-4000-8000-000000000001", ""]
)
def test_what_is_no_day_has_one_spelling(text: str) -> None:
    assert (day_in(text), spellings([text])) == (None, [(text,)])


@pytest.fixture
def sheet(sqlite_site: Site, tmp_path: Path) -> Export:
    made = Export(sqlite_site, tmp_path / "in", MAP.replace("KIND", "staff"))
    made.put("sheet.csv", "\n".join(ROWS) + "\n")
    assert made.took() == (5, 5, 0, 0)
    refresh(sqlite_site)
    return made


def left(site: Site) -> int:
    refresh(site)
    return len(site.pool.rows("SELECT id FROM record"))


@pytest.mark.parametrize("typed", ["2022-10-08", "2022/10/8", "2022年10月8日", "２０２２.10.8"])
def test_a_key_is_taken_back_and_restored_however_its_day_is_written(sheet: Export, typed: str) -> None:
    key = [["gp01".upper(), "HJ41010200001", typed]]
    heard = withdraw(
        sheet.site, "p", None, [*key, ["GP01", "HJ41010200001", "2022-10-8"]], reason="代签", by="某人"
    )
    assert (len(heard.new), heard.before, absent(sheet.site, heard.new)) == (1, 0, [])
    assert left(sheet.site) == 4
    again = withdraw(
        sheet.site, "p", None, [["GP01", "HJ41010200001", "2022-10-08"]], reason="代签", by="某人"
    )
    assert (again.new, again.before) == ((), 1)
    restore(sheet.site, "p", None, [["GP01", "HJ41010200001", "2022.10.8"]], reason="没有代签", by="某人")
    assert left(sheet.site) == 5


def test_the_nearest_keys_are_the_same_persons_and_of_days_near(sheet: Export) -> None:
    found = nearest(sheet.site, "p", None, ["GP01", "HJ41010200001", "2022-10-10"])
    assert [(one.key, str(one.day)) for one in found][:3] == [
        ("GP01|HJ41010200001|2022/10/9", "2022-10-09"),
        ("GP01|HJ41010200001|2022年10月8日", "2022-10-08"),
        ("GP01|HJ41010200002|2022-10-08", "2022-10-08"),
    ]
    assert not any("XX99" in one.key for one in found)
    assert nearest(sheet.site, "p", None, ["没有", "这样", "的号"]) == []
    assert nearest(sheet.site, "q", None, ["GP01"]) == []


def test_a_number_of_a_person_in_a_key_is_not_told(sqlite_site: Site, tmp_path: Path) -> None:
    made = Export(sqlite_site, tmp_path / "in", MAP.replace("KIND", "phone"))
    made.put("sheet.csv", "班次,账号,日期\nGP01,13812345678,2022-10-08\n")
    made.take()
    (one,) = nearest(sqlite_site, "p", None, ["GP01", "13812345679", "2022-10-08"])
    assert one.key == "GP01|***|2022-10-08"


def test_the_command_lists_what_comes_nearest_to_a_key_that_no_record_has(
    sheet: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sheet.site.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    said = ("--source", "p", "--reason", "代签", "--home", sheet.site.settings.home)
    told = command("record", "void", "--key", "GP01|HJ41010200001|2022-10-11", *said).out
    assert "1 个记录号还没有记录：撤回等着" in told
    assert "最接近的记录号：\n  GP01|HJ41010200001|2022/10/9　签到 2022-10-09　记录 " in told
    found = command("record", "void", "--key", "GP03|HJ41010200001|2022-10-08", "--json", *said).json
    assert found["near"][0]["nearest"][0]["key"] == "GP01|HJ41010200001|2022年10月8日"
    assert "最接近" not in command("record", "void", "--key", "GP01|HJ41010200001|2022年10月9日", *said).out


def test_every_spelling_of_two_days_is_thought_of_and_of_three_those_of_one_form_first() -> None:
    two, three = ["A", "2022-10-08", "2022-10-09"], ["2022-10-08", "2022-10-09", "2022-11-09"]
    assert not cut(two)
    assert len(spellings(two)) == len(set(spellings(two))) > 300
    assert ("A", "2022年10月8日", "2022/10/09") in spellings(two)
    found = spellings(three)
    assert cut(three)
    assert len(found) == MOST
    assert {
        ("2022/10/08", "2022/10/09", "2022/11/09"),
        ("2022年10月8日", "2022年10月9日", "2022年11月9日"),
    } <= set(found)

"""A sign-in sheet that comes again corrected: who is written down as absent there has not signed in, whatever an earlier sheet said."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.errors import MappingError
from portrait.explain import set_aside_of
from portrait.identity import account_id
from portrait.intake.mapping import read_mapping
from portrait.intake.replay import mend, replay
from portrait.rebuild import rebuild
from portrait.record import Standing
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.batch import batch_of
from tests.export import Export
from tests.hand import Hand
from tests.inbox import ledger
from tests.sheets import proposed, taken, written

MAP = """
name: signs
source: p
maps:
  here: {√: attendance}
streams:
  - name: signs
    file: "*.csv"
    target: record
    unpivot: {item: 日, value: 签到, keep: [编号], only: "^[0-9-]+$"}
    pass:
      - {column: 签到, present: false, why: 没有签到}
      - {column: 签到, in: [×], why: 缺勤, void: true}
      - {column: 签到, match: 假, why: 请假, void: true}
    key: [编号, 日]
    repeats: drop
    fields:
      account: {from: 编号, kind: native}
      kind: {from: 签到, map: here}
      item: {from: 日}
      time: {from: 日}
"""
HEAD = "编号,2022-10-08,2022-10-09"


@pytest.fixture
def sheet(sqlite_site: Site, tmp_path: Path) -> Export:
    return Export(sqlite_site, tmp_path / "in", MAP)


def take(sheet: Export, *rows: str, head: str = HEAD) -> Any:
    (report,) = sheet.take(sheet.put("签到.csv", "\n".join([head, *rows]) + "\n"))
    refresh(sheet.site)
    return report


def signed(site: Site) -> list[str]:
    rows = site.pool.rows("SELECT item FROM record ORDER BY account, item")
    return [item[-2:] for (item,) in rows]


def test_a_cross_takes_back_the_tick_of_an_earlier_sheet_and_a_tick_the_cross(sheet: Export) -> None:
    first = take(sheet, "a,√,√", "b,×,√")
    assert (first.rows_stored, dict(first.passed)) == (3, {"缺勤": 1})
    assert "收回" not in first.message
    corrected = take(sheet, "a,×,√", "b,×,事假")
    assert (corrected.rows_read, corrected.rows_stored, corrected.rows_duplicate) == (1, 0, 1)
    assert dict(corrected.passed) == {"缺勤": 2, "请假": 1}
    assert "收回了以前的 2 条签到：这次写的是缺勤、请假" in corrected.message
    assert signed(sheet.site) == ["09"]
    # Another sheet that says the same, and the same once more, take nothing back.
    assert "收回" not in take(sheet, "a,×,", "b,,病假").message
    assert take(sheet, "a,×,√", "b,×,事假").taken_before
    again = take(sheet, "a,√,√", "b,,")
    assert (signed(sheet.site), again.rows_stored) == (["08", "09"], 1)


def test_a_blank_takes_nothing_back(sheet: Export) -> None:
    take(sheet, "a,√,√")
    blank = take(sheet, "a,,√")
    assert (signed(sheet.site), dict(blank.passed)) == (["08", "09"], {"没有签到": 1})
    assert "收回" not in blank.message


def test_of_two_lines_of_one_sheet_the_one_who_signed_was_there(sheet: Export) -> None:
    take(sheet, "a,√,×", "a,×,√")
    assert signed(sheet.site) == ["08", "09"]


def test_a_cross_that_cannot_be_read_is_told(sheet: Export) -> None:
    sheet.map(MAP.replace("kind: native", "kind: phone"))
    take(sheet, "13800000001,√,√")
    told = take(sheet, "1380000,×,").message
    assert "缺勤、请假的 1 行读不出是谁、哪一天，以前有记录的也没有收回" in told
    assert signed(sheet.site) == ["08", "09"]


def test_by_the_source_s_own_word_an_old_cross_that_comes_late_changes_nothing(sheet: Export) -> None:
    sheet.map(MAP.replace("keep: [编号]", "keep: [编号, 改于]") + "      modified: {from: 改于}\n")
    head = "编号,改于,2022-10-08,2022-10-09"
    take(sheet, "a,2022-10-12,√,√", head=head)
    assert "收回" not in take(sheet, "a,2022-10-10,×,", head=head).message
    assert signed(sheet.site) == ["08", "09"]
    assert "收回了以前的 1 条" in take(sheet, "a,2022-10-13,×,", head=head).message
    take(sheet, "a,2022-10-11,√,√", head=head)
    assert signed(sheet.site) == ["09"]


def test_what_was_taken_back_is_told_to_its_teacher_with_why(sheet: Export) -> None:
    hand = Hand(sheet.site)
    hand.person(1)
    take(sheet, "a,√,√", "b,×,")
    hand.link(account_id("p", "native", "a"), 1)
    take(sheet, "a,×,√", "b,×,")
    (one,) = set_aside_of(sheet.site, 1)
    assert (one.state, one.item, one.absent) == (Standing.OUTDATED, "2022-10-08", True)


def killed(*_given: Any, **_named: Any) -> None:
    raise KeyboardInterrupt


def test_a_cell_mended_to_a_cross_takes_back_what_was_signed_and_is_passed_over(
    sheet: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(sheet, "a,√,√")
    take(sheet, "a,？,√")
    (row,) = sheet.waiting()
    with monkeypatch.context() as patched:
        patched.setattr("portrait.intake.again._close", killed)
        with pytest.raises(KeyboardInterrupt):
            mend(sheet.site, row.id, {"签到": "×"}, by="t")
    report = replay(sheet.site, by="t")
    assert (report.rows, report.stored, report.duplicate, report.passed, report.still) == (1, 0, 0, 1, 0)
    assert report.message == "略过 1 行：缺勤 1 行；收回了以前的 1 条签到：这次写的是缺勤、请假"
    origin, again = (one.counts for one in ledger(sheet.site)[-2:])
    assert (origin.rows_read, origin.rows_duplicate, origin.rows_quarantined, origin.rows_passed) == (
        1,
        1,
        0,
        1,
    )
    assert (again.rows_read, again.rows_duplicate, again.rows_passed) == (0, 0, 1)
    refresh(sheet.site)
    assert (signed(sheet.site), sheet.waiting()) == (["09"], [])
    rebuild(sheet.site)
    assert signed(sheet.site) == ["09"]


MARKS = st.lists(st.sampled_from(["√", "×", "病假", ""]), min_size=4, max_size=4)
_number = count()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets=st.lists(MARKS, min_size=2, max_size=3))
def test_the_last_word_on_each_day_holds_however_often_the_sheet_is_corrected(
    sheet: Export, sheets: list[list[str]]
) -> None:
    one, other = f"u{next(_number)}", f"u{next(_number)}"
    said: dict[tuple[str, str], str] = {}
    for marks in sheets:
        (report,) = sheet.take(
            sheet.put("签到.csv", f"{HEAD}\n{one},{marks[0]},{marks[1]}\n{other},{marks[2]},{marks[3]}\n")
        )
        if not report.taken_before:
            places = [(one, "08"), (one, "09"), (other, "08"), (other, "09")]
            before = sum(
                said.get(place) == "√" and mark in ("×", "病假")
                for place, mark in zip(places, marks, strict=True)
            )
            assert (f"收回了以前的 {before} 条" in report.message) == bool(before)
            said |= {place: mark for place, mark in zip(places, marks, strict=True) if mark}
            counts = batch_of_report(sheet.site, report.batch)
            assert counts.rows_stored + counts.rows_duplicate == marks.count("√")
    refresh(sheet.site)
    assert held(sheet.site, one, other) == sorted(place for place, mark in said.items() if mark == "√")


def batch_of_report(site: Site, number: int) -> Any:
    with site.registry.connect() as connection:
        return batch_of(connection, number).counts


def held(site: Site, *who: str) -> list[tuple[str, str]]:
    names = {account_id("p", "native", one): one for one in who}
    rows = site.pool.rows("SELECT account, item FROM record")
    return sorted((names[account], item[-2:]) for account, item in rows if account in names)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("here: {√: attendance}", "here: {√: attendance, 学: view}", "kind 就要是固定的"),
        ("    key: [编号, 日]\n    repeats: drop\n", "", "要有 key"),
        ("    repeats: drop\n", "    repeats: drop\n    void: {column: 签到, in: [作废]}\n", "只能写一种"),
    ],
)
def test_a_mapping_that_takes_back_says_what(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MAP.replace(old, new), encoding="utf-8")
    with pytest.raises(MappingError, match=says):
        read_mapping(path)


def test_a_proposed_mapping_reads_the_corrected_sheet_as_the_same_one(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["继教编号", "10月8日上午", "10月8日下午"]
    table = [["2022年某班签到表"], head, ["HJ001", "√", "√"], ["HJ002", "√", "√"]]
    written(tmp_path, proposed(tmp_path, table))
    taken(sqlite_site, tmp_path, table, "签到.xlsx")
    table[0], table[2][2], table[3][2] = ["2022年某班签到表（更正）"], "×", ""
    report = taken(sqlite_site, tmp_path, table, "签到（更正）.xlsx")
    assert (report.rows_stored, report.rows_duplicate) == (0, 2)
    assert "收回了以前的 1 条签到" in report.message
    # Crosses of another meeting of that day are about that meeting.
    other = [["2022年某班第二组签到表"], head, ["HJ001", "×", "×"]]
    assert "收回" not in taken(sqlite_site, tmp_path, other, "另一张.xlsx").message
    refresh(sqlite_site)
    assert sqlite_site.pool.rows("SELECT count(*) FROM record") == [(3,)]


def test_leave_under_a_single_column_of_signatures_takes_back_that_meeting_only(
    sqlite_site: Site, tmp_path: Path
) -> None:
    head = ["单位", "姓名", "签名"]
    table = [["2022年9月1日某班签到表"], head, ["一小学", "王芳", "王芳"], ["一小学", "李强", "李强"]]
    written(tmp_path, proposed(tmp_path, table))
    taken(sqlite_site, tmp_path, table, "签到.xlsx")
    table[2][2] = "事假"
    report = taken(sqlite_site, tmp_path, table, "再来.xlsx")
    assert (dict(report.passed), report.rows_duplicate) == ({"请假": 1}, 1)
    assert "收回了以前的 1 条签到" in report.message

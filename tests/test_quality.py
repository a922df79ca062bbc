"""What is told of a source: sums of ledger and lake, delays, matched persons, and what has changed lately."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portrait.errors import PortraitError
from portrait.intake.door import intake
from portrait.quality import Quality, behind, qualities
from portrait.record import month_number
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.settings import load_settings
from portrait.site import Site
from portrait.store.batch import sums
from portrait.world import WORLD_SOURCES
from tests.inbox import COURSES, MARKS, PEOPLE, mapping, write

ADMIN = scope(Actor(1, "admin", "", Role.ADMIN))
HEAD = "编号,课程,时间,得分"


def told(site: Site, today: date | None = None) -> dict[str, Quality]:
    return {one.source: one for one in qualities(site, ADMIN, today=today or site.today)}


def on(site: Site, day: date) -> Site:
    """The same installation on another day."""
    return replace(site, settings=load_settings(site.settings.home, **site.settings.model_dump(exclude={"home", "today"}), today=day))  # fmt: skip


class Sender:
    """A platform that sends files of marks on days that a test names."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder, self.files = site, folder, 0
        self.mapping = mapping(folder, PEOPLE, MARKS)
        write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
        intake(on(site, date(2022, 1, 1)), folder / "people.csv", self.mapping, by="test")

    def send(self, day: date, *rows: str) -> None:
        self.files += 1
        file = write(self.folder, f"marks{self.files}.csv", HEAD, *rows)
        intake(on(self.site, day), file, self.mapping, by="test")


@pytest.fixture
def sender(sqlite_site: Site, tmp_path: Path) -> Sender:
    return Sender(sqlite_site, tmp_path / "in")


def test_the_figures_of_the_tiny_world_are_those_of_its_ledger(site: Site, tiny_folder: Path) -> None:
    for folder, name in WORLD_SOURCES:
        intake(site, tiny_folder / folder, name, by="test")
    found = told(site)
    with site.registry.connect() as connection:
        ledger = {one.source: one for one in sums(connection, ADMIN)}
    assert {name: one.figures.counts for name, one in found.items()} == {
        name: one.counts for name, one in ledger.items()
    }
    records = {
        name: (f.records, f.matched, f.doubtful) for name, f in ((n, q.figures) for n, q in found.items())
    }
    assert records["yuyan"] == (24, 24, 1)
    assert records["zhongyuan"] == (13, 11, 0)  # two rows of an unknown person
    assert sum(n for n, _, _ in records.values()) == 70
    assert found["yuyan"].figures.open == 3
    for one in found.values():
        assert sum(one.arrivals.values()) == one.figures.records


def test_delays_are_days_from_the_time_of_a_record_to_its_arrival(sender: Sender) -> None:
    days = [f"T1,c{n},2022-03-{n:02},80" for n in range(1, 11)]
    sender.send(date(2022, 3, 11), *days, "T1,c0,,70")
    sender.send(date(2022, 5, 1), "T1,c11,2022-03-31,80", "T1,c12,2022-04-01,80", "T2,c13,2022-05-01,80")
    one = told(sender.site)["m"]
    march, may = month_number(date(2022, 3, 1)), month_number(date(2022, 5, 1))
    months = dict(one.months)
    first, then = months[march], months[may]
    assert (first.records, first.undated, first.delay, first.delay_most, first.late) == (11, 1, 5, 9, 0)
    # 31, 30 and 0 days: late is more than thirty.
    assert (then.records, then.delay, then.delay_most, then.late, then.matched) == (3, 30, 31, 1, 2)
    assert (one.figures.records, one.figures.delay_most, one.figures.late) == (14, 30, 1)
    april = month_number(date(2022, 4, 1))
    assert one.arrivals == {
        (0, march): 1,
        (march, march): 10,
        (march, may): 1,
        (april, may): 1,
        (may, may): 1,
    }


def test_what_has_come_since_is_added_to_what_was_counted_before(sender: Sender) -> None:
    sender.send(date(2022, 3, 1), "T1,c1,2022-03-01,80")
    assert told(sender.site)["m"].figures.records == 1
    sender.send(date(2022, 3, 2), "T1,c1,2022-03-01,80", "T1,c2,2022-03-02,80")
    figures = told(sender.site)["m"].figures
    assert (figures.records, figures.counts.rows_duplicate, figures.last) == (2, 1, date(2022, 3, 2))


def test_a_person_who_becomes_known_later_is_matched_without_a_new_record(sender: Sender) -> None:
    sender.send(date(2022, 3, 1), "T9,c1,2022-03-01,80")
    assert told(sender.site)["m"].figures.matched == 0
    write(sender.folder, "people2.csv", "编号,姓名,身份证号,手机,邮箱", "T9,壬,,,")
    intake(sender.site, sender.folder / "people2.csv", sender.mapping, by="test")
    assert told(sender.site)["m"].figures.matched == 1


def test_a_source_that_has_fallen_silent_is_told_by_its_own_rhythm(sender: Sender) -> None:
    for n in range(4):
        sender.send(date(2022, 3, 1 + 7 * n), f"T1,c{n},2022-03-01,80")
    assert told(sender.site, date(2022, 4, 12))["m"].signals == ()  # 21 days, three times the usual
    (signal,) = told(sender.site, date(2022, 4, 13))["m"].signals
    assert signal.code == "silent"
    assert signal.says == "m已 22 天没有新记录，平时每 7 天一次"


def test_three_arrivals_make_no_rhythm(sender: Sender) -> None:
    for n in range(3):
        sender.send(date(2022, 3, 1 + n), f"T1,c{n},2022-03-01,80")
    assert told(sender.site)["m"].signals == ()


def test_shares_that_have_risen_lately_are_told_with_their_numbers(sender: Sender) -> None:
    good = [f"T1,c{n},2022-03-01,80" for n in range(100)]
    sender.send(date(2022, 3, 1), *good)
    strange = [f"T8,c{n},2022-06-01,80" for n in range(20)]
    bad = [f"T1,d{n},2022-06-01,130" for n in range(20)]
    sender.send(date(2022, 6, 1), *good, *strange, *bad)
    sender.send(date(2022, 6, 2), *[f"T1,e{n},2022-06-01,80" for n in range(80)])
    lately = told(sender.site, date(2022, 6, 10))["m"].signals
    assert {one.code: one.says for one in lately if one.code in ("unmatched", "duplicate")} == {
        "unmatched": "m最近 30 天来的 100 条记录里 20 条认不出是谁（20.0%），以前是 0.0%",
        "duplicate": "m最近 30 天读入的 220 行里 100 行是重复的（45.5%），以前是 0.0%",
    }
    later = {one.code for one in told(sender.site, date(2022, 8, 1))["m"].signals}
    assert later == {"quarantined", "unlisted"}, "nothing came lately; what stands is told all the same"


def test_a_batch_that_failed_last_is_told_until_one_gets_through(sender: Sender) -> None:
    sender.send(date(2022, 3, 1), "T1,c1,2022-03-01,80")
    write(sender.folder, "marks9.csv", "别的,列", "1,2")
    with pytest.raises(PortraitError):
        intake(on(sender.site, date(2022, 3, 2)), sender.folder / "marks9.csv", sender.mapping, by="test")
    one = told(sender.site)["m"]
    assert one.figures.failed == 1
    assert [(signal.code, signal.batch) for signal in one.signals] == [("failed", 3)]
    sender.send(date(2022, 3, 3), "T1,c2,2022-03-01,80")
    assert told(sender.site)["m"].signals == ()


def test_who_may_not_see_the_intake_sees_no_source(sender: Sender) -> None:
    sender.send(date(2022, 3, 1), "T1,c1,2022-03-01,80")
    teacher = scope(Actor(2, "t", "", Role.TEACHER, person_id=1))
    assert qualities(sender.site, teacher, today=sender.site.today) == []


def test_the_command_lists_sources_or_one_by_month(
    sender: Sender, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", sender.site.settings.registry_url)
    sender.send(date(2022, 3, 1), "T1,c1,2022-02-01,80")
    home = ("--home", sender.site.settings.home)
    (one,) = command("quality", "--json", *home).json
    assert (one["rows_read"], one["records"], one["delay"]) == (2, 1, 28)
    assert one["arrivals"] == [{"month": "2022-02", "arrived": "2022-03", "records": 1}]
    assert "2022-03" in command("quality", "--source", "m", *home).out
    assert command("quality", "--source", "nobody", *home).code == 4
    assert one["title"] == ""
    titled = sender.site.settings.home / "mapping" / "m.yaml"
    titled.parent.mkdir(exist_ok=True)
    titled.write_text("name: m\nsource: m\ntitle: 市平台的成绩\n", encoding="utf-8")
    (one,) = command("quality", "--json", *home).json
    assert (one["source"], one["title"]) == ("m", "市平台的成绩")
    assert "市平台的成绩（m）" in command("quality", *home).out


def test_shares_that_stand_too_high_are_told_with_what_to_do_and_the_worst_first(sender: Sender) -> None:
    write(sender.folder, "courses.csv", "代码,名称", "c,课")
    intake(sender.site, sender.folder / "courses.csv", mapping(sender.folder, COURSES, name="m"), by="test")
    rows = [f"{'T1' if n < 77 else 'T8'},c,2022-01-01 08:{n % 60}:00,80" for n in range(100)]
    marks = MARKS.replace("key: [编号, 课程]", "key: [编号, 时间, 得分]").replace(
        "{from: 得分, max: 100}", "{from: 得分, max: 1000}"
    )
    sender.mapping = mapping(sender.folder, marks, name="m")
    sender.send(date(2022, 6, 1), *(row.rpartition(",")[0] + f",{n}" for n, row in enumerate(rows)))
    one = told(sender.site)["m"]
    assert [(signal.code, round(signal.weight, 3)) for signal in one.signals] == [
        ("unmatched", 0.23),
        ("late", 0.1),
    ]
    unmatched, late = (signal.says for signal in one.signals)
    assert unmatched.startswith(
        "m的 100 条记录里 23 条认不出是谁（23.0%），不算在任何人名下：接入或补全教师名册"
    )
    assert "多半是一次补进的历史数据" in late
    assert (one.worst, one.missed) == (0.23, ())
    sender.send(date(2022, 6, 2), "T1,c,2022-01-02,80")
    late = next(signal for signal in told(sender.site)["m"].signals if signal.code == "late")
    assert late.says == (
        "m的 101 条有日期的记录里 101 条在发生 30 天以后才来（100.0%），一半隔了 151 天以上"
        "：画像总落后这么久，请平台缩短推送的间隔"
    )
    assert late.weight == 0.5


def test_the_batches_behind_a_figure_are_those_of_the_lake_today(sender: Sender) -> None:
    sender.send(date(2022, 3, 1), "T1,c1,2022-03-01,80", "T9,c1,2022-03-01,80")
    sender.send(date(2022, 6, 1), "T1,c2,2022-03-01,80")
    first, second = 2, 3

    def behind_it(view: str) -> list[int]:
        return behind(sender.site, ADMIN, "m", view)

    assert (behind_it("unmatched"), behind_it("late"), behind_it("unlisted")) == (
        [first],
        [second],
        [first, second],
    )
    write(sender.folder, "people2.csv", "编号,姓名,身份证号,手机,邮箱", "T9,壬,,,")
    intake(sender.site, sender.folder / "people2.csv", sender.mapping, by="test")
    assert behind_it("unmatched") == [], "known since, though the batch was closed with an unknown row"
    assert behind_it("doubtful") == []
    hours = """
  - name: hours
    file: hours*.csv
    target: record
    key: [编号]
    fields: {account: {from: 编号, kind: staff}, course: {from: 课程}, kind: {const: video}, time: {from: 时间}, seconds: {from: 秒}}
"""
    file = write(sender.folder, "hours.csv", "编号,课程,时间,秒", "T1,c9,2022-05-01,40000")
    (report,) = intake(
        on(sender.site, date(2022, 5, 2)), file, mapping(sender.folder, hours, name="m"), by="test"
    )
    assert report.counts.rows_doubtful == 0
    refresh(sender.site)
    one = told(sender.site)["m"]
    assert (one.figures.doubtful, behind_it("doubtful")) == (1, [report.batch]), "the rules found it later"

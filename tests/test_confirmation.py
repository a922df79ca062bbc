"""A confirmation is about what was seen: it outlives the same record coming again, and not a correction of what it says."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from portrait.confirmation import decide_record
from portrait.errors import InputError, NotFound
from portrait.explain import compliance_of, records_of
from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.offsite import offsite_board
from portrait.rebuild import rebuild
from portrait.record import VERDICT_SCHEMA, Flag
from portrait.refresh import refresh
from portrait.scope import Actor, scope
from portrait.site import Site
from portrait.store import migration
from portrait.store.claim import claims
from portrait.store.decided import decided_records, settle_record
from portrait.store.schema import account, claim, ruling
from portrait.store.training import Ask
from portrait.store.user import actor_of, find_user
from portrait.waiting import Choice
from portrait.withdrawal import awaited, newest, words_of
from tests.desk import waiting_queue, waiting_records
from tests.export import Export
from tests.hand import Hand, cell_sums
from tests.readers import enlist, settle
from tests.test_withdrawal import fresh

MAP = """
name: sheet
source: p
maps:
  yes: {是: true, 否: false}
streams:
  - name: sheet
    file: sheet*
    target: record
    key: [编号]
    fields:
      account: {from: 账号, kind: native}
      course: {from: 课程}
      kind: {const: activity}
      item: {from: 活动}
      time: {from: 日期}
      credit: {from: 学时}
      verified: {from: 核验, map: yes, default: 否}
      modified: {from: 修改}
"""
COURSE = key_number("course", "p", "K1")


def row(hours: float, version: int, *, item: str = "备课", checked: str = "否") -> str:
    return f"1,u1,K1,{item},2022-10-08,{hours},{checked},2022-11-{version:02} 09:00"


def put(sheet: Export, *rows: str) -> tuple[int, int, int, int]:
    sheet.put("sheet.csv", "\n".join(["编号,账号,课程,活动,日期,学时,核验,修改", *rows]) + "\n")
    found = sheet.took()
    with sheet.site.registry.begin() as connection:
        own = account.c.id == account_id("p", "native", "u1")
        connection.execute(update(account).where(own).values(person_id=1))
    return found


@pytest.fixture
def sheet(sqlite_site: Site, tmp_path: Path) -> Export:
    """Person 1 hands in an activity by a file that nobody has checked; it is a fact of P1.2 and gives hours."""
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "school", "office")
    Hand(sqlite_site).course(COURSE, "师德研修", P1_2=100)
    return Export(sqlite_site, tmp_path / "in", MAP)


def hours(site: Site) -> float:
    return compliance_of(site, 1).hours.value


def counted(site: Site) -> tuple[float, int]:
    """Hours, and how often the activity is a fact, after a refresh."""
    refresh(site)
    return hours(site), sum(one[4] for one in cell_sums(site))


def waits(site: Site) -> list[tuple[float, str]]:
    """Of what waits: hours, and what somebody had decided before."""
    return [
        (one.hours, one.earlier.state if one.earlier else "")
        for one in waiting_records(site, scope(enlisted(site), site.today))
    ]


def enlisted(site: Site, login: str = "school") -> Actor:
    return actor_of(find_user(site.registry, login))


@pytest.mark.parametrize(("state", "before"), [("confirmed", (2.0, 1)), ("returned", (0.0, 0))])
def test_a_correction_waits_again_with_what_was_decided_and_the_same_facts_again_do_not(
    sheet: Export, state: str, before: tuple[float, int]
) -> None:
    site, school = sheet.site, scope(enlisted(sheet.site), sheet.site.today)
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, school)
    decide_record(site, school, one.record, state, "看过照片", by="school")
    assert (waits(site), counted(site)) == ([], before)
    assert put(sheet, row(2, 2, item=" 备 课 "))[1] == 1, "its source has touched it and says the same"
    assert (counted(site), waits(site)) == (before, [])
    assert put(sheet, row(5, 3))[1] == 1
    assert (counted(site), waits(site)) == ((0.0, 0), [(5.0, state)])
    (again,) = waiting_records(site, school, choice=Choice(corrected=True))
    assert again.earlier is not None
    assert (again.earlier.by, again.earlier.hours, again.earlier.reason) == ("school", 2.0, "看过照片")
    assert waiting_queue(site, school).corrected == 1
    (mine,) = records_of(site, 1)
    assert (mine.corrected, mine.returned, bool(mine.flag & Flag.VERIFIED)) == (True, False, False)
    decide_record(site, school, one.record, "confirmed", by="school", seen=again.facts)
    assert hours(site) == 5.0, "hours follow at once"
    assert (counted(site), waits(site)) == ((5.0, 1), [])
    with pytest.raises(NotFound):
        decide_record(site, school, one.record, "returned", "迟了", by="school")
    assert [(one.state, one.hours) for one in claims(site.registry, None)] == [("confirmed", 5.0)]


def test_who_has_seen_what_has_been_corrected_since_confirms_nothing(sheet: Export) -> None:
    site, school = sheet.site, scope(enlisted(sheet.site), sheet.site.today)
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, school)
    put(sheet, row(8, 2))
    refresh(site)
    with pytest.raises(InputError, match="刚刚更正过"):
        decide_record(site, school, one.record, "confirmed", by="school", seen=one.facts)
    assert (decided_records(site.registry), counted(site)) == ({}, (0.0, 0))


def test_a_file_that_calls_the_record_checked_answers_for_it_whatever_was_decided_before(
    sheet: Export,
) -> None:
    site, school = sheet.site, scope(enlisted(sheet.site), sheet.site.today)
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, school)
    decide_record(site, school, one.record, "returned", "没有照片", by="school")
    put(sheet, row(2, 2, checked="是"))
    assert (counted(site), waits(site)) == ((2.0, 1), [])
    put(sheet, row(2, 3))
    assert (counted(site), waits(site)) == ((0.0, 0), [])


def test_to_take_a_confirmation_back_is_felt_at_once_in_hours_as_to_give_it_was(sheet: Export) -> None:
    site = sheet.site
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, None)
    decide_record(site, None, one.record, "confirmed", by="operator")
    assert counted(site) == (2.0, 1)
    decide_record(site, None, one.record, "returned", "代签", by="operator")
    assert hours(site) == 0.0
    assert counted(site) == (0.0, 0)


def test_what_was_confirmed_before_decisions_knew_what_they_were_about_stays_confirmed(sheet: Export) -> None:
    site = sheet.site
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, None)
    decide_record(site, None, one.record, "confirmed", by="operator")
    with site.registry.begin() as connection:
        for table in (claim, ruling):
            connection.execute(update(table).values(facts=None))
    put(sheet, row(5, 2))
    assert (counted(site), waits(site)) == ((5.0, 1), [])


def reopened(site: Site) -> Site:
    """The home after an upgrade from where neither a decision nor a verdict knew what it was about, and before any refresh."""
    flag = f"flag & {~int(Flag.CONFIRMED)}"
    verdicts = site.pool.query(f"SELECT * REPLACE (({flag})::INTEGER AS flag) FROM verdict")
    site.lake.commit("verdict", verdicts.cast(VERDICT_SCHEMA), {}, replace="")
    with site.registry.begin() as connection:
        command.downgrade(migration.config(connection), "0007")
    migration.upgrade(site.registry)
    return Site(site.settings, site.registry, site.lake)


def test_what_is_decided_after_an_upgrade_and_before_a_refresh_is_about_what_was_seen(sheet: Export) -> None:
    first = put(sheet, row(2, 1), row(3, 1, item="磨课").replace("1", "2", 1))
    assert first[1] == 2
    refresh(sheet.site)
    one, other = sorted(waiting_records(sheet.site, None), key=lambda one: one.hours)
    decide_record(sheet.site, None, one.record, "confirmed", by="before")
    assert counted(sheet.site) == (2.0, 1)
    site = sheet.site = reopened(sheet.site)

    def still(record: bytes) -> list[str]:
        """What was said of the record and waits for a refresh."""
        found = newest(site, [record])
        return awaited(found[0], words_of(site, found)[record])

    assert (hours(site), [one.title for one in waiting_records(site, None)]) == (2.0, ["磨课"])
    assert still(one.record) == []
    decide_record(site, None, one.record, "returned", "代签", by="after")
    decide_record(site, None, other.record, "confirmed", by="after", seen=other.facts)
    assert (still(one.record), still(other.record)) == (["return"], ["confirm"])
    assert (hours(site), waits(site)) == (3.0, []), "hours follow at once"
    assert (counted(site), waits(site)) == ((3.0, 1), [])
    refresh(site, full=True)
    assert (hours(site), waits(site)) == (3.0, [])
    put(sheet, row(4, 2), row(5, 2, item="磨课").replace("1", "2", 1))
    assert counted(site) == (0.0, 0)
    assert sorted(waits(site)) == [(4.0, "returned"), (5.0, "confirmed")]


def test_the_off_site_board_counts_a_confirmation_of_what_stands_only(sheet: Export) -> None:
    site = sheet.site
    sheet.map(
        MAP.replace("kind: {const: activity}", "kind: {const: attendance}").replace(
            "      modified", "      offsite: {const: true}\n      face: {const: true}\n      modified"
        )
    )
    put(sheet, row(2, 1))
    refresh(site)

    def away() -> int:
        office = scope(enlisted(site, "office"), site.today)
        return sum(offsite_board(site, office, Ask(), site.today).days[1:])

    (one,) = waiting_records(site, None)
    decide_record(site, None, one.record, "confirmed", by="operator")
    assert away() == 1
    refresh(site)
    assert away() == 1
    put(sheet, row(3, 2))
    refresh(site)
    assert away() == 0
    decide_record(site, None, one.record, "confirmed", by="operator")
    assert away() == 1
    refresh(site)
    decide_record(site, None, one.record, "returned", "代签", by="operator")
    assert away() == 0, "not before the next refresh only"


def test_of_two_who_decide_on_the_same_facts_the_first_is_heard_on_both_databases(site: Site) -> None:
    settle(site.registry)

    def settled(facts: bytes, by: str, *, over: bool = False) -> bool:
        said = {"record": b"1" * 16, "person_id": 1, "class_id": None, "kind": "activity", "title": "", "day": site.today, "hours": 1.0,
                "state": "confirmed", "by": "file", "at": site.now, "reason": "", "confirmed_by": by, "confirmed_at": site.now}  # fmt: skip
        return settle_record(site.registry, {**said, "facts": facts}, over=over)

    a, b = b"a" * 16, b"b" * 16
    assert [settled(a, "一"), settled(a, "二"), settled(b, "三"), settled(b, "四")] == [
        True,
        False,
        True,
        False,
    ]
    assert settled(b, "五", over=True)
    assert [(one.facts, one.by) for one in decided_records(site.registry).values()] == [(b, "五")]


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_any_order_of_imports_decisions_and_refreshes_comes_to_what_was_seen_last(
    tables: Path, seed: int
) -> None:
    dice = random.Random(seed)
    with fresh(tables) as sheet:
        site = sheet.site
        sheet.map(MAP)
        with site.registry.begin() as connection:
            connection.execute(text("INSERT INTO alignment (course_id, indicator, percent) VALUES (:c, 'P1.2', 100)"), {"c": COURSE})  # fmt: skip
        landed, stands = dict[int, int](), 0  # version → hours; the version that readers see
        word: tuple[str, int] | None = None
        for step in range(7):
            act = dice.choice(["import", "import", "decide", "decide", "refresh"]) if step else "import"
            if act == "import":
                version = dice.randrange(1, 12)
                landed.setdefault(version, dice.choice([2, 3]))
                put(sheet, row(landed[version], version))
                stands = stands or version  # the first is compared with nothing
            elif act == "refresh":
                refresh(site)
                stands = max(landed)
            else:
                state = dice.choice(["confirmed", "returned"])
                said = (state, landed[stands])
                (record,) = site.pool.rows("SELECT DISTINCT id FROM record")[0]
                if said == word:
                    with pytest.raises(InputError, match="没有新的"):
                        decide_record(site, None, record, state, "看过", by="operator")
                else:
                    decide_record(site, None, record, state, "看过", by="operator")
                word = said
        last = landed[max(landed)]
        counts = word == ("confirmed", last)
        refresh(site)
        for again in (lambda: None, lambda: refresh(site, full=True), lambda: rebuild(site)):
            again()
            assert hours(site) == (last if counts else 0)
            assert sum(one[4] for one in cell_sums(site)) == int(counts)
            assert len(waiting_records(site, None)) == int(word is None or word[1] != last)


def test_the_command_tells_that_a_correction_waits_to_be_confirmed_again(
    sheet: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sheet.site
    put(sheet, row(2, 1))
    refresh(site)
    (one,) = waiting_records(site, None)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", site.registry.url.render_as_string(hide_password=False))
    home, id = ("--home", site.settings.home), one.record.hex()
    assert command("proof", "confirm", id, *home).code == 0
    put(sheet, row(5, 2))
    shown = command("record", "show", id, *home).out
    assert "第 1 号批次" in shown
    assert "第 2 号批次" not in shown, "no refresh has compared the two"
    refresh(site)
    assert "已更正，下面的决定说的是更正以前的内容" in command("record", "show", id, *home).out
    (told,) = command("proof", "list", "--json", *home).json
    assert (told["hours"], told["earlier"]["state"], told["earlier"]["hours"]) == (5.0, "confirmed", 2.0)
    assert (told["source"], told["file"], told["row"], told["activity"]) == ("p", "sheet.csv", 2, "备课")
    (again,) = waiting_records(site, None)
    assert (told["facts"], told["earlier"]["facts"]) == (again.facts.hex(), one.facts.hex())
    assert "sheet.csv" in command("proof", "list", *home).out
    assert "已更正，请重新确认" in command("proof", "list", *home).out
    assert command("proof", "list", "--state", "confirmed", "--json", *home).json == []

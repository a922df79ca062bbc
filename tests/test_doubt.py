"""Records that nobody can have lived through are found by looking at others, count nothing, and count again when a person says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portrait.doubtful import decide, doubt_counts, doubts
from portrait.errors import AccessRefused, InputError
from portrait.explain import records_of
from portrait.intake.door import intake
from portrait.lake.doubt import doubt_rule
from portrait.record import FOUND_BY, Flag, Kind
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store.audit import recent_audit
from portrait.store.schema import ruling
from portrait.world import WORLD_SOURCES, write_world
from portrait.world.measure import measure
from tests.hand import Hand, cell_sums, record
from tests.readers import PERSONS, account_of, enlist, settle

RULE = doubt_rule()
NIGHT = datetime(2022, 10, 10, 12, tzinfo=UTC)  # eight in the evening in China
ADMIN = scope(Actor(1, "admin", "管理员", Role.ADMIN))


@pytest.fixture
def hand(sqlite_site: Site) -> Hand:
    made = Hand(sqlite_site)
    made.person(1, 2, 3)
    for number in (1, 2, 3):
        made.account(number, number)
    made.course(7, P2_1=100)
    return made


def seen(number: int, account: int, moment: datetime, seconds: int = 1800, **given: Any) -> dict[str, Any]:
    """Something watched."""
    day = (moment + timedelta(hours=8)).date()
    return record(number, account, Kind.VIDEO, on=day, seconds=seconds, item=f"第{number}讲", **given) | {
        "time": moment
    }


def marked(number: int, account: int, moment: datetime, value: float, **given: Any) -> dict[str, Any]:
    return record(
        number, account, Kind.QUIZ, value, on=moment.date(), item=given.pop("item", ""), **given
    ) | {"time": moment}


def found(site: Site, rule: str) -> list[int]:
    return [
        row[0]
        for row in site.pool.rows(
            f"SELECT line FROM record WHERE flag & {int(FOUND_BY[rule])} <> 0 ORDER BY line"
        )
    ]


def check(hand: Hand, rows: Iterable[dict[str, Any]], rule: str) -> list[int]:
    hand.batch(rows)
    refresh(hand.site)
    return found(hand.site, rule)


def evenings(account: int, other: int, apart: timedelta, times: int, first: int = 1) -> list[dict[str, Any]]:
    """Two things watched on so many evenings, the second begun so long after the first."""
    return [
        row
        for n in range(times)
        for row in (
            seen(first + 2 * n, account, NIGHT + timedelta(days=n)),
            seen(first + 2 * n + 1, other, NIGHT + timedelta(days=n) + apart),
        )
    ]


def test_two_things_at_once_are_doubtful_when_it_is_a_habit(hand: Hand) -> None:
    hand.account(4, 1, source="乙")
    rows = evenings(1, 4, timedelta(minutes=5), 2)  # one person on two platforms
    rows += evenings(2, 2, timedelta(minutes=5), 1, first=11)  # a tab that was forgotten
    rows += evenings(3, 3, timedelta(minutes=31), 3, first=21)  # one after the other
    # One after the other, written down when each has ended: an hour till eight, then half an hour.
    rows += [
        seen(31 + n, 3, NIGHT + timedelta(days=5 + n // 2, minutes=30 * (n % 2)), 3600 - 1800 * (n % 2))
        for n in range(6)
    ]
    assert check(hand, rows, "parallel") == [1, 2, 3, 4]


def test_accounts_that_turn_out_to_be_one_person_are_looked_at_again(hand: Hand) -> None:
    hand.account(4, None, source="乙")
    assert check(hand, evenings(1, 4, timedelta(minutes=5), 2), "parallel") == []
    hand.link(4, 1)
    refresh(hand.site)
    assert found(hand.site, "parallel") == [1, 2, 3, 4]


def test_hours_of_watching_without_a_word_are_doubtful_until_there_is_one(hand: Hand) -> None:
    rows = [seen(n, 1, NIGHT + timedelta(days=n), 3600) for n in range(10)]
    assert check(hand, rows, "idle") == list(range(10))
    assert check(hand, [record(30, 1, Kind.FORUM, on=NIGHT.date())], "idle") == []


def test_the_same_answers_at_the_same_pace_are_doubtful_for_all_who_gave_them(hand: Hand) -> None:
    def answers(account: int, start: datetime, pauses: tuple[int, ...], first: int) -> list[dict[str, Any]]:
        marks = (0.7, 0.9, 0.8)
        return [
            marked(first + n, account, start + timedelta(seconds=pause), marks[n], item=f"题{n}")
            for n, pause in enumerate(pauses)
        ]

    rows = answers(1, NIGHT, (0, 65, 142), 1) + answers(2, NIGHT + timedelta(hours=5), (0, 66, 142), 11)
    rows += answers(3, NIGHT, (0, 65, 149), 21)
    assert check(hand, rows, "same") == [1, 2, 3, 11, 12, 13]
    assert [row[0] for row in cell_sums(hand.site)] == [3]


def test_a_day_without_a_night_is_doubtful(hand: Hand) -> None:
    start = datetime(2022, 10, 9, 16, tzinfo=UTC)
    rows = [seen(n, 1, start + timedelta(hours=n), 60) for n in range(RULE.sleepless_hours)]
    rows += [seen(100 + n, 2, start + timedelta(hours=n), 60) for n in range(RULE.sleepless_hours - 1)]
    assert check(hand, rows, "sleepless") == list(range(RULE.sleepless_hours))


def test_who_needs_far_more_time_than_everybody_is_an_outlier_and_the_slowest_of_a_crowd_is_not(
    hand: Hand,
) -> None:
    crowd = [seen(n, 100 + n, NIGHT, 1800 + 60 * n) for n in range(RULE.outlier_accounts)]
    assert check(hand, crowd, "outlier") == []
    assert check(hand, [seen(900, 1, NIGHT, 40_000)], "outlier") == [900]


# --- decided -------------------------------------------------------------------------------------------------------


@pytest.fixture
def fast(hand: Hand) -> bytes:
    """One doubtful mark beside a sound one."""
    hand.batch([record(1, 1, Kind.QUIZ, 0.9, flag=Flag.SPEED), record(2, 1, Kind.QUIZ, 0.5)])
    refresh(hand.site)
    return (1).to_bytes(16, "big")


def counts(site: Site) -> int:
    return sum(row[4] for row in cell_sums(site))


def test_a_doubtful_record_counts_when_a_person_accepts_it_and_no_more_when_that_is_taken_back(
    hand: Hand, fast: bytes
) -> None:
    site = hand.site
    assert (counts(site), doubt_counts(site, ADMIN)["speed"]) == (1, 1)
    with pytest.raises(InputError, match="理由"):
        decide(site, ADMIN, "clear", [fast], reason="", by="管理员")
    decide(site, ADMIN, "clear", [fast], reason="本人有录屏", by="管理员")
    assert [row.waiting for row in doubts(site, ADMIN)] == [True]
    refresh(site)
    assert (counts(site), doubt_counts(site, ADMIN)["speed"]) == (2, 0)
    assert [one.doubtful for one in records_of(site, 1)] == [False, False]
    (row,) = doubts(site, ADMIN, state="cleared")
    assert (row.record, row.state) == (fast, "cleared")
    decide(site, ADMIN, "reopen", [fast], reason="录屏不是本人", by="管理员")
    decide(site, ADMIN, "refuse", [fast], reason="录屏不是本人", by="管理员")
    refresh(site)
    assert counts(site) == 1
    assert [row.state for row in doubts(site, ADMIN, state="refused")] == ["refused"]
    assert [row.action for row in recent_audit(site.registry, actor="管理员")] == [
        "record.refuse", "record.reopen", "record.clear",
    ]  # fmt: skip
    with site.registry.connect() as connection:
        assert [row.said for row in connection.execute(select(ruling).order_by(ruling.c.id))] == [
            "clear", "reopen", "refuse",
        ]  # fmt: skip


def test_who_may_not_see_a_record_may_not_decide_on_it(hand: Hand, fast: bytes) -> None:
    trainer = scope(Actor(2, "trainer", "承训单位", Role.TRAINER, provider_id=5))
    assert doubts(hand.site, trainer) == []
    with pytest.raises(AccessRefused):
        decide(hand.site, trainer, "clear", [fast], reason="想算", by="承训单位")
    with pytest.raises(InputError, match="不存疑"):
        decide(hand.site, ADMIN, "clear", [(2).to_bytes(16, "big")], reason="都算", by="管理员")


def test_names_are_those_of_trainees_whom_the_reader_may_list_and_a_provider_s_right_to_them_ends(
    sqlite_site: Site,
) -> None:
    """Persons 1 and 3 are trainees of class 101, which ends on 20 July 2022; person 2 and the free record are not its own."""
    settle(sqlite_site.registry)
    actors = enlist(sqlite_site.registry, "trainer", "office", "office-a", "admin")
    hand = Hand(sqlite_site)
    hand.account(90, 3, source="乙")  # another account of person 3
    said = [(1, account_of(1), 101), (2, account_of(2), 101), (3, account_of(1), 0), (4, 90, 101)]
    hand.batch([record(n, who, Kind.EXAM, 0.8, run=run, flag=Flag.SPEED) for n, who, run in said])
    refresh(sqlite_site)

    def named(login: str, day: date) -> dict[int, tuple[str, bool]]:
        """By record the name shown, and whether anything else tells whose it is."""
        found = doubts(sqlite_site, scope(actors[login], day))
        return {one.line: (one.name, bool(one.account or one.person)) for one in found}

    during, after = date(2022, 12, 1), date(2023, 12, 1)
    first, third = PERSONS[1], PERSONS[3]
    assert named("trainer", during) == {1: (first, True), 2: ("", False), 4: (third, True)}
    assert named("trainer", after) == {1: ("", False), 2: ("", False), 4: ("", False)}
    for day in (during, after):
        assert named("office", day) == {1: (first, True), 2: ("", True), 3: ("", True), 4: (third, True)}
        assert named("office-a", day) == {1: (first, True), 2: ("", False), 4: (third, True)}
        assert named("admin", day) == dict.fromkeys((1, 2, 3, 4), ("", True))


# --- measured ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_demo_province_plants_is_found_and_little_else(sqlite_site: Site, tmp_path: Path) -> None:
    write_world(tmp_path / "world", teachers=600)
    for folder, source in WORLD_SOURCES:
        if folder in ("registry", "yuyan"):
            intake(sqlite_site, tmp_path / "world" / folder, source, by="t")
    refresh(sqlite_site)
    for one in measure(sqlite_site, tmp_path / "world"):
        if one.rule not in (
            "speed",
            "outlier",
        ):  # the scripts play on all platforms; too few learn together here
            assert one.planted
            assert one.recall is not None
            assert one.recall >= 0.7, one
            assert one.precision is not None
            assert one.precision >= 0.9, one

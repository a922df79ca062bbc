"""When courses come to show something else, the accounts with records of them are added up again, and no other."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from portrait.lake.engine import rows
from portrait.reading import dimension_levels, portrait_of
from portrait.record import Kind
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.run import note_runs
from portrait.store.schema import alignment, course
from portrait.store.unlisted import note_unlisted
from tests.hand import Hand, cell_sums, record

LMS = "https://lms.example.cn"
TEACHERS = range(1, 31)


def named(hand: Hand, number: int, address: str) -> None:
    """Records name a course by this address under this id."""
    with hand.site.registry.begin() as connection:
        note_unlisted(connection, [(number, "甲", "甲", address)])


def listed(hand: Hand, number: int, address: str, indicator: str) -> None:
    """The catalogue lists the address itself."""
    with hand.site.registry.begin() as connection:
        connection.execute(
            insert(course).values(id=number, source="甲", code=address, title="自己的", theme="")
        )
        connection.execute(insert(alignment).values(course_id=number, indicator=indicator, percent=100))


@pytest.fixture
def hand(sqlite_site: Site) -> Hand:
    """Thirty teachers with a record of course 7 each; the refresh has been."""
    hand = Hand(sqlite_site)
    hand.person(*TEACHERS)
    for number in TEACHERS:
        hand.account(1000 + number, number)
    hand.course(7, P2_1=100)
    hand.batch([record(n, 1000 + n, Kind.RATING, 0.7) for n in TEACHERS])
    assert refresh(hand.site).cells == "full"
    return hand


def made_again(hand: Hand) -> tuple[str, str, list[int], list[int]]:
    """What a refresh did to cells and portraits, the accounts it has added up and the persons it has portrayed: read from what it wrote."""
    lake = hand.site.lake
    before = {name: set(lake.files(name)) for name in ("cell", "snapshot")}
    report = refresh(hand.site)
    wrote: list[list[int]] = []
    for name, whose in (("cell", "account"), ("snapshot", "person")):
        fresh = sorted(set(lake.files(name)) - before[name])
        found = hand.site.pool.rows(f"SELECT DISTINCT {whose} FROM ({rows(name, fresh)}) ORDER BY 1")
        wrote.append([one for (one,) in found])
    return report.cells, report.portraits, *wrote


def test_a_new_address_adds_up_only_the_accounts_that_name_it(hand: Hand) -> None:
    named(hand, 107, f"{LMS}/course/7")
    hand.batch([record(100 + n, 1000 + n, Kind.RATING, 0.5, course=107) for n in (3, 5)])
    assert made_again(hand) == ("batch", "batch", [1003, 1005], [3, 5])
    assert [portrait_of(hand.site, n).estimates["P2.1"].n for n in (3, 4)] == [2, 1]
    assert made_again(hand) == ("none", "none", [], [])


def test_what_a_course_comes_to_show_later_is_added_up_for_those_who_took_it(hand: Hand) -> None:
    named(hand, 108, f"{LMS}/course/8")
    seen = [record(200, 1009, Kind.VIEW, course=108), record(201, 1002, Kind.RATING, 0.5, course=108)]
    hand.batch([*seen, record(202, 1006, Kind.RATING, 0.5, course=0, run=80)])
    refresh(hand.site)
    hand.course(9, P3_1=100)
    assert made_again(hand) == ("none", "none", [], []), "a course that nobody took"
    hand.course(8, P3_1=50)
    hand.training_class(80, 8)
    assert made_again(hand) == ("batch", "batch", [1002, 1006], [2, 6]), "who only looked on has no evidence"
    with hand.site.registry.begin() as connection:
        connection.execute(update(alignment).where(alignment.c.course_id == 8).values(percent=60))
    cells, portraits, accounts, _ = made_again(hand)
    assert (cells, accounts) == ("batch", [1002, 1006])
    assert portraits == "full", "priors had learned from what it showed before"


def test_an_address_that_stands_for_a_course_no_more_takes_its_evidence_away(hand: Hand) -> None:
    named(hand, 107, f"{LMS}/course/7")
    hand.batch([record(300, 1004, Kind.RATING, 0.5, course=107)])
    refresh(hand.site)
    assert portrait_of(hand.site, 4).estimates["P2.1"].n == 2
    listed(hand, 107, f"{LMS}/course/7", "P3.1")
    cells, portraits, accounts, _ = made_again(hand)
    assert (cells, portraits, accounts) == ("batch", "full", [1004])
    now = portrait_of(hand.site, 4).estimates
    assert (now["P2.1"].n, now["P3.1"].n) == (1, 1)


def test_a_class_that_a_sheet_names_is_added_up_for_those_on_the_sheet_once_it_is_registered(
    hand: Hand,
) -> None:
    with hand.site.registry.begin() as connection:
        note_runs(connection, [(900, "", "骨干教师提升一班", None, None)])
    hand.batch([record(250 + n, 1000 + n, Kind.RATING, 0.5, course=0, run=900) for n in (4, 8)])
    refresh(hand.site)
    assert portrait_of(hand.site, 4).estimates["P2.1"].n == 1
    hand.training_class(81, 7, name="2022年骨干教师提升一班")
    assert made_again(hand) == ("batch", "batch", [1004, 1008], [4, 8])
    assert portrait_of(hand.site, 4).estimates["P2.1"].n == 2
    assert hand.site.pool.rows("SELECT DISTINCT run FROM record WHERE said_run = 900") == [(81,)]
    sums = cell_sums(hand.site)
    refresh(hand.site, full=True)
    assert cell_sums(hand.site) == sums
    hand.training_class(82, 7, name="骨干教师提升一班")
    hand.training_class(83, 7, name="骨干教师提升一班")
    cells, portraits, accounts, _ = made_again(hand)
    assert (cells, portraits, accounts) == ("batch", "full", [1004, 1008]), "one of two: nobody knows which"
    assert portrait_of(hand.site, 4).estimates["P2.1"].n == 1


def test_when_most_are_concerned_everything_is_made_again_at_once(hand: Hand) -> None:
    with hand.site.registry.begin() as connection:
        connection.execute(update(alignment).values(percent=90))
    assert made_again(hand)[:2] == ("full", "full")


@pytest.mark.parametrize("commit", [1, 2])
def test_a_refresh_killed_over_a_new_address_goes_on(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, commit: int
) -> None:
    """Commits are verdict, aligned, cell, snapshot; killed just after each."""
    named(hand, 107, f"{LMS}/course/7")
    hand.batch([record(400, 1004, Kind.RATING, 0.5, course=107)])
    write, commits = type(hand.site.lake).commit, list[str]()

    def killed(lake: Any, name: str, *given: Any, **named: Any) -> None:
        write(lake, name, *given, **named)
        commits.append(name)
        if len(commits) > commit:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(hand.site.lake), "commit", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(hand.site)
    refresh(hand.site)
    assert commits[-1] == ("verdict", "aligned", "cell", "snapshot")[commit]
    assert portrait_of(hand.site, 4).estimates["P2.1"].n == 2
    sums = cell_sums(hand.site)
    refresh(hand.site, full=True)
    assert cell_sums(hand.site) == sums


ADDRESSES = {
    101: f"{LMS}/course/1",
    102: f"{LMS}/course/2?from=mail",
    103: f"{LMS}/course/3",
    112: f"{LMS}/course/1#/course/2",  # one of the two, as long as the other is not there
}
COURSES = (0, 1, 2, 3, *ADDRESSES)
STEPS = (
    "records", "records", "records", "course 1", "course 2", "course 3", "listed 103", "another 1", "none of 2",
)  # fmt: skip


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.permutations(STEPS), st.lists(st.booleans(), min_size=len(STEPS), max_size=len(STEPS)), st.randoms()
)
def test_addresses_and_courses_that_come_in_any_order_add_up_to_the_full_refresh(
    steps: list[str], looked: list[bool], random: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = open_site(load_settings(Path(folder), today=date(2022, 11, 15)))
        hand = Hand(site)
        hand.person(1, 2, 3)
        for number in range(11, 23):
            hand.account(number, number % 4 or None)
        count = 0
        for step, look in zip(steps, looked, strict=True):
            match step.split():
                case ["records"]:
                    taken = [(random.choice(range(11, 23)), random.choice(COURSES)) for _ in range(4)]
                    for _, number in taken:
                        if number in ADDRESSES:
                            named(hand, number, ADDRESSES[number])
                    rows = [
                        record(count + n, who, Kind.QUIZ, 0.7, course=what, run=70)
                        for n, (who, what) in enumerate(taken)
                    ]
                    hand.batch(rows)
                    count += len(rows)
                case ["course", number]:
                    hand.course(int(number), P2_1=100, P3_1=10 * int(number))
                    if number == "3":
                        hand.training_class(70, 3)
                case ["listed", number]:
                    listed(hand, int(number), ADDRESSES[int(number)], "P1.2")
                case [*_, number]:
                    own = alignment.c.course_id == int(number)
                    change = (
                        delete(alignment) if step.startswith("none") else update(alignment).values(percent=77)
                    )
                    with site.registry.begin() as connection:
                        connection.execute(change.where(own))
            if look:
                refresh(site)
        refresh(site)
        step_by_step, portraits = cell_sums(site), dimension_levels(site)
        refresh(site, full=True)
        assert cell_sums(site) == step_by_step
        assert dimension_levels(site).equals(portraits)
        site.registry.dispose()

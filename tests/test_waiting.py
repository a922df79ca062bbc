"""The queue of what waits to be confirmed: the same for every reader however much waits, and asked of the registry for the page alone."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert, update

from portrait.confirmation import decide_record
from portrait.heading import called
from portrait.lake.content import facts_sql, item_sql
from portrait.record import Flag, Kind
from portrait.scope import Actor, Role, Scope, scope
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.decided import Mark, decided_records, mark, settle_record
from portrait.store.decision import join_account, join_persons, undo
from portrait.store.registry import open_registry
from portrait.store.schema import account, person, ruling
from portrait.waiting import KEPT, Choice, Queue, desk
from tests.desk import waiting_records
from tests.hand import Hand, record
from tests.readers import CLASSES, PROVIDERS, account_of, enlist, settle

AWAY = Flag.OFFSITE | Flag.FACE
DAY = date(2022, 10, 8)


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("10月8日", ""),
        ("１０月８日", ""),
        ("2022年10月8日", ""),
        ("22.10.8", ""),
        ("20221008", ""),
        ("2022-10-08 00:00:00", ""),
        ("10月8日（周六）", ""),
        ("10月8日（周五）", "（周五）"),
        ("10月8日上午", "上午"),
        ("第一周·10月8日 下午", "第一周 下午"),
        ("10月9日", "10月9日"),
        ("2021年10月8日", "2021年10月8日"),
        ("备课", "备课"),
        ("", ""),
    ],
)
def test_what_a_column_is_headed_is_told_as_far_as_it_is_more_than_the_day(title: str, told: str) -> None:
    assert called(title, DAY) == told
    assert called(title, None) == title


def sheet(n: int, number: int, **more: Any) -> dict[str, Any]:
    """A sign-in of person 1 to 4, not verified, to the class of that person."""
    person = number % 4 + 1
    said = {"course": 0, "run": 101 if person in (1, 3) else 102, "flag": AWAY, "item": f"7月{n}日"} | more
    mine = said.pop("account", account_of(person))
    return record(number, mine, Kind.ATTENDANCE, on=date(2022, 7, n), **said)


def readers(site: Site, *logins: str) -> dict[str, Scope | None]:
    actors = enlist(site.registry, *logins)
    return {login: scope(actor, site.today) for login, actor in actors.items()} | {"command": None}


@contextmanager
def asked(registry: Engine) -> Iterator[list[int]]:
    """Of each statement to the registry how many values it was asked with."""
    lists: list[int] = []

    def before(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
        lists.append(len(parameters))

    event.listen(registry, "before_cursor_execute", before)
    try:
        yield lists
    finally:
        event.remove(registry, "before_cursor_execute", before)


def test_a_page_asks_the_registry_as_often_whether_few_or_many_wait(sqlite_site: Site) -> None:
    settle(sqlite_site.registry)
    who = readers(sqlite_site, "office", "trainer", "school", "office-a")
    hand = Hand(sqlite_site)

    def page() -> dict[str, tuple[int, int, int]]:
        """Of each reader how many statements the second look takes, the longest list among them, and how many wait."""
        found = {}
        for login, reader in who.items():
            desk(sqlite_site, reader).queue()
            with asked(sqlite_site.registry) as lists:
                waiting = desk(sqlite_site, reader)
                total = waiting.queue().total
                waiting.records(limit=5)
            found[login] = len(lists), max(lists), total
        return found

    hand.batch(sheet(n % 20 + 1, n) for n in range(1, 9))
    few = page()
    hand.batch(sheet(n % 20 + 1, n, account=900 + n, run=101 + n % 2) for n in range(1000, 1600))
    with sqlite_site.registry.begin() as connection:
        rows = [
            {"id": 900 + n, "source": "lms", "kind": "staff", "shown": str(n), "digest": f"x{n}", "person_id": n % 2 * 2 + 1}
            for n in range(1000, 1600)
        ]  # fmt: skip
        connection.execute(insert(account), rows)
    many = page()
    assert {login: one[0] for login, one in many.items()} == {login: one[0] for login, one in few.items()}
    assert max(longest for _, longest, _ in many.values()) <= 10
    assert many["office"][2] == 608
    assert all(many[login][2] > few[login][2] for login in who)


class Truth(NamedTuple):
    """What the tests know of a record that waits for a reader."""

    day: date
    record: bytes
    class_id: int
    provider: int
    outside: bool
    corrected: bool


# Whom each reader may decide on, by heart (tests/readers.py): a record of a person in a class.
CLASS_OF = {101: (1, {1, 3}), 102: (2, {2, 4})}  # provider, trainees
MAY: dict[str, Callable[[int, int], bool]] = {
    "command": lambda _person, _run: True,
    "office": lambda _person, _run: True,
    "school": lambda person, _run: person in (1, 2),
    "trainer": lambda person, run: run == 101 and person in (1, 3),
    "office-a": lambda person, run: run == 101 and person in (1, 3),
    "office-c": lambda person, run: run == 102 and person in (2, 4),
    "bureau": lambda _person, _run: False,
}


@dataclass
class Book:
    """What has happened, kept beside the site in the plainest way."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    persons: dict[int, int] = field(default_factory=lambda: {account_of(n): n for n in (1, 2, 3, 4)})
    held: set[bytes] = field(default_factory=set)  # decided on as they are
    stale: set[bytes] = field(default_factory=set)  # decided on as something else

    def waits(self, login: str) -> list[Truth]:
        """What waits for a reader, newest first."""
        found = []
        for row in self.rows:
            person, run, day = self.persons.get(row["account"]), row["run"], row["time"].date()
            if person is None or row["id"] in self.held or not MAY[login](person, run):
                continue
            known = run in CLASS_OF
            found.append(
                Truth(
                    day,
                    row["id"],
                    run if known else 0,
                    CLASS_OF[run][0] if known else 0,
                    known and not date(2022, 7, 1) <= day <= date(2022, 7, 20),
                    row["id"] in self.stale,
                )
            )
        return sorted(found, key=lambda one: (-one.day.toordinal(), one.record))


def plainly(rows: list[Truth], choice: Choice) -> tuple[Queue, list[bytes]]:
    """The queue as its words say it, from all that waits."""
    chosen = [
        one
        for one in rows
        if (choice.class_id is None or one.class_id == choice.class_id)
        and (choice.provider_id is None or one.provider == choice.provider_id)
        and (not choice.corrected or one.corrected)
    ]
    classes = sorted({(CLASSES[one.class_id][2], one.class_id) for one in rows if one.class_id})
    providers = sorted({(PROVIDERS[one.provider], one.provider) for one in rows if one.provider})
    return (
        Queue(
            len(chosen),
            sum(one.outside for one in chosen),
            sum(one.corrected for one in rows),
            {number: name for name, number in classes},
            {number: name for name, number in providers},
        ),
        [one.record for one in chosen],
    )


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],
)
@given(seed=st.integers(1, 2**32))
def test_counts_pages_and_single_records_are_those_that_the_words_say(tables: Path, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(tables, f"{folder}/registry.sqlite")
        url = f"sqlite:///{folder}/registry.sqlite"
        site = open_site(load_settings(Path(folder) / "home", database_url=url, today=date(2022, 11, 15)))
        compare(site, random.Random(seed))
        site.registry.dispose()


def compare(site: Site, dice: random.Random) -> None:
    settle(site.registry)
    who = readers(site, "office", "trainer", "school", "office-a", "bureau")
    who["office-c"] = scope(Actor(99, "office-c", "丙", Role.OFFICE, office="OFFICE_C"), site.today)
    assert who.keys() == MAY.keys()
    hand, book = Hand(site), Book()
    for part in range(3):
        rows = [
            sheet(dice.randint(1, 28), part * 100 + n, run=dice.choice([0, 101, 102, 555]), account=dice.choice([11, 12, 13, 14, 77, 78]))
            for n in range(1, 20)
        ]  # fmt: skip
        hand.batch(rows)
        book.rows += rows
        with site.registry.begin() as connection:
            if part == 1:  # one account is opened, and turns out to be somebody's
                connection.execute(
                    insert(account).values(id=77, source="lms", kind="native", shown="77", digest="77")
                )
            if part == 2:
                connection.execute(update(account).where(account.c.id == 77).values(person_id=2))
                book.persons[77] = 2
        for one in waiting_records(site, None):
            if dice.random() < 0.3:
                said = dice.choice(["confirmed", "returned"])
                seen, as_it_is = (one.facts, True) if dice.random() < 0.6 else (b"x" * 16, False)
                settle_record(site.registry, settled(site, one.record, said, seen), over=True)
                (book.held if as_it_is else book.stale).add(one.record)
        book.stale -= book.held
        # Few or many accounts, asked for in one piece or in several: all the same.
        few, piece = [(0, 20_000), (10_000, 20_000), (10_000, 2)][part]
        with patch("portrait.waiting.FEW", few), patch("portrait.store.reach._WRITTEN", piece):
            for login, reader in who.items():
                expect(site, reader, book.waits(login), [row["id"] for row in book.rows], dice)


def expect(
    site: Site, reader: Scope | None, waits: list[Truth], ids: list[bytes], dice: random.Random
) -> None:
    """That the site says of a reader's queue what is true of it."""
    mine = [one.record for one in waits]
    waiting = desk(site, reader)
    assert [one.record for one, holds in waiting.among(ids) if not holds] == mine
    for single in dice.sample(ids, 3):
        alone = [one.record for one, holds in waiting.among([single]) if not holds]
        assert alone == [single] * (single in mine)
    choices = [Choice(101), Choice(555), Choice(provider_id=2), Choice(101, 2), Choice(corrected=True)]
    for choice in [Choice(), *dice.sample(choices, 2)]:
        queue, chosen = plainly(waits, choice)
        assert waiting.queue(choice) == queue
        pages = [waiting.records(choice, limit=23, offset=start) for start in range(0, len(mine) + 1, 23)]
        assert [one.record for page in pages for one in page] == chosen


def settled(site: Site, record: bytes, state: str, facts: bytes | None) -> dict[str, Any]:
    return {"record": record, "person_id": 1, "class_id": None, "kind": "attendance", "title": "", "day": site.today, "hours": 1.0,
            "state": state, "by": "file", "at": site.now, "reason": "看过", "confirmed_by": "一", "confirmed_at": site.now, "facts": facts}  # fmt: skip


def test_a_decision_that_became_visible_after_a_later_one_is_not_missed(sqlite_site: Site) -> None:
    """Of two transactions the one that was given its number first may end last."""
    settle(sqlite_site.registry)
    Hand(sqlite_site).batch(sheet(n, n) for n in range(1, 5))
    first, second, *_ = (one.record for one in waiting_records(sqlite_site, None))
    decide_record(sqlite_site, None, first, "confirmed", by="一")
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(ruling).values(id=100))
    assert len(waiting_records(sqlite_site, None)) == 3
    decide_record(sqlite_site, None, second, "confirmed", by="二")
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(ruling).where(ruling.c.id > 100).values(id=7))
    assert (len(waiting_records(sqlite_site, None)), len(decided_records(sqlite_site.registry))) == (2, 2)


def test_rulings_are_counted_from_a_floor_on_and_now_and_then_all(
    registry_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portrait.store.decided.RECENT", 3)
    registry = open_registry(registry_url)
    start = datetime(2022, 11, 15, tzinfo=UTC)

    def say(*ids: int) -> None:
        said = {"said": "confirm", "record": b"x", "reason": "", "by": "", "at": start, "facts": None}
        with registry.begin() as connection:
            connection.execute(insert(ruling), [{"id": one, **said} for one in ids])

    def told(then: Mark | None, minutes: int) -> tuple[Mark, tuple[int, int]]:
        found = mark(registry, "", then, start + timedelta(minutes=minutes))
        return found, (found.count, found.last)

    first, said = told(None, 0)
    assert said == (0, 0)
    say(1, 2, 4, 9, 10)
    second, said = told(None, 0)
    assert (said, told(first, 1)[1]) == ((5, 10), (5, 10))
    say(8)  # one that was late
    third, said = told(second, 1)
    assert (said, third == second) == ((6, 10), False)
    say(3)  # one that was very late
    assert told(third, 9) == (third, (6, 10))
    assert told(third, 10)[1] == told(third, -1)[1] == (7, 10)
    registry.dispose()


def test_facts_are_the_same_however_they_are_worked_out(sqlite_site: Site) -> None:
    Hand(sqlite_site).batch(
        [
            sheet(1, 1, item="７月 1日Ａ"),
            sheet(2, 2),
            record(3, 5, Kind.ACTIVITY, on=None, item="", credit=200),
        ]
    )
    rows = sqlite_site.pool.rows(
        f"SELECT {facts_sql()} = {facts_sql(item=item_sql())}, {facts_sql()} = {facts_sql(landed=True)} FROM record"
    )
    assert rows == [(True, True)] * 3


def test_what_waits_tells_what_it_is_and_where_it_came_from(sqlite_site: Site) -> None:
    settle(sqlite_site.registry)
    hand = Hand(sqlite_site)
    hand.course(7, "师德研修")
    hand.batch(
        [
            sheet(2, 1, line=5 + (3 << 32)),
            sheet(1, 2, item="7月1日 专题讲座", run=0, course=7, account=account_of(1)),
        ]
    )
    one, other = waiting_records(sqlite_site, None)
    assert (one.class_name, one.course, one.activity, one.day) == ("省培班壹零贰", "", "", date(2022, 7, 2))
    assert (one.source, one.file, one.row, one.batch) == ("甲", "1.csv", 5, 1)
    assert (other.class_name, other.course, other.activity) == ("", "师德研修", "专题讲座")
    assert other.day == date(2022, 7, 1)


def test_whom_an_office_of_many_reaches_is_asked_again_after_a_batch_a_link_or_a_while(
    sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, moment = sqlite_site, [datetime(2022, 11, 15, tzinfo=UTC)]
    monkeypatch.setattr("portrait.waiting.FEW", 0)
    monkeypatch.setattr("portrait.clock.now", lambda: moment[0])
    settle(site.registry)
    hand = Hand(site)
    mine = sheet(1, 4)
    hand.batch([mine])
    office = scope(enlist(site.registry, "office-a")["office-a"], site.today)

    def listed() -> int:
        return desk(site, office).queue().total

    def turn_out(whose: int | None) -> None:
        with site.registry.begin() as connection:
            connection.execute(update(account).where(account.c.id == account_of(1)).values(person_id=whose))

    assert listed() == 1
    turn_out(None)
    assert listed() == 1, "kept for a while"
    assert desk(site, office).among([mine["id"]]) == [], "what is decided by is asked each time"
    moment[0] += KEPT
    assert listed() == 0
    turn_out(1)
    assert listed() == 0
    hand.batch([sheet(2, 99)])
    assert listed() == 1, "a batch has come"
    # Somebody's other account, of a sheet of the same class.
    hand.batch([sheet(3, 8, account=99)])
    with site.registry.begin() as connection:
        connection.execute(insert(account).values(id=99, source="m", kind="native", shown="", digest="99"))
        connection.execute(insert(person).values(id=9, key="T9", name="某", extra={}))
        made = join_account(connection, 99, 1, by="t", now=moment[0])
    assert listed() == 2
    with site.registry.begin() as connection:
        undo(connection, "link", made.id, by="t", now=moment[0])
    assert listed() == 1, "a link is undone, which adds none"
    with site.registry.begin() as connection:
        join_account(connection, 99, 9, by="t", now=moment[0])
        one = join_persons(connection, 9, 1, by="t", now=moment[0])
    assert listed() == 2
    with site.registry.begin() as connection:
        undo(connection, "alias", one.id, by="t", now=moment[0])
    assert listed() == 1, "persons are two again"

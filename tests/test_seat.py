"""One human being has one seat in a class, whatever lists name it and by whichever accounts; a link that is undone gives it back two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command as alembic
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text, update

from portrait.intake.door import intake
from portrait.lake.progress import class_progress
from portrait.overview import overview
from portrait.programme.rate import Rate, Shown
from portrait.programme.tally import Fill
from portrait.record import Kind
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store import migration
from portrait.store.decision import join_account, join_persons, undo
from portrait.store.followup import follow_up, followups
from portrait.store.registry import connect_registry
from portrait.store.schema import account, batch, enlisted, link, metadata, person, trainee, training_class
from portrait.store.seat import HEARD, SAID, seat
from portrait.store.study import study_trainees
from portrait.store.trainee import Trainee, class_accounts, nominations, roster, titles
from portrait.store.training import Ask, class_cells, class_counts, region_fills, region_tallies
from tests.hand import Hand, record
from tests.inbox import mapping, write

NOW = datetime(2022, 11, 15, tzinfo=UTC)
COUNTY = "410221"
CLASSES = """
  - name: providers
    file: providers.csv
    optional: true
    target: provider
    fields: {code: {from: 代码}, name: {from: 名称}}
  - name: classes
    file: classes.csv
    optional: true
    target: class
    fields:
      code: {from: 代码}
      name: {from: 名称}
      provider: {from: 单位}
      level: {const: L1}
      mode: {const: M1}
      starts: {const: "2022-03-01"}
      ends: {const: "2022-03-10"}
      sessions: {const: "6"}
  - name: quotas
    file: quotas.csv
    optional: true
    target: quota
    fields: {class: {from: 班}, region: {from: 县}, n: {from: 人数}}
  - name: sent
    file: sent*.csv
    target: trainee
    fields: {class: {from: 班}, account: {from: 编号, kind: staff}, region: {from: 县}, confirmed: {from: 确认}}
"""
PEOPLE = """
  - name: people
    file: people*.csv
    target: person
    fields: {key: {from: 编号}, name: {from: 姓名}, phone: {from: 手机, default: ""}}
"""
CAME = """
class_source: reg
streams:
  - name: came
    file: came*.csv
    target: trainee
    fields:
      class: {from: 班}
      account: {from: 手机, kind: phone}
      region: {from: 县, default: ""}
      confirmed: {from: 确认, default: ""}
      checked_in: {from: 报到, default: ""}
      graduated: {from: 结业, default: ""}
      left: {from: 退出, default: ""}
      reason: {from: 原因, default: ""}
"""
HEAD = "班,手机,县,确认,报到,结业,退出,原因"
TEACHERS = range(1, 10)


def phone(n: int) -> str:
    return f"1390000{n:04d}"


def people(site: Site, folder: Path, name: str = "people") -> None:
    lines = [f"T{n},某{n},{phone(n)}" for n in TEACHERS]
    write(folder / name, "people.csv", "编号,姓名,手机", *lines)
    intake(site, folder / name, mapping(folder, PEOPLE, name="hr"), by="t")


def sent(site: Site, folder: Path) -> None:
    """The class C1 of nine places, and the list that names nine by staff number."""
    here = folder / "sent"
    write(here, "providers.csv", "代码,名称", "p,甲大学")
    write(here, "classes.csv", "代码,名称,单位", "C1,一班,p")
    write(here, "quotas.csv", "班,县,人数", f"C1,{COUNTY},9")
    write(here, "sent.csv", "班,编号,县,确认", *(f"C1,T{n},{COUNTY},2022-02-01" for n in TEACHERS))
    intake(site, here, mapping(folder, CLASSES, name="reg"), by="t")


def came(site: Site, folder: Path, *lines: str, name: str = "came") -> str:
    """A list that names people by telephone; what its batch says."""
    path = folder / f"{name}.yaml"
    path.write_text(f"name: came\nsource: camp{CAME}", encoding="utf-8")
    path_of_list = write(folder / name, "came.csv", HEAD, *lines)
    (report,) = intake(site, path_of_list.parent, str(path), by="t")
    return str(report.message)


def second(site: Site, folder: Path, confirmed: str = "") -> str:
    """All nine came, and five of them finished."""
    lines = [f"C1,{phone(n)},,{confirmed},2022-03-01,{'2022-03-10' if n <= 5 else ''},," for n in TEACHERS]
    return came(site, folder, *lines)


def province() -> Any:
    return scope(Actor(1, "o", "省", Role.OFFICE))


def counted(site: Site) -> tuple[int, ...]:
    """Of C1: places, sent, arrived, graduated, left."""
    (one,) = class_counts(site.registry, province(), Ask(), site.today)
    return one.places, one.sent, one.arrived, one.graduated, one.left


def owned(site: Site) -> dict[str, int]:
    """The telephones' accounts by whose they would be."""
    with site.registry.connect() as connection:
        rows = connection.execute(
            select(account.c.id, person.c.key)
            .join(link, link.c.account_id == account.c.id)
            .join(person, person.c.id == link.c.person_id)
            .where(account.c.kind == "phone")
        )
        return {row.key: row.id for row in rows}


def arrived(site: Site) -> Rate:
    return overview(site, province(), Ask(), site.today).people("arrived")


def nominated(site: Site) -> list[Trainee]:
    return [one for _, one in nominations(site.registry, province(), Ask())]


def take_back(site: Site, number: int) -> None:
    with site.registry.begin() as connection:
        row = connection.scalar(
            select(link.c.id).where(link.c.account_id == number, link.c.state == "active")
        )
        undo(connection, "link", row, by="admin", now=NOW)


def test_two_lists_of_the_same_nine_make_nine_seats_that_know_what_either_says(
    site: Site, tmp_path: Path
) -> None:
    people(site, tmp_path)
    sent(site, tmp_path)
    assert counted(site) == (9, 9, 0, 0, 0)
    assert second(site, tmp_path, "2022-02-03") == (
        "9 名学员在班里已经有另一个账号，并成一人，人数和各项率只计一次，其中 9 人两处说得不一样，以这份名单为准"
    )
    assert counted(site) == (9, 9, 9, 5, 0)
    (number,) = (one.training_class.id for one in class_counts(site.registry, province(), Ask(), site.today))
    listed = roster(site.registry, province(), number)
    assert [one.name for one in listed] == [f"某{n}" for n in TEACHERS]
    assert {(one.region, one.confirmed, one.checked_in) for one in listed} == {
        (COUNTY, date(2022, 2, 3), date(2022, 3, 1))
    }
    assert len(nominations(site.registry, province(), Ask())) == 9
    assert len(titles(site.registry, province(), number)) == 9
    assert len(study_trainees(site.registry, [number])) == 9
    assert set(class_accounts(site.registry, province(), number).values()) == {
        one.account_id for one in listed
    }
    assert region_fills(site.registry, province(), Ask(), site.today) == {COUNTY: Fill(9, 9, 9)}
    assert class_cells(site.registry, province(), number, site.today) == [(COUNTY, 9, 9)]
    tally = region_tallies(site.registry, province(), Ask(), site.today)[COUNTY]
    assert (tally.sent, tally.arrived, tally.graduated) == (9, 9, 5)
    assert arrived(site).shown is Shown.SMALL
    board = overview(site, province(), Ask(), site.today)
    assert (board.sent().n, board.sent().total) == (9, 9)


def test_who_is_not_known_yet_has_a_seat_that_joins_when_the_link_comes_and_parts_when_it_goes(
    site: Site, tmp_path: Path
) -> None:
    sent(site, tmp_path)
    write(tmp_path / "few", "people.csv", "编号,姓名,手机", *(f"T{n},某{n}," for n in TEACHERS))
    intake(site, tmp_path / "few", mapping(tmp_path, PEOPLE, name="hr"), by="t")
    assert "并成一人" not in second(site, tmp_path, "2022-02-01")
    assert counted(site) == (9, 18, 9, 5, 0), "the telephones may be anybody's"
    assert arrived(site).shown is Shown.YES
    people(site, tmp_path)  # the roster that knows the telephones
    assert counted(site) == (9, 9, 9, 5, 0)
    assert arrived(site).shown is Shown.SMALL, "nine are too few to be told, and eighteen were not"
    accounts = owned(site)
    take_back(site, accounts["T1"])
    assert counted(site) == (9, 10, 9, 5, 0)
    assert (arrived(site).n, arrived(site).total) == (9, 10)
    assert sorted(one.name for one in nominated(site) if one.person_id is None) == ["未识别（***0001）"]
    with site.registry.begin() as connection:
        owner = connection.scalar(select(person.c.id).where(person.c.key == "T1"))
        join_account(connection, accounts["T1"], owner, by="admin", now=NOW)
    assert counted(site) == (9, 9, 9, 5, 0)
    with site.registry.begin() as connection:
        other = connection.scalar(select(person.c.id).where(person.c.key == "T2"))
        row = join_persons(connection, other, owner, by="admin", now=NOW)
    assert counted(site) == (9, 8, 8, 4, 0), "two who were taken for one after all"
    with site.registry.begin() as connection:
        undo(connection, "alias", row.id, by="admin", now=NOW)
    assert counted(site) == (9, 9, 9, 5, 0)


def test_of_what_lists_say_differently_the_newer_holds_and_blank_says_nothing(
    site: Site, tmp_path: Path
) -> None:
    people(site, tmp_path)
    sent(site, tmp_path)
    came(
        site,
        tmp_path,
        f"C1,{phone(1)},410222,,2022-03-01,,2022-03-05,因病",
        f"C1,{phone(2)},,,2022-03-01,2022-03-10,,",
    )
    assert counted(site) == (9, 9, 2, 1, 1)
    # The list of before comes again with one more day, of two of its nine.
    write(
        tmp_path / "again", "sent.csv", "班,编号,县,确认",
        *(f"C1,T{n},{COUNTY},{'2022-02-09' if n == 2 else '2022-02-01'}" for n in (1, 2)),
    )  # fmt: skip
    intake(
        site,
        tmp_path / "again",
        mapping(tmp_path, CLASSES, name="reg"),
        by="t",
    )
    listed = {one.name: one for one in nominated(site)}
    assert (listed["某1"].region, listed["某1"].left, listed["某1"].reason) == (
        COUNTY,
        date(2022, 3, 5),
        "因病",
    )
    assert listed["某2"].confirmed == date(2022, 2, 9)
    assert listed["某2"].graduated == date(2022, 3, 10), "the newer list does not say anything of it"
    came(site, tmp_path, f"C1,{phone(1)},,,2022-03-02,2022-03-10,,", name="came2")
    listed = {one.name: one for one in nominated(site)}
    assert (listed["某1"].checked_in, listed["某1"].graduated, listed["某1"].left) == (
        date(2022, 3, 2),
        date(2022, 3, 10),
        None,
    ), "the row of a list is what its newest edition says"
    assert counted(site) == (9, 9, 2, 2, 0)


def test_what_was_done_under_either_account_is_the_seat_s(sqlite_site: Site, tmp_path: Path) -> None:
    site = sqlite_site
    people(site, tmp_path)
    sent(site, tmp_path)
    second(site, tmp_path)
    (one,) = class_counts(site.registry, province(), Ask(), site.today)
    number, accounts = one.training_class.id, class_accounts(site.registry, province(), one.training_class.id)
    assert len(accounts) == 18
    # Each of a person's two accounts signed in on three days; on one of them both did.
    days = [date(2022, 3, day) for day in range(1, 6)]
    rows = [
        record(n * 10 + day.day, account, Kind.ATTENDANCE, run=number, on=day)
        for n, (account, seated) in enumerate(sorted(accounts.items()))
        for day in (days[:3] if account == seated else days[2:])
    ]
    hand = Hand(site)
    hand.batches = 100  # beside those of the lists
    hand.batch(rows)
    span = (date(2022, 3, 1), date(2022, 3, 10), site.today)
    found = class_progress(site.pool, number, accounts, *span)
    assert [done.days for done in found.values()] == [5] * 9
    assert set(found) == {seated.account_id for seated in roster(site.registry, province(), number)}


def test_what_was_answered_under_one_account_stands_at_the_seat_of_both(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site = sqlite_site
    people(site, tmp_path)
    sent(site, tmp_path)
    second(site, tmp_path)
    (one,) = class_counts(site.registry, province(), Ask(), site.today)
    number = one.training_class.id
    host = scope(
        Actor(2, "h", "承训", Role.TRAINER, provider_id=one.training_class.provider_id), date(2022, 3, 5)
    )
    mine = next(s for s in roster(site.registry, host, number) if s.name == "某1")
    both = [a for a, s in class_accounts(site.registry, host, number).items() if s == mine.account_id]
    assert len(both) == 2
    for told, answer in zip(sorted(both), ("contacted", "leave"), strict=True):
        follow_up(site.registry, host, number, told, answer, NOW)
    kept = followups(site.registry, host, number)
    assert {seat: [f.answer for f in said] for seat, said in kept.items()} == {
        mine.account_id: ["leave", "contacted"]
    }
    take_back(site, owned(site)["T1"])
    kept = followups(site.registry, host, number)
    assert {seat: [f.answer for f in said] for seat, said in kept.items()} == {
        told: [answer] for told, answer in zip(sorted(both), ("contacted", "leave"), strict=True)
    }


def test_of_each_thing_the_newest_list_holds_that_says_it_whatever_else_comes_in_after(
    site: Site, tmp_path: Path
) -> None:
    people(site, tmp_path)
    sent(site, tmp_path)

    def seats() -> set[Any]:
        columns = (trainee.c.region, trainee.c.graduated, trainee.c.left, trainee.c.reason)
        with site.registry.connect() as connection:
            return {tuple(row) for row in connection.execute(select(*columns)) if row.graduated or row.left}

    done, gone = date(2022, 3, 10), date(2022, 3, 8)
    office(site, tmp_path, "graduated", "2022-03-10", name="done")
    assert seats() == {(COUNTY, done, None, "")}
    came(site, tmp_path, f"C1,{phone(1)},,,,,2022-03-08,缺勤过多")
    assert seats() == {(COUNTY, None, gone, "缺勤过多")}
    office(site, tmp_path, "region", "410222", name="county")
    assert seats() == {("410222", None, gone, "缺勤过多")}, "a list of counties says nothing of who finished"
    office(site, tmp_path, "graduated", "", name="blank")
    office(site, tmp_path, "graduated", "2022-03-12", name="again")
    assert seats() == {("410222", date(2022, 3, 12), None, "缺勤过多")}


def office(site: Site, folder: Path, thing: str, value: str, *, name: str) -> None:
    """One more list of the office, which says one thing of T1."""
    fields = (
        f'{{class: {{from: 班}}, account: {{from: 编号, kind: staff}}, {thing}: {{from: 值, default: ""}}}}'
    )
    stream = f"\n  - name: told\n    file: told.csv\n    target: trainee\n    fields: {fields}\n"
    path = write(folder / name, "told.csv", "班,编号,值", f"C1,T1,{value}")
    intake(site, path.parent, mapping(folder, stream, name="reg"), by="t")


# --- any lists, any links --------------------------------------------------------------------------------------

DAYS = [None, date(2022, 3, 1), date(2022, 3, 2)]
ROWS = st.fixed_dictionaries(
    {name: st.sampled_from(["", "甲", "乙"] if name in ("region", "reason") else DAYS) for name in SAID}
    | {column: st.sampled_from([None, 1, 2]) for column in HEARD.values()}
)
WORLD = st.fixed_dictionaries(
    {
        "rows": st.dictionaries(st.tuples(st.integers(1, 2), st.integers(11, 14)), ROWS, max_size=8),
        "moves": st.lists(st.tuples(st.integers(11, 14), st.sampled_from([None, 1, 2])), max_size=6),
    }
)


def seats_by_hand(rows: dict[tuple[int, int], dict[str, Any]], owner: dict[int, int | None]) -> set[Any]:
    """The seats of these rows, found one by one."""
    groups: dict[tuple[int, int], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for (class_id, number), row in rows.items():
        groups[class_id, owner[number] or number].append((number, row))
    found = set()
    for (class_id, _), listed in groups.items():
        values = {name: "" if name in ("region", "reason") else None for name in SAID}
        newest = {}
        for name, column in HEARD.items():
            saying = [(row[column] or 0, number, row[name]) for number, row in listed if row[name]]
            if saying:
                *newest[name], values[name] = max(saying, key=lambda one: one[:2])
        done, gone = newest.get("graduated"), newest.get("left")
        if done and gone and done != gone:
            values["left" if done > gone else "graduated"] = None
        found.add((class_id, min(n for n, _ in listed), *values.values()))
    return found


def enlist(connection: Connection, rows: dict[tuple[int, int], dict[str, Any]]) -> None:
    told = {"source": "s", "stream": "s", "target": "trainee", "file": "f", "content": "", "mapping": "m"}
    told |= {"state": "done", "by": "t", "started": NOW}
    connection.execute(insert(batch), [{**told, "id": n, "key": str(n)} for n in (1, 2)])
    connection.execute(
        insert(training_class), [{"id": n, "source": "s", "code": str(n), "name": "班"} for n in (1, 2)]
    )
    connection.execute(insert(person), [{"id": n, "key": str(n), "name": "某", "extra": {}} for n in (1, 2)])
    for n in range(11, 15):
        connection.execute(
            insert(account).values(id=n, source="s", kind="native", shown=str(n), digest=str(n))
        )
    for (class_id, number), row in rows.items():
        connection.execute(insert(enlisted).values(class_id=class_id, account_id=number, **row))


def follows(connection: Connection, world: dict[str, Any]) -> None:
    """After each move the seats are what they would be if they were made anew."""
    rows, owner = world["rows"], dict.fromkeys(range(11, 15))
    enlist(connection, rows)
    seat(connection, list(owner))
    assert made(connection) == seats_by_hand(rows, owner)
    for number, whose in world["moves"]:
        before, owner[number] = owner[number], whose
        connection.execute(update(account).where(account.c.id == number).values(person_id=whose))
        seat(connection, [number], [] if before is None else [before])
        assert made(connection) == seats_by_hand(rows, owner)


def made(connection: Connection) -> set[Any]:
    columns = (trainee.c.class_id, trainee.c.account_id, *(trainee.c[name] for name in SAID))
    return {tuple(row) for row in connection.execute(select(*columns))}


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=15, deadline=None)
@given(world=WORLD)
def test_seats_follow_from_the_lists_and_the_links_alone(memory: Engine, world: dict[str, Any]) -> None:
    with memory.connect() as connection:
        follows(connection, world)
        connection.rollback()


ALL = {
    key: dict(zip((*SAID, "batch_id"), row, strict=True)) | dict.fromkeys(HEARD.values(), row[-1])
    for key, row in {
        (1, 11): ("甲", DAYS[1], None, DAYS[1], None, "", 1),
        (1, 12): ("乙", None, DAYS[2], None, DAYS[2], "乙", 2),
        (1, 13): ("", DAYS[2], DAYS[1], None, None, "甲", None),
        (2, 13): ("", None, None, None, None, "", 2),
        (2, 14): ("", None, DAYS[2], None, None, "", 2),
    }.items()
}
ONE = {
    (1, 11, "乙", DAYS[1], DAYS[2], None, DAYS[2], "乙"),
    (2, 13, "", None, DAYS[2], None, None, ""),
}


def test_seats_are_the_same_on_either_database(site: Site) -> None:
    moves = [(11, 1), (12, 1), (13, 1), (14, 2), (14, 1), (12, None), (12, 1)]
    with site.registry.begin() as connection:
        follows(connection, {"rows": ALL, "moves": moves})
        assert made(connection) == ONE


def test_a_registry_of_before_gets_one_seat_for_one_person_and_its_rows_back_on_the_way_down(
    request: pytest.FixtureRequest, tmp_path: Path, registry_url: str
) -> None:
    engine = connect_registry(registry_url)
    with engine.begin() as connection:
        enlist(connection, ALL)
        connection.execute(update(account).where(account.c.id < 14).values(person_id=1))
        connection.execute(update(account).where(account.c.id == 14).values(person_id=1, source="n"))
        connection.execute(update(account).where(account.c.id == 12).values(source="n"))
        connection.execute(update(batch).where(batch.c.id == 2).values(source="n"))
        alembic.downgrade(migration.config(connection), "0010")
        rows = text("SELECT class_id, account_id, reason FROM trainee")
        before = {tuple(row) for row in connection.execute(rows)}
        assert before == {(*key, row["reason"]) for key, row in ALL.items()}
    migration.upgrade(engine)
    with engine.connect() as connection:
        # 13 and 11 are of one source, whose list is the older one; of what it says twice that of the greater number holds.
        assert made(connection) == {
            (1, 11, "乙", DAYS[2], DAYS[2], None, DAYS[2], "乙"),
            (2, 13, "", None, DAYS[2], None, None, ""),
        }
        said = {tuple(row) for row in connection.execute(select(enlisted.c.account_id, enlisted.c.batch_id))}
        assert said == {(11, 1), (12, 2), (13, 1), (14, 2)}
        seats = made(connection)
    with engine.begin() as connection:
        seat(connection, [11, 12, 13, 14])
        assert made(connection) == seats, "the revision and the program agree"
        connection.execute(delete(trainee))
    engine.dispose()

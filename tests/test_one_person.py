"""One person: accounts find their owner in any order, doubt waits for somebody, and everything can be taken back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert, select

from portrait.errors import InputError, NotFound
from portrait.identity import identify
from portrait.intake.door import intake
from portrait.match import Candidate, identity_rule, matches, stands_for
from portrait.reading import portrait_of
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.alias import unify
from portrait.store.decision import answer, join_account, join_persons, undo
from portrait.store.link import add_accounts, link_accounts
from portrait.store.schema import account, alias, batch, identifier, link, person, school
from tests.inbox import mapping, write

RULE = identity_rule()
NOW = datetime(2022, 11, 15, tzinfo=UTC)
SECRET = b"\x01" * 32
PHONE, OTHER = "13900001234", "13800005678"
ROSTER = """
  - name: schools
    file: schools*.csv
    optional: true
    target: school
    fields: {code: {from: 代码}, name: {from: 校名}, county: {from: 县}}
  - name: people
    file: people*.csv
    optional: true
    target: person
    fields:
      key: {from: 编号}
      name: {from: 姓名}
      birth_year: {from: 出生年, default: ""}
      school: {from: 学校, default: ""}
      idno: {from: 身份证号, default: ""}
      phone: {from: 手机, default: ""}
      mail: {from: 邮箱, default: ""}
"""
HEAD = "编号,姓名,出生年,学校,身份证号,手机,邮箱"
EVENTS = """
  - name: events
    file: events*.jsonl
    target: record
    key: [$.id]
    fields:
      account:
        - {from: $.mbox, kind: mail}
        - {from: $.sha1, kind: mbox_sha1sum}
        - {from: $.phone, kind: phone}
        - {from: [$.name, $.school, $.birth], kind: triple, skip_blank: true}
      name: {from: $.called, default: ""}
      course: {from: $.course, default: ""}
      course_source: {const: e}
      kind: {const: exam}
      time: {const: "2022-06-01"}
      score: {from: $.score, default: "80", max: 100}
"""


def roster(site: Site, folder: Path, *lines: str, name: str = "r") -> None:
    path = write(folder / name, "people.csv", HEAD, *lines)
    intake(site, path.parent, mapping(folder, ROSTER, name=name), by="t")


def schools(site: Site, folder: Path) -> None:
    path = write(
        folder / "schools", "schools.csv", "代码,校名,县", "S1,第一中学,410221", "S2,第二中学,410225"
    )
    intake(site, path.parent, mapping(folder, ROSTER, name="schools"), by="t")


def events(site: Site, folder: Path, *rows: dict[str, Any], name: str = "e") -> None:
    lines = [json.dumps({"id": f"{name}{n}", **row}, ensure_ascii=False) for n, row in enumerate(rows)]
    path = write(folder / name, "events.jsonl", *lines)
    intake(site, path.parent, mapping(folder, EVENTS, name=name), by="t")


def owners(site: Site) -> dict[str, str | None]:
    """What is shown of each account → the key of its person."""
    with site.registry.connect() as connection:
        rows = connection.execute(
            select(account.c.shown, person.c.key).outerjoin(person, person.c.id == account.c.person_id)
        ).all()
    return {row.shown: row.key for row in rows}


def asked(site: Site, state: str = "waiting") -> set[tuple[str, str, str]]:
    """What waits: shown of the account or key of the person, key of the other, reason."""
    other = person.alias()
    with site.registry.connect() as connection:
        links = connection.execute(
            select(account.c.shown, person.c.key, link.c.reason)
            .join(account, account.c.id == link.c.account_id)
            .join(person, person.c.id == link.c.person_id)
            .where(link.c.state == state)
        ).all()
        pairs = connection.execute(
            select(person.c.key, other.c.key, alias.c.reason)
            .select_from(alias)
            .join(person, person.c.id == alias.c.person_id)
            .join(other, other.c.id == alias.c.stands_id)
            .where(alias.c.state == state)
        ).all()
    return {(one[0], one[1], one[2]) for one in [*links, *pairs]}


def number(site: Site, table: Any, state: str = "waiting") -> int:
    with site.registry.connect() as connection:
        return connection.execute(select(table.c.id).where(table.c.state == state)).scalar_one()


# --- the rules -------------------------------------------------------------------------------------------------


def test_who_is_sure_and_alone_is_linked_and_all_doubt_waits() -> None:
    one, two = Candidate(1, 1, "phone"), Candidate(2, 2, "phone")
    assert [(m.person, m.state, m.reason) for m in matches([one], (), RULE)] == [(1, "active", "phone")]
    both = matches([one, two], (), RULE)
    assert [(m.person, m.state, m.reason) for m in both] == [
        (1, "waiting", "several"),
        (2, "waiting", "several"),
    ]
    # Two persons who are one human being are no doubt.
    assert [m.person for m in matches([one, replace(two, root=1)], (), RULE)] == [1]
    # After a no the other is still not linked unseen.
    assert [(m.person, m.state) for m in matches([one, two], {1}, RULE)] == [(2, "waiting")]
    assert matches([one], {1}, RULE) == []
    assert [m.state for m in matches([replace(one, reason="born")], (), RULE)] == ["waiting"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] != e[1]), max_size=9))
def test_who_stands_for_whom_does_not_depend_on_the_order(edges: list[tuple[int, int]]) -> None:
    rank = {n: n for n in range(7)}
    found = stands_for(edges, rank)
    assert found == stands_for(edges[::-1], rank)
    assert not set(found) & set(found.values()), "nobody stands for others and is stood for"
    for one, other in edges:
        assert found.get(one, one) == found.get(other, other)


# --- through the doors -----------------------------------------------------------------------------------------


def test_a_mailbox_that_a_platform_knows_by_its_sha1_is_its_owners(site: Site, tmp_path: Path) -> None:
    sums = [
        hashlib.sha1(f"mailto:{one}".encode()).hexdigest() for one in ("li.na@x.cn", "Li.Na@x.cn", "o@x.cn")
    ]
    events(site, tmp_path, *({"sha1": one} for one in sums))
    assert set(owners(site).values()) == {None}
    roster(site, tmp_path, "T1,李娜,,,,,Li.Na@X.cn")
    assert owners(site) == {
        f"***{sums[0][-4:]}": "T1",
        f"***{sums[1][-4:]}": "T1",
        f"***{sums[2][-4:]}": None,
    }
    assert {row[2] for row in asked(site, "active")} == {"mbox_sha1sum"}


def test_a_phone_under_another_name_waits_and_an_answer_settles_it(site: Site, tmp_path: Path) -> None:
    roster(site, tmp_path, f"T1,王芳,,,,{PHONE},")
    events(site, tmp_path, {"phone": PHONE, "called": "李刚"}, {"phone": OTHER, "called": "王 芳"})
    assert owners(site) == {"***1234": None, "***5678": None}
    with site.registry.connect() as connection:
        told = connection.execute(select(batch.c.message).where(batch.c.stream == "events")).scalar_one()
    assert "这个来源有 1 个账号拿不准是谁" in told
    assert asked(site) == {("***1234", "T1", "named")}
    with site.registry.begin() as connection:
        row = answer(connection, "link", number(site, link), "later", by="a", now=NOW, note="问问学校")
        assert (row.state, row.note) == ("waiting", "问问学校")
        answer(connection, "link", row.id, "same", by="a", now=NOW)
        with pytest.raises(InputError, match="已关联"):
            answer(connection, "link", row.id, "different", by="b", now=NOW)
        with pytest.raises(NotFound, match="99"):
            undo(connection, "link", 99, by="a", now=NOW)
    assert owners(site)["***1234"] == "T1"


@pytest.mark.parametrize("registry_url", ["postgresql"], indirect=True)
def test_lists_and_decisions_hold_the_links_before_any_account_or_person(site: Site, tmp_path: Path) -> None:
    """Else a list that holds an account waits for the links, and a decision that holds these for the account."""
    said: list[str] = []

    def note(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def first(what: str) -> int:
        return next(place for place, one in enumerate(said) if re.match(what, one))

    held, written = "LOCK TABLE link, alias", r'(INSERT INTO|UPDATE) "?(account|person)\b'
    event.listen(site.registry, "before_cursor_execute", note)
    for come in (
        lambda: roster(site, tmp_path, f"T1,张三,,,,{PHONE},"),
        lambda: events(site, tmp_path, {"phone": PHONE, "called": "李四"}),
        lambda: agree(site),
    ):
        said.clear()
        come()
        assert first(held) < first(written)
    event.remove(site.registry, "before_cursor_execute", note)


def agree(site: Site) -> None:
    waiting = number(site, link)
    with site.registry.begin() as connection:
        answer(connection, "link", waiting, "same", by="t", now=NOW)


def test_what_two_rosters_give_to_two_persons_decides_nothing_until_they_are_one(
    site: Site, tmp_path: Path
) -> None:
    roster(site, tmp_path, f"T1,王芳,,,,{PHONE},")
    events(site, tmp_path, {"phone": PHONE})
    assert owners(site) == {"***1234": "T1"}
    roster(site, tmp_path, f"T2,王芳,,,,{PHONE},", name="second")
    assert owners(site) == {"***1234": None}, "linked before the doubt came, and waits like after"
    assert asked(site) == {("***1234", "T1", "several"), ("***1234", "T2", "several"), ("T2", "T1", "shared")}
    pair = number(site, alias)
    with site.registry.begin() as connection:
        answer(connection, "alias", pair, "same", by="a", now=NOW)
    assert owners(site) == {"***1234": "T1"}
    assert asked(site) == set()
    with site.registry.begin() as connection:
        undo(connection, "alias", pair, by="a", now=NOW)
    assert owners(site) == {"***1234": None}
    assert asked(site) == {("***1234", "T1", "several"), ("***1234", "T2", "several"), ("T2", "T1", "shared")}


def test_one_identity_number_and_one_name_are_one_person_and_a_no_is_remembered(
    site: Site, tmp_path: Path
) -> None:
    number_ = "11010519491231002X"
    roster(site, tmp_path, f"T1,王芳,,,{number_},,a@x.cn")
    roster(site, tmp_path, "T2,王芳,,,110105491231002,,b@x.cn", name="second")
    roster(site, tmp_path, f"T3,李刚,,,{number_},,", name="third")
    assert asked(site) == {("T3", "T1", "shared_idno")}
    assert asked(site, "active") == {("T2", "T1", "same_idno")}
    events(site, tmp_path, {"mbox": "mailto:b@x.cn"})
    assert owners(site) == {"b***@x.cn": "T1"}, "the account is the second self's, the person the first"
    with site.registry.begin() as connection:
        undo(connection, "alias", number(site, alias, "active"), by="a", now=NOW)
        unify(connection, NOW)
    assert owners(site) == {"b***@x.cn": "T2"}
    assert asked(site, "active") == {("b***@x.cn", "T2", "mail")}


def test_a_sheet_without_numbers_finds_one_teacher_or_asks(site: Site, tmp_path: Path) -> None:
    schools(site, tmp_path)
    roster(
        site, tmp_path, "T1,王芳,1980,S1,,,", "T2,李刚,1975,S1,,,", "T3,李刚,1981,S1,,,", "T4,王芳,1980,S2,,,"
    )
    one = {"name": "王 芳", "school": "第一中学"}
    two = {"name": "李刚", "school": "S1"}
    events(
        site,
        tmp_path,
        {**one, "birth": "1980-05-06"},
        one,
        two,
        {**two, "birth": "1981"},
        {**two, "birth": "1990"},
    )
    assert owners(site) == {
        "王芳 · 第一中学 · 1980": "T1",
        "王芳 · 第一中学": None,
        "李刚 · S1": None,
        "李刚 · S1 · 1981": "T3",
        "李刚 · S1 · 1990": None,
    }
    assert asked(site) == {
        ("王芳 · 第一中学", "T1", "born"),
        ("李刚 · S1", "T2", "born"),
        ("李刚 · S1", "T3", "born"),
    }


# --- figures follow --------------------------------------------------------------------------------------------


def test_figures_appear_with_a_link_and_are_as_if_there_had_been_none_when_it_is_undone(
    site: Site, tmp_path: Path
) -> None:
    courses = "\n  - {name: c, file: c.csv, target: course, fields: {code: {from: 码}, title: {from: 名}}}\n"
    courses += "  - {name: a, file: a.csv, target: alignment, fields: {course: {from: 码}, indicator: {from: 标}, percent: {from: 占}}}\n"
    write(tmp_path / "c", "c.csv", "码,名", "K1,课")
    write(tmp_path / "c", "a.csv", "码,标,占", "K1,P2.1,100")
    intake(site, tmp_path / "c", mapping(tmp_path, courses, name="e"), by="t")
    roster(site, tmp_path, f"T1,王芳,,,,{PHONE},", *(f"A{n},某{n},,,,,a{n}@x.cn" for n in range(6)))
    mails = [{"mbox": f"a{n}@x.cn", "course": "K1", "score": 50 + 5 * n} for n in range(6)]
    mine = {"phone": PHONE, "course": "K1", "score": 90}
    unknown = {"phone": OTHER, "course": "K1", "score": 30}
    events(site, tmp_path, *mails, mine, unknown, unknown)
    events(site, tmp_path, *mails, mine, name="f")
    with site.registry.connect() as connection:
        teacher = connection.execute(select(person.c.id).where(person.c.key == "T1")).scalar_one()
        stranger = connection.execute(select(account.c.id).where(account.c.shown == "***5678")).scalar_one()
    refresh(site)
    before = portrait_of(site, teacher)
    with site.registry.begin() as connection:
        row = join_account(connection, stranger, teacher, by="a", now=NOW)
    assert refresh(site).portraits == "batch"
    there = portrait_of(site, teacher)
    assert there.estimates["P2.1"].n == before.estimates["P2.1"].n + 2
    assert there.estimates["P2.1"].level < before.estimates["P2.1"].level
    with site.registry.begin() as connection:
        with pytest.raises(InputError, match="要改请先撤销"):
            join_account(connection, stranger, teacher, by="a", now=NOW)
        undo(connection, "link", row.id, by="a", now=NOW)
    refresh(site)
    assert portrait_of(site, teacher) == before


# --- any order, and back again ---------------------------------------------------------------------------------

KEYS = ("T1", "T2", "p:3")
NAMES = ("王芳", "王芳", "李刚")
CLAIMS = st.sets(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([("phone", PHONE), ("mail", "a@x.cn"), ("idno", "11010519491231002X")]),
    ),
    max_size=5,
)
PROPERTY = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Little:
    """Three persons and three accounts in a transaction that is never kept."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def person(self, n: int, claims: set[tuple[int, tuple[str, str]]]) -> None:
        values = {"id": n + 1, "key": KEYS[n], "name": NAMES[n], "school_id": 1, "birth_year": 1980}
        self.connection.execute(insert(person).values(**values))
        for whose, (kind, text) in sorted(claims):
            if whose == n:
                one = identify("", kind, text, SECRET)
                row = {"kind": kind, "digest": one.digest, "hint": one.shown, "person_id": n + 1}
                self.connection.execute(insert(identifier).values(**row))
        link_accounts(self.connection, NOW)
        unify(self.connection, NOW)

    def account(self, n: int) -> None:
        kind, text = (("phone", PHONE), ("mail", "a@x.cn"), ("idno", "11010519491231002X"))[n]
        one = identify("s", kind, text, SECRET)
        add_accounts(self.connection, [(n + 11, "s", kind, one.shown, one.digest)])
        link_accounts(self.connection, NOW)

    def state(self) -> Any:
        """Everything that holds now, without history."""
        rows = self.connection.execute
        links = rows(
            select(link.c.account_id, link.c.person_id, link.c.reason, link.c.state, link.c.decided_by)
        )
        pairs = rows(select(alias.c.person_id, alias.c.stands_id, alias.c.reason, alias.c.state))
        return (
            sorted(tuple(row) for row in rows(select(account.c.id, account.c.person_id, account.c.reason))),
            sorted((row[0], row[1] or 0) for row in rows(select(person.c.id, person.c.stands_id))),
            sorted(tuple(row) for row in links if row.state in ("active", "waiting")),
            sorted(tuple(row) for row in pairs if row.state in ("active", "waiting")),
        )


@pytest.fixture
def connection(site: Site) -> Iterator[Connection]:
    with site.registry.connect() as opened:
        yield opened


def little(connection: Connection) -> Little:
    connection.rollback()
    connection.execute(insert(school).values(id=1, code="S1", name="第一中学", county="410221"))
    return Little(connection)


@PROPERTY
@given(
    claims=CLAIMS,
    order=st.permutations([("person", n) for n in range(3)] + [("account", n) for n in range(3)]),
)
def test_whatever_comes_first_the_links_end_the_same(
    connection: Connection, claims: set[tuple[int, tuple[str, str]]], order: list[tuple[str, int]]
) -> None:
    ends = []
    for steps in (sorted(order), order):
        world = little(connection)
        for what, n in steps:
            world.person(n, claims) if what == "person" else world.account(n)
        ends.append(world.state())
        world.account(0)
        unify(connection, NOW)
        assert world.state() == ends[-1], "running again changes nothing"
    assert ends[0] == ends[1]


@PROPERTY
@given(claims=CLAIMS, pair=st.permutations([1, 2, 3]), seat=st.integers(11, 13))
def test_to_link_or_merge_and_to_take_it_back_leaves_what_there_was(
    connection: Connection, claims: set[tuple[int, tuple[str, str]]], pair: list[int], seat: int
) -> None:
    world = little(connection)
    for n in range(3):
        world.person(n, claims)
        world.account(n)
    before = world.state()
    whose = {number: owner for number, owner, _ in before[0]}
    if whose[seat] is None:
        row = join_account(connection, seat, pair[0], by="a", now=NOW)
        roots = {one: root or one for one, root in before[1]}
        assert {n: o for n, o, _ in world.state()[0]}[seat] == roots[pair[0]]
        undo(connection, "link", row.id, by="a", now=NOW)
        assert world.state() == before
    roots = {one: root or one for one, root in before[1]}
    if roots[pair[0]] == roots[pair[1]]:
        with pytest.raises(InputError, match="已经是同一人"):
            join_persons(connection, pair[0], pair[1], by="a", now=NOW)
        return
    row = join_persons(connection, pair[0], pair[1], by="a", now=NOW)
    after = {one: root or one for one, root in world.state()[1]}
    assert after[pair[0]] == after[pair[1]]
    undo(connection, "alias", row.id, by="a", now=NOW)
    assert world.state() == before


# --- a name and nothing else -----------------------------------------------------------------------------------

NAMES = """
  - name: log
    file: log*.csv
    target: record
    key: [行]
    fields:
      account:
        first:
          - {from: 编号}
          - {from: 姓名, prefix: "name:"}
        kind: native
      kind: {const: view}
      time: {const: "2022-06-01"}
"""
OWNED = """
  - name: people
    file: people*.csv
    target: person
    fields: {key: {from: 编号}, name: {from: 姓名}, school: {from: 学校, default: ""}, account: {from: 账号, kind: native, default: ""}}
"""


def named(site: Site, folder: Path, *rows: str, name: str = "e") -> None:
    path = write(folder / name, "log.csv", "行,编号,姓名", *rows)
    intake(site, path.parent, mapping(folder, NAMES, name="lms"), by="t")


def test_an_account_that_is_only_a_name_waits_for_somebody_when_one_teacher_has_the_name(
    site: Site, tmp_path: Path
) -> None:
    schools(site, tmp_path)
    roster(site, tmp_path, "T1,王 芳,,S1,,,", "T2,李娜,,S1,,,", "T3,李娜,,S2,,,")
    named(site, tmp_path, "1,,王芳", "2,,李娜", "3,,赵敏", "4,王芳,")
    assert asked(site) == {("name:王芳", "T1", "called")}
    assert set(owners(site).values()) == {None}, "a name alone links nobody"
    roster(site, tmp_path, "T4,王芳,,S2,,,", "T5,赵敏,,S2,,,", name="r2")
    assert asked(site) == {("name:赵敏", "T5", "called")}, (
        "now two have the name, and the question has lapsed"
    )


def test_of_several_of_a_name_the_one_of_the_platforms_classes_or_schools_is_asked_about(
    site: Site, tmp_path: Path
) -> None:
    schools(site, tmp_path)
    roster(site, tmp_path, "T2,李娜,,S1,,,", "T3,李娜,,S2,,,", "T6,孙丽,,S1,,,", "T7,孙丽,,S1,,,")
    named(site, tmp_path, "1,,李娜", "2,u9,", "3,,孙丽")
    assert asked(site) == set()
    path = write(tmp_path / "own", "people.csv", "编号,姓名,学校,账号", "T9,周杰,S2,u9")
    intake(site, path.parent, mapping(tmp_path, OWNED, name="lms"), by="t")
    assert asked(site) == {("name:李娜", "T3", "called_here")}, (
        "the platform is known to have somebody of that school"
    )
    with site.registry.begin() as connection:
        answer(connection, "link", number(site, link), "same", by="admin", now=NOW)
    assert owners(site)["name:李娜"] == "T3"
    classes = """
  - name: classes
    file: classes.csv
    target: class
    fields: {code: {from: 代码}, name: {from: 名称}, level: {const: L1}, mode: {const: M1}, starts: {const: "2022-06-01"}, ends: {const: "2022-06-09"}}
  - name: trainees
    file: trainees.csv
    target: trainee
    fields: {class: {from: 班}, account: {from: 编号, kind: staff}}
"""
    write(tmp_path / "class", "classes.csv", "代码,名称", "C1,一班")
    write(tmp_path / "class", "trainees.csv", "班,编号", "C1,T7")
    intake(site, tmp_path / "class", mapping(tmp_path, classes, name="lms"), by="t")
    assert asked(site) == {("name:孙丽", "T7", "called_here")}, (
        "only one of the two is in a class of the platform"
    )

"""What the administrator's pages ask the registry, on both databases; and that nobody else's scope gets any of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portrait.errors import NotFound
from portrait.scope import Role, scope
from portrait.store.audit import add_audit, audit_names, audit_row, audit_rows
from portrait.store.batch import Counts, close_batch, open_batch
from portrait.store.quarantine import (
    Refused,
    decide,
    open_ids,
    quarantine_batches,
    quarantine_states,
    store_refused,
)
from portrait.store.reader import bound_name, count_readers, reader_of, readers
from portrait.store.user import locked, sign_in
from tests.readers import READERS, START, enlist, settle

AT = datetime(2022, 9, 1, tzinfo=UTC)


@pytest.fixture
def house(site):
    settle(site.registry)
    return site, {login: scope(actor) for login, actor in enlist(site.registry).items()}


@pytest.fixture
def connection(house):
    with house[0].registry.connect() as opened:
        yield opened


OTHERS = [login for login, (role, _) in READERS.items() if role is not Role.ADMIN]


def test_readers_are_found_by_login_name_code_and_role(house, connection):
    admin = house[1]["admin"]

    def found(**ask):
        return [one.login for one in readers(connection, admin, now=AT, **ask)]

    assert found() == sorted(READERS)
    assert found(text="TEACH") == ["teacher"]
    assert found(text="读者 office") == ["office", "office-a"]
    assert found(text="k2") == ["colleague"]
    assert found(text="410200") == []
    assert found(text="410202") == ["county"]
    assert found(text="_") == []
    assert found(role="bureau") == ["bureau", "county"]
    assert found(limit=2) == ["admin", "bureau"]
    assert count_readers(connection, admin) == len(READERS)
    assert count_readers(connection, admin, text="teach", role="school") == 0


def test_a_reader_says_what_binds_it_and_never_its_password(house, connection):
    admin = house[1]["admin"]
    found = {one.login: one for one in readers(connection, admin, now=AT)}
    bound = {login: (found[login].code, found[login].bound) for login in found}
    assert bound["teacher"] == ("k1", "甲教师本人")
    assert bound["trainer"] == ("p1", "本单位师范学院")
    assert bound["school"] == ("s1", "中原某小学")
    assert bound["county"] == ("410202", "")
    assert bound["office-a"] == ("OFFICE_A", "")
    assert bound["admin"] == ("", "")
    assert "argon2" not in str(found)


def test_locked_readers_say_for_how_long(house, connection):
    site, scopes = house
    for _ in range(5):
        sign_in(site.registry, "teacher", "wrong", "a", failures=5, minutes=15, now=START)
    later = START + timedelta(minutes=4)
    found = {one.login: one.locked for one in readers(connection, scopes["admin"], now=later)}
    assert (found["teacher"], found["colleague"]) == (11, 0)
    assert locked(connection, ["teacher", "nobody"], now=START + timedelta(minutes=16)) == {}


def test_one_reader_is_found_by_number_or_not_at_all(house, connection):
    admin = house[1]["admin"]
    number = house[1]["teacher"].actor.user_id
    assert reader_of(connection, admin, number, now=AT).login == "teacher"
    with pytest.raises(NotFound):
        reader_of(connection, admin, 10**6, now=AT)


def test_the_name_behind_an_id_is_told_with_the_school(house, connection):
    admin = house[1]["admin"]
    assert bound_name(connection, admin, Role.TEACHER, 1) == "甲教师本人 · 中原某小学"
    assert bound_name(connection, admin, Role.TRAINER, 2) == "别单位进修学校"
    assert bound_name(connection, admin, Role.SCHOOL, 2) == "龙亭某小学"
    assert bound_name(connection, admin, Role.TEACHER, 99) is None


def test_audit_rows_are_newest_first_and_filtered(house, connection):
    site, scopes = house
    for actor, action, outcome in (("a", "login", "ok"), ("b", "open", "refused"), ("a", "open", "ok")):
        add_audit(site.registry, now=AT, actor=actor, action=action, outcome=outcome)
    admin = scopes["admin"]

    def ids(**ask):
        return [row.id for row in audit_rows(connection, admin, **ask)]

    assert ids() == [3, 2, 1]
    assert ids(actor="a") == [3, 1]
    assert ids(action="open", outcome="refused") == [2]
    assert ids(before=3, limit=1) == [2]
    assert ids(actor="' or 1=1") == []
    assert audit_names(connection, admin) == (["a", "b"], ["login", "open"])
    assert audit_row(connection, admin, 2).actor == "b"
    with pytest.raises(NotFound):
        audit_row(connection, admin, 4)


@pytest.fixture
def quarantined_rows(house):
    """Two batches: rows 2 and 3 of the first (one given up), row 2 of the second."""
    site, _ = house
    for key, source, lines in (("a", "甲", (2, 3)), ("b", "乙", (2,))):
        number = open_batch(
            site.registry, key=key, now=AT, source=source, stream="s", target="person", file=f"{key}.csv",
            content="", inputs=[], mapping="m@1", by="t",
        ).id  # fmt: skip
        with site.registry.begin() as writing:
            refused = [Refused("", line, "姓名", f"c{line}", "x", {"姓名": ""}) for line in lines]
            store_refused(writing, number, refused)
            close_batch(writing, number, Counts(rows_read=len(lines), rows_quarantined=len(lines)), "", AT)
    with site.registry.begin() as writing:
        decide(writing, [open_ids(writing, house[1]["admin"])[0]], "dismissed", "t", AT)


def test_open_rows_states_and_batches_of_the_quarantine(house, connection, quarantined_rows):
    admin = house[1]["admin"]
    assert len(open_ids(connection, admin)) == 2
    assert len(open_ids(connection, admin, source="甲")) == 1
    assert len(open_ids(connection, admin, number=2, code="c2")) == 1
    assert open_ids(connection, admin, number=1, code="c2") == []
    assert quarantine_states(connection, admin) == {"dismissed": 1, "open": 2}
    assert quarantine_states(connection, admin, source="乙") == {"open": 1}
    assert quarantine_batches(connection, admin) == {2: "b.csv", 1: "a.csv"}
    assert quarantine_batches(connection, admin, source="甲") == {1: "a.csv"}


@pytest.mark.parametrize("login", OTHERS)
def test_no_other_scope_gets_any_of_it(house, connection, quarantined_rows, login):
    site, scopes = house
    add_audit(site.registry, now=AT, actor="a", action="login")
    theirs = scopes[login]
    assert readers(connection, theirs, now=AT) == []
    assert count_readers(connection, theirs) == 0
    assert bound_name(connection, theirs, Role.TEACHER, 1) is None
    assert audit_rows(connection, theirs) == []
    assert audit_names(connection, theirs) == ([], [])
    assert open_ids(connection, theirs) == []
    assert quarantine_states(connection, theirs) == {}
    assert quarantine_batches(connection, theirs) == {}
    for ask in (lambda: reader_of(connection, theirs, 1, now=AT), lambda: audit_row(connection, theirs, 1)):
        with pytest.raises(NotFound):
            ask()

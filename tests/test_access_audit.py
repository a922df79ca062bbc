"""The audit's chain: it grows in order under many writers and shows every change made behind its back."""

from datetime import UTC, datetime
from threading import Thread

import pytest
from sqlalchemy import delete, insert, select, update

from portrait.store.audit import add_audit, recent_audit, verify_audit, views_of
from portrait.store.registry import open_registry
from portrait.store.schema import audit, audit_head
from tests.readers import browser, enlist, settle

NOW = datetime(2022, 9, 1, 8, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def registry(registry_url):
    engine = open_registry(registry_url)
    yield engine
    engine.dispose()


@pytest.fixture
def chain(registry):
    for i in range(1, 6):
        add_audit(registry, now=NOW, actor="office", role="office", action="view", object=f"class:{i}")
    return registry


def change(engine, statement):
    with engine.begin() as connection:
        connection.execute(statement)


def test_an_untouched_chain_is_sound(chain):
    check = verify_audit(chain)
    assert (check.sound, check.rows, check.row) == (True, 5, None)


def test_an_empty_audit_is_sound(registry):
    assert verify_audit(registry).sound


def test_rows_longer_than_their_columns_are_cut_before_they_are_chained(registry):
    add_audit(registry, now=NOW, actor="长" * 99, action="a" * 99, object="o" * 999, reason="因" * 999)
    assert verify_audit(registry).sound


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actor", "someone"),
        ("outcome", "refused"),
        ("reason", "另有原因"),
        ("object", "class:9"),
        ("at", datetime(2022, 9, 1, tzinfo=UTC)),
    ],
)
def test_a_changed_row_shows(chain, name, value):
    change(chain, update(audit).where(audit.c.id == 3).values({name: value}))
    check = verify_audit(chain)
    assert (check.sound, check.row) == (False, 3)
    assert "第 3 行" in check.reason


def test_a_removed_row_shows(chain):
    change(chain, delete(audit).where(audit.c.id == 2))
    assert (verify_audit(chain).sound, verify_audit(chain).row) == (False, 2)


def test_rows_cut_off_the_end_show(chain):
    change(chain, delete(audit).where(audit.c.id > 3))
    check = verify_audit(chain)
    assert (check.sound, check.reason) == (False, "末尾少了 2 行")


def test_a_row_put_in_by_hand_shows(chain):
    with chain.begin() as connection:
        row = connection.execute(select(audit).where(audit.c.id == 5)).one()._asdict()
        connection.execute(insert(audit).values(**{**row, "id": 6}))
    assert not verify_audit(chain).sound


def test_an_audit_without_its_head_is_not_sound(chain):
    change(chain, delete(audit_head))
    assert not verify_audit(chain).sound


def test_many_writers_make_one_chain(registry):
    def write(name):
        for _ in range(10):
            add_audit(registry, now=NOW, actor=name, action="view")

    threads = [Thread(target=write, args=(f"w{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check = verify_audit(registry)
    assert (check.sound, check.rows) == (True, 40)


def test_rows_are_found_by_actor_action_and_object(chain):
    add_audit(chain, now=NOW, actor="trainer", action="export", object="class:1")
    assert [row.actor for row in recent_audit(chain, limit=1)] == ["trainer"]
    assert len(recent_audit(chain, action="view")) == 5
    assert len(recent_audit(chain, actor="trainer")) == 1
    assert [row.actor for row in views_of(chain, "class:1")] == ["trainer", "office"]


def test_asking_for_what_belongs_to_others_is_noted_once_with_the_address_and_the_reason(sqlite_site):
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "trainer")
    reader = browser(sqlite_site, "trainer")
    shown = reader.open("/trainer/classes", "?class=102&x=\0")
    (row,) = recent_audit(sqlite_site.registry)
    assert (row.actor, row.role, row.action, row.outcome) == ("trainer", "trainer", "open", "refused")
    assert row.object == "/trainer/classes?class=102&x="
    assert row.reason
    assert row.reason in shown
    reader.open("/office", "?unit=410100")
    assert [row.object for row in recent_audit(sqlite_site.registry)] == [
        "/office",
        "/trainer/classes?class=102&x=",
    ]
    reader.open("/trainer/classes", "?class=101")
    assert len(recent_audit(sqlite_site.registry)) == 2

"""A record counts once, in its newest version, unless somebody took it back: whatever comes in, in whatever order."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from portrait.errors import InputError, MappingError, NotFound
from portrait.explain import compliance_of
from portrait.hashing import key_number
from portrait.identity import account_id
from portrait.intake import door
from portrait.lake.coverage import learners
from portrait.lake.history import enrolled
from portrait.lake.progress import class_progress
from portrait.rebuild import rebuild
from portrait.record import OWN, RECORD_SCHEMA, Flag, Kind, Standing
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.audit import recent_audit
from portrait.store.ruling import Ruling, rule, rulings, rulings_on
from portrait.store.schema import account
from portrait.withdrawal import newest, restore, rule_on, withdraw
from tests.doomed import KILLED, Order, renewed, run
from tests.export import Export
from tests.hand import AT, Hand, cell_sums, record
from tests.inbox import ledger

MAP = """
name: log
source: p
streams:
  - name: log
    file: log*
    target: record
    key: [流水号]
    void: {column: 状态, in: [作废]}
    fields:
      account: {from: 账号, kind: native}
      course: {from: 课程}
      kind: {const: quiz}
      item: {from: 项目}
      time: {from: 时间}
      score: {from: 得分, max: 100}
      modified: {from: 修改}
"""
PLAIN = MAP.replace("      modified: {from: 修改}\n", "")
HEAD = "流水号,账号,课程,项目,时间,得分,修改,状态"
Row = tuple[int, int, int, int, bool]  # number, account, score, version, void


def line(row: Row) -> str:
    number, who, score, version, void = row
    return (
        f"{number},u{who},K1,测验{number},2022-0{1 + number % 3}-11 08:00,{score},"
        f"2022-05-{version:02} 09:00,{'作废' if void else ''}"
    )


def text(*rows: Row) -> str:
    return "\n".join([HEAD, *map(line, rows)]) + "\n"


def furnish(site: Site) -> None:
    """Two persons and a course that shows something."""
    hand = Hand(site)
    hand.person(1, 2)
    hand.course(key_number("course", "p", "K1"), P2_1=100)


def link(site: Site) -> None:
    with site.registry.begin() as connection:
        for n in range(3):
            connection.execute(
                update(account)
                .where(account.c.id == account_id("p", "native", f"u{n}"))
                .values(person_id=1 + n % 2)
            )


def figures(site: Site) -> dict[str, list[Any]]:
    """Everything that readers may see of records, and nothing of how it came in."""
    return {
        "records": site.pool.rows(
            "SELECT id, account, course, kind, epoch_us(time), item, score, value, flag, month FROM record ORDER BY ALL"
        ),
        "cells": cell_sums(site),
        "portraits": site.pool.rows(
            "SELECT person, node, state, level, low, high, n, weight, sources, last_month FROM snapshot s "
            "WHERE seq = (SELECT max(seq) FROM snapshot t WHERE t.person = s.person) AND node <> '' ORDER BY ALL"
        ),
    }


@pytest.fixture
def log(sqlite_site: Site, tmp_path: Path) -> Export:
    furnish(sqlite_site)
    return Export(sqlite_site, tmp_path / "in", MAP)


def scores(site: Site) -> list[tuple[str, float]]:
    return site.pool.rows("SELECT item, score FROM record ORDER BY item")


def key_of(site: Site, item: str) -> bytes:
    found: bytes = site.pool.rows("SELECT DISTINCT id FROM record WHERE item = ?", [item])[0][0]
    return found


def take(log: Export, *rows: Row) -> tuple[int, int, int, int]:
    log.put("log.csv", text(*rows))
    found = log.took()
    link(log.site)
    refresh(log.site)
    return found


# --- versions ------------------------------------------------------------------------------------------------------


def test_a_corrected_mark_takes_the_place_of_the_old_one_everywhere(log: Export) -> None:
    assert take(log, (1, 0, 40, 1, False), (2, 1, 90, 1, False)) == (2, 2, 0, 0)
    assert take(log, (1, 0, 80, 2, False), (2, 1, 90, 1, False)) == (2, 1, 1, 0)
    assert scores(log.site) == [("测验1", 80), ("测验2", 90)]
    (first, second) = cell_sums(log.site)
    assert (first[4], first[6]) == (1, 10_000 * 100 * 8_000) or (second[4], second[6]) == (
        1,
        10_000 * 100 * 8_000,
    )


def test_an_old_version_that_comes_late_changes_nothing(log: Export) -> None:
    take(log, (1, 0, 80, 2, False))
    before = figures(log.site)
    assert take(log, (1, 0, 40, 1, False)) == (1, 1, 0, 0)
    assert figures(log.site) == before


def test_without_a_word_of_the_source_the_last_import_counts_and_an_old_file_again_is_nothing_new(
    log: Export,
) -> None:
    log.map(PLAIN)
    take(log, (1, 0, 40, 1, False))
    take(log, (1, 0, 80, 1, False))
    assert scores(log.site) == [("测验1", 80)]
    assert take(log, (1, 0, 40, 1, False)) == (1, 0, 1, 0)
    assert scores(log.site) == [("测验1", 80)]
    take(log, (2, 0, 70, 1, False), (2, 0, 60, 1, False))
    assert scores(log.site) == [("测验1", 80), ("测验2", 60)]


def test_a_cell_spelled_otherwise_is_the_same_record(log: Export) -> None:
    take(log, (1, 0, 80, 1, False))
    log.put("log.csv", f"{HEAD}\n １ ,u0,K1,测 验 １,2022/2/11 8:00,80.0,2022/5/1 9:00,\n")
    assert log.took() == (1, 0, 1, 0)


def test_a_row_that_its_source_voids_counts_nowhere_until_it_is_valid_again(log: Export) -> None:
    take(log, (1, 0, 80, 1, False), (2, 0, 60, 1, False))
    take(log, (1, 0, 80, 2, True))
    assert scores(log.site) == [("测验2", 60)]
    take(log, (1, 0, 80, 3, False))
    assert scores(log.site) == [("测验1", 80), ("测验2", 60)]


def test_a_key_that_alone_says_what_a_record_is_may_change_its_owner(log: Export) -> None:
    log.map(MAP.replace("    key: [流水号]\n", "    key: [流水号]\n    identity: key\n"))
    take(log, (1, 0, 80, 1, False))
    take(log, (1, 1, 80, 2, False))
    (owner,) = log.site.pool.rows("SELECT account FROM record")
    assert owner == (account_id("p", "native", "u1"),)


@pytest.mark.parametrize(("series", "records"), [("", 1), ("    series: old\n", 2)])
def test_two_layouts_of_one_numbering_are_one_log_and_two_numberings_have_a_series(
    log: Export, series: str, records: int
) -> None:
    stream = MAP[MAP.index("  - name") :].replace("name: log\n    file: log*", "name: old\n    file: old*")
    log.map(MAP + stream.replace("    key:", f"{series}    key:"))
    log.put("log.csv", text((1, 0, 80, 1, False)))
    log.put("old.csv", text((1, 0, 70, 1, False)))
    log.take()
    refresh(log.site)
    assert len(scores(log.site)) == records


@pytest.mark.parametrize("word", ["void: {column: 状态, in: [作废]}", "identity: key", "series: a"])
def test_versions_need_a_key(log: Export, word: str) -> None:
    text = MAP.replace("    void: {column: 状态, in: [作废]}\n", "").replace(
        "      modified: {from: 修改}\n", ""
    )
    log.map(text.replace("    key: [流水号]\n", f"    {word}\n"))
    with pytest.raises(MappingError, match="要有 key"):
        log.take()


# --- withdrawn -----------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_leaves_every_figure_and_comes_back_when_restored(log: Export) -> None:
    take(log, (2, 0, 60, 1, False))
    without = figures(log.site)
    take(log, (1, 0, 80, 1, False))
    before = figures(log.site)
    withdraw(log.site, "p", "log", [" １ "], reason="平台声明作废", by="平台")
    refresh(log.site)
    assert figures(log.site) == without
    restore(log.site, "p", None, ["1"], reason="误报", by="平台")
    refresh(log.site)
    assert figures(log.site) == before


def test_a_record_that_comes_after_its_withdrawal_does_not_count(log: Export) -> None:
    withdraw(log.site, "p", None, ["1"], reason="先到的声明", by="平台")
    take(log, (1, 0, 80, 1, False), (2, 0, 60, 1, False))
    assert scores(log.site) == [("测验2", 60)]
    take(log, (1, 0, 85, 2, False))
    assert scores(log.site) == [("测验2", 60)]


def test_a_person_withdraws_one_record_with_a_reason(log: Export) -> None:
    take(log, (1, 0, 80, 1, False), (2, 0, 60, 1, False))
    (id,) = log.site.pool.rows("SELECT id FROM record WHERE item = '测验1'")[0]
    with pytest.raises(InputError, match="理由"):
        rule_on(log.site, "void", [id], reason=" ", by="某人")
    with pytest.raises(NotFound):
        rule_on(log.site, "void", [b"\0" * 16], reason="不在", by="某人")
    with pytest.raises(InputError, match="没有被撤回"):
        rule_on(log.site, "restore", [id], reason="不在", by="某人")
    rule_on(log.site, "void", [id], reason="登错了人", by="某人")
    refresh(log.site)
    assert scores(log.site) == [("测验2", 60)]
    assert newest(log.site, [id])[0].state is Standing.WITHDRAWN
    rule_on(log.site, "restore", [id], reason="没有登错", by="某人")
    refresh(log.site)
    assert len(scores(log.site)) == 2


def test_the_newest_word_about_each_record_and_key_holds(site: Site) -> None:
    one, two = b"1" * 16, b"2" * 16
    said = [
        ("void", one, None), ("void", two, None), ("clear", one, None), ("restore", one, None), ("refuse", one, None),
        ("void", None, 7), ("void", None, 8), ("restore", None, 8), ("clear", two, None), ("reopen", two, None),
    ]  # fmt: skip
    with site.registry.begin() as connection:
        rule(connection, (Ruling(word, "", id, key, "理由", "某人", AT, 2) for word, id, key in said))
    found = rulings(site.registry)
    assert (found.void_records, found.void_keys) == ({two}, {7})
    assert found.decided == {one: ("refuse", 2)}
    assert (found.records, found.keys) == ({one, two}, {7, 8})
    with site.registry.begin() as connection:
        assert [word.said for word in rulings_on(connection, [one], [8])] == [
            "void", "clear", "restore", "refuse", "void", "restore",
        ]  # fmt: skip
        rule(connection, [Ruling("restore", "", None, 7, "理由", "某人", AT)])
    assert rulings(site.registry).digest != found.digest


def test_the_command_takes_back_shows_and_restores(
    log: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(log, (1, 0, 80, 1, False), (2, 0, 60, 1, False))
    (id,) = log.site.pool.rows("SELECT id FROM record WHERE item = '测验1'")[0]
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", log.site.registry.url.render_as_string(hide_password=False))
    home = ("--home", log.site.settings.home)
    assert command("record", "void", id.hex(), "--reason", "登错了人", *home).code == 0
    assert command("record", "void", "--source", "p", "--key", "2", "--reason", "作废", *home).code == 0
    refresh(log.site)
    assert scores(log.site) == []
    shown = command("record", "show", id.hex(), "--json", *home).json
    assert (shown["found"][0]["state"], shown["said"][0]["reason"]) == (int(Standing.WITHDRAWN), "登错了人")
    assert "已撤回" in command("record", "show", id.hex(), *home).out
    assert command("record", "restore", "--source", "p", "--key", "2", "--reason", "误报", *home).code == 0
    refresh(log.site)
    assert scores(log.site) == [("测验2", 60)]
    assert command("record", "doubtful", "--json", *home).json == []
    assert command("record", "void", "--key", "2", "--reason", "作废", *home).code == 2
    assert command("record", "show", "00" * 16, *home).code == 4
    assert {row.action for row in recent_audit(log.site.registry)} >= {"record.void", "record.restore"}


def crowded(site: Site) -> Hand:
    """Forty persons with marks on two platforms, enough to learn from; one of the first's was given impossibly fast."""
    hand, fast = Hand(site), {1: Flag.SPEED}
    hand.person(*range(1, 41))
    hand.course(7, P2_1=100)
    for number in range(1, 41):
        hand.account(number, number)
        hand.account(40 + number, number, "乙")
    hand.batch(
        record(n, (n - 1) % 80 + 1, Kind.EXAM, n * 7 % 41 / 41, flag=fast.get(n, Flag(0)))
        for n in range(1, 241)
    )
    refresh(site)
    return hand


@pytest.mark.parametrize(
    ("number", "said", "undone", "flag"),
    [(2, "void", "restore", 0), (1, "clear", "reopen", int(Flag.SPEED)), (2, "refuse", "reopen", int(Flag.SPEED))],
)  # fmt: skip
def test_what_ceases_to_count_leaves_the_figures_of_everybody_else_too(
    sqlite_site: Site, number: int, said: str, undone: str, flag: int
) -> None:
    crowded(sqlite_site)
    before = figures(sqlite_site)
    id = number.to_bytes(16, "big")
    for word in (said, undone):
        with sqlite_site.registry.begin() as connection:
            rule(connection, [Ruling(word, "", id, None, "理由", "某人", AT, flag)])
        assert refresh(sqlite_site).portraits == "full"
        after = figures(sqlite_site)
        refresh(sqlite_site, full=True)
        assert figures(sqlite_site) == after
        others = [[row for row in one["portraits"] if row[0] != number] for one in (before, after)]
        assert (others[0] == others[1]) == (word == undone), "who else there is is judged by what counts"
    assert after == before


def test_what_only_comes_shows_nothing_or_is_nobodys_evidence_touches_few(sqlite_site: Site) -> None:
    hand = crowded(sqlite_site)
    hand.batch([record(350, 3, Kind.EXAM, 0.9), record(351, 4, Kind.VIEW)])
    report = refresh(sqlite_site)
    assert (report.portraits, report.persons) == ("batch", 2)
    with sqlite_site.registry.begin() as connection:
        rule(connection, [Ruling("void", "", (351).to_bytes(16, "big"), None, "理由", "某人", AT)])
    report = refresh(sqlite_site)
    assert (report.portraits, report.persons) == ("batch", 1)


def test_a_corrected_mark_leaves_the_figures_of_everybody_else_too(log: Export) -> None:
    hand, course = Hand(log.site), key_number("course", "p", "K1")
    hand.person(*range(3, 41))
    for n in range(1, 41):
        hand.account(n, n, "乙")
    hand.batch([record(n, n, Kind.EXAM, n * 5 % 41 / 41, course=course) for n in range(1, 41)])
    log.put("log.csv", text(*((n, n % 40, n * 7 % 41 * 2, 1, False) for n in range(120))))
    log.take()
    with log.site.registry.begin() as connection:
        for n in range(40):
            own = account.c.id == account_id("p", "native", f"u{n}")
            connection.execute(update(account).where(own).values(person_id=n + 1))
    refresh(log.site)
    before = figures(log.site)
    log.put("log.csv", text((5, 5, 3, 2, False)))
    assert log.took() == (1, 1, 0, 0)
    refresh(log.site)
    after = figures(log.site)
    assert after["portraits"] != before["portraits"]
    refresh(log.site, full=True)
    assert figures(log.site) == after


# --- any order -----------------------------------------------------------------------------------------------------


@contextmanager
def fresh(template: Path) -> Iterator[Export]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, f"{folder}/registry.sqlite")
        url = f"sqlite:///{folder}/registry.sqlite"
        site = open_site(load_settings(Path(folder) / "home", database_url=url, today=date(2022, 11, 15)))
        furnish(site)
        yield Export(site, Path(folder) / "in", MAP)
        site.registry.dispose()


@pytest.mark.slow
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_rows_in_any_files_and_order_with_corrections_and_voids_give_the_same_figures(
    tables: Path, seed: int
) -> None:
    dice = random.Random(seed)
    rows: list[Row] = [
        (number, number % 3, dice.randrange(40, 100), version, dice.random() < 0.2)
        for number in range(1, 9)
        for version in range(1, 1 + dice.randrange(1, 4))
    ]
    voided = [str(number) for number in range(1, 9) if dice.random() < 0.2]
    with fresh(tables) as ordered, fresh(tables) as mixed:
        take(ordered, *rows)
        withdraw(ordered.site, "p", None, voided, reason="声明", by="平台")
        refresh(ordered.site)
        pieces = [[row for row in rows if dice.random() < 0.4] for _ in range(3)]
        pieces.append([row for row in rows if not any(row in piece for piece in pieces)])
        pieces += dice.sample(pieces, 1)
        dice.shuffle(pieces)
        when = dice.randrange(len(pieces))
        for number, piece in enumerate(pieces):
            if number == when:
                withdraw(mixed.site, "p", None, voided, reason="声明", by="平台")
            dice.shuffle(piece)
            mixed.put("log.csv", text(*piece))
            mixed.take()
            link(mixed.site)
            if dice.random() < 0.4:
                refresh(mixed.site)
        refresh(mixed.site)
        assert figures(mixed.site) == figures(ordered.site)
        refresh(mixed.site, full=True)
        assert figures(mixed.site) == figures(ordered.site)
        rebuild(mixed.site)
        assert figures(mixed.site) == figures(ordered.site)


def test_a_failed_batch_is_seen_by_nobody_and_hides_nothing_from_the_next(
    log: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise InputError("坏了")

    log.put("log.csv", text((1, 0, 80, 1, False)))
    with monkeypatch.context() as patch:
        patch.setattr("portrait.intake.door.landing", fail)
        with pytest.raises(InputError):
            log.take()
    assert scores(log.site) == []
    assert take(log, (1, 0, 80, 1, False), (2, 0, 60, 1, False)) == (2, 2, 0, 0)
    assert scores(log.site) == [("测验1", 80), ("测验2", 60)]
    log.put("log.csv", text((1, 0, 80, 1, False)))
    log.take()
    refresh(log.site)
    assert scores(log.site) == [("测验1", 80), ("测验2", 60)]


# --- killed --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corrected(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Any]]]:
    """A home in which a correction has been withdrawn and more has come, not refreshed yet; and what it should come to."""
    folder = tmp_path_factory.mktemp("corrected")
    with fresh(tables) as log:
        take(log, (1, 0, 40, 1, False), (2, 1, 90, 1, False), (3, 2, 70, 1, False))
        withdraw(log.site, "p", None, ["3"], reason="声明", by="平台")
        log.put("log.csv", text((1, 0, 80, 2, False), (2, 1, 90, 2, True), (4, 0, 60, 1, False)))
        shutil.copytree(log.folder.parent, folder / "before")
        log.take()
        shutil.copytree(log.folder.parent, folder / "taken")
        refresh(log.site)
        return folder, figures(log.site)


def _order(folder: Path, here: Path, point: str, nth: int) -> Order:
    shutil.copytree(folder, here)
    return Order(
        here / "home", f"sqlite:///{here / 'registry.sqlite'}", date(2022, 11, 15), here / "in", here / "in.yaml",
        point=point, nth=nth,
    )  # fmt: skip


@pytest.mark.parametrize(("point", "nth"), [("before", 1), ("after", 1), ("after", 2), ("before", 3)])
def test_a_refresh_killed_at_any_commit_ends_as_if_it_had_not_been(
    corrected: tuple[Path, dict[str, list[Any]]], tmp_path: Path, point: str, nth: int
) -> None:
    folder, whole = corrected
    order = _order(folder / "taken", tmp_path / "here", point, nth)
    assert renewed(order) == KILLED
    site = order.site
    refresh(site)
    assert figures(site) == whole
    site.registry.dispose()


@pytest.mark.parametrize("point", ["before a commit", "after a commit", "inside the closing of the ledger"])
def test_a_correction_killed_on_its_way_in_comes_in_once(
    corrected: tuple[Path, dict[str, list[Any]]], tmp_path: Path, point: str
) -> None:
    folder, whole = corrected
    order = _order(folder / "before", tmp_path / "here", point, 1)
    assert run(order) == KILLED
    site = order.site
    refresh(site)
    assert scores(site) == [("测验1", 40), ("测验2", 90)], "of what is half in nobody sees a row"
    assert run(replace(order, point="")) == 0
    refresh(site)
    assert figures(site) == whole
    site.registry.dispose()


def test_a_batch_finished_after_another_brought_its_rows_waits_until_the_two_are_compared(
    log: Export, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    early = log.put("log_1.csv", text(*((n, n % 3, 50 + n, 1, False) for n in range(1, 7))))
    late = log.put("log_2.csv", text(*((n, n % 3, 60 + n, 1 + n % 2, False) for n in range(4, 10))))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(door, "close_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            log.take(early)
    refresh(log.site)
    log.take(late)
    link(log.site)
    refresh(log.site)
    alone = scores(log.site)
    assert len(alone) == 6, "of what is half in nobody sees a row"
    log.take(early)
    with closing(log.site.engine()) as engine:
        assert engine.execute("SELECT item, score FROM record ORDER BY item").fetchall() == alone
    assert scores(log.site) == alone, "nothing counts twice before the two are compared"
    assert [one.batch for one in newest(log.site, [key_of(log.site, "测验5")])] == [2]
    link(log.site)
    refresh(log.site)
    assert len(scores(log.site)) == 9
    other = Export(open_site(load_settings(tmp_path / "once", today=log.site.today)), tmp_path / "in2", MAP)
    furnish(other.site)
    for file in (early, late):
        shutil.copy(file, other.folder)
    other.take()
    link(other.site)
    refresh(other.site)
    assert figures(log.site) == figures(other.site)
    other.site.registry.dispose()


# --- older lakes ---------------------------------------------------------------------------------------------------


def test_a_lake_of_before_opens_and_takes_new_records_and_versions(log: Export) -> None:
    """Records without the newer columns read as having one version; the first import gives the table its columns."""
    take(log, (1, 0, 40, 1, False), (2, 1, 90, 1, False))
    lake, before = log.site.lake, figures(log.site)
    old = DeltaTable(str(lake.path("record"))).to_pyarrow_table(columns=RECORD_SCHEMA.names[:OWN])
    for name in ("record", "verdict"):
        shutil.rmtree(lake.path(name))
    came = CommitProperties(app_transactions=[Transaction(f"{ledger(log.site)[0].key}:0/1", 1)])
    write_deltalake(str(lake.path("record")), old, partition_by=["month", "bucket"], commit_properties=came)
    assert lake.lacking("record") == set(RECORD_SCHEMA.names[OWN:])
    url = log.site.registry.url.render_as_string(hide_password=False)
    log.site = open_site(load_settings(log.site.settings.home, database_url=url, today=date(2022, 11, 15)))
    refresh(log.site)
    assert figures(log.site) == before
    assert take(log, (1, 0, 80, 2, False), (3, 0, 70, 1, False)) == (2, 2, 0, 0)
    assert scores(log.site) == [("测验1", 80), ("测验2", 90), ("测验3", 70)]
    assert not lake.lacking("record")
    log.site.registry.dispose()


def test_hours_class_progress_courses_taken_and_learners_follow_too(sqlite_site: Site) -> None:
    hand, day = Hand(sqlite_site), date(2022, 11, 1)
    hand.person(1)
    hand.account(1, 1)
    hand.course(7)
    hand.training_class(5, 7)
    rows = [
        record(1, 1, Kind.ENROL, course=7),
        record(2, 1, Kind.COMPLETE, course=7, credit=1000),
        record(3, 1, Kind.ATTENDANCE, run=5),
        record(4, 1, Kind.ASSIGNMENT, 0.8, run=5, item="作业"),
    ]
    hand.batch(rows)
    refresh(sqlite_site)

    def seen() -> tuple[Any, ...]:
        pool = sqlite_site.pool
        progress = class_progress(pool, 5, {1: 1}, day, day, sqlite_site.today).get(1)
        return (
            enrolled(pool).of([1]),
            progress and (progress.days, progress.tasks),
            compliance_of(sqlite_site, 1).hours.value,
            sum(learners(pool, date(2022, 1, 1), sqlite_site.today).values()),
        )

    assert seen() == ([7], (1, 1), 10, 1)
    ids = [row["id"] for row in rows]
    rule_on(sqlite_site, "void", ids, reason="整批登错", by="某人")
    refresh(sqlite_site)
    assert seen() == ([], None, 0, 0)
    rule_on(sqlite_site, "restore", ids, reason="没有登错", by="某人")
    refresh(sqlite_site)
    assert seen() == ([7], (1, 1), 10, 1)

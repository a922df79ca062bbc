"""What a person says of records: taken back before it is in force, said twice, said of what is not there yet, and told as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portrait.doubtful import decide, doubts
from portrait.errors import InputError
from portrait.key import absent, key_shapes
from portrait.record import Flag, Kind
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store.claim import claims
from portrait.store.schema import training_class
from portrait.withdrawal import awaited, newest, restore, rule_on, withdraw, words_of
from tests.export import Export
from tests.hand import Hand, record
from tests.readers import account_of, enlist, settle
from tests.test_withdrawal import MAP, PLAIN, furnish, take

ADMIN = scope(Actor(1, "admin", "管理员", Role.ADMIN))
FAST, KNOWN, STRANGER = ((n).to_bytes(16, "big") for n in (1, 2, 3))


@pytest.fixture
def hand(sqlite_site: Site) -> Hand:
    """A doubtful and a sound mark of person 1, and a doubtful one of nobody known."""
    found = Hand(sqlite_site)
    found.person(1)
    found.account(1, 1)
    found.account(2, None)
    found.course(7, P2_1=100)
    found.batch(
        [
            record(1, 1, Kind.QUIZ, 0.9, flag=Flag.SPEED, seconds=12),
            record(2, 1, Kind.QUIZ, 0.5),
            record(3, 2, Kind.QUIZ, 0.7, flag=Flag.SPEED),
        ]
    )
    refresh(sqlite_site)
    return found


def pending(site: Site, id: bytes = FAST) -> list[str]:
    (one,) = newest(site, [id])
    return awaited(one, words_of(site, [one])[id])


def scored(site: Site) -> list[int]:
    return [row[0] for row in site.pool.rows("SELECT line FROM record WHERE flag & 2 = 0 ORDER BY line")]


@pytest.mark.parametrize(
    ("words", "waits", "counted"),
    [
        (["void", "restore", "void"], ["void"], [2]),
        (["clear", "reopen", "refuse"], ["refuse"], [2]),
        (["refuse", "clear"], ["clear"], [1, 2]),
        (["clear", "void"], ["void", "clear"], [2]),
        (["clear", "", "reopen"], ["reopen"], [2]),
        (["refuse", "", "clear"], ["clear"], [1, 2]),
        (["void", "", "restore", "clear"], ["restore", "clear"], [1, 2]),
    ],
)
def test_the_last_word_holds_and_what_waits_for_the_refresh_is_told(
    hand: Hand, words: list[str], waits: list[str], counted: list[int]
) -> None:
    for word in words:  # "" is a refresh
        if word:
            rule_on(hand.site, word, [FAST], reason="核对过", by="某人")
            with pytest.raises(InputError, match=r"没有新的|没有被撤回|还没有人认可"):
                rule_on(hand.site, word, [FAST], reason="再说一遍", by="某人")
        else:
            refresh(hand.site)
    assert pending(hand.site) == waits
    refresh(hand.site)
    assert (pending(hand.site), scored(hand.site)) == ([], counted)


def test_a_record_of_an_unknown_person_is_there_also_when_nothing_can_be_decided_on_it(hand: Hand) -> None:
    with pytest.raises(InputError, match="还没有人认可"):
        decide(hand.site, ADMIN, "reopen", [STRANGER], reason="再看", by="某人")
    decide(hand.site, ADMIN, "clear", [STRANGER], reason="认得", by="某人")
    decide(hand.site, ADMIN, "reopen", [STRANGER], reason="再看", by="某人")
    rule_on(hand.site, "void", [STRANGER], reason="登错了", by="某人")
    refresh(hand.site)
    with pytest.raises(InputError, match="已经撤回，要先恢复"):
        decide(hand.site, ADMIN, "reopen", [STRANGER], reason="再看", by="某人")


def test_a_doubt_that_was_seen_as_the_record_came_in_has_its_number_too(hand: Hand) -> None:
    late = hand.batch([record(4, 1, Kind.VIEW, on=date(2022, 11, 18), flag=Flag.FUTURE)])
    with hand.site.registry.begin() as connection:
        connection.exec_driver_sql(f"UPDATE batch SET arrived = '2022-11-15' WHERE id = {late}")
    found = {row.record: row.numbers for row in doubts(hand.site, ADMIN)}
    assert found[(4).to_bytes(16, "big")] == {"future": {"days": 3}}
    assert found[FAST] == {"speed": {"seconds": 12}}


# --- by the source's own keys --------------------------------------------------------------------------------


@pytest.fixture
def log(sqlite_site: Site, tmp_path: Path) -> Export:
    furnish(sqlite_site)
    return Export(sqlite_site, tmp_path / "in", MAP)


def test_keys_are_new_said_before_or_of_no_record_yet(log: Export) -> None:
    take(log, (1, 0, 80, 1, False))
    first = withdraw(log.site, "p", None, ["1", "无此号"], reason="作废", by="平台")
    assert (len(first.new), first.before, absent(log.site, first.new)) == (2, 0, [1])
    again = withdraw(log.site, "p", None, ["1", "9"], reason="作废", by="平台")
    assert (len(again.new), again.before) == (1, 1)
    back = restore(log.site, "p", None, ["1", "5"], reason="误报", by="平台")
    assert (len(back.new), back.before) == (1, 1)
    refresh(log.site)
    assert len(log.site.pool.rows("SELECT id FROM record")) == 1


def test_a_source_that_nobody_knows_or_that_has_no_keys_is_told(log: Export) -> None:
    take(log, (1, 0, 80, 1, False))
    assert key_shapes(log.site, "p", None) == []  # its mapping lies somewhere else
    assert "评分单号" in key_shapes(log.site, "offline", None)
    with pytest.raises(InputError, match=r"没有来源“q”，可选：.*、oulad、p、"):
        key_shapes(log.site, "q", None)
    folder = log.site.settings.home / "mapping"
    folder.mkdir(exist_ok=True)
    (folder / "bare.yaml").write_text(
        PLAIN.replace("source: p", "source: bare").replace("    key: [流水号]\n    void: {column: 状态, in: [作废]}\n", ""),
        encoding="utf-8",
    )  # fmt: skip
    with pytest.raises(InputError, match="没有自己的记录号"):
        key_shapes(log.site, "bare", None)


def test_the_command_says_what_a_withdrawal_met_and_what_waits(
    log: Export, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(log, (1, 0, 80, 1, False))
    (id,) = log.site.pool.rows("SELECT id FROM record")[0]
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", log.site.registry.url.render_as_string(hide_password=False))
    home = ("--reason", "作废", "--home", log.site.settings.home)

    def void(*said: str, word: str = "void") -> str:
        return str(command("record", word, *said, *home).out)

    assert void("--source", "p", "--key", "77") == "1 个记录号还没有记录：撤回等着，记录到了也不计\n"
    assert void("--source", "p", "--key", "77", "--key", "1") == (
        "撤回 1 条；portrait refresh 以后生效\n1 个记录号早已撤回，没有新的\n"
    )
    unknown = command("record", "void", "--source", "无", "--key", "1", *home)
    assert (unknown.code, "没有来源“无”，可选：" in unknown.err) == (3, True)
    show = ("record", "show", id.hex(), *home[2:])
    assert "还没有生效：撤回；portrait refresh 以后生效" in command(*show).out
    assert command(*show, "--json").json["pending"] == ["void"]
    assert void(id.hex()) == ""
    assert void(id.hex(), word="restore") == "恢复 1 条；portrait refresh 以后生效\n"
    assert command(*show, "--json").json["pending"] == []


# --- what waits to be confirmed ------------------------------------------------------------------------------


def test_the_command_lists_confirms_and_returns_what_came_in_unconfirmed(
    sqlite_site: Site, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "trainer")
    away = Flag.OFFSITE | Flag.FACE
    sheet = [
        record(n, account_of(1), Kind.ATTENDANCE, course=0, run=101, item="某师范学院", on=date(2022, 7, n), flag=flag)
        for n, flag in ((1, away), (2, away), (3, away | Flag.VERIFIED))
    ]  # fmt: skip
    Hand(sqlite_site).batch(sheet)
    refresh(sqlite_site)
    url = sqlite_site.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    home = ("--home", sqlite_site.settings.home)
    listed = command("proof", "list", *home).out
    assert all(word in listed for word in (FAST.hex(), KNOWN.hex(), "骨干班壹零壹", "某师范学院", "待确认"))
    assert STRANGER.hex() not in listed
    assert "申报和记录 2 条" in listed
    assert "只列出 1 条，还有更多" in command("proof", "list", "--limit", 1, *home).out
    rows = command("proof", "list", "--json", *home).json
    assert [(row["record"], row["class"], row["state"]) for row in rows] == [
        (KNOWN.hex(), "骨干班壹零壹", "submitted"),
        (FAST.hex(), "骨干班壹零壹", "submitted"),
    ]
    assert "还没有人确认" in command("record", "show", FAST.hex(), *home).out
    assert (
        "文件里写明已经核验，由接入第 1 号批次的 t 负责"
        in command("record", "show", STRANGER.hex(), *home).out
    )
    assert "已确认 1 条" in command("proof", "confirm", FAST.hex(), *home).out
    assert command("proof", "confirm", FAST.hex(), *home).code == 3
    assert command("proof", "confirm", STRANGER.hex(), *home).code == 4
    assert command("proof", "confirm", "甲", *home).code == 3
    assert "还没有生效：确认" in command("record", "show", FAST.hex(), *home).out
    assert command("proof", "return", KNOWN.hex(), FAST.hex(), "--reason", "代签", *home).code == 0
    assert command("proof", "list", "--json", *home).json == []
    assert {(one.state, one.reason) for one in claims(sqlite_site.registry, None)} == {("returned", "代签")}
    back = command("proof", "list", "--state", "returned", *home).out
    assert "骨干班壹零壹" in back
    assert FAST.hex() in back


def test_the_command_tells_times_as_the_pages_do(hand: Hand, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    url = hand.site.registry.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    found = command("record", "doubtful", "--home", hand.site.settings.home).out
    assert "2022-11-01 12:00" in found  # 04:00 in UTC
    assert "seconds=12" in found


def test_the_command_finds_the_class_by_code_or_by_part_of_its_name(
    sqlite_site: Site, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(sqlite_site.registry)
    Hand(sqlite_site).batch(
        record(n, account_of(1), Kind.ATTENDANCE, course=0, run=run, item="签到", on=date(2022, 7, n))
        for n, run in ((1, 101), (2, 102), (3, 102))
    )
    monkeypatch.setenv(
        "PORTRAIT_DATABASE_URL", sqlite_site.registry.url.render_as_string(hide_password=False)
    )
    listing = ("proof", "list", "--home", sqlite_site.settings.home)

    def rows(*words: str) -> int:
        return len(command(*listing, "--json", *words).json)

    assert (rows(), rows("--class", "骨干"), rows("--class", "省培班壹零贰"), rows("--class", " 零贰 ")) == (
        3,
        1,
        2,
        2,
    )
    assert (rows("--provider", "本单位"), rows("--provider", "别单位进修学校")) == (1, 2)
    both = command(*listing, "--class", "班壹")
    assert both.code == 4
    assert "[P404]" in both.err
    assert "有 2 个班次对得上“班壹”" in both.err
    none = command(*listing, "--class", "高级研修")
    assert none.code == 4
    assert "没有班次“高级研修”，可选：" in none.err
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(training_class).values(name="同名班", starts=date(2022, 7, 1)))
        codes = dict(connection.execute(select(training_class.c.id, training_class.c.code)).all())
    twins = command(*listing, "--class", "同名班")
    assert twins.code == 4
    for word in (codes[101], codes[102], "本单位师范学院", "别单位进修学校", "2022-07-01"):
        assert word in twins.err
    assert (rows("--class", codes[101]), rows("--class", codes[102])) == (1, 2)
    assert command(*listing, "--provider", "单位").code == 4

"""The command says what it can do, fails in one line and answers scripts in JSON."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from typer.main import get_command

from portrait.cli import main
from portrait.cli.app import make_app
from portrait.clock import now
from portrait.errors import PortraitError
from portrait.hashing import key_number
from portrait.settings import Settings, in_force, load_settings
from portrait.site import Site, open_site
from portrait.store.audit import add_audit, recent_audit
from portrait.store.batch import record_batches_from
from portrait.store.schema import batch, person
from portrait.store.user import find_user, sign_in
from tests.inbox import COURSES, MARKS, mapping, write

DAYS = """
  - name: days
    file: days*.csv
    target: record
    unpivot: {item: 日期, value: 签到, keep: [编号]}
    key: [编号, 日期]
    fields:
      account: {from: 编号, kind: staff}
      kind: {const: attendance}
      time: {from: 日期}
"""
Command = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    for name, child in getattr(command, "commands", {}).items():
        yield from leaves(child, (*words, name))
    if not getattr(command, "commands", {}):
        yield words, command


LEAVES = dict(leaves(get_command(make_app())))


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(words: tuple[str, ...], command: Command) -> None:
    shown = command(*words, "--help")
    assert shown.code == 0
    assert f"portrait {' '.join(words)}" in shown.out.split("例：", 1)[1]


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_option_says_in_chinese_what_it_is_for(words: tuple[str, ...]) -> None:
    for parameter in LEAVES[words].params:
        if parameter.name != "help":
            assert any("一" <= character <= "鿿" for character in parameter.help or ""), parameter.name


def test_a_home_that_is_not_there_is_not_served(home: Path, command: Command) -> None:
    refused = command("serve", "--home", home)
    assert refused.code == 2
    assert "portrait demo" in refused.err
    assert not home.exists()


def test_a_site_without_a_login_says_how_to_add_one(
    home: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.serve.serve", lambda _site, ready, store: ready())
    open_site(load_settings(home)).registry.dispose()
    shown = command("serve", "--home", home)
    assert shown.code == 0
    assert "portrait user add" in shown.out
    assert "http://127.0.0.1:8050" in shown.out


def test_no_command_shows_the_help(command: Command) -> None:
    shown = command()
    assert shown.code == 2
    assert "doctor" in shown.out


def test_a_wrong_command_is_one_line_on_stderr(command: Command) -> None:
    failed = command("doktor")
    assert failed.code == 2
    assert failed.out == ""
    assert failed.err.count("\n") == 1
    assert "doktor" in failed.err


def test_an_error_of_ours_is_one_line_with_its_code_and_exit_code(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_PORT", "eighty")
    failed = command("doctor", "--home", home)
    assert failed.code == 2
    assert failed.err.startswith("错误 [P100] ")
    assert "PORTRAIT_PORT" in failed.err
    assert failed.err.count("\n") == 1


def test_an_unforeseen_error_is_one_line_too_and_debug_shows_its_way(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("nothing by nothing")

    home.mkdir()
    monkeypatch.setattr("portrait.cli.user.list_users", fail)
    failed = command("user", "list", "--home", home)
    assert (failed.code, failed.err.count("\n")) == (1, 1)
    assert "ZeroDivisionError" in failed.err
    with pytest.raises(ZeroDivisionError):
        main(["user", "list", "--home", str(home), "--debug"])


def test_being_interrupted_is_exit_code_130(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    home.mkdir()
    monkeypatch.setattr("portrait.cli.user.list_users", interrupt)
    failed = command("user", "list", "--home", home)
    assert failed.code == 130
    assert "断点" in failed.err


def test_every_error_class_has_its_own_code() -> None:
    classes = [PortraitError, *PortraitError.__subclasses__()]
    assert len({each.code for each in classes}) == len(classes)
    assert all(each.exit_code > 0 for each in classes)


# --- users ---------------------------------------------------------------------------------------------------


def test_a_user_is_added_listed_locked_out_unlocked_and_disabled(command: Command, home: Path) -> None:
    site = open_site(load_settings(home))
    with site.registry.begin() as connection:
        connection.execute(insert(person).values(id=key_number("person", "H1"), key="H1", name="王老师"))
    password = "一个很长的密码 42"
    added = command(
        *("user", "add", "wang", "--role", "teacher", "--person", "h1", "--home", home, "--password-stdin"),
        stdin=f"{password}\n",
    )
    assert added.code == 0, added.err
    assert password not in added.out
    options = {"failures": 2, "minutes": 15, "now": now()}
    assert sign_in(site.registry, "wang", password, "::1", **options).reason == "ok"
    for _ in range(2):
        sign_in(site.registry, "wang", "wrong", "::1", **options)
    (listed,) = command("user", "list", "--json", "--home", home).json
    assert (listed["login"], listed["role"], listed["active"]) == ("wang", "teacher", True)
    assert listed["locked_minutes"] > 0
    assert command("user", "unlock", "wang", "--home", home).code == 0
    assert command("user", "list", "--json", "--home", home).json[0]["locked_minutes"] == 0
    assert command("user", "disable", "wang", "--home", home).code == 0
    assert sign_in(site.registry, "wang", password, "::1", **options).user_id is None
    assert command("user", "enable", "wang", "--home", home).code == 0
    actions = [row.action for row in recent_audit(site.registry)]
    assert actions == ["user.enable", "user.disable", "user.unlock", "user.add"]
    site.registry.dispose()


def test_a_password_that_is_not_given_is_made_up_and_shown_once(command: Command, home: Path) -> None:
    added = command("user", "add", "root", "--role", "admin", "--home", home)
    assert added.code == 0, added.err
    password = added.out.strip().rsplit("：", 1)[1]
    site = open_site(load_settings(home))
    options = {"failures": 5, "minutes": 15, "now": now()}
    assert sign_in(site.registry, "root", password, "::1", **options).reason == "ok"
    changed = command("user", "password", "root", "--home", home).out.strip().rsplit("：", 1)[1]
    assert changed != password
    assert sign_in(site.registry, "root", password, "::1", **options).reason == "wrong"
    assert sign_in(site.registry, "root", changed, "::1", **options).reason == "ok"
    site.registry.dispose()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("add", "w", "--role", "teacher"), "继教编号"),
        (("add", "w", "--role", "teacher", "--person", "H404"), "不存在"),
        (("add", "w", "--role", "office", "--office", "OFFICE_X"), "OFFICE_A"),
        (("add", "w", "--role", "king"), "king"),
        (("password", "nobody"), "nobody"),
        (("disable", "nobody"), "nobody"),
    ],
)
def test_what_is_wrong_with_a_user_is_named(
    arguments: tuple[str, ...], expected: str, command: Command, home: Path
) -> None:
    home.mkdir()
    failed = command("user", *arguments, "--home", home)
    assert failed.code in (2, 3, 4)
    assert expected in failed.err
    assert failed.err.count("\n") == 1


# --- doctor --------------------------------------------------------------------------------------------------


def finding(outcome: Any, name: str) -> dict[str, str]:
    return next(check for check in outcome.json["checks"] if check["name"] == name)


def test_doctor_looks_at_an_empty_place_and_changes_nothing(command: Command, home: Path) -> None:
    looked = command("doctor", "--json", "--home", home)
    assert looked.code == 0
    assert looked.json["ok"] is True
    assert finding(looked, "home")["state"] == "note"
    assert not home.exists()


def test_doctor_lists_every_setting_with_its_origin(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "portrait.env").write_text("PORTRAIT_TODAY=2022-08-31\nPORTRAIT_PORT=1\n")
    monkeypatch.setenv("PORTRAIT_PORT", "9000")
    listed = {line["name"]: line for line in command("doctor", "--json", "--home", home).json["settings"]}
    assert set(listed) == set(Settings.model_fields)
    assert all(line["meaning"] for line in listed.values())
    assert (listed["today"]["origin"], listed["today"]["value"]) == ("file", "2022-08-31")
    assert (listed["port"]["origin"], listed["port"]["value"]) == ("environment", "9000")
    assert listed["threads"]["origin"] == "default"
    assert listed["home"]["origin"] == "option"


def test_doctor_hides_the_password_of_the_database(home: Path) -> None:
    for url in ("me:hunter2@host/db", "host/db?user=me&password=hunter2&sslPassword=hunter2&sslmode=require"):
        settings = load_settings(home, database_url=f"postgresql+psycopg://{url}")
        told = {line.name: line.value for line in in_force(settings)}["database_url"]
        assert "hunter2" not in told
        assert "host/db" in told
        assert ("sslmode=require" in told) == ("sslmode" in url)


def test_doctor_names_a_misspelt_setting(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_TODY", "2022-08-31")
    looked = command("doctor", "--json", "--home", home)
    assert looked.code == 1
    assert "PORTRAIT_TODY" in finding(looked, "setting")["message"]
    assert "PORTRAIT_TODAY" in finding(looked, "setting")["advice"]


def a_batch(key: str, state: str, **rows: int) -> dict[str, object]:
    return {
        "key": key,
        "source": "moodle",
        "stream": "log",
        "target": "course",
        "file": "log.csv",
        "content": "0" * 64,
        "mapping": "moodle@1",
        "state": state,
        "by": "test",
        "started": now(),
        **rows,
    }


def test_doctor_finds_unfinished_batches_and_sums_that_do_not_add_up(command: Command, home: Path) -> None:
    site = open_site(load_settings(home))
    with site.registry.begin() as connection:
        connection.execute(
            insert(batch),
            [
                a_batch("good", "done", rows_read=5, rows_stored=3, rows_duplicate=1, rows_quarantined=1),
                a_batch("lost", "done", rows_read=5, rows_stored=3, rows_duplicate=1, rows_quarantined=0),
                a_batch("half", "running", rows_read=0, rows_stored=0, rows_duplicate=0, rows_quarantined=0),
            ],
        )
    site.registry.dispose()
    looked = command("doctor", "--json", "--home", home)
    assert looked.code == 1
    messages = [check["message"] for check in looked.json["checks"] if check["state"] == "wrong"]
    assert len(messages) == 2
    assert "批次 3" in messages[0]
    assert "批次 2" in messages[1]


def test_doctor_finds_an_audit_row_that_was_changed(command: Command, home: Path) -> None:
    site = open_site(load_settings(home))
    add_audit(site.registry, now=now(), actor="a", action="view")
    add_audit(site.registry, now=now(), actor="b", action="view")
    assert command("doctor", "--json", "--home", home).code == 0
    with site.registry.begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'c' WHERE id = 1"))
    site.registry.dispose()
    looked = command("doctor", "--json", "--home", home)
    assert looked.code == 1
    assert "第 1 行" in finding(looked, "audit")["message"]


def test_doctor_finds_a_secret_that_others_can_read(command: Command, home: Path) -> None:
    home.mkdir()
    (home / "secret.key").write_text("00")
    (home / "secret.key").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert command("doctor", "--json", "--home", home).code == 0
    (home / "secret.key").chmod(0o644)
    assert finding(command("doctor", "--json", "--home", home), "secret")["advice"].startswith("chmod 600")


def test_doctor_finds_a_damaged_lake_and_a_damaged_model(command: Command, home: Path) -> None:
    log = home / "lake" / "record" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("this is no log")
    (home / "model" / "recommender").mkdir(parents=True)
    (home / "model" / "recommender" / "card.json").write_text("{}")
    looked = command("doctor", "--json", "--home", home)
    assert looked.code == 1
    assert finding(looked, "lake")["state"] == "wrong"
    assert finding(looked, "model")["state"] == "wrong"


def test_doctor_says_when_the_registry_cannot_be_reached(command: Command, home: Path) -> None:
    home.mkdir()
    (home / "portrait.env").write_text(
        "PORTRAIT_DATABASE_URL=postgresql+psycopg://me:pw@/x?host=/nonexistent\n"
    )
    looked = command("doctor", "--home", home)
    assert looked.code == 1
    assert "PORTRAIT_DATABASE_URL" in looked.out
    assert ":pw@" not in looked.out


def test_doctor_shows_people_a_table(command: Command, home: Path) -> None:
    shown = command("doctor", "--home", home)
    assert "PORTRAIT_LOCK_MINUTES" in shown.out
    assert "默认" in shown.out


def test_user_rows_carry_what_the_session_needs(command: Command, home: Path) -> None:
    command("user", "add", "b", "--role", "bureau", "--region", "410100", "--home", home)
    site = open_site(load_settings(home))
    row = find_user(site.registry, "b")
    assert row is not None
    assert (row.role, row.region) == ("bureau", "410100")
    site.registry.dispose()


# --- preview, quarantine, rebuild ----------------------------------------------------------------------------


@pytest.fixture
def inbox(home: Path, tmp_path: Path) -> Path:
    """Files of which three rows are bad, and a mapping `m` in the home that reads them."""
    mapping(home / "mapping", COURSES, MARKS)
    folder = tmp_path / "in"
    write(folder, "courses.csv", "代码,名称", "K1,[一]")
    write(folder, "marks.csv", "编号,课程,时间,得分", "A1,K1,,80", "A2,K1,,101", "A3,K1,某日,x", "A4,K1,,102")
    return folder


def audited(home: Path) -> list[tuple[str, str, str]]:
    site = open_site(load_settings(home))
    rows = [(row.action, row.object, row.reason) for row in recent_audit(site.registry)]
    site.registry.dispose()
    return rows


def test_a_preview_shows_what_would_come_in_and_stores_nothing(
    command: Command, home: Path, inbox: Path
) -> None:
    shown = command("intake", inbox, "--source", "m", "--preview", "--home", home)
    assert shown.code == 0, shown.err
    assert "读入 4 = 能入 1 + 隔离 3" in shown.out
    assert "课程名称 [一]" in shown.out
    assert "得分“101”" in shown.out
    listed = command("intake", inbox, "--source", "m", "--preview", "--home", home, "--json").json
    assert [(one["stream"], one["rows_bad"], one["error"]) for one in listed] == [
        ("courses", 0, ""), ("marks", 3, ""),
    ]  # fmt: skip
    assert listed[1]["samples"][0]["read"]["course"] == "K1"
    assert command("quarantine", "list", "--home", home, "--json").json == []
    assert not (home / "archive").exists()


def test_a_preview_of_what_cannot_be_read_fails_in_one_line_after_the_rest(
    command: Command, home: Path, inbox: Path
) -> None:
    write(inbox, "courses.csv", "代码,标题", "K1,一")
    failed = command("intake", inbox, "--source", "m", "--preview", "--home", home)
    assert failed.code == 3
    assert "“名称”" in failed.err
    assert failed.err.count("\n") == 1
    assert "读入 4" in failed.out
    stray = command("intake", write(inbox, "x.csv", "a", "1"), "--source", "m", "--preview", "--home", home)
    assert (stray.code, "courses*.csv、marks*.csv" in stray.err) == (3, True)


def test_quarantined_rows_are_listed_shown_corrected_replayed_and_dismissed(
    command: Command, home: Path, inbox: Path
) -> None:
    def listed(*options: object) -> list[Any]:
        found: list[Any] = command("quarantine", "list", "--home", home, "--json", *options).json
        return found

    def ids(*options: object) -> list[int]:
        return [row["id"] for row in listed(*options)]

    assert command("intake", inbox, "--source", "m", "--home", home).code == 0
    assert ids() == [1, 2, 3]
    assert ids("--code", "beyond_scale", "--batch", 2) == [1, 3]
    assert (ids("--batch", 1), ids("--source", "m", "--limit", 1), ids("--state", "replayed")) == (
        [],
        [1],
        [],
    )
    table = command("quarantine", "list", "--home", home, "--limit", 2)
    assert "隔离行 3 行，列出前 2 行" in table.out
    assert "beyond_scale 2" in table.out
    shown = command("quarantine", "show", 1, "--home", home)
    assert "marks.csv，第 3 行" in shown.out
    assert command("quarantine", "show", 1, "--home", home, "--json").json["raw"]["得分"] == "101"

    mended = command("quarantine", "mend", 1, "得分=90", "--home", home, "--json")
    assert mended.json == {"rows": 1, "stored": 1, "duplicate": 0, "still": 0, "passed": 0, "message": ""}
    still = command("quarantine", "mend", 2, "得分=90", "--home", home)
    assert (still.code, "仍隔离 1" in still.out) == (3, True)
    assert "某日" in still.out.split("现在：", 1)[1]
    assert command("quarantine", "dismiss", 2, 1, "--home", home, "--json").json == {
        "asked": 2,
        "dismissed": 1,
    }
    mapping(home / "mapping", COURSES, MARKS.replace("max: 100", "max: 200"))
    replayed = command("quarantine", "replay", "--batch", 2, "--home", home)
    assert "重放 1 行 = 入库 1 + 重复 0 + 仍隔离 0" in replayed.out
    assert "没有待处理的行" in command("quarantine", "replay", 3, "--home", home).out
    assert (ids(), ids("--state", "all"), ids("--state", "dismissed")) == ([], [1, 2, 3], [2])
    assert "批次 4" in command("quarantine", "show", 3, "--home", home).out
    assert audited(home) == [
        ("quarantine.replay", "batch:2", "读 1 行：入库 1，重复 0，仍隔离 0"),
        ("quarantine.dismiss", "quarantine:2,1", "1 行"),
        ("quarantine.mend", "quarantine:2", "改 得分；读 1 行：入库 0，重复 0，仍隔离 1"),
        ("quarantine.mend", "quarantine:1", "改 得分；读 1 行：入库 1，重复 0，仍隔离 0"),
    ]

    rebuilt = command("rebuild", "--home", home, "--json")
    assert rebuilt.code == 0, rebuilt.err
    assert (rebuilt.json["batches"], rebuilt.json["replays"], rebuilt.json["records"]) == (1, 2, 3)
    assert "记录 3 条" in command("rebuild", "--home", home).out
    assert [row[0] for row in audited(home)[:2]] == ["lake.rebuild"] * 2


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("list", "--batch", "9"), 4, "第 9 号批次"),
        (("list", "--source", "moodle"), 4, "有：m"),
        (("show", "9"), 4, "编号为 9"),
        (("replay",), 2, "--batch"),
        (("replay", "1", "--source", "m"), 2, "只能一种"),
        (("replay", "--batch", "9"), 4, "第 9 号批次"),
        (("replay", "9"), 4, "编号为 9"),
        (("replay", "1", "--mapping", "nosuch"), 2, "nosuch"),
        (("mend", "1", "得分"), 2, "列=值"),
        (("mend", "1", "分数=9"), 3, "编号、课程、时间、得分"),
        (("mend", "1", "得分=101"), 3, "没有改动"),
        (("mend", "9", "得分=1"), 4, "编号为 9"),
        (("dismiss", "1", "8", "9"), 4, "8、9"),
    ],
)
def test_what_is_wrong_with_a_call_about_quarantined_rows_is_named(
    arguments: tuple[str, ...], code: int, expected: str, command: Command, home: Path, inbox: Path
) -> None:
    command("intake", inbox, "--source", "m", "--home", home)
    failed = command("quarantine", *arguments, "--home", home)
    assert failed.code == code, failed.err
    lines = [line for line in failed.err.splitlines() if line.startswith("错误")]
    assert len(lines) == 1
    assert expected in lines[0]
    assert audited(home) == []


def test_doctor_tells_of_an_interrupted_replay_and_of_other_buckets(
    command: Command, home: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("intake", inbox, "--source", "m", "--home", home)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("portrait.intake.again.landing", killed)
    assert command("quarantine", "mend", 1, "得分=90", "--home", home).code == 130
    monkeypatch.undo()
    monkeypatch.setenv("PORTRAIT_LAKE_BUCKETS", "16")
    looked = command("doctor", "--json", "--home", home)
    assert "quarantine replay --batch 2" in finding(looked, "batch")["advice"]
    assert "portrait rebuild" in finding(looked, "lake")["advice"]
    assert command("quarantine", "replay", "--batch", 2, "--home", home).code == 0
    assert command("rebuild", "--home", home, "--json").json["buckets"] == 16
    looked = command("doctor", "--json", "--home", home)
    assert (looked.code, finding(looked, "lake")["state"]) == (0, "ok")


@pytest.mark.parametrize("way", ["var", "link"])
def test_what_comes_in_counts_in_a_home_named_from_here_or_through_a_link(
    command: Command, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "link").symlink_to("var")
    mapping(tmp_path / "var" / "mapping", COURSES, MARKS)
    write(tmp_path / "in", "courses.csv", "代码,名称", "K1,一")
    write(tmp_path / "in", "marks.csv", "编号,课程,时间,得分", "A1,K1,,80", "A2,K1,,90")
    assert command("intake", "in", "--source", "m", "--home", way).code == 0
    site = open_site(load_settings(way))
    with site.registry.connect() as connection:
        (marks,) = (one.counts for one in record_batches_from(connection, "m"))
    site.registry.dispose()
    assert (marks.rows_read, marks.rows_stored, marks.rows_duplicate) == (2, 2, 0)


def test_a_record_of_a_sheet_with_a_column_for_each_day_is_told_by_its_row(
    command: Command, home: Path, tmp_path: Path
) -> None:
    mapping(home / "mapping", DAYS)
    sheet = write(tmp_path, "days.csv", "编号,2022-10-08,2022-10-09", "A1,到,到", "A2,到,到")
    assert command("intake", sheet, "--source", "m", "--home", home).code == 0
    site = open_site(load_settings(home))
    ids = [id.hex() for (id,) in site.pool.rows(f"SELECT id FROM {site.pool.landed()}")]
    site.registry.dispose()
    shown = [command("record", "show", id, "--home", home) for id in ids]
    assert sorted(re.findall(r"第 1 号批次第 (\d+) 行", "".join(one.out for one in shown))) == [
        "2",
        "2",
        "3",
        "3",
    ]


def test_the_demo_is_served_where_the_options_say(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = list[Settings]()

    def built(home: Path, _asked: object) -> Site:
        return open_site(load_settings(home, today="2022-11-15"))

    def run(site: Site) -> None:
        site.registry.dispose()
        served.append(site.settings)

    monkeypatch.setattr("portrait.cli.demo.build", built)
    monkeypatch.setattr("portrait.cli.demo.run_site", run)
    monkeypatch.setenv("PORTRAIT_PORT", "8123")
    assert command("demo", "--home", home).code == 0
    assert command("demo", "--home", home, "--host", "0.0.0.0", "--port", 8124).code == 0
    assert [(one.host, one.port, str(one.today)) for one in served] == [
        ("127.0.0.1", 8123, "2022-11-15"),
        ("0.0.0.0", 8124, "2022-11-15"),
    ]
    assert command("demo", "--home", home, "--port", 0).code == 2

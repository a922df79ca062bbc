"""What the command says of itself: Chinese, whole, in colours only for a terminal, and nothing but the error where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from portrait.cli.app import make_app
from portrait.cli.speech import told
from portrait.settings import load_settings
from portrait.site import open_site
from tests.inbox import MARKS, PEOPLE, mapping, write
from tests.test_cli import LEAVES

Command = Callable[..., Any]
ENGLISH = re.compile(
    r"<[a-z]+[ >\[]|Usage|Options|Arguments|Commands|Show this|\[default|\[required|COMMAND|\[OPTIONS\]"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize("words", [(), ("framework",), *LEAVES], ids=" ".join)
def test_a_help_is_chinese_and_nothing_of_it_is_cut(words: tuple[str, ...], command: Command) -> None:
    shown = command(*words, "--help")
    assert not ENGLISH.search(shown.out)
    assert "用法：portrait" in shown.out
    said = re.sub(r"[\s│╭╮╰╯─]", "", shown.out)
    found: Any = get_command(make_app())
    for word in words:
        found = found.commands[word]
    for parameter in found.params:
        for part in re.split(r"\s+", parameter.help or ""):
            assert part in said, part


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--nosuch",), "没有选项 --nosuch"),
        (("intake", "--sorce", "x"), "没有选项 --sorce，相近的有：--replace、--save、--source"),
        (("quarantine", "lst"), "没有命令 lst，是不是 list？"),
        (("quarantine", "xyzzy"), "没有命令 xyzzy"),
        (("quarantine", "show"), "还缺参数 编号"),
        (("quarantine", "show", "abc"), "编号 的值不对：应为整数"),
        (("quarantine", "list", "--limit", "0"), "--limit 的值不对：应不小于 1"),
        (("quarantine", "list", "--limit"), "选项 --limit 后面还要写一个值"),
        (("quarantine", "list", "--json=1"), "选项 --json 后面不写值"),
        (
            ("quarantine", "list", "--state", "foo"),
            "“foo”不在可选的之内：open、replayed、dismissed、all",
        ),
        (("intake", "--every", "x"), "--every 的值不对：应为数字"),
        (("intake", "a", "b"), "多出来的参数：b"),
        (("credential", "add"), "还缺"),
        (("intake",), "请写明要导入的文件或文件夹"),
        (("refresh", "--as-of", "tomorrow"), "--as-of 的值不对：“tomorrow”不是日期，应如 2022-08-31"),
        (("record", "show", "x"), "32 位十六进制"),
        (("demo", "--seed", "-1"), "应不小于 0"),
    ],
)
def test_a_wrong_call_is_told_in_chinese_with_a_code_of_its_own(
    words: tuple[str, ...], expected: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = command(*words)
    assert failed.code == 2
    assert failed.err.startswith("错误 [P010] ")
    assert failed.err.count("\n") == 1
    assert expected in failed.err


def test_words_that_nobody_has_translated_stay() -> None:
    assert told("Something 'else' entirely.") == "Something 'else' entirely."
    assert (
        told("Missing option '--role' / '-r'. Choose from:\n\ta,\n\tb") == "还缺选项 --role、-r（可选：a、b）"
    )


@pytest.mark.parametrize(
    "words", [("refresh",), ("quality",), ("user", "list"), ("record", "doubtful"), ("fit",), ("rebuild",)]
)
def test_a_home_that_is_not_there_is_told_and_not_made(
    words: tuple[str, ...], command: Command, home: Path
) -> None:
    failed = command(*words, "--home", home)
    assert failed.code == 2
    assert f"没有家目录 {home}：核对 --home" in failed.err
    assert not home.exists()


def test_what_the_system_says_is_told_in_chinese(
    command: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "file.json", "{")
    assert "用不了：那里已经有一个文件" in command("quality", "--home", file).err
    assert (
        "第 2 行第 1 列，这里应有双引号里的名字" in command("framework", "import", file, "--home", home).err
    )
    refused = command("framework", "export", "jyt0646", "-o", tmp_path / "no" / "x.json", "--home", home)
    assert "写不了：没有这个文件或文件夹" in refused.err
    monkeypatch.setenv("PORTRAIT_PORT", "99999")
    assert "PORTRAIT_PORT = '99999'：应不大于 65535" in command("quality", "--home", home).err
    monkeypatch.delenv("PORTRAIT_PORT")
    assert "没有登录名“nobody”" in command("user", "unlock", "nobody", "--home", home).err


def test_the_version_is_told(command: Command) -> None:
    shown = command("--version")
    assert shown.code == 0
    assert re.fullmatch(r"portrait \d+\.\d+\.\d+\n", shown.out)


def test_where_no_terminal_is_an_error_stands_alone(command: Command, home: Path, tmp_path: Path) -> None:
    failed = command("intake", write(tmp_path, "x.csv", "a", "1"), "--source", "nosuch", "--home", home)
    assert failed.code == 2
    assert failed.err.startswith("错误 [P200] ")
    assert failed.err.count("\n") == 1


@pytest.mark.parametrize("words", [("--teachers", "400"), ("--teachers", "1300000"), ("--seed", "-1")])
def test_a_demo_that_cannot_be_is_refused_before_anything_is_made(
    words: tuple[str, ...], command: Command, home: Path
) -> None:
    assert command("demo", "--no-serve", *words, "--home", home).code == 2
    assert not home.exists()


def test_a_demo_in_a_home_of_others_changes_nothing(command: Command, home: Path, tmp_path: Path) -> None:
    mapping(home / "mapping", PEOPLE, name="p")
    people = write(tmp_path, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
    assert command("intake", people, "--source", "p", "--home", home).code == 0
    before = _kept(home)
    refused = command("demo", "--no-serve", "--home", home)
    assert refused.code == 2
    assert "已有别的数据" in refused.err
    assert _kept(home) == before


def _kept(home: Path) -> list[str]:
    """What stands in a home; files that SQLite lays beside its own come and go with open connections."""
    return sorted(path.name for path in home.iterdir() if not path.name.endswith(("-wal", "-shm")))


def test_a_home_that_is_a_file_is_told(command: Command, tmp_path: Path) -> None:
    file = write(tmp_path, "home", "x")
    for words in (("demo", "--no-serve"), ("user", "list")):
        refused = command(*words, "--home", file)
        assert refused.code == 2
        assert refused.err.startswith("错误 [P100] ")


# --- what a source may be called -----------------------------------------------------------------------------


def test_a_mapping_is_called_by_its_name_its_title_or_its_source(
    command: Command, home: Path, tmp_path: Path
) -> None:
    text = "name: marks\nsource: north\ntitle: 北方平台（成绩）\nstreams:\n" + MARKS.replace("80", "90")
    write(home / "mapping", "marks.yaml", text)
    file = write(tmp_path, "marks.csv", "编号,课程,时间,得分", "A1,K1,,101")
    for called in ("marks", "北方平台（成绩）", "北方平台", "north"):
        assert command("intake", file, "--source", called, "--home", home).code == 0
    listed = command("quarantine", "list", "--source", "北方平台", "--home", home, "--json")
    assert [row["source"] for row in listed.json] == ["north"]
    wrong = command("intake", file, "--source", "nort", "--home", home)
    assert (wrong.code, "marks（北方平台（成绩））" in wrong.err) == (2, True)
    wrong = command("quarantine", "list", "--source", "nort", "--home", home)
    assert (wrong.code, "north（北方平台（成绩））" in wrong.err) == (4, True)


def test_a_title_that_two_mappings_have_chooses_none(command: Command, home: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        mapping(home / "mapping", MARKS, name=name)
        path = home / "mapping" / f"{name}.yaml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("source:", "title: 同名\nsource:"), encoding="utf-8"
        )
    wrong = command("intake", write(tmp_path, "marks.csv", "a"), "--source", "同名", "--home", home)
    assert (wrong.code, "one（同名）" in wrong.err) == (2, True)


def test_a_reason_that_there_is_not_is_refused_with_those_that_there_are(
    command: Command, home: Path, tmp_path: Path
) -> None:
    mapping(home / "mapping", MARKS)
    file = write(tmp_path, "marks.csv", "编号,课程,时间,得分", "A1,K1,,101")
    assert command("intake", file, "--source", "m", "--home", home).code == 0
    refused = command("quarantine", "list", "--code", "nosuch", "--home", home)
    assert refused.code == 2
    assert "隔离区里有：beyond_scale；" in refused.err
    assert "bad_time" in refused.err
    for code in ("beyond_scale", "bad_time"):
        assert command("quarantine", "list", "--code", code, "--home", home).code == 0


def test_a_framework_of_one_version_has_nothing_to_be_compared_with(command: Command, home: Path) -> None:
    open_site(load_settings(home)).registry.dispose()
    refused = command("framework", "diff", "jyt0646", "--home", home)
    assert (refused.code, "没有可比的" in refused.err) == (4, True)

"""The documents name what is there: settings, commands, options, exit codes, mapping fields, recipes, links and pictures."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from portrait.cli.app import make_app
from portrait.errors import PortraitError
from portrait.intake.door import intake
from portrait.intake.mapping import load_mapping, mapping_files, read_mapping
from portrait.intake.target import TARGETS
from portrait.settings import PREFIX, Settings, load_settings
from portrait.site import open_site
from portrait.world import WORLD_SOURCES
from tests.specimen import write_specimen

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guide.md"
MANUALS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAPERS = (*MANUALS, ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md")
PICTURE_BYTES = 300_000
FOREVER = (("serve",), ("demo",))  # they serve until they are interrupted
APP: Any = get_command(make_app())


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", read(path))


def spans(path: Path) -> list[str]:
    """What stands between single backticks, outside blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", read(path)))


def lines(path: Path) -> list[str]:
    """The lines of the shell blocks, without what is said beside them."""
    found = (
        shlex.join(shlex.split(line, comments=True))
        for block in blocks(path, "sh")
        for line in block.splitlines()
    )
    return [line for line in found if line]


def table(path: Path, head: str) -> list[list[str]]:
    """The cells of the table that begins with this line."""
    body = read(path).split(f"\n{head}\n", 1)[1].split("\n", 1)[1]
    rows = re.match(r"(?:\|.*\n)*", body)
    assert rows is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[0].splitlines()]


def leaf(words: list[str]) -> tuple[tuple[str, ...], Any, list[str]]:
    """The command that words after `portrait` call, its names, and the words that are left for it."""
    command, called = APP, []
    while words and words[0] in getattr(command, "commands", {}):
        called.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    return tuple(called), command, words


def leaves(command: Any = APP, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for child, one in getattr(command, "commands", {}).items():
        yield from leaves(one, (*words, child))
    if not getattr(command, "commands", {}):
        yield words


def options(command: Any) -> set[str]:
    return {text for parameter in (*command.params, *APP.params) for text in parameter.opts} | {"--help"}


def every_option() -> set[str]:
    found: set[str] = set()
    for words in leaves():
        found |= options(leaf(list(words))[1])
    return found


def calls(path: Path) -> list[list[str]]:
    """Every `portrait …` that a document shows: the words after `portrait`, of blocks and spans."""
    shown = [line.rpartition("| ")[2] for line in lines(path)] + spans(path)
    return [shlex.split(text)[1:] for text in shown if re.match(r"portrait +[a-z-]", text)]


# --- settings ------------------------------------------------------------------------------------------------


def test_every_setting_stands_in_the_guide_with_its_default_and_meaning_and_no_other_does() -> None:
    rows = table(GUIDE, "| 设置 | 默认 | 含义 |")
    said = {variable.strip("`"): (default.strip("`"), meaning) for variable, default, meaning in rows}
    there = {
        f"{PREFIX}{one.upper()}": ("" if field.default is None else str(field.default), field.description)
        for one, field in Settings.model_fields.items()
    }
    assert said == there
    assert len(rows) == len(said)


@pytest.mark.parametrize("path", PAPERS, ids=name)
def test_no_setting_is_named_that_is_not_one(path: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", read(path)))
    assert named <= {f"{PREFIX}{one.upper()}" for one in Settings.model_fields}


# --- commands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MANUALS, ids=name)
def test_every_command_and_option_that_is_shown_exists(path: Path) -> None:
    missing = []
    for words in calls(path):
        called, command, rest = leaf(words)
        if getattr(command, "commands", {}) and not (rest and rest[0].startswith("-")):
            missing.append(f"portrait {' '.join(words)}")
        given = {word.partition("=")[0] for word in rest if word.startswith("-")}
        missing += [f"portrait {' '.join(called)} {one}" for one in sorted(given - options(command))]
    alone = {found for text in spans(path) for found in re.findall(r"^(--[a-z][a-z-]*)\b", text)}
    missing += sorted(alone - every_option())
    assert missing == []


@pytest.mark.parametrize("path", MANUALS, ids=name)
def test_every_command_in_a_shell_block_has_all_it_needs(path: Path) -> None:
    for words in (shlex.split(line.rpartition("| ")[2])[1:] for line in lines(path) if "portrait " in line):
        called, command, rest = leaf(words)
        context = command.make_context(" ".join(called), rest)
        context.close()


@pytest.mark.parametrize("path", MANUALS, ids=name)
def test_every_source_that_is_shown_has_a_mapping(path: Path, tmp_path: Path) -> None:
    named = {words[n + 1] for words in calls(path) for n, word in enumerate(words[:-1]) if word == "--source"}
    # marks_15ea: saved by the reader under the name that the proposal has.
    known = {one for one in named if not one.endswith(".yaml") and not re.search("_[0-9a-f]{4}$", one)}
    assert known <= set(mapping_files(tmp_path))


def test_every_command_stands_in_the_guide() -> None:
    shown = {leaf(words)[0] for words in calls(GUIDE)}
    assert [" ".join(words) for words in leaves() if words not in shown] == []


def test_the_exit_codes_of_the_guide_are_those_of_the_errors() -> None:
    rows = table(GUIDE, "| 退出码 | 代码 | 什么时候 |")
    classes = [PortraitError, *PortraitError.__subclasses__()]
    assert [(int(code), text.strip("`")) for code, text, _ in rows] == [
        (c.exit_code, c.code) for c in classes
    ]


# --- mappings ------------------------------------------------------------------------------------------------


def test_the_targets_and_fields_of_the_guide_are_those_of_the_door() -> None:
    said = {target.strip("`"): fields.split() for target, fields in table(GUIDE, "| 目标 `target` | 字段 |")}
    there = {
        target.name: [field.name for field in target.fields] + ["extra.*"] * target.extra
        for target in TARGETS.values()
    }
    assert said == there


def test_the_mapping_that_the_guide_shows_can_be_used(tmp_path: Path) -> None:
    shown = blocks(GUIDE, "yaml")
    assert shown
    for number, text in enumerate(shown):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert read_mapping(path).streams


@pytest.mark.parametrize("source", sorted(mapping_files(Path())))
def test_an_export_that_is_made_up_for_a_mapping_comes_in(source: str, tmp_path: Path) -> None:
    site = open_site(load_settings(tmp_path / "home"))
    folder = write_specimen(load_mapping(source, tmp_path), tmp_path / "exports")
    reports = intake(site, folder, source, by="test")
    assert sum(report.rows_stored for report in reports) > 0
    site.registry.dispose()


# --- links, pictures, recipes --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAPERS, ids=name)
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", read(path))
    here = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in here if not (path.parent / link).exists()] == []
    for picture in (path.parent / link for link in here if link.endswith(".png")):
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert picture.stat().st_size <= PICTURE_BYTES, name(picture.resolve())


def recipes() -> dict[str, str]:
    """Recipe → what the list of recipes says of it."""
    return dict(re.findall(r"(?m)^([a-z]+):(?:.*?## (.*))?", read(ROOT / "Makefile")))


def test_every_phony_recipe_exists_and_says_what_it_does() -> None:
    phony = re.search(r"(?m)^\.PHONY: (.*)$", read(ROOT / "Makefile"))
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(recipes())
    assert all(recipes().values())


@pytest.mark.parametrize("path", PAPERS, ids=name)
def test_every_recipe_that_is_named_can_be_made(path: Path) -> None:
    texts = [text for text in (*lines(path), *spans(path)) if text.startswith("make ")]
    for words in {tuple(shlex.split(text)[1:]) for text in texts}:
        assert words[0] in recipes(), words
        dry = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True)
        assert dry.returncode == 0, dry.stderr


# --- for real ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_commands_of_the_readme_do_what_they_say_in_a_shell(tmp_path: Path, tiny_folder: Path) -> None:
    shown = [line for line in lines(ROOT / "README.md") if "portrait " in line]
    run = [line for line in shown if leaf(shlex.split(line)[1:])[0] not in FOREVER or "--no-serve" in line]
    assert run
    home = tmp_path / "var"
    site = open_site(load_settings(home))
    for folder, source in WORLD_SOURCES:
        intake(site, tiny_folder / folder, source, by="test")
    site.registry.dispose()
    for words in (shlex.split(line) for line in run if "--source" in line):
        source = words[words.index("--source") + 1]
        write_specimen(load_mapping(source, home), tmp_path / "exports")
    shim = tmp_path / "bin" / "portrait"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from portrait.cli import main; main()" "$@"\n')
    shim.chmod(0o755)
    environment = os.environ | {"PATH": f"{shim.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for line in run:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert done.stdout.strip(), line

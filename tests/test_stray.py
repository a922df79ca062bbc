"""Files that nothing reads: named with the reason and the choices, in what is printed, in the exit code and beside what was watched."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portrait.intake.inbox import Inbox, Outside, inboxes
from portrait.intake.stray import offers
from portrait.site import Site
from tests.inbox import COURSES, MARKS, mapping, records, write

HEAD = "编号,课程,时间,得分"
Command = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two sources, of which one reads marks and the other courses."""
    mapping(tmp_path / "home" / "mapping", MARKS, name="m")
    mapping(tmp_path / "home" / "mapping", COURSES, name="c")
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Marks, courses and what nobody reads."""
    folder = tmp_path / "in"
    write(folder, "marks.csv", HEAD, "T1,K1,2022-03-01,80")
    write(folder, "courses.csv", "代码,名称", "K1,一")
    write(folder / "more", "notes.txt", "hello")
    return folder


def test_files_that_no_stream_reads_are_named_with_the_reason_and_the_choices(
    command: Command, home: Path, folder: Path
) -> None:
    done = command("intake", folder, "--source", "m", "--home", home)
    assert done.code == 3
    assert "1 " in done.out.split("合计", 1)[0]  # the marks are in
    said = " ".join(done.out.split())
    assert "courses.csv" in said
    assert "读得了它的映射：c" in said
    assert "more/notes.txt" in said
    assert "也没有别的来源认得它" in said
    assert "courses*.csv" in said.split("可选的映射", 1)[1]
    assert done.err.splitlines()[-1].startswith("错误 [P310] 2 个文件")
    assert "courses.csv、more/notes.txt" in done.err
    again = command("intake", folder, "--source", "m", "--home", home, "--json")
    assert again.code == 3
    assert [(one["file"], one["unread"]) for one in again.json] == [
        ("marks.csv", False), ("courses.csv", True), ("more/notes.txt", True),
    ]  # fmt: skip
    assert [one.get("sources") for one in again.json] == [None, ["c"], []]


def test_a_preview_ends_as_the_intake_would(command: Command, home: Path, folder: Path) -> None:
    looked = command("intake", folder, "--source", "m", "--home", home, "--preview")
    assert looked.code == 3
    assert "courses*.csv" in looked.out.split("可选的映射", 1)[1]
    assert "[P310]" in looked.err
    (folder / "courses.csv").unlink()
    (folder / "more" / "notes.txt").unlink()
    assert command("intake", folder, "--source", "m", "--home", home, "--preview").code == 0
    assert command("intake", folder, "--source", "m", "--home", home).code == 0


def test_one_file_for_another_source_is_told_which(command: Command, home: Path, folder: Path) -> None:
    wrong = command("intake", folder / "courses.csv", "--source", "m", "--home", home)
    assert wrong.code == 3
    assert "读得了它的映射：c" in wrong.err


def test_what_a_broken_stream_kept_from_being_read_is_named(
    command: Command, home: Path, folder: Path
) -> None:
    mapping(home / "mapping", COURSES, MARKS, name="both")
    write(folder, "courses.csv", "代码,标题", "K1,一")
    broken = command("intake", folder, "--source", "both", "--home", home)
    assert broken.code == 3
    assert "还没有读的文件：marks.csv" in broken.err


def test_of_a_folder_or_archive_that_was_dropped_what_nobody_reads_is_told_and_kept(
    home: Path, folder: Path, sqlite_site: Site, tmp_path: Path
) -> None:
    inbox = Inbox(tmp_path / "inbox", "m").open()
    with zipfile.ZipFile(inbox.folder / "pack.zip", "w") as packed:
        packed.write(folder / "marks.csv", "marks.csv")
        packed.writestr("notes.txt", "hello")
    folder.rename(inbox.folder / "week1")
    found = {one.name: one for _ in range(3) for one in inbox.take(sqlite_site, by="test")}
    inbox.close()
    assert {name: (one.outcome, [stray.file for stray in one.strays]) for name, one in found.items()} == {
        "pack.zip": ("done", ["notes.txt"]),
        "week1": ("done", ["courses.csv", "more/notes.txt"]),
    }
    assert (inbox.folder / "done" / "week1" / "more" / "notes.txt").read_text() == "hello\n"
    beside = (inbox.folder / "done" / "week1.没有读.txt").read_text(encoding="utf-8")
    assert "读得了它的映射：c" in beside
    assert str(tmp_path) not in beside
    assert (inbox.folder / "done" / "pack.zip.没有读.txt").exists()
    assert len(records(sqlite_site)) == 1


def test_beside_the_folders_of_sources_every_file_is_told_once_and_stays(home: Path, folder: Path) -> None:
    (folder / "m").mkdir()
    write(folder, "later.csv.part", HEAD)
    write(folder / "done", "notes.txt", "taken by a watch of the folder itself")
    outside = Outside(folder, home)

    def look() -> dict[str, tuple[str, str]]:
        return {one.name: (one.outcome, one.reason) for one in outside.look(inboxes(folder, "", home))}

    assert look() == {}
    told = look()
    assert {name: outcome for name, (outcome, _) in told.items()} == dict.fromkeys(
        ("courses.csv", "marks.csv", "more/notes.txt"), "unknown"
    )
    assert "读得了它的映射：m" in told["marks.csv"][1]
    assert "有：c、" in told["more/notes.txt"][1]
    assert look() == {}
    (folder / "marks.csv").rename(folder / "m" / "marks.csv")
    write(folder, "notes.txt", "new")
    assert (look(), list(look())) == ({}, ["notes.txt"])
    assert (folder / "more" / "notes.txt").exists()


def test_the_choices_are_every_mapping_with_its_patterns_but_no_broken_one(home: Path) -> None:
    write(home / "mapping", "broken.yaml", "name: broken")
    listed = {one.name: one.patterns for one in offers(home)}
    assert listed["c"] == ("courses*.csv",)
    assert "oulad" in listed
    assert "broken" not in listed

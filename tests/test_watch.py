"""The watched folder: what is dropped is taken when it is whole, once, and moved; what cannot be taken says why."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from portrait.cli import watch
from portrait.errors import InputError, LakeBusy
from portrait.intake.inbox import Arrival, Inbox, inboxes
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.lease import writing
from tests.inbox import MARKS, PEOPLE, ledger, mapping, records, write

HEAD = "编号,课程,时间,得分"
JOINED = """
  - name: joined
    file: log*.csv
    joins: [{as: who, file: who*.csv, on: {人: 人}}]
    target: record
    key: [号]
    fields:
      account: {from: who.编号, kind: staff}
      kind: {const: view}
"""


@pytest.fixture
def inbox(sqlite_site: Site, tmp_path: Path) -> Iterator[Inbox]:
    """A watched folder for marks and the people who have them."""
    mapping(sqlite_site.settings.home / "mapping", PEOPLE, MARKS)
    one = Inbox(tmp_path / "inbox", "m").open()
    yield one
    one.close()


def marks(folder: Path, name: str, *teachers: str) -> Path:
    return write(folder, name, HEAD, *(f"{who},c1,2022-03-01,80" for who in teachers))


def look(inbox: Inbox, site: Site, times: int = 1) -> list[Arrival]:
    return [one for _ in range(times) for one in inbox.take(site, by="test")]


def inside(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} - {".watched"}


def test_a_file_is_taken_at_the_second_look_that_sees_it_the_same(inbox: Inbox, sqlite_site: Site) -> None:
    marks(inbox.folder, "marks.csv", "T1")
    assert look(inbox, sqlite_site) == []
    marks(inbox.folder, "marks.csv", "T1", "T2")
    assert look(inbox, sqlite_site) == []
    (taken,) = look(inbox, sqlite_site)
    assert (taken.outcome, taken.reports[0].rows_stored) == ("done", 2)
    assert inside(inbox.folder) == {"done/marks.csv"}


@pytest.mark.parametrize(
    "name", ["marks.csv.part", "marks.tmp", ".marks.csv", "~$marks.xlsx", "marks.csv.crdownload"]
)
def test_what_its_name_says_is_half_hidden_or_a_lock_stays_until_it_is_renamed(
    inbox: Inbox, sqlite_site: Site, name: str
) -> None:
    half = marks(inbox.folder, name, "T1")
    assert look(inbox, sqlite_site, 3) == []
    half.rename(inbox.folder / "marks.csv")
    assert [one.outcome for one in look(inbox, sqlite_site, 2)] == ["done"]


def test_what_is_still_written_after_it_was_moved_away_comes_back_and_no_row_is_lost(
    inbox: Inbox, sqlite_site: Site
) -> None:
    with (inbox.folder / "marks.csv").open("w", encoding="utf-8") as writer:
        writer.write(f"{HEAD}\nT1,c1,2022-03-01,80\n")
        writer.flush()
        (taken,) = look(inbox, sqlite_site, 2)
        assert (taken.outcome, taken.reports[0].rows_stored) == ("done", 1)
        writer.write("T2,c1,2022-03-01,80\n")
    back, taken = look(inbox, sqlite_site, 3)
    assert (back.outcome, back.name) == ("waits", "marks.csv")
    assert "还在变" in back.reason
    assert (taken.outcome, taken.reports[0].rows_stored, taken.reports[0].rows_duplicate) == ("done", 1, 1)
    assert inside(inbox.folder) == {"done/marks.csv"}
    with (inbox.folder / "marks2.csv").open("w", encoding="utf-8") as writer:
        writer.write("编号\n")
        writer.flush()
        assert [one.outcome for one in look(inbox, sqlite_site, 2)] == ["failed"]
        writer.seek(0)
        writer.write(f"{HEAD}\nT3,c1,2022-03-01,80\n")
    assert [one.outcome for one in look(inbox, sqlite_site, 3)] == ["waits", "done"]
    assert inside(inbox.folder) == {"done/marks.csv", "done/marks2.csv"}
    assert len(records(sqlite_site)) == 3


def test_an_empty_file_and_a_link_wait(inbox: Inbox, sqlite_site: Site, tmp_path: Path) -> None:
    (inbox.folder / "marks.csv").touch()
    (inbox.folder / "marks2.csv").symlink_to(marks(tmp_path, "elsewhere.csv", "T1"))
    assert look(inbox, sqlite_site) == []
    (told,) = look(inbox, sqlite_site, 3)
    assert (told.name, told.outcome) == ("marks.csv", "waits"), "told once"
    assert told.reason.startswith("marks.csv：是空的（0 字节），等着它的内容；写进内容以后自动接入")
    assert (tmp_path / "elsewhere.csv").exists()
    marks(inbox.folder, "marks.csv", "T1")
    assert [one.outcome for one in look(inbox, sqlite_site, 2)] == ["done"]


def test_a_folder_with_something_empty_in_it_waits_and_says_what(inbox: Inbox, sqlite_site: Site) -> None:
    marks(inbox.folder / "all", "marks.csv", "T1")
    (inbox.folder / "all" / "marks2.csv").touch()
    (told,) = look(inbox, sqlite_site, 5)
    assert (told.outcome, told.reason.partition("：")[0]) == ("waits", "all/marks2.csv")


def test_what_cannot_be_read_goes_to_failed_with_the_reason_beside_and_stops_nothing(
    inbox: Inbox, sqlite_site: Site
) -> None:
    write(inbox.folder, "marks1.csv", "别的,列", "1,2")
    write(inbox.folder, "notes.txt", "hello")
    marks(inbox.folder, "marks2.csv", "T1")
    found = {one.name: one for one in look(inbox, sqlite_site, 2)}
    assert {name: one.outcome for name, one in found.items()} == {
        "marks1.csv": "failed",
        "marks2.csv": "done",
        "notes.txt": "failed",
    }
    said = inbox.folder / "failed" / "marks1.csv.原因.txt"
    assert "编号" in said.read_text(encoding="utf-8")
    assert str(inbox.folder) not in said.read_text(encoding="utf-8")
    assert (inbox.folder / "failed" / "notes.txt").read_text() == "hello\n"


def test_a_name_that_comes_again_keeps_both_files(inbox: Inbox, sqlite_site: Site) -> None:
    for who in ("T1", "T2", "T2"):
        marks(inbox.folder, "marks.csv", who)
        look(inbox, sqlite_site, 2)
    assert inside(inbox.folder) == {"done/marks.csv", "done/marks-2.csv", "done/marks-3.csv"}
    assert len(records(sqlite_site)) == 2


def test_rosters_go_before_the_records_that_stand_on_them(inbox: Inbox, sqlite_site: Site) -> None:
    marks(inbox.folder, "marks.csv", "T1")
    write(inbox.folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
    assert [one.name for one in look(inbox, sqlite_site, 2)] == ["people.csv", "marks.csv"]
    assert ledger(sqlite_site)[-1].counts.rows_unmatched == 0


def test_what_a_killed_process_had_claimed_comes_first_and_counts_once(
    inbox: Inbox, sqlite_site: Site
) -> None:
    marks(inbox.folder, "marks.csv", "T1")
    look(inbox, sqlite_site, 2)
    # Killed after the door had taken it and before it was moved away.
    (inbox.folder / "done" / "marks.csv").rename(inbox.folder / ".taking" / "marks.csv")
    (again,) = look(inbox, sqlite_site)
    assert (again.outcome, again.reports[0].taken_before) == ("done", True)
    assert len(records(sqlite_site)) == 1


def test_a_busy_lake_leaves_everything_to_the_next_look(inbox: Inbox, sqlite_site: Site) -> None:
    marks(inbox.folder, "marks1.csv", "T1")
    marks(inbox.folder, "marks2.csv", "T2")
    look(inbox, sqlite_site)
    with writing(sqlite_site.registry), pytest.raises(LakeBusy):
        look(inbox, sqlite_site)
    assert [one.outcome for one in look(inbox, sqlite_site, 2)] == ["done", "done"]


def test_a_folder_is_watched_by_one_process_at_a_time(inbox: Inbox) -> None:
    with pytest.raises(InputError, match="另一个进程"):
        Inbox(inbox.folder, "m").open()
    inbox.close()
    Inbox(inbox.folder, "m").open().close()


def test_files_that_are_read_together_come_in_a_subfolder_that_waits_until_it_is_complete(
    sqlite_site: Site, tmp_path: Path
) -> None:
    mapping(sqlite_site.settings.home / "mapping", JOINED, name="j")
    inbox = Inbox(tmp_path / "inbox", "j").open()
    log = write(inbox.folder, "log.csv", "号,人", "1,a")
    (waits,) = look(inbox, sqlite_site, 4)
    assert (waits.outcome, log.exists()) == ("waits", True)
    assert "子文件夹" in waits.reason
    together = inbox.folder / "week1"
    together.mkdir()
    log.rename(together / "log.csv")
    (waits,) = look(inbox, sqlite_site, 4)
    assert "who*.csv" in waits.reason
    write(together, "who.csv", "人,编号", "a,T1")
    (taken,) = look(inbox, sqlite_site, 3)
    assert (taken.outcome, taken.name, taken.reports[0].rows_stored) == ("done", "week1", 1)
    assert inside(inbox.folder) == {"done/week1/log.csv", "done/week1/who.csv"}
    inbox.close()


def test_without_a_source_every_subfolder_that_bears_the_name_of_a_mapping_is_watched(
    sqlite_site: Site, tmp_path: Path
) -> None:
    mapping(sqlite_site.settings.home / "mapping", PEOPLE, name="a")
    mapping(sqlite_site.settings.home / "mapping", MARKS, name="b")
    for name in ("a", "b", "other"):
        (tmp_path / "in" / name).mkdir(parents=True)
    found = inboxes(tmp_path / "in", "", sqlite_site.settings.home)
    assert [(one.source, one.folder.name) for one in found] == [("a", "a"), ("b", "b")]


def test_a_watch_needs_a_folder_and_nothing_besides(command: Callable[..., Any], tmp_path: Path) -> None:
    home = ("--home", tmp_path / "home")
    assert command("intake", "--watch", tmp_path / "none", "--source", "oulad", *home).code == 3
    assert command("intake", "x.csv", "--watch", tmp_path, "--source", "oulad", *home).code == 2
    assert command("intake", "--source", "oulad", *home).code == 2
    assert command("intake", write(tmp_path, "x.csv", HEAD), *home).code == 2


def begun(*words: str) -> subprocess.Popen[str]:
    """The command in a process of its own, told what it says on stdout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTRAIT_")}
    program = [sys.executable, "-c", "from portrait.cli import main; main()", *words]
    return subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def test_portraits_are_made_when_it_has_become_quiet_and_a_term_ends_it_cleanly(tmp_path: Path) -> None:
    home, box = tmp_path / "home", tmp_path / "inbox" / "m"
    mapping(home / "mapping", PEOPLE, MARKS)
    write(box, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
    marks(box, "marks.csv", "T1")
    words = ("--watch", str(box.parent), "--every", "0.1", "--refresh", "--json", "--home", str(home))
    with begun("intake", *words) as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    assert [one["outcome"] for one in lines] == ["done", "done", "refreshed"]
    assert lines[2]["batches"] == 1


def test_what_came_in_before_the_watch_began_is_refreshed_once(
    inbox: Inbox, sqlite_site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = inbox.folder
    write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "T1,甲,,,")
    marks(folder, "marks.csv", "T1")
    assert [one.outcome for one in look(inbox, sqlite_site, 2)] == ["done", "done"]
    inbox.close()

    def watched() -> list[dict[str, Any]]:
        """What a watch says that is stopped after its second look."""
        monkeypatch.setattr(watch, "Event", lambda: Looks(2))
        watch.watch_over(sqlite_site, folder, "m", 0.0, True, True)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (said,) = watched()
    assert (said["outcome"], said["batches"]) == ("refreshed", 1)
    assert watched() == []


class Looks(Event):
    """Is over after so many waits."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self._left = left

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


FILES = 25


def test_of_many_files_dropped_in_any_order_no_row_is_lost_or_doubled_though_the_process_is_killed(
    tmp_path: Path,
) -> None:
    home, box, drop = tmp_path / "home", tmp_path / "inbox", tmp_path / "drop"
    mapping(home / "mapping", MARKS)
    box.mkdir()
    # Each file repeats the last teacher of the one before it.
    for n in range(FILES):
        marks(drop, f"marks{n:03}.csv", f"T{n}", f"T{n + 1}")
    words = ["intake", "--watch", str(box), "--source", "m", "--every", "0.1", "--json", "--home", str(home)]

    def start() -> subprocess.Popen[str]:
        return begun(*words)

    def told(process: subprocess.Popen[str], most: int) -> list[dict[str, Any]]:
        assert process.stdout is not None
        return [json.loads(line) for _, line in zip(range(most), process.stdout, strict=False)]

    def ended(process: subprocess.Popen[str]) -> int:
        process.communicate()
        return process.returncode

    order = list(range(FILES))
    random.Random(3).shuffle(order)
    process = start()
    for n in order[: FILES // 2]:
        os.replace(drop / f"marks{n:03}.csv", box / f"marks{n:03}.csv")
    first = told(process, FILES // 5)
    process.kill()
    assert ended(process) == -signal.SIGKILL
    done = len(list((box / "done").iterdir()))
    assert done >= FILES // 5
    process = start()
    # While it runs some come by a rename, whole at once, and one is written bit by bit where it is read.
    *swift, last = order[FILES // 2 :]
    slowly = f"marks{last:03}.csv"
    text = (drop / slowly).read_text(encoding="utf-8")
    cut = text.rindex("\n", 0, -1) + 1
    then: list[dict[str, Any]] = []
    with (box / slowly).open("w", encoding="utf-8") as slow:
        slow.write(text[:cut])
        slow.flush()
        for place, n in enumerate(swift):
            os.replace(drop / f"marks{n:03}.csv", box / f"marks{n:03}.csv")
            then += told(process, place % 3 // 2)
        then += told(process, FILES - 1 - done - len(then))
        slow.write(text[cut:])
    names = {f"marks{n:03}.csv" for n in range(FILES)}

    def over() -> bool:
        read = [sum(b["rows_read"] for b in one["batches"]) for one in then if one["name"] == slowly]
        return 2 in read and {path.name for path in (box / "done").iterdir()} == names

    while not over():
        then += told(process, 1)
    process.send_signal(signal.SIGINT)
    assert ended(process) == 0
    assert {one["outcome"] for one in first} == {"done"}
    assert {(one["outcome"], one["name"]) for one in then} - {("waits", slowly)} <= {
        ("done", n) for n in names
    }
    assert inside(box) == {f"done/{name}" for name in names}
    site = open_site(load_settings(home))
    assert len(records(site)) == FILES + 1
    finished = [one for one in ledger(site) if one.state == "done"]
    halves = (
        len(finished) - FILES
    )  # the one row of the slow file may have been taken before the other was there
    assert halves in (0, 1)
    assert sum(one.counts.rows_read for one in finished) == 2 * FILES + halves
    assert sum(one.counts.rows_stored for one in finished) == FILES + 1
    assert sum(one.counts.rows_duplicate for one in finished) == FILES - 1 + halves
    site.registry.dispose()

"""Exactly once: however often, in whatever pieces, order and by how many at a time files come in, each row is there once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portrait.errors import InputError
from portrait.lake.table import Lake
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.schema import batch
from tests.doomed import PATIENCE, PROCESSES, Order, take
from tests.export import HEAD, LOG, ROWS, TAKEN, Export, csv_text, lake_rows

DATED = LOG.replace("[流水号]", "[流水号, 时间]")
KEEP = DATED.replace("    target", "    repeats: keep\n    target")
# What a record says, apart from the batch and the row that it came by.
CONTENT = "id, account, course, run, item, kind, time, seq, score, value, weight, count, seconds, credit, flag, month"


def row(number: object, user: str = "u1", day: str = "2022-03-01") -> str:
    return f"{number},{user},看,{day},,60"


# --- the same again ------------------------------------------------------------------------------------------------


def test_a_second_import_adds_nothing(site: Site, tmp_path: Path) -> None:
    export = Export(site, tmp_path / "in")
    export.put("log.csv", csv_text([*ROWS, row(4), row(4), row(5, day="坏")]))
    assert export.took() == (6, 4, 1, 1)
    before = lake_rows(site)
    (again,) = export.take()
    assert again.taken_before
    assert (again.rows_read, again.rows_stored, again.rows_duplicate, again.rows_quarantined) == (6, 0, 6, 0)
    assert again.message == "同样的内容已作为第 1 号批次接入，没有新的行"
    assert lake_rows(site) == before
    assert len(export.waiting()) == 1


def test_the_same_content_under_another_name_or_in_another_folder_is_the_same(export: Export) -> None:
    export.put("log.csv", csv_text())
    export.take()
    export.put("log2.csv", csv_text())
    assert all(report.taken_before for report in export.take())
    (export.folder / "sub").mkdir()
    (report,) = export.take(export.put("sub/log.csv", csv_text()))
    assert report.taken_before


@pytest.mark.parametrize("what", ["year", "course"])
def test_the_same_content_is_another_where_the_file_is_named_for_what_it_says(
    export: Export, what: str
) -> None:
    """A sheet of days without a year, and one whose course stands in its name alone, come again for the next year or course."""
    dated = LOG.replace("    target", "    cells: office\n    year: auto\n    target")
    dated = dated.replace("{from: 用时}", "{from: 用时, unit: seconds}")
    named = LOG.replace("    target", "    make: {课: [{from: $file, match: '^(K\\d)'}]}\n    target")
    named = named.replace("{from: 时间}", "{from: 时间}\n      course: {from: 课}").replace("log*", '"*.csv"')
    export.map({"year": dated.replace("log*", '"*.csv"'), "course": named}[what])
    day = "3月1日" if what == "year" else "2022-03-01"
    first, other, same = {
        "year": ("签到2022年.csv", "签到2021年.csv", "名册2022.csv"),
        "course": ("K1.csv", "K2.csv", "sub/K1.csv"),
    }[what]
    (export.folder / "sub").mkdir()
    for name, stored in ((first, 1), (other, 1), (same, 0)):
        (report,) = export.take(export.put(name, csv_text([row(1, day=day)])))
        assert (report.rows_stored, report.taken_before) == (stored, not stored), name
    found = export.site.pool.rows(
        "SELECT course <> 0, year(time + INTERVAL 8 HOUR) FROM landed ORDER BY batch"
    )
    assert found == ([(False, 2022), (False, 2021)] if what == "year" else [(True, 2022), (True, 2022)])


def test_the_same_rows_in_another_format_are_duplicates(export: Export) -> None:
    export.put("log.csv", csv_text())
    export.take()
    export.put("log.csv", csv_text(), "gb18030")
    assert export.took() == (3, 0, 3, 0)
    (export.folder / "log.csv").unlink()
    export.workbook("log.xlsx", {"日志": [line.split(",") for line in (HEAD, *ROWS)]})
    assert export.took() == (3, 0, 3, 0)
    assert export.records() == TAKEN


def test_an_overlapping_export_adds_what_is_new_in_it(export: Export) -> None:
    export.put("log.csv", csv_text(ROWS))
    export.take()
    export.put("log.csv", csv_text([row(0), *ROWS, row(4), row(5, day="坏")]))
    assert export.took() == (6, 2, 3, 1)
    assert len(export.records()) == 5


def test_a_file_that_grows_while_it_is_imported_every_day_ends_as_if_it_had_come_at_once(
    export: Export, tmp_path: Path, sqlite_url: str, today: date
) -> None:
    days = [row(n, f"u{n % 3}", f"2022-0{1 + n // 4}-15") for n in range(16)]
    for count in (1, 2, 7, 7, 16):
        export.put("log.csv", csv_text(days[:count]))
        export.take(part_rows=3)
    other = Export(open_site(load_settings(tmp_path / "once", today=today)), tmp_path / "in2")
    other.put("log.csv", csv_text(days))
    other.take()
    assert lake_rows(export.site, CONTENT) == lake_rows(other.site, CONTENT)
    other.site.registry.dispose()


# --- what makes two rows one ---------------------------------------------------------------------------------------


def test_equal_rows_are_one_event_where_the_mapping_drops_repeats(export: Export) -> None:
    export.map(KEEP.replace("keep", "drop"))
    export.put("log.csv", csv_text([row(1), row(1), row(2), row(1)]))
    assert export.took() == (4, 2, 2, 0)


def test_equal_rows_are_several_events_where_it_keeps_them_and_still_come_in_once(export: Export) -> None:
    export.map(KEEP)
    export.put("log.csv", csv_text([row(1), row(1), row(2)]))
    assert export.took() == (3, 3, 0, 0)
    export.put("log.csv", csv_text([row(2), row(1), row(3), row(1), row(1)]))
    assert export.took() == (5, 2, 3, 0), "the third of its kind, and row 3"
    assert export.site.pool.rows("SELECT count(*), count(DISTINCT id) FROM record") == [(5, 5)]


def test_a_row_that_moves_to_another_month_is_a_new_version_while_its_key_is_the_same(export: Export) -> None:
    export.put("log.csv", csv_text([row(1, day="2022-03-31"), row(2)]))
    export.take()
    export.put("log.csv", csv_text([row(1, day="2022-04-01"), row(2)]))
    assert export.took() == (2, 1, 1, 0)
    assert export.site.pool.rows("SELECT count(*), count(DISTINCT id) FROM record") == [(2, 2)]
    export.map(DATED)
    export.put("log.csv", csv_text([row(1, day="2022-03-31"), row(1, day="2022-04-01")]))
    assert export.took() == (2, 2, 0, 0), "another key, other rows"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("source: p", "source: p\ntimezone: America/New_York"),
        ("source: p", "source: p\ntimezone: UTC"),
        ("{from: 时间}", '{from: 时间, format: "%Y-%d-%m"}'),
        ("  - name: log", "  - name: other"),
    ],
)
def test_a_mapping_that_reads_times_otherwise_does_not_double_what_is_in(
    export: Export, old: str, new: str
) -> None:
    mapping = LOG.replace("    key: [流水号]\n", "")
    export.map(mapping)
    days = [row(1, day="2022-03-01"), row(2, day="2022-01-12"), row(3, day="2022-12-01")]
    export.put("log.csv", csv_text(days))
    export.take()
    export.map(mapping.replace(old, new))
    assert export.took() == (3, 0, 3, 0)


def test_the_same_row_of_two_sources_or_two_people_is_two(export: Export) -> None:
    export.put("log.csv", csv_text([row(1), row(1, "u2")]))
    assert export.took() == (2, 2, 0, 0)
    export.map(LOG.replace("source: p", "source: q"))
    assert export.took() == (2, 2, 0, 0)


# --- in any order ----------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path, tables: Path, today: date) -> Callable[[str], Export]:
    """A new installation with nothing in it, as often as it is asked for."""
    made: list[Site] = []

    def make(mapping: str) -> Export:
        home = tmp_path / f"home{len(made)}"
        home.mkdir()
        shutil.copy(tables, home / "registry.sqlite")
        made.append(open_site(load_settings(home, today=today)))
        return Export(made[-1], tmp_path / f"in{len(made)}", mapping)

    yield make
    for site in made:
        site.registry.dispose()


EVENT = st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 4))
FILES = st.lists(st.lists(EVENT, max_size=7), min_size=2, max_size=3)


def _line(event: tuple[int, int, int]) -> str:
    number, user, month = event
    # What an event says follows from its number: an export may repeat it, but does not contradict itself.
    return row(number, f"u{user}", str(date(2022, 1, 20) + timedelta(days=29 * month + number)))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, mapping=st.sampled_from([DATED, KEEP]), data=st.data())
def test_files_in_any_order_and_pieces_give_the_same_lake(
    fresh: Callable[[str], Export],
    files: Sequence[list[tuple[int, int, int]]],
    mapping: str,
    data: st.DataObject,
) -> None:
    lakes = []
    for order in (range(len(files)), data.draw(st.permutations(range(len(files))))):
        export = fresh(mapping)
        for place in order:
            export.take(
                export.put(f"log{place}.csv", csv_text(map(_line, files[place]))),
                part_rows=data.draw(st.sampled_from([1, 2, 1000])),
            )
        lakes.append(lake_rows(export.site, CONTENT))
    assert lakes[0] == lakes[1]
    if mapping is KEEP:
        most = {event: max(file.count(event) for file in files) for file in files for event in file}
        assert len(lakes[0]) == sum(most.values())
    else:
        assert len(lakes[0]) == len({event for file in files for event in file})


# --- what went wrong can be done again ----------------------------------------------------------------------------------


def test_a_file_that_failed_left_nothing_and_can_be_taken_again(export: Export) -> None:
    joined = LOG.replace("    key:", "    joins: [{file: 表.csv, on: {行为: 词}, as: w}]\n    key:")
    export.map(joined.replace("      seconds", "      item: {from: w.意}\n      seconds"))
    export.put("log.csv", csv_text())
    export.put("表.csv", "词,意\n看,a\n看,b\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"表\.csv"):
            export.take()
        with export.site.registry.connect() as connection:
            assert connection.execute(select(batch.c.id, batch.c.state)).all() == [(1, "failed")]
    assert export.site.lake.table("record") is None
    export.put("表.csv", "词,意\n看,a\n")
    export.take()
    assert export.records() == TAKEN


def test_a_disk_that_fills_up_halfway_costs_nothing_but_the_time(
    export: Export, fresh: Callable[[str], Export], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(n, f"u{n}") for n in range(40)]
    whole = fresh(LOG)
    whole.put("log.csv", csv_text(rows))
    whole.take(part_rows=2)
    export.put("log.csv", csv_text(rows))
    append, calls = Lake.append, iter(range(99))

    def full(lake: Lake, name: str, data: Any, *, part: str) -> None:
        if next(calls) == 2:
            raise OSError(28, "No space left on device")
        append(lake, name, data, part=part)

    monkeypatch.setattr(Lake, "append", full)
    with pytest.raises(OSError, match="No space"):
        export.take(part_rows=2)
    assert 0 < export.site.pool.rows("SELECT count(*) FROM landed")[0][0] < 40
    assert lake_rows(export.site) == [], "of a batch that is not whole nobody sees a row"
    (report,) = export.take(part_rows=2)
    assert (report.batch, report.rows_stored, report.rows_duplicate) == (1, 40, 0)
    assert lake_rows(export.site) == lake_rows(whole.site)


# --- several at once ------------------------------------------------------------------------------------------------------


def order(site: Site, export: Export, registry_url: str, **more: Any) -> Order:
    today = site.settings.today
    assert today is not None
    return Order(site.settings.home, registry_url, today, export.folder, export.mapping, **more)


def test_while_one_process_writes_another_is_told_so_or_waits(
    site: Site, registry_url: str, tmp_path: Path
) -> None:
    export = Export(site, tmp_path / "in")
    export.put("log.csv", csv_text())
    first = order(site, export, registry_url, point="before a commit")
    second = replace(first, point="")
    held, go, told = PROCESSES.Event(), PROCESSES.Event(), PROCESSES.Queue()
    writer = PROCESSES.Process(target=take, args=(first, (held, go)))
    writer.start()
    assert held.wait(PATIENCE)
    refused = PROCESSES.Process(target=take, args=(second, None, told))
    refused.start()
    assert told.get(timeout=PATIENCE).startswith("[P500] 另一个进程（主机 ")
    waiting = PROCESSES.Process(target=take, args=(replace(second, wait_seconds=60), None, told))
    waiting.start()
    go.set()
    assert told.get(timeout=PATIENCE) == [(1, 3, 0, True)]
    for process in (writer, refused, waiting):
        process.join()
        assert process.exitcode == 0
    assert export.records() == TAKEN


def test_processes_that_start_together_take_every_file_once(
    site: Site, registry_url: str, tmp_path: Path
) -> None:
    export = Export(site, tmp_path / "in")
    for place in range(3):
        export.put(f"log{place}.csv", csv_text([row(n) for n in range(5 * place, 5 * place + 8)]))
    ordered, told = order(site, export, registry_url, wait_seconds=60), PROCESSES.Queue()
    processes = [PROCESSES.Process(target=take, args=(ordered, None, told)) for _ in range(3)]
    for process in processes:
        process.start()
    answers = [told.get(timeout=PATIENCE) for _ in processes]
    for process in processes:
        process.join()
    taken = [[stored for _, _, stored, _ in answer] for answer in answers]
    assert sorted(map(sum, taken)) == [0, 0, 18]
    assert site.pool.rows("SELECT count(*), count(DISTINCT id) FROM record") == [(18, 18)]
    with site.registry.connect() as connection:
        assert connection.execute(select(batch.c.state)).scalars().all() == ["done"] * 3

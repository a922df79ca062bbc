"""The lake's tables: atomic commits with marks, files that readers can rely on, and small files folded when they crowd."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portrait.errors import SettingError
from portrait.lake.compact import CROWD, compact, crowded, tidy, vacuum
from portrait.lake.engine import bare_engine, open_engine
from portrait.lake.table import TABLES, Lake, Standing, file_paths, rebuilds
from portrait.reading import portrait_of
from portrait.record import CELL_SCHEMA, LINK_SCHEMA, RECORD_SCHEMA, Kind
from portrait.refresh import refresh
from portrait.site import Site
from tests.hand import Hand, cell_sums, record


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "湖 of '22", buckets=4)


def rows(*numbers: int, **given: Any) -> pa.Table:
    made = [record(n, 100 + n % 7, Kind.VIEW, **given) for n in numbers]
    return pa.Table.from_pylist([row | {"bucket": row["account"] % 4} for row in made], schema=RECORD_SCHEMA)


def lines(lake: Lake) -> list[int]:
    engine = open_engine(lake)
    found = [line for (line,) in engine.execute("SELECT line FROM record ORDER BY line").fetchall()]
    engine.close()
    return found


# --- commits -----------------------------------------------------------------------------------------------------


def test_before_the_first_commit_there_is_nothing_and_reading_says_so(lake: Lake) -> None:
    assert lake.table("record") is None
    assert lake.files("record") == []
    assert not lake.landed("record", "a")
    assert lake.mark("record", "a") is None
    assert lake.files_holding("record", "batch", [1]) == []
    assert compact(lake, "record") == 0
    assert vacuum(lake, "record") == []
    assert tidy(lake) == 0
    assert lines(lake) == []


def test_a_part_has_landed_when_its_commit_has_and_everybody_can_tell(lake: Lake) -> None:
    lake.append("record", rows(1, 2), part="b1:0/2")
    again = Lake(lake.folder, buckets=4)
    assert again.landed("record", "b1:0/2")
    assert not again.landed("record", "b1:1/2")
    assert not again.landed("cell", "b1:0/2")
    again.append("record", rows(3), part="b1:1/2")
    assert lines(lake) == [1, 2, 3]


def test_a_commit_that_fails_halfway_leaves_nothing(lake: Lake) -> None:
    lake.append("record", rows(1), part="a")

    def broken() -> Iterator[pa.RecordBatch]:
        yield from rows(*range(10, 2000)).to_batches()
        raise OSError("no space left")

    with pytest.raises(Exception, match="no space left"):
        lake.append("record", pa.RecordBatchReader.from_batches(RECORD_SCHEMA, broken()), part="b")
    assert not lake.landed("record", "b")
    assert lines(lake) == [1]
    lake.append("record", rows(2), part="b")
    assert lines(lake) == [1, 2]


def test_a_commit_may_bring_nothing_but_its_mark(lake: Lake) -> None:
    lake.commit("record", RECORD_SCHEMA.empty_table(), {"through": 7})
    assert lake.mark("record", "through") == 7
    assert lines(lake) == []


def test_the_newest_mark_of_a_name_counts_and_the_others_stay(lake: Lake) -> None:
    lake.commit("record", rows(1), {"through": 1, "batch:x": 1})
    lake.commit("record", rows(2), {"through": 2})
    assert (lake.mark("record", "through"), lake.mark("record", "batch:x")) == (2, 1)


def test_a_table_is_read_from_the_log_once_a_version_and_never_after_its_time(lake: Lake) -> None:
    other = Lake(lake.folder, buckets=4)
    lake.append("record", rows(1), part="a")
    first = lake.table("record")
    assert first is not None
    assert lake.table("record") is first
    other.append("record", rows(2), part="b")
    second = lake.table("record")
    assert second is not None
    assert second is not first
    assert second.version() == 1
    assert lake.open("record") is not second, "who folds files gets a table of their own"
    assert lake.landed("record", "b")


def test_a_table_that_was_removed_and_made_again_is_not_mistaken_for_the_old_one(lake: Lake) -> None:
    lake.append("record", rows(1), part="a")
    assert lake.landed("record", "a")
    shutil.rmtree(lake.path("record"))
    assert lake.table("record") is None
    Lake(lake.folder, buckets=4).append("record", rows(2), part="b")
    assert not lake.landed("record", "a")
    assert lines(lake) == [2]


@pytest.mark.parametrize("way", ["home", "link"])
def test_files_are_found_by_a_relative_way_and_through_a_link(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    lake = Lake(Path(way), buckets=4)
    made = rows(1)
    batch = made["batch"][0].as_py()
    lake.append("record", made, part="a")
    assert len(lake.files("record")) == 1
    assert lake.files_holding("record", "batch", [batch]) == lake.files("record")
    assert lake.files_holding("record", "batch", [batch + 1]) == []


def test_the_batches_of_a_lake_are_known_through_folding_and_checkpoints(lake: Lake) -> None:
    assert lake.batches() == set()
    assert lake.written == 0
    for number, part in enumerate(["a:0/1", "b:2/4", "b:3/4"]):
        lake.append("record", rows(number), part=part)
        assert lake.written == number + 1
    compact(lake, "record")
    table = lake.open("record")
    assert table is not None
    table.create_checkpoint()
    lake.append("record", rows(7), part="c:1/8")
    for commit in (lake.path("record") / "_delta_log").glob("*[012].json"):
        commit.unlink()  # as Delta itself does with what a checkpoint holds
    assert lake.batches() == {"a", "b", "c"}
    assert [lake.holds(key) for key in ("a", "b", "c", "d")] == [True, True, True, False]
    lake.stand(Standing("1", 4))
    lake.append("record", rows(8), part="a:0/1")
    assert (lake.written, rebuilds(lake.written)) == (2**32 + 1, 1)


def test_marks_outlive_the_checkpoints_of_a_long_log(lake: Lake) -> None:
    link = pa.Table.from_pylist(
        [{"account": 1, "person": 1, "source": "", "stage": "", "county": ""}], schema=LINK_SCHEMA
    )
    for number in range(103):
        lake.commit("link", link, {f"part{number}": 1}, replace="")
    assert list(lake.path("link").glob("_delta_log/*.checkpoint.parquet"))
    assert all(lake.landed("link", f"part{number}") for number in range(103))


def test_data_takes_the_place_of_a_table_or_of_some_of_its_partitions(lake: Lake) -> None:
    october = date(2022, 10, 5)
    lake.append("record", rows(1, 2), part="november")
    lake.append("record", rows(3, on=october), part="october")
    month = rows(3, on=october)["month"][0].as_py()
    lake.commit("record", rows(4, 5, on=october), {"again": 1}, replace=f"month = {month}")
    assert lines(lake) == [1, 2, 4, 5]
    lake.commit("record", rows(6), {}, replace="")
    assert lines(lake) == [6]
    assert lake.landed("record", "november"), "what landed has landed, though other rows stand there now"


def test_writers_in_the_same_moment_both_land(lake: Lake) -> None:
    lake.append("record", rows(0), part="first")
    start, errors = threading.Barrier(4), []

    def write(number: int) -> None:
        start.wait()
        try:
            lake.append("record", rows(number), part=f"p{number}")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert lines(lake) == [0, 1, 2, 3, 4]
    assert all(lake.landed("record", f"p{number}") for number in range(1, 5))


def test_an_older_version_can_still_be_read(lake: Lake) -> None:
    lake.append("record", rows(1), part="a")
    lake.append("record", rows(2), part="b")
    table = lake.table("record")
    assert table is not None
    table.load_as_version(0)
    assert len(file_paths(table)) < len(lake.files("record"))


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_read_with_the_types_it_was_declared_with(lake: Lake, name: str) -> None:
    schema, partitions = TABLES[name]
    blank = {"int64": 1, "int32": 1, "string": "x", "double": 1.0, "binary": b"x" * 16}
    row = {f.name: blank.get(str(f.type)) for f in schema}
    lake.append(name, pa.Table.from_pylist([row], schema=schema), part="a")
    engine = open_engine(lake)
    found = engine.sql(f"SELECT * FROM {'landed' if name == 'record' else name}").to_arrow_table()
    assert found.schema.names == schema.names
    assert found.schema.types == schema.types
    assert all(f"/{column}=1/" in lake.files(name)[0] for column in partitions)
    engine.close()


def test_only_the_files_that_may_hold_a_value_are_named(lake: Lake) -> None:
    for batch in (1, 2, 3):
        lake.append("record", rows(batch, batch=batch), part=str(batch))
    assert len(lake.files("record")) == 3
    (only,) = lake.files_holding("record", "batch", [2])
    assert pq.read_table(only, columns=["batch"], partitioning=None)["batch"].to_pylist() == [2]
    assert lake.files_holding("record", "batch", [9]) == []
    assert lake.files_holding("record", "batch", []) == []


def test_an_engine_keeps_its_limits_and_spills_beside_the_lake(lake: Lake) -> None:
    engine = bare_engine(lake, memory="300MB", threads=1)
    said = dict(engine.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    assert said["threads"] == "1"
    assert said["temp_directory"] == str(lake.folder / "spill")
    assert said["memory_limit"].startswith("286")  # MiB
    assert said["TimeZone"] == "UTC"
    engine.close()


# --- folding ---------------------------------------------------------------------------------------------------------


def crowd(lake: Lake, months: dict[int, int]) -> None:
    """Fills months of 2022 with so many small files of one bucket."""
    number = 0
    for month, files in months.items():
        for _ in range(files):
            number += 7
            lake.append("record", rows(number, on=date(2022, month, 3)), part=str(number))


def test_only_partitions_with_many_small_files_are_folded(lake: Lake) -> None:
    crowd(lake, {3: CROWD + 1, 4: 2})
    before, held = lines(lake), set(lake.files("record"))
    assert crowded(lake, "record") == [2022 * 12 + 2]
    assert tidy(lake) == CROWD
    assert lines(lake) == before
    assert len(lake.files("record")) == 3
    assert len(held & set(lake.files("record"))) == 2, "April was left alone"
    assert lake.landed("record", "7")
    assert tidy(lake) == 0


def test_a_folded_file_is_sorted_by_teacher_in_small_groups(lake: Lake) -> None:
    for start in range(0, 4):
        numbers = range(start * 12_000, (start + 1) * 12_000)
        made = [record(n, 4 * ((n * 7919) % 9973), Kind.VIEW) | {"bucket": 0} for n in numbers]
        lake.append("record", pa.Table.from_pylist(made, schema=RECORD_SCHEMA), part=str(start))
    assert compact(lake, "record") == 3
    (file,) = lake.files("record")
    written = pq.ParquetFile(file)
    accounts = written.read(["account"])["account"].to_pylist()
    assert accounts == sorted(accounts)
    assert written.metadata.num_row_groups == 2
    assert written.metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_reader_who_began_before_the_folding_reads_on(lake: Lake) -> None:
    crowd(lake, {3: CROWD + 1})
    engine = open_engine(lake)
    tidy(lake)
    assert engine.execute("SELECT count(*) FROM record").fetchone() == (CROWD + 1,)
    engine.close()


def test_what_no_version_of_a_week_needs_is_removed_and_nothing_younger(lake: Lake) -> None:
    crowd(lake, {3: CROWD + 1})
    folder = Path(lake.files("record")[0]).parent
    killed, writing = folder / "part-killed.parquet", folder / "part-writing.parquet"
    for file in (killed, writing):  # files of commits that never happened
        file.write_bytes(b"PAR1")
    os.utime(killed, (0, 0))
    assert [Path(name).name for name in vacuum(lake, "record")] == [killed.name]
    assert writing.exists()
    with pytest.raises(SettingError, match="24 小时"):
        vacuum(lake, "record", keep_hours=1)
    assert lines(lake) == [7 * n for n in range(1, CROWD + 2)]


def test_a_refresh_folds_what_small_batches_have_crowded_and_changes_no_figure(sqlite_site: Site) -> None:
    hand = Hand(sqlite_site)
    hand.person(1)
    hand.account(12, 1)
    hand.account(16, 1, "乙")
    hand.course(7, P2_1=100)
    for number in range(CROWD):
        hand.batch([record(number, 12 + 4 * (number % 2), Kind.RATING, 0.6 + number / 100)])
    assert refresh(sqlite_site).folded == 0
    sums, figure = cell_sums(sqlite_site), portrait_of(sqlite_site, 1).estimates["P2.1"]
    hand.batch([record(99, 12, Kind.VIEW)])
    report = refresh(sqlite_site)
    assert report.folded == CROWD
    assert len(sqlite_site.lake.files("record")) == 1
    assert cell_sums(sqlite_site) == sums
    assert portrait_of(sqlite_site, 1).estimates["P2.1"] == figure
    again = refresh(sqlite_site)
    assert (again.cells, again.portraits, again.folded) == ("none", "none", 0)
    hand.batch([record(100, 12, Kind.RATING, 0.9)])
    refresh(sqlite_site)
    assert portrait_of(sqlite_site, 1).estimates["P2.1"].n == figure.n + 1


def test_the_cells_of_many_refreshes_are_folded_too(lake: Lake) -> None:
    for number in range(CROWD + 1):
        cell = {"account": number * 4, "indicator": "P2.1", "month": 1, "kind": 6, "n": 1, "sw": 1, "swy": 1, "swyy": 1, "swa": 1, "bucket": 0}  # fmt: skip
        lake.append("cell", pa.Table.from_pylist([cell], schema=CELL_SCHEMA), part=str(number))
    assert tidy(lake) == CROWD

"""Housekeeping of the lake: many small files folded into few sorted ones, and files of old versions removed."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from portrait.errors import SettingError
from portrait.lake.disk import to_disk
from portrait.lake.engine import rows
from portrait.lake.table import TABLES, WRITER, Lake

SORTED_BY = {"record": "account", "cell": "account", "snapshot": "person", "link": "person"}
WHOLE = ("link", "verdict", "aligned")  # written anew by every commit
EVERY = 16  # commits of those between two removals of old files
LEAST_HOURS = 24  # a reader may be busy with files of a version that was the newest when it began
CROWD = 8  # files of one partition; opening more of them takes longer than reading what is in them


def tidy(lake: Lake) -> int:
    """Fold the partitions that many small batches have crowded, and remove what nobody needs of the tables concerned.

    Returns how many files there are fewer. Needs the writer's lease (portrait.store.lease.writing).
    Raises LakeForeign, as all here that write or remove, when the lake has become another's.
    """
    fewer = 0
    for name in WHOLE:
        table = lake.table(name)
        if table is not None and table.version() % EVERY == EVERY - 1:
            vacuum(lake, name)
    for name in SORTED_BY:
        if only := crowded(lake, name):
            fewer += compact(lake, name, only=only)
            vacuum(lake, name)
    return fewer


def widen(lake: Lake, engine: duckdb.DuckDBPyConnection) -> None:
    """Give records of an older version today's columns, null in all of them, in one commit. Needs the writer's lease."""
    schema, partitions = TABLES["record"]
    sql = f"{rows('record', lake.files('record'), lake.lacking('record'))} ORDER BY {', '.join(partitions)}, account, line"
    with engine.cursor() as reading:
        reader = reading.sql(sql).to_arrow_reader(100_000)
        lake.commit("record", reader.cast(schema), {}, replace="")


def crowded(lake: Lake, name: str) -> list[int]:
    """The values of a table's first partition column under which a partition has more than CROWD files."""
    table, columns = lake.table(name), TABLES[name][1]
    if table is None or not columns:
        return []
    files = pa.table(table.get_add_actions(flatten=True))
    places = files.select([f"partition.{column}" for column in columns]).to_pylist()
    counts = Counter(tuple(place.values()) for place in places)
    return sorted({place[0] for place, count in counts.items() if count > CROWD})


def compact(lake: Lake, name: str, *, only: Collection[int] | None = None) -> int:
    """Fold the files of each partition into few, sorted by teacher. Returns how many files there are fewer.

    `only` names values of the first partition column; None takes all. No row changes and every mark stays. Needs the
    writer's lease.
    """
    table = lake.open(name)
    if table is None:
        return 0
    lake.say_owner()
    before, version = len(table.file_uris()), table.version()
    chosen = None if only is None else [(TABLES[name][1][0], "in", [str(value) for value in only])]
    if name in SORTED_BY:
        table.optimize.z_order([SORTED_BY[name]], partition_filters=chosen, writer_properties=WRITER)
    else:
        table.optimize.compact(partition_filters=chosen, writer_properties=WRITER)
    if table.version() > version:
        to_disk(lake.path(name), table.version())  # what it replaces is removed one day
    return before - len(table.file_uris())


def vacuum(lake: Lake, name: str, *, keep_hours: int = 168) -> list[str]:
    """Remove files that no version of the last `keep_hours` needs, those of commits that were killed among them, and
    say which.

    Raises SettingError for less than LEAST_HOURS: readers of this moment would lose their files.
    """
    if keep_hours < LEAST_HOURS:
        raise SettingError(f"保留时间 {keep_hours} 小时太短，正在读的页面会丢文件；至少 {LEAST_HOURS} 小时")
    table = lake.open(name)
    if table is None:
        return []
    lake.say_owner()
    removed: list[str] = table.vacuum(
        retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False, full=True
    )
    return removed


def clear_replaced(lake: Lake, now: datetime) -> list[str]:
    """Remove the tables that a rebuilt lake has taken the place of, once no reader can be busy with them, and say which.

    Needs the writer's lease: what a rebuild has begun is none of the standing tables either.
    """
    root = lake.standing.root
    if not root:
        return []
    since = datetime.fromtimestamp((lake.folder / "lake.json").stat().st_mtime, UTC)
    if now - since < timedelta(hours=LEAST_HOURS):
        return []
    lake.say_owner()
    older = [str(number) for number in range(1, int(root))]
    replaced = [name for name in (*TABLES, *older) if (lake.folder / name).is_dir()]
    for name in replaced:
        shutil.rmtree(lake.folder / name, ignore_errors=True)
    return replaced

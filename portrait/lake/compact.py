"""Housekeeping of the lake: many small files folded into few sorted ones, and files of old versions removed."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from portrait.errors import SettingError
from portrait.lake.table import TABLES, Lake

MANY = 8  # files in one partition: looking a teacher up opens every one of them
SORTED_BY = {"record": "account", "cell": "account", "snapshot": "person", "link": "person"}
LEAST_HOURS = 24  # a reader may be busy with files of a version that was the newest when it began


def compact(lake: Lake, name: str, *, only: list[tuple[str, str, list[str]]] | None = None) -> int:
    """Fold the files of each partition into few, sorted by teacher. Returns how many files there are fewer.

    `only` narrows to some partitions. No row changes and every mark stays. Needs the writer's lease
    (portrait.store.lease.writing).
    """
    table = lake.table(name)
    if table is None:
        return 0
    before = len(table.file_uris())
    if name in SORTED_BY:
        table.optimize.z_order([SORTED_BY[name]], partition_filters=only)
    else:
        table.optimize.compact(partition_filters=only)
    return before - len(table.file_uris())


def tidy(lake: Lake) -> int:
    """Fold the partitions that have come to hold many files, and remove what folding made superfluous a week ago.

    Returns how many files there are fewer. Needs the writer's lease, like `compact`.
    """
    fewer = 0
    for name, (_, partitions) in TABLES.items():
        crowded = _crowded(lake, name, partitions)
        if crowded:
            fewer += compact(lake, name, only=[(partitions[0], "in", crowded)])
            vacuum(lake, name)
    return fewer


def _crowded(lake: Lake, name: str, partitions: list[str]) -> list[str]:
    """The values of the first partition column under which some partition holds too many files."""
    table = lake.table(name)
    if table is None or not partitions:
        return []
    files = pa.table(table.get_add_actions(flatten=True))
    held = Counter(zip(*(files[f"partition.{column}"].to_pylist() for column in partitions), strict=True))
    return sorted({str(place[0]) for place, count in held.items() if count > MANY})


def vacuum(lake: Lake, name: str, *, keep_hours: int = 168) -> list[str]:
    """Remove files that no version of the last `keep_hours` needs, and say which.

    Raises SettingError for less than LEAST_HOURS: readers of this moment would lose their files.
    """
    if keep_hours < LEAST_HOURS:
        raise SettingError(f"保留时间 {keep_hours} 小时太短，正在读的页面会丢文件；至少 {LEAST_HOURS} 小时")
    table = lake.table(name)
    if table is None:
        return []
    removed: list[str] = table.vacuum(
        retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False
    )
    return removed

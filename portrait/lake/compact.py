"""Housekeeping of the lake: many small files folded into few sorted ones, and files of old versions removed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

from portrait.errors import SettingError
from portrait.lake.table import TABLES, Lake

SORTED_BY = {"record": "account", "cell": "account", "snapshot": "person", "link": "person"}
LEAST_HOURS = 24  # a reader may be busy with files of a version that was the newest when it began


def compact(lake: Lake, name: str) -> int:
    """Fold the files of each partition into few, sorted by teacher. Returns how many files there are fewer.

    No row changes and every mark stays. Needs the writer's lease (portrait.store.lease.writing).
    """
    table = lake.table(name)
    if table is None:
        return 0
    before = len(table.file_uris())
    if name in SORTED_BY:
        table.optimize.z_order([SORTED_BY[name]])
    else:
        table.optimize.compact()
    return before - len(table.file_uris())


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
    older = [str(number) for number in range(1, int(root))]
    replaced = [name for name in (*TABLES, *older) if (lake.folder / name).is_dir()]
    for name in replaced:
        shutil.rmtree(lake.folder / name, ignore_errors=True)
    return replaced

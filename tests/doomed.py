"""Imports in processes of their own, held up or killed with a real SIGKILL at a point that a test chooses."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from portrait.errors import PortraitError
from portrait.intake import archive, door
from portrait.intake.lookup import Known
from portrait.lake.table import Lake
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.schema import metadata

# A process forked from one that has everything imported and nothing opened: new, and started in no time.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.doomed", "pandas", "alembic.context"])
KILLED = -signal.SIGKILL
PATIENCE = 300  # seconds until a process that ought to answer is given up


@dataclass(frozen=True)
class Order:
    """An import to be run, and the point of it (see `POINTS`) that is not survived when reached for the `nth` time."""

    home: Path
    url: str
    today: date
    folder: Path
    mapping: Path
    part_rows: int = 300_000
    wait_seconds: float = 0.0
    point: str = ""
    nth: int = 1

    @property
    def site(self) -> Site:
        return open_site(load_settings(self.home, database_url=self.url, today=self.today))


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str, reached: Callable[..., None]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, lambda *a, **k: (reached(), original(*a, **k))[1])


def _after(owner: Any, name: str, reached: Callable[..., None]) -> None:
    original = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        made = original(*arguments, **named)
        reached()
        return made

    setattr(owner, name, call)


def _written(owner: Any, name: str, reached: Callable[..., None]) -> None:
    """When all rows of a commit have been handed over and the commit is still to come."""
    original = getattr(owner, name)

    def append(lake: Lake, table: str, data: pa.RecordBatchReader, *, part: str) -> None:
        def batches() -> Any:
            yield from data
            reached()

        original(lake, table, pa.RecordBatchReader.from_batches(data.schema, batches()), part=part)

    setattr(owner, name, append)


# Name of a point → how to come by it.
POINTS: dict[str, tuple[Callable[[Any, str, Callable[..., None]], None], Any, str]] = {
    "while the file is copied": (_before, archive.os, "replace"),
    "when the file is copied": (_after, door, "keep"),
    "when the batch is open": (_after, door, "open_batch"),
    "when the rows are staged": (_after, door, "stage"),
    "before a commit": (_before, Lake, "append"),
    "while a commit is written": (_written, Lake, "append"),
    "after a commit": (_after, Lake, "append"),
    "between lake and ledger": (_before, door, "landing"),
    "when accounts are registered": (_after, door, "make_known"),
    "when rows are registered": (_after, door, "register"),
    "when bad rows are quarantined": (_after, door, "store_refused"),
    "before the ledger is closed": (_before, door, "close_batch"),
    "inside the closing of the ledger": (_after, door, "close_batch"),
    "when the ledger is closed": (_before, Known, "forget"),
}


def reach(point: str, nth: int, then: Callable[[], None]) -> None:
    """In this process, do something when a point is reached for the nth time."""
    seen = iter(range(1, nth + 1))

    def reached() -> None:
        if next(seen, None) == nth:
            then()

    how, owner, name = POINTS[point]
    how(owner, name, reached)


def _meet(held: Any, go: Any) -> None:
    held.set()
    go.wait(PATIENCE)


def take(order: Order, meet: Any = None, told: Any = None) -> None:
    """Runs the import. With `meet` (two events) it does not die at its point but says so and waits to be let go."""
    site = order.site
    if order.point and meet is None:
        reach(order.point, order.nth, die)
    elif meet is not None:
        reach(order.point, order.nth, lambda: _meet(*meet))
    try:
        reports = door.intake(
            site,
            order.folder,
            str(order.mapping),
            by="test",
            part_rows=order.part_rows,
            wait_seconds=order.wait_seconds,
        )
        answer: object = [(r.batch, r.rows_read, r.rows_stored, r.taken_before) for r in reports]
    except PortraitError as error:
        answer = str(error)
    site.registry.dispose()
    if told is not None:
        told.put(answer)


def run(order: Order) -> int:
    """The exit code of a process that takes in what the order says."""
    process = PROCESSES.Process(target=take, args=(order,))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def survive(order: Order) -> None:
    """Killed at its point, then run to the end by a new process."""
    assert run(order) == KILLED
    assert run(replace(order, point="")) == 0


def renew(order: Order) -> None:
    """Runs a refresh that does not survive its `nth` commit: `point` says on which side of it."""
    site = order.site
    how, owner, name = {"before": _before, "after": _after}[order.point], Lake, "commit"
    seen = iter(range(1, order.nth + 1))
    how(owner, name, lambda: die() if next(seen, None) == order.nth else None)
    refresh(site)


def renewed(order: Order) -> int:
    """The exit code of a process that refreshes as the order says."""
    process = PROCESSES.Process(target=renew, args=(order,))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


# What may differ between two runs: the clock, and numbers that a database gives away for good.
_OF_THE_RUN = {
    "batch": {"started", "finished"},
    "account": {"linked_at"},
    "link": {"id", "at"},
    "alias": {"id", "at"},
    "employment": {"id"},
    "quarantine": {"id"},
}


def held(site: Site, records: str = "SELECT * FROM record ORDER BY ALL") -> dict[str, list[str]]:
    """Everything that an installation holds, by table: records, registry, archived files; and what should not be there."""
    found = {"records": [repr(row) for row in site.pool.query(records).to_pylist()]}
    with site.registry.connect() as connection:
        for table in metadata.sorted_tables:
            kept = [c for c in table.c if c.name not in _OF_THE_RUN.get(table.name, ())]
            if table.name not in (
                "lease",
                "mark",
                "region",
            ):  # a mark holds the seal, which no two have alike
                found[table.name] = sorted(repr(tuple(row)) for row in connection.execute(select(*kept)))
    found["archive"] = sorted(path.name for path in site.archive.glob("*/*"))
    found["litter"] = [path.name for path in site.settings.home.glob("staging-*")]
    return found

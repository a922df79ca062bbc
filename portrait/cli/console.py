"""What the command prints: tables and words for people on stdout, JSON for scripts instead, progress and errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from portrait.clock import aware
from portrait.hours import CHINA

# A table that goes into a file or a pipe is not to be folded at 80 columns.
PIPE_WIDTH = 180
INTERRUPTED = 130  # the exit code of what was broken off


def stdout() -> Console:
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def stderr() -> Console:
    return Console(file=sys.stderr, width=None if sys.stderr.isatty() else PIPE_WIDTH, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout; dataclasses as objects, times in ISO 8601, ids in hexadecimal."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def print_text(text: str) -> None:
    """A text on stdout as it is, neither folded nor marked up: a file is to be made of it."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"不能写成 JSON：{type(value).__name__}")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; columns whose name begins with '#' are numbers, aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        number = column.startswith("#")
        table.add_column(column.lstrip("#"), justify="right" if number else "left", no_wrap=number)
    for row in rows:
        table.add_row(*(shown(cell) for cell in row))
    stdout().print(table)


def shown(cell: object) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, datetime):
        return moment(cell)
    return "" if cell is None else str(cell)


def moment(value: datetime | None) -> str:
    """A moment as the pages show it, in Beijing time; "" for none."""
    return "" if value is None else f"{aware(value).astimezone(CHINA):%Y-%m-%d %H:%M}"


class Bar:
    """One line of progress, for one long step."""

    def __init__(self, screen: Progress, title: str) -> None:
        self._screen = screen
        self._task = screen.add_task(title, total=1.0)

    def advance(self, share: float, note: str | None = None) -> None:
        """`share` of the step (0..1) is behind."""
        self._screen.update(self._task, completed=share)
        if note is not None:
            self._screen.update(self._task, description=note)

    def finish(self, note: str) -> None:
        self._screen.update(self._task, completed=1.0, description=note)


class Screen:
    """The progress of one command: a line for each of its steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def bar(self, title: str) -> Bar:
        return Bar(self._progress, title)


@contextmanager
def progress() -> Iterator[Screen]:
    """Progress bars on stderr where that is a terminal; elsewhere nothing, so that an error is all that stands there."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    console = stderr()
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        yield Screen(shown)

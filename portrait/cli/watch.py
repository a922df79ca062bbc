"""`portrait intake --watch`: looks at a folder again and again until it is stopped, and says what became of every file."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from rich.markup import escape
from sqlalchemy.exc import OperationalError

from portrait.cli.console import stderr, stdout
from portrait.cli.intake import as_row, stray_row
from portrait.cli.option import operator
from portrait.errors import InputError, LakeBusy, PortraitError
from portrait.intake.door import REASONS
from portrait.intake.inbox import DONE, FAILED, UNKNOWN, Arrival, Inbox, Outside, inboxes
from portrait.site import Site

OUTCOMES = {DONE: "[green]接入[/]", FAILED: "[bold red]没有接入[/]", UNKNOWN: "[yellow]没有来源认得[/]"}


def watch_over(
    site: Site, folder: Path, source: str, every: float, then_refresh: bool, as_json: bool
) -> None:
    """Until Ctrl+C or a TERM, which lets the file at hand come to its end. With `as_json` one line of JSON a file."""
    if not folder.is_dir():
        raise InputError("没有文件夹 {folder}", folder=folder)
    over = Event()
    with ExitStack() as held:
        held.enter_context(_asked_by(over))
        watch = _Watch(site, folder, source, held, as_json)
        if then_refresh:
            watch.recall()
        where = (
            "、".join(f"{one.folder}（{one.source}）" for one in watch.inboxes)
            or f"{folder}（还没有子文件夹）"
        )
        stderr().print(escape(f"看着 {where}，按 Ctrl+C 停下"), soft_wrap=True)
        while not over.is_set():
            took = watch.look(over)
            if then_refresh and not took and not over.is_set():
                watch.refresh()
            over.wait(every)


class _Watch:
    """The inboxes of one run, what was said last, and whether records came in since the last refresh, in this run or before."""

    def __init__(self, site: Site, folder: Path, source: str, held: ExitStack, as_json: bool) -> None:
        self.site, self.folder, self.source, self.as_json = site, folder, source, as_json
        self.inboxes: list[Inbox] = []
        self._held = held
        self._fresh = False
        self._trouble = ""
        self._outside = None if source else Outside(folder, site.settings.home)
        self._more()

    def look(self, over: Event) -> int:
        """One look at every inbox; how many things were taken."""
        took = 0
        try:
            self._more()
            for inbox in self.inboxes:
                for arrival in inbox.take(self.site, by=operator()):
                    self._say(arrival)
                    took += arrival.outcome == DONE
                    self._fresh |= any(report.rows_stored for report in arrival.reports)
                    if over.is_set():
                        return took
            for stray in self._outside.look(self.inboxes) if self._outside else ():
                self._say(stray)
            self._trouble = ""
        except LakeBusy as error:
            self._wait(f"{error.message}；等着")
        except PortraitError as error:
            self._wait(f"{error}；文件都等着")
        except (OSError, OperationalError) as error:
            self._wait(f"{error}；等一会儿再试")
        return took

    def recall(self) -> None:
        """Another run may have been stopped between taking records in and the refresh."""
        from portrait.refresh import awaited

        self._fresh = awaited(self.site)

    def refresh(self) -> None:
        """Portraits of whom the new records touch. Another process's turn is waited for."""
        from portrait.refresh import refresh

        if not self._fresh:
            return
        try:
            report = refresh(self.site)
        except LakeBusy as error:
            self._wait(f"{error.message}；等着")
            return
        self._fresh = False
        if self.as_json:
            _print_line({"outcome": "refreshed", "batches": report.batches, "persons": report.persons})
        else:
            stdout().print(f"画像已重算：教师 {report.persons:,} 人")

    def _more(self) -> None:
        """Subfolders for sources may come while we watch."""
        if self.source and self.inboxes:
            return
        known = {inbox.folder for inbox in self.inboxes}
        for inbox in inboxes(self.folder, self.source, self.site.settings.home):
            if inbox.folder not in known:
                self.inboxes.append(inbox.open())
                self._held.callback(inbox.close)

    def _wait(self, why: str) -> None:
        if why != self._trouble:
            self._trouble = why
            stderr().print(escape(why), soft_wrap=True, highlight=False)

    def _say(self, one: Arrival) -> None:
        if self.as_json:
            _print_line(_as_row(one))
            return
        counts = [report.counts for report in one.reports]
        read, stored, duplicate, bad = (
            sum(getattr(count, f"rows_{name}") for count in counts)
            for name in ("read", "stored", "duplicate", "quarantined")
        )
        if one.outcome == DONE:
            what = f"读入 {read:,} = 入库 {stored:,} + 重复 {duplicate:,} + 隔离 {bad:,}{_skipped(one)}"
        else:
            what = one.reason
        told = what if one.outcome == UNKNOWN else f"{one.source}·{one.name}：{what}"
        stdout().print(f"{OUTCOMES.get(one.outcome, '等着')} {escape(told)}", soft_wrap=True)
        if one.outcome == DONE:
            for stray in one.strays:
                stdout().print(
                    f"  {OUTCOMES[UNKNOWN]} {escape(f'{stray.file}　{stray.reason}')}", soft_wrap=True
                )


def _skipped(one: Arrival) -> str:
    """Why rows were passed over, of all batches together."""
    found: Counter[str] = Counter()
    for report in one.reports:
        found.update(dict(report.passed))
    told = [f"{why} {rows:,}" for why, rows in found.most_common(REASONS)]
    return f"；略过 {found.total():,} 行：{'，'.join(told)}" if told else ""


def _print_line(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _as_row(one: Arrival) -> dict[str, Any]:
    return {
        "source": one.source,
        "name": one.name,
        "outcome": one.outcome,
        "place": str(one.place),
        "reason": one.reason,
        "batches": [as_row(report) for report in one.reports],
        "unread": [stray_row(stray) for stray in one.strays],
    }


@contextmanager
def _asked_by(over: Event) -> Iterator[None]:
    """The first Ctrl+C or TERM asks, a second Ctrl+C interrupts what is being done."""

    def ask(number: int, _frame: Any) -> None:
        if over.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        over.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Long work in named steps, each remembered when it is done, so that a killed run goes on and a second one repeats nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portrait.cli.console import Bar, Screen, stderr
from portrait.errors import SettingError

Work = Callable[[Bar], str]  # does one step; returns what to show beside its finished bar


class Steps:
    """The steps of one home, in a file. `plan` is what was asked for; another plan for the same home is refused."""

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        self.plan = plan
        if path.exists():
            held = json.loads(path.read_text(encoding="utf-8"))
            self.done = held["done"]
            changed = [
                f"{name} {held['plan'].get(name)} → {value}"
                for name, value in plan.items()
                if held["plan"].get(name) != value
            ]
            if changed:
                raise SettingError(
                    f"家目录 {path.parent} 里已有另一份示范数据（{'，'.join(changed)}）；用 --home 另选一个家目录，或删掉它再来"
                )

    def run(self, screen: Screen, name: str, title: str, work: Work) -> None:
        """Do a step unless it was done."""
        if name in self.done:
            return
        bar = screen.bar(title)
        start = time.perf_counter()
        note = work(bar)
        bar.finish(f"{title}：{note}" if note else title)
        console = stderr()
        if not console.is_terminal:  # no bar is seen; a log should have what was done
            console.print(f"{title}：{note}" if note else title, soft_wrap=True, markup=False)
        self.done[name] = {"seconds": round(time.perf_counter() - start, 1), "note": note}
        self._save()

    def _save(self) -> None:
        half = self.path.with_name(f"{self.path.name}.half")
        with half.open("w", encoding="utf-8") as file:
            json.dump({"plan": self.plan, "done": self.done}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.path)


def held_plan(path: Path) -> dict[str, Any]:
    """The plan that a home was begun with; empty when none was."""
    if not path.exists():
        return {}
    plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["plan"]
    return plan

"""Puts tables into files in the form their folder uses, plants the faults of their kind, and counts both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from portrait.world import ledger, roster
from portrait.world.fault import repeat_rows, spoil, spoil_lines
from portrait.world.table import write_books, write_csv, write_parquet

_BOOKS = (
    "签到表",
    "训前训后测",
    "量规评分",
    "结业台账",
    "成果认定",
)  # the other ledgers are long and come as CSV
_FAULTS: dict[str, tuple[tuple[str, str], ...]] = {
    "学习日志": (("发生时间", "2022-02-30 19:20:00"), ("发生时间", "昨天下午"), ("行为", "点赞"), ("行为", "转发"), ("用时秒", "约半小时")),
    "成绩": (("得分", "105"), ("得分", "110"), ("得分", "缺考"), ("类型", "抽查"), ("提交时间", "2022-13-01 08:00:00")),
    "学情导出": (("活动类型", "签到打卡"), ("活动时间", "2022/06/31 10:00"), ("学习分钟", "二十"), ("活动类型", "直播回放")),
    "作业等级": (("等级", "甲等"), ("等级", "A+"), ("提交时间", "22/5/3")),
    "签到表": (("日期", "九月三日"), ("已核验", "待定")),
    "训前训后测": (("得分", "105"), ("得分", "-")),
    "量规评分": (("得分", "5"), ("得分", "良好")),
    "通识证书": (("发证日期", "2022-08-32"),),
    "校本研修": (("学时", "若干"), ("日期", "上学期")),
    "教师名册": (("职称", "特级教师"), ("学校代码", "XX000000")),
}  # fmt: skip
_STATEMENT_FAULTS = (
    ('"raw":', '"raw":1'),
    ("/expapi/verbs/registered", "/expapi/verbs/liked"),
    ("/expapi/verbs/completed", "/expapi/verbs/shared"),
    ('"timestamp":"2022-0', '"timestamp":"2022-2'),
)
_STRANGE = 0.003


@dataclass(frozen=True)
class Scribe:
    """Writes below `folder`. `plain` means CSV instead of workbooks and Parquet instead of logs; `created` stands in the workbooks."""

    folder: Path
    created: datetime
    plain: bool
    rows: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)

    def roster(self, name: str, table: pa.Table, number: int | None = None) -> None:
        self.rows[name] += table.num_rows
        file = name if number is None else _numbered(name, number)
        if self.plain:
            write_csv(self.folder / "registry" / f"{file}.csv", table, "utf-8-sig")
        else:
            write_books(self.folder / "registry", file, table, self.created, roster.FIGURES)

    def log(self, source: str, name: str, table: pa.Table, number: int, encoding: str) -> None:
        """A platform's table; none where nothing happened."""
        if not table.num_rows:
            return
        self.rows[name] += table.num_rows
        path = self.folder / source / _numbered(name, number)
        if self.plain:
            write_parquet(path.with_suffix(".parquet"), table)
        else:
            write_csv(path.with_suffix(".csv"), table, encoding)

    def ledger(self, name: str, table: pa.Table, number: int) -> None:
        """A training office's table; none where nothing happened."""
        if not table.num_rows:
            return
        self.rows[name] += table.num_rows
        file = _numbered(name, number)
        if self.plain or name not in _BOOKS:
            write_csv(self.folder / "offline" / f"{file}.csv", table, "utf-8-sig")
        else:
            write_books(self.folder / "offline", file, table, self.created, ledger.FIGURES)

    def statements(self, lines: list[str], number: int) -> None:
        self.rows["statements"] += len(lines)
        path = self.folder / "yunketang" / f"{_numbered('statements', number)}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

    def repeated(self, rng: np.random.Generator, table: pa.Table) -> pa.Table:
        """The table with rows exported twice."""
        table, count = repeat_rows(rng, table)
        self.planted["重复行"] += count
        return table

    def spoilt(self, rng: np.random.Generator, name: str, table: pa.Table) -> pa.Table:
        """The table with a few rows that nobody can read."""
        table, count = spoil(rng, table, _FAULTS.get(name, ()))
        self.planted["坏行"] += count
        return table

    def spoilt_lines(self, rng: np.random.Generator, lines: list[str]) -> list[str]:
        lines, count = spoil_lines(rng, lines, _STATEMENT_FAULTS)
        self.planted["坏行"] += count
        return lines

    def strangers(self, rng: np.random.Generator, names: np.ndarray, prefix: str) -> np.ndarray:
        """Account names, a few of which the platform knows differently from any roster."""
        strange = rng.random(len(names)) < _STRANGE
        self.planted["名册外账号"] += int(strange.sum())
        return np.where(strange, np.array([f"{prefix}{name}" for name in names], object), names)


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number + 1:03d}"

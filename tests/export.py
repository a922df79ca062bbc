"""A platform's export written by hand, with its mapping, and what became of it: for tests of the doors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from portrait.intake.door import BatchReport, intake
from portrait.record import KIND_ZH, Kind
from portrait.site import Site
from portrait.store.quarantine import Quarantined, quarantined

LOG = """
name: log
source: p
streams:
  - name: log
    file: log*
    target: record
    key: [流水号]
    fields:
      account: {from: 账号, kind: native}
      kind: {from: 行为, map: {看: view, 测: quiz}}
      time: {from: 时间}
      score: {from: 得分, max: 100}
      seconds: {from: 用时}
"""
HEAD = "流水号,账号,行为,时间,得分,用时"
ROWS = ("1,u1,看,2022-03-01 08:00,,60", "2,u1,测,2022-03-02,88.5,600", "3,u2,看,2022/4/1 9:05:07,,0")
# Of each row: account, kind, local time, score, seconds.
TAKEN = [
    ("u1", "浏览学习", "2022-03-01 08:00:00", None, 60),
    ("u1", "在线测验", "2022-03-02 00:00:00", 88.5, 600),
    ("u2", "浏览学习", "2022-04-01 09:05:07", None, 0),
]


def csv_text(rows: Iterable[str] = ROWS, head: str = HEAD, end: str = "\n") -> str:
    return "".join(f"{line}{end}" for line in (head, *rows))


class Export:
    """A folder of files, a mapping, and the site that they are taken into."""

    def __init__(self, site: Site, folder: Path, mapping: str = LOG) -> None:
        self.site, self.folder = site, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.map(mapping)

    def map(self, text: str) -> None:
        self.mapping = self.folder.parent / f"{self.folder.name}.yaml"
        self.mapping.write_text(text, encoding="utf-8")

    def put(self, name: str, content: str | bytes = "", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def lines(self, name: str, rows: Iterable[Any]) -> Path:
        """JSON lines; a text stands as it is."""
        texts = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
        return self.put(name, "".join(f"{text}\n" for text in texts))

    def workbook(self, name: str, sheets: dict[str, Sequence[Sequence[Any]]], first: int = 0) -> Path:
        """Cells by their Python type, dates as Excel keeps them: a number with a date's format. `first` rows stay empty."""
        path = self.folder / name
        book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows, first):
                for place, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(number, place, cell)
        book.close()
        return path

    def take(self, path: Path | None = None, **options: Any) -> list[BatchReport]:
        """What the door reports. Every report must add up."""
        reports = intake(self.site, path or self.folder, str(self.mapping), by="test", **options)
        assert all(report.counts.balanced for report in reports)
        return reports

    def took(self, **options: Any) -> tuple[int, int, int, int]:
        """Of all batches together: read, stored, duplicate, quarantined."""
        reports = self.take(**options)
        return (
            sum(report.rows_read for report in reports),
            sum(report.rows_stored for report in reports),
            sum(report.rows_duplicate for report in reports),
            sum(report.rows_quarantined for report in reports),
        )

    def waiting(self) -> list[Quarantined]:
        with self.site.registry.connect() as connection:
            return quarantined(connection, limit=10_000)

    def records(self) -> list[tuple[Any, ...]]:
        """Account, kind, local time, score and seconds of every record, in the order of the files' rows."""
        return [
            (
                self.shown(account),
                KIND_ZH[Kind(kind)],
                None if time is None else str(time),
                score,
                seconds,
            )
            for account, kind, time, score, seconds in self.site.pool.rows(
                "SELECT account, kind, strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d %H:%M:%S'), score, seconds "
                "FROM record ORDER BY batch, line"
            )
        ]

    def shown(self, account: int) -> str:
        with self.site.registry.connect() as connection:
            found = connection.exec_driver_sql(
                f"SELECT shown FROM account WHERE id = {int(account)}"
            ).scalar()
        return str(found)


def lake_rows(site: Site, columns: str = "*") -> list[tuple[Any, ...]]:
    """Every record of the lake, sorted by everything."""
    found = site.pool.query(f"SELECT {columns} FROM record ORDER BY ALL")
    return [tuple(row.values()) for row in found.to_pylist()]

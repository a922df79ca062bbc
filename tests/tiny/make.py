"""The tiny world in its platforms' own formats: these tables are written by hand, this turns them into what the platforms export."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import xlsxwriter

HERE = Path(__file__).parent


def make_tiny(folder: Path) -> Path:
    """Write the five source folders under `folder` and return it: workbooks, UTF-8 with a mark, GB18030, JSON lines."""
    for name in ("registry", "offline"):
        for table in sorted((HERE / name).glob("*.csv")):
            _workbook(table, folder / name / f"{table.stem}.xlsx")
    for name, encoding in (("yuyan", "utf-8-sig"), ("zhongyuan", "gb18030")):
        for table in sorted((HERE / name).glob("*.csv")):
            target = folder / name / table.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(table.read_text(encoding="utf-8"), encoding=encoding, newline="\r\n")
    shutil.copytree(HERE / "yunketang", folder / "yunketang", dirs_exist_ok=True)
    return folder


def _workbook(table: Path, target: Path) -> None:
    """Text cells, but numbers where a person would type numbers, as in real workbooks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("名单")
    with table.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    sheet.write_row(0, 0, head)
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if head[column] in ("出生年份", "从教年份", "学时", "得分", "满分", "占比", "名额") and value:
                sheet.write_number(line, column, float(value))
            elif value:
                sheet.write_string(line, column, value)
    book.close()

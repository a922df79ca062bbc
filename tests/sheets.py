"""Sheets as offices lay them out, the mapping that is proposed for them, and what becomes of them: for tests of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from portrait.intake.door import intake
from portrait.intake.draft import checked, mapping_text
from portrait.intake.mapping import read_mapping
from portrait.intake.propose import Proposal, propose
from portrait.site import Site
from tests.export import Export

Table = list[list[Any]]


def proposed(folder: Path, table: Table, name: str = "表.xlsx") -> Proposal:
    book = xlsxwriter.Workbook(folder / name)
    sheet = book.add_worksheet()
    for row, cells in enumerate(table):
        sheet.write_row(row, 0, ["" if cell is None else cell for cell in cells])
    book.close()
    (found,) = propose(folder / name, name)
    return found


def picked(proposal: Proposal) -> dict[str, str]:
    return {column: pick for column, pick in proposal.draft.picks.items() if pick}


def written(folder: Path, *found: Proposal) -> Any:
    path = folder / "m.yaml"
    path.write_text(mapping_text([checked(one.draft) for one in found]), encoding="utf-8")
    return read_mapping(path)


def held_days(site: Site) -> list[str]:
    rows = site.pool.rows("SELECT strftime(time + INTERVAL 8 HOUR, '%Y-%m-%d') FROM record ORDER BY 1")
    return [day for (day,) in rows]


def taken(site: Site, folder: Path, table: Table, name: str) -> Any:
    """What becomes of a sheet that comes in by the rule that was saved."""
    Export(site, folder).workbook(name, {"Sheet1": table})
    (report,) = intake(site, folder / name, str(folder / "m.yaml"), by="t")
    return report


SIGNS = ["继教编号", "10月8日", "10月9日"]


SIGNED = [
    ["校本研修活动签到表"],
    ["序号", "姓名", "单位", "2022年9月1日", "9月2日", "9月3日", "签字"],
    [1, "王芳", "一小学", "√", "×", "请假", ""],
    [2, "李建国", "一小学", "到", "出勤", "事假", ""],
    [3, "张　敏", "二中学", "缺勤", "迟到", "？", ""],
]

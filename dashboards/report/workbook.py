"""The overview as an Excel workbook: every rate with n, N and interval, the filters in force and every definition.

Text is written as text, whatever it begins with: no cell of ours is ever a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from dashboards.figure.rate_dot import missing_text
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.place import place_name
from dashboards.part.rates import standing_text
from dashboards.part.view import category_label
from portrait.overview import Overview
from portrait.place import unit_of
from portrait.programme.rate import Rate, confidence, measures, standings
from portrait.programme.training_class import STAGE_ZH

Cell = str | int | float | date | None
RISKY = ("=", "+", "-", "@", "\t", "\r")


def overview_workbook(
    over: Overview, *, title: str, filters: Sequence[tuple[str, str]], by: str, at: datetime
) -> bytes:
    """The bytes of an .xlsx file. `filters`: name and value of each filter in force; `by`: who exports."""
    file = BytesIO()
    book = Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    sheets = _Sheets(book)
    sheets.add(
        gettext("说明"),
        [gettext("项目"), gettext("内容")],
        [
            [gettext("标题"), title],
            [gettext("数据截至"), over.as_of],
            *[[name, value] for name, value in filters],
            [gettext("导出人"), by],
            [gettext("导出时间"), format.moment(at)],
            [
                gettext("区间"),
                gettext("Wilson 区间，置信水平 {level}", level=format.percent(confidence(), 0)),
            ],
            [
                gettext("小组"),
                gettext("人的比率在少于 {n} 人的组不显示；能由合计推出的组一并不显示。", n=over.cover_floor),
            ],
        ],
        widths=(16, 90),
    )
    whole = [
        over.sent(),
        over.people("arrived"),
        over.people("graduated"),
        over.people("graduated_of_arrived"),
    ]
    whole += [over.on_time(), *([over.covered()] if over.covers else [])]
    sheets.add(
        gettext("五项指标"),
        [gettext("指标"), gettext("口径"), *_heads()],
        [[gettext(r.measure.zh), _counted(r), *_cells(r)] for r in whole],
        widths=(18, 34),
    )
    for measure in over.measures:
        found = over.by_place(measure)
        apart = standings(found)
        sheets.add(
            gettext("各市{rate}", rate=gettext(measures()[measure].zh)),
            [gettext("地区"), gettext("代码"), *_heads(), gettext("与其余相比")],
            [
                [place_name(code), code, *_cells(rate), standing_text(apart[code])]
                for code, rate in sorted(found.items())
            ],
        )
    counties = {m: over.by_county(m) for m in over.measures}
    codes = sorted({code for found in counties.values() for code in found})
    sheets.add(
        gettext("各县"),
        [gettext("市"), gettext("县"), gettext("代码")]
        + [f"{gettext(measures()[m].zh)} {part}" for m in counties for part in ("n", "N", "%")],
        [
            [
                place_name(unit_of(code)),
                place_name(code),
                code,
                *[cell for found in counties.values() for cell in _short(found.get(code))],
            ]
            for code in codes
        ],
    )
    names = over.provider_names
    arrived, graduated = over.by_provider("arrived"), over.by_provider("graduated_of_arrived")
    late, apart_by = over.on_time_by_provider(), standings(arrived)
    sheets.add(
        gettext("承训单位"),
        [gettext("承训单位")]
        + [
            f"{gettext(measures()[m].zh)} {part}"
            for m in ("arrived", "graduated_of_arrived", "on_time")
            for part in ("n", "N", "%")
        ]
        + [gettext("报到率与其余相比")],
        [
            [
                names[key],
                *_short(arrived[key]),
                *_short(graduated[key]),
                *_short(late[key]),
                standing_text(apart_by[key]),
            ]
            for key in sorted(arrived, key=lambda key: names[key])
        ],
    )
    by_class = {measure: over.by_class(measure) for measure in ("arrived", "graduated")}
    sheets.add(
        gettext("班次"),
        [
            gettext("班次"),
            gettext("代码"),
            gettext("类别"),
            gettext("子项目"),
            gettext("承训单位"),
            gettext("开班"),
            gettext("结束"),
            gettext("状态"),
            gettext("名额"),
            gettext("确认选派"),
            *[f"{gettext(measures()[m].zh)} {p}" for m in ("arrived", "graduated") for p in ("n", "N", "%")],
        ],
        [
            [
                c.training_class.name,
                c.training_class.code,
                category_label(c.training_class.category) or gettext("国培省培以外"),
                c.training_class.subproject,
                c.training_class.provider,
                c.training_class.starts,
                c.training_class.ends,
                gettext(STAGE_ZH[c.training_class.stage(over.as_of)]),
                c.places,
                c.sent,
                *_short(by_class["arrived"][c.training_class.id]),
                *_short(by_class["graduated"][c.training_class.id]),
            ]
            for c in over.classes
        ],
    )
    sheets.add(
        gettext("待办与逾期"),
        [
            gettext("事项"),
            gettext("数量"),
            gettext("单位"),
            gettext("最早期限"),
            gettext("状态"),
            gettext("依据"),
        ],
        [
            [
                gettext(d.what),
                d.count,
                gettext("名额") if d.code == "quota" else gettext("班次"),
                d.when,
                format.remaining(d.when, over.as_of),
                gettext(d.cite),
            ]
            for d in over.dues()
        ],
        widths=(30, 8, 12, 12, 16, 60),
    )
    sheets.add(
        gettext("定义"),
        [gettext("指标"), "n", "N", gettext("怎么算"), gettext("依据")],
        [
            [gettext(m.zh), gettext(m.n_zh), gettext(m.total_zh), gettext(m.text), gettext(m.cite)]
            for m in measures().values()
            if m.code != "covered" or over.covers
        ],
        widths=(18, 18, 18, 90, 60),
    )
    book.close()
    return file.getvalue()


def plain(text: str) -> str:
    """Text that stays text when somebody saves the sheet as CSV and opens it again."""
    return f"'{text}" if text.startswith(RISKY) else text


class _Sheets:
    """Writes tables with a frozen, filtered head and one format per kind of cell."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.head = book.add_format(
            {"bold": True, "bg_color": "#E7F6F0", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        )
        self.text = book.add_format({"valign": "top", "text_wrap": True})
        self.number = book.add_format({"num_format": "0"})
        self.share = book.add_format({"num_format": "0.0%"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})

    def add(
        self, name: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[int] = ()
    ) -> None:
        sheet: Any = self.book.add_worksheet(name[:31])
        for column, text in enumerate(head):
            sheet.write_string(0, column, plain(text), self.head)
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if cell is None:
                    sheet.write_blank(line, column, None)
                elif isinstance(cell, str):
                    sheet.write_string(line, column, plain(cell), self.text)
                elif isinstance(cell, date):
                    sheet.write_datetime(line, column, datetime(cell.year, cell.month, cell.day), self.day)
                elif isinstance(cell, float):
                    sheet.write_number(line, column, cell, self.share)
                else:
                    sheet.write_number(line, column, cell, self.number)
        sheet.freeze_panes(1, 1)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(head) - 1)
        for column in range(len(head)):
            sheet.set_column(column, column, widths[column] if column < len(widths) else 14 if column else 26)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def _heads() -> list[str]:
    return ["n", "N", gettext("率"), gettext("区间下限"), gettext("区间上限"), gettext("说明")]


def _cells(rate: Rate) -> list[Cell]:
    if rate.share is None:
        return [None, None, None, None, None, missing_text(rate)]
    return [rate.n, rate.total, rate.share, rate.low, rate.high, None]


def _short(rate: Rate | None) -> list[Cell]:
    if rate is None:
        return [None, None, None]
    if rate.share is None:
        return [None, None, missing_text(rate)]
    return [rate.n, rate.total, rate.share]


def _counted(rate: Rate) -> str:
    return f"{gettext(rate.measure.n_zh)}/{gettext(rate.measure.total_zh)}"

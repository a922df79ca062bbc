"""The quality of sources in tables: per source, per month of arrival, and when the records that came happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import badge, format, simple_table
from dashboards.part.admin.ledger import exact
from dashboards.part.admin.word import SIGNALS, source_name
from dashboards.part.number import rate
from portrait.delivery import Figures
from portrait.quality import Missed, Quality, Taken
from portrait.record import month_start
from portrait.signal import Signal
from portrait.site import Site

PATH = "/quality"
MONTHS, ARRIVALS = 36, 18  # months of time and of arrival that are shown one by one
NUMERIC = tuple(range(1, 12))
COURSES = 20  # that no catalogue holds, those of most records


def address(source: str, *, view: str = "", month: int | None = None) -> str:
    """The page of a source; with `view` and `month` its batches are those behind a figure."""
    pairs = {"source": source, "view": view, "month": "" if month is None else month_text(month)}
    return f"{PATH}?{urlencode({name: value for name, value in pairs.items() if value})}"


def month_text(month: int) -> str:
    return f"{month_start(month):%Y-%m}"


def quality_table(site: Site, found: Sequence[Quality]) -> Any:
    """All sources; every figure leads to what is behind it."""
    rows = [
        [
            dmc.Anchor(source_name(site, one.source), href=address(one.source)),
            *_cells(one.source, one.figures),
        ]
        for one in found
    ]
    return _table(gettext("来源"), rows)


def month_table(one: Quality) -> Any:
    """One source by month of arrival, the newest first."""
    rows = [
        [
            dmc.Anchor(format.month(month_start(month)), href=address(one.source, month=month)),
            *_cells(one.source, figures, month),
        ]
        for month, figures in one.months
    ]
    return _table(gettext("接入的月份"), rows)


def _table(first: str, rows: list[list[Any]]) -> Any:
    head = [
        first,
        gettext("读入"),
        gettext("= 入库"),
        gettext("+ 重复"),
        gettext("+ 隔离"),
        gettext("待处理"),
        gettext("认得出人"),
        gettext("对得上课程"),
        gettext("迟到"),
        gettext("从发生到接入"),
        gettext("存疑"),
        gettext("批次数"),
        gettext("最近一次"),
    ]
    return html.Div(simple_table(head, rows, numeric=NUMERIC), className="table-scroll quality-table")


def _cells(source: str, figures: Figures, month: int | None = None) -> list[Any]:
    counts = figures.counts

    def to(n: int, view: str = "", href: str = "") -> Any:
        return dmc.Anchor(exact(n), href=href or address(source, view=view, month=month)) if n else "0"

    waiting = f"/quarantine?{urlencode({'source': source})}" if month is None else ""
    set_aside = f"/quarantine?{urlencode({'source': source, 'state': 'all'})}" if month is None else ""
    failed = dmc.Anchor(
        gettext("{n} 批失败", n=exact(figures.failed)), href=address(source, view="failed", month=month)
    )
    return [
        to(counts.rows_read),
        to(counts.rows_stored, "stored"),
        to(counts.rows_duplicate, "duplicate"),
        to(counts.rows_quarantined, "quarantined", set_aside),
        to(figures.open, "quarantined", waiting),
        dmc.Anchor(
            rate(figures.matched, figures.records),
            href=address(source, view="unmatched" if figures.matched < figures.records else "", month=month),
        )
        if figures.records
        else format.NOTHING,
        dmc.Anchor(
            rate(figures.coursed - figures.unlisted, figures.coursed),
            href=address(source, view="unlisted" if figures.unlisted else "", month=month),
        )
        if figures.coursed
        else format.NOTHING,
        dmc.Anchor(
            rate(figures.late, figures.records - figures.undated),
            href=address(source, view="late" if figures.late else "", month=month),
        )
        if figures.delay is not None
        else format.NOTHING,
        _delay(figures),
        to(figures.doubtful, "doubtful"),
        html.Span([to(figures.batches), badge(failed, "warn")], className="rate")
        if figures.failed
        else to(figures.batches),
        html.Span(f"{figures.last:%Y-%m-%d}" if figures.last else format.NOTHING, className="nowrap"),
    ]


def _delay(figures: Figures) -> Any:
    """“3 天”, under it “九成 10 天内”."""
    if figures.delay is None or figures.delay_most is None:
        return format.NOTHING
    most = gettext("九成 {n} 天内", n=exact(figures.delay_most))
    return html.Span(
        [html.Strong(gettext("{n} 天", n=exact(figures.delay))), html.Span(most, className="of")],
        className="rate",
    )


def signal_list(signals: Sequence[Signal]) -> Any:
    return html.Ul(
        [
            html.Li(
                [
                    badge(gettext(SIGNALS[one.code]), "thin"),
                    html.Span(gettext(one.says)),
                    dmc.Anchor(
                        gettext("去看"),
                        href=_at(one),
                    ),
                ]
            )
            for one in signals
        ],
        className="signals",
    )


def _at(one: Signal) -> str:
    """Where what a signal tells of can be seen."""
    if one.batch is not None:
        return f"/intake?batch={one.batch}"
    if one.code == "quarantined":
        return f"/quarantine?{urlencode({'source': one.source})}"
    return address(one.source, view="" if one.code == "silent" else one.code)


def missed_table(site: Site, missed: Sequence[Missed]) -> Any:
    """Courses that no catalogue holds, those of most records first, and where their codes are known."""
    rows = [
        [
            html.Code(one.code) if one.code else gettext("（代码没有留下）"),
            exact(one.records),
            source_name(site, one.catalogue),
            gettext("、").join(source_name(site, other) for other in one.holds) or gettext("没有"),
        ]
        for one in missed[:COURSES]
    ]
    head = [gettext("课程代码"), gettext("记录"), gettext("当作谁的课程"), gettext("哪个来源的目录里有")]
    more = len(missed) - COURSES
    note = html.P(gettext("另有 {n} 个代码没有列出。", n=exact(more)), className="note") if more > 0 else None
    return html.Div(
        [html.Div(simple_table(head, rows, numeric=(1,)), className="table-scroll missed-table"), note]
    )


def taken_table(site: Site, taken: Sequence[Taken]) -> Any:
    """Addresses that were taken for a course by their last part, those of most records first."""
    rows = [
        [html.Code(one.address), exact(one.records), html.Code(one.code), source_name(site, one.catalogue)]
        for one in taken[:COURSES]
    ]
    head = [gettext("平台写的网址"), gettext("记录"), gettext("认作课程"), gettext("谁的目录")]
    more = len(taken) - COURSES
    note = html.P(gettext("另有 {n} 个网址没有列出。", n=exact(more)), className="note") if more > 0 else None
    return html.Div(
        [html.Div(simple_table(head, rows, numeric=(1,)), className="table-scroll missed-table"), note]
    )


def arrival_table(arrivals: Mapping[tuple[int, int], int]) -> Any:
    """Records by month of their time (down) and month of arrival (across). A month without any record says so; it is no zero."""
    times = sorted({of for of, _ in arrivals if of})
    into = sorted({month for _, month in arrivals})[-ARRIVALS:][::-1]
    listed = list(range(times[-1], max(times[0], times[-1] - MONTHS + 1) - 1, -1)) if times else []
    most = max(arrivals.values(), default=1)
    head = [gettext("发生的月份"), gettext("合计"), *(_arrived(month) for month in into)]
    rows = [_row(format.month(month_start(month)), {i: n for (of, i), n in arrivals.items() if of == month}, into, most) for month in listed]  # fmt: skip
    earlier: dict[int, int] = {}
    undated: dict[int, int] = {}
    for (of, month), n in arrivals.items():
        if not of:
            undated[month] = n
        elif of < listed[-1]:
            earlier[month] = earlier.get(month, 0) + n
    if earlier:
        rows.append(_row(gettext("更早"), earlier, into, most))
    if undated:
        rows.append(_row(gettext("没有日期"), undated, into, most))
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(text, scope="col", className="numeric" if n else None) for n, text in enumerate(head)])),
            html.Tbody(rows),
        ],
        className="table",
    )  # fmt: skip
    return html.Div(table, className="table-scroll arrival-table")


def _arrived(month: int) -> str:
    return gettext("{month}接入", month=format.month(month_start(month)))


def _row(name: str, counts: Mapping[int, int], into: Sequence[int], most: int) -> Any:
    first = html.Th(name, scope="row")
    if not counts:
        return html.Tr([first, html.Td(gettext("没有记录"), colSpan=len(into) + 1, className="nothing")])
    return html.Tr(
        [
            first,
            html.Td(exact(sum(counts.values())), className="numeric"),
            *(
                html.Td(
                    exact(counts[month]) if month in counts else "",
                    className="numeric",
                    # The shade repeats what the figure says; it carries nothing alone.
                    style={"background": f"rgba(11,114,133,{0.06 + 0.3 * counts[month] / most:.2f})"}
                    if month in counts
                    else None,
                )
                for month in into
            ),
        ]
    )

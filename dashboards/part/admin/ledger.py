"""The ledger in tables and grids: 读入 = 入库 + 重复 + 隔离, per batch, per source and for what has just come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import current, gettext, retold
from dashboards.part import badge, format, grid, simple_table
from dashboards.part.admin.word import BATCH_STATES, reasons_text, source_name, target_name
from portrait.intake.door import BatchReport
from portrait.site import Site
from portrait.store.batch import Batch, Counts, Sums
from portrait.store.user import shown_names

STATE_TONES = {"running": "data", "done": "good", "failed": "warn"}


def equation(counts: Counts) -> Any:
    """The ledger of some rows in one line, with a word of its own when it does not add up."""
    words = gettext(
        "读入 {read} = 入库 {stored} + 重复 {duplicate} + 隔离 {quarantined}",
        read=exact(counts.rows_read),
        stored=exact(counts.rows_stored),
        duplicate=exact(counts.rows_duplicate),
        quarantined=exact(counts.rows_quarantined),
    )
    return html.Span([words, " ", badge(gettext("对不上"), "warn") if not counts.balanced else None])


def state_badge(state: str) -> Any:
    return badge(gettext(BATCH_STATES.get(state, state)), STATE_TONES.get(state, "plain"))


def report_list(reports: Sequence[BatchReport]) -> Any:
    """What has just come in, batch by batch: a list and no table, for the equation must be whole on a phone."""
    return html.Ul([html.Li(_report(one)) for one in reports], className="reports")


def _report(one: BatchReport) -> list[Any]:
    lines: list[Any] = [
        html.Div(
            [
                dmc.Anchor(gettext("第 {n} 号批次", n=one.batch), href=f"/intake?batch={one.batch}"),
                html.B(one.file),
                html.Span(target_name(one.target), className="quiet"),
            ],
            className="report-head",
        ),
        html.Div(equation(one.counts)),
    ]
    if one.codes:
        words = gettext("隔离：{codes}", codes=reasons_text(one.codes))
        lines.append(html.Div(dmc.Anchor(words, href=f"/quarantine?batch={one.batch}")))
    if one.message:
        lines.append(html.Div(retold(one.message), className="quiet"))
    return lines


def sums_table(site: Site, found: Sequence[Sums]) -> Any:
    """The ledger of each source."""
    rows = [
        [
            source_name(site, one.source),
            exact(one.batches),
            *_cells(one.counts),
            dmc.Anchor(exact(one.open), href=f"/quarantine?source={one.source}") if one.open else "0",
            exact(one.counts.rows_unmatched),
            badge(exact(one.failed), "warn") if one.failed else "0",
            html.Span(format.moment(one.last), className="nowrap"),
        ]
        for one in found
    ]
    return html.Div(
        simple_table(
            [
                gettext("来源"),
                gettext("批次数"),
                gettext("读入"),
                gettext("= 入库"),
                gettext("+ 重复"),
                gettext("+ 隔离"),
                gettext("待处理"),
                gettext("未认人"),
                gettext("失败"),
                gettext("最近一次"),
            ],
            rows,
            numeric=(1, 2, 3, 4, 5, 6, 7, 8),
        ),
        className="table-scroll ledger-table",
    )


def batch_grid(id: str, site: Site, found: Sequence[Batch], *, arrived: bool = False) -> Any:
    """All batches; a click on a row opens it. With the machine's time, or with the site's day of arrival beside figures by it."""
    number = {
        "type": "numericColumn",
        "minWidth": 76,
        "width": 84,
        "valueFormatter": {"function": "d3.format(',')(params.value)"},
    }

    def wider(width: int) -> dict[str, int]:
        return {"width": width} if current() == "en" else {}

    return grid(
        id,
        [
            {"field": "id", "headerName": gettext("批次"), "width": 68 if current() == "zh" else 78, "minWidth": 68, "pinned": "left"},
            {"field": "file", "headerName": gettext("文件"), "minWidth": 180, "flex": 4, "tooltipField": "file", "wrapText": True, "autoHeight": True, "cellClass": "wrapped"},
            {"field": "read", "headerName": gettext("读入"), **number},
            {"field": "stored", "headerName": gettext("= 入库"), **number},
            {"field": "duplicate", "headerName": gettext("+ 重复"), **number, **wider(108)},
            {"field": "quarantined", "headerName": gettext("+ 隔离"), **number, **wider(126)},
            {"field": "state", "headerName": gettext("状态"), "minWidth": 76, "width": 80},
            {"field": "source", "headerName": gettext("来源"), "minWidth": 132, "flex": 2, "tooltipField": "source"},
            {"field": "by", "headerName": gettext("由谁"), "minWidth": 90, "width": 96},
            {"field": "arrived", "headerName": gettext("接入日"), "minWidth": 110, "width": 118}
            if arrived
            else {"field": "when", "headerName": gettext("何时"), "minWidth": 140, "width": 146},
            {"field": "target", "headerName": gettext("是什么"), "minWidth": 100, "width": 110},
        ],
        batch_rows(site, found),
        options={"tooltipShowDelay": 300, "rowClass": "clickable"},
        title="file",
        spare=("target", "by"),
        columnSize=None,
        getRowId="params.data.key",
    )  # fmt: skip


def batch_rows(site: Site, found: Sequence[Batch]) -> list[Mapping[str, Any]]:
    """The rows of `batch_grid`. Who took a batch in is told by name; of a command, and of an account that is gone, what was noted."""
    names = shown_names(site.registry, {one.by for one in found})
    return [_row(site, one, names.get(one.by, one.by)) for one in found]


def _row(site: Site, one: Batch, by: str) -> Mapping[str, Any]:
    return {
        "key": str(one.id),
        "id": one.id,
        "file": one.file
        if one.origin is None
        else gettext("重放第 {n} 批 {file}", n=one.origin, file=one.file),
        "target": target_name(one.target),
        "read": one.counts.rows_read,
        "stored": one.counts.rows_stored,
        "duplicate": one.counts.rows_duplicate,
        "quarantined": one.counts.rows_quarantined,
        "state": gettext(BATCH_STATES.get(one.state, one.state)),
        "source": source_name(site, one.source),
        "by": by,
        "when": format.stamp(one.started),
        "arrived": f"{one.arrived:%Y-%m-%d}" if one.arrived else format.stamp(one.started)[:10],
    }


def exact(n: int) -> str:
    """A count of the ledger in full: it has to add up on paper."""
    return f"{n:,}"


def _cells(counts: Counts) -> list[str]:
    return [
        exact(n)
        for n in (counts.rows_read, counts.rows_stored, counts.rows_duplicate, counts.rows_quarantined)
    ]


def added(counts: Sequence[Counts]) -> Counts:
    """The ledgers of several batches as one."""
    return Counts(*(sum(getattr(one, field.name) for one in counts) for field in fields(Counts)))

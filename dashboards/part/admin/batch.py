"""One batch: where its rows went, what it was read from and by which mapping, and the rows that were quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext, retold
from dashboards.part import (
    card,
    columns,
    empty_state,
    facts,
    format,
    link_button,
    number,
    numbers,
    simple_table,
)
from dashboards.part.admin.ledger import equation, exact, state_badge
from dashboards.part.admin.row import row_grid
from dashboards.part.admin.word import reason_name, source_name, target_name
from dashboards.part.number import counted
from portrait.site import Site
from portrait.store.batch import Batch
from portrait.store.quarantine import Quarantined
from portrait.store.user import shown_names

SHOWN = 50  # quarantined rows on the batch's own page; all of them are one click away


def batch_numbers(one: Batch) -> Any:
    counts = one.counts
    return numbers(
        number(*counted(gettext("{n} 行", n=exact(counts.rows_read))), label=gettext("读入")),
        number(*counted(gettext("{n} 行", n=exact(counts.rows_stored))), label=gettext("= 入库")),
        number(*counted(gettext("{n} 行", n=exact(counts.rows_duplicate))), label=gettext("+ 重复")),
        number(*counted(gettext("{n} 行", n=exact(counts.rows_quarantined))), label=gettext("+ 隔离")),
    )


def batch_cards(
    site: Site,
    one: Batch,
    codes: dict[str, int],
    rows: Sequence[Quarantined],
    again: Sequence[Batch],
) -> list[Any]:
    """Its facts, the reasons and rows of its quarantine; a replay has none of its own. `again` are its replays."""
    if one.origin is not None:
        return [_about(site, one, again)]
    return [
        columns(_about(site, one, again), _reasons(one, codes), least=420),
        _rows(site, one, codes, rows),
        _file_rows(one),
    ]


def _about(site: Site, one: Batch, again: Sequence[Batch]) -> Any:
    counts = one.counts
    listed: list[tuple[str, Any]] = [
        (gettext("状态"), state_badge(one.state)),
        (gettext("来源"), source_name(site, one.source)),
        (gettext("是什么"), gettext("{target}（流 {stream}）", target=target_name(one.target), stream=one.stream)),
        (gettext("文件"), one.file),
        (gettext("文件哈希"), html.Code(one.content, className="hash")),
        *[
            (
                gettext("对照文件"),
                html.Span([f"{other['file']} ", html.Code(other["content"], className="hash")]),
            )
            for other in one.inputs
        ],
        (gettext("映射"), one.mapping),
        *(
            [(gettext("重放自"), _link(one.origin))] if one.origin is not None else []
        ),
        *(
            [(gettext("重放过"), html.Span([part for batch in again for part in (_link(batch.id), " ")]))]
            if again
            else []
        ),
        (gettext("由谁"), shown_names(site.registry, [one.by]).get(one.by, one.by)),
        (gettext("开始"), format.moment(one.started)),
        (gettext("结束"), format.moment(one.finished)),
        (gettext("账目"), equation(counts)),
        (gettext("略过"), gettext("{n} 行由别的流读，或不是学习记录（合计、签字一类也算）", n=exact(counts.rows_passed))),
        (gettext("存疑"), gettext("{n} 行入库但有疑点，权重为 0", n=exact(counts.rows_doubtful))),
        (gettext("未认人"), gettext("{n} 行入库但还认不出是谁", n=exact(counts.rows_unmatched))),
    ]  # fmt: skip
    if one.state == "running":
        words = gettext("正在接入，或者中途被停下。把同样的文件再接入一次，会从断点接着做。")
    else:
        words = retold(one.message)
    return card(gettext("这一批"), words, facts(listed), icon_name="file")


def _file_rows(one: Batch) -> Any:
    """A row of the file by its number, taken from the archive when it is asked for."""
    return card(
        gettext("文件里的行"),
        gettext("按行号看存档里原来的一行；证件号、手机号和邮箱照旧打码。行号照电子表格数，表头也算一行。"),
        html.Div(
            [
                dmc.NumberInput(
                    id="batch-line",
                    label=gettext("第几行"),
                    value=2,
                    min=1,
                    allowDecimal=False,
                    allowNegative=False,
                    hideControls=True,
                    debounce=400,
                    w=120,
                ),
                dmc.Button(gettext("上一行"), id="batch-line-before", variant="default", n_clicks=0),
                dmc.Button(gettext("下一行"), id="batch-line-after", variant="default", n_clicks=0),
                dmc.Button(gettext("看这一行"), id="batch-line-show", n_clicks=0),
            ],
            className="filters",
        ),
        html.Div(id="batch-line-row", role="status"),
        icon_name="search",
    )


def _link(number: int) -> Any:
    return dmc.Anchor(gettext("第 {n} 号批次", n=number), href=f"/intake?batch={number}")


def _reasons(one: Batch, codes: dict[str, int]) -> Any:
    if not codes:
        return card(
            gettext("隔离原因"), "", empty_state(gettext("没有隔离的行"), icon_name="check"), icon_name="quarantine"
        )  # fmt: skip
    return card(
        gettext("隔离原因"),
        gettext("共 {n} 行，含已经处理的。", n=exact(sum(codes.values()))),
        html.Div(
            simple_table(
                [gettext("原因"), gettext("行数")],
                [
                    [
                        dmc.Anchor(
                            reason_name(code), href=f"/quarantine?batch={one.id}&code={code}&state=all"
                        ),
                        exact(n),
                    ]
                    for code, n in codes.items()
                ],
                numeric=(1,),
            ),
            className="table-scroll",
        ),
        action=link_button(gettext("去隔离区处理"), f"/quarantine?batch={one.id}", primary=True),
        icon_name="quarantine",
    )


def _rows(site: Site, one: Batch, codes: dict[str, int], rows: Sequence[Quarantined]) -> Any:
    if not rows:
        return None
    whole = sum(codes.values())
    words = (
        gettext("点任何一行，看原样并处理。")
        if whole <= SHOWN
        else gettext("这里是前 {n} 行；全部在隔离区。点任何一行，看原样并处理。", n=len(rows))
    )
    return card(
        gettext("隔离的行"),
        words,
        row_grid("batch-rows", site, rows, one_batch=True),
        action=link_button(gettext("去隔离区处理"), f"/quarantine?batch={one.id}&state=all"),
        icon_name="quarantine",
    )

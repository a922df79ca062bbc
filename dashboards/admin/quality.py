"""数据质量: of each source how much came, how much of it is good, whose it is, how late it comes, and what has changed lately."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dash import Input, Output, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, empty_state, format, link_button, number, numbers, page_header, panel
from dashboards.part.admin.ledger import batch_grid, exact
from dashboards.part.admin.quality import (
    PATH,
    address,
    arrival_table,
    missed_table,
    month_table,
    quality_table,
    signal_list,
    taken_table,
)
from dashboards.part.admin.word import BATCH_VIEWS, source_name
from dashboards.part.number import counted
from portrait.delivery import Figures
from portrait.quality import Quality, behind, qualities
from portrait.record import month_start
from portrait.resource import read_yaml
from portrait.scope import Role
from portrait.signal import Signal
from portrait.store.batch import batches, sources

MOST = 500  # batches in the grid
TODAY = (
    "unmatched",
    "doubtful",
    "late",
    "unlisted",
)  # views of what the lake says now, not of what a batch was closed with


@dataclass(frozen=True)
class Filter:
    """Which source is meant, and which of its batches: those of one month of arrival, those that have such rows."""

    source: str = ""
    view: str = ""
    month: int | None = None


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter of an address; what nobody knows falls away."""
    view = query.get("view", "")
    said = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", query.get("month", ""), re.ASCII)
    month = int(said[1]) * 12 + int(said[2]) - 1 if said and int(said[1]) else None
    return Filter(query.get("source", "")[:40], view if view in BATCH_VIEWS else "", month)


def layout(context: Context, query: Mapping[str, str]) -> Any:
    chosen = read_filter(query)
    site = context.site
    with site.registry.connect() as connection:
        titles = {one: source_name(site, one) for one in sources(connection, context.scope)}
    found = qualities(site, context.scope, today=context.today, titles=titles)
    if chosen.source:
        one = next((one for one in found if one.source == chosen.source), None)
        return _source(context, one, chosen) if one else _nobody()
    return _all(context, found)


def _all(context: Context, found: list[Quality]) -> list[Any]:
    signals = sorted(
        (signal for one in found for signal in one.signals),
        key=lambda one: (-one.weight, one.source, one.code),
    )
    if not found:
        words = gettext("还没有接入过数据。")
    elif signals:
        words = gettext("{n} 个来源，有 {m} 处该留意。", n=len(found), m=len(signals))
    else:
        words = gettext("{n} 个来源，没有看出反常的地方。", n=len(found))
    head = page_header(gettext("数据质量"), _as_of(words, context.today))
    if not found:
        return [head, card(gettext("各来源"), "", empty_state(gettext("还没有批次"), gettext("接入以后，每个来源的数据好不好都列在这里。"), action=link_button(gettext("去数据接入"), "/intake")), icon_name="evidence")]  # fmt: skip
    return [
        head,
        _signals(signals),
        card(
            gettext("各来源"),
            _meaning(),
            panel(
                gettext("各来源"),
                quality_table,
                context.site,
                sorted(found, key=lambda one: (-one.worst, one.source)),
            ),
            icon_name="bars",
        ),
    ]


def _as_of(words: str, today: date) -> str:
    return gettext("{words} · 数据截至 {day}", words=words.removesuffix(gettext("。")), day=format.day(today))


def _meaning() -> str:
    rules = read_yaml("rules/quality.yaml")["delivery"]
    return gettext(
        "行数来自批次账，读入 = 入库 + 重复 + 隔离；认得出人、对得上课程、迟到、存疑数的是记录湖里现在的记录。发生以后超过 {days} 天才接入的算迟到。最该看的来源在前。点任何一个数，看它后面的批次或隔离行。",
        days=rules["late_days"],
    )


def _signals(signals: list[Signal]) -> Any:
    return card(
        gettext("该留意的"),
        gettext("最要紧的在前：比例高得不该有的，和这个来源自己平时不一样的；界限和理由在 data/rules/quality.yaml。"),
        signal_list(signals)
        if signals
        else empty_state(gettext("没有反常的"), gettext("没有哪个来源停了、失败了，也没有认不出人、对不上课程、迟到、存疑、重复或隔离太多的。"), icon_name="check"),
        icon_name="bell",
    )  # fmt: skip


def _source(context: Context, one: Quality, chosen: Filter) -> list[Any]:
    figures = one.figures
    listed = panel(gettext("这些批次"), _batches, context, chosen)
    asked = chosen != Filter(chosen.source)  # who followed a figure wants to see what is behind it first
    return [
        page_header(
            source_name(context.site, one.source),
            _as_of(gettext("数据质量"), context.today),
            link_button(gettext("全部来源"), PATH, icon_name="left"),
        ),
        *([listed] if asked else []),
        _figures(context, figures),
        *([_signals(list(one.signals))] if one.signals else []),
        *([_missed(context, one)] if one.missed else []),
        *([_taken(context, one)] if one.taken else []),
        card(
            gettext("记录是什么时候发生的，什么时候来的"),
            gettext("一行是发生的月份，一列是接入的月份；没有记录的月份写明没有，不是零。"),
            panel(gettext("记录是什么时候发生的，什么时候来的"), arrival_table, one.arrivals)
            if one.arrivals
            else empty_state(gettext("没有学习记录"), gettext("这个来源给的是名单。")),
            icon_name="calendar",
        ),
        card(gettext("按接入的月份"), _meaning(), month_table(one), icon_name="bars"),
        *([] if asked else [listed]),
    ]


def _missed(context: Context, one: Quality) -> Any:
    return card(
        gettext("目录里没有的课程"),
        gettext("{n} 条记录写了这些课程，目录里查不到，所以说明不了能力；记录都留着，课程对上以后就算。", n=exact(one.figures.unlisted)),
        missed_table(context.site, one.missed),
        icon_name="library",
    )  # fmt: skip


def _taken(context: Context, one: Quality) -> Any:
    return card(
        gettext("按网址最后一段认出的课程"),
        gettext("{n} 条记录用网址写课程，网址的最后一段正好是目录里的一个代码，就认作那门课。认错了：在映射里用 make 写明这个网址是哪门课，或把这个网址本身列进课程目录，它优先。", n=exact(sum(each.records for each in one.taken))),
        taken_table(context.site, one.taken),
        icon_name="library",
    )  # fmt: skip


def _figures(context: Context, figures: Figures) -> Any:
    timed = figures.records - figures.undated
    nothing = format.NOTHING
    since = (context.today - figures.last).days if figures.last else None
    return numbers(
        number(*counted(gettext("{n} 条", n=format.count(figures.records))), label=gettext("学习记录")),
        number(
            format.percent(figures.matched / figures.records) if figures.records else nothing,
            "",
            gettext("{n} 条还认不出是谁", n=exact(figures.records - figures.matched)),
            label=gettext("认得出人"),
        ),
        number(
            format.percent(figures.late / timed) if timed else nothing,
            "",
            gettext("{n} 条", n=f"{figures.late:,}/{timed:,}"),
            label=gettext("迟到"),
        ),
        number(
            *(
                counted(gettext("{n} 天", n=exact(figures.delay)))
                if figures.delay is not None
                else (nothing, "")
            ),
            gettext("九成在 {n} 天以内", n=exact(figures.delay_most))
            if figures.delay_most is not None
            else "",
            label=gettext("从发生到接入"),
        ),
        number(
            *(counted(gettext("{n} 天前", n=exact(since))) if since is not None else (nothing, "")),
            format.day(figures.last) if figures.last else "",
            label=gettext("最近一次"),
        ),
    )


def _batches(context: Context, chosen: Filter) -> Any:
    with context.site.registry.connect() as connection:
        listed = batches(
            connection,
            context.scope,
            source=chosen.source,
            having="" if chosen.view in TODAY else chosen.view,
            among=behind(context.site, context.scope, chosen.source, chosen.view)
            if chosen.view in TODAY
            else None,
            arrived=_days(chosen.month),
            limit=MOST,
        )
    said = [gettext(BATCH_VIEWS[chosen.view])] if chosen.view else []
    if chosen.month is not None:
        said.append(gettext("{month}接入", month=format.month(month_start(chosen.month))))
    words = gettext("点任何一行，看这一批的来龙去脉。")
    if said:
        words = gettext("只列{which}，{n} 批。点任何一行，看这一批的来龙去脉。", which=gettext("、").join(said), n=exact(len(listed)))  # fmt: skip
    return card(
        gettext("这些批次"),
        words,
        batch_grid("quality-batches", context.site, listed, arrived=True)
        if listed
        else empty_state(gettext("没有这样的批次"), ""),
        action=link_button(gettext("看全部批次"), address(chosen.source)) if said else None,
        icon_name="evidence",
    )


def _days(month: int | None) -> tuple[date, date] | None:
    if month is None:
        return None
    return month_start(month), month_start(month + 1) - timedelta(days=1)


def _nobody() -> list[Any]:
    return [
        page_header(gettext("数据质量"), ""),
        empty_state(gettext("没有这个来源的批次"), "", action=link_button(gettext("全部来源"), PATH)),
    ]


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("url", "href", allow_duplicate=True),
        Input("quality-batches", "cellClicked"),
        prevent_initial_call=True,
    )
    def open_batch(cell: Any) -> Any:
        context()
        key = str(cell.get("rowId", "")) if isinstance(cell, dict) else ""
        return f"/intake?batch={key}" if key.isascii() and key.isdigit() else no_update


PAGE = Page(PATH, lambda: gettext("数据质量"), "bars", frozenset({Role.ADMIN}), layout, register)

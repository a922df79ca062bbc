"""成长: each dimension over time with its band; “确有成长” only when the change is beyond error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dash import html

from dashboards import theme
from dashboards.figure.growth import Moment, growth_band
from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import (
    badge,
    card,
    columns,
    estimate_text,
    figure_with_table,
    format,
    key,
    link_button,
    opener,
    page_header,
    simple_table,
)
from dashboards.part.name import node_name
from dashboards.part.teacher.change import Change, change
from portrait.framework import dimensions
from portrait.portrait import Estimate
from portrait.reading import as_of, growths
from portrait.scope import Role
from portrait.standard import standard_of
from portrait.store.answer import own_person
from portrait.store.person import who

QUARTERS = 9  # two years, both ends
HEIGHT = 250


def quarters(last: date, count: int = QUARTERS) -> list[date]:
    """The last day asked for and the ends of the quarters before it, ascending."""
    ends = [last]
    year, quarter = last.year, (last.month - 1) // 3
    while len(ends) < count:
        day = _quarter_end(year, quarter)
        if day < last:
            ends.append(day)
        quarter -= 1
        if quarter < 0:
            year, quarter = year - 1, 3
    return ends[::-1]


def _quarter_end(year: int, quarter: int) -> date:
    """The last day of a quarter, 0..3."""
    month, day = ((3, 31), (6, 30), (9, 30), (12, 31))[quarter]
    return date(year, month, day)


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    me = who(context.site.registry, context.scope, own_person(context.scope))
    day = as_of(context.site)
    standard = standard_of(me.title).level
    dates = quarters(day)
    scored = [code for code, node in dimensions().items() if node.scored]
    histories = growths(context.site, me.id, scored, dates)
    changes = {code: change(history, day) for code, history in histories.items()}
    grown = [node_name(code) for code, found in changes.items() if found.verdict == "grown"]
    known = [code for code, found in changes.items() if found.verdict != "none"]
    blank = [code for code in histories if code not in known]
    return [
        page_header(
            gettext("成长"),
            gettext(
                "{first} 至 {last}，每季度一个点。证据会变旧，变旧不等于退步。",
                first=format.month(dates[0]),
                last=format.month(dates[-1]),
            ),
        ),
        html.P(_lead(grown, len(known)), className="lead"),
        columns(
            *(_panel(histories[code], changes[code], standard) for code in known),
            least=340,
        )
        if known
        else None,
        _blank(blank) if blank else None,
    ]


def _lead(grown: Sequence[str], known: int) -> str:
    if grown:
        return gettext("确有成长：{names}。其余维度的变化没有超出误差。", names=gettext("、").join(grown))
    if known:
        return gettext(
            "有估计的 {n} 个维度里，还没有哪个的变化超出误差；尚不能说有成长，也不能说没有。", n=known
        )
    return gettext("还没有哪个维度有足够的证据画出变化。")


def _panel(history: Sequence[Estimate], found: Change, standard: float) -> Any:
    node = history[0].node
    return card(
        node_name(node),
        _said(found),
        figure_with_table(
            growth_band(
                [Moment(e.as_of, e.level, e.low, e.high) for e in history],
                standard,
                standard_name=gettext("标准"),
                height=HEIGHT,
            ),
            simple_table(
                [gettext("截至"), gettext("水平"), gettext("最近的证据")],
                [[format.day(e.as_of), estimate_text(e), format.month(e.last)] for e in history],
            ),
            gettext("{name}的变化：{said}", name=node_name(node), said=_said(found)),
            height=HEIGHT,
            key=key(
                ("line", theme.DATA, gettext("我")),
                ("band", theme.DATA, gettext("90% 区间")),
                ("dash", theme.INK, gettext("岗位标准")),
            ),
        ),
        corner=_verdict(found),
        action=[
            link_button(gettext("找这方面的课"), f"/courses?dimension={node}", primary=True),
            opener("behind", node, gettext("看依据"), className="button"),
        ],
    )


def _blank(codes: Sequence[str]) -> Any:
    return card(
        gettext("证据还不够画出变化的维度"),
        gettext("至少要有两个平台的测验、作业或测评。空白不是没有成长。"),
        html.Ul(
            [
                html.Li(
                    [
                        html.Span(node_name(code)),
                        link_button(gettext("选课添证据"), f"/courses?dimension={code}"),
                    ],
                    className="chosen-row",
                )
                for code in codes
            ],
            className="plain-list",
        ),
    )


def _verdict(found: Change) -> Any:
    words, tone = {
        "grown": (gettext("确有成长"), "good"),
        "fallen": (gettext("近期证据低于以前"), "plain"),
        "stale": (gettext("证据变旧"), "thin"),
        "open": (gettext("尚不能确定"), "thin"),
        "first": (gettext("只有一个时点"), "thin"),
        "none": (gettext("证据不足"), "none"),
    }[found.verdict]
    return badge(words, tone)


def _said(found: Change) -> str:
    first, last = found.first, found.last
    if first is None or last is None:
        return gettext("还没有估计。")
    if found.verdict == "first":
        return gettext("目前只有一个时点有估计，还看不出变化。")
    moved = gettext(
        "{first}的 {a} 到 {last}的 {b}，变化 {d}，误差 ±{e}",
        first=format.month(first.as_of),
        a=format.level(first.level),
        last=format.month(last.as_of),
        b=format.level(last.level),
        d=format.signed(found.difference * 100),
        e=format.decimal(found.error * 100),
    )
    why = {
        "grown": gettext("超出了误差，确有成长。"),
        "fallen": gettext("超出了误差：近期的得分低于以前，先看看依据。"),
        "stale": gettext("没有超出误差，而且一年没有新证据了：证据变旧，不是退步。"),
        "open": gettext("没有超出误差，尚不能确定。"),
    }[found.verdict]
    return gettext("{moved}；{why}", moved=moved, why=why)


PAGE = Page(
    path="/growth",
    title=lambda: gettext("成长"),
    icon="growth",
    roles=frozenset({Role.TEACHER}),
    layout=layout,
)

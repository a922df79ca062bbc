"""The seven off-site days of an area: how many teachers have how many, by county, as counts and never by name."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.card import card
from dashboards.part.chart import simple_table
from dashboards.part.place import place_name
from dashboards.part.rates import rate_cell
from dashboards.part.state import empty_state
from portrait.offsite import OffsiteBoard
from portrait.programme.rate import Shown


def offsite_card(board: OffsiteBoard) -> Any:
    title = gettext("外出集中培训 {n} 天", n=board.target)
    whole = board.rate()
    if whole.shown is Shown.EMPTY:
        return card(title, "", empty_state(gettext("名册里还没有本区域的教师")), icon_name="checkin")
    if whole.shown is not Shown.YES:
        return card(
            title, "", empty_state(gettext("教师少于 {n} 人，不显示", n=board.floor)), icon_name="checkin"
        )
    found = board.by_county()
    finding = gettext(
        "{short} 名教师还不满 {n} 天；本周期到 {end} 结束，还剩 {months} 个月。",
        short=format.count(board.short),
        n=board.target,
        end=format.day(board.last),
        months=board.months_left,
    )
    total = sum(board.days)
    bars: list[Any] = []
    for k, n in enumerate(board.days):
        full = "full" if k == board.target else ""
        bars += [
            html.Span(_days(board, k)),
            html.Div(html.I(className=full, style={"width": f"{n / total * 100:.1f}%"}), className="track"),
            html.Span(format.rate(n, total, 0), className="amount"),
        ]
    table = simple_table(
        [gettext("地区"), gettext("达标（满 {n} 天/在册）", n=board.target)],
        [[place_name(code), rate_cell(rate)] for code, rate in sorted(found.items())],
        numeric=(1,),
    )
    return card(
        title,
        finding,
        html.Div(bars, className="bars"),
        html.Div(table, className="table-scroll") if len(found) > 1 else None,
        html.P(
            gettext("{text}（{cite}）", text=gettext(whole.measure.text), cite=gettext(whole.measure.cite)),
            className="quiet",
        ),
        icon_name="checkin",
    )


def _days(board: OffsiteBoard, k: int) -> str:
    if k == board.target:
        return gettext("满 {n} 天", n=k)
    return gettext("{n} 天", n=k)

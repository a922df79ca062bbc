"""Training classes before an office or a bureau: a list, and one class with its places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.badge import badge
from dashboards.part.card import card, columns
from dashboards.part.chart import simple_table
from dashboards.part.number import facts
from dashboards.part.place import place_name
from dashboards.part.rates import rate_cell
from dashboards.part.state import empty_state
from dashboards.part.view import View, category_label
from portrait.overview import Overview
from portrait.programme.training_class import STAGE_ZH, Stage
from portrait.store.training import ClassCount

STAGE_TONE = {
    Stage.UNSCHEDULED: "none",
    Stage.AHEAD: "plain",
    Stage.RUNNING: "good",
    Stage.ENDED: "data",
}
MOST_CLASSES = 200
LONG_LIST = 12  # more scroll inside the card


def stage_badge(stage: Stage) -> Any:
    return badge(gettext(STAGE_ZH[stage]), STAGE_TONE[stage])


def classes_card(view: View, over: Overview, whole: Mapping[int, ClassCount] | None = None) -> Any:
    """The classes of a place or provider. Places and nominations are the place's own.

    So few come from one county that their results would be hidden; with `whole`, results are those of the whole class.
    """
    counts = over.classes
    if not counts:
        return card(
            gettext("班次"), "", empty_state(gettext("这里没有班次"), gettext("换一个年度或类别看看。"))
        )
    table = simple_table(
        [
            gettext("班次"),
            gettext("类别"),
            gettext("承训单位"),
            gettext("起止"),
            gettext("状态"),
            gettext("选派/名额"),
            gettext("报到（全班）") if whole is not None else gettext("报到"),
            gettext("结业（全班）") if whole is not None else gettext("结业"),
        ],
        [_class_row(view, count, over, whole) for count in counts[:MOST_CLASSES]],
        numeric=(5, 6, 7),
    )
    more = (
        gettext("共 {n} 个班次，这里列出前 {most} 个；其余请导出 Excel。", n=len(counts), most=MOST_CLASSES)
        if len(counts) > MOST_CLASSES
        else gettext("共 {n} 个班次。", n=len(counts))
    )
    long = " long" if len(counts) > LONG_LIST else ""
    return card(
        gettext("全部班次"), more, html.Div(table, className=f"table-scroll wide{long}"), icon_name="class"
    )


def _class_row(
    view: View, count: ClassCount, over: Overview, whole: Mapping[int, ClassCount] | None
) -> list[Any]:
    one = count.training_class
    tally = (whole or {}).get(one.id, count).tally(over.as_of)
    stage = one.stage(over.as_of)
    return [
        dmc.Anchor(one.name, href=view.link(training_class=one.id)),
        one.category,
        one.provider,
        html.Span(span(one.starts, one.ends), className="nowrap"),
        stage_badge(stage),
        f"{count.sent}/{count.places}",
        rate_cell(tally.rate("arrived", over.floor)),
        rate_cell(tally.rate("graduated", over.floor)),
    ]


def class_cards(
    view: View, count: ClassCount, cells: Sequence[tuple[str, int, int]], as_of: date, floor: int
) -> Any:
    """One class: its facts and rates, and who was given how many places (`cells`: place, places, sent)."""
    one = count.training_class
    stage = one.stage(as_of)
    tally = count.tally(as_of)
    gap = sum(max(0, n - sent) for _, n, sent in cells)
    facts_card = card(
        gettext("班次概况"),
        "",
        facts(
            [
                (gettext("状态"), stage_badge(stage)),
                (gettext("项目类别"), category_label(one.category)),
                (gettext("子项目"), one.subproject or format.NOTHING),
                (gettext("承训单位"), one.provider or format.NOTHING),
                (gettext("起止"), span(one.starts, one.ends)),
                (gettext("学时"), format.decimal(one.hours)),
                (gettext("选派/名额"), f"{count.sent}/{count.places}"),
                (gettext("报到率"), rate_cell(tally.rate("arrived", floor))),
                (gettext("结业率（结业/选派）"), rate_cell(tally.rate("graduated", floor))),
                (gettext("结业率（结业/报到）"), rate_cell(tally.rate("graduated_of_arrived", floor))),
                (gettext("中途退出"), str(count.left) if count.sent >= floor else gettext("不显示")),
            ]
        ),
        corner=dmc.Anchor(gettext("返回"), href=view.link(training_class=None)),
        icon_name="class",
    )
    places_card = card(
        gettext("名额分到哪里"),
        gettext("共缺 {n} 人；别处超派不抵。", n=gap) if gap else gettext("各地都已足额。"),
        html.Div(
            simple_table(
                [gettext("地区"), gettext("名额"), gettext("确认选派"), gettext("缺")],
                [[place_name(code), n, sent, max(0, n - sent) or ""] for code, n, sent in cells],
                numeric=(1, 2, 3),
            ),
            className="table-scroll",
        ),
        icon_name="quota",
    )
    return columns(facts_card, places_card, least=420) if cells else facts_card


def span(starts: date | None, ends: date | None) -> str:
    """“9 月 13 日–9 月 30 日”, with years where they differ from the first."""
    if starts is None:
        return gettext("未报")
    if ends is None:
        return gettext("{day} 起", day=format.day(starts))
    return (
        f"{starts:%Y-%m-%d} – {ends:%m-%d}"
        if starts.year == ends.year
        else f"{starts:%Y-%m-%d} – {ends:%Y-%m-%d}"
    )

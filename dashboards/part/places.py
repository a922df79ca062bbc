"""Rates by place and by provider: tiles, dots with intervals, a funnel; every chart with its table twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.figure.funnel import funnel
from dashboards.figure.rate_dot import rate_dots, rate_dots_height
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.card import card
from dashboards.part.chart import figure_with_table, key, simple_table
from dashboards.part.place import place_name
from dashboards.part.rates import apart_sentence, rate_cell, rate_rows, rate_table, standing_text
from dashboards.part.state import empty_state
from dashboards.part.tile import tile_map
from dashboards.part.view import View, category_label, measure_chips
from dashboards.theme import DATA, INK
from portrait.overview import Overview
from portrait.place import unit_of
from portrait.programme.rate import Rate, Shown, measures, standings


def place_of(view: View) -> Callable[[str], str]:
    """How places are grouped one step below the view: units of the province, counties of a unit."""
    return (lambda code: code) if view.unit else unit_of


def map_card(view: View, over: Overview) -> Any:
    """The province as tiles, each a way down to its city."""
    found = over.by_place(view.measure)
    apart = standings(found)
    measure = measures()[view.measure]
    names = {code: place_name(code) for code in found}
    return card(
        gettext("各市{rate}", rate=gettext(measure.zh)),
        apart_sentence(apart, names, _cities),
        measure_chips(view, _measure_names(view)),
        tile_map(found, apart, view.go, view.unit)
        if found
        else empty_state(gettext("这个范围里还没有名额和学员"), gettext("换一个年度或类别看看。")),
        icon_name="map",
    )


def places_card(view: View, over: Overview) -> Any:
    """Dots with intervals by place, one step below the view, with the table twin that leads down."""
    found = over.by_place(view.measure, place_of(view))
    if view.unit:
        found = {code: rate for code, rate in found.items() if unit_of(code) == view.unit}
    apart = standings(found)
    names = {code: _step_name(view, code) for code in found}
    rows = rate_rows(found, apart, names)
    measure = measures()[view.measure]
    rate = gettext(measure.zh)
    title = (
        gettext("各县（市、区）{rate}", rate=rate)
        if view.unit
        else gettext("各市（直管县）{rate}", rate=rate)
    )
    if not rows:
        return card(title, "", empty_state(gettext("这个范围里还没有名额和学员")))
    whole = together(found.values())
    return card(
        title,
        apart_sentence(apart, names, _counties)
        if view.unit
        else gettext("点为率，横线为 90% 区间；点表里的地名往下看。"),
        measure_chips(view, _measure_names(view)) if view.unit else None,
        figure_with_table(
            rate_dots([row for _, row in rows], whole, _reference(whole)),
            rate_table(
                gettext("地区"),
                [(dmc.Anchor(row.label, href=view.go(code)), row.rate, row.standing) for code, row in rows],
            ),
            gettext("{title}：各地的率、区间和人数，按率从高到低", title=title),
            height=rate_dots_height(len(rows)),
            key=_standing_key(),
        ),
        icon_name="bars",
    )


def together(found: Iterable[Rate]) -> float | None:
    """The rate of all shown groups together."""
    seen = [r for r in found if r.shown is Shown.YES]
    total = sum(r.total or 0 for r in seen)
    return sum(r.n or 0 for r in seen) / total if total else None


def _reference(whole: float | None) -> str:
    """What the line is: the groups that are shown, not the area, whose tile counts the hidden ones too."""
    return "" if whole is None else gettext("所列合计 {share}", share=format.percent(whole))


def _step_name(view: View, code: str) -> str:
    return (
        gettext("{city}本级", city=place_name(code)) if view.unit and code == view.unit else place_name(code)
    )


def _cities(n: int) -> str:
    return gettext("{n} 个市（直管县）", n=n)


def _counties(n: int) -> str:
    return gettext("{n} 个县（市、区）", n=n)


def _providers(n: int) -> str:
    return gettext("{n} 个承训单位", n=n)


def _measure_names(view: View) -> dict[str, str]:
    return {code: gettext(measures()[code].zh) for code in view.measures}


def _standing_key() -> Any:
    return key(
        ("dot", DATA, gettext("率（与其余分不出高低）")),
        ("band", DATA, gettext("90% 区间")),
        ("dash", INK, gettext("合计")),
    )


def provider_card(view: View, over: Overview) -> Any:
    """Providers as a funnel, not as a ranking; the table twin holds every figure."""
    names = over.provider_names
    arrived = over.by_provider("arrived")
    graduated = over.by_provider("graduated_of_arrived")
    shown = graduated if view.measure == "graduated" else arrived
    apart = standings(shown)
    rows = rate_rows(shown, apart, names)
    measure = measures()["graduated_of_arrived" if view.measure == "graduated" else "arrived"]
    title = gettext("承训单位{rate}", rate=gettext(measure.zh))
    if not any(row.rate.shown is Shown.YES for _, row in rows):
        return card(
            title, "", empty_state(gettext("还没有可以比较的承训单位"), gettext("班次开始报到以后才有。"))
        )
    late = over.on_time_by_provider()
    table = simple_table(
        [
            gettext("承训单位"),
            gettext("报到率"),
            gettext("结业率（结业/报到）"),
            gettext("按期完成"),
            gettext("与其余相比"),
        ],
        [
            [
                dmc.Anchor(row.label, href=view.link(provider=code, training_class=None)),
                rate_cell(arrived[code]),
                rate_cell(graduated[code]),
                rate_cell(late[code]),
                standing_text(apart[code]),
            ]
            for code, row in sorted(rows, key=lambda item: item[1].label)
        ],
        gettext("按单位名称排列，不排名次"),
        numeric=(1, 2, 3),
    )
    return card(
        title,
        gettext(
            "{first}{then}",
            first=apart_sentence(apart, names, _providers),
            then=gettext("没有按学员构成校正。"),
        ),
        figure_with_table(
            funnel([row for _, row in rows]),
            html.Div(table, className="named long"),
            gettext("{title}对人数的漏斗图：阴影内的差异可以由偶然解释", title=title),
            height=360,
            key=key(
                ("dot", DATA, gettext("一个承训单位")),
                ("band", DATA, gettext("偶然就会有的范围（按单位数放宽）")),
                ("dash", INK, gettext("合计")),
            ),
        ),
        icon_name="provider",
    )


def categories_card(view: View, over: Overview) -> Any:
    """Arrival and graduation by project category, each a filter of the whole page."""
    arrived, graduated = over.by_category("arrived"), over.by_category("graduated")
    if not arrived:
        return None
    table = simple_table(
        [gettext("项目类别"), gettext("报到率"), gettext("结业率（结业/选派）")],
        [
            [
                dmc.Anchor(category_label(code), href=view.link(category=code))
                if code
                else gettext("国培省培以外（市、县、校）"),
                rate_cell(arrived[code]),
                rate_cell(graduated[code]),
            ]
            for code in arrived
        ],
        numeric=(1, 2),
    )
    return card(gettext("项目类别"), "", html.Div(table, className="table-scroll named"), icon_name="library")

"""总览: five figures, what is due, rates by city and provider with the way down to county and class, Excel export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, columns, empty_state, format, icon, page_header, panel, stack
from dashboards.part.board import due_card, headline, register_board
from dashboards.part.classes import MOST_CLASSES, class_cards, classes_card
from dashboards.part.place import place_name
from dashboards.part.places import categories_card, map_card, places_card, provider_card
from dashboards.part.view import (
    View,
    category_label,
    crumbs,
    filters,
    read_search,
    read_view,
    register_filters,
)
from dashboards.report.workbook import overview_workbook
from portrait.overview import Overview, overview
from portrait.place import counties_of
from portrait.programme.category import categories_of
from portrait.scope import Role
from portrait.store.training import Ask, class_cells, class_counts, class_of, providers

PATH = "/office"


def layout(context: Context, query: Mapping[str, str]) -> Any:
    view = read_view(context, query, PATH)
    registry, scope = context.site.registry, context.scope
    one = class_of(registry, scope, view.training_class) if view.training_class else None
    head = [
        page_header(
            one.name if one else _title(context, view),
            gettext("{who} · 数据截至 {day}", who=_who(context), day=format.day(context.today)),
            dmc.Button(
                gettext("导出 Excel"),
                id="office-export",
                leftSection=icon("download", 18),
                variant="default",
                n_clicks=0,
            ),
        ),
        dcc.Download(id="office-file"),
        filters(view, context.actor.office),
        crumbs(view, one.name if one else _title(context, view) if view.provider else ""),
    ]
    if not view.years:
        return [
            *head,
            card(
                gettext("还没有班次"),
                "",
                empty_state(
                    gettext("还没有导入任何班次和名额"),
                    gettext("管理员在“数据接入”导入名额、班次和学员名单后，这里就有数字。"),
                ),
            ),
        ]
    if one is not None:
        count = class_counts(registry, scope, Ask(), context.today, [one.id])[0]
        cells = class_cells(registry, scope, one.id, context.today)
        return [*head, class_cards(view, count, cells, context.today, context.site.settings.small_cell)]
    over = overview(context.site, scope, view.ask, context.today)
    figures = panel(gettext("五项指标"), headline, view, over, on_time=not view.unit)
    return [*head, figures, *_panels(context, view, over)]


def _panels(context: Context, view: View, over: Overview) -> list[Any]:
    due = panel(gettext("待办与逾期"), due_card, view, over)
    if not view.place and not view.provider:
        return [
            columns(
                panel(gettext("地图"), map_card, view, over),
                stack(due, panel(gettext("承训单位"), provider_card, view, over)),
                least=420,
            ),
            columns(
                panel(gettext("地区"), places_card, view, over),
                panel(gettext("项目类别"), categories_card, view, over),
                least=420,
            ),
        ]
    classes = panel(gettext("全部班次"), _classes, context, view, over)
    if view.county or view.provider or len(counties_of(view.unit)) < 2:
        return [due, classes]
    return [columns(panel(gettext("地区"), places_card, view, over), due, least=420), classes]


def _classes(context: Context, view: View, over: Overview) -> Any:
    ids = [count.training_class.id for count in over.classes[:MOST_CLASSES]]
    whole = class_counts(context.site.registry, context.scope, Ask(), context.today, ids)
    return classes_card(
        view, over, {count.training_class.id: count for count in whole} if view.place else None
    )


def _title(context: Context, view: View) -> str:
    if view.provider:
        return providers(context.site.registry, context.scope)[view.provider]
    return place_name(view.place) if view.place else gettext("总览")


def _who(context: Context) -> str:
    office = context.actor.office
    if not office:
        return gettext("全省全部类别")
    return gettext("本办公室负责 {codes}", codes=gettext("、").join(categories_of(office)))


# --- callbacks -----------------------------------------------------------------------------------------------


def register(app: Any, context: Callable[[], Context]) -> None:
    register_filters(app, context, PATH)
    register_board(app, context, PATH)

    @app.callback(
        Output("office-file", "data"),
        Input("office-export", "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def export(clicks: int | None, search: str | None) -> Any:
        here = context()
        if not clicks:
            return no_update
        view = read_search(here, search, PATH)
        over = overview(here.site, here.scope, view.ask, here.today)
        title = f"{gettext('总览')} {_title(here, view)}" if view.place or view.provider else gettext("总览")
        data = overview_workbook(
            over, title=title, filters=_said(here, view), by=here.actor.login, at=here.now
        )
        here.note("export", f"overview{view.search()}")
        return dcc.send_bytes(data, f"overview-{here.today:%Y%m%d}.xlsx")


def _said(context: Context, view: View) -> list[tuple[str, str]]:
    """The filters in force, as the workbook repeats them."""
    everything = gettext("全部")
    return [
        (gettext("范围"), _who(context)),
        (gettext("年度"), str(view.year or everything)),
        (gettext("计划"), gettext(view.plan) if view.plan else everything),
        (gettext("项目类别"), category_label(view.category) if view.category else everything),
        (gettext("地区"), place_name(view.place) if view.place else gettext("全省")),
        (gettext("承训单位"), _title(context, view) if view.provider else everything),
    ]


PAGE = Page(PATH, lambda: gettext("总览"), "dashboard", frozenset({Role.OFFICE}), layout, register)

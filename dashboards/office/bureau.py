"""选派与参训: a city's or county's own rates, its counties and classes, the seven days as counts, its trainees by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import card, columns, empty_state, format, grid, icon, page_header, panel, stack
from dashboards.part.board import due_card, headline, register_board
from dashboards.part.classes import class_cards, classes_card
from dashboards.part.group import group_card
from dashboards.part.offsite import offsite_card
from dashboards.part.place import place_name
from dashboards.part.places import places_card
from dashboards.part.trainee import nomination_grid
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
from portrait.group import group_portrait
from portrait.offsite import OffsiteBoard, offsite_board, short_trainees
from portrait.overview import overview
from portrait.place import counties_of
from portrait.scope import Role
from portrait.store.trainee import roster
from portrait.store.training import Ask, class_cells, class_counts, class_of

PATH = "/bureau"


def layout(context: Context, query: Mapping[str, str]) -> Any:
    if not context.actor.region:
        return [
            page_header(gettext("选派与参训")),
            card(
                gettext("账号没有绑定市县"),
                "",
                empty_state(
                    gettext("账号没有绑定市县"), gettext("请平台管理员在“用户与权限”里填写所属市县。")
                ),
            ),
        ]
    view = read_view(context, query, PATH)
    registry, scope = context.site.registry, context.scope
    one = class_of(registry, scope, view.training_class) if view.training_class else None
    head = [
        page_header(
            one.name if one else gettext("{place}选派与参训", place=place_name(view.place)),
            gettext("本区域选派的学员 · 数据截至 {day}", day=format.day(context.today)),
            dmc.Button(
                gettext("导出 Excel"),
                id="bureau-export",
                leftSection=icon("download", 18),
                variant="default",
                n_clicks=0,
            ),
        ),
        dcc.Download(id="bureau-file"),
        filters(view),
        crumbs(view, one.name if one else ""),
    ]
    if one is not None:
        count = class_counts(registry, scope, Ask(), context.today, [one.id])[0]
        cells = class_cells(registry, scope, one.id, context.today)
        people = [(one, trainee) for trainee in roster(registry, scope, one.id)]
        return [
            *head,
            class_cards(view, count, cells, context.today, 0),
            card(
                gettext("本区域在这个班的学员"),
                gettext("共 {n} 人。", n=len(people)) if people else "",
                nomination_grid("bureau-roster", people, context.today, place=True)
                if people
                else empty_state(gettext("还没有选派学员")),
                icon_name="people",
            ),
        ]
    over = overview(context.site, scope, view.ask, context.today)

    @cache
    def board() -> OffsiteBoard:
        return offsite_board(context.site, scope, Ask(unit=view.unit, county=view.county), context.today)

    summary = gettext("本区域教师画像汇总（不具名）")
    due = panel(gettext("待办与逾期"), due_card, view, over)
    leaf = bool(view.county) or len(counties_of(view.unit)) < 2
    return [
        *head,
        panel(gettext("五项指标"), headline, view, over, on_time=False),
        columns(
            due if leaf else stack(panel(gettext("地区"), places_card, view, over), due),
            panel(gettext("外出集中培训"), lambda: offsite_card(board())),
            least=420,
        ),
        panel(gettext("已选派教师里还不满天数的"), lambda: _short_card(context, view, board())),
        panel(summary, lambda: group_card(group_portrait(context.site, scope), summary))
        if view.place == view.home
        else None,
        panel(gettext("全部班次"), classes_card, view, over),
    ]


def _short_card(context: Context, view: View, board: OffsiteBoard) -> Any:
    """The bureau's own nominated teachers who are short of days; nobody who was not nominated is named."""
    ask = replace(view.ask, year=None, category="", plan="")
    people = short_trainees(context.site, context.scope, ask, context.today)
    title = gettext("已选派教师里还不满 {n} 天的", n=board.target)
    if not people:
        return card(title, "", empty_state(gettext("没有；已选派的教师都满天数"), icon_name="check"))
    left = max(1, board.months_left)
    return card(
        title,
        gettext("共 {n} 人。只列本局选派过的教师；其他教师只在上面计数。", n=len(people)),
        grid(
            "bureau-short",
            [
                {
                    "field": "name",
                    "headerName": gettext("姓名"),
                    "filter": True,
                    "pinned": "left",
                    "width": 110,
                },
                {
                    "field": "school",
                    "headerName": gettext("学校"),
                    "filter": True,
                    "minWidth": 200,
                    "flex": 1,
                },
                {"field": "place", "headerName": gettext("选派地区"), "filter": True, "width": 130},
                {"field": "days", "headerName": gettext("已有天数"), "type": "numericColumn", "width": 120},
                {"field": "short", "headerName": gettext("还差天数"), "type": "numericColumn", "width": 120},
                {
                    "field": "pace",
                    "headerName": gettext("每年要安排"),
                    "type": "numericColumn",
                    "width": 130,
                    "headerTooltip": gettext("还差天数 ÷ 本周期剩余月数 × 12"),
                },
            ],
            [
                {
                    "name": gettext(trainee.name),
                    "school": trainee.school,
                    "place": place_name(trainee.region),
                    "days": days,
                    "short": board.target - days,
                    "pace": gettext("{n} 天", n=format.decimal((board.target - days) / left * 12)),
                }
                for trainee, days in people
            ],
            page_size=10,
            columnSize=None,
        ),
        icon_name="people",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    register_filters(app, context, PATH)
    register_board(app, context, PATH)

    @app.callback(
        Output("bureau-file", "data"),
        Input("bureau-export", "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def export(clicks: int | None, search: str | None) -> Any:
        here = context()
        if not clicks:
            return no_update
        view = read_search(here, search, PATH)
        over = overview(here.site, here.scope, view.ask, here.today)
        everything = gettext("全部")
        said = [
            (gettext("地区"), place_name(view.place)),
            (gettext("年度"), str(view.year or everything)),
            (gettext("计划"), gettext(view.plan) if view.plan else everything),
            (gettext("项目类别"), category_label(view.category) if view.category else everything),
        ]
        title = gettext("{place}选派与参训", place=place_name(view.place))
        data = overview_workbook(over, title=title, filters=said, by=here.actor.login, at=here.now)
        here.note("export", f"bureau{view.search()}")
        return dcc.send_bytes(data, f"{view.place}-{here.today:%Y%m%d}.xlsx")


PAGE = Page(PATH, lambda: gettext("选派与参训"), "map", frozenset({Role.BUREAU}), layout, register)

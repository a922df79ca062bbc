"""Plain browse of the course supermarket: search, filters, pages. It looks at no portrait and no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import code_name, columns, empty_state, icon
from dashboards.part.name import node_name
from dashboards.part.teacher.course_card import course_card
from portrait.store.answer import elections
from portrait.store.course import Browse, Shelf, browse, choices

FILTERS = ("theme", "stage", "subject", "mode", "dimension", "hours")


def asked(query: Mapping[str, str]) -> Browse:
    """What the address asks for; anything unknown is left out."""
    return ask_for({name: str(query.get(name, "")) for name in (*FILTERS, "search")})


def ask_for(said: Mapping[str, str], order: str = "theme", page: int = 1) -> Browse:
    return Browse(
        search=said["search"][:60],
        theme=said["theme"],
        stage=said["stage"],
        subject=said["subject"],
        mode=said["mode"],
        dimension=said["dimension"],
        hours=said["hours"],
        order=order,
        page=page,
    )


def browse_panel(context: Context, ask: Browse) -> Any:
    """Search line, filters and the first page."""
    given = choices(context.site.registry, context.scope)
    names = {
        "theme": gettext("通识主题"),
        "stage": gettext("学段"),
        "subject": gettext("学科"),
        "mode": gettext("方式"),
        "dimension": gettext("能力维度"),
        "hours": gettext("学时"),
    }
    words, found, pages = results(context, ask)
    return html.Div(
        [
            dmc.TextInput(
                id="course-search",
                value=ask.search,
                debounce=350,
                label=gettext("找课程"),
                placeholder=gettext("课名、内容、单位、学科都可以，空格隔开几个词"),
                leftSection=icon("search", 18),
            ),
            html.Details(
                [
                    html.Summary([icon("filter", 18), gettext("筛选与排序")]),
                    html.Div(
                        [
                            *(
                                dmc.Select(
                                    id=f"course-{name}",
                                    label=label,
                                    value=getattr(ask, name) or None,
                                    data=[
                                        {
                                            "value": code,
                                            "label": gettext(
                                                "{name}（{said}）", name=_named(name, code), said=n
                                            ),
                                        }
                                        for code, n in given[name]
                                    ],
                                    clearable=True,
                                    searchable=len(given[name]) > 8,
                                    placeholder=gettext("不限"),
                                    nothingFoundMessage=gettext("没有相符的"),
                                )
                                for name, label in names.items()
                            ),
                            dmc.Select(
                                id="course-order",
                                label=gettext("排序"),
                                value=ask.order,
                                data=[
                                    {"value": "theme", "label": gettext("主题、日期、课名")},
                                    {"value": "starts", "label": gettext("开课日期")},
                                    {"value": "title", "label": gettext("课名")},
                                    {"value": "hours", "label": gettext("学时从少到多")},
                                ],
                                allowDeselect=False,
                            ),
                        ],
                        className="course-filters",
                    ),
                ],
                className="filter-box",
                open=any(getattr(ask, name) for name in FILTERS),
            ),
            html.P(words, id="course-count", className="muted", role="status"),
            html.Div(found, id="course-list"),
            dmc.Pagination(
                id="course-page",
                total=pages,
                value=1,
                siblings=1,
                withEdges=False,
                className="pages",
            ),
        ]
    )


def results(context: Context, ask: Browse) -> tuple[str, Any, int]:
    """How many in words, the cards of the page, and the number of pages."""
    shelf = browse(context.site.registry, context.scope, ask)
    return _count(shelf), _cards(context, shelf), shelf.pages


def _count(shelf: Shelf) -> str:
    if shelf.pages == 1:
        return gettext("共 {n} 门", n=shelf.total)
    return gettext("共 {n} 门，第 {page}/{pages} 页", n=shelf.total, page=shelf.page, pages=shelf.pages)


def _cards(context: Context, shelf: Shelf) -> Any:
    if not shelf.courses:
        return empty_state(
            gettext("没有找到相符的课程"),
            gettext("少选几个条件，或者换个短一点的词；已选的课在“我的选课”里。"),
        )
    person = context.actor.person_id
    said = (
        {e.course_id: e.answer for e in elections(context.site.registry, context.scope, person)}
        if person is not None
        else {}
    )
    return columns(
        *(course_card(course, given=said.get(course.id, ""), shown="browse") for course in shelf.courses),
        least=300,
    )


def _named(name: str, code: str) -> str:
    if name == "dimension":
        return node_name(code)
    if name == "hours":
        return {
            "s": gettext("8 学时以内"),
            "m": gettext("8–16 学时"),
            "l": gettext("16 学时以上"),
        }[code]
    lists = {
        "theme": "general_courses",
        "stage": "stages",
        "subject": "subjects",
        "mode": "training_modes",
    }
    return code_name(lists[name], code)

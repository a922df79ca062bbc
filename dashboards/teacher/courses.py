"""选课: courses recommended with their reasons, plain browse, and the teacher's own choices. The switch turns reasons and ranking off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, whole
from dashboards.part import notify, page_header, panel, register_drawer
from dashboards.part.teacher.browse import FILTERS, ask_for, asked, browse_panel, results
from dashboards.part.teacher.chosen import chosen_count, chosen_panel
from dashboards.part.teacher.course_card import course_detail
from dashboards.part.teacher.recommended import reason_of, recommended_panel
from portrait.errors import NotFound
from portrait.scope import Role
from portrait.store.answer import answer_course, own_person, prefer, preferred
from portrait.store.course import courses

TABS = ("recommended", "browse", "chosen")


def personalised(context: Context) -> bool:
    return preferred(context.site.registry, context.scope, "personalised", "on") == "on"


def layout(context: Context, query: Mapping[str, str]) -> Any:
    person = own_person(context.scope)
    on = personalised(context)
    ask = asked(query)
    filtered = any(getattr(ask, name) for name in (*FILTERS, "search"))
    tab = query.get("tab", "")
    if tab not in TABS:
        tab = "recommended" if on and not filtered else "browse"
    return [
        page_header(
            gettext("选课"),
            gettext("教师培训课程超市：推荐都写明理由，您来决定；不喜欢被推荐，可以关掉。"),
            dmc.Switch(
                id="courses-personal",
                label=gettext("个性化推荐"),
                checked=on,
                size="md",
                persistence=False,
            ),
        ),
        dcc.Store(id="courses-changed", data=0),
        dmc.Tabs(
            [
                dmc.TabsList(
                    [
                        dmc.TabsTab(gettext("推荐"), value="recommended"),
                        dmc.TabsTab(gettext("全部课程"), value="browse"),
                        dmc.TabsTab(_chosen_word(context, person), value="chosen", id="courses-chosen-tab"),
                    ]
                ),
                dmc.TabsPanel(
                    html.Div(
                        panel(gettext("推荐"), recommended_panel, context, person, on),
                        id="courses-recommended",
                    ),
                    value="recommended",
                ),
                dmc.TabsPanel(panel(gettext("全部课程"), browse_panel, context, ask), value="browse"),
                dmc.TabsPanel(
                    html.Div(panel(gettext("选课"), chosen_panel, context, person), id="courses-chosen"),
                    value="chosen",
                ),
            ],
            id="courses-tab",
            value=tab,
            className="page-tabs",
        ),
    ]


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("courses-changed", "data"),
        Input({"type": "answer-course", "key": ALL, "answer": ALL, "shown": ALL}, "n_clicks"),
        State("courses-changed", "data"),
        prevent_initial_call=True,
    )
    def keep_answer(_clicks: list[int], changed: int) -> Any:
        now = context()
        # Cards that merely appear trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update
        answer = str(ctx.triggered_id["answer"])
        course_id = _number(ctx.triggered_id["key"])
        reason = reason_of(now, course_id) if ctx.triggered_id["shown"] == "recommended" else ""
        answer_course(now.site.registry, now.scope, course_id, answer, now.site.now, reason)
        title = courses(now.site.registry, now.scope, [course_id])[course_id].title
        said = {
            "take": gettext("已加入我的选课：{title}。要退的话在“我的选课”里退。", title=title),
            "later": gettext("记下了：{title}，稍后再看。", title=title),
            "no": gettext("记下了：{title} 不适合，不再推荐。", title=title),
            "withdrawn": gettext("已退：{title}。它回到课程超市里了。", title=title),
        }
        notify(said[answer])
        return (changed or 0) + 1

    @app.callback(
        Output("courses-recommended", "children"),
        Output("courses-chosen", "children"),
        Output("courses-chosen-tab", "children"),
        Input("courses-changed", "data"),
        Input("courses-personal", "checked"),
        prevent_initial_call=True,
    )
    def show_again(_changed: int, checked: bool) -> tuple[Any, Any, Any]:
        now = context()
        person = own_person(now.scope)
        if ctx.triggered_id == "courses-personal":
            prefer(now.site.registry, now.scope, "personalised", "on" if checked else "off")
            now.note("preference", "personalised", reason="on" if checked else "off")
        return (
            recommended_panel(now, person, personalised(now)),
            chosen_panel(now, person),
            _chosen_word(now, person),
        )

    @app.callback(
        Output("course-count", "children"),
        Output("course-list", "children"),
        Output("course-page", "total"),
        Output("course-page", "value"),
        Input("course-search", "value"),
        *(Input(f"course-{name}", "value") for name in FILTERS),
        Input("course-order", "value"),
        Input("course-page", "value"),
        Input("courses-changed", "data"),
        prevent_initial_call=True,
    )
    def look(search: str | None, *values: Any) -> tuple[Any, Any, Any, Any]:
        *chosen, order, page, _changed = values
        turned = ctx.triggered_id in ("course-page", "courses-changed")
        wanted = dict(zip(FILTERS, (str(value or "") for value in chosen), strict=True))
        ask = ask_for(
            {**wanted, "search": str(search or "")}, str(order or "theme"), int(page or 1) if turned else 1
        )
        words, found, pages = results(context(), ask)
        return words, found, pages, min(ask.page, pages)

    def drawer(now: Context, key: str) -> tuple[str, Any]:
        course_id = _number(key)
        found = courses(now.site.registry, now.scope, [course_id]).get(course_id)
        if found is None:
            raise NotFound("没有这门课程")
        return course_detail(found)

    register_drawer(app, context, "course", drawer)


def _chosen_word(context: Context, person: int) -> str:
    count = chosen_count(context, person)
    return gettext("我的选课（{n}）", n=count) if count else gettext("我的选课")


def _number(text: Any) -> int:
    number = whole({"course": str(text)}, "course")
    if number is None:
        raise NotFound("没有这门课程")
    return number


PAGE = Page(
    path="/courses",
    title=lambda: gettext("选课"),
    icon="cart",
    roles=frozenset({Role.TEACHER}),
    layout=layout,
    register=register,
)

"""The first screen of an office or a bureau: figures that open to their definition, and what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import format
from dashboards.part.badge import badge
from dashboards.part.card import card
from dashboards.part.chart import simple_table
from dashboards.part.classes import MOST_CLASSES, span
from dashboards.part.drawer import opener, register_drawer
from dashboards.part.number import numbers
from dashboards.part.place import place_name
from dashboards.part.places import place_of
from dashboards.part.rates import rate_cell, rate_definition, rate_number
from dashboards.part.state import empty_state
from dashboards.part.view import View, category_label, read_search
from portrait.overview import Overview, overview
from portrait.programme.due import Due
from portrait.programme.rate import measures


def headline(view: View, over: Overview, *, on_time: bool) -> Any:
    """The five figures (four for a place, which does not answer for a class's time). The last is coverage, or what the
    providers answer for where the reader does not count everybody."""
    where = view.search()
    tiles = [
        rate_number(over.sent(), f"{view.kind}-rate", f"sent{where}", _gap(over)),
        rate_number(over.people("arrived"), f"{view.kind}-rate", f"arrived{where}"),
        rate_number(over.people("graduated"), f"{view.kind}-rate", f"graduated{where}", gettext("市县口径")),
    ]
    if on_time:
        tiles.append(rate_number(over.on_time(), f"{view.kind}-rate", f"on_time{where}"))
    if over.covers:
        tiles.append(rate_number(over.covered(), f"{view.kind}-rate", f"covered{where}"))
    else:
        tiles.append(
            rate_number(
                over.people("graduated_of_arrived"),
                f"{view.kind}-rate",
                f"graduated_of_arrived{where}",
                gettext("承训单位口径"),
                name=gettext("结业率（结业/报到）"),
            )
        )
    return numbers(*tiles)


def _gap(over: Overview) -> str:
    fill = over.fill
    if fill.places == 0:
        return ""
    if fill.gap == 0:
        return gettext("足额")
    return gettext("缺 {gap} 人", gap=format.count(fill.gap))


def definition(view: View, over: Overview, measure: str) -> tuple[str, Any]:
    """Title and body of the drawer behind a figure: definition, clause, parts."""
    if measure not in measures() or (measure == "covered" and not over.covers):
        return gettext("没有这个指标"), empty_state(gettext("没有这个指标"))
    whole = {
        "sent": over.sent,
        "on_time": over.on_time,
        "covered": over.covered,
    }.get(measure, lambda: over.people(measure))()
    parts: Any = None
    if measure == "sent":
        fills = over.fills_by(place_of(view))
        parts = simple_table(
            [gettext("地区"), gettext("名额"), gettext("名额内选派"), gettext("缺"), gettext("超派")],
            [
                [place_name(c), f.places, f.filled, f.gap or "", f.surplus or ""]
                for c, f in sorted(fills.items(), key=lambda item: -item[1].gap)
            ],
            gettext("由哪些地区组成（超派不抵缺额）"),
            numeric=(1, 2, 3, 4),
        )
    elif measure in ("arrived", "graduated", "graduated_of_arrived"):
        parts = simple_table(
            [gettext("项目类别"), gettext(whole.measure.zh)],
            [[category_label(code), rate_cell(r)] for code, r in over.by_category(measure).items()],
            gettext("由哪些类别组成"),
            numeric=(1,),
        )
    elif measure == "covered":
        found = over.by_place("covered", place_of(view))
        parts = simple_table(
            [gettext("地区"), gettext(whole.measure.zh)],
            [[place_name(code), rate_cell(rate)] for code, rate in sorted(found.items())],
            gettext("由哪些地区组成"),
            numeric=(1,),
        )
    return gettext(whole.measure.zh), rate_definition(whole, html.Div(parts, className="table-scroll"))


def due_card(view: View, over: Overview) -> Any:
    lines = over.dues()
    late = [due for due in lines if due.overdue(over.as_of)]
    if not lines:
        return card(
            gettext("待办与逾期"), "", empty_state(gettext("没有到期或逾期的事项"), icon_name="check")
        )
    finding = (
        gettext("{n} 项已经逾期，先处理排在前面的。", n=len(late))
        if late
        else gettext("没有逾期；下面是近期到期的。")
    )
    return card(
        gettext("待办与逾期"),
        finding,
        html.Ul([_due(view, due, over.as_of) for due in lines], className="todo"),
        icon_name="clock",
    )


def _due(view: View, due: Due, today: date) -> Any:
    late = due.overdue(today)
    return html.Li(
        [
            opener(
                f"{view.kind}-due",
                f"{due.code}{view.search()}",
                gettext("{name}：{said}", name=gettext(due.what), said=_amount(due)),
                className="todo-what",
            ),
            html.Div(
                badge(format.remaining(due.when, today), "warn" if late else "plain"), className="todo-when"
            ),
            html.Div(gettext(due.cite), className="todo-why"),
        ]
    )


def _amount(due: Due) -> str:
    n = format.count(due.count)
    return gettext("{n} 个名额缺人", n=n) if due.code == "quota" else gettext("{n} 个班次", n=n)


def due_detail(view: View, over: Overview, code: str) -> tuple[str, Any]:
    """Title and body of the drawer behind a line of the board."""
    due = next((d for d in over.dues() if d.code == code), None)
    if due is None:
        return gettext("待办与逾期"), empty_state(gettext("这一项已经没有了"))
    if code == "quota":
        return gettext(due.what), definition(view, over, "sent")[1]
    wanted = set(due.classes)
    counts = [c for c in over.classes if c.training_class.id in wanted]
    return gettext(due.what), html.Div(
        [
            html.P(gettext(due.cite), className="clause"),
            html.Div(
                simple_table(
                    [
                        gettext("班次"),
                        gettext("承训单位"),
                        gettext("起止"),
                        gettext("选派/名额"),
                        gettext("报到"),
                        gettext("结业"),
                    ],
                    [
                        [
                            dmc.Anchor(
                                c.training_class.name, href=view.link(training_class=c.training_class.id)
                            ),
                            c.training_class.provider,
                            span(c.training_class.starts, c.training_class.ends),
                            f"{c.sent}/{c.places}",
                            rate_cell(c.tally(over.as_of).rate("arrived", over.floor)),
                            rate_cell(c.tally(over.as_of).rate("graduated", over.floor)),
                        ]
                        for c in counts[:MOST_CLASSES]
                    ],
                    numeric=(3, 4, 5),
                ),
                className="table-scroll wide",
            ),
        ],
        className="definition",
    )


def register_board(app: Any, context: Callable[[], Context], path: str) -> None:
    """Lets the figures and the lines of the board open. What is opened is named by the browser and checked anew."""

    def seen(here: Context, search: str) -> tuple[View, Overview]:
        view = read_search(here, search, path)
        return view, overview(here.site, here.scope, view.ask, here.today)

    def rate_content(here: Context, key: str) -> tuple[str, Any]:
        measure, _, search = key.partition("?")
        return definition(*seen(here, search), measure)

    def due_content(here: Context, key: str) -> tuple[str, Any]:
        code, _, search = key.partition("?")
        return due_detail(*seen(here, search), code)

    register_drawer(app, context, f"{path.strip('/')}-rate", rate_content)
    register_drawer(app, context, f"{path.strip('/')}-due", due_content)

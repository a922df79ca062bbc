"""对照标准: the teacher's own portrait under another framework's items, as far as somebody has said which correspond."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import Input, Output, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import badge, card, empty_state, page_header, panel, state_badge
from dashboards.part.framework import framework_title, item_words
from dashboards.part.name import node_name
from portrait.competency import LINK_ZH, Frame, Item, Link, crosswalk
from portrait.errors import NotFound
from portrait.intake.frame import PORTRAIT
from portrait.intake.library import Edition, editions, find_edition, frame_of_edition, newest_frames
from portrait.portrait import Estimate
from portrait.reading import portrait_of
from portrait.scope import Role
from portrait.store.answer import own_person

PATH = "/standards"
FIRST = "jyt0646_2022_digital_literacy"
SAME = ("exactMatchOf", "isPeerOf")  # a level under the one can be read under the other


def layout(context: Context, query: Mapping[str, str]) -> Any:
    others = {one.identifier: one for one in editions(context.site) if one.name != PORTRAIT}
    try:
        chosen = find_edition(context.site, query.get("framework", FIRST))
    except NotFound:
        chosen = find_edition(context.site, FIRST)
    return [
        page_header(
            gettext("对照标准"), gettext("换一个标准看自己的画像：它的哪些条目，画像里有哪些指标谈到。")
        ),
        html.Div(
            dmc.Select(
                id="standards-framework",
                label=gettext("哪个标准"),
                value=chosen.name,
                data=[{"value": one.name, "label": framework_title(one)} for one in others.values()],
                allowDeselect=False,
                searchable=True,
            ),
            className="standards-choice",
        ),
        panel(framework_title(chosen), _card, context, chosen),
    ]


def _card(context: Context, chosen: Edition) -> Any:
    frame = frame_of_edition(context.site, chosen)
    own = frame_of_edition(context.site, find_edition(context.site, PORTRAIT))
    estimates = portrait_of(context.site, own_person(context.scope)).estimates
    found: dict[str, list[Link]] = {}
    for link in crosswalk(own, frame, newest_frames(context.site)):
        if link.source.code in estimates:
            found.setdefault(link.target.identifier, []).append(link)
    if not found:
        return card(
            framework_title(chosen),
            "",
            empty_state(
                gettext("这个标准和画像还没有对应"), gettext("对应由管理员随框架导入；可以在上面换一个标准。")
            ),
        )
    rest = len(frame.items) - len(found)
    return card(
        framework_title(chosen),
        gettext("{n} 个条目在画像里有对应的指标，其余 {m} 个没有。", n=len(found), m=rest),
        html.Ol(
            [_item(frame, item, found[item.identifier], estimates) for _, item in frame.tree() if item.identifier in found],
            className="items",
        ),
        html.P(
            gettext("“等同”“相当”的两条，水平可以互看；“相关”只说明谈的是同一件事，不是这个标准下的水平。"),
            className="muted small",
        ),
        icon_name="compass",
    )  # fmt: skip


def _item(frame: Frame, item: Item, links: list[Link], estimates: Mapping[str, Estimate]) -> Any:
    return html.Li(
        [
            html.Div(
                [
                    html.Span(item.code, className="muted"),
                    html.Strong(item_words(frame, item)),
                ],
                className="item-head",
            ),
            html.Ul(
                [
                    html.Li(
                        [
                            badge(gettext(LINK_ZH[link.kind]), "good" if link.kind in SAME else "plain"),
                            html.Span(node_name(link.source.code)),
                            state_badge(estimates[link.source.code]),
                        ],
                        className="item-head",
                    )
                    for link in links
                ],
                className="plain-list stack-tight",
            ),
        ],
        className="item",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input("standards-framework", "value"),
        prevent_initial_call=True,
    )
    def choose(name: Any) -> Any:
        context()
        return f"?{urlencode({'framework': str(name)[:200]})}" if name else no_update


PAGE = Page(PATH, lambda: gettext("对照标准"), "compass", frozenset({Role.TEACHER}), layout, register)

"""能力框架: every framework and its versions, the items as a tree, what two versions have differently, and what corresponds elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, whole
from dashboards.part import badge, card, empty_state, format, icon, page_header, panel, simple_table
from dashboards.part.admin.package import framework_in, import_card, import_said
from dashboards.part.framework import edition_name, framework_title, item_words
from portrait.competency import ASSOCIATION_ZH, LINK_ZH, Frame, Item, crosswalk, difference
from portrait.errors import NotFound
from portrait.intake.frame import PORTRAIT
from portrait.intake.library import (
    Edition,
    editions,
    find_edition,
    frame_of_edition,
    newest_frames,
)
from portrait.scope import Role

PATH = "/framework"
MOST_ROWS = 400


def layout(context: Context, query: Mapping[str, str]) -> Any:
    listed = editions(context.site)
    chosen = _chosen(context, query)
    return [
        page_header(
            gettext("能力框架"),
            gettext("画像和课程对照的标准。新的一版不改旧的一版。"),
        ),
        *([import_card(context)] if context.actor.role is Role.ADMIN else []),
        html.Div(_list(listed, chosen), id="framework-list"),
        panel(framework_title(chosen), _opened, context, listed, chosen, query) if chosen else None,
    ]


def _chosen(context: Context, query: Mapping[str, str]) -> Edition | None:
    wanted = query.get("framework", PORTRAIT)
    try:
        return find_edition(context.site, wanted, whole(query, "version"))
    except NotFound:
        return None


def _list(listed: list[Edition], chosen: Edition | None) -> Any:
    newest = {one.identifier: one for one in listed}
    counts = {key: sum(one.identifier == key for one in listed) for key in newest}
    rows = [
        [
            html.A(framework_title(one), href=f"{PATH}?{urlencode({'framework': one.name})}", **{"aria-current": "true"} if chosen and chosen.identifier == one.identifier else {}),
            gettext("{n} 版", n=counts[one.identifier]),
            gettext("CASE 包") if one.form == "case" else gettext("本系统"),
            format.count(one.items),
            format.count(one.associations),
            format.day(one.at) if one.stored else gettext("随系统"),
        ]
        for one in newest.values()
    ]  # fmt: skip
    head = [
        gettext("框架"),
        gettext("版本"),
        gettext("格式"),
        gettext("条目"),
        gettext("关联"),
        gettext("导入"),
    ]
    return card(
        gettext("全部框架"),
        gettext("{n} 个框架，共 {m} 版。", n=len(newest), m=len(listed)),
        html.Div(simple_table(head, rows), className="table-scroll framework-list"),
        icon_name="library",
    )


def _opened(context: Context, listed: list[Edition], chosen: Edition, query: Mapping[str, str]) -> list[Any]:
    frame = frame_of_edition(context.site, chosen)
    own = [one for one in listed if one.identifier == chosen.identifier]
    return [
        _choices(listed, own, chosen, query),
        _tree(chosen, frame),
        _difference(context, own, chosen, frame, query),
        _crosswalk(context, listed, frame, query),
    ]


def _choices(listed: list[Edition], own: list[Edition], chosen: Edition, query: Mapping[str, str]) -> Any:
    def select(id: str, label: str, value: str, data: list[tuple[str, str]]) -> Any:
        return dmc.Select(
            id=id,
            label=label,
            value=value,
            data=[{"value": key, "label": text} for key, text in data],
            allowDeselect=False,
            searchable=len(data) > 8,
            comboboxProps={"withinPortal": True},
        )

    numbers = [(str(one.number), edition_name(one)) for one in own]
    earlier = _before(own, chosen, query)
    others = {
        one.identifier: (one.name, framework_title(one))
        for one in listed
        if one.identifier != chosen.identifier
    }
    target = query.get("target", "")
    return html.Div(
        [
            dcc.Store(id="framework-name", data=chosen.name),
            select("framework-version", gettext("哪一版"), str(chosen.number), numbers),
            select(
                "framework-before",
                gettext("和哪一版比"),
                str(earlier.number if earlier else chosen.number),
                numbers,
            ),
            select(
                "framework-target",
                gettext("对照哪个框架"),
                target if target in {name for name, _ in others.values()} else "",
                [("", gettext("不对照")), *others.values()],
            ),
        ],
        className="framework-choices",
    )


def _tree(chosen: Edition, frame: Frame) -> Any:
    counts = {kind: sum(one.kind == kind for one in frame.associations) for kind in ASSOCIATION_ZH}
    said = gettext("、").join(
        gettext("{kind} {n}", kind=gettext(ASSOCIATION_ZH[kind]), n=format.count(n))
        for kind, n in counts.items()
        if n
    )
    return card(
        framework_title(chosen),
        gettext("{edition}，{n} 条。", edition=edition_name(chosen), n=format.count(len(frame.items))),
        html.Ul([_branch(frame, item, 0) for item in frame.below.get(frame.identifier, [])], className="tree")
        if frame.items
        else empty_state(gettext("这个框架没有条目"), ""),
        html.P(gettext("关联：{said}", said=said), className="quiet") if said else None,
        html.P(gettext("编号 {id}", id=chosen.identifier), className="quiet hash"),
        icon_name="target",
    )


def _branch(frame: Frame, item: Item, depth: int) -> Any:
    below = frame.below.get(item.identifier, [])
    words = [
        html.Span(item.code, className="tree-code") if item.code else None,
        html.Span(item_words(frame, item)),
        badge(gettext("待核对"), "thin") if item.body.get("status") == "from memory" else None,
    ]
    if not below:
        return html.Li(html.Div(words, className="leaf"))
    children = html.Ul([_branch(frame, child, depth + 1) for child in below])
    count = html.Span(gettext("{n} 条", n=len(below)), className="quiet")
    return html.Li(
        html.Details([html.Summary([*words, count]), children], open=depth == 0 and len(frame.items) <= 60)
    )


def _before(own: list[Edition], chosen: Edition, query: Mapping[str, str]) -> Edition | None:
    """The version to compare with: the one asked for, else the one before."""
    wanted = whole(query, "before")
    fitting = [one for one in own if one.number == wanted and one.number != chosen.number]
    earlier = [one for one in own if one.number < chosen.number]
    return fitting[0] if fitting else earlier[-1] if earlier else None


def _difference(
    context: Context, own: list[Edition], chosen: Edition, frame: Frame, query: Mapping[str, str]
) -> Any:
    before = _before(own, chosen, query)
    if before is None:
        return card(
            gettext("两版的不同"), "", empty_state(gettext("只有一版，没有可比的"), gettext("同一个框架再导入一次，内容有变就是新的一版。")), icon_name="filter"
        )  # fmt: skip
    earlier = frame_of_edition(context.site, before)
    found = difference(earlier, frame)
    rows = [[badge(gettext("多了"), "good"), one.code, item_words(frame, one), ""] for one in found.added]
    rows += [
        [badge(gettext("少了"), "none"), one.code, item_words(earlier, one), ""] for one in found.removed
    ]
    rows += [
        [
            badge(gettext("改了"), "data"),
            one.item.code,
            item_words(frame, one.item),
            html.Ul(
                [
                    html.Li(gettext("{part}：{old} → {new}", part=gettext(part), old=old, new=new))
                    for part, old, new in one.parts
                ]
            ),
        ]
        for one in found.changed
    ]
    head = [gettext("变化"), gettext("代码"), gettext("条目"), gettext("改动")]
    return card(
        gettext("两版的不同"),
        gettext(
            "第 {a} 版到第 {b} 版：多 {n} 条，少 {m} 条，改 {k} 条；关联多 {p}、少 {q}。",
            a=before.number,
            b=chosen.number,
            n=len(found.added),
            m=len(found.removed),
            k=len(found.changed),
            p=found.links_added,
            q=found.links_removed,
        ),
        html.Div(simple_table(head, rows[:MOST_ROWS]), className="table-scroll long framework-rows")
        if rows
        else None,
        html.P(gettext("只列前 {n} 行。", n=MOST_ROWS), className="quiet") if len(rows) > MOST_ROWS else None,
        icon_name="filter",
    )


def _crosswalk(context: Context, listed: list[Edition], frame: Frame, query: Mapping[str, str]) -> Any:
    target = query.get("target", "")
    if not target:
        return card(
            gettext("对照"), "", empty_state(gettext("没有选对照的框架"), gettext("在上面选一个，看这里的条目对应那里的哪些。")), icon_name="compass"
        )  # fmt: skip
    try:
        other = find_edition(context.site, target)
    except NotFound:
        return card(
            gettext("对照"),
            "",
            empty_state(gettext("没有这个框架"), gettext("请在上面另选一个。")),
            icon_name="compass",
        )
    pivot = frame_of_edition(context.site, find_edition(context.site, PORTRAIT))
    there = frame_of_edition(context.site, other)
    links = crosswalk(frame, there, newest_frames(context.site), pivot=pivot)
    rows = [
        [
            link.source.code,
            item_words(frame, link.source),
            gettext(LINK_ZH[link.kind]) + (gettext("（经 {code}）", code=link.via.code) if link.via else ""),
            link.target.code,
            item_words(there, link.target),
        ]
        for link in links
    ]
    head = [gettext("代码"), gettext("这里的条目"), gettext("关联"), gettext("代码"), gettext("那里的条目")]
    return card(
        gettext("对照“{title}”", title=framework_title(other)),
        gettext("{n} 对；没有直接关联的，经过画像的指标。", n=len(links)) if links else "",
        html.Div([icon("info", 16), gettext("“等同”“相当”的两条，水平可以互看；“相关”只说明谈的是同一件事。")], className="quiet")
        if links
        else empty_state(gettext("没有对应的条目"), gettext("两个框架之间没有任何关联，也没有共同对应的画像指标。")),
        html.Div(simple_table(head, rows[:MOST_ROWS]), className="table-scroll long framework-rows") if rows else None,
        icon_name="compass",
    )  # fmt: skip


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.server.post(f"{PATH}/upload")
    def upload_framework() -> Any:
        return framework_in(context)

    @app.callback(
        Output("framework-said", "children"),
        Output("framework-list", "children"),
        Input("framework-done", "data"),
        prevent_initial_call=True,
    )
    def imported(done: Any) -> Any:
        here = context()
        return import_said(here, done), _list(editions(here.site), None)

    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input("framework-version", "value"),
        Input("framework-before", "value"),
        Input("framework-target", "value"),
        State("framework-name", "data"),
        prevent_initial_call=True,
    )
    def choose(version: Any, before: Any, target: Any, name: Any) -> Any:
        context()
        said = {"framework": name, "version": version, "before": before, "target": target}
        kept = {key: str(value)[:200] for key, value in said.items() if value}
        return f"?{urlencode(kept)}" if kept else no_update


PAGE = Page(
    PATH, lambda: gettext("能力框架"), "library", frozenset({Role.ADMIN, Role.OFFICE}), layout, register
)

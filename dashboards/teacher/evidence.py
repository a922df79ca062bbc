"""证据: every record of the teacher, where it came from, what it counted for, and the objections to any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, Patch, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, whole
from dashboards.part import (
    card,
    empty_state,
    facts,
    format,
    grid,
    icon,
    link_button,
    notify,
    page_header,
    panel,
    register_row_drawer,
)
from dashboards.part.name import node_name
from dashboards.part.original import shown_row
from dashboards.part.teacher.behind import contest_form, item_body, own_row, record_id
from dashboards.part.teacher.objection import objections
from dashboards.part.teacher.use import Use, said, uses
from dashboards.part.teacher.word import kind_name, source_name
from dashboards.part.who import who
from portrait.errors import NotFound
from portrait.explain import SetAside, records_of, set_aside_of
from portrait.framework import dimensions, indicators
from portrait.hours import day_of
from portrait.intake.door import DELETED
from portrait.intake.forward import VOIDED
from portrait.record import SCORED, STANDING_ZH, Standing
from portrait.scope import Role
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.answer import own_person, withdraw_contest
from portrait.store.employment import school_on

WRAP = {"wrapText": True, "autoHeight": True, "cellClass": "wrapped"}


def layout(context: Context, query: Mapping[str, str]) -> Any:
    person = own_person(context.scope)
    records = records_of(context.site, person)
    found = uses(context.site, person, records)
    node = query.get("node", "")
    node = node if node in dimensions() or node in indicators() else ""
    counted = sum(use.weight > 0 for use in found)
    doubtful = sum(use.record.doubtful for use in found)
    return [
        page_header(
            gettext("证据"),
            gettext(
                "{n} 条记录，{m} 条计入了水平，{k} 条有疑点、权重为 0 待核实。",
                n=len(found),
                m=counted,
                k=doubtful,
            ),
        ),
        card(
            gettext("全部记录"),
            gettext("点任何一行，看它从哪里来、对结论做了什么；不对就提出异议。"),
            *(_table(context.site, found, node) if found else [_nothing()]),
        ),
        panel(gettext("不再计入的记录"), _aside, context, person),
        card(
            gettext("我的异议"),
            gettext("提出后 15 个工作日内答复；答复前可以撤回。"),
            html.Div(
                panel(gettext("我的异议"), objections, context, person, {one.record: one for one in records}),
                id="evidence-contests",
            ),
        ),
    ]


def _table(site: Site, found: Sequence[Use], node: str) -> list[Any]:
    return [
        html.Div(
            [
                dmc.TextInput(
                    id="evidence-search",
                    label=gettext("找记录"),
                    placeholder=gettext("课程、平台、类型，空格隔开几个词"),
                    leftSection=icon("search", 18),
                    debounce=350,
                ),
                dmc.Select(
                    id="evidence-node",
                    label=gettext("对应的维度"),
                    value=node or None,
                    data=[{"value": code, "label": node_name(code)} for code in dimensions()]
                    + ([{"value": node, "label": node_name(node)}] if node in indicators() else []),
                    clearable=True,
                    placeholder=gettext("不限"),
                ),
                dmc.Select(
                    id="evidence-shown",
                    label=gettext("怎么计的"),
                    value="all",
                    data=[
                        {"value": "all", "label": gettext("全部")},
                        {"value": "level", "label": gettext("计入水平的")},
                        {"value": "other", "label": gettext("只计学时、天数、事实的")},
                        {"value": "none", "label": gettext("没有计入的")},
                        {"value": "doubtful", "label": gettext("有疑点的")},
                    ],
                    allowDeselect=False,
                ),
            ],
            className="evidence-filters",
        ),
        grid(
            "evidence-grid",
            [
                {"field": "day", "headerName": gettext("日期"), "width": 112, "minWidth": 112, "sort": "desc"},
                {"field": "title", "headerName": gettext("课程或项目"), "minWidth": 150, "flex": 3, **WRAP},
                {"field": "use", "headerName": gettext("计入了什么"), "minWidth": 190, "flex": 4, **WRAP},
                {"field": "kind", "headerName": gettext("类型"), "minWidth": 96, "width": 112, **WRAP},
                {"field": "score", "headerName": gettext("得分"), "minWidth": 96, "width": 106, "type": "rightAligned"},
                {"field": "weight", "headerName": gettext("权重"), "minWidth": 80, "width": 80, "type": "numericColumn"},
                {"field": "source", "headerName": gettext("来源"), "minWidth": 110, "width": 130, **WRAP},
            ],
            _rows(site, [use for use in found if _fits(use, node, "all")]),
            page_size=15,
            options={"tooltipShowDelay": 300, "rowClass": "clickable"},
            title="title",
            columnSize=None,
            getRowId="params.data.id",
        ),
    ]  # fmt: skip


def _aside(context: Context, person: int) -> list[Any]:
    """What counts no more, and why; nothing where there is nothing of the kind."""
    found = set_aside_of(context.site, person)
    if not found:
        return []
    return [
        card(
            gettext("不再计入的记录"),
            gettext("已撤回、作废或更正的记录留在这里备查，任何数里都没有它们。点任何一行，看文件里原来的那一行。"),
            grid(
                "evidence-aside",
                [
                    {"field": "day", "headerName": gettext("日期"), "width": 112, "minWidth": 112},
                    {"field": "title", "headerName": gettext("课程或项目"), "minWidth": 150, "flex": 3, **WRAP},
                    {"field": "kind", "headerName": gettext("类型"), "minWidth": 96, "width": 112, **WRAP},
                    {"field": "why", "headerName": gettext("为什么不计"), "minWidth": 210, "flex": 4, **WRAP},
                    {"field": "from", "headerName": gettext("原始出处"), "minWidth": 170, "flex": 3, **WRAP},
                ],
                [
                    {
                        "day": one.time.astimezone(format.CHINA).date().isoformat() if one.time else gettext("无日期"),
                        "title": one.course_title or one.called or one.item or gettext("没有对应课程"),
                        "kind": kind_name(one.kind),
                        "why": _why_aside(context.site, one),
                        "from": gettext(
                            "批次 {batch} · {file} 第 {line} 行", batch=one.batch, file=one.file, line=one.line
                        ),
                        "key": f"{one.batch}-{one.spot}",
                    }
                    for one in found
                ],
                page_size=10,
                options={"rowClass": "clickable"},
                columnSize=None,
                title="title",
                getRowId="params.data.key",
            ),
        )
    ]  # fmt: skip


def _why_aside(site: Site, one: SetAside) -> str:
    day = format.moment(one.at) if one.at else ""
    state = gettext(STANDING_ZH[one.state])
    if one.state is Standing.WITHDRAWN and one.reason in (DELETED, VOIDED):
        # Taken over from the platform by whoever brought its file in.
        return gettext(
            "{state}：{day}，{source}作废了它", state=state, day=day, source=source_name(site, one.source)
        )
    if one.state is Standing.WITHDRAWN:
        return gettext(
            "{state}：{day}，{by}：{reason}", state=state, day=day, by=who(site, one.by), reason=one.reason
        )
    if one.absent:
        return gettext("更正：缺勤或请假，{day} 随第 {n} 号批次", day=day, n=one.instead)
    if one.state is Standing.OUTDATED:
        return gettext("{state}：{day} 随第 {n} 号批次来了新的", state=state, day=day, n=one.instead)
    return gettext("{state}：{day} 的文件里这样写", state=state, day=day)


def _nothing() -> Any:
    return empty_state(
        gettext("还没有记录"),
        gettext("学过的平台把记录交上来以后，每一条都列在这里。"),
        action=link_button(gettext("去选课"), "/courses", primary=True),
    )


def _rows(site: Site, found: Sequence[Use]) -> list[dict[str, Any]]:
    sources = {source: source_name(site, source) for source in {use.record.source for use in found}}
    return [_row(use, sources[use.record.source]) for use in found]


def _row(use: Use, source: str) -> dict[str, Any]:
    record = use.record
    score = format.decimal(record.score, 2) if record.score is not None else ""
    if score and record.score_max:
        score += f" / {format.decimal(record.score_max, 2)}"
    day = day_of(record)
    return {
        "id": record.record.hex(),
        "day": day.isoformat() if day else gettext("无日期"),
        "title": record.course_title
        or record.class_name
        or record.called
        or record.item
        or gettext("没有对应课程"),
        "kind": kind_name(record.kind),
        "score": "" if _unscored(use) else score,
        "use": said(use),
        "weight": round(use.weight, 2) if record.kind in SCORED or record.doubtful else None,
        "source": source,
    }


def _unscored(use: Use) -> bool:
    """A record that speaks only for dimensions without a level shows no mark."""
    return bool(use.items) and not any(dimensions()[code].scored for code in use.dimensions)


def _fits(use: Use, node: str, shown: str) -> bool:
    if node and node not in use.dimensions and node not in {item.indicator for item in use.items}:
        return False
    other = bool(use.hours or use.days or use.themes) or any(
        item.counted and item.value is None for item in use.items
    )
    return {
        "all": True,
        "level": use.weight > 0,
        "other": use.weight == 0 and other,
        "none": use.weight == 0 and not other,
        "doubtful": use.record.doubtful,
    }.get(shown, True)


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("evidence-grid", "rowData"),
        Input("evidence-node", "value"),
        Input("evidence-shown", "value"),
        prevent_initial_call=True,
    )
    def choose(node: str | None, shown: str | None) -> Any:
        now = context()
        person = own_person(now.scope)
        found = uses(now.site, person, records_of(now.site, person))
        return _rows(now.site, [use for use in found if _fits(use, str(node or ""), str(shown or "all"))])

    @app.callback(
        Output("evidence-grid", "dashGridOptions"),
        Input("evidence-search", "value"),
        prevent_initial_call=True,
    )
    def search(text: str | None) -> Any:
        context()
        options = Patch()
        options["quickFilterText"] = str(text or "")[:60]
        return options

    def record(now: Context, key: str) -> tuple[str, Any]:
        person, wanted = own_person(now.scope), record_id(key)
        for use in uses(now.site, person, records_of(now.site, person)):
            if use.record.record == wanted:
                return kind_name(use.record.kind), _record_body(now.site, person, use)
        raise NotFound("没有这条记录")

    def aside(now: Context, key: str) -> tuple[str, Any]:
        for one in set_aside_of(now.site, own_person(now.scope)):
            if f"{one.batch}-{one.spot}" == key:
                body = [html.P(_why_aside(now.site, one)), shown_row(now, one.batch, one.spot)]
                return kind_name(one.kind), html.Div(body, className="behind")
        raise NotFound("没有这条记录")

    register_row_drawer(app, context, "evidence-grid", record)
    register_row_drawer(app, context, "evidence-aside", aside)

    @app.callback(
        Output("evidence-contests", "children"),
        Input({"type": "contest-said", "key": ALL}, "children"),
        Input({"type": "contest-withdraw", "key": ALL}, "n_clicks"),
        State("evidence-contests", "id"),
        prevent_initial_call=True,
    )
    def contests_again(_said: list[Any], _clicks: list[int], _here: str) -> Any:
        now = context()
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update
        person = own_person(now.scope)
        if ctx.triggered_id["type"] == "contest-withdraw":
            number = whole({"key": str(ctx.triggered_id["key"])}, "key")
            if number is None:
                raise NotFound("没有可以撤回的异议")
            withdraw_contest(now.site.registry, now.scope, number, now.site.now)
            now.note("contest", f"contest:{number}", reason=sentence("撤回异议"))
            notify(gettext("第 {n} 号异议已撤回。", n=number))
        return objections(now, person, {one.record: one for one in records_of(now.site, person)})


def _record_body(site: Site, person: int, use: Use) -> Any:
    record = use.record
    day = day_of(record)
    place = school_on(site.registry, person, day) if day is not None else ""
    rows = [
        (gettext("日期"), format.when(record.time) if record.time else gettext("来源没有给日期")),
        (gettext("平台"), source_name(site, record.source)),
        (gettext("课程"), record.course_title or gettext("没有对应课程")),
    ]
    if place:
        rows.append((gettext("当时的学校"), place))
    if record.class_name:
        rows.append((gettext("班次"), record.class_name))
    if record.item:
        rows.append((gettext("项目"), record.called or record.item))
    if record.called:
        rows.append((gettext("网址"), record.item))
    if record.seconds:
        rows.append((gettext("时长"), gettext("{d}（不计入水平）", d=format.duration(record.seconds))))
    if record.count > 1:
        rows.append((gettext("次数"), gettext("{n}（不计入水平）", n=record.count)))
    if record.hours:
        rows.append((gettext("学时"), format.decimal(record.hours)))
    rows.append((gettext("计入了什么"), said(use)))
    return html.Div(
        [
            facts(rows),
            html.Section(
                [
                    html.H3(gettext("原始出处")),
                    own_row("", record.record, record.batch, record.file, record.line),
                ]
            ),
            item_body(site, use.items) if use.items else contest_form("", record.record.hex()),
        ],
        className="behind",
    )


PAGE = Page(
    path="/evidence",
    title=lambda: gettext("证据"),
    icon="evidence",
    roles=frozenset({Role.TEACHER}),
    layout=layout,
    register=register,
)

"""存疑记录: what looks as if nobody had learned it, by rule and with the numbers; a person decides whether it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import Input, Output, State, ctx, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page, parse_query
from dashboards.part import (
    card,
    empty_state,
    notify,
    number,
    numbers,
    page_header,
    panel,
    register_row_drawer,
)
from dashboards.part.admin.choice import choice, choices, register_choices
from dashboards.part.doubt import doubt_grid, why
from dashboards.part.number import counted
from dashboards.part.original import shown_row
from dashboards.part.teacher.word import kind_name
from portrait.doubtful import RULES, STATES, decide, doubt_counts, doubt_of, doubts
from portrait.errors import InputError
from portrait.record import SCORED
from portrait.scope import Role
from portrait.withdrawal import LONGEST

PATH = "/doubts"
MOST = 500  # records in the grid


def layout(context: Context, query: Mapping[str, str]) -> Any:
    return [
        html.Div(panel(gettext("存疑记录"), _head, context), id="doubt-head", className="stack"),
        html.Div(panel(gettext("存疑的记录"), _list, context, query), id="doubt-list", className="stack"),
    ]


def _chosen(query: Mapping[str, str]) -> tuple[str, str]:
    """Rule and state of an address; what nobody knows falls back to its default."""
    rule, state = query.get("rule", ""), query.get("state", "")
    return rule if rule in RULES else "", state if state in STATES else "open"


def _head(context: Context) -> list[Any]:
    found = doubt_counts(context.site, context.scope)
    return [
        page_header(
            gettext("存疑记录"),
            gettext("存疑的记录留在原处，在有人认可之前不计入水平、学时和结业；认可后照常计入。"),
        ),
        numbers(
            *[
                number(*counted(gettext("{n} 条", n=f"{n:,}")), label=gettext(RULES[rule][1]))
                for rule, n in found.items()
                if n
            ]
        ),
    ]


def _list(context: Context, query: Mapping[str, str]) -> Any:
    rule, state = _chosen(query)
    rows = doubts(context.site, context.scope, rule=rule, state=state, limit=MOST)
    controls = choices(
        choice("doubt", "rule", gettext("规则"), rule, {code: gettext(zh) for code, (_, zh) in RULES.items()}),
        choice(
            "doubt", "state", gettext("状态"), state, {code: gettext(zh) for code, zh in STATES.items()},
            clearable=False,
        ),
    )  # fmt: skip
    if not rows:
        return card(
            gettext("存疑的记录"),
            "",
            controls,
            empty_state(
                gettext("没有这样的记录"),
                gettext("每次计算都按规则看一遍新来的记录，有存疑的会列在这里。"),
                icon_name="check",
            ),
        )
    context.note("look", f"doubts?rule={rule}&state={state}", reason=gettext("存疑记录"))
    return card(
        gettext("存疑的记录"),
        # An administrator is not told whose a record is, so its row does not open to one.
        gettext("勾选要决定的，写明理由。最多列出 {n} 条，新的在前。", n=f"{MOST:,}")
        if context.actor.role is Role.ADMIN
        else gettext(
            "勾选要决定的，写明理由；点一行，看文件里原来的那一行。最多列出 {n} 条，新的在前。", n=f"{MOST:,}"
        ),
        controls,
        doubt_grid("doubt-rows", context.site, rows),
        dmc.Textarea(
            id="doubt-reason",
            label=gettext("理由"),
            description=gettext("会留在审计里，最多 {n} 字。", n=LONGEST),
            autosize=True,
            minRows=2,
        ),
        action=[
            dmc.Button(gettext("认可，计入"), id="doubt-clear", n_clicks=0),
            dmc.Button(gettext("不认可"), id="doubt-refuse", n_clicks=0, variant="default"),
            dmc.Button(gettext("收回决定"), id="doubt-reopen", n_clicks=0, variant="default"),
        ],
        icon_name="flag",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choices(app, context, "doubt", _changed)

    def opened(here: Context, key: str) -> tuple[str, Any]:
        one = doubt_of(here.site, here.scope, _record({"id": key}))
        # Whose name a reader is not told stands in the row too, and what was learned beside it.
        row = (
            shown_row(here, one.batch, one.spot, marks=one.kind in SCORED)
            if one.name
            else html.P(gettext("这条记录是谁的您看不到，它在文件里的那一行也不显示。"), className="quiet")
        )
        return kind_name(one.kind), html.Div([html.P(why(one)), row], className="behind")

    register_row_drawer(app, context, "doubt-rows", opened)

    @app.callback(
        Output("doubt-list", "children"),
        Output("doubt-head", "children"),
        Input("doubt-clear", "n_clicks"),
        Input("doubt-refuse", "n_clicks"),
        Input("doubt-reopen", "n_clicks"),
        State("doubt-rows", "selectedRows"),
        State("doubt-reason", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def said(
        _clear: Any, _refuse: Any, _reopen: Any, rows: Any, reason: str | None, search: str | None
    ) -> Any:
        here = context()
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update
        word = str(ctx.triggered_id).removeprefix("doubt-")
        chosen = [_record(row) for row in rows or [] if isinstance(row, dict)]
        if not chosen:
            raise InputError("先勾选要决定的记录")
        count = decide(here.site, here.scope, word, chosen, reason=str(reason or ""), by=here.actor.login)
        notify(gettext("已记下 {n} 条，下次计算后生效。", n=count))
        return _list(here, parse_query(search or "")), _head(here)


def _record(row: Mapping[str, Any]) -> bytes:
    text = str(row.get("id", ""))
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError("“{text}”不是记录编号：应为 32 位十六进制数", text=text[:40]) from None


def _changed(query: Mapping[str, str], name: str, value: str) -> str | None:
    before, after = _chosen(query), _chosen({**query, name: value})
    if after == before:
        return None
    rule, state = after
    kept = {"rule": rule, "state": "" if state == "open" else state}
    found = {key: text for key, text in kept.items() if text}
    return f"?{urlencode(found)}" if found else ""


PAGE = Page(
    PATH,
    lambda: gettext("存疑记录"),
    "flag",
    frozenset({Role.ADMIN, Role.OFFICE, Role.TRAINER}),
    layout,
    register,
)

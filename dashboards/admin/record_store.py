"""学习记录库: what platforms sent to /xapi and how far it has gone on, their credentials, and what lenient ones had repaired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import (
    card,
    drawer_outputs,
    empty_state,
    format,
    icon,
    number,
    numbers,
    page_header,
    register_row_drawer,
)
from dashboards.part.admin.ledger import exact
from dashboards.part.admin.platform import (
    credential_body,
    credential_form,
    credential_grid,
    received_table,
    repaired_table,
    secret_once,
)
from dashboards.part.number import counted
from portrait.errors import InputError
from portrait.intake.forward import add_platform, no_catalogue
from portrait.scope import Role
from portrait.sentence import sentence
from portrait.store.batch import sources
from portrait.store.credential import RIGHTS_ZH, revoke_credential
from portrait.store.received import credential_of, credentials, received, repaired
from portrait.store.unlisted import catalogues

PATH = "/store"


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    return [
        html.Div(_body(context), id="store-body", className="stack"),
        dcc.Store(id="store-changed"),
    ]


def _body(context: Context) -> list[Any]:
    site = context.site
    with site.registry.connect() as connection:
        found = received(connection, context.scope)
        keys = [one for one, _ in credentials(connection, context.scope)]
        mended = repaired(connection, context.scope)
        known = sources(connection, context.scope)
    statements = sum(one.statements for one in found)
    waiting = sum(one.waiting for one in found)
    usable = sum(one.revoked is None for one in keys)
    repairs = sum(one.n for one in mended)
    newest = max((one.last for one in found if one.last), default=None)
    if not keys:
        words = gettext("平台可以不给文件，直接把学习记录发到 /xapi；先给它一个凭据。")
    elif newest is None:
        words = gettext("还没有收到过语句；平台用它的凭据发到 /xapi。")
    else:
        words = gettext(
            "收到 {n} 条语句，最近一条在 {when}。", n=exact(statements), when=format.moment(newest)
        )
    return [
        page_header(
            gettext("学习记录库"),
            words,
            dmc.Button(gettext("增加凭据"), id="store-add", leftSection=icon("plus", 18), n_clicks=0),
        ),
        numbers(
            number(*counted(gettext("{n} 条语句", n=format.count(statements))), label=gettext("收到的语句")),
            number(
                *counted(gettext("{n} 条语句", n=format.count(waiting))),
                _every(context) if waiting else "",
                label=gettext("等着汇入画像"),
            ),
            number(*counted(gettext("{n} 个", n=usable)), label=gettext("可用的凭据")),
            number(*counted(gettext("{n} 处", n=format.count(repairs))), label=gettext("修正过的毛病")),
        ),
        card(
            gettext("收到的语句"),
            gettext("语句按来源的映射成为学习记录，和文件走同一扇门。"),
            received_table(site, found, known)
            if found
            else empty_state(gettext("还没有来源平台"), gettext("增加一个凭据，就有了一个来源。")),
            icon_name="library",
        ),
        card(
            gettext("凭据"),
            gettext("一个凭据属于一个来源平台。点任何一行，看详细或停用。"),
            credential_grid("store-grid", site, keys)
            if keys
            else empty_state(gettext("还没有凭据"), "", icon_name="key"),
            icon_name="key",
        ),
        card(
            gettext("宽松的凭据修正过什么"),
            gettext("只修正名单上的毛病，每一处都记着原来写的是什么。"),
            repaired_table(site, mended)
            if mended
            else empty_state(gettext("没有修正过"), "", icon_name="check"),
            icon_name="shield",
        ),
    ]


def _every(context: Context) -> str:
    minutes = context.site.settings.xapi_minutes
    if minutes:
        return gettext("每隔 {n} 分钟汇入一次", n=minutes)
    return gettext("在 portrait refresh 时汇入")


def _add(
    context: Context,
    source: str,
    name: str,
    rights: str,
    version: str,
    rate: object,
    lenient: bool,
    courses: str,
    staff: bool,
) -> Any:
    """Adds a credential and returns its secret, to be shown once. Raises InputError naming what is wrong."""
    if not source:
        raise InputError("请填来源代码")
    whole = rate if isinstance(rate, int) and not isinstance(rate, bool) else -1 if rate else 0
    made, mapping = add_platform(
        context.site,
        source=source,
        name=name,
        rights=rights,
        version=version,
        rate=whole,
        lenient=lenient,
        by=context.actor.login,
        courses=courses,
        staff=staff,
    )
    context.note(
        "credential.add",
        f"credential:{made.key}",
        reason=sentence("{source}：{rights}", source=source, rights=sentence(RIGHTS_ZH[made.rights])),
    )
    return secret_once(made, mapping.name, no_catalogue(context.site, courses))


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(Output("store-body", "children"), Input("store-changed", "data"), prevent_initial_call=True)
    def changed(count: Any) -> Any:
        here = context()
        return _body(here) if count else no_update

    def credential(here: Context, key: str) -> tuple[str, Any]:
        with here.site.registry.connect() as connection:
            one, by = credential_of(connection, here.scope, key)
        return one.name, credential_body(here.site, one, by)

    register_row_drawer(app, context, "store-grid", credential)

    @app.callback(*drawer_outputs(), Input("store-add", "n_clicks"), prevent_initial_call=True)
    def open_form(clicks: int | None) -> Any:
        here = context()
        if not clicks:
            return (no_update,) * 3
        with here.site.registry.connect() as connection:
            held = [one.source for one in catalogues(connection)]
        return True, gettext("增加凭据"), credential_form(held)

    @app.callback(
        Output("drawer-content", "children", allow_duplicate=True),
        Output("store-changed", "data"),
        Input({"type": "store-do", "key": ALL}, "n_clicks"),
        State("store-changed", "data"),
        prevent_initial_call=True,
    )
    def revoke(_clicks: list[int], count: Any) -> Any:
        here = context()
        # Buttons that merely appear in the drawer trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update
        key = str(ctx.triggered_id["key"])
        registry = here.site.registry
        with registry.connect() as connection:
            credential_of(connection, here.scope, key)
        try:
            ended = revoke_credential(registry, key, moment=here.now)
        except InputError as error:
            said = html.P(gettext(error.message), className="said bad")
        else:
            here.note("credential.revoke", f"credential:{key}", reason=ended.source)
            said = html.P(gettext("已停用。"), className="said good")
        with registry.connect() as connection:
            one, by = credential_of(connection, here.scope, key)
        return credential_body(here.site, one, by, said=said), (count or 0) + 1

    @app.callback(
        Output("store-said", "children"),
        Output("store-source", "value"),
        Output("store-name", "value"),
        Output("store-courses", "value"),
        Output("store-staff", "checked"),
        Output("store-changed", "data", allow_duplicate=True),
        Input("store-save", "n_clicks"),
        State("store-source", "value"),
        State("store-name", "value"),
        State("store-rights", "value"),
        State("store-version", "value"),
        State("store-rate", "value"),
        State("store-lenient", "checked"),
        State("store-courses", "value"),
        State("store-staff", "checked"),
        State("store-changed", "data"),
        prevent_initial_call=True,
    )
    def save(
        clicks: int | None,
        source: Any,
        name: Any,
        rights: Any,
        version: Any,
        rate: Any,
        lenient: Any,
        courses: Any,
        staff: Any,
        count: Any,
    ) -> Any:
        here = context()
        if not clicks:
            return (no_update,) * 6
        source, name = str(source or "").strip()[:60], str(name or "").strip()[:120]
        said_of = str(courses or "").strip()[:60]
        try:
            said = _add(
                here,
                source,
                name,
                str(rights or ""),
                str(version or ""),
                rate,
                bool(lenient),
                said_of,
                bool(staff),
            )
        except InputError as error:
            return html.P(gettext(error.message), className="said bad"), *(no_update,) * 5
        return said, "", "", "", False, (count or 0) + 1


PAGE = Page(PATH, lambda: gettext("学习记录库"), "library", frozenset({Role.ADMIN}), layout, register)

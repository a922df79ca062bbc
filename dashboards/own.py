"""个人设置: one's password, where one is signed in, and why one sees what one sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import badge, card, columns, facts, format, page_header, simple_table
from portrait.errors import InputError
from portrait.scope import ROLE_ZH, Role
from portrait.store.session import end_sessions, sessions_of
from portrait.store.user import LENGTH, LENGTH_ADMIN, set_password, sign_in


def layout(context: Context, _query: Mapping[str, str]) -> Any:
    actor = context.actor
    return [
        page_header(gettext("个人设置")),
        columns(
            card(
                gettext("我的账号"),
                "",
                facts(
                    [
                        (gettext("姓名"), actor.name),
                        (gettext("登录名"), actor.login),
                        (gettext("角色"), gettext(ROLE_ZH[actor.role])),
                        (gettext("能看到的范围"), gettext(context.scope.reason)),
                    ]
                ),
            ),
            card(gettext("修改密码"), _rule(actor.role), _password_form()),
        ),
        card(
            gettext("登录在哪里"),
            gettext("不认识的登录，请退出其他登录并修改密码。"),
            html.Div(_sessions(context), id="own-sessions", className="table-scroll"),
            action=dmc.Button(gettext("退出其他登录"), id="own-end", variant="default", n_clicks=0),
        ),
    ]


def _rule(role: Role) -> str:
    least = LENGTH_ADMIN if role is Role.ADMIN else LENGTH
    return gettext("至少 {n} 个字符；改好后，其他地方的登录会退出。", n=least)


def _password_form() -> Any:
    def field(id: str, label: str, complete: str) -> Any:
        return dmc.PasswordInput(id=id, label=label, value="", autoComplete=complete)

    return html.Div(
        [
            field("own-old", gettext("现在的密码"), "current-password"),
            field("own-new", gettext("新密码"), "new-password"),
            field("own-again", gettext("再输一次新密码"), "new-password"),
            html.Div(dmc.Button(gettext("修改密码"), id="own-change", n_clicks=0)),
            html.Div(id="own-said", role="status", **{"aria-live": "polite"}),
        ],
        className="form",
    )


def _sessions(context: Context) -> Any:
    rows = [
        [
            format.moment(row.created),
            format.moment(row.seen),
            badge(gettext("这一次"), "good") if row.token == context.session else "",
        ]
        for row in sessions_of(context.site.registry, context.actor.user_id)
    ]
    return simple_table([gettext("登录时间"), gettext("最近操作"), ""], rows)


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("own-said", "children"),
        Output("own-old", "value"),
        Output("own-new", "value"),
        Output("own-again", "value"),
        Output("own-sessions", "children"),
        Input("own-change", "n_clicks"),
        State("own-old", "value"),
        State("own-new", "value"),
        State("own-again", "value"),
        prevent_initial_call=True,
    )
    def change(_clicks: int, old: str | None, new: str | None, again: str | None) -> Any:
        here = context()
        fault = _change(here, str(old or ""), str(new or ""), str(again or ""))
        if fault:
            return html.P(fault, className="said bad"), no_update, no_update, no_update, no_update
        return html.P(gettext("密码已经修改。"), className="said good"), "", "", "", _sessions(here)

    @app.callback(
        Output("own-sessions", "children", allow_duplicate=True),
        Input("own-end", "n_clicks"),
        prevent_initial_call=True,
    )
    def end(_clicks: int) -> Any:
        here = context()
        ended = end_sessions(here.site.registry, here.actor.user_id, keep=here.session)
        here.note("end-sessions", reason=str(ended))
        return _sessions(here)


def _change(context: Context, old: str, new: str, again: str) -> str:
    """Changes the password; what stands against it, empty when it is done."""
    actor, settings = context.actor, context.site.settings
    if new != again:
        return gettext("两次输入的新密码不一样。")
    # The old password is judged by the same lock as a login: a stolen session must not be a way to guess it.
    tried = sign_in(
        context.site.registry,
        actor.login,
        old,
        f"own:{actor.user_id}",
        failures=settings.lock_failures,
        minutes=settings.lock_minutes,
        now=context.now,
    )
    if tried.user_id is None:
        context.note("password", outcome="refused", reason=tried.reason)
        if tried.minutes:
            return gettext("试错次数太多，请 {n} 分钟后再试。", n=tried.minutes)
        return gettext("现在的密码不对。")
    try:
        set_password(context.site.registry, actor.login, new, keep=context.session)
    except InputError as error:
        return gettext(error.message)
    context.note("password")
    return ""


PAGE = Page(
    path="/own",
    title=lambda: gettext("个人设置"),
    icon="settings",
    roles=frozenset(Role),
    layout=layout,
    register=register,
    nav=False,
)

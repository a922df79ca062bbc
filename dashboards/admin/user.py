"""用户与权限: who may sign in as what. Adds, shuts, unlocks, gives a new password once; every step is in the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import (
    badge,
    card,
    drawer_outputs,
    empty_state,
    facts,
    icon,
    page_header,
    panel,
    register_row_drawer,
)
from dashboards.part.admin.account import (
    link_field,
    password_once,
    reader_body,
    reader_grid,
    user_form,
)
from portrait.errors import InputError, NotFound
from portrait.login import LINKS, add_linked, linked_id, new_password
from portrait.place import PROVINCE
from portrait.scope import ROLE_ZH, Actor, Role, scope
from portrait.sentence import sentence
from portrait.store.reader import Reader, bound_name, count_readers, reader_of, readers
from portrait.store.user import OFFICES, set_active, set_password, unlock

PATH = "/users"
MOST = 500  # accounts in the grid


def layout(context: Context, query: Mapping[str, str]) -> Any:
    text, role = query.get("q", "")[:60], query.get("role", "")
    role = role if role in set(Role) else ""
    return [
        html.Div(_head(context), id="user-head"),
        card(
            gettext("全部账号"),
            gettext("点任何一行，看它绑定了谁，停用、解锁或换密码。"),
            html.Div(
                [
                    html.Div(
                        dmc.TextInput(
                            id="user-search",
                            label=gettext("找账号"),
                            placeholder=gettext("登录名、姓名、编号或代码"),
                            leftSection=icon("search", 18),
                            value=text,
                            debounce=350,
                        ),
                        className="broad",
                    ),
                    dmc.Select(
                        id="user-shown",
                        label=gettext("角色"),
                        data=[{"value": one.value, "label": gettext(name)} for one, name in ROLE_ZH.items()],
                        value=role or None,
                        placeholder=gettext("全部角色"),
                        clearable=True,
                    ),
                ],
                className="admin-filters",
            ),
            html.Div(panel(gettext("全部账号"), _list, context, text, role), id="user-list"),
            icon_name="people",
        ),
        card(
            gettext("每个角色能看什么"),
            gettext("由规则统一决定，不能逐个账号放宽；没有绑定人员或单位的账号什么也看不到。"),
            html.Div(
                facts(
                    [
                        (
                            gettext("{role}（{bound}）", role=gettext(ROLE_ZH[one.role]), bound=bound),
                            gettext(scope(one).reason),
                        )
                        for one, bound in _examples()
                    ]
                ),
                className="roles",
            ),
            icon_name="shield",
        ),
        dcc.Store(id="user-changed"),
    ]


def _examples() -> list[tuple[Actor, str]]:
    """One actor of each role, bound as it has to be: its scope gives the reason in the words that hold for all."""

    def one(role: Role, **bound: Any) -> Actor:
        return Actor(0, "", "", role, **bound)

    return [
        (one(Role.TEACHER, person_id=0), gettext(LINKS[Role.TEACHER][1])),
        (one(Role.TRAINER, provider_id=0), gettext(LINKS[Role.TRAINER][1])),
        (one(Role.SCHOOL, school_id=0), gettext(LINKS[Role.SCHOOL][1])),
        (one(Role.BUREAU, region=PROVINCE), gettext(LINKS[Role.BUREAU][1])),
        *((one(Role.OFFICE, office=code), code) for code in OFFICES),
        (one(Role.OFFICE), gettext("不绑定")),
        (one(Role.ADMIN), gettext("不绑定")),
    ]


def _head(context: Context) -> Any:
    with context.site.registry.connect() as connection:
        total = count_readers(connection, context.scope)
        by_role = {one: count_readers(connection, context.scope, role=one.value) for one in Role}
    parts = gettext("、").join(f"{gettext(ROLE_ZH[one])} {n}" for one, n in by_role.items() if n)
    return page_header(
        gettext("用户与权限"),
        gettext("{n} 个账号：{parts}。账号说明是谁，能看什么由角色决定。", n=total, parts=parts),
        dmc.Button(gettext("增加账号"), id="user-add", leftSection=icon("plus", 18), n_clicks=0),
    )


def _list(context: Context, text: str, role: str) -> Any:
    with context.site.registry.connect() as connection:
        found = readers(connection, context.scope, now=context.now, text=text, role=role, limit=MOST)
        total = count_readers(connection, context.scope, text=text, role=role)
    if not found:
        return empty_state(
            gettext("没有符合的账号"), gettext("换个词再找，或者增加一个账号。"), icon_name="search"
        )
    more = (
        html.P(
            gettext("共 {n} 个，这里是前 {most} 个；多写几个字缩小范围。", n=total, most=len(found)),
            className="quiet",
        )
        if total > len(found)
        else None
    )
    return [reader_grid("user-grid", found), more]


# --- what is done to an account --------------------------------------------------------------------------------


def _reader(context: Context, key: object) -> Reader:
    text = str(key)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound("没有这个账号")
    with context.site.registry.connect() as connection:
        return reader_of(connection, context.scope, int(text), now=context.now)


def _act(context: Context, one: Reader, do: str) -> Any:
    """Does what a button asks for and returns what is to be said about it."""
    registry, object = context.site.registry, f"user:{one.id}"
    if do == "unlock":
        unlock(registry, one.login)
        context.note("user.unlock", object)
        return html.P(gettext("已解锁，可以再登录了。"), className="said good")
    if do == "password":
        password = new_password(one.role, one.login)
        own = one.id == context.actor.user_id
        set_password(registry, one.login, password, keep=context.session if own else "")
        context.note("user.password", object)
        return password_once(one.login, password)
    if do == "disable":
        if one.id == context.actor.user_id:
            context.note("user.disable", object, outcome="refused", reason=sentence("自己的账号"))
            raise InputError("不能停用自己的账号")
        set_active(registry, one.login, False)
        context.note("user.disable", object)
        return html.P(gettext("已停用，它的登录都结束了。"), className="said good")
    if do == "enable":
        set_active(registry, one.login, True)
        context.note("user.enable", object)
        return html.P(gettext("已重新启用。"), className="said good")
    raise InputError("没有这种操作")


def _bound(context: Context, role: str, code: str) -> Any:
    """Whose name stands behind a code, so that nobody is bound to a stranger; a look at a person is noted."""
    if not code or role not in {one.value for one in LINKS} or role == Role.BUREAU:
        return None
    number = linked_id(context.site.registry, Role(role), code)
    assert number is not None
    with context.site.registry.connect() as connection:
        name = bound_name(connection, context.scope, Role(role), number)
    if name is None:
        return html.P(gettext("没有{what}是“{code}”的，名册里还没有，或者写错了。", what=gettext(LINKS[Role(role)][1]), code=code), className="said bad")  # fmt: skip
    if role == Role.TEACHER:
        context.note("look", f"person:{number}", reason=sentence("核对账号绑定的人"))
    return html.P([badge(gettext("将绑定"), "good"), " ", name])


def _add(context: Context, login: str, name: str, role: str, code: str) -> Any:
    """Adds an account and returns its password, to be shown once. Raises InputError naming what is wrong."""
    if role not in set(Role):
        raise InputError("请选角色")
    which = Role(role)
    if which in LINKS and not code:
        raise InputError(gettext("请填{what}", what=gettext(LINKS[which][1])))
    number = linked_id(context.site.registry, which, code)
    if number is not None:
        with context.site.registry.connect() as connection:
            if bound_name(connection, context.scope, which, number) is None:
                raise InputError(gettext("没有{what}是“{code}”的", what=gettext(LINKS[which][1]), code=code))
    kind = "office" if which is Role.OFFICE else LINKS[which][0] if which in LINKS else ""
    password = new_password(which, login)
    made = add_linked(
        context.site.registry,
        login,
        name or login,
        password,
        which,
        now=context.now,
        **({kind: code} if kind and code else {}),
    )
    context.note("user.add", f"user:{made}", reason=gettext("角色 {role}", role=role))
    return password_once(login, password)


# --- callbacks -------------------------------------------------------------------------------------------------


def register(app: Any, context: Callable[[], Context]) -> None:
    @app.callback(
        Output("user-list", "children"),
        Input("user-search", "value"),
        Input("user-shown", "value"),
        prevent_initial_call=True,
    )
    def search(text: str | None, role: str | None) -> Any:
        return _list(context(), str(text or "")[:60], str(role or ""))

    @app.callback(
        Output("user-head", "children"),
        Output("user-list", "children", allow_duplicate=True),
        Input("user-changed", "data"),
        State("user-search", "value"),
        State("user-shown", "value"),
        prevent_initial_call=True,
    )
    def changed(count: Any, text: str | None, role: str | None) -> Any:
        here = context()
        if not count:
            return no_update, no_update
        return _head(here), _list(here, str(text or "")[:60], str(role or ""))

    def opened(here: Context, key: str) -> tuple[str, Any]:
        one = _reader(here, key)
        here.note("look", f"user:{one.id}")
        return one.login, reader_body(one, own=one.id == here.actor.user_id)

    register_row_drawer(app, context, "user-grid", opened)

    @app.callback(*drawer_outputs(), Input("user-add", "n_clicks"), prevent_initial_call=True)
    def open_form(clicks: int | None) -> Any:
        context()
        return (True, gettext("增加账号"), user_form()) if clicks else (no_update,) * 3

    @app.callback(
        Output("drawer-content", "children", allow_duplicate=True),
        Output("user-changed", "data"),
        Input({"type": "user-do", "user": ALL, "do": ALL}, "n_clicks"),
        State("user-changed", "data"),
        prevent_initial_call=True,
    )
    def act(_clicks: list[int], count: Any) -> Any:
        here = context()
        # Buttons that merely appear in the drawer trigger this with no click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            return no_update, no_update
        one = _reader(here, ctx.triggered_id["user"])
        said = _act(here, one, str(ctx.triggered_id["do"]))
        again = _reader(here, one.id)
        return reader_body(again, own=one.id == here.actor.user_id, said=said), (count or 0) + 1

    @app.callback(
        Output("user-link", "children"),
        Output("user-bound", "children"),
        Input("user-role", "value"),
        prevent_initial_call=True,
    )
    def choose_role(role: str | None) -> Any:
        context()
        return link_field(str(role or "")), None

    @app.callback(
        Output("user-bound", "children", allow_duplicate=True),
        Input({"type": "user-code", "role": ALL}, "value"),
        prevent_initial_call=True,
    )
    def check(codes: list[Any]) -> Any:
        here = context()
        if not ctx.triggered_id or not codes:
            return no_update
        return _bound(here, str(ctx.triggered_id["role"]), str(codes[0] or "").strip()[:80])

    @app.callback(
        Output("user-said", "children"),
        Output("user-login", "value"),
        Output("user-name", "value"),
        Output("user-changed", "data", allow_duplicate=True),
        Input("user-save", "n_clicks"),
        State("user-login", "value"),
        State("user-name", "value"),
        State("user-role", "value"),
        State({"type": "user-code", "role": ALL}, "value"),
        State("user-changed", "data"),
        prevent_initial_call=True,
    )
    def save(clicks: int | None, login: Any, name: Any, role: Any, codes: list[Any], count: Any) -> Any:
        here = context()
        if not clicks:
            return (no_update,) * 4
        code = str(codes[0] or "").strip()[:80] if codes else ""
        try:
            said = _add(here, str(login or "").strip(), str(name or "").strip(), str(role or ""), code)
        except InputError as error:
            return html.P(gettext(error.message), className="said bad"), no_update, no_update, no_update
        return said, "", "", (count or 0) + 1


PAGE = Page(PATH, lambda: gettext("用户与权限"), "people", frozenset({Role.ADMIN}), layout, register)

"""The frame around every page: top bar, side bar by role, drawer on a phone, and the places shared by all pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html

from dashboards import language, theme
from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part.icon import icon
from portrait.scope import ROLE_ZH
from portrait.store.answer import prefer


def shell(context: Context, pages: Sequence[Page], form_token: str) -> Any:
    """The layout of one request, for one actor."""
    own = [page for page in pages if page.nav and context.actor.role in page.roles]
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="page-title"),
            dcc.Store(id="language-saved"),
            html.A(gettext("跳到正文"), href="#page", className="skip"),
            dmc.NotificationContainer(id="notice", position="top-right", autoClose=8000, containerWidth=380),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_bar(context, form_token), className="bar-top"),
                    dmc.AppShellNavbar(_navigation(own), className="side"),
                    dmc.AppShellMain(html.Main(id="page", tabIndex=-1, className="page")),
                ],
                header={"height": 56},
                navbar={"width": 216, "breakpoint": "md", "collapsed": {"mobile": True}},
                transitionDuration=0,
                className="shell",
            ),
            dmc.Drawer(
                _navigation(own),
                id="side-drawer",
                title=gettext("教师数字画像"),
                size=280,
                zIndex=400,
                overlayProps={"backgroundOpacity": 0.35},
                closeButtonProps={"aria-label": gettext("关闭")},
                className="side-drawer",
            ),
            dmc.Drawer(
                html.Div(id="drawer-content"),
                id="drawer",
                position="right",
                size="lg",
                zIndex=400,
                overlayProps={"backgroundOpacity": 0.35},
                className="detail-drawer",
                closeButtonProps={"aria-label": gettext("关闭")},
            ),
        ],
        theme=theme.MANTINE,
        forceColorScheme="light",
    )


def _bar(context: Context, form_token: str) -> Any:
    actor = context.actor
    role = gettext(ROLE_ZH[actor.role])
    return html.Div(
        [
            html.Button(
                icon("menu", 22),
                id="burger",
                className="bar-button burger",
                n_clicks=0,
                **{"aria-label": gettext("打开菜单")},
            ),
            dcc.Link(
                [
                    html.Img(src="/assets/logo.svg", alt="", width=28, height=28),
                    html.Span(gettext("教师数字画像")),
                ],
                href="/",
                className="product",
            ),
            html.Div(className="bar-space"),
            dmc.SegmentedControl(
                id="language",
                data=[{"value": "zh", "label": "中文"}, {"value": "en", "label": "EN"}],
                value=language.current(),
                size="xs",
                className="language",
            ),
            dmc.Menu(
                [
                    dmc.MenuTarget(
                        html.Button(
                            [
                                html.Span(actor.name[:1], className="face", **{"aria-hidden": "true"}),
                                html.Span([html.B(actor.name), html.Small(role)], className="who"),
                                icon("down", 16),
                            ],
                            className="bar-button user",
                            **{"aria-label": gettext("{name}的菜单", name=actor.name)},
                        )
                    ),
                    dmc.MenuDropdown(
                        [
                            html.Div(
                                [
                                    html.B(f"{actor.name} · {role}"),
                                    html.P(
                                        [html.Span(gettext("您能看到的范围")), gettext(context.scope.reason)]
                                    ),
                                ],
                                className="menu-who",
                            ),
                            dmc.MenuDivider(),
                            dmc.MenuItem(gettext("个人设置"), href="/own", leftSection=icon("settings", 18)),
                            html.Form(
                                [
                                    dcc.Input(type="hidden", name="token", value=form_token),
                                    html.Button(
                                        [icon("logout", 18), gettext("退出登录")],
                                        type="submit",
                                        className="menu-button",
                                    ),
                                ],
                                action="/logout",
                                method="post",
                            ),
                        ]
                    ),
                ],
                position="bottom-end",
                width=280,
                shadow="md",
            ),
        ],
        className="bar",
    )


def _navigation(pages: Sequence[Page]) -> Any:
    return html.Nav(
        [
            dmc.NavLink(label=page.title(), href=page.path, leftSection=icon(page.icon, 20), active="exact")
            for page in pages
        ],
        **{"aria-label": gettext("主菜单")},
        className="nav",
    )


def register(app: Any, context: Callable[[], Context]) -> None:
    """The shell's own callbacks: title, phone drawer, language."""
    app.clientside_callback(
        ClientsideFunction("shell", "title"),
        Output("page-title", "modified_timestamp"),
        Input("page-title", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("shell", "drawer"),
        Output("side-drawer", "opened"),
        Input("burger", "n_clicks"),
        Input("url", "pathname"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "reload"),
        Output("language-saved", "clear_data"),
        Input("language-saved", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("language-saved", "data"),
        Input("language", "value"),
        State("language-saved", "data"),
        prevent_initial_call=True,
    )
    def save_language(wanted: str, _saved: Any) -> str:
        here = context()
        value = wanted if wanted in language.LANGUAGES else "zh"
        prefer(here.site.registry, here.scope, "language", value)
        return value

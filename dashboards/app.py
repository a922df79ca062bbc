"""The site as one Dash app on Flask. Made by `create_app`; nothing of it lives in the module, so several may stand in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import dash
from dash import Input, Output, html, set_props
from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from dashboards import delivery, gate, shell, signin
from dashboards.access import Access
from dashboards.incident import incident
from dashboards.language import current, gettext
from dashboards.page import Context, Page, parse_query
from dashboards.pages import PAGES, find
from dashboards.part.state import error_page, not_found_page, refused_page
from portrait.clock import now
from portrait.errors import AccessRefused, NotFound, PortraitError
from portrait.site import Site

LONGEST_BODY = 1 << 20

INDEX = """<!DOCTYPE html>
<html lang="{%language%}">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/logo.svg" type="image/svg+xml">
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


class _Dash(dash.Dash):
    """Dash whose first HTML has the reader's language and a waiting page of ours."""

    def interpolate_index(self, **parts: Any) -> str:
        waiting = gettext("正在打开…")
        entry = f'<div id="react-entry-point"><div class="waiting" role="status"><span></span>{waiting}</div></div>'
        page = super().interpolate_index(**{**parts, "app_entry": entry, "title": gettext("教师数字画像")})
        return str(page).replace("{%language%}", "en" if current() == "en" else "zh-CN")


def create_app(
    site: Site, *, pages: Sequence[Page] = PAGES, clock: Callable[[], datetime] = now
) -> dash.Dash:
    """The app of one site. `pages` and `clock` are arguments for tests; `app.server` is the WSGI application."""
    server = Flask("dashboards", static_folder=None)
    server.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY  # the one route that takes files raises it for itself
    access = Access(site, clock)
    server.extensions["jobs"] = access.jobs  # for who has to wait for one
    hashes: list[str] = []
    gate.install(server, access, lambda: hashes)
    delivery.install(server)
    _errors(server)
    server.register_blueprint(signin.blueprint(access))

    @server.get("/healthz")
    def healthz() -> Any:
        with site.registry.connect() as connection:
            connection.execute(select(1))
        return jsonify(ok=True)

    @server.get("/robots.txt")
    def robots() -> Any:
        return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")

    app = _Dash(
        "dashboards",
        server=server,
        index_string=INDEX,
        assets_ignore=r".*\.map$",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        suppress_callback_exceptions=True,
        use_pages=False,
        update_title=None,
        add_log_handler=False,
        on_error=lambda error: _tell(access, error),
    )

    def layout() -> Any:
        if access.actor() is None:  # Dash asks once for itself, before anyone has signed in
            return html.Div()
        return shell.shell(access.context(), pages, access.form_token())

    app.layout = layout
    shell.register(app, access.context)
    _router(app, access, pages)
    for page in pages:
        page.register(app, access.guard(page))
    hashes.extend(app.csp_hashes())
    _status(server, access, pages)
    return app


def _router(app: dash.Dash, access: Access, pages: Sequence[Page]) -> None:
    @app.callback(
        Output("page", "children"),
        Output("page-title", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
    )
    def route(path: str | None, search: str | None) -> tuple[Any, str]:
        context = access.context()
        page = find(pages, path or "/", context.actor.role)
        if page is None:
            return not_found_page(), gettext("没有这个页面")
        entered: Context | None = None
        try:
            entered = access.enter(page)
            return page.layout(entered, parse_query(search or "")), page.title()
        except AccessRefused as refusal:
            if entered is not None:  # a role that may not enter was noted at the door
                asked = "".join(c for c in f"{page.path}{search or ''}" if c.isprintable())
                access.note("open", asked, outcome="refused", reason=refusal.message)
            return refused_page(gettext(refusal.message)), gettext("这里不对您开放")
        except NotFound:
            return not_found_page(), gettext("没有这个页面")
        except Exception as error:
            return error_page(incident(error)), gettext("页面出错了")


def _tell(access: Access, error: Exception) -> None:
    """An error inside a page's callback becomes a message; the page stays as it was."""
    if isinstance(error, AccessRefused):
        access.note("callback", request.path, outcome="refused", reason=error.message)
    if isinstance(error, PortraitError):
        title, text = gettext("没有做成"), gettext(error.message)
    else:
        title = gettext("出错了")
        text = gettext("问题已经记录，编号 {number}。", number=incident(error))
    note = {"action": "show", "title": title, "message": text, "color": "warn", "autoClose": 12000}
    set_props("notice", {"sendNotifications": [note]})


def _errors(server: Flask) -> None:
    @server.errorhandler(Exception)
    def fail(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            return error
        number = incident(error)
        if request.path.startswith("/_"):
            return jsonify(error="incident", number=number), 500
        page = render_template(
            "problem.html",
            _=gettext,
            lang="en" if current() == "en" else "zh-CN",
            title=gettext("页面出错了"),
            text=gettext("问题已经记录。请过一会儿再试；仍然不行，请把编号告诉管理员。"),
            detail=gettext("编号 {number}", number=number),
        )
        return page, 500


def _status(server: Flask, access: Access, pages: Sequence[Page]) -> None:
    """Dash answers every path with the same HTML; the status should say what the router will show."""

    @server.after_request
    def status(response: Response) -> Response:
        actor = access.actor()
        if actor is not None and response.status_code == 200 and request.endpoint in ("/", "/<path:path>"):
            page = find(pages, request.path, actor.role)
            if page is None:
                response.status_code = 404
            elif actor.role not in page.roles:
                response.status_code = 403
        return response

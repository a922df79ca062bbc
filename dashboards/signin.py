"""Signing in and out: server-rendered forms that need no script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request

from dashboards import language
from dashboards.access import Access
from dashboards.language import gettext
from portrait.store.audit import add_audit
from portrait.store.user import sign_in


def local_path(wanted: str) -> str:
    """The path of this site to go on to; anything else becomes “/”."""
    parts = urlsplit(wanted)
    sound = (
        wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    )
    return wanted if sound and not parts.netloc and not parts.scheme and parts.path != "/login" else "/"


def blueprint(access: Access) -> Blueprint:
    """The routes /login and /logout."""
    pages = Blueprint("signin", __name__, template_folder="templates")

    def form(message: str = "", status: int = 200, login: str = "", wanted: str = "/") -> Response:
        page = render_template(
            "login.html",
            _=gettext,
            lang="en" if language.current() == "en" else "zh-CN",
            token=access.form_token(),
            message=message,
            login=login,
            next=wanted,
            notice=request.args.get("left"),
        )
        return access.keep_form_secret(make_response(page, status))

    @pages.get("/login")
    def show() -> Any:
        wanted = local_path(request.args.get("next", "/"))
        if access.actor() is not None:
            return redirect(wanted)
        language.use(request.args.get("language", language.current()))
        return form(wanted=wanted)

    @pages.post("/login")
    def enter() -> Any:
        language.use(request.form.get("language", language.current()))
        wanted = local_path(request.form.get("next", "/"))
        login = request.form.get("login", "")[:60]
        if not access.form_is_ours(request):
            return form(gettext("页面放得太久了，请再登录一次。"), 400, login, wanted)
        settings, now = access.site.settings, access.clock()
        result = sign_in(
            access.site.registry,
            login,
            request.form.get("password", ""),
            request.remote_addr or "",
            failures=settings.lock_failures,
            minutes=settings.lock_minutes,
            now=now,
        )
        add_audit(
            access.site.registry,
            now=now,
            actor=login,
            action="login",
            object=f"address:{request.remote_addr or ''}",
            outcome="ok" if result.user_id is not None else "refused",
            reason=result.reason,
        )
        if result.user_id is None:
            if result.reason == "locked":
                text = gettext("试错次数太多，请 {n} 分钟后再试。", n=result.minutes)
                return form(text, 429, login, wanted)
            return form(gettext("登录名或密码不对。"), 401, login, wanted)
        response = make_response(redirect(wanted))
        access.open(result.user_id, response)
        return response

    @pages.post("/logout")
    def leave() -> Any:
        if not access.form_is_ours(request):
            return redirect("/")
        access.note("logout")
        response = make_response(redirect("/login?left=1"))
        access.close(response)
        return response

    return pages

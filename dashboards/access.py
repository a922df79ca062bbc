"""Session → Actor → Context. Nothing else touches the session, and nothing here believes what the browser says of itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Request, Response, g, request

from dashboards import language
from dashboards.job import Jobs
from dashboards.page import Context, Page
from portrait.errors import AccessRefused
from portrait.scope import ROLE_ZH, Actor, scope
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.answer import preferred
from portrait.store.audit import add_audit
from portrait.store.session import end_session, find_session, open_session
from portrait.store.user import actor_of

FORM_COOKIE = "portrait_form"


@dataclass(frozen=True)
class Access:
    """The doorkeeper of one app. `clock` is an argument so that tests can let time pass."""

    site: Site
    clock: Callable[[], datetime]
    jobs: Jobs = field(default_factory=Jobs, compare=False)

    # --- the session -----------------------------------------------------------------------------------------

    @property
    def cookie(self) -> str:
        return "__Host-portrait" if self.site.settings.https else "portrait"

    def open(self, user_id: int, response: Response) -> None:
        """Starts a session under a new token, whatever the browser had before."""
        token = open_session(self.site.registry, user_id, now=self.clock())
        self._set_cookie(response, self.cookie, token, self.site.settings.session_hours * 3600)
        response.delete_cookie(FORM_COOKIE)

    def close(self, response: Response) -> None:
        if token := request.cookies.get(self.cookie):
            end_session(self.site.registry, token, now=self.clock())
        response.delete_cookie(self.cookie, secure=self.site.settings.https, httponly=True, samesite="Lax")

    def _set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            httponly=True,
            samesite="Lax",
            secure=self.site.settings.https,
            path="/",
        )

    def begin(self) -> Actor | None:
        """Called once before every request: who is asking, and in which language."""
        g.actor, g.session = None, ""
        wanted = self.site.settings.language
        token = request.cookies.get(self.cookie)
        if token:
            settings = self.site.settings
            row = find_session(
                self.site.registry,
                token,
                idle=timedelta(minutes=settings.idle_minutes),
                idle_admin=timedelta(minutes=settings.idle_minutes / 2),
                longest=timedelta(hours=settings.session_hours),
                now=self.clock(),
            )
            if row is not None:
                g.actor, g.session = actor_of(row), row.token
                wanted = preferred(self.site.registry, scope(g.actor), "language", wanted)
        language.use(wanted)
        found: Actor | None = g.actor
        return found

    def actor(self) -> Actor | None:
        found: Actor | None = g.get("actor")
        return found

    # --- what a page gets ------------------------------------------------------------------------------------

    def context(self) -> Context:
        """The Context of who is signed in. Raises AccessRefused when nobody is."""
        actor = self.actor()
        if actor is None:
            raise AccessRefused("没有登录，或者登录已经过期")
        return Context(
            self.site,
            actor,
            scope(actor, self.site.today),
            self.site.today,
            language.current(),
            self.clock(),
            str(g.get("session", "")),
            self.jobs,
        )

    def enter(self, page: Page) -> Context:
        """The Context of an actor whose role may open the page; a refusal is audited and raised."""
        context = self.context()
        if context.actor.role not in page.roles:
            role = sentence(ROLE_ZH[context.actor.role])
            refusal = AccessRefused("“{page}”不对{role}开放", page=page.title(), role=role)
            self.note("open", page.path, outcome="refused", reason=refusal.message)
            raise refusal
        return context

    def guard(self, page: Page) -> Callable[[], Context]:
        """The `context()` that the page's callbacks call; it judges the role anew each time."""
        return lambda: self.enter(page)

    def note(self, action: str, object: str = "", *, outcome: str = "ok", reason: str = "") -> None:
        """Writes an audit row in the name of who is signed in."""
        actor = self.actor()
        add_audit(
            self.site.registry,
            now=self.clock(),
            actor=actor.login if actor else "",
            role=actor.role.value if actor else "",
            action=action,
            object=object,
            outcome=outcome,
            reason=reason,
        )

    # --- forms -----------------------------------------------------------------------------------------------

    def form_token(self) -> str:
        """What an HTML form of this browser must carry: derived from a cookie that other sites cannot read or set."""
        secret = request.cookies.get(self.cookie) if self.actor() else request.cookies.get(FORM_COOKIE)
        if not secret:
            secret = g.setdefault("form_secret", secrets.token_urlsafe(24))
        return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()

    def keep_form_secret(self, response: Response) -> Response:
        if secret := g.get("form_secret"):
            self._set_cookie(response, FORM_COOKIE, secret, 3600)
        return response

    def form_is_ours(self, sent: Request) -> bool:
        known = sent.cookies.get(self.cookie if self.actor() else FORM_COOKIE)
        return bool(known) and hmac.compare_digest(
            sent.form.get("token", "").encode(), self.form_token().encode()
        )

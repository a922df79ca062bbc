"""What a page is: a path, who may open it, a layout made from a Context, and its callbacks. Pages never touch the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl

from dashboards.job import Jobs
from portrait.clock import now
from portrait.scope import Actor, Role, Scope
from portrait.site import Site
from portrait.store.audit import add_audit


@dataclass(frozen=True)
class Context:
    """Everything a layout or callback may know about the request."""

    site: Site
    actor: Actor
    scope: Scope
    today: date
    language: str
    now: datetime = field(
        default_factory=now
    )  # by the clock on the wall; site.now is the moment in the site's own world
    session: str = ""  # the stored name of the current session, to spare it when the others end
    jobs: Jobs = field(default_factory=Jobs)  # the app's long work; shared by all its requests

    def note(self, action: str, object: str = "", *, outcome: str = "ok", reason: str = "") -> None:
        """Writes an audit row: a look at another's data (object `person:42`), an export, a change."""
        add_audit(
            self.site.registry,
            now=self.now,
            actor=self.actor.login,
            role=self.actor.role.value,
            action=action,
            object=object,
            outcome=outcome,
            reason=reason,
        )


def parse_query(search: str) -> dict[str, str]:
    """The parameters of an address, cut to what a page could mean: at most 50 of them, no control characters."""
    pairs = parse_qsl(search.lstrip("?")[:2000])[:50]
    return {name: "".join(c for c in value if c.isprintable()) for name, value in pairs}


def whole(query: Mapping[str, str], name: str) -> int | None:
    """A parameter as the number of a row (0 … 2⁶³−1); None when it is missing or anything else."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63 else None


# Layouts get the query parameters as the browser sent them: strings, possibly unknown or forged.
Layout = Callable[[Context, Mapping[str, str]], Any]


def _no_callbacks(_app: Any, _context: Callable[[], Context]) -> None:
    return None


@dataclass(frozen=True)
class Page:
    """One page. `title` is called per request, so it may be translated.

    `register(app, context)` adds the page's callbacks; inside a callback `context()` returns the Context of the signed-in
    actor or raises AccessRefused when the actor's role may not open this page.
    """

    path: str
    title: Callable[[], str]
    icon: str  # a name in dashboards/assets/icon/, without .svg
    roles: frozenset[Role]
    layout: Layout
    register: Callable[[Any, Callable[[], Context]], None] = field(default=_no_callbacks)
    nav: bool = True  # stands in the side bar

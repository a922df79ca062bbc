"""The learning record store as a WSGI application: any server runs it, and the site mounts it at /xapi."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from portrait.store.credential import Credential, check_credential
from portrait.xapi.body import moment
from portrait.xapi.exchange import IN_PIECES, Answer, Refusal, Request
from portrait.xapi.record_store import Limits, Store
from portrait.xapi.resource import document, statement, thing
from portrait.xapi.writer import Writer, busy

log = logging.getLogger(__name__)

VERSION = "X-Experience-API-Version"
THROUGH = "X-Experience-API-Consistent-Through"
LATEST = {"1.0": "1.0.3", "2.0": "2.0.0"}
FORM = "application/x-www-form-urlencoded"
# What the alternate request syntax of 1.0 takes for headers.
FORM_HEADERS = (
    "Authorization",
    VERSION,
    "Content-Type",
    "Content-Length",
    "If-Match",
    "If-None-Match",
    "Accept-Language",
)
MOST_FIELDS = 64
LONGEST_FORM = 4 << 20
REMEMBERED_SECONDS = 10.0  # a revoked credential is turned away after so long at the latest

Handler = Callable[[Request, Store], Answer]
StartResponse = Callable[..., Any]


def _documents(kind: document.Kind) -> dict[str, Handler]:
    return {
        "GET": document.get(kind),
        "PUT": document.put(kind),
        "POST": document.post(kind),
        "DELETE": document.delete(kind),
    }


RESOURCES: dict[str, dict[str, Handler]] = {
    "/statements": {"GET": statement.get, "PUT": statement.put, "POST": statement.post},
    "/activities": {"GET": thing.activity},
    "/activities/state": _documents(document.STATE),
    "/activities/profile": _documents(document.ACTIVITY_PROFILE),
    "/agents": {"GET": thing.person},
    "/agents/profile": _documents(document.AGENT_PROFILE),
    "/about": {"GET": lambda request, store: thing.about(request.version)},
}


def application(
    registry: Engine, *, mount: str = "/xapi", default_version: str = "1.0.3", limits: Limits | None = None
) -> Application:
    """The store of a registry. `default_version` answers where neither the request nor its credential names one."""
    limits = limits or Limits()
    writer = Writer(registry, most_waiting=limits.waiting)
    return Application(Store(registry, writer, limits, mount.rstrip("/")), default_version)


class Application:
    """Answers requests below the mount; `close` ends the writer once what waits is written."""

    def __init__(self, store: Store, default_version: str) -> None:
        self.store = store
        self._default = default_version
        self._door = _Door(store.registry)

    def close(self) -> None:
        self.store.writer.close()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        asked = _Asked(environ, self.store.mount)
        try:
            answer = self._answer(asked)
        except Refusal as refusal:
            answer = refusal.answer()
        except OperationalError:
            log.exception("the registry did not take %s %s", asked.method, asked.path)
            answer = busy("the registry is busy").answer()
        except Exception:
            number = secrets.token_hex(4).upper()
            log.exception("incident %s at %s %s", number, asked.method, asked.path)
            answer = Refusal(500, f"incident {number}").answer()
        return self._send(asked, answer, start_response)

    def _answer(self, asked: _Asked) -> Answer:
        methods = RESOURCES.get(asked.path)
        if methods is None:
            raise Refusal(404, f"no resource {asked.path!r}; there are {', '.join(RESOURCES)}")
        if asked.method == "OPTIONS":
            return Answer(204, headers=_PREFLIGHT)
        if asked.method == "HEAD" and "GET" in methods:
            asked.called = "GET"
        elif asked.method not in methods:
            allowed = ", ".join((*methods, "HEAD", "OPTIONS"))
            raise Refusal(405, f"{asked.path} takes {allowed}", (("Allow", allowed),))
        asked.ask()
        if asked.called == "POST" and "method" in asked.parameters:
            asked.read(min(self.store.limits.body, LONGEST_FORM))  # before it is known who sends it
            asked.unfold()
            if asked.called not in methods:
                raise Refusal(405, f"{asked.path} does not take {asked.called}")
        if asked.path == "/about":
            spoken = _spoken(asked.headers.get(VERSION.lower(), ""))
            asked.answered = spoken or self._default
            return thing.about(spoken)
        version = _spoken(asked.headers.get(VERSION.lower(), ""))
        if version is None:
            known = self._door.known(asked.headers.get("authorization", ""))
            asked.answered = known.version if known is not None else self._default
            raise Refusal(400, f"{VERSION} has to be 1.0.x or 2.0.x")
        asked.answered = version
        if version == "2.0.0" and asked.unfolded:
            raise Refusal(400, "the alternate request syntax is not a part of xAPI 2.0")
        asked.faults()
        credential = self._door.enter(asked.headers.get("authorization", ""))
        _entitled(credential, asked)
        if not asked.unfolded:
            asked.read(self.store.limits.body)
        request = Request(
            asked.called,
            asked.path,
            asked.parameters,
            asked.headers,
            asked.body,
            version,
            credential,
        )
        return methods[asked.called](request, self.store)

    def _send(self, asked: _Asked, answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
        headers = [
            (VERSION, asked.answered or self._default),
            *answer.headers,
            *_CROSS_ORIGIN,
            *_GUARDED,
        ]
        if asked.path == "/statements":
            headers.append((THROUGH, self._through()))
        if answer.type:
            headers.append(("Content-Type", answer.type))
        if answer.status != 204:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {_PHRASE.get(answer.status, 'Unknown')}", headers)
        return [] if asked.method == "HEAD" or answer.status == 204 else [answer.body]

    def _through(self) -> str:
        try:
            with self.store.registry.connect() as connection:
                return statement.consistent_through(self.store, connection)
        except Exception:
            log.exception("consistent-through")
            return moment(0)


_PHRASE = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# Courses run in browsers and send from other origins. Nothing but the credential counts here, so any origin may.
_EXPOSED = f"ETag, Last-Modified, {VERSION}, {THROUGH}, Retry-After"
_GUARDED = (  # what platforms stored may be anything: no browser shall take it for a page of the site
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
)
_CROSS_ORIGIN = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", _EXPOSED))
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        f"Authorization, Content-Type, If-Match, If-None-Match, Accept-Language, {VERSION}",
    ),
    ("Access-Control-Max-Age", "86400"),
)


def _spoken(version: str) -> str | None:
    """The version whose rules hold; None for one that is not spoken."""
    first, _, patch = version.rpartition(".") if version.count(".") == 2 else (version, "", "0")
    return LATEST.get(first) if patch.isascii() and patch.isdigit() else None


def _entitled(credential: Credential, asked: _Asked) -> None:
    """Raises Refusal 403 where the credential's rights do not reach."""
    if asked.called == "GET" and credential.read == "none":
        raise Refusal(403, "this credential may not read")
    if asked.called != "GET" and not credential.write:
        raise Refusal(403, "this credential may not write")


class _Asked:
    """A request as it came, while it is found out what it is."""

    def __init__(self, environ: dict[str, Any], mount: str) -> None:
        self._environ = environ
        self.method: str = environ["REQUEST_METHOD"].upper()
        self.called = self.method
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        below = path == mount or path.startswith(f"{mount}/")
        self.path = path.removeprefix(mount).rstrip("/") or "/" if below else ""
        self.headers = _headers(environ)
        self.parameters: dict[str, str] = {}
        self.body = b""
        self.unfolded = False
        self.answered = ""
        self._fault = ""

    def ask(self) -> None:
        """Take the parameters."""
        self.parameters = self._pairs(self._environ.get("QUERY_STRING", ""))

    def read(self, most: int) -> None:
        """Take the body. Raises Refusal 413."""
        length = self._environ.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size > most:
            raise Refusal(413, f"{size} bytes in one request; at most {most} are taken", IN_PIECES)
        if self.called in ("PUT", "POST"):
            self.body = self._environ["wsgi.input"].read(size) if size else b""

    def _pairs(self, text: str) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError:
            pairs = []
            self._fault = "parameters are not percent-encoded UTF-8"
        for name, value in pairs:
            if name in found:
                self._fault = f"parameter {name!r} stands twice"
            if "\0" in name + value:
                self._fault = f"parameter {name!r} holds NUL, which no database keeps"
            found[name] = value
        return found

    def faults(self) -> None:
        """Raises Refusal 400 for what was wrong with the parameters, once it is time to say so."""
        if self._fault:
            raise Refusal(400, self._fault)

    def unfold(self) -> None:
        """The alternate request syntax: the real request stands in the form that was posted. Raises Refusal 400."""
        self.called = self.parameters["method"]
        self.unfolded = True
        if len(self.parameters) > 1:
            self._fault = "the alternate request syntax takes no parameter but method"
        try:
            form = self._pairs(self.body.decode("ascii"))
        except UnicodeDecodeError:
            form = {}
            self._fault = "the form is not URL-encoded"
        self.headers["content-type"] = "application/json"  # unless the form says another
        self.headers |= {name.lower(): form.pop(name) for name in FORM_HEADERS if name in form}
        content = form.pop("content", None)
        if self.called in ("PUT", "POST") and content is None:
            self._fault = self._fault or "the form has no field “content”"
        self.body = (content or "").encode()
        self.parameters = form


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


class _Door:
    """Who may enter: credentials, remembered for a moment, and how often each comes."""

    def __init__(self, registry: Engine) -> None:
        self._registry = registry
        self._lock = Lock()
        self._known: dict[str, tuple[float, Credential]] = {}
        self._left: dict[int, tuple[float, float]] = {}

    def known(self, header: str) -> Credential | None:
        """The credential of an Authorization header; None for none that is good."""
        now = time.monotonic()
        held = self._known.get(header)
        if held is not None and now - held[0] < REMEMBERED_SECONDS:
            return held[1]
        pair = _basic(header)
        found = check_credential(self._registry, *pair) if pair is not None else None
        if found is not None:
            with self._lock:
                if len(self._known) > 1_000:
                    self._known.clear()
                self._known[header] = (now, replace(found, secret=""))
        return found

    def enter(self, header: str) -> Credential:
        """Raises Refusal 401, and 429 for one that comes too often."""
        found = self.known(header)
        if found is None:
            raise Refusal(
                401,
                "sign in with a credential's key and secret",
                (("WWW-Authenticate", 'Basic realm="xAPI"'),),
            )
        if found.rate and not self._take(found):
            raise Refusal(429, f"at most {found.rate} requests a second", (("Retry-After", "1"),))
        return found

    def _take(self, credential: Credential) -> bool:
        """Take one of the requests that the credential has left: a bucket of a second's worth that fills steadily."""
        now = time.monotonic()
        with self._lock:
            at, left = self._left.get(credential.id, (now, float(credential.rate)))
            left = min(float(credential.rate), left + (now - at) * credential.rate)
            enough = left >= 1
            self._left[credential.id] = (now, left - 1 if enough else left)
        return enough


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (key, secret) if colon else None

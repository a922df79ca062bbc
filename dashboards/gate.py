"""What every request meets before any page: Origin check, sign-in, and the headers every answer leaves with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Request, Response, jsonify, redirect, request

from dashboards.access import Access

PUBLIC = ("/assets/", "/_dash-component-suites/")
PUBLIC_EXACT = ("/login", "/healthz", "/_favicon.ico", "/favicon.ico", "/robots.txt")


def same_origin(asked: Request) -> bool:
    """Whether a changing request comes from our own pages: by Origin, else Referer; one without either does not."""
    if asked.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    source = asked.headers.get("Origin") or asked.headers.get("Referer") or ""
    return urlsplit(source).netloc == asked.host and bool(asked.host)


def install(server: Flask, access: Access, hashes: Callable[[], Sequence[str]]) -> None:
    """Adds the checks to a server. `hashes` gives the CSP hashes of Dash's own inline scripts, known once callbacks stand."""

    @server.before_request
    def check() -> Any:
        if request.path.startswith(PUBLIC):
            return None
        if request.method not in ("GET", "HEAD", "OPTIONS") and not same_origin(request):
            return jsonify(error="origin", message="请求不是从本站的页面发出的"), 403
        actor = access.begin()
        if actor is not None or request.path in PUBLIC_EXACT:
            return None
        if request.method != "GET" or request.path.startswith("/_"):
            return jsonify(error="login", message="没有登录，或者登录已经过期"), 401
        wanted = request.full_path.rstrip("?")
        return redirect("/login" if wanted == "/" else f"/login?next={quote(wanted)}")

    https = access.site.settings.https

    @server.after_request
    def dress(response: Response) -> Response:
        headers = response.headers
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = policy(hashes())
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response


def policy(hashes: Sequence[str]) -> str:
    """The content policy. Styles may be inline: Mantine, AG Grid and Plotly write their style sheets at run time."""
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )

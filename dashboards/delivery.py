"""Scripts and styles leave compressed and stay in the browser: for good where the address names the version, else until they change."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from pathlib import Path
from typing import Any

from dash.fingerprint import check_fingerprint
from flask import Flask, Response, request
from plotly.offline import get_plotlyjs_version

SUITES = "/_dash-component-suites/"
STATIC = ("/assets/", SUITES)
STAMPED = re.compile(r"\.v\d[\w]*m\d+\.")  # how Dash writes version and time of a bundle into its name
COMPRESSIBLE = ("text/", "application/json", "application/javascript", "image/svg+xml")
LEAST = 1024
KEPT_MOST = 32 << 20  # bytes; all bundles and assets of the site together are far fewer
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"

PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
SLIM = Path(__file__).parent / "vendor" / "plotly-cartesian.min.js"


def slim_plotly() -> bytes | None:
    """The Plotly build with only the traces of flat charts, a third of the whole; None when it is of another version."""
    script = SLIM.read_bytes() if SLIM.is_file() else b""
    return script if f"v{get_plotlyjs_version()}".encode() in script[:400] else None


class Kept:
    """Compressed files by the one path that each has: nothing made up in an address may fill the memory."""

    def __init__(self, most: int = KEPT_MOST) -> None:
        self.most = most
        self.size = 0
        self._files: dict[str, Response] = {}

    def __len__(self) -> int:
        return len(self._files)

    def find(self, path: str) -> Response | None:
        found = self._files.get(_own_path(path))
        return None if found is None else _copy(found)

    def keep(self, path: str, response: Response) -> None:
        """Keeps a copy, unless there is one or no room is left."""
        own, size = _own_path(path), len(response.get_data())
        if own not in self._files and self.size + size <= self.most:
            self._files[own] = _copy(response)
            self.size += size


def _own_path(path: str) -> str:
    """The path without the fingerprint, of which Dash takes any, and without detours."""
    path = posixpath.normpath(path)
    return str(check_fingerprint(path)[0]) if path.startswith(SUITES) else path


def install(server: Flask) -> None:
    """Adds caching and compression to a server; each bundle is compressed once and kept in memory."""
    kept = server.extensions["kept"] = Kept()

    def is_static() -> bool:
        return request.method == "GET" and request.path.startswith(STATIC)

    @server.before_request
    def from_memory() -> Any:
        if not is_static():
            return None
        if _takes_gzip() and (found := kept.find(request.path)) is not None:
            return found
        if request.path == PLOTLY and (script := slim_plotly()) is not None:
            return Response(script, mimetype="text/javascript")
        return None

    @server.after_request
    def dress(response: Response) -> Response:
        static = is_static()
        if response.status_code != 200:
            return response
        if "Content-Encoding" not in response.headers and (static or _takes_gzip()):
            _compress(response, 9 if static else 5)
            if static and "Content-Encoding" in response.headers:
                kept.keep(request.path, response)
        if static:
            stamped = "m" in request.args or STAMPED.search(request.path)
            response.headers["Cache-Control"] = FOR_GOOD if stamped else ASK_AGAIN
            response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:20])
            response.make_conditional(request)
        return response


def _takes_gzip() -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "").lower()


def _compress(response: Response, level: int) -> None:
    response.direct_passthrough = False
    body = response.get_data()
    worth = (response.mimetype or "").startswith(COMPRESSIBLE) and len(body) >= LEAST
    if worth and _takes_gzip():
        response.set_data(gzip.compress(body, level, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")


def _copy(response: Response) -> Response:
    return Response(response.get_data(), headers=list(response.headers.items()))

"""Serving the site: waitress's threads behind an app that was warmed up first. Prints nothing itself."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from typing import Any

import dash
from waitress.server import create_server

from dashboards.app import create_app
from portrait.site import Site

MOUNT = "/xapi"


def warm_up(app: dash.Dash) -> None:
    """Makes what Dash otherwise makes in the first requests, which race; compresses the bundles every page loads."""
    with app.server.test_request_context("/"):
        app._setup_server()
        html = app.index()
    client = app.server.test_client()
    for address in re.findall(r'(?:src|href)="(/(?:_dash-component-suites|assets)/[^"]+)"', html):
        client.get(address.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip"}).close()


def mounted(site: Any, store: Any, mount: str) -> Any:
    """The site's WSGI application with the learning record store's below the mount."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        at_home = not (path == mount or path.startswith(f"{mount}/"))
        return site(environ, start_response) if at_home else store(environ, start_response)

    return application


def open_server(site: Site, app: dash.Dash | None = None, store: Any = None) -> Any:
    """A waitress server, listening but not yet running: `.run()` serves until `.close()`. `store` answers below /xapi."""
    app = app or create_app(site)
    warm_up(app)
    settings = site.settings
    # Without this every reader behind a proxy would share the proxy's address, and its count of wrong passwords.
    trusted = (
        {"trusted_proxy": settings.proxy, "trusted_proxy_headers": {"x-forwarded-for"}}
        if settings.proxy
        else {}
    )
    try:
        return create_server(
            app.server if store is None else mounted(app.server, store, MOUNT),
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident="",
            max_request_body_size=settings.upload_bytes,
            clear_untrusted_proxy_headers=True,
            **trusted,
        )
    except ValueError as error:  # waitress, of a host that there is not
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL)) from error


def serve(site: Site, *, ready: Callable[[], None] = lambda: None, store: Any = None) -> None:
    """Serves the site, and a learning record store beside it, until it is interrupted; `ready` is called once it listens."""
    server = open_server(site, store=store)
    ready()
    try:
        server.run()
    finally:
        server.close()

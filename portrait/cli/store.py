"""`portrait store`: the learning record store by itself, until it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from threading import current_thread, main_thread
from typing import Annotated, Any

import typer

from portrait.cli.console import stdout
from portrait.cli.journal import open_journal
from portrait.cli.option import Home
from portrait.errors import SettingError
from portrait.settings import Settings, load_settings
from portrait.site import Site, open_site
from portrait.trouble import of_system
from portrait.xapi.record_store import Limits
from portrait.xapi.wsgi import Application, application


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait store --port 8051")
    def store(
        home: Home = None,
        host: Annotated[str | None, typer.Option(help="监听的地址 （PORTRAIT_HOST）")] = None,
        port: Annotated[int | None, typer.Option(help="监听的端口 （PORTRAIT_XAPI_PORT）")] = None,
    ) -> None:
        """只开学习记录库（xAPI 1.0.3 与 2.0），直到按 Ctrl+C 停下；网站用 portrait serve。"""
        given = {"host": host, "xapi_port": port}
        settings = load_settings(home, **{name: value for name, value in given.items() if value is not None})
        if not settings.xapi_port:
            raise SettingError("没有端口：用 --port 或 PORTRAIT_XAPI_PORT 写明学习记录库监听的端口")
        run(
            open_site(settings, behind=True)
        )  # it writes nothing of the lake, and may stand where there is none


def record_store(site: Site) -> Application:
    """The store of a site with the site's limits."""
    settings = site.settings
    limits = Limits(
        body=settings.xapi_megabytes << 20,
        batch=settings.xapi_batch,
        waiting=settings.xapi_waiting,
        page=settings.xapi_page,
    )
    return application(site.registry, default_version=settings.xapi_version, limits=limits)


def end_on_term() -> None:
    """Lets TERM end a server as Ctrl+C does, so that what waits is written and no child is left behind."""
    if current_thread() is main_thread():
        signal.signal(signal.SIGTERM, _end)


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def run(site: Site) -> None:
    """Serves the store. Raises SettingError when the port cannot be had."""
    from waitress.server import create_server

    settings = site.settings
    app = record_store(site)
    end_on_term()
    open_journal()
    try:
        server: Any = create_server(
            app,
            host=settings.host,
            port=settings.xapi_port,
            threads=settings.threads,
            ident="",
            max_request_body_size=(settings.xapi_megabytes << 20) + 65536,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise SettingError(
            f"端口 {settings.xapi_port} 打不开（{of_system(error)}）；换一个：--port 或 PORTRAIT_XAPI_PORT"
        ) from error
    stdout().print(f"学习记录库已打开：[bold]{address(settings)}[/]")
    try:
        server.run()
    finally:
        server.close()
        app.close()


def address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{host}:{settings.xapi_port or settings.port}/xapi"


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """The store in a process of its own, which whoever started it ends."""
    code = "from portrait.cli import main; main()"
    words = [
        "store",
        "--home",
        str(settings.home),
        "--host",
        settings.host,
        "--port",
        str(settings.xapi_port),
    ]
    return subprocess.Popen([sys.executable, "-c", code, *words])

"""`portrait serve`: the site, until it is interrupted."""

from __future__ import annotations

import os
import signal
import sys
from subprocess import Popen
from threading import Event, Thread
from typing import Annotated, NoReturn

import typer

from portrait.cli import store
from portrait.cli.console import INTERRUPTED, stderr, stdout
from portrait.cli.forwarder import Forwarder
from portrait.cli.journal import open_journal
from portrait.cli.option import Home
from portrait.cli.store import end_on_term
from portrait.errors import SettingError
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.health import sizes
from portrait.trouble import of_system

Host = Annotated[str | None, typer.Option(help="监听的地址，默认只有本机能访问 （PORTRAIT_HOST）")]
Port = Annotated[int | None, typer.Option(help="监听的端口，默认 8050 （PORTRAIT_PORT）")]


def register(app: typer.Typer) -> None:
    @app.command(epilog="例：portrait serve --port 8080")
    def serve(
        home: Home = None,
        host: Host = None,
        port: Port = None,
        xapi_port: Annotated[
            int | None,
            typer.Option(
                help="学习记录库另开一个进程监听的端口，默认与网站同一端口的 /xapi （PORTRAIT_XAPI_PORT）"
            ),
        ] = None,
    ) -> None:
        """打开网站和学习记录库（/xapi），直到按 Ctrl+C 停下。"""
        given = {"host": host, "port": port, "xapi_port": xapi_port}
        settings = load_settings(home, **{name: value for name, value in given.items() if value is not None})
        if not settings.home.is_dir():
            raise SettingError(
                f"家目录 {settings.home} 还不存在；先 portrait demo 建示范数据，或 portrait intake 导入数据"
            )
        site = open_site(settings)
        if not sizes(site.registry)["user_account"]:
            stdout().print("还没有登录账号：先用 portrait user add 增加一个（例如 --role admin）")
        run(site)


def address(site: Site) -> str:
    host = "127.0.0.1" if site.settings.host in ("0.0.0.0", "::") else site.settings.host
    return f"http://{host}:{site.settings.port}"


def run(site: Site) -> None:
    """Serves the site and the learning record store. Raises SettingError when a port cannot be had."""
    from dashboards.job import at_work
    from dashboards.serve import serve

    settings = site.settings
    own_process = settings.xapi_port not in (0, settings.port)
    inside = None if own_process else store.record_store(site)
    beside = store.start(settings) if own_process else None
    forwarder = Forwarder(site) if settings.xapi_minutes else None
    over = Event()
    end_on_term()
    open_journal()
    if beside is not None:
        Thread(target=_watch, args=(beside, over), daemon=True).start()
    try:
        serve(site, ready=lambda: stdout().print(_ready(site)), store=inside)
    except OSError as error:
        raise SettingError(
            f"端口 {settings.port} 打不开（{of_system(error)}）；换一个：--port 或 PORTRAIT_PORT"
        ) from error
    finally:
        over.set()
        if forwarder is not None:
            forwarder.close()
        if inside is not None:
            inside.close()
        if beside is not None:
            beside.terminate()
            beside.wait()
        site.close()
        if at_work():
            _leave(sys.exception())


def _leave(why: BaseException | None) -> NoReturn:
    """End at once: what an engine does in another thread cannot be broken off, and the interpreter aborts when it clears up beside it."""
    stdout().print("页面上开始的工作还没有做完，已放下；打开网站再做一次，会从断点继续")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED if isinstance(why, KeyboardInterrupt) else 0)


def _watch(beside: Popen[bytes], over: Event) -> None:
    """Ends this process when the record store's has ended by itself: whoever started both shall notice."""
    code = beside.wait()
    if not over.is_set():
        stderr().print(f"[bold red]错误[/] 学习记录库的进程停了（退出码 {code}），网站也停下")
        os.kill(os.getpid(), signal.SIGTERM)


def _ready(site: Site) -> str:
    return (
        f"网站已打开：[bold]{address(site)}[/]　学习记录库：{store.address(site.settings)}　（Ctrl+C 停下）"
    )

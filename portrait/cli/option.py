"""Options that several commands share, and the site they lead to."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from portrait.errors import SettingError
from portrait.settings import load_settings
from portrait.site import Site, open_site

Home = Annotated[
    Path | None,
    typer.Option("--home", help="家目录，默认 var （PORTRAIT_HOME）"),
]
Wait = Annotated[float, typer.Option(min=0, help="别的进程在写时， 最多等多少秒")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本读取")]


_opened: list[Site] = []


def site_of(home: Path | None, *, new: bool = False, behind: bool = False) -> Site:
    """The installation of a home, which need not be there yet when `new`, its lake `behind` as in `open_site`. Raises SettingError for a home that is not there: in one
    that was made for a slip of the pen nothing would be found."""
    settings = load_settings(home)
    if not new and not settings.home.exists():
        raise SettingError(
            f"没有家目录 {settings.home}：核对 --home（或 PORTRAIT_HOME）；还没有数据就先 portrait intake 导入，或 portrait demo 建示范数据"
        )
    site = open_site(settings, behind=behind)
    _opened.append(site)
    return site


def close_sites() -> None:
    """Let go of the installations that the command has opened."""
    while _opened:
        _opened.pop().close()


def operator() -> str:
    """Who runs the command, as the audit and the batches name them."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"

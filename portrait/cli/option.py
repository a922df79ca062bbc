"""Options that several commands share, and the site they lead to."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from portrait.settings import load_settings
from portrait.site import Site, open_site

Home = Annotated[
    Path | None,
    typer.Option("--home", help="家目录，默认 var （PORTRAIT_HOME）"),
]
Wait = Annotated[float, typer.Option(min=0, help="别的进程在写时， 最多等多少秒")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本读取")]


def site_of(home: Path | None) -> Site:
    return open_site(load_settings(home))


def operator() -> str:
    """Who runs the command, as the audit and the batches name them."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"

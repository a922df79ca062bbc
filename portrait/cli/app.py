"""The command's entrance: the list of commands, and how every error becomes one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from typer.exceptions import TyperException

from portrait.cli import (
    credential,
    demo,
    doctor,
    fit,
    framework,
    identity,
    intake,
    proof,
    quality,
    quarantine,
    rebuild,
    record,
    refresh,
    serve,
    store,
    user,
)
from portrait.cli.console import INTERRUPTED, print_text, stderr
from portrait.cli.option import close_sites
from portrait.cli.speech import speak_chinese, told
from portrait.errors import Misused, PortraitError
from portrait.identity import hidden


def make_app() -> typer.Typer:
    app = typer.Typer(
        name="portrait",
        help="教师数字画像：学习记录 → 证据 → 画像 → 推荐课程 → 三类读者的页面。",
        epilog="例：portrait demo　建一个示范省并打开网站； portrait doctor　看设置和毛病。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )

    @app.callback()
    def root(
        debug: Annotated[bool, typer.Option("--debug", help="出错时给出完整的调用经过")] = False,
        _version: Annotated[
            bool,
            typer.Option("--version", is_eager=True, callback=_tell_version, help="说出是哪一版就结束"),
        ] = False,
    ) -> None:
        """`--debug` is taken off by `main`, wherever it stands; here it only shows in the help."""

    demo.register(app)
    intake.register(app)
    quarantine.register(app)
    framework.register(app)
    proof.register(app)
    identity.register(app)
    record.register(app)
    quality.register(app)
    refresh.register(app)
    fit.register(app)
    serve.register(app)
    store.register(app)
    credential.register(app)
    user.register(app)
    doctor.register(app)
    rebuild.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits with its code: 0, or what the error says (portrait/errors.py)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    speak_chinese()
    try:
        code = make_app()(words, prog_name="portrait", standalone_mode=False)
    except TyperException as error:
        # Asking for nothing shows the help and has no message.
        if message := error.format_message():
            _say(str(Misused(f"{told(message)}（加 --help 看用法）")))
        sys.exit(Misused.exit_code)
    except PortraitError as error:
        if debug:
            raise
        _say(str(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _say("已停下；再运行一次会从断点继续")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has gone; nobody is left to tell.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _say(f"意外错误 {type(error).__name__}：{error}（加 --debug 看完整经过）")
        sys.exit(1)
    finally:
        close_sites()
    if code == INTERRUPTED:
        _say("已停下；再运行一次会从断点继续")
    sys.exit(code if isinstance(code, int) else 0)


def _tell_version(asked: bool) -> None:
    if asked:
        print_text(f"portrait {version('teacher-digital-portrait')}")
        raise typer.Exit


def _say(message: str) -> None:
    line = " ".join(hidden(message).split())
    stderr().print(f"[bold red]错误[/] {escape(line)}", soft_wrap=True, highlight=False)

"""The words that the command's library says in English, in Chinese: of the help, and of what is wrong with a call.

The library translates neither through gettext nor by setting; what it has no constant for is replaced where it is printed.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

from rich.text import Text
from typer import rich_utils
from typer._click.formatting import HelpFormatter
from typer.core import TyperGroup

PIPE_COLUMNS = 120  # of a help that goes into a file
WIDEST = 200

_HELP = {"Show this message and exit.": "给出这份说明就结束"}
_METAVARS = {"COMMAND [ARGS]...": "命令 [参数]…", "[OPTIONS]": "[选项]"}

# What a value is, as the library names its type; a switch takes none.
_TYPES = {
    "<bool>": "",
    "<str>": "<文字>",
    "<path>": "<路径>",
    "<int>": "<整数>",
    "<int range>": "<整数>",
    "<float>": "<数>",
    "<float range>": "<数>",
    "<list[int]>": "<整数>…",
    "<list[str]>": "<文字>…",
    "<%Y-%m-%d>": "<年-月-日>",
}

# What is wrong with a call, as the library says it, and what is added where the last group found something. A group that is one
# of its sentences again is told in the same way.
_ERRORS: tuple[tuple[str, ...], ...] = (
    (r"No such option: (\S+) \(Possible options: (.+)\)", "没有选项 {0}，相近的有：{1}"),
    (r"No such option: (\S+)", "没有选项 {0}"),
    (r"No such command '(.+?)'\.(?: Did you mean (.+)\?)?", "没有命令 {0}", "，是不是 {1}？"),
    (r"Missing command\.", "还缺命令"),
    (r"Missing argument '?(.+?)'?\.(?: (.+))?", "还缺参数 {0}", "（{1}）"),
    (r"Missing option '?(.+?)'?\.(?: (.+))?", "还缺选项 {0}", "（{1}）"),
    (r"Option '(.+)' requires an argument\.", "选项 {0} 后面还要写一个值"),
    (r"Option '(.+)' requires (\d+) arguments\.", "选项 {0} 后面还要写 {1} 个值"),
    (r"Option '(.+)' does not take a value\.", "选项 {0} 后面不写值"),
    (r"Argument '(.+)' takes (\d+) values\.", "参数 {0} 要 {1} 个值"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "多出来的参数：{0}"),
    (r"Invalid value for '(.+?)': (.+)", "{0} 的值不对：{1}"),
    (r"Invalid value: (.+)", "值不对：{0}"),
    (r"Value error, '(.*)' is not one of (.+)\.", "“{0}”不在可选的之内：{1}"),
    (r"Value error, (.+)", "{0}"),
    (r"Choose from:\s*(.+)", "可选：{0}"),
    (r"'?(.*?)'? does not match the formats .*%Y-%m-%d.*", "“{0}”不是日期，应如 2022-08-31"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be a valid number.*", "应为数字"),
    (r"Input should be a valid boolean.*", "应为 true 或 false"),
    (r"Input should be a finite number", "应为有限的数字"),
    (r"Input should be greater than or equal to (\S+)", "应不小于 {0}"),
    (r"Input should be greater than (\S+)", "应大于 {0}"),
    (r"Input should be less than or equal to (\S+)", "应不大于 {0}"),
    (r"Input should be less than (\S+)", "应小于 {0}"),
    (r"Value '(.*)' is not a valid (\S+)\.", "“{0}”不是有效的值"),
)


def speak_chinese() -> None:
    """From now on help is in Chinese, folded and not cut, as wide as the terminal."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
    rich_utils.OPTIONS_PANEL_TITLE = "选项"
    rich_utils.COMMANDS_PANEL_TITLE = "命令"
    rich_utils.REQUIRED_LONG_STRING = "[必填]"
    rich_utils.DEFAULT_STRING = "[默认 {}]"
    rich_utils.ENVVAR_STRING = "[环境变量 {}]"
    rich_utils.DEPRECATED_STRING = "（不再推荐）"
    rich_utils.MAX_WIDTH = None if _seen() else shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns
    rich_utils._make_rich_text = _folded
    rich_utils.types_highlighter = _typed  # type: ignore[assignment]  # a function where a highlighter is: all that is ever done with it is to call it
    TyperGroup.context_class.formatter_class = _Formatter


def told(message: str) -> str:
    """What the library says of a call, in Chinese; what it says in words that we do not know stays as it is."""
    message = " ".join(message.split())
    for pattern, words, *more in _ERRORS:
        found = re.fullmatch(pattern, message)
        if found is not None:
            parts = [_part(part or "") for part in found.groups()]
            return "".join((words, *(more if parts and parts[-1] else ()))).format(*parts)
    return message


def _part(text: str) -> str:
    """A part of a sentence: one again, or names, which may stand in quotes."""
    chinese = told(text)
    return re.sub(r"', '|' / '|, ", "、", text).strip("'") if chinese == text else chinese


def _seen() -> bool:
    """Whether there is a terminal to see the help, be it through a pager: its width is found then."""
    return any(os.isatty(number) for number in (0, 1, 2))


_plain = rich_utils._make_rich_text


def _folded(*, text: str, **options: Any) -> Any:
    """Chinese has no blanks: what is longer than its column is to be folded, for a table would cut it."""
    made = _plain(text=_HELP.get(text, text), **options)
    if isinstance(made, Text):
        made.overflow = "fold"
    return made


_coloured = rich_utils.types_highlighter


def _typed(text: Text) -> Text:
    """The type of a value in Chinese, what follows it with it."""
    for english, chinese in _TYPES.items():
        if text.plain.startswith(english):
            text.plain = (chinese + text.plain.removeprefix(english)).strip()
            break
    return _coloured(text)


class _Formatter(HelpFormatter):
    """Writes the line of usage."""

    def __init__(self, *, width: int | None = None, max_width: int | None = None, **more: Any) -> None:
        super().__init__(width=width, max_width=max_width or WIDEST, **more)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for english, chinese in _METAVARS.items():
            args = args.replace(english, chinese)
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

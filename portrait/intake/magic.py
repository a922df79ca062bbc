"""What a file is by its first bytes, whatever its name says: a PDF called 成绩.xlsx is still none that can be read."""

from __future__ import annotations

from pathlib import Path

from portrait.errors import InputError
from portrait.sentence import Sentence, sentence

# Of files that people take for tables and that are none.
_NONE = {
    b"%PDF": sentence(" PDF 文件"),
    b"\x89PNG": sentence("图片"),
    b"\xff\xd8\xff": sentence("图片"),
    b"GIF8": sentence("图片"),
    b"{\\rtf": sentence(" RTF 文档"),
}
_PAGE = (b"<!doctype", b"<html", b"<table", b"<meta")


def no_table(path: Path, name: str) -> Sentence | None:
    """That the file is something else than a table, and what to do; None when it may be one."""
    with path.open("rb") as file:
        start = file.read(64)
    kind = next((kind for magic, kind in _NONE.items() if start.startswith(magic)), None)
    if kind is None and start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE):
        kind = sentence("网页（HTML）")
    if kind is None:
        return None
    return sentence(
        "{file}：内容是{kind}，不是表格；请从原来的系统导出 Excel 或 CSV，或用表格软件打开后另存为 xlsx",
        file=name,
        kind=kind,
    )


def check_table(path: Path, name: str) -> None:
    """Raise InputError when the file is something else than a table."""
    said = no_table(path, name)
    if said is not None:
        raise InputError(said)

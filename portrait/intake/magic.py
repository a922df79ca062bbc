"""What a file is by its first bytes, whatever its name says: a PDF called 成绩.xlsx is still none that can be read."""

from __future__ import annotations

import zipfile
from pathlib import Path

from portrait.errors import InputError
from portrait.sentence import Sentence, sentence

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")  # what a zip has in it that is a workbook
_LOOKED = 4_096
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


def damage(path: Path, name: str) -> Sentence:
    """What is wrong with a file that is called a workbook and cannot be read as one, and what to do."""
    with path.open("rb") as file:
        start = file.read(_LOOKED)
    if not start:
        return sentence("{file}：文件是空的（0 字节），应有表头和数据行", file=name)
    if start.startswith(OLE):
        why = sentence("内容是旧版 Office 文件，读不出工作表；请用表格软件打开，另存为 xlsx")
    elif start.startswith(b"PK"):
        why = _packed(path)
    elif _text(start):
        return sentence("{file}：内容是文本（如 CSV），不是工作簿；把扩展名改成 .csv 就能读", file=name)
    else:
        why = sentence("内容不是工作簿")
    return sentence("{file}：不是完好的 Excel 工作簿，请重新导出（{why}）", file=name, why=why)


def _packed(path: Path) -> Sentence:
    if not zipfile.is_zipfile(path):
        return sentence("文件不完整，多半没有传完或没有下载完")
    with zipfile.ZipFile(path) as packed:
        if not set(_BOOKS) & set(packed.namelist()):
            return sentence("里面没有工作表，是压缩包或别的文档")
    return sentence("里面有损坏的部分")


def _text(start: bytes) -> bool:
    """Whether a file begins as a table of text does. The last sign may be cut."""
    if b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    for encoding in (
        ("utf-8-sig", "utf-16") if start[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    ):
        for cut in range(4):
            try:
                text = start[: len(start) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return any(sign in text for sign in ",\t;")
    return False

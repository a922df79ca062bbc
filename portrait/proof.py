"""A proof: the file that shows that attendance or offline study took place. What may be one, and as what it is handed out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from portrait.errors import InputError
from portrait.resource import read_yaml
from portrait.sentence import sentence

# Suffix → how such a file begins, and the one type as which it is ever served.
TYPES = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "docx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_SAME = {"jpeg": "jpg"}
_INSIDE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}


def most_bytes() -> int:
    return int(read_yaml("rules/hours.yaml")["claim"]["megabytes"]) << 20


def proof_type(name: str) -> str:
    """The type that a name promises. Raises InputError for what is taken as no proof."""
    suffix = Path(name).suffix.lower().removeprefix(".")
    kind = _SAME.get(suffix, suffix)
    if kind not in TYPES:
        raise InputError(
            "{file}：不收这种文件，证明材料可以是：{choices}", file=name[-80:], choices=list(TYPES)
        )
    return kind


def check_proof(path: Path, name: str) -> str:
    """The type of a file that came as `name`. Raises InputError when it is empty, too large, or not what its name promises."""
    kind, size = proof_type(name), path.stat().st_size
    if not size:
        raise InputError("{file}：文件是空的（0 字节）", file=name)
    if size > most_bytes():
        raise InputError("{file}：超过 {most} MB 的上限", file=name, most=most_bytes() >> 20)
    with path.open("rb") as file:
        begins = file.read(8).startswith(TYPES[kind][0])
    if not begins or (kind in _INSIDE and not _office(path, _INSIDE[kind])):
        raise InputError("{file}：内容不是 {kind} 文件", file=name, kind=sentence(kind.upper()))
    return kind


def _office(path: Path, part: str) -> bool:
    """Whether an archive is an Office document of the kind that has this part, and carries no program."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except zipfile.BadZipFile:
        return False
    return part in names and not any(name.lower().endswith("vbaproject.bin") for name in names)

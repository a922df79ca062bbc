"""What only a workbook's XML tells: hidden rows and columns, and cells that are shown as percentages."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from portrait.intake.mistake import column_number, sheet_part

_BLOCK = 4 << 20
_TAG = re.compile(rb"<(row|col|c)\b([^>]*)>")
_HIDDEN = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_TOLD = re.compile(rb"""\b(r|min|max|s)=["']([A-Z]*\d+)["']""")
_PERCENT = frozenset({9, 10})  # built-in formats 0% and 0.00%
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_MOST_COLUMNS = 16_384


@dataclass(frozen=True)
class Styling:
    """Rows and columns count from 1."""

    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    percent: frozenset[tuple[int, int]] = frozenset()


def styling(path: Path, sheet: str) -> Styling:
    """Of one sheet; nothing for formats other than XLSX. Raises what a damaged workbook raises."""
    if not zipfile.is_zipfile(path):
        return Styling()
    with zipfile.ZipFile(path) as packed:
        part = sheet_part(packed, sheet)
        if part is None:
            return Styling()
        styles = _percent_styles(packed)
        rows: set[int] = set()
        columns: set[int] = set()
        percent: set[tuple[int, int]] = set()
        shown = [f's="{style}"'.encode() for style in styles]
        for block in _blocks(packed, part):
            if b"hidden=" not in block and not any(mark in block for mark in shown):
                continue
            for tag in _TAG.finditer(block):
                name, attributes = tag.groups()
                hidden = name != b"c" and _HIDDEN.search(attributes)
                if not hidden and not (name == b"c" and styles):
                    continue
                told = {key: value.decode() for key, value in _TOLD.findall(attributes)}
                if name == b"row" and told.get(b"r", "").isdecimal():
                    rows.add(int(told[b"r"]))
                elif name == b"col" and told.get(b"min", "").isdecimal() and told.get(b"max", "").isdecimal():
                    last = min(int(told[b"max"]), _MOST_COLUMNS)
                    columns.update(range(int(told[b"min"]), last + 1))
                elif name == b"c" and told.get(b"s") in styles and b"r" in told:
                    letters = told[b"r"].rstrip("0123456789")
                    percent.add((int(told[b"r"][len(letters) :]), column_number(letters)))
        return Styling(frozenset(rows), frozenset(columns), frozenset(percent))


def _percent_styles(packed: zipfile.ZipFile) -> frozenset[str]:
    """Numbers of the cell styles whose number format shows a percentage."""
    if "xl/styles.xml" not in packed.namelist():
        return frozenset()
    root = ElementTree.fromstring(packed.read("xl/styles.xml"))
    formats = set(_PERCENT)
    for one in root.iter():
        if _local(one) == "numFmt" and "%" in _QUOTED.sub("", one.get("formatCode", "")):
            formats.add(int(one.get("numFmtId", "0")))
    used = next((one for one in root.iter() if _local(one) == "cellXfs"), None)
    return frozenset(
        str(place)
        for place, one in enumerate(used if used is not None else ())
        if int(one.get("numFmtId", "0")) in formats
    )


def _blocks(packed: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that end between two tags."""
    rest = b""
    with packed.open(part) as file:
        while block := file.read(_BLOCK):
            whole, mark, tail = (rest + block).rpartition(b"<")
            yield whole
            rest = mark + tail
    yield rest


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]

"""What a spreadsheet writes where a formula failed (#N/A, #DIV/0!): never a value, and where a workbook has such cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

MISTAKES = ("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!")
EXPECTED = "是表格软件的错误值，应为算出来的内容"
_MARKED = re.compile(rb"""\bt\s*=\s*["']e["']""")
_PLACE = re.compile(r"([A-Z]+)(\d+)")
_BLOCK = 1 << 20


def mistakes(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Row and column (from 1) of a sheet's error cells, with what they show. The reader of workbooks takes them for blank.

    Only XLSX tells; for older formats there is nothing.
    """
    with zipfile.ZipFile(path) as packed:
        part = sheet_part(packed, sheet)
        if part is None:
            return {}
        with packed.open(part) as file:
            if not _marked(file):
                return {}
        with packed.open(part) as file:
            return _found(file)


def sheet_part(packed: zipfile.ZipFile, sheet: str) -> str | None:
    """The file of a sheet inside the workbook."""
    names = packed.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return None
    targets = {
        one.get("Id"): one.get("Target", "")
        for one in ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    }
    for one in ElementTree.fromstring(packed.read("xl/workbook.xml")).iter():
        if _name(one) == "sheet" and one.get("name") == sheet:
            related = next((value for key, value in one.attrib.items() if key.endswith("}id")), None)
            part = posixpath.normpath(posixpath.join("/xl", targets.get(related, ""))).lstrip("/")
            return part if part in names else None
    return None


def _marked(file: IO[bytes]) -> bool:
    """Whether there is any error cell: almost never, so the sheet is not taken apart for it."""
    rest = b""
    while block := file.read(_BLOCK):
        if _MARKED.search(rest + block):
            return True
        rest = block[-16:]
    return False


def _found(file: IO[bytes]) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    row = column = 0
    for event, one in ElementTree.iterparse(file, ("start", "end")):
        name = _name(one)
        if event == "start" and name == "row":
            row, column = int(one.get("r", row + 1)), 0
        elif event == "start" and name == "c":
            # Cells may leave out where they are: then each stands right of the one before.
            place = _PLACE.fullmatch(one.get("r", ""))
            column = column_number(place[1]) if place else column + 1
        elif event == "end" and name == "c":
            if one.get("t") == "e":
                found[row, column] = next((v.text or "" for v in one if _name(v) == "v"), "") or MISTAKES[0]
        elif event == "end" and name == "row":
            one.clear()
    return found


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]

"""Workbooks: one sheet's rows as text, dates written as ISO 8601 and whole numbers without a point."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from portrait.errors import InputError
from portrait.intake.magic import OLE, check_table, damage
from portrait.intake.mistake import mistakes
from portrait.intake.raw import Stage, header_names

# A workbook is a zip: refuse one that unpacks to more than this instead of filling the memory.
UNPACKED_LIMIT = 2 << 30
# Real sheets shrink to a tenth or a thirtieth; what shrinks much more is made to fill the memory.
_SUSPECT, _MOST_TIMES = 64 << 20, 150
# A workbook with a password is an OLE container with a stream of this name.
_ENCRYPTED, _DIRECTORY = "EncryptedPackage".encode("utf-16-le"), 1 << 20


def stage_sheet(path: Path, name: str, sheet: str, header: int, target: Path) -> tuple[Stage, str]:
    """The rows of a sheet (the first when `sheet` is empty), staged, and the sheet's name. Raises InputError."""
    chosen, wrong = open_sheet(path, name, sheet)
    rows = chosen.iter_rows()
    cells = [_text(cell) for cell in next(islice(rows, header - 1, None), [])]
    if not any(cells):
        raise InputError(
            "{file}，工作表“{sheet}”：第 {line} 行应为表头，这一行是空的",
            file=name,
            sheet=chosen.name,
            line=header,
        )
    # Columns without a head are kept too, under their place: a note beside the table may not vanish.
    cells += [""] * (chosen.total_width - len(cells))
    stage = Stage(target, header_names(cells))
    for numbers, columns in _chunks(rows, header + 1, len(cells), wrong):
        stage.write(pa.array(numbers, pa.int64()), [pa.array(column, pa.string()) for column in columns])
    stage.close()
    return stage, chosen.name


def sheet_head(path: Path, sheet: str, header: int) -> list[str]:
    """The cells of a sheet's row `header`; none when it is no workbook that can be read."""
    try:
        rows = open_sheet(path, path.name, sheet)[0].iter_rows()
        return [_text(cell) for cell in next(islice(rows, header - 1, None), [])]
    except InputError:
        return []


_DAMAGED = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    OSError,
    ValueError,
    NotImplementedError,  # packed in a way that nobody reads
    RuntimeError,  # a member of the zip has a password
)


def sheet_names(path: Path, name: str) -> list[str]:
    """The sheets of a workbook in their order. Raises InputError."""
    with sound(path, name):
        return list(_book(path, name).sheet_names)


def open_sheet(
    path: Path, name: str, sheet: str, place: int = 0
) -> tuple[CalamineSheet, dict[int, dict[int, str]]]:
    """The sheet (by name, or by its place from 1), and by row and column the cells whose formula failed. Raises InputError."""
    with sound(path, name):
        book = _book(path, name)
        if sheet and sheet not in book.sheet_names:
            raise InputError(
                "{file}：没有工作表“{sheet}”，文件里有：{there}",
                file=name,
                sheet=sheet,
                there=book.sheet_names,
            )
        if place > len(book.sheet_names):
            raise InputError(
                "{file}：没有第 {place} 张工作表，文件里有：{there}",
                file=name,
                place=place,
                there=book.sheet_names,
            )
        chosen = book.get_sheet_by_name(sheet or book.sheet_names[max(place, 1) - 1])
        wrong: dict[int, dict[int, str]] = {}
        if zipfile.is_zipfile(path):
            for (row, column), shown in mistakes(path, chosen.name).items():
                wrong.setdefault(row, {})[column] = shown
        return chosen, wrong


@contextmanager
def sound(path: Path, name: str) -> Iterator[None]:
    """Whatever a damaged workbook raises, said as an InputError: what is wrong in words, never in those of the library."""
    try:
        yield
    except _DAMAGED as error:
        raise InputError(damage(path, name)) from error


def _book(path: Path, name: str) -> CalamineWorkbook:
    with path.open("rb") as file:
        old = file.read(len(OLE)) == OLE
        if old and _ENCRYPTED in file.read(_DIRECTORY):
            raise InputError("{file}：工作簿有打开密码，请去掉密码另存以后再导入", file=name)
    new = zipfile.is_zipfile(path)
    if new:
        with zipfile.ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        times = size // max(path.stat().st_size, 1)
        if size > _SUSPECT and times > _MOST_TIMES:
            raise InputError(
                "{file}：工作簿解开后有 {size} MB，是文件的 {times} 倍，不像真的表格，没有打开",
                file=name,
                size=size >> 20,
                times=times,
            )
        if size > UNPACKED_LIMIT:
            raise InputError(
                "{file}：工作簿解开后有 {size} MB，上限是 {most} MB",
                file=name,
                size=size >> 20,
                most=UNPACKED_LIMIT >> 20,
            )
    else:
        check_table(path, name)
    # The library goes by the suffix, people rename: an .xls called .xlsx is still a workbook.
    renamed = (old and path.suffix.lower() != ".xls") or (new and path.suffix.lower() == ".xls")
    if renamed:
        with path.open("rb") as file:
            book = CalamineWorkbook.from_filelike(file)
    else:
        book = CalamineWorkbook.from_path(str(path))
    if not book.sheet_names:
        raise InputError("{file}：工作簿里没有工作表", file=name)
    return book


def _chunks(
    rows: Iterator[Sequence[object]], first: int, width: int, wrong: dict[int, dict[int, str]]
) -> Iterator[tuple[list[int], list[list[str]]]]:
    numbered = enumerate(rows, first)
    while chunk := list(islice(numbered, 5_000)):
        texts = [[_text(cell) for cell in (*row[:width], *[""] * (width - len(row)))] for _, row in chunk]
        for line, (number, _) in zip(texts, chunk, strict=True):
            for column, shown in wrong.get(number, {}).items():
                if column <= width:
                    line[column - 1] = shown
        yield [number for number, _ in chunk], [list(column) for column in zip(*texts, strict=True)]


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="auto")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)

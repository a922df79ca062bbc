"""Text files: which encoding they are in, and CSV or JSON lines cut into rows without ever holding the file."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from portrait.errors import InputError
from portrait.intake.edx import Reading, statement, statements
from portrait.intake.raw import TEXT_KEY, Broken, Stage, header_names, ragged
from portrait.sentence import sentence
from portrait.trouble import of_bytes, of_packed

BLOCK = 4 << 20  # also the longest row that can be read
_PEEK = 1 << 16
_MOST_JSON = 200 << 20  # of a JSON document, which is held whole; longer files must be lines
_MEMORY = 256  # files of the archive
_DELIMITERS = ",\t;|"
_QUOTED = re.compile('"[^"]*"')
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Text:
    """A text file looked through once: its encoding, and how many quotation marks it holds."""

    path: Path
    name: str
    encoding: str
    marks: int
    kept: bool = False  # in the archive, by the name of what it holds

    def open(self) -> IO[bytes]:
        """The file as UTF-8 bytes without a mark."""
        file = _open(self.path)
        if self.encoding == "utf-8":
            return file
        if self.encoding == "utf-8-sig":
            file.read(3)
            return file
        return io.BufferedReader(_Recoded(file, self.encoding), BLOCK)

    def lines(self) -> IO[str]:
        return io.TextIOWrapper(_open(self.path), encoding=self.encoding, newline="")


class _Recoded(io.RawIOBase):
    """A file in another encoding, as UTF-8."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file, self._decoder, self._rest = file, codecs.getincrementaldecoder(encoding)(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        while not self._rest:
            block = self._file.read(1 << 20)
            self._rest = self._decoder.decode(block, final=not block).encode()
            if not block:
                break
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


@lru_cache(_MEMORY)
def look_kept(path: Path, name: str, encoding: str) -> Text:
    """As `look`, of a file that the archive has and that is sound: as its name says what it holds, it is read to its end once."""
    return replace(look(path, name, encoding), kept=True)


def look(path: Path, name: str, encoding: str) -> Text:
    """The encoding of a text file, read to its end. Raises InputError when it is empty, no text, or not in `encoding`."""
    with _open(path) as file:
        start = file.read(8)
    if not start.strip(b"\xef\xbb\xbf \t\r\n"):
        with _open(path) as file:
            if not any(
                block.strip(b"\xef\xbb\xbf \t\r\n") for block in iter(lambda: file.read(1 << 20), b"")
            ):
                raise InputError("{file}：文件是空的，应有表头和数据行", file=name)
    for magic, kind in (
        (b"PK\x03\x04", sentence("Excel 工作簿或压缩包")),
        (b"PAR1", sentence("Parquet 文件")),
        (b"\xd0\xcf\x11\xe0", sentence("旧版 Office 文件")),
    ):
        if start.startswith(magic):
            raise InputError(
                "{file}：应为文本文件，内容却是{kind}；请改正扩展名或在映射里写 format", file=name, kind=kind
            )
    choices = ["utf-8", "gb18030"] if encoding == "auto" else [encoding]
    if start.startswith(codecs.BOM_UTF8):
        choices = ["utf-8-sig"]
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        choices = ["utf-16"]
    failures = []
    for choice in choices:
        try:
            found = Text(path, name, choice, _marks(path, choice))
        except UnicodeDecodeError as error:
            failures.append(
                sentence(
                    "按 {encoding} 读到第 {line} 行时出错（{reason}）",
                    encoding=choice,
                    line=_line_of(path, choice),
                    reason=of_bytes(error.reason),
                )
            )
        except (OSError, EOFError) as error:
            raise InputError("{file}：压缩文件已损坏：{error}", file=name, error=of_packed(error)) from error
        except _NotText as error:
            raise InputError(
                "{file}：第 {line} 行有不属于文本的字节，应为 UTF-8 或 GB18030 的文本文件",
                file=name,
                line=error.line,
            ) from None
        else:
            if encoding == "gb18030" == choice and _chinese(path):
                failures.append(sentence("内容是 UTF-8"))
                break
            return found
    if encoding != "auto":
        raise InputError(
            "{file}：映射写的编码是 {encoding}，文件却不是（{failures}）；应为 UTF-8（带或不带标记）或 GB18030，"
            "请改映射里的 encoding，或写 auto",
            file=name,
            encoding=encoding,
            failures=failures,
        )
    raise InputError(
        "{file}：认不出编码，应为 UTF-8（带或不带标记）或 GB18030；{failures}", file=name, failures=failures
    )


class _NotText(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def _marks(path: Path, encoding: str) -> int:
    """How many quotation marks the file holds. Raises UnicodeDecodeError, or _NotText at a NUL."""
    decoder, marks, line = codecs.getincrementaldecoder(encoding)(), 0, 1
    with _open(path) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            text = decoder.decode(block)
            if "\0" in text:
                raise _NotText(line + text[: text.index("\0")].count("\n"))
            marks += text.count('"')
            line += text.count("\n")
        decoder.decode(b"", final=True)
    return marks


def _chinese(path: Path) -> bool:
    """Whether the file is UTF-8 and holds Chinese: what GB18030 reads into such bytes is never meant."""
    decoder, found = codecs.getincrementaldecoder("utf-8")(), False
    with _open(path) as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                found = found or bool(_HAN.search(decoder.decode(block)))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return found


def _line_of(path: Path, encoding: str) -> int:
    """Number of the first line that is not in this encoding."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 0
    with _open(path) as file:
        for row in file:
            line += 1
            try:
                decoder.decode(row)
            except UnicodeDecodeError:
                break
    return line


def stage_csv(text: Text, header: int, target: Path) -> tuple[Stage, list[Broken]]:
    """Cut a CSV into staged columns. Rows with too many or too few cells come back as broken, each with its number.

    Rows count as a spreadsheet counts them: a quoted line end does not start a new row, the header is row `header`.
    """
    with text.lines() as lines:
        first = _QUOTED.sub("", "".join(islice(lines, header - 1, header)))
        delimiter = max(_DELIMITERS, key=first.count)
    paired = _paired(text, delimiter)
    with text.lines() as lines:
        if paired:
            rows = csv.reader(lines, delimiter=delimiter)
            cells = next(islice(rows, header - 1, None), [])
            skip = rows.line_num
        else:
            try:
                cells = next(
                    csv.reader(islice(lines, header - 1, header), delimiter=delimiter, strict=True), []
                )
            except csv.Error:
                raise InputError(
                    "{file}：第 {line} 行应为表头，这一行的引号没有配对", file=text.name, line=header
                ) from None
            skip = header
    if not any(cell.strip() for cell in cells):
        raise InputError("{file}：第 {line} 行应为表头，这一行是空的", file=text.name, line=header)
    names = header_names(cells)
    stage = Stage(target, names)
    broken: list[Broken] = []
    if paired:
        _cut_fast(text, stage, delimiter, skip, header, broken)
    else:
        _cut_by_line(text, stage, delimiter, skip, header, broken)
    stage.close()
    return stage, broken


def head_of(path: Path, header: int) -> list[str]:
    """The cells of a CSV's row `header`, read without the rest of the file; none when it is no text that begins so."""
    try:
        with _open(path) as file:
            start = file.read(_PEEK)
    except (OSError, EOFError):
        return []
    for encoding in (
        ("utf-16",) if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ("utf-8-sig", "gb18030")
    ):
        # The block may end inside a sign.
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = decoder.decode(start)
        except UnicodeDecodeError:
            continue
        lines = io.StringIO(text, newline="").readlines() if "\n" in text else text.splitlines(keepends=True)
        first = _QUOTED.sub("", "".join(lines[header - 1 : header]))
        if "\0" in text or not first.strip():
            return []
        rows = csv.reader(iter(lines), delimiter=max(_DELIMITERS, key=first.count))
        try:
            return next(islice(rows, header - 1, None), [])
        except csv.Error:
            return []
    return []


def _paired(text: Text, delimiter: str) -> bool:
    """Whether every quotation mark opens or closes a cell.

    An even number is not enough: two stray marks pair up across the rows between them, and a lenient parser makes those
    rows one.
    """
    if text.marks % 2:
        return False
    return not text.marks or (_paired_kept if text.kept else _closed)(text, delimiter)


def _closed(text: Text, delimiter: str) -> bool:
    with text.lines() as lines:
        try:
            for _ in csv.reader(lines, delimiter=delimiter, strict=True):
                pass
        except csv.Error:
            return False
    return True


_paired_kept = lru_cache(_MEMORY)(_closed)


def _cut_fast(text: Text, stage: Stage, delimiter: str, skip: int, header: int, broken: list[Broken]) -> None:
    ragged: deque[int] = deque()

    def refuse(row: pc.InvalidRow) -> str:
        number = row.number - skip + header
        ragged.append(number)
        if row.text.strip():
            broken.append(_ragged(number, row.text, stage.names, delimiter))
        return "skip"

    names = [f"c{i}" for i in range(len(stage.names))]
    with text.open() as file:
        reader = pc.open_csv(
            file,
            # One thread: only then does the parser number the rows it refuses.
            read_options=pc.ReadOptions(
                use_threads=False, block_size=BLOCK, skip_rows=skip, column_names=names
            ),
            parse_options=pc.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=refuse,
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        at = header + 1
        try:
            for batch in reader:
                numbers = np.arange(at, at + batch.num_rows + len(ragged))
                numbers = numbers[~np.isin(numbers, np.fromiter(ragged, np.int64))][: batch.num_rows]
                if batch.num_rows:
                    at = int(numbers[-1]) + 1
                while ragged and ragged[0] < at:
                    ragged.popleft()
                stage.write(pa.array(numbers, pa.int64()), batch.columns)
        except pa.ArrowInvalid as error:
            raise InputError(
                "{file}：第 {line} 行之后有一行超过 {most} MB 或不能切成列，多半是引号没有配对（{error}）",
                file=text.name,
                line=at,
                most=BLOCK >> 20,
                error=error,
            ) from error


def _cut_by_line(
    text: Text, stage: Stage, delimiter: str, skip: int, header: int, broken: list[Broken]
) -> None:
    """The file has a stray quotation mark: take every line for itself, so that the mark spoils one row and not the rest."""
    width = len(stage.names)
    with io.TextIOWrapper(text.open(), encoding="utf-8", newline=None) as lines:
        numbered = enumerate(islice(lines, skip, None), header + 1)
        while chunk := list(islice(numbered, 20_000)):
            good: list[tuple[int, list[str]]] = []
            for number, line in chunk:
                line = line.rstrip("\n")
                try:
                    cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
                except csv.Error:
                    broken.append(Broken(number, "unpaired_quote", "引号没有配对", {TEXT_KEY: line}))
                    continue
                if len(cells) == width:
                    good.append((number, cells))
                elif line.strip():
                    broken.append(_ragged(number, line, stage.names, delimiter))
            columns = list(zip(*(cells for _, cells in good), strict=True)) or [()] * width
            stage.write(
                pa.array([number for number, _ in good], pa.int64()),
                [pa.array(column, pa.string()) for column in columns],
            )


def _ragged(number: int, line: str, names: Sequence[str], delimiter: str) -> Broken:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return Broken(number, "unpaired_quote", "引号没有配对", {TEXT_KEY: line})
    return ragged(number, cells, names)


def row_at(text: Text, header: int, number: int) -> tuple[list[str], list[str] | Broken | None]:
    """The heads of a CSV and the cells of one row, numbered as `stage_csv` numbers them; None where there is no such row.

    Read up to the row, whatever comes after it.
    """
    with text.lines() as lines:
        first = _QUOTED.sub("", "".join(islice(lines, header - 1, header)))
    delimiter = max(_DELIMITERS, key=first.count)
    names: list[str] = []
    for at, cells in cut_rows(text, delimiter):
        if at == header and not isinstance(cells, Broken):
            names = header_names(cells)
        if at == number:
            if isinstance(cells, Broken) or not names or len(cells) == len(names):
                return names, cells
            return names, ragged(number, cells, names) if any(cells) else None
    return names, None


def line_at(text: Text, number: int, *, listed: bool) -> str | None:
    """One row of a JSON-lines file as it came in; `listed` when a JSON document of several objects counts as a line for each."""
    for numbers, lines in (_listed(text) if listed else None) or _chunks(text):
        if number <= numbers[-1]:
            return lines[number - numbers[0]] if number >= numbers[0] else None
    return None


def delimiter_of(text: Text, rows: int) -> str:
    """What separates the cells, judged by the first rows: a title above the table has none."""
    with text.lines() as lines:
        first = [_QUOTED.sub("", line) for line in islice(lines, rows)]
    return max(_DELIMITERS, key=lambda one: max((line.count(one) for line in first), default=0))


def cut_rows(text: Text, delimiter: str) -> Iterator[tuple[int, list[str] | Broken]]:
    """Every row by its number, as a spreadsheet counts them, cut but not compared with a header."""
    if _paired(text, delimiter):
        with text.lines() as lines:
            yield from enumerate(csv.reader(lines, delimiter=delimiter), 1)
        return
    with io.TextIOWrapper(text.open(), encoding="utf-8", newline=None) as plain_lines:
        for number, line in enumerate(plain_lines, 1):
            line = line.rstrip("\n")
            try:
                yield number, next(csv.reader([line], delimiter=delimiter, strict=True), [])
            except csv.Error:
                yield number, Broken(number, "unpaired_quote", "引号没有配对", {TEXT_KEY: line})


def stage_lines(text: Text, target: Path) -> Stage:
    """The lines of a JSON-lines file, one staged text a row; blank lines count but are no rows.

    A list of objects, or an answer of a learning record store with its `statements`, counts as one line for each of them.
    """
    stage = Stage(target, ["json"])
    for numbers, lines in _listed(text) or _chunks(text):
        stage.write(pa.array(numbers, pa.int64()), [pa.array(lines, pa.string())])
    stage.close()
    return stage


def stage_events(text: Text, target: Path) -> Stage:
    """The lines of a tracking log of Open edX, each as its statement and as it came in; blank lines count but are no rows."""
    with text.open() as file:
        talks = any(b'"edx.forum.' in line for line in file)
    reading = Reading(talks)
    stage = Stage(target, ["json", "line"])
    for numbers, lines in _chunks(text):
        rows = list(statements(zip(numbers, lines, strict=True), reading))
        stage.write(
            pa.array([number for number, _, _ in rows], pa.int64()),
            [pa.array([row[place] for row in rows], pa.string()) for place in (1, 2)],
        )
    stage.close()
    return stage


def event_again(line: str) -> str:
    """The statement of a line that a person corrected."""
    return statement(line.strip(), Reading(talks=True))


def _listed(text: Text) -> Iterator[tuple[list[int], list[str]]] | None:
    """The objects of a file that is one JSON document; None when it is none, or a line of it is one already."""
    with text.open() as file:
        start = file.read(_PEEK).lstrip()
        if not start.startswith((b"[", b"{")):
            return None
        first = start.split(b"\n", 1)
        try:
            # One whole object in the first line and more after it: these are lines.
            if len(first) > 1 and first[1].strip() and isinstance(json.loads(first[0]), dict):
                return None
        except ValueError:
            pass
        start += file.read(_MOST_JSON)
        if file.read(1):
            return None
    try:
        found = json.loads(start)
    except (ValueError, RecursionError):
        return None
    found = found.get("statements") if isinstance(found, dict) else found
    return _numbered(found) if isinstance(found, list) else None


def _numbered(found: list[object]) -> Iterator[tuple[list[int], list[str]]]:
    for begin in range(0, len(found), 10_000):
        some = found[begin : begin + 10_000]
        lines = [json.dumps(one, ensure_ascii=False).encode("utf-8", "replace").decode() for one in some]
        yield list(range(begin + 1, begin + len(some) + 1)), lines


def _chunks(text: Text) -> Iterator[tuple[list[int], list[str]]]:
    with io.TextIOWrapper(text.open(), encoding="utf-8", newline="\n") as file:
        numbered = enumerate(file, 1)
        while chunk := list(islice(numbered, 10_000)):
            yield [number for number, _ in chunk], [line.strip() for _, line in chunk]

"""Files that a person handed in through a page and has not decided on: they wait in a folder of the home, one per person.

Nothing of them is stored before `take`; given up or forgotten for a day, they are removed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from portrait.errors import InputError, LakeBusy, PortraitError
from portrait.intake.door import BatchReport, intake
from portrait.intake.find import found
from portrait.intake.land import Progress as Within
from portrait.intake.mapping import Mapping, load_mapping, mapping_files
from portrait.intake.reader import SUFFIXES
from portrait.intake.sketch import NEW, recognised
from portrait.intake.unpack import look_through, unpack
from portrait.sentence import sentence, without
from portrait.site import Site

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is behind (0..1)

KEPT = timedelta(hours=24)
MOST_FILES = 40
ZIP = "zip"
GZIP = ".gz"
ACCEPTED = (*SUFFIXES, f".{ZIP}", GZIP)
_TEXT = ("csv", "jsonl")  # the formats that are read gzipped too
_PACKED = re.compile(r"(\.[^.-]+)(?:[-.]\d+)?\.gz", re.IGNORECASE)  # 成绩.csv.gz, tracking.log-20220510.gz
WAIT_SECONDS = 20.0  # for another writer of the lake to finish
_BLOCK = 1 << 20
_NAME_LONGEST = 80  # characters: a name in Chinese takes three bytes each, and a folder entry 255

# How files begin that are not text.
_MAGIC = {
    b"PK\x03\x04": "压缩包或 Excel 工作簿",
    b"PAR1": " Parquet 文件",
    b"\xd0\xcf\x11\xe0": "旧版 Office 文件",
    b"\x1f\x8b": "压缩文件",
    b"%PDF": " PDF 文件",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
}
_PROMISED = {
    "parquet": (b"PAR1",),
    "xlsx": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),
}


@dataclass(frozen=True)
class Upload:
    """What waits for one person. `stamp` changes whenever files or source do."""

    folder: Path
    source: str  # name of a mapping; "" when none is chosen
    files: tuple[Path, ...]

    @property
    def stamp(self) -> str:
        marks = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in self.files]
        return f"{self.source}|{marks}"


@dataclass(frozen=True)
class Taken:
    """What became of the files of an upload: the ledger of the batches, and the files that could not be read."""

    reports: tuple[BatchReport, ...]
    refused: tuple[tuple[str, str], ...]  # file, why


def upload_of(home: Path, user_id: int) -> Upload:
    """What waits for this person; an empty upload when nothing does."""
    place = _place(home, user_id)
    folder = place / "file"
    files = sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
    said = place / "source"
    source = said.read_text(encoding="utf-8") if said.is_file() else ""
    return Upload(folder, source, tuple(files))


def choose_none(home: Path, user_id: int) -> Upload:
    """The upload, its source open again."""
    (_place(home, user_id) / "source").unlink(missing_ok=True)
    return upload_of(home, user_id)


def choose(home: Path, user_id: int, source: str) -> Upload:
    """The upload, from now on to be read by the mapping of this name, or (NEW) by one still to be made. Raises InputError for one that does not exist."""
    known = mapping_files(home)
    if source not in known and source != NEW:
        raise InputError(
            "没有名为“{source}”的来源映射，可选：{choices}", source=source[:40], choices=sorted(known)
        )
    place = _made(home, user_id)
    (place / "source").write_text(source, encoding="utf-8")
    return upload_of(home, user_id)


def receive(
    home: Path,
    user_id: int,
    name: str,
    stream: IO[bytes],
    *,
    megabytes: int,
    still: Callable[[], None] = lambda: None,
) -> Path:
    """The file that `stream` held, waiting under a safe form of its name; one of the same name is replaced. Of an archive its
    files wait.

    Raises InputError when the file is empty, larger than `megabytes`, one too many, or not what its name promises, and
    what `still` raises: it is asked once the whole file has come, which may take long.
    """
    name = safe_name(name)
    kind = _kind(name)
    place = _made(home, user_id)
    target = place / "file" / name
    if not target.exists() and len(upload_of(home, user_id).files) >= MOST_FILES:
        raise InputError("{file}：一次最多 {most} 个文件，请先接入或放弃已上传的", file=name, most=MOST_FILES)
    handle, half = tempfile.mkstemp(dir=place, prefix="half-")
    try:
        size = 0
        with os.fdopen(handle, "wb") as file:
            for block in _blocks(stream):
                size += len(block)
                if size > megabytes << 20:
                    raise InputError(
                        "{file}：超过 {most} MB 的上限；请分成几个文件，或用命令 portrait intake 导入",
                        file=name,
                        most=megabytes,
                    )
                file.write(block)
        if not size:
            raise InputError("{file}：文件是空的（0 字节），应有表头和数据行", file=name)
        if kind == ZIP:
            still()
            return _spread(home, user_id, Path(half), name, megabytes)
        _judge(Path(half), name, kind, megabytes)
        still()
        os.replace(half, target)
    finally:
        Path(half).unlink(missing_ok=True)
    return target


def _kind(name: str) -> str:
    """The format that a file's name promises, of a gzipped file that of the file in it. Raises InputError for what is not taken."""
    suffix = Path(name).suffix.lower()
    kind = ZIP if suffix == f".{ZIP}" else SUFFIXES.get(suffix)
    if suffix == GZIP:
        inside = _PACKED.search(name)
        kind = SUFFIXES.get(inside[1].lower()) if inside else None
        kind = kind if kind in _TEXT else None
    if kind is None:
        raise InputError(
            "{file}：不收这种文件；收的有：{choices}（别的压缩包请先解开）", file=name, choices=list(ACCEPTED)
        )
    return kind


def _spread(home: Path, user_id: int, archive: Path, name: str, megabytes: int) -> Path:
    """The files of an archive, waiting beside the others as if each had been handed in; the first of them."""
    place = _place(home, user_id)
    with tempfile.TemporaryDirectory(dir=place, prefix="half-") as folder:
        inside = unpack(archive, Path(folder), name=name, most_bytes=megabytes << 20, most_files=MOST_FILES)
        files = {safe_name(file.name): file for file in sorted(inside.rglob("*")) if file.is_file()}
        for inner, file in files.items():
            kind = _kind(inner)
            if kind == ZIP:
                raise InputError("{file}：压缩包里还有压缩包 {inner}，请先解开", file=name, inner=inner)
            _judge(file, inner, kind, megabytes)
        waiting = {file.name for file in upload_of(home, user_id).files}
        if len(waiting | set(files)) > MOST_FILES:
            raise InputError(
                "{file}：一次最多 {most} 个文件，请先接入或放弃已上传的", file=name, most=MOST_FILES
            )
        for inner, file in files.items():
            os.replace(file, place / "file" / inner)
    return place / "file" / min(files)


def remove(home: Path, user_id: int, name: str = "") -> None:
    """Give up one file of the upload, or all of it."""
    if not name:
        shutil.rmtree(_place(home, user_id), ignore_errors=True)
        return
    for file in upload_of(home, user_id).files:
        if file.name == name:
            file.unlink(missing_ok=True)


def sweep_uploads(home: Path, now: datetime) -> None:
    """Remove uploads that nobody has touched for a day."""
    for place in (home / "upload").glob("*"):
        touched = max((path.stat().st_mtime for path in [place, *place.rglob("*")]), default=0.0)
        if now.timestamp() - touched > KEPT.total_seconds():
            shutil.rmtree(place, ignore_errors=True)


def take(site: Site, user_id: int, *, by: str, progress: Progress | None = None) -> Taken:
    """Take in the waiting files one by one, in the order in which their mapping reads them; then none of them waits any more.

    A file that cannot be read is told and does not stop the others. Raises LakeBusy when another process goes on
    writing: all of them then wait on, and what had come in adds nothing when it is taken again. What arrives meanwhile
    waits on too.
    """
    tell = progress or silent
    waiting = upload_of(site.settings.home, user_id)
    mapping = load_mapping(waiting.source, site.settings.home)
    marks = {file: _mark(file) for file in waiting.files}
    wanted, unused = arranged(mapping, waiting)
    reports: list[BatchReport] = []
    refused: list[tuple[str, str]] = [
        (file.name, sentence("映射 {name} 没有用得上它的流，没有接入", name=mapping.name)) for file in unused
    ]
    for number, file in enumerate(wanted):
        share = _part(tell, number, len(wanted))
        try:
            reports += intake(site, file, waiting.source, by=by, progress=share, wait_seconds=WAIT_SECONDS)
        except LakeBusy:
            raise
        except PortraitError as error:
            refused.append((file.name, without(error.message, str(waiting.folder), sentence("上传的文件"))))
    for file, mark in marks.items():
        if _mark(file) == mark:
            file.unlink()
    if not upload_of(site.settings.home, user_id).files:
        (_place(site.settings.home, user_id) / "source").unlink(missing_ok=True)
    return Taken(tuple(reports), tuple(refused))


def _mark(file: Path) -> tuple[int, int, int] | None:
    """Tells a file from another that took its place; None when there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _part(tell: Progress, number: int, total: int) -> Within:
    """The door's progress in one of several files, as a share of them all."""

    def within(text: str, done: int, all_: int) -> None:
        told = f"第 {number + 1}/{total} 个文件：{text.removesuffix('（1/1）')}"
        tell(told, (number + (done / all_ if all_ else 0.0)) / total)

    return within


def silent(_text: str, _share: float) -> None:
    """Progress that nobody watches."""


def arranged(mapping: Mapping, upload: Upload) -> tuple[list[Path], list[Path]]:
    """The files that streams read, in the mapping's order, and those that none reads or looks things up in."""
    if not upload.files:
        return [], []
    handed = found(mapping, upload.folder)
    wanted = dict.fromkeys(file for _, files in handed.streams for file in files)
    return list(wanted), list(handed.unused)


def suggested(home: Path, upload: Upload) -> str:
    """The one mapping that has a use for every file, one that knows their headers before all; "" when none has, or several."""
    known = recognised(home, upload.files)
    if len(known) == 1:
        return known[0]
    fitting = []
    for name in mapping_files(home):
        try:
            mapping = load_mapping(name, home)
            if any(stream.layout.office for stream in mapping.streams) and name not in known:
                continue  # made for sheets, whatever they are called: their header is what counts
            wanted, unused = arranged(mapping, upload)
        except PortraitError:
            continue  # a broken mapping is told to who chooses it
        if wanted and not unused:
            fitting.append(name)
    return fitting[0] if len(fitting) == 1 else ""


def safe_name(name: str) -> str:
    """A file's own name without any folder, control character or leading dot, short enough for a folder's entry."""
    own = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    own = "".join(c for c in own if c.isprintable()).strip().lstrip(".~").strip()
    path = Path(own or "文件")
    end = path.suffix[:10]
    if end.lower() == GZIP and (inside := _PACKED.search(path.name)) and len(inside[0]) < 30:
        end = inside[0]
    return path.name.removesuffix(end)[: _NAME_LONGEST - len(end)] + end


def _judge(path: Path, name: str, kind: str, megabytes: int) -> None:
    """Raise InputError when the content is plainly not what the name promises, or more than `megabytes` once unpacked."""
    if name.lower().endswith(GZIP):
        size, start = look_through(path, name, megabytes << 20)
        if not size:
            raise InputError("{file}：文件是空的（0 字节），应有表头和数据行", file=name)
    else:
        with path.open("rb") as file:
            start = file.read(8)
    looks = next((what for magic, what in _MAGIC.items() if start.startswith(magic)), "")
    if kind in _PROMISED:
        if not start.startswith(_PROMISED[kind]):
            wanted = sentence("Parquet 文件") if kind == "parquet" else sentence("Excel 工作簿")
            if looks:
                raise InputError(
                    "{file}：内容不是 {kind}，而是{looks}，请重新导出",
                    file=name,
                    kind=wanted,
                    looks=sentence(looks),
                )
            raise InputError("{file}：内容不是 {kind}，请重新导出", file=name, kind=wanted)
    elif looks:
        raise InputError(
            "{file}：应为文本文件，内容却是{kind}；请改正扩展名或重新导出", file=name, kind=sentence(looks)
        )


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _place(home: Path, user_id: int) -> Path:
    return home / "upload" / str(user_id)


def _made(home: Path, user_id: int) -> Path:
    place = _place(home, user_id)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    (place / "file").mkdir(parents=True, exist_ok=True)
    return place

"""A zip archive taken as a folder: what is in it is written below one place and nowhere else, and not without bounds. A gzipped
file is only looked through: readers take it as it is.
"""

from __future__ import annotations

import gzip
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from portrait.errors import InputError
from portrait.sentence import sentence
from portrait.trouble import of_packed

MOST_FILES = 500
MOST_BYTES = 2 << 30  # of all files together, unpacked
_BLOCK = 1 << 20
_UTF8 = 0x800
_ENCRYPTED = 0x1


def is_zip(path: Path) -> bool:
    """Whether a file calls itself an archive and is none of the formats that only look like one inside."""
    return path.is_file() and path.suffix.lower() == ".zip"


def unpack(
    archive: Path,
    target: Path,
    *,
    name: str = "",
    most_bytes: int = MOST_BYTES,
    most_files: int = MOST_FILES,
) -> Path:
    """The folder of what an archive (that came as `name`) holds: `target`, or the one folder in it that holds everything.

    Raises InputError, and may leave files in `target`, when the archive is damaged or encrypted, holds too much, or names a
    place outside, a link, or the same file twice.
    """
    name = name or archive.name
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            if len(entries) > most_files:
                raise InputError(
                    "{file}：压缩包里有 {n} 个文件，最多 {most} 个",
                    file=name,
                    n=len(entries),
                    most=most_files,
                )
            left, seen = most_bytes, set[str]()
            for entry in entries:
                place = _place(name, entry)
                if any(part.startswith((".", "__MACOSX")) for part in place.parts):
                    continue
                if place.as_posix().lower() in seen:
                    raise InputError("{file}：压缩包里有两个“{inner}”", file=name, inner=place)
                seen.add(place.as_posix().lower())
                left = _write(packed, entry, target / place, left, name, most_bytes)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise InputError("{file}：压缩包已损坏或不是 zip：{error}", file=name, error=error) from error
    inside = list(target.iterdir())
    if not inside:
        raise InputError("{file}：压缩包是空的", file=name)
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else target


def look_through(packed: Path, name: str, most_bytes: int) -> tuple[int, bytes]:
    """How many bytes a gzipped file (that came as `name`) holds, and the first of them.

    Raises InputError when it is damaged, or as soon as it has given more than `most_bytes`.
    """
    size, start = 0, b""
    try:
        with gzip.open(packed) as file:
            while block := file.read(_BLOCK):
                start = start or block[:16]
                size += len(block)
                if size > most_bytes:
                    raise InputError("{file}：压缩包解开后超过 {most} MB", file=name, most=most_bytes >> 20)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError("{file}：压缩文件已损坏：{error}", file=name, error=of_packed(error)) from error
    return size, start


def _place(archive: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    """Where an entry belongs below the folder. Raises InputError for one that belongs elsewhere."""
    said = entry.filename
    if not entry.flag_bits & _UTF8:
        # Without the mark a name is in the packer's own code page, which here is a Chinese one.
        try:
            said = said.encode("cp437").decode("gb18030")
        except (UnicodeEncodeError, UnicodeDecodeError):
            said = entry.filename
    path = PurePosixPath(said.replace("\\", "/"))
    fault = ""
    if path.is_absolute() or ".." in path.parts or ":" in said or not path.parts or not said.isprintable():
        fault = sentence("路径指到文件夹外面")
    elif stat.S_ISLNK(entry.external_attr >> 16):
        fault = sentence("是一个链接")
    elif entry.flag_bits & _ENCRYPTED:
        fault = sentence("加了密码")
    if fault:
        raise InputError(
            "{file}：压缩包里的“{inner}”{fault}，整个压缩包不收", file=archive, inner=said[:80], fault=fault
        )
    return path


def _write(
    packed: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, left: int, archive: str, most: int
) -> int:
    """Write one file; how many bytes may still come. What is said of its size is not believed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(entry) as source, place.open("wb") as target:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise InputError("{file}：压缩包解开后超过 {most} MB", file=archive, most=most >> 20)
            target.write(block)
    return left

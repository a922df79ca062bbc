"""Raw files kept as received, named by their content: the lake can be rebuilt from them, and nothing is kept twice."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_BLOCK = 1 << 20
_COPYING = ".copy-"
_MEMORY = 1024  # files


def keep(archive: Path, file: Path) -> str:
    """The sha256 of a file, which from then on stands in the archive.

    Copied, not linked: a platform that writes on into its log must not change what was taken in.
    """
    digest = _digest(file)
    while not place(archive, digest).exists():
        with file.open("rb") as source:
            # The copy is named by what it holds, also when the file grew between the two readings.
            digest = _put(archive, digest, iter(lambda: source.read(_BLOCK), b""))
    return digest


def keep_text(archive: Path, text: str) -> str:
    """The sha256 of a text, which from then on stands in the archive as a file of its own."""
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()
    return digest if place(archive, digest).exists() else _put(archive, digest, iter([content]))


def _put(archive: Path, digest: str, blocks: Iterator[bytes]) -> str:
    """Write a file, `digest` as far as is known, into the archive and name it by what it holds."""
    place(archive, digest).parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place(archive, digest).parent, prefix=_COPYING)
    copied = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as target:
            for block in blocks:
                copied.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        there = place(archive, copied.hexdigest())
        there.parent.mkdir(exist_ok=True)
        os.chmod(name, 0o600)
        os.replace(name, there)
    finally:
        Path(name).unlink(missing_ok=True)
    return copied.hexdigest()


def place(archive: Path, digest: str) -> Path:
    """Where the file with this content stands."""
    return archive / digest[:2] / digest


def sound(archive: Path, digest: str) -> bool:
    """Whether the file with this content is there and still has it."""
    path = place(archive, digest)
    return path.is_file() and _digest(path) == digest


def still_sound(archive: Path, digest: str) -> bool:
    """As `sound`, for who looks at a file again and again: it is read once, and again when its size, time or place on the disk is
    another."""
    path = place(archive, digest)
    try:
        seen = path.stat()
    except OSError:
        return False
    return _had(path, digest, (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))


@lru_cache(_MEMORY)
def _had(path: Path, digest: str, _seen: tuple[int, ...]) -> bool:
    return _digest(path) == digest


def half_copied(archive: Path) -> Iterator[Path]:
    """What a `keep` that was killed left behind."""
    yield from archive.glob(f"*/{_COPYING}*")


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()

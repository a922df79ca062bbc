"""Which files a stream means below what was handed in."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from portrait.errors import InputError
from portrait.intake.mapping import Layout, Mapping, Stream


def files_of(mapping: Mapping, path: Path) -> list[tuple[Stream, list[Path]]]:
    """Every stream with its files, in the mapping's order. `path` is a folder, or one file for the streams whose pattern fits it.

    Raises InputError when nothing fits, or a stream of a folder that is not optional has no file.
    """
    if not path.exists():
        raise InputError(f"{path}：没有这个文件或文件夹")
    patterns = "、".join(dict.fromkeys(stream.layout.file for stream in mapping.streams))
    if path.is_file():
        fitting = [(stream, [path]) for stream in mapping.streams if _fits(path.name, stream.layout)]
        if not fitting:
            raise InputError(f"{path.name}：映射 {mapping.name} 没有用得上它的流，它要的文件是：{patterns}")
        return fitting
    found = [(stream, _matches(path, stream.layout)) for stream in mapping.streams]
    there = "、".join(sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())[:30])
    for stream, files in found:
        if not files and not stream.optional:
            raise InputError(
                f"{path}：流 {stream.name} 要的文件“{stream.layout.file}”没有找到；文件夹里有：{there or '（空的）'}"
            )
    if not any(files for _, files in found):
        raise InputError(
            f"{path}：没有一个文件是映射 {mapping.name} 要的（{patterns}）；文件夹里有：{there or '（空的）'}"
        )
    return [(stream, files) for stream, files in found if files]


def joined_file(path: Path, stream: Stream, layout: Layout) -> Path:
    """The one file beside `path` that a stream looks things up in. Raises InputError when there is none, or several."""
    folder = path if path.is_dir() else path.parent
    files = _matches(folder, layout)
    if len(files) != 1:
        found = "、".join(file.name for file in files) or "没有"
        raise InputError(
            f"{folder}：流 {stream.name} 要对照的文件“{layout.file}”应恰好有一个，找到的是：{found}"
        )
    return files[0]


def _matches(folder: Path, layout: Layout) -> list[Path]:
    inside = folder.resolve()
    return [
        file
        for file in sorted(folder.glob(layout.file))
        # A link out of the folder is not part of what was handed in; a name with ~$ is Excel's lock file.
        if file.is_file() and file.resolve().is_relative_to(inside) and not file.name.startswith((".", "~$"))
    ]


def _fits(name: str, layout: Layout) -> bool:
    return fnmatch.fnmatchcase(name, Path(layout.file).name)

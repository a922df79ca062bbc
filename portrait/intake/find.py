"""Which files a stream means below what was handed in."""

from __future__ import annotations

import fnmatch
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portrait.errors import InputError
from portrait.identity import hidden
from portrait.intake.arrange import has_heads
from portrait.intake.layout import EVERY_SHEET
from portrait.intake.magic import no_table
from portrait.intake.mapping import Layout, Mapping, Stream, of_sheet
from portrait.intake.office import fitting_sheets
from portrait.intake.oneroster import package_file
from portrait.intake.reader import SUFFIXES, format_of
from portrait.intake.sheet import sheet_names
from portrait.intake.survey import survey
from portrait.intake.text import head_of
from portrait.sentence import Sentence, sentence

_BOOKS = (".xlsx", ".xls")


@dataclass(frozen=True)
class Found:
    """What a mapping has to do with what was handed in: its streams with their files, in its order; files that no stream uses."""

    streams: tuple[tuple[Stream, tuple[Path, ...]], ...]
    unused: tuple[Path, ...]


def found(mapping: Mapping, path: Path) -> Found:
    """What of `path`, a folder or one file, the mapping uses. Raises InputError only when there is no such thing."""
    if not path.exists():
        raise InputError("{path}：没有这个文件或文件夹", path=path)
    if path.is_file():
        fitting = [(stream, (path,) if _fits(path, stream.layout) else ()) for stream in mapping.streams]
        return Found(tuple(fitting), () if any(files for _, files in fitting) else (path,))
    matched = tuple((stream, tuple(_matches(path, stream.layout))) for stream in mapping.streams)
    used = {file for _, files in matched for file in files}
    for stream in mapping.streams:
        used.update(file for join in stream.joins for file in _matches(path, join.layout))
    if mapping.package:
        used.update(file for file in path.iterdir() if package_file(file.name))
    others = (file for file in sorted(path.rglob("*")) if file.is_file() and _is_ours(file.relative_to(path)))
    return Found(matched, tuple(file for file in others if file not in used))


def files_of(mapping: Mapping, path: Path) -> list[tuple[Stream, list[Path]]]:
    """Every stream with its files, in the mapping's order. `path` is a folder, or one file for the streams whose pattern fits it.

    Raises InputError when nothing fits, or a stream of a folder that is not optional has no file.
    """
    streams = found(mapping, path).streams
    if path.is_file() and not any(files for _, files in streams):
        raise InputError(useless(mapping, path))
    if path.is_dir():
        for stream, files in streams:
            if not files and not stream.optional:
                raise InputError(lacking(stream, path))
        if not any(files for _, files in streams):
            raise InputError(
                "{path}：没有一个文件是映射 {mapping} 要的（{patterns}）；文件夹里有：{there}",
                path=path,
                mapping=mapping.name,
                patterns=_patterns(mapping),
                there=_listed(path),
            )
    return [(stream, list(files)) for stream, files in streams if files]


def by_sheet(stream: Stream, file: Path) -> tuple[list[Stream], list[str]]:
    """The stream once for each sheet of the file that it reads, and the sheets without its columns. A file that cannot be
    looked into gives the stream as it is: what is wrong with it comes to light when it is read."""
    if stream.layout.sheet != EVERY_SHEET or _kind(stream.layout, file) != "xlsx":
        return [stream], []
    needed = [column for column in stream.columns if stream.joined(column) is None]
    try:
        names = sheet_names(file, file.name)
        places = fitting_sheets(file, file.name, stream.layout, needed)
    except InputError:
        return [stream], []
    others = [name for place, name in enumerate(names, 1) if place not in places]
    return ([of_sheet(stream, place) for place in places], others) if places else ([stream], [])


def _kind(layout: Layout, file: Path) -> str:
    if layout.format != "auto":
        return layout.format
    return SUFFIXES.get(file.suffix.lower(), "")


def useless(mapping: Mapping, file: Path) -> Sentence:
    """Why a file is nothing for this mapping, with the patterns that would be."""
    table = file.suffix.lower() in (".csv", ".tsv", ".txt", *_BOOKS)
    if broken := damaged(file):
        return broken
    lacking_heads = [
        s.layout.heads
        for s in mapping.streams
        if s.layout.heads and fnmatch.fnmatchcase(file.name, Path(s.layout.file).name)
    ]
    # What is no table has no header: its first line may say anything, of anybody.
    if lacking_heads and table:
        return sentence(
            "{file}：映射 {mapping} 没有用得上它的流，它要的文件有这些列：{columns}；{there}",
            file=file.name,
            mapping=mapping.name,
            columns=[" + ".join(heads) for heads in dict.fromkeys(lacking_heads)],
            there=_headed(file),
        )
    return sentence(
        "{file}：映射 {mapping} 没有用得上它的流，它要的文件是：{patterns}",
        file=file.name,
        mapping=mapping.name,
        patterns=_patterns(mapping),
    )


def _headed(file: Path) -> Sentence:
    """What the header of a table seems to be, which need not stand in its first row."""
    first = [] if file.suffix.lower() in _BOOKS else head_of(file, 1)
    if sum(map(bool, first)) > 1:
        return sentence("这个文件的表头是：{there}", there=[hidden(head) for head in first])
    table = None
    with suppress(InputError):
        table = survey(file, file.name, format_of(file.name), "", "")
    if table is None:
        return sentence("这个文件里没有一行像表头（几格文字，下面有数据）")
    heads = [hidden(column.name) for column in table.columns]
    if table.head.row == 1:
        return sentence("这个文件的表头是：{there}", there=heads)
    if table.title:
        return sentence(
            "这个文件开头是标题“{title}”，表头在第 {row} 行：{there}",
            title=hidden(table.title),
            row=table.head.row,
            there=heads,
        )
    return sentence("这个文件的表头在第 {row} 行：{there}", row=table.head.row, there=heads)


def damaged(file: Path) -> Sentence | None:
    """Why a file that is called a table is none, or a workbook that nobody can open; None for all others, which other mappings may
    read."""
    suffix = file.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt", *_BOOKS) and (other := no_table(file, file.name)) is not None:
        return other
    try:
        if suffix in _BOOKS:
            sheet_names(file, file.name)
    except InputError as error:
        return error.message
    return None


def lacking(stream: Stream, folder: Path) -> Sentence:
    """That a stream has no file, with the files that are there."""
    return sentence(
        "{folder}：流 {stream} 要的文件“{file}”没有找到；文件夹里有：{there}",
        folder=folder,
        stream=stream.name,
        file=stream.layout.file,
        there=_listed(folder),
    )


def _patterns(mapping: Mapping) -> list[str]:
    return list(dict.fromkeys(stream.layout.file for stream in mapping.streams))


def _listed(folder: Path) -> list[str]:
    there = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return there[:30] or [sentence("（空的）")]


def joined_file(path: Path, stream: Stream, layout: Layout) -> Path:
    """The one file beside `path` that a stream looks things up in. Raises InputError when there is none, or several."""
    folder = path if path.is_dir() else path.parent
    files = _matches(folder, layout)
    if len(files) != 1:
        raise InputError(
            "{folder}：流 {stream} 要对照的文件“{file}”应恰好有一个，找到的是：{found}",
            folder=folder,
            stream=stream.name,
            file=layout.file,
            found=[file.name for file in files] or [sentence("没有")],
        )
    return files[0]


def _matches(folder: Path, layout: Layout) -> list[Path]:
    inside = folder.resolve()
    return [
        file
        for file in sorted(folder.glob(layout.file))
        # A link out of the folder is not part of what was handed in.
        if file.is_file()
        and file.resolve().is_relative_to(inside)
        and _is_ours(file.relative_to(folder))
        and has_heads(file, layout)
    ]


def _is_ours(file: Path) -> bool:
    """Neither hidden, nor in a hidden folder, nor Excel's lock file."""
    return not any(part.startswith((".", "~$")) for part in file.parts)


def _fits(file: Path, layout: Layout) -> bool:
    return fnmatch.fnmatchcase(file.name, Path(layout.file).name) and has_heads(file, layout)

"""Files that were handed in and that the mapping does not read: each by name, why, and which other mapping would read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portrait.errors import PortraitError
from portrait.intake.find import damaged, found, useless
from portrait.intake.mapping import Layout, Mapping, load_mapping, mapping_files
from portrait.intake.oneroster import MANIFEST
from portrait.intake.sketch import recognised
from portrait.sentence import Sentence, sentence
from portrait.source import mapping_titles


@dataclass(frozen=True)
class Stray:
    """One file by its path below what was handed in, why it is not read, and the names of the mappings that would read it."""

    file: str
    reason: Sentence
    fits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A mapping that can be named, and how it knows its files: what they are called, and the columns where that says nothing."""

    name: str
    title: str
    patterns: tuple[str, ...]


def strays(mapping: Mapping, path: Path, home: Path) -> tuple[Stray, ...]:
    """What no stream of the mapping reads or looks things up in below `path`, a folder or one file."""
    unused = found(mapping, path).unused
    others = mappings(home) if unused else {}
    folder = path if path.is_dir() else path.parent
    return tuple(_stray(mapping, file, file.relative_to(folder).as_posix(), others, home) for file in unused)


def _stray(mapping: Mapping, file: Path, name: str, others: dict[str, Mapping], home: Path) -> Stray:
    if not file.stat().st_size:
        return Stray(name, sentence("文件是空的（0 字节）"))
    if broken := damaged(file):
        return Stray(name, broken)  # nobody reads it before it is sent again
    fits = readers(others, file, home)
    return Stray(name, _why(useless(mapping, file), fits), fits)


def mappings(home: Path) -> dict[str, Mapping]:
    """Every mapping that can be named and read, by name. What is wrong with another is told to who chooses it."""
    loaded: dict[str, Mapping] = {}
    for name in sorted(mapping_files(home)):
        try:
            loaded[name] = load_mapping(name, home)
        except PortraitError:
            continue
    return loaded


def readers(known: dict[str, Mapping], file: Path, home: Path) -> tuple[str, ...]:
    """The names of those that would read a file. Mappings of sheets go by the header: their files may be called anything."""
    by_header = recognised(home, (file,))
    return tuple(
        name
        for name, mapping in known.items()
        if name in by_header or (not _of_sheets(mapping) and _reads(mapping, file))
    )


def offers(home: Path) -> Iterator[Offer]:
    """The choices: every mapping, and how it knows its files."""
    titles = mapping_titles(home)
    for name, mapping in mappings(home).items():
        patterns = dict.fromkeys(_pattern(stream.layout) for stream in mapping.streams)
        yield Offer(name, titles.get(name, name), tuple(patterns))


def _pattern(layout: Layout) -> str:
    return f"{layout.file}（有列 {' + '.join(layout.heads)}）" if layout.heads else layout.file


def _why(here: Sentence, fits: tuple[str, ...]) -> Sentence:
    if fits:
        return sentence("{why}；读得了它的映射：{fits}", why=here, fits=list(fits))
    return sentence("{why}；也没有别的来源认得它", why=here)


def _of_sheets(mapping: Mapping) -> bool:
    return any(stream.layout.office for stream in mapping.streams)


def _reads(mapping: Mapping, file: Path) -> bool:
    if mapping.package and not (file.parent / f"{MANIFEST}.csv").exists():
        return False  # its files only mean something together
    try:
        handed = found(mapping, file)
    except PortraitError:
        return False  # it cannot be looked into
    joined = (join.layout.file for stream in mapping.streams for join in stream.joins)
    return not handed.unused or any(file.match(pattern) for pattern in joined)

"""Mappings that a person makes on a page: tried on the file, saved under a name in the home, known again by their header."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from portrait.errors import InputError, MappingError, PortraitError
from portrait.intake.archive import keep_text
from portrait.intake.draft import Draft, checked, lacking, mapping_text
from portrait.intake.find import by_sheet
from portrait.intake.mapping import Mapping as SourceMapping
from portrait.intake.mapping import Stream, load_mapping, mapping_files, read_mapping
from portrait.intake.office import fits, head_of, open_grid, sought
from portrait.intake.preview import Preview, preview
from portrait.intake.reader import format_of
from portrait.intake.same import Lists
from portrait.resource import DATA
from portrait.sentence import sentence, without
from portrait.site import Site
from portrait.store.catalogue import holders, listing

NEW = "?"  # in the place of a mapping's name: none is known, one is to be proposed


@dataclass(frozen=True)
class Tried:
    """What a draft would make of the file, or why it cannot be tried."""

    found: tuple[Preview, ...] = ()
    error: str = ""


def tried(site: Site, file: Path, draft: Draft, *, rows: int = 8) -> Tried:
    """The first rows of the file as the draft reads them, and the count of problems. Nothing is stored."""
    try:
        missing = lacking(checked(draft))
        listed(site, draft)
        if missing:
            return Tried(error=sentence("还缺必填的：{fields}。给它选一列，或填一个固定值", fields=missing))
        with tempfile.TemporaryDirectory(prefix="sketch-") as folder:
            path = Path(folder) / f"{draft.name}.yaml"
            path.write_text(mapping_text([draft]), encoding="utf-8")
            read_mapping(path)
            return Tried(tuple(preview(site, file, str(path), rows=rows)))
    except PortraitError as error:
        return Tried(error=without(error.message, str(file.parent), sentence("上传的文件")))


def save(site: Site, draft: Draft, *others: Draft, over: bool = False) -> SourceMapping:
    """The mapping in the home's folder, written whole or not at all; `others` are further tables of the file. `over` replaces one of
    the same name by a next version.

    What was replaced is archived, as is every mapping that something came in by. Raises InputError for a name that is taken
    or a draft that lacks something, MappingError when the mapping would not be one.
    """
    missing = [field for one in (draft, *others) for field in lacking(checked(one))]
    for one in (draft, *others):
        listed(site, one)
    if missing:
        raise InputError("还缺必填的：{fields}。给它选一列，或填一个固定值", fields=missing)
    path = saved_at(site.settings.home, draft.name)
    folder = path.parent
    if (DATA / "mapping" / path.name).exists():
        raise InputError("“{name}”是自带的映射，请换一个名字", name=draft.name)
    if path.exists():
        if not over:
            raise InputError(
                "已有名为“{name}”的映射；换一个名字（命令加 --name），或选“替换成新版本”（命令加 --replace）",
                name=draft.name,
            )
        draft = replace(draft, version=_next(path))
        keep_text(site.archive, path.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=folder, prefix=".half-", suffix=".yaml.part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(mapping_text([draft, *others]))
            file.flush()
            os.fsync(file.fileno())
        mapping = read_mapping(Path(half), path.name)
        os.replace(half, path)
    finally:
        Path(half).unlink(missing_ok=True)
    return replace(mapping, path=str(path))


def site_lists(site: Site) -> Lists:
    """Which sources' lists have which codes, of what is registered."""

    def lists(thing: str, codes: Collection[str]) -> Mapping[str, Collection[str]]:
        with site.registry.connect() as connection:
            return holders(connection, thing, codes)

    return lists


def listed(site: Site, draft: Draft) -> None:
    """Raise InputError for a list of courses or classes that no source has given, with those that there are. Where there is none
    yet it may still come."""
    there = listing(site.registry)
    for field, thing, called in (
        ("course_source", "course", sentence("课程名单")),
        ("class_source", "class", sentence("班次名单")),
    ):
        said = draft.fixed.get(field, "")
        if said and there[thing] and said not in (*there[thing], draft.source):
            raise InputError(
                "来源“{said}”没有{what}，可选：{choices}",
                said=said[:40],
                what=called,
                choices=there[thing],
            )


def saved_at(home: Path, name: str) -> Path:
    """Where a mapping of this name stands, from which its source has its title."""
    return home / "mapping" / f"{name}.yaml"


def _next(path: Path) -> str:
    """The version after the one that stands there."""
    try:
        version = read_mapping(path).version
    except MappingError:
        return "2"
    return str(int(version) + 1) if version.isdecimal() else f"{version}.1"


def recognised(home: Path, files: tuple[Path, ...]) -> list[str]:
    """Names of the home's mappings of sheets whose columns stand in the header of every file."""
    if not files or not all(_tabular(file) for file in files):
        return []
    found = []
    for name, path in mapping_files(home).items():
        if path.parent != home / "mapping":
            continue
        try:
            mapping = load_mapping(name, home)
            if all(fits_header(mapping, file) for file in files):
                found.append(name)
        except PortraitError:
            continue  # a broken mapping is told to who chooses it
    return found


def fits_header(mapping: SourceMapping, file: Path) -> bool:
    """Whether a stream of sheets finds all its columns in the file. Raises InputError for a file that is no sheet."""
    told = file.stat()
    return any(
        stream.layout.office and _fits(stream, file, told.st_size, told.st_mtime_ns)
        for stream in mapping.streams
    )


@lru_cache(maxsize=256)  # a page that is drawn again opens no workbook again
def _fits(stream: Stream, file: Path, _size: int, _changed: int) -> bool:
    needed = [column for column in stream.columns if stream.joined(column) is None]
    sheet = by_sheet(stream, file)[0][0]
    opened = open_grid(file, file.name, format_of(file.name), sheet.layout)
    head = head_of(opened, sheet.layout, sought(needed, sheet.layout))
    return fits(head, sheet.layout, needed)


def _tabular(file: Path) -> bool:
    try:
        return format_of(file.name) in ("csv", "xlsx")
    except InputError:
        return False

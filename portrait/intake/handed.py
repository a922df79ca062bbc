"""What was handed in as a mapping can read it: an archive as a folder, a package laid out with what its files say together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portrait.errors import InputError
from portrait.intake.bench import staging_folder
from portrait.intake.mapping import Mapping
from portrait.intake.oneroster import read_package, write_sheet
from portrait.intake.roster import deleted_results, extend
from portrait.intake.unpack import is_zip, unpack
from portrait.sentence import Sentence, sentence, without
from portrait.site import Site
from portrait.store.roster import Held


@dataclass(frozen=True)
class Handed:
    """`path` is a folder or file to read; it is gone after the block. `notes` are for the reader of the ledger, `taken_back`
    the keys of records that the platform says it has deleted. `given` is where the files stand as they were handed in, where
    that is elsewhere."""

    path: Path
    notes: tuple[Sentence, ...] = ()
    taken_back: tuple[str, ...] = ()
    given: Path | None = None


@contextmanager
def handed_in(site: Site, mapping: Mapping, path: Path) -> Iterator[Handed]:
    """`path` itself, or what stands for it. Messages of errors raised within name it as it was handed in.

    Raises InputError when an archive cannot be unpacked or a package is none.
    """
    if not path.exists() or not (is_zip(path) or mapping.package):
        yield Handed(path)
        return
    with staging_folder(site.settings.home) as folder:
        try:
            yield _laid_out(site, mapping, path, folder)
        except InputError as error:
            told = without(error.message, str(folder / "packed"), sentence("{name}", name=path.name))
            raise InputError(
                without(told, str(folder / "laid"), sentence("{name}", name=path.name))
            ) from error


def _laid_out(site: Site, mapping: Mapping, path: Path, folder: Path) -> Handed:
    where = path
    if is_zip(path):
        (folder / "packed").mkdir()
        where = unpack(path, folder / "packed")
    if not mapping.package:
        return Handed(where)
    package = read_package(where if where.is_dir() else where.parent, path.name)
    notes = extend(package, mapping.source, Held(site.registry, mapping.source))
    laid = folder / "laid"
    laid.mkdir()
    for stem, sheet in package.sheets.items():
        if where.is_dir() or where.name == sheet.name:
            write_sheet(sheet, laid / f"{stem}.csv")
    if where.is_file() and not any(laid.iterdir()):
        raise InputError("{file}：manifest.csv 没有说这个文件是全量还是增量", file=where.name)
    return Handed(laid, (*package.notes, *notes), deleted_results(package), where if where.is_dir() else None)

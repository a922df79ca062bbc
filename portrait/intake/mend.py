"""Cells that a person corrected: an input like any other, archived as a file and never written over the one that came in."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path

from portrait.errors import InputError
from portrait.identity import hidden, masked
from portrait.intake.archive import keep_text, place
from portrait.intake.expression import secret_columns
from portrait.intake.mapping import Stream
from portrait.intake.raw import TEXT_KEY, Raw
from portrait.intake.width import narrow
from portrait.store.quarantine import Quarantined

_NUMERIC = re.compile(r"[\d\s.,:/%+-]+")


def keep_cells(archive: Path, content: str, line: int, cells: Mapping[str, str]) -> str:
    """The sha256 of the archived correction of one row of the file with this content."""
    said = {"content": content, "line": line, "cells": dict(cells)}
    return keep_text(archive, json.dumps(said, ensure_ascii=False, sort_keys=True))


def cells_of(archive: Path, digest: str | None) -> dict[str, str]:
    """The corrected cells of a row, {} when nobody has touched it. Raises InputError when the archive has lost them."""
    if digest is None:
        return {}
    path = place(archive, digest)
    if not path.is_file():
        raise InputError(
            "改过的单元格不在存档里（archive/{folder}/{digest}），请从备份恢复",
            folder=digest[:2],
            digest=digest,
        )
    cells: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def changed(shown: Mapping[str, str], given: Mapping[str, str], seen: Raw) -> dict[str, str]:
    """What of the given cells is a correction: a cell that says what is shown (masked, maybe) stays as the file has it.

    Of a row that could not be cut into columns it is a correction to say that a cell is right as it stands.
    """
    stands = seen.broken[0].raw if seen.broken else {}
    right = {column for column in seen.columns if column in stands and given.get(column) == stands[column]}
    return {column: text for column, text in given.items() if shown.get(column) != text or column in right}


def typed(given: Mapping[str, str]) -> dict[str, str]:
    """The cells as they are meant: ９８．５ typed with full width is 98.5. A row that is one text stays as it is."""
    return {column: text if column == TEXT_KEY else _plain(text) for column, text in given.items()}


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain if _NUMERIC.fullmatch(plain) else narrow(text.strip())


def beside(
    row: Quarantined, stream: Stream, other: Quarantined, its: Stream, given: Mapping[str, str]
) -> dict[str, str]:
    """What of a correction is one of `other` too, the same row of the file in another stream or column: nothing when it is not
    what is wrong there, or something else stands there."""
    apart = row.line != other.line  # cells of a wide table: only what stands beside them all is the same cell
    kept = {
        *(stream.layout.wide.keep if stream.layout.wide else ()),
        *(its.layout.wide.keep if its.layout.wide else ()),
    }
    cells = {
        column: text
        for column, text in given.items()
        if other.raw.get(column) == row.raw.get(column) and (not apart or column in kept)
    }
    return cells if cells.keys() & set(other.column.split("、")) else {}


def check_cells(cells: Mapping[str, str], columns: Collection[str]) -> None:
    """Raise InputError naming the cells that are no column of the file."""
    unknown = [column for column in cells if column not in columns]
    if unknown:
        raise InputError(
            "没有这样的列：{unknown}；可以改的有：{columns}", unknown=unknown, columns=list(columns)
        )


def shown_cells(stream: Stream, cells: Mapping[str, str]) -> dict[str, str]:
    """Corrected cells as people may see them."""
    kinds = sensitive_columns(stream)
    return {
        column: masked(kinds[column], text) if column in kinds else hidden(text)
        for column, text in cells.items()
    }


def sensitive_columns(stream: Stream) -> dict[str, str]:
    """Columns whose texts must not be shown, with their kind of identifier."""
    found: dict[str, str] = {}
    for name, expression in stream.fields:
        wanted = stream.target.field(name)
        if wanted is not None and wanted.type in ("account", "identifier"):
            kinds = expression.kinds or (wanted.codes,)
            found.update(secret_columns(expression, kinds))
    return found


def mendable(columns: Collection[str], whole: str) -> list[str]:
    """The names that cells may be corrected under; `whole` is set where a row is one text."""
    return [*columns, *([TEXT_KEY] if whole else [])]

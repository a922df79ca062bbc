"""The names that a Delta table remembers numbers by (see Lake.mark): deltalake tells the number of a name, not which names there are.

Read as the Delta protocol has it: the newest checkpoint, and the commits after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

_DIGITS = 20  # of the version at the start of a file's name


def names(table: Path) -> set[str]:
    """Every name under which a commit of the table in this folder has remembered a number. Raises OSError when a checkpoint cannot be read;
    of a damaged commit it is what can be."""
    log = table / "_delta_log"
    made = sorted(log.glob("*.checkpoint*.parquet"))
    since = made[-1].name[:_DIGITS] if made else ""
    found: set[str] = set()
    for path in made:
        if path.name.startswith(since):
            found.update(_kept(path))
    for path in log.glob("*.json"):
        if path.stem.isdecimal() and path.stem > since:
            found.update(_said(path.read_text(encoding="utf-8", errors="replace")))
    return found


def _kept(checkpoint: Path) -> list[str]:
    try:
        with pq.ParquetFile(checkpoint) as file:
            kept = file.read(columns=["txn.appId"])["txn"]
        names: list[str] = pc.struct_field(kept, "appId").drop_null().to_pylist()
    except (ValueError, KeyError, TypeError) as error:  # pyarrow's word for bytes that are no Parquet
        raise OSError(f"{checkpoint}: {error}") from error
    return names


def _said(commit: str) -> set[str]:
    found = set()
    for line in commit.split("\n"):
        for action in _actions(line) if '"txn"' in line else ():
            noted = action.get("txn") if isinstance(action, dict) else None
            name = noted.get("appId") if isinstance(noted, dict) else None
            if isinstance(name, str):
                found.add(name)
    return found


def _actions(line: str) -> Iterator[object]:
    """One, or several behind each other as whoever appends to a file without a last line's end leaves them; up to what is no JSON:
    whether a damaged commit can do is for the reader of the table to say."""
    decoder, place = json.JSONDecoder(), 0
    with suppress(ValueError):
        while place < len(line):
            action, place = decoder.raw_decode(line, place)
            yield action
            place += len(line[place:]) - len(line[place:].lstrip())

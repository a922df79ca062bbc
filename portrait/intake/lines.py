"""JSON in text files cut into rows: a line each, an object of one document each, or a line of a tracking log each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from portrait.intake.edx import Reading, statement, statements
from portrait.intake.raw import Stage
from portrait.intake.text import Text

_START = 1 << 16  # bytes that tell lines from a document
_MOST_JSON = 200 << 20  # of a JSON document, which is held whole; longer files must be lines


def stage_lines(text: Text, target: Path) -> Stage:
    """The lines of a JSON-lines file, one staged text a row; blank lines count but are no rows.

    A list of objects, or an answer of a learning record store with its `statements`, counts as one line for each of them.
    """
    stage = Stage(target, ["json"])
    for numbers, lines in _listed(text) or _chunks(text):
        stage.write(pa.array(numbers, pa.int64()), [pa.array(lines, pa.string())])
    stage.close()
    return stage


def stage_events(text: Text, target: Path) -> Stage:
    """The lines of a tracking log of Open edX, each as its statement and as it came in; blank lines count but are no rows."""
    with text.open() as file:
        talks = any(b'"edx.forum.' in line for line in file)
    reading = Reading(talks)
    stage = Stage(target, ["json", "line"])
    for numbers, lines in _chunks(text):
        rows = list(statements(zip(numbers, lines, strict=True), reading))
        stage.write(
            pa.array([number for number, _, _ in rows], pa.int64()),
            [pa.array([row[place] for row in rows], pa.string()) for place in (1, 2)],
        )
    stage.close()
    return stage


def event_again(line: str) -> str:
    """The statement of a line that a person corrected."""
    return statement(line.strip(), Reading(talks=True))


def _listed(text: Text) -> Iterator[tuple[list[int], list[str]]] | None:
    """The objects of a file that is one JSON document; None when it is none, or a line of it is one already."""
    with text.open() as file:
        start = file.read(_START).lstrip()
        if not start.startswith((b"[", b"{")):
            return None
        first = start.split(b"\n", 1)
        try:
            # One whole object in the first line and more after it: these are lines.
            if len(first) > 1 and first[1].strip() and isinstance(json.loads(first[0]), dict):
                return None
        except ValueError:
            pass
        start += file.read(_MOST_JSON)
        if file.read(1):
            return None
    try:
        found = json.loads(start)
    except (ValueError, RecursionError):
        return None
    found = found.get("statements") if isinstance(found, dict) else found
    return _numbered(found) if isinstance(found, list) else None


def _numbered(found: list[object]) -> Iterator[tuple[list[int], list[str]]]:
    for begin in range(0, len(found), 10_000):
        some = found[begin : begin + 10_000]
        lines = [json.dumps(one, ensure_ascii=False).encode("utf-8", "replace").decode() for one in some]
        yield list(range(begin + 1, begin + len(some) + 1)), lines


def _chunks(text: Text) -> Iterator[tuple[list[int], list[str]]]:
    with io.TextIOWrapper(text.open(), encoding="utf-8", newline="\n") as file:
        numbered = enumerate(file, 1)
        while chunk := list(islice(numbered, 10_000)):
            yield [number for number, _ in chunk], [line.strip() for _, line in chunk]

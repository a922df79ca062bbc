"""An export made up for a mapping: for each of its streams a file with one row that the mapping can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from portrait.framework import indicators
from portrait.intake.expression import Expression
from portrait.intake.lookup import code_list
from portrait.intake.mapping import Layout, Mapping, Stream
from portrait.intake.oneroster import PACKAGE_FILES, columns_of
from portrait.intake.program import join_columns, own_columns
from portrait.intake.target import Field

PACKAGE_COLUMNS = {name: columns_of(name) for name in PACKAGE_FILES}
WORDS = {"mail": "t1@demo.invalid", "phone": "13800000000", "idno": "11010519491231002X"}


# Where records are made of what stands inside a text no row can be made up from the mapping alone.
HAND = {
    "moodle_log": (
        "log.csv",
        "Time,User full name,Event context,Event name,Description\n"
        "\"23/01/23, 12:09\",T,Quiz: Q,Course module viewed,The user with id '5' viewed the 'quiz' activity with course module id '3'.\n",
    ),
    "moodle_gradebook": ("grades.csv", "First name,Surname,ID number,Quiz: Q (Percentage)\nT,T,t1,80.00 %\n"),
    "moodle": (
        "log.csv",
        "userid,courseid,eventname,timecreated\n5,3,\\mod_quiz\\event\\attempt_submitted,1606845939\n",
    ),
    "xapi": (
        "statements.jsonl",
        '{"actor": {"mbox": "mailto:t1@demo.invalid"}, "verb": {"id": "http://id.tincanapi.com/verb/viewed"}, '
        '"object": {"id": "https://lms.example/1"}, "timestamp": "2022-05-10T01:00:00Z"}\n',
    ),
    "edx": (
        "tracking.log",
        '{"name": "seq_next", "event_type": "seq_next", "username": "t1", "event": "{}", "time": "2022-05-10T01:00:00Z"}\n',
    ),
}


def write_specimen(mapping: Mapping, folder: Path) -> Path:
    """Write the files and return the folder. Streams that read the same file share its row."""
    if mapping.name in HAND:
        name, text = HAND[mapping.name]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        return folder
    rows: dict[str, tuple[Layout, dict[str, str]]] = {}
    for stream in mapping.streams:
        texts = _texts(stream)
        own = {column: texts.get(column, "1") for column in own_columns(stream)}
        _add(rows, stream.layout, own)
        for join in stream.joins:
            beside = {c: texts.get(f"{join.alias}.{c}", "1") for c in join_columns(stream, join.alias)}
            _add(rows, join.layout, beside | {theirs: own[ours] for ours, theirs in join.on})
    if mapping.package:
        # A package has all its standard's columns, and says itself what it holds.
        names = {Path(layout.file).stem for layout, _ in rows.values()}
        for layout, row in rows.values():
            row.update(
                {
                    c: row.get(f"_{c}", "甲" if c == "givenName" else "")
                    for c in PACKAGE_COLUMNS[Path(layout.file).stem]
                    if c not in row
                }
            )
        said = {"oneroster.version": "1.1"} | {f"file.{name}": "bulk" for name in names}
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(said.items(), columns=["propertyName", "value"]).to_csv(
            folder / "manifest.csv", index=False
        )
    for layout, row in rows.values():
        _write(folder / layout.file.replace("*", "1"), layout, row)
    return folder


def _add(rows: dict[str, tuple[Layout, dict[str, str]]], layout: Layout, row: dict[str, str]) -> None:
    _, before = rows.setdefault(layout.file, (layout, {}))
    # A row that two streams share says what the first of them can read.
    rows[layout.file] = layout, row | before


def _texts(stream: Stream) -> dict[str, str]:
    """A readable text for each column that a field is made from."""
    found: dict[str, str] = {}
    for where in stream.where:
        if where.values:
            found[where.column] = where.values[0]
    for name, expression in stream.fields:
        field = stream.target.field(name)
        assert field is not None
        for column, text in _readable(field, expression).items():
            found.setdefault(column, text)
    return found


def _readable(field: Field, said: Expression) -> dict[str, str]:
    if said.start is not None and said.days is not None:
        day = Field("start", "", "date")
        return _readable(day, said.start) | _readable(Field("days", "", "integer"), said.days)
    if said.first:
        return _readable(field, said.first[0])
    return dict.fromkeys(said.source, said.map.entries[0][0] if said.map else _text(field, said))


def _text(field: Field, said: Expression) -> str:
    if field.type in ("date", "time"):
        return pd.Timestamp(2022, 5, 10, 9).strftime(said.format[0] if said.format else "%Y-%m-%d %H:%M:%S")
    if said.unit == "iso8601":
        return "PT5M"
    if field.type in ("code", "codes"):
        return next(iter(indicators() if field.codes == "indicator" else code_list(field.codes)))
    if field.type == "boolean":
        return "是"
    if field.type == "kind":
        return "view"
    return WORDS.get(said.kind or field.codes, "1900" if field.low == 1900 else "2000" if field.low else "1")


def _write(path: Path, layout: Layout, row: dict[str, str]) -> None:
    kind = layout.format if layout.format != "auto" else path.suffix.removeprefix(".")
    path = path if path.suffix else path.with_suffix(".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "jsonl":
        path.write_text(json.dumps(_nested(row), ensure_ascii=False) + "\n", encoding="utf-8")
    elif kind == "parquet":
        pd.DataFrame([row]).to_parquet(path, index=False)
    elif kind == "xlsx":
        pd.DataFrame([row]).to_excel(
            path, sheet_name=layout.sheet or "名单", index=False, engine="xlsxwriter"
        )
    else:
        pd.DataFrame([row]).to_csv(path, index=False)


def _nested(row: dict[str, str]) -> dict[str, Any]:
    """`$.actor.account.name` as objects in one another; `$.actor.account` beside it is then the object."""
    found: dict[str, Any] = {}
    for *above, last, text in sorted(
        ([*_split(path), text] for path, text in row.items()), key=len, reverse=True
    ):
        place = found
        for step in above:
            place = place.setdefault(step, {})
        place.setdefault(last, text)
    return found


def _split(path: str) -> list[str]:
    pieces = path.removeprefix("$.").split('"')
    # Between quotation marks a point is no step.
    return [
        step
        for n, piece in enumerate(pieces)
        for step in ([piece] if n % 2 else filter(None, piece.split(".")))
    ]

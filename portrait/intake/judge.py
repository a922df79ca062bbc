"""What a program finds: how many rows are whose, and for each bad one the reason, the raw row, and nothing that must not be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from portrait.identity import hidden, masked
from portrait.intake.ask import many, one
from portrait.intake.program import Program
from portrait.intake.raw import Broken
from portrait.store.quarantine import Refused

_LONG_NUMBER = re.compile(r"\d{7,}[Xx]?")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class Tally:
    """How many rows of the file the stream selects (rows that could not be cut into columns among them) and leaves to others."""

    read: int
    passed: int


def tally(engine: duckdb.DuckDBPyConnection, program: Program) -> Tally:
    """Counts over the whole file."""
    selected, passed = one(
        engine,
        f"SELECT count(*) FILTER (_selected), count(*) FILTER (NOT _selected) FROM {program.seen}",
    )
    return Tally(selected + len(program.raw.broken), passed)


def refused(
    engine: duckdb.DuckDBPyConnection, program: Program, late: Mapping[int, str] | None = None
) -> Iterator[Refused]:
    """Every bad row of the file, and the good ones that the registry forbids."""
    for broken in program.raw.broken:
        yield _cut_short(program, broken)
    for number, raw, secrets, problems in many(engine, program.problems_sql()):
        yield _refused(program, number, raw, secrets, problems)
    if late:
        yield from _late(engine, program, late)


def _refused(
    program: Program, number: int, raw: str, secrets: list[str | None], problems: list[dict[str, Any]]
) -> Refused:
    columns = [program.checks[problem["check"]].column for problem in problems]
    told = "；".join(_told(column, problem) for column, problem in zip(columns, problems, strict=True))
    sheet, code = program.raw.sheet, str(problems[0]["code"])
    return Refused(sheet, number, columns[0], code, told, _shown(program, raw, secrets))


def _told(column: str, problem: Mapping[str, Any]) -> str:
    text = f"“{problem['text']}”" if problem["text"] is not None else ""
    return hidden(f"{column}{text}：{problem['reason']}")


def _shown(program: Program, raw: str, secrets: Iterable[str | None]) -> dict[str, str]:
    cells: dict[str, str] = {str(key): str(value) for key, value in json.loads(raw).items()}
    for lookup in program.lookups.values():
        for column in lookup.expression.columns if lookup.sensitive else ():
            if cells.get(column):
                cells[column] = masked(lookup.sensitive, cells[column])
    for text, kind in zip(secrets, program.secrets.values(), strict=True):
        if text:
            cells = {key: value.replace(text, masked(kind, text)) for key, value in cells.items()}
    # The mapping need not use a column for people's numbers to stand in it.
    return {key: hidden(value) for key, value in cells.items()}


def _cut_short(program: Program, broken: Broken) -> Refused:
    """A row without columns: which of its texts are sensitive cannot be known, so all that look so are hidden."""
    hide = scrubbed if program.secrets else hidden
    raw = {key: hide(value) for key, value in broken.raw.items()}
    return Refused(program.raw.sheet, broken.row, "", broken.code, broken.reason, raw)


def scrubbed(text: str) -> str:
    """A text with every long number and mailbox hidden."""
    text = _MAIL.sub(lambda found: masked("mail", found.group()), text)
    return _LONG_NUMBER.sub(lambda found: masked("phone", found.group().rjust(8)), text)


def _late(engine: duckdb.DuckDBPyConnection, program: Program, late: Mapping[int, str]) -> Iterator[Refused]:
    texts = ", ".join(program.secrets)
    numbers = ", ".join(str(number) for number in late)
    rows = engine.execute(
        f"SELECT _row, _raw, [{texts}]::varchar[] FROM {program.typed} WHERE _selected AND _row IN ({numbers}) ORDER BY _row"
    ).fetchall()
    for number, raw, secrets in rows:
        column = late[number].partition("：")[0]
        reason = hidden(late[number])
        yield Refused(program.raw.sheet, number, column, "taken", reason, _shown(program, raw, secrets))

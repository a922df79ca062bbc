"""What a program finds: how many rows are whose, and for each bad one the reason, the raw row, and nothing that must not be shown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from portrait.errors import InputError
from portrait.identity import hidden, masked
from portrait.intake.ask import many, one
from portrait.intake.compile import NO_YEAR
from portrait.intake.expression import secret_columns
from portrait.intake.mapping import Where
from portrait.intake.program import Program, column_sql, condition_sql
from portrait.intake.raw import Broken, Passed, literal
from portrait.sentence import Sentence, sentence
from portrait.store.quarantine import Refused
from portrait.veil import MAIL

_LONG_NUMBER = re.compile(r"\d{7,}[Xx]?")
_FEW = 5
_KINDS = 20  # different texts of a column are told, the others are counted together
_LONG = 40  # characters of a text
_MAIL = re.compile(MAIL)


@dataclass(frozen=True)
class Tally:
    """How many rows of the file the stream selects (rows that could not be cut into columns among them) and how many it passes over: left to
    other streams, or no data."""

    read: int
    passed: int


def tally(engine: duckdb.DuckDBPyConnection, program: Program) -> Tally:
    """Counts over the whole file."""
    selected, passed = one(
        engine,
        f"SELECT count(*) FILTER (_selected), count(*) FILTER (NOT _selected) FROM {program.seen}",
    )
    return Tally(selected + len(program.raw.broken), passed + len(program.raw.passed))


def passed_over(rows: Sequence[Passed]) -> str:
    """Which rows are no data and why, in one sentence: the first of each reason by their numbers."""
    told = (f"{places}（{reason}）" for reason, places in where_passed(rows).items())
    return f"略过 {len(rows)} 行，不是数据：{'，'.join(told)}"


def where_passed(rows: Sequence[Passed]) -> dict[str, Sentence]:
    """For each reason the numbers of the first rows that are no data for it."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.reason, []).append(row.row)
    return {
        reason: sentence("第 {lines} 行", lines=lines)
        if len(lines) <= _FEW
        else sentence("第 {lines} 行等 {n} 行", lines=lines[:_FEW], n=len(lines))
        for reason, lines in found.items()
    }


def passed(engine: duckdb.DuckDBPyConnection, program: Program) -> list[tuple[str, int]]:
    """Why rows of the table are passed over, by the stream's `where` and by its `pass`, and how many for each reason. The
    commonest first."""
    found = _left_out(engine, program)
    if program.raw.why:
        counted = f"SELECT _why, count(*) FROM {program.seen} WHERE _why IS NOT NULL GROUP BY _why ORDER BY 2 DESC, 1"
        found.update({hidden(why): rows for why, rows in many(engine, counted)})
    return sorted(found.items(), key=lambda one: -one[1])


def no_data(program: Program) -> list[tuple[str, int]]:
    """Why rows of a sheet are no rows of its table (totals, signatures), and how many for each reason."""
    return Counter(row.reason for row in program.raw.passed).most_common()


def _left_out(engine: duckdb.DuckDBPyConnection, program: Program) -> Counter[str]:
    """What the first condition that a row does not meet says of it: its own words, else what stands in the column instead."""
    found: Counter[str] = Counter()
    before = "true"
    secret = {
        column
        for lookup in program.lookups.values()
        if lookup.sensitive
        for column in secret_columns(lookup.expression, lookup.kinds)
    }
    for where in program.stream.where:
        holds = condition_sql(program, where)
        text = "NULL" if where.why or where.column in secret else column_sql(program, where.column)
        counted = many(
            engine,
            f"SELECT left({text}, {_LONG + 1}), count(*) FROM {program.rows_sql()} "
            f"WHERE {before} AND NOT {holds} GROUP BY 1 ORDER BY 2 DESC, 1",
        )
        for place, (said, rows) in enumerate(counted):
            found[_unmet(where, said, place < _KINDS and where.column not in secret)] += rows
        before += f" AND {holds}"
    return found


def _unmet(where: Where, text: str | None, shown: bool) -> str:
    if where.why:
        return sentence(where.why)
    if where.present is False:
        return sentence("列“{column}”有内容", column=where.column)
    if text is None and (shown or where.present):
        return sentence("列“{column}”空着", column=where.column)
    if text is None or not shown:
        return sentence("列“{column}”不是{values}", column=where.column, values=list(where.values[:_FEW]))
    told = text if len(text) <= _LONG else f"{text[:_LONG]}…"
    return sentence("列“{column}”是“{text}”", column=where.column, text=hidden(told))


def refuse_undated(engine: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Raise InputError when no time of the file says its year and the mapping does not either: a row here and there waits in
    quarantine, but a file of nothing else is not what the mapping takes it for."""
    for place, check in enumerate(program.checks):
        if check.code != literal("no_year"):
            continue
        bad = f"coalesce({check.bad}, false)"
        rows, without, first = one(
            engine,
            f"SELECT count(*), count(*) FILTER ({bad}), min({check.text}) FROM {program.judged} WHERE _selected",
        )
        if rows and rows == without:
            raise InputError(
                "{file}：列“{column}”（如 {text}）：{reason}",
                file=program.raw.where,
                column=program.checks[place].column,
                text=hidden(first),
                reason=NO_YEAR if check.bad.startswith("y_") else program.undated,
            )


def year_told(engine: duckdb.DuckDBPyConnection, program: Program) -> list[Sentence]:
    """What to know of the year in which days without one are read; nothing where the sheet has none of them."""
    if program.of_year is None or not program.short:
        return []
    short = " OR ".join(f"coalesce({one}, false)" for one in program.short)
    (rows,) = one(engine, f"SELECT count(*) FROM {program.judged} WHERE _selected AND ({short})")
    return [program.of_year] if rows else []


@dataclass(frozen=True)
class Reason:
    """Why rows are bad: the first thing wrong with each, its column, how many there are and the number of the first."""

    code: str
    column: str
    rows: int
    first: int


def reasons(
    engine: duckdb.DuckDBPyConnection, program: Program, late: Mapping[int, str] | None = None
) -> list[Reason]:
    """What `refused` would say, counted in the engine: the rows of a wrong mapping may be millions. The commonest first."""
    found: dict[tuple[str, str], list[int]] = {}
    grouped = many(
        engine,
        f'SELECT problems[1].code, problems[1]."check", count(*), min(_row) FROM ({program.problems_sql()}) GROUP BY ALL',
    )
    singly = [(broken.code, "", 1, broken.row) for broken in program.raw.broken]
    singly += [("taken", _first_column(reason), 1, row) for row, reason in (late or {}).items()]
    for code, column, rows, first in (
        *((code, program.checks[place].column, rows, first) for code, place, rows, first in grouped),
        *singly,
    ):
        held = found.setdefault((code, column), [0, first])
        held[0], held[1] = held[0] + rows, min(held[1], first)
    made = [Reason(code, column, rows, first) for (code, column), (rows, first) in found.items()]
    return sorted(made, key=lambda reason: (-reason.rows, reason.code, reason.first))


def refused(
    engine: duckdb.DuckDBPyConnection,
    program: Program,
    late: Mapping[int, str] | None = None,
    only: Collection[int] | None = None,
) -> Iterator[Refused]:
    """Every bad row of the file (or of the rows `only`), and the good ones that the registry forbids."""
    for broken in program.raw.broken:
        if only is None or broken.row in only:
            yield _cut_short(program, broken)
    for number, raw, secrets, problems in many(engine, program.problems_sql(only)):
        yield _refused(program, number, raw, secrets, problems)
    if late:
        yield from _late(engine, program, {row: late[row] for row in late if only is None or row in only})


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


def offending(told: str) -> str:
    """The text that offends in what is told of a row, its first fault's; "" where none is shown."""
    found = re.match(r"[^“：]*“([^”]*)”：", told)
    return found[1] if found else ""


def _shown(program: Program, raw: str, secrets: Iterable[str | None]) -> dict[str, str]:
    return veiled(program, {str(key): str(value) for key, value in json.loads(raw).items()}, secrets)


def veiled(program: Program, cells: Mapping[str, str], secrets: Iterable[str | None]) -> dict[str, str]:
    """A row's cells without what must not be shown: the columns of people's numbers, the row's `secrets` (texts of
    program.secrets), and whatever looks like a phone, a mailbox or an identity number anywhere else."""
    shown = dict(cells)
    for lookup in program.lookups.values():
        hide = secret_columns(lookup.expression, lookup.kinds) if lookup.sensitive else {}
        for column, kind in hide.items():
            if shown.get(column):
                shown[column] = masked(kind, shown[column])
    for text, kind in zip(secrets, program.secrets.values(), strict=True):
        if text:
            shown = {key: value.replace(text, masked(kind, text)) for key, value in shown.items()}
    # The mapping need not use a column for people's numbers to stand in it.
    return {key: hidden(value) for key, value in shown.items()}


def _cut_short(program: Program, broken: Broken) -> Refused:
    """A row without columns: which of its texts are sensitive cannot be known, so all that look so are hidden."""
    hide = scrubbed if program.secrets else hidden
    raw = {key: hide(value) for key, value in broken.raw.items()}
    return Refused(program.raw.sheet, broken.row, "", broken.code, broken.reason, raw)


def scrubbed(text: str) -> str:
    """A text with every long number and mailbox hidden."""
    text = _MAIL.sub(lambda found: masked("mail", found[0]) if found[1] else found[0], text)
    return _LONG_NUMBER.sub(lambda found: masked("phone", found.group().rjust(8)), text)


def _late(engine: duckdb.DuckDBPyConnection, program: Program, late: Mapping[int, str]) -> Iterator[Refused]:
    if not late:
        return
    texts = ", ".join(program.secrets)
    numbers = ", ".join(str(number) for number in late)
    rows = engine.execute(
        f"SELECT _row, _raw, [{texts}]::varchar[] FROM {program.typed} WHERE _selected AND _row IN ({numbers}) ORDER BY _row"
    ).fetchall()
    for number, raw, secrets in rows:
        column, reason = _first_column(late[number]), hidden(late[number])
        yield Refused(program.raw.sheet, number, column, "taken", reason, _shown(program, raw, secrets))


def _first_column(reason: str) -> str:
    return reason.partition("：")[0]

"""Rows of a table that a proposed key takes for one record although they say different things, and the column that tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from portrait.intake.guess import number_of
from portrait.intake.survey import Column, Table
from portrait.sentence import Sentence, sentence

_KEY = ("account", "course", "run", "item", "kind", "time")  # fields that tell one record from another
_SAME = 0.1  # of such rows may be left over where a column tells the others apart: corrections
_FEW = 3  # pairs that are told
# What numbers the rows of a sheet, or says how it came out, tells nothing apart.
_IDLE = frozenset({"number", "none", "score", "score_max", "credit", "duration", "content", "name", "gender"})

Row = tuple[int, tuple[str, ...]]  # number in its sheet, and cells


def twins(
    tables: Sequence[Table], picks: Mapping[str, str], more: Collection[str] = ()
) -> list[tuple[int, int]]:
    """Pairs of rows, the first and another, that are one record by the columns of the key (and `more`) and not the same."""
    return [(some[0][0], other[0]) for some in _groups(tables, picks, more) for other in some[1:]]


def telling(tables: Sequence[Table], picks: Mapping[str, str], left: Collection[str] = ()) -> str:
    """The unused column that tells such rows apart, the one with the fewest values; "" where there are none, or none does."""
    before = len(twins(tables, picks))
    if not before:
        return ""
    found = []
    for column in tables[0].columns:
        if picks.get(column.name) or column.name in left or column.role in _IDLE or _counting(column):
            continue
        after = len(twins(tables, picks, [column.name]))
        if after <= _SAME * before:
            found.append((after, not textual(column), len(column.values), column.name))
    return min(found)[3] if found else ""


def textual(column: Column) -> bool:
    """Whether its cells are words and no amounts or days."""
    return (
        column.role != "date"
        and sum(number_of(cell) is None for cell in column.values) > len(column.values) / 2
    )


def told(pairs: Sequence[tuple[int, int]]) -> Sentence:
    """What a person should know of rows that no column tells apart."""
    return sentence(
        "有 {n} 行和前面的行是同一个人、同一件事、同一时间，内容却不同（例如{pairs}），没有哪一列能分开它们：只留最后一行。"
        "它们是几件事，就在表里加一列（如项目、流水号）再传",
        n=f"{len(pairs):,}",
        pairs=[sentence("第 {a} 行和第 {b} 行", a=a, b=b) for a, b in pairs[:_FEW]],
    )


def _counting(column: Column) -> bool:
    return any(guess.role == "number" for guess in column.guesses[:1])


def _groups(tables: Sequence[Table], picks: Mapping[str, str], more: Collection[str]) -> Iterator[list[Row]]:
    """Rows of one key that differ: of equal ones the first."""
    for table in tables:
        names = table.head.names
        fields = {column: pick.partition(":")[0] for column, pick in picks.items()}
        known = [column for column, field in fields.items() if field == "account"]
        whose = known or [column for column, field in fields.items() if field in ("name", "school")]
        key = [*whose, *(column for column, field in fields.items() if field in _KEY[1:]), *more]
        places = [place for place, name in enumerate(names) if name in key]
        idle = {column.name for column in table.columns if _counting(column)}
        said = [place for place, name in enumerate(names) if name not in idle]
        groups: dict[tuple[str, ...], dict[tuple[str, ...], Row]] = defaultdict(dict)
        for number, cells in zip(table.lines, table.cells, strict=True):
            whole = tuple(cells[place] for place in said)
            groups[tuple(cells[place] for place in places)].setdefault(whole, (number, cells))
        yield from (list(some.values()) for some in groups.values() if len(some) > 1)

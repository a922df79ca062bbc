"""Whether a sheet says itself that its rows have been confirmed: a column in which those who did have written their names. Half filled it
says so of no row; who takes the file in answers for what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portrait.hours import hours_rule
from portrait.intake.survey import Column, Table
from portrait.sentence import Sentence, sentence

SIGNED = "verified:signed"  # a choice for a column: its rows are confirmed where a name stands
CONFIRMER, PROOF = "confirmer", "proof"  # roles of columns
_COLUMN = "（已核验）"
_SHOWN = {"day", "tick", "sign"}
# Names that begin as a word does that nobody has confirmed. Whatever else does may be another such word, and waits.
_NAMED = "^(?:未央|未来|无锡|无为|无极|空港)"
_NOBODY = r"^(?:[/\\\s—–-]*(?:[无未否待没空缺]|$)|[×✗✘╳☒]|[xX]+(?:$|\s*[^A-Za-z.\s])|(?i:no|none|null|n/?a)$)"


def made(column: str) -> dict[str, Any]:
    """The column that says of each row whether somebody has confirmed it. What stands there instead of a name says no."""
    return {_COLUMN: [{"from": column, "cases": {_NAMED: "是", _NOBODY: "否", "[一-龥A-Za-z√✓✔]": "是"}}]}


def field() -> dict[str, Any]:
    """How `verified` is read then."""
    return {"from": _COLUMN, "default": "否"}


def signed(column: Column, tables: Sequence[Table]) -> bool:
    """Whether names stand in every row of a column of those who confirm."""
    same = [one for table in tables for one in table.columns if one.name == column.name]
    return sum(one.filled for one in same) == sum(table.rows for table in tables)


def vouched(
    tables: Sequence[Table], picks: Mapping[str, str], fixed: Mapping[str, str], words: Mapping[str, str]
) -> Iterator[Sentence]:
    """What will become of rows that count only when they are confirmed, and how to say that they are."""
    waiting = {kind.name.lower() for kind in hours_rule().verified}
    there = {pick.partition(":")[0] for pick in picks.values()}
    kinds = {fixed.get("kind", ""), *words.values(), *(["attendance"] if there & _SHOWN else [])}
    if not kinds & waiting or fixed.get("verified"):
        return
    column = next((column for column, pick in picks.items() if pick == SIGNED), "")
    if column:
        yield sentence(
            "“{column}”每一行都有人，按学校或承训单位已经确认读，接入这一批的人为此负责；没有确认过的，把这一列改成不用，每一行都会等确认",
            column=column,
        )
        return
    if "verified" in there:
        return
    table = tables[0]
    confirmers = [one.name for one in table.columns if one.role == CONFIRMER and one.filled]
    proofs = [one.name for one in table.columns if one.role == PROOF and one.filled]
    yield sentence(
        "没有一列说已经核验：每一行接入以后都在“待确认”页等学校或承训单位确认（命令 portrait proof），确认以前不计学时。全表都确认过的，网页上在“每一行都一样的”里把“已核验”选成“是”，命令加 --fill verified=true"
    )
    for name in confirmers:
        yield sentence(
            "“{column}”有 {n} 行空着，所以没有当作已经确认；要让有人的行算确认过，网页上把这一列选成“已核验（有人确认的行）”",
            column=name,
            n=sum(one.rows for one in tables)
            - sum(one.filled for each in tables for one in each.columns if one.name == name),
        )
    for name in proofs:
        yield sentence(
            "“{column}”只写着材料的名字，材料本身不在表里，这一列不读：材料由教师在“校本研修”页交，或由确认的人核对",
            column=name,
        )

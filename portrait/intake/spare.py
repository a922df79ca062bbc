"""Columns that would make records of what another column makes records of, and the one without which rows are taken for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portrait.intake.deed import kind_of
from portrait.intake.draft import CERTIFICATE, ENDED, SERIAL
from portrait.intake.pick import SHOWN, said_to_be
from portrait.intake.scale import Place
from portrait.intake.survey import Table
from portrait.intake.total import totals
from portrait.intake.twin import telling, textual
from portrait.sentence import Sentence, sentence


def left_out(tables: Sequence[Table], picks: Mapping[str, str], said: str) -> dict[str, Sentence]:
    """Columns that would make records of what another column makes records of already, each with the reason."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    marks = {
        column: marks_of(tables, column)
        for column, pick in picks.items()
        if pick.partition(":")[0] == "score"
    }
    left: dict[str, Sentence] = totals(marks)
    named = {column.name: column for column in tables[0].columns}
    shown = there & SHOWN
    ended = [
        column
        for column, pick in picks.items()
        if pick == "kind" and all(kind_of(word) in (*ENDED, "") for word in named[column].values)
    ]
    for column in (column for column, pick in picks.items() if pick == CERTIFICATE):
        if shown or (ended and not said_to_be(said, "certificate")):
            left[column] = sentence("证书说的是同一次培训的结果，不另成记录")
        elif not named[column].filled:
            left[column] = sentence("还没有编号，认不出是哪一张证书")
        else:
            left |= dict.fromkeys(ended, sentence("有证书编号的就是取得了证书，没有编号的行略过"))
    for column, pick in picks.items():
        if pick == "item" and named[column].role == "class_name" and shown:
            left[column] = sentence(
                "写的不是班次的全名，说不准是哪一班；要写明，请加一列班次代码或班次的全名"
            )
    return left


def told_apart(
    tables: Sequence[Table], picks: Mapping[str, str], left: Mapping[str, Sentence]
) -> tuple[str, dict[str, str]]:
    """The column without which rows would be taken for one record, "" for none, and that it is the item where it says which."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    if there & {"day", SERIAL, CERTIFICATE}:
        return "", {}
    more = telling(tables, picks, left)
    column = next((column for column in tables[0].columns if column.name == more), None)
    if column is not None and "item" not in there and textual(column):
        return more, {more: "item"}
    return more, {}


def marks_of(tables: Sequence[Table], column: str) -> list[tuple[Place, float]]:
    return [mark for table in tables for one in table.columns if one.name == column for mark in one.marks]

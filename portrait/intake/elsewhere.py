"""Course codes of a file that its mapping takes for courses of a source which has no such ones, while another source's catalogue has them."""

from __future__ import annotations

import duckdb
from sqlalchemy import Connection

from portrait.intake.ask import many
from portrait.intake.program import Program
from portrait.sentence import Sentence, sentence
from portrait.store.unlisted import holding, meant_by


def unknown_codes(engine: duckdb.DuckDBPyConnection, program: Program, name: str) -> list[str]:
    """The codes in a field of courses or classes that nothing is registered under, numbers of people in them masked."""
    query = (
        f"SELECT DISTINCT shown FROM {program.table(name)} WHERE code = '' AND reason <> '' ORDER BY shown"
    )
    return [code for (code,) in many(engine, query)]


def taken_for(connection: Connection, program: Program, codes: list[str]) -> Sentence | None:
    """Which of these codes are addresses that stand for courses of the catalogue by their last part; None where none does."""
    catalogue = program.stream.course_source or program.mapping.source
    if not (meant := meant_by(connection, catalogue, codes)):
        return None
    address, (code, _) = next(iter(meant.items()))
    return sentence(
        "{n} 个网址按最后一段认作来源 {other} 的课程，如 {address} 认作 {code}",
        n=len(meant),
        other=catalogue,
        address=address,
        code=code,
    )


def strange_codes(connection: Connection, program: Program, codes: list[str]) -> list[str]:
    """Without the addresses that stand for courses."""
    meant = meant_by(connection, program.stream.course_source or program.mapping.source, codes)
    return [code for code in codes if code not in meant]


def elsewhere(connection: Connection, codes: list[str]) -> Sentence | None:
    """Which source's catalogue has most of these codes, and what to write; None where none has any."""
    for source, theirs in holding(connection, codes).items():
        return sentence(
            "{n} 个课程代码在来源 {other} 的课程目录里：是那里的课程，就在映射里写 course_source: {other}",
            n=len(theirs),
            other=source,
        )
    return None

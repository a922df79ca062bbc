"""Which registered class a sheet means by the name or the code that it writes: told when it comes in, found anew by every refresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
from sqlalchemy import Connection

from portrait.intake.ask import many
from portrait.intake.program import Program
from portrait.sentence import Sentence, sentence
from portrait.store.run import Called, Span, classes

_FEW = 5  # names that are told one by one


def spans_sql(program: Program) -> str:
    """SQL of the classes that a file names and that are not registered so: number, said, first and last day of their records."""
    days = (
        "min(j.v_time + INTERVAL 8 HOUR)::date AS first, max(j.v_time + INTERVAL 8 HOUR)::date AS last"
        if "v_time" in program.values
        else "NULL::date AS first, NULL::date AS last"
    )
    return (
        f"SELECT l.number, l.shown AS said, {days} FROM {program.table('run')} l "
        f"LEFT JOIN {program.judged} j ON j.v_run = l.number AND j._selected AND NOT j._bad "
        f"WHERE l.code = '' AND l.reason <> '' GROUP BY ALL"
    )


def rosters_told(
    connection: Connection, engine: duckdb.DuckDBPyConnection, program: Program
) -> list[Sentence]:
    """Which classes a list of trainees is about that it calls otherwise than they are registered."""
    told = list[Sentence]()
    known = {one.id: one for one in classes(connection).all}
    for name, lookup in program.lookups.items():
        if lookup.field.type == "class" and lookup.must and lookup.expression.loose:
            query = f"SELECT DISTINCT shown, number FROM {program.table(name)} WHERE code = '' AND reason = '' AND shown <> '' ORDER BY ALL"
            found = [(said, known[number]) for said, number in many(engine, query) if number in known]
            told += [_taken(said, one) for said, one in found[:_FEW]]
            if len(found) > _FEW:
                told.append(sentence("另有 {n} 个班次按名称认出", n=len(found) - _FEW))
    return told


def runs_told(
    connection: Connection, engine: duckdb.DuckDBPyConnection, program: Program, said: Sequence[str]
) -> list[Sentence]:
    """What to know of the classes that a file names and that are not registered so."""
    lookup = program.lookups.get("run")
    if not said or lookup is None:
        return []
    if not lookup.expression.loose:
        return [
            sentence(
                "登记库里还没有这些班次代码：{codes}（记录已保存，班次接入后即可对上）", codes=_first(said)
            )
        ]
    told = list(_each(connection, program.stream.class_source, said[:_FEW], _spans(engine, program)))
    if len(said) > _FEW:
        told.append(sentence("另有 {n} 个班次名称或代码不在班次名单里", n=len(said) - _FEW))
    return told


def meant(
    connection: Connection, engine: duckdb.DuckDBPyConnection, program: Program, said: Sequence[str]
) -> dict[str, Sentence]:
    """Of the classes that a file names and that are not registered so those that one registered class fits, as they are told in a row."""
    lookup = program.lookups.get("run")
    if not said or lookup is None or not lookup.expression.loose:
        return {}
    known, spans = classes(connection), _spans(engine, program)
    found = {name: known.fitting(name, program.stream.class_source, spans.get(name)) for name in said}
    return {
        name: sentence(
            "{word}（认作班次 {found}）", word=name, found=fit[0].name if name == fit[0].code else fit[0].code
        )
        for name, fit in found.items()
        if len(fit) == 1
    }


def _spans(engine: duckdb.DuckDBPyConnection, program: Program) -> dict[str, Span]:
    """What a file calls a class → first and last day of what it says of it."""
    return {name: (first, last) for _, name, first, last in many(engine, spans_sql(program)) if first}


def _each(
    connection: Connection, catalogue: str, said: Sequence[str], spans: Mapping[str, Span]
) -> Iterator[Sentence]:
    known = classes(connection)
    for name in said:
        fit = known.fitting(name, catalogue, spans.get(name))
        if len(fit) == 1:
            yield _taken(name, fit[0])
        elif fit:
            yield sentence(
                "叫“{said}”的班次有 {n} 个（{found}），分不清是哪一个：在表里写班次代码，或在映射里写 class_source",
                said=name,
                n=len(fit),
                found=[_called(one) for one in fit[:_FEW]],
            )
        elif near := known.nearest(name, catalogue):
            yield sentence(
                "班次名单里没有“{said}”，最接近的是：{near}（记录已保存；名单里有了这个名称或代码的班次，刷新一次就对上，不用再导入）",
                said=name,
                near=[_called(one) for one in near],
            )
        else:
            yield sentence(
                "班次名单里没有“{said}”（记录已保存；名单里有了这个名称或代码的班次，刷新一次就对上，不用再导入）",
                said=name,
            )


def _taken(said: str, one: Called) -> Sentence:
    return sentence("“{said}”认作班次 {found}", said=said, found=_called(one))


def _called(one: Called) -> Sentence:
    return sentence("{name}（{code}）", name=one.name, code=one.code)


def _first(codes: Sequence[str]) -> Sentence | Sequence[str]:
    if len(codes) <= _FEW:
        return codes
    return sentence("{some}等 {n} 个", some=codes[:_FEW], n=len(codes))

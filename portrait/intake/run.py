"""Which registered class a sheet means by the name or the code that it writes: told when it comes in, found anew by every refresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from portrait.intake.program import Program
from portrait.sentence import Sentence, sentence
from portrait.store.run import Called, classes

_FEW = 5  # names that are told one by one


def runs_told(connection: Connection, program: Program, said: Sequence[str]) -> list[Sentence]:
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
    told = list(_each(connection, program.stream.class_source, said[:_FEW]))
    if len(said) > _FEW:
        told.append(sentence("另有 {n} 个班次名称或代码不在班次名单里", n=len(said) - _FEW))
    return told


def _each(connection: Connection, catalogue: str, said: Sequence[str]) -> Iterator[Sentence]:
    known = classes(connection)
    for name in said:
        fit = known.fitting(name, catalogue)
        if len(fit) == 1:
            yield sentence("“{said}”认作班次 {found}", said=name, found=_called(fit[0]))
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


def _called(one: Called) -> Sentence:
    return sentence("{name}（{code}）", name=one.name, code=one.code)


def _first(codes: Sequence[str]) -> Sentence | Sequence[str]:
    if len(codes) <= _FEW:
        return codes
    return sentence("{some}等 {n} 个", some=codes[:_FEW], n=len(codes))

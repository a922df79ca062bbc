"""A field of a row as it would be stored, written for people: names instead of codes, hints instead of identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache

from portrait.framework import indicators
from portrait.intake.compile import slot
from portrait.intake.lookup import Known, code_list
from portrait.intake.program import Program
from portrait.intake.target import Field
from portrait.record import KIND_ZH, Kind
from portrait.sentence import Sentence, sentence

_CODED = ("course", "class", "school", "provider")


def field_sql(program: Program, field: Field) -> str:
    """SQL over `judged` of what `worded` needs of a field, as one text; NULL when the row gives nothing."""
    name = slot(field.name)
    if field.type in _CODED:
        # The number is only a hash of the code; NULL when the code is none.
        return f"CASE WHEN v_{name} IS NOT NULL THEN v_{name} || ' ' || coalesce(t_{name}, '') END"
    if field.type in ("account", "identifier"):
        return f"w_{name}"
    if field.type in ("date", "time"):
        return f"CASE WHEN v_{name} IS NOT NULL THEN n_{name}::varchar END"
    return f"v_{name}::varchar"


def worded(
    program: Program, field: Field, text: str | None, known: Known, held: Mapping[str, Sentence] | None = None
) -> str:
    """What `field_sql` gave, for people; "" for nothing. `held` are codes and names that nothing is registered under, but that are known
    elsewhere, as they are told."""
    if text is None or text == "":
        return ""
    kind = field.type
    if kind in _CODED:
        number, _, raw = text.partition(" ")
        word = program.lookups[slot(field.name)].word(raw) or ""
        if known(kind, int(number)):
            return word
        if told := (held or {}).get(word):
            return told
        return sentence("{word}（登记库里还没有）", word=word)
    if kind == "boolean":
        return sentence("是") if float(text) else sentence("否")
    if kind == "kind":
        return sentence(KIND_ZH[Kind(int(text))])
    if kind in ("code", "codes"):
        names = _names(field.codes)
        return "、".join(f"{code} {names[code]}".strip() for code in text.split("|"))
    if kind == "seconds":
        return sentence("{n} 秒", n=f"{float(text):.0f}")
    if kind in ("number", "integer"):
        return f"{float(text):.10g}"
    if kind == "time":
        moment = datetime.fromisoformat(text)
        if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            return f"{moment:%Y-%m-%d}"  # it came with its day alone
        return f"{moment:%Y-%m-%d %H:%M}" + (f":{moment:%S}" if moment.second else "")
    if kind == "date":
        return date.fromisoformat(text[:10]).isoformat()
    return text


@cache
def _names(codes: str) -> dict[str, str]:
    """Code → Chinese name; an alias never comes after the list's own name."""
    if codes == "indicator":
        return {code: node.zh for code, node in indicators().items()}
    listed = code_list(codes)
    names: dict[str, str] = {}
    for word, code in listed.items():
        if word != code:
            names.setdefault(code, word)
    return {code: names.get(code, "") for code in listed.values()}

"""What is done to a file's rows before fields are made of them: columns under other names, columns made of others by patterns,
wide tables made long, and rows that are nothing for us, each with the reason. All of it is said by the mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from portrait.errors import MappingError
from portrait.intake.digest import later
from portrait.intake.expression import ValueMap, reject
from portrait.intake.node import columns_of, list_of, text_of, truth_of
from portrait.intake.raw import literal

FILE = "$file"  # stands for the file's name where a column is made


@dataclass(frozen=True)
class Rule:
    """One way to a text: what `match` finds in a column, or in several with a blank between (its first group), the value of the first of `cases` that fits, the
    column as it is, or a constant. `replace` is applied to what was found; with `only` it is what all rows of the file have
    that have anything there, and nothing when they differ; `activity` is a type of xAPI activities: the id of the first such one of a list."""

    source: tuple[str, ...] = ()
    match: str = ""
    cases: tuple[tuple[str, str], ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    const: str = ""
    only: bool = False
    activity: str = ""


@dataclass(frozen=True)
class Made:
    """A column made of others: the first of its rules that gives a text."""

    name: str
    rules: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for rule in self.rules for column in rule.source)


@dataclass(frozen=True)
class Pass:
    """Rows that are passed over and counted under `why`, and by the text of the column `each` where one is given."""

    column: str
    why: str
    values: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    match: str = ""
    present: bool | None = None
    each: str = ""
    void: bool = later(False)  # an earlier record of the same key is taken back by such a row


@dataclass(frozen=True)
class Wide:
    """A table with a column for each thing: each cell outside `keep` becomes a row with the column's head under `item` and the
    cell under `value`. Heads that `drop` fits, or `only` does not, are left out; of heads that differ only by what `prefer` fits
    the first counts."""

    item: str
    value: str
    keep: tuple[str, ...] = ()
    drop: str = ""
    prefer: tuple[str, ...] = ()
    only: str = later("")


def names_of(raw: Any, at: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`columns: {时间: [Time, Zeit]}`: our name of a column and what files call it."""
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：columns 应为“列名: [别的叫法…]”")
    names = {name: tuple(list_of(others, f"{at}，columns.{name}")) for name, others in raw.items()}
    wrong = next(
        (name for name, others in names.items() if not all(isinstance(o, str) for o in others)), None
    )
    if wrong is not None:
        raise MappingError(f"{at}：columns.{wrong} 应为一列表头文字")
    return tuple(names.items())


def made_of(raw: Any, at: str) -> tuple[Made, ...]:
    """`make: {新列: [{from, match}, …]}`. Raises MappingError."""
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：make 应为“新列名: 规则”")
    return tuple(
        Made(name, tuple(_rule(rule, f"{at}，make.{name}") for rule in list_of(rules, f"{at}，make.{name}")))
        for name, rules in raw.items()
    )


def _rule(raw: Any, at: str) -> Rule:
    if not isinstance(raw, dict):
        raise MappingError(
            f"{at}：规则应为 {{from: 列, match: 正则}}、{{from: 列, cases: {{正则: 值}}}} 或 {{const: 值}}"
        )
    reject(raw, {"from", "match", "cases", "replace", "const", "only", "activity"}, at)
    if ("const" in raw) == ("from" in raw) or ("match" in raw and "cases" in raw):
        raise MappingError(f"{at}：要写 from（可加 match 或 cases）或 const，只能一种")
    rule = Rule(
        source=columns_of(raw.get("from", []), at),
        match=text_of(raw, "match", at, ""),
        cases=_pairs(raw, "cases", at),
        replace=_pairs(raw, "replace", at),
        const=text_of(raw, "const", at, ""),
        only=truth_of(raw, "only", at),
        activity=text_of(raw, "activity", at, ""),
    )
    for pattern in (rule.match, rule.activity, *(pattern for pattern, _ in rule.cases)):
        _checked(pattern, at)
    return rule


def _pairs(raw: dict[str, Any], key: str, at: str) -> tuple[tuple[str, str], ...]:
    pairs = raw.get(key, {})
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        raise MappingError(f"{at}：{key} 应为“文字: 文字”")
    return tuple(pairs.items())


def passed_of(raw: Any, maps: dict[str, ValueMap], at: str) -> tuple[Pass, ...]:
    """`pass: [{column, in | match | present | outside, why, void}]`. Raises MappingError."""
    return tuple(_pass(item, maps, at) for item in list_of(raw, f"{at}，pass"))


def _pass(raw: Any, maps: dict[str, ValueMap], at: str) -> Pass:
    at = f"{at}，pass"
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：每一项应为 {{column, in | match | present | outside, why}}")
    reject(raw, {"column", "in", "match", "present", "outside", "why", "each", "void"}, at)
    if sum(key in raw for key in ("in", "match", "present", "outside")) != 1:
        raise MappingError(f"{at}：要写 in、match、present、outside 中的一种")
    table = text_of(raw, "outside", at, "")
    if table and table not in maps:
        raise MappingError(f"{at}：没有值表“{table}”，可选：{'、'.join(maps) or '（maps 里一个也没有）'}")
    values = list_of(raw.get("in", []), at)
    if not all(isinstance(value, str) for value in values):
        raise MappingError(f"{at}：in 应为一个值或一列值")
    return Pass(
        column=text_of(raw, "column", at),
        why=text_of(raw, "why", at, "" if "each" in raw else None),
        values=tuple(values),
        outside=tuple(name for name, _ in maps[table].entries) if table else (),
        match=_checked(text_of(raw, "match", at, ""), at),
        present=truth_of(raw, "present", at) if "present" in raw else None,
        each=text_of(raw, "each", at, ""),
        void=truth_of(raw, "void", at),
    )


def wide_of(raw: Any, at: str) -> Wide:
    """`unpivot: {item, value, keep, drop, only, prefer}`. Raises MappingError."""
    at = f"{at}，unpivot"
    if not isinstance(raw, dict):
        raise MappingError(f"{at}：应为 {{item: 项目列, value: 值列, keep: [留下的列…]}}")
    reject(raw, {"item", "value", "keep", "drop", "only", "prefer"}, at)
    lists = {key: tuple(list_of(raw.get(key, []), at)) for key in ("keep", "prefer")}
    if not all(isinstance(text, str) for texts in lists.values() for text in texts):
        raise MappingError(f"{at}：keep 和 prefer 应为一列文字")
    for pattern in lists["prefer"]:
        _checked(pattern, at)
    drop, only = (_checked(text_of(raw, word, at, ""), at) for word in ("drop", "only"))
    item, value = text_of(raw, "item", at), text_of(raw, "value", at)
    return Wide(item, value, lists["keep"], drop, lists["prefer"], only)


def _checked(pattern: str, at: str) -> str:
    if fault := pattern_fault(pattern):
        raise MappingError(f"{at}：正则“{pattern}”用不了（{fault}）")
    return pattern


@cache
def pattern_fault(pattern: str) -> str:
    """What is wrong with a pattern; "" when both the engine and Python can read it."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        return str(error)
    try:
        # The same library as the engine's, at a fraction of what it takes to open one.
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).splitlines()[0]
    return ""


def made_sql(made: Made, columns: dict[str, str], file: str, relation: str) -> str:
    """SQL of a made column's text over the SQL of the columns it is made of, `relation` being all rows as `r`."""
    texts = []
    for rule in made.rules:
        text = _rule_sql(rule, columns, file)
        if rule.only:
            text = f"(SELECT CASE WHEN count(DISTINCT {text}) = 1 THEN min({text}) END FROM {relation} r)"
        texts.append(text)
    return f"coalesce({', '.join(texts)}, NULL)"


def _rule_sql(rule: Rule, columns: dict[str, str], file: str) -> str:
    if rule.const:
        return literal(rule.const)
    texts = [literal(file) if column == FILE else columns[column] for column in rule.source]
    text = texts[0] if len(texts) == 1 else f"concat_ws(' ', {', '.join(texts)})"
    if rule.activity:
        text = _activity_sql(text, rule.activity)
    if rule.match:
        group = min(re.compile(rule.match).groups, 1)
        text = f"regexp_extract({text}, {literal(rule.match)}, {group})"
    elif rule.cases:
        fits = " ".join(
            f"WHEN regexp_matches({text}, {literal(pattern)}) THEN {literal(value)}"
            for pattern, value in rule.cases
        )
        text = f"CASE {fits} END"
    for old, new in rule.replace:
        text = f"replace({text}, {literal(old)}, {literal(new)})"
    return f"nullif(trim({text}), '')"


def _activity_sql(text: str, form: str) -> str:
    """SQL of the id of the first activity of a type, in a JSON list of activities or in one alone."""
    listed = f"CASE WHEN json_valid({text}) THEN CASE WHEN json_type({text}) = 'ARRAY' THEN {text} ELSE '[' || {text} || ']' END END"
    fits = f"regexp_matches(coalesce(json_extract_string(x, '$.definition.type'), ''), {literal(form)})"
    return f"json_extract_string(list_filter(json_extract({listed}, '$[*]'), lambda x: {fits})[1], '$.id')"


def pass_sql(one: Pass, text: str, each: str) -> str:
    """SQL of the reason why a row is passed over, over the SQL of its columns; NULL when it is not."""
    if one.present is not None:
        holds = f"{text} IS {'NOT ' if one.present else ''}NULL"
    elif one.match:
        holds = f"coalesce(regexp_matches({text}, {literal(one.match)}), false)"
    elif one.values:
        holds = f"coalesce({text} IN ({', '.join(map(literal, one.values))}), false)"
    else:
        holds = f"coalesce({text} NOT IN ({', '.join(map(literal, one.outside))}), false)"
    why = literal(one.why)
    if one.each:
        why = f"concat_ws('：', nullif({why}, ''), left({each}, 120))"
    return f"CASE WHEN {holds} THEN {why} END"

"""From a mapping's expressions to a program: for every field the SQL of its text and value, and the checks it must pass."""

from __future__ import annotations

from datetime import datetime

from portrait.errors import InputError
from portrait.identifier import SENSITIVE
from portrait.intake import loose
from portrait.intake.expression import Expression
from portrait.intake.layout import FIELD
from portrait.intake.lookup import Lookup, kind_number
from portrait.intake.mapping import Mapping, Stream, one_kind
from portrait.intake.mistake import EXPECTED, MISTAKES
from portrait.intake.program import Check, Program, check, column_sql, condition_sql, without
from portrait.intake.raw import Raw, literal
from portrait.intake.shape import FILE
from portrait.intake.target import DATED, LOOKUPS, Field
from portrait.intake.typed import (
    FIRST_YEAR,
    LAST_YEAR,
    SECONDS_EXPECTED,
    as_local,
    as_utc,
    in_years,
    moment,
    number,
    seconds,
    without_year,
    yearless,
)
from portrait.intake.width import narrow_sql
from portrait.intake.year import in_year
from portrait.sentence import sentence
from portrait.store.rekeyed import DIGEST

_EXAMPLE = datetime(2022, 8, 31, 9, 5)  # as forms of times are shown to people

NO_YEAR = sentence(
    "时间里没有年份：请在映射的 time 里写 year（如 year: 2023"
    "；跨年的学年写 year: 2022-09，从那个月起的十二个月），再导入或重放"
)
_IDENTIFIED = ("account", "identifier")  # looked up, and known by the one spelling of what was written
_PEOPLE = ("person", "trainee", "record")  # whose field `name` is that of a human being
_NUMBER_TYPES = ("number", "integer", "seconds")


def compile_stream(mapping: Mapping, stream: Stream, raw: Raw, prefix: str) -> Program:
    """The program of a stream over one file's rows."""
    program = Program(mapping, stream, raw, prefix)
    for join in stream.joins:
        if join.required:
            hit = f"hit_{program._place(join.alias)}"
            program.texts[hit] = f"j{program._place(join.alias)}.k0 IS NOT NULL"
            on = "、".join(own for own, _ in join.on)
            program.checks.append(
                check(on, f"NOT {hit}", "no_match", f"在 {join.layout.file} 里找不到对应的行")
            )
    fields = dict(stream.fields)
    if stream.target.name == "person" and "staff" not in fields and ":" not in fields["key"].prefix:
        fields["staff"] = fields["key"]  # a person's key is the staff number unless it names another source
    if "score_max" in fields and fields.get("score", fields["score_max"]).loose:
        fields = {"score_max": fields["score_max"], **fields}  # 85% is of the full mark: that is read first
    for name, expression in fields.items():
        wanted = stream.target.field(name)
        if wanted is None:
            raise InputError(
                "{stream}：目标 {target} 没有字段 {field}",
                stream=stream.name,
                target=stream.target.name,
                field=name,
            )
        if wanted.type in DATED:
            expression, program.undated, program.of_year = in_year(expression, raw)
        _field(program, wanted, expression)
    if stream.target.name == "person":
        _anonymous(program, fields)
    if stream.target.name == "record":
        _score(program)
        _key(program)
        if stream.void is not None:
            program.texts["void"] = condition_sql(program, stream.void)
    return program


def _key(program: Program) -> None:
    """What tells the record: texts of columns as they were written, and fields as they were read."""
    key = program.stream.key or program.stream.columns
    texts = {
        column: f"coalesce({narrow_sql(column_sql(program, column))}, '')"
        for column in key
        if not column.startswith(FIELD)
    }
    if len(texts) == len(set(key)):
        # Without a value in it the key is made once, before anything is looked up.
        program.texts["record_key"] = f"concat_ws(chr(31), {', '.join(texts[column] for column in key)})"
        return
    parts = []
    for place, column in enumerate(key):
        if column in texts:
            program.texts[f"key_{place}"] = texts[column]
            parts.append(f"s.key_{place}")
        else:
            parts.append(f"coalesce({_read_text(program, column.removeprefix(FIELD))}, '')")
    program.values["record_key"] = f"concat_ws(chr(31), {', '.join(parts)})"


def _read_text(program: Program, name: str) -> str:
    """SQL of a field's value as a text that is the same however it was written: what was in the usual spelling stays as it is."""
    wanted = program.stream.target.field(name)
    at = slot(name)
    if wanted is None or (wanted.type in LOOKUPS and wanted.type not in _IDENTIFIED):
        return f"v_{at}::varchar"
    if wanted.type in DATED:
        day, second = (f"n_{at} = date_trunc('{unit}', n_{at})" for unit in ("day", "second"))
        return (
            f"CASE WHEN {day} THEN strftime(n_{at}, '%Y-%m-%d') WHEN {second} THEN strftime(n_{at}, '%Y-%m-%d %H:%M:%S') "
            f"ELSE strftime(n_{at}, '%Y-%m-%d %H:%M:%S.%f') END"
        )
    if wanted.type in _IDENTIFIED:
        # Parts of a name stand as columns do.
        return f"replace(rtrim(l_{at}.plain, '|'), '|', chr(31))"
    if wanted.type == "text":
        return f"v_{at}"
    return f"CASE WHEN v_{at} = trunc(v_{at}) AND abs(v_{at}) < 1e15 THEN v_{at}::bigint::varchar ELSE v_{at}::varchar END"


def _anonymous(program: Program, fields: dict[str, Expression]) -> None:
    """A key that is or holds somebody's number or mailbox is kept as the source and a part of the keyed digest: a key is shown."""
    name = "staff"
    if fields.get("staff") != fields["key"]:
        name = "whose"
        program.texts[f"t_{name}"] = _raw_text(program, fields["key"])
        program.lookups[name] = Lookup(
            Field(name, "编号", "identifier", codes="staff"), fields["key"], must=False
        )
    made = f"{literal(program.mapping.source + ':')} || left(l_{name}.digest, {DIGEST})"
    # Who was listed before keys were kept so has a number of before.
    there = f"(SELECT min(k.key) FROM {program.kept} k WHERE k.digest = left(l_{name}.digest, {DIGEST}))"
    own = program.values["v_key"]
    program.values["v_key"] = (
        f"CASE WHEN l_{name}.shown <> l_{name}.plain THEN coalesce({there}, {made}) ELSE {own} END"
    )


def slot(name: str) -> str:
    """A field's name as it may stand in SQL; `extra.地区` can hold anything."""
    return name if name.isidentifier() and name.isascii() else "x_" + name.encode().hex()


def _raw_text(program: Program, expression: Expression) -> str:
    """SQL of an expression's text before map, prefix and default."""
    if expression.first:
        return f"coalesce({', '.join(_prefixed(program, part) for part in expression.first)})"
    if expression.const is not None:
        return f"nullif({literal(expression.const)}, '')"
    columns = [column_sql(program, column) for column in expression.source]
    columns = [without(column, expression.blank) for column in columns]
    if len(columns) == 1:
        return columns[0]
    joiner = literal(expression.join)
    if expression.skip_blank:
        return f"nullif(concat_ws({joiner}, {', '.join(columns)}), '')"
    return f"({f' || {joiner} || '.join(columns)})"


def _prefixed(program: Program, part: Expression) -> str:
    text = _raw_text(program, part)
    return f"({literal(part.prefix)} || {text})" if part.prefix else text


def _text(program: Program, wanted: Field, expression: Expression, name: str) -> str:
    """Register the expression's text under `name` and return the SQL, over `seen` and look-ups, of its final text."""
    program.texts[f"t_{name}"] = _raw_text(program, expression)
    if expression.mixed:
        _mix(program, expression, name)
    if expression.map is not None or wanted.type in LOOKUPS:
        words = tuple(
            word for one in program.stream.passed if one.column in expression.source for word in one.values
        )
        lookup = Lookup(wanted, expression, program.stream.target.name != "record", words)
        program.lookups[name] = lookup
        column = _told(program, expression) or wanted.zh
        own = f"split_part(t_{name}, chr(31), 2)" if lookup.mixed else f"t_{name}"
        shown = "NULL" if lookup.sensitive else own
        wrong = f"c_{name} <> ''"
        if wanted.type == "kind" and program.raw.void:
            wrong = f"NOT _absent AND {wrong}"  # × is no kind; see below
        program.checks.append(Check(column, wrong, f"c_{name}", f"r_{name}", shown))
        return f"l_{name}.value"
    text = f"s.t_{name}"
    if expression.loose and wanted.type in (*_NUMBER_TYPES, "date", "time"):
        # In a query of their own: what reads a text names it many times.
        raw = program.texts[f"t_{name}"]
        dated = wanted.type in ("date", "time") and not expression.format
        if dated:
            program.texts[f"d_{name}"] = loose.tidy(raw)
        else:
            program.texts[f"d_{name}"] = raw if expression.format else loose.narrow(raw)
        if wanted.type in ("date", "time"):
            program.texts[f"h_{name}"] = loose.late(raw)
        text = f"s.d_{name}"
    elif expression.loose and wanted.name == "name" and program.stream.target.name in _PEOPLE:
        text = loose.closed(text)
    if expression.prefix:
        text = f"({literal(expression.prefix)} || {text})"
    if expression.default:
        text = f"coalesce({text}, {literal(expression.default)})"
    return text


def _told(program: Program, expression: Expression) -> str:
    """The columns that a field is made from, as a person finds them in the file: of a made one those that it is made of, when they
    are few."""
    made = {one.name: one for one in program.stream.made}
    named: dict[str, None] = {}
    for column in expression.columns:
        own = [one for one in made[column].columns if one != FILE] if column in made else [column]
        few = len(set(own)) <= 2 and not made.keys() & set(own)
        named.update(dict.fromkeys(own if few else [column]))
    return "、".join(named)


def _mix(program: Program, expression: Expression, name: str) -> None:
    """The text carries the kind of the alternative that gave it; beside it the text alone, where it must not be shown."""
    parts = [(part.kind, _prefixed(program, part)) for part in expression.first]
    tagged = (f"{literal(kind)} || chr(31) || {sql}" for kind, sql in parts)
    program.texts[f"t_{name}"] = f"coalesce({', '.join(tagged)})"
    told = (f"WHEN {sql} IS NOT NULL THEN {sql if kind in SENSITIVE else 'NULL'}" for kind, sql in parts)
    program.texts[f"u_{name}"] = f"(CASE {' '.join(told)} END)"


def _field(program: Program, wanted: Field, expression: Expression) -> None:
    name = slot(wanted.name)
    column = _told(program, expression) or wanted.zh
    if expression.start is not None and expression.days is not None:
        _counted(program, wanted, expression.start, expression.days, name)
        _missing(program, wanted, column, name)
        return
    text = _text(program, wanted, expression, name)
    program.values[f"x_{name}"] = text
    if wanted.type in LOOKUPS:
        program.values[f"v_{name}"] = f"l_{name}.{'number' if program.lookups[name].numeric else 'value'}"
        if wanted.type == "kind" and program.raw.void:
            # Of what nobody signed the mark says no kind: it is the one that all its stream's records are.
            kind = kind_number(one_kind(program.stream))
            program.values["v_kind"] = f"CASE WHEN s._absent THEN {kind} ELSE l_kind.number END"
        if wanted.type in ("account", "identifier"):
            program.values[f"k_{name}"] = f"l_{name}.kind"
            program.values[f"g_{name}"] = f"l_{name}.digest"
            program.values[f"w_{name}"] = f"l_{name}.shown"
            if wanted.codes == "mail":
                program.values[f"h_{name}"] = f"l_{name}.beside"
    elif wanted.type == "text":
        program.values[f"v_{name}"] = text
        wrong = ", ".join(map(literal, MISTAKES))
        program.checks.append(check(column, f"v_{name} IN ({wrong})", "mistake", EXPECTED, f"v_{name}"))
        program.checks.append(
            check(
                column,
                f"length(v_{name}) > {wanted.size}",
                "too_long",
                f"至多 {wanted.size} 个字",
                f"left(v_{name}, 40)",
            )
        )
    elif wanted.type in _NUMBER_TYPES:
        _numeric(program, wanted, expression, text, column, name)
    else:
        _dated(program, wanted, expression, text, column, name)
    _missing(program, wanted, column, name)


def _missing(program: Program, wanted: Field, column: str, name: str) -> None:
    if wanted.required:
        looked = f" AND coalesce(c_{name}, '') = ''" if name in program.lookups else ""
        unread = f" AND x_{name} IS NULL" if f"x_{name}" in program.values else ""
        program.checks.append(
            check(column, f"v_{name} IS NULL{unread}{looked}", "missing", f"{wanted.zh}不能为空")
        )


def _numeric(
    program: Program, wanted: Field, expression: Expression, text: str, column: str, name: str
) -> None:
    value, expected = number(text), "数字"
    if expression.loose:
        value, expected = _loose(wanted, expression, text)
    elif wanted.type == "seconds":
        value, expected = seconds(text, expression.unit), SECONDS_EXPECTED[expression.unit]
    elif expression.unit == "percent":
        value, expected = f"({value} / 100)", "百分数"
    elif wanted.type == "integer":
        expected = "整数"
    program.values[f"v_{name}"] = value
    odd = f" OR v_{name} <> trunc(v_{name})" if wanted.type == "integer" else ""
    program.checks.append(
        check(
            column,
            f"x_{name} IS NOT NULL AND (v_{name} IS NULL OR NOT isfinite(v_{name}){odd})",
            "not_a_number" if wanted.type != "seconds" else "not_a_duration",
            f"应为{expected}",
            f"x_{name}",
        )
    )
    outside = []
    if wanted.low is not None:
        outside.append(f"v_{name} < {wanted.low}")
    if wanted.high is not None:
        outside.append(f"v_{name} > {wanted.high}")
    if outside:
        scale = 100 if expression.unit == "percent" else 1
        low = "" if wanted.low is None else f"{wanted.low * scale:g}"
        bounds = f"{low} 到 {wanted.high * scale:g} 之间" if wanted.high is not None else f"不小于 {low}"
        if wanted.type == "seconds":
            bounds = "不为负、也不大得离谱的时长"
        # Read before checked: nan and infinity are already “not a number”.
        program.checks.append(
            check(
                column,
                f"isfinite(v_{name}) AND ({' OR '.join(outside)})",
                "out_of_range",
                f"应为{bounds}",
                f"x_{name}",
            )
        )


def _loose(wanted: Field, expression: Expression, text: str) -> tuple[str, str]:
    """SQL of a number as people write it, and what is expected. A score given as a percentage is one of the full mark."""
    if wanted.type == "seconds" and expression.unit not in ("iso8601", "clock"):
        return loose.seconds(text, expression.unit), loose.SPAN_IN.get(expression.unit, loose.SPAN_EXPECTED)
    if wanted.type == "seconds":
        return seconds(text, expression.unit), SECONDS_EXPECTED[expression.unit]
    value, share = loose.number(text), loose.percentage(text)
    if expression.unit == "percent":
        return f"(CASE WHEN {share} THEN {value} ELSE {value} / 100 END)", "百分数"
    if wanted.name == "score":
        most = "v_score_max" if expression.max is None else repr(expression.max)
        return f"(CASE WHEN {share} THEN round({value} * {most}, 9) ELSE {value} END)", loose.NUMBER_EXPECTED
    return value, loose.NUMBER_EXPECTED


def _dated(
    program: Program, wanted: Field, expression: Expression, text: str, column: str, name: str
) -> None:
    zone = program.mapping.timezone
    if name in program.lookups:
        # A mapped date is read once a word, not once a row.
        local, utc = _moment(
            "value" if expression.format else loose.tidy("value"), loose.late("value"), expression, zone
        )
        program.derived[name] = {
            "at_source": ("timestamp", as_local(local, utc, zone)),
            "at_utc": ("timestamptz", as_utc(local, utc, zone)),
        }
        there, instant = f"l_{name}.at_source", f"l_{name}.at_utc"
    else:
        local, utc = _moment(text, f"s.h_{name}", expression, zone)
        there, instant = as_local(local, utc, zone), as_utc(local, utc, zone)
    program.values[f"n_{name}"] = there
    program.values[f"v_{name}"] = instant if wanted.type == "time" else f"({there})::date"
    form = (
        f"如 {'、'.join(_EXAMPLE.strftime(one) for one in expression.format)}"
        if expression.format
        else loose.DATE_EXPECTED
        if expression.loose
        else "如 2022-08-31 或 2022-08-31 09:05:00"
    )
    dated = f"coalesce({in_years(f'n_{name}')}, false)"
    if any(yearless(form) for form in expression.format):
        program.values[f"y_{name}"] = without_year(text, expression.format, expression.months)
        program.checks.append(check(column, f"y_{name} AND NOT {dated}", "no_year", NO_YEAR, f"x_{name}"))
        dated = f"({dated} OR y_{name})"
    elif expression.loose and not expression.format and expression.year and program.of_year:
        # Of twelve months from one year into the next there is something to know where any are of the first.
        begin, _, month = expression.year.partition("-")
        early = f" AND year(n_{name}) = {int(begin)}" if month else ""
        program.short.append(loose.yearless(f"x_{name}") + early)
    elif expression.loose and not expression.year and not expression.format:
        short = loose.yearless(f"x_{name}")
        program.checks.append(check(column, short, "no_year", program.undated, f"x_{name}"))
        dated = f"({dated} OR coalesce({short}, false))"
    program.checks.append(
        check(
            column,
            f"x_{name} IS NOT NULL AND NOT {dated}",
            "bad_time",
            f"应为{'时间' if wanted.type == 'time' else '日期'}，{form}，{FIRST_YEAR} 到 {LAST_YEAR} 年",
            f"x_{name}",
        )
    )


def _moment(text: str, late: str, expression: Expression, zone: str) -> tuple[str, str]:
    if expression.loose:
        return loose.date_time(text, late, expression.format, zone, expression.year, expression.months)
    return moment(text, expression.format, zone, expression.year, expression.months)


def _counted(program: Program, wanted: Field, start: Expression, days: Expression, name: str) -> None:
    """A time given as days since a start: midnight at the source on that day."""
    zone = program.mapping.timezone
    day = Field(f"{wanted.name}.start", f"{wanted.zh}的起点", "date")
    number_of = Field(f"{wanted.name}.days", f"{wanted.zh}的天数", "integer", low=-40_000, high=40_000)
    _field(program, day, start)
    _field(program, number_of, days)
    begin, count = (slot(f"{wanted.name}.{part}") for part in ("start", "days"))
    begins = program.values[f"v_{begin}"]
    counts = program.values[f"v_{count}"]
    safe = f"CASE WHEN {counts} BETWEEN -40000 AND 40000 AND {counts} = trunc({counts}) THEN {counts}::integer END"
    local = f"(({begins})::timestamp + to_days({safe}))"
    program.values[f"n_{name}"] = local
    program.values[f"v_{name}"] = (
        f"timezone({literal(zone)}, {local})" if wanted.type == "time" else f"{local}::date"
    )


def _score(program: Program) -> None:
    """A score without its scale means nothing, and one beyond it is an error."""
    expression = program.stream.field("score")
    if expression is None:
        return
    column = _told(program, expression) or "score"
    if expression.max is None:
        scale = "v_score_max"
        other = program.stream.field("score_max")
        of = (_told(program, other) if other else "") or "score_max"
        program.checks.append(
            check(of, "v_score IS NOT NULL AND x_score_max IS NULL", "no_scale", "有得分就要有满分")
        )
        program.checks.append(check(of, "v_score_max <= 0", "no_scale", "满分应大于 0", "x_score_max"))
    else:
        scale = repr(expression.max)
        program.values["v_score_max"] = f"{scale}::double"
    program.checks.append(
        check(
            column,
            f"isfinite(v_score) AND {scale} > 0 AND (v_score < 0 OR v_score > {scale})",
            "beyond_scale",
            "得分应在 0 到满分之间" if expression.max is None else f"应在 0 到 {expression.max:g} 之间",
            "x_score || ' / ' || x_score_max" if expression.max is None else "x_score",
        )
    )

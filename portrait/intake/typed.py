"""SQL that reads a text as a number, a time or a duration; NULL where the text is none. The texts come in as SQL, never as values."""

from __future__ import annotations

import re
from functools import cache

import duckdb

from portrait.intake.raw import literal

FIRST_YEAR, LAST_YEAR = 1980, 2100
# Year first, so nothing can be misread; anything else needs a format in the mapping.
_FORMATS = (
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
# The engine's own cast passes over what follows a time, be it PM or the name of a zone: only what is read whole counts.
_PLAIN = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]+\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?"
_OFFSET = r"\d:\d\d.*(?:[Zz]|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)$"
_DURATION = r"P(\d+(?:\.\d+)?D)?(?:T(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?"
_FACTOR = {"seconds": 1, "minutes": 60, "hours": 3600}
EPOCHS = {"epoch": 1, "epoch_ms": 1000}
# Twelve in each language: English, German (and Austrian), French, Spanish, Italian.
_MONTHS = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber maerz apr mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
)
_MONTH = r"\s(\p{L}{3,})\.?([\s,]|$)"
_MOST_SECONDS = 1e10  # some three centuries
EXCEL = "excel"  # days since the end of 1899, as a workbook keeps a date that was not formatted as one
STARTS = (*EPOCHS, EXCEL)  # formats that count from a start


def _bounded(value: str, most: float) -> str:
    """NULL for what a calendar does not hold (nan is more than anything): the engine would stop the whole file at it."""
    return f"CASE WHEN {value} BETWEEN -{most!r} AND {most!r} THEN {value} END"


def number(text: str) -> str:
    return f"try_cast({text} AS double)"


def yearless(form: str) -> bool:
    """Whether a time format says nothing of the year."""
    return form not in STARTS and not re.search(r"%[-#]?[YyGcxs]", form)


def without_year(text: str, formats: tuple[str, ...], months: str) -> str:
    """True where a text is a time by one of the formats that say nothing of the year."""
    read = [
        f"try_strptime('2000 ' || {_named(text, form, months)}, {literal('%Y ' + _numbered(form, months))})"
        for form in formats
        if yearless(form)
    ]
    return f"(coalesce({', '.join(read)}, NULL) IS NOT NULL)" if read else "false"


def _numbered(form: str, months: str) -> str:
    return form.replace("%B", "%m").replace("%b", "%m") if months else form


def _named(text: str, form: str, months: str) -> str:
    """A text with the name of its month as a number, where the format has one and mappings may name it in any language."""
    if not months or not re.search("%[Bb]", form):
        return text
    word = f"regexp_extract(lower({text}), {literal(_MONTH)}, 1)"
    listed = ", ".join(f"{literal(name)}: '{number:02}'" for name, number in month_names().items())
    return f"regexp_replace(lower({text}), {literal(_MONTH)}, ' ' || MAP {{{listed}}}[{word}] || '\\2')"


@cache
def month_names() -> dict[str, int]:
    """Names and short names of months in English, German, French, Spanish and Italian, in small letters."""
    found: dict[str, int] = {}
    for line in _MONTHS:
        for number, name in enumerate(line.split(), 1):
            for form in (name, name[:3], name[:4]):
                # juin and juillet share three letters; what two months share names neither.
                found[form] = number if found.get(form, number) == number else 0
    return {name: number for name, number in found.items() if number}


def _dated(text: str, form: str, year: str, months: str) -> str:
    """A text as a local time by one format; one without a year is of `year`, or of the twelve months from it."""
    text, form = _named(text, form, months), _numbered(form, months)
    if not yearless(form):
        return f"try_strptime({text}, {literal(form)})"
    if not year:
        return "NULL::timestamp"
    first, _, month = year.partition("-")
    begun, next_one = (
        f"try_strptime('{int(first) + more} ' || {text}, {literal('%Y ' + form)})" for more in (0, 1)
    )
    least = int(month or 1)
    late = f"CASE WHEN month({next_one}) < {least} THEN {next_one} END"
    return f"CASE WHEN month({begun}) >= {least} THEN {begun} ELSE {late} END"


def moment(
    text: str, formats: tuple[str, ...], zone: str, year: str = "", months: str = ""
) -> tuple[str, str]:
    """(local, utc): the text as a time without zone where it carries none, and as an instant where it carries one.

    Exactly one of the two is filled for a readable text. `local` is in the source's zone.
    """
    if not formats:
        carries = f"regexp_matches({text}, {literal(_OFFSET)})"
        own = ", ".join(literal(form) for form in _FORMATS)
        plain = f"regexp_full_match({text}, {literal(_PLAIN)})"
        local = f"CASE WHEN {plain} THEN try_cast({text} AS timestamp) ELSE try_strptime({text}, [{own}]) END"
        closed = f"replace(replace(upper({text}), ' +', '+'), ' -', '-')"
        return local, f"CASE WHEN {carries} THEN try_cast({closed} AS timestamptz) END"
    instants, locals_ = [], []
    for form in formats:
        if form in EPOCHS:
            instants.append(f"to_timestamp({_bounded(f'{number(text)} / {EPOCHS[form]}', _MOST_SECONDS)})")
        elif form == EXCEL:
            count = _bounded(f"round({number(text)} * 86400)", _MOST_SECONDS)
            locals_.append(f"(TIMESTAMP '1899-12-30' + to_microseconds({count}::bigint * 1000000))")
        elif "%z" in form or "%Z" in form:
            instants.append(f"try_strptime({text}, {literal(form)})::timestamptz")
        else:
            locals_.append(_dated(text, form, year, months))
    return (
        f"coalesce({', '.join(locals_)})" if locals_ else "NULL::timestamp",
        f"coalesce({', '.join(instants)})" if instants else "NULL::timestamptz",
    )


def as_local(local: str, utc: str, zone: str) -> str:
    """The time on a clock at the source: what its months and dates are counted by."""
    return f"coalesce({local}, timezone({literal(zone)}, {utc}))"


def as_utc(local: str, utc: str, zone: str) -> str:
    return f"coalesce({utc}, timezone({literal(zone)}, {local}))"


def in_years(time: str) -> str:
    """True for a readable time in the years that can be meant."""
    return f"(isfinite({time}) AND year({time}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR})"


def seconds(text: str, unit: str) -> str:
    """A duration in whole seconds."""
    if unit == "iso8601":
        parts = [
            f"coalesce(try_cast(rtrim(regexp_extract({text}, {literal(_DURATION)}, {group}), 'DHMS') AS double), 0) * {factor}"
            for group, factor in enumerate((86400, 3600, 60, 1), 1)
        ]
        whole = f"regexp_full_match({text}, {literal(_DURATION)}) AND length({text}) > 2 AND NOT suffix({text}, 'T')"
        return f"CASE WHEN {whole} THEN round({' + '.join(parts)}) ELSE {_bare(text)} END"
    if unit == "played":
        # The segments of a session add up from statement to statement: only the last one is new.
        ends = f"string_split(string_split({text}, '[,]')[-1], '[.]')"
        last = f"(try_cast({ends}[2] AS double) - try_cast({ends}[1] AS double))"
        return (
            f"CASE WHEN contains({text}, '[.]') THEN round({last}) "
            f"ELSE coalesce(round({number(text)}), {seconds(text, 'iso8601')}) END"
        )
    if unit == "clock":
        pieces = f"string_split({text}, ':')"
        total = " + ".join(
            f"try_cast({pieces}[{i}] AS double) * {factor}" for i, factor in ((1, 3600), (2, 60), (3, 1))
        )
        return (
            rf"CASE WHEN regexp_full_match({text}, '\d+:[0-5]\d:[0-5]\d') THEN {total} ELSE {_bare(text)} END"
        )
    return f"round({number(text)} * {_FACTOR[unit or 'seconds']})"


def _bare(text: str) -> str:
    """A bare 0, as a mapping's default writes it, is no time in every notation."""
    return f"CASE WHEN {text} = '0' THEN 0 END"


SECONDS_EXPECTED = {
    "": "秒数",
    "seconds": "秒数",
    "minutes": "分钟数",
    "hours": "小时数",
    "iso8601": "ISO 8601 时长，如 PT5M30S",
    "played": "看过的片段，如 0[.]42.6[,]50[.]61.2，或 ISO 8601 时长",
    "clock": "时:分:秒，如 01:05:30",
}


@cache
def zones() -> frozenset[str]:
    """Time zones that the engine knows: fewer than Python's, which has this machine's own among them."""
    with duckdb.connect(":memory:") as engine:
        return frozenset(
            name for (name,) in engine.execute("SELECT name FROM pg_timezone_names()").fetchall()
        )


@cache
def format_fault(form: str) -> str:
    """What the engine has against a time format; "" when it can read by it."""
    with duckdb.connect(":memory:") as engine:
        try:
            engine.execute(f"SELECT try_strptime('', {literal(form)})")
        except duckdb.Error as error:
            return str(error).splitlines()[0].rpartition(": ")[2]
    return ""

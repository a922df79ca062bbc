"""SQL that reads a text as a number, a time or a duration; NULL where the text is none. The texts come in as SQL, never as values."""

from __future__ import annotations

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
_OFFSET = r"\d:\d\d.*([Zz]|[+-]\d\d(:?\d\d)?)$"
_DURATION = r"P(\d+(?:\.\d+)?D)?(?:T(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?"
_FACTOR = {"seconds": 1, "minutes": 60, "hours": 3600}
EPOCHS = {"epoch": 1, "epoch_ms": 1000}


def number(text: str) -> str:
    return f"try_cast({text} AS double)"


def moment(text: str, formats: tuple[str, ...], zone: str) -> tuple[str, str]:
    """(local, utc): the text as a time without zone where it carries none, and as an instant where it carries one.

    Exactly one of the two is filled for a readable text. `local` is in the source's zone.
    """
    if not formats:
        carries = f"regexp_matches({text}, {literal(_OFFSET)})"
        own = ", ".join(literal(form) for form in _FORMATS)
        local = f"CASE WHEN NOT {carries} THEN coalesce(try_cast({text} AS timestamp), try_strptime({text}, [{own}])) END"
        return local, f"CASE WHEN {carries} THEN try_cast({text} AS timestamptz) END"
    instants, locals_ = [], []
    for form in formats:
        if form in EPOCHS:
            instants.append(f"to_timestamp(try_cast({text} AS double) / {EPOCHS[form]})")
        elif "%z" in form or "%Z" in form:
            instants.append(f"try_strptime({text}, {literal(form)})::timestamptz")
        else:
            locals_.append(f"try_strptime({text}, {literal(form)})")
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
    "clock": "时:分:秒，如 01:05:30",
}

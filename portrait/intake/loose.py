"""SQL that reads numbers, dates and durations as people write them in sheets; NULL where the text could mean two things, or none."""

from __future__ import annotations

from portrait.intake.raw import literal
from portrait.intake.typed import moment

_WIDE = "．，％－＋：／（）＇", ".,%-+:/()'"
_UNITS = "分|个?学时|课时|学分|小时|节|人|次|天|岁|年|元|名|项|门|篇|场"
_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_DAY = r"[（(]?(星期|周)[一二三四五六日天][)）]?"
_HALF = r"(上午|下午|晚上|中午)"
_TIDYING = (
    (_DAY, ""),
    (rf"\s*{_HALF}\s*", " "),
    (r"(\d{1,2})[时点](\d{2})分?$", r" \1:\2"),
    (r"(\d{1,2})[时点](\d)分?$", r" \1:0\2"),
    (r"(\d{1,2})[时点]整?$", r" \1:00"),
    (r"\s*([年月日号])\s*", r"\1"),
    (r"[日号](\d)", r"日 \1"),
)
_LATE = r"(?:下午|晚上)\s*(\d{1,2})[:时点]"
_MONTH_DAY = r"(\d{1,2})(?:月|[/-])(\d{1,2})[日号]?"
_CLOCK = r"(?: *(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
# Excel's day numbers of the years that can be meant.
_FIRST_DAY, _LAST_DAY = 29_221, 73_415
_NUMBER = r"(\d+(?:\.\d+)?)"
_SPAN = rf"(?:{_NUMBER}(?:天|日|d))?(?:{_NUMBER}(?:个?小时|时|hours?|hrs?|h))?(?:{_NUMBER}(?:分钟|分|mins?|m|'|′))?(?:{_NUMBER}(?:秒钟?|secs?|s|″|\"))?"
_FACTORS = (86_400, 3_600, 60, 1)
_FIRST_PART = {"seconds": 0, "minutes": 60, "hours": 3_600}

NUMBER_EXPECTED = "数字（可带千分位、%、“分”“学时”等单位）"
DATE_EXPECTED = "如 2022年8月19日、2022-08-19 或 2022/8/19 9:05"
SPAN_EXPECTED = "带单位的时长，如 1小时20分、80分钟、1:20:00；只有数字的，要在映射里写 unit"
# Where the unit is written, what a bare number stands for is settled.
SPAN_IN = {
    "seconds": "数字（按秒读），或带单位的时长，如 1小时20分、80分钟、1:20:00",
    "minutes": "数字（按分钟读），或带单位的时长，如 1小时20分、80分钟、1:20:00",
    "hours": "数字（按小时读），或带单位的时长，如 1小时20分、80分钟、1:20:00",
}


def closed(text: str) -> str:
    """A name without the blanks between its Chinese characters: 张  丹, 孙 二妮."""
    for _ in range(2):  # each match takes both of its neighbours
        text = f"regexp_replace({text}, '([\\p{{Han}}·])[\\s\u3000]+([\\p{{Han}}·])', '\\1\\2', 'g')"
    return text


def narrow(text: str) -> str:
    """A number or duration without blanks inside, its punctuation of the usual width: what the readers below expect."""
    return (
        f"lower(regexp_replace(translate({text}, {literal(_WIDE[0])}, {literal(_WIDE[1])}), '\\s', '', 'g'))"
    )


def number(text: str) -> str:
    """85, 1,200, 88分, 85%. A percentage is a hundredth."""
    bare = f"regexp_replace({text}, {literal(f'({_UNITS})$')}, '')"
    whole = f"CASE WHEN regexp_full_match({bare}, {literal(_THOUSANDS)}) THEN replace({bare}, ',', '') ELSE {bare} END"
    return (
        f"CASE WHEN suffix({text}, '%') THEN try_cast(rtrim({text}, '%') AS double) / 100 "
        f"ELSE try_cast({whole} AS double) END"
    )


def percentage(text: str) -> str:
    """True where the text is written as a percentage."""
    return f"coalesce(suffix({text}, '%'), false)"


def date_time(
    text: str, after_noon: str, formats: tuple[str, ...], zone: str, year: str, months: str = ""
) -> tuple[str, str]:
    """(local, utc) as `typed.moment`: what that reads, Excel's day numbers, and dates without a year when it is given."""
    local, utc = moment(text, formats, zone, year if formats else "", months)
    if formats:
        return local, utc
    serial = f"try_cast({text} AS double)"
    counted = (
        f"CASE WHEN regexp_full_match({text}, '\\d{{5}}(\\.\\d+)?') AND {serial} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} "
        f"THEN TIMESTAMP '1899-12-30' + to_seconds(round({serial} * 86400)::bigint) END"
    )
    short = "NULL::timestamp"
    if year:
        month_day = f"^{_MONTH_DAY}{_CLOCK}$"
        parts = [f"regexp_extract({text}, {literal(month_day)}, {group})" for group in range(1, 6)]
        clock = f"coalesce(nullif({parts[2]}, ''), '0') || ':' || coalesce(nullif({parts[3]}, ''), '00') || ':' || coalesce(nullif({parts[4]}, ''), '00')"
        begin, _, month = year.partition("-")  # 2022-09: the twelve months from then
        said = f"CASE WHEN {parts[0]}::int < {int(month or 1)} THEN '{int(begin) + 1}' ELSE '{begin}' END"
        stamp = f"{said} || '-' || {parts[0]} || '-' || {parts[1]} || ' ' || {clock}"
        short = (
            f"CASE WHEN regexp_matches({text}, {literal(month_day)}) THEN try_cast({stamp} AS timestamp) END"
        )
    return f"(coalesce({local}, {counted}, {short}) + to_hours({after_noon}))", utc


def late(text: str) -> str:
    """How many hours the clock is behind the day: 12 after noon."""
    hour = f"try_cast(regexp_extract({text}, {literal(_LATE)}, 1) AS bigint)"
    return f"CASE WHEN {hour} < 12 THEN 12 ELSE 0 END"


def tidy(text: str) -> str:
    """A date without its weekday, and 8月19日9时5分 as 8月19日 9:05."""
    plain = f"translate({text}, {literal(_WIDE[0])}, {literal(_WIDE[1])})"
    for pattern, new in _TIDYING:
        plain = f"regexp_replace({plain}, {literal(pattern)}, {literal(new)}, 'g')"
    return f"trim({plain})"


def yearless(text: str) -> str:
    """True for a day of a month without its year."""
    return f"regexp_full_match({text}, {literal(_MONTH_DAY + _CLOCK)})"


def seconds(text: str, unit: str) -> str:
    """A duration in whole seconds. A bare number is in `unit`; without one only 0 is a duration."""
    parts = " + ".join(
        f"coalesce(try_cast(regexp_extract({text}, {literal(_SPAN)}, {group}) AS double), 0) * {factor}"
        for group, factor in enumerate(_FACTORS, 1)
    )
    pieces = f"string_split({text}, ':')"
    three = " + ".join(
        f"try_cast({pieces}[{i}] AS double) * {factor}" for i, factor in ((1, 3600), (2, 60), (3, 1))
    )
    two = "NULL"
    if unit in ("minutes", "hours"):
        first = _FIRST_PART[unit]
        two = f"try_cast({pieces}[1] AS double) * {first} + try_cast({pieces}[2] AS double) * {first // 60}"
    factor = {"seconds": 1, "minutes": 60, "hours": 3600}.get(unit)
    bare = f"try_cast({text} AS double) * {factor}" if factor else f"CASE WHEN {text} = '0' THEN 0 END"
    return (
        f"round(CASE WHEN regexp_full_match({text}, {literal(_SPAN)}) AND {text} <> '' THEN {parts} "
        f"WHEN regexp_full_match({text}, '\\d+:[0-5]\\d:[0-5]\\d(\\.\\d+)?') THEN {three} "
        f"WHEN regexp_full_match({text}, '\\d+:[0-5]\\d') THEN {two} ELSE {bare} END)"
    )

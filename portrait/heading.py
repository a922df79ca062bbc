"""What a sign-in or an activity is called beside its day: sheets head their columns with the day itself, which says nothing more."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(
    r"(?<!\d)(?:(\d{4}|\d{2})\s*[年./－．／-]\s*)?(\d{1,2})\s*[月./－．／-]\s*(\d{1,2})(?!\d)\s*[日号]?"
    r"|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)"
)
_WEEKDAY = re.compile(r"[（(]?(?:星期|周|礼拜)([一二三四五六日天])[）)]?")
_MIDNIGHT = re.compile(r"(?<!\d)0?0[:：]00(?:[:：]00)?(?!\d)")
_EDGE = " \t\u3000·・,，、/-－—_:："


def called(title: str, day: date | None) -> str:
    """The title without its day in whatever spelling; "" where it is nothing else, as it stands where it names another day."""
    found = _DAY.search(title)
    if day is None or found is None or not _is(found, day):
        return title.strip()
    rest = _WEEKDAY.sub(
        lambda said: "" if _weekday(said[1]) == day.weekday() else said[0], title[found.end() :]
    )
    return f"{title[: found.start()].strip(_EDGE)} {_MIDNIGHT.sub('', rest).strip(_EDGE)}".strip()


def _is(found: re.Match[str], day: date) -> bool:
    year, month, number = found.group(1, 2, 3) if found[2] else found.group(4, 5, 6)
    return (int(month), int(number)) == (day.month, day.day) and (
        year is None or int(year) in (day.year, day.year % 100)
    )


def _weekday(word: str) -> int:
    return 6 if word == "天" else "一二三四五六日".index(word)

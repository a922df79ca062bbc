"""One cell of a sheet as the person who wrote it meant it, as text. Digits that the spreadsheet has lost are not made up."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

EXACT = float(2**53)  # whole numbers beyond this have lost their last digits
_ODD = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u00a0\u200b-\u200f\u2060\ufeff]")
_PLAIN: dict[int, str] = {
    full: chr(full - 0xFEE0)
    for first, last in ("０９", "ＡＺ", "ａｚ")
    for full in range(ord(first), ord(last) + 1)
}
_PLAIN |= {0xA0: " ", **dict.fromkeys((*range(0x200B, 0x2010), 0x2060, 0xFEFF), "")}
_SPREAD = re.compile(
    "[\u4e00-\u9fff](?:[ \u3000]+[\u4e00-\u9fff])+"
)  # 王　芳, 合　计: set wide, not two words
_MARKS = "'\u2018\u2019\uff07"


def meant(cell: object, percent: bool = False) -> str:
    """A cell's text; `percent` says that the sheet shows the number as a percentage."""
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return f"{_number(float(cell) * 100)}%" if percent else _number(float(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="auto")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _clock(cell.total_seconds())
    return clean(str(cell))


def clean(text: str) -> str:
    """A text without what only looks: blank ends, invisible signs, a leading apostrophe, full width, letters set wide."""
    if not text.isascii():
        if _ODD.search(text):
            text = text.translate(_PLAIN)
        text = text.strip(" \t\r\n\u3000")
        if _SPREAD.fullmatch(text):
            return re.sub("[ \u3000]+", "", text)
    else:
        text = text.strip()
    if text[:1] in _MARKS and len(text) > 1:
        text = text[1:].strip(" \t\r\n\u3000")
    return text


def _number(value: float) -> str:
    """A spreadsheet has fifteen digits: more than that is noise of the sum, or digits that are gone (4.1e+17)."""
    if value.is_integer():
        return str(int(value)) if abs(value) < EXACT else repr(value)
    return format(value, ".15g")


def _clock(seconds: float) -> str:
    whole, sign = abs(seconds), "-" if seconds < 0 else ""
    minutes, rest = divmod(round(whole, 3), 60)
    return f"{sign}{int(minutes // 60)}:{int(minutes % 60):02d}:{rest:06.3f}".removesuffix(".000")

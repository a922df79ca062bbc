"""What a training class is called: one name in a roster, and the many ways in which a sheet writes it in a title or a column.

It says which names are alike and decides nothing: several classes may be called alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_SIGNS = re.compile(r"[\s“”\"'‘’《》〈〉「」（）()【】\[\]〔〕{}—–―_~～·•、，,。.：:；;!！/\\-]+")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
# What stands before the name of a class, and what sort of sheet it is.
_NO_PROGRAMME = "训养育智英才文元红华"  # 某市培训班, 某县培英中学
_HEAD = re.compile(
    rf"^(?:附[件表]\d*|(?:19|20)\d\d年?度?|[国省市县区校]培(?:计划|项目|(?![{_NO_PROGRAMME}])))+(?=.)"
)
# Who pays for the programme. 某市培… names a place, unless it is 某市市培… or 某市培计划….
_LEVEL = re.compile(
    rf"([国省])培(?![{_NO_PROGRAMME}])|(?:(?<![一-鿿])|(?<=[年度省市县区]))([市县区校])培(?![{_NO_PROGRAMME}])"
    r"|([市县区校])培(?:计划|项目)|(校)本"
)
_SHEET = re.compile(
    r"(?:参训|全体)?(?:学员|教师|人员)?(?:签到|签退|考勤|点名|报到|出勤|花名|成绩|考核|登记|汇总|统计|信息|报名)+"
    r"(?:统计|汇总|登记|情况)?(?:表|册|簿|单|名册|名单)|(?:学员|参训教师|参训人员|人员)?名[单册]$|(?:参训)?学员$"
)
_COUNTED = re.compile(r"第?([一二三四五六七八九十]{1,3}|\d{1,2})(?=[班期批组])")
_NUMBERS = "零一二三四五六七八九"


def alike(name: str) -> str:
    """The name without width, case, spaces and signs: two that are alike are written for the same."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def bare(name: str) -> str:
    """The name without what a title says besides: the year and the programme before it, and what sort of sheet it is."""
    text = _SHEET.sub("", alike(name))
    text = _HEAD.sub("", text)
    return _COUNTED.sub(lambda one: _counted(one[1]), text)


def years(name: str) -> frozenset[str]:
    """The years that a name says."""
    return frozenset(_YEAR.findall(unicodedata.normalize("NFKC", name)))


def levels(name: str) -> frozenset[str]:
    """The levels of programmes that a name says: 国 of 国培, 省, 市, 县 (of 区培 too), 校 of 校培 and 校本."""
    found = ("".join(filter(None, one)) for one in _LEVEL.findall(unicodedata.normalize("NFKC", name)))
    return frozenset(level.replace("区", "县") for level in found)


def contradict(one: str, other: str) -> bool:
    """Whether two names say different years or levels: last year's class is not this year's, and 省培 not 国培."""
    return any(says(one) and says(other) and not says(one) & says(other) for says in (years, levels))


def closest(name: str, fit: Iterable[T], called: Callable[[T], str]) -> list[T]:
    """Of what a name may mean what says its level as well, if anything does: a class that says none may be of any."""
    found = list(fit)
    return [one for one in found if levels(called(one)) & levels(name)] or found


def _counted(number: str) -> str:
    """1, 01, 一 → 一; 12 → 十二."""
    if not number.isdigit():
        return number
    tens, ones = divmod(int(number), 10)
    return (
        ("" if tens < 2 else _NUMBERS[tens])
        + ("十" if tens else "")
        + (_NUMBERS[ones] if ones or not tens else "")
    )

"""The year that a sheet names itself, in its title, on its tab or in its file's name: the year of its days that are written without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from portrait.intake.expression import Expression
from portrait.intake.raw import Raw
from portrait.sentence import Sentence, sentence

_MONTHS = re.compile(
    r"(?<![0-9A-Za-z])((?:19|20)\d\d) ?(?:年|[./-]) ?(1[0-2]|0?[1-9])(?!\d)"
    r"|(?<![0-9A-Za-z])((?:19|20)\d\d)(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
_SCHOOL_YEAR = re.compile(r"((?:19|20)\d\d)年? ?[-—–~～至/] ?(?:(?:19|20)\d\d|\d\d)年? ?学年")
# 〔2022〕1号 numbers a document, BJ2022GP01 a class, 2019年修订版 a form, 2021级 who has begun then.
_YEAR = re.compile(r"(?<![0-9A-Za-z〔])((?:19|20)\d\d)(?![0-9A-Za-z〕]| ?年? ?(?:级|届|版|修订|制))")
_WRITTEN = re.compile(
    r"(?:填报|填表|填写|制表|打印|导出|统计|报送|上报|生成|下载)(?:日期|时间)? ?[:：]? ?"
    r"(?:19|20)\d\d ?[年./-] ?\d{1,2}(?: ?[月./-](?: ?\d{1,2} ?日?)?)?"
)
_SCHOOL_MONTH = 8  # a school year's first trainings are in August
_PLACES = (sentence("标题"), sentence("表名"), sentence("文件名"))

UNSAID = sentence(
    '日期没有写年份：在映射里写 year（如 year: "2022"；写 auto 就按标题、表名或文件名里的年份），或把年份补全'
)
NO_YEAR = sentence(
    '日期没有写年份，标题、表名和文件名里也没有：把年份写进标题，或在映射里写 year（如 year: [auto, "2022"]）'
)


@dataclass(frozen=True)
class Named:
    """A year (2022, or 2022-09: the twelve months from then) and where it is named; or the several that leave it open."""

    year: str = ""
    place: Sentence = _PLACES[0]
    among: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        return self.year[:4]


def year_named(title: str, sheet: str, file: str) -> Named:
    """The year of the first place that names just one. What says when the sheet was filled in does not count."""
    among: dict[str, None] = {}
    for place, text in zip(_PLACES, (title, sheet, Path(file).name), strict=True):
        found = list(dict.fromkeys(_named(_WRITTEN.sub("", text))))
        if len(found) == 1:
            return Named(found[0], place)
        among.update(dict.fromkeys(found))
    return Named(among=tuple(among))


def _named(text: str) -> Iterator[str]:
    """Years in a text. One with a month says more than one alone, which may be a programme's: 2022年国培计划."""
    months = [(int(one[1] or one[3]), int(one[2] or one[4])) for one in _MONTHS.finditer(text)]
    if months:
        first, last = min(months), max(months)
        if last[0] == first[0] + 1 and first[1] > last[1]:
            yield f"{first[0]}-{first[1]:02d}"  # from December into January
        else:
            yield from (str(year) for year, _ in months)
        return
    if school := _SCHOOL_YEAR.findall(text):
        yield from (f"{year}-{_SCHOOL_MONTH:02d}" for year in school)
        return
    yield from _YEAR.findall(text)


def in_year(expression: Expression, raw: Raw) -> tuple[Expression, Sentence]:
    """The expression with the year that holds for this sheet, and what is to be said of a date that still has none.

    A year that the mapping gives is for sheets that name none: the sheet of another year is never read in it.
    """
    if not expression.loose or not (expression.titled or expression.year):
        return expression, UNSAID
    found = year_named(raw.title, raw.sheet, raw.file)
    year, why = expression.year, NO_YEAR
    if expression.titled:
        if found.year:
            year = found.year
        elif found.among and year not in (one[:4] for one in found.among):
            year = ""
            why = sentence(
                "日期没有写年份，标题、表名和文件名里有不止一个年份（{years}），不知道是哪一年：请在列名或日期里写上年份",
                years=list(found.among),
            )
    elif found.first and found.first != year[:4] and "-" not in found.year:
        why = sentence(
            '日期没有写年份，{place}写的是 {said} 年，映射的 year 却是 {year}：把映射改成 year: [auto, "{year}"]，就按每张表自己的年份读',
            place=found.place,
            said=found.first,
            year=year,
        )
        year = ""
    return _of_year(expression, year), why


def _of_year(expression: Expression, year: str) -> Expression:
    def part(one: Expression | None) -> Expression | None:
        return None if one is None else _of_year(one, year)

    return replace(
        expression,
        year=year,
        titled=False,
        start=part(expression.start),
        days=part(expression.days),
        first=tuple(_of_year(one, year) for one in expression.first),
    )

"""The year that a sheet names itself, in its title, on its tab or in its file's name: the year of its days that are written without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_SAID = re.compile(r"(?:时间|日期|举办|举行) ?[:：]? ?((?:19|20)\d\d) ?年?(?!\d)")
# The year of a programme is that of its plan and its money: it is held in it or in the next.
_PROGRAMME = r"(?:[国省市县区校]培|计划|项目|工程|专项)"
_OF_PROGRAMME = re.compile(rf" ?年? ?(?:度|(?:(?!签到|考勤|点名|成绩)[^\s，,。；;]){{0,14}}?{_PROGRAMME})")
_PROGRAMME_OF = re.compile(rf"{_PROGRAMME}\W{{0,4}}$")
_SCHOOL_MONTH = 8  # a school year's first trainings are in August
_TITLE, _HEADS, _SHEET, _FILE = sentence("标题"), sentence("列名"), sentence("表名"), sentence("文件名")

UNSAID = sentence(
    '日期没有写年份：在映射里写 year（如 year: "2022"；写 auto 就按标题、表名或文件名里的年份），或把年份补全'
)
NO_YEAR = sentence(
    '日期没有写年份，标题、表名和文件名里也没有：把年份写进标题，或在映射里写 year（如 year: [auto, "2022"]）'
)


@dataclass(frozen=True)
class Named:
    """A year (2022, or 2022-09: the twelve months from then) and where it is named; or the several that leave it open. A `programme`'s
    year says when it was planned, and of the days no more than that they are not before it."""

    year: str = ""
    place: Sentence = _TITLE
    among: tuple[str, ...] = ()
    programme: bool = False

    @property
    def first(self) -> str:
        return self.year[:4]


def year_named(title: str, sheet: str, file: str, heads: Sequence[str] = ()) -> Named:
    """The year of the days of a sheet, by the surest that names just one: a whole date or a month of a year in the title, then in the
    heads; a year that the title, the tab, the file's name says of the time; the year of a programme. What says when the sheet was
    filled in does not count."""
    above, tab, name = (_WRITTEN.sub("", text) for text in (title, sheet, Path(file).name))
    ways = (
        (_TITLE, _months(above), False),
        (_HEADS, _months(" ".join(heads)), False),
        (_TITLE, _school_years(above) or _SAID.findall(above) or _years(above), False),
        *((place, _said(text), False) for place, text in ((_SHEET, tab), (_FILE, name))),
        *(
            (place, _years(text, programme=True), True)
            for place, text in ((_TITLE, above), (_SHEET, tab), (_FILE, name))
        ),
    )
    among: dict[str, None] = {}
    for place, years, programme in ways:
        found = list(dict.fromkeys(years))
        if len(found) == 1:
            return Named(found[0], place, programme=programme)
        among.update(dict.fromkeys(found))
    return Named(among=tuple(among))


def _months(text: str) -> list[str]:
    """The years of what has a month, or from which month twelve are meant."""
    months = [(int(one[1] or one[3]), int(one[2] or one[4])) for one in _MONTHS.finditer(text)]
    if not months:
        return []
    first, last = min(months), max(months)
    if last[0] == first[0] + 1 and first[1] > last[1]:
        return [f"{first[0]}-{first[1]:02d}"]  # from December into January
    return [str(year) for year, _ in months]


def _school_years(text: str) -> list[str]:
    return [f"{year}-{_SCHOOL_MONTH:02d}" for year in _SCHOOL_YEAR.findall(text)]


def _said(text: str) -> list[str]:
    return _months(text) or _school_years(text) or _years(text)


def _years(text: str, *, programme: bool = False) -> list[str]:
    """Years that stand alone: those of programmes, or the others."""
    return [
        one[1]
        for one in _YEAR.finditer(text)
        if programme
        == bool(_OF_PROGRAMME.match(text, one.end()) or _PROGRAMME_OF.search(text[: one.start()]))
    ]


def in_year(expression: Expression, raw: Raw) -> tuple[Expression, Sentence, Sentence | None]:
    """The expression with the year that holds for this sheet, what is to be said of a date that still has none, and what to know of
    the year where there are days that get it.

    A year that the mapping gives is for sheets that name none: the sheet of another year is never read in it. A programme of that
    year or the one before is no other year.
    """
    if not expression.loose or not (expression.titled or expression.year):
        return expression, UNSAID, None
    found = year_named(raw.title, raw.sheet, raw.file, raw.heads)
    year, why, note = expression.year, NO_YEAR, None
    if held_after(found, year, expression.titled):
        note = of_programme(found, year)
    elif expression.titled:
        if found.year:
            year = found.year
        elif found.among and year not in (one[:4] for one in found.among):
            year = ""
            why = sentence(
                "日期没有写年份，标题、表名和文件名里有不止一个年份（{years}），不知道是哪一年：请在列名或日期里写上年份",
                years=list(found.among),
            )
        if found.programme:
            note = of_programme(found)
    elif found.first and found.first != year[:4] and "-" not in found.year:
        why = sentence(
            '日期没有写年份，{place}写的是 {said} 年，映射的 year 却是 {year}：把映射改成 year: [auto, "{year}"]，就按每张表自己的年份读',
            place=found.place,
            said=found.first,
            year=year,
        )
        year = ""
    return _of_year(expression, year), why, note


def held_after(found: Named, year: str, titled: bool) -> bool:
    """Whether a sheet names a programme's year alone, and what a person has said of the days comes after it: where that is for sheets
    that name none (`titled`) the year after it, for an older programme's sheet is not meant."""
    if not found.programme or not year:
        return False
    return int(found.first) + 1 == int(year[:4]) if titled else found.first < year[:4]


def of_programme(found: Named, year: str = "") -> Sentence:
    """What to know of days that are read in the year of a programme, or in the `year` that a person has given."""
    if year:
        return sentence(
            "{place}里的 {said} 年是项目的年份；没写年份的日期按映射的 year 算 {year} 年",
            place=found.place,
            said=found.first,
            year=year,
        )
    return sentence(
        '没写年份的日期按{place}里项目的年份算 {year} 年；是下一年办的，把日期写进标题，或在映射里写 year: [auto, "{next}"]',
        place=found.place,
        year=found.first,
        next=str(int(found.first) + 1),
    )


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

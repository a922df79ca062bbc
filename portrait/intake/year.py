"""The year that a sheet names itself, in its title, on its tab or in its file's name: the year of its days that are written without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from portrait.intake.expression import Expression
from portrait.intake.newyear import days_in, turn
from portrait.intake.raw import Raw
from portrait.sentence import Sentence, sentence

_MONTHS = re.compile(
    r"(?<![0-9A-Za-z])((?:19|20)\d\d) ?(?:年|[./-]) ?(1[0-2]|0?[1-9])(?!\d)"
    r"|(?<![0-9A-Za-z])((?:19|20)\d\d)(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
# 12月-1月, 12月30日至次年1月5日, 12.30—1.5: what follows the first month of a year, up to the last one.
_UNTIL = re.compile(
    r" ?(?:月份?|[./-])? ?(?:\d{1,2} ?[日号]?)? ?(?:[-—–~～至到]+ ?(次年|翌年|来年|第二年)?|[、，,和及与]? ?(次年|翌年|来年|第二年)) ?"
    r"(1[0-2](?=[./0-3]\d)|0[1-9](?=[0-3]\d)|(?:1[0-2]|0?[1-9]|元)(?= ?月|[./]\d))"
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
_LONGEST = 6  # months from the first day of a class to its last
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
    year says when it was planned, and of the days no more than that they are not before it. `span` are the twelve months that are
    meant where the year alone does not say so: the days run over New Year, or the file was made (`made`, its month) in that year."""

    year: str = ""
    place: Sentence = _TITLE
    among: tuple[str, ...] = ()
    programme: bool = False
    span: str = ""
    made: str = ""

    @property
    def first(self) -> str:
        return self.year[:4]

    @property
    def of(self) -> str:
        """The year or the twelve months that days without one are of."""
        return self.span or self.year


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
    begins, ends = turn(heads)
    among: dict[str, None] = {}
    for place, years, programme in ways:
        found = list(dict.fromkeys(years))
        if len(found) == 1:
            named = Named(found[0], place, programme=programme)
            if place is _FILE and not programme:
                named = _made(named, name, [month for month, _ in days_in(heads)])
            said = {_TITLE: above, _HEADS: " ".join(heads), _SHEET: tab}.get(place, "")
            return _over(named, said, begins, ends)
        if begins and len(found) == 2 and int(max(found)[:4]) - int(min(found)[:4]) == 1 and not programme:
            return Named(min(found)[:4], place, span=f"{min(found)[:4]}-{begins:02d}")
        among.update(dict.fromkeys(found))
    return Named(among=tuple(among))


def _made(named: Named, name: str, months: Sequence[int]) -> Named:
    """A file is made after what it tells: its date says the year of the days up to then, with those of the month after it, but not of
    the next year. One whose days begin in its month is named by the first of them."""
    month = max((month for year, month in _dates(name) if str(year) == named.year), default=12)
    begun = bool(months) and min(months) == month and max(months) <= month + _LONGEST
    if month + 1 >= 12 or begun:
        return named
    made = f"{named.year}-{month:02d}"
    return replace(named, span=f"{int(named.year) - 1}-{month + 2:02d}", made=made)


def _over(named: Named, said: str, begins: int, ends: int) -> Named:
    """A sheet whose days run over New Year, from one month to another: the year that is named is that of the first day, unless it
    stands with a month of the last days, or is when the file was made."""
    if not begins or "-" in named.year:
        return named
    year = int(named.year)
    if named.made:
        year = year - 1 if int(named.made[5:]) + 1 < begins else year
    elif any(one == year and month <= ends for one, month in _dates(said)):
        year -= 1
    return replace(named, span=f"{year}-{begins:02d}", made="")


def _dates(text: str) -> list[tuple[int, int]]:
    """The months that a text names with their years."""
    return [(int(one[1] or one[3]), int(one[2] or one[4])) for one in _MONTHS.finditer(text)]


def _months(text: str) -> list[str]:
    """The years of what has a month, or from which month twelve are meant."""
    months = _dates(text)
    for one in _MONTHS.finditer(text):
        until = _UNTIL.match(text, one.end())
        if until:
            year, month = int(one[1] or one[3]), int(one[2] or one[4])
            end = 1 if until[3] == "元" else int(until[3])
            months.append((year + (bool(until[1] or until[2]) or end < month), end))
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
            year = found.of
        elif found.among and year not in (one[:4] for one in found.among):
            year = ""
            why = sentence(
                "日期没有写年份，标题、表名和文件名里有不止一个年份（{years}），不知道是哪一年：请在列名或日期里写上年份",
                years=list(found.among),
            )
        if found.programme:
            note = of_programme(found)
        elif found.span:
            note = spanned(found)
    elif found.first and found.first != year[:4] and "-" not in found.year:
        why = sentence(
            '日期没有写年份，{place}写的是 {said} 年，映射的 year 却是 {year}：把映射改成 year: [auto, "{year}"]，就按每张表自己的年份读',
            place=found.place,
            said=found.first,
            year=year,
        )
        year = ""
    if expression.titled and len(year) == 4 and (begins := turn(raw.heads)[0]):
        year = f"{year}-{begins:02d}"  # of the days that a person gave it for the first
        note = spanned(Named(year[:4], span=year))
    return _of_year(expression, year), why, note


def spanned(found: Named) -> Sentence:
    """What to know of days that are of twelve months from one year into the next."""
    year, _, month = found.of.partition("-")
    said = {"year": year, "month": int(month), "next": str(int(year) + 1)}
    if found.made:
        return sentence(
            "表是做在它记的事以后的，文件名里的日期是 {made}：没写年份的日期从 {year} 年 {month} 月起算十二个月，{month} 月以前的算 {next} 年；不对就把日期写进标题",
            made=found.made,
            **said,
        )
    if found.span:
        return sentence(
            "列名里的日期跨年：没写年份的从 {year} 年 {month} 月起算十二个月，{month} 月以前的算 {next} 年；不对就在列名里写上年份",
            **said,
        )
    return sentence(
        "没写年份的日期，按{place}里写的读：这一张从 {year} 年 {month} 月起算十二个月，{month} 月以前的算 {next} 年；以后的表按它自己写的",
        place=found.place,
        **said,
    )


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
    if found.span:
        return sentence(
            "列名里的日期跨年：没写年份的按{place}里项目的年份，从 {year} 年 {month} 月起算十二个月；是下一年办的，把日期写进标题，或在列名里写上年份",
            place=found.place,
            year=found.span[:4],
            month=int(found.span[5:]),
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

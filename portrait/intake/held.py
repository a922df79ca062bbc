"""The day that the text above a table says of the thing: of an examination, of a training its last one. Never the day on which the
form was filled in."""

from __future__ import annotations

import re
from datetime import date

from portrait.intake.caption import DONE
from portrait.intake.guess import day_of

_LEAP = 2020  # a year that has every day
_WORDS = (  # what the day is of: the surest first
    "考试|测试|测验|测评|考核|笔试|面试|实操|竞赛|比赛|答辩",
    "发证|颁证|颁发|发放",
    "签到|报到",
    "培训|活动|研修|教研|学习|授课|上课|听课|讲座|会议|集中|跟岗|举办|举行|开展|召开|组织|实施",
    "结业",
)
_LATER = r"(?:于|在|的?(?:具体)?(?:时间|日期|日))[ \u3000]*[:：]?[ \u3000]*(?:为|是|从|自)?[ \u3000]*"
_PLAIN = r"(?:^|[\s（(,，;；])时[ \u3000]*间[ \u3000]*[:：][ \u3000]*"
_BESIDE = r" ?(?:[（(][^）)\d]{1,6}[）)]|(?:星期|周)[一二三四五六日天])? ?(?:上午|下午|晚上)?"
_FIRST = (
    r"(?:(?P<year>(?:19|20)\d\d) ?[年./-] ?)?(?P<month>\d{1,2}) ?[月./-] ?(?P<day>\d{1,2})(?!\d) ?[日号]?"
)
_MORE = re.compile(
    rf"{_BESIDE}(?: ?(?:[-—–~～、，,及和]|——|--|[至到]) ?)"
    rf"(?:{_FIRST}(?![:：时点])|(?P<alone>\d{{1,2}})(?!\d) ?[日号])"
)
_DAY = re.compile(r"(?:19|20)\d\d[年./-]\d{1,2}[月./-]\d{1,2}日?")
_START = re.compile(_FIRST)
_OF = "考试|测试|测验|测评|考核|笔试|面试|培训|活动|研修|讲座|竞赛|比赛|成绩"
# A day on which marks were told, or by which work was due, is none on which anything was held.
_TOLD = rf"{DONE}|公布|发布|公示|公告|通知|通报|下发|印发|下达|提交|上交|上传|报名"
_DUE = r"(?:之|以)?前(?![往去期测后])|截|(?:开始)?报名|[填制印报](?![\u4e00-\u9fff])"
_JOINED = re.compile(rf"(?={_FIRST}(?:(?!{_TOLD})[^\s\d：:]){{0,14}}?(?:{_OF}))")
_NOT_HELD = re.compile(rf"(?<! )(?:由\S{{1,6}}?)?(?:{_TOLD}|{_DUE})")


def held(above: str) -> str:
    """The day, as `2022-10-22`, or as `10月22日` where no year stands with it; "" where no word says that a day is the thing's own."""
    for words in _WORDS:
        found = re.search(rf"(?:{words}){_LATER}(?=\d)", above)
        if found and (day := _last(above, found.end())):
            return day
    if (found := re.search(rf"{_PLAIN}(?=\d)", above)) and (day := _last(above, found.end())):
        return day
    days = {day for one in _JOINED.finditer(above) if (day := _whole(above, one.start()))}
    return days.pop() if len(days) == 1 else ""


def day_said(said: str) -> str:
    """The one day (ISO) that a text names; "" where it names none, or several."""
    days = {day for one in _DAY.finditer(said) if (day := day_of(one[0], ""))}
    return days.pop() if len(days) == 1 else ""


def _whole(text: str, at: int) -> str:
    """The day that starts there with its year; "" for a piece of one, and for the first of several."""
    first = _START.match(text, at)
    day = _last(text, at)
    return day if first and first["year"] and len(day) > 6 and not text[at - 1 : at].isdigit() else ""


def _last(text: str, at: int) -> str:
    """The last day of those that stand from there on: 2022年10月8日至12日, 10月8日、9日."""
    found = _START.match(text, at)
    if found is None:
        return ""
    year, month, day = found["year"] or "", int(found["month"]), int(found["day"])
    end = found.end()
    while more := _MORE.match(text, end):
        if more["alone"]:
            day = int(more["alone"])
        else:
            if year and not more["year"] and int(more["month"]) < month:
                year = str(int(year) + 1)  # from December into January
            year = more["year"] or year
            month, day = int(more["month"]), int(more["day"])
        end = more.end()
    if _NOT_HELD.match(text, end):
        return ""
    said = f"{year}-{month:02d}-{day:02d}" if year else f"{month}月{day}日"
    return said if _is_day(int(year or _LEAP), month, day) else ""


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False

"""What a column of a sheet probably is, from its head and its cells; each guess says how sure it is and why. Nothing is decided here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from portrait.identity import Unrecognised, normalised
from portrait.intake.lookup import code_list
from portrait.record import KIND_ZH
from portrait.resource import read_yaml
from portrait.sentence import Sentence, sentence

RULES = "rules/header.yaml"
SURE, LIKELY = 0.8, 0.5
_MOST = 500  # cells looked at
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺顾毛郝龚邵万钱严武戴莫孔向常温乔景卓柳"
)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-/.年 ]+)?\d{1,2}[-/.月 ]+\d{1,2}[日号]?(?:\D*\d{1,2}[:时点].*)?|(?:19|20)\d{6}|[34]\d{4}(?:\.\d+)?"
)
_SPAN = re.compile(r"\d+(?:\.\d+)?(?:天|个?小时|时|分钟|分|秒|min|h).*|\d+:\d\d:\d\d.*")
_DAY_HEAD = re.compile(r"(?:((?:19|20)\d\d)[年./-])?(\d{1,2})[月./-](\d{1,2})[日号]?(?:.{0,6})?")
_ISO_HEAD = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: 00:00:00)?")
_BORN = re.compile(r"(?:19|20)\d\d(?:\D|\d{2}(?:\d{2})?$|$)")
_NAME = re.compile("[\u4e00-\u9fff]{2,4}(?:·[\u4e00-\u9fff]{1,8})?")
_SCHOOL = re.compile(
    r".*(?:学校|小学|中学|幼儿园|高中|初中|附中|附小|[一二三四五六七八九十]小|[一二三四五六七八九十]中|教学点|学区|中心校)"
)
_CODE = re.compile(r"[A-Za-z]{0,6}[-_]?\d{4,17}[A-Za-z]?")
_GENDERS = frozenset(["男", "女", "男性", "女性", "M", "F"])
_COUNTED = re.compile(r"(?:数|率|比例|人次)$|[天次]数")
_UNIT = re.compile(r"[（(\[【](?:单位)?[:：]?(小时|时|分钟|分|秒|h|min|s)[)）\]】]")
_UNIT_LAST = re.compile(r"[_/·.-]?(小时|分钟|秒|(?<![学课用耗工计历])时)数?$")  # 用时秒; 用时 names none
_CREDITED = re.compile(r"[(\[【](?:单位:?)?(?:学时|课时)[)\]】]")
_SPANS = ("duration", "content")
_UNITS = {
    "小时": "hours",
    "时": "hours",
    "h": "hours",
    "分钟": "minutes",
    "分": "minutes",
    "min": "minutes",
    "秒": "seconds",
    "s": "seconds",
}


@dataclass(frozen=True)
class Guess:
    """One thing a column may be. `sure` lies in 0..1; it orders guesses and is no probability."""

    role: str
    sure: float
    why: Sentence


def guesses(name: str, cells: Sequence[str]) -> list[Guess]:
    """What the column may be, the likeliest first. `cells` are its texts; blanks tell nothing."""
    some = [cell for cell in cells if cell][:_MOST]
    found: dict[str, Guess] = {}
    for guess in (*_by_head(name), *_by_cells(some)):
        before = found.get(guess.role)
        if before is None:
            found[guess.role] = guess
        else:
            both = sentence("{first}；{then}", first=before.why, then=guess.why)
            found[guess.role] = Guess(guess.role, 1 - (1 - before.sure) * (1 - guess.sure), both)
    if _COUNTED.search(plain(name)):
        found.pop("attendance", None)  # 请假天数, 出勤率: how much, not who
    weighed = [_doubted(guess, some) for guess in found.values()]
    return sorted(
        (guess for guess in weighed if guess.sure >= 0.25), key=lambda guess: (-guess.sure, guess.role)
    )


def unit_of(name: str, cells: Sequence[str] = ()) -> str:
    """The unit that a head names, as in 时长（分钟） or 用时秒; "" when it names none."""
    found = _UNIT.search(name) or _UNIT_LAST.search(plain(name))
    return _UNITS[found[1]] if found else ""


def day_of(name: str, year: str) -> str:
    """The day (ISO) that a column's head is, as over the ticks of a sign-in sheet; "" when it is none."""
    if "·" in name and not _DAY_HEAD.fullmatch(plain(name.rpartition("·")[2])):
        name = name.replace("·", "")  # 9月 above, 1日 below
    head = plain(name.rpartition("·")[2])
    if iso := _ISO_HEAD.fullmatch(name.rpartition("·")[2].strip()):
        return f"{iso[1]}-{iso[2]}-{iso[3]}"
    found = _DAY_HEAD.fullmatch(head)
    if not found or not (found[1] or year):
        return ""
    month, day = int(found[2]), int(found[3])
    return f"{found[1] or year[:4]}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def is_day(name: str) -> bool:
    """Whether a head looks like a day, its year known or not."""
    return bool(day_of(name, "2000"))


def ticked(cell: str) -> bool:
    """Whether a cell is a mark of a sign-in sheet: there, not there, on leave."""
    return cell in _ticks() or (
        len(cell) < 8 and re.search(read_yaml(RULES)["attend"]["leave"], cell) is not None
    )


@cache
def _ticks() -> frozenset[str]:
    said = read_yaml(RULES)["attend"]
    return frozenset(map(str, [*said["present"], *said["absent"], "/"]))


def outcome(cell: str) -> bool:
    """Whether a cell says how something ended: 合格, 未结业."""
    return cell in read_yaml(RULES)["alias"]["result"]


def plain(text: str) -> str:
    """A head without blanks, marks and width."""
    return re.sub(r"[\s*＊:：]+", "", unicodedata.normalize("NFKC", text)).lower()


def outside(opens: str, closes: str, text: str) -> str:
    """A plain head without what stands in brackets; one that nothing closes stays, and is looked for an end once."""
    form = rf"[{re.escape(opens)}].*?(?:([{re.escape(closes)}])|$)"
    return re.sub(form, lambda found: "" if found[1] else found[0], text)


def _by_head(name: str) -> list[Guess]:
    whole = plain(name)
    last = plain(name.rpartition("·")[2])
    bare = outside("([【", ")]】", last)
    heads = {head for head in (whole, last, bare) if head}
    found = []
    measured = _UNIT_LAST.sub("", bare)  # 用时秒 is a 用时, and 内容秒 the 时长 of a 内容
    spans = {measured, f"{measured}时长"} if measured and measured != bare else set()
    for role, words in _words().items() if heads else ():
        mine = heads | spans if role in _SPANS else heads
        sure, word = max((_alike(head, word), word) for word in words for head in mine)
        if sure >= 0.3:
            found.append(Guess(role, sure, sentence("表头像“{word}”", word=word)))
    if _CREDITED.search(whole):
        found = [guess for guess in found if guess.role not in (*_SPANS, "credit")]
        found.append(Guess("credit", 0.95, sentence("表头写着单位是学时")))
    return found


def _alike(head: str, word: str) -> float:
    if head == word:
        return 0.95
    if len(word) > 1 and word in head:
        # The end of a Chinese compound is what it is: 平时成绩 is a 成绩, 成绩单号 is none.
        return (0.55 if head.endswith(word) else 0.35) + 0.3 * len(word) / len(head)
    ratio = SequenceMatcher(None, head, word).ratio() if min(len(head), len(word)) > 2 else 0.0
    return 0.5 * ratio if ratio >= 0.75 else 0.0


@cache
def _words() -> dict[str, tuple[str, ...]]:
    rules: dict[str, Any] = read_yaml(RULES)
    return {role: tuple(plain(str(word)) for word in words) for role, words in rules["role"].items()}


def _by_cells(cells: Sequence[str]) -> list[Guess]:
    if not cells:
        return []
    found = []
    for role, (test, least, sure, what) in _PATTERNS.items():
        fits = sum(map(test, cells))
        lost = sum(map(rounded, cells)) if role == "idno" else 0
        if fits and fits + lost >= least * len(cells):
            share = sentence("{n} 格中 {fits} 格{what}", n=len(cells), fits=fits, what=what)
            if lost:
                share = sentence("{share}，{lost} 格末几位已丢失", share=share, lost=lost)
            found.append(Guess(role, sure * fits / len(cells), share))
    if len(cells) > 2 and _counts_up(cells):
        found.append(Guess("number", 0.9, sentence("从 1 数起的序号")))
    return found


def _doubted(guess: Guess, cells: Sequence[str]) -> Guess:
    """A head that its cells contradict is believed less."""
    pattern = _STRICT.get(guess.role)
    if pattern is None or not cells:
        return guess
    fits = sum(map(pattern, cells)) / len(cells)
    if fits >= 0.3:
        return guess
    why = sentence(
        "{why}；但内容不像（{n} 格中只有 {fits} 像）", why=guess.why, n=len(cells), fits=f"{fits:.0%}"
    )
    return Guess(guess.role, guess.sure * 0.4, why)


def _identifies(kind: str) -> Callable[[str], bool]:
    def test(cell: str) -> bool:
        try:
            normalised(kind, cell)
        except Unrecognised:
            return False
        return True

    return test


def _coded(name: str) -> Callable[[str], bool]:
    def test(cell: str) -> bool:
        return cell in code_list(name) or cell in read_yaml(RULES)["alias"].get(name, {})

    return test


def number_of(cell: str) -> float | None:
    try:
        value = float(re.sub(r"[,，\s分%％]", "", cell))
    except ValueError:
        return None
    return value if value == value and abs(value) < float("inf") else None


def _number(cell: str) -> bool:
    return number_of(cell) is not None


def _mark(cell: str) -> bool:
    value = number_of(cell)
    return value is not None and 0 <= value <= 150


def _counts_up(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < 6]
    return len(numbers) > 0.9 * len(cells) and numbers[0] == 1 and numbers == sorted(set(numbers))


def rounded(cell: str) -> bool:
    """Whether a spreadsheet has made a long number of it, whose last digits are gone (4.1E+17)."""
    return bool(re.fullmatch(r"\d(?:\.\d+)?[eE]\+?1\d", cell))


def identity_number(cell: str) -> bool:
    return _identifies("idno")(cell)


# Role → test of a cell, least share of cells that fit, how sure that makes, and what is said of them.
_PATTERNS: dict[str, tuple[Callable[[str], bool], float, float, Sentence]] = {
    "idno": (identity_number, 0.5, 0.97, sentence("是身份证号（校验位对）")),
    "phone": (_identifies("phone"), 0.7, 0.95, sentence("是 11 位手机号")),
    "mail": (_identifies("mail"), 0.7, 0.97, sentence("是邮箱")),
    "gender": (lambda cell: cell in _GENDERS, 0.9, 0.95, sentence("是男或女")),
    "date": (lambda cell: bool(_DATE.fullmatch(cell)), 0.8, 0.6, sentence("是日期")),
    "duration": (lambda cell: bool(_SPAN.fullmatch(cell)), 0.6, 0.75, sentence("是时长")),
    "attendance": (lambda cell: ticked(cell), 0.9, 0.5, sentence("是勾或叉")),
    "name": (lambda cell: bool(_NAME.fullmatch(cell)) and cell[0] in _SURNAMES, 0.7, 0.5, sentence("像姓名")),
    "school_name": (lambda cell: bool(_SCHOOL.fullmatch(cell)), 0.7, 0.8, sentence("像学校名")),
    "county": (_coded("county"), 0.7, 0.8, sentence("是县（市、区）")),
    "subject": (_coded("subject"), 0.7, 0.8, sentence("是学科")),
    "stage": (_coded("stage"), 0.7, 0.8, sentence("是学段")),
    "title": (_coded("title"), 0.7, 0.8, sentence("是职称")),
    "score": (_mark, 0.9, 0.3, sentence("是 0 到 150 的数")),
    "staff": (lambda cell: bool(_CODE.fullmatch(cell)), 0.9, 0.35, sentence("像编号")),
}  # fmt: skip
_STRICT: dict[str, Callable[[str], bool]] = {
    "idno": lambda cell: (
        identity_number(cell) or rounded(cell) or bool(re.fullmatch(r"\d{14,17}[\dXx]", cell))
    ),
    "phone": _PATTERNS["phone"][0],
    "mail": _PATTERNS["mail"][0],
    "date": _PATTERNS["date"][0],
    "score": _number,
    "result": lambda cell: outcome(cell) or cell in KIND_ZH.values(),
    "score_max": _number,
    "credit": lambda cell: _number(re.sub("(?:个?学时|学分|课时|节)$", "", cell)),
    "gender": _PATTERNS["gender"][0],
    "duration": lambda cell: _number(cell) or bool(_SPAN.fullmatch(cell)),
    "content": lambda cell: _number(cell) or bool(_SPAN.fullmatch(cell)),
    "count": _number,
    "birth_year": lambda cell: bool(_BORN.match(cell)),
    "since": lambda cell: bool(re.fullmatch(r"(19|20)\d\d年?", cell)),
    "staff": lambda cell: bool(re.search(r"\d", cell)),
    "name": lambda cell: not re.search(r"[\d@]", cell),
}

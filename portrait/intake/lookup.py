"""Values that are looked up, not computed: a mapped word, a code, a kind, a login, a known course. Once per distinct text, in Python."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from portrait.framework import indicators
from portrait.hashing import key_number
from portrait.identifier import KIND_NAME, SENSITIVE
from portrait.identity import (
    Unrecognised,
    account_number,
    hidden,
    identify,
    mailbox_digests,
    masked,
    normalised,
)
from portrait.intake.expression import Expression
from portrait.intake.mistake import EXPECTED, MISTAKES
from portrait.intake.target import LOOKUPS, Field
from portrait.programme.called import bare, closest, contradict, years
from portrait.record import KIND_ZH, Kind
from portrait.resource import read_code

WORDED = ("boolean", "kind", "code", "codes")  # known by our own lists, not by what the registry holds
_TRUE = frozenset({"1", "true", "t", "yes", "y", "是", "有", "√", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "否", "无", "×", "off"})
_LISTS = {
    "gender": "gender_gbt2261_1",
    "stage": "stages",
    "subject": "subjects",
    "title": "titles_teacher",
    "urban_rural": "urban_rural_nbs",
    "mode": "training_modes",
    "theme": "general_courses",
    "category": "project_categories",
    "level": "training_levels",
}
# What people tick sheets with.
_TICKS = dict.fromkeys(("✓", "✔", "☑", "对", "已", "是的", "o", "○", "到", "出勤", "已到"), "1")
_TICKS |= dict.fromkeys(("✗", "✘", "x", "☒", "错", "未", "不是", "缺", "缺勤", "未到", "□"), "0")
# Excel has turned a long number into 4.10105E+17: its last digits are gone.
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+?1\d")
_ZEROED = re.compile(r"\d{15}000")  # the same, written out again
LOST = "号码被表格软件变成了科学计数，末几位已经丢失，补不回来；请把这一列设成“文本”格式，从原来的系统重新导出或重新填写后再导入"
# What people write in rosters besides the list's own names.
_ALSO = {"gender": {"男": "1", "女": "2", "未知": "0"}}
_SIGNS = 120  # of choices that fit into a sentence
TAG = "\x1f"  # between the kind and the text of an identifier whose alternatives are of several kinds
_LISTED = ("course", "class")  # of which every source may have a list of its own
_CODED = {"course": "课程", "class": "班次", "school": "学校", "provider": "承训单位"}


@dataclass(frozen=True)
class Answer:
    """What a text stands for, or (`code`) why it stands for nothing."""

    value: str | None = None
    code: str = ""
    reason: str = ""
    kind: str = ""  # of an identifier: what it was taken for, or the number that it turned out to be
    digest: str = ""
    shown: str = ""
    plain: str = ""  # of an identifier: its one spelling, never to be shown
    beside: str = ""  # of a mailbox: the digests of its SHA-1, apart by spaces


@dataclass(frozen=True)
class Known:
    """Ids that the registry holds, by kind of thing; read on first need. `also` adds what a preview would register."""

    ids: Callable[[str], Iterable[int]]
    also: dict[str, set[int]] = field(default_factory=dict)
    names: Callable[[str], Iterable[tuple[str, int]]] = lambda _thing: ()
    listed: Callable[[str, str], Sequence[str]] = (
        lambda _thing, _code: ()
    )  # the sources whose lists have a code
    _read: dict[str, set[int]] = field(default_factory=dict)
    _named: dict[str, dict[str, int]] = field(default_factory=dict)
    _loose: dict[str, dict[str, dict[int, str]]] = field(
        default_factory=dict
    )  # as sheets write it → id → name

    def __call__(self, thing: str, number: int) -> bool:
        if thing not in self._read:
            self._read[thing] = set(self.ids(thing))
        return number in self._read[thing] or number in self.also.get(thing, ())

    def named(self, thing: str, name: str) -> int | None:
        """The id of the one thing of this name; None where there is none, or several."""
        if thing not in self._named:
            found: dict[str, set[int]] = {}
            for called, number in self.names(thing):
                found.setdefault(called, set()).add(number)
            self._named[thing] = {called: min(ids) for called, ids in found.items() if len(ids) == 1}
            self._loose[thing] = {}
            for called, ids in found.items() if thing == "class" else ():
                self._loose[thing].setdefault(bare(called), {}).update(dict.fromkeys(ids, called))
        return self._named[thing].get(name)

    def called(self, thing: str, name: str) -> int | None:
        """The id of the one thing that a sheet may call so. A class whose name says a year is meant by a name that says it too."""
        self.named(thing, name)
        alike = self._loose[thing].get(bare(name), {})
        fit = [
            number
            for number, called in alike.items()
            if years(called) <= years(name) and not contradict(name, called)
        ]
        fit = closest(name, fit, alike.__getitem__)
        return fit[0] if len(fit) == 1 else None

    def forget(self, thing: str) -> None:
        """Read a kind of thing again: more of it has been registered."""
        self._read.pop(thing, None)
        self._named.pop(thing, None)


@dataclass(frozen=True)
class Context:
    """What a lookup may depend on besides the text."""

    source: str
    course_source: str
    class_source: str
    secret: bytes
    known: Known


@dataclass(frozen=True)
class Lookup:
    """A field whose texts are looked up. `must` says that an unknown code spoils the row."""

    field: Field
    expression: Expression
    must: bool
    passed: tuple[str, ...] = ()  # words in the same column with which the mapping passes a row over

    @property
    def numeric(self) -> bool:
        """The value is a number: an id, a kind, 1 or 0."""
        return self.field.type in ("boolean", "kind", "account", "course", "class", "school", "provider")

    @property
    def mixed(self) -> bool:
        """Each text carries its kind of identifier before it."""
        return self.expression.mixed

    @cached_property
    def sensitive(self) -> str:
        """The kind of identifier that must not be shown; of several the one that masks them all; "" when there is none."""
        kinds = [kind for kind in self.kinds if kind in SENSITIVE]
        return "mail" if "mail" in kinds else next(iter(kinds), "")

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of identifier that its texts may be."""
        if self.field.type == "identifier":
            return (self.field.codes,)
        return self.expression.kinds

    def answer(self, raw: str, context: Context) -> Answer:
        """The answer for one raw text; "" is a blank."""
        if raw in MISTAKES:
            return Answer(code="mistake", reason=EXPECTED)
        if raw and self.expression.map is not None and raw not in self._entries:
            reason = f"应为其中之一：{_choices(list(self._entries), raw)}"
            if self.passed:
                reason += f"；不成为记录的：{'、'.join(self.passed)}"
            return Answer(code="unknown_value", reason=reason)
        text = self.word(raw)
        if text is None or self.field.type not in LOOKUPS:
            return Answer(text)
        return self._typed(text, context)

    def word(self, raw: str) -> str | None:
        """The text that a raw one means: mapped, prefixed, a blank made the default. None for a blank or an unmapped one."""
        text: str | None = raw or None
        if text is not None and self.expression.map is not None:
            text = self._entries.get(text) or None
        if text is not None:
            text = self.expression.prefix + text
        return text if text is not None else self.expression.default or None

    @cached_property
    def _entries(self) -> dict[str, str]:
        return dict(self.expression.map.entries) if self.expression.map else {}

    def _typed(self, text: str, context: Context) -> Answer:
        if self.field.type in WORDED:
            ticked = _TICKS.get(text.strip().lower()) if self.field.type == "boolean" else None
            if self.expression.loose and ticked is not None:
                return Answer(ticked)
            return _worded(self.field, text)
        if self.field.type in ("account", "identifier"):
            return self._identified(text, context)
        return self._numbered(text, context)

    def _identified(self, text: str, context: Context) -> Answer:
        kind = self.kinds[0]
        if self.mixed:
            kind, _, text = text.partition(TAG)
        if _ROUNDED.fullmatch(text) and (kind != "native" or self.expression.loose):
            return Answer(code="lost_digits", reason=LOST)
        try:
            found = identify(context.source, kind, text, context.secret)
        except Unrecognised as error:
            if kind == "idno" and _ZEROED.fullmatch(text):
                return Answer(code="lost_digits", reason=f"{error}：末三位都是 0，{LOST}")
            return Answer(code=f"bad_{kind}", reason=str(error))
        if not found.shown or len(found.shown) > 120:
            return Answer(code=f"bad_{kind}", reason=f"{KIND_NAME[kind]}应为 1 到 120 个字")
        beside = ""
        if self.field.type == "identifier" and kind == "mail":
            beside = " ".join(mailbox_digests(text, context.secret))
        number = account_number(context.source, found)
        return Answer(
            str(number),
            kind=found.kind,
            digest=found.digest,
            shown=found.shown,
            plain=normalised(kind, text),
            beside=beside,
        )

    def _numbered(self, text: str, context: Context) -> Answer:
        thing = self.field.type
        number = code_number(thing, text, context)
        if context.known(thing, number):
            return Answer(str(number))
        # Whether a record is good may not hang on what is registered today, so only rosters go by names.
        if self.must and self.expression.loose:
            if (named := context.known.named(thing, text)) is not None:
                return Answer(str(named))
            if (called := context.known.called(thing, text)) is not None:
                return Answer(str(called), shown=hidden(text))
        by = "代码或名称（或同名的不止一个）" if self.must and self.expression.loose else "代码"
        hint = f"请先接入{_CODED[thing]}名单或改正代码"
        if self.must and thing in _LISTED and (there := context.known.listed(thing, text)):
            sources = "、".join(there)
            hint = f"来源 {sources} 的{_CODED[thing]}名单里有这个代码：是那里的，就在映射里写 {thing}_source: {there[0]}，再导入或重放一次"
        reason = f"登记库里没有{by}为“{text}”的{_CODED[thing]}，{hint}"
        return Answer(str(number), "" if not self.must else f"unknown_{thing}", reason, shown=hidden(text))


def code_number(thing: str, code: str, context: Context) -> int:
    """The id of a course, class, school or provider by its external code."""
    if thing == "course":
        return key_number("course", context.course_source, code)
    if thing == "class":
        return key_number("class", context.class_source, code)
    return key_number(thing, code)


def answers(lookup: Lookup, texts: Iterable[str], context: Context) -> Iterator[tuple[str, Answer]]:
    """Each distinct raw text with its answer; texts that cannot be what they claim are never repeated in clear."""
    for text in texts:
        answer = lookup.answer(text, context)
        if answer.code and lookup.sensitive:
            shown = masked(lookup.sensitive, text.partition(TAG)[2] if lookup.mixed else text)
            answer = replace(answer, reason=f"{shown}：{answer.reason}")
        yield text, answer


def wrong_words(field: Field, expression: Expression) -> Iterator[tuple[str, str]]:
    """Words that the mapping itself puts into a field and that can stand for nothing there, with the reason."""
    if field.type not in WORDED:
        return
    mapped = [new for _, new in expression.map.entries] if expression.map else []
    if expression.const is not None and expression.map is None:
        mapped.append(expression.const)
    words = [expression.prefix + word for word in mapped if word]
    for word in dict.fromkeys([*words, *([expression.default] if expression.default else [])]):
        answer = _worded(field, word)
        if answer.code:
            yield word, answer.reason


def _worded(field: Field, text: str) -> Answer:
    """What a word of one of our own lists stands for, whatever the source."""
    if field.type == "boolean":
        word = text.strip().lower()
        if word in _TRUE or word in _FALSE:
            return Answer("1" if word in _TRUE else "0")
        return Answer(code="not_boolean", reason="应为 是 或 否（也可写 1/0、true/false）")
    if field.type == "kind":
        number = kind_number(text)
        if number is None:
            return Answer(code="unknown_kind", reason=f"没有这种记录，可选：{'、'.join(_kinds())}")
        return Answer(number)
    return _coded(field, text)


def kind_number(word: str) -> str | None:
    """The number of a kind of record that is named in English or Chinese."""
    return _kinds().get(word.lower())


@cache
def _kinds() -> Mapping[str, str]:
    names = {kind.name.lower(): str(int(kind)) for kind in Kind}
    return {**names, **{zh: str(int(kind)) for kind, zh in KIND_ZH.items()}}


def _coded(field: Field, text: str) -> Answer:
    codes = code_list(field.codes)
    found = []
    for part in text.replace("、", "|").replace(",", "|").replace("，", "|").split("|"):
        code = codes.get(part.strip())
        if code is None:
            return Answer(
                code="unknown_code", reason=f"没有这个{field.zh}，可选：{_choices(list(codes), part)}"
            )
        found.append(code)
    if field.type == "code" and len(found) > 1:
        return Answer(code="unknown_code", reason=f"{field.zh}只能有一个")
    joined = "|".join(found)
    if field.size and len(joined) > field.size:
        return Answer(code="too_long", reason=f"至多 {field.size} 个字")
    return Answer(joined)


@cache
def code_list(name: str) -> Mapping[str, str]:
    """Code or unambiguous Chinese name → code."""
    if name == "indicator":
        return {code: code for code in indicators()}
    if name in ("county", "region"):
        regions = read_code("regions_henan")
        above = {row["parent"] for row in regions.values()}  # 济源 has no counties and is its own
        rows = {code: row["name"] for code, row in regions.items() if name == "region" or code not in above}
    else:
        rows = {code: row["zh"] for code, row in read_code(_LISTS[name]).items()}
    names = list(rows.values())
    clear = {zh: code for code, zh in rows.items() if names.count(zh) == 1}
    return {**clear, **_ALSO.get(name, {}), **{code: code for code in rows}}


def _choices(choices: list[str], text: str) -> str:
    """The choices, or of a long list those that look like the text."""
    if len(choices) <= 24 or sum(map(len, choices)) <= _SIGNS:
        return "、".join(choices)
    near = difflib.get_close_matches(text, choices, n=3, cutoff=0.4)
    return f"共 {len(choices)} 个" + (f"，是不是{'、'.join(near)}？" if near else "，见代码表")

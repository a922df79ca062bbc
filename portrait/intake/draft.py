"""A mapping of one table as a person fills it in: which column is which field, what is the same in every row. Becomes YAML, decides nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portrait.errors import InputError
from portrait.identifier import KIND_NAME
from portrait.intake import attend, title, vouch
from portrait.intake.guess import RULES, day_of, is_day
from portrait.intake.layout import CAPTION_COLUMN, HELD_COLUMN, NAMED, SHEET_COLUMN, TITLE_COLUMN
from portrait.intake.lookup import code_list
from portrait.intake.node import NAME
from portrait.intake.target import DATED, TARGETS, Target
from portrait.record import KIND_ZH, SCORED, Kind
from portrait.resource import read_yaml
from portrait.sentence import sentence

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff·]*")
_HEADER = re.compile(r"auto(?: [23])?|[1-9]\d{0,5}(?:-[1-9]\d{0,5})?")
_FULL = re.compile(r"(?!0+(?:\.0*)?$)\d{1,6}(?:\.\d{1,2})?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_MAPPED = ("gender", "stage", "subject", "title", "mode", "level")
UNIT_ZH = {
    "": sentence("写着单位"),
    "minutes": sentence("分钟"),
    "hours": sentence("小时"),
    "seconds": sentence("秒"),
}
ACCOUNTS = ("staff", "native", "idno", "phone", "mail")  # kinds that one column gives, the surest first
BORN = "birth_year:date"  # of a date, its year
PERSONAL = {"key:native": sentence("工号或账号，作编号"), BORN: sentence("出生年（取出生日期里的年）")}
CERTIFICATE = "certificate"  # no field: it is what a certificate is known by
SERIAL = "serial"  # no field: the source's own number of each record
ENDED = ("complete", "fail", "withdraw", "certificate")  # how something ended is a record beside its marks
UNCHOSEN = sentence("没有选记录种类")
UNNUMBERED = sentence("没有记录编号")
# Beside the target's own fields.
SPECIAL = {
    "tick": sentence("签到（打勾的算到）"),
    "sign": sentence("签名（有字的算到）"),
    "day": sentence("签到日（列名是日期，打勾的算到）"),
    CERTIFICATE: sentence("证书编号（说的是哪一张证书）"),
    SERIAL: sentence("记录编号（每条记录一个，按它认重复）"),
    vouch.SIGNED: sentence("已核验（有人确认的行）"),
}
SCHOOL = "school"  # no field of these targets: with the name it says who somebody is, where no number does
NAMED_BY = {SCHOOL: sentence("单位（没有编号时和姓名一起认人）")}
WITH_SCHOOL = ("record", "trainee")
_PLACE, _BORN = "（单位）", "（出生年）"
_YEAR_OF = r"^((?:19|20)\d\d)(?:\D|\d\d$|\d{4}$|$)"
# Fields that the title of each sheet says itself, where they are fixed to it: the column that is made, and how.
TITLED = {"run": (title.RUN, title.run), "item": (title.PROJECT, title.project)}


@dataclass(frozen=True)
class Draft:
    """`picks` is column → choice (see `choices`), `fixed` field → what stands in every row. A blank choice is a column left out."""

    name: str
    source: str
    title: str  # of the source; anybody may call it otherwise
    file: str
    target: str
    header: str = "auto"  # auto, auto 2, 3 or 3-4
    sheet: str = ""
    picks: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    fill_down: tuple[str, ...] = ()
    year: str = ""  # of days without one, on sheets that name none; only a person says it
    heading: str = ""  # what stands above the table and on its tab
    named: str = ""  # the year that this sheet names, by which its own days are read
    version: str = "1"
    why: Mapping[str, str] = field(default_factory=dict)  # column → comment
    # Field of `fixed`, or field:column for what is said of one column of marks → comment.
    reasons: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, str] = field(
        default_factory=dict
    )  # column of marks → its full mark, where it has one of its own
    # What stands in the column of kinds → kind, "" for what is passed over.
    words: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()  # columns that tell records apart beside the fields that do


def choices(target: str) -> dict[str, str]:
    """What a column may be taken for, with its Chinese name. Detail stands after a colon: the kind of an account, a unit."""
    found: dict[str, str] = {}
    for wanted in TARGETS[target].fields:
        if wanted.type == "account":
            found |= {f"{wanted.name}:{kind}": f"{wanted.zh}：{KIND_NAME[kind]}" for kind in ACCOUNTS}
        elif wanted.type == "seconds":
            found |= {
                f"{wanted.name}:{unit}".rstrip(":"): f"{wanted.zh}（{zh}）" for unit, zh in UNIT_ZH.items()
            }
        else:
            found[wanted.name] = wanted.zh
    if target == "person":
        found |= PERSONAL
    if target == "record":
        for kind in SCORED:
            found[f"score:{kind.name.lower()}"] = f"得分（{KIND_ZH[kind]}）"
        found |= SPECIAL
    return found | (NAMED_BY if target in WITH_SCHOOL else {})


def lacking(draft: Draft) -> list[str]:
    """Required fields that nothing gives, by their Chinese names."""
    target = TARGETS[draft.target]
    there = {choice.partition(":")[0] for choice in draft.picks.values()}
    there |= {name for name, text in draft.fixed.items() if text}
    if there & {"tick", "sign", "day"} or any(choice.startswith("score:") for choice in draft.picks.values()):
        there.add("kind")
    if draft.target in WITH_SCHOOL and {"name", SCHOOL} <= there:
        there.add("account")
    found: list[str] = [
        sentence("账号（编号、手机号这样的一列，或者姓名和单位）")
        if one.type == "account"
        else sentence(one.zh)
        for one in target.fields
        if one.required and one.name not in there
    ]
    marks = [column for column, pick in draft.picks.items() if pick.partition(":")[0] == "score"]
    if "score_max" not in there and not all(draft.scales.get(column) for column in marks):
        found.append(sentence("满分"))
    if any(
        pick == "day" and not day_of(column, draft.year or draft.named)
        for column, pick in draft.picks.items()
    ):
        found.append(sentence("年份（列名里的日期没有写）"))
    return found


def checked(draft: Draft) -> Draft:
    """The draft itself. Raises InputError for a word in it that is none of the choices: it may come from a browser."""
    if draft.target not in TARGETS:
        raise InputError(
            "没有“{target}”这种内容，可选：{choices}", target=draft.target[:40], choices=list(TARGETS)
        )
    if not NAME.fullmatch(draft.name) or not NAME.fullmatch(draft.source):
        raise InputError("名字和来源只能用字母、数字和 _ . -，至多 40 个")
    if not _HEADER.fullmatch(draft.header):
        raise InputError(
            "表头应为行号（从 1 数）、auto、auto 2，或相连的几行，如 3-4；这里是“{said}”",
            said=draft.header[:40],
        )
    for year in (draft.year, draft.named.partition("-")[0]):
        if year and not _YEAR.fullmatch(year):
            raise InputError("年份应为四位数字，如 2022，这里是“{said}”", said=year[:40])
    known = choices(draft.target)
    for column, pick in draft.picks.items():
        if pick and pick not in known:
            raise InputError(
                "列“{column}”：没有“{pick}”这个字段，可选：{choices}",
                column=column,
                pick=pick[:40],
                choices=list(known.values()),
            )
    undated = next((c for c, pick in draft.picks.items() if pick == "day" and not is_day(c)), "")
    if undated:
        raise InputError(
            "列“{column}”的列名不是日期，不能是签到日；可以选“签到（打勾的算到）”", column=undated
        )
    for column, full in draft.scales.items():
        if full and not _FULL.fullmatch(full):
            raise InputError(
                "列“{column}”的满分应为大于 0 的数，这里是“{said}”", column=column, said=full[:40]
            )
    wrong = [kind for kind in draft.words.values() if kind and kind not in kinds()]
    if wrong:
        raise InputError(
            "没有“{kind}”这种记录，可选：{choices}", kind=wrong[0][:40], choices=list(kinds().values())
        )
    twice = [pick for pick in draft.picks.values() if pick and not _separate(draft, pick)]
    again = next((pick for pick in twice if twice.count(pick) > 1), "")
    if again:
        columns = [column for column, pick in draft.picks.items() if pick == again]
        raise InputError(
            "“{field}”只能来自一列，这里选了：{columns}", field=sentence(known[again]), columns=columns
        )
    fields = {one.name for one in TARGETS[draft.target].fields} | {"course_source", "class_source"}
    fields |= {SCHOOL} if draft.target in WITH_SCHOOL else set()
    wrong = [name for name in draft.fixed if name not in fields]
    if wrong:
        raise InputError("没有“{name}”这个字段", name=wrong[0][:40])
    return draft


def mapping_text(drafts: Sequence[Draft]) -> str:
    """The YAML of a mapping with the streams of each draft; name, source and title are the first one's."""
    first = drafts[0]
    rules = read_yaml(RULES)
    lines = [
        f"name: {_told(first.name)}",
        f'version: "{first.version}"',
        f"source: {_told(first.source)}",
        f"title: {_told(first.title)}",
        "timezone: Asia/Shanghai",
    ]
    maps = {name for draft in drafts for name in _maps(draft)}
    words = {word: kind for draft in drafts for word, kind in draft.words.items() if kind}
    streams = [
        (draft, name, body)
        for number, draft in enumerate(drafts, 1)
        for name, body in _streams(draft, f"{draft.target}{number if len(drafts) > 1 else ''}")
    ]
    if any(said.get("map") == attend.MAP for _, _, body in streams for said in body.fields.values()):
        maps.add(attend.MAP)
    if maps:
        lines.append("maps:")
        lines += [
            f"  {name}: {_told(_entries(name) | (words if name == 'kind' else {}))}" for name in sorted(maps)
        ]
    lines.append("streams:")
    for draft, name, body in streams:
        lines += _stream(draft, name, body, rules)
    return "\n".join(lines) + "\n"


@dataclass
class _Body:
    fields: dict[str, dict[str, Any]]
    why: dict[str, str]
    where: dict[str, Any] | None = None
    key: list[str | dict[str, str]] = field(default_factory=list)
    unpivot: dict[str, Any] = field(default_factory=dict)
    make: dict[str, Any] = field(default_factory=dict)
    passed: list[dict[str, Any]] = field(default_factory=list)


def _stream(draft: Draft, name: str, body: _Body, rules: Mapping[str, Any]) -> Iterator[str]:
    yield f"  - name: {name}"
    yield f"    file: {_told(draft.file)}"
    if draft.sheet:
        yield f"    sheet: {_told(draft.sheet)}"
    yield f"    header: {_header(draft.header)}"
    yield "    cells: office"
    yield "    optional: true"
    if draft.fill_down:
        yield f"    fill_down: {_told(list(draft.fill_down))}"
    yield f"    skip: {_told([str(word) for word in rules['skip']])}"
    blank = [str(word) for word in rules["blank"]]
    if "score" in body.fields:
        blank += [str(word) for word in rules["unmarked"]]
    yield f"    blank: {_told(blank)}"
    if _dated(draft):
        yield f'    year: [auto, "{draft.year}"]' if draft.year else "    year: auto"
    yield f"    target: {draft.target}"
    if body.unpivot:
        yield f"    unpivot: {_told(body.unpivot)}"
    if body.make:
        yield f"    make: {_told(body.make)}"
    if body.passed:
        yield "    pass:"
        for one in body.passed:
            yield f"      - {_told(one)}"
    if body.where:
        yield f"    where: {_told(body.where)}"
    if body.key:
        yield f"    key: {_told(body.key)}"
        yield "    repeats: drop"
    yield "    fields:"
    for wanted, said in body.fields.items():
        why = " ".join(body.why.get(wanted, "").split())
        yield f"      {wanted}: {_told(said)}" + (f"  # {why}" if why else "")


def _dated(draft: Draft) -> bool:
    """Whether anything in it is a day."""
    fields = {one.name for one in TARGETS[draft.target].fields if one.type in DATED}
    used = [*draft.picks.values(), *(name for name, text in draft.fixed.items() if text)]
    return any(one == "day" or one.partition(":")[0] in fields for one in used)


def _streams(draft: Draft, name: str) -> Iterator[tuple[str, _Body]]:
    """One stream, or where several columns are marks one for each of them. All days together are one."""
    target = TARGETS[draft.target]
    each = [(column, pick) for column, pick in draft.picks.items() if _separate(draft, pick)]
    if (whole := _by_words(draft, each)) is not None:
        yield name, whole
        return
    days = [one for one in each if one[1] == "day"]
    each = [one for one in each if one[1] != "day"] + days[:1]
    if each:
        # How it ended is a record of its own, and what is credited stands with it.
        each = [(column, pick) for column, pick in draft.picks.items() if pick == "kind"] + each
    if draft.target != "record" or not each:
        yield name, _body(draft, target, None)
        return
    for number, (column, pick) in enumerate(each, 1):
        body = _body(draft, target, (column, pick), len(each) > 1)
        if number > 1:
            # What a row adds to the hours it adds once.
            for amount in ("seconds", "content_seconds", "credit", "count"):
                body.fields.pop(amount, None)
        yield (f"{name}_{number}" if len(each) > 1 else name), body


def tells_kinds(draft: Draft) -> bool:
    """Whether a column says of each row what kind of record it is, and not only how something ended."""
    said = [kind for kind in draft.words.values() if kind]
    return "kind" in draft.picks.values() and any(kind not in ENDED for kind in said)


def _by_words(draft: Draft, each: Sequence[tuple[str, str]]) -> _Body | None:
    """The one stream of a log, where a column says what each row is and at most one what it was marked with; None of other tables."""
    if not tells_kinds(draft) or len(each) > 1 or any(pick.partition(":")[0] != "score" for _, pick in each):
        return None
    body = _body(draft, TARGETS[draft.target], None)
    for column, _ in each:
        body.fields["score"] = {"from": column}
        body.why["score"] = draft.why.get(column, "")
        if draft.scales.get(column):
            body.fields["score_max"] = {"const": draft.scales[column]}
        if "const" in body.fields.get("score_max", {}):
            body.why["score_max"] = draft.reasons.get(f"score_max:{column}", "")
    _in_order(body, TARGETS[draft.target])
    return body


def _in_order(body: _Body, target: Target) -> None:
    order = [wanted.name for wanted in target.fields] + ["course_source", "class_source"]
    body.fields = {wanted: body.fields[wanted] for wanted in order if wanted in body.fields} | {
        wanted: said for wanted, said in body.fields.items() if wanted not in order
    }


def _body(draft: Draft, target: Target, one: tuple[str, str] | None, several: bool = False) -> _Body:
    fields: dict[str, dict[str, Any]] = {}
    why: dict[str, str] = {}
    for column, pick in draft.picks.items():
        wanted, _, detail = pick.partition(":")
        if not pick or pick in (CERTIFICATE, SERIAL) or _separate(draft, pick) or wanted in fields:
            continue
        fields[wanted] = _expression(draft, target, column, wanted, detail)
        why[wanted] = draft.why.get(column, "")
    for wanted, text in draft.fixed.items():
        if text and wanted not in fields:
            fields[wanted] = {"const": text}
            why[wanted] = draft.reasons.get(wanted, "")
    body = _Body(fields, why)
    if born := next((column for column, pick in draft.picks.items() if pick == BORN), ""):
        body.make |= {_BORN: [{"from": born, "match": _YEAR_OF}, {"from": born}]}
        fields["birth_year"] = {"from": _BORN}
    if by := next((column for column, pick in draft.picks.items() if pick == vouch.SIGNED), ""):
        body.make |= vouch.made(by)
        fields["verified"] = vouch.field()
    if draft.target in WITH_SCHOOL:
        _known_by_name(draft, body)
    if draft.target == "person" and "key" in fields and draft.fixed.get("key"):
        del fields["key"]
    ticked = one is not None and one[1] in ("tick", "sign")
    day = fields.get("time", {}).get("const")
    if draft.target == "record" and day and ticked:
        body.make |= attend.dated(day)
        fields["time"] = {"from": attend.DAY}
    elif draft.target == "record" and day == TITLE_COLUMN:
        fields["time"] = {"from": HELD_COLUMN}
    if draft.target == "record":
        for wanted, (column, rules) in TITLED.items():
            if fields.get(wanted, {}).get("const") == TITLE_COLUMN:
                body.make |= rules()
                fields[wanted] = {"from": column}
    if one is not None:
        _each(draft, body, *one, several)
    if draft.target == "record":
        signed = bool(body.passed)
        _kinds_passed(draft, body)
        body.key = _key(body, one[0] if one is not None and several and one[1] != "day" else "", draft.key)
        certificate = next((column for column, pick in draft.picks.items() if pick == CERTIFICATE), "")
        if certificate and one is None:
            body.key = [certificate]
            body.where = {"column": certificate, "present": "true", "why": "没有证书编号"}
        serial = next((column for column, pick in draft.picks.items() if pick == SERIAL), "")
        if serial and (one is None or one[1] != "day"):
            body.key = [serial, *([NAMED + one[0]] if one is not None and several else [])]
            body.passed.insert(0, {"column": serial, "present": "false", "why": UNNUMBERED})
        if attend.DAY in body.make:
            body.key.append(CAPTION_COLUMN)
        if signed or attend.DAY in body.make:
            _met(body)
    _in_order(body, target)
    return body


def _kinds_passed(draft: Draft, body: _Body) -> None:
    """Rows of words for which nobody has chosen a kind are no records, and are counted with that reason."""
    column = body.fields.get("kind", {}).get("from", "")
    unchosen = [word for word, kind in draft.words.items() if not kind]
    if unchosen and draft.picks.get(column) == "kind":
        body.passed.append({"column": column, "in": unchosen, "why": UNCHOSEN})


def _met(body: _Body) -> None:
    """A sheet of signatures that comes again corrected is the same one, although its title says so."""
    key = [attend.MEETING if part == CAPTION_COLUMN else part for part in body.key]
    body.key = [part for place, part in enumerate(key) if part not in key[:place]]
    if attend.MEETING in body.key:
        body.make = attend.meeting() | body.make


def _separate(draft: Draft, pick: str) -> bool:
    """Whether a column of this choice makes a stream of its own."""
    return draft.target == "record" and pick.partition(":")[0] in ("score", "tick", "sign", "day")


def _each(draft: Draft, body: _Body, column: str, pick: str, several: bool) -> None:
    """What one column of marks or ticks says in its stream."""
    wanted, _, kind = pick.partition(":")
    if pick == "day":
        _days(draft, body)
        return
    if pick == "kind":
        body.where = {"column": column, "present": "true"}
        body.fields.pop("score_max", None)
        body.why["kind"] = draft.why.get(column, "")
        return
    if wanted == "score":
        body.fields["score"] = {"from": column}
        if draft.scales.get(column):
            body.fields["score_max"] = {"const": draft.scales[column]}
        if kind:
            body.fields["kind"] = {"const": kind}
            body.why["kind"] = draft.reasons.get(f"kind:{column}", "")
        if "const" in body.fields.get("score_max", {}):
            body.why["score_max"] = draft.reasons.get(f"score_max:{column}", "")
        body.why["score"] = draft.why.get(column, "")
        body.where = {"column": column, "present": "true"}
    else:
        body.passed = attend.passes(column, _blank())
        if body.fields.get("kind", {"const": "attendance"}).get("const", "attendance") == "attendance":
            body.fields["kind"] = (
                {"const": "attendance"} if pick == "sign" else {"from": column, "map": attend.MAP}
            )
            body.why["kind"] = draft.why.get(column, "")
    if several and pick != "kind" and "item" not in body.fields:
        body.fields["item"] = {"from": NAMED + column}


def _days(draft: Draft, body: _Body) -> None:
    """What the columns of days say: who was there on which of them."""
    body.unpivot = attend.unpivot([column for column, pick in draft.picks.items() if pick != "day"])
    body.make |= attend.made()
    body.passed = attend.passes(attend.MARK, _blank())
    body.fields["kind"] = {"from": attend.MARK, "map": attend.MAP}
    body.fields["time"] = {"from": attend.DAY}
    body.why |= {
        "kind": "",
        "time": next(draft.why.get(c, "") for c, pick in draft.picks.items() if pick == "day"),
    }
    body.fields.setdefault("item", {"from": attend.ITEM})


def _blank() -> list[str]:
    return [str(word) for word in read_yaml(RULES)["blank"]]


def _known_by_name(draft: Draft, body: _Body) -> None:
    """Where no column says a number, the name and the school say who somebody is."""
    school = body.fields.pop(SCHOOL, {})
    name = body.fields.get("name", {}).get("from")
    if "account" in body.fields or not school or not name:
        return
    if "const" in school and school["const"] in draft.heading:
        # The sheet of another school says so, and its people are not this one's.
        body.make[_PLACE] = [
            {"from": [TITLE_COLUMN, SHEET_COLUMN], "match": f"({re.escape(school['const'])})"}
        ]
    elif "const" in school:
        body.make[_PLACE] = [{"const": school["const"]}]
    body.fields["account"] = {"from": [name, school.get("from", _PLACE)], "kind": "triple"}


def _key(body: _Body, column: str, more: Sequence[str]) -> list[str | dict[str, str]]:
    """What tells one record from another: whose it is, of what, when, and not how it came out. Whose and when are as they are
    read: people write them in many ways."""
    found: list[str | dict[str, str]] = []
    for wanted in ("account", "course", "run", "item", "kind", "time"):
        said = body.fields.get(wanted, {}).get("from")
        if said in (title.RUN, title.PROJECT):
            found.append(CAPTION_COLUMN)  # which says it
            continue
        if (
            not said
            or said in (attend.ITEM, attend.MARK, HELD_COLUMN)
            or body.fields[wanted].get("map") == attend.MAP
        ):
            continue
        found.append({"field": wanted} if wanted in ("account", "kind", "time") else said)
    if column and NAMED + column not in found:
        found.append(NAMED + column)
    found += more
    if body.fields.get("time", {}).get("from", HELD_COLUMN) == HELD_COLUMN:
        found.append(CAPTION_COLUMN)  # nothing else tells this term's marks from the last one's
    return [part for place, part in enumerate(found) if part not in found[:place]]


def _expression(draft: Draft, target: Target, column: str, wanted: str, detail: str) -> dict[str, Any]:
    said: dict[str, Any] = {"from": column}
    known = target.field(wanted)
    if wanted == "key" and detail == "native":
        said["prefix"] = f"{draft.source}:"
    elif detail:
        said["unit" if known is not None and known.type == "seconds" else "kind"] = detail
    elif wanted in _maps(draft):
        said["map"] = wanted
    return said


def _maps(draft: Draft) -> list[str]:
    """Names of the value maps that the draft's fields use: of short code lists, whose names people write in many ways."""
    target = TARGETS[draft.target]
    used = {pick for pick in draft.picks.values() if pick}
    found = [name for name in used if name in _MAPPED and (one := target.field(name)) and one.type == "code"]
    return [*found, *(["kind"] if draft.target == "record" and "kind" in used else [])]


def _entries(name: str) -> dict[str, str]:
    if name == attend.MAP:
        return attend.marks()
    if name == "kind":
        kinds = {zh: kind.name.lower() for kind, zh in KIND_ZH.items()}
        alias = read_yaml(RULES)["alias"]
        return kinds | {
            str(word): str(kind) for said in ("result", "kind") for word, kind in alias[said].items()
        }
    aliases = {str(word): str(code) for word, code in read_yaml(RULES)["alias"].get(name, {}).items()}
    return aliases | dict(code_list(name))


def kinds() -> dict[str, str]:
    return {kind.name.lower(): KIND_ZH[kind] for kind in Kind}


def _header(said: str) -> str:
    first, dash, last = said.partition("-")
    return (
        f"[{first}, {', '.join(map(str, range(int(first) + 1, min(int(last), int(first) + 9) + 1)))}]"
        if dash
        else said
    )


def _told(value: Any) -> str:
    """A value in YAML's flow style; any text that could be something else stands in quotation marks."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_told(key)}: {_told(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_told(item) for item in value) + "]"
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain or text == "true" else json.dumps(text, ensure_ascii=False)

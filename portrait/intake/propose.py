"""A mapping proposed for a sheet that nobody has described: where its table is, what its columns are, what is still to be said."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portrait.errors import InputError
from portrait.intake.deed import kind_of, kinds_of
from portrait.intake.draft import (
    ACCOUNTS,
    CERTIFICATE,
    ENDED,
    SCHOOL,
    SERIAL,
    WITH_SCHOOL,
    Draft,
    checked,
    lacking,
)
from portrait.intake.guess import (
    LIKELY,
    RULES,
    SURE,
    is_day,
    number_of,
    plain,
    ticked,
    unit_of,
)
from portrait.intake.layout import EVERY_SHEET, TITLE_COLUMN
from portrait.intake.notice import notices
from portrait.intake.reader import SUFFIXES, format_of
from portrait.intake.scale import Place, Scale, scale_of
from portrait.intake.sheet import sheet_names
from portrait.intake.survey import Column, Table, survey
from portrait.intake.table import Head
from portrait.intake.target import SOURCE_FIELDS, TARGETS
from portrait.intake.title import class_said, class_told, day_said, school_said
from portrait.intake.total import totals
from portrait.intake.twin import telling, textual
from portrait.intake.year import year_named
from portrait.record import KIND_ZH, Kind
from portrait.resource import read_yaml
from portrait.sentence import Sentence, sentence

_LISTED = 20  # files of a folder
_TITLE = 60  # characters of a title
_SHOWN = {"score", "day", "tick", "sign"}  # who was there, and how well: what else a row says is about that
_ALONE = 0.95  # of the rows that differ have a number of their own
_WHOLE = 5  # characters of a class's whole name, at least
_WHO = ACCOUNTS  # who a row is of; the first that there is
# What a role is in each target.
_FIELDS: dict[str, dict[str, str]] = {
    "person": {
        "staff": "key", "native": "key:native", "idno": "idno", "phone": "phone", "mail": "mail", "name": "name",
        "gender": "gender", "birth_year": "birth_year", "school_code": "school", "school_name": "school", "stage": "stage",
        "subject": "subject", "title": "title", "post": "post", "since": "since", "teaching": "teaching",
    },
    "trainee": {
        "staff": "account:staff", "native": "account:native", "idno": "account:idno", "phone": "account:phone",
        "mail": "account:mail", "class_code": "class", "class_name": "class", "county": "region", "date": "confirmed", "reason": "reason", "name": "name", "school_name": SCHOOL,
    },
    "record": {
        "staff": "account:staff", "native": "account:native", "idno": "account:idno", "phone": "account:phone",
        "mail": "account:mail", "course_code": "course", "class_code": "run", "item": "item", "course_title": "item",
        "date": "time", "score": "score", "score_max": "score_max", "duration": "seconds", "credit": "credit",
        "attendance": "tick", "result": "kind", "offsite": "offsite", "face": "face", "verified": "verified", "name": "name",
        "school_name": SCHOOL, "signature": "sign", "certificate": CERTIFICATE, "class_name": "item",
        "kind": "kind", "serial": SERIAL, "count": "count", "content": "content_seconds",
    },
    "course": {
        "course_code": "code", "course_title": "title", "summary": "summary", "credit": "hours", "mode": "mode",
        "category": "category", "stage": "stage", "subject": "subject", "starts": "starts", "ends": "ends", "provider": "provider",
    },
    "class": {
        "class_code": "code", "class_name": "name", "category": "category", "level": "level", "mode": "mode",
        "starts": "starts", "ends": "ends", "credit": "hours", "provider": "provider", "course_code": "course",
    },
    "school": {
        "school_code": "code", "school_name": "name", "county": "county", "urban_rural": "urban_rural", "stage": "stage",
    },
}  # fmt: skip
_WORDS = {
    "day": "signin",
    "sign": "signin",
    "tick": "signin",
    "score": "marks",
    CERTIFICATE: "certificates",
    "activity": "research",
    "credit": "hours",
    "seconds": "study",
}
# What kind of mark it is, by a word in the column's name or the title.
_SCORED = {
    "训前": "pretest",
    "训后": "posttest",
    "作业": "assignment",
    "测验": "quiz",
    "平时": "quiz",
    "考勤": "quiz",
    "课堂": "quiz",
    "期末": "exam",
    "结业": "exam",
    "笔试": "exam",
    "考试": "exam",
}
TARGETS_OFFERED = tuple(_FIELDS)
# Which sources' lists (of a `course` or a `class`) have which of these codes.
Lists = Callable[[str, Collection[str]], Mapping[str, Collection[str]]]
_MOSTLY = 0.9  # of the codes of a column: the others may be mistyped


def no_lists(_thing: str, _codes: Collection[str]) -> Mapping[str, Collection[str]]:
    """Where no registry is at hand."""
    return {}


@dataclass(frozen=True)
class Proposal:
    """A table with the mapping that is proposed for it; `missing` are required fields that no column gives."""

    file: str
    table: Table  # the first of them
    draft: Draft
    sheets: tuple[str, ...]  # that have the same header
    counts: tuple[int, ...]  # rows of each
    passed: int  # rows of all of them that are no data
    missing: tuple[str, ...]
    notes: tuple[Sentence, ...]

    @property
    def rows(self) -> int:
        return sum(self.counts)


def propose(
    path: Path,
    name: str,
    *,
    sheet: str = "",
    header: str = "",
    target: str = "",
    schools: Callable[[], Iterable[str]] = tuple,
    fill: Mapping[str, str] | None = None,
    lists: Lists = no_lists,
) -> list[Proposal]:
    """A proposal for each table of the file, sheets with the same header being one. What is given is not guessed: `fill` is what the
    same stands for in every row, field → text, and the year. `schools` are the registered ones, asked for only where nothing but a
    title can say whose people they are; `lists` says which sources' lists have which of some codes of courses or classes.

    Raises InputError when the file cannot be read, or no sheet has a table.
    """
    if path.is_dir():
        raise InputError(
            "{path} 是文件夹；一次看一个表格文件，这里有：{there}",
            path=path,
            there=[one.name for one in _tables(path)] or [sentence("（没有表格文件）")],
        )
    kind = format_of(name)
    if kind not in ("csv", "xlsx"):
        raise InputError(
            "{file}：只有表格文件（CSV 和工作簿）能提出映射，这里是 {kind}", file=name, kind=kind
        )
    if target and target not in _FIELDS:
        raise InputError("没有“{target}”这种内容，可选：{choices}", target=target[:40], choices=list(_FIELDS))
    chosen = [sheet] if sheet or kind == "csv" else sheet_names(path, name)
    tables = [found for one in chosen if (found := survey(path, name, kind, one, header)) is not None]
    if not tables:
        raise InputError("{file}：没有找到表格：没有一行像表头（几格文字，下面有数据）", file=name)
    groups: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        groups.setdefault(table.head.names, []).append(table)
    made = [
        _proposal(name, some, len(chosen), target, header, schools, fill or {}, lists)
        for some in groups.values()
    ]
    for field in fill or {}:
        if not any(field in _fillable(one.draft.target) for one in made):
            raise InputError(
                "没有“{field}”这个字段，可选：{choices}",
                field=field[:40],
                choices=sorted(set().union(*(_fillable(one.draft.target) for one in made))),
            )
    for one in made if fill else ():
        checked(one.draft)
    return made


def _fillable(target: str) -> set[str]:
    """What may be the same in every row, and the year of days without one."""
    return {one.name for one in TARGETS[target].fields if one.type != "account"} | (
        {"year"}
        | {field for field, targets in SOURCE_FIELDS.items() if target in targets}
        | ({SCHOOL} if target in WITH_SCHOOL else set())
    )


def _tables(folder: Path) -> list[Path]:
    """The files of a folder that may be tables."""
    suffixes = [suffix for suffix, kind in SUFFIXES.items() if kind in ("csv", "xlsx")]
    return [one for one in sorted(folder.iterdir()) if one.is_file() and one.suffix.lower() in suffixes][
        :_LISTED
    ]


def _proposal(
    name: str,
    tables: Sequence[Table],
    sheets: int,
    target: str,
    header: str,
    schools: Callable[[], Iterable[str]],
    fill: Mapping[str, str],
    lists: Lists,
) -> Proposal:
    table = tables[0]
    said = f"{table.head.title} {table.sheet} {name}"
    roles = {column.role: column for column in reversed(table.columns) if column.role}
    days = [column.name for column in table.columns if is_day(column.name) and not _measured(column)]
    named = year_named(table.head.title, table.sheet, name, days)
    target = target or _target(roles, days, said)
    picks = _picks(table, target, days, said)
    if target == "record":
        picks |= _classes(table, picks)
    left = _left_out(tables, picks, said) if target == "record" else {}
    picks |= dict.fromkeys(left, "")
    words = _words(tables, picks) if target == "record" else {}
    more, apart = _apart(tables, picks, left) if target == "record" else ("", {})
    picks |= apart
    scales = _scales(tables, picks)
    fixed = _fixed(table, name, target, picks, scales, said)
    meant = _meant(tables, name, target, picks, fixed, lists)
    fixed |= {field: source for field, (source, _) in meant.items()}
    given = {field: text for field, text in fill.items() if field in _fillable(target)}
    year = given.pop("year", "")
    fixed |= given
    if _nameless(target, picks) and SCHOOL not in fixed and (school := school_said(said, schools())):
        fixed[SCHOOL] = school
    packed = name.lower().endswith(".gz")
    suffix = "".join(Path(name).suffixes[-2 if packed else -1 :]) or ".csv"
    slug = _slug(name, target, picks, fixed.get("kind", ""))
    draft = Draft(
        name=slug,
        source=slug,
        title=_titled(tables) or _short(Path(name).stem),
        file=f"*{suffix}",
        target=target,
        header=_rows(table.head) if header else ("auto 2" if table.head.under == 1 else "auto"),
        sheet=EVERY_SHEET if len(tables) > 1 else table.sheet if sheets > 1 else "",
        picks=picks,
        fixed=fixed,
        scales={
            column: scale.full
            for column, scale in scales.items()
            if scale.full and scale.full != fixed["score_max"]
        },
        reasons=_reasons(table, name, picks, scales, fixed)
        | {field: why for field, (source, why) in meant.items() if fixed.get(field) == source},
        fill_down=table.fill_down,
        year=year,
        named=named.year,
        why={
            column.name: _why(column, picks[column.name])
            for column in table.columns
            if picks.get(column.name)
        }
        | dict.fromkeys(apart, sentence("没有它，几行会被当作同一个记录")),
        words=words,
        key=(more,) if more and more not in apart else (),
    )
    return Proposal(
        name,
        table,
        draft,
        tuple(one.sheet for one in tables),
        tuple(one.rows for one in tables),
        sum(one.passed for one in tables),
        tuple(lacking(draft)),
        tuple(notices(tables, name, draft, days, said, left, scales, more)),
    )


def _words(tables: Sequence[Table], picks: Mapping[str, str]) -> dict[str, str]:
    """What stands in the column of kinds → kind."""
    return {
        word: kind
        for table in tables
        for column in table.columns
        if picks.get(column.name) == "kind"
        for word, kind in kinds_of(column.words).items()
    }


def _apart(
    tables: Sequence[Table], picks: Mapping[str, str], left: Mapping[str, Sentence]
) -> tuple[str, dict[str, str]]:
    """The column without which rows would be taken for one record, "" for none, and that it is the item where it says which."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    if there & {"day", SERIAL, CERTIFICATE}:
        return "", {}
    more = telling(tables, picks, left)
    column = next((column for column in tables[0].columns if column.name == more), None)
    if column is not None and "item" not in there and textual(column):
        return more, {more: "item"}
    return more, {}


def _meant(
    tables: Sequence[Table],
    file: str,
    target: str,
    picks: Mapping[str, str],
    fixed: Mapping[str, str],
    lists: Lists,
) -> dict[str, tuple[str, Sentence]]:
    """Whose courses and classes the codes are, where one source's list alone has them: field → source, and why."""
    found: dict[str, tuple[str, Sentence]] = {}
    for thing, field, what in (
        ("course", "course_source", sentence("课程名单")),
        ("class", "class_source", sentence("班次名单")),
    ):
        if target not in SOURCE_FIELDS[field]:
            continue
        wanted = "run" if thing == "class" and target == "record" else thing
        columns = {column for column, pick in picks.items() if pick == wanted}
        codes = {
            value for table in tables for one in table.columns if one.name in columns for value in one.values
        }
        if fixed.get(wanted) == TITLE_COLUMN:
            codes = {
                called for table in tables if (called := class_said(table.head.title, table.sheet, file)[0])
            }
        fitting = {
            source: len(theirs)
            for source, theirs in (lists(thing, codes) if codes else {}).items()
            if len(theirs) >= _MOSTLY * len(codes)
        }
        for source, n in fitting.items() if len(fitting) == 1 else ():
            found[field] = (
                source,
                sentence(
                    "{m} 个代码里 {n} 个在来源 {source} 的{what}里",
                    m=len(codes),
                    n=n,
                    source=source,
                    what=what,
                ),
            )
    return found


def _nameless(target: str, picks: Mapping[str, str]) -> bool:
    """Whether people are known by nothing but their names."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    return target in WITH_SCHOOL and "name" in there and not there & {"account", SCHOOL}


def _left_out(tables: Sequence[Table], picks: Mapping[str, str], said: str) -> dict[str, Sentence]:
    """Columns that would make records of what another column makes records of already, each with the reason."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    marks = {
        column: _marks(tables, column) for column, pick in picks.items() if pick.partition(":")[0] == "score"
    }
    left: dict[str, Sentence] = totals(marks)
    named = {column.name: column for column in tables[0].columns}
    shown = there & _SHOWN
    ended = [
        column
        for column, pick in picks.items()
        if pick == "kind" and all(kind_of(word) in (*ENDED, "") for word in named[column].values)
    ]
    for column in (column for column, pick in picks.items() if pick == CERTIFICATE):
        if shown or (ended and not _said(said, "certificate")):
            left[column] = sentence("证书说的是同一次培训的结果，不另成记录")
        elif not named[column].filled:
            left[column] = sentence("还没有编号，认不出是哪一张证书")
        else:
            left |= dict.fromkeys(ended, sentence("有证书编号的就是取得了证书，没有编号的行略过"))
    for column, pick in picks.items():
        if pick == "item" and named[column].role == "class_name" and shown:
            left[column] = sentence(
                "写的不是班次的全名，说不准是哪一班；要写明，请加一列班次代码或班次的全名"
            )
    return left


def _classes(table: Table, picks: Mapping[str, str]) -> dict[str, str]:
    """Of sign-ins and marks the column that says whole names of classes, by which these are known: 一班 is one of many."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    if "run" in there or not there & _SHOWN:
        return {}
    for column in table.columns:
        whole = sum(len(value) >= _WHOLE and "班" in value for value in column.values)
        if picks[column.name] == "item" and column.role == "class_name" and whole > len(column.values) / 2:
            return {column.name: "run"}
    return {}


def _marks(tables: Sequence[Table], column: str) -> list[tuple[Place, float]]:
    return [mark for table in tables for one in table.columns if one.name == column for mark in one.marks]


def _measured(column: Column) -> bool:
    """Whether its cells are amounts and no marks of presence."""
    numbers = [value for cell in column.values if (value := number_of(cell)) is not None]
    return sum(value not in (0, 1) for value in numbers) > len(column.values) / 2


def _rows(head: Head) -> str:
    return f"{head.row}-{head.last}" if head.under else str(head.row)


def _target(roles: dict[str, Column], days: Sequence[str], said: str) -> str:
    """What the rows are, from what the columns are and what the sheet is called."""
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    named = {kind for kind, listed in words.items() if any(word in said for word in listed)}
    who = any(role in roles for role in _WHO)
    about = sum(
        role in roles
        for role in ("school_name", "school_code", "subject", "title", "stage", "gender", "post")
    )
    somebody = who or "name" in roles
    ticks = "attendance" in roles and ("attendance" in named or about < 3)
    ended = ("result" in roles and "person" not in named) or ("kind" in roles and _does(roles["kind"]))
    if somebody and (days or ticks or ended or roles.keys() & {"score", "duration"}):
        return "record"
    if somebody and "credit" in roles and not (about > 2 or "person" in named):
        return "record"
    if somebody and CERTIFICATE in roles and "person" not in named:
        return "record"
    if not who and "course_title" in roles and not ("class_code" in roles and "starts" in roles):
        return "course"
    if who or "name" in roles:
        if {"class_code", "class_name"} & roles.keys() or ("trainee" in named and "person" not in named):
            return "trainee" if "person" not in named or "class_code" in roles else "person"
        if named & {"attendance", "marks", "hours"} and about < 2:
            return "record"
        return "person"
    if "class_name" in roles or "class_code" in roles:
        return "class"
    return "school" if {"school_code", "county"} & roles.keys() and "school_name" in roles else "record"


def _picks(table: Table, target: str, days: Sequence[str], said: str) -> dict[str, str]:
    """Column → choice; of two columns that could be the same field the surer has it."""
    there = TARGETS[target]
    fields = {
        role: choice
        for role, choice in _FIELDS.get(target, {}).items()
        if choice in ("tick", "sign", SCHOOL, CERTIFICATE, SERIAL)
        or there.field(choice.partition(":")[0]) is not None
    }
    who = _who(table)
    marked = bool(days) or any(column.role == "attendance" and _marked(column) for column in table.columns)
    wanted: list[tuple[float, str, str]] = []
    for column in table.columns:
        if target == "record" and column.name in days:
            wanted.append((1.0, column.name, "day"))
            continue
        for guess in column.guesses:
            if guess.sure < LIKELY or (guess.role in ("number", "none", "name") and guess.role not in fields):
                break
            choice = fields.get(guess.role, "")
            if target in WITH_SCHOOL and guess.role in _WHO and guess.role != who:
                break
            if choice == SCHOOL and target in WITH_SCHOOL and who:
                break  # a number says more
            if choice == "tick" and not _marked(column):
                choice = "sign"  # under 签到 people have written their names
            if choice == "sign" and (marked or not column.filled or not _attended(said)):
                break
            if guess.role == "kind" and not _does(column):
                continue  # 类型 of what?
            if choice == SERIAL and not _numbers(table, column):
                continue
            if choice:
                wanted.append((guess.sure, column.name, _detailed(choice, column)))
                break
    # 训前测 in a column says what a mark is; 合格 says how it ended and is a record of its own.
    kinds = any(
        choice == "kind"
        and any(
            kind_of(value) not in (*ENDED, "")
            for one in table.columns
            if one.name == name
            for value in one.values
        )
        for _, name, choice in wanted
    )
    picks = dict.fromkeys((column.name for column in table.columns), "")
    taken: set[str] = set()
    for _, column_name, choice in sorted(wanted, key=lambda one: -one[0]):
        if choice == "score" and target == "record" and not kinds:
            choice = f"score:{_scored(column_name, said)}"
        once = (
            choice.partition(":")[0]
            if choice.partition(":")[0] not in ("score", "day", "tick", "sign")
            else ""
        )
        if once and once in taken:
            continue
        taken.add(once)
        picks[column_name] = choice
    if target == "trainee":
        _dates(table, picks)
    return picks


def _who(table: Table) -> str:
    """The role by which people are known, the surest first. What is only called 编号 may number certificates."""
    there = {column.role: column for column in reversed(table.columns) if column.role in _WHO}
    found = [role for role in _WHO if role in there]
    if len(found) > 1 and found[0] == "staff" and plain(there["staff"].name) == "编号":
        return found[1]
    return found[0] if found else ""


def _does(column: Column) -> bool:
    """Whether its cells are words for kinds of records: a head that says so needs one that is known, others half of them."""
    known = sum(bool(kind_of(word)) for word in column.words)
    return known > 0 and (column.guesses[0].role == "kind" or 2 * known >= len(column.words))


def _numbers(table: Table, column: Column) -> bool:
    """Whether it numbers the source's own records, each by another number. 1, 2, 3 numbers the rows of a sheet."""
    place = table.head.names.index(column.name)
    cells = [cells[place] for cells in table.cells]
    counting = all(cell.isdecimal() and len(cell) < 9 for cell in cells) and min(map(int, cells)) < 2
    # A row that the source wrote twice is still one, and a corrected one keeps its number.
    return all(cells) and not counting and len(set(cells)) >= _ALONE * len(set(table.cells))


def _marked(column: Column) -> bool:
    """Whether its cells are ticks and crosses; an empty column may become any."""
    return not column.values or sum(map(ticked, column.values)) >= 0.3 * len(column.values)


def _attended(said: str) -> bool:
    return _said(said, "attendance")


def _said(said: str, what: str) -> bool:
    """Whether one of the words that tell what a sheet is stands there."""
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    return any(word in said for word in words[what])


def _detailed(choice: str, column: Column) -> str:
    if choice not in ("seconds", "content_seconds"):
        return choice
    unit = unit_of(column.name)
    bare = sum(number_of(value) is not None and not re.search("[分秒时]", value) for value in column.values)
    return f"{choice}:{unit or 'minutes'}" if unit or bare > len(column.values) / 2 else choice


def _dates(table: Table, picks: dict[str, str]) -> None:
    """Dates of a trainee are told apart by their heads."""
    heads = {"报到": "checked_in", "结业": "graduated", "退出": "left", "确认": "confirmed"}
    for column in table.columns:
        if column.role == "date":
            picks[column.name] = next(
                (field for word, field in heads.items() if word in column.name), picks[column.name]
            )


def _fixed(
    table: Table, file: str, target: str, picks: dict[str, str], scales: Mapping[str, Scale], said: str
) -> dict[str, str]:
    """What the same stands for in every row: the kind of a record, the full mark."""
    if target != "record":
        return {}
    there = set(picks.values())
    fixed: dict[str, str] = {}
    scores = [column for column in table.columns if picks[column.name].partition(":")[0] == "score"]
    if "kind" not in there and not scores:
        fixed["kind"] = _kind(
            {pick.partition(":")[0] for pick in there},
            said,
            "".join(column.name for column in table.columns if column.role != "certificate"),
        )
    if there & {"tick", "sign"} and not there & {"time", "day"} and day_said(said):
        fixed["time"] = TITLE_COLUMN
    if "run" not in there and class_said(table.head.title, table.sheet, file)[0]:
        fixed["run"] = TITLE_COLUMN
    ended = "kind" in there or fixed.get("kind") in ("certificate", "complete")
    if ended and not scores and not there & {"item", "tick", "sign", "day"} and table.head.title:
        fixed["item"] = TITLE_COLUMN
    if scales:
        # Where they differ the commonest is every row's, and a column with another has it beside.
        fulls = [scale.full for scale in scales.values()]
        fixed["score_max"] = (
            "" if "" in fulls else max(fulls, key=lambda full: (fulls.count(full), full == "100"))
        )
    return fixed


def _scored(column: str, said: str) -> str:
    """Which kind of mark, by the column's own name or else by the title. Where no word says it, the one that weighs least."""
    return _SCORED.get(_word_in(column) or _first_word(said), "quiz")


def _word_in(column: str) -> str:
    """The word in a head that says it; what stands over several columns says less than their own heads."""
    return _first_word(column.rpartition("·")[2]) or _first_word(column)


def _first_word(text: str) -> str:
    """The word that stands first in the text and says what kind of mark it is; "" for none."""
    return min(
        (place, word) for word in (*_SCORED, "") if (place := text.find(word) if word else len(text)) >= 0
    )[1]


def _kind(there: set[str], said: str, heads: str) -> str:
    """What sort of records they are, the lightest where no word says it; "" where a sign-in sheet does not show who was there: only a
    person can say."""
    if there & {"day", "tick", "sign"}:
        return "attendance"
    if _attended(said) and "credit" not in there:
        return ""
    if CERTIFICATE in there or _said(said + heads, "certificate"):
        return "certificate"
    if "研修" in said + heads:
        return "activity"
    if _said(said, "hours") or re.search("结业|毕业|合格|认定", said + heads):
        return "complete"
    return "view"


def _scales(tables: Sequence[Table], picks: dict[str, str]) -> dict[str, Scale]:
    """The full mark of each column of marks, from all sheets that have it."""
    if "score_max" in picks.values():
        return {}
    marks = {
        column: _marks(tables, column) for column, pick in picks.items() if pick.partition(":")[0] == "score"
    }
    return {
        column: scale_of(column, own, [mark for other in marks if other != column for mark in marks[other]])
        for column, own in marks.items()
    }


def _reasons(
    table: Table, file: str, picks: Mapping[str, str], scales: Mapping[str, Scale], fixed: Mapping[str, str]
) -> dict[str, str]:
    """Why what no column says is as it is: by field, and by field and column where each column of marks has its own."""
    found: dict[str, str] = {}
    if fixed.get("score_max"):
        own = [scale for scale in scales.values() if scale.full == fixed["score_max"]]
        least = min(own, key=lambda scale: scale.sure)
        found["score_max"] = _sure(least.why, least.sure)
    if fixed.get("run"):
        found["run"] = class_told(*class_said(table.head.title, table.sheet, file))
    for column, scale in scales.items():
        found[f"score_max:{column}"] = _sure(scale.why, scale.sure)
    for column, pick in picks.items():
        if pick.startswith("score:"):
            found[f"kind:{column}"] = _kind_of_mark(column, KIND_ZH[Kind[pick.partition(":")[2].upper()]])
    return found


def _kind_of_mark(column: str, kind: str) -> Sentence:
    if word := _word_in(column):
        return sentence("列名里有“{word}”：{kind}", word=word, kind=sentence(kind))
    return sentence(
        "列名没说是哪一种测评，按标题，标题也没说的按最轻的：{kind}（请核对）", kind=sentence(kind)
    )


def _sure(why: Sentence, sure: float) -> Sentence:
    return sentence(
        "{why}（{how}，{sure}）",
        why=why,
        how=sentence("很有把握") if sure >= SURE else sentence("不太有把握"),
        sure=f"{sure:.2f}",
    )


def _why(column: Column, pick: str) -> str:
    if pick == "day" or not column.guesses:
        return sentence("列名是日期") if pick == "day" else ""
    return _sure(column.guesses[0].why, column.guesses[0].sure)


def _titled(tables: Sequence[Table]) -> str:
    """The title of a sheet; of several without what tells them apart."""
    title = tables[0].title
    if len(tables) > 1:
        title = re.sub(rf"[（(【\[]?{re.escape(tables[0].sheet)}[）)】\]]?", "", title)
    return _short(title)


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"


def _slug(name: str, target: str, picks: Mapping[str, str], kind: str) -> str:
    """A name for the mapping: the file's own, in letters; of a Chinese one what the sheet is, and a few signs by which two
    sheets of that kind have two names. A file of next month, told only by its number, has the same."""
    stem = Path(name).stem.removesuffix(".csv")
    found = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem).strip("_.-")[:30]
    if re.search("[A-Za-z]{2}", found):
        return found.lower()
    there = {pick.partition(":")[0] for pick in picks.values()} | {kind}
    what = (
        next((word for pick, word in _WORDS.items() if pick in there), target)
        if target == "record"
        else target
    )
    said = re.sub(r"[\d\s_.（）()-]+", "", unicodedata.normalize("NFKC", stem))
    return f"{what}_{hashlib.sha256(said.encode()).hexdigest()[:4]}"


def shape(proposal: Proposal) -> dict[str, Any]:
    """The proposal in numbers and words, for scripts."""
    return {
        "file": proposal.file,
        "sheets": list(proposal.sheets),
        "header": _rows(proposal.table.head),
        "rows": proposal.rows,
        "rows_of": dict(zip(proposal.sheets, proposal.counts, strict=True)),
        "passed": proposal.passed,
        "name": proposal.draft.name,
        "title": proposal.draft.title,
        "target": proposal.draft.target,
        "columns": [
            {
                "name": column.name,
                "examples": list(column.examples),
                "field": proposal.draft.picks.get(column.name, ""),
                "sure": round(column.guesses[0].sure, 2) if column.guesses else 0.0,
                "why": str(column.guesses[0].why) if column.guesses else "",
            }
            for column in proposal.table.columns
        ],
        "fixed": dict(proposal.draft.fixed),
        "scales": dict(proposal.draft.scales),
        "reasons": {field: str(why) for field, why in proposal.draft.reasons.items()},
        "missing": list(proposal.missing),
        "notes": [str(note) for note in proposal.notes],
    }

"""A mapping proposed for a sheet that nobody has described: where its table is, what its columns are, what is still to be said."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from portrait.errors import InputError
from portrait.intake.draft import ACCOUNTS, CERTIFICATE, SCHOOL, WITH_SCHOOL, Draft, lacking
from portrait.intake.guess import (
    LIKELY,
    RULES,
    SURE,
    day_of,
    is_day,
    number_of,
    outcome,
    plain,
    ticked,
    unit_of,
)
from portrait.intake.layout import EVERY_SHEET, TITLE_COLUMN
from portrait.intake.reader import SUFFIXES, format_of
from portrait.intake.scale import Place, Scale, guessed, scale_of
from portrait.intake.sheet import sheet_names
from portrait.intake.survey import Column, Table, survey
from portrait.intake.table import Head
from portrait.intake.target import TARGETS
from portrait.intake.title import class_said
from portrait.intake.total import totals
from portrait.intake.year import year_named
from portrait.record import KIND_ZH, Kind
from portrait.resource import read_yaml
from portrait.sentence import Sentence, sentence

_SHOWN = 20  # files of a folder
_TITLE = 60  # characters of a title
_ROWS = 10  # rows that a note names
_WHO = ACCOUNTS  # who a row is of; the first that there is
_DAY = re.compile(r"(?:19|20)\d\d[年./-]\d{1,2}[月./-]\d{1,2}日?")
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
    "考试": "exam",
}
TARGETS_OFFERED = tuple(_FIELDS)


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


def propose(path: Path, name: str, *, sheet: str = "", header: str = "", target: str = "") -> list[Proposal]:
    """A proposal for each table of the file, sheets with the same header being one. What is given is not guessed.

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
    return [_proposal(name, some, len(chosen), target, header) for some in groups.values()]


def _tables(folder: Path) -> list[Path]:
    """The files of a folder that may be tables."""
    suffixes = [suffix for suffix, kind in SUFFIXES.items() if kind in ("csv", "xlsx")]
    return [one for one in sorted(folder.iterdir()) if one.is_file() and one.suffix.lower() in suffixes][
        :_SHOWN
    ]


def _proposal(name: str, tables: Sequence[Table], sheets: int, target: str, header: str) -> Proposal:
    table = tables[0]
    said = f"{table.head.title} {table.sheet} {name}"
    named = year_named(table.head.title, table.sheet, name)
    roles = {column.role: column for column in reversed(table.columns) if column.role}
    days = [column.name for column in table.columns if is_day(column.name) and not _measured(column)]
    target = target or _target(roles, days, said)
    picks = _picks(table, target, days, said)
    left = _left_out(tables, picks, said) if target == "record" else {}
    picks |= dict.fromkeys(left, "")
    scales = _scales(tables, picks)
    fixed = _fixed(table, name, target, picks, scales, said)
    packed = name.lower().endswith(".gz")
    suffix = "".join(Path(name).suffixes[-2 if packed else -1 :]) or ".csv"
    slug = _slug(name, target, picks)
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
        reasons=_reasons(table, name, picks, scales, fixed),
        fill_down=table.fill_down,
        named=named.year,
        why={
            column.name: _why(column, picks[column.name])
            for column in table.columns
            if picks.get(column.name)
        },
    )
    return Proposal(
        name,
        table,
        draft,
        tuple(one.sheet for one in tables),
        tuple(one.rows for one in tables),
        sum(one.passed for one in tables),
        tuple(lacking(draft)),
        (
            *_notes(tables, name, draft, days, said),
            *(_left(column, why) for column, why in left.items()),
            *_beyond(scales),
            *guessed(scales),
        ),
    )


def _left_out(tables: Sequence[Table], picks: Mapping[str, str], said: str) -> dict[str, Sentence]:
    """Columns that would make records of what another column makes records of already, each with the reason."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    marks = {
        column: _marks(tables, column) for column, pick in picks.items() if pick.partition(":")[0] == "score"
    }
    left: dict[str, Sentence] = totals(marks)
    named = {column.name: column for column in tables[0].columns}
    shown = there & {"score", "day", "tick", "sign"}
    ended = [column for column, pick in picks.items() if pick == "kind"]
    for column in (column for column, pick in picks.items() if pick == CERTIFICATE):
        if shown or (ended and not _said(said, "certificate")):
            left[column] = sentence("证书说的是同一次培训的结果，不另成记录")
        elif not named[column].filled:
            left[column] = sentence("还没有编号，认不出是哪一张证书")
        else:
            left |= dict.fromkeys(ended, sentence("有证书编号的就是取得了证书，没有编号的行略过"))
    for column, pick in picks.items():
        if pick == "item" and named[column].role == "class_name" and shown:
            left[column] = sentence("班级和项目的名称对不上班次名单；要写明是哪一班，请加一列班次代码")
    return left


def _left(column: str, why: Sentence) -> Sentence:
    return sentence("“{column}”不用：{why}", column=column, why=why)


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
    ended = "result" in roles and "person" not in named
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
        if choice in ("tick", "sign", SCHOOL, CERTIFICATE)
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
            if choice:
                wanted.append((guess.sure, column.name, _detailed(choice, column)))
                break
    # 训前测 in a column says what a mark is; 合格 says how it ended and is a record of its own.
    kinds = any(
        choice == "kind"
        and not any(outcome(value) for one in table.columns if one.name == name for value in one.values)
        for _, name, choice in wanted
    )
    picks = dict.fromkeys((column.name for column in table.columns), "")
    taken: set[str] = set()
    for _, column_name, choice in sorted(wanted, key=lambda one: -one[0]):
        if choice == "score" and target == "record" and not kinds:
            choice = f"score:{_scored(f'{column_name} {said}')}"
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
    if choice != "seconds":
        return choice
    unit = unit_of(column.name)
    bare = sum(number_of(value) is not None and not re.search("[分秒时]", value) for value in column.values)
    return f"seconds:{unit or 'minutes'}" if unit or bare > len(column.values) / 2 else "seconds"


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
        fixed["kind"] = _kind(there, said, "".join(column.name for column in table.columns))
    if there & {"tick", "sign"} and not there & {"time", "day"} and _day_said(said):
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


def _day_said(said: str) -> str:
    """The one day (ISO) that the title names; "" where it names none, or several."""
    days = {day for one in _DAY.finditer(said) if (day := day_of(one[0], ""))}
    return days.pop() if len(days) == 1 else ""


def _scored(text: str) -> str:
    """Which kind of mark; the column's own name stands first in the text."""
    return _SCORED.get(_first_word(text), "exam")


def _first_word(text: str) -> str:
    """The word that stands first in the text and says what kind of mark it is; "" for none."""
    return min(
        (place, word) for word in (*_SCORED, "") if (place := text.find(word) if word else len(text)) >= 0
    )[1]


def _kind(there: set[str], said: str, heads: str) -> str:
    """What sort of records they are; "" where a sign-in sheet does not show who was there: only a person can say."""
    if there & {"day", "tick", "sign"}:
        return "attendance"
    if _attended(said) and "credit" not in there:
        return ""
    if CERTIFICATE in there or _said(said + heads, "certificate"):
        return "certificate"
    said += heads
    if any(one.startswith("seconds") for one in there) and "credit" not in there:
        return "view"
    return "activity" if "研修" in said else "complete"


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
        found["run"] = _class(*class_said(table.head.title, table.sheet, file))
    for column, scale in scales.items():
        found[f"score_max:{column}"] = _sure(scale.why, scale.sure)
    for column, pick in picks.items():
        if pick.startswith("score:"):
            found[f"kind:{column}"] = _kind_of_mark(column, KIND_ZH[Kind[pick.partition(":")[2].upper()]])
    return found


def _kind_of_mark(column: str, kind: str) -> Sentence:
    if word := _first_word(column):
        return sentence("列名里有“{word}”：{kind}", word=word, kind=sentence(kind))
    return sentence("列名没说是哪一种测评，按标题或最常见的：{kind}（请核对）", kind=sentence(kind))


def _class(said: str, coded: bool) -> Sentence:
    if coded:
        return sentence("标题、表名或文件名里的“{said}”像班次代码", said=said)
    return sentence("标题或文件名里的“{said}”像班次名称（没有把握，请核对）", said=said)


def _beyond(scales: Mapping[str, Scale]) -> Iterator[Sentence]:
    for column, scale in scales.items():
        if scale.full and scale.beyond:
            yield sentence(
                "“{column}”有 {n} 个得分超过满分 {full}，会进隔离区：{places}{more}。满分不是 {full} 的，请改满分",
                column=column,
                n=len(scale.beyond),
                full=scale.full,
                places=_places(scale.beyond[:_ROWS]),
                more=sentence("等") if len(scale.beyond) > _ROWS else "",
            )


def _places(places: Sequence[Place]) -> list[Sentence]:
    """Rows, by sheet where there are sheets."""
    sheets: dict[str, list[str]] = {}
    for sheet, row in places:
        sheets.setdefault(sheet, []).append(str(row))
    return [
        sentence("工作表“{sheet}”第 {lines} 行", sheet=sheet, lines=lines)
        if sheet
        else sentence("第 {lines} 行", lines=lines)
        for sheet, lines in sheets.items()
    ]


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


def _notes(
    tables: Sequence[Table], file: str, draft: Draft, days: Sequence[str], said: str
) -> Iterator[Sentence]:
    """What a person should know before saying yes."""
    table = tables[0]
    if passed := sum(one.passed for one in tables):
        yield sentence("{n} 行是合计、签字一类，不当数据，计入略过", n=passed)
    if hidden_rows := sum(one.hidden_rows for one in tables):
        yield sentence("有 {n} 行是隐藏的，照样读；不要就写 hidden: skip", n=hidden_rows)
    if table.hidden_columns:
        yield sentence("有隐藏的列，照样可用：{columns}", columns=list(table.hidden_columns))
    if table.fill_down:
        yield sentence("{columns} 只写在一组的第一行，空格按上一行补", columns=list(table.fill_down))
    yield from _years(table, draft, days)
    if any(
        re.fullmatch(r"\d(?:\.\d+)?[eE]\+?1\d", value) for column in table.columns for value in column.values
    ):
        yield sentence("有号码被变成了科学计数，末几位已丢失：这些行会进隔离区，请把那一列设成文本重新导出")
    chosen = {pick.partition(":")[0] for pick in draft.picks.values()}
    if draft.target in WITH_SCHOOL and "account" not in chosen:
        if {"name", SCHOOL} <= chosen:
            yield sentence(
                "没有编号一类的列，按姓名和单位认人：没有出生年可以核对，同名的可能认错，所以每个人要在“身份合并”页确认一次；"
                "有继教编号、手机号的表，把那一列加上再传更好"
            )
        elif "name" in chosen:
            yield sentence(
                "只有姓名，认不出是哪一位教师：请加上编号或单位一列；全表都是一个单位的，在下面填固定的单位"
            )
        else:
            yield sentence("没有一列说是谁：编号、手机号，或者姓名和单位")
    if draft.target == "record" and "kind" not in chosen and draft.fixed.get("kind") == "":
        yield sentence("像签到表，可是没有打勾、签名或按日期的列，看不出谁到了：请自己选记录种类")
    if "sign" in chosen:
        yield sentence("签名一列有字的算到，空着的不成为记录，计入略过")
    if "score" in chosen and chosen & {"seconds", "credit"} and "kind" not in chosen:
        yield sentence("时长和学时随得分一起读：没有得分的行，时长和学时也不读")
    if chosen & {"day", "tick"}:
        yield sentence(
            "打勾的、迟到早退的算到；叉和缺勤、请假、空格不成为记录，各自计入略过；认不出的记号进隔离区"
        )
    if draft.fixed.get("time"):
        yield sentence(
            "没有日期列，用标题、表名或文件名里的日期，这一张是 {day}；要改就在下面写日期",
            day=_day_said(said),
        )
    if draft.fixed.get("run"):
        called, coded = class_said(table.head.title, table.sheet, file)
        yield sentence(
            "{why}，当作班次，每张表按自己的标题读。是这一班吗？不是就清空“班次代码”；{more}",
            why=_class(called, coded),
            more=sentence("班次名单是别的来源接入的，要写上是哪个来源")
            if coded
            else sentence("有班次代码的，写代码才对得上班次名单"),
        )
    if CERTIFICATE in chosen:
        yield sentence("每张证书按证书编号认；没有编号的行略过")
    if draft.target == "record" and "course" not in draft.picks.values() and not draft.fixed.get("course"):
        yield sentence("没有课程代码：记录能入库，但对应不到能力指标；可以在下面填一个固定的课程代码")


def _years(table: Table, draft: Draft, days: Sequence[str]) -> Iterator[Sentence]:
    """Which year days without one are of."""
    short = any(not day_of(day, "") for day in days) or any(
        column.role == "date" and _yearless(column.values) for column in table.columns
    )
    if short and draft.named:
        yield sentence(
            "没写年份的日期，按标题、表名或文件名里写的年份读：这一张是 {year} 年，以后的表按它自己写的",
            year=draft.named[:4],
        )
    elif short:
        yield sentence(
            "日期没有写年份，标题、表名和文件名里也认不出是哪一年：请填年份，不填就不接入（以后的表写了年份的，仍按它自己的）"
        )


def _yearless(values: Sequence[str]) -> bool:
    return any(re.fullmatch(r"\d{1,2}[月/-]\d{1,2}[日号]?.*", value) for value in islice(values, 200))


def _titled(tables: Sequence[Table]) -> str:
    """The title of a sheet; of several without what tells them apart."""
    title = tables[0].title
    if len(tables) > 1:
        title = re.sub(rf"[（(【\[]?{re.escape(tables[0].sheet)}[）)】\]]?", "", title)
    return _short(title)


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"


def _slug(name: str, target: str, picks: Mapping[str, str]) -> str:
    """A name for the mapping: the file's own, in letters; of a Chinese one what the sheet is, and a few signs by which two
    sheets of that kind have two names. A file of next month, told only by its number, has the same."""
    stem = Path(name).stem.removesuffix(".csv")
    found = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem).strip("_.-")[:30]
    if re.search("[A-Za-z]{2}", found):
        return found.lower()
    there = {pick.partition(":")[0] for pick in picks.values()}
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

"""What each column of a table is: a field of what its rows are, or nothing that is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from portrait.intake.deed import kind_of, mark_of
from portrait.intake.draft import ACCOUNTS, BORN, CERTIFICATE, ENDED, SCHOOL, SERIAL, WITH_SCHOOL
from portrait.intake.guess import LIKELY, RULES, identity_number, number_of, plain, ticked, unit_of
from portrait.intake.survey import Column, Table
from portrait.intake.target import TARGETS
from portrait.intake.vouch import SIGNED, signed
from portrait.resource import read_yaml

SHOWN = {"score", "day", "tick", "sign"}  # who was there, and how well: what else a row says is about that
_ALONE = 0.95  # of the rows that differ have a number of their own
_WHOLE = 5  # characters of a class's whole name, at least
_DATES = {
    "报到": "checked_in", "结业": "graduated", "毕业": "graduated", "退出": "left", "退班": "left", "确认": "confirmed", "选派": "confirmed",
}  # fmt: skip
_CAME = "报到(?:日期|时间|情况)|结业(?:日期|时间)|退出(?:日期|时间)"
_WHO = ACCOUNTS  # who a row is of; the first that there is
# What a role is in each target.
FIELDS: dict[str, dict[str, str]] = {
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
        "attendance": "tick", "result": "kind", "offsite": "offsite", "face": "face", "verified": "verified", "confirmer": SIGNED, "name": "name",
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
TARGETS_OFFERED = tuple(FIELDS)


def target_of(table: Table, roles: Mapping[str, Column], days: Sequence[str], said: str) -> str:
    """What the rows are, from what the columns are and what the sheet is called."""
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    named = {kind for kind, listed in words.items() if any(word in said for word in listed)}
    who = any(role in roles for role in _WHO)
    about = sum(
        role in roles
        for role in ("school_name", "school_code", "subject", "title", "stage", "gender", "post")
    )
    somebody = who or "name" in roles
    grouped = bool({"class_code", "class_name"} & roles.keys())
    # 报到日期 beside a class is said of trainees, whatever else the list says of them.
    came = [column for column in table.columns if re.search(_CAME, column.name)]
    joined = bool(came) and (grouped or "trainee" in named)
    ticks = "attendance" in roles and ("attendance" in named or about < 3)
    if somebody and joined and not (days or ticks or roles.keys() & {"score", "duration", CERTIFICATE}):
        return "trainee"
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
        if grouped or ("trainee" in named and "person" not in named):
            own = "person" in named and "trainee" not in named  # the 班级 of a teacher is what is taught
            return "trainee" if not own or "class_code" in roles else "person"
        if named & {"attendance", "marks", "hours"} and about < 2:
            return "record"
        return "person"
    if "class_name" in roles or "class_code" in roles:
        return "class"
    return "school" if {"school_code", "county"} & roles.keys() and "school_name" in roles else "record"


def picks_of(table: Table, target: str, days: Sequence[str], said: str) -> dict[str, str]:
    """Column → choice; of two columns that could be the same field the surer has it."""
    there = TARGETS[target]
    fields = {
        role: choice
        for role, choice in FIELDS.get(target, {}).items()
        if choice in ("tick", "sign", SCHOOL, CERTIFICATE, SERIAL, SIGNED)
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
            if choice == "sign" and (marked or not column.filled or not said_to_be(said, "attendance")):
                break
            if guess.role == "kind" and not _does(column):
                continue  # 类型 of what?
            if choice == SIGNED and not signed(column, [table]):
                break  # what half of the rows say is for a person to judge
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
            choice = f"score:{mark_of(column_name, said)}"
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


def classes_of(table: Table, picks: Mapping[str, str]) -> dict[str, str]:
    """Of sign-ins and marks the column that says whole names of classes, by which these are known: 一班 is one of many."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    if "run" in there or not there & SHOWN:
        return {}
    for column in table.columns:
        whole = sum(len(value) >= _WHOLE and "班" in value for value in column.values)
        if picks[column.name] == "item" and column.role == "class_name" and whole > len(column.values) / 2:
            return {column.name: "run"}
    return {}


def measured(column: Column) -> bool:
    """Whether its cells are amounts and no marks of presence."""
    numbers = [value for cell in column.values if (value := number_of(cell)) is not None]
    return sum(value not in (0, 1) for value in numbers) > len(column.values) / 2


def said_to_be(said: str, what: str) -> bool:
    """Whether one of the words that tell what a sheet is stands there."""
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    return any(word in said for word in words[what])


def _who(table: Table) -> str:
    """The role by which people are known, the surest first. What is only called 编号 may number certificates."""
    by_name = {"name", "school_name"} <= {column.role for column in table.columns}
    there = {
        column.role: column
        for column in reversed(table.columns)
        if column.role in _WHO and not (by_name and lost(column))
    }
    found = [role for role in _WHO if role in there]
    if len(found) > 1 and found[0] == "staff" and plain(there["staff"].name) == "编号":
        return found[1]
    return found[0] if found else ""


def lost(column: Column) -> bool:
    """Whether it should hold identity numbers and no cell is one: somebody's spreadsheet has lost their last digits."""
    return (
        column.role == "idno"
        and bool(column.values)
        and not any(identity_number(cell) for cell in column.values)
    )


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


def _detailed(choice: str, column: Column) -> str:
    if choice == "birth_year" and any(not re.fullmatch(r"\d{4}年?", value) for value in column.values):
        return BORN
    if choice not in ("seconds", "content_seconds"):
        return choice
    unit = unit_of(column.name)
    bare = sum(number_of(value) is not None and not re.search("[分秒时]", value) for value in column.values)
    return f"{choice}:{unit or 'minutes'}" if unit or bare > len(column.values) / 2 else choice


def _dates(table: Table, picks: dict[str, str]) -> None:
    """Dates of a trainee are told apart by their heads: one that says nothing of them is none of theirs."""
    for column in table.columns:
        if column.role == "date":
            picks[column.name] = next((field for word, field in _DATES.items() if word in column.name), "")

"""Sheets that nothing here has a place for: pay, addresses, timetables, rooms, what trainees think of a course. It says so instead of guessing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from portrait.intake.draft import ACCOUNTS, Draft, lacking
from portrait.intake.guess import RULES, plain, ticked
from portrait.intake.pick import picks_of, said_to_be
from portrait.intake.survey import Column, Table
from portrait.intake.target import TARGETS
from portrait.resource import read_yaml
from portrait.sentence import Sentence, listed, sentence

_SHORT = 2  # signs of a head that may be part of any other
_SOME, _MANY = 2, 3  # heads that only such sheets have
_NAMED = 3  # heads that are told
_SESSIONS = ("上午", "下午", "晚上")
# Of whom, or of what, a row is; and what shows that it is a record.
_ABOUT = frozenset(
    {
        *ACCOUNTS,
        "name",
        "class_code",
        "class_name",
        "course_code",
        "course_title",
        "school_code",
        "school_name",
    }
)
_OURS = frozenset(
    {
        "score",
        "attendance",
        "credit",
        "duration",
        "certificate",
        "result",
        "course_code",
        "class_code",
        "school_code",
    }
)
# Roles that make a row of somebody a record, whatever else the sheet says.
_CARRY = frozenset(
    {"score", "attendance", "credit", "duration", "certificate", "result", "course_code", "signature"}
)
_CARRIED = ("attendance", "marks", "hours", "certificate")  # what a title says of records


def foreign(table: Table, roles: Mapping[str, Column], days: Sequence[str], said: str) -> Sentence | None:
    """Why the table is nothing that can be read, with what can be taken from it; None where it may be. `said` is what title, tab and
    file are called."""
    for sheet in read_yaml(RULES)["foreign"]:
        titles = [word for word in sheet["title"] if word in said]
        heads = [
            column.name
            for column in table.columns
            if _its(column.name, sheet["heads"]) and not _meets(column, said)
        ]
        if roles.keys() & set(sheet.get("unless", ())):
            continue
        if _carried(table, roles, days, heads, sheet.get("also", ())):
            if titles and heads and (len(heads) >= _MANY or not _ours(said, titles, _CARRIED)):
                return _refusal(table, sheet, titles, heads, days, said)
        elif _means(titles, heads, roles, days, said):
            return _refusal(table, sheet, titles, heads, days, said)
    if days or roles.keys() & _ABOUT:
        return None
    return sentence(
        "这种表还不能用：没有一列说是谁、哪门课、哪个班次或哪所学校（有的列：{columns}）。表头找错了的，选对工作表和表头所在的行；确实是名单或记录的，说明每一行是什么（网页上选“每一行是”，命令加 --target）",
        columns=[column.name for column in table.columns],
    )


def _its(head: str, words: Collection[str]) -> bool:
    said = plain(head.rpartition("·")[2])
    return any(said == plain(word) or (len(word) > _SHORT and plain(word) in said) for word in words)


def _means(
    titles: Sequence[str], heads: Sequence[str], roles: Mapping[str, Column], days: Sequence[str], said: str
) -> bool:
    """Whether title and heads are those of such a sheet; what also shows records of ours needs both, or many heads."""
    if (titles and heads) or len(heads) >= _MANY:
        return True
    if days or roles.keys() & _OURS:
        return False
    return len(heads) >= _SOME or (bool(titles) and not _ours(said, titles))


def _ours(said: str, titles: Sequence[str], kinds: Collection[str] = ()) -> bool:
    """Whether what is left of the title without the words of such a sheet says that it is one of ours."""
    for word in titles:
        said = said.replace(word, "")
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    return any(word in said for kind in kinds or words for word in words[kind])


def _carried(
    table: Table,
    roles: Mapping[str, Column],
    days: Sequence[str],
    heads: Sequence[str],
    also: Collection[str],
) -> bool:
    """Whether its rows say of people what records say: a column that no such sheet has does."""
    if not roles.keys() & {*ACCOUNTS, "name"}:
        return False
    return bool(days) or any(
        column.role in _CARRY and column.role not in also and column.name not in heads
        for column in table.columns
    )


def _meets(column: Column, said: str) -> bool:
    """Whether a head of the hours of a day is a session that people have signed for."""
    session = plain(column.name.rpartition("·")[2]) in _SESSIONS
    ticks = bool(column.values) and sum(map(ticked, column.values)) > len(column.values) / 2
    return session and (ticks or said_to_be(said, "attendance"))


def _refusal(
    table: Table,
    sheet: Mapping[str, Any],
    titles: Sequence[str],
    heads: Sequence[str],
    days: Sequence[str],
    said: str,
) -> Sentence:
    why = (
        sentence("表头里有{heads}", heads=[f"“{head}”" for head in heads[:_NAMED]])
        if heads
        else sentence("标题或文件名里有“{word}”", word=titles[0])
    )
    name, what = sheet["zh"], sheet["what"]
    taken = list(_taken(table, sheet["take"], days, said))
    return sentence(
        "这种表还不能用：像是{sheet}（{why}），{what}没有地方存。{taken}",
        sheet=sentence(name),
        why=why,
        what=sentence(what),
        taken=listed(taken) if taken else sentence("里面也没有别的能读。"),
    )


def _taken(table: Table, targets: Sequence[str], days: Sequence[str], said: str) -> Iterator[Sentence]:
    """What its rows can still be taken for."""
    for target in targets:
        picks = {column: pick for column, pick in picks_of(table, target, days, said).items() if pick}
        there = {pick.partition(":")[0] for pick in picks.values()}
        if not there & {one.name for one in TARGETS[target].fields if one.required}:
            continue
        draft = Draft(name="", source="", title=table.title, file="", target=target, picks=picks)
        missing = lacking(draft)
        yield sentence(
            "其中{columns}可以作{target}名单{missing}：网页上“每一行是”选它，命令加 --target {name}",
            columns=[f"“{column}”" for column in picks],
            target=sentence(TARGETS[target].zh),
            missing=sentence("（还缺 {fields}）", fields=missing) if missing else "",
            name=target,
        )

"""Sheets that nothing here has a place for: pay, addresses, timetables, rooms, what trainees think of a course. It says so instead of guessing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from portrait.intake.draft import ACCOUNTS, Draft, lacking
from portrait.intake.guess import RULES, plain
from portrait.intake.pick import picks_of
from portrait.intake.survey import Column, Table
from portrait.intake.target import TARGETS
from portrait.resource import read_yaml
from portrait.sentence import Sentence, listed, sentence

_SHORT = 2  # signs of a head that may be part of any other
_SOME, _MANY = 2, 3  # heads that only such sheets have
_NAMED = 3  # heads that are told
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


def foreign(table: Table, roles: Mapping[str, Column], days: Sequence[str], said: str) -> Sentence | None:
    """Why the table is nothing that can be read, with what can be taken from it; None where it may be. `said` is what title, tab and
    file are called."""
    for sheet in read_yaml(RULES)["foreign"]:
        titles = [word for word in sheet["title"] if word in said]
        heads = [column.name for column in table.columns if _its(column.name, sheet["heads"])]
        if not roles.keys() & set(sheet.get("unless", ())) and _means(titles, heads, roles, days, said):
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
    for word in titles:
        said = said.replace(word, "")
    words: dict[str, list[str]] = read_yaml(RULES)["table"]
    ours = any(word in said for listed_ in words.values() for word in listed_)
    return len(heads) >= _SOME or (bool(titles) and not ours)


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

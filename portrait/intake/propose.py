"""A mapping proposed for a sheet that nobody has described: where its table is, what its columns are, what is still to be said."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portrait.errors import InputError
from portrait.intake.bearer import People, borne_by
from portrait.intake.caption import caption
from portrait.intake.deed import kinds_of
from portrait.intake.draft import CERTIFICATE, SCHOOL, WITH_SCHOOL, Draft, checked, lacking
from portrait.intake.foreign import foreign
from portrait.intake.guess import is_day
from portrait.intake.layout import EVERY_SHEET
from portrait.intake.notice import notices
from portrait.intake.pick import FIELDS, classes_of, measured, picks_of, target_of
from portrait.intake.reader import SUFFIXES, format_of
from portrait.intake.same import Lists, listed_in, no_lists, reasons, same_in_all, scales_of, surely
from portrait.intake.sheet import sheet_names
from portrait.intake.spare import left_out, told_apart
from portrait.intake.survey import Column, Table, survey
from portrait.intake.table import Head
from portrait.intake.target import SOURCE_FIELDS, TARGETS
from portrait.intake.title import school_said
from portrait.intake.year import year_named
from portrait.sentence import Sentence, sentence

_LISTED = 20  # files of a folder
_TITLE = 60  # characters of a title
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
    refused: str = ""  # why it is nothing that can be read, and nobody has said what its rows are
    known: Mapping[str, str] = field(default_factory=dict)  # column → what the registry knows of its numbers

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
    people: People | None = None,
) -> list[Proposal]:
    """A proposal for each table of the file, sheets with the same header being one. What is given is not guessed: `fill` is what the
    same stands for in every row, field → text, and the year. `schools` are the registered ones, asked for only where nothing but a
    title can say whose people they are; `lists` says which sources' lists have which of some codes of courses or classes, `people` who is
    registered under which numbers.

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
    if target and target not in FIELDS:
        raise InputError("没有“{target}”这种内容，可选：{choices}", target=target[:40], choices=list(FIELDS))
    chosen = [sheet] if sheet or kind == "csv" else sheet_names(path, name)
    tables = [found for one in chosen if (found := survey(path, name, kind, one, header)) is not None]
    if not tables:
        raise InputError("{file}：没有找到表格：没有一行像表头（几格文字，下面有数据）", file=name)
    groups: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        groups.setdefault(table.head.names, []).append(table)
    made = [
        _proposal(name, some, len(chosen), target, header, schools, fill or {}, lists, people)
        for some in groups.values()
    ]
    for wanted in fill or {}:
        if not any(wanted in _fillable(one.draft.target) for one in made):
            raise InputError(
                "没有“{field}”这个字段，可选：{choices}",
                field=wanted[:40],
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
    people: People | None,
) -> Proposal:
    table = tables[0]
    said = f"{table.head.title} {table.sheet} {name}"
    roles = {column.role: column for column in reversed(table.columns) if column.role}
    days = [column.name for column in table.columns if is_day(column.name) and not measured(column)]
    named = year_named(table.head.title, table.sheet, name, days)
    refused = "" if target else foreign(table, roles, days, said) or ""
    target = target or target_of(table, roles, days, said)
    picks = picks_of(table, target, days, said)
    if target == "record":
        picks |= classes_of(table, picks)
    borne = borne_by(tables, target, picks, people)
    picks |= borne.picks
    left = left_out(tables, picks, said) if target == "record" else {}
    picks |= dict.fromkeys(left, "")
    words = _words(tables, picks) if target == "record" else {}
    more, apart = told_apart(tables, picks, left) if target == "record" else ("", {})
    picks |= apart
    scales = scales_of(tables, picks)
    fixed = same_in_all(table, name, target, picks, scales, said)
    meant = listed_in(tables, name, target, picks, fixed, lists)
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
        reasons=reasons(table, name, picks, scales, fixed)
        | {field: why for field, (source, why) in meant.items() if fixed.get(field) == source},
        fill_down=table.fill_down,
        year=year,
        heading=f"{table.head.title} {table.sheet}".strip(),
        named=named.of,
        why={
            column.name: _why(column, picks[column.name])
            for column in table.columns
            if picks.get(column.name)
        }
        | borne.why
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
        (*borne.notes, *notices(tables, name, draft, days, left, scales, more)),
        refused,
        borne.why,
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


def _nameless(target: str, picks: Mapping[str, str]) -> bool:
    """Whether people are known by nothing but their names."""
    there = {pick.partition(":")[0] for pick in picks.values()}
    return target in WITH_SCHOOL and "name" in there and not there & {"account", SCHOOL}


def _rows(head: Head) -> str:
    return f"{head.row}-{head.last}" if head.under else str(head.row)


def _why(column: Column, pick: str) -> str:
    if pick == "day" or not column.guesses:
        return sentence("列名是日期") if pick == "day" else ""
    return surely(column.guesses[0].why, column.guesses[0].sure)


def _titled(tables: Sequence[Table]) -> str:
    """The title of a sheet; of several without what tells them apart."""
    title = caption([[tables[0].title]])
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
        "refused": str(proposal.refused),
        "missing": list(proposal.missing),
        "notes": [str(note) for note in proposal.notes],
    }

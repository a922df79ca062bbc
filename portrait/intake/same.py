"""What stands for every row of a table because no column says it: kind, full mark, class, whose courses; each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from portrait.intake.deed import mark_word
from portrait.intake.draft import CERTIFICATE
from portrait.intake.guess import SURE
from portrait.intake.held import day_said, held
from portrait.intake.layout import TITLE_COLUMN
from portrait.intake.pick import said_to_be
from portrait.intake.scale import Scale, scale_of
from portrait.intake.spare import marks_of
from portrait.intake.survey import Table
from portrait.intake.target import SOURCE_FIELDS
from portrait.intake.title import class_said, class_told
from portrait.record import KIND_ZH, Kind
from portrait.sentence import Sentence, sentence

# Which sources' lists (of a `course` or a `class`) have which of these codes.
Lists = Callable[[str, Collection[str]], Mapping[str, Collection[str]]]
DAYLESS = ("enrol", "withdraw", "view", "video", "forum")  # kinds of records that count without a day
_MOSTLY = 0.9  # of the codes of a column: the others may be mistyped


def no_lists(_thing: str, _codes: Collection[str]) -> Mapping[str, Collection[str]]:
    """Where no registry is at hand."""
    return {}


def same_in_all(
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
    # A sheet that says no day now may say one when it comes again.
    if not there & {"time", "day"} and (fixed.get("kind") not in DAYLESS or day_above(table, file, there)):
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


def day_above(table: Table, file: str, there: Collection[str]) -> str:
    """The day of all rows of a sheet without a column for it, by its own words; "" where they name none. Who signed did so on the one
    day that is written anywhere, while of marks a word must say that it is theirs."""
    told = held(table.head.caption)
    if set(there) & {"tick", "sign"}:
        return told or day_said(table.head.caption) or day_said(f"{table.sheet} {Path(file).name}")
    return told


def _kind(there: set[str], said: str, heads: str) -> str:
    """What sort of records they are, the lightest where no word says it; "" where a sign-in sheet does not show who was there: only a
    person can say."""
    if there & {"day", "tick", "sign"}:
        return "attendance"
    if said_to_be(said, "attendance") and "credit" not in there:
        return ""
    if CERTIFICATE in there or said_to_be(said + heads, "certificate"):
        return "certificate"
    if "研修" in said + heads:
        return "activity"
    if said_to_be(said, "hours") or re.search("结业|毕业|合格|认定", said + heads):
        return "complete"
    return "view"


def scales_of(tables: Sequence[Table], picks: dict[str, str]) -> dict[str, Scale]:
    """The full mark of each column of marks, from all sheets that have it."""
    if "score_max" in picks.values():
        return {}
    marks = {
        column: marks_of(tables, column)
        for column, pick in picks.items()
        if pick.partition(":")[0] == "score"
    }
    return {
        column: scale_of(column, own, [mark for other in marks if other != column for mark in marks[other]])
        for column, own in marks.items()
    }


def reasons(
    table: Table, file: str, picks: Mapping[str, str], scales: Mapping[str, Scale], fixed: Mapping[str, str]
) -> dict[str, str]:
    """Why what no column says is as it is: by field, and by field and column where each column of marks has its own."""
    found: dict[str, str] = {}
    if fixed.get("score_max"):
        own = [scale for scale in scales.values() if scale.full == fixed["score_max"]]
        least = min(own, key=lambda scale: scale.sure)
        found["score_max"] = surely(least.why, least.sure)
    if fixed.get("time") == TITLE_COLUMN:
        found["time"] = sentence("标题里写的日子，每张表按它自己的标题")
    if fixed.get("run"):
        found["run"] = class_told(*class_said(table.head.title, table.sheet, file))
    for column, scale in scales.items():
        found[f"score_max:{column}"] = surely(scale.why, scale.sure)
    for column, pick in picks.items():
        if pick.startswith("score:"):
            found[f"kind:{column}"] = _kind_of_mark(column, KIND_ZH[Kind[pick.partition(":")[2].upper()]])
    return found


def _kind_of_mark(column: str, kind: str) -> Sentence:
    if word := mark_word(column):
        return sentence("列名里有“{word}”：{kind}", word=word, kind=sentence(kind))
    return sentence(
        "列名没说是哪一种测评，按标题，标题也没说的按最轻的：{kind}（请核对）", kind=sentence(kind)
    )


def surely(why: Sentence, sure: float) -> Sentence:
    return sentence(
        "{why}（{how}，{sure}）",
        why=why,
        how=sentence("很有把握") if sure >= SURE else sentence("不太有把握"),
        sure=f"{sure:.2f}",
    )


def listed_in(
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

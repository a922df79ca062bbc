"""A sign-in sheet as a mapping says it: a column for each day made a row, and what the marks in the cells stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portrait.intake.guess import RULES
from portrait.intake.layout import CAPTION_COLUMN, DATED_COLUMN, SHEET_COLUMN, TITLE_COLUMN
from portrait.intake.shape import FILE
from portrait.resource import read_yaml
from portrait.sentence import sentence

# Columns that the mapping makes. No sheet has such names.
ITEM, MARK, DAY = "（日期列）", "（签到）", "（日期）"
SESSION, MEETING = "（场次）", "（哪一场）"
_DATE = r"(?:(?:19|20)\d\d ?[年./-] ?)?\d{1,2} ?[月./-] ?·?\d{1,2} ?[日号]?"
_WHOLE = r"(?:19|20)\d\d ?[年./-] ?\d{1,2} ?[月./-] ?\d{1,2} ?日?"
_SESSION = r"(上午|下午|中午|晚上|早上|签退|第[一二三四五六七八九十\d]{1,3}[节场讲次课])"
HEADS = rf"^(?:.*·)?{_DATE}.{{0,9}}$"  # as `guess.is_day` has them
MAP = "attendance"


def marks() -> dict[str, str]:
    """What stands for having been there, as the entries of a value map. Other words are quarantined, not guessed."""
    return {str(word): "attendance" for word in _said()["present"]}


def passes(column: str, blank: Sequence[str]) -> list[dict[str, Any]]:
    """Marks that are no record: nobody was there. Each with the reason under which the ledger counts it. Who is written down as
    absent, or on leave, has signed nothing: what an earlier sheet said of it is taken back. A blank says nothing at all."""
    said = _said()
    absent = {"in": [str(word) for word in said["absent"]], "why": sentence("缺勤"), "void": "true"}
    return [
        {"column": column, "present": "false", "why": sentence("没有签到")},
        {"column": column, **absent},
        {"column": column, "match": str(said["leave"]), "why": sentence("请假"), "void": "true"},
        {"column": column, "in": list(blank), "why": sentence("没有签到")},
    ]


def unpivot(keep: Sequence[str]) -> dict[str, Any]:
    """A row for each day. The next sheet has other days: they are known by their form."""
    return {"item": ITEM, "value": MARK, "keep": list(keep), "only": HEADS}


def made() -> dict[str, Any]:
    """The day that a head names, and the meeting."""
    day = {"from": ITEM, "match": rf"^(?:.*·)?({_DATE}).{{0,9}}$", "replace": {"·": "", ".": "-", " ": ""}}
    return {DAY: [day], **meeting(ITEM)}


def meeting(*heads: str) -> dict[str, Any]:
    """Which meeting of the day: it may have several, which the heads or the tabs name, and one sheet is not another, unless its title
    says that it is that one once more."""
    again = {str(word): "" for word in _said()["again"]}
    return {
        SESSION: [{"from": place, "match": _SESSION} for place in (*heads, SHEET_COLUMN)],
        MEETING: [{"from": [CAPTION_COLUMN, SESSION], "replace": again}],
    }


def dated(said: str) -> dict[str, Any]:
    """The day of a sheet without a column for it: as given, or (`TITLE_COLUMN`) what its title says, else its tab or the file's name."""
    if said != TITLE_COLUMN:
        return {DAY: [{"const": said}]}
    whole = {"from": [SHEET_COLUMN, FILE], "match": f"({_WHOLE})"}
    return {DAY: [{"from": DATED_COLUMN}, whole | {"replace": {".": "-", " ": ""}}]}


def _said() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_yaml(RULES)["attend"]
    return found

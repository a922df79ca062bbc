"""The full mark of a column of marks: what its head says, else the smallest usual one that nearly all of its marks keep to.

A mark or two beyond it are typing errors, or the guess is wrong: either way a person is told which rows they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portrait.sentence import Sentence, sentence

USUAL = (5.0, 10.0, 100.0, 120.0, 150.0)
_SMALL = 10.0  # below it a few marks beyond are no typing errors: 88 is no 5 gone wrong
_STRAY = 0.2  # share of marks that may lie beyond a guessed full mark; too low a guess is seen, too high a one is not
_FEW = 3  # different marks beyond it from which on a column has a full mark of its own
_PART = 0.5  # of a full mark: where no mark comes to so much, it may be another's
_MANY = 5  # marks from which on a guess is worth something
_DOUBT = 0.5  # how sure a guess must be to be taken without a word
_SAID = re.compile(
    r"满分[:：为是]?(\d{1,4})|[（(](\d{1,4})分[制)）]|[（(]((?!(?:19|20)\d\d[)）])\d{2,4})[)）]"
)


Place = tuple[str, int]  # sheet and row
Marks = Sequence[tuple[Place, float]]


@dataclass(frozen=True)
class Scale:
    """A full mark ("" when only a person can say it), how sure it is (0..1), why, and the rows whose marks lie beyond it."""

    full: str
    sure: float
    why: Sentence
    beyond: tuple[Place, ...] = ()


def scale_of(name: str, marks: Marks, beside: Marks = ()) -> Scale:
    """The full mark of the column `name`. `marks` are its numbers, percentages left out: they fit any; `beside` those of the
    other columns of the table, which mostly have the same."""
    said = _SAID.search(name)
    full = float(next(filter(None, said.groups()))) if said else 0.0
    if full > 0 and len(beyond := _beyond(marks, full)) <= max(1, _STRAY * len(marks)):
        return Scale(f"{full:g}", 0.95, sentence("列名写着满分 {full}", full=f"{full:g}"), beyond)
    most = max((mark for _, mark in marks), default=0.0)
    if most <= 0:
        return Scale("100", 0.5, sentence("没有得分的数可看，按最常见的满分"))
    for full in USUAL:
        beyond = _beyond(marks, full)
        if not beyond or (full > _SMALL and _stray(marks, beside, full)):
            why = sentence(
                "{n} 个得分里 {kept} 个不超过 {full}，这是放得下几乎全部得分的最小的常见满分",
                n=len(marks),
                kept=len(marks) - len(beyond),
                full=f"{full:g}",
            )
            sure = _sure(full, len(marks), len(beyond)) - (0.4 if most < _PART * full else 0.0)
            return Scale(f"{full:g}", sure, why, beyond)
    # Beyond the usual ones the full mark is a person's to say.
    return Scale("", 0.0, sentence("最高 {most} 分，不是常见的满分", most=f"{most:g}"))


def guessed(scales: Mapping[str, Scale]) -> Iterator[Sentence]:
    """Which full marks, by column, were hardly more than guessed: of a part of a paper nobody can tell from its marks what it was out of."""
    columns: dict[str, list[str]] = {}
    for column, scale in scales.items():
        if scale.full and scale.sure <= _DOUBT:
            columns.setdefault(scale.full, []).append(column)
    for full, names in columns.items():
        yield sentence(
            "{columns}的满分 {full} 是猜的，拿不准：列名没有写满分，得分又太少或都不到一半（可能只是一部分题的分）。不是 {full} 的，请先改满分，否则算出来的得分率不对",
            columns=[sentence("“{column}”", column=name) for name in names],
            full=full,
        )


def _stray(marks: Marks, beside: Marks, full: float) -> bool:
    """Whether the marks beyond may be typing errors: few, or few kinds of them and few in the whole table."""
    beyond = {place: mark for place, mark in marks if mark > full}
    if len(beyond) <= _STRAY * len(marks):
        return True
    whole = [*marks, *beside]
    return len(set(beyond.values())) < _FEW and len(_beyond(whole, full)) <= _STRAY * len(whole)


def _beyond(marks: Marks, full: float) -> tuple[Place, ...]:
    return tuple(place for place, mark in marks if mark > full)


def _sure(full: float, marks: int, beyond: int) -> float:
    sure = 0.85 if full == 100 else 0.7
    if marks < _MANY:
        sure -= 0.25
    return sure - (0.1 + beyond / marks if beyond else 0.0)

"""What happened, as columns: the common form in which study and classes hand their events to the platforms' writers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from portrait.record import Kind

NONE = -1


@dataclass(frozen=True)
class Events:
    """One entry an event. `who` counts inside the chunk; `platform` is 0, 1, 2 as in Course, 3 for the offline ledgers.

    `score` is 0..1 and NaN without one; `number` tells the videos, quizzes, tasks … of one course apart.
    """

    who: np.ndarray
    course: np.ndarray
    run: np.ndarray
    kind: np.ndarray
    number: np.ndarray
    moment: np.ndarray  # fractional days
    score: np.ndarray
    seconds: np.ndarray
    content: np.ndarray
    credit: np.ndarray
    platform: np.ndarray

    def __len__(self) -> int:
        return len(self.who)

    def take(self, rows: np.ndarray) -> Events:
        return Events(*(getattr(self, f.name)[rows] for f in fields(self)))


def events(
    kind: Kind,
    who: np.ndarray,
    course: np.ndarray,
    moment: np.ndarray,
    platform: np.ndarray | int,
    *,
    run: np.ndarray | int = NONE,
    number: np.ndarray | int = 0,
    score: np.ndarray | float = np.nan,
    seconds: np.ndarray | int = 0,
    content: np.ndarray | int = 0,
    credit: np.ndarray | float = 0.0,
) -> Events:
    """Events of one kind; single values stand for all of them."""
    n = len(who)

    def column(value: np.ndarray | float, kind_of_number: type) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, kind_of_number), (n,))

    return Events(
        who=column(who, np.int32),
        course=column(course, np.int32),
        run=column(run, np.int32),
        kind=np.full(n, int(kind), np.int8),
        number=column(number, np.int16),
        moment=column(moment, np.float64),
        score=column(score, np.float32),
        seconds=column(seconds, np.int32),
        content=column(content, np.int32),
        credit=column(credit, np.float32),
        platform=column(platform, np.int8),
    )


def together(parts: Iterable[Events], until: float) -> Events:
    """All parts as one, without what lies after `until`, in the order of time."""
    listed = list(parts)
    columns = [np.concatenate([getattr(part, f.name) for part in listed]) for f in fields(Events)]
    whole = Events(*columns)
    rows = np.flatnonzero(whole.moment < until)
    return whole.take(rows[np.argsort(whole.moment[rows], kind="stable")])

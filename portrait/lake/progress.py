"""How far the trainees of one class are, from the records that name the class as their run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from portrait.record import DOUBTFUL, Kind, month_number

if TYPE_CHECKING:
    from portrait.lake.pool import Pool

TASKS = (Kind.QUIZ, Kind.ASSIGNMENT, Kind.EXAM)  # what is handed in and marked
CHINA = "INTERVAL 8 HOUR"  # one time zone, no summer time; records are kept in UTC
EARLY, LATE = timedelta(days=62), timedelta(days=400)  # a class's records lie around its dates


@dataclass(frozen=True)
class Progress:
    """What one trainee did in a class, over all accounts of the person."""

    days: int  # distinct dates with attendance
    tasks: int  # distinct marked tasks handed in
    last: date | None  # of anything at all
    actions: int  # records of learning, of any kind


def class_progress(
    pool: Pool,
    class_id: int,
    accounts: Mapping[int, int],
    starts: date | None,
    ends: date | None,
    as_of: date,
) -> dict[int, Progress]:
    """Progress by trainee up to a day. Doubtful records count nothing; a trainee without a record has no entry.

    `accounts` maps every account of a trainee to the one that the roster names: a class's records come from several
    platforms. The class's dates only narrow the months that are read; undated records (month 0) are read too.
    """
    first = month_number((starts or as_of) - EARLY)
    last = month_number(min((ends or as_of) + LATE, as_of))
    tasks = ", ".join(str(int(kind)) for kind in TASKS)
    day = f"(time + {CHINA})::date"
    rows = pool.kept(
        f"""
        SELECT trainee,
               count(DISTINCT CASE WHEN kind = {int(Kind.ATTENDANCE)} THEN {day} END),
               count(DISTINCT CASE WHEN kind IN ({tasks}) THEN (kind, course, item) END),
               max({day}),
               count(*)
        FROM record
        JOIN (SELECT unnest(?::BIGINT[]) AS account, unnest(?::BIGINT[]) AS trainee) known USING (account)
        WHERE run = ? AND (month BETWEEN ? AND ? OR month = 0) AND flag & {int(DOUBTFUL)} = 0
          AND kind NOT IN ({int(Kind.ENROL)}, {int(Kind.WITHDRAW)}) AND (time IS NULL OR {day} <= ?)
        GROUP BY trainee
        """,
        [list(accounts), list(accounts.values()), class_id, first, last, as_of],
    )
    return {row[0]: Progress(int(row[1]), int(row[2]), row[3], int(row[4])) for row in rows}

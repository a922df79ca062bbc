"""What models learn from, by account: courses taken in order, classes day by day, tests before and after. Doubtful records are left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from portrait.lake.pool import Pool
from portrait.record import DOUBTFUL, Flag, Kind

TAKEN = (Kind.ENROL, Kind.COMPLETE, Kind.CERTIFICATE)
TASKS = (Kind.QUIZ, Kind.ASSIGNMENT, Kind.EXAM)
ONLINE = (Kind.VIEW, Kind.VIDEO, Kind.FORUM)
# What a trainee does. What others note of a trainee (a mark on a rubric, the outcome) is not the trainee being there.
ACTIVE = (*ONLINE, *TASKS, Kind.PRETEST, Kind.POSTTEST, Kind.ATTENDANCE, Kind.SELF_RATING, Kind.ACTIVITY)

PARTS = 8  # commits followed before what they brought is sorted together

_SOUND = f"flag & {int(DOUBTFUL)} = 0"
# Training happens in China: a sign-in dated by the day alone is stored as the evening before in UTC.
_DAY = "date_diff('day', DATE '1970-01-01', CAST(time + INTERVAL 8 HOUR AS DATE))"


@dataclass(frozen=True)
class Enrolled:
    """The first sign of each course that an account took, in memory, because reading one teacher's from files takes 30 ms.

    It follows the lake: new files are read when they come. 28 bytes a course taken.
    """

    files: frozenset[str]
    stamp: tuple[Any, ...]  # Pool.stamp
    parts: tuple[
        pd.DataFrame, ...
    ]  # account, course, time (µs since 1970, -1 where the source has none), seq; by account

    def of(self, accounts: Collection[int]) -> list[int]:
        """The courses that one person's accounts took, in order."""
        wanted = np.array(sorted(accounts), dtype=np.int64)
        found = []
        for part in self.parts:
            column = part["account"].to_numpy()
            for start, end in zip(
                *(np.searchsorted(column, wanted, side) for side in ("left", "right")), strict=True
            ):
                if start < end:
                    found.append(part.iloc[start:end])
        if not found:
            return []
        own = pd.concat(found).sort_values(["time", "seq", "course"])
        return list(dict.fromkeys(own["course"].tolist()))

    def all(self) -> pd.DataFrame:
        return pd.concat(self.parts, ignore_index=True)


def enrolled(pool: Pool) -> Enrolled:
    """The courses taken, as of the newest records."""

    def follow(before: Enrolled | None, files: frozenset[str]) -> Enrolled:
        fits = before is not None and before.files <= files and before.stamp == pool.stamp
        kept = before if before is not None and fits else Enrolled(frozenset(), pool.stamp, ())
        parts = (*kept.parts, _enrolments(pool, files - kept.files))
        if len(parts) > PARTS:
            parts = (pd.concat(parts).sort_values("account", kind="stable", ignore_index=True),)
        return Enrolled(files, pool.stamp, parts)

    found: Enrolled = pool.derive("enrolled", "record", follow)
    return found


def _enrolments(pool: Pool, files: Collection[str]) -> pd.DataFrame:
    found: pd.DataFrame = pool.query(
        f"SELECT account, course, coalesce(min(epoch_us(time)), -1) AS time, min(seq) AS seq "
        f"FROM ({pool.among('record', sorted(files))}) WHERE kind IN ({_listed(TAKEN)}) AND course <> 0 AND {_SOUND} "
        f"GROUP BY account, course ORDER BY account, course"
    ).to_pandas()
    return found


def class_days(pool: Pool, runs: Collection[int], months: Collection[int]) -> pa.Table:
    """run, account, day (since 1970), online (events), attended (0 or 1): the days on which somebody of a class was active."""
    found: pa.Table = pool.query(
        f"SELECT run, account, {_DAY} AS day, "
        f"sum(CASE WHEN kind IN ({_listed(ONLINE)}) THEN count ELSE 0 END)::bigint AS online, "
        f"max(CASE WHEN kind = {int(Kind.ATTENDANCE)} THEN 1 ELSE 0 END)::bigint AS attended "
        f"FROM {pool.part('record', month=months)} WHERE run IN ({_listed(runs)}) AND kind IN ({_listed(ACTIVE)}) "
        f"AND time IS NOT NULL AND {_SOUND} GROUP BY ALL ORDER BY ALL"
    )
    return found


def class_tasks(pool: Pool, runs: Collection[int], months: Collection[int]) -> pa.Table:
    """run, account, item, day: when each task of a class was first handed in."""
    found: pa.Table = pool.query(
        f"SELECT run, account, item, min({_DAY}) AS day "
        f"FROM {pool.part('record', month=months)} WHERE run IN ({_listed(runs)}) AND kind IN ({_listed(TASKS)}) "
        f"AND time IS NOT NULL AND {_SOUND} GROUP BY ALL ORDER BY ALL"
    )
    return found


def class_tests(pool: Pool, run: int) -> list[tuple[int, Kind, float]]:
    """account, PRETEST or POSTTEST, score as a share of the full mark: the first try of each paper, the mean of several papers."""
    tried = pool.kept(
        f"WITH first AS (SELECT account, kind, arg_min(value, (epoch_us(time), seq, id)) AS value FROM record "
        f"WHERE run = ? AND kind IN ({_listed((Kind.PRETEST, Kind.POSTTEST))}) AND flag & {int(Flag.SCORED)} <> 0 "
        f"AND {_SOUND} GROUP BY account, kind, item) "
        f"SELECT account, kind, avg(value) / 10000 FROM first GROUP BY account, kind ORDER BY account, kind",
        [run],
    )
    return [(account, Kind(kind), float(value)) for account, kind, value in tried]


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers) or "NULL"

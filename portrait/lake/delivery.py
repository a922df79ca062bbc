"""When the records of each batch happened: counts by batch and day, small enough to be kept and quick to add up further."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from portrait.lake.pool import Pool
from portrait.record import DOUBTFUL

# Days as people in China count them; records are kept in UTC.
_DAY = "date_diff('day', DATE '1970-01-01', CAST(time + INTERVAL 8 HOUR AS DATE))"


def delivered(pool: Pool) -> pd.DataFrame:
    """The records of the lake by batch and day: batch, day (since 1970; <NA> where the source gives no time), n, doubtful, named
    (those that name a course)."""
    found = pool.kept(
        f"SELECT batch, {_DAY} AS day, count(*), count(*) FILTER (flag & {int(DOUBTFUL)} <> 0), "
        "count(*) FILTER (course <> 0) FROM record GROUP BY batch, day ORDER BY batch, day"
    )
    types = {"batch": "int64", "day": "Int32", "n": "int64", "doubtful": "int64", "named": "int64"}
    return pd.DataFrame(found, columns=list(types)).astype(types)


def records_of(pool: Pool, accounts: Collection[int]) -> dict[int, int]:
    """How many records of these accounts each batch brought."""
    if not accounts:
        return {}
    found = pool.kept(
        "SELECT batch, count(*) FROM record WHERE account IN (SELECT unnest(?::BIGINT[])) GROUP BY batch",
        [sorted(accounts)],
    )
    return {int(batch): int(n) for batch, n in found}


def records_naming(pool: Pool, listed: Collection[int]) -> list[tuple[int, int, int]]:
    """Of each batch the courses that are not `listed`, and how many records name them: batch, course, n."""
    return [
        (int(batch), int(course), int(n))
        for batch, course, n in pool.kept(
            "SELECT batch, course, count(*) FROM record WHERE course <> 0 "
            "AND course NOT IN (SELECT unnest(?::BIGINT[])) GROUP BY batch, course ORDER BY batch, course",
            [sorted(listed)],
        )
    ]


def records_of_courses(pool: Pool, courses: Collection[int]) -> list[tuple[int, int, int]]:
    """Of each batch those of these courses that its records name, and how many do: batch, course, n."""
    if not courses:
        return []
    found = pool.kept(
        "SELECT batch, course, count(*) FROM record WHERE course IN (SELECT unnest(?::BIGINT[])) "
        "GROUP BY batch, course ORDER BY batch, course",
        [sorted(courses)],
    )
    return [(int(batch), int(course), int(n)) for batch, course, n in found]

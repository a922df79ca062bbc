"""When the records of each batch happened: counts by batch and day, which follow the lake and are quick to add up further."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from portrait.lake.engine import rows
from portrait.lake.pool import Pool
from portrait.record import DOUBTFUL

# Days as people in China count them; records are kept in UTC.
_DAY = "date_diff('day', DATE '1970-01-01', CAST(time + INTERVAL 8 HOUR AS DATE))"


@dataclass(frozen=True)
class Delivered:
    """What the files of the lake hold: batch, day (since 1970; <NA> where the source gives no time), n, doubtful."""

    files: frozenset[str]
    days: pd.DataFrame


def delivered(pool: Pool) -> pd.DataFrame:
    """Records by batch and day, as of the newest ones. Only files that are new since the last time are read."""

    def follow(before: Delivered | None, files: frozenset[str]) -> Delivered:
        kept = before if before is not None and before.files <= files else None
        found = [kept.days] if kept is not None else []
        new = files - kept.files if kept is not None else files
        return Delivered(files, pd.concat([*found, _counted(pool, new)], ignore_index=True))

    held: Delivered = pool.derive("delivered", "record", follow)
    return held.days


def _counted(pool: Pool, files: Collection[str]) -> pd.DataFrame:
    found: pd.DataFrame = pool.query(
        f"SELECT batch, CAST({_DAY} AS INTEGER) AS day, count(*) AS n, "
        f"count(*) FILTER (flag & {int(DOUBTFUL)} <> 0) AS doubtful "
        f"FROM ({rows('record', sorted(files))}) GROUP BY ALL ORDER BY ALL"
    ).to_pandas()
    return found.astype({"day": "Int32"})


def records_of(pool: Pool, accounts: Collection[int]) -> dict[int, int]:
    """How many records of these accounts each batch brought."""
    if not accounts:
        return {}
    found = pool.kept(
        "SELECT batch, count(*) FROM record WHERE account IN (SELECT unnest(?::BIGINT[])) GROUP BY batch",
        [sorted(accounts)],
    )
    return {int(batch): int(n) for batch, n in found}

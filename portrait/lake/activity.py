"""How much is known of an account: its records, the first and the last."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from portrait.lake.coverage import DAY

if TYPE_CHECKING:
    from portrait.lake.pool import Pool


@dataclass(frozen=True)
class Activity:
    """`first` and `last` are days in China; None where no record has a time."""

    records: int = 0
    first: date | None = None
    last: date | None = None

    def __add__(self, other: Activity) -> Activity:
        days = [day for one in (self, other) for day in (one.first, one.last) if day is not None]
        return Activity(self.records + other.records, min(days, default=None), max(days, default=None))


def activities(pool: Pool, buckets: int, accounts: Collection[int]) -> dict[int, Activity]:
    """The activity of each of these accounts that has a record."""
    if not accounts:
        return {}
    files = pool.part("record", bucket={account % buckets for account in accounts})
    rows = pool.rows(
        f"SELECT account, count(*), min({DAY}), max({DAY}) FROM {files} "
        f"WHERE account IN (SELECT unnest(?::BIGINT[])) GROUP BY account",
        [sorted(accounts)],
    )
    return {row[0]: Activity(int(row[1]), row[2], row[3]) for row in rows}

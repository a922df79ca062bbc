"""What came of a source, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from portrait.store.batch import Counts

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Figures:
    """What came of a source, in all or in one month of arrival. Rows are those of the ledger, records those of the lake.

    Delays are whole days from a record's time to its arrival, None where no record has a time.
    """

    batches: int = 0
    failed: int = 0
    counts: Counts = field(default_factory=Counts)
    open: int = 0  # quarantined rows that wait for a decision
    last: date | None = None  # newest day on which something was read
    records: int = 0
    matched: int = 0  # records whose account is a known person's today
    doubtful: int = 0
    undated: int = 0
    late: int = 0
    delay: int | None = None  # median
    delay_most: int | None = None  # the quantile of the rules
    coursed: int = 0  # records that name a course
    unlisted: int = 0  # of them, those whose course no catalogue holds

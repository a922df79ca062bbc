"""Sign-ins and school-based study that no file calls checked, and what was decided on them: two tables that the engine holds in
memory, so that a page joins the few that wait instead of asking for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from portrait.lake.content import SAID_RUN, facts_sql, item_sql, verified_sql
from portrait.lake.coverage import DAY
from portrait.lake.pool import Pool

_COLUMNS = "id, account, course, run, kind, item, time, month, credit, batch, line"
# Of a row of `unchecked` u beside the decision on its record, `decided` d: one that is about what it says now, and one that was
# about something else. A decision without facts is about whatever the record says.
HELD = "(d.record IS NOT NULL AND (d.facts IS NULL OR d.facts = u.facts))"
STALE = "(d.record IS NOT NULL AND d.facts <> u.facts)"
FROM = "unchecked u LEFT JOIN decided d ON d.record = u.id"


@dataclass(frozen=True)
class Confirmed:
    """The records that somebody has confirmed as they are now, as of a mark of the decisions; see hold_decided."""

    mark: Any

    @property
    def sql(self) -> str:
        return f"SELECT u.id FROM {FROM} WHERE d.confirmed AND {HELD}"


Strangers = Callable[[Collection[int]], list[int]]
Decisions = Callable[[Any, Any], tuple[pa.Table, bool]]


def hold_unchecked(pool: Pool, kinds: Collection[int], strangers: Strangers) -> frozenset[int]:
    """Make the table `unchecked` what the lake says now, where it is not. The accounts of its records that `strangers`, asked once
    of each account, says the registry does not know."""

    def make(before: frozenset[int] | None, _files: frozenset[str]) -> frozenset[int]:
        pool.rows(_unchecked(kinds))
        if before is None:
            pool.rows("CREATE OR REPLACE TABLE met (account BIGINT)")
        new = "SELECT DISTINCT account FROM unchecked WHERE account NOT IN (SELECT account FROM met)"
        strange = strangers([row[0] for row in pool.rows(new)])
        pool.rows(f"INSERT INTO met {new}")
        return (before or frozenset()) | frozenset(strange)

    found: frozenset[int] = pool.derive("unchecked", "record", make)
    return found


def _unchecked(kinds: Collection[int]) -> str:
    # The names of items are few, and to spell each alike takes longer than all the rest.
    listed = ", ".join(str(int(kind)) for kind in kinds) or "NULL"
    return (
        f"CREATE OR REPLACE TABLE unchecked AS WITH found AS MATERIALIZED (SELECT {_COLUMNS}, weight, count, seconds, score, "
        f"score_max, own, {SAID_RUN} FROM record WHERE kind IN ({listed}) AND NOT {verified_sql()}), "
        f"spelled AS (SELECT item, {item_sql()} AS alike FROM (SELECT DISTINCT item FROM found)) "
        f"SELECT {_COLUMNS}, {DAY} AS day, {facts_sql(item='alike')} AS facts FROM found JOIN spelled USING (item)"
    )


def hold_decided(pool: Pool, mark: Callable[[], Any], decisions: Decisions) -> Any:
    """Make the table `decided` what the registry says now: what `decisions` came between two marks, or all there are. The mark
    that it is as of."""

    def make(then: Any, now: Any, _before: Any) -> Any:
        found, whole = decisions(then, now)
        if whole:
            pool.rows("CREATE OR REPLACE TABLE decided AS SELECT * FROM said", given={"said": found})
        else:
            pool.rows(
                "MERGE INTO decided USING said ON decided.record = said.record "
                "WHEN MATCHED THEN UPDATE SET facts = said.facts, confirmed = said.confirmed "
                "WHEN NOT MATCHED THEN INSERT (record, facts, confirmed) "
                "VALUES (said.record, said.facts, said.confirmed)",
                given={"said": found},
            )
        return now

    return pool.hold("decided", mark, make)

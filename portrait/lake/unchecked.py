"""Sign-ins and school-based study that no file calls checked, and what was decided on them: tables that the engine holds in memory
and that follow the lake and the registry, so that a page joins the few that wait instead of asking for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from portrait.lake.content import SAID_RUN, facts_sql, item_sql, verified_sql
from portrait.lake.coverage import DAY
from portrait.lake.pool import Pool

_COLUMNS = "id, account, course, kind, item, time, month, credit, batch, line, held"
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


@dataclass(frozen=True)
class _Read:
    """What of the lake is in the table `landed_unchecked`."""

    files: frozenset[str]
    stamp: Any  # Pool.stamp


def hold_unchecked(pool: Pool, kinds: Collection[int], strangers: Strangers) -> frozenset[int]:
    """Make the view `unchecked` what the lake says now, where it is not. The accounts of its records that `strangers`, asked once
    of each account, says the registry does not know.

    Records are only added: new files are read when they come, and the months again whose files were folded. What other batches,
    verdicts and named classes make of those that have been in for longer is looked up in memory, and changed where it is another
    thing than before.
    """

    def follow(before: _Read | None, files: frozenset[str]) -> _Read:
        now = _Read(files, pool.stamp)  # asked first: what changes meanwhile is followed the next time
        months = {_month(file) for file in before.files - files} if before else set()
        if before is None or (months and (before.files.isdisjoint(files) or _holed(pool))):
            pool.rows(f"CREATE OR REPLACE TABLE landed_unchecked AS {_landed(pool, files, kinds)}")
            pool.rows(
                "CREATE OR REPLACE VIEW unchecked AS SELECT rowid AS place, * FROM landed_unchecked WHERE counts"
            )
            return now
        steps = list[str]()
        if months:
            steps.append(f"DELETE FROM landed_unchecked WHERE month IN ({', '.join(sorted(months))})")
        if before.stamp != now.stamp:
            steps.append(_turn(pool))
        if new := [file for file in files if file not in before.files or _month(file) in months]:
            steps.append(f"INSERT INTO landed_unchecked {_landed(pool, new, kinds)}")
        pool.together(steps)
        return now

    def ask(before: frozenset[int] | None, _files: frozenset[str]) -> frozenset[int]:
        if before is None:
            pool.rows("CREATE OR REPLACE TABLE met (account BIGINT)")
        new = "SELECT DISTINCT account FROM landed_unchecked WHERE account NOT IN (SELECT account FROM met)"
        unmet = pool.query(new)
        strange = strangers(unmet["account"].to_pylist())
        pool.rows("INSERT INTO met SELECT account FROM unmet", given={"unmet": unmet})
        return (before or frozenset()) | frozenset(strange)

    pool.derive("unchecked", "record", follow)
    found: frozenset[int] = pool.derive("met", "record", ask)
    return found


def _holed(pool: Pool) -> bool:
    """Whether more rows have been deleted than are left: they keep their room."""
    rows, places = pool.rows("SELECT count(*), coalesce(max(rowid) + 1, 0) FROM landed_unchecked")[0]
    return bool(places > 2 * rows)


def _month(file: str) -> str:
    return file.rpartition("/month=")[2].partition("/")[0]


def _landed(pool: Pool, files: Collection[str], kinds: Collection[int]) -> str:
    """SELECT of the records of these files that somebody has to confirm, whether or not they count: `counts`.

    Names of items are few, and to spell each alike takes longer than all the rest.
    """
    rule = pool.counting
    listed = ", ".join(str(int(kind)) for kind in kinds) or "NULL"
    return (
        f"WITH found AS MATERIALIZED (SELECT {_COLUMNS}, run, weight, count, seconds, score, score_max, flag "
        f"FROM ({pool.lines('record', sorted(files))}) WHERE kind IN ({listed}) AND NOT {verified_sql('flag')}), "
        f"spelled AS (SELECT item, {item_sql()} AS alike FROM (SELECT DISTINCT item FROM found)), "
        f"said AS (SELECT {_COLUMNS}, run, {DAY} AS day, {facts_sql(landed=True, item='alike')} AS facts "
        f"FROM found JOIN spelled USING (item)) "
        f"SELECT r.* EXCLUDE (run), r.run AS {SAID_RUN}, {rule.run} AS run, {rule.counts} AS counts "
        f"FROM said r{rule.joined}"
    )


def _turn(pool: Pool) -> str:
    """UPDATE of the rows that count by now and did not, or the other way round, or are of another class."""
    rule = pool.counting
    return (
        f"UPDATE landed_unchecked SET run = n.run, counts = n.counts FROM ("
        f"SELECT r.place, {rule.run} AS run, {rule.counts} AS counts FROM ("
        f"SELECT rowid AS place, {SAID_RUN} AS run, run AS was, counts AS did, batch, line, held FROM landed_unchecked) r"
        f"{rule.joined} WHERE {rule.run} <> r.was OR ({rule.counts}) <> r.did) n "
        f"WHERE landed_unchecked.rowid = n.place"
    )


def hold_decided(pool: Pool, mark: Callable[[Any], Any], decisions: Decisions) -> Any:
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

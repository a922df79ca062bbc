"""Verdicts: which version of a record counts, which are withdrawn, which doubtful. Made from records, rulings and rules alone,
so that the order in which they came makes no difference; a refresh looks again at what may have changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from portrait.lake.content import facts_sql, verified_sql
from portrait.lake.doubt import DoubtRule, find
from portrait.lake.engine import bind, bind_files, now_and_then, open_marks
from portrait.lake.table import Lake
from portrait.record import DOUBTFUL, FOUND, FOUND_BY, VERDICT_SCHEMA, Flag, Standing

_SIMPLE = int(Standing.COUNTS)


@dataclass(frozen=True)
class Said:
    """What people and platforms have said about records."""

    void_records: Collection[bytes]
    void_keys: Collection[int]
    decided: Mapping[bytes, tuple[str, int]]  # record → clear | refuse, and the flags that it was about
    confirmed: Mapping[bytes, bytes | None]  # record → what was seen; None: whatever it comes to say
    records: Collection[bytes]
    keys: Collection[int]


def judge(
    lake: Lake,
    engine: duckdb.DuckDBPyConnection,
    said: Said,
    rule: DoubtRule,
    *,
    pending: Collection[int],
    unfinished: Collection[int],
    ruled: bool,
    relinked: bool,
    everything: bool,
    marks: Mapping[str, int],
) -> None:
    """Write the verdicts anew: of records of the batches `pending`, of those ruled on if anything new was `ruled`, of all
    accounts that were `relinked` (the engine's views link and linked), or of everything; the others as they stood.

    One commit, with `marks` and those of the `unfinished` batches, whose records are not looked at.
    """
    _bind(lake, engine, everything)
    _say(engine, said, rule)
    there = f"batch NOT IN ({_listed(unfinished)})" if unfinished else "true"
    _touched(lake, engine, pending, there, ruled=ruled, everything=everything)
    _months(lake, engine, pending, there, relinked=relinked, everything=everything)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE looked_at AS SELECT id FROM looked_at UNION "
        "SELECT id FROM before WHERE month IN (SELECT month FROM months)"
    )
    _states(engine, there)
    months = [row[0] for row in engine.execute("SELECT month FROM months ORDER BY month").fetchall()]
    near = f"month IN ({_listed(months)})"
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW standing AS SELECT r.* FROM landed r WHERE {near} AND {there} AND NOT EXISTS "
        f"(SELECT 1 FROM states s WHERE s.batch = r.batch AND s.line = r.line AND s.state <> {_SIMPLE})"
    )
    find(engine, rule)
    if engine.execute("SELECT 1 FROM looked_at LIMIT 1").fetchall():
        near = f"({near} OR r.id IN (SELECT id FROM looked_at))"
    made = engine.sql(_verdicts(near)).to_arrow_table().cast(VERDICT_SCHEMA)
    lake.commit("verdict", made, {**marks, **open_marks(unfinished)}, replace="")


def changed_accounts(lake: Lake, engine: duckdb.DuckDBPyConnection, since: int | None) -> list[int] | None:
    """Accounts of which a verdict is another one than in version `since` of the table; None when that cannot be told."""
    table = lake.table("verdict")
    if table is None or since is None:
        return None
    if table.version() == since:
        return []
    said = "SELECT batch, line, account, state, flag FROM"
    try:
        current, earlier = _both(lake, engine, since)
        found = engine.execute(
            f"SELECT DISTINCT account FROM (({said} ({current}) EXCEPT {said} ({earlier})) UNION ALL "
            f"({said} ({earlier}) EXCEPT {said} ({current}))) ORDER BY account"
        ).fetchall()
    except (duckdb.IOException, OSError):
        return None  # the files of that version have been removed
    return [row[0] for row in found]


def turn(lake: Lake, engine: duckdb.DuckDBPyConnection, since: int, pending: Collection[int]) -> list[int]:
    """Make the temporary table `turned` (batch, line) of the versions that count and did not at version `since` of the
    verdicts, or did and no longer do, new ones of the batches `pending` left out; the accounts that they belong to.

    Where there is no verdict, and what came in was not held, a version's own flags say whether it counts.
    """
    current, earlier = _both(lake, engine, since)
    # Of a verdict that is alone: whether the version counts without it. What was decided hid its own flags.
    own = f"flag & {int(Flag.REFUSED)} <> 0 OR flag & {int(DOUBTFUL & ~FOUND | Flag.CLEARED)} = 0"
    columns = (
        f"batch, line, account, {own} AS own, state = {_SIMPLE} AND flag & {int(DOUBTFUL)} = 0 AS counts"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE turned AS SELECT batch, line, coalesce(n.account, e.account) AS account "
        f"FROM (SELECT {columns} FROM ({current})) n FULL JOIN (SELECT {columns} FROM ({earlier})) e USING (batch, line) "
        f"WHERE batch NOT IN ({_listed(pending) if pending else -1}) "
        f"AND coalesce(n.counts, e.own) <> coalesce(e.counts, n.own)"
    )
    found = engine.execute("SELECT DISTINCT account FROM turned ORDER BY account").fetchall()
    return [row[0] for row in found]


def _both(lake: Lake, engine: duckdb.DuckDBPyConnection, since: int) -> tuple[str, str]:
    """SELECT of the verdicts, and of those that stood at version `since`."""
    both = now_and_then(lake, "verdict", since)
    bind(engine, lake, "verdict")
    return both


def _bind(lake: Lake, engine: duckdb.DuckDBPyConnection, everything: bool) -> None:
    bind_files(engine, "record", lake.files("record"), lake.lacking("record"), view="landed")
    bind(engine, lake, "verdict")
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE before AS SELECT * FROM verdict"
        + (" WHERE false" if everything else "")
    )


def _say(engine: duckdb.DuckDBPyConnection, said: Said, rule: DoubtRule) -> None:
    """The tables void_record, void_key, decided, confirmed, ruled_record and ruled_key."""
    for name, records in (("void_record", said.void_records), ("ruled_record", said.records)):
        _register(engine, name, {"id": pa.array(sorted(records), pa.binary())})
    for name, keys in (("void_key", said.void_keys), ("ruled_key", said.keys)):
        _register(engine, name, {"key_number": pa.array(sorted(keys), pa.int64())})
    confirmed = sorted(said.confirmed)
    _register(
        engine,
        "confirmed",
        {
            "id": pa.array(confirmed, pa.binary()),
            "facts": pa.array([said.confirmed[record] for record in confirmed], pa.binary()),
        },
    )
    decided = sorted(said.decided.items())
    _register(
        engine,
        "decided",
        {
            "id": pa.array([record for record, _ in decided], pa.binary()),
            "clear": pa.array([word == "clear" for _, (word, _) in decided], pa.bool_()),
            "flags": pa.array([flag & int(DOUBTFUL) for _, (_, flag) in decided], pa.int32()),
        },
    )


def _register(engine: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, pa.Array]) -> None:
    engine.register("said_now", pa.table(dict(columns)))
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM said_now")
    engine.unregister("said_now")


def _touched(
    lake: Lake,
    engine: duckdb.DuckDBPyConnection,
    pending: Collection[int],
    there: str,
    *,
    ruled: bool,
    everything: bool,
) -> None:
    """The table of the records (by id) that may have other versions or that somebody has ruled on."""
    on_ruled = "id IN (SELECT id FROM ruled_record) OR key_number IN (SELECT key_number FROM ruled_key)"
    if everything:
        sql = f"SELECT DISTINCT id FROM landed WHERE {there} AND (held OR {on_ruled})"
    else:
        bind_files(
            engine,
            "record",
            lake.files_holding("record", "batch", pending),
            lake.lacking("record"),
            view="arrived",
        )
        sql = (
            f"SELECT DISTINCT id FROM arrived WHERE batch IN ({_listed(pending)}) AND {there} "
            f"AND (held OR id IN (SELECT id FROM before) OR {on_ruled})"
        )
        if ruled:
            sql += f" UNION SELECT id FROM landed WHERE {there} AND ({on_ruled}) UNION SELECT id FROM before WHERE state = {int(Standing.WITHDRAWN)}"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE looked_at AS {sql}")


def _months(
    lake: Lake,
    engine: duckdb.DuckDBPyConnection,
    pending: Collection[int],
    there: str,
    *,
    relinked: bool,
    everything: bool,
) -> None:
    """The months in which something may have come or gone: rules that look at several records look at one month's."""
    if everything:
        sql = f"SELECT DISTINCT month FROM landed WHERE {there}"
    else:
        sql = f"SELECT DISTINCT month FROM arrived WHERE batch IN ({_listed(pending)}) AND {there}"
        if engine.execute("SELECT 1 FROM looked_at LIMIT 1").fetchall():
            sql += " UNION SELECT DISTINCT month FROM landed WHERE id IN (SELECT id FROM looked_at)"
        if relinked:
            moved = "account, person FROM"
            sql += (
                f" UNION SELECT DISTINCT month FROM landed WHERE account IN (SELECT account FROM "
                f"((SELECT {moved} linked EXCEPT SELECT {moved} link) UNION ALL "
                f"(SELECT {moved} link EXCEPT SELECT {moved} linked)))"
            )
    engine.execute(f"CREATE OR REPLACE TEMP TABLE months AS {sql}")


def newest_first() -> str:
    """SQL of the order of the versions of one record, over rows `r` of the table `record`."""
    version = "coalesce(r.modified, r.stored)"
    content = (
        "md5(concat_ws('|', r.flag, r.score, r.score_max, r.weight, r.credit, r.seconds, r.count, r.kind, r.account, "
        "r.course, r.run, r.seq, epoch_us(r.time), r.item))"
    )
    return (
        f"{version} DESC NULLS LAST, CASE WHEN {version} IS NOT NULL THEN {content} END DESC, "
        f"coalesce(r.turn, r.batch) DESC, r.line DESC, r.batch DESC"
    )


def _states(engine: duckdb.DuckDBPyConnection, there: str) -> None:
    """The table of what became of every version of the touched records.

    The newest is the one that its source says is newest, whatever came first; where the source is silent, the one that came
    in last. Versions of one moment are told apart by what they say, so that their order makes no difference either.
    """
    withdrawn = "r.id IN (SELECT id FROM void_record) OR coalesce(r.key_number IN (SELECT key_number FROM void_key), false)"
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE states AS SELECT batch, line, "
        f"CASE WHEN n > 1 THEN {int(Standing.OUTDATED)} WHEN withdrawn THEN {int(Standing.WITHDRAWN)} "
        f"WHEN flag & {int(Flag.VOID)} <> 0 THEN {int(Standing.VOID)} ELSE {_SIMPLE} END AS state, "
        f"CASE WHEN n > 1 THEN newest ELSE 0 END AS instead FROM ("
        f"SELECT r.batch, r.line, r.flag, {withdrawn} AS withdrawn, row_number() OVER same AS n, "
        f"first_value(r.batch) OVER same AS newest FROM landed r "
        f"WHERE {there} AND r.id IN (SELECT id FROM looked_at) WINDOW same AS (PARTITION BY r.id ORDER BY {newest_first()}))"
    )


def _verdicts(near: str) -> str:
    """The new table: what was not looked at again, and what was."""
    names = list(FOUND_BY)
    bits = " | ".join(
        f"CASE WHEN f.{rule} IS NULL THEN 0 ELSE {int(flag)} END" for rule, flag in FOUND_BY.items()
    )
    doubt = f"((r.flag & {~int(FOUND)}) | {bits})"
    # Each version by what it says itself: a confirmation of another one is none of it.
    seen = f"c.id IS NOT NULL AND (c.facts IS NULL OR c.facts = {facts_sql('r.', landed=True)})"
    checked = int(Flag.VERIFIED | Flag.CONFIRMED)
    verified = f"CASE WHEN {seen} AND NOT {verified_sql('r.flag')} THEN {checked} ELSE 0 END"
    flag = (
        f"CASE WHEN d.clear AND {doubt} & d.flags <> 0 THEN ({doubt} & ~d.flags) | {int(Flag.CLEARED)} "
        f"WHEN NOT d.clear THEN {doubt} | d.flags | {int(Flag.REFUSED)} ELSE {doubt} END"
    )
    columns = ", ".join(f"{name}" for name in VERDICT_SCHEMA.names)
    return (
        f"SELECT {columns} FROM before WHERE id NOT IN (SELECT id FROM looked_at) "
        f"AND month NOT IN (SELECT month FROM months) UNION ALL SELECT {columns} FROM ("
        f"SELECT r.batch, r.line, r.id, r.account, r.month, coalesce(s.state, {_SIMPLE})::integer AS state, "
        f"({flag} | {verified})::integer AS flag, coalesce(s.instead, 0)::bigint AS instead, "
        f"{', '.join(f'f.{name}' for name in names)}, r.bucket, r.flag AS own, r.held FROM landed r "
        f"LEFT JOIN states s ON s.batch = r.batch AND s.line = r.line "
        f"LEFT JOIN found f ON f.batch = r.batch AND f.line = r.line LEFT JOIN decided d ON d.id = r.id "
        f"LEFT JOIN confirmed c ON c.id = r.id "
        f"WHERE (s.batch IS NOT NULL OR f.batch IS NOT NULL) AND {near}) "
        f"WHERE state <> {_SIMPLE} OR held OR flag <> own ORDER BY bucket, account, batch, line"
    )


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers) or "NULL"

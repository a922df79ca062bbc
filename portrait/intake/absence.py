"""Rows that say that nobody was there: no records, but what an earlier file said of the same is taken back by them."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from portrait.intake.ask import many, one
from portrait.intake.lookup import kind_number
from portrait.intake.mapping import Stream, one_kind
from portrait.intake.program import Program
from portrait.lake.engine import bind
from portrait.lake.table import Lake
from portrait.lake.verdict import newest_first
from portrait.record import KIND_ZH, Flag, Kind
from portrait.sentence import Sentence, sentence
from portrait.store.batch import Batch


def absent_sql(row: str = "") -> str:
    """SQL over record columns of `row` of whether it says that nobody was there."""
    return f"({row}flag & {int(Flag.ABSENT)} <> 0)"


def crossed(engine: duckdb.DuckDBPyConnection, program: Program) -> dict[str, int]:
    """Why good rows are passed over that say that nobody was there, and how many for each reason; the commonest first."""
    if not program.raw.void:
        return {}
    return dict(
        many(
            engine,
            f"SELECT _why, count(*) FROM {program.seen} JOIN {program.judged} j USING (_row) "
            f"WHERE j._absent AND NOT j._bad GROUP BY 1 ORDER BY 2 DESC, 1",
        )
    )


def taken_back(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    program: Program,
    batch: Batch,
    undone: Collection[int],
) -> list[Sentence]:
    """What the ledger says of it, of a batch that has landed: how many records of before the batch takes back, and how many of
    its rows could not be read and take nothing back. Batches that are `undone` hold nothing that could be taken back."""
    if not program.stream.absent:
        return []
    count = _taken_back(engine, lake, program.stream, batch, set(undone) - {batch.id})
    why = list(dict.fromkeys(one.why for one in program.stream.passed if one.void))
    told = []
    if count:
        kind = KIND_ZH[Kind(int(kind_number(one_kind(program.stream)) or 0))]
        told.append(
            sentence("收回了以前的 {n} 条{kind}：这次写的是{why}", n=count, kind=sentence(kind), why=why)
        )
    (unread,) = one(engine, f"SELECT count(*) FROM {program.judged} WHERE _absent AND _bad")
    if unread:
        told.append(sentence("{why}的 {n} 行读不出是谁、哪一天，以前有记录的也没有收回", n=unread, why=why))
    return told


def _taken_back(
    engine: duckdb.DuckDBPyConnection, lake: Lake, stream: Stream, batch: Batch, undone: Collection[int]
) -> int:
    """Of the records that the batch says were none those that a version before it said there were. Told from the lake, so that a
    batch that was interrupted counts the same."""
    mine = f"FROM record WHERE batch = {batch.id} AND {absent_sql()}"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE nobody AS SELECT id, bucket {mine}")
    there, buckets = one(engine, "SELECT count(*), list(DISTINCT bucket) FROM nobody")
    if not there:
        return 0
    bind(engine, lake, "record")
    near = [f"r.batch NOT IN ({', '.join(map(str, sorted(undone)))})"] if undone else []
    if stream.identity == "record":
        near.append(f"r.bucket IN ({', '.join(map(str, buckets))})")
    versions = (
        f"SELECT r.id, r.batch, r.flag, row_number() OVER (PARTITION BY r.id ORDER BY {newest_first()}) AS n "
        f"FROM record r WHERE {' AND '.join([*near, 'r.id IN (SELECT id FROM nobody)'])}"
    )
    (count,) = one(
        engine,
        f"WITH version AS ({versions}) SELECT count(*) FROM version new JOIN version old USING (id) "
        f"WHERE new.n = 1 AND new.batch = {batch.id} AND old.n = 2 AND old.flag & {int(Flag.VOID)} = 0",
    )
    return int(count)

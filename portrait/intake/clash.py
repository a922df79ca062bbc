"""Rows of one file that are the same record by their key and say something else each: told with their rows, for a key may lack a column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from portrait.intake.ask import many, one
from portrait.intake.land import content_text, key_sql, said_columns
from portrait.intake.layout import FIELD
from portrait.intake.program import Program
from portrait.lake.engine import bind_files
from portrait.lake.table import Lake
from portrait.record import Flag, row_of
from portrait.sentence import Sentence, sentence

_FEW = 3  # pairs of rows that are told


@dataclass(frozen=True)
class Clash:
    """How the rows of one file repeat each other. `again` are rows beyond the first of each record; `other` those of them that say
    something else than the row that stands, in `records` records; `pairs` are rows of the file that tell of it."""

    again: int = 0
    other: int = 0
    records: int = 0
    pairs: tuple[tuple[int, int], ...] = ()

    def told(self, key: Sequence[str]) -> Sentence | None:
        """What a person should know of them; None where no row is lost."""
        if not self.other:
            return None
        return sentence(
            "同一个记录号、内容不同的 {n} 行不另成记录，例如{pairs}：key 里缺一列？现在的 key 是 {key}，{records} 个记录各有几行，只留一行（没写修改时间的留最后一行）。"
            "它们是几件事，就在映射的 key 里补上能分开它们的列再导入；是更正，就不用管",
            key=[_written(part) for part in key],
            n=f"{self.other:,}",
            records=f"{self.records:,}",
            pairs=[sentence("第 {a} 行和第 {b} 行", a=row_of(a), b=row_of(b)) for a, b in self.pairs],
        )


def _written(part: str) -> str:
    """A part of a key as a mapping writes it."""
    return f"{{field: {part.removeprefix(FIELD)}}}" if part.startswith(FIELD) else part


def came_before(engine: duckdb.DuckDBPyConnection, lake: Lake, batches: Collection[int]) -> str:
    """SQL, for `clash`, of what the lake holds of the same file from these batches; `record` is bound to it."""
    bind_files(engine, "record", lake.files_holding("record", "batch", batches), lake.lacking("record"))
    return (
        f"SELECT id AS key, line, coalesce(modified, stored) AS version, {content_text()} AS said, "
        f"flag & {int(Flag.VOID)} <> 0 AS gone FROM record WHERE batch IN ({', '.join(map(str, batches))})"
    )


def clash(engine: duckdb.DuckDBPyConnection, program: Program, before: str = "") -> Clash:
    """How the good rows of the file repeat each other, and those that came in `before` them. Where the source tells itself which of
    two versions is the newer one, these are no clash, and neither is what it takes back; equal rows that are separate events repeat
    nothing."""
    stream = program.stream
    if stream.target.name != "record" or stream.repeats != "drop":
        return Clash()
    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in said_columns(program).items())
    good = f"FROM {program.judged} WHERE _selected AND NOT _bad"
    keys = f"SELECT {key_sql(program)} AS key {good}"
    held = f"SELECT * FROM ({before}) WHERE key IN ({keys})" if before else ""
    every = f"{keys} UNION ALL SELECT key FROM ({held})" if before else keys
    twice, table = f"{program.prefix}twice", f"{program.prefix}clash"
    engine.execute(
        f"CREATE OR REPLACE TABLE {twice} AS SELECT key FROM ({every}) GROUP BY 1 HAVING count(*) > 1"
    )
    try:
        (any_,) = one(engine, f"SELECT count(*) FROM {twice}")
        if not any_:
            return Clash()
        rows = f"SELECT * FROM (SELECT {key_sql(program)} AS key, _row AS line, {listed} {good}) WHERE key IN (FROM {twice})"
        engine.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT key, line, coalesce(modified, stored) AS version, {content_text()} AS said, "
            f"flag & {int(Flag.VOID)} <> 0 AS gone FROM ({rows}){f' UNION ALL {held}' if held else ''}"
        )
        return _counted(engine, table, "arg_max" if stream.versioned else "arg_min")
    finally:
        for name in (twice, table):
            engine.execute(f"DROP TABLE IF EXISTS {name}")


def _counted(engine: duckdb.DuckDBPyConnection, table: str, last: str) -> Clash:
    (again,) = one(engine, f"SELECT count(*) - count(DISTINCT key) FROM {table}")
    stands = (
        f"SELECT key, version, CASE WHEN version IS NULL THEN {last}(said, line) ELSE max(said) END AS said, "
        f"CASE WHEN version IS NULL THEN {last}(line, line) ELSE arg_max(line, said) END AS line "
        f"FROM {table} WHERE NOT gone GROUP BY key, version"
    )
    other = (
        f"SELECT t.key, t.version, min(t.line) AS first, any_value(g.line) AS stands, count(*) AS n FROM {table} t "
        f"JOIN ({stands}) g ON g.key = t.key AND g.version IS NOT DISTINCT FROM t.version "
        f"WHERE NOT t.gone AND t.said <> g.said GROUP BY t.key, t.version"
    )
    rows, records = one(engine, f"SELECT coalesce(sum(n), 0), count(*) FROM ({other})")
    pairs = many(
        engine,
        f"SELECT least(first, stands), greatest(first, stands) FROM ({other}) ORDER BY 1, 2 LIMIT {_FEW}",
    )
    return Clash(int(again), int(rows), int(records), tuple((a, b) for a, b in pairs))

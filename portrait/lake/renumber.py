"""Records of one lake beside the same ones of another, where an account has another number: what their ids, keys and facts became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from portrait.lake.content import facts_sql
from portrait.lake.engine import bind_files
from portrait.lake.table import Lake


@dataclass(frozen=True)
class Version:
    """One version of a record in both lakes: its id, the number of its key, and what it says, see portrait.lake.content.facts_sql."""

    before: bytes
    now: bytes
    key_before: int | None
    key_now: int | None
    facts_before: bytes
    facts_now: bytes


def records_moved(
    engine: duckdb.DuckDBPyConnection, before: Lake, now: Lake, accounts: Mapping[int, int]
) -> list[Version]:
    """Every version of a record of these accounts (before → now) that both lakes hold: a line of a batch in either."""
    moved = {"old": pa.array(list(accounts), pa.int64()), "new": pa.array(accounts.values(), pa.int64())}
    engine.register("moved", pa.table(moved))
    for lake, view in ((before, "former"), (now, "landed")):
        bind_files(engine, "record", lake.files("record"), lake.lacking("record"), view=view)
    found = engine.execute(
        f"SELECT DISTINCT o.id, n.id, o.key_number, n.key_number, {facts_sql('o.', landed=True)}, {facts_sql('n.', landed=True)} "
        f"FROM (SELECT * FROM former WHERE account IN (SELECT old FROM moved)) o "
        f"JOIN (SELECT * FROM landed WHERE account IN (SELECT new FROM moved)) n USING (batch, line) ORDER BY ALL"
    ).fetchall()
    engine.unregister("moved")
    return [Version(*row) for row in found]

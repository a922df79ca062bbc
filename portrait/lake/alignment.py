"""What courses and classes show, as the cells were made with it: when that changes, whose records are to be added up again.

A course that records name by an address shows what the course shows that it stands for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from portrait.lake.engine import bind, bind_files, now_and_then
from portrait.lake.table import Lake
from portrait.record import Kind

FEW = 100  # courses and classes whose files are looked for; the bounds of more hold nearly all files


@dataclass(frozen=True)
class Altered:
    """The accounts with records of what shows something else now, and the batches of records that showed something before."""

    accounts: tuple[int, ...] = ()
    before: frozenset[int] = frozenset()


def keep(lake: Lake, engine: duckdb.DuckDBPyConnection, aligned: pa.Table) -> int:
    """Write what holds now where it is another than what stands, and make it the view `aligned`. Returns the version that holds it."""
    bind(engine, lake, "aligned")
    engine.register("said_now", aligned)
    differs = "(SELECT * FROM {} EXCEPT SELECT * FROM {})"
    sql = f"{differs.format('said_now', 'aligned')} UNION ALL {differs.format('aligned', 'said_now')} LIMIT 1"
    stands = lake.table("aligned") is not None and not engine.execute(sql).fetchall()
    engine.unregister("said_now")
    if not stands:
        lake.commit("aligned", aligned, {}, replace="")
        bind(engine, lake, "aligned")
    table = lake.table("aligned")
    assert table is not None
    return table.version()


def altered(
    lake: Lake, engine: duckdb.DuckDBPyConnection, since: int | None, kinds: Collection[Kind]
) -> Altered | None:
    """Whom it concerns that something shows another thing than in version `since` of the table, by records of these kinds; None
    when that cannot be told."""
    table = lake.table("aligned")
    if table is None or since is None:
        return None
    if table.version() == since:
        return Altered()
    try:
        now, then = now_and_then(lake, "aligned", since)
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE altered AS SELECT subject, bool_or(lost) AS lost FROM ("
            f"SELECT subject, false AS lost FROM (({now}) EXCEPT ({then})) UNION ALL "
            f"SELECT subject, true AS lost FROM (({then}) EXCEPT ({now}))) GROUP BY subject"
        )
    except (duckdb.IOException, OSError):
        return None  # the files of that version have been removed
    subjects = [subject for (subject,) in engine.execute("SELECT subject FROM altered").fetchall()]
    if not subjects:
        return Altered()
    listed = ", ".join(str(int(kind)) for kind in sorted(kinds))
    bind_files(engine, "record", _files(lake, subjects), lake.lacking("record"), view="landed")
    # Joined twice, by columns as they stand: the engine passes over all that by its bounds cannot match, and a new course has a
    # number that no older record has.
    joined = f"SELECT account, batch, lost FROM landed JOIN altered ON subject = {{}} WHERE kind IN ({listed}) AND course"
    found = engine.execute(
        f"SELECT account, batch, bool_or(lost) FROM ({joined.format('course')} <> 0 UNION ALL {joined.format('run')} = 0) "
        f"GROUP BY account, batch"
    ).fetchall()
    return Altered(
        tuple(sorted({account for account, _, _ in found})),
        frozenset(batch for _, batch, lost in found if lost),
    )


def _files(lake: Lake, subjects: Collection[int]) -> list[str]:
    """The files of records that may name one of these as their course or their class."""
    if len(subjects) > FEW:
        return lake.files("record")
    named = (lake.files_holding("record", column, subjects) for column in ("course", "run"))
    return sorted({file for files in named for file in files})

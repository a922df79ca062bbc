"""Rows of a roster that were quarantined and have been overtaken: what the file itself, or one that came in later, says of the same key holds."""

from __future__ import annotations

from portrait.intake.bench import Bench, clear, set_up
from portrait.intake.mapping import Mapping, Stream
from portrait.intake.program import Program
from portrait.intake.recipe import files_again, joined_again, mapping_then
from portrait.intake.register import keys_sql
from portrait.store.batch import Batch, later_batches
from portrait.store.quarantine import places


def outdated(bench: Bench, batch: Batch, program: Program) -> set[int]:
    """The good rows of a replay (`program` over rows of `batch`) that must not be registered over newer ones."""
    engine, table = bench.engine, f"{program.prefix}mine"
    keys = keys_sql(program)
    listed = ", ".join(f"{sql} AS k_{name}" for name, sql in keys.items())
    with bench.site.registry.connect() as connection:
        later = later_batches(connection, batch)
        waiting = {
            row.line for state in ("open", "dismissed") for row in places(connection, batch.id, state=state)
        }
    engine.execute(
        f"CREATE TABLE {table} AS SELECT _row, {listed} FROM {program.judged} WHERE _selected AND NOT _bad"
    )
    try:
        found = _given_in(bench, batch, program.mapping, program.stream, table, waiting)
        for newer in later:
            found |= _given_in(bench, newer, *mapping_then(bench.site, newer), table, None)
        return found
    finally:
        engine.execute(f"DROP TABLE {table}")


def _given_in(
    bench: Bench, batch: Batch, mapping: Mapping, stream: Stream, table: str, waiting: set[int] | None
) -> set[int]:
    """Rows of `table` whose key a good row of the batch's file has: a later one that is not `waiting`, where that is given."""
    main, files = files_again(bench.site, batch)
    program = set_up(bench, mapping, stream, main, joined_again(batch, stream, files))
    try:
        same = " AND ".join(f"m.k_{name} = {sql}" for name, sql in keys_sql(program).items())
        after = ""
        if waiting is not None:
            held = ", ".join(map(str, sorted(waiting))) or "NULL"
            after = f" AND j._row > m._row AND j._row NOT IN ({held})"
        rows = bench.engine.execute(
            f"SELECT DISTINCT m._row FROM {table} m JOIN {program.judged} j ON {same} "
            f"WHERE j._selected AND NOT j._bad{after}"
        ).fetchall()
        return {number for (number,) in rows}
    finally:
        clear(bench, program)

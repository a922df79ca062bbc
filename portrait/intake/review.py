"""The quarantined rows of one batch as a mapping reads them now: which are good, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from portrait.intake import mapping as source_mapping
from portrait.intake.ask import many
from portrait.intake.bench import Bench, clear, set_up_over
from portrait.intake.judge import refused
from portrait.intake.mapping import Stream
from portrait.intake.mend import cells_of, shown_cells
from portrait.intake.program import Program
from portrait.intake.recipe import files_again, joined_again
from portrait.intake.reread import lines_of, reread
from portrait.store.batch import Batch
from portrait.store.quarantine import Place, Refused, quarantined_by_id


@dataclass(frozen=True)
class Again:
    """The rows of one batch as they read now: `good` by line, the others with what is wrong."""

    program: Program
    good: dict[int, Place]
    still: list[tuple[int, Refused]]


@contextmanager
def read_rows(
    bench: Bench, origin: Batch, rows: Sequence[Place], mapping: source_mapping.Mapping, stream: Stream
) -> Iterator[Again]:
    main, files = files_again(bench.site, origin)
    cells = {row.line: cells_of(bench.site.archive, row.mended) for row in rows}
    with reread(bench, stream, main, cells) as raw:
        program = set_up_over(bench, mapping, stream, raw, joined_again(origin, stream, files))
        try:
            by_line = {row.line: row for row in rows if row.sheet == raw.sheet[:60]}
            good = _lines(bench, f"SELECT _row FROM {program.judged} WHERE {program.speaks} AND NOT _bad")
            bad = {row.line: row for row in refused(bench.engine, program) if row.line in by_line}
            still = [
                (by_line[line].id, replace(row, raw=dict(row.raw) | shown_cells(stream, cells[line])))
                for line, row in bad.items()
            ]
            there = lines_of(bench.engine, raw)
            lost = {row.id: row.line in there for row in rows if row.line not in good | bad.keys()}
            lost |= {row.id: False for row in rows if row.line not in by_line}
            still += _lost(bench, stream, lost)
            yield Again(program, {line: by_line[line] for line in good if line in by_line}, still)
        finally:
            clear(bench, program)


def _lines(bench: Bench, query: str) -> set[int]:
    return {number for (number,) in many(bench.engine, query)}


def _lost(bench: Bench, stream: Stream, lost: Mapping[int, bool]) -> Iterator[tuple[int, Refused]]:
    """Rows that the mapping has nothing to say of now: left to other streams (True), or not found where they stood."""
    with bench.site.registry.connect() as connection:
        for row in quarantined_by_id(connection, list(lost)):
            code, reason = (
                ("passed", f"流 {stream.name} 的 where 现在不选这一行；不要它就作废")
                if lost[row.id]
                else ("gone", "按现在的映射在原来的位置读不到这一行（表名、表头行或格式改过？）")
            )
            yield row.id, Refused(row.sheet, row.line, "", code, reason, row.raw)

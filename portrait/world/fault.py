"""Faults that real exports have: repeated rows, values nobody can read, days without a log, accounts that no roster knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from portrait.world.calendar import SPAN

REPEATED = 0.015
_OUTAGES = 6


def repeat_rows(rng: np.random.Generator, table: pa.Table) -> tuple[pa.Table, int]:
    """The table with a few rows exported twice, one below the other, and how many."""
    count = round(table.num_rows * REPEATED)
    again = rng.choice(table.num_rows, count, replace=False) if count else np.zeros(0, np.int64)
    rows = np.sort(np.r_[np.arange(table.num_rows), again])
    return table.take(pa.array(rows)), count


def spoil(
    rng: np.random.Generator, table: pa.Table, faults: Sequence[tuple[str, str]]
) -> tuple[pa.Table, int]:
    """The table with one row for each (column, value) made unreadable, and how many. A short table gets fewer."""
    count = min(len(faults), table.num_rows // 20)
    rows = rng.choice(table.num_rows, count, replace=False) if count else ()
    for (column, value), row in zip(faults[:count], rows, strict=True):
        place = table.column_names.index(column)
        cells = table[column].combine_chunks()
        changed = pa.concat_arrays([cells.slice(0, row), pa.array([value]), cells.slice(row + 1)])
        table = table.set_column(place, column, changed)
    return table, count


def spoil_lines(
    rng: np.random.Generator, lines: list[str], faults: Sequence[tuple[str, str]]
) -> tuple[list[str], int]:
    """The lines with one of them changed for each (old, new) that any holds, and how many."""
    changed = list(lines)
    count = 0
    for old, new in faults:
        usable = [i for i in rng.integers(0, len(lines), 400).tolist() if old in changed[i]]
        if usable:
            changed[usable[0]] = changed[usable[0]].replace(old, new)
            count += 1
    return changed, count


def outages(rng: np.random.Generator, platforms: int) -> np.ndarray:
    """Platform × day: True where the platform logged nothing."""
    dark = np.zeros((platforms, SPAN + 1), bool)
    for row in dark:
        for start in rng.integers(30, SPAN - 30, _OUTAGES):
            row[start : start + int(rng.integers(1, 4))] = True
    return dark

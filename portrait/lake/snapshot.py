"""Cells to portraits: priors by group, levels with intervals, states, dimensions. Whole arrays at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from portrait.estimate import Halves, Prior, Sums, shared_prior, stage_priors
from portrait.evidence import EvidenceRule
from portrait.framework import indicators
from portrait.lake.cell import halves, portable, sums
from portrait.lake.engine import bind
from portrait.lake.table import Lake
from portrait.level import STATES, Mass, Priors, figures_of, nodes, place
from portrait.record import (
    LEVEL_UNIT,
    MASS_UNIT,
    PRIOR_SCHEMA,
    SNAPSHOT_SCHEMA,
    SQUARE_UNIT,
    Kind,
    month_number,
)

CHUNK = 50_000  # persons whose figures are made at a time
SAMPLE = 20_000  # persons, about, from whom the variances that all indicators share are learned
PRIOR_FIELDS = tuple(field.name for field in fields(Prior))
PRIOR_COLUMNS = f"SELECT indicator, stage, {', '.join(PRIOR_FIELDS)}"
# What a person's evidence for an indicator adds up to over the sources. Whole numbers again: the order of a sum of floats
# would show in it.
_MASS = f"""
    CREATE OR REPLACE TEMP TABLE mass AS SELECT person, stage, number, sum(n)::bigint AS n,
    sum(sw)::bigint AS sw, sum(swy)::bigint AS swy, sum(swyy)::bigint AS swyy, sum(swa)::bigint AS swa, sum(swt)::bigint AS swt,
    sum(floor(sw / {MASS_UNIT:.1f} * (sw / {MASS_UNIT:.1f}) * {SQUARE_UNIT:.1f} + 0.5)::bigint)::bigint AS sww,
    sum(CASE WHEN sw > 0 THEN floor(greatest(swyy - swy / sw * swy, 0) + 0.5)::bigint ELSE 0 END)::bigint AS within,
    sum(CASE WHEN sw > 0 THEN floor(swa / sw * {SQUARE_UNIT:.1f} + 0.5)::bigint ELSE 0 END)::bigint AS alone,
    sum(CASE WHEN sw > 0 THEN floor(swa / sw * (n - 1) * {SQUARE_UNIT:.1f} + 0.5)::bigint ELSE 0 END)::bigint AS free,
    count(*) sources, max(last_month) last_month FROM fine JOIN node USING (indicator) GROUP BY ALL
"""
DAY_ZERO = date(1970, 1, 1)


def day_number(day: date) -> int:
    return (day - DAY_ZERO).days


def factors(rule: EvidenceRule, months: list[int], month: int) -> pa.Table:
    """The table `factor` of portrait.lake.cell for the months that occur, on the month of the portrait.

    Undated evidence (month 0) is never weighed: its age is not known.
    """
    rows = [
        (int(kind), m, rule.reliability.get(kind, 0.0) * rule.discount(month - m) if m else 0.0)
        for kind in Kind
        for m in months
    ]
    by = np.array([row[2] for row in rows], dtype=np.float64)
    return pa.table(
        {
            "kind": pa.array([row[0] for row in rows], pa.int32()),
            "month": pa.array([row[1] for row in rows], pa.int32()),
            # A cell's units are 1e-6, 1e-10 and 1e-14.
            "w": by * (MASS_UNIT / 1e6),
            "wy": by * (MASS_UNIT / 1e10),
            "wyy": by * (MASS_UNIT / 1e14),
            "wa": by * (MASS_UNIT / 1e8),
            "wt": by * np.array([month - row[1] for row in rows]) * (MASS_UNIT / 1e6),
            "half": pa.array([(month - row[1]) // 6 for row in rows], pa.int32()),
        }
    )


def gather(engine: duckdb.DuckDBPyConnection, rule: EvidenceRule, as_of: date, *, some: bool) -> None:
    """Make the temporary tables `mass` (person × indicator) and `breadth` (sources per person × node).

    The engine holds `cell` and `link`; with `some`, `link` holds only the teachers to be done.
    """
    month = month_number(as_of)
    months = [row[0] for row in engine.execute("SELECT DISTINCT month FROM cell").fetchall()]
    engine.register("factor", factors(rule, months, month))
    known = list(indicators().values())
    nodes = pa.table(
        {
            "indicator": [node.code for node in known],
            "dimension": [node.dimension for node in known],
            "number": pa.array(range(len(known)), pa.int32()),
            "scored": [node.scored for node in known],
        }
    )
    engine.register("node", nodes)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE fine AS {portable(sums(month, some=some))}")
    engine.execute(_MASS)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE breadth AS "
        "SELECT person, indicator node, count(DISTINCT source)::integer sources FROM fine GROUP BY ALL UNION ALL "
        "SELECT person, dimension node, count(DISTINCT source)::integer sources FROM fine JOIN node USING (indicator) "
        "GROUP BY ALL"
    )


def learn(engine: duckdb.DuckDBPyConnection, rule: EvidenceRule, as_of: date) -> dict[str, dict[str, Prior]]:
    """The priors of every scored indicator, from the tables of `gather`."""
    found: dict[str, dict[str, Prior]] = {}
    persons = engine.execute("SELECT count(DISTINCT person) FROM mass").fetchall()[0][0]
    every = max(1, persons // SAMPLE)
    shared = shared_prior(
        _sums(engine, f"sw > 0 AND person % {every} = 0"),
        _halves(engine, month_number(as_of), every),
        rule,
    )
    for number, node in enumerate(indicators().values()):
        if node.scored:
            stage = _arrays(engine, "SELECT stage FROM mass WHERE number = ? ORDER BY person", [number])
            found[node.code] = stage_priors(
                _sums(engine, f"number = {number}"), np.asarray(stage["stage"], dtype=object), rule, shared
            )
    return found


def _sums(engine: duckdb.DuckDBPyConnection, where: str) -> Sums:
    """Rows of `mass`, in one order always: floating sums differ with the order."""
    part = _arrays(
        engine,
        "SELECT sw, swy, swa, swt, swyy, within, sww, alone, free, person, number, n, sources "
        f"FROM mass WHERE {where} ORDER BY number, person",
    )
    return Sums(
        **_units(part, ("sw", "swy", "swa", "swt", "swyy", "within"), MASS_UNIT),
        **_units(part, ("sww", "alone", "free"), SQUARE_UNIT),
        **_units(part, ("person", "number", "n", "sources")),
    )


def _halves(engine: duckdb.DuckDBPyConnection, month: int, every: int) -> Halves:
    part = _arrays(
        engine,
        "SELECT person, number, half, sw, swy, swa, swt "
        f"FROM ({portable(halves(month, every))}) JOIN node USING (indicator) "
        "WHERE sw > 0 ORDER BY person, number, half",
    )
    return Halves(
        **_units(part, ("person", "number", "half")), **_units(part, ("sw", "swy", "swa", "swt"), MASS_UNIT)
    )


def _units(part: dict[str, NDArray[Any]], names: Sequence[str], unit: int = 0) -> dict[str, Any]:
    """Columns by the names that portrait.estimate has for them: in units, or whole numbers."""
    return {
        name if name == "sources" else name.removeprefix("s"): part[name] / unit
        if unit
        else part[name].astype(np.int64)
        for name in names
    }


def prior_table(priors: Priors, as_of: date, seq: int) -> pa.Table:
    rows = [
        {
            "indicator": code,
            "stage": stage,
            **{name: getattr(prior, name) for name in PRIOR_FIELDS},
            "seq": seq,
            "as_of": day_number(as_of),
        }
        for code, by_stage in priors.items()
        for stage, prior in by_stage.items()
    ]
    return pa.Table.from_pylist(rows, schema=PRIOR_SCHEMA)


def read_priors(lake: Lake, engine: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Prior]]:
    """The priors that the newest snapshot was made with."""
    bind(engine, lake, "prior")
    return priors_of(
        engine.execute(
            f"{PRIOR_COLUMNS} FROM prior WHERE seq = ?", [lake.mark("snapshot", "prior")]
        ).fetchall()
    )


def priors_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, Prior]]:
    """Rows of PRIOR_COLUMNS as priors by indicator and stage."""
    found: dict[str, dict[str, Prior]] = {}
    for code, stage, *numbers in rows:
        found.setdefault(code, {})[stage] = Prior(*numbers)
    return found


def figures(
    engine: duckdb.DuckDBPyConnection,
    priors: Priors,
    rule: EvidenceRule,
    *,
    partition: int,
    seq: int,
    buckets: int,
) -> Iterator[pa.RecordBatch]:
    """The rows of the snapshot for everyone in `mass`, by bucket and person."""
    for bucket in range(buckets):
        persons = _arrays(
            engine, f"SELECT DISTINCT person FROM mass WHERE person % {buckets} = {bucket} ORDER BY person"
        )["person"]
        for start in range(0, len(persons), CHUNK):
            part = persons[start : start + CHUNK]
            yield from _figures(engine, part, priors, rule, partition, seq, bucket, buckets)


def _figures(
    engine: duckdb.DuckDBPyConnection,
    persons: NDArray[np.int64],
    priors: Priors,
    rule: EvidenceRule,
    partition: int,
    seq: int,
    bucket: int,
    buckets: int,
) -> Iterator[pa.RecordBatch]:
    within = f"person % {buckets} = {bucket} AND person BETWEEN {persons[0]} AND {persons[-1]}"
    found = _arrays(engine, f"SELECT * FROM mass WHERE {within}")
    breadth = _arrays(engine, f"SELECT * FROM breadth WHERE {within}")
    mass = Mass.empty(len(persons))
    row = np.searchsorted(persons, found["person"])
    for name in ("n", "sw", "swy", "swa", "swt", "sww", "last_month"):
        getattr(mass, name)[row, found["number"]] = found[name]
    column = np.array([place()[code] for code in breadth["node"].tolist()], dtype=np.int64)
    mass.sources[np.searchsorted(persons, breadth["person"]), column] = breadth["sources"]
    stage = np.full(len(persons), "", dtype=object)
    stage[row] = found["stage"]
    made = figures_of(mass, stage, priors, rule)
    i, j = np.nonzero(made.state)
    size = len(i)
    fixed = {
        name: np.rint(getattr(made, name)[i, j] * LEVEL_UNIT).astype(np.int64)
        for name in ("level", "low", "high", "alignment", "mixed")
    }
    yield pa.record_batch(
        {
            "person": persons[i],
            "node": _words(j, [node.code for node in nodes()]),
            "state": _words(made.state[i, j], STATES),
            **fixed,
            "n": made.mass.n[i, j],
            "weight": made.mass.sw[i, j],
            "sources": made.mass.sources[i, j].astype(np.int32),
            "last_month": made.mass.last_month[i, j].astype(np.int32),
            "rule": _words(np.zeros(size, dtype=np.int64), [rule.version]),
            "seq": np.full(size, seq, dtype=np.int64),
            "as_of": np.full(size, partition, dtype=np.int32),
            "bucket": np.full(size, bucket, dtype=np.int32),
        },
        schema=SNAPSHOT_SCHEMA,
    )


def _arrays(
    engine: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(values) for name, values in engine.execute(sql, parameters).fetchnumpy().items()}


def _words(numbers: NDArray[np.int64], words: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(numbers.astype(np.int32), pa.array(words, pa.string())).cast(
        pa.string()
    )


def gone(persons: list[int], *, partition: int, seq: int, buckets: int) -> pa.RecordBatch:
    """Rows that say that nothing is left of these persons, so that their older rows hold no more."""
    nothing: dict[str, Any] = {
        "node": "", "state": "none", "level": 0, "low": 0, "high": 0, "n": 0, "weight": 0,
        "sources": 0, "alignment": 0, "mixed": 0, "last_month": 0, "rule": "", "seq": seq, "as_of": partition,
    }  # fmt: skip
    return pa.RecordBatch.from_pylist(
        [{"person": person, "bucket": person % buckets, **nothing} for person in persons],
        schema=SNAPSHOT_SCHEMA,
    )

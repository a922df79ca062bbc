"""Portraits as they stand in the lake: one teacher's, its growth, and those of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from portrait.evidence import evidence_rule
from portrait.framework import indicators
from portrait.lake.snapshot import DAY_ZERO, PRIOR_COLUMNS, factors, priors_of
from portrait.level import STATES, Figures, Mass, Priors, figures_of, nodes, place
from portrait.portrait import Estimate, Portrait, State
from portrait.record import LEVEL_UNIT, MASS_UNIT, SQUARE_UNIT, month_number, month_start
from portrait.site import Site

LEVELS_SCHEMA = pa.schema(
    [
        pa.field("person", pa.int64()),
        pa.field("node", pa.string()),
        pa.field("state", pa.string()),  # thin | estimated | record; a node without a row has no evidence
        pa.field("level", pa.float64()),  # null unless estimated
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("n", pa.int64()),
        pa.field("weight", pa.float64()),
        pa.field("sources", pa.int32()),
    ]
)


def as_of(site: Site) -> date:
    """The day that the newest portraits stand for; the site's today before the first refresh."""
    day = site.pool.mark("snapshot", "day")
    return site.today if day is None else DAY_ZERO + timedelta(days=day)


def portrait_of(site: Site, person_id: int) -> Portrait:
    """The newest portrait of a person. Who may see it is decided before (portrait.store.person.who)."""
    return portraits_of(site, [person_id])[person_id]


def portraits_of(site: Site, persons: Collection[int]) -> dict[int, Portrait]:
    """The newest portraits of some persons; for thousands of them `dimension_levels` is the quicker way."""
    day, rule, base = as_of(site), evidence_rule(), site.pool.mark("snapshot", "base")
    blank = {
        node.code: Estimate(node.code, State.NONE, None, None, None, 0, 0.0, 0, None, day, rule.version)
        for node in sorted(nodes(), key=lambda node: node.code)
    }
    found = {person: Portrait(person, day, dict(blank)) for person in persons}
    if base is None or not found:
        return found
    part = site.pool.part("snapshot", as_of=[base], bucket={one % site.lake.buckets for one in found})
    listed = ", ".join(str(int(one)) for one in found)
    rows = site.pool.rows(
        "SELECT person, seq, node, state, level, low, high, n, weight, sources, last_month, rule, alignment, mixed "
        f"FROM {part} WHERE person IN ({listed})"
    )
    newest: dict[int, int] = {}
    for person, seq, *_ in rows:
        newest[person] = max(seq, newest.get(person, 0))
    for (
        person,
        seq,
        node,
        state,
        level,
        low,
        high,
        n,
        weight,
        sources,
        last,
        version,
        alignment,
        mixed,
    ) in rows:
        if seq == newest[person] and node in blank:
            firm = state == State.ESTIMATED
            found[person].estimates[node] = Estimate(
                node,
                State(state),
                level / LEVEL_UNIT if firm else None,
                low / LEVEL_UNIT if firm else None,
                high / LEVEL_UNIT if firm else None,
                n,
                weight / MASS_UNIT,
                sources,
                month_start(last) if last else None,
                day,
                version,
                alignment / LEVEL_UNIT if firm else None,
                mixed / LEVEL_UNIT,
            )
    return found


def growth(site: Site, person_id: int, node: str, dates: Sequence[date]) -> list[Estimate]:
    """One figure as it stood at the end of the month of each date, under today's rule, priors and links of accounts."""
    return growths(site, person_id, [node], dates)[node]


def growths(
    site: Site, person_id: int, wanted: Collection[str], dates: Sequence[date]
) -> dict[str, list[Estimate]]:
    """Several figures as `growth` gives them, in one reading of the cells."""
    made, version = _past(site, person_id, dates), evidence_rule().version
    return {
        node: [_estimate(made, number, place()[node], day, version) for number, day in enumerate(dates)]
        for node in wanted
    }


def links_of(site: Site, person_id: int) -> tuple[dict[int, str], str]:
    """The accounts that the newest portrait of a person is made from, with their sources; and the person's stage."""
    rows = site.pool.kept("SELECT account, source, stage FROM link WHERE person = ?", [person_id])
    return {row[0]: row[1] for row in rows}, rows[0][2] if rows else ""


def priors(site: Site) -> Priors:
    """What the newest snapshot expected of everybody; empty before the first refresh."""
    seq = site.pool.mark("snapshot", "prior")
    if seq is None:
        return {}
    return priors_of(site.pool.kept(f"{PRIOR_COLUMNS} FROM {site.pool.part('prior', seq=[seq])}"))


def dimension_levels(site: Site, persons: Collection[int] | None = None) -> pa.Table:
    """The newest figures of these persons (None: of all), every node: LEVELS_SCHEMA, by person and node."""
    base = site.pool.mark("snapshot", "base")
    if base is None or (persons is not None and not persons):
        return LEVELS_SCHEMA.empty_table()
    wanted = "" if persons is None else f"WHERE person IN ({', '.join(str(int(one)) for one in persons)})"
    buckets = (
        range(site.lake.buckets) if persons is None else {int(one) % site.lake.buckets for one in persons}
    )
    part = site.pool.part("snapshot", as_of=[base], bucket=buckets)
    firm = "CASE WHEN state = 'estimated' THEN {0} / " + str(float(LEVEL_UNIT)) + " END AS {0}"
    found: pa.Table = site.pool.query(
        f"""
        WITH held AS (SELECT * FROM {part} {wanted}),
        newest AS (SELECT person, max(seq) seq FROM held GROUP BY person)
        SELECT person, node, state, {firm.format("level")}, {firm.format("low")}, {firm.format("high")}, n,
            weight / {float(MASS_UNIT)} AS weight, sources
        FROM held JOIN newest USING (person, seq) WHERE node <> '' ORDER BY person, node
        """
    )
    return found.cast(LEVELS_SCHEMA)


def _past(site: Site, person_id: int, dates: Sequence[date]) -> Figures:
    """All figures of a person on many days: a row a day, from the person's cells."""
    rule, known = evidence_rule(), priors(site)
    accounts, own_stage = links_of(site, person_id)
    mass = Mass.empty(len(dates))
    stage = np.full(len(dates), own_stage, dtype=object)
    listed = ", ".join(str(number) for number in accounts) or "NULL"
    part = site.pool.part("cell", bucket={number % site.lake.buckets for number in accounts})
    cells = site.pool.kept(
        f"SELECT account, indicator, month, kind, sum(n)::bigint, sum(sw)::bigint, sum(swy)::bigint, sum(swa)::bigint "
        f"FROM {part} WHERE account IN ({listed}) GROUP BY ALL HAVING sum(n) > 0"
    )
    months = sorted({cell[2] for cell in cells})
    for row, day in enumerate(dates):
        month = month_number(day)
        by = {
            (one["kind"], one["month"]): (one["w"], one["wy"], one["wa"], one["wt"])
            for one in factors(rule, months, month).to_pylist()
        }
        sources: dict[str, set[str]] = {}
        weight: dict[tuple[int, str], int] = {}
        for account, code, m, kind, n, sw, swy, swa in cells:
            if m > month or code not in place():
                continue
            w, wy, wa, wt = by[kind, m]
            if sw and not w:
                continue
            column, node = place()[code], indicators()[code]
            mass.n[row, column] += n
            for name, number, factor in (("sw", sw, w), ("swy", swy, wy), ("swa", swa, wa), ("swt", sw, wt)):
                getattr(mass, name)[row, column] += int(np.floor(number * factor + 0.5))
            mass.last_month[row, column] = max(mass.last_month[row, column], m)
            told = accounts[account]
            weight[column, told] = weight.get((column, told), 0) + int(np.floor(sw * w + 0.5))
            sources.setdefault(code, set()).add(told)
            sources.setdefault(node.dimension, set()).add(told)
        for (column, _), one in weight.items():
            share = one / MASS_UNIT
            mass.sww[row, column] += int(np.floor(share * share * SQUARE_UNIT + 0.5))
        for code, some in sources.items():
            mass.sources[row, place()[code]] = len(some)
    return figures_of(mass, stage, known, rule) if known else _unlearned(mass)


def _unlearned(mass: Mass) -> Figures:
    zero = np.zeros(mass.n.shape)
    return Figures(mass, np.zeros(mass.n.shape, dtype=np.int64), zero, zero, zero, zero, zero)


def _estimate(made: Figures, row: int, column: int, day: date, version: str) -> Estimate:
    state = STATES[made.state[row, column]]
    firm = state is State.ESTIMATED
    last = int(made.mass.last_month[row, column])
    return Estimate(
        nodes()[column].code,
        state,
        float(made.level[row, column]) if firm else None,
        float(made.low[row, column]) if firm else None,
        float(made.high[row, column]) if firm else None,
        int(made.mass.n[row, column]),
        int(made.mass.sw[row, column]) / MASS_UNIT,
        int(made.mass.sources[row, column]),
        month_start(last) if last else None,
        day,
        version,
        float(made.alignment[row, column]) if firm else None,
        float(made.mixed[row, column]),
    )

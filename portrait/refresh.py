"""Records → cells → snapshot. New batches append what they change; everything can be made again from the records alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import chain
from time import perf_counter

import duckdb
import pyarrow as pa
from sqlalchemy import and_, column, select
from sqlalchemy import table as named

from portrait import clock
from portrait.evidence import EvidenceRule, evidence_rule
from portrait.framework import indicators
from portrait.hours import hours_rule
from portrait.lake.alignment import Altered, altered, keep
from portrait.lake.cell import cells, portable, record
from portrait.lake.compact import clear_replaced, tidy
from portrait.lake.doubt import doubt_rule
from portrait.lake.engine import bare_engine, bind, bind_files, counted, counting
from portrait.lake.snapshot import (
    DAY_ZERO,
    day_number,
    figures,
    gather,
    gone,
    learn,
    prior_table,
    read_priors,
)
from portrait.lake.table import Lake
from portrait.lake.verdict import Said, changed_accounts, judge, turn
from portrait.record import CELL_SCHEMA, LINK_SCHEMA, SCORED, SNAPSHOT_SCHEMA, month_number
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.bulk import RecordBatches, alignments, links, record_batches
from portrait.store.lease import Lease, writing
from portrait.store.ruling import rulings
from portrait.store.run import keep_runs, meant_runs, moved_runs

WAIT_SECONDS = 30.0  # for another writer of the lake to finish
EVERYWHERE = 500  # accounts; more of them are in nearly every file
ANEW = 0.5  # of all accounts; when what more of them learned shows something else, all cells are made again
RELEARN = 0.2  # of all persons; when more are touched, everybody's portrait is made again with new priors

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is behind (0..1)
Since = Callable[[int | None], Altered | None]  # whom it concerns what courses show, since a version of that


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did. `cells` and `portraits` are none | batch | full: nothing to do, what changed, everything."""

    as_of: date
    cells: str
    portraits: str
    batches: int
    persons: int
    seconds: dict[str, float]
    folded: int = 0  # files of the lake that there are fewer for it


def refresh(
    site: Site, *, as_of: date | None = None, full: bool = False, progress: Progress | None = None
) -> RefreshReport:
    """Bring cells and portraits up to the records that are in, as of a day (default: the site's today).

    Killed and called again, it goes on from the last commit. A day before the newest snapshot's gets a snapshot of
    its own and leaves the newest alone.
    """
    with writing(site.registry, wait_seconds=WAIT_SECONDS) as lease:
        report = refreshed(site, lease, as_of=as_of, full=full, progress=progress)
        clear_replaced(site.lake, clock.now())
    return report


def awaited(site: Site) -> bool:
    """Whether batches are in that the newest portraits were made without."""
    return bool(_pending(site.lake, "snapshot", record_batches(site.registry)))


def refreshed(
    site: Site,
    lease: Lease,
    *,
    as_of: date | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> RefreshReport:
    """`refresh` for a caller who holds the lease."""
    tell = progress or (lambda _step, _share: None)
    day = as_of or site.today
    start = perf_counter()
    memory, threads = site.settings.engine_memory, site.settings.engine_threads
    with closing(bare_engine(site.lake, memory=memory, threads=threads)) as engine:
        batches = record_batches(site.registry)
        with site.registry.connect() as connection:
            meant = meant_runs(connection)
        engine.register("linked", links(site.registry))
        tell(sentence("核对记录"), 0.0)
        _refresh_verdicts(site, engine, batches, full)
        lease.check()
        tell(sentence("汇总证据"), 0.1)
        kinds = {*SCORED, *evidence_rule().facts}
        shows = keep(site.lake, engine, _aligned(site, meant))
        since = cache(lambda version: altered(site.lake, engine, version, kinds))
        cells_done, count = _refresh_cells(site, engine, batches, shows, since, full)
        lease.check()
        middle = perf_counter()
        tell(sentence("计算画像"), 0.5)
        full = full or cells_done == "full"
        portraits_done, persons = _refresh_snapshot(site, engine, batches, shows, since, day, full)
        _keep_runs(site, meant)
        end = perf_counter()
        tell(sentence("归并文件"), 0.9)
        lease.check()
        folded = tidy(site.lake)
        tell(sentence("完成"), 1.0)
    return RefreshReport(
        day,
        cells_done,
        portraits_done,
        count,
        persons,
        {"cells": middle - start, "portraits": end - middle, "files": perf_counter() - end},
        folded,
    )


# --- which classes they are of -------------------------------------------------------------------------------


def _keep_runs(site: Site, meant: Mapping[int, int | None]) -> None:
    """Let readers see the classes. Last of all: a refresh that was killed before it finds them moved again."""
    with site.registry.connect() as connection:
        moved = moved_runs(connection, meant)
    if moved:
        with site.registry.begin() as connection:
            keep_runs(connection, meant, moved)
    known = sorted((run, one) for run, one in meant.items() if one is not None)
    mark = _number(str(known)) if known else 0
    if (site.lake.mark("link", "runs") or 0) != mark:
        # A commit is what readers look for.
        site.lake.commit("link", LINK_SCHEMA.empty_table(), {"runs": mark})


# --- which records count -------------------------------------------------------------------------------------


def _refresh_verdicts(
    site: Site, engine: duckdb.DuckDBPyConnection, batches: RecordBatches, full: bool
) -> None:
    lake, rule, said = site.lake, doubt_rule(), rulings(site.registry)
    law = _number(rule.numbers())
    pending = _pending(lake, "verdict", batches)
    everything = full or not lake.fits("verdict") or lake.mark("verdict", "law") != law
    ruled = (lake.mark("verdict", "ruling") or 0) != said.digest
    bind(engine, lake, "link")
    moved = "account, person FROM"
    relinked = bool(
        engine.execute(
            f"(SELECT {moved} linked EXCEPT SELECT {moved} link) UNION ALL "
            f"(SELECT {moved} link EXCEPT SELECT {moved} linked) LIMIT 1"
        ).fetchall()
    )
    if pending or everything or ruled or relinked:
        judge(
            lake,
            engine,
            Said(said.void_records, said.void_keys, said.decided, said.confirmed, said.records, said.keys),
            rule,
            pending=pending,
            unfinished=batches.open,
            ruled=ruled,
            relinked=relinked,
            everything=everything,
            marks={"law": law, "ruling": said.digest, **_marks(batches)},
        )
    engine.execute("DROP VIEW link")


def _bind_counted(
    engine: duckdb.DuckDBPyConnection, lake: Lake, files: Sequence[str], batches: RecordBatches
) -> None:
    """`record` is what counts, out of these files."""
    bind(engine, lake, "verdict")
    bind_files(engine, "record", files, lake.lacking("record"), view="landed")
    engine.execute(
        f"CREATE OR REPLACE VIEW record AS {counted('SELECT * FROM landed', counting(unfinished=batches.open))}"
    )


# --- records → cells -----------------------------------------------------------------------------------------


def _aligned(site: Site, meant: Mapping[int, int | None]) -> pa.Table:
    known = indicators().values()
    scored, listed = [n.code for n in known if n.scored], [n.code for n in known if not n.scored]
    return alignments(site.registry, scored, listed, meant)


def _refresh_cells(
    site: Site,
    engine: duckdb.DuckDBPyConnection,
    batches: RecordBatches,
    shows: int,
    since: Since,
    full: bool,
) -> tuple[str, int]:
    lake, facts, verified = site.lake, evidence_rule().facts, hours_rule().verified
    shape = _number(f"{sorted(SCORED)}|{sorted(facts)}|{sorted(verified)}")
    pending = _pending(lake, "cell", batches)
    changed = _changed(lake, engine, "cell", since)
    made_of = {"verdict": _version(lake, "verdict"), "aligned": shows}
    if full or lake.mark("cell", "shape") != shape or not lake.fits("cell") or changed is None:
        _bind_counted(engine, lake, lake.files("record"), batches)
        made = _reader(
            engine,
            portable(cells(lake.buckets, facts, verified)) + " ORDER BY bucket, account",
            CELL_SCHEMA,
        )
        lake.commit("cell", made, {"shape": shape, **made_of, **_marks(batches)}, replace="")
        mode, count = "full", len(batches.done)
    elif pending or changed:
        # Of accounts whose records came to count or to show something, or ceased to, the difference to what the cells say of them now.
        _register_accounts(engine, "changed", changed)
        again = cells(
            lake.buckets,
            facts,
            verified,
            record.c.account.in_(select(column("account")).select_from(named("changed"))),
        )
        parts = []
        if changed:
            bind(engine, lake, "cell")
            _bind_counted(engine, lake, _files_of(lake, changed), batches)
            engine.execute(f"CREATE OR REPLACE TEMP TABLE again AS {portable(again)}")
            parts += ["SELECT * FROM again", _taken_back()]
        _bind_counted(engine, lake, lake.files_holding("record", "batch", pending), batches)
        fresh = and_(
            record.c.batch.in_(pending),
            record.c.account.not_in(select(column("account")).select_from(named("changed"))),
        )
        parts.append(portable(cells(lake.buckets, facts, verified, fresh)))
        made = _reader(
            engine, f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY bucket, account", CELL_SCHEMA
        )
        lake.commit("cell", made, {**made_of, **_marks(batches)})
        mode, count = "batch", len(pending)
    else:
        if any(lake.mark("cell", name) != version for name, version in made_of.items()):
            lake.commit("cell", CELL_SCHEMA.empty_table(), made_of)
        mode, count = "none", 0
    return mode, count


def _changed(lake: Lake, engine: duckdb.DuckDBPyConnection, name: str, since: Since) -> list[int] | None:
    """The accounts whose records count otherwise, or show something else, than when a table was made; None when that cannot be
    told, or when they are so many that making everything again is less."""
    counted, shown = (
        changed_accounts(lake, engine, lake.mark(name, "verdict")),
        since(lake.mark(name, "aligned")),
    )
    if counted is None or shown is None:
        return None
    everybody = engine.execute("SELECT count(*) FROM linked").fetchall()[0][0]
    many = shown.accounts and len(shown.accounts) > ANEW * everybody
    return None if many else sorted({*counted, *shown.accounts})


# --- cells → snapshot ----------------------------------------------------------------------------------------


def _refresh_snapshot(
    site: Site,
    engine: duckdb.DuckDBPyConnection,
    batches: RecordBatches,
    shows: int,
    since: Since,
    day: date,
    full: bool,
) -> tuple[str, int]:
    lake, rule = site.lake, evidence_rule()
    law = _number(str(rule))
    base, said = lake.mark("snapshot", "base"), lake.mark("snapshot", "day")
    if not (lake.fits("snapshot") and lake.fits("prior")):
        base = None
    bind(engine, lake, "cell")
    if base is not None and day_number(day) < base:
        return "full", _write_all(lake, engine, rule, day, base=None, marks={})
    made_of = {"verdict": _version(lake, "verdict"), "aligned": shows}
    marks = {"day": day_number(day), "law": law, **made_of, **_marks(batches)}
    touched = None
    pending = _pending(lake, "snapshot", batches)
    if not full and base is not None and lake.mark("snapshot", "law") == law and _same_month(base, day):
        changed, shown = _changed(lake, engine, "snapshot", since), since(lake.mark("snapshot", "aligned"))
        # Of what was in, evidence may have ceased to show what it did: the priors have learned that from it.
        lost = shown is not None and not shown.before <= set(pending)
        if changed is not None and not lost and not (changed and _turned(lake, engine, rule, pending)):
            touched = _touched(lake, engine, pending, changed)
    if touched is None:
        persons = _write_all(lake, engine, rule, day, base=base, marks=marks)
        mode = "full"
    elif touched or said != day_number(day):
        assert base is not None
        _write_some(lake, engine, rule, day, touched, partition=base, marks=marks)
        mode, persons = "batch", len(touched)
    else:
        if pending or lake.mark("snapshot", "aligned") != shows:  # of nobody known; looked at all the same
            lake.commit("snapshot", SNAPSHOT_SCHEMA.empty_table(), marks)
        return "none", 0
    if touched is None or touched:
        lake.commit(
            "link", engine.sql("SELECT * FROM linked").to_arrow_table().cast(LINK_SCHEMA), {}, replace=""
        )
    return mode, persons


def _turned(
    lake: Lake, engine: duckdb.DuckDBPyConnection, rule: EvidenceRule, pending: Sequence[int]
) -> bool:
    """Whether evidence that had been in before the newest snapshot ceased to count, or began to: the priors have learned from it
    (or from its lack), and by them it would go on in everybody's figures."""
    accounts = turn(lake, engine, lake.mark("snapshot", "verdict") or 0, pending)
    if not accounts:
        return False
    kinds = ", ".join(str(int(kind)) for kind in sorted({*SCORED, *rule.facts}))
    bind_files(engine, "record", _files_of(lake, accounts), lake.lacking("record"), view="landed")
    shows = "(course <> 0 OR run <> 0)"
    found = engine.execute(
        f"SELECT 1 FROM landed JOIN turned USING (batch, line) WHERE kind IN ({kinds}) AND {shows} LIMIT 1"
    ).fetchall()
    return bool(found)


def _touched(
    lake: Lake, engine: duckdb.DuckDBPyConnection, pending: Sequence[int], changed: Sequence[int]
) -> list[int] | None:
    """The persons whose evidence or accounts changed since the newest snapshot; None when they are so many that the
    priors should be learned again."""
    bind_files(engine, "record", lake.files_holding("record", "batch", pending), lake.lacking("record"))
    bind(engine, lake, "link")
    _register_accounts(engine, "changed", changed)
    listed = ", ".join(str(number) for number in pending) or "NULL"
    found = engine.execute(
        f"""
        SELECT DISTINCT person FROM linked
        WHERE account IN (SELECT account FROM record WHERE batch IN ({listed}) UNION SELECT account FROM changed)
        UNION SELECT person FROM (SELECT * FROM linked EXCEPT SELECT * FROM link)
        UNION SELECT person FROM (SELECT * FROM link EXCEPT SELECT * FROM linked)
        ORDER BY person
        """
    ).fetchall()
    engine.execute("DROP VIEW link")
    everybody = engine.execute("SELECT count(DISTINCT person) FROM linked").fetchall()[0][0]
    return [row[0] for row in found] if len(found) <= RELEARN * everybody else None


def _write_all(
    lake: Lake,
    engine: duckdb.DuckDBPyConnection,
    rule: EvidenceRule,
    day: date,
    *,
    base: int | None,
    marks: dict[str, int],
) -> int:
    """Learn the priors and write everybody's portrait as of a day, in the place of the day's and of the base's month."""
    engine.execute("CREATE OR REPLACE TEMP VIEW link AS SELECT * FROM linked")
    gather(engine, rule, day, some=False)
    priors = learn(engine, rule, day)
    partition, seq = day_number(day), _next_seq(lake)
    made = figures(engine, priors, rule, partition=partition, seq=seq, buckets=lake.buckets)
    reader = pa.RecordBatchReader.from_batches(SNAPSHOT_SCHEMA, made)
    replaced = {partition, *([base] if base is not None and _same_month(base, day) else [])}
    if marks:
        lake.commit("prior", prior_table(priors, day, seq), {}, replace=None if lake.fits("prior") else "")
        marks = {**marks, "base": partition, "prior": seq}
    where = " OR ".join(f"as_of = {one}" for one in sorted(replaced))
    lake.commit("snapshot", reader, marks, replace=where if lake.fits("snapshot") else "")
    persons: int = engine.execute("SELECT count(DISTINCT person) FROM mass").fetchall()[0][0]
    return persons


def _write_some(
    lake: Lake,
    engine: duckdb.DuckDBPyConnection,
    rule: EvidenceRule,
    day: date,
    touched: Sequence[int],
    *,
    partition: int,
    marks: dict[str, int],
) -> None:
    """Append the portraits of these persons to the newest snapshot, under the priors that it was made with."""
    seq = _next_seq(lake)
    made: Iterator[pa.RecordBatch] = iter(())
    if touched:
        engine.register("touched", pa.table({"person": pa.array(touched, pa.int64())}))
        engine.execute(
            "CREATE OR REPLACE TEMP TABLE link AS SELECT linked.* FROM linked JOIN touched USING (person)"
        )
        gather(engine, rule, day, some=True)
        held = {row[0] for row in engine.execute("SELECT DISTINCT person FROM mass").fetchall()}
        priors = read_priors(lake, engine)
        made = chain(
            figures(engine, priors, rule, partition=partition, seq=seq, buckets=lake.buckets),
            [
                gone(
                    [one for one in touched if one not in held],
                    partition=partition,
                    seq=seq,
                    buckets=lake.buckets,
                )
            ],
        )
    lake.commit("snapshot", pa.RecordBatchReader.from_batches(SNAPSHOT_SCHEMA, made), marks)


# --- what is in and what is not ------------------------------------------------------------------------------
#
# A table remembers the batches it holds as marks set by the commit that brought them in: `through` = all finished
# batches up to this id, and one mark by key for each later one (a batch may finish after a younger one).


def _pending(lake: Lake, name: str, batches: RecordBatches) -> list[int]:
    table = lake.table(name)
    through = (table.transaction_version("through") if table else None) or 0
    return [
        number
        for number, key in batches.done.items()
        if number > through and (table is None or table.transaction_version(f"batch:{key}") is None)
    ]


def _marks(batches: RecordBatches) -> dict[str, int]:
    """The marks of a table that holds all finished batches."""
    through = min(batches.open, default=max(batches.done, default=0) + 1) - 1
    return {
        "through": through,
        **{f"batch:{key}": 1 for number, key in batches.done.items() if number > through},
    }


def _version(lake: Lake, name: str) -> int:
    found = lake.table(name)
    return found.version() if found else -1


def _register_accounts(engine: duckdb.DuckDBPyConnection, name: str, accounts: Sequence[int]) -> None:
    engine.register(name, pa.table({"account": pa.array(accounts, pa.int64())}))


def _files_of(lake: Lake, accounts: Sequence[int]) -> list[str]:
    """The files that may hold these accounts; so many lie everywhere, and looking would take longer than reading."""
    return (
        lake.files("record")
        if len(accounts) > EVERYWHERE
        else lake.files_holding("record", "account", accounts)
    )


def _taken_back() -> str:
    """The negation of what the cells of the changed accounts add up to."""
    sums = ", ".join(f"(-sum({name}))::bigint AS {name}" for name in ("n", "sw", "swy", "swyy", "swa"))
    return (
        f"SELECT account, indicator, month, kind, {sums}, bucket FROM cell "
        f"WHERE account IN (SELECT account FROM changed) GROUP BY account, indicator, month, kind, bucket"
    )


def _next_seq(lake: Lake) -> int:
    table = lake.table("snapshot")
    return table.version() + 1 if table else 0


def _same_month(base: int, day: date) -> bool:
    return month_number(DAY_ZERO + timedelta(days=base)) == month_number(day)


def _reader(engine: duckdb.DuckDBPyConnection, sql: str, schema: pa.Schema) -> pa.RecordBatchReader:
    found: pa.RecordBatchReader = engine.sql(sql).to_arrow_reader(250_000)
    return found.cast(schema)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

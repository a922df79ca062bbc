"""The quarantined rows of one batch stored as a replay: a batch of its own, counted in its origin too.

Killed at any point it can be told from the lake what of it is in, and called again it ends the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from portrait import clock
from portrait.intake import mapping as source_mapping
from portrait.intake.absence import crossed, taken_back
from portrait.intake.archive import keep_text
from portrait.intake.bench import Bench
from portrait.intake.clash import came_before, clash
from portrait.intake.judge import refused
from portrait.intake.land import Landing, add, landing, make_known, strangers, unmatched
from portrait.intake.mapping import Stream
from portrait.intake.ordinal import continues, landed_ids, stage_again
from portrait.intake.outdated import outdated
from portrait.intake.program import Program
from portrait.intake.recipe import arrival_of, mapping_now, remapped
from portrait.intake.register import register
from portrait.intake.review import read_rows
from portrait.lake.engine import bind
from portrait.sentence import Sentence, in_turn, listed, sentence
from portrait.store.batch import (
    Batch,
    Counts,
    batch_of,
    close_batch,
    drop_replay,
    open_replay,
    recount_batch,
    replays,
    unfinished_replay,
)
from portrait.store.lease import Lease
from portrait.store.link import link_accounts, unlinked
from portrait.store.quarantine import Place, Refused, places, restate, take
from portrait.store.seal import note_written

NOTHING_SAID = Sentence("")


@dataclass(frozen=True)
class ReplayReport:
    """How many rows were read again, and what became of them; `still` are bad as before, `passed` say that nobody was there.
    `message` is what is to be known of them besides."""

    rows: int
    stored: int
    duplicate: int
    still: int
    passed: int = 0
    message: Sentence = NOTHING_SAID

    def __add__(self, other: ReplayReport) -> ReplayReport:
        return ReplayReport(
            self.rows + other.rows,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.still + other.still,
            self.passed + other.passed,
            in_turn(dict.fromkeys((self.message, other.message))),
        )


NOTHING = ReplayReport(0, 0, 0, 0)


def read_again(
    bench: Bench, lease: Lease, origin: Batch, rows: Sequence[Place], by: str, given: str
) -> ReplayReport:
    mapping, stream = mapping_now(bench.site, origin, given)
    if origin.target == "record":
        return _records(bench, lease, origin, rows, mapping, stream, by)
    if not rows:
        return NOTHING
    return _registered(bench, lease, origin, rows, mapping, stream, by)


def _open(
    bench: Bench, connection: Connection, origin: Batch, mapping: source_mapping.Mapping, by: str
) -> Batch:
    recipe = keep_text(bench.site.archive, mapping.text)
    return open_replay(connection, origin, now=clock.now(), mapping=mapping.label, recipe=recipe, by=by[:60])


def _records(
    bench: Bench,
    lease: Lease,
    origin: Batch,
    rows: Sequence[Place],
    mapping: source_mapping.Mapping,
    stream: Stream,
    by: str,
) -> ReplayReport:
    """Accounts first, then the records in one commit, then the ledger: what a crash leaves can be told from the lake."""
    site, engine = bench.site, bench.engine
    with site.registry.connect() as connection:
        begun = unfinished_replay(connection, origin.id)
        landed = landed_ids(engine, site.lake, begun) if begun else {}
        asked = {row.id for row in rows}
        undecided = [row for row in places(connection, origin.id, state="") if row.replay is None]
    rows = [row for row in undecided if row.id in asked or row.line in landed]
    if not rows:
        settle(bench, origin)
        return NOTHING
    with read_rows(bench, origin, rows, mapping, stream) as found:
        if begun is not None and landed:
            with stage_again(bench, found.program, begun, origin) as staged:
                goes_on = continues(engine, staged, landed)
            if not goes_on:
                settled = _settle(bench, origin, begun, landed)
                rest = [row for row in rows if row.line not in landed]
                return settled + _records(bench, lease, origin, rest, mapping, stream, by)
        if not found.good:
            with site.registry.begin() as connection:
                if begun is not None:
                    drop_replay(connection, begun.id)
                restate(connection, found.still)
            return ReplayReport(len(rows), 0, 0, len(found.still))
        lease.check()
        with site.registry.begin() as connection:
            batch = _open(bench, connection, origin, mapping, by)
            theirs = f"SELECT v_account AS account FROM {found.program.judged} WHERE _selected AND NOT _bad"
            make_known(engine, connection, found.program, theirs)
            link_accounts(connection, clock.now())
        with stage_again(bench, found.program, batch, origin) as staged:
            anywhere = remapped(site, mapping, batch.recipe or "")
            bind(engine, site.lake, "record")
            name, undone = f"{batch.key}:0/1", site.unfinished()
            add(engine, site.lake, lease, staged, 0, name, anywhere=anywhere, undone=undone)
        lease.check()
        lost = _lost(bench, found.program, origin, batch)
        stored = landing(engine, site.lake, batch)
        crosses = crossed(engine, found.program)
        gone = taken_back(engine, site.lake, found.program, batch, site.unfinished())
        told = in_turn([*_crosses_told(crosses), *gone, *([lost] if lost else [])])
        with site.registry.begin() as connection:
            good, passed = list(found.good.values()), sum(crosses.values())
            return _close(
                bench, connection, origin, batch, good, found.still, stored, passed=passed, told=told
            )


def _lost(bench: Bench, program: Program, origin: Batch, batch: Batch) -> Sentence | None:
    """Which rows of a replay are no records of their own, beside each other and beside what came in of the same file before."""
    with bench.site.registry.connect() as connection:
        before = [origin.id, *(one.id for one in replays(connection, origin.id) if one.id != batch.id)]
    came = came_before(bench.engine, bench.site.lake, before)
    return clash(bench.engine, program, came).told(program.stream.key)


def _crosses_told(crosses: Mapping[str, int]) -> list[Sentence]:
    if not crosses:
        return []
    whys = [sentence("{why} {n} 行", why=sentence(why), n=f"{n:,}") for why, n in crosses.items()]
    return [sentence("略过 {n} 行：{what}", n=f"{sum(crosses.values()):,}", what=listed(whys))]


def _registered(
    bench: Bench,
    lease: Lease,
    origin: Batch,
    rows: Sequence[Place],
    mapping: source_mapping.Mapping,
    stream: Stream,
    by: str,
) -> ReplayReport:
    """Rows of a roster: all in one transaction of the registry."""
    with read_rows(bench, origin, rows, mapping, stream) as found:
        old = outdated(bench, origin, found.program) if found.good else set()
        lease.check()
        with bench.site.registry.begin() as connection:
            stored, late = register(
                bench.engine,
                connection,
                found.program,
                clock.now(),
                old,
                day=arrival_of(bench.site, origin),
                batch=origin.id,
            )
            taken = refused(bench.engine, found.program, late, set(late))
            still = found.still + [(found.good[row.line].id, row) for row in taken]
            good = [row for line, row in found.good.items() if line not in late]
            if good:
                batch = _open(bench, connection, origin, mapping, by)
                strange = 0
                if origin.target == "trainee":
                    nobodys = unlinked(connection, batch.source)
                    strange, _ = strangers(bench.engine, found.program, batch, nobodys)
                report = _close(bench, connection, origin, batch, good, still, Landing(stored, 0), strange)
            else:
                restate(connection, still)
                report = ReplayReport(len(rows), 0, 0, len(still))
    bench.known.forget(origin.target)
    return report


def _close(
    bench: Bench,
    connection: Connection,
    origin: Batch,
    batch: Batch,
    good: Sequence[Place],
    still: Sequence[tuple[int, Refused]],
    landed: Landing,
    strange: int = 0,
    *,
    passed: int = 0,
    told: Sentence = NOTHING_SAID,
) -> ReplayReport:
    """Write into the ledger what became of the rows, in the replay's own counts and in its origin's. Rows that are `passed` over, for
    they say that nobody was there, are no rows read of either, as in a file that came in so."""
    now = clock.now()
    take(connection, [row.id for row in good], batch.id, batch.by, now)
    restate(connection, still)
    if batch.target == "record":
        link_accounts(connection, now)
        strange = unmatched(bench.engine, batch, unlinked(connection, batch.source))
    counts = Counts(
        rows_read=len(good) + len(still) - passed,
        rows_stored=landed.stored,
        rows_duplicate=len(good) - passed - landed.stored,
        rows_quarantined=len(still),
        rows_passed=passed,
        rows_doubtful=landed.doubtful,
        rows_unmatched=strange,
    )
    close_batch(connection, batch.id, counts, told, now)
    if batch.target == "record":
        note_written(connection, bench.site.lake.written)
    before = batch_of(connection, origin.id).counts
    recount_batch(
        connection,
        origin.id,
        replace(
            before,
            rows_read=before.rows_read - passed,
            rows_passed=before.rows_passed + passed,
            rows_stored=before.rows_stored + counts.rows_stored,
            rows_duplicate=before.rows_duplicate + counts.rows_duplicate,
            rows_quarantined=before.rows_quarantined - len(good),
            rows_doubtful=before.rows_doubtful + counts.rows_doubtful,
            rows_unmatched=before.rows_unmatched + counts.rows_unmatched,
        ),
    )
    return ReplayReport(
        counts.rows_read + passed,
        counts.rows_stored,
        counts.rows_duplicate,
        counts.rows_quarantined,
        passed,
        told,
    )


def settle(bench: Bench, origin: Batch) -> None:
    """Close an interrupted replay of a batch with the rows of it that the lake holds; forget it when there are none."""
    with bench.site.registry.connect() as connection:
        begun = unfinished_replay(connection, origin.id)
    if begun is not None:
        _settle(bench, origin, begun, landed_ids(bench.engine, bench.site.lake, begun))


def _settle(bench: Bench, origin: Batch, begun: Batch, landed: Mapping[int, bytes]) -> ReplayReport:
    with bench.site.registry.begin() as connection:
        if not landed:
            drop_replay(connection, begun.id)
            return NOTHING
        rows = [row for row in places(connection, origin.id, state="") if row.line in landed]
        found = landing(bench.engine, bench.site.lake, begun)
        return _close(bench, connection, origin, begun, rows, [], found, passed=found.absent)

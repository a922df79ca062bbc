"""The lake made again from the archive and the ledger: every batch and every replay in the order in which they were done.

The old lake is read until the new one stands. Records get the ids, columns, batches and lines that they had; sums follow.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from portrait.errors import InputError
from portrait.identity import NAMING, has_secret
from portrait.intake.absence import absent_sql
from portrait.intake.activity import name_activities
from portrait.intake.archive import sound
from portrait.intake.bench import Bench, clear, open_bench, set_up, set_up_over, sweep
from portrait.intake.door import silent
from portrait.intake.judge import tally
from portrait.intake.land import (
    PART_ROWS,
    Landing,
    add,
    came_sql,
    land,
    landing,
    make_known,
    stage,
    unstage,
)
from portrait.intake.mend import cells_of
from portrait.intake.ordinal import stage_again
from portrait.intake.program import Program
from portrait.intake.recipe import arrival_of, files_again, joined_again, mapping_then
from portrait.intake.reread import reread
from portrait.lake.engine import bind
from portrait.lake.snapshot import DAY_ZERO, day_number
from portrait.lake.table import DAMAGED, Lake, Standing, rebuilds
from portrait.record import DOUBTFUL
from portrait.refresh import refreshed
from portrait.renumber import finish, renumbering
from portrait.resource import DATA
from portrait.site import Site
from portrait.store.batch import Batch, batch_of, record_ledger, recount_batch
from portrait.store.lease import Lease, writing
from portrait.store.quarantine import Place, places
from portrait.store.seal import held, note_written

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is behind (0..1)

RECORDS = 0.8  # of the whole; the rest are cells and portraits


@dataclass(frozen=True)
class RebuildReport:
    """What the new lake holds. `recounted` are batches whose counts were not those of the lake; they are now."""

    batches: int
    replays: int
    records: int
    buckets: int
    days: tuple[date, ...]  # of the portraits, the newest first
    recounted: tuple[int, ...]
    renumbered: tuple[int, ...] = ()  # accounts that have got the number that they have by the rules of today
    unread: tuple[str, ...] = ()  # of the old lake, so that what was said of their records could not follow
    rekeyed: tuple[int, ...] = ()  # persons whose key was a number or held one, and does no more
    told: bool = True  # whether the old lake could say of which days it had portraits; else there may have been more of them


def rebuild(site: Site, *, progress: Progress | None = None, wait_seconds: float = 0.0) -> RebuildReport:
    """Make the lake again, in as many buckets as the setting says, and let it take the place of the old one.

    Killed and called again it goes on with the first batch that was not done. Raises InputError when the archive lacks a
    file and MappingError when a mapping was not kept, both before anything is written; LakeBusy when another process writes.

    Accounts that have a number by the rules of before get that of today (portrait.renumber), and keep what people said of them. Persons
    whose keys show a number get a key that shows none.
    """
    tell = progress or (lambda _step, _share: None)
    with writing(site.registry, wait_seconds=wait_seconds) as lease:
        sweep(site)
        tell("核对存档", 0.0)
        moves, people = finish(site)
        with site.registry.connect() as connection:
            ledger = record_ledger(connection)
        moved = _checked(site, ledger)
        standing = Standing(str(_rebuilds(site) + 1), site.settings.lake_buckets)
        site.lake.say_owner()
        half = _half(site, standing)
        made = Site(site.settings, site.registry, Lake(half, standing.buckets))
        _records(made, lease, ledger, moved, half, tell)
        with renumbering(site, made) as renumbered:
            renumbered.carry()
            days, told = _days(site)
            for place, day in enumerate(days):
                tell(f"计算 {day} 的画像", RECORDS + (1 - RECORDS) * place / len(days))
                refreshed(made, lease, as_of=day)
            lease.check()
            renumbered.keep(half)
            site.lake.stand(standing)
            with site.registry.begin() as connection:
                note_written(connection, site.lake.written)
            renumbered.drop()
            moves += renumbered.moves
            people += renumbered.people
        if renumbered.moves:
            refreshed(site, lease, as_of=days[0])  # with what was decided while the portraits were made
        for left in (half / "plan", half / "done"):
            left.unlink(missing_ok=True)
        recounted, records = _recount(site, ledger)
        tell("完成", 1.0)
    replays = sum(batch.origin is not None for batch in ledger)
    return RebuildReport(
        len(ledger) - replays,
        replays,
        records,
        standing.buckets,
        tuple(days),
        tuple(recounted),
        tuple(one.new for one in moves),
        renumbered.unread,
        tuple(one.id for one in people),
        told,
    )


def _rebuilds(site: Site) -> int:
    """How often the lake was rebuilt, as far as it is there itself or the registry knows of one that is not."""
    return max(int(site.lake.standing.root or 0), rebuilds(held(site.registry).written or 0))


def _checked(site: Site, ledger: Sequence[Batch]) -> frozenset[str]:
    """The sources whose records came in by more than one mapping: the same record may be read into another month then.

    Raises InputError or MappingError for the first batch that cannot be read as it was.
    """
    if ledger and not has_secret(site.settings.home):
        raise InputError("家目录里没有 secret.key，手机号、邮箱、身份证号的账号会对不上，请从备份恢复")
    seen: set[str] = set()
    mappings: dict[str, set[tuple[str, str]]] = {}
    for batch in ledger:
        main, joined = files_again(site, batch)
        mapping, _ = mapping_then(site, batch)
        meaning = "|".join(mapping.digest(stream) for stream in mapping.streams)
        mappings.setdefault(batch.source, set()).add((mapping.name, meaning))
        for file in (main, *joined.values()):
            if file.content not in seen and not sound(site.archive, file.content):
                raise InputError(
                    f"第 {batch.id} 号批次的原始文件 {file.name} 在存档里已不是原来的内容"
                    f"（archive/{file.content[:2]}/{file.content}），请从备份恢复"
                )
            seen.add(file.content)
        if batch.origin is not None:
            for row in _rows(site, batch):
                cells_of(site.archive, row.mended)
    return frozenset(source for source, found in mappings.items() if len(found) > 1)


def _half(site: Site, standing: Standing) -> Path:
    """The folder of the new lake: what an interrupted rebuild left of just this one, else empty."""
    half, rules = site.lake.folder / standing.root, (DATA / "rules/quality.yaml").read_bytes()
    plan = hashlib.sha256(f"{standing}|{NAMING}".encode() + rules).hexdigest()
    begun = half / "plan"
    if not begun.exists() or begun.read_text() != plan:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        begun.write_text(plan)
    return half


def _days(site: Site) -> tuple[list[date], bool]:
    """The days that the old lake has portraits of, the newest first, and whether it could tell them all; today when it tells none.

    A lake is rebuilt because it is damaged, too. Where its log cannot be read, folders tell the newest day of each month before this one:
    while a month goes on, portraits of a day take the place of those of the day before, whose files stay for a while.
    """
    lake, found, told = site.lake, set[int](), False
    with suppress(*DAMAGED):
        newest, base = lake.mark("snapshot", "day"), lake.mark("snapshot", "base")
        if newest is not None:
            found.add(newest)
            found.update(day for day in lake.parts("snapshot", "as_of") if base is None or day < base)
        told = lake.made
    if told:
        return _dates(found) or [site.today], True
    first = day_number(site.today.replace(day=1))
    months = {(day.year, day.month): day for day in reversed(_dates(lake.folders("snapshot", "as_of")))}
    past = [day for day in months.values() if day_number(day) < first]
    return _dates(found) or [site.today, *sorted(past, reverse=True)], False


def _dates(numbers: Iterable[int]) -> list[date]:
    """Days by their numbers, the newest first."""
    return [DAY_ZERO + timedelta(days=number) for number in sorted(numbers, reverse=True)]


def _records(
    site: Site, lease: Lease, ledger: Sequence[Batch], moved: frozenset[str], half: Path, tell: Progress
) -> None:
    """Land the batches that have not landed yet."""
    path = half / "done"
    done = set(path.read_text().split()) if path.exists() else set()
    with open_bench(site) as bench:
        for place, batch in enumerate(ledger):
            tell(f"第 {batch.id} 号批次：{batch.file}", RECORDS * place / len(ledger))
            if batch.key in done:
                continue
            bench.anywhere = batch.source in moved
            if batch.origin is None:
                _batch(bench, lease, batch)
            else:
                _replay(bench, lease, batch)
            with path.open("a") as file:
                file.write(f"{batch.key}\n")


def _batch(bench: Bench, lease: Lease, batch: Batch) -> None:
    site, engine = bench.site, bench.engine
    mapping, stream = mapping_then(site, batch)
    main, files = files_again(site, batch)
    program = set_up(bench, mapping, stream, main, joined_again(batch, stream, files))
    staged = stage(
        engine,
        program,
        batch,
        tally(engine, program).read,
        arrival=arrival_of(site, batch),
        buckets=site.lake.buckets,
        part_rows=PART_ROWS,
        folder=bench.staging,
    )
    land(engine, site.lake, lease, staged, silent, anywhere=bench.anywhere)
    unstage(engine, staged)
    _known(bench, program, batch)
    clear(bench, program)


def _replay(bench: Bench, lease: Lease, batch: Batch) -> None:
    site = bench.site
    assert batch.origin is not None
    with site.registry.connect() as connection:
        origin = batch_of(connection, batch.origin)
    rows = _rows(site, batch)
    mapping, stream = mapping_then(site, batch)
    main, files = files_again(site, batch)
    with reread(bench, stream, main, {row.line: cells_of(site.archive, row.mended) for row in rows}) as raw:
        program = set_up_over(bench, mapping, stream, raw, joined_again(batch, stream, files))
        with stage_again(bench, program, batch, origin) as staged:
            bind(bench.engine, site.lake, "record")
            add(bench.engine, site.lake, lease, staged, 0, f"{batch.key}:0/1", anywhere=bench.anywhere)
        _known(bench, program, batch)
        clear(bench, program)


def _known(bench: Bench, program: Program, batch: Batch) -> None:
    """Register the accounts of a batch: a login may be taken for another kind than when it came in, and has another number then. And
    the names of its activities: when it came in, these may not have been read yet."""
    landing(bench.engine, bench.site.lake, batch)
    with bench.site.registry.begin() as connection:
        make_known(bench.engine, connection, program, came_sql(batch))
        name_activities(bench.engine, connection, program)


def _rows(site: Site, batch: Batch) -> list[Place]:
    """The rows that a replay took."""
    assert batch.origin is not None
    with site.registry.connect() as connection:
        return [row for row in places(connection, batch.origin, state="replayed") if row.replay == batch.id]


def _recount(site: Site, ledger: Sequence[Batch]) -> tuple[list[int], int]:
    """The batches whose rows the new lake has counted otherwise, put right in the ledger; and how many records there are.

    It happens where a batch was interrupted, another with some of the same rows came in, and the first was then finished.
    """
    engine = site.engine()
    bind(engine, site.lake, "record")
    found = engine.execute(
        f"SELECT batch, count(*), count(*) FILTER (flag & {int(DOUBTFUL)} <> 0) FROM record "
        f"WHERE NOT {absent_sql()} GROUP BY batch"
    ).fetchall()
    engine.close()
    landed = {batch: Landing(stored, doubtful) for batch, stored, doubtful in found}
    families: dict[int, list[Landing]] = {batch.id: [] for batch in ledger}
    for batch in ledger:
        for number in {batch.id, batch.origin or batch.id}:
            families[number].append(landed.get(batch.id, Landing(0, 0)))
    changed = []
    with site.registry.begin() as connection:
        for number, family in families.items():
            before = batch_of(connection, number).counts
            stored = sum(one.stored for one in family)
            now = replace(
                before,
                rows_stored=stored,
                rows_duplicate=before.rows_read - before.rows_quarantined - stored,
                rows_doubtful=sum(one.doubtful for one in family),
            )
            if now != before:
                recount_batch(connection, number, now)
                changed.append(number)
    return changed, sum(one.stored for one in landed.values())

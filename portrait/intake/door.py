"""The door: files in, records and registry rows out, with a ledger in which every row is accounted for.

A batch is one file × one stream. Whatever happens in between, running again ends as an uninterrupted run would have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

from portrait import clock
from portrait.errors import InputError, PortraitError
from portrait.intake.absence import taken_back
from portrait.intake.activity import name_activities
from portrait.intake.archive import keep, keep_text, place
from portrait.intake.ask import many
from portrait.intake.bench import Bench, Input, check_numbers, clear, open_bench, set_up, sweep
from portrait.intake.clash import clash
from portrait.intake.dateless import dateless_told
from portrait.intake.elsewhere import elsewhere, strange_codes, taken_for, unknown_codes
from portrait.intake.find import by_sheet, files_of, joined_file
from portrait.intake.former import called_told
from portrait.intake.handed import handed_in
from portrait.intake.judge import no_data, passed, refuse_undated, refused, tally, where_passed, year_told
from portrait.intake.land import (
    PART_ROWS,
    Progress,
    came_sql,
    land,
    landing,
    make_known,
    record_key,
    stage,
    strangers,
    unstage,
)
from portrait.intake.mapping import Mapping, Stream, load_mapping
from portrait.intake.program import Program
from portrait.intake.recipe import arrival_of, batch_key, remapped
from portrait.intake.register import register
from portrait.intake.run import rosters_told, runs_told
from portrait.intake.seated import seats_told
from portrait.intake.stranger import strangers_told
from portrait.intake.stray import Stray, strays
from portrait.sentence import Sentence, in_turn, listed, sentence
from portrait.site import Site
from portrait.store.batch import Batch, Counts, close_batch, fail_batch, open_batch
from portrait.store.lease import Lease, writing
from portrait.store.link import asked_about, link_accounts, unlinked
from portrait.store.quarantine import Refused, store_refused
from portrait.store.ruling import Ruling, rule
from portrait.store.seal import note_written

DELETED = "平台作废或删除了这条记录"
REASONS = 20  # of what was passed over are told one by one
FEW = 5  # codes that a sentence names


@dataclass(frozen=True)
class BatchReport:
    """What became of one file in one stream. `taken_before` says that an earlier batch had already taken all of it."""

    batch: int
    source: str
    stream: str
    target: str
    file: str
    counts: Counts
    codes: tuple[tuple[str, int], ...] = ()  # reasons of quarantine, the commonest first
    message: str = ""
    taken_before: bool = False
    passed: tuple[
        tuple[str, int], ...
    ] = ()  # why rows were passed over: no data of the sheet first, then by the mapping, the commonest first

    @property
    def rows_read(self) -> int:
        return self.counts.rows_read

    @property
    def rows_stored(self) -> int:
        return self.counts.rows_stored

    @property
    def rows_duplicate(self) -> int:
        return self.counts.rows_duplicate

    @property
    def rows_quarantined(self) -> int:
        return self.counts.rows_quarantined


def silent(_text: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class TakenIn:
    """What became of what was handed in: the batches, and the files that the mapping does not read."""

    reports: tuple[BatchReport, ...]
    strays: tuple[Stray, ...]


def intake(
    site: Site,
    path: Path,
    source: str,
    *,
    by: str,
    progress: Progress | None = None,
    part_rows: int = PART_ROWS,
    wait_seconds: float = 0.0,
) -> list[BatchReport]:
    """The reports of `take_in`, for whom other files do not matter."""
    taken = take_in(
        site, path, source, by=by, progress=progress, part_rows=part_rows, wait_seconds=wait_seconds
    )
    return list(taken.reports)


def take_in(
    site: Site,
    path: Path,
    source: str,
    *,
    by: str,
    progress: Progress | None = None,
    part_rows: int = PART_ROWS,
    wait_seconds: float = 0.0,
) -> TakenIn:
    """Take in a file, folder or zip archive as the mapping `source` says; one report for each file and stream.

    Raises MappingError for the mapping, InputError for a file that is not what the mapping needs (the batch then stands in
    the ledger as failed, nothing of it is stored, and the stream's other files are taken all the same), and LakeBusy when
    another process is writing.
    """
    mapping = load_mapping(source, site.settings.home)
    with handed_in(site, mapping, path) as handed:
        given = handed.given or handed.path
        left = strays(mapping, given, site.settings.home) if given.exists() else ()
        if given.is_file() and left:
            raise InputError(left[0].reason)
        reports = _intake(site, mapping, handed.path, by, progress, part_rows, wait_seconds)
    if handed.taken_back:
        with site.registry.begin() as connection:
            rule(connection, _rulings(mapping.source, "", handed.taken_back, by, site.now))
    if reports and handed.notes:
        told = in_turn((*handed.notes, reports[0].message))
        reports[0] = replace(reports[0], message=told)
    return TakenIn(tuple(reports), left)


def _intake(
    site: Site,
    mapping: Mapping,
    path: Path,
    by: str,
    progress: Progress | None,
    part_rows: int,
    wait_seconds: float,
) -> list[BatchReport]:
    plan = files_of(mapping, path)
    total = sum(len(files) for _, files in plan)
    tell = progress or silent
    reports = []
    with writing(site.registry, wait_seconds=wait_seconds) as lease:
        sweep(site)
        check_numbers(site)
        with open_bench(site) as bench:
            recipe = keep_text(site.archive, mapping.text)
            bench.anywhere = remapped(site, mapping, recipe)
            numbers = count(1)
            for place, (stream, files) in enumerate(plan, 1):
                failures: list[Sentence] = []
                joined = {join.alias: joined_file(path, stream, join.layout) for join in stream.joins}
                for file in files:
                    tell(f"{mapping.source}·{stream.name}·{file.name}（{next(numbers)}/{total}）", 0, 0)
                    sheets, unread = by_sheet(stream, file)
                    for one in sheets:
                        try:
                            report = _take(
                                bench, lease, mapping, recipe, one, file, joined, by, tell, part_rows, unread
                            )
                        except InputError as error:
                            failures.append(error.message)
                        else:
                            reports.append(report)
                if failures:
                    # Later streams may stand on this one: what they lack now they would quarantine.
                    read = {one.name for _, earlier in plan[:place] for one in earlier}
                    later = (one.name for _, waiting in plan[place:] for one in waiting)
                    if waits := list(dict.fromkeys(name for name in later if name not in read)):
                        failures.append(sentence("还没有读的文件：{files}（先改正前面的）", files=waits))
                    raise InputError(reduce(_and, failures))
    return reports


def _and(first: Sentence, then: Sentence) -> Sentence:
    return sentence("{first}；{then}", first=first, then=then)


def _take(
    bench: Bench,
    lease: Lease,
    mapping: Mapping,
    recipe: str,
    stream: Stream,
    file: Path,
    joined: dict[str, Path],
    by: str,
    progress: Progress,
    part_rows: int,
    unread: Sequence[str],
) -> BatchReport:
    site = bench.site
    main = _archived(site, file)
    others = {alias: _archived(site, other) for alias, other in joined.items()}
    now = clock.now()
    batch = open_batch(
        site.registry,
        key=batch_key(mapping, stream, main, others),
        now=now,
        recipe=recipe,
        arrived=site.settings.today or clock.day_of(now),
        source=mapping.source,
        stream=stream.name,
        target=stream.target.name,
        file=main.name[-300:],
        content=main.content,
        inputs=[{"alias": a, "file": o.name, "content": o.content} for a, o in sorted(others.items())],
        mapping=mapping.label,
        by=by[:60],
    )
    if batch.state == "done":
        return _taken_before(batch)
    try:
        program = set_up(bench, mapping, stream, main, others)
        try:
            return _fill(bench, lease, program, batch, progress, part_rows, unread)
        finally:
            clear(bench, program)
    except PortraitError as error:
        fail_batch(site.registry, batch.id, error.message, clock.now())
        raise


def _fill(
    bench: Bench,
    lease: Lease,
    program: Program,
    batch: Batch,
    progress: Progress,
    part_rows: int,
    unread: Sequence[str],
) -> BatchReport:
    """Store the good rows, quarantine the bad ones, close the batch."""
    site, engine = bench.site, bench.engine
    progress(f"{batch.file}：检查每一行", 0, 0)
    refuse_undated(engine, program)
    found = tally(engine, program)
    counts = Counts(rows_read=found.read, rows_passed=found.passed)
    late: dict[int, str] = {}
    good = -1
    gone: list[Sentence] = []
    undated = 0
    lost: Sentence | None = None
    if batch.target == "record":
        staged = stage(
            engine,
            program,
            batch,
            found.read,
            arrival=arrival_of(site, batch),
            buckets=site.lake.buckets,
            part_rows=part_rows,
            folder=bench.staging,
        )
        good = staged.rows - staged.absent
        undated = staged.dateless
        try:
            land(
                engine,
                site.lake,
                lease,
                staged,
                progress,
                anywhere=bench.anywhere,
                undone=site.unfinished(),
            )
        finally:
            unstage(engine, staged)
        landed = landing(engine, site.lake, batch)
        counts = replace(counts, rows_stored=landed.stored, rows_doubtful=landed.doubtful)
        gone = taken_back(engine, site.lake, program, batch, site.unfinished())
        if landed.stored < good:  # a file whose rows are all new is spared the pass
            lost = clash(engine, program).told(program.stream.key)
    progress(f"{batch.file}：登记", 0, 0)
    lease.check()
    with site.registry.begin() as connection:
        if batch.target == "record":
            make_known(engine, connection, program, came_sql(batch))
            name_activities(engine, connection, program)
            link_accounts(connection, clock.now())
        else:
            stored, late = register(
                engine,
                connection,
                program,
                clock.now(),
                day=arrival_of(site, batch),
                batch=batch.id,
            )
            counts = replace(counts, rows_stored=stored)
        strange: Sequence[int] = ()
        if batch.target in ("record", "trainee"):
            unknown, strange = strangers(engine, program, batch, unlinked(connection, batch.source))
            counts = replace(counts, rows_unmatched=unknown)
        codes: Counter[str] = Counter()
        # Saying what is wrong takes a pass of its own, which a clean file is spared.
        rows = refused(engine, program, late) if good < found.read else iter(())
        bad = store_refused(connection, batch.id, _counted(rows, codes))
        counts = replace(counts, rows_quarantined=bad, rows_duplicate=found.read - bad - counts.rows_stored)
        if keys := program.voided_sql():
            voided = [key for (key,) in many(engine, keys)]
            rule(connection, _rulings(batch.source, program.stream.series, voided, batch.by, site.now))
        skipped = no_data(program) + (passed(engine, program) if found.passed else [])
        asked = asked_about(connection, batch.source) if counts.rows_unmatched else 0
        seated = seats_told(connection, batch.id) if batch.target == "trainee" else []
        message = _message(
            bench,
            connection,
            program,
            counts,
            strange,
            asked,
            skipped,
            unread,
            [
                *([lost] if lost else []),
                *gone,
                *seated,
                *dateless_told(program, undated),
                *called_told(program.stream, program.raw),
            ],
        )
        close_batch(connection, batch.id, counts, message, clock.now())
        if batch.target == "record":
            note_written(connection, site.lake.written)
    bench.known.forget(batch.target)
    return BatchReport(
        batch.id,
        batch.source,
        batch.stream,
        batch.target,
        batch.file,
        counts,
        tuple(codes.most_common()),
        message,
        passed=tuple(skipped),
    )


def _rulings(source: str, series: str, keys: Iterable[str], by: str, at: datetime) -> Iterator[Ruling]:
    """What lets records of these keys count no more, those that are still to come among them."""
    for key in keys:
        yield Ruling("void", source, None, record_key(source, series, [key]), DELETED, by[:60], at)


def _counted(rows: Iterator[Refused], codes: Counter[str]) -> Iterator[Refused]:
    for row in rows:
        codes[row.code] += 1
        yield row


def _archived(site: Site, file: Path) -> Input:
    content = keep(site.archive, file)
    return Input(place(site.archive, content), file.name, content)


def _taken_before(batch: Batch) -> BatchReport:
    read = batch.counts.rows_read
    counts = Counts(rows_read=read, rows_duplicate=read, rows_passed=batch.counts.rows_passed)
    message = sentence("同样的内容已作为第 {n} 号批次接入，没有新的行", n=batch.id)
    return BatchReport(
        batch.id, batch.source, batch.stream, batch.target, batch.file, counts, (), message, True
    )


def _message(
    bench: Bench,
    connection: Connection,
    program: Program,
    counts: Counts,
    strange: Sequence[int],
    asked: int,
    skipped: Sequence[tuple[str, int]],
    unread: Sequence[str],
    gone: Sequence[Sentence],
) -> Sentence:
    """What a reader of the ledger should know beyond the counts. `skipped` are rows that were passed over, by reason;
    `unread` are sheets that the stream has no use for; of `asked` accounts a person has to say whose they are;
    `gone` is what of its rows does not count, what it takes back, and whom its classes knew already."""
    notes: list[Sentence] = []
    if unread:
        notes.append(sentence("没有读的工作表（没有这些列）：{names}", names=list(unread)))
    if skipped:
        notes.append(_passed_over(program, counts, skipped))
    notes += [*gone, *year_told(bench.engine, program)]
    if not counts.rows_read and not counts.rows_passed:
        notes.append(sentence("文件只有表头，没有数据行"))
    for name in ("course", "run"):
        lookup = program.lookups.get(name)
        if lookup is not None and not lookup.must:
            notes += _unknown(bench, connection, program, name)
    notes += rosters_told(connection, bench.engine, program)
    if counts.rows_unmatched:
        notes.append(strangers_told(connection, program, counts, strange))
    if asked:
        notes.append(
            sentence(
                "这个来源有 {n} 个账号拿不准是谁，在“身份合并”等人确认（portrait identity list）", n=asked
            )
        )
    return in_turn(notes)


def _passed_over(program: Program, counts: Counts, skipped: Sequence[tuple[str, int]]) -> Sentence:
    places = where_passed(program.raw.passed)
    told = [
        sentence("{why} {n} 行（{places}）", why=sentence(why), n=f"{rows:,}", places=places[why])
        if why in places
        else sentence("{why} {n} 行", why=sentence(why), n=f"{rows:,}")
        for why, rows in skipped[:REASONS]
    ]
    if len(skipped) > REASONS:
        rest = sum(rows for _, rows in skipped[REASONS:])
        told.append(sentence("另 {k} 种 {n} 行", k=len(skipped) - REASONS, n=f"{rest:,}"))
    return sentence("略过 {n} 行：{what}", n=f"{counts.rows_passed:,}", what=listed(told))


def _unknown(bench: Bench, connection: Connection, program: Program, name: str) -> list[Sentence]:
    """What to know of the codes of courses or classes that nothing is registered under."""
    codes = unknown_codes(bench.engine, program, name)
    if name == "run":
        return runs_told(connection, bench.engine, program, codes)
    taken = taken_for(connection, program, codes)
    codes = strange_codes(connection, program, codes)
    notes = [taken] if taken else []
    if codes:
        notes.append(
            sentence(
                "登记库里还没有这些课程代码：{codes}（记录已保存，课程接入后即可对上）", codes=_first(codes)
            )
        )
        if words := elsewhere(connection, codes):
            notes.append(sentence("其中 {words}，再导入一次", words=words))
    return notes


def _first(codes: list[str]) -> Sentence | list[str]:
    if len(codes) <= FEW:
        return codes
    return sentence("{some}等 {n} 个", some=codes[:FEW], n=len(codes))

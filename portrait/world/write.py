"""Writes the demo province as the files its platforms would export, chunk by chunk, and beside them what is true of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from portrait.errors import SettingError
from portrait.record import Kind
from portrait.world import roster
from portrait.world.calendar import SPAN
from portrait.world.catalogue import scored_indicators
from portrait.world.doubt import plant, sorted_events, truth_table
from portrait.world.event import Events
from portrait.world.latent import Latent
from portrait.world.ledger import ledger_tables
from portrait.world.lookalike import (
    Lookalikes,
    apart,
    called,
    choose_lookalikes,
    listed,
    renamed,
    truth_of,
    visits,
)
from portrait.world.platform import (
    Named,
    statements,
    yuyan_log,
    yuyan_marks,
    zhongyuan_homework,
    zhongyuan_progress,
)
from portrait.world.scribe import Scribe
from portrait.world.table import words
from portrait.world.world import World, build_world, happen

LEAST, MOST = 500, 1_200_000
DOUBTS = 900  # number of the first file of planted doubtful records
CHUNK = 10_000  # teachers held in memory at once
ONLINE = (0.5, 0.35, 0.15)  # shares of the three platforms in the courses
ONLINE_PLAIN = (0.6, 0.4)
_TRUTH = pa.schema(
    [
        ("staff", pa.string()),
        ("indicator", pa.string()),
        ("start", pa.float32()),
        ("end", pa.float32()),
        ("doubtful", pa.bool_()),
    ]
)
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class WorldReport:
    """What was written. `rows` counts the rows of each kind of file, `planted` the faults among them."""

    folder: Path
    seed: int
    today: date
    teachers: int
    schools: int
    providers: int
    courses: int
    classes: int
    trainees: int
    rows: dict[str, int]
    planted: dict[str, int]
    showcase: dict[str, str]


def check_size(teachers: int) -> None:
    """Raises SettingError for a number of teachers that no province can be written with."""
    if not LEAST <= teachers <= MOST:
        raise SettingError(f"示范教师数 {teachers} 不在范围内：应为 {LEAST:,} 到 {MOST:,}")


def write_world(
    folder: Path,
    *,
    teachers: int = 20_000,
    seed: int = 2022,
    today: date = date(2022, 11, 15),
    records_only: bool = False,
    progress: Progress | None = None,
) -> WorldReport:
    """Write the province under `folder`: five source folders for WORLD_SOURCES, and truth.parquet, doubt.parquet, identity.parquet and world.json, which
    no mapping reads.

    The same arguments give the same bytes. `records_only` is for very many teachers: rosters as CSV, logs as Parquet from two platforms, no
    rubrics, self-ratings or facts. `progress` is told the step and the share done. Raises SettingError when there are fewer than 500 or more
    than 1,200,000 teachers, or when `today` is not in the autumn of the notice (10 October to 10 December).
    """
    check_size(teachers)
    if not (10, 10) <= (today.month, today.day) <= (12, 10):
        raise SettingError(
            f"示范数据的“今天”{today} 应在某年 10 月 10 日到 12 月 10 日之间：班次按通知的秋季安排"
        )
    tell = progress or (lambda _step, _share: None)
    tell("编排学校、教师、课程和班次", 0.0)
    world = build_world(teachers, seed, today, ONLINE_PLAIN if records_only else ONLINE)
    folder.mkdir(parents=True, exist_ok=True)
    scribe = Scribe(folder, datetime(today.year, today.month, today.day), records_only)
    chunks = [slice(start, min(start + CHUNK, teachers)) for start in range(0, teachers, CHUNK)]
    first = happen(world, seed, 0, chunks[0], plain=records_only)
    alike = Lookalikes() if records_only else _lookalikes(world, seed, chunks[0], first[1])
    world = replace(world, people=renamed(world.people, alike))
    tell("写名册", 0.05)
    _write_rosters(scribe, world, np.random.default_rng([seed, 100]), alike)
    doubts: list[pa.Table] = []
    with pq.ParquetWriter(folder / "truth.parquet", _TRUTH, compression="zstd") as truth:
        for number, rows in enumerate(chunks):
            tell(f"写学习记录 {rows.start:,}/{teachers:,} 名教师", 0.2 + 0.8 * number / len(chunks))
            staff = roster.staff_numbers(world.province, world.people, rows)
            latent, found = first if number == 0 else happen(world, seed, number, rows, plain=records_only)
            _write_records(
                scribe, world, np.random.default_rng([seed, 200, number]), number, rows, staff, found
            )
            truth.write_table(_truth(latent, staff, world.people.doubtful[rows]))
            if not records_only:
                doubts.append(_write_doubts(scribe, world, seed, number, rows, staff, found))
    if doubts:
        pq.write_table(pa.concat_tables(doubts), folder / "doubt.parquet", compression="zstd")
        pq.write_table(_write_lookalikes(scribe, world, seed, alike), folder / "identity.parquet")
    report = WorldReport(
        folder=folder,
        seed=seed,
        today=today,
        teachers=teachers,
        schools=len(world.province.schools),
        providers=len(world.providers),
        courses=len(world.catalogue.shelf),
        classes=len(world.classes),
        trainees=len(world.seats),
        rows=dict(sorted(scribe.rows.items())),
        planted=dict(sorted(scribe.planted.items())) | {"脚本刷课账号": int(world.people.doubtful.sum())},
        showcase=_named_showcase(world),
    )
    facts = asdict(report) | {"today": today.isoformat()}
    del facts["folder"]
    (folder / "world.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    tell("写完", 1.0)
    return report


def _lookalikes(world: World, seed: int, rows: slice, found: Events) -> Lookalikes:
    """Pairs among the teachers of the first chunk, drawn by a die of their own, without those whom other answers hang on."""
    there = np.arange(rows.start, rows.stop)
    busy = {world.showcase.teacher, *world.seats.who.tolist()}
    free = np.array([who for who in there.tolist() if who not in busy and not world.people.doubtful[who]])
    idle = ~np.isin(there, found.who[found.platform == 1])
    return choose_lookalikes(np.random.default_rng([seed, 400]), world.people, free, idle)


def _write_rosters(scribe: Scribe, world: World, rng: np.random.Generator, alike: Lookalikes) -> None:
    calendar, classes, people, seats = world.calendar, world.classes, world.people, world.seats
    staff = roster.staff_numbers(world.province, people, slice(0, len(people)))
    names = people.names()
    scribe.roster("承训单位", roster.provider_table(world.providers))
    scribe.roster("学校名录", roster.school_table(world.province))
    for number, start in enumerate(range(0, len(people), roster.FILE)):
        rows = slice(start, min(start + roster.FILE, len(people)))
        table = listed(roster.teacher_table(world.province, people, rows, staff[rows]), alike, start)
        old, table = apart(
            table, scribe.spoilt(rng, "教师名册", table) if number == 0 else table, alike, start
        )
        scribe.roster("教师名册", table, number)
        if len(old):
            scribe.roster("教师名册", old, DOUBTS)
    courses, aligned = roster.course_tables(world.catalogue, calendar)
    scribe.roster("课程目录", courses)
    scribe.roster("课程能力标注", aligned)
    scribe.roster("培训班次", roster.class_table(classes, world.providers, world.catalogue, calendar))
    scribe.roster("名额分配", roster.quota_table(world.province, classes, world.quotas))
    sent = roster.trainee_table(world.province, classes, calendar, seats, staff[seats.who], names[seats.who])
    scribe.roster("参训学员", sent)


def _write_records(
    scribe: Scribe,
    world: World,
    rng: np.random.Generator,
    number: int,
    rows: slice,
    staff: np.ndarray,
    found: Events,
) -> None:
    """Each platform's files of one chunk. Unreadable rows stand in the first chunk only: a few dozen, however many teachers there are."""
    named = Named(
        staff=scribe.strangers(rng, staff, "HJ9999"),
        mail=scribe.strangers(rng, roster.mailboxes(staff), "old-"),
        course=[c.code for c in world.catalogue.courses],
        title=[c.title for c in world.catalogue.courses],
        run=[*(c.code for c in world.classes), ""],
    )
    platform, homework, marked = found.platform, found.kind == Kind.ASSIGNMENT, ~np.isnan(found.score)
    lost = np.isin(found.kind, (Kind.VIEW, Kind.VIDEO, Kind.FORUM)) & (platform < 3)
    lost[lost] = world.dark[platform[lost], found.moment[lost].astype(int)]

    def part(mask: np.ndarray) -> tuple[Events, np.ndarray]:
        chosen = found.take(np.flatnonzero(mask & ~lost))
        return chosen, world.calendar.seconds(chosen.moment)

    def faulty(name: str, table: pa.Table) -> pa.Table:
        table = scribe.repeated(rng, table)
        return scribe.spoilt(rng, name, table) if number == 0 else table

    for source, name, encoding, table in (
        ("yuyan", "学习日志", "utf-8-sig", yuyan_log(named, *part((platform == 0) & ~marked), number + 1)),
        ("yuyan", "成绩", "utf-8-sig", yuyan_marks(named, *part((platform == 0) & marked))),
        ("zhongyuan", "学情导出", "gb18030", zhongyuan_progress(named, *part((platform == 1) & ~homework), number + 1)),
        ("zhongyuan", "作业等级", "gb18030", zhongyuan_homework(named, *part((platform == 1) & homework))),
    ):  # fmt: skip
        scribe.log(source, name, faulty(name, table), number, encoding)
    chosen, seconds = part(platform == 2)
    if len(chosen):
        told = pa.table({"line": statements(rng, named, chosen, seconds)})
        lines: list[str] = scribe.repeated(rng, told)["line"].to_pylist()
        scribe.statements(scribe.spoilt_lines(rng, lines) if number == 0 else lines, number)
    venues = ["本校" if c.provider < 0 else world.providers[c.provider].name for c in world.classes]
    chosen, seconds = part(platform == 3)
    known = replace(named, staff=staff)
    names = world.people.names()[rows]
    for name, table in ledger_tables(known, names, venues, chosen, seconds, number + 1).items():
        scribe.ledger(name, faulty(name, table), number)


def _write_doubts(
    scribe: Scribe, world: World, seed: int, number: int, rows: slice, staff: np.ndarray, found: Events
) -> pa.Table:
    """The planted cases of one chunk in a file of their own, drawn by a die of their own: the rest of the province is as it
    would be without them. Returns what is true of them."""
    rng = np.random.default_rng([seed, 300, number])
    shown = {world.showcase.teacher, *world.seats.who.tolist()}
    free = [
        who
        for who in range(len(staff))
        if rows.start + who not in shown and not world.people.doubtful[rows][who]
    ]
    here = [
        n
        for n, platform in enumerate(world.courses.platform)
        if platform == 0 and world.courses.videos[n] > 0 and world.courses.scored[n]
    ]
    made = plant(rng, found, np.array(free, np.int64), here, world.calendar, SPAN)
    played = sorted_events(made, SPAN)
    named = Named(
        staff=staff,
        mail=staff,
        course=[c.code for c in world.catalogue.courses],
        title=[c.title for c in world.catalogue.courses],
        run=[*(c.code for c in world.classes), ""],
    )
    marked = ~np.isnan(played.score)
    for name, mask in (("学习日志", ~marked), ("成绩", marked)):
        part = played.take(np.flatnonzero(mask))
        seconds = world.calendar.seconds(part.moment)
        table = (
            yuyan_marks(named, part, seconds)
            if name == "成绩"
            else yuyan_log(named, part, seconds, DOUBTS + number)
        )
        scribe.log("yuyan", name, table, DOUBTS + number, "utf-8-sig")
    scribe.planted["刷课记录"] += len(made.truth)
    return truth_table(made, staff, named.course, world.calendar)


def _write_lookalikes(scribe: Scribe, world: World, seed: int, alike: Lookalikes) -> pa.Table:
    """What accounts under somebody else's mailbox looked at, in a file of its own. Returns what is true of all pairs."""
    rng = np.random.default_rng([seed, 401])
    staff = roster.staff_numbers(world.province, world.people, slice(0, CHUNK))
    here = [n for n, platform in enumerate(world.courses.platform) if platform == 1]
    found = visits(rng, alike, here, SPAN)
    named = Named(
        staff=staff,
        mail=roster.mailboxes(staff),
        course=[c.code for c in world.catalogue.courses],
        title=[c.title for c in world.catalogue.courses],
        run=[*(c.code for c in world.classes), ""],
    )
    table = zhongyuan_progress(named, found, world.calendar.seconds(found.moment), DOUBTS)
    names = called(alike, world.people.names(), staff)
    table = table.append_column("姓名", words([names[who] for who in found.who.tolist()]))
    scribe.log("zhongyuan", "学情导出", table, DOUBTS, "gb18030")
    truth = truth_of(alike, staff)
    scribe.planted["身份存疑"] += truth.num_rows
    return truth


def _truth(latent: Latent, staff: np.ndarray, doubtful: np.ndarray) -> pa.Table:
    codes = scored_indicators()
    start, end = latent.all(0), latent.all(SPAN)
    return pa.table(
        {
            "staff": pa.array(np.repeat(staff, len(codes)), pa.string()),
            "indicator": pa.array(list(codes) * len(staff), pa.string()),
            "start": pa.array(start.ravel(), pa.float32()),
            "end": pa.array(end.ravel(), pa.float32()),
            "doubtful": pa.array(np.repeat(doubtful, len(codes))),
        },
        schema=_TRUTH,
    )


def _named_showcase(world: World) -> dict[str, str]:
    """The codes that the demo's logins are linked to."""
    chosen, people, province = world.showcase, world.people, world.province
    place = province.counties[int(people.county[chosen.teacher])]
    finished = world.classes[chosen.finished]
    row = slice(chosen.teacher, chosen.teacher + 1)
    return {
        "teacher": str(roster.staff_numbers(province, people, row)[0]),
        "name": people.name(chosen.teacher),
        "school": province.schools[int(people.school[chosen.teacher])].code,
        "county": place.adcode,
        "city": place.parent,
        "finished_class": finished.code,
        "running_class": world.classes[chosen.running].code,
        "provider": world.providers[finished.provider].code,
    }

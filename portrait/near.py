"""The keys of a source that come nearest to one that no record has: what somebody who mistyped it may have meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from portrait.errors import PortraitError
from portrait.explain import EPOCH
from portrait.hours import CHINA
from portrait.identity import hidden
from portrait.intake.absence import absent_sql
from portrait.intake.ask import many
from portrait.intake.bench import Bench, clear, open_bench, set_up
from portrait.intake.keyed import APART, keys_read, read_by_field, shapes
from portrait.intake.land import made_key
from portrait.intake.mapping import Stream
from portrait.intake.program import Program
from portrait.intake.raw import literal
from portrait.intake.recipe import files_again, joined_again, mapping_then
from portrait.intake.width import narrow
from portrait.record import Kind
from portrait.site import Site
from portrait.spelling import day_in
from portrait.store.batch import Batch, record_batches_from

MOST = 5
BATCHES = 12  # the newest files that are looked into
ROWS = 200_000  # of a file; in larger ones nobody looks for a key by its spelling
_FEW = 200  # keys of a file that are compared part by part
_ALIKE = 0.85  # Jaro–Winkler, below which two texts are not the same one mistyped

_Found = dict[int, tuple[tuple[float, ...], str]]  # number of a key → how far it is, and how it is shown


@dataclass(frozen=True)
class Near:
    """A key that there is, identity numbers in it masked, and the record that has it."""

    key: str
    record: str  # 32 hexadecimal digits
    kind: Kind
    day: date | None


def nearest(site: Site, source: str, stream: str | None, keys: Sequence[Sequence[str]]) -> list[list[Near]]:
    """Of each of these keys, given by its parts, at most MOST, the nearest first: those with most parts alike, of these the nearest in
    days. Every file is opened once for all of them. Serves who runs a command and may see every record."""
    if not keys:
        return []
    with site.registry.connect() as connection:
        came = [one for one in record_batches_from(connection, source) if one.origin is None]
    found: list[_Found] = [{} for _ in keys]
    newest = sorted((one for one in came if one.counts.rows_read <= ROWS), key=lambda one: -one.id)[:BATCHES]
    with open_bench(site) as bench:
        for batch in newest:
            with suppress(PortraitError):  # a file that the archive has lost, a mapping of before
                _look(bench, batch, stream, keys, found)
    best = [
        {number: key for number, (_, key) in sorted(one.items(), key=lambda pair: pair[1])} for one in found
    ]
    there = _there(site, {number for one in best for number in one})
    return [_told(one, there) for one in best]


def _look(
    bench: Bench, batch: Batch, name: str | None, keys: Sequence[Sequence[str]], found: Sequence[_Found]
) -> None:
    mapping, stream = mapping_then(bench.site, batch)
    fits = stream.name == name if name else not stream.series
    lengths = {len(shape) for shape in shapes(stream)}
    if not fits or not stream.versioned or lengths.isdisjoint(map(len, keys)):
        return
    wanted = [[narrow(part.strip()) for part in key] for key in keys]
    if read_by_field(stream):
        read = keys_read(bench, mapping, stream, keys)
        wanted = [list(one[0][0]) if one else plain for one, plain in zip(read, wanted, strict=True)]
    main, others = files_again(bench.site, batch)
    program = set_up(bench, mapping, stream, main, joined_again(batch, stream, others))
    try:
        for key, near in zip(wanted, found, strict=True):
            if len(key) in lengths:
                _compare(bench, program, key, near)
    finally:
        clear(bench, program)


def _compare(bench: Bench, program: Program, wanted: Sequence[str], found: _Found) -> None:
    mapping, stream = program.mapping, program.stream
    alike = [
        f"coalesce(jaro_winkler_similarity(string_split(record_key, chr(31))[{place}], {literal(part)}), 0)"
        for place, part in enumerate(wanted, 1)
    ]
    rows = many(
        bench.engine,
        f"SELECT record_key, {', '.join(alike)} FROM (SELECT DISTINCT record_key FROM {program.judged} "
        f"WHERE _selected AND NOT _bad) ORDER BY {' + '.join(alike)} DESC, record_key LIMIT {_FEW}",
    )
    for text, *likeness in rows:
        parts = text.split(APART)
        if len(parts) != len(wanted):
            continue  # a name without the birth that others have
        rank = _rank(wanted, parts, likeness)
        if rank is not None:
            found[made_key(mapping.source, stream.series, parts)] = rank, _shown(stream, parts)


def _rank(wanted: Sequence[str], parts: Sequence[str], likeness: Sequence[float]) -> tuple[float, ...] | None:
    """Least for the nearest: parts that differ, days between, unlikeness. None for what is another key altogether."""
    differ, apart, unlike, kept = 0, 0, 0.0, False
    for asked, there, alike in zip(wanted, parts, likeness, strict=True):
        day, other = day_in(asked), day_in(there)
        if day and other:
            apart += abs((day - other).days)
        elif asked == there:
            kept = True
        else:
            differ, unlike = differ + 1, unlike + 1 - alike
            kept = kept or alike >= _ALIKE
    return (differ, apart, unlike) if kept else None


def _shown(stream: Stream, parts: Sequence[str]) -> str:
    """A key for people, without what is somebody's secret under any of the shapes that it may have."""
    fit = [shape for shape in shapes(stream) if len(shape) == len(parts)]
    return "|".join(
        "***" if any(shape[place].secret for shape in fit) else hidden(part)
        for place, part in enumerate(parts)
    )


def _there(site: Site, keys: Collection[int]) -> dict[int, tuple[str, int, int | None]]:
    """Of these keys those that a record has: its id, kind and time."""
    rows = site.pool.rows(
        f"SELECT key_number, any_value(hex(id)), any_value(kind), epoch_us(max(time)) FROM {site.pool.landed()} "
        f"WHERE key_number IN (SELECT unnest(?::BIGINT[])) AND NOT {absent_sql()} GROUP BY key_number",
        [sorted(keys)],
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _told(keys: Mapping[int, str], there: Mapping[int, tuple[str, int, int | None]]) -> list[Near]:
    """Those of these keys that a record has, in their order."""
    made = list[Near]()
    for number, key in keys.items():
        if number in there and len(made) < MOST:
            id, kind, time = there[number]
            day = None if time is None else (EPOCH + timedelta(microseconds=time)).astimezone(CHINA).date()
            made.append(Near(key, id.lower(), Kind(kind), day))
    return made

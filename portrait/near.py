"""The keys of a source that come nearest to one that no record has: what somebody who mistyped it may have meant."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from portrait.errors import PortraitError
from portrait.explain import EPOCH
from portrait.hours import CHINA
from portrait.identifier import SENSITIVE
from portrait.identity import hidden
from portrait.intake.ask import many
from portrait.intake.bench import Bench, clear, open_bench, set_up
from portrait.intake.land import record_key
from portrait.intake.layout import FIELD
from portrait.intake.mapping import Stream
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


@dataclass(frozen=True)
class Near:
    """A key that there is, identity numbers in it masked, and the record that has it."""

    key: str
    record: str  # 32 hexadecimal digits
    kind: Kind
    day: date | None


def nearest(site: Site, source: str, stream: str | None, parts: Sequence[str]) -> list[Near]:
    """At most MOST keys, the nearest first: those with most parts alike, of these the nearest in days. Serves who runs a command and
    may see every record."""
    wanted = [narrow(part.strip()) for part in parts]
    with site.registry.connect() as connection:
        came = [one for one in record_batches_from(connection, source) if one.origin is None]
    found: dict[int, tuple[tuple[float, ...], str]] = {}
    newest = sorted((one for one in came if one.counts.rows_read <= ROWS), key=lambda one: -one.id)[:BATCHES]
    with open_bench(site) as bench:
        for batch in newest:
            with suppress(PortraitError):  # a file that the archive has lost, a mapping of before
                _look(bench, batch, stream, wanted, found)
    best = sorted(found.items(), key=lambda one: one[1])
    return _told(site, {number: key for number, (_, key) in best})


def _look(
    bench: Bench,
    batch: Batch,
    name: str | None,
    wanted: Sequence[str],
    found: dict[int, tuple[tuple[float, ...], str]],
) -> None:
    mapping, stream = mapping_then(bench.site, batch)
    fits = stream.name == name if name else not stream.series
    if not fits or not stream.versioned or len(key_parts(stream)) != len(wanted):
        return
    main, others = files_again(bench.site, batch)
    program = set_up(bench, mapping, stream, main, joined_again(batch, stream, others))
    alike = [
        f"jaro_winkler_similarity(string_split(record_key, chr(31))[{place}], {literal(part)})"
        for place, part in enumerate(wanted, 1)
    ]
    try:
        rows = many(
            bench.engine,
            f"SELECT record_key, {', '.join(alike)} FROM (SELECT DISTINCT record_key FROM {program.judged} "
            f"WHERE _selected AND NOT _bad) ORDER BY {' + '.join(alike)} DESC, record_key LIMIT {_FEW}",
        )
        for text, *likeness in rows:
            parts = text.split(chr(31))
            if len(parts) != len(wanted):
                continue  # a name without the birth that others have
            rank = _rank(wanted, parts, likeness)
            if rank is not None:
                number = record_key(mapping.source, stream.series, parts)
                found[number] = rank, _shown(stream, parts)
    finally:
        clear(bench, program)


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


def key_parts(stream: Stream) -> list[tuple[str, bool]]:
    """What the parts of a stream's keys are called, by column or by what is read, and whether they are somebody's secret. A name that is
    read with school and birth has a part for each of them."""
    whose = stream.field("account")
    kinds = set(whose.kinds) if whose else set[str]()
    hold = whose.columns if whose and SENSITIVE.intersection(kinds) else ()
    parts = list[tuple[str, bool]]()
    for part in stream.key:
        field = stream.target.field(part.removeprefix(FIELD)) if part.startswith(FIELD) else None
        if field is None:
            parts.append((part, part in hold))
        elif field.name == "account" and "triple" in kinds:
            parts += [(column, place > 1) for place, column in enumerate(hold)]
        else:
            parts.append((str(field.zh), field.name == "account" and bool(hold)))
    return parts


def _shown(stream: Stream, parts: Sequence[str]) -> str:
    return "|".join(
        "***" if secret else hidden(part) for (_, secret), part in zip(key_parts(stream), parts, strict=True)
    )


def _told(site: Site, keys: dict[int, str]) -> list[Near]:
    """Those of these keys that a record has, in their order."""
    rows = site.pool.rows(
        f"SELECT key_number, any_value(hex(id)), any_value(kind), epoch_us(max(time)) FROM {site.pool.landed()} "
        f"WHERE key_number IN (SELECT unnest(?::BIGINT[])) GROUP BY key_number",
        [list(keys)],
    )
    there = {row[0]: row[1:] for row in rows}
    made = list[Near]()
    for number, key in keys.items():
        if number in there and len(made) < MOST:
            id, kind, time = there[number]
            day = None if time is None else (EPOCH + timedelta(microseconds=time)).astimezone(CHINA).date()
            made.append(Near(key, str(id).lower(), Kind(kind), day))
    return made

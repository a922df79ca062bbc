"""A record's key as somebody gives it: which records of the lake it means, and what keys of a source look like."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import chain

from portrait.errors import InputError, MappingError, PortraitError
from portrait.identity import hidden
from portrait.intake.absence import absent_sql
from portrait.intake.bench import open_bench
from portrait.intake.keyed import Spelled, key_of_line, keys_read, read_by_field, shapes, written
from portrait.intake.land import made_key, record_key
from portrait.intake.layout import FIELD
from portrait.intake.mapping import Mapping, Stream, mapping_files, read_mapping
from portrait.intake.recipe import mapping_then
from portrait.site import Site
from portrait.spelling import spellings
from portrait.store.batch import batch_of, record_batches_from, sources

_FEW = 5  # records that are named one by one

Keys = Iterable[str | Sequence[str]]
_Numbers = list[int]  # of one way to read a key, in every spelling


def meant(
    site: Site, said: str, source: str, stream: str | None, keys: Keys
) -> dict[tuple[int, ...], tuple[str, ...]]:
    """The numbers that each key may have in the lake → the key as it was given."""
    series = _series(site, source, stream) if stream else ""
    columns = [(key,) if isinstance(key, str) else tuple(key) for key in keys]
    streams = _streams(site, source, stream)
    read = [
        [[[made_key(source, series, parts) for parts in way] for way in ways] for ways in each]
        for each in _read(site, streams, columns)
    ]
    # Where everything is known by what is read, nothing stands as it is spelled; words of before may have been said so.
    spelled = said == "restore" or not streams or not all(read_by_field(one) for _, one in streams)
    plain = [
        [record_key(source, series, one) for one in (spellings(key) if spelled else [key])] for key in columns
    ]
    numbers = [*chain.from_iterable(chain(*chain(*read), plain))]
    there = _there(site, numbers) if any(map(any, read)) else set()
    found = {}
    for key, by_field, as_written in zip(columns, read, plain, strict=True):
        every = [*chain(*by_field), as_written]
        those = [way for way in every if not there.isdisjoint(way)]
        if said == "void" and len({frozenset(there.intersection(way)) for way in those}) > 1:
            raise _two(site, key, there.intersection(chain(*those)))
        # To take a word back, take all of them: it may have been said before the record was in.
        chosen = every if said == "restore" else _awaited(by_field, as_written, spelled, those)
        found[tuple(dict.fromkeys(chain(*chosen)))] = key
    return found


def _awaited(
    by_field: Sequence[Sequence[_Numbers]], as_written: _Numbers, spelled: bool, those: Sequence[_Numbers]
) -> list[_Numbers]:
    """The ways to read a key by which every record of it is taken back, one of a stream that has none yet among them: of the several
    ways of a stream that is meant (`those`) which a record has."""
    told = [ways for ways in by_field if ways]
    if spelled or not told or as_written in those:
        told.append([as_written])  # streams that know their records by columns have it so
    known = [ways for ways in told if any(way in those for way in ways)]
    passed = [way for ways in known for way in ways if way not in those]
    chosen = list[_Numbers](those)
    for ways in told:
        if ways not in known:
            chosen += [way for way in ways if way not in passed] or ways
    return chosen


def _two(site: Site, key: Sequence[str], numbers: Collection[int]) -> InputError:
    """Two people may have the number that was typed, one as a number of staff and one as a login."""
    rows = site.pool.rows(
        f"SELECT DISTINCT hex(id) AS id FROM {site.pool.landed()} WHERE key_number IN (SELECT unnest(?::BIGINT[])) "
        f"AND NOT {absent_sql()} ORDER BY id LIMIT {_FEW}",
        [sorted(numbers)],
    )
    return InputError(
        "记录号“{key}”有几种读法，几条记录都合得上：{ids}。请用 32 位编号写明是哪一条",
        key=hidden("|".join(key)),
        ids=[str(row[0]).lower() for row in rows],
    )


def absent(site: Site, keys: Sequence[tuple[int, ...]]) -> list[int]:
    """Of which of these keys, each given by the numbers of its spellings, no record is in yet: their places."""
    there = _there(site, [number for key in keys for number in key])
    return [place for place, key in enumerate(keys) if there.isdisjoint(key)]


def key_shapes(site: Site, source: str, stream: str | None) -> list[str]:
    """The columns that make up a key of the source, for each of its kinds of records; what is not known now is left out.

    Raises InputError for a source that nobody knows, and for one whose records have no key at all.
    """
    mappings = _mappings(site)
    with site.registry.connect() as connection:
        known = {*sources(connection), *(one.source for one in mappings)}
    if source not in known:
        raise InputError("没有来源“{source}”，可选：{choices}", source=source, choices=sorted(known))
    own = [
        one
        for mapping in mappings
        if mapping.source == source
        for one in mapping.streams
        if one.target.name == "record" and (one.name == stream if stream else not one.series)
    ]
    found = {"|".join(part.name for part in shape) for one in own if one.versioned for shape in shapes(one)}
    if own and not found:
        raise InputError("来源“{source}”的记录没有自己的记录号，请用 32 位编号", source=source)
    return sorted(found)


def spelled(site: Site, batch_id: int, line: int) -> list[int]:
    """The numbers of the key of a record, by its batch and line, in every spelling: read in its file again; none when that cannot be."""
    try:
        with site.registry.connect() as connection:
            batch = batch_of(connection, batch_id)
        mapping, stream = mapping_then(site, batch)
        if all(item.startswith(FIELD) for item in stream.key):
            return []
        with open_bench(site) as bench:
            keys = key_of_line(bench, batch, mapping, stream, line)
    except PortraitError:
        return []
    return [made_key(batch.source, stream.series, parts) for key in keys for parts in written(stream, key)]


def _read(
    site: Site, streams: Sequence[tuple[Mapping, Stream]], keys: Sequence[Sequence[str]]
) -> list[list[list[Spelled]]]:
    """Of each key what each of the streams makes of it that know a record by what is read."""
    by_field = [one for one in streams if read_by_field(one[1])]
    if not by_field:
        return [[] for _ in keys]
    with open_bench(site) as bench:
        made = [keys_read(bench, mapping, one, keys) for mapping, one in by_field]
    return [list(each) for each in zip(*made, strict=True)]


def _streams(site: Site, source: str, stream: str | None) -> list[tuple[Mapping, Stream]]:
    """The streams of records whose keys may be meant, by the mappings of today, else by those that their batches came in by."""
    own = [
        (mapping, one) for mapping in _mappings(site) if mapping.source == source for one in mapping.streams
    ]
    known = {one.name for _, one in own}
    with site.registry.connect() as connection:
        came = {batch.stream: batch for batch in record_batches_from(connection, source)}
    for name, batch in came.items():
        if name not in known:
            with suppress(PortraitError):  # its mapping was not kept
                own.append(mapping_then(site, batch))
    return [
        (mapping, one)
        for mapping, one in own
        if one.target.name == "record"
        and one.versioned
        and (one.name == stream if stream else not one.series)
    ]


def _there(site: Site, numbers: Sequence[int]) -> set[int]:
    """Of these numbers of keys those that a record has, whether it counts or not."""
    if not numbers:
        return set()
    rows = site.pool.rows(
        f"SELECT DISTINCT key_number FROM {site.pool.landed()} WHERE key_number IN (SELECT unnest(?::BIGINT[])) AND NOT {absent_sql()}",
        [list(numbers)],
    )
    return {row[0] for row in rows}


def _series(site: Site, source: str, stream: str) -> str:
    """The series of a source's stream. Raises MappingError when no mapping of the source has it."""
    found = None
    for mapping in _mappings(site):
        if mapping.source == source:
            found = next((one for one in mapping.streams if one.name == stream), found)
    with site.registry.connect() as connection:
        came = [batch for batch in record_batches_from(connection, source) if batch.stream == stream]
    if found is None and came:
        found = mapping_then(site, came[-1])[1]  # taken in by a mapping from somewhere else
    if found is None:
        raise MappingError("来源 {source} 的映射里没有 {stream} 这个流", source=source, stream=stream)
    return found.series


def _mappings(site: Site) -> list[Mapping]:
    """Those of the installation's mappings that can be read."""
    found = []
    for path in mapping_files(site.settings.home).values():
        try:
            found.append(read_mapping(path))
        except MappingError:
            continue
    return found

"""The name by which the records of a sheet are known: what its title says without the frame of the form (`portrait.intake.caption`), or
the whole title, frame and all, under which the same sheet came in before its mapping told the two apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from portrait.errors import PortraitError
from portrait.intake.archive import place
from portrait.intake.layout import CAPTION_COLUMN, TITLE_COLUMN
from portrait.intake.mapping import Mapping, Stream, read_mapping
from portrait.intake.office import head_of, open_grid, sought
from portrait.intake.program import own_columns
from portrait.intake.raw import Raw, literal
from portrait.intake.reader import format_of
from portrait.site import Site
from portrait.store.batch import Batch, record_batches_from

Titles = list[
    tuple[str, str]
]  # of sheets, in the order in which they came: the whole title, and what it names


def called(raw: Raw, titles: Titles) -> Raw:
    """The rows under the name by which their records are known. Of several sheets that were taken for different ones because only
    their frames differed, each stays what it was when it comes again; another one is the newest of them, corrected."""
    name = raw.caption
    if any(title == raw.title for title, _ in titles):
        name = raw.title
    else:
        name = next((title for title, caption in reversed(titles) if caption == raw.caption), name)
    said = literal(name)
    return replace(raw, columns=raw.columns | {CAPTION_COLUMN: f"nullif({said}, '')"})


def titles(site: Site, mapping: Mapping, stream: Stream) -> Titles:
    """The titles of the sheets of this source that came in by mappings which knew records by the whole title, until the first one by
    this mapping as it is: from then on nothing can change the name of a sheet."""
    with site.registry.connect() as connection:
        ledger = sorted(record_batches_from(connection, mapping.source), key=lambda batch: batch.id)
    streams: dict[tuple[str, str], Stream | None] = {}
    whole: list[tuple[Batch, Stream]] = []
    for batch in ledger:
        if batch.state != "done" or batch.recipe is None:
            continue
        then = (batch.recipe, batch.stream)
        if then not in streams:
            streams[then] = None
            with suppress(PortraitError):  # its mapping was not kept
                streams[then] = read_mapping(place(site.archive, batch.recipe)).stream(batch.stream)
        came = streams[then]
        if came is None or came.series != stream.series:
            continue
        known_by = _known_by(came)
        if CAPTION_COLUMN in known_by and batch.mapping.rpartition("@")[0] == mapping.name:
            break
        if TITLE_COLUMN in known_by and CAPTION_COLUMN not in known_by and batch.origin is None:
            whole.append((batch, came))
    return list(dict.fromkeys(one for batch, came in whole for one in _title(site, batch, came)))


def _known_by(stream: Stream) -> set[str]:
    """The columns of the key, and those that they are made of."""
    made = {one.name: one.columns for one in stream.made}
    found: set[str] = set()
    left = list(stream.key)
    while left:
        column = left.pop()
        if column not in found:
            found.add(column)
            left += made.get(column, ())
    return found


def _title(site: Site, batch: Batch, stream: Stream) -> Iterator[tuple[str, str]]:
    """What stood above the table of a batch's file; nothing where the archive has lost it."""
    with suppress(PortraitError):
        kind = stream.layout.format
        kind = format_of(batch.file) if kind == "auto" else kind
        opened = open_grid(place(site.archive, batch.content), batch.file, kind, stream.layout)
        head = head_of(opened, stream.layout, sought(own_columns(stream), stream.layout))
        if head is not None:
            yield head.title, head.caption

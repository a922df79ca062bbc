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
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.store.batch import Batch, record_batches_from

# Of sheets, in the order in which they came: the whole title, what it names, and the first batch.
Titles = list[tuple[str, str, int]]


def called(raw: Raw, titles: Titles) -> Raw:
    """The rows under the name by which their records are known. Of several sheets that were taken for different ones because only
    their frames differed, each stays what it was when it comes again; another one is the newest of them, corrected."""
    name = raw.caption
    same = {title: batch for title, caption, batch in titles if caption == raw.caption}
    if same:
        name = raw.title if raw.title in same else list(same)[-1]
    apart = tuple(same.values()) if len(same) > 1 else ()
    return replace(raw, columns=raw.columns | {CAPTION_COLUMN: f"nullif({literal(name)}, '')"}, apart=apart)


def called_told(stream: Stream, raw: Raw) -> list[Sentence]:
    """What to know of a sheet that has come in as several, or would by a mapping of before; nothing of others."""
    if raw.title != raw.caption and _whole(stream):
        return [
            sentence(
                "这份映射按整个标题认表，标题里的填报日期一类一改就成了另一张：重新提一次（命令 --propose --save --replace，网页上选“替换成新版本”），就不算它们"
            )
        ]
    if not raw.apart:
        return []
    return [
        sentence(
            "这张表以前因为标题里的填报日期一类不同，存成了 {n} 张（第 {batches} 号批次），同一个人可能算了几次：多出来的记录用 portrait record void 撤回",
            n=len(raw.apart),
            batches=[str(batch) for batch in raw.apart],
        )
    ]


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
        if CAPTION_COLUMN in _known_by(came) and batch.mapping.rpartition("@")[0] == mapping.name:
            break
        if _whole(came) and batch.origin is None:
            whole.append((batch, came))
    found: dict[tuple[str, str], int] = {}
    for batch, came in whole:
        for one in _title(site, batch, came):
            found.setdefault(one, batch.id)
    return [(title, caption, number) for (title, caption), number in found.items()]


def _whole(stream: Stream) -> bool:
    """Whether records are known by the whole title."""
    columns = _known_by(stream)
    return TITLE_COLUMN in columns and CAPTION_COLUMN not in columns


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

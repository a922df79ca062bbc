"""One row as it stands in the archived file: its cells under the file's own heads, or the JSON of a statement, without what must not
be shown. CSV and JSON lines are read up to that row; what only the whole file can say (that it is sound, its encoding, whether its
quotation marks pair) is asked once while it stays as it is. For nobody who may not see the record: that is for the caller to know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from portrait.errors import InputError, NotFound
from portrait.identity import hidden, masked
from portrait.intake.archive import still_sound
from portrait.intake.arrange import arranged, named, with_made
from portrait.intake.bare import Bare, Bench, bare_row
from portrait.intake.bench import staging_folder
from portrait.intake.excerpt import Excerpt, leaves
from portrait.intake.judge import scrubbed
from portrait.intake.mapping import Stream
from portrait.intake.mend import cells_of, sensitive_columns, shown_cells
from portrait.intake.program import own_columns
from portrait.intake.raw import Raw, header_names
from portrait.intake.reader import cut_sql, format_of
from portrait.intake.recipe import files_again, mapping_then
from portrait.intake.said import object_of, told
from portrait.intake.text import event_again
from portrait.record import COLUMN_STEP, row_of
from portrait.scope import Scope
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.store.batch import Batch, batch_of
from portrait.store.quarantine import mended_of

_LONG = 20_000  # signs of a text that are shown


@dataclass(frozen=True)
class Original:
    """A row of a file. `cells` are (head, text); of a JSON line those that can be said in a line, and all of it in `text`.

    `column` is the head of the cell that the record was made of, where a table has one for each record. `note` says why a row
    is no data, or could not be cut; `mended` are the cells that a person corrected later, in an archived file of their own. `less` says
    how much of the row the reader does not get, and why.
    """

    batch: int
    file: str
    sheet: str
    row: int
    cells: tuple[tuple[str, str], ...]
    text: str = ""
    column: str = ""
    note: str = ""
    mended: tuple[tuple[str, str], ...] = ()
    less: str = ""


def original(site: Site, scope: Scope | None, number: int, line: int, *, marks: bool = False) -> Original:
    """The row that a record with this batch and line was made of, as far as it is for this reader (None: who runs a command); of a
    replay the row of the file that was read again. `marks`: who decides on the record decides on a mark.

    Raises NotFound for a row that the file does not have, InputError when the archive has lost the file or holds another in its
    place, and MappingError when nothing tells any more how the batch was read.
    """
    with site.registry.connect() as connection:
        batch = batch_of(connection, number)
        batch = batch_of(connection, batch.origin) if batch.origin is not None else batch
        corrected = mended_of(connection, batch.id, line)
    _, stream = mapping_then(site, batch)
    file, _ = files_again(site, batch)
    if not still_sound(site.archive, batch.content):
        raise InputError(
            "第 {number} 号批次的原始文件 {name} 在存档里已损坏（archive/{folder}/{digest}），请从备份恢复",
            number=batch.id,
            name=batch.file,
            folder=batch.content[:2],
            digest=batch.content,
        )
    row = row_of(line)
    engine = site.engine()
    try:
        with staging_folder(site.settings.home) as staging:
            bench = Bench(engine, staging)
            stood = bare_row(bench, stream, file, row)
            if stood is None:
                raise NotFound("{file} 没有第 {row} 行，或者这一行是空的", file=batch.file, row=row)
            secrets = _secrets(bench, stream, file.name, stood)
    finally:
        engine.close()
    excerpt = Excerpt(stream, scope, line // COLUMN_STEP, marks)
    mended = excerpt.corrected(shown_cells(stream, cells_of(site.archive, corrected)))
    return replace(_veiled(batch, row, stood, secrets, excerpt), mended=tuple(mended.items()))


# --- what must not be shown ------------------------------------------------------------------------------------


def _secrets(bench: Bench, stream: Stream, name: str, stood: Bare) -> dict[str, str]:
    """Texts of the row that are people's numbers by the mapping, also those that it makes of other columns, with their kind."""
    kinds = sensitive_columns(stream)
    if not kinds or stood.torn:
        return {}
    raw = _one_row(bench.engine, stream, name, stood)
    if raw is None:
        return {}
    # What only the whole sheet can say (its title, another file's columns) is no text of this row.
    lacking = {column: "NULL::varchar" for column in own_columns(stream) if column not in raw.columns}
    raw = with_made(
        bench.engine, stream, replace(raw, columns=raw.columns | lacking), bench.staging / "made.parquet"
    )
    asked = [column for column in kinds if column in raw.columns or column in raw.made]
    if not asked:
        return {}
    listed = ", ".join(raw.text(column) for column in asked)
    found = bench.engine.execute(f"SELECT {listed} FROM {raw.relation} r").fetchone()
    # A line that is no object gives no row.
    return {text: kinds[column] for column, text in zip(asked, found or (), strict=False) if text}


def _one_row(engine: duckdb.DuckDBPyConnection, stream: Stream, name: str, stood: Bare) -> Raw | None:
    if stood.cells:
        table = pa.table(
            {"_row": pa.array([1], pa.int64())}
            | {f"c{n}": pa.array([text or None], pa.string()) for n, (_, text) in enumerate(stood.cells)}
        )
        engine.register("one_row", table)
        columns = {head: f"r.c{n}" for n, (head, _) in enumerate(stood.cells)}
        return arranged(Raw(name, stood.sheet, "one_row", columns), replace(stream.layout, wide=None))
    kind = stream.layout.format if stream.layout.format != "auto" else format_of(name)
    if kind not in ("jsonl", "edx"):
        return None
    text = event_again(stood.text) if kind == "edx" else stood.text
    engine.register(
        "one_line", pa.table({"_row": pa.array([1], pa.int64()), "c0": [text], "c1": [stood.text]})
    )
    paths = own_columns(stream)
    return Raw(
        name,
        "",
        f"({cut_sql('one_line', paths, 'c1')})",
        {path: f"nullif(trim(r.c{n}), '')" for n, path in enumerate(paths)},
    )


def _veiled(batch: Batch, row: int, stood: Bare, secrets: Mapping[str, str], excerpt: Excerpt) -> Original:
    def veil(text: str) -> str:
        if isinstance(text, Sentence):
            return text  # ours
        if stood.torn:
            return scrubbed(hidden(text))
        for secret, kind in secrets.items():
            text = text.replace(secret, masked(kind, secret))
        return hidden(text)

    made = Original(batch.id, batch.file, stood.sheet, row, (), note=stood.note)
    if not stood.cells or stood.torn:
        return _of_text(made, stood, excerpt, veil)
    across = _across(excerpt.stream, [head for head, _ in stood.cells])
    heads = [
        masked(across.head, head) if across.head and wide else veil(head)
        for (head, _), wide in zip(stood.cells, across.wide, strict=True)
    ]
    heads = heads if len(set(heads)) == len(heads) else header_names(heads)
    cells = [
        (head, masked(across.cell, cell) if across.cell and wide else veil(cell))
        for head, (_, cell), wide in zip(heads, stood.cells, across.wide, strict=True)
    ]
    shown = excerpt.columns([head for head, _ in stood.cells])
    return replace(
        made,
        cells=tuple(cell for cell, seen in zip(cells, shown, strict=True) if seen),
        column=heads[excerpt.place - 1] if 0 < excerpt.place <= len(heads) else "",
        less=excerpt.less(shown.count(False)),
    )


def _of_text(made: Original, stood: Bare, excerpt: Excerpt, veil: Callable[[str], str]) -> Original:
    """A row that is one text, or has no columns that anybody could tell apart."""
    whole = excerpt.whole or excerpt.own
    said = None if stood.torn else object_of(stood.text)
    if said is None and not whole:
        return replace(made, less=sentence("这一行分不清哪些内容属于这条记录，不显示"))
    if said is None:
        cells = tuple((veil(head), veil(cell)) for head, cell in stood.cells)
        return replace(made, cells=cells, text=veil(stood.text)[:_LONG])
    if stood.event and not whole:
        # The columns are cut out of the statement that the event is read as.
        said = object_of(event_again(stood.text)) or {}
    part = excerpt.of_object(said)
    return replace(
        made,
        cells=tuple((veil(head), veil(cell)) for head, cell in told(part)),
        text=veil(json.dumps(part, ensure_ascii=False, indent=2))[:_LONG],
        less=excerpt.less(leaves(said) - leaves(part)),
    )


@dataclass(frozen=True)
class _Across:
    """Which columns of a wide table are records of their own, and the kind of identifier that their heads or cells are."""

    wide: Sequence[bool]
    head: str = ""
    cell: str = ""


def _across(stream: Stream, heads: Sequence[str]) -> _Across:
    wide = stream.layout.wide
    if wide is None:
        return _Across([False] * len(heads))
    ours = {head: name for name, head in named({head: head for head in heads}, stream.layout).items()}
    kinds = sensitive_columns(stream)
    return _Across(
        [ours.get(head, head) not in wide.keep for head in heads],
        kinds.get(wide.item, ""),
        kinds.get(wide.value, ""),
    )

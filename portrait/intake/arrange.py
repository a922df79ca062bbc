"""The rows of a file under the mapping's names for their columns, long instead of wide, and with the columns that it makes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import duckdb

from portrait.errors import InputError
from portrait.intake.mapping import Layout, Stream
from portrait.intake.raw import Raw, header_names, literal
from portrait.intake.shape import Wide, made_sql, pass_sql
from portrait.intake.sheet import sheet_head
from portrait.intake.text import head_of
from portrait.record import COLUMN_STEP
from portrait.sentence import sentence

_DAY = "10月8日"  # a head that days have and nothing else


def arranged(raw: Raw, layout: Layout) -> Raw:
    """The rows as the layout wants them. Raises InputError when a wide table has rows that are longer or shorter than its head."""
    raw = replace(raw, columns=named(raw.columns, layout))
    return _long(raw, layout.wide) if layout.wide else raw


def has_heads(path: Path, layout: Layout) -> bool:
    """Whether a CSV or workbook has the columns by which the layout knows its files, if it knows them so."""
    if not layout.heads or not path.stat().st_size:
        return True  # what is wrong with an empty file its reader says best
    with path.open("rb") as file:
        packed = file.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    cells = sheet_head(path, layout.sheet, layout.header) if packed else head_of(path, layout.header)
    there = named(dict.fromkeys(header_names(cells), ""), replace(layout, lacking=()))
    return set(layout.heads) <= there.keys()


def plain_head(text: str) -> str:
    """A head without what exports differ in: case, width, spaces, punctuation, the kind of apostrophe."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def named(columns: dict[str, str], layout: Layout) -> dict[str, str]:
    """The columns of a file by the mapping's names for them."""
    if not layout.names and not layout.lacking:
        return columns
    # A file that has our own name for a column means that one, whatever else is in it.
    free = [name for name, _ in layout.names if name not in columns]
    ours = {
        plain_head(head): name for name, others in layout.names if name in free for head in (name, *others)
    }
    found: dict[str, str] = {}
    for head, sql in columns.items():
        name = ours.get(plain_head(head), head) if head not in dict(layout.names) else head
        found.setdefault(head if name in found else name, sql)
    return found | {name: "NULL::varchar" for name in layout.lacking if name not in found}


def _long(raw: Raw, wide: Wide) -> Raw:
    ragged = next((row for row in raw.broken if row.code == "ragged_row"), None)
    if ragged is not None:
        # In a row that is longer than the head nobody knows which cell belongs to which column, there or elsewhere.
        raise InputError(
            "{file}：第 {line} 行的格数和表头的列数不一样（{reason}），成绩会对错项目，整个文件不接入；请重新导出，或改正这一行和表头再导入",
            file=raw.where,
            line=ragged.row,
            reason=ragged.reason,
        )
    heads = [head for head in raw.columns if head not in wide.keep]
    places = {head: place for place, head in enumerate(raw.columns, 1)}
    if wide.drop:
        heads = [head for head in heads if not re.search(wide.drop, head)]
    if wide.only:
        heads = [head for head in heads if re.search(wide.only, head)]
    heads = _preferred(heads, wide)
    if not heads:
        raise _no_items(raw, wide)
    cells = ", ".join(
        f"{{'p': {places[head]}, 'i': {literal(head)}, 'v': ({raw.columns[head]})::varchar}}"
        for head in heads
    )
    kept = {head: f"r._k{n}" for n, head in enumerate(head for head in raw.columns if head in wide.keep)}
    listed = "".join(
        f", ({raw.columns[head]})::varchar AS {sql.removeprefix('r.')}" for head, sql in kept.items()
    )
    once = f"SELECT r._row AS _at{listed}, unnest([{cells}]) AS u FROM {raw.relation} r"
    relation = f"(SELECT u.p::bigint * {COLUMN_STEP} + _at AS _row, * FROM ({once}))"
    columns = kept | {wide.item: "r.u.i", wide.value: "r.u.v"}
    return replace(raw, relation=relation, columns=columns, heads=tuple(heads))


def _no_items(raw: Raw, wide: Wide) -> InputError:
    """That no column is one of those which become rows, in words: nobody reads a pattern."""
    if wide.only and re.search(wide.only, _DAY):
        return InputError(
            "{file}：没有一列的列名是日期；这份映射读的是签到表，应当一天一列，列名如 10月8日、2022-10-08、10.8上午；文件里有：{columns}",
            file=raw.where,
            columns=list(raw.columns),
        )
    return InputError(
        "{file}：没有一列是项目（{wanted}），应当每个项目一列；文件里有：{columns}",
        file=raw.where,
        wanted=sentence("映射的 unpivot 认得的列名")
        if wide.only
        else sentence("{kept} 以外的列", kept=list(wide.keep)),
        columns=list(raw.columns),
    )


def _preferred(heads: list[str], wide: Wide) -> list[str]:
    """Of columns that tell the same in several ways only the one that is told first in `prefer`."""
    best: dict[str, tuple[int, str]] = {}
    for head in heads:
        rank = next((n for n, form in enumerate(wide.prefer) if re.search(form, head)), len(wide.prefer))
        base = re.sub(wide.prefer[rank], "", head) if rank < len(wide.prefer) else head
        best[base] = min(best.get(base, (rank, head)), (rank, head))
    chosen = {head for _, head in best.values()}
    return [head for head in heads if head in chosen]


def with_made(engine: duckdb.DuckDBPyConnection, stream: Stream, raw: Raw, target: Path) -> Raw:
    """The rows with the columns that the stream makes and with why it passes them over, each found once: patterns are slow."""
    if not stream.made and not stream.passed:
        return raw
    relation, made = raw.relation, dict[str, str]()
    for place, one in enumerate(stream.made):
        sql = made_sql(one, {**raw.columns, **made}, raw.file, relation)
        relation = f"(SELECT r.*, {sql} AS _m{place} FROM {relation} r)"
        made[one.name] = f"r._m{place}"
    why = void = ""
    if stream.passed:
        there = {**raw.columns, **made}
        reasons = [pass_sql(one, there[one.column], there[one.each or one.column]) for one in stream.passed]
        takes = ""
        if stream.absent:
            # The first that fits a row has it, as it has the reason.
            each = zip(stream.passed, reasons, strict=True)
            fits = " ".join(f"WHEN {reason} IS NOT NULL THEN {str(one.void).lower()}" for one, reason in each)
            takes, void = f", CASE {fits} ELSE false END AS _void", "r._void"
        relation = f"(SELECT r.*, coalesce({', '.join(reasons)}) AS _why{takes} FROM {relation} r)"
        why = "r._why"
    engine.execute(f"COPY {relation} TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)")
    relation = f"(SELECT * FROM read_parquet({literal(str(target))}))"
    return replace(raw, relation=relation, made=made, why=why, void=void)

"""A record's key as somebody typed it, read as the stream reads it in a file: what is the same value there is the same key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import pyarrow as pa

from portrait.identifier import SENSITIVE
from portrait.intake.ask import many
from portrait.intake.bench import Bench, clear, set_up, set_up_over
from portrait.intake.expression import Expression
from portrait.intake.layout import FIELD
from portrait.intake.mapping import Mapping as Recipe
from portrait.intake.mapping import Stream
from portrait.intake.raw import Raw, plain
from portrait.intake.recipe import files_again, joined_again
from portrait.intake.width import narrow
from portrait.record import Kind
from portrait.spelling import MOST, forms
from portrait.store.batch import Batch

APART = "\x1f"  # between the parts of a key
# A key by its parts, as it is and as it may be spelled: a day that stands in a column in every form in which it may be written there.
Spelled = tuple[tuple[str, ...], ...]
_WAYS = 16  # in which one key is read
_KINDS = {str(int(kind)): kind.name.lower() for kind in Kind}  # in a key that was told, kinds are numbers
_NOTHING = "（空）"  # a column in which nothing stands


@dataclass(frozen=True)
class Part:
    """One part of a key as people give it: what it is called, and whether it is somebody's secret."""

    name: str
    secret: bool = False


@dataclass(frozen=True)
class _Way:
    """What an item of a stream's key takes: so many parts, of a column as they are written (None), or as a field is read."""

    parts: tuple[Part, ...]
    expression: Expression | None = None


def shapes(stream: Stream) -> list[tuple[Part, ...]]:
    """The parts that a key of the stream may have: several where an account may be of several kinds."""
    found = (
        tuple(part for way in chosen for part in way.parts)
        for chosen in islice(product(*(_ways(stream, item) for item in stream.key)), _WAYS)
    )
    return list(dict.fromkeys(found))


def read_by_field(stream: Stream) -> bool:
    """Whether anything in its keys is known by what is read and not by how it is written."""
    return any(item.startswith(FIELD) for item in stream.key)


def keys_read(
    bench: Bench, mapping: Recipe, stream: Stream, keys: Sequence[Sequence[str]]
) -> list[list[Spelled]]:
    """Of each key, given by its parts, the keys that a file of the stream may make of it, in the ways in which it may be read; none
    where it cannot be."""
    found = [dict[Spelled, None]() for _ in keys]
    for chosen in islice(product(*(_ways(stream, item) for item in stream.key)), _WAYS):
        width = sum(len(way.parts) for way in chosen)
        # As it was typed; and as sheets of offices are read, whose digits may be of any width.
        typed = [(place, key) for place, key in enumerate(keys) if len(key) == width]
        typed += [(place, narrowed) for place, key in typed if (narrowed := [*map(narrow, key)]) != [*key]]
        read = _read(bench, mapping, stream, chosen, [key for _, key in typed]) if typed else []
        for row, text in sorted(read):
            found[typed[row][0]][tuple(_written(chosen, text))] = None
    return [list(one) for one in found]


def written(stream: Stream, key: str) -> Spelled:
    """A key that a file has made, as every file may have made it."""
    for chosen in islice(product(*(_ways(stream, item) for item in stream.key)), _WAYS):
        if sum(len(way.parts) for way in chosen) == key.count(APART) + 1:
            return tuple(_written(chosen, key))
    return (tuple(key.split(APART)),)


def key_of_line(bench: Bench, batch: Batch, mapping: Recipe, stream: Stream, line: int) -> list[str]:
    """The key that a line of a batch's file has, its parts by APART; none when the line has none. Raises InputError when the archive
    has lost the file."""
    main, others = files_again(bench.site, batch)
    program = set_up(bench, mapping, stream, main, joined_again(batch, stream, others))
    try:
        query = f"SELECT record_key FROM {program.judged} WHERE _row = {int(line)}"
        return [text for (text,) in many(bench.engine, query)]
    finally:
        clear(bench, program)


def _ways(stream: Stream, item: str) -> list[_Way]:
    whose = stream.field("account")
    secret = bool(whose and SENSITIVE.intersection(whose.kinds))
    if not item.startswith(FIELD):
        return [_Way((Part(item, secret and whose is not None and item in whose.columns),))]
    field, expression = stream.target.field(item.removeprefix(FIELD)), stream.field(item.removeprefix(FIELD))
    assert field is not None
    assert expression is not None
    found = []
    for one, columns in _alternatives(expression):
        kind = one.kind if field.name == "account" else ""
        named: tuple[Part, ...]
        if kind == "account":
            named = (Part("平台网址"), Part("账号"))
        elif kind == "triple":
            called = columns if len(columns) == 3 else ("姓名", "学校", "出生日期")
            named = tuple(Part(column, place > 1) for place, column in enumerate(called))
        else:
            named = (Part(str(field.zh), kind in SENSITIVE),)
        found.append(_Way(named, one))
        if kind == "triple":
            found.append(_Way(named[:2], one))  # whose birth nobody tells
    return found


def _alternatives(expression: Expression) -> Iterator[tuple[Expression, tuple[str, ...]]]:
    """What a field may be read by, each from one text, and the columns of that: as the mapping says, and in the usual words."""
    alone = replace(expression, source=(_NOTHING,), const=None, join="", start=None, days=None, first=())
    made = {alone: expression.columns}
    if expression.mixed:
        made = {replace(alone, kind=part.kind, prefix=part.prefix): part.columns for part in expression.first}
    usual = {replace(one, map=None, prefix="", default=None, format=()): made[one] for one in made}
    yield from {**made, **usual}.items()


def _read(
    bench: Bench,
    mapping: Recipe,
    stream: Stream,
    chosen: Sequence[_Way],
    keys: Sequence[Sequence[str]],
) -> list[tuple[int, str]]:
    """Of the keys that can be read in one way their places, and the texts that the stream knows them by."""
    names = [f"（{place}）" for place in range(len(chosen))]
    fields = {
        item.removeprefix(FIELD): replace(way.expression, source=(name,))
        for item, way, name in zip(stream.key, chosen, names, strict=True)
        if way.expression is not None
    }
    if "score" in fields and stream.field("score_max") is not None:
        fields["score_max"] = Expression(source=(_NOTHING,))
    alone = replace(
        stream,
        fields=tuple(fields.items()),
        key=tuple(
            item if item.startswith(FIELD) else name for item, name in zip(stream.key, names, strict=True)
        ),
        where=(),
        joins=(),
        made=(),
        passed=(),
        void=None,
        voids=None,
    )
    cells = [_cells(stream, chosen, key) for key in keys]
    table = f"{bench.prefix()}typed"
    rows: dict[str, pa.Array] = {"_row": pa.array(range(len(keys)), pa.int64())}
    rows |= {f"c{place}": pa.array([one[place] for one in cells], pa.string()) for place in range(len(names))}
    bench.engine.register("typed_keys", pa.table(rows))
    bench.engine.execute(f"CREATE TABLE {table} AS SELECT * FROM typed_keys")
    bench.engine.unregister("typed_keys")
    columns = {name: plain(f"r.c{place}") for place, name in enumerate(names)}
    raw = Raw("", "", table, {**columns, _NOTHING: "NULL::varchar"})
    try:
        program = set_up_over(bench, mapping, alone, raw, {})
        found = list(many(bench.engine, f"SELECT _row, record_key FROM {program.judged} WHERE NOT _bad"))
        clear(bench, program)
    finally:
        bench.engine.execute(f"DROP TABLE IF EXISTS {table}")
    return [(place, text) for place, text in found]


def _cells(stream: Stream, chosen: Sequence[_Way], key: Sequence[str]) -> list[str]:
    """The parts of a key as the cells that they would stand in: those of one field in one."""
    left = iter(key)
    cells = ["|".join(islice(left, len(way.parts))) for way in chosen]
    return [
        _KINDS.get(cell.strip(), cell) if item == f"{FIELD}kind" else cell
        for item, cell in zip(stream.key, cells, strict=True)
    ]


def _written(chosen: Sequence[_Way], text: str) -> Iterator[tuple[str, ...]]:
    """A key with the days of its columns in every form."""
    read = [way.expression is not None for way in chosen for _ in way.parts]
    parts = text.split(APART)
    if len(parts) != len(read):
        yield tuple(parts)  # of an account that told less than it might
        return
    each = [[part] if is_read else forms(narrow(part)) for part, is_read in zip(parts, read, strict=True)]
    yield from islice(product(*each), MOST)

"""Where one file is looked at: an engine of its own, a folder for staged rows, and the stream's program set up over them."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from portrait.errors import InputError, LakeOutdated, MappingError
from portrait.identity import NAMING, hidden, load_secret
from portrait.intake.archive import half_copied
from portrait.intake.arrange import with_made
from portrait.intake.ask import many
from portrait.intake.compile import compile_stream
from portrait.intake.former import Titles, called, titles
from portrait.intake.layout import CAPTION_COLUMN
from portrait.intake.lookup import Answer, Context, Known, Lookup, answers
from portrait.intake.mapping import Mapping, Stream
from portrait.intake.program import Program, join_columns, own_columns
from portrait.intake.raw import Raw
from portrait.intake.reader import read, require
from portrait.sentence import sentence
from portrait.site import Site
from portrait.store.catalogue import holders
from portrait.store.link import known_ids, known_names
from portrait.store.number import note, owed, settled
from portrait.store.rekeyed import kept

_CHUNK = 50_000
_LOOK = pa.schema(
    [
        (name, pa.string())
        for name in ("name", "value", "code", "reason", "kind", "digest", "shown", "beside", "plain")
    ]
    + [("number", pa.int64())]
)


@dataclass(frozen=True)
class Input:
    """A file to be read, and the name it came under."""

    path: Path
    name: str
    content: str = ""


@dataclass
class Bench:
    """One engine and one folder, for as long as a file is worked on."""

    site: Site
    engine: duckdb.DuckDBPyConnection
    staging: Path
    secret: bytes
    known: Known
    anywhere: bool = False  # look in all months for records that are in already, not only in their own
    _programs: int = field(default=0)
    _titles: dict[tuple[str, str, str], Titles] = field(default_factory=dict)

    def prefix(self) -> str:
        self._programs += 1
        return f"p{self._programs}_"

    def titles(self, mapping: Mapping, stream: Stream) -> Titles:
        """See `portrait.intake.former`."""
        key = (mapping.name, mapping.source, stream.series)
        if key not in self._titles:
            self._titles[key] = titles(self.site, mapping, stream)
        return self._titles[key]

    def context(self, mapping: Mapping, stream: Stream) -> Context:
        return Context(
            source=mapping.source,
            course_source=stream.course_source or mapping.source,
            class_source=stream.class_source or mapping.source,
            secret=self.secret,
            known=self.known,
        )


@contextmanager
def open_bench(site: Site, also: dict[str, set[int]] | None = None) -> Iterator[Bench]:
    """A bench; what it staged is gone afterwards. `also` are ids to be taken as registered."""
    home = site.settings.home
    home.mkdir(parents=True, exist_ok=True)
    staging, held = _staging(home)
    engine = site.engine()
    engine.execute("SET preserve_insertion_order=false")

    def ids(thing: str) -> list[int]:
        with site.registry.connect() as connection:
            return list(known_ids(connection, thing))

    def names(thing: str) -> list[tuple[str, int]]:
        with site.registry.connect() as connection:
            return list(known_names(connection, thing))

    def listed(thing: str, code: str) -> list[str]:
        with site.registry.connect() as connection:
            return sorted(holders(connection, thing, [code]))

    known = Known(ids, also if also is not None else {}, names, listed)
    try:
        yield Bench(site, engine, staging, load_secret(home), known)
    finally:
        engine.close()
        shutil.rmtree(staging, ignore_errors=True)
        os.close(held)


@contextmanager
def staging_folder(home: Path) -> Iterator[Path]:
    """A folder for what is only needed while something is looked at; gone afterwards, and swept after a crash."""
    home.mkdir(parents=True, exist_ok=True)
    folder, held = _staging(home)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _staging(home: Path) -> tuple[Path, int]:
    """A new folder for staged rows, and the open handle whose lock says that somebody works in it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix="staging-", dir=home))
        with suppress(FileNotFoundError):
            held = os.open(folder, os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_EX)
            # A sweep may have come between the two calls and taken the folder for a dead one's.
            if folder.exists():
                return folder, held
            os.close(held)


def sweep(site: Site) -> None:
    """Remove what crashed intakes and previews left staged or half copied. Only the holder of the writer's lease may.

    The folders of previews that are being looked at are locked and stay.
    """
    for folder in site.settings.home.glob("staging-*"):
        with suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            except BlockingIOError:
                pass
            finally:
                os.close(handle)
    for copy in half_copied(site.archive):
        copy.unlink(missing_ok=True)


def check_numbers(site: Site) -> None:
    """Raises LakeOutdated while accounts or persons stand under names by the rules of before: what comes in again would count twice."""
    with site.registry.begin() as connection:
        if settled(connection):
            return
        left = owed(connection, load_secret(site.settings.home))
        if not any(left):
            note(connection, NAMING)
    accounts, people = left
    if accounts:
        raise LakeOutdated(
            "有 {n} 个账号的登录名里带着手机号或身份证号，还是按旧规矩编的号：先运行一次 portrait rebuild 再接入，"
            "不然同样的记录会算两遍（关联、撤回、认可和确认都会跟着转到新的编号）",
            n=accounts,
        )
    if people:
        raise LakeOutdated(
            "有 {n} 位教师在登记库里的编号带着手机号、身份证号或邮箱，还是按旧规矩存的：先运行一次 portrait rebuild 再接入，"
            "不然同一位教师会成为两个人（关联、班级名单、确认和账号都留在原来那位教师名下）",
            n=people,
        )


def set_up(bench: Bench, mapping: Mapping, stream: Stream, file: Input, joined: dict[str, Input]) -> Program:
    """The stream's views over a file. Raises InputError when the file or a joined one is not as the stream needs it."""
    raw = read(bench.engine, file.path, file.name, stream.layout, own_columns(stream), bench.staging)
    return set_up_over(bench, mapping, stream, raw, joined)


def set_up_over(
    bench: Bench, mapping: Mapping, stream: Stream, raw: Raw, joined: dict[str, Input]
) -> Program:
    """The stream's views over rows that have been read."""
    require(raw, own_columns(stream), sentence("流 {stream} ", stream=stream.name))
    if CAPTION_COLUMN in raw.columns:
        raw = called(raw, bench.titles(mapping, stream))
    prefix = bench.prefix()
    raw = with_made(bench.engine, stream, raw, bench.staging / f"{prefix}made.parquet")
    program = compile_stream(mapping, stream, raw, prefix)
    for join in stream.joins:
        _join(bench, program, join.alias, joined[join.alias])
    execute = bench.engine.execute
    if stream.target.name == "person":
        _keep(bench, program)
    try:
        execute(f"CREATE VIEW {program.seen} AS {program.seen_sql()}")
        for name, lookup in program.lookups.items():
            _look_up(bench, program, name, lookup)
        execute(f"CREATE VIEW {program.typed} AS {program.typed_sql()}")
        execute(f"CREATE VIEW {program.judged} AS {program.judged_sql()}")
        execute(f"SELECT * FROM {program.judged} LIMIT 0").fetchall()
    except (duckdb.BinderException, duckdb.ParserException, duckdb.InvalidInputException) as error:
        # Only a time format can still be wrong here: all else was checked when the mapping was read.
        raise MappingError(
            f"{Path(mapping.path).name}，流 {stream.name}：表达式用不了：{str(error).splitlines()[0]}"
        ) from error
    return program


def clear(bench: Bench, program: Program) -> None:
    """Drop a program's views and tables."""
    for view in (program.judged, program.typed, program.seen):
        bench.engine.execute(f"DROP VIEW IF EXISTS {view}")
    tables = [program.table(name) for name in program.lookups]
    tables += [program.join_table(join.alias) for join in program.stream.joins]
    tables.append(program.kept)
    for table in tables:
        bench.engine.execute(f"DROP TABLE IF EXISTS {table}")


def _keep(bench: Bench, program: Program) -> None:
    with bench.site.registry.connect() as connection:
        rows = kept(connection)
    columns = {"digest": pa.string(), "id": pa.int64(), "key": pa.string()}
    known = pa.table(
        {
            name: pa.array([row[place] for row in rows], kind)
            for place, (name, kind) in enumerate(columns.items())
        }
    )
    bench.engine.register("kept_people", known)
    bench.engine.execute(f"CREATE TABLE {program.kept} AS SELECT * FROM kept_people")
    bench.engine.unregister("kept_people")


def _join(bench: Bench, program: Program, alias: str, file: Input) -> None:
    """The joined file as a table of its keys (k0…) and the columns that are used (c0…), one row a key."""
    stream = program.stream
    join = next(join for join in stream.joins if join.alias == alias)
    columns = join_columns(stream, alias)
    keys = [theirs for _, theirs in join.on]
    raw = read(bench.engine, file.path, file.name, join.layout, [*keys, *columns], bench.staging)
    require(raw, [*keys, *columns], sentence("流 {stream} 的对照 {alias} ", stream=stream.name, alias=alias))
    if raw.broken:
        first = raw.broken[0]
        raise InputError(
            "{file}：第 {line} 行读不出来（{reason}），对照表要完整才能用",
            file=raw.where,
            line=first.row,
            reason=sentence(first.reason),
        )
    listed = [f"{raw.columns[key]} AS k{i}" for i, key in enumerate(keys)]
    listed += [f"{raw.columns[column]} AS c{i}" for i, column in enumerate(columns)]
    filled = " AND ".join(f"{raw.columns[key]} IS NOT NULL" for key in keys)
    table = program.join_table(alias)
    bench.engine.execute(
        f"CREATE TABLE {table} AS SELECT DISTINCT {', '.join(listed)} FROM {raw.relation} r WHERE {filled}"
    )
    places = ", ".join(f"k{i}" for i in range(len(keys)))
    twice = bench.engine.execute(
        f"SELECT {places} FROM {table} GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchall()
    if twice:
        raise InputError(
            "{file}：流 {stream} 按 {shown} 对照到不止一行，而且内容不同，不知道该用哪一行",
            file=raw.where,
            stream=stream.name,
            shown=[hidden(f"{key} = {value}") for key, value in zip(keys, twice[0], strict=True)],
        )


def _look_up(bench: Bench, program: Program, name: str, lookup: Lookup) -> None:
    """The table of a look-up: each distinct text of the selected rows with what it stands for."""
    table = program.table(name)
    bench.engine.register("look_schema", _LOOK.empty_table())
    bench.engine.execute(f"CREATE TABLE {table} AS SELECT * FROM look_schema")
    bench.engine.unregister("look_schema")
    context = bench.context(program.mapping, program.stream)
    texts = many(
        bench.engine, f"SELECT DISTINCT coalesce(t_{name}, '') FROM {program.seen} WHERE {program.speaks}"
    )
    found = answers(lookup, (text for (text,) in texts), context)
    while chunk := list(islice(found, _CHUNK)):
        bench.engine.register("look_chunk", _table(chunk, lookup))
        bench.engine.execute(f"INSERT INTO {table} SELECT * FROM look_chunk")
        bench.engine.unregister("look_chunk")
    for column, (kind, sql) in program.derived.get(name, {}).items():
        bench.engine.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        bench.engine.execute(f"UPDATE {table} SET {column} = {sql}")


def _table(found: list[tuple[str, Answer]], lookup: Lookup) -> pa.Table:
    columns = {
        "name": [text for text, _ in found],
        **{
            part: [getattr(answer, part) for _, answer in found]
            for part in ("value", "code", "reason", "kind", "digest", "shown", "beside", "plain")
        },
        "number": [int(answer.value) if lookup.numeric and answer.value else None for _, answer in found],
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in _LOOK], schema=_LOOK)

"""Good rows of a record stream into the lake: cut into parts by account, each sorted, free of duplicates, and one atomic commit."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from portrait.hashing import key_number, number_sql
from portrait.intake.absence import absent_sql
from portrait.intake.ask import many, one
from portrait.intake.dateless import OF_A_DAY
from portrait.intake.program import Program
from portrait.intake.raw import literal
from portrait.intake.run import spans_sql
from portrait.intake.width import narrow
from portrait.lake.compact import widen
from portrait.lake.content import item_sql
from portrait.lake.engine import bind, bind_files
from portrait.lake.table import Lake
from portrait.record import DOUBTFUL, RECORD_SCHEMA, UNIT, Flag
from portrait.resource import read_yaml
from portrait.store.batch import Batch
from portrait.store.lease import Lease
from portrait.store.link import add_accounts, name_accounts
from portrait.store.run import NAME, note_runs
from portrait.store.unlisted import CODE, note_unlisted

PART_ROWS = 150_000  # up to here one part; beyond, parts of at most six times this
_FETCH = 100_000
_ORDINAL = "row_number() OVER (PARTITION BY key ORDER BY line)"  # a row's place among its equals

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Staged:
    """The good rows of a batch as record columns, readable part by part."""

    program: Program
    batch: Batch
    rows: int  # those among them that say that nobody was there (`absent`)
    absent: int
    dateless: int
    parts: int
    relation: str
    columns: dict[str, str]  # record column → SQL over the relation, without id
    folder: Path
    reserved: str = (
        ""  # bad rows (key, line) that keep their places among equal ones, for when they are mended
    )
    places: str = ""  # rows (line, n) whose places are given: those of a replay

    def part(self, number: int) -> str:
        return self.relation + (f" WHERE part = {number}" if self.parts > 1 else "")

    def records_sql(self, number: int = 0) -> str:
        """The rows of a part with their ids: 16 bytes of the key, of key and ordinal for the second and later of equal ones."""
        columns = ", ".join(f"{sql} AS {name}" for name, sql in self.columns.items())
        part = self.part(number)
        if self.program.stream.versioned:
            return newest_sql(f"SELECT key AS id, {columns} FROM {part}", f"SELECT key FROM {part}")
        if self.program.stream.repeats == "drop":
            return f"SELECT key AS id, {columns} FROM (SELECT *, {_ORDINAL} AS n FROM {part}) WHERE n = 1"
        identity = "CASE WHEN n = 1 THEN key ELSE unhex(md5(hex(key) || ':' || n::varchar)) END"
        if self.places:
            return f"SELECT {identity} AS id, {columns} FROM (SELECT * FROM {part}) JOIN {self.places} USING (line)"
        if not self.reserved:
            return f"SELECT {identity} AS id, {columns} FROM (SELECT *, {_ORDINAL} AS n FROM {part})"
        both = f"SELECT *, true AS good FROM {part} UNION ALL BY NAME SELECT *, false AS good FROM {self.reserved}"
        numbered = f"SELECT *, {_ORDINAL} AS n FROM ({both})"
        return f"SELECT {identity} AS id, {columns} FROM ({numbered}) WHERE good"


@dataclass(frozen=True)
class Landing:
    """What the lake holds of a batch."""

    stored: int
    doubtful: int
    absent: int = 0  # rows that say that nobody was there


def parts_of(rows: int, part_rows: int, buckets: int) -> int:
    """One, or a multiple of the buckets: then a part touches one bucket only."""
    return 1 if rows <= part_rows else buckets * math.ceil(rows / (buckets * part_rows * 6))


def stage(
    engine: duckdb.DuckDBPyConnection,
    program: Program,
    batch: Batch,
    rows: int,
    *,
    arrival: date,
    buckets: int,
    part_rows: int,
    folder: Path,
    origin: Batch | None = None,
) -> Staged:
    """Look at every row once and set the good ones out by part; later passes read only their own part.

    `origin` is the batch whose file it is, when it is not the batch's own."""
    # A record whose key alone says what it is may change its owner, and one part must see all rows of a key.
    whole = program.stream.identity == "key"
    parts = 1 if whole else parts_of(rows, part_rows, buckets)
    columns = _columns(program, batch, origin or batch, arrival, buckets)
    varying = {
        name: sql
        for name, sql in columns.items()
        if re.search(r"\b(v_|n_|_row\b|record_key\b|void\b|_absent\b)", sql)
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in varying.items())
    select = f"SELECT {key_sql(program)} AS key, {listed} FROM {program.judged} WHERE {program.speaks} AND NOT _bad"
    target = folder / f"{program.prefix}parts"
    if parts > 1:
        engine.execute(
            f"COPY (SELECT *, account % {parts} AS part FROM ({select})) TO {literal(str(target))} "
            f"(FORMAT parquet, COMPRESSION lz4, PARTITION_BY (part))"
        )
        files = literal(f"{target}/*/*.parquet")
        relation = f"read_parquet({files}, hive_partitioning=true, hive_types_autocast=true)"
    else:
        relation = f"{program.prefix}parts"
        engine.execute(f"CREATE TABLE {relation} AS {select}")
    made = {name: name if name in varying else sql for name, sql in columns.items()}
    nobody = f"count(*) FILTER ({absent_sql()})" if program.stream.absent else "0"
    signed = f" AND NOT {absent_sql()}" if program.stream.absent else ""
    never = " AND time IS NULL" if "time" in varying else ""
    without = f"count(*) FILTER (kind {OF_A_DAY}{signed}{never})"
    counted = f"SELECT count(*), {nobody}, {without} FROM {relation}"
    good, absent, undated = one(engine, counted) if parts == 1 or target.exists() else (0, 0, 0)
    staged = Staged(program, batch, good, absent, undated, parts, relation, made, target)
    if program.stream.repeats == "keep" and good < rows - len(program.raw.broken):
        staged = replace(staged, reserved=f"{program.prefix}reserved")
        engine.execute(f"CREATE TABLE {staged.reserved} AS {keys_sql(program)} AND _bad")
    return staged


def key_sql(program: Program) -> str:
    """SQL over `judged` of what is hashed into the id of a record."""
    stream = program.stream
    parts = [
        literal(program.mapping.source),
        *([literal(f"series:{stream.series}")] if stream.series else []),
    ]
    if stream.identity == "record":
        parts += ["v_kind::varchar", "v_account::varchar"]
    parts.append("record_key")
    return f"unhex(md5(concat_ws(chr(31), {', '.join(parts)})))"


def record_key(source: str, series: str, columns: Sequence[str]) -> int:
    """What records of these key columns carry as `key_number`, whatever their kind and account."""
    return made_key(source, series, [narrow(text.strip()) for text in columns])


def made_key(source: str, series: str, parts: Sequence[str]) -> int:
    """`record_key` of parts as a file has made them."""
    return key_number(source, series, chr(31).join(parts))


def newest_sql(rows: str, keys: str) -> str:
    """Of rows with one id the newest version: by the source's own word, else the last line. Equal ones stand by their first line."""
    content, version = _text(content_sql("s.")), "coalesce(s.modified, s.stored)"
    # Of two rows of one file that contradict each other somebody has signed one: only a later file takes it back.
    order = f"{version} DESC NULLS LAST, {absent_sql('s.')}, CASE WHEN {version} IS NOT NULL THEN {content} END DESC, s.line DESC"
    twice = f"SELECT key FROM ({keys}) GROUP BY key HAVING count(*) > 1"
    best = (
        f"SELECT s.*, {content} AS said, first_value({content}) OVER (PARTITION BY s.id ORDER BY {order}) AS best "
        f"FROM ({rows}) s WHERE s.id IN ({twice})"
    )
    return (
        f"SELECT * FROM ({rows}) WHERE id NOT IN ({twice}) UNION ALL BY NAME SELECT * EXCLUDE (said, best) FROM ({best}) "
        f"WHERE said = best QUALIFY row_number() OVER (PARTITION BY id ORDER BY line) = 1"
    )


def came_sql(batch: Batch) -> str:
    """The rows of a batch that are records, out of the view `record`."""
    return f"SELECT account, line FROM record WHERE batch = {batch.id} AND NOT {absent_sql()}"


# What a version of a record says. Not how its project is spelled, and not what depends on when it came in.
_SAID = (
    "account",
    "course",
    "run",
    "kind",
    "time",
    "seq",
    "score",
    "score_max",
    "weight",
    "count",
    "seconds",
    "credit",
)
_SAID_FLAGS = ~int(DOUBTFUL) | int(Flag.SPEED)


def content_sql(row: str = "") -> list[str]:
    """What two versions of a record must have alike to be one and the same: SQL over record columns of `row`."""
    moments = [f"epoch_us({row}{name})" for name in ("time", "modified", "stored")]
    plain = [f'{row}"{name}"' for name in _SAID if name != "time"]
    return [*plain, *moments, item_sql(row), f"({row}flag & {_SAID_FLAGS})"]


def content_text(row: str = "") -> str:
    """`content_sql` as one text."""
    return _text(content_sql(row))


def _text(content: Sequence[str]) -> str:
    return f"md5(concat_ws(chr(31), {', '.join(f'coalesce(({one})::varchar, chr(30))' for one in content)}))"


def keys_sql(program: Program) -> str:
    """Key and line of every selected row, good or bad, that says what it is of whom."""
    return (
        f"SELECT {key_sql(program)} AS key, _row::bigint AS line FROM {program.judged} "
        f"WHERE _selected AND v_kind IS NOT NULL AND v_account IS NOT NULL"
    )


def unstage(engine: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    if staged.parts == 1:
        engine.execute(f"DROP TABLE IF EXISTS {staged.relation}")
    if staged.reserved:
        engine.execute(f"DROP TABLE IF EXISTS {staged.reserved}")
    shutil.rmtree(staged.folder, ignore_errors=True)


def land(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    lease: Lease,
    staged: Staged,
    progress: Progress,
    *,
    anywhere: bool = False,
    undone: Collection[int] = (),
) -> None:
    """Append what the lake does not hold yet, looked for in the rows' months or `anywhere`. Parts that landed before a
    crash are skipped. What `undone` batches hold does not count as held: nobody knows whether they will ever be done."""
    batch, rows, count = staged.batch, staged.rows, staged.parts
    bind(engine, lake, "record")
    for number in range(count if rows else 0):
        progress(f"{batch.file}：写入第 {number + 1}/{count} 部分", rows * number // count, rows)
        # The count of parts is in the name: another count would cut the rows otherwise.
        name = f"{batch.key}:{number}/{count}"
        if lake.landed("record", name):
            continue
        add(engine, lake, lease, staged, number, name, anywhere=anywhere, undone=undone)
    progress(f"{batch.file}：写入完毕", rows, rows)


def add(
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    lease: Lease,
    staged: Staged,
    number: int,
    name: str,
    *,
    anywhere: bool = False,
    undone: Collection[int] = (),
) -> None:
    """Append the rows of a part that the lake does not hold, in one commit remembered under `name`."""
    table = f"{staged.program.prefix}part"
    try:
        engine.execute(f"CREATE TABLE {table} AS {staged.records_sql(number)}")
        fresh = _fresh_sql(
            engine, table, staged, anywhere or moves(staged.program), set(undone) - {staged.batch.id}
        )
        if fresh:
            lease.check()
            if lake.lacking("record"):
                widen(lake, engine)
            append(engine, lake, fresh, name)
    finally:
        engine.execute(f"DROP TABLE IF EXISTS {table}")
        engine.execute(f"DROP TABLE IF EXISTS {table}_held")


def landing(engine: duckdb.DuckDBPyConnection, lake: Lake, batch: Batch) -> Landing:
    """Counted in the lake itself, so that a crash cannot make the ledger differ from it. `record` holds the batch afterwards."""
    bind_files(engine, "record", lake.files_holding("record", "batch", [batch.id]), lake.lacking("record"))
    return Landing(
        *one(
            engine,
            f"SELECT count(*) FILTER (NOT {absent_sql()}), count(*) FILTER (NOT {absent_sql()} AND flag & {int(DOUBTFUL)} <> 0), "
            f"count(*) FILTER ({absent_sql()}) FROM record WHERE batch = {batch.id}",
        )
    )


def said_columns(program: Program, arrival: date | None = None) -> dict[str, str]:
    """Record column → SQL over `judged`, of all that a row says itself. What lies after its `arrival` is flagged."""
    have = program.values

    def value(name: str, otherwise: str) -> str:
        return f"coalesce(v_{name}, {otherwise})" if f"v_{name}" in have else otherwise

    scored = "v_score IS NOT NULL" if "v_score" in have else "false"
    dated = "v_time IS NOT NULL" if "v_time" in have else "false"
    flags = [f"CASE WHEN {scored} THEN {int(Flag.SCORED)} ELSE 0 END"]
    flags.append(f"CASE WHEN {dated} THEN 0 ELSE {int(Flag.UNDATED)} END")
    for flag, field in ((Flag.OFFSITE, "offsite"), (Flag.FACE, "face"), (Flag.VERIFIED, "verified")):
        if f"v_{field}" in have:
            flags.append(f"CASE WHEN v_{field} = 1 THEN {int(flag)} ELSE 0 END")
    if program.stream.void is not None:
        flags.append(f"CASE WHEN void THEN {int(Flag.VOID)} ELSE 0 END")
    if program.stream.absent:
        flags.append(f"CASE WHEN _absent THEN {int(Flag.VOID | Flag.ABSENT)} ELSE 0 END")
    rules = read_yaml("rules/quality.yaml")
    if "v_content_seconds" in have and "v_seconds" in have:
        # No duration at all is a gap in the source and no feat of speed.
        fast = f"v_seconds > 0 AND v_content_seconds > v_seconds * {float(rules['max_speed'])}"
        flags.append(f"CASE WHEN {fast} THEN {int(Flag.SPEED)} ELSE 0 END")
    if "v_time" in have and arrival is not None:
        last = arrival + timedelta(days=int(rules["future_days"]) + 1)
        flags.append(
            f"CASE WHEN n_time >= {literal(last.isoformat())}::timestamp THEN {int(Flag.FUTURE)} ELSE 0 END"
        )
    return {
        "account": "v_account",
        "course": f"{value('course', '0')}::bigint",
        "run": f"{value('run', '0')}::bigint",
        "item": value("item", "''"),
        "kind": "v_kind::integer",
        "time": "v_time" if "v_time" in have else "NULL::timestamptz",
        "seq": f"{value('seq', '0')}::integer",
        "score": "v_score" if "v_score" in have else "NULL::double",
        "score_max": f"CASE WHEN {scored} THEN v_score_max END" if "v_score" in have else "NULL::double",
        "weight": f"round({value('weight', '1')} * {UNIT})::integer",
        "count": f"{value('count', '1')}::integer",
        "seconds": f"{value('seconds', '0')}::integer",
        "credit": f"round({value('credit', '0')} * 100)::integer",
        "flag": f"({' | '.join(f'({flag})' for flag in flags)})::integer",
        "modified": "v_modified" if "v_modified" in have else "NULL::timestamptz",
        "stored": "v_stored" if "v_stored" in have else "NULL::timestamptz",
    }


def _columns(program: Program, batch: Batch, origin: Batch, arrival: date, buckets: int) -> dict[str, str]:
    have = program.values
    return said_columns(program, arrival) | {
        "batch": f"{batch.id}::bigint",
        "line": "_row::bigint",
        "value": f"CASE WHEN v_score IS NOT NULL THEN round(v_score / v_score_max * {UNIT}) ELSE 0 END::integer"
        if "v_score" in have
        else "0::integer",
        "month": "CASE WHEN n_time IS NULL THEN 0 ELSE year(n_time) * 12 + month(n_time) - 1 END::integer"
        if "v_time" in have
        else "0::integer",
        "bucket": f"(v_account % {buckets})::integer",
        "key_number": number_sql(
            f"{literal(f'{program.mapping.source}|{program.stream.series}|')} || record_key"
        )
        if program.stream.versioned
        else "NULL::bigint",
        "received": f"{literal(origin.started.astimezone(UTC).isoformat())}::timestamptz",
        "turn": f"{origin.id}::bigint",
        "held": "void"
        if program.stream.void is not None
        else "_absent"
        if program.stream.absent
        else "false",
    }


def moves(program: Program) -> bool:
    """Whether the same record can come again in another month: its time is made from columns outside its key."""
    expression = program.stream.field("time")
    return (
        expression is not None
        and bool(program.stream.key)
        and not set(expression.columns) <= set(program.stream.key)
    )


def _fresh_sql(
    engine: duckdb.DuckDBPyConnection, table: str, staged: Staged, anywhere: bool, undone: Collection[int]
) -> str:
    """The rows of a part that the lake does not hold, looked for in their buckets and their or all months; "" when there are none.

    Of a record that is there already only another version is new. Where the source tells how new a version is, all that
    differ are kept, in whatever order they come; where it does not, one that differs from the newest that came before it.
    """
    months, buckets, rows = one(
        engine, f"SELECT list(DISTINCT month), list(DISTINCT bucket), count(*) FROM {table}"
    )
    if not rows:
        return ""
    near = []
    if staged.program.stream.identity == "record":
        near.append(f"bucket IN ({', '.join(map(str, buckets))})")
    if not anywhere:
        near.append(f"month IN ({', '.join(map(str, months))})")
    where = " AND ".join([*near, f"id IN (SELECT id FROM {table})"])
    held = f"{table}_held"
    engine.execute(
        f"CREATE OR REPLACE TABLE {held} AS SELECT id, batch, bucket, month FROM record WHERE {where}"
    )
    sure = f"batch NOT IN ({', '.join(map(str, sorted(undone)))})" if undone else "true"
    there, known = one(engine, f"SELECT count(DISTINCT id), count(DISTINCT id) FILTER ({sure}) FROM {held}")
    if not there:
        return f"SELECT * FROM {table}"
    if not staged.program.stream.versioned:
        if known == rows:
            return ""
        return (
            f"SELECT t.* REPLACE (t.held OR t.id IN (SELECT id FROM {held}) AS held) FROM {table} t "
            f"WHERE t.id NOT IN (SELECT id FROM {held} WHERE {sure})"
        )
    _hold(engine, table, held, f"{sure} AND {where}")
    fresh = f"SELECT t.* REPLACE (t.held OR t.id IN (SELECT id FROM {held}) AS held) FROM {table} t WHERE NOT t.again"
    (new,) = one(engine, f"SELECT count(*) FROM ({fresh})")
    return fresh if new else ""


def _hold(engine: duckdb.DuckDBPyConnection, table: str, held: str, where: str) -> None:
    """Say of each row of `table` in a column `again` whether it says nothing new beside the records of `where`."""
    said = ", ".join(content_sql())
    engine.execute(
        f"CREATE OR REPLACE TABLE {held}_said AS SELECT id, coalesce(modified, stored) IS NOT NULL AS dated, "
        f"coalesce(turn, batch) AS turn, line, hash({said}) AS said FROM record "
        f"WHERE {where} AND id IN (SELECT id FROM {held})"
    )
    engine.execute(
        f"CREATE OR REPLACE TABLE {held}_again AS SELECT t.id, "
        f"CASE WHEN bool_or(h.dated) OR any_value(coalesce(t.modified, t.stored)) IS NOT NULL "
        f"THEN bool_or(h.said = hash({', '.join(content_sql('t.'))})) "
        f"ELSE arg_max(h.said = hash({', '.join(content_sql('t.'))}) OR h.turn > t.turn, (h.turn, h.line)) END AS again "
        f"FROM {table} t JOIN {held}_said h ON h.id = t.id GROUP BY t.id"
    )
    engine.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT t.*, coalesce(a.again, false) AS again FROM {table} t "
        f"LEFT JOIN {held}_again a ON a.id = t.id"
    )
    for name in ("said", "again"):
        engine.execute(f"DROP TABLE {held}_{name}")


def append(engine: duckdb.DuckDBPyConnection, lake: Lake, records: str, name: str) -> None:
    """One commit of record rows, sorted as the lake is read."""
    columns = ", ".join(f'"{field.name}"' for field in RECORD_SCHEMA)
    # A cursor of its own: when the commit fails the engine is not left with an open result.
    with engine.cursor() as reading:
        query = f"SELECT {columns} FROM ({records}) ORDER BY month, account, line"
        reader = reading.sql(query).to_arrow_reader(_FETCH)

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                cast = [
                    column.cast(field.type)
                    for column, field in zip(batch.columns, RECORD_SCHEMA, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(cast, schema=RECORD_SCHEMA)

        lake.append("record", pa.RecordBatchReader.from_batches(RECORD_SCHEMA, batches()), part=name)


def accounts_sql(program: Program, accounts: str) -> str:
    """Of these accounts (SQL of one column `account`) the rows that the registry keeps."""
    return (
        f"SELECT DISTINCT l.number, {literal(program.mapping.source)}, l.kind, l.shown, l.digest "
        f"FROM {program.table('account')} l JOIN (SELECT DISTINCT account FROM ({accounts})) r "
        f"ON r.account = l.number ORDER BY 1"
    )


def make_known(
    engine: duckdb.DuckDBPyConnection, connection: Connection, program: Program, accounts: str
) -> None:
    """Register these accounts (as for `accounts_sql`), with the names of their human beings where the file says them, and note the
    courses that no catalogue holds, and the classes that sheets name in their own words."""
    add_accounts(connection, many(engine, accounts_sql(program, accounts)))
    if program.stream.field("name") is not None:
        named = (
            f"SELECT l.number, {literal(program.mapping.source)}, l.kind, l.shown, l.digest, "
            f"min(j.v_name) FROM {program.table('account')} l JOIN {program.judged} j ON j.v_account = l.number "
            f"WHERE j._selected AND NOT j._bad AND j.v_name IS NOT NULL GROUP BY ALL ORDER BY 1"
        )
        name_accounts(connection, many(engine, named))
    if "course" in program.lookups:
        catalogue = program.stream.course_source or program.mapping.source
        unknown = (
            f"SELECT DISTINCT l.number, {literal(program.mapping.source)}, {literal(catalogue)}, left(l.shown, {CODE}) "
            f"FROM {program.table('course')} l WHERE l.code = '' AND l.reason <> '' ORDER BY 1"
        )
        note_unlisted(connection, many(engine, unknown))
    run = program.lookups.get("run")
    if run is not None and run.expression.loose:
        # As people write it in a sheet; what a platform numbers is nobody else's.
        named = (
            f"SELECT number, {literal(program.stream.class_source)}, left(any_value(said), {NAME}), min(first), max(last) "
            f"FROM ({spans_sql(program)}) GROUP BY number ORDER BY number"
        )
        note_runs(connection, many(engine, named))


def unmatched(engine: duckdb.DuckDBPyConnection, batch: Batch, unlinked: Sequence[int]) -> int:
    """How many of the batch's records belong to accounts whose person is unknown."""
    return _strange(engine, came_sql(batch), unlinked)[0]


def strangers(
    engine: duckdb.DuckDBPyConnection, program: Program, batch: Batch, unlinked: Sequence[int]
) -> tuple[int, list[int]]:
    """How many rows that came in belong to accounts whose person is unknown, and the first five of them."""
    rows = came_sql(batch)
    if batch.target != "record":
        rows = f"SELECT v_account AS account, _row AS line FROM {program.judged} WHERE _selected AND NOT _bad"
    return _strange(engine, rows, unlinked)


def _strange(engine: duckdb.DuckDBPyConnection, rows: str, unlinked: Sequence[int]) -> tuple[int, list[int]]:
    engine.register("unlinked_accounts", pa.table({"account": pa.array(unlinked, pa.int64())}))
    count, lines = one(
        engine,
        f"SELECT count(*), min(line, 5) FROM ({rows}) WHERE account IN (SELECT account FROM unlinked_accounts)",
    )
    engine.unregister("unlinked_accounts")
    return int(count), lines or []

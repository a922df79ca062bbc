"""Rows of people, places, courses and classes into the registry: the last row of a key wins, an identifier has one owner in a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
from sqlalchemy import Connection

from portrait.clock import day_of
from portrait.hashing import number_sql
from portrait.identifier import KIND_NAME
from portrait.intake.ask import many
from portrait.intake.compile import slot
from portrait.intake.program import Program
from portrait.intake.raw import literal
from portrait.intake.target import Field
from portrait.store.alias import unify
from portrait.store.employment import keep_schools, tell_schools
from portrait.store.link import add_accounts, decide_alone, link_accounts, name_accounts
from portrait.store.seat import heard, seat
from portrait.store.upsert import put


@dataclass(frozen=True)
class Home:
    """Where a target's rows go: table, key of the id (after the target's name), and fields under another column name."""

    table: str
    sourced: bool = False  # the id and the row carry the source
    hashed: str = ""  # field that the id is made from; "" when the row has none
    columns: tuple[tuple[str, str], ...] = ()


_HOMES = {
    "school": Home("school", hashed="code"),
    "provider": Home("provider", hashed="code"),
    "person": Home("person", hashed="key", columns=(("school", "school_id"),)),
    "course": Home("course", sourced=True, hashed="code", columns=(("provider", "provider_id"),)),
    "alignment": Home("alignment", columns=(("course", "course_id"),)),
    "class": Home(
        "training_class",
        sourced=True,
        hashed="code",
        columns=(("provider", "provider_id"), ("course", "course_id")),
    ),
    "quota": Home("quota", columns=(("class", "class_id"),)),
    "trainee": Home("enlisted", columns=(("class", "class_id"), ("account", "account_id"))),
}
_PERSON_KINDS = ("staff", "idno", "mail", "phone")


def chosen_sql(program: Program, refused: str) -> str:
    """The good rows, one a key: of several the last in the file, as a later row corrects an earlier one."""
    keys = ", ".join(f"v_{slot(key)}" for key in program.stream.target.key)
    return (
        f"SELECT * FROM {program.judged} WHERE _selected AND NOT _bad AND _row NOT IN (SELECT _row FROM {refused}) "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY _row DESC) = 1"
    )


def register(
    engine: duckdb.DuckDBPyConnection,
    connection: Connection,
    program: Program,
    now: datetime,
    without: Collection[int] = (),
    *,
    day: date | None = None,
    batch: int | None = None,
) -> tuple[int, dict[int, str]]:
    """How many rows made or changed something, and the rows that the file itself forbids: number → reason.

    Rows `without` are left out, though they are good. `day` is the roster's, from which on a teacher is at a new school.
    """
    with _chosen(engine, program, without) as (chosen, late):
        return _put(engine, connection, program, chosen, now, day or day_of(now), batch), late


def forbidden(engine: duckdb.DuckDBPyConnection, program: Program) -> dict[int, str]:
    """The rows that `register` would leave out, number → reason; nothing is stored."""
    with _chosen(engine, program) as (_, late):
        return late


@contextmanager
def _chosen(
    engine: duckdb.DuckDBPyConnection,
    program: Program,
    without: Collection[int] = (),
) -> Iterator[tuple[str, dict[int, str]]]:
    """The table of rows that may be registered, for the block, and those that may not."""
    chosen, refused = f"{program.prefix}chosen", f"{program.prefix}refused"
    late: dict[int, str] = {}
    try:
        engine.execute(f"CREATE TABLE {refused} (_row bigint)")
        _refuse(engine, refused, without)
        engine.execute(f"CREATE TABLE {chosen} AS {chosen_sql(program, refused)}")
        if program.stream.target.name == "person":
            # A refused row uncovers the one before it under the same key, which must be looked at too.
            while found := _taken(engine, program, chosen):
                late.update(found)
                _refuse(engine, refused, found)
                engine.execute(f"CREATE OR REPLACE TABLE {chosen} AS {chosen_sql(program, refused)}")
        yield chosen, late
    finally:
        engine.execute(f"DROP TABLE IF EXISTS {chosen}")
        engine.execute(f"DROP TABLE IF EXISTS {refused}")


def _refuse(engine: duckdb.DuckDBPyConnection, table: str, rows: Collection[int]) -> None:
    if rows:
        engine.execute(f"INSERT INTO {table} SELECT unnest(?::bigint[])", [list(rows)])


def _put(
    engine: duckdb.DuckDBPyConnection,
    connection: Connection,
    program: Program,
    chosen: str,
    now: datetime,
    day: date,
    batch: int | None,
) -> int:
    target = program.stream.target.name
    if target in ("person", "trainee"):
        decide_alone(connection)
    if program.stream.field("account") is not None:
        add_accounts(connection, many(engine, _accounts_sql(program, chosen)))
        if target == "trainee" and program.stream.field("name") is not None:
            name_accounts(connection, many(engine, _accounts_sql(program, chosen, "v_name")))
    if target == "person":
        keep_schools(connection)
    columns = registered(program)
    listed = ", ".join(columns.values())
    stored = put(
        connection,
        _HOMES[target].table,
        list(columns),
        many(engine, f"SELECT {listed} FROM {chosen} ORDER BY _row"),
        raised=heard(columns, batch) if target == "trainee" and batch is not None else None,
    )
    if target == "person":
        claims = _claims_sql(program, chosen, beside=True)
        if claims:
            identifiers = (
                f"SELECT kind, digest, min(hint), person_id FROM ({claims}) GROUP BY ALL ORDER BY ALL"
            )
            put(
                connection,
                "identifier",
                ["kind", "digest", "hint", "person_id"],
                many(engine, identifiers),
            )
        if "school_id" in columns:
            taught = f"SELECT {columns['id']}, {columns['school_id']} FROM {chosen}"
            tell_schools(connection, many(engine, taught), day, batch)
    if target in ("person", "trainee"):
        link_accounts(connection, now)
    if target == "trainee":
        seat(connection, [number for (number,) in many(engine, f"SELECT v_account FROM {chosen}")])
    if target == "person":
        unify(connection, now)
    return stored


def keys_sql(program: Program) -> dict[str, str]:
    """What says whether two rows mean the same thing: SQL over `judged`, the source included where it belongs to the key."""
    stream = program.stream
    keys = {key: f"v_{slot(key)}" for key in stream.target.key}
    return keys | ({"source": literal(program.mapping.source)} if _HOMES[stream.target.name].sourced else {})


def registered(program: Program) -> dict[str, str]:
    """Table column → SQL over the chosen rows, for the columns that the stream fills."""
    stream = program.stream
    home = _HOMES[stream.target.name]
    columns: dict[str, str] = {}
    if home.hashed:
        sourced = f"{program.mapping.source}|" if home.sourced else ""
        columns["id"] = number_sql(f"{literal(f'{stream.target.name}|{sourced}')} || v_{home.hashed}")
    if home.table == "person":
        there = f"SELECT min(k.id) FROM {program.kept} k WHERE k.key = v_{home.hashed}"
        columns["id"] = f"coalesce(({there}), {columns['id']})"
    if home.sourced:
        columns["source"] = literal(program.mapping.source)
    renamed = dict(home.columns)
    extra = []
    for name, _ in stream.fields:
        wanted = stream.target.field(name)
        beside = {"person": "account", "enlisted": "name"}.get(home.table)  # kept with the account
        if wanted is None or wanted.type == "identifier" or name == beside:
            continue
        if name.startswith("extra."):
            extra.append(f"{literal(wanted.zh)}, v_{slot(name)}")
        else:
            columns[renamed.get(name, name)] = _cast(wanted)
    if extra:
        columns["extra"] = f"json_merge_patch('{{}}', json_object({', '.join(extra)}))::varchar"
    return columns


def _cast(wanted: Field) -> str:
    casts = {"integer": "::bigint", "boolean": "::boolean"}
    return f"v_{slot(wanted.name)}{casts.get(wanted.type, '')}"


def _accounts_sql(program: Program, rows: str, name: str = "") -> str:
    """The accounts of these rows as the registry keeps them; with `name`, those whose human being is named."""
    named = (f", min({name})", f" AND {name} IS NOT NULL") if name else ("", "")
    return (
        f"SELECT v_account, {literal(program.mapping.source)}, k_account, w_account, g_account{named[0]} "
        f"FROM {rows} WHERE v_account IS NOT NULL{named[1]} GROUP BY ALL ORDER BY 1"
    )


def _claims_sql(program: Program, rows: str, *, beside: bool = False) -> str:
    """Every identifier that a row claims for its person: _row, kind, digest, hint, person_id; "" when none is mapped.

    `beside` adds what only links and is no number of the person's own: the account that the roster names, and the SHA-1 by
    which platforms may know the mailbox.
    """
    person = registered(program)["id"]
    claims = [
        f"SELECT _row, k_{kind} AS kind, g_{kind} AS digest, left(w_{kind}, 20) AS hint, {person} AS person_id "
        f"FROM {rows} WHERE g_{kind} <> ''"
        for kind in _PERSON_KINDS
        if kind in program.lookups
    ]
    if beside and "mail" in program.lookups:
        claims.append(
            f"SELECT _row, 'mbox_sha1sum', unnest(string_split(h_mail, ' ')), left(w_mail, 20), {person} "
            f"FROM {rows} WHERE h_mail <> ''"
        )
    if beside and program.stream.field("account") is not None:
        claims.append(
            f"SELECT _row, k_account AS kind, g_account AS digest, left(w_account, 20) AS hint, {person} AS person_id "
            f"FROM {rows} WHERE g_account <> ''"
        )
    return " UNION ALL ".join(claims)


def _taken(engine: duckdb.DuckDBPyConnection, program: Program, chosen: str) -> dict[int, str]:
    """Rows that claim an identifier or account that the file has given to somebody else.

    What another roster gave to somebody else is no reason to refuse a row: both are kept, and a person decides.
    """
    found: dict[int, str] = {}
    claims = _claims_sql(program, chosen)
    if claims:
        for number, kind, first in engine.execute(_rivals_sql(claims, "kind, digest")).fetchall():
            found.setdefault(number, _owned(program, kind, f"第 {first} 行的另一位教师"))
    if program.stream.field("account") is not None:
        person = registered(program)["id"]
        accounts = f"SELECT _row, v_account, {person} AS person_id FROM {chosen} WHERE v_account IS NOT NULL"
        rivals = _rivals_sql(f"SELECT *, 'account' AS kind FROM ({accounts})", "v_account")
        for number, kind, first in engine.execute(rivals).fetchall():
            found.setdefault(number, _owned(program, kind, f"第 {first} 行的另一位教师"))
    return found


def _rivals_sql(claims: str, thing: str) -> str:
    """Rows that claim what an earlier row of the file has claimed for another person."""
    return (
        f"SELECT _row, kind, first FROM (SELECT *, min(_row) OVER same AS first, "
        f"arg_min(person_id, _row) OVER same AS owner FROM ({claims}) WINDOW same AS (PARTITION BY {thing})) "
        f"WHERE person_id <> owner ORDER BY _row"
    )


def _owned(program: Program, kind: str, owner: str) -> str:
    # A number may have stood in the column of another kind.
    lookup = program.lookups.get(kind) or program.lookups.get("staff")
    columns = ("、".join(lookup.expression.columns) if lookup else "") or kind
    return f"{columns}：{KIND_NAME.get(kind, '账号')}已属于{owner}，请核对是不是同一人"

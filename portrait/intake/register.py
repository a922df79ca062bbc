"""Rows of people, places, courses and classes into the registry: the last row of a key wins, an identifier has one owner."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlalchemy import Connection

from portrait.hashing import number_sql
from portrait.identity import KIND_NAME
from portrait.intake.ask import many
from portrait.intake.compile import slot
from portrait.intake.program import Program
from portrait.intake.raw import literal
from portrait.intake.target import Field
from portrait.store.link import accounts_of_others, add_accounts, add_owned, link_accounts, owned_by_others
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
    "trainee": Home("trainee", columns=(("class", "class_id"), ("account", "account_id"))),
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
) -> tuple[int, dict[int, str]]:
    """How many rows made or changed something, and the rows that what is registered already forbids: number → reason.

    Rows `without` are left out, though they are good.
    """
    with _chosen(engine, connection, program, without) as (chosen, late):
        return _put(engine, connection, program, chosen, now), late


def forbidden(engine: duckdb.DuckDBPyConnection, connection: Connection, program: Program) -> dict[int, str]:
    """The rows that `register` would leave out, number → reason; nothing is stored."""
    with _chosen(engine, connection, program) as (_, late):
        return late


@contextmanager
def _chosen(
    engine: duckdb.DuckDBPyConnection,
    connection: Connection,
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
            while found := _taken(engine, connection, program, chosen):
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
    engine: duckdb.DuckDBPyConnection, connection: Connection, program: Program, chosen: str, now: datetime
) -> int:
    target = program.stream.target.name
    if target == "trainee":
        add_accounts(connection, many(engine, _accounts_sql(program, chosen)))
    columns = registered(program)
    listed = ", ".join(columns.values())
    stored = put(
        connection,
        _HOMES[target].table,
        list(columns),
        many(engine, f"SELECT {listed} FROM {chosen} ORDER BY _row"),
    )
    if target == "person":
        claims = _claims_sql(program, chosen)
        if claims:
            identifiers = f"SELECT DISTINCT kind, digest, hint, person_id FROM ({claims}) ORDER BY ALL"
            put(
                connection,
                "identifier",
                ["kind", "digest", "hint", "person_id"],
                many(engine, identifiers),
            )
        if program.stream.field("account") is not None:
            owned = _accounts_sql(program, chosen, f", {registered(program)['id']}")
            add_owned(connection, many(engine, owned), now)
    if target in ("person", "trainee"):
        link_accounts(connection, now)
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
    if home.sourced:
        columns["source"] = literal(program.mapping.source)
    renamed = dict(home.columns)
    extra = []
    for name, _ in stream.fields:
        wanted = stream.target.field(name)
        if wanted is None or wanted.type == "identifier" or (home.table == "person" and name == "account"):
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


def _accounts_sql(program: Program, rows: str, more: str = "") -> str:
    kind = program.lookups["account"].kind_sql("t_account")
    return (
        f"SELECT DISTINCT v_account, {literal(program.mapping.source)}, {kind}, w_account, g_account{more} "
        f"FROM {rows} WHERE v_account IS NOT NULL ORDER BY 1"
    )


def _claims_sql(program: Program, rows: str) -> str:
    """Every identifier that a row claims for its person: _row, kind, digest, hint, person_id; "" when none is mapped."""
    person = registered(program)["id"]
    return " UNION ALL ".join(
        f"SELECT _row, {literal(kind)} AS kind, g_{kind} AS digest, left(w_{kind}, 20) AS hint, {person} AS person_id "
        f"FROM {rows} WHERE g_{kind} <> ''"
        for kind in _PERSON_KINDS
        if kind in program.lookups
    )


def _taken(
    engine: duckdb.DuckDBPyConnection, connection: Connection, program: Program, chosen: str
) -> dict[int, str]:
    """Rows that claim an identifier or account of somebody else, here or in the registry."""
    found: dict[int, str] = {}
    claims = _claims_sql(program, chosen)
    if claims:
        for number, kind, key in owned_by_others(
            connection, many(engine, f"SELECT _row, kind, digest, person_id FROM ({claims})")
        ):
            found.setdefault(number, _owned(program, kind, f"另一位教师（{key}）"))
        for number, kind, first in engine.execute(_rivals_sql(claims, "kind, digest")).fetchall():
            found.setdefault(number, _owned(program, kind, f"第 {first} 行的另一位教师"))
    if program.stream.field("account") is not None:
        person = registered(program)["id"]
        accounts = f"SELECT _row, v_account, {person} AS person_id FROM {chosen} WHERE v_account IS NOT NULL"
        for number, key in accounts_of_others(connection, many(engine, accounts)):
            found.setdefault(number, _owned(program, "account", f"另一位教师（{key}）"))
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
    columns = "、".join(program.lookups[kind].expression.columns) or kind
    return f"{columns}：{KIND_NAME.get(kind, '账号')}已属于{owner}，请核对是不是同一人"

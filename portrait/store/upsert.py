"""Many rows into the registry at once: staged (COPY on PostgreSQL), then one INSERT … ON CONFLICT."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    and_,
    case,
    cast,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable, DropTable

from portrait.store.schema import metadata

CHUNK = 20_000


def put(
    connection: Connection,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    update: bool = True,
    only: ColumnElement[bool] | None = None,
    raised: Mapping[str, tuple[int, ColumnElement[bool]]] | None = None,
) -> int:
    """Insert or update (only `columns`) by primary key; how many rows are new or have changed.

    A row that stands there already, value for value, is not counted. Blank cells of columns that may not be NULL get the
    column's default. With `update=False` rows whose key exists are left as they are; with `only` those it does not hold for.
    Numbers `raised` are set on those of the rows, as they stand then, for which their condition holds, where a smaller one stands
    or none; they count for nothing.
    """
    table = metadata.tables[name]
    stage = staged(connection, name, [table.c[column] for column in columns], _filled(table, columns, rows))
    count = fold(connection, table, stage, update=update, only=only)
    keys = [key.name for key in table.primary_key]
    # Not EXISTS, for which SQLite would read the whole stage again for every row.
    same = tuple_(*(table.c[key] for key in keys)).in_(select(*(stage.c[key] for key in keys)))
    due = {
        column: and_(condition, or_(table.c[column].is_(None), table.c[column] < number))
        for column, (number, condition) in (raised or {}).items()
    }
    if raised:
        values = {column: case((due[column], raised[column][0]), else_=table.c[column]) for column in due}
        connection.execute(sql_update(table).where(same, or_(*due.values())).values(values))
    connection.execute(DropTable(stage))
    return count


def fold(
    connection: Connection,
    table: Table,
    stage: Table,
    *,
    update: bool = True,
    only: ColumnElement[bool] | None = None,
) -> int:
    """As `put`, with the rows and the columns of a table that has been filled already."""
    columns = [column.name for column in stage.c]
    others = [c for c in table.c if c.name not in columns and not c.nullable and c.default is not None]
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).from_select(
        [*columns, *(c.name for c in others)],
        # SQLite takes ON after SELECT for a join's unless a WHERE stands between.
        select(*stage.c, *(literal(_default(c), c.type) for c in others)).where(literal_column("1") == 1),
    )
    keys = [c.name for c in table.primary_key]
    given = [c for c in columns if c not in keys]
    if update and given:
        changed = only
        if changed is None:
            changed = or_(
                *(_comparable(table.c[c]).is_distinct_from(_comparable(statement.excluded[c])) for c in given)
            )
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={c: statement.excluded[c] for c in given}, where=changed
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    # Without the option, an INSERT's count is not kept on PostgreSQL.
    return int(connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)


def staged(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]
) -> Table:
    """A temporary table `stage_<name>` of these columns and rows. The caller drops it."""
    stage = empty_stage(connection, name, columns)
    listed = ", ".join(f'"{column.name}"' for column in columns)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {stage.name} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    [json.dumps(v, sort_keys=True) if isinstance(v, (dict, list)) else v for v in row]
                )
    else:
        marks = ", ".join("?" * len(columns))
        for chunk in chunks(rows, CHUNK):
            connection.exec_driver_sql(
                f"INSERT INTO {stage.name} ({listed}) VALUES ({marks})",
                [tuple(_plain(value) for value in row) for row in chunk],
            )
    return stage


def empty_stage(
    connection: Connection, name: str, columns: Sequence[Column[Any]], keys: Collection[str] = ()
) -> Table:
    """A temporary table `stage_<name>` of these columns, found by `keys`. The caller drops it."""
    stage = Table(
        f"stage_{name}",
        MetaData(),
        *(Column(column.name, column.type, primary_key=column.name in keys) for column in columns),
        prefixes=["TEMPORARY"],
    )
    # SQLite brings a dropped one back when its transaction is rolled back, and the pool hands the connection on.
    connection.execute(DropTable(stage, if_exists=True))
    connection.execute(CreateTable(stage))
    return stage


def chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk


def _plain(value: Any) -> Any:
    """A value as SQLite's driver takes it, in the form SQLAlchemy reads back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    return value


def _filled(table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    defaults = [None if table.c[name].nullable else _default(table.c[name]) for name in columns]
    for row in rows:
        yield [default if value is None else value for value, default in zip(row, defaults, strict=True)]


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def _comparable(column: Any) -> Any:
    """PostgreSQL cannot compare JSON; its text is what was written."""
    return cast(column, Text) if isinstance(column.type, JSON) else column

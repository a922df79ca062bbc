"""Opening the registry: one engine per process, SQLite in WAL mode or PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from portrait.errors import SettingError
from portrait.store.migration import upgrade

PATIENCE = 30  # seconds that a connection waits for another's write


def open_registry(url: str) -> Engine:
    """An engine on an up-to-date registry; creates the file and the tables when they are missing.

    Raises SettingError when the URL cannot be used or the database does not answer.
    """
    engine = connect_registry(url)
    try:
        upgrade(engine)
    except OperationalError as error:
        engine.dispose()
        shown = engine.url.render_as_string(hide_password=True)
        raise SettingError(f"登记库 {shown} 打不开（PORTRAIT_DATABASE_URL）：{error.orig}") from error
    except Exception:
        engine.dispose()
        raise
    return engine


def connect_registry(url: str) -> Engine:
    """An engine on whatever the registry holds, its tables untouched."""
    try:
        target = make_url(url)
        if target.get_backend_name() != "sqlite":
            return create_engine(target, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingError(
            "PORTRAIT_DATABASE_URL 不是能用的登记库地址：应是 postgresql+psycopg://… 或 sqlite:///…"
        ) from error
    if target.database and target.database != ":memory:":
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target, connect_args={"timeout": PATIENCE}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={PATIENCE * 1000}", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _to_wal(cursor)
    cursor.close()


def _to_wal(cursor: Any) -> None:
    """Put the file into WAL mode, once for good: the change needs it alone and, unlike a write, does not wait for that."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextmanager
def at_once(registry: Engine) -> Iterator[Connection]:
    """A transaction that writes from its first word: on SQLite it waits for other writers now and not when it is too late.

    There a transaction that has read before it writes is refused outright when another has written in between.
    """
    if registry.dialect.name != "sqlite":
        with registry.begin() as connection:
            yield connection
        return
    with registry.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")

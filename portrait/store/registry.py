"""Opening the registry: one engine per process, SQLite in WAL mode or PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from portrait.errors import SettingError
from portrait.settings import open_address
from portrait.store.migration import upgrade

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
CHOICES = "应是 postgresql+psycopg://用户:密码@主机/库 或 sqlite:///文件"
USUAL = "NORMAL"  # a transaction on SQLite waits for the disk only where it is `lasting`
PATIENCE = 30  # seconds that a connection waits for another's write


def open_registry(url: str, *, first: Callable[[Engine], None] | None = None) -> Engine:
    """An engine on an up-to-date registry; creates the file and the tables when they are missing.

    `first` looks at what is there before anything is made. Raises SettingError when the URL cannot be used or the database does not answer.
    """
    engine = connect_registry(url)
    try:
        if first is not None:
            first(engine)
        upgrade(engine)
    except OperationalError as error:
        engine.dispose()
        shown = open_address(engine.url)
        raise SettingError(f"登记库 {shown} 打不开（PORTRAIT_DATABASE_URL）：{error.orig}") from error
    except Exception:
        engine.dispose()
        raise
    return engine


def connect_registry(url: str) -> Engine:
    """An engine on whatever the registry holds, its tables untouched. Raises SettingError for another kind of database."""
    try:
        target = make_url(url)
        backend, driver = target.get_backend_name(), target.get_driver_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingError(f"PORTRAIT_DATABASE_URL 不是能用的登记库地址：{CHOICES}") from error
    if DRIVERS.get(backend) != driver:
        raise SettingError(
            f"PORTRAIT_DATABASE_URL 以 {target.drivername}:// 开头，登记库不能放在那里：{CHOICES}"
        )
    if backend != "sqlite":
        return create_engine(target, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(target, connect_args={"timeout": PATIENCE}, hide_parameters=True)
    event.listen(engine, "do_connect", _make_folder)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _make_folder(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    """When it is connected to, not before: whoever only asks where the file would be makes nothing."""
    if (path := str(arguments[0])) != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={PATIENCE * 1000}", f"synchronous={USUAL}", "foreign_keys=ON"):
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


@contextmanager
def lasting(registry: Engine) -> Iterator[Connection]:
    """A transaction that is on the disk when it ends, and with it all that ended before: for what the lake is going to rely on.

    On SQLite others are not: a power cut may take the newest with it, which spares those who write much the waiting for the disk.
    """
    with registry.connect() as connection:
        # The driver's own connection: a statement of SQLAlchemy's would begin the transaction, in which the level cannot be changed.
        driver: Any = connection.connection.driver_connection if registry.dialect.name == "sqlite" else None
        if driver is not None:
            driver.execute("PRAGMA synchronous=FULL")
        try:
            with connection.begin():
                yield connection
        finally:
            if driver is not None:
                driver.execute(f"PRAGMA synchronous={USUAL}")

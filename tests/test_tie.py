"""Registry and lake belong together: another registry is refused before anything is made or changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, inspect, update
from sqlalchemy.engine import make_url

from portrait.errors import LakeForeign, SettingError
from portrait.lake.owner import NAME, Owner
from portrait.lake.table import Standing
from portrait.rebuild import rebuild
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.registry import connect_registry, open_registry
from portrait.store.schema import batch, mark
from portrait.store.seal import address, held
from tests.conftest import Outcome, create_database, drop_database
from tests.export import ROWS, Export, csv_text


def url_of(site: Site) -> str:
    return site.registry.url.render_as_string(hide_password=False)


@contextmanager
def opened(site: Site, url: str | None = None, *, behind: bool = False) -> Iterator[Site]:
    """The home once more, with its own registry or the one at another address."""
    given = url_of(site) if url is None else url
    again = open_site(load_settings(site.settings.home, database_url=given, today=site.today), behind=behind)
    yield again
    again.registry.dispose()


def counted(site: Site) -> int:
    return int(site.pool.rows("SELECT count(*) FROM record")[0][0])


def files(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def live(site: Site, folder: Path) -> Site:
    """Three records come in, and their portraits are made."""
    export = Export(site, folder)
    export.put("log.csv", csv_text())
    export.take()
    refresh(site)
    return site


@pytest.fixture
def lived(site: Site, tmp_path: Path) -> Site:
    """A home with three records, once on each database."""
    return live(site, tmp_path / "in")


@pytest.fixture
def lived_here(sqlite_site: Site, tmp_path: Path) -> Site:
    """The same on SQLite only."""
    return live(sqlite_site, tmp_path / "in")


def test_a_forgotten_address_is_refused_and_leaves_the_home_as_it_was(
    lived: Site, command: Callable[..., Outcome]
) -> None:
    home, before = lived.settings.home, files(lived.settings.home)
    for words in (
        ["refresh"],
        ["rebuild"],
        ["intake", home, "--source", "moodle"],
        ["quarantine", "list"],
        ["quality"],
        ["serve"],
    ):
        done = command(*words, "--home", home)
        assert (done.code, done.out) == (5, ""), words
        assert "[P520]" in done.err
        assert "PORTRAIT_DATABASE_URL" in done.err
        assert "它还不存在" in done.err
        assert str(home / "registry.sqlite") in done.err
        assert address(lived.registry.url) in done.err
    assert files(home) == before
    with opened(lived) as again:
        assert refresh(again).cells == "none"
        assert counted(again) == 3


def test_another_registry_is_refused_whether_it_is_new_or_knows_as_many_batches(
    lived: Site, tmp_path: Path, tables: Path
) -> None:
    other = Export(open_site(load_settings(tmp_path / "other", today=lived.today)), tmp_path / "in2")
    other.put("log.csv", csv_text(ROWS[:2]))
    other.take()
    shutil.copy(tables, tmp_path / "new.sqlite")
    before = files(lived.settings.home)
    for url, why in (
        (f"sqlite:///{tmp_path}/new.sqlite", "它里面还没有批次"),
        (url_of(other.site), "它是另一个登记库"),
        (f"sqlite:///{tmp_path}/no/where.sqlite", "它还不存在"),
    ):
        with pytest.raises(LakeForeign, match=why), opened(lived, url):
            pass
    assert files(lived.settings.home) == before
    assert not (tmp_path / "no").exists()
    other.site.registry.dispose()


def test_a_database_without_tables_gets_none(
    sqlite_site: Site, tmp_path: Path, empty_postgres_url: str
) -> None:
    export = Export(sqlite_site, tmp_path / "in")
    export.put("log.csv", csv_text())
    export.take()
    with pytest.raises(LakeForeign, match="它里面还没有批次"), opened(sqlite_site, empty_postgres_url):
        pass
    engine = connect_registry(empty_postgres_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    new = open_site(load_settings(tmp_path / "new", database_url=empty_postgres_url, today=sqlite_site.today))
    assert held(new.registry).seal is not None, "a home of its own takes it"
    new.registry.dispose()


def test_a_registry_that_has_moved_is_the_same(
    lived: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lived.registry.dispose()
    if lived.registry.dialect.name == "sqlite":
        moved = f"sqlite:///{shutil.copy(str(lived.registry.url.database), tmp_path / 'moved.sqlite')}"
    else:
        server = request.getfixturevalue("postgres_server")
        moved = create_database(server, "moved", str(lived.registry.url.database))
    with opened(lived, moved) as again:
        assert refresh(again).cells == "none"
        assert counted(again) == 3
    if lived.registry.dialect.name != "sqlite":
        drop_database(server, "moved")


def test_a_home_of_before_is_tied_when_ledger_and_lake_agree(lived: Site, tmp_path: Path) -> None:
    folder = lived.lake.folder
    (folder / NAME).unlink()
    with lived.registry.begin() as connection:
        connection.execute(delete(mark).where(mark.c.name == "registry"))
    with pytest.raises(LakeForeign, match="它还不存在"), opened(lived, f"sqlite:///{tmp_path}/none.sqlite"):
        pass
    with opened(lived) as again:
        assert again.lake.owner == Owner(held(again.registry).seal or 0, address(again.registry.url))


def test_a_home_of_before_is_not_tied_to_a_ledger_without_the_newest_batch(lived_here: Site) -> None:
    (lived_here.lake.folder / NAME).unlink()
    with lived_here.registry.begin() as connection:
        connection.execute(delete(mark).where(mark.c.name == "registry"))
        connection.execute(update(batch).values(id=batch.c.id + 7))
    with pytest.raises(LakeForeign, match="湖里第 1 号批次它没有"), opened(lived_here):
        pass
    assert held(lived_here.registry).seal is None


def test_a_registry_from_a_backup_of_before_takes_the_seal_of_its_lake(lived_here: Site) -> None:
    owner = lived_here.lake.owner
    with lived_here.registry.begin() as connection:
        connection.execute(delete(mark).where(mark.c.name == "registry"))
    with opened(lived_here) as again:
        assert owner is not None
        assert held(again.registry).seal == owner.seal


@pytest.mark.parametrize("first", [refresh, rebuild])
def test_a_home_that_is_refreshed_before_its_first_batch_stays_open(
    site: Site, tmp_path: Path, tables: Path, first: Callable[[Site], object]
) -> None:
    first(site)
    assert site.lake.made
    shutil.copy(tables, tmp_path / "new.sqlite")
    with (
        pytest.raises(LakeForeign, match="它里面还没有批次"),
        opened(site, f"sqlite:///{tmp_path}/new.sqlite"),
    ):
        pass
    with opened(site) as again, opened(site, behind=True):
        assert counted(live(again, tmp_path / "in")) == 3
    (site.lake.folder / NAME).unlink()
    with (
        pytest.raises(LakeForeign, match="它里面还没有批次"),
        opened(site, f"sqlite:///{tmp_path}/new.sqlite"),
    ):
        pass


def test_a_home_of_before_without_batches_is_tied(sqlite_site: Site) -> None:
    refresh(sqlite_site)
    (sqlite_site.lake.folder / NAME).unlink()
    with sqlite_site.registry.begin() as connection:
        connection.execute(delete(mark))
    with opened(sqlite_site) as again:
        assert again.lake.owner is not None


@pytest.mark.parametrize("damage", ["gone", "unreadable and of before"])
def test_a_damaged_lake_is_made_again_from_its_registry(lived_here: Site, damage: str) -> None:
    folder = lived_here.lake.folder
    if damage == "gone":
        shutil.rmtree(folder)
    else:
        for log in (folder / "record/_delta_log").iterdir():
            log.write_text("nothing")
    if damage.endswith("before"):
        (folder / NAME).unlink()
    with pytest.raises(LakeForeign, match="portrait rebuild"), opened(lived_here):
        pass
    with opened(lived_here, behind=True) as again:
        assert rebuild(again).records == 3
        assert again.lake.owner is not None
        assert again.lake.owner.seal == held(again.registry).seal


def test_a_lake_that_became_anothers_in_between_is_not_written(sqlite_site: Site) -> None:
    sqlite_site.lake.keep_for(Owner(7, ""))
    sqlite_site.lake.stand(Standing("", 4))
    with pytest.raises(LakeForeign):
        sqlite_site.lake.keep_for(Owner(8, ""))
    with pytest.raises(LakeForeign, match="另一个登记库"):
        sqlite_site.lake.stand(Standing("1", 4))
    assert sqlite_site.lake.standing == Standing("", 4)


def test_the_doctor_tells_of_a_registry_that_is_not_the_lakes(
    lived: Site, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = lived.settings.home
    found = command("doctor", "--home", home, "--json")
    assert found.code == 1
    assert [check["name"] for check in found.json["checks"] if check["state"] == "wrong"] == ["tie"]
    assert not (home / "registry.sqlite").exists()
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived))
    found = command("doctor", "--home", home, "--json")
    assert found.code == 0
    assert "tie" in {check["name"] for check in found.json["checks"] if check["state"] == "ok"}


def test_a_home_of_the_record_store_alone_keeps_its_logins_and_credentials(
    lived_here: Site, tmp_path: Path, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.mkdir(mode=0o700)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived_here))
    for words in (
        ["credential", "add", "lms"],
        ["credential", "list"],
        ["credential", "repairs"],
        ["user", "add", "wang", "--role", "admin"],
        ["user", "password", "wang"],
        ["user", "list"],
        ["identity", "list"],
        ["identity", "history"],
    ):
        done = command(*words, "--home", node)
        assert (done.code, done.err) == (0, ""), words
    assert "wang" in command("user", "list", "--home", lived_here.settings.home).out
    found = command("doctor", "--home", node, "--json")
    assert found.code == 0
    assert [check["state"] for check in found.json["checks"] if check["name"] == "tie"] == ["note"]
    assert command("refresh", "--home", node).code == LakeForeign.exit_code
    (node / "archive").mkdir()
    assert command("doctor", "--home", node).code == 1, "what came in here is to be made again"


def test_the_doctor_tells_of_a_password_that_others_can_read(
    sqlite_site: Site, command: Callable[..., Outcome]
) -> None:
    path = sqlite_site.settings.home / "portrait.env"
    path.write_text(f"PORTRAIT_DATABASE_URL={url_of(sqlite_site)}\n", encoding="utf-8")
    for mode, wrong in ((0o644, ["secret"]), (0o600, [])):
        path.chmod(mode)
        checks = command("doctor", "--home", path.parent, "--json").json["checks"]
        assert [check["name"] for check in checks if check["state"] == "wrong"] == wrong


def test_an_address_is_told_without_what_is_secret() -> None:
    url = make_url("postgresql+psycopg://u:geheim@h/db?host=/run&sslpassword=geheim2&passfile=geheim3")
    assert address(url) == "postgresql+psycopg://u:***@h/db?host=%2Frun"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:geheim@x/y",
        "oracle://x/y",
        "mssql://x/y",
        "postgresql+psycopg2://x/y",
        "foo+bar://x",
        "nonsense",
    ],
)
def test_another_kind_of_database_is_refused_with_the_choices(
    url: str, tmp_path: Path, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match=r"postgresql\+psycopg://.*sqlite:///"):
        open_registry(url)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url)
    for words in (["user", "list"], ["doctor"]):
        done = command(*words, "--home", tmp_path)
        assert done.code == SettingError.exit_code
        assert "[P100]" in done.err
        assert "geheim" not in done.err

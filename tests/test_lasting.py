"""What the lake relies on is on the disk before it does: registry transactions that a power cut cannot take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import IntegrityError

from portrait import site as opening
from portrait.intake import door
from portrait.lake import disk
from portrait.lake.disk import settle
from portrait.lake.table import Lake
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.batch import close_batch
from portrait.store.lease import writing
from portrait.store.registry import lasting
from portrait.store.schema import provider
from tests.export import HEAD, LOG, Export, csv_text

NORMAL, FULL = 1, 2  # of SQLite's PRAGMA synchronous


def level(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    return int(driver.execute("PRAGMA synchronous").fetchone()[0])


def waits(registry: Engine) -> list[int]:
    """At which level every transaction of this engine ends from now on."""
    levels: list[int] = []
    event.listen(registry, "commit", lambda connection: levels.append(level(connection)))
    return levels


def test_before_a_commit_of_the_lake_and_after_the_last_the_ledger_is_on_the_disk(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels, before, commit = waits(sqlite_site.registry), [], Lake.commit

    def seen(lake: Lake, name: str, *given: Any, **named: Any) -> None:
        before.append((name, levels[-1]))
        commit(lake, name, *given, **named)

    monkeypatch.setattr(Lake, "commit", seen)
    export = Export(sqlite_site, tmp_path / "in")
    export.put("log.csv", csv_text())
    export.take()
    assert levels[-1] == FULL
    refresh(sqlite_site)
    assert {"record", "verdict", "cell", "snapshot"} <= {name for name, _ in before}
    assert {one for _, one in before} == {FULL}
    assert NORMAL in levels, "what nothing of the lake follows waits for no disk"


def test_records_are_on_the_disk_before_the_ledger_says_that_they_are_in(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[Path] = []

    def watched(path: Path) -> None:
        settle(path)
        settled.append(path)

    monkeypatch.setattr(disk, "settle", watched)
    sure: list[set[Path]] = []
    monkeypatch.setattr(
        door, "close_batch", lambda *given: (sure.append(set(settled)), close_batch(*given))[1]
    )
    export = Export(sqlite_site, tmp_path / "in")
    export.put("log.csv", csv_text())
    export.take()
    record = sqlite_site.lake.path("record")
    files = {Path(file) for file in sqlite_site.lake.files("record")}
    assert len(files) > 1
    assert sure == [
        files
        | {folder for file in files for folder in file.parents if folder.is_relative_to(record)}
        | {record / "_delta_log" / f"{0:020d}.json", record / "_delta_log", sqlite_site.lake.folder}
    ]
    assert settled.index(record / "_delta_log" / f"{0:020d}.json") > max(map(settled.index, files))


def test_a_seal_is_on_the_disk_before_a_lake_carries_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[int] = []
    tie = opening.tie

    def watched(settings: Any, lake: Lake, registry: Engine) -> None:
        found = waits(registry)
        tie(settings, lake, registry)
        levels.extend(found)

    monkeypatch.setattr(opening, "tie", watched)
    open_site(load_settings(tmp_path / "home")).close()
    assert levels == [FULL]


def test_a_connection_that_waited_once_does_not_wait_again(site: Site) -> None:
    sqlite = site.registry.dialect.name == "sqlite"
    with lasting(site.registry) as connection:
        connection.execute(provider.insert().values(id=1, code="1", name="kept"))
        assert not sqlite or level(connection) == FULL
    with pytest.raises(IntegrityError), lasting(site.registry) as connection:
        connection.execute(provider.insert(), [{"id": n, "code": "2", "name": "not kept"} for n in (2, 3)])
    with writing(site.registry), site.registry.connect() as connection:
        assert not sqlite or level(connection) == NORMAL
        assert connection.scalars(select(provider.c.name)).all() == ["kept"]


def test_a_name_with_the_line_signs_of_unicode_in_it_comes_in_and_is_found_again(
    sqlite_site: Site, tmp_path: Path
) -> None:
    item = "第一单元\u2028测\u2029验\x85终"
    mapping = LOG.replace("      seconds:", "      item: {from: 项目}\n      seconds:")
    export = Export(sqlite_site, tmp_path / "in", mapping)
    export.put("log.csv", csv_text([f"1,u1,测,2022-03-02,88,600,{item}"], f"{HEAD},项目"))
    export.take()
    assert len(sqlite_site.lake.batches()) == 1
    assert sqlite_site.pool.rows("SELECT item FROM record") == [(item,)]
    again = open_site(
        load_settings(sqlite_site.settings.home, database_url=sqlite_site.settings.registry_url)
    )
    again.registry.dispose()

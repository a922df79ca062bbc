"""Registry and lake put back from copies of different days: refused with words that lead to a sound home."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from portrait import clock
from portrait import rebuild as rebuilding
from portrait.errors import LakeForeign
from portrait.intake.original import original
from portrait.lake.compact import clear_replaced, compact, vacuum
from portrait.lake.log import names
from portrait.lake.owner import NAME, Owner
from portrait.lake.table import Lake
from portrait.rebuild import rebuild
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.schema import batch, mark
from portrait.store.seal import held
from tests.conftest import Outcome, create_database, drop_database
from tests.export import ROWS, Export, csv_text
from tests.inbox import ledger
from tests.test_rebuild import kills
from tests.test_tie import counted, files, opened, url_of

MORE = ("4,u4,测,2022-05-02,70,600", "5,u5,测,2022-05-02,60,600")
OTHER = ("6,u6,测,2022-06-02,50,600",)


class Lived:
    """A home into which one file came. `more` lets another come in."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.take("first", ROWS)

    def take(self, name: str, rows: tuple[str, ...], site: Site | None = None, **options: Any) -> Any:
        export = Export(site or self.site, self.folder / name)
        export.put("log.csv", csv_text(rows))
        (report,) = export.take(**options)
        return report.counts.rows_stored

    def lake(self) -> Callable[[], None]:
        """A copy of the lake, and how to put it back."""
        there, kept = self.site.lake.folder, self.folder / f"lake-{len(list(self.folder.iterdir()))}"
        shutil.copytree(there, kept)

        def back() -> None:
            shutil.rmtree(there)
            shutil.copytree(kept, there)

        return back


@pytest.fixture
def lived(site: Site, tmp_path: Path) -> Lived:
    """Once on each database."""
    return Lived(site, tmp_path)


@pytest.fixture
def lived_here(sqlite_site: Site, tmp_path: Path) -> Lived:
    """On SQLite only."""
    return Lived(sqlite_site, tmp_path)


@pytest.fixture
def copied(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[Site], str]]:
    """Makes a copy of a site's registry as it is now; its address."""
    made: list[str] = []

    def copy(site: Site) -> str:
        site.registry.dispose()
        if site.registry.dialect.name == "sqlite":
            return f"sqlite:///{shutil.copy(str(site.registry.url.database), tmp_path / 'earlier.sqlite')}"
        made.append(f"earlier_{tmp_path.name}")
        return create_database(
            request.getfixturevalue("postgres_server"), made[-1], str(site.registry.url.database)
        )

    yield copy
    for name in made:
        drop_database(request.getfixturevalue("postgres_server"), name)


def test_an_earlier_registry_is_refused_and_led_to_a_lake_of_its_own(
    lived: Lived, copied: Callable[[Site], str], tmp_path: Path
) -> None:
    earlier, home = copied(lived.site), lived.site.settings.home
    assert lived.take("second", MORE) == 2
    before = files(home)
    with pytest.raises(LakeForeign, match=r"湖里第 2 号批次它没有.*移到别处.*portrait rebuild"):
        opened(lived.site, earlier).__enter__()
    with pytest.raises(LakeForeign, match="湖里第 2 号批次它没有"):
        opened(lived.site, earlier, behind=True).__enter__()
    assert files(home) == before
    lived.site.lake.folder.rename(tmp_path / "kept")
    with pytest.raises(LakeForeign, match=r"没有湖.*第 1 号批次 log\.csv"):
        opened(lived.site, earlier).__enter__()
    with opened(lived.site, earlier, behind=True) as again:
        assert rebuild(again).records == 3
    with opened(lived.site, earlier) as again:
        assert lived.take("third", OTHER, again) == 1
        assert lived.take("second", MORE, again) == 2
        told = again.pool.rows("SELECT batch, line, score FROM record WHERE score IS NOT NULL ORDER BY ALL")
        shown = [float(str(dict(original(again, None, *row[:2]).cells)["得分"])) for row in told]
        assert shown == [row[2] for row in told] == [88.5, 50, 70, 60]
        again.pool.close()


def test_an_earlier_lake_is_refused_and_rebuilt(
    lived: Lived, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, back = lived.site.settings.home, lived.lake()
    lived.take("second", MORE)
    back()
    before = files(home)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived.site))
    refused = command("refresh", "--home", home)
    assert (refused.code, refused.out) == (5, "")
    assert "[P520]" in refused.err
    assert "portrait rebuild" in refused.err
    checks = command("doctor", "--home", home, "--json").json["checks"]
    assert [check["name"] for check in checks if check["state"] == "wrong"] == ["tie"]
    assert "第 2 号批次 log.csv" in next(check["message"] for check in checks if check["name"] == "tie")
    assert "registry" in {check["name"] for check in checks}
    assert files(home) == before
    with opened(lived.site, behind=True) as again:
        assert rebuild(again).records == 5
    assert command("doctor", "--home", home, "--json").code == 0
    with opened(lived.site) as again:
        assert lived.take("third", OTHER, again) == 1


def test_without_its_lake_a_home_asks_for_a_rebuild(
    lived_here: Lived, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = lived_here.site.settings.home
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived_here.site))
    shutil.rmtree(lived_here.site.lake.folder)
    assert "portrait rebuild" in command("refresh", "--home", home).err
    checks = command("doctor", "--home", home, "--json").json["checks"]
    assert [check["name"] for check in checks if check["state"] == "wrong"] == ["tie"]
    assert "lake" not in {check["name"] for check in checks}, "nobody is told to take in what is in"
    done = command("rebuild", "--home", home)
    assert done.code == 0
    assert "说不出有过哪几天的画像" in done.err
    assert command("doctor", "--home", home, "--json").code == 0


def test_a_lake_of_before_a_rebuild_is_an_earlier_one_wherever_it_was_killed(
    lived_here: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = lived_here.lake()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuilding, "note_written", killed)
    with pytest.raises(KeyboardInterrupt):
        rebuild(lived_here.site)
    monkeypatch.undo()
    with opened(lived_here.site) as again:
        assert counted(again) == 3
        lived_here.take("second", MORE, again)
    shutil.rmtree(lived_here.site.lake.folder)
    with opened(lived_here.site, behind=True) as again:
        assert rebuild(again).records == 5
        assert again.lake.standing.root == "2", "of a registry that knows of one"
    back()
    with pytest.raises(LakeForeign, match="以前的一份"):
        opened(lived_here.site).__enter__()


def test_what_was_under_way_is_told_from_what_is_gone(
    lived_here: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tuple(f"{number},v{number},测,2022-05-02,70,600" for number in range(100, 112))
    kills(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        lived_here.take("second", many, part_rows=2)
    monkeypatch.undo()
    with opened(lived_here.site) as again:
        assert counted(again) == 3, "of the part that is in nothing counts yet"
    earlier = lived_here.lake()
    lived_here.take("third", OTHER)
    assert lived_here.take("second", many, part_rows=2) == 12
    compact(lived_here.site.lake, "record")
    table = lived_here.site.lake.open("record")
    assert table is not None
    table.create_checkpoint()
    today = lived_here.lake()
    with opened(lived_here.site) as again:
        assert counted(again) == 16
    earlier()
    with pytest.raises(LakeForeign, match=r"以前的一份.*第 2 号批次"):
        opened(lived_here.site).__enter__()
    today()
    with lived_here.site.registry.begin() as connection:
        connection.execute(delete(mark).where(mark.c.name == "lake"))
    with opened(lived_here.site) as again:  # as if the registry had never kept how far its lake had come
        assert counted(again) == 16


def test_an_earlier_registry_is_told_by_a_batch_that_left_no_record(
    lived_here: Lived, copied: Callable[[Site], str]
) -> None:
    earlier = copied(lived_here.site)
    assert lived_here.take("second", ROWS[:2]) == 0
    refresh(lived_here.site)
    with pytest.raises(LakeForeign, match="湖里第 2 号批次它没有"):
        opened(lived_here.site, earlier).__enter__()


def test_a_ledger_that_took_another_file_under_a_number_is_not_rebuilt_over(lived_here: Lived) -> None:
    lived_here.take("second", MORE)
    with lived_here.site.registry.begin() as connection:
        connection.execute(update(batch).where(batch.c.id == 1).values(key="f" * 64))
    with opened(lived_here.site) as again:
        assert counted(again) == 5
    with pytest.raises(LakeForeign, match="湖里有 1 个批次不在它的账上"):
        opened(lived_here.site, behind=True).__enter__()
    with lived_here.site.registry.begin() as connection:
        connection.execute(update(batch).where(batch.c.id == 2).values(key="e" * 64))
    with pytest.raises(LakeForeign, match="第 2 号批次和它账上的第 2 号不是同一批"):
        opened(lived_here.site).__enter__()


def test_two_homes_of_before_do_not_take_each_others_registry(
    lived_here: Lived, tmp_path: Path, tables: Path
) -> None:
    """Not even when the same file came in last in either."""
    lived_here.take("second", MORE)
    shutil.copy(tables, tmp_path / "other.sqlite")
    folder = lived_here.site.lake.folder
    folder.rename(tmp_path / "mine")
    with opened(lived_here.site, f"sqlite:///{tmp_path}/other.sqlite") as site:
        lived_here.take("its", OTHER, site)
        lived_here.take("second", MORE, site)
    shutil.rmtree(folder)
    (tmp_path / "mine").rename(folder)
    (folder / NAME).unlink()
    for one in (lived_here.site, site):
        with one.registry.begin() as connection:
            connection.execute(delete(mark))
    with pytest.raises(LakeForeign, match="湖里有 1 个批次不在它的账上"):
        opened(lived_here.site, url_of(site)).__enter__()
    assert held(site.registry).seal is None
    with opened(lived_here.site) as again:
        assert again.lake.owner is not None
    site.registry.dispose()


def test_a_lake_whose_word_is_damaged_says_so(
    lived_here: Lived, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived_here.site))
    home, lake = lived_here.site.settings.home, lived_here.site.lake
    seal = held(lived_here.site.registry).seal
    for name in (NAME, "lake.json"):
        path = lake.folder / name
        kept = path.read_text()
        for text in ("", "{}", '{"seal": 1, "root": 1}', "[]", "\0", '{"seal": "1", "address": ""}'):
            path.write_text(text)
            with pytest.raises(LakeForeign, match=f"{path} 坏了"):
                opened(lived_here.site, behind=True).__enter__()
        checks = command("doctor", "--home", home, "--json").json["checks"]
        assert [check["name"] for check in checks if check["state"] == "wrong"] == ["tie"]
        path.write_text(kept)
    (lake.folder / NAME).unlink()
    with opened(lived_here.site) as again:
        assert again.lake.owner is not None
        assert again.lake.owner.seal == seal


def test_what_became_anothers_is_neither_folded_nor_cleared(lived_here: Lived) -> None:
    site = lived_here.site
    rebuild(site)
    lake = Lake(site.lake.folder, 4)
    lake.keep_for(Owner(held(site.registry).seal or 0, ""))
    (site.lake.folder / NAME).write_text('{"seal": 7, "address": ""}')
    before = files(site.lake.folder)
    with pytest.raises(LakeForeign):
        compact(lake, "record")
    with pytest.raises(LakeForeign):
        vacuum(lake, "record", keep_hours=24)
    with pytest.raises(LakeForeign):
        clear_replaced(lake, clock.now() + timedelta(days=2))
    with pytest.raises(LakeForeign):
        rebuild(site)
    assert files(site.lake.folder) == before


def test_the_ledger_lists_what_came_in_last(lived_here: Lived) -> None:
    lived_here.take("second", MORE)
    lived_here.take("third", ROWS[:1])
    found = held(lived_here.site.registry)
    assert found.newest == 3
    assert found.last is not None
    assert (found.last.id, found.last.key) == (2, ledger(lived_here.site)[1].key)
    assert found.written == lived_here.site.lake.written
    with lived_here.site.registry.connect() as connection:
        assert lived_here.site.lake.batches() <= set(connection.scalars(select(batch.c.key)))


def test_a_commit_that_a_power_cut_has_emptied_is_missed(
    lived_here: Lived, command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_here.take("second", MORE)
    max((lived_here.site.lake.folder / "record/_delta_log").glob("*.json")).write_bytes(b"")
    with pytest.raises(LakeForeign, match=r"第 2 号批次 log\.csv.*不全在里面"):
        opened(lived_here.site).__enter__()
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", url_of(lived_here.site))
    checks = command("doctor", "--home", lived_here.site.settings.home, "--json").json["checks"]
    assert "tie" in {check["name"] for check in checks if check["state"] == "wrong"}
    with opened(lived_here.site, behind=True) as again:
        assert rebuild(again).records == 5
    with opened(lived_here.site) as again:
        assert counted(again) == 5


def test_what_is_odd_in_a_log_hides_no_batch_and_breaks_nothing(lived_here: Lived) -> None:
    lived_here.take("second", MORE)
    table = lived_here.site.lake.folder / "record"
    keys = {one.key for one in ledger(lived_here.site)}
    newest = max((table / "_delta_log").glob("*.json"))
    sound = newest.read_bytes()
    for left in (b"\0\0", b"\xff", b'{"txn":{"appId":7}}[]"txn"', b"null", b'{"txn":', b'{"txn":null}\n'):
        newest.write_bytes(sound + left)
        assert {name.rpartition(":")[0] for name in names(table)} == keys, left
    with opened(lived_here.site, behind=True) as again:
        assert rebuild(again).records == 5


def test_a_checkpoint_that_cannot_be_read_is_a_damaged_lake(lived_here: Lived) -> None:
    table = lived_here.site.lake.open("record")
    assert table is not None
    table.create_checkpoint()
    (checkpoint,) = (lived_here.site.lake.folder / "record/_delta_log").glob("*.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:50])
    with pytest.raises(OSError, match=checkpoint.name):
        names(lived_here.site.lake.folder / "record")
    with pytest.raises(LakeForeign, match="portrait rebuild"):
        opened(lived_here.site).__enter__()

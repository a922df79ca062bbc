"""The lake made again from the archive and the ledger: the same records, cells and portraits, whatever came in between."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portrait import clock
from portrait import rebuild as rebuilding
from portrait.errors import InputError, LakeBusy, MappingError
from portrait.intake.archive import place
from portrait.intake.door import intake
from portrait.intake.replay import dismiss, mend, replay
from portrait.lake.compact import clear_replaced
from portrait.lake.snapshot import day_number
from portrait.lake.table import Lake
from portrait.reading import dimension_levels, portrait_of
from portrait.rebuild import rebuild
from portrait.record import Kind
from portrait.refresh import refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.lease import writing
from portrait.world import WORLD_SOURCES
from tests.conftest import BACKENDS, create_database, drop_database
from tests.hand import Hand, cell_sums, record
from tests.inbox import ALIGNED, COURSES, MARKS, PEOPLE, VISITS, ledger, mapping, records, waiting, write

HEAD = "编号,课程,时间,得分"

# For what no registry can change.
LAKE_ONLY = pytest.mark.parametrize("once", ["sqlite"], indirect=True)


def held(site: Site) -> Any:
    """Records, sums and newest portraits; not how the lake is cut, nor how often it was written."""
    return records(site, "bucket"), cell_sums(site), dimension_levels(site).to_pylist()


@pytest.fixture(scope="module", params=BACKENDS)
def once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home of a site that has lived, and the registry beside it: a file in the home, or the name of a database."""
    folder, name = tmp_path_factory.mktemp("lived"), f"lived_{uuid.uuid4().hex}"
    if request.param == "sqlite":
        name = str(folder / "home" / "registry.sqlite")
        url = f"sqlite:///{name}"
    else:
        template = request.getfixturevalue("_postgres_template")
        url = create_database(request.getfixturevalue("postgres_server"), name, template)
    site = open_site(load_settings(folder / "home", database_url=url, today=date(2022, 11, 15)))
    live(site, folder)
    site.registry.dispose()
    return folder / "home", name


@pytest.fixture
def lived(once: tuple[Path, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A site in which rows came in, were replayed, corrected and dismissed, between refreshes."""
    home, name = once
    shutil.copytree(home, tmp_path / "home")
    if name.startswith("lived_"):
        server, clone = request.getfixturevalue("postgres_server"), f"t{uuid.uuid4().hex}"
        url = create_database(server, clone, name)
    else:
        url = f"sqlite:///{tmp_path / 'home' / 'registry.sqlite'}"
    site = open_site(load_settings(tmp_path / "home", database_url=url, today=date(2022, 11, 15)))
    yield site
    site.registry.dispose()
    if name.startswith("lived_"):
        drop_database(server, clone)


def live(site: Site, tmp_path: Path) -> None:
    keyed = MARKS.replace("[编号, 课程]", "[编号, 课程, 时间]")
    visits = VISITS.replace("repeats: keep", "key: [编号, 课程, 时间]\n    repeats: keep")
    home = site.settings.home / "mapping"
    mapping(home, PEOPLE, COURSES, ALIGNED, keyed, visits)
    folder = tmp_path / "in"
    write(folder, "people.csv", "编号,姓名,身份证号,手机,邮箱", "A1,甲,,,", "A2,乙,,,")
    write(folder, "courses.csv", "代码,名称", "K1,一")
    write(folder, "aligned.csv", "课程,指标,占比", "K1,P2.1,100", "K1,P1.2,100")
    write(
        folder, "marks.csv", HEAD,
        "A1,K1,2022-05-01,80", "A1,K1,2022-06-01,150", "A2,K1,2022-06-01,x", "A2,K1,2023-06-01,70", "A1,K1,2022-05-01,80",
    )  # fmt: skip
    write(
        folder, "visits.csv", "编号,课程,行为,时间,次数",
        "A1,K1,答,2022-05-02,1", "A1,K1,听,2022-05-02,1", "A1,K1,答,2022-05-02,x", "A1,K1,答,2022-05-02,1",
    )  # fmt: skip
    intake(site, folder, "m", by="t")
    refresh(site)
    marks, odd, word, count = waiting(site)
    mend(site, marks.id, {"得分": "60"}, by="t")
    dismiss(site, [odd.id], by="t")
    mapping(
        home,
        PEOPLE,
        COURSES,
        ALIGNED,
        keyed.replace("max: 100", "max: 200"),
        visits.replace("{看", "{听: quiz, 看"),
    )
    replay(site, ids=[word.id], by="t")
    refresh(site)
    second = write(tmp_path / "second", "marks.csv", HEAD, "A1,K1,2022-05-01,80", "A2,K1,2022-07-01,190")
    intake(site, second, "m", by="t")
    mend(site, count.id, {"次数": "2"}, by="t")
    refresh(site)


@LAKE_ONLY
def test_a_rebuilt_lake_holds_what_the_old_one_held(lived: Site) -> None:
    before, counts = held(lived), [batch.counts for batch in ledger(lived)]
    assert len(before[0]) == 8
    assert before[1]
    report = rebuild(lived)
    assert (report.batches, report.replays, report.records, report.recounted) == (3, 3, 9, ())
    assert lived.lake.standing.root == "1"
    assert held(lived) == before
    assert [batch.counts for batch in ledger(lived)] == counts
    done = refresh(lived)
    assert (done.cells, done.portraits) == ("none", "none")
    assert rebuild(lived).records == 9
    assert lived.lake.standing.root == "2"
    assert held(lived) == before


@pytest.mark.slow
def test_the_tiny_world_is_rebuilt_to_the_same_sums(sqlite_site: Site, tiny_folder: Path) -> None:
    for folder, source in WORLD_SOURCES:
        intake(sqlite_site, tiny_folder / folder, source, by="t")
    refresh(sqlite_site)
    before = held(sqlite_site)
    shutil.rmtree(sqlite_site.lake.folder)
    assert rebuild(sqlite_site).records == 70
    assert held(sqlite_site) == before


@LAKE_ONLY
def test_another_number_of_buckets_comes_with_a_rebuild_and_not_before(lived: Site, tmp_path: Path) -> None:
    before = held(lived)
    url = lived.registry.url.render_as_string(hide_password=False)
    wider = open_site(load_settings(lived.settings.home, database_url=url, today=lived.today, lake_buckets=7))
    assert wider.lake.buckets == 4
    assert held(wider) == before
    assert rebuild(wider).buckets == 7
    assert held(wider) == before
    assert {row["bucket"] for row in records(wider)} == {row["account"] % 7 for row in records(wider)}
    # A process that was there before goes by what the lake says, not by its own setting.
    assert lived.lake.buckets == 7
    assert held(lived) == before
    third = write(tmp_path / "third", "marks.csv", HEAD, "A1,K1,2022-08-01,80")
    assert intake(lived, third, "m", by="t")[0].rows_stored == 1
    assert refresh(lived).cells == "batch"
    wider.registry.dispose()


@LAKE_ONLY
def test_a_page_that_is_open_sees_the_new_lake(lived: Site) -> None:
    person = lived.pool.rows("SELECT min(person) FROM link")[0][0]
    before = portrait_of(lived, person)
    version = lived.pool.version("record")
    rebuild(lived)
    assert lived.pool.version("record") != version
    assert portrait_of(lived, person) == before


def kills(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Lets `count` commits through and then dies."""
    write_, left = Lake.commit, iter(range(count))

    def commit(*given: Any, **named: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_(*given, **named)

    monkeypatch.setattr(Lake, "commit", commit)


@LAKE_ONLY
@pytest.mark.parametrize(("commits", "left"), [(0, 3), (4, 1), (8, 0)])
def test_a_rebuild_that_was_killed_leaves_the_old_lake_and_goes_on(
    lived: Site, monkeypatch: pytest.MonkeyPatch, commits: int, left: int
) -> None:
    before = held(lived)
    kills(monkeypatch, commits)
    with pytest.raises(KeyboardInterrupt):
        rebuild(lived)
    monkeypatch.undo()
    assert lived.lake.standing.root == ""
    assert held(lived) == before
    landed: list[int] = []
    original = rebuilding._batch

    def counted(bench: Any, lease: Any, batch: Any) -> None:
        landed.append(batch.id)
        original(bench, lease, batch)

    monkeypatch.setattr(rebuilding, "_batch", counted)
    rebuild(lived)
    assert held(lived) == before
    assert len(landed) == left  # of the three files; six batches with their replays


@LAKE_ONLY
def test_a_begun_rebuild_takes_in_what_came_after(
    lived: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills(monkeypatch, 9)
    with pytest.raises(KeyboardInterrupt):
        rebuild(lived)
    monkeypatch.undo()
    third = write(tmp_path / "third", "marks.csv", HEAD, "A1,K1,2022-08-01,80", "A1,K1,2022-05-01,80")
    intake(lived, third, "m", by="t")
    refresh(lived)
    before = held(lived)
    rebuild(lived)
    assert held(lived) == before


CHILD = """
import os, signal, sys
from portrait.lake.table import Lake
from portrait.rebuild import rebuild
from portrait.settings import load_settings
from portrait.site import open_site

site = open_site(load_settings(sys.argv[1], database_url=sys.argv[2], today="2022-11-15"))
stand = Lake.stand

def killed(lake, standing):
    if standing.root:
        os.kill(os.getpid(), signal.SIGKILL)
    stand(lake, standing)

Lake.stand = killed
rebuild(site)
"""


@pytest.mark.slow
def test_kill_9_before_the_swap_leaves_the_old_lake_and_the_next_run_only_swaps(
    lived: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(lived)
    url = lived.registry.url.render_as_string(hide_password=False)
    child = subprocess.run([sys.executable, "-c", CHILD, str(lived.settings.home), url])
    assert child.returncode == -signal.SIGKILL
    assert held(lived) == before
    kills(monkeypatch, 0)  # nothing is left to be written
    rebuild(lived)
    assert held(lived) == before


@LAKE_ONLY
def test_a_damaged_lake_is_rebuilt(lived: Site) -> None:
    before = held(lived)
    for log in (lived.lake.path("record") / "_delta_log", lived.lake.path("snapshot") / "_delta_log"):
        (log / "00000000000000000000.json").write_text("this is no log")
    rebuild(lived)
    assert held(lived) == before


@LAKE_ONLY
def test_past_portraits_are_made_again_too(lived: Site) -> None:
    day = lived.today.replace(year=2022, month=8, day=31)
    refresh(lived, as_of=day)
    query = "SELECT person, node, state, n, level FROM snapshot WHERE as_of = ? ORDER BY ALL"
    number = (day - clock.now().date().replace(year=1970, month=1, day=1)).days
    before = lived.pool.rows(query, [number])
    assert before
    assert rebuild(lived).days == (lived.today, day)
    assert lived.pool.rows(query, [number]) == before


def test_the_days_of_past_portraits_outlive_damage(sqlite_site: Site) -> None:
    hand, site = Hand(sqlite_site), sqlite_site
    hand.person(1)
    hand.account(1, 1)
    hand.course(7, P2_1=100)
    assert rebuilding._days(site) == ([site.today], False), "nobody can say of a lake that is not there"
    hand.batch([record(1, 1, Kind.QUIZ, 0.5, on=date(2022, 5, 3))])
    assert rebuilding._days(site) == ([site.today], True), "there are none yet"
    refresh(site)
    august, early, september = date(2022, 8, 31), date(2022, 9, 3), date(2022, 9, 30)
    for day in (august, early, september):
        refresh(site, as_of=day)
    snapshot = site.lake.path("snapshot")
    for file in snapshot.glob(f"as_of={day_number(august)}/*/*.parquet"):
        file.unlink()
    assert rebuilding._days(site) == ([site.today, september, early, august], True)
    for file in (snapshot / "_delta_log").iterdir():
        file.write_text("this is no log")
    (snapshot / "as_of=x").mkdir()
    assert rebuilding._days(site) == ([site.today, september, august], False), "the last of each month"


def test_what_the_archive_lacks_is_said_before_anything_is_written(lived: Site) -> None:
    first = next(batch for batch in ledger(lived) if batch.stream == "marks")
    assert first.recipe is not None
    with lived.registry.begin() as connection:
        connection.execute(text("UPDATE batch SET recipe = NULL WHERE origin IS NULL"))
    # As it was before mappings were kept: good while the mapping is the one of then.
    with pytest.raises(MappingError, match=f"第 {first.id} 号"):
        rebuild(lived)
    with lived.registry.begin() as connection:
        connection.execute(text("UPDATE batch SET recipe = :recipe"), {"recipe": first.recipe})
    place(lived.archive, first.content).rename(lived.settings.home / "away")
    with pytest.raises(InputError, match=r"marks\.csv"):
        rebuild(lived)
    place(lived.archive, first.content).write_text("something else")
    with pytest.raises(InputError, match="不是原来的内容"):
        rebuild(lived)
    assert not (lived.lake.folder / "1").exists()
    (lived.settings.home / "away").rename(place(lived.archive, first.content))
    with lived.registry.connect() as connection:
        corrected = connection.execute(text("SELECT min(mended) FROM quarantine")).scalar_one()
    for path in (place(lived.archive, corrected), lived.settings.home / "secret.key"):
        path.rename(lived.settings.home / "away")
        with pytest.raises(InputError, match=path.name):
            rebuild(lived)
        (lived.settings.home / "away").rename(path)
    with writing(lived.registry), pytest.raises(LakeBusy):
        rebuild(lived)


@pytest.fixture
def interrupted(sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A batch of two parts, killed after the first; another with all its rows came in; then the first was finished."""
    mapping(sqlite_site.settings.home / "mapping", MARKS)
    rows = [f"A{number},K1,,50" for number in range(12)]
    first = write(tmp_path / "a", "marks.csv", HEAD, *rows)
    second = write(tmp_path / "b", "marks.csv", HEAD, *rows, "B1,K1,,50")
    kills(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        intake(sqlite_site, first, "m", by="t", part_rows=2)
    monkeypatch.undo()
    intake(sqlite_site, second, "m", by="t")
    intake(sqlite_site, first, "m", by="t", part_rows=2)
    return sqlite_site


def test_a_ledger_that_tells_of_a_crash_is_counted_again(interrupted: Site) -> None:
    ids = [row["id"] for row in records(interrupted)]
    one, two = ledger(interrupted)
    assert 0 < one.counts.rows_stored < 12
    report = rebuild(interrupted)
    assert report.recounted == (1,)
    assert [row["id"] for row in records(interrupted)] == ids
    one, two = ledger(interrupted)
    assert [(b.counts.rows_stored, b.counts.rows_duplicate) for b in (one, two)] == [(0, 12), (13, 0)]
    assert one.counts.balanced
    assert rebuild(interrupted).recounted == ()


@LAKE_ONLY
def test_the_replaced_tables_go_when_no_reader_can_be_busy_with_them(lived: Site) -> None:
    old = lived.lake.path("record")
    assert clear_replaced(lived.lake, clock.now() + timedelta(days=9)) == []
    rebuild(lived)
    refresh(lived)
    assert old.is_dir()
    before = held(lived)
    assert "record" in clear_replaced(lived.lake, clock.now() + timedelta(hours=25))
    assert not old.exists()
    rebuild(lived)
    assert clear_replaced(lived.lake, clock.now() + timedelta(hours=25)) == ["1"]
    assert held(lived) == before


def test_an_empty_site_is_rebuilt_to_an_empty_lake(sqlite_site: Site) -> None:
    report = rebuild(sqlite_site)
    assert (report.batches, report.records, report.days) == (0, 0, (sqlite_site.today,))
    assert records(sqlite_site) == []
    assert refresh(sqlite_site).cells == "none"

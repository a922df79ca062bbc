"""`python -m tests.bench`: speed and memory, each beside a baseline measured in the same run. Leaves nothing behind but a home that was asked for."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import Bar, Screen, print_json, print_table, progress, stderr
from portrait.cli.demo import STAMPS, build
from portrait.errors import InputError, PortraitError, SettingError
from portrait.settings import load_settings
from portrait.world import WORLD_SOURCES
from tests.bench import door, intake, lookup, page, refresh, store
from tests.bench.line import COLUMNS, Line, rate_line, size_line, time_line
from tests.bench.measure import Measured, Pair, apart, in_turn

TEACHERS, USERS, SECONDS, RUNS = 5_000, 20, 12.0, 3
LOOKUPS, SEED = 300, 2022
STATEMENTS, ASKED = 100_000, 100
OULAD = Path(__file__).resolve().parents[3] / "shared" / "data" / "oulad"
PANDAS = "pandas 读同样的文件，定同样的类型，去重，写 Parquet"
ROWS = 19_296  # of each platform's file


def bench(
    teachers: Annotated[int | None, typer.Option(help=f"示范省的教师数，默认 {TEACHERS:,}")] = None,
    home: Annotated[
        Path | None, typer.Option(help="示范数据的家目录：没有就建在这里并留下；不给则用临时目录")
    ] = None,
    users: Annotated[int, typer.Option(min=1, max=200, help="同时在线的读者数")] = USERS,
    seconds: Annotated[float, typer.Option(min=0.1, help="页面压多少秒")] = SECONDS,
    runs: Annotated[int, typer.Option(min=1, help="每项做几遍，取中位数；OULAD 只做一遍")] = RUNS,
    rows: Annotated[int, typer.Option(min=10, help="各平台导出文件的行数")] = ROWS,
    oulad: Annotated[Path | None, typer.Option(help="OULAD 数据的文件夹，默认 ../shared/data/oulad")] = None,
    statements: Annotated[
        int, typer.Option(min=0, help="学习记录库里放多少条语句再量查询；0 不量学习记录库")
    ] = STATEMENTS,
    only_store: Annotated[bool, typer.Option("--only-store", help="只量学习记录库")] = False,
    no_oulad: Annotated[bool, typer.Option("--no-oulad", help="不做 OULAD")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供脚本读取")] = False,
) -> None:
    """测速度和内存，每一项旁边是同一次运行里量的基线，两者交替进行。家目录里的东西只读，量的是它的副本。"""
    try:
        courses = None if no_oulad or only_store else _oulad(oulad)
        with tempfile.TemporaryDirectory(prefix="portrait-bench-") as work:
            folder = None if only_store else _demo(home or Path(work) / "home", teachers)
            with progress() as screen:
                lines = list(_lines(screen, folder, Path(work), users, seconds, runs)) if folder else []
                if not only_store:
                    lines += _door_lines(screen, Path(work), rows, runs)
                if statements:
                    lines += _store_lines(screen, Path(work), statements, runs)
                if courses:
                    lines.append(_oulad_line(screen.bar("导入 OULAD"), courses, Path(work)))
    except PortraitError as error:
        stderr().print(f"[bold red]错误[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        raise typer.Exit(error.exit_code) from error
    if as_json:
        print_json([line.as_json() for line in lines])
    else:
        title = f"中位数，{runs} 遍；{users} 名读者同时不停地开页面 {seconds:g} 秒；“快几倍”大于 1 是比基线快"
        print_table(title, COLUMNS, (line.as_row() for line in lines))


def _demo(home: Path, teachers: int | None) -> Path:
    """The demo home, built when it is not there."""
    if load_settings(home).database_url:
        raise SettingError(
            "bench 量的是家目录的副本，登记库要在家目录里：请去掉 PORTRAIT_DATABASE_URL 或换 --home"
        )
    asked = {} if teachers is None else {"teachers": teachers}
    if not (home / STAMPS).exists():
        asked.setdefault("teachers", TEACHERS)
    build(home, asked).registry.dispose()
    return home


def _lines(screen: Screen, home: Path, work: Path, users: int, seconds: float, runs: int) -> Iterator[Line]:
    sources = [(home / "world" / folder, mapping) for folder, mapping in WORLD_SOURCES]
    yield rate_line(
        "intake", "导入平台文件", "行/秒", _intake(screen.bar("导入平台文件"), sources, work, runs), PANDAS
    )
    site = _copy(home, work / "site")
    bar = screen.bar("汇成证据和画像")
    pair = in_turn(
        runs,
        lambda _run: apart(refresh.ours, site),
        lambda _run: apart(refresh.with_pandas, site),
        bar.advance,
    )
    yield rate_line("refresh", "汇成证据和画像", "记录/秒", pair, "pandas 只求和：不折算，无先验，无画像")
    yield _lookup_line(screen.bar("查一个人的画像"), site, work, runs)
    yield from _page_lines(screen.bar(f"{users} 名读者开页面"), site, users, seconds)


def _door_lines(screen: Screen, work: Path, rows: int, runs: int) -> Iterator[Line]:
    """Each door of a platform, on a file of so many rows."""
    for name, title in door.DOORS.items():
        folder = door.write(work / f"door-{name}", name, rows)
        pair = _intake(screen.bar(f"导入 {title}"), [(folder, name)], work, runs, door)
        yield rate_line(
            f"intake {name}",
            f"导入 {title}",
            "行/秒",
            pair,
            "pandas 读同样的文件，取人、事、时、分，去重，写 Parquet",
        )


def _intake(bar: Bar, sources: intake.Sources, work: Path, runs: int, by: ModuleType = intake) -> Pair:
    """Each run into an empty place, which is gone afterwards."""

    def into(run: int, name: str, take: object) -> Measured:
        place = work / f"{name}-{run}"
        try:
            return apart(take, sources, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    pair = in_turn(
        runs,
        lambda run: into(run, "door", by.ours),
        lambda run: into(run, "pandas", by.with_pandas),
        bar.advance,
    )
    read = {one.value.amount for one in (*pair.ours, *pair.baseline)}
    if len(read) > 1:
        raise InputError(f"本产品和基线读到的行数不一样：{sorted(read)}，比较没有意义")
    return pair


def _lookup_line(bar: Bar, site: Path, work: Path, runs: int) -> Line:
    base = work / "snapshot.sqlite"
    people = apart(lookup.prepare, site, base, LOOKUPS, SEED).value
    pair = in_turn(
        runs,
        lambda _run: apart(lookup.ours, site, people),
        lambda _run: apart(lookup.with_sqlite, base, people),
        bar.advance,
    )
    return time_line("lookup", "查一个人的画像", pair, "同样的行在带索引的 SQLite 表里")


def _page_lines(bar: Bar, site: Path, users: int, seconds: float) -> Iterator[Line]:
    from dashboards.pages import PAGES

    load = page.under_load(site, page.enlist(site, users, SEED), seconds)
    bar.advance(1.0)
    if load.failed:
        raise InputError(f"{len(load.failed)} 次没有打开：{'、'.join(sorted(set(load.failed)))}")
    titles = {one.path: one.title() for one in PAGES}
    spent = [("页面：全部", "page", [took for some in load.pages.values() for took in some])]
    spent += [(f"页面：{titles[path]} {path}", f"page {path}", load.pages[path]) for path in titles if path in load.pages]  # fmt: skip
    for name, key, took in spent:
        pair = Pair([Measured(took, load.megabytes)], [Measured(load.health, load.health_megabytes)])
        yield time_line(key, name, pair, f"同样压力下的 /healthz（{len(took):,} 次页面）")


PLAIN = "PostgreSQL 普通表：同样的语句作 JSONB 行，同样的列有索引，psycopg {words}"
POSTS = (  # key, name, statements of a batch, connections, batches of one run for each connection
    ("store 500", "语句 500 条一批", 500, 1, 20),
    ("store 50 x4", "语句 50 条一批，四路", 50, 4, 50),
    ("store 1", "语句一条一条", 1, 1, 300),
    ("store 1 x4", "语句一条一条，四路", 1, 4, 300),
)


def _store_lines(screen: Screen, work: Path, statements: int, runs: int) -> Iterator[Line]:
    """In by batches and one by one, out by every filter when it is full, and the room that it takes."""
    with store.housed(work) as house:
        bar = screen.bar("学习记录库：写入")
        seeds = count(SEED)
        for done, (key, name, size, workers, batches) in enumerate(POSTS):
            # A small store asks for short runs.
            of = size * workers * max(1, min(batches, statements // (4 * size * workers)))
            pair = in_turn(
                runs,
                lambda _run, of=of, size=size, workers=workers: apart(
                    store.post, house, next(seeds), of, size, workers
                ),
                lambda _run, of=of, size=size, workers=workers: apart(
                    store.insert, house, next(seeds), of, size, workers
                ),
                lambda share, done=done: bar.advance((done + share) / len(POSTS)),
            )
            against = PLAIN.format(words="executemany 写入，每批一个事务")
            yield rate_line(key, name, "条/秒", _of_server(pair, house), against)
        bar = screen.bar("学习记录库：查询")
        seed = next(seeds)
        apart(store.post, house, seed, statements, 500, 1)
        apart(store.insert, house, seed, statements, 500, 1)
        asked = min(ASKED, statements // 20)  # a small store is asked less often
        ours, plain = store.room(house.ours, store.OUT), store.room(house.plain, ("plain",))
        pair = in_turn(
            runs,
            lambda _run: apart(store.get, house, seed, statements, asked),
            lambda _run: apart(store.select, house, seed, statements, asked),
            bar.advance,
        )
        for name in store.FILTERS:
            against = PLAIN.format(words="SELECT")
            one = _of_server(_part(pair, name), house)
            yield time_line(f"store get {name}", f"查语句：{name}", one, against)
        what = f"每条语句（发来时 {store.size(seed):,.0f} 字节）占盘"
        yield size_line("store disk", what, "字节/条", ours, plain, PLAIN.format(words="写入后 VACUUM"))


def _part(pair: Pair, name: str) -> Pair:
    """What was measured of one kind of question."""
    sides = (
        [Measured(one.value[name], one.megabytes) for one in side] for side in (pair.ours, pair.baseline)
    )
    return Pair(*sides)


def _of_server(pair: Pair, house: store.House) -> Pair:
    """The memory is that of the server, not of who asks it; that of PostgreSQL is the same for both."""
    unknown = [Measured(one.value, float("nan")) for one in pair.baseline]
    return Pair([Measured(one.value, store.memory(house)) for one in pair.ours], unknown)


def _oulad(asked: Path | None) -> Path | None:
    if asked is not None and not asked.is_dir():
        raise InputError(f"没有文件夹 {asked}")
    return asked or (OULAD if OULAD.is_dir() else None)


def _oulad_line(bar: Bar, folder: Path, work: Path) -> Line:
    return rate_line(
        "intake oulad", "导入 OULAD", "行/秒", _intake(bar, [(folder, "oulad")], work, 1), PANDAS
    )


def _copy(home: Path, target: Path) -> Path:
    """What a site needs of a home; the files it came from stay where they are."""
    target.mkdir()
    for name in ("lake", "model"):
        shutil.copytree(home / name, target / name)
    for name in ("portrait.env", "secret.key"):
        shutil.copy(home / name, target / name)
    # SQLite's own copy: somebody may be writing.
    with (
        closing(sqlite3.connect(home / "registry.sqlite")) as here,
        closing(sqlite3.connect(target / "registry.sqlite")) as there,
    ):
        here.backup(there)
    return target


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    typer.run(bench)

"""Killed halfway with a real SIGKILL and run again, an import ends as if nothing had happened: lake, registry, ledger, quarantine."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portrait.identity import load_secret
from portrait.settings import load_settings
from portrait.site import open_site
from tests.doomed import KILLED, POINTS, Order, held, run, survive
from tests.export import LOG, csv_text
from tests.test_intake_bad import PEOPLE, ROSTER

TODAY = date(2022, 11, 15)
PART_ROWS = 3
COMMITS = 8  # two logs of four parts each
SECRET = "11" * 32


def _world(folder: Path) -> tuple[Path, Path]:
    """A roster and two overlapping logs with everything in them: repeats, bad rows, strangers, an unknown class."""
    files = folder / "in"
    files.mkdir(parents=True)
    teachers = [f"T{n},教师{n},,,,,,,t{n}@demo.invalid,1390000{n:04},," for n in range(8)]
    (files / "名册.csv").write_text(
        "\n".join([",".join([*ROSTER, ""]), *teachers, "T9,,,,,,,,,,,"]), encoding="utf-8"
    )
    (files / "班次.csv").write_text("代码,名称,方式,天数\nB1,班,M5,3\n", encoding="utf-8")
    (files / "学员.csv").write_text(
        "班次,编号,县区,报到\nB1,T1,410225,\nB1,T404,,\nB9,T1,,\n", encoding="utf-8"
    )
    rows = [f"{n},T{n % 11},{'看测'[n % 2]},2022-{1 + n % 9:02}-11,,{n}" for n in range(36)]
    bad = ["90,T1,点赞,2022-01-01,,1", "91,T1,看,坏,,1", "92,T1,看"]
    for name, part in (("log1.csv", rows[:24]), ("log2.csv", rows[12:])):
        (files / name).write_text(csv_text([*part, part[0], *bad]), encoding="utf-8")
    mapping = folder / "in.yaml"
    log = LOG[LOG.index("  - name") :].replace("kind: native", "kind: staff")
    mapping.write_text(PEOPLE + log, encoding="utf-8")
    return files, mapping


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _world(tmp_path_factory.mktemp("world"))


def _order(files: tuple[Path, Path], home: Path, url: str, **more: Any) -> Order:
    home.mkdir(parents=True)
    (home / "secret.key").write_text(SECRET)  # the digests of two homes can be compared then
    (home / "secret.key").chmod(0o600)
    return Order(home, url, TODAY, *files, part_rows=PART_ROWS, **more)


@pytest.fixture(scope="module")
def whole(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What an uninterrupted run leaves."""
    home = tmp_path_factory.mktemp("whole") / "home"
    order = _order(files, home, f"sqlite:///{home.parent / 'registry.sqlite'}")
    assert run(order) == 0
    return state(order)


def state(order: Order) -> dict[str, list[str]]:
    site = order.site
    found = held(site)
    site.registry.dispose()
    return found


def test_the_world_that_is_interrupted_has_everything_in_it(whole: dict[str, list[str]]) -> None:
    sizes = {name: len(rows) for name, rows in whole.items()}
    assert (sizes["records"], sizes["person"], sizes["trainee"]) == (36, 8, 2)
    assert (sizes["batch"], sizes["quarantine"], sizes["account"]) == (5, 1 + 1 + 2 * 3, 12)
    assert (sizes["archive"], sizes["litter"]) == (5 + 1, 0)  # the files and their mapping


KILLS = [(point, 1) for point in POINTS] + [("while a commit is written", 3), ("after a commit", COMMITS)]
# Each death comes in a later batch than the one before, so every run goes on from what the last one left.
LIFE = [
    ("when the batch is open", 1),
    ("when rows are registered", 1),
    ("inside the closing of the ledger", 1),
    ("when the ledger is closed", 2),
    ("inside the closing of the ledger", 1),
    ("when the ledger is closed", 1),
    ("after a commit", 2),
    ("while a commit is written", 1),
    ("when accounts are registered", 1),
    ("when bad rows are quarantined", 1),
    ("when the ledger is closed", 1),
    ("after a commit", 1),
    ("between lake and ledger", 1),
    ("inside the closing of the ledger", 1),
]


@pytest.mark.parametrize(("point", "nth"), KILLS)
def test_killed_at_any_point_and_run_again_it_ends_the_same(
    files: tuple[Path, Path],
    whole: dict[str, list[str]],
    sqlite_url: str,
    tmp_path: Path,
    point: str,
    nth: int,
) -> None:
    order = _order(files, tmp_path / "home", sqlite_url, point=point, nth=nth)
    survive(order)
    assert state(order) == whole


def test_killed_again_and_again_on_either_registry_it_ends_the_same(
    files: tuple[Path, Path], whole: dict[str, list[str]], registry_url: str, tmp_path: Path
) -> None:
    order = _order(files, tmp_path / "home", registry_url)
    for point, nth in LIFE if registry_url.startswith("sqlite") else LIFE[::2]:
        assert run(replace(order, point=point, nth=nth)) == KILLED, point
    assert run(order) == 0
    assert state(order) == whole


def test_what_a_killed_import_left_lying_about_is_swept_up(
    files: tuple[Path, Path], sqlite_url: str, tmp_path: Path
) -> None:
    order = _order(files, tmp_path / "home", sqlite_url)
    assert run(replace(order, point="while the file is copied")) == KILLED
    assert list((order.home / "archive").glob("*/.*"))
    assert run(replace(order, point="when the rows are staged")) == KILLED
    assert list(order.home.glob("staging-*"))
    assert run(order) == 0
    assert not list((order.home / "archive").glob("*/.*"))
    assert not list(order.home.glob("staging-*"))
    assert load_secret(order.home).hex() == SECRET


# --- at random, the command itself -----------------------------------------------------------------------------------


def _university(folder: Path, clicks: int, students: int) -> None:
    """Files of the Open University's shape, made up."""
    draw = np.random.default_rng(7)
    folder.mkdir()
    modules, who = np.array(["AAA", "BBB"]), np.arange(1, students + 1)

    def write(name: str, **columns: Any) -> None:
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")

    module, presentation = modules[who % 2], np.full(students, "2013J")
    write(
        "courses", code_module=modules, code_presentation=["2013J"] * 2, module_presentation_length=[268, 268]
    )
    write(
        "studentInfo",
        code_module=module,
        code_presentation=presentation,
        id_student=who,
        gender=np.array(["M", "F"])[who % 2],
        region=np.full(students, "Wales"),
        highest_education=np.full(students, "A Level"),
        age_band=np.full(students, "0-35"),
        final_result=np.array(["Pass", "Fail", "Withdrawn", "Distinction"])[who % 4],
    )
    write(
        "studentRegistration",
        code_module=module,
        code_presentation=presentation,
        id_student=who,
        date_registration=draw.integers(-60, 0, students),
        date_unregistration=pa.array([n % 200 if n % 4 == 2 else None for n in who.tolist()], pa.int64()),
    )
    write(
        "vle",
        id_site=[1, 2],
        code_module=modules,
        code_presentation=["2013J"] * 2,
        activity_type=["resource", "forumng"],
    )
    clicker = draw.integers(1, students + 1, clicks)
    write(
        "studentVle",
        code_module=modules[clicker % 2],
        code_presentation=np.full(clicks, "2013J"),
        id_student=clicker,
        id_site=clicker % 2 + 1,
        date=draw.integers(-10, 260, clicks),
        sum_click=draw.integers(1, 9, clicks),
    )
    write(
        "assessments",
        code_module=modules,
        code_presentation=["2013J"] * 2,
        id_assessment=[1, 2],
        assessment_type=["TMA", "CMA"],
        weight=[40.0, 0.0],
    )
    write(
        "studentAssessment",
        id_assessment=who % 2 + 1,
        id_student=who,
        date_submitted=who % 250,
        score=[float(n % 101) if n % 50 else 130.0 for n in who.tolist()],  # some beyond the scale
    )


@pytest.mark.slow
def test_the_command_killed_at_random_times_ends_the_same(tmp_path: Path) -> None:
    _university(tmp_path / "in", clicks=320_000, students=3_000)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTRAIT_")}

    def start(home: str) -> subprocess.Popen[bytes]:
        words = ["intake", str(tmp_path / "in"), "--source", "oulad", "--home", str(tmp_path / home)]
        program = [sys.executable, "-c", "from portrait.cli import main; main()", *words]
        return subprocess.Popen(
            program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    began = perf_counter()
    assert start("whole").wait() == 0
    span = perf_counter() - began
    dice = random.Random(11)
    for _ in range(3):
        process = start("killed")
        try:
            process.wait(timeout=span * dice.uniform(0.2, 0.8))
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.wait() in (0, KILLED)
    assert start("killed").wait() == 0
    found = []
    every = "SELECT batch, month, bucket, count(*) AS n, bit_xor(hash(record)) AS rows FROM record GROUP BY ALL ORDER BY ALL"
    for home in ("whole", "killed"):
        site = open_site(load_settings(tmp_path / home))
        found.append(held(site, every))
        assert site.pool.rows("SELECT count(*) > 325000 FROM record") == [(True,)]
        site.registry.dispose()
    assert found[0] == found[1]

"""The bench runs from end to end and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards.pages import PAGES
from tests.bench.door import DOORS
from tests.bench.store import FILTERS

ROOT = Path(__file__).parent.parent
# Six readers: one of each role.
SMALL = (
    "--users",
    "6",
    "--seconds",
    "0.1",
    "--runs",
    "1",
    "--rows",
    "300",
    "--statements",
    "400",
    "--no-oulad",
)


def bench(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *options]
    environment = {"TMPDIR": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_bench_measures_everything_beside_a_baseline_and_leaves_nothing_behind(
    demo_home: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = shutil.copytree(demo_home, tmp_path_factory.mktemp("demo") / "home")
    done = bench(tmp_path, *SMALL, "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    lines = {line["key"]: line for line in json.loads(done.stdout)}
    assert list(lines)[:4] == ["intake", "refresh", "lookup", "page"]
    measured = {key.removeprefix("page ") for key in lines if key.startswith("page ")}
    assert measured == {page.path for page in PAGES if page.nav}
    assert {f"intake {name}" for name in DOORS} <= lines.keys()
    assert {"store 500", "store 50 x4", "store 1", "store 1 x4", "store disk"} <= set(lines)
    assert {key for key in lines if key.startswith("store get ")} == {f"store get {name}" for name in FILTERS}
    for line in lines.values():
        assert len(line["ours"]) == len(line["baseline"]) == len(line["speed_ratio"]) == len(line["values"])
        assert all(number > 0 for number in (*line["ours"], *line["baseline"], *line["speed_ratio"]))
        assert line["against"]
    assert list(tmp_path.iterdir()) == []


def test_what_the_bench_cannot_use_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    few = bench(tmp_path, "--teachers", "3")
    assert few.returncode == 2
    assert "示范教师数 3" in few.stderr
    missing = bench(tmp_path, *SMALL[:-1], "--oulad", str(tmp_path / "nowhere"))
    assert missing.returncode == 3
    assert list(tmp_path.iterdir()) == []

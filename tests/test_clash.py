"""Rows of one file that share a key and say something else: counted the same before and after, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portrait.intake.preview import preview
from portrait.intake.replay import mend
from portrait.site import Site
from tests.export import LOG, Export, csv_text
from tests.inbox import ledger

KEYED = LOG.replace("[流水号]", "[账号]")


def line(number: int, user: str, seconds: int) -> str:
    return f"{number},{user},看,2022-03-01,,{seconds}"


def test_rows_of_one_key_that_differ_are_counted_and_named_before_and_after(
    site: Site, tmp_path: Path
) -> None:
    export = Export(site, tmp_path / "in", KEYED)
    export.put(
        "log.csv", csv_text([line(1, "u1", 60), line(2, "u1", 60), line(3, "u1", 90), line(4, "u2", 5)])
    )
    (seen,) = preview(site, export.folder, str(export.mapping))
    (done,) = export.take()
    assert (seen.rows_read, seen.rows_new, seen.rows_again) == (4, 2, 2)
    assert (done.rows_read, done.rows_stored, done.rows_duplicate) == (4, 2, 2)
    assert seen.clash is not None
    assert seen.clash in done.message
    assert seen.clash.startswith(
        "同一个记录号、内容不同的 2 行不另成记录，例如第 2 行和第 4 行：key 里缺一列？现在的 key 是 账号"
    )
    assert site.pool.rows("SELECT seconds FROM record ORDER BY 1") == [(5,), (90,)]


def test_rows_that_say_the_same_again_are_no_clash(sqlite_site: Site, tmp_path: Path) -> None:
    export = Export(sqlite_site, tmp_path / "in", LOG)
    export.put("log.csv", csv_text([line(1, "u1", 60), line(1, "u1", 60)]))
    (seen,) = preview(sqlite_site, export.folder, str(export.mapping))
    assert (seen.rows_new, seen.rows_again, seen.clash) == (1, 1, None)
    assert "记录号" not in export.take()[0].message


def test_a_row_that_is_mended_and_repeats_another_one_of_its_file_is_told(
    sqlite_site: Site, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", str(sqlite_site.registry.url))
    export = Export(sqlite_site, tmp_path / "in", KEYED)
    rows = [line(1, "u1", 60), line(2, "u2", 5), line(3, "u1", 90), line(4, "u2", 5)]
    export.put("log.csv", csv_text([*rows[:2], *(row.replace("看", "瞧") for row in rows[2:])]))
    assert export.took() == (4, 2, 0, 2)
    differs, same = export.waiting()
    ran = command("quarantine", "mend", str(differs.id), "行为=看", "--mapping", export.mapping, "--home", sqlite_site.settings.home)  # fmt: skip
    assert "入库 1 + 重复 0 + 仍隔离 0" in ran.out
    assert "同一个记录号、内容不同的 1 行不另成记录，例如第 2 行和第 4 行" in ran.out
    assert "内容不同的 1 行" in ledger(sqlite_site)[-1].message
    report = mend(sqlite_site, same.id, {"行为": "看"}, by="t", mapping=str(export.mapping))
    assert (report.duplicate, report.message) == (1, "")


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3)), min_size=1, max_size=8, unique=False)
)
def test_a_look_counts_what_a_first_import_does(
    sqlite_site: Site, tmp_path: Path, rows: list[tuple[str, int]]
) -> None:
    # People of its own, so that nothing of an earlier example is there already.
    number = len(list((tmp_path / "in").glob("*.csv"))) if (tmp_path / "in").exists() else 0
    users = [(f"{user}{number}", seconds) for user, seconds in rows]
    export = Export(sqlite_site, tmp_path / "in", KEYED)
    file = export.put(f"log{number}.csv", csv_text([line(n, *one) for n, one in enumerate(users)]))
    (seen,) = preview(sqlite_site, file, str(export.mapping))
    (done,) = export.take(file)
    assert (seen.rows_new, seen.rows_again) == (done.rows_stored, done.rows_duplicate)
    last = dict(users)
    differs = sum(seconds != last[user] for user, seconds in users)
    assert (seen.clash or "").count(f"内容不同的 {differs} 行") == (differs > 0)

"""A record that is taken back by its key, in a source that knows some records by what is read and others by what is written."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.refresh import refresh
from portrait.site import Site
from portrait.withdrawal import restore, withdraw
from tests.inbox import mapping, write

STREAM = """
  - name: NAME
    file: NAME*.csv
    target: record
    key: KEY
    fields:
      account: {first: [{from: 工号, kind: staff, prefix: HJ}, {from: 编号, kind: staff}]}
      kind: {from: 行为, map: {答: quiz, 考: exam}}
      score: {from: 得分, max: 100}
"""
KEYS = {"a": "[{field: kind}, 编号]", "b": "[行为, 编号]"}
HEAD = "行为,工号,编号,得分"


def put(site: Site, folder: Path, name: str, *rows: str) -> None:
    (report,) = intake(site, write(folder, f"{name}.csv", HEAD, *rows), "m", by="t")
    assert report.rows_stored == len(rows)


def counted(site: Site) -> set[tuple[str, int]]:
    """The records that count, by the layout that they came in and their marks."""
    refresh(site)
    rows = site.pool.rows(
        "SELECT CASE WHEN score % 2 = 0 THEN 'a' ELSE 'b' END, score // 2 FROM record ORDER BY ALL"
    )
    return {(layout, int(number)) for layout, number in rows}


def test_a_withdrawal_takes_hold_of_every_record_of_its_key_in_whichever_order_they_come(
    sqlite_site: Site, tmp_path: Path
) -> None:
    """Each order of a record of the one stream, a record of the other and the withdrawal, for a key of its own; at once."""
    made = (STREAM.replace("NAME", one).replace("KEY", key) for one, key in KEYS.items())
    mapping(sqlite_site.settings.home / "mapping", *made)
    orders = list(enumerate(permutations(("a", "b", "w")), 1))
    for step in range(3):
        said = [["答", str(number)] for number, order in orders if order[step] == "w"]
        if step < 2:
            withdraw(sqlite_site, "m", None, said, reason="代答", by="t")
        else:
            for one in said:  # two records are meant
                with pytest.raises(InputError, match="几条记录都合得上"):
                    withdraw(sqlite_site, "m", None, [one], reason="代答", by="t")
        for layout in ("a", "b"):
            rows = [
                f"答,,{number},{2 * number + (layout == 'b')}"
                for number, order in orders
                if order[step] == layout
            ]
            put(sqlite_site, tmp_path, f"{layout}{step}", *rows)
    refused = {number for number, order in orders if order[-1] == "w"}
    assert counted(sqlite_site) == {(layout, number) for number in refused for layout in ("a", "b")}
    others = [["答", str(number)] for number, order in orders if number not in refused]
    restore(sqlite_site, "m", None, others, reason="不是代答", by="t")
    assert counted(sqlite_site) == {(layout, number) for number, _ in orders for layout in ("a", "b")}


def test_of_a_number_that_is_read_in_two_ways_the_one_that_a_record_has_is_meant_in_other_streams_too(
    sqlite_site: Site, tmp_path: Path
) -> None:
    by_account = STREAM.replace("KEY", "[{field: account}]")
    other = by_account.replace("NAME", "b").replace(
        "工号, kind: staff, prefix: HJ", "编号, kind: staff, prefix: XX"
    )
    mapping(sqlite_site.settings.home / "mapping", by_account.replace("NAME", "a"), other)
    put(sqlite_site, tmp_path, "a1", "答,1,,2")  # HJ1, which may be typed as 1
    withdraw(sqlite_site, "m", None, ["1"], reason="代答", by="t")
    put(sqlite_site, tmp_path, "a2", "答,,1,4")  # whose number is 1
    put(sqlite_site, tmp_path, "b1", "答,,1,3")  # XX1, which in the other stream is awaited
    assert counted(sqlite_site) == {("a", 2)}

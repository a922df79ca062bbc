"""The dictionary and provenance of data/ name what is there, no more and no less."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pyarrow as pa
import pytest

from portrait.record import CELL_SCHEMA, RECORD_SCHEMA, SNAPSHOT_SCHEMA
from portrait.resource import DATA

README = (DATA / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "schema"),
    [("record", RECORD_SCHEMA), ("cell", CELL_SCHEMA), ("snapshot", SNAPSHOT_SCHEMA)],
)
def test_the_dictionary_has_every_column_of_the_lake_and_no_other(name: str, schema: pa.Schema) -> None:
    section = README.split(f"### {name}：", 1)[1].split("\n### ", 1)[0].split("\n\n衰减", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(schema.names)


def test_every_framework_and_rule_has_its_provenance() -> None:
    said = " ".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"[\w-]+\.(?:json|yaml)", said))
    there = {path.name for folder in ("framework", "rules") for path in (DATA / folder).iterdir()}
    assert named == there


@pytest.mark.parametrize("path", sorted((DATA / "code").glob("*.csv")), ids=lambda path: path.name)
def test_every_code_says_where_it_comes_from(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["status"] for row in rows)

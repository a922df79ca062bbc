"""The names that a Delta table remembers numbers by (see Lake.mark): deltalake tells the number of a name, not which names there are.

Read as the Delta protocol has it: the newest checkpoint, and the commits after it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

_DIGITS = 20  # of the version at the start of a file's name


def names(table: Path) -> set[str]:
    """Every name under which a commit of the table in this folder has remembered a number."""
    log = table / "_delta_log"
    made = sorted(log.glob("*.checkpoint*.parquet"))
    since = made[-1].name[:_DIGITS] if made else ""
    found: set[str] = set()
    for path in made:
        if path.name.startswith(since):
            with pq.ParquetFile(path) as file:
                kept = file.read(columns=["txn.appId"])["txn"]
            found.update(pc.struct_field(kept, "appId").drop_null().to_pylist())
    for path in log.glob("*.json"):
        if path.stem.isdecimal() and path.stem > since:
            found.update(_said(path.read_text(encoding="utf-8")))
    return found


def _said(commit: str) -> set[str]:
    actions = (json.loads(line) for line in commit.splitlines() if '"txn"' in line)
    return {action["txn"]["appId"] for action in actions if "txn" in action}

"""One teacher's portrait, looked up; the baseline is the same rows in an indexed SQLite table."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from pathlib import Path

from portrait.settings import load_settings
from portrait.site import open_site


def persons(home: Path) -> list[int]:
    site = open_site(load_settings(home))
    with site.engine() as engine:
        return [
            row[0] for row in engine.execute("SELECT DISTINCT person FROM snapshot ORDER BY 1").fetchall()
        ]


def ours(home: Path, times: int, seed: int) -> list[float]:
    """Seconds of each look-up, the first few (which open the engine) left out."""
    from portrait.reading import portrait_of

    site = open_site(load_settings(home))
    drawn = random.Random(seed).choices(persons(home), k=times + 5)
    spent = []
    for person in drawn:
        start = time.perf_counter()
        portrait_of(site, person)
        spent.append(time.perf_counter() - start)
    return spent[5:]


def with_sqlite(home: Path, times: int, seed: int) -> list[float]:
    site = open_site(load_settings(home))
    drawn = random.Random(seed).choices(persons(home), k=times + 5)
    with site.engine() as engine:
        rows = engine.execute(
            "SELECT person, node, state, level, low, high, n, weight FROM snapshot"
        ).fetchall()
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(Path(folder) / "snapshot.sqlite")
        base.execute("CREATE TABLE snapshot (person, node, state, level, low, high, n, weight)")
        base.executemany("INSERT INTO snapshot VALUES (?,?,?,?,?,?,?,?)", rows)
        base.execute("CREATE INDEX ix ON snapshot (person)")
        base.commit()
        for person in drawn[5:]:
            start = time.perf_counter()
            base.execute("SELECT * FROM snapshot WHERE person = ?", [person]).fetchall()
            spent.append(time.perf_counter() - start)
        base.close()
    return spent

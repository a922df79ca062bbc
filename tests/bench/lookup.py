"""One teacher's portrait, looked up; the baseline is the same rows in an indexed SQLite table."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

WARM = 5  # look-ups that open the engine, left out


def persons(home: Path) -> list[int]:
    """Everybody who has a portrait."""
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    return [row[0] for row in site.pool.rows("SELECT DISTINCT person FROM snapshot ORDER BY 1")]


def ours(home: Path, people: list[int]) -> list[float]:
    """Seconds of each look-up: from the lake's files to a Portrait with all its figures."""
    from portrait.reading import portrait_of
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    spent = []
    for person in people:
        start = time.perf_counter()
        portrait_of(site, person)
        spent.append(time.perf_counter() - start)
    return spent[WARM:]


def prepare(home: Path, base: Path, times: int, seed: int) -> list[int]:
    """Whom to look up; and the snapshot as a SQLite file with an index on the person, for the baseline."""
    from portrait.settings import load_settings
    from portrait.site import open_site

    site = open_site(load_settings(home))
    rows = site.pool.rows("SELECT person, node, state, level, low, high, n, weight FROM snapshot")
    with closing(sqlite3.connect(base)) as connection, connection:
        connection.execute("CREATE TABLE snapshot (person, node, state, level, low, high, n, weight)")
        connection.executemany("INSERT INTO snapshot VALUES (?,?,?,?,?,?,?,?)", rows)
        connection.execute("CREATE INDEX ix ON snapshot (person)")
    return random.Random(seed).choices(persons(home), k=times + WARM)


def with_sqlite(base: Path, people: list[int]) -> list[float]:
    """Seconds of each look-up: the rows alone."""
    spent = []
    with closing(sqlite3.connect(base)) as connection:
        for person in people:
            start = time.perf_counter()
            connection.execute("SELECT * FROM snapshot WHERE person = ?", [person]).fetchall()
            spent.append(time.perf_counter() - start)
    return spent[WARM:]

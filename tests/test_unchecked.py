"""The queue's table in memory follows the lake step by step, and says after each step what the whole lake says."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
from datetime import date
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from portrait.lake.compact import compact
from portrait.lake.content import SAID_RUN, facts_sql, verified_sql
from portrait.lake.coverage import DAY
from portrait.lake.history import enrolled
from portrait.lake.unchecked import hold_unchecked
from portrait.record import VERDICT_SCHEMA, Flag, Kind, Standing, month_number
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.schema import named_run
from tests.hand import Hand, record

KINDS = (Kind.ATTENDANCE, Kind.ACTIVITY)
_TOLD = f"id, account, course, run, {SAID_RUN}, kind, item, time, month, credit, batch, line"
_LISTED = ", ".join(str(int(kind)) for kind in KINDS)


def follow(site: Site) -> tuple[list[tuple[object, ...]], frozenset[int]]:
    """What the table in memory says, and the accounts above 14: those that the registry does not know."""
    strange = hold_unchecked(
        site.pool, KINDS, lambda some: [account for account in sorted(some) if account > 14]
    )
    return site.pool.rows(f"SELECT {_TOLD}, day, facts FROM unchecked ORDER BY ALL"), strange


def whole(site: Site) -> tuple[list[tuple[object, ...]], frozenset[int]]:
    """The same of all records, by an engine that has read nothing before."""
    engine = site.engine()
    rows = engine.execute(
        f"SELECT {_TOLD}, {DAY} AS day, {facts_sql()} AS facts FROM record "
        f"WHERE kind IN ({_LISTED}) AND NOT {verified_sql()} ORDER BY ALL"
    ).fetchall()
    met = engine.execute(
        f"SELECT DISTINCT account FROM landed WHERE account > 14 AND kind IN ({_LISTED}) AND NOT {verified_sql('flag')}"
    ).fetchall()
    engine.close()
    return rows, frozenset(account for (account,) in met)


class Steps:
    """What happens to a lake, chosen by dice."""

    def __init__(self, site: Site, dice: random.Random) -> None:
        self.site, self.dice, self.hand = site, dice, Hand(site)
        self.number = 0
        self.open = set[int]()
        self.lines = list[tuple[int, int, int]]()  # batch, line, account
        self.verdicts = dict[tuple[int, int], dict[str, object]]()
        with site.registry.begin() as connection:
            rows = [{"run_id": run, "catalogue": "甲", "name": f"班{run}"} for run in (555, 556)]
            connection.execute(insert(named_run), rows)

    def land(self) -> None:
        rows = []
        for _ in range(self.dice.randint(1, 6)):
            self.number += 1
            row = record(
                self.number,
                self.dice.randint(11, 18),
                self.dice.choice([*KINDS, Kind.VIEW]),
                on=self.dice.choice([date(2022, 7, 1), date(2022, 8, 1), None]),
                run=self.dice.choice([0, 101, 555, 556]),
                item=self.dice.choice(["７月1日", "备 课", ""]),
                flag=self.dice.choice([Flag(0), Flag(0), Flag.VERIFIED, Flag.OFFSITE]),
            )
            rows.append(row | {"held": self.dice.random() < 0.2})
        unfinished = self.dice.random() < 0.3
        number = self.hand.batch(rows, state="landing" if unfinished else "done")
        if unfinished:
            self.open.add(number)
        self.lines += [(number, row["line"], row["account"]) for row in rows]

    def finish(self) -> None:
        if self.open:
            self.hand.finish(self.open.pop())

    def judge(self) -> None:
        for batch, line, account in self.dice.sample(self.lines, min(2, len(self.lines))):
            self.verdicts[batch, line] = {
                **dict.fromkeys(VERDICT_SCHEMA.names),
                **{"batch": batch, "line": line, "account": account, "id": b"", "month": 0, "instead": 0},
                "state": int(self.dice.choice(list(Standing))),
                "flag": int(self.dice.choice([Flag(0), Flag.VERIFIED])),
                "bucket": account % self.site.lake.buckets,
            }
        self.commit()

    def forget(self) -> None:
        if self.verdicts:
            del self.verdicts[self.dice.choice(list(self.verdicts))]
        self.commit()

    def name(self) -> None:
        chosen, meant = self.dice.choice([555, 556]), self.dice.choice([None, 101, 102])
        with self.site.registry.begin() as connection:
            connection.execute(update(named_run).where(named_run.c.run_id == chosen).values(class_id=meant))
        self.commit()

    def fold(self) -> None:
        compact(self.site.lake, "record", only=[month_number(date(2022, 7, 1))])

    def commit(self) -> None:
        """Verdicts as a refresh writes them: those that have come out of the registry, and what it calls the classes."""
        made = pa.Table.from_pylist(list(self.verdicts.values()), schema=VERDICT_SCHEMA)
        marks = {"open": len(self.open), **{f"open:{n}": one for n, one in enumerate(sorted(self.open))}}
        self.site.lake.commit("verdict", made, marks, replace="")


# Nothing is shrunk: a smaller number is no smaller story.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],
)
@given(seed=st.integers(1, 2**32))
def test_step_by_step_it_says_what_the_whole_lake_says(tables: Path, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(tables, f"{folder}/registry.sqlite")
        url = f"sqlite:///{folder}/registry.sqlite"
        site = open_site(load_settings(Path(folder) / "home", database_url=url, lake_buckets=2))
        dice = random.Random(seed)
        steps = Steps(site, dice)
        for step in [
            steps.land,
            *dice.choices(
                [steps.land, steps.finish, steps.judge, steps.forget, steps.name, steps.fold],
                [4, 2, 2, 1, 4, 1],
                k=18,
            ),
        ]:
            step()
            assert follow(site) == whole(site), step.__name__
        site.registry.dispose()


def test_only_the_new_files_are_read(sqlite_site: Site) -> None:
    hand = Hand(sqlite_site)
    hand.batch(record(n, 11, Kind.ATTENDANCE) for n in range(1, 4))
    follow(sqlite_site)
    sqlite_site.pool.rows("UPDATE landed_unchecked SET item = 'read before'")
    hand.batch([record(9, 12, Kind.ATTENDANCE)])
    rows, strange = follow(sqlite_site)
    assert [row[6] for row in rows] == ["read before"] * 3 + [""]
    assert strange == frozenset()


def test_who_makes_one_table_keeps_nobody_waiting_for_another(sqlite_site: Site) -> None:
    Hand(sqlite_site).batch([record(1, 11, Kind.ATTENDANCE)])
    done = threading.Event()

    def other() -> None:
        enrolled(sqlite_site.pool)
        done.set()

    def make(_then: object, _now: object, _before: object) -> bool:
        threading.Thread(target=other, daemon=True).start()
        return done.wait(20)

    assert sqlite_site.pool.hold("slow", lambda _then: 1, make)

"""Records, accounts and courses written by hand into an empty site, for tests of what is made from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import insert, update

from portrait.record import RECORD_SCHEMA, Flag, Kind, month_number
from portrait.site import Site
from portrait.store.schema import account, alignment, batch, course, person, training_class

AT = datetime(2022, 11, 15, 2, tzinfo=UTC)


def record(number: int, account: int, kind: Kind, value: float | None = None, **given: Any) -> dict[str, Any]:
    """One row: `value` on 0..1 makes it a score. `on` is its day (None: undated), `off` how far it counts itself (0..1)."""
    on = given.pop("on", date(2022, 11, 1))
    flag = given.pop("flag", Flag(0)) | (Flag.SCORED if value is not None else Flag(0))
    row = {
        "id": number.to_bytes(16, "big"),
        "batch": 0,
        "line": number,
        "account": account,
        "course": 7,
        "run": 0,
        "item": "",
        "kind": int(kind),
        "time": datetime(on.year, on.month, on.day, 4, tzinfo=UTC) if on else None,
        "seq": 0,
        "score": None if value is None else value * 100,
        "score_max": None if value is None else 100.0,
        "value": 0 if value is None else round(value * 10_000),
        "weight": 10_000,
        "count": 1,
        "seconds": 0,
        "credit": 0,
        "flag": int(flag),
        "month": month_number(on) if on else 0,
    }
    return row | given


class Hand:
    """Writes into a site. Persons, accounts and courses are known by small numbers."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.batches = 0

    def person(self, *numbers: int, stage: str = "S2") -> None:
        with self.site.registry.begin() as connection:
            rows = [{"id": n, "key": f"k{n}", "name": f"某{n}", "stage": stage, "extra": {}} for n in numbers]
            connection.execute(insert(person), rows)

    def account(self, number: int, person_id: int | None, source: str = "甲") -> None:
        with self.site.registry.begin() as connection:
            connection.execute(
                insert(account).values(
                    id=number,
                    source=source,
                    kind="native",
                    shown=str(number),
                    digest=str(number),
                    person_id=person_id,
                )
            )

    def link(self, number: int, person_id: int | None) -> None:
        with self.site.registry.begin() as connection:
            connection.execute(update(account).where(account.c.id == number).values(person_id=person_id))

    def course(self, number: int, title: str = "", theme: str = "", **percents: int) -> None:
        """A course and what it is aligned with: P2_1=100."""
        with self.site.registry.begin() as connection:
            connection.execute(
                insert(course).values(
                    id=number, source="甲", code=str(number), title=title or f"课{number}", theme=theme
                )
            )
            for name, percent in percents.items():
                connection.execute(
                    insert(alignment).values(
                        course_id=number, indicator=name.replace("_", "."), percent=percent
                    )
                )

    def training_class(self, number: int, course_id: int, name: str = "") -> None:
        with self.site.registry.begin() as connection:
            connection.execute(
                insert(training_class).values(
                    id=number, source="甲", code=str(number), name=name or f"班{number}", course_id=course_id
                )
            )

    def batch(self, rows: Iterable[dict[str, Any]], *, state: str = "done") -> int:
        """One batch of records, in the registry and in the lake."""
        self.batches += 1
        number, held = self.batches, list(rows)
        buckets = self.site.lake.buckets
        with self.site.registry.begin() as connection:
            connection.execute(
                insert(batch).values(
                    id=number, key=f"b{number}", source="甲", stream="s", target="record", file=f"{number}.csv",
                    content="", mapping="m@1", state=state, by="t", started=AT, rows_stored=len(held),
                )
            )  # fmt: skip
        if held:
            table = pa.Table.from_pylist(
                [row | {"batch": number, "bucket": row["account"] % buckets} for row in held],
                schema=RECORD_SCHEMA,
            )
            self.site.lake.append("record", table, part=f"b{number}:0")
        return number

    def finish(self, number: int) -> None:
        with self.site.registry.begin() as connection:
            connection.execute(update(batch).where(batch.c.id == number).values(state="done"))


def cell_sums(site: Site) -> list[tuple[Any, ...]]:
    """The cells as readers see them: deltas added up, nothing where nothing is left."""
    return site.pool.rows(
        "SELECT account, indicator, month, kind, sum(n)::bigint, sum(sw)::bigint, sum(swy)::bigint, sum(swyy)::bigint, "
        "sum(swa)::bigint "
        "FROM cell GROUP BY ALL HAVING sum(n) <> 0 ORDER BY ALL"
    )

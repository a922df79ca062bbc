"""What somebody decided on a record that came in by a file: kept as a claim, and as the word that the refresh reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from portrait.clock import aware
from portrait.store.claim import REASON_LIMIT, STATES
from portrait.store.name import PART
from portrait.store.number import naming
from portrait.store.ruling import CONFIRMATION, Ruling, rule
from portrait.store.schema import claim, ruling

DECIDED = ("confirmed", "returned")


@dataclass(frozen=True)
class Decided:
    """What somebody decided on a record that came in by a file, and as what they saw it. `facts` None: whatever it comes to say."""

    state: str  # confirmed | returned
    facts: bytes | None
    by: str
    at: datetime | None
    reason: str
    title: str
    day: date
    hours: float


def decided_records(registry: Engine, among: Collection[bytes] | None = None) -> dict[bytes, Decided]:
    """The decisions on records, whosever they are by now, whether or not the record has been corrected since; on all records when
    none are given."""
    query = select(claim).where(claim.c.record.is_not(None), claim.c.state.in_(DECIDED))
    found = list[Any]()
    with registry.connect() as connection:
        if among is None:
            found += connection.execute(query)
        else:
            listed = list(among)
            for start in range(0, len(listed), PART):
                found += connection.execute(query.where(claim.c.record.in_(listed[start : start + PART])))
    return {
        bytes(row.record): Decided(
            row.state,
            None if row.facts is None else bytes(row.facts),
            row.confirmed_by,
            aware(row.confirmed_at) if row.confirmed_at else None,
            row.reason,
            row.title,
            row.day,
            row.hours,
        )
        for row in found
    }


def settle_record(registry: Engine, values: dict[str, Any], *, over: bool) -> bool:
    """Whether what somebody decides on a record that came in by a file is kept: as a claim, and as the word that the refresh
    reads. A decision on the same facts that was taken before holds, unless this one goes `over` it."""
    given = {**values, "reason": values["reason"][:REASON_LIMIT], "confirmed_by": values["confirmed_by"][:60]}
    said = "confirm" if given["state"] == "confirmed" else "return"
    word = Ruling(
        said,
        "",
        given["record"],
        None,
        given["reason"] or STATES[given["state"]],
        given["confirmed_by"],
        given["confirmed_at"],
        facts=given["facts"],
    )
    try:
        with registry.begin() as connection:
            changed = update(claim).where(claim.c.record == given["record"]).values(**given)
            if not over:
                changed = changed.where(claim.c.facts != given["facts"])
            if not connection.execute(changed).rowcount:
                connection.execute(insert(claim).values(**given))
            rule(connection, [word])
    except IntegrityError:  # a record has one claim
        return False
    return True


RECENT = 10_000  # of the newest rulings; two transactions may end in another order than they were numbered in
WHOLE = timedelta(minutes=10)  # after which all are counted again: counting a million takes 40 ms


@dataclass(frozen=True)
class Mark:
    """Which lake stands, by which rules its accounts are numbered, how many rulings there are and the last of them. Rulings are only
    added to while the first two stay, so what is new of them is what comes after; with another number of an account its records
    have other ids."""

    root: str
    rules: int | None
    count: int
    last: int
    floor: int = field(compare=False)  # up to which ruling they have been counted for a while
    below: int = field(compare=False)  # how many these were
    at: datetime = field(compare=False)  # when

    def follows(self, then: Mark) -> bool:
        """Whether rulings were only added since."""
        return (self.root, self.rules) == (then.root, then.rules)


def mark(registry: Engine, root: str, then: Mark | None, now: datetime) -> Mark:
    """Changes when something was decided on any record, or records have other ids: `root` is that of the lake that stands.

    A ruling that became visible after RECENT later ones is noticed when all are counted again.
    """
    told = select(func.count(), func.max(ruling.c.id))
    with registry.connect() as connection:
        rules = naming(connection)
        if (
            then is None
            or (then.root, then.rules) != (root, rules)
            or not timedelta(0) <= now - then.at < WHOLE
        ):
            floor = max((connection.execute(select(func.max(ruling.c.id))).scalar() or 0) - RECENT, 0)
            below, _ = connection.execute(told.where(ruling.c.id <= floor)).one()
            then = Mark(root, rules, below, floor, floor, below, now)
        recent, last = connection.execute(told.where(ruling.c.id > then.floor)).one()
    return replace(then, count=then.below + recent, last=last or 0)


def decisions(registry: Engine, then: Mark | None, now: Mark) -> tuple[pa.Table, bool]:
    """The decisions (record, facts, confirmed) on records that were decided on since a mark, and whether these are all there are: asked
    from the first, where records have got other ids, and where one became visible after a later one."""
    query = select(claim.c.record, claim.c.facts, claim.c.state).where(
        claim.c.record.is_not(None), claim.c.state.in_(DECIDED)
    )
    rows, whole = list[Any](), True
    with registry.connect() as connection:
        if then is not None and now.follows(then):
            since = select(ruling.c.record, ruling.c.said)
            new = connection.execute(since.where(ruling.c.id > then.last, ruling.c.id <= now.last)).all()
            whole = then.count + len(new) != now.count
        if whole:
            rows += connection.execute(query)
        else:
            records = sorted({bytes(one.record) for one in new if one.said in CONFIRMATION})
            for start in range(0, len(records), PART):
                rows += connection.execute(query.where(claim.c.record.in_(records[start : start + PART])))
    return (
        pa.table(
            {
                "record": pa.array([row.record for row in rows], pa.binary()),
                "facts": pa.array([row.facts for row in rows], pa.binary()),
                "confirmed": pa.array([row.state == "confirmed" for row in rows], pa.bool_()),
            }
        ),
        whole,
    )

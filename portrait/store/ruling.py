"""Rulings: that a record is withdrawn or restored, that a doubtful one counts or does not, that somebody has confirmed what took
place. Nothing said is ever changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, case, func, insert, select

from portrait.clock import aware
from portrait.store.schema import ruling
from portrait.store.upsert import chunks

WITHDRAWAL = ("void", "restore")
DECISION = ("clear", "refuse", "reopen")
CONFIRMATION = ("confirm", "return")
PART = 500


@dataclass(frozen=True)
class Ruling:
    """One word about one record, or about every record of a key."""

    said: str  # one of WITHDRAWAL, DECISION or CONFIRMATION
    source: str
    record: bytes | None
    key_number: int | None
    reason: str
    by: str
    at: datetime
    flag: int = 0
    facts: bytes | None = None  # of CONFIRMATION: what it is about; None: whatever the record comes to say


@dataclass(frozen=True)
class Rulings:
    """What holds now: the newest word of each kind about each target."""

    void_records: frozenset[bytes] = frozenset()
    void_keys: frozenset[int] = frozenset()
    decided: dict[bytes, tuple[str, int]] = field(default_factory=dict)  # record → clear | refuse, flags
    confirmed: dict[bytes, bytes | None] = field(default_factory=dict)  # record → the facts that were seen
    records: frozenset[bytes] = frozenset()  # everything that was ever ruled on
    keys: frozenset[int] = frozenset()
    digest: int = 0


def rule(connection: Connection, rulings: Iterable[Ruling]) -> int:
    """Add what was said; how many rows that are."""
    rows = [
        {
            "source": one.source,
            "record": one.record,
            "key_number": one.key_number,
            "said": one.said,
            "flag": one.flag,
            "reason": one.reason[:300],
            "by": one.by[:60],
            "at": one.at,
            "facts": one.facts,
        }
        for one in rulings
    ]
    for some in chunks(rows, PART):
        connection.execute(insert(ruling), list(some))
    return len(rows)


def rulings(registry: Engine) -> Rulings:
    """Serves the refresh, which takes no Scope."""
    columns = (ruling.c.record, ruling.c.key_number, ruling.c.said, ruling.c.flag, ruling.c.facts)
    sort = case((ruling.c.said.in_(WITHDRAWAL), 1), (ruling.c.said.in_(DECISION), 2), else_=3)
    newest = select(func.max(ruling.c.id)).group_by(ruling.c.record, ruling.c.key_number, sort)
    with registry.connect() as connection:
        rows = connection.execute(select(*columns).where(ruling.c.id.in_(newest)).order_by(ruling.c.id)).all()
    if not rows:
        return Rulings()
    void = [row for row in rows if row.said == "void"]
    said = repr(
        sorted(
            (bytes(row.record or b""), row.key_number or 0, row.said, row.flag, bytes(row.facts or b""))
            for row in rows
        )
    )
    return Rulings(
        frozenset(bytes(row.record) for row in void if row.record is not None),
        frozenset(row.key_number for row in void if row.key_number is not None),
        {
            bytes(row.record): (row.said, row.flag)
            for row in rows
            if row.said in ("clear", "refuse") and row.record is not None
        },
        {bytes(row.record): _facts(row) for row in rows if row.said == "confirm" and row.record is not None},
        frozenset(bytes(row.record) for row in rows if row.record is not None),
        frozenset(row.key_number for row in rows if row.key_number is not None),
        int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big") >> 1,
    )


def _facts(row: Any) -> bytes | None:
    return None if row.facts is None else bytes(row.facts)


@dataclass(frozen=True)
class Word:
    """What holds of one record, whether a refresh has followed it yet or not."""

    withdrawn: bool = False
    decided: str = ""  # clear | refuse
    flag: int = 0  # what the decision is about
    confirmed: str = ""  # confirm | return
    facts: bytes | None = None  # what that is about


def word_on(said: Iterable[Ruling], record: bytes, key_number: int | None) -> Word:
    """What rulings, the oldest first, come to for a record that has this key."""
    by_record = by_key = Word()
    for one in said:
        if one.record == record:
            if one.said in WITHDRAWAL:
                by_record = replace(by_record, withdrawn=one.said == "void")
            elif one.said in DECISION:
                by_record = replace(
                    by_record, decided="" if one.said == "reopen" else one.said, flag=one.flag
                )
            else:
                by_record = replace(by_record, confirmed=one.said, facts=one.facts)
        elif key_number is not None and one.key_number == key_number:
            by_key = Word(one.said == "void")
    return replace(by_record, withdrawn=by_record.withdrawn or by_key.withdrawn)


def rulings_on(
    connection: Connection, records: Collection[bytes], keys: Collection[int] = ()
) -> list[Ruling]:
    """What was said about these records and keys, oldest first. The caller has looked whether the reader may see them."""
    found: list[Row[Any]] = []
    for column, wanted in ((ruling.c.record, sorted(records)), (ruling.c.key_number, sorted(keys))):
        for some in chunks(wanted, PART):
            found += connection.execute(select(ruling).where(column.in_(list(some)))).all()
    unique = {row.id: row for row in found}
    return [
        Ruling(
            row.said,
            row.source,
            None if row.record is None else bytes(row.record),
            row.key_number,
            row.reason,
            row.by,
            aware(row.at),
            row.flag,
            _facts(row),
        )
        for _, row in sorted(unique.items())
    ]

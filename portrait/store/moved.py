"""What people said of records whose ids hold the number of an account, when that becomes another one: rulings and claims are copied to
the new ids, so that two lakes can be read at once, and moved with their history when only one is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from portrait.store.ruling import DECISION, WITHDRAWAL
from portrait.store.schema import claim, contest, ruling
from portrait.store.upsert import chunks

_PART = 400


@dataclass
class Moved:
    """Records whose ids, keys and facts (portrait.lake.content.facts_sql) hold the number of an account: before → now."""

    records: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    facts: dict[tuple[bytes, bytes], bytes] = field(
        default_factory=dict
    )  # (record, facts) before → facts now

    def today(self, row: Row[Any]) -> dict[str, Any]:
        """A ruling or a claim without its number, as it is said of the record of today."""
        values = {name: value for name, value in row._mapping.items() if name != "id"}
        record, facts = _bytes(values["record"]), _bytes(values["facts"])
        if record is not None:
            values["record"] = self.records[record]
            values["facts"] = None if facts is None else self.facts.get((record, facts), facts)
        if values.get("key_number") is not None:
            values["key_number"] = self.keys[values["key_number"]]
        return values


def spoken(connection: Connection) -> tuple[set[bytes], set[int]]:
    """The records that anybody ever ruled on, decided on or contested, by their ids and by the numbers of their keys."""
    records = set[bytes]()
    for table in (ruling, claim, contest):
        query = select(table.c.record).where(table.c.record.is_not(None)).distinct()
        records.update(map(bytes, connection.execute(query).scalars()))
    keys = select(ruling.c.key_number).where(ruling.c.key_number.is_not(None)).distinct()
    return records, set(connection.execute(keys).scalars())


def copy_rulings(connection: Connection, moved: Moved) -> int:
    """Say of the records of today what was said of those of before and has not been copied yet; how much that was. What was
    overruled there later, by who knew the record by its new id, is left to `move`."""
    there = _rulings(connection, moved.records.values(), moved.keys.values())
    held = Counter(_alike(row._mapping) for row in there)
    newest = {_about(row._mapping): row.id for row in there}
    new = []
    for row in _rulings(connection, moved.records, moved.keys):
        values = moved.today(row)
        alike = _alike(values)
        if held[alike]:
            held[alike] -= 1
        elif newest.get(_about(values), 0) < row.id:
            new.append(values)
    for part in chunks(new, _PART):
        connection.execute(insert(ruling), part)
    return len(new)


def copy_claims(connection: Connection, moved: Moved) -> None:
    """The decisions that readers look up, for the records of today as well. They are listed, too: for as short as can be."""
    there = _claims(connection, moved.records.values())
    new, changed = [], []
    for record, row in _claims(connection, moved.records).items():
        values, other = moved.today(row), there.get(moved.records[record])
        if other is None:
            new.append(values)
        elif _later(row, other):
            changed.append({**values, "number": other.id})
    for part in chunks(new, _PART):
        connection.execute(insert(claim), part)
    if changed:
        connection.execute(update(claim).where(claim.c.id == bindparam("number")), changed)


def move(connection: Connection, moved: Moved) -> None:
    """Let everything that was said of the records of before have been said of those of today, in its order; copies of it go."""
    said = _rulings(connection, moved.records, moved.keys)
    spare = Counter(_alike(moved.today(row)) for row in said)
    copies = []
    for row in reversed(_rulings(connection, moved.records.values(), moved.keys.values())):
        alike = _alike(row._mapping)
        if spare[alike]:
            spare[alike] -= 1
            copies.append(row.id)
    _delete(connection, ruling, copies)
    _update(connection, ruling, ("record", "key_number", "facts"), {row.id: moved.today(row) for row in said})
    there, settled, gone = (
        _claims(connection, moved.records.values()),
        dict[int, dict[str, Any]](),
        list[int](),
    )
    for record, row in _claims(connection, moved.records).items():
        other = there.get(moved.records[record])
        if other is not None and _later(other, row):
            gone.append(row.id)
            continue
        settled[row.id] = moved.today(row)
        if other is not None:
            gone.append(other.id)
    _delete(connection, claim, gone)
    _update(connection, claim, ("record", "facts"), settled)
    contested = connection.execute(
        select(contest.c.id, contest.c.record).where(contest.c.record.is_not(None))
    )
    _update(
        connection,
        contest,
        ("record",),
        {
            row.id: {"record": moved.records[bytes(row.record)]}
            for row in contested
            if bytes(row.record) in moved.records
        },
    )


def _rulings(connection: Connection, records: Iterable[bytes], keys: Iterable[int]) -> list[Row[Any]]:
    """What was said of these, the oldest first."""
    found = dict[int, Row[Any]]()
    for column, wanted in ((ruling.c.record, records), (ruling.c.key_number, keys)):
        for part in chunks(sorted(set(wanted)), _PART):
            found |= {row.id: row for row in connection.execute(select(ruling).where(column.in_(part)))}
    return [row for _, row in sorted(found.items())]


def _claims(connection: Connection, records: Iterable[bytes]) -> dict[bytes, Row[Any]]:
    return {
        bytes(row.record): row
        for part in chunks(sorted(set(records)), _PART)
        for row in connection.execute(select(claim).where(claim.c.record.in_(part)))
    }


def _later(one: Row[Any], other: Row[Any]) -> bool:
    """Whether a decision was taken after another one."""
    if one.confirmed_at is None or other.confirmed_at is None:
        return one.confirmed_at is not None
    return bool(one.confirmed_at > other.confirmed_at)


def _about(said: Mapping[Any, Any]) -> tuple[Any, ...]:
    """What a ruling is about and what it overrules, see portrait.store.ruling.rulings."""
    word = said["said"]
    sort = 1 if word in WITHDRAWAL else 2 if word in DECISION else 3
    return _bytes(said["record"]), said["key_number"], sort


def _alike(said: Mapping[Any, Any]) -> tuple[Any, ...]:
    """All that a ruling says: a copy says the same."""
    return tuple(
        _bytes(said[column.name]) if column.name in ("record", "facts") else said[column.name]
        for column in ruling.c
        if column.name != "id"
    )


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _delete(connection: Connection, table: Any, numbers: Iterable[int]) -> None:
    for part in chunks(numbers, _PART):
        connection.execute(delete(table).where(table.c.id.in_(part)))


def _update(
    connection: Connection, table: Any, columns: Iterable[str], rows: Mapping[int, Mapping[str, Any]]
) -> None:
    given = [{**{name: row[name] for name in columns}, "number": number} for number, row in rows.items()]
    for part in chunks(given, _PART):
        connection.execute(update(table).where(table.c.id == bindparam("number")), part)

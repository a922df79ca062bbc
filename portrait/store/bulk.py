"""What the refresh reads of the registry, whole tables at a time. Serves no reader, so it takes no Scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Engine, func, select, union_all

from portrait.record import ALIGNED_SCHEMA, LINK_SCHEMA
from portrait.store.schema import account, alignment, batch, person, school, training_class
from portrait.store.unlisted import stands


@dataclass(frozen=True)
class RecordBatches:
    """The batches of learning records: those that are in, and those that are not (yet)."""

    done: dict[int, str]  # id → key
    open: tuple[int, ...]


def record_batches(registry: Engine) -> RecordBatches:
    query = (
        select(batch.c.id, batch.c.key, batch.c.state).where(batch.c.target == "record").order_by(batch.c.id)
    )
    with registry.connect() as connection:
        rows = connection.execute(query).all()
    return RecordBatches(
        {row.id: row.key for row in rows if row.state == "done"},
        tuple(row.id for row in rows if row.state != "done"),
    )


def links(registry: Engine) -> pa.Table:
    """Every account that is somebody's: account, person, source, the person's stage, the school's county; by account."""
    query = (
        select(
            account.c.id,
            account.c.person_id,
            account.c.source,
            person.c.stage,
            func.coalesce(school.c.county, ""),
        )
        .join(person, person.c.id == account.c.person_id)
        .outerjoin(school, school.c.id == person.c.school_id)
        .order_by(account.c.id)
    )
    with registry.connect() as connection:
        rows = connection.execute(query).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(LINK_SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, LINK_SCHEMA, strict=True)],
        schema=LINK_SCHEMA,
    )


def alignments(
    registry: Engine, scored: Collection[str], listed: Collection[str], meant: Mapping[int, int | None]
) -> pa.Table:
    """What courses are aligned with, and the classes that teach them: subject, indicator, percent, scored; in order. `meant` says of
    runs that sheets name in their own words which class they mean, see portrait.store.run.

    An indicator that is neither `scored` nor `listed` is none of the framework's and left out.
    """
    own = select(alignment.c.course_id, alignment.c.indicator, alignment.c.percent)
    taught = select(training_class.c.id, alignment.c.indicator, alignment.c.percent).join(
        alignment, alignment.c.course_id == training_class.c.course_id
    )
    with registry.connect() as connection:
        rows = connection.execute(union_all(own, taught)).all()
        named = defaultdict(list)
        for one in stands(connection).values():
            named[one.course].append(one.id)
    for run, one_class in meant.items():
        if one_class is not None:
            named[one_class].append(run)
    kept = sorted(
        (known, indicator, percent, int(indicator in scored))
        for subject, indicator, percent in rows
        for known in (subject, *named[subject])
        if indicator in scored or indicator in listed
    )
    return pa.Table.from_pylist(
        [dict(zip(ALIGNED_SCHEMA.names, row, strict=True)) for row in kept], schema=ALIGNED_SCHEMA
    )

"""The names behind the numbers of a teacher's records: accounts, courses, classes, files.

The lake is keyed by numbers; whose evidence may be opened is decided before (portrait.store.person.who).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Select, func, select

from portrait.clock import aware, on_day
from portrait.identity import hidden
from portrait.store.schema import account, alignment, batch, course, person, school, training_class
from portrait.store.unlisted import stands

PART = 500  # values bound in one statement; SQLite takes some thousands at most


@dataclass(frozen=True)
class CourseName:
    title: str
    theme: str
    hours: float
    mode: str


@dataclass(frozen=True)
class BatchName:
    key: str
    file: str  # as received
    number: int  # of a replay: that of the batch whose rows it read again
    source: str
    mapping: str  # name@version


@dataclass(frozen=True)
class AccountName:
    source: str
    shown: str  # masked where the number is a person's
    person: int | None
    name: str  # of the person; "" when unknown


def accounts_of(registry: Engine, persons: Collection[int]) -> dict[int, tuple[int, str]]:
    """The accounts that are these persons': account → (person, source)."""
    query = select(account.c.id, account.c.person_id, account.c.source)
    return {row[0]: (row[1], row[2]) for row in in_parts(registry, query, account.c.person_id, persons)}


def account_names(registry: Engine, ids: Collection[int]) -> dict[int, AccountName]:
    query = select(
        account.c.id, account.c.source, account.c.shown, account.c.person_id, func.coalesce(person.c.name, "")
    ).outerjoin(person, person.c.id == account.c.person_id)
    return {
        row[0]: AccountName(row[1], hidden(row[2]), *row[3:])
        for row in in_parts(registry, query, account.c.id, ids)
    }


def course_names(registry: Engine, ids: Collection[int]) -> dict[int, CourseName]:
    """Courses by id, those too that are named by an address and stand for one."""
    query = select(course.c.id, course.c.title, course.c.theme, course.c.hours, course.c.mode)
    meant = meant_courses(registry, ids)
    found = {row[0]: CourseName(*row[1:]) for row in in_parts(registry, query, course.c.id, meant.values())}
    return {one: found[known] for one, known in meant.items() if known in found}


def meant_courses(registry: Engine, ids: Collection[int]) -> dict[int, int]:
    """The course that each of these is in the catalogue: itself, or the one that it stands for."""
    with registry.connect() as connection:
        return {one: one for one in ids} | {one.id: one.course for one in stands(connection, ids).values()}


def school_names(registry: Engine) -> list[str]:
    """What all schools are called."""
    with registry.connect() as connection:
        return list(connection.scalars(select(school.c.name).order_by(school.c.id)))


def class_names(registry: Engine, ids: Collection[int]) -> dict[int, tuple[str, int | None]]:
    """Training classes by id: name and the course they teach."""
    query = select(training_class.c.id, training_class.c.name, training_class.c.course_id)
    return {row[0]: (row[1], row[2]) for row in in_parts(registry, query, training_class.c.id, ids)}


def alignments_of(registry: Engine, courses: Collection[int]) -> dict[int, dict[str, int]]:
    """What courses are aligned with: course → indicator → percent."""
    found: dict[int, dict[str, int]] = {}
    query = select(alignment.c.course_id, alignment.c.indicator, alignment.c.percent)
    meant = meant_courses(registry, courses)
    for course_id, indicator, percent in in_parts(registry, query, alignment.c.course_id, meant.values()):
        found.setdefault(course_id, {})[indicator] = percent
    return {one: found[known] for one, known in meant.items() if known in found}


def batch_names(registry: Engine, ids: Collection[int]) -> dict[int, BatchName]:
    query = select(
        batch.c.id,
        batch.c.key,
        batch.c.file,
        func.coalesce(batch.c.origin, batch.c.id),
        batch.c.source,
        batch.c.mapping,
    )
    return {row[0]: BatchName(*row[1:]) for row in in_parts(registry, query, batch.c.id, ids)}


def batch_days(registry: Engine, ids: Collection[int]) -> dict[int, datetime]:
    """When batches came in, on the site's day of their arrival: a demo kept at its cut-off day has none after it."""
    query = select(batch.c.id, batch.c.started, batch.c.arrived)
    return {
        number: on_day(arrived, started) if arrived else aware(started)
        for number, started, arrived in in_parts(registry, query, batch.c.id, ids)
    }


def arrival_days(registry: Engine, ids: Collection[int]) -> dict[int, date]:
    """The day on which batches came in, by the site's today; without those that do not say it."""
    query = select(batch.c.id, batch.c.arrived).where(batch.c.arrived.is_not(None))
    return {row[0]: row[1] for row in in_parts(registry, query, batch.c.id, ids)}


def in_parts(registry: Engine, query: Select[Any], column: Any, values: Iterable[int]) -> Iterator[Any]:
    wanted = sorted(set(values))
    with registry.connect() as connection:
        for start in range(0, len(wanted), PART):
            yield from connection.execute(query.where(column.in_(wanted[start : start + PART]))).all()

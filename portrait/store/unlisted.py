"""Courses that records name and no catalogue holds under that source: what they are called, and which catalogue has such codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from portrait.scope import Scope
from portrait.store.schema import batch, course, unlisted
from portrait.store.upsert import chunks, put

_PART = 400  # values bound in one statement
CODE = 300


@dataclass(frozen=True)
class Catalogue:
    """A source that has given courses, and how many."""

    source: str
    courses: int


@dataclass(frozen=True)
class Unlisted:
    """A course as a source's records name it. `catalogue` is the source whose course it was taken for."""

    id: int
    source: str
    catalogue: str
    code: str


def catalogues(connection: Connection) -> list[Catalogue]:
    """Every source whose courses are known, the largest first."""
    n = func.count()
    rows = connection.execute(
        select(course.c.source, n).group_by(course.c.source).order_by(n.desc(), course.c.source)
    )
    return [Catalogue(source, int(courses)) for source, courses in rows]


def holding(connection: Connection, codes: Collection[str]) -> dict[str, set[str]]:
    """Which of these codes each source's catalogue has: source → codes, the source with most of them first."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(sorted(set(codes)), _PART):
        for source, code in connection.execute(
            select(course.c.source, course.c.code).where(course.c.code.in_(part))
        ):
            found[source].add(code)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def note_unlisted(connection: Connection, rows: Iterable[tuple[int, str, str, str]]) -> int:
    """Remember how courses are named that the catalogue does not hold: (id, source of the records, catalogue, code)."""
    return put(connection, "unlisted", ["course_id", "source", "catalogue", "code"], rows)


def unlisted_courses(connection: Connection, scope: Scope) -> list[Unlisted]:
    """Those that no catalogue holds to this day."""
    sources = select(batch.c.source).where(scope.intake)
    rows = connection.execute(
        select(unlisted)
        .where(unlisted.c.source.in_(sources), unlisted.c.course_id.not_in(select(course.c.id)))
        .order_by(unlisted.c.source, unlisted.c.code)
    )
    return [Unlisted(row.course_id, row.source, row.catalogue, row.code) for row in rows]


def listed_ids(connection: Connection) -> list[int]:
    """The ids of all courses that are known."""
    return list(connection.scalars(select(course.c.id).order_by(course.c.id)))

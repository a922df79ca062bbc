"""Courses that records name and no catalogue holds under that source: what they are called, and which catalogue has such codes.

One that is named by an address stands for the course whose code the address ends with. That is found when it is read, from what is in,
and kept nowhere: a catalogue that comes later, or lists the address itself, needs nothing done over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from portrait.address import codes_in
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


@dataclass(frozen=True)
class Stand:
    """A course that records name by an address, and the one that it was taken for by the last part of it."""

    id: int
    source: str
    catalogue: str
    address: str
    code: str
    course: int


def catalogues(connection: Connection) -> list[Catalogue]:
    """Every source whose courses are known, the largest first."""
    n = func.count()
    rows = connection.execute(
        select(course.c.source, n).group_by(course.c.source).order_by(n.desc(), course.c.source)
    )
    return [Catalogue(source, int(courses)) for source, courses in rows]


def holding(connection: Connection, codes: Collection[str]) -> dict[str, set[str]]:
    """Which of these codes each source's catalogue has, source → codes, the source with most of them first. Of an address that none
    lists the last part is looked for."""
    found = _holding(connection, {code: {code} for code in codes})
    listed: set[str] = set().union(*found.values())
    ends: dict[str, set[str]] = defaultdict(set)
    for code in set(codes) - listed:
        for end in codes_in(code):
            ends[end].add(code)
    for source, theirs in _holding(connection, ends).items():
        found[source] |= theirs
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def _holding(connection: Connection, wanted: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Source → what is wanted by each code that its catalogue has."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(sorted(wanted), _PART):
        for source, code in connection.execute(
            select(course.c.source, course.c.code).where(course.c.code.in_(part))
        ):
            found[source] |= wanted[code]
    return found


def note_unlisted(connection: Connection, rows: Iterable[tuple[int, str, str, str]]) -> int:
    """Remember how courses are named that the catalogue does not hold: (id, source of the records, catalogue, code)."""
    return put(connection, "unlisted", ["course_id", "source", "catalogue", "code"], rows)


def unlisted_courses(connection: Connection, scope: Scope) -> list[Unlisted]:
    """Those that no catalogue holds to this day, those included that stand for a course of it."""
    sources = select(batch.c.source).where(scope.intake)
    rows = connection.execute(
        select(unlisted)
        .where(unlisted.c.source.in_(sources), unlisted.c.course_id.not_in(select(course.c.id)))
        .order_by(unlisted.c.source, unlisted.c.code)
    )
    return [Unlisted(row.course_id, row.source, row.catalogue, row.code) for row in rows]


def listed_ids(connection: Connection) -> list[int]:
    """The ids of all courses that are known, and of those that stand for one."""
    known = connection.scalars(select(course.c.id).order_by(course.c.id))
    return sorted({*known, *stands(connection)})


def stands(connection: Connection, ids: Collection[int] | None = None) -> dict[int, Stand]:
    """By id the courses (of all, or of these) that are named by an address and stand for a course: its catalogue has exactly one
    that the address can mean, and does not list the address itself."""
    address = or_(unlisted.c.code.contains("://"), unlisted.c.code.istartswith("urn:"))
    query = (
        select(unlisted)
        .where(address, unlisted.c.course_id.not_in(select(course.c.id)))
        .order_by(unlisted.c.course_id, unlisted.c.source)
    )
    queries = (
        [query]
        if ids is None
        else [query.where(unlisted.c.course_id.in_(p)) for p in chunks(sorted(ids), _PART)]
    )
    rows = [row for one in queries for row in connection.execute(one)]
    addresses: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        addresses[row.catalogue].add(row.code)
    meant = {catalogue: meant_by(connection, catalogue, some) for catalogue, some in addresses.items()}
    return {
        row.course_id: Stand(
            row.course_id, row.source, row.catalogue, row.code, *meant[row.catalogue][row.code]
        )
        for row in rows
        if row.code in meant[row.catalogue]
    }


def meant_by(
    connection: Connection, catalogue: str, addresses: Collection[str]
) -> dict[str, tuple[str, int]]:
    """Of these addresses those that can mean exactly one course of a catalogue: its code and id."""
    ends = {address: codes_in(address) for address in addresses}
    known: dict[str, int] = {}
    for part in chunks(sorted({end for some in ends.values() for end in some}), _PART):
        known |= {
            row.code: row.id
            for row in connection.execute(
                select(course.c.code, course.c.id).where(
                    course.c.source == catalogue, course.c.code.in_(part)
                )
            )
        }
    meant = {address: [end for end in some if end in known] for address, some in ends.items()}
    return {address: (some[0], known[some[0]]) for address, some in meant.items() if len(some) == 1}

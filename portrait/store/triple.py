"""Accounts of sheets without any number: who has the name, taught at the school, and was born in the year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, func, select, union

from portrait.identifier import BETWEEN
from portrait.match import Candidate
from portrait.store.schema import employment, person, school
from portrait.store.upsert import chunks

_PART = 400


def bare(name: ColumnElement[str]) -> ColumnElement[str]:
    """A name without the spaces that some rosters set it with."""
    return func.replace(func.replace(name, " ", ""), "\u3000", "")


def triples(connection: Connection, shown: Mapping[int, str]) -> Iterator[tuple[int, Candidate]]:
    """For each account, by what is shown of it, the persons that it may be. A birth that one side does not tell is no match and no
    contradiction: such a candidate waits for a person."""
    wanted: dict[str, list[tuple[int, str, str]]] = {}
    for number, text in shown.items():
        name, place, born = [*text.split(BETWEEN), "", ""][:3]
        wanted.setdefault(name, []).append((number, place, born))
    for part in chunks(sorted(wanted), _PART):
        for one in _persons(connection, part):
            for number, place, born in wanted[one.name]:
                if place not in (_bare(one.school), one.code):
                    continue
                known = bool(born) and one.birth_year is not None
                if known and int(born) != one.birth_year:
                    continue
                reason = "triple" if known else "born"
                yield number, Candidate(one.id, one.root, reason, {"kind": "triple"})


def _persons(connection: Connection, names: list[str]) -> CursorResult[Any]:
    """Each person of these names with each school of theirs, now or before."""
    called = bare(person.c.name)
    now = select(person.c.id, person.c.school_id).where(called.in_(names))
    before = select(employment.c.person_id, employment.c.school_id).join(
        person, person.c.id == employment.c.person_id
    )
    places = union(now, before.where(called.in_(names))).subquery()
    return connection.execute(
        select(
            person.c.id,
            called.label("name"),
            person.c.birth_year,
            func.coalesce(person.c.stands_id, person.c.id).label("root"),
            school.c.name.label("school"),
            school.c.code,
        )
        .join(places, places.c.id == person.c.id)
        .join(school, school.c.id == places.c.school_id)
        .order_by(person.c.id)
    )


def _bare(name: str) -> str:
    return "".join(name.split())

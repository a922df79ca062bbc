"""Accounts that are known by a full name and nothing else: the one teacher of that name, for a person to decide on. Never linked unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, union

from portrait.match import Candidate
from portrait.store.schema import account, employment, person, trainee, training_class
from portrait.store.triple import bare
from portrait.store.upsert import chunks

NAMED = "name:"  # before the name, in what mappings give as the platform's own account
_PART = 400


def named_only() -> ColumnElement[bool]:
    """A condition on accounts: a platform that says no number gave the name."""
    return (account.c.kind == "native") & account.c.shown.startswith(NAMED, autoescape=True)


def called(connection: Connection, rows: Iterable[Row[Any]]) -> Iterator[tuple[int, Candidate]]:
    """For each of these accounts the person of its name, where there is only one in the register; else where there is only one among
    those who are on the platform: in its classes, or at the schools of those whom it is known to have."""
    wanted: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        if row.kind == "native" and row.shown.startswith(NAMED):
            name = "".join(row.shown.removeprefix(NAMED).split())
            wanted[name].append((row.id, row.source))
    near: dict[str, tuple[set[int], set[int]]] = {}
    for name, persons in _persons(connection, wanted).items():
        for number, source in wanted[name]:
            if len({one.root for one in persons}) == 1:
                yield number, Candidate(persons[0].id, persons[0].root, "called", {"kind": "name"})
                continue
            if source not in near:
                near[source] = _around(connection, source)
            classmates, schools = near[source]
            taught = _schools(connection, [one.id for one in persons])
            for chosen in (
                [one for one in persons if one.root in classmates],
                [one for one in persons if taught[one.id] & schools],
            ):
                if len({one.root for one in chosen}) == 1:
                    yield number, Candidate(chosen[0].id, chosen[0].root, "called_here", {"kind": "name"})
                    break


def _persons(connection: Connection, names: Collection[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    name = bare(person.c.name)
    for part in chunks(sorted(names), _PART):
        rows = connection.execute(
            select(
                person.c.id, name.label("name"), func.coalesce(person.c.stands_id, person.c.id).label("root")
            )
            .where(name.in_(part))
            .order_by(person.c.id)
        )
        for row in rows:
            found[row.name].append(row)
    return found


def _around(connection: Connection, source: str) -> tuple[set[int], set[int]]:
    """Who is in the platform's classes, and the schools of all whose accounts it is known to have."""
    of_class = (
        select(account.c.person_id)
        .join(trainee, trainee.c.account_id == account.c.id)
        .join(training_class, training_class.c.id == trainee.c.class_id)
        .where(training_class.c.source == source, account.c.person_id.is_not(None))
    )
    known = select(account.c.person_id).where(account.c.source == source, account.c.person_id.is_not(None))
    schools = select(person.c.school_id).where(person.c.id.in_(known), person.c.school_id.is_not(None))
    return set(connection.scalars(of_class)), set(connection.scalars(schools.distinct()))


def _schools(connection: Connection, persons: Collection[int]) -> dict[int, set[int]]:
    """The schools of persons, now or before."""
    found: dict[int, set[int]] = {one: set() for one in persons}
    for part in chunks(sorted(persons), _PART):
        now = select(person.c.id, person.c.school_id).where(person.c.id.in_(part))
        before = select(employment.c.person_id, employment.c.school_id).where(
            employment.c.person_id.in_(part)
        )
        for number, school in connection.execute(union(now, before)):
            if school is not None:
                found[number].add(school)
    return found

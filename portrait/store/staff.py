"""Teachers on the register, counted for readers who may count them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine, func, select

from portrait.scope import Scope
from portrait.store.employment import Moved
from portrait.store.schema import person, school
from portrait.store.training import Ask, among_places


def registered(registry: Engine, scope: Scope, ask: Ask, moved: Collection[Moved] = ()) -> dict[str, int]:
    """Teachers on the register by the county of their school, of those the reader may count.

    Those who have `moved` since a day are counted where they were then.
    """
    query = (
        select(school.c.county, func.count())
        .select_from(person)
        .join(school, school.c.id == person.c.school_id)
        .where(scope.counted, person.c.stands_id.is_(None), *among_places(ask, school.c.county))
        .group_by(school.c.county)
    )
    with registry.connect() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(query)}
    there = set(found)  # the counties that are meant
    for one in moved:
        if one.now in there:
            found[one.now] -= 1
        if one.then in there:
            found[one.then] += 1
    return found


def counted_persons(
    registry: Engine, scope: Scope, ask: Ask, moved: Collection[Moved] = (), counties: Collection[str] = ()
) -> set[int]:
    """Persons the reader may count, for a count in the lake. They must not be listed by this right alone.

    With those who have `moved` since from one of the `counties`, and without those who came.
    """
    query = (
        select(person.c.id)
        .join(school, school.c.id == person.c.school_id)
        .where(scope.counted, person.c.stands_id.is_(None), *among_places(ask, school.c.county))
    )
    with registry.connect() as connection:
        found = {row[0] for row in connection.execute(query)}
    found -= {one.person for one in moved if one.then not in counties}
    return found | {one.person for one in moved if one.then in counties}


def school_name(registry: Engine, scope: Scope) -> str:
    """The name of the actor's own school; empty when it has none."""
    query = select(school.c.name).where(school.c.id == scope.actor.school_id)
    with registry.connect() as connection:
        return str(connection.scalar(query) or "")

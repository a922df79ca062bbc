"""Teachers on the register, counted for readers who may count them."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from portrait.scope import Scope
from portrait.store.schema import person, school
from portrait.store.training import Ask, among_places


def registered(registry: Engine, scope: Scope, ask: Ask) -> dict[str, int]:
    """Teachers on the register by the county of their school, of those the reader may count."""
    query = (
        select(school.c.county, func.count())
        .select_from(person)
        .join(school, school.c.id == person.c.school_id)
        .where(scope.counted, *among_places(ask, school.c.county))
        .group_by(school.c.county)
    )
    with registry.connect() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}


def counted_persons(registry: Engine, scope: Scope, ask: Ask) -> set[int]:
    """Persons the reader may count, for a count in the lake. They must not be listed by this right alone."""
    query = (
        select(person.c.id)
        .join(school, school.c.id == person.c.school_id)
        .where(scope.counted, *among_places(ask, school.c.county))
    )
    with registry.connect() as connection:
        return {row[0] for row in connection.execute(query)}


def school_name(registry: Engine, scope: Scope) -> str:
    """The name of the actor's own school; empty when it has none."""
    query = select(school.c.name).where(school.c.id == scope.actor.school_id)
    with registry.connect() as connection:
        return str(connection.scalar(query) or "")

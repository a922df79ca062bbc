"""Whose eyes a demo is seen through: a teacher with a class, the class's provider, the teacher's school, county and city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from portrait.store.schema import account, person, provider, region, school, trainee, training_class

ENOUGH = 20  # trainees, so that a class's distribution is worth a look


@dataclass(frozen=True)
class Showcase:
    person_id: int
    person: str
    provider_id: int
    provider: str
    school_id: int
    school: str
    county: str
    county_name: str
    city: str
    city_name: str


def showcase(registry: Engine, persons: Sequence[int]) -> Showcase | None:
    """The first of the persons (the first in the registry, when none are given) who has a school and sits in a class of some size.

    None when nobody has a school and a class with a provider.
    """
    size = select(trainee.c.class_id, func.count().label("n")).group_by(trainee.c.class_id).subquery("size")
    query = (
        select(
            person.c.id.label("person_id"),
            person.c.name.label("person"),
            provider.c.id.label("provider_id"),
            provider.c.name.label("provider"),
            school.c.id.label("school_id"),
            school.c.name.label("school"),
            school.c.county,
            size.c.n,
        )
        .join(account, account.c.person_id == person.c.id)
        .join(trainee, trainee.c.account_id == account.c.id)
        .join(training_class, training_class.c.id == trainee.c.class_id)
        .join(provider, provider.c.id == training_class.c.provider_id)
        .join(school, school.c.id == person.c.school_id)
        .join(size, size.c.class_id == trainee.c.class_id)
        .order_by(person.c.id, size.c.n.desc(), trainee.c.class_id)
    )
    with registry.connect() as connection:
        found = connection.execute(
            query.where(person.c.id.in_(persons[:500])) if persons else query.limit(500)
        ).all()
        rank = {number: place for place, number in enumerate(persons)}
        found = sorted(found, key=lambda row: (row.n < ENOUGH, rank.get(row.person_id, 0)))
        if not found:
            return None
        row = found[0]
        names = {
            line.adcode: line
            for line in connection.execute(select(region.c.adcode, region.c.name, region.c.parent))
        }
    county = names.get(row.county)
    city = names.get(county.parent) if county is not None else None
    return Showcase(
        row.person_id,
        row.person,
        row.provider_id,
        row.provider,
        row.school_id,
        row.school,
        row.county,
        county.name if county is not None else row.county,
        city.adcode if city is not None else "",
        city.name if city is not None else "",
    )

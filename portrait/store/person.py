"""Who a teacher is: name, school and post, for readers who may know the person by name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from portrait.errors import NotFound
from portrait.scope import Scope
from portrait.store.schema import person, region, school


def person_id_of(registry: Engine, key: str) -> int:
    """The person with this staff number, for who runs a command. Raises NotFound."""
    with registry.connect() as connection:
        found = connection.execute(select(person.c.id).where(person.c.key == key)).scalar()
    if found is None:
        raise NotFound("没有继教编号为 {key} 的教师", key=key[:80])
    return int(found)


@dataclass(frozen=True)
class Who:
    id: int
    name: str
    school: str
    county: str
    stage: str
    subject: str
    subject2: str
    title: str
    post: str


def who(registry: Engine, scope: Scope, person_id: int) -> Who:
    """The person. Raises NotFound for one outside the scope as for one that does not exist."""
    query = (
        select(
            person.c.id,
            person.c.name,
            school.c.name.label("school"),
            region.c.name.label("county"),
            person.c.stage,
            person.c.subject,
            person.c.subject2,
            person.c.title,
            person.c.post,
        )
        .select_from(
            person.outerjoin(school, school.c.id == person.c.school_id).outerjoin(
                region, region.c.adcode == school.c.county
            )
        )
        .where(person.c.id == person_id, scope.named)
    )
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有人员 {number}，或者不在您能看到的范围", number=person_id)
    return Who(
        row.id,
        row.name,
        row.school or "",
        row.county or "",
        row.stage,
        row.subject,
        row.subject2,
        row.title,
        row.post,
    )

"""Where a person taught when, as successive rosters told it. A figure of a past period counts a teacher where he was then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.schema import DropTable

from portrait.store.schema import account, employment, person, school
from portrait.store.upsert import staged


def keep_schools(connection: Connection) -> None:
    """Begin the history of those who have a school and none: else the school before the first transfer would be forgotten."""
    without = person.c.school_id.is_not(None), ~exists().where(employment.c.person_id == person.c.id)
    connection.execute(
        insert(employment).from_select(
            ["person_id", "school_id"], select(person.c.id, person.c.school_id).where(*without)
        )
    )


def tell_schools(
    connection: Connection, rows: Iterable[tuple[int, int | None]], day: date, batch: int | None
) -> None:
    """What a roster of a day says: person, school. Another school than before closes the spell on that day and begins one.

    A second roster of the same day corrects the first. No school at all only closes.
    """
    columns: list[Column[Any]] = [Column("person_id", BigInteger), Column("school_id", BigInteger)]
    stage = staged(connection, "school_told", columns, rows)
    mine = stage.c.person_id == employment.c.person_id
    other = stage.c.school_id.is_distinct_from(employment.c.school_id)
    now = employment.c.until.is_(None)
    differs = exists(select(stage.c.person_id).where(mine, other))
    connection.execute(delete(employment).where(now, employment.c.told == day, differs))
    connection.execute(update(employment).where(now, differs).values(until=day))
    before = exists().where(employment.c.person_id == stage.c.person_id)
    still = exists().where(employment.c.person_id == stage.c.person_id, employment.c.until.is_(None))
    columns_ = ["person_id", "school_id", "since", "told", "batch_id"]
    for since, when in ((None, ~before), (day, and_(before, ~still))):
        connection.execute(
            insert(employment).from_select(
                columns_,
                select(
                    stage.c.person_id,
                    stage.c.school_id,
                    literal(since, employment.c.since.type),
                    literal(day, employment.c.told.type),
                    literal(batch, employment.c.batch_id.type),
                ).where(stage.c.school_id.is_not(None), when),
            )
        )
    connection.execute(DropTable(stage))


def covers(day: Any, spell: FromClause = employment) -> ColumnElement[bool]:
    """A spell that holds a day (a date, or a column of dates)."""
    return and_(
        or_(spell.c.since.is_(None), spell.c.since <= day),
        or_(spell.c.until.is_(None), spell.c.until > day),
    )


def taught_at(account_id: Any, school_id: int, day: Any) -> ColumnElement[bool]:
    """Whether the person of an account was at the school on a day (a column; where it is null, now).

    Of a person without a history the school now counts.
    """
    seat, teacher = account.alias("seat"), person.alias("teacher")
    day = func.coalesce(day, literal(FOREVER, employment.c.until.type))
    spells_ = select(seat.c.id).join(employment, employment.c.person_id == seat.c.person_id)
    here = spells_.where(employment.c.school_id == school_id, covers(day))
    told = select(employment.c.id).where(employment.c.person_id == teacher.c.id)
    now = (
        select(seat.c.id)
        .join(teacher, teacher.c.id == seat.c.person_id)
        .where(teacher.c.school_id == school_id, ~told.exists())
    )
    return or_(account_id.in_(here), account_id.in_(now))


def school_then(day: ColumnElement[date]) -> ColumnElement[int]:
    """The school where the `person` of a query was on a day (null: now); of one without a history, the school now."""
    when = func.coalesce(day, literal(FOREVER, employment.c.until.type))
    spell = employment.alias("then")
    found = (
        select(func.max(spell.c.school_id))
        .where(spell.c.person_id == person.c.id, covers(when, spell))
        .correlate_except(spell)
        .scalar_subquery()
    )
    return func.coalesce(found, person.c.school_id)


FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Moved:
    """A teacher who was in another county on a day than now."""

    person: int
    then: str
    now: str


def moved(registry: Engine, day: date) -> list[Moved]:
    """Teachers whose county on a day was another than it is now, by person."""
    old, new = school.alias("old"), school.alias("new")
    query = (
        select(employment.c.person_id, old.c.county, new.c.county)
        .join(person, person.c.id == employment.c.person_id)
        .join(old, old.c.id == employment.c.school_id)
        .outerjoin(new, new.c.id == person.c.school_id)
        .where(employment.c.until > day, or_(employment.c.since.is_(None), employment.c.since <= day))
        .where(old.c.county.is_distinct_from(new.c.county), person.c.stands_id.is_(None))
        .order_by(employment.c.person_id)
    )
    with registry.connect() as connection:
        return [Moved(row[0], row[1], row[2] or "") for row in connection.execute(query)]


def school_on(registry: Engine, person_id: int, day: date) -> str:
    """The name of the school where a person taught on a day; "" when no roster told. Whose may be shown is decided before."""
    query = (
        select(school.c.name)
        .join(employment, employment.c.school_id == school.c.id)
        .where(employment.c.person_id == person_id, covers(day))
        .order_by(employment.c.id)
    )
    with registry.connect() as connection:
        return str(connection.scalar(query.limit(1)) or "")


@dataclass(frozen=True)
class Spell:
    school: str
    county: str  # adcode
    since: date | None
    until: date | None


def spells(connection: Connection, person_id: int) -> Iterator[Spell]:
    """The schools of a person, in order. Whose may be shown is decided before."""
    query = (
        select(school.c.name, school.c.county, employment.c.since, employment.c.until)
        .join(school, school.c.id == employment.c.school_id)
        .where(employment.c.person_id == person_id)
        .order_by(employment.c.since.is_not(None), employment.c.since, employment.c.id)
    )
    for row in connection.execute(query):
        yield Spell(row[0], row[1], row[2], row[3])

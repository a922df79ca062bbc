"""Training classes, their trainees and quotas, counted in the database. Every query takes the reader's Scope."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)

from portrait.errors import AccessRefused
from portrait.place import counties_of
from portrait.programme.category import categories_of
from portrait.programme.tally import Fill, Tally
from portrait.programme.training_class import TrainingClass
from portrait.scope import Scope
from portrait.sentence import sentence
from portrait.store.schema import provider, quota, region, trainee, training_class


@dataclass(frozen=True)
class Ask:
    """Which classes and places a reader wants counted. Empty = all that the Scope holds; unknown codes find nothing."""

    year: int | None = None
    plan: str = ""
    category: str = ""
    unit: str = ""  # a reporting unit (portrait.place.unit_of)
    county: str = ""
    provider: int | None = None


@dataclass(frozen=True)
class ClassCount:
    """One class with its head counts as registered up to a day."""

    training_class: TrainingClass
    places: int
    sent: int
    arrived: int
    graduated: int  # of the sent
    attended_graduated: int  # of the arrived
    left: int
    closed: date | None  # the first day on which someone graduated

    def tally(self, as_of: date) -> Tally:
        one = self.training_class
        started = one.starts is not None and one.starts <= as_of
        ended = one.ends is not None and one.ends < as_of
        return Tally(
            sent=self.sent,
            arrival_due=self.sent if started else 0,
            arrived=self.arrived if started else 0,
            graduation_due=self.sent if ended else 0,
            graduated=self.graduated if ended else 0,
            attended=self.arrived if ended else 0,
            attended_graduated=self.attended_graduated if ended else 0,
        )


def years(registry: Engine, scope: Scope) -> list[int]:
    """The programme years in which the reader's classes start, newest first."""
    year = extract("year", training_class.c.starts)
    query = select(year).where(scope.classes, training_class.c.starts.is_not(None)).distinct()
    with registry.connect() as connection:
        return sorted((int(row[0]) for row in connection.execute(query)), reverse=True)


def providers(registry: Engine, scope: Scope) -> dict[int, str]:
    """The providers of the reader's classes by id."""
    query = (
        select(provider.c.id, provider.c.name)
        .where(provider.c.id.in_(select(training_class.c.provider_id).where(scope.classes)))
        .order_by(provider.c.name)
    )
    with registry.connect() as connection:
        return {row.id: row.name for row in connection.execute(query)}


def class_of(registry: Engine, scope: Scope, class_id: int) -> TrainingClass:
    """One class. Raises AccessRefused in the same words whether it is someone else's or does not exist."""
    query = class_select().where(training_class.c.id == class_id, scope.classes)
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise AccessRefused(
            "没有编号为 {number} 的班次，或者它不在您的范围内（{reason}）",
            number=class_id,
            reason=sentence(scope.reason),
        )
    return as_class(row)


def class_numbers(connection: Connection, scope: Scope) -> list[int]:
    """The classes in a scope, by number."""
    query = select(training_class.c.id).where(scope.classes).order_by(training_class.c.id)
    return list(connection.execute(query).scalars())


def class_counts(
    registry: Engine, scope: Scope, ask: Ask, as_of: date, only: Collection[int] | None = None
) -> list[ClassCount]:
    """The reader's classes (`only` these of them) with head counts of those trainees that the reader's Scope holds."""
    mine: list[ColumnElement[bool]] = [] if only is None else [training_class.c.id.in_(only)]
    their = [] if only is None else [trainee.c.class_id.in_(only)]
    counted = (
        select(
            trainee.c.class_id,
            _count(trainee.c.confirmed <= as_of).label("sent"),
            _count(trainee.c.confirmed <= as_of, trainee.c.checked_in <= as_of).label("arrived"),
            _count(trainee.c.confirmed <= as_of, trainee.c.graduated <= as_of).label("graduated"),
            _count(
                trainee.c.confirmed <= as_of, trainee.c.checked_in <= as_of, trainee.c.graduated <= as_of
            ).label("attended_graduated"),
            _count(trainee.c.left <= as_of).label("left"),
        )
        .where(scope.trainees, *their, *among_places(ask, trainee.c.region))
        .group_by(trainee.c.class_id)
        .subquery()
    )
    # Of the whole class: that graduation was registered is no less true where a reader's own trainees did not graduate.
    closed = (
        select(trainee.c.class_id, func.min(trainee.c.graduated).label("closed"))
        .where(trainee.c.graduated.is_not(None), *their)
        .group_by(trainee.c.class_id)
        .subquery()
    )
    given = (
        select(quota.c.class_id, func.sum(quota.c.n).label("places"))
        .where(scope.quotas, *among_places(ask, quota.c.region))
        .group_by(quota.c.class_id)
        .subquery()
    )
    query = (
        class_select()
        .add_columns(
            given.c.places,
            counted.c.sent,
            counted.c.arrived,
            counted.c.graduated,
            counted.c.attended_graduated,
            counted.c.left,
            closed.c.closed,
        )
        .outerjoin(counted, counted.c.class_id == training_class.c.id)
        .outerjoin(closed, closed.c.class_id == training_class.c.id)
        .outerjoin(given, given.c.class_id == training_class.c.id)
        .where(scope.classes, *mine, *among_classes(ask))
        .order_by(training_class.c.starts, training_class.c.name, training_class.c.id)
    )
    if ask.unit or ask.county:  # classes that have nobody and no place there are not the area's
        query = query.where(or_(counted.c.class_id.is_not(None), given.c.class_id.is_not(None)))
    with registry.connect() as connection:
        return [
            ClassCount(
                as_class(row),
                int(row.places or 0),
                int(row.sent or 0),
                int(row.arrived or 0),
                int(row.graduated or 0),
                int(row.attended_graduated or 0),
                int(row.left or 0),
                row.closed if row.closed is not None and row.closed <= as_of else None,
            )
            for row in connection.execute(query)
        ]


def region_tallies(registry: Engine, scope: Scope, ask: Ask, as_of: date) -> dict[str, Tally]:
    """Head counts by the place that sent the teachers (county, or city where the roster says no county)."""
    started = training_class.c.starts <= as_of
    ended = training_class.c.ends < as_of
    confirmed = trainee.c.confirmed <= as_of
    arrived = trainee.c.checked_in <= as_of
    graduated = trainee.c.graduated <= as_of
    query = (
        select(
            trainee.c.region,
            _count(confirmed),
            _count(confirmed, started),
            _count(confirmed, arrived, started),
            _count(confirmed, ended),
            _count(confirmed, graduated, ended),
            _count(confirmed, arrived, ended),
            _count(confirmed, arrived, graduated, ended),
        )
        .join(training_class, training_class.c.id == trainee.c.class_id)
        .where(scope.trainees, *among_classes(ask), *among_places(ask, trainee.c.region))
        .group_by(trainee.c.region)
    )
    with registry.connect() as connection:
        return {row[0]: Tally(*(int(n or 0) for n in row[1:])) for row in connection.execute(query)}


def region_fills(registry: Engine, scope: Scope, ask: Ask, as_of: date) -> dict[str, Fill]:
    """Places and capped confirmations by the place the quota was given to.

    A cell is a sub-project of a year (a class without one is its own) in one place. Teachers of a county without a
    quota of its own fill the quota of its city.
    """
    year = func.coalesce(cast(extract("year", training_class.c.starts), Integer), 0)
    cell = case(
        (training_class.c.subproject == "", cast(training_class.c.id, String)),
        else_=cast(year, String)
        + literal("|")
        + training_class.c.category
        + literal("|")
        + training_class.c.subproject,
    ).label("cell")
    given = (
        select(cell, quota.c.region, func.sum(quota.c.n).label("places"))
        .join(training_class, training_class.c.id == quota.c.class_id)
        .where(scope.quotas, *among_classes(ask), *among_places(ask, quota.c.region))
        .group_by(cell, quota.c.region)
        .cte("given")
    )
    sent = (
        select(cell, trainee.c.region, func.count().label("n"))
        .join(training_class, training_class.c.id == trainee.c.class_id)
        .where(
            scope.trainees,
            trainee.c.confirmed <= as_of,
            *among_classes(ask),
            *among_places(ask, trainee.c.region),
        )
        .group_by(cell, trainee.c.region)
        .cte("sent")
    )
    own, city = given.alias("own"), given.alias("city")
    # Each group of teachers goes to the cell of its place, else to its city's, else it fills no place.
    placed = (
        select(
            sent.c.cell,
            case(
                (own.c.cell.is_not(None), sent.c.region),
                (city.c.cell.is_not(None), region.c.parent),
                else_=sent.c.region,
            ).label("region"),
            sent.c.n,
        )
        .outerjoin(own, and_(own.c.cell == sent.c.cell, own.c.region == sent.c.region))
        .outerjoin(region, and_(region.c.adcode == sent.c.region, region.c.province_managed.is_(False)))
        .outerjoin(city, and_(city.c.cell == sent.c.cell, city.c.region == region.c.parent))
        .cte("placed")
    )
    came = (
        select(placed.c.cell, placed.c.region, func.sum(placed.c.n).label("n"))
        .group_by(placed.c.cell, placed.c.region)
        .cte("came")
    )
    there = func.coalesce(came.c.n, 0)
    filled = (
        select(
            given.c.region,
            func.sum(case((there < given.c.places, there), else_=given.c.places)),
            func.sum(given.c.places),
        )
        .outerjoin(came, and_(came.c.cell == given.c.cell, came.c.region == given.c.region))
        .group_by(given.c.region)
    )
    everyone = select(came.c.region, func.sum(came.c.n)).group_by(came.c.region)
    with registry.connect() as connection:
        found = {row[0]: Fill(int(row[1] or 0), int(row[2] or 0)) for row in connection.execute(filled)}
        for code, n in connection.execute(everyone):
            before = found.get(code, Fill())
            found[code] = Fill(before.filled, before.places, int(n))
    return found


def class_cells(registry: Engine, scope: Scope, class_id: int, as_of: date) -> list[tuple[str, int, int]]:
    """Place, places given and teachers confirmed for one class, of what the reader may see; the widest gap first."""
    places = select(quota.c.region, quota.c.n).where(quota.c.class_id == class_id, scope.quotas)
    sent = (
        select(trainee.c.region, func.count())
        .where(trainee.c.class_id == class_id, trainee.c.confirmed <= as_of, scope.trainees)
        .group_by(trainee.c.region)
    )
    with registry.connect() as connection:
        given = {row[0]: int(row[1]) for row in connection.execute(places)}
        came = {row[0]: int(row[1]) for row in connection.execute(sent)}
    cells = [(code, given.get(code, 0), came.get(code, 0)) for code in given.keys() | came.keys()]
    return sorted(cells, key=lambda cell: (cell[2] - cell[1], cell[0]))


def class_select() -> Select[Any]:
    return (
        select(training_class, provider.c.name.label("provider_name"))
        .select_from(training_class)
        .outerjoin(provider, provider.c.id == training_class.c.provider_id)
    )


def as_class(row: Row[Any]) -> TrainingClass:
    return TrainingClass(
        row.id,
        row.code,
        row.name,
        row.category,
        row.subproject,
        row.level,
        row.mode,
        row.provider_id,
        row.provider_name or "",
        row.course_id,
        row.starts,
        row.ends,
        row.hours,
        row.sessions,
        row.tasks,
    )


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows fulfil all conditions; a condition on a missing date is not fulfilled."""
    return func.sum(case((and_(*conditions), 1), else_=0))


def among_classes(ask: Ask) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if ask.year is not None:
        found.append(training_class.c.starts.between(date(ask.year, 1, 1), date(ask.year, 12, 31)))
    if ask.plan:
        found.append(training_class.c.category.in_(categories_of(plan=ask.plan)))
    if ask.category:
        found.append(training_class.c.category == ask.category)
    if ask.provider is not None:
        found.append(training_class.c.provider_id == ask.provider)
    return found


def among_places(ask: Ask, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if ask.unit:
        found.append(column.in_([place.adcode for place in counties_of(ask.unit)] or [ask.unit]))
    if ask.county:
        found.append(column == ask.county)
    return found

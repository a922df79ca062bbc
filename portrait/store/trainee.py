"""The trainees of classes by name, for readers whose Scope lists them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row, Select, or_, select

from portrait.identity import hidden
from portrait.programme.training_class import TrainingClass
from portrait.scope import Scope
from portrait.sentence import sentence
from portrait.store.employment import school_then
from portrait.store.name import in_parts
from portrait.store.schema import account, person, school, trainee, training_class
from portrait.store.training import Ask, among_classes, among_places, as_class, class_select


@dataclass(frozen=True)
class Trainee:
    """One trainee of one class, as its roster says."""

    class_id: int
    account_id: int
    person_id: int | None  # None: the account's person is not known yet
    name: str
    school: str  # when the teacher was chosen
    region: str
    title: str
    confirmed: date | None
    checked_in: date | None
    graduated: date | None
    left: date | None
    reason: str


def roster(registry: Engine, scope: Scope, class_id: int, ask: Ask | None = None) -> list[Trainee]:
    """The trainees of a class that the reader may list by name. Call `class_of` first: it refuses foreign classes."""
    query = (
        _trainee_select()
        .where(trainee.c.class_id == class_id, scope.listed, *among_places(ask or Ask(), trainee.c.region))
        .order_by(person.c.name, trainee.c.account_id)
    )
    with registry.connect() as connection:
        return [_as_trainee(row) for row in connection.execute(query)]


def class_accounts(registry: Engine, scope: Scope, class_id: int) -> dict[int, int]:
    """Every account of the persons of a class → the account its roster names. A class's records come from several platforms."""
    named, other = account.alias("named"), account.alias("other")
    whose = trainee.c.class_id == class_id
    query = (
        select(other.c.id, trainee.c.account_id)
        .join(named, named.c.id == trainee.c.account_id)
        .join(other, other.c.person_id == named.c.person_id)
        .where(whose, scope.trainees)
    )
    own = select(trainee.c.account_id).where(whose, scope.trainees)
    with registry.connect() as connection:
        found = {row[0]: row[1] for row in connection.execute(query)}
        return found | {row[0]: row[0] for row in connection.execute(own)}


def titles(registry: Engine, scope: Scope, class_id: int | None = None) -> dict[int, str]:
    """Title codes of the persons of a class (those still in it), or of everybody the reader may count."""
    if class_id is None:
        query = select(person.c.id, person.c.title).where(scope.counted, person.c.stands_id.is_(None))
    else:
        query = (
            select(person.c.id, person.c.title)
            .join(account, account.c.person_id == person.c.id)
            .join(trainee, trainee.c.account_id == account.c.id)
            .where(trainee.c.class_id == class_id, trainee.c.left.is_(None), scope.trainees)
        )
    with registry.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def nominations(
    registry: Engine, scope: Scope, ask: Ask, limit: int = 2000
) -> list[tuple[TrainingClass, Trainee]]:
    """The reader's own trainees with their classes, newest class first."""
    query = (
        class_select()
        .add_columns(*_TRAINEE_COLUMNS)
        .join(trainee, trainee.c.class_id == training_class.c.id)
        .outerjoin(account, account.c.id == trainee.c.account_id)
        .outerjoin(person, person.c.id == account.c.person_id)
        .outerjoin(school, school.c.id == school_then(trainee.c.confirmed))
        .where(scope.listed, *among_classes(ask), *among_places(ask, trainee.c.region))
        .order_by(training_class.c.starts.desc(), person.c.name, trainee.c.account_id)
        .limit(limit)
    )
    with registry.connect() as connection:
        return [(as_class(row), _as_trainee(row)) for row in connection.execute(query)]


_TRAINEE_COLUMNS: Sequence[Any] = (
    trainee.c.class_id,
    trainee.c.account_id,
    trainee.c.region,
    trainee.c.confirmed,
    trainee.c.checked_in,
    trainee.c.graduated,
    trainee.c.left,
    trainee.c.reason,
    account.c.person_id,
    account.c.shown,
    person.c.name.label("person_name"),
    person.c.title.label("person_title"),
    school.c.name.label("school_name"),
)


def _trainee_select() -> Select[Any]:
    return (
        select(*_TRAINEE_COLUMNS)
        .select_from(trainee)
        .outerjoin(account, account.c.id == trainee.c.account_id)
        .outerjoin(person, person.c.id == account.c.person_id)
        .outerjoin(school, school.c.id == school_then(trainee.c.confirmed))
    )


def _as_trainee(row: Row[Any]) -> Trainee:
    return Trainee(
        row.class_id,
        row.account_id,
        row.person_id,
        row.person_name or sentence("未识别（{shown}）", shown=hidden(row.shown)),
        row.school_name or "",
        row.region,
        row.person_title or "",
        row.confirmed,
        row.checked_in,
        row.graduated,
        row.left,
        row.reason,
    )


def listed_accounts(registry: Engine, scope: Scope, accounts: Collection[int]) -> set[tuple[int, int]]:
    """Class and account wherever one of these accounts is a trainee whom the reader may list, under whichever of its person's
    accounts the class has enrolled them."""
    enrolled = account.alias("enrolled")
    query = (
        select(trainee.c.class_id, account.c.id)
        .select_from(trainee)
        .join(enrolled, enrolled.c.id == trainee.c.account_id)
        .join(account, or_(account.c.id == enrolled.c.id, account.c.person_id == enrolled.c.person_id))
        .where(scope.listed)
    )
    return {(row[0], row[1]) for row in in_parts(registry, query, account.c.id, accounts)}

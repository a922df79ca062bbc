"""What models read of the registry. Whole tables when they learn; of one teacher or class when they answer a reader.

Whose figures may be opened is decided before (portrait.store.person.who, portrait.store.training.class_of).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, or_, select

from portrait.clock import aware
from portrait.store.alias import same_person
from portrait.store.name import in_parts
from portrait.store.schema import account, alignment, course, election, person, trainee, training_class


@dataclass(frozen=True)
class Teacher:
    stage: str
    subjects: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class ShelfCourse:
    """A course of the supermarket. `aligned`: indicator and percent, greatest first."""

    id: int
    stages: tuple[str, ...]
    subjects: tuple[str, ...]
    level_from: str
    aligned: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class StudyClass:
    id: int
    starts: date
    ends: date

    @property
    def length(self) -> int:
        """Days, the first and the last counted."""
        return (self.ends - self.starts).days + 1


@dataclass(frozen=True)
class StudyTrainee:
    """`learner` is the person, or the account while its person is unknown: one number for one human being."""

    class_id: int
    account_id: int
    learner: int
    checked_in: date | None
    graduated: date | None
    left: date | None


def teacher(registry: Engine, person_id: int) -> Teacher | None:
    query = select(person.c.stage, person.c.subject, person.c.subject2, person.c.title).where(
        person.c.id == person_id
    )
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    return row and Teacher(row.stage, tuple(s for s in (row.subject, row.subject2) if s), row.title)


def shelf(registry: Engine, day: date) -> list[ShelfCourse]:
    """The courses that can be taken on a day, by id."""
    open_ = (course.c.shelf, or_(course.c.ends.is_(None), course.c.ends >= day))
    pairs: dict[int, list[tuple[str, int]]] = {}
    with registry.connect() as connection:
        for number, indicator, percent in connection.execute(
            select(alignment.c.course_id, alignment.c.indicator, alignment.c.percent)
            .join(course, course.c.id == alignment.c.course_id)
            .where(*open_)
            .order_by(alignment.c.percent.desc(), alignment.c.indicator)
        ):
            pairs.setdefault(number, []).append((indicator, percent))
        rows = connection.execute(
            select(course.c.id, course.c.stage, course.c.subject, course.c.level_from)
            .where(*open_)
            .order_by(course.c.id)
        ).all()
    return [
        ShelfCourse(number, _codes(stages), _codes(subjects), level, tuple(pairs.get(number, ())))
        for number, stages, subjects, level in rows
    ]


def answers(registry: Engine, person_id: int) -> dict[int, tuple[str, datetime]]:
    """What a teacher last answered to courses: course → answer (portrait.store.answer.ANSWERS), when."""
    query = (
        select(election.c.course_id, election.c.answer, election.c.at)
        .where(same_person(election.c.person_id, person_id))
        .order_by(election.c.at)
    )
    with registry.connect() as connection:
        return {row.course_id: (row.answer, aware(row.at)) for row in connection.execute(query)}


def finished_classes(registry: Engine, day: date, limit: int) -> list[StudyClass]:
    """The newest classes that ended before a day and have registered graduations: of others the outcome is not in yet."""
    query = (
        select(training_class.c.id, training_class.c.starts, training_class.c.ends)
        .where(
            training_class.c.starts < training_class.c.ends,
            training_class.c.ends < day,
            training_class.c.id.in_(select(trainee.c.class_id).where(trainee.c.graduated.is_not(None))),
        )
        .order_by(training_class.c.ends.desc(), training_class.c.id)
        .limit(limit)
    )
    with registry.connect() as connection:
        return [StudyClass(*row) for row in connection.execute(query)]


def study_class(registry: Engine, class_id: int) -> StudyClass | None:
    """The class with its dates; None when it is unknown or its dates are not told."""
    query = select(training_class.c.id, training_class.c.starts, training_class.c.ends).where(
        training_class.c.id == class_id, training_class.c.starts < training_class.c.ends
    )
    with registry.connect() as connection:
        row = connection.execute(query).one_or_none()
    return row and StudyClass(*row)


def study_trainees(registry: Engine, classes: Collection[int]) -> list[StudyTrainee]:
    query = select(
        trainee.c.class_id,
        trainee.c.account_id,
        account.c.person_id,
        trainee.c.checked_in,
        trainee.c.graduated,
        trainee.c.left,
    ).join(account, account.c.id == trainee.c.account_id)
    return [
        StudyTrainee(row[0], row[1], row[1] if row[2] is None else row[2], *row[3:])
        for row in in_parts(registry, query, trainee.c.class_id, classes)
    ]


def persons_of(registry: Engine, accounts: Collection[int]) -> dict[int, int]:
    """The persons of these accounts; accounts of nobody known are left out."""
    query = select(account.c.id, account.c.person_id).where(account.c.person_id.is_not(None))
    return {row[0]: row[1] for row in in_parts(registry, query, account.c.id, accounts)}


def _codes(joined: str) -> tuple[str, ...]:
    return tuple(code for code in joined.split("|") if code)

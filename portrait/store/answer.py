"""What teachers answer back: self-ratings, course choices, objections and preferences.

Everything is written for the actor of the Scope, never for a person named by the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, insert, select, update

from portrait.clock import aware, day_of
from portrait.errors import AccessRefused, InputError, NotFound
from portrait.framework import dimensions, indicators
from portrait.resource import read_yaml
from portrait.scope import Scope
from portrait.store.alias import same_person
from portrait.store.schema import contest, course, election, person, preference, self_rating
from portrait.workday import after_workdays

ANSWERS = ("take", "later", "no", "withdrawn")
PREFERENCES = ("personalised", "language")
TEXT_LIMIT = 1000


@dataclass(frozen=True)
class SelfRating:
    node: str
    value: int  # 1..4, index of the band
    at: datetime


@dataclass(frozen=True)
class Election:
    """What a teacher said about a course, and what was shown as the reason when they said it."""

    course_id: int
    title: str
    hours: float
    answer: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Contest:
    id: int
    node: str
    record: bytes | None
    text: str
    state: str
    at: datetime
    due: date
    decision: str
    decided_at: datetime | None


def own_person(scope: Scope) -> int:
    """The person the actor is. Raises AccessRefused when the actor is no person of the registry."""
    if scope.actor.person_id is None:
        raise AccessRefused("账号 {login} 没有绑定教师本人，不能作答", login=scope.actor.login)
    return scope.actor.person_id


def rate_self(registry: Engine, scope: Scope, node: str, value: int, at: datetime) -> None:
    """Keep a self-rating. It stands beside the estimate and never enters it."""
    known = {**dimensions(), **indicators()}
    if node not in known or not known[node].scored:
        choices = [c for c, n in known.items() if n.scored]
        raise InputError("“{node}”不能自评；可以自评的有 {choices}", node=node, choices=choices)
    if value not in (1, 2, 3, 4):
        raise InputError("自评 {value} 不在 1–4 级之内", value=value)
    with registry.begin() as connection:
        connection.execute(
            insert(self_rating).values(person_id=own_person(scope), node=node, value=value, at=at)
        )


def self_ratings(registry: Engine, scope: Scope, person_id: int) -> dict[str, SelfRating]:
    """The newest self-rating of each node."""
    query = (
        _visible(select(self_rating), scope, self_rating.c.person_id)
        .where(same_person(self_rating.c.person_id, person_id))
        .order_by(self_rating.c.at, self_rating.c.id)
    )
    with registry.connect() as connection:
        return {row.node: SelfRating(row.node, row.value, aware(row.at)) for row in connection.execute(query)}


def answer_course(
    registry: Engine, scope: Scope, course_id: int, answer: str, at: datetime, reason: str = ""
) -> None:
    """Keep the answer to a course of the supermarket; a new answer replaces the old one."""
    if answer not in ANSWERS:
        raise InputError("“{answer}”不是对课程的回答；可以是 {choices}", answer=answer, choices=list(ANSWERS))
    values: dict[str, Any] = {"answer": answer, "reason": reason[:300], "at": at}
    mine = and_(election.c.person_id == own_person(scope), election.c.course_id == course_id)
    with registry.begin() as connection:
        if connection.scalar(select(course.c.id).where(course.c.id == course_id, course.c.shelf)) is None:
            raise NotFound("课程超市里没有课程 {course}", course=course_id)
        if connection.execute(update(election).where(mine).values(values)).rowcount == 0:
            connection.execute(
                insert(election).values(person_id=own_person(scope), course_id=course_id, **values)
            )


def elections(registry: Engine, scope: Scope, person_id: int) -> list[Election]:
    """All answers of a teacher, newest first, withdrawn ones too."""
    query = (
        _visible(
            select(election, course.c.title, course.c.hours).join(
                course, course.c.id == election.c.course_id
            ),
            scope,
            election.c.person_id,
        )
        .where(same_person(election.c.person_id, person_id))
        .order_by(election.c.at.desc(), election.c.course_id)
    )
    with registry.connect() as connection:
        found: dict[int, Election] = {}
        for row in connection.execute(query):
            one = Election(row.course_id, row.title, row.hours, row.answer, row.reason, aware(row.at))
            found.setdefault(row.course_id, one)  # given under two keys of one teacher, the newer holds
        return list(found.values())


def open_contest(
    registry: Engine, scope: Scope, text: str, at: datetime, *, node: str = "", record: bytes | None = None
) -> Contest:
    """An objection to a figure (`node`) or to one record, due after the working days of data/rules/contest.yaml.

    The caller has checked that `record` is one of the actor's own.
    """
    text = text.strip()
    if not text:
        raise InputError("请写明异议的内容和理由")
    if len(text) > TEXT_LIMIT:
        raise InputError("异议写了 {n} 字，最多 {most} 字", n=len(text), most=TEXT_LIMIT)
    if node and node not in {**dimensions(), **indicators()}:
        raise InputError("没有编号为“{node}”的维度或指标", node=node)
    due = after_workdays(day_of(at), read_yaml("rules/contest.yaml")["working_days"])
    with registry.begin() as connection:
        number = connection.execute(
            insert(contest)
            .values(person_id=own_person(scope), node=node, record=record, text=text, at=at, due=due)
            .returning(contest.c.id)
        ).scalar_one()
        return _contest(connection, scope, number)


def contests(registry: Engine, scope: Scope, person_id: int) -> list[Contest]:
    """A teacher's objections, newest first."""
    query = (
        _visible(select(contest), scope, contest.c.person_id)
        .where(same_person(contest.c.person_id, person_id))
        .order_by(contest.c.id.desc())
    )
    with registry.connect() as connection:
        return [_as_contest(row) for row in connection.execute(query)]


def withdraw_contest(registry: Engine, scope: Scope, number: int, at: datetime) -> Contest:
    """The objection, withdrawn. Raises NotFound unless it is the actor's own and still open."""
    own = same_person(contest.c.person_id, own_person(scope))
    mine = and_(contest.c.id == number, own, contest.c.state == "open")
    with registry.begin() as connection:
        done = connection.execute(
            update(contest).where(mine).values(state="withdrawn", decided_at=at, decided_by=scope.actor.login)
        )
        if done.rowcount == 0:
            raise NotFound("没有可以撤回的异议 {number}", number=number)
        return _contest(connection, scope, number)


def prefer(registry: Engine, scope: Scope, name: str, value: str) -> None:
    """Remember a preference of the signed-in user."""
    if name not in PREFERENCES:
        raise InputError("没有名为“{name}”的偏好；可以是 {choices}", name=name, choices=list(PREFERENCES))
    mine = and_(preference.c.user_id == scope.actor.user_id, preference.c.name == name)
    with registry.begin() as connection:
        connection.execute(delete(preference).where(mine))
        connection.execute(insert(preference).values(user_id=scope.actor.user_id, name=name, value=value))


def preferred(registry: Engine, scope: Scope, name: str, default: str = "") -> str:
    query = select(preference.c.value).where(
        preference.c.user_id == scope.actor.user_id, preference.c.name == name
    )
    with registry.connect() as connection:
        found = connection.scalar(query)
    return default if found is None else found


def _visible(query: Select[Any], scope: Scope, column: Any) -> Select[Any]:
    return query.where(column.in_(select(person.c.id).where(scope.named)))


def _contest(connection: Connection, scope: Scope, number: int) -> Contest:
    query = _visible(select(contest), scope, contest.c.person_id).where(contest.c.id == number)
    return _as_contest(connection.execute(query).one())


def _as_contest(row: Any) -> Contest:
    return Contest(
        row.id,
        row.node,
        row.record,
        row.text,
        row.state,
        aware(row.at),
        row.due,
        row.decision,
        aware(row.decided_at) if row.decided_at else None,
    )

"""Readers' accounts as an administrator sees them: what each is bound to, whether it is locked, never its password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from portrait.clock import aware
from portrait.errors import NotFound
from portrait.scope import Role, Scope
from portrait.store.schema import person, provider, school, user
from portrait.store.user import locked


@dataclass(frozen=True)
class Reader:
    """An account. `code` is what binds it (staff number, code of a body, of a place, of an office), `bound` its name."""

    id: int
    login: str
    name: str
    role: Role
    code: str
    bound: str
    active: bool
    created: datetime
    last_login: datetime | None
    locked: int  # minutes until it may be tried again


def readers(
    connection: Connection,
    scope: Scope,
    *,
    now: datetime,
    text: str = "",
    role: str = "",
    limit: int = 500,
) -> list[Reader]:
    """Accounts in order of login; `text` is looked for in login, name and code."""
    rows = connection.execute(_chosen(scope, text, role).order_by(user.c.login).limit(limit)).all()
    until = locked(connection, [row.login for row in rows], now=now)
    return [_read(row, until.get(row.login, 0)) for row in rows]


def count_readers(connection: Connection, scope: Scope, *, text: str = "", role: str = "") -> int:
    found = _chosen(scope, text, role).with_only_columns(user.c.id).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def reader_of(connection: Connection, scope: Scope, number: int, *, now: datetime) -> Reader:
    """An account by number. Raises NotFound when there is none, or none in the scope."""
    row = connection.execute(_chosen(scope, "", "").where(user.c.id == number)).first()
    if row is None:
        raise NotFound("没有这个账号")
    return _read(row, locked(connection, [row.login], now=now).get(row.login, 0))


def bound_name(connection: Connection, scope: Scope, role: Role, number: int) -> str | None:
    """Whose name stands behind the id that would bind an account; None when nobody has it."""
    query: Select[Any]
    if role is Role.TEACHER:
        query = (
            select(person.c.name, school.c.name)
            .join(school, school.c.id == person.c.school_id, isouter=True)
            .where(person.c.id == number)
        )
    else:
        table = {Role.TRAINER: provider, Role.SCHOOL: school}[role]
        query = select(table.c.name).where(table.c.id == number)
    row = connection.execute(query.where(scope.intake)).first()
    return None if row is None else " · ".join(text for text in row if text)


def _chosen(scope: Scope, text: str, role: str) -> Select[Any]:
    query = (
        select(
            user.c.id,
            user.c.login,
            user.c.name,
            user.c.role,
            user.c.office,
            user.c.region,
            user.c.active,
            user.c.created,
            user.c.last_login,
            person.c.key,
            person.c.name.label("person"),
            provider.c.code.label("provider_code"),
            provider.c.name.label("provider"),
            school.c.code.label("school_code"),
            school.c.name.label("school"),
        )
        .join(person, person.c.id == user.c.person_id, isouter=True)
        .join(provider, provider.c.id == user.c.provider_id, isouter=True)
        .join(school, school.c.id == user.c.school_id, isouter=True)
        .where(scope.intake)
    )
    for word in text.split()[:5]:
        columns = (user.c.login, user.c.name, person.c.key, provider.c.code, school.c.code, user.c.region)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return query.where(user.c.role == role) if role else query


def _read(row: Any, minutes: int) -> Reader:
    code = row.key or row.provider_code or row.school_code or row.region or row.office or ""
    return Reader(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        code=code,
        bound=row.person or row.provider or row.school or "",
        active=row.active,
        created=aware(row.created),
        last_login=aware(row.last_login) if row.last_login else None,
        locked=minutes,
    )

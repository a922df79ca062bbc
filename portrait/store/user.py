"""Readers and their passwords. A wrong login costs the same time and gives the same answer as a wrong password."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from portrait.clock import aware
from portrait.errors import InputError, NotFound
from portrait.scope import ROLE_ZH, Actor, Role
from portrait.sentence import Sentence, sentence
from portrait.store.schema import attempt, user
from portrait.store.session import end_sessions

OFFICES = ("OFFICE_A", "OFFICE_B", "OFFICE_C")
LENGTH = 8
LENGTH_ADMIN = 12
ADDRESS_FAILURES = 20  # one school behind one address must not lock itself out by five typing mistakes

_HASHER = PasswordHasher()


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


def password_fault(password: str, *, role: Role, login: str) -> Sentence:
    """What is wrong with a new password; empty when it may be used."""
    least = LENGTH_ADMIN if role is Role.ADMIN else LENGTH
    if len(password) < least:
        return sentence("密码至少 {n} 个字符", n=least)
    if len(password) > 128:
        return sentence("密码最多 128 个字符")
    if len(set(password)) < 4:
        return sentence("密码太简单：至少要有 4 个不同的字符")
    if login and login.casefold() in password.casefold():
        return sentence("密码不能包含登录名")
    return Sentence("")


def add_user(
    engine: Engine,
    login: str,
    name: str,
    password: str,
    role: Role | str,
    *,
    now: datetime,
    person_id: int | None = None,
    provider_id: int | None = None,
    school_id: int | None = None,
    office: str = "",
    region: str = "",
) -> int:
    """The id of the new user. Raises InputError naming what is wrong: role, link, password or a login in use."""
    try:
        role = Role(role)
    except ValueError:
        raise InputError(
            "没有角色“{role}”；可用：{choices}", role=role, choices=[r.value for r in Role]
        ) from None
    login = login.strip()
    if not login or len(login) > 60:
        raise InputError("登录名要有 1–60 个字符")
    needed = {
        Role.TEACHER: ("person_id", person_id),
        Role.TRAINER: ("provider_id", provider_id),
        Role.SCHOOL: ("school_id", school_id),
        Role.BUREAU: ("region", region or None),
    }.get(role)
    if needed and needed[1] is None:
        raise InputError(
            "{role}账号“{login}”要绑定 {link}", role=sentence(ROLE_ZH[role]), login=login, link=needed[0]
        )
    if office and office not in OFFICES:
        raise InputError(
            "没有项目办“{office}”；可用：{choices}；空 = 全部类别", office=office, choices=list(OFFICES)
        )
    if fault := password_fault(password, role=role, login=login):
        raise InputError("账号“{login}”：{fault}", login=login, fault=fault)
    values = {
        "login": login,
        "name": name,
        "password": _HASHER.hash(password),
        "role": role.value,
        "person_id": person_id,
        "provider_id": provider_id,
        "school_id": school_id,
        "office": office,
        "region": region,
        "active": True,
        "created": now,
    }
    try:
        with engine.begin() as connection:
            key = connection.execute(insert(user).values(**values)).inserted_primary_key
    except IntegrityError as error:
        if find_user(engine, login) is not None:
            raise InputError("登录名“{login}”已经有人用了", login=login) from error
        raise InputError("账号“{login}”绑定的人员、机构或学校不存在", login=login) from error
    assert key is not None
    return int(key[0])


def find_user(engine: Engine, login: str) -> Row[Any] | None:
    with engine.connect() as connection:
        return connection.execute(select(user).where(user.c.login == login)).one_or_none()


def shown_names(engine: Engine, logins: Collection[str]) -> dict[str, str]:
    """The names that accounts are shown by; a login that is none is left out."""
    with engine.connect() as connection:
        rows = connection.execute(select(user.c.login, user.c.name).where(user.c.login.in_(set(logins))))
        return {row.login: row.name for row in rows}


def list_users(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(user).order_by(user.c.login)))


def set_password(engine: Engine, login: str, password: str, *, keep: str = "") -> None:
    """Changes the password and ends the user's sessions, but for the one whose stored token is `keep`."""
    row = find_user(engine, login)
    if row is None:
        raise NotFound("没有登录名“{login}”", login=login)
    if fault := password_fault(password, role=Role(row.role), login=login):
        raise InputError(fault)
    with engine.begin() as connection:
        connection.execute(update(user).where(user.c.id == row.id).values(password=_HASHER.hash(password)))
    end_sessions(engine, row.id, keep=keep)


def set_active(engine: Engine, login: str, active: bool) -> None:
    """Opens or closes an account; closing ends its sessions."""
    row = find_user(engine, login)
    if row is None:
        raise NotFound("没有登录名“{login}”", login=login)
    with engine.begin() as connection:
        connection.execute(update(user).where(user.c.id == row.id).values(active=active))
    if not active:
        end_sessions(engine, row.id)


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


# --- signing in ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignIn:
    """What came of a login and a password: a user, or the minutes until the next try counts (0: try again now)."""

    user_id: int | None
    reason: str
    minutes: int = 0


def sign_in(
    engine: Engine, login: str, password: str, address: str, *, failures: int, minutes: int, now: datetime
) -> SignIn:
    """Judges one try. Locks the login after `failures` wrong tries in a row, whether or not it exists, for `minutes`."""
    own = _key("login", login.strip().casefold())
    keys = {own: failures, _key("address", address): ADDRESS_FAILURES}
    if left := _locked(engine, list(keys), now):
        return SignIn(None, "locked", left)
    row = find_user(engine, login.strip())
    fits = _fits(_nobody() if row is None else row.password, password[:1024])
    if row is not None and fits and row.active:
        with engine.begin() as connection:
            # Not the address: else one's own account would set back the count of guesses at others'.
            connection.execute(delete(attempt).where(attempt.c.key == own))
            values: dict[str, Any] = {"last_login": now}
            if _HASHER.check_needs_rehash(row.password):
                values["password"] = _HASHER.hash(password)
            connection.execute(update(user).where(user.c.id == row.id).values(**values))
        return SignIn(int(row.id), "ok")
    for key, limit in keys.items():
        _count_failure(engine, key, limit, minutes, now)
    left = _locked(engine, list(keys), now)
    return SignIn(None, "locked" if left else "wrong", left)


def unlock(engine: Engine, login: str) -> bool:
    """Forgets the wrong tries of a login. True when there were any."""
    with engine.begin() as connection:
        found = connection.execute(
            delete(attempt).where(attempt.c.key == _key("login", login.strip().casefold()))
        )
    return found.rowcount > 0


def locked_minutes(engine: Engine, login: str, *, now: datetime) -> int:
    """Minutes until the login may be tried again; 0 when it is not locked."""
    return _locked(engine, [_key("login", login.strip().casefold())], now)


def locked(connection: Connection, logins: Sequence[str], *, now: datetime) -> dict[str, int]:
    """The logins among these that are locked, each with the minutes until it may be tried again."""
    keys = {_key("login", login.strip().casefold()): login for login in logins}
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        part = list(keys)[start : start + 500]
        rows = connection.execute(
            select(attempt.c.key, attempt.c.locked_until).where(
                attempt.c.key.in_(part), attempt.c.locked_until > now
            )
        )
        found |= {keys[row.key]: _minutes(aware(row.locked_until) - now) for row in rows}
    return found


def _minutes(left: timedelta) -> int:
    return max(0, -(-int(left.total_seconds()) // 60))


def _key(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()}"


def _locked(engine: Engine, keys: list[str], now: datetime) -> int:
    with engine.connect() as connection:
        untils = connection.scalars(select(attempt.c.locked_until).where(attempt.c.key.in_(keys)))
        left = max((aware(until) - now for until in untils if until is not None), default=timedelta(0))
    return _minutes(left)


def _count_failure(engine: Engine, key: str, limit: int, minutes: int, now: datetime) -> None:
    window = timedelta(minutes=minutes)
    with engine.begin() as connection:
        connection.execute(delete(attempt).where(attempt.c.last < now - 2 * window))
        step = update(attempt).where(attempt.c.key == key).values(failures=attempt.c.failures + 1, last=now)
        count = connection.scalar(step.returning(attempt.c.failures))
        if count is None:
            try:
                with connection.begin_nested():
                    connection.execute(insert(attempt).values(key=key, failures=1, last=now))
                count = 1
            except IntegrityError:
                count = connection.scalar(step.returning(attempt.c.failures)) or 1
        if count >= limit:
            connection.execute(
                update(attempt).where(attempt.c.key == key).values(failures=0, locked_until=now + window)
            )


def actor_of(row: Row[Any]) -> Actor:
    return Actor(
        user_id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        person_id=row.person_id,
        provider_id=row.provider_id,
        school_id=row.school_id,
        office=row.office,
        region=row.region,
    )

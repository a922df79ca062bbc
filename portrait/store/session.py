"""Sessions. The cookie holds a random token; the registry holds only its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, delete, func, insert, select, update

from portrait.clock import aware
from portrait.store.schema import person, session, user

SEEN_STEP = timedelta(seconds=60)  # how exactly "last seen" is kept: one write a minute, not one a request


def _stored(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(engine: Engine, user_id: int, *, now: datetime) -> str:
    """The token for the cookie; it cannot be read back from the registry."""
    token = secrets.token_urlsafe(32)
    with engine.begin() as connection:
        connection.execute(
            insert(session).values(token=_stored(token), user_id=user_id, created=now, seen=now)
        )
    return token


def find_session(
    engine: Engine, token: str, *, idle: timedelta, idle_admin: timedelta, longest: timedelta, now: datetime
) -> Row[Any] | None:
    """The user row behind a live session, with `token` as stored; None when it is unknown, ended, idle too long or too old."""
    # A reader who was found to be another's second self is that other.
    who = func.coalesce(person.c.stands_id, user.c.person_id).label("person_id")
    query = (
        select(*(c for c in user.c if c.name != "person_id"), who)
        .add_columns(session.c.token, session.c.created.label("opened"), session.c.seen)
        .join(session, session.c.user_id == user.c.id)
        .outerjoin(person, person.c.id == user.c.person_id)
        .where(session.c.token == _stored(token), session.c.ended.is_(None), user.c.active)
    )
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    seen = aware(row.seen)
    if now - seen > (idle_admin if row.role == "admin" else idle) or now - aware(row.opened) > longest:
        end_session(engine, token, now=now)
        return None
    if now - seen > SEEN_STEP:
        with engine.begin() as connection:
            connection.execute(update(session).where(session.c.token == row.token).values(seen=now))
    return row


def end_session(engine: Engine, token: str, *, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(update(session).where(session.c.token == _stored(token)).values(ended=now))


def end_sessions(engine: Engine, user_id: int, *, keep: str = "") -> int:
    """How many sessions of a user ended; the one whose stored token is `keep` goes on."""
    gone = delete(session).where(session.c.user_id == user_id, session.c.token != keep)
    with engine.begin() as connection:
        return connection.execute(gone).rowcount


def sessions_of(engine: Engine, user_id: int) -> list[Row[Any]]:
    """The sessions not ended, newest first."""
    query = (
        select(session)
        .where(session.c.user_id == user_id, session.c.ended.is_(None))
        .order_by(session.c.created.desc())
    )
    with engine.connect() as connection:
        return list(connection.execute(query))

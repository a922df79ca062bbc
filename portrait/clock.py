"""Now, as an aware UTC time. Callers pass it on; nothing else asks the machine."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def aware(moment: datetime) -> datetime:
    """The moment with its time zone: SQLite hands back naive times, which are UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

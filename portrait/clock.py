"""Now, as an aware UTC time. Callers pass it on; nothing else asks the machine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))  # one time zone, no summer time


def now() -> datetime:
    return datetime.now(UTC)


def on_day(day: date, moment: datetime) -> datetime:
    """The moment at its time of day, on another day of the country."""
    return datetime.combine(day, aware(moment).astimezone(CHINA).timetz()).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day of the country that a moment lies in."""
    return aware(moment).astimezone(CHINA).date()


def aware(moment: datetime) -> datetime:
    """The moment with its time zone: SQLite hands back naive times, which are UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

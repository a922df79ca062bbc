"""Working days: Monday to Friday, with the holidays and moved days listed in data/code/workday_change.csv."""

from __future__ import annotations

from datetime import date, timedelta

from portrait.resource import read_code


def is_workday(day: date) -> bool:
    """Years that the list does not hold have weekends and no holidays."""
    change = read_code("workday_change").get(day.isoformat())
    if change:
        return change["kind"] == "workday"
    return day.weekday() < 5


def after_workdays(day: date, count: int) -> date:
    """The last of `count` working days, counted from the day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day

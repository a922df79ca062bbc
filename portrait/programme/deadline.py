"""The fixed days of a programme year, from data/rules/programme.yaml."""

from __future__ import annotations

from datetime import date

from portrait.resource import read_yaml


def deadline(name: str, year: int) -> date:
    """The day of `name` (selection, opening, project) in a programme year."""
    month, day = read_yaml("rules/programme.yaml")["deadlines"][name]["day"].split("-")
    return date(year, int(month), int(day))


def selection_due(starts: date) -> date:
    """The list must be complete by the fixed day, and in any case before the class starts."""
    return min(deadline("selection", starts.year), starts)


def project_due(year: int) -> date:
    return deadline("project", year)

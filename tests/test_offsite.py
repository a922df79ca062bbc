"""Off-site days over an area: everybody on the register once, and nobody outside the reader's scope."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from portrait.intake.door import intake
from portrait.offsite import offsite_board
from portrait.refresh import refresh
from portrait.scope import Actor, Role, scope
from portrait.site import Site
from portrait.store.schema import school
from portrait.store.training import Ask
from portrait.world import WORLD_SOURCES


def _school(site: Site, code: str) -> Actor:
    with site.registry.connect() as connection:
        number = connection.execute(select(school.c.id).where(school.c.code == code)).scalar_one()
    return Actor(1, "head", "校长", Role.SCHOOL, school_id=number)


@pytest.mark.parametrize(
    ("code", "days"),
    [("XX225001", (0, 0, 1, 1, 0, 0, 0, 0)), ("XX225002", (2, 0, 0, 0, 0, 0, 0, 0))],
)
def test_a_school_counts_its_own_teachers_and_not_its_neighbours(
    sqlite_site: Site, tiny_folder: Path, today: date, code: str, days: tuple[int, ...]
) -> None:
    for folder, source in WORLD_SOURCES:
        intake(sqlite_site, tiny_folder / folder, source, by="test")
    refresh(sqlite_site)
    board = offsite_board(sqlite_site, scope(_school(sqlite_site, code)), Ask(), today)
    assert board.days == days
    assert board.teachers == {"410225": 2}
    bureau = Actor(2, "bureau", "兰考县教育局", Role.BUREAU, region="410225")
    assert offsite_board(sqlite_site, scope(bureau), Ask(), today).days == (2, 0, 1, 1, 0, 0, 0, 0)

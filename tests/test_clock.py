"""Two clocks: the machine's, and the site's day, which a demo keeps at its cut-off."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from portrait import clock
from portrait.site import Site
from portrait.store.name import batch_days
from portrait.store.schema import batch
from tests.hand import AT, Hand


@pytest.mark.parametrize("hour", [0, 3, 15, 16, 23])
def test_a_moment_moved_to_another_day_keeps_its_time_of_day_and_is_on_that_day_in_the_country(hour):
    moved = clock.on_day(date(2022, 11, 15), datetime(2026, 3, 1, hour, 7, tzinfo=UTC))
    assert moved.astimezone(clock.CHINA).date() == date(2022, 11, 15)
    assert (moved.hour, moved.minute, moved.tzinfo) == (hour, 7, UTC)


def test_now_is_on_the_day_of_the_site(sqlite_site: Site):
    assert sqlite_site.now.astimezone(clock.CHINA).date() == sqlite_site.today


def test_what_came_in_is_said_to_have_come_in_on_the_day_of_the_site(sqlite_site: Site):
    hand = Hand(sqlite_site)
    first, second = hand.batch([]), hand.batch([])
    with sqlite_site.registry.begin() as connection:
        connection.execute(update(batch).where(batch.c.id == first).values(arrived=date(2019, 5, 4)))
    days = batch_days(sqlite_site.registry, {first, second})
    assert days[first].astimezone(clock.CHINA).date() == date(2019, 5, 4)
    assert days[second] == AT  # of before the day was kept


def test_a_day_is_the_country_s() -> None:
    assert clock.day_of(datetime(2022, 11, 15, 15, 59, tzinfo=UTC)) == date(2022, 11, 15)
    assert clock.day_of(datetime(2022, 11, 15, 16, 0)) == date(2022, 11, 16), "as SQLite hands it back"

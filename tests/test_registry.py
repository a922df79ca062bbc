"""The registry opens the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Table, func, select

from portrait.site import Site
from portrait.store.schema import metadata, provider, region


def count(site: Site, table: Table) -> int:
    with site.registry.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_fresh_site_knows_its_own_seal_the_places_of_the_province_and_nothing_else(
    site: Site, today: date
) -> None:
    assert {table.name for table in metadata.sorted_tables if count(site, table)} == {"mark", "region"}
    # One province, 17 省辖市, 济源, and 156 counties besides 济源.
    assert count(site, region) == 175
    assert site.today == today


@pytest.mark.parametrize("time", ["first", "second"])
def test_rows_of_one_test_are_not_seen_by_the_next(site: Site, time: str) -> None:
    with site.registry.begin() as connection:
        connection.execute(provider.insert().values(id=1, code="1", name=time))
    assert count(site, provider) == 1

"""Whose records a reader may decide on, as numbers out of either database."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from portrait.scope import scope
from portrait.site import Site
from portrait.store.reach import Reach, reach
from portrait.store.schema import account
from tests.readers import enlist, settle

HUGE = 2**62 + 1  # numbers of accounts have 63 bits; no float holds this one


def told(found: Reach) -> tuple[str, set[tuple[int, ...]]]:
    return found.how, {tuple(row.values()) for row in found.rows.to_pylist()}


@pytest.mark.parametrize("among", [None, [11, 13, HUGE, HUGE + 2, 999]])
def test_numbers_come_whole_of_all_accounts_and_of_some(site: Site, among: list[int] | None) -> None:
    settle(site.registry)
    rows = [
        {
            "id": number,
            "source": "m",
            "kind": "native",
            "shown": "",
            "digest": str(number),
            "person_id": owner,
        }
        for number, owner in ((HUGE, 1), (HUGE + 2, None), (HUGE + 4, None))
    ]
    with site.registry.begin() as connection:
        connection.execute(insert(account), rows)
    who = {
        login: scope(actor, site.today)
        for login, actor in enlist(site.registry, "office", "school", "office-a").items()
    }
    kept = set(among or [11, 12, 13, HUGE, HUGE + 2, HUGE + 4, 999])

    def some(*accounts: int) -> set[tuple[int, ...]]:
        return {(one,) for one in accounts if one in kept}

    strange = {999, 12}  # of which 12 is known by now
    assert told(reach(site.registry, None, strange, among)) == ("but", some(HUGE + 2, HUGE + 4, 999))
    assert told(reach(site.registry, who["office"], (), among)) == ("but", some(HUGE + 2, HUGE + 4))
    assert told(reach(site.registry, who["school"], strange, among)) == ("account", some(11, 12, HUGE))
    pairs = {(one, 101) for one in (11, 13, HUGE)}
    assert told(reach(site.registry, who["office-a"], strange, among)) == ("pair", pairs)
    assert told(reach(site.registry, who["office-a"], strange, [])) == ("pair", set())

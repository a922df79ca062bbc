from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portrait.place import counties_of, direct_counties, unit_of
from portrait.programme.category import categories, categories_of
from portrait.programme.deadline import selection_due
from portrait.programme.rate import (
    Shown,
    Standing,
    _difference,
    measures,
    rate,
    rates,
    rates_within,
    standings,
    wilson,
)
from portrait.programme.training_class import Stage, TrainingClass


def test_the_wilson_interval_has_the_published_values():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, 95 %.
    low, high = wilson(81, 263, 0.95)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    low, high = wilson(15, 148, 0.95)
    assert (round(low, 4), round(high, 4)) == (0.0624, 0.1605)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_share_and_stays_between_zero_and_one(n, total):
    n = min(n, total)
    found = rate("arrived", n, total)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_nothing_to_count_is_no_rate_and_not_zero():
    found = rate("arrived", 0, 0)
    assert found.shown is Shown.EMPTY
    assert found.share is None
    assert found.n is None


def test_more_than_all_is_an_error():
    with pytest.raises(ValueError, match="报到率：5 不在 0–4 之内"):
        rate("arrived", 5, 4)


def test_small_groups_of_persons_are_hidden_and_places_are_not():
    assert rate("arrived", 3, 9, floor=10).shown is Shown.SMALL
    assert rate("arrived", 3, 9, floor=10).n is None
    assert rate("arrived", 3, 10, floor=10).shown is Shown.YES
    assert rate("sent", 3, 9, floor=10).shown is Shown.YES
    assert rate("on_time", 1, 2, floor=10).shown is Shown.YES


def test_one_hidden_group_takes_the_smallest_shown_one_with_it():
    found = rates("arrived", {"a": (4, 5), "b": (20, 25), "c": (30, 40)}, floor=10)
    assert {key: r.shown for key, r in found.items()} == {
        "a": Shown.SMALL,
        "b": Shown.SHIELD,
        "c": Shown.YES,
    }
    assert found["b"].total is None


def test_hidden_groups_together_hold_at_least_the_floor():
    found = rates("arrived", {"a": (1, 2), "b": (1, 3), "c": (30, 40), "d": (50, 60)}, floor=10)
    assert found["c"].shown is Shown.SHIELD
    assert found["d"].shown is Shown.YES


def test_groups_without_anyone_hide_nothing_else():
    found = rates("arrived", {"a": (0, 0), "b": (30, 40)}, floor=10)
    assert found["a"].shown is Shown.EMPTY
    assert found["b"].shown is Shown.YES


def test_groups_that_differ_by_chance_cannot_be_told_apart():
    found = standings(rates("arrived", {"a": (90, 100), "b": (93, 100), "c": (88, 100)}))
    assert set(found.values()) == {Standing.SAME}


def test_a_few_who_all_came_make_nobody_worse():
    few = standings(rates("arrived", {"a": (6, 7), "b": (2, 2), "c": (1, 1), "d": (2, 2)}))
    assert set(few.values()) == {Standing.SAME}
    assert set(standings(rates("arrived", {"a": (11, 12), "b": (16, 16)})).values()) == {Standing.SAME}


def test_the_difference_of_two_rates_has_the_published_interval():
    """Newcombe 1998, table II: 56/70 − 48/80, method 10."""
    low, high = _difference((56, 70), (48, 80), 0.95)
    assert (low, high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_a_group_far_off_is_told_apart_from_the_others():
    found = standings(rates("arrived", {"a": (900, 1000), "b": (910, 1000), "c": (700, 1000)}))
    assert found["c"] is Standing.BELOW
    assert found["b"] is Standing.ABOVE


def test_a_single_group_has_nothing_to_be_told_apart_from():
    assert standings(rates("arrived", {"a": (9, 10)})) == {"a": Standing.SAME}


def test_every_rate_says_what_it_counts_and_where_the_notice_asks_for_it():
    for measure in measures().values():
        assert measure.of in ("person", "place", "class")
        assert measure.text
        assert "通知" in measure.cite


def test_every_category_belongs_to_one_of_three_offices():
    assert len(categories()) == 12
    assert sorted(
        code for office in ("OFFICE_A", "OFFICE_B", "OFFICE_C") for code in categories_of(office)
    ) == sorted(categories())
    assert len(categories_of(plan="国培计划")) == 7


def test_a_directly_managed_county_answers_for_itself():
    assert unit_of("410102") == "410100"
    assert unit_of("410181") == "410181"  # 巩义
    assert unit_of("419001") == "419001"  # 济源
    assert unit_of("999999") == "999999"
    assert len(direct_counties()) == 10
    assert "410181" not in {place.adcode for place in counties_of("410100")}
    assert [place.adcode for place in counties_of("410181")] == ["410181"]


def a_class(starts, ends):
    return TrainingClass(1, "c", "班", "GP1", "", "L1", "M5", None, "", None, starts, ends, 0, 0, 0)


def test_a_class_runs_from_its_first_to_its_last_day():
    one = a_class(date(2022, 9, 1), date(2022, 9, 10))
    assert one.stage(date(2022, 8, 31)) is Stage.AHEAD
    assert one.stage(date(2022, 9, 1)) is Stage.RUNNING
    assert one.stage(date(2022, 9, 10)) is Stage.RUNNING
    assert one.stage(date(2022, 9, 11)) is Stage.ENDED
    assert one.due == date(2022, 12, 31)
    assert a_class(None, None).stage(date(2022, 9, 1)) is Stage.UNSCHEDULED


def test_selection_ends_on_the_fixed_day_or_when_the_class_starts():
    assert selection_due(date(2022, 10, 8)) == date(2022, 8, 31)
    assert selection_due(date(2022, 5, 8)) == date(2022, 5, 8)


def test_a_county_hidden_beside_its_citys_total_takes_another_of_that_city_along():
    counts = {"a1": (50, 60), "a2": (3, 5), "a3": (40, 50), "b1": (2, 4), "b2": (30, 40), "b3": (9, 20)}
    found = rates_within("arrived", counts, lambda key: key[0], floor=10)
    assert {key for key, r in found.items() if r.shown is Shown.YES} == {"a1", "b2"}
    assert found["a3"].shown is Shown.SHIELD
    assert list(found) == list(counts)


def test_a_city_that_is_hidden_cannot_be_added_up_from_its_counties():
    counts = {"a": (3, 5), "b1": (9, 12), "b2": (1, 2), "c1": (30, 40), "c2": (20, 30)}
    found = rates_within("arrived", counts, lambda key: key[0], floor=10)
    assert rates("arrived", {"a": (3, 5), "b": (10, 14), "c": (50, 70)}, floor=10)["b"].shown is Shown.SHIELD
    assert {key for key, r in found.items() if r.shown is Shown.YES} == {"c1", "c2"}

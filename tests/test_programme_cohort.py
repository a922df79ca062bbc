import pytest

from portrait.cohort import Held, cohort
from portrait.framework import dimensions
from portrait.portrait import State

BANDS = (0.0, 0.4, 0.6, 0.8)
NODES = tuple(dimensions().values())


def estimated(level, half=0.05, node="P2"):
    return {node: Held(State.ESTIMATED, level, level + half)}


def thin(node="P2"):
    return {node: Held(State.THIN, None, None)}


def spread(group, node="P2"):
    return next(s for s in group.spreads if s.node == node)


def test_the_three_states_are_counted_apart():
    estimates = {i: estimated(0.5) for i in range(10)} | {10: thin(), 11: thin()}
    found = spread(cohort(estimates, dict.fromkeys(range(15), 0.6), NODES, BANDS, floor=10))
    assert (found.members, found.estimated, found.thin, found.none) == (15, 10, 2, 3)
    assert found.bands == (0, 10, 0, 0)


def test_a_band_begins_at_its_lower_bound():
    levels = [0.1, 0.39, 0.4, 0.59, 0.6, 0.6, 0.79, 0.8, 0.95, 1.0]
    estimates = {i: estimated(level) for i, level in enumerate(levels)}
    assert spread(cohort(estimates, dict.fromkeys(range(10), 0.6), NODES, BANDS, floor=10)).bands == (
        2,
        2,
        3,
        3,
    )


def test_below_means_the_whole_interval_and_the_own_standard():
    estimates = {i: estimated(0.5, half=0.05) for i in range(10)}
    standards = {**dict.fromkeys(range(4), 0.6), **dict.fromkeys(range(4, 10), 0.52)}
    found = spread(cohort(estimates, standards, NODES, BANDS, floor=10))
    assert found.below == 4
    assert found.gap == pytest.approx((4 * 0.1 + 6 * 0.02) / 10)


def test_a_group_gap_counts_only_beyond_error():
    wide = {i: estimated(0.2 if i % 2 else 0.98) for i in range(10)}
    group = cohort(wide, dict.fromkeys(range(10), 0.6), NODES, BANDS, floor=10)
    assert spread(group).gap == pytest.approx(0.01)
    assert group.gaps() == ()
    sure = {i: estimated(0.4 + i / 1000) for i in range(10)}
    assert [s.node for s in cohort(sure, dict.fromkeys(range(10), 0.6), NODES, BANDS, floor=10).gaps()] == [
        "P2"
    ]


def test_the_interval_of_a_gap_ends_where_the_gap_can():
    apart = {i: estimated(0.0 if i < 5 else 1.0) for i in range(10)}
    found = spread(cohort(apart, dict.fromkeys(range(10), 0.6), NODES, BANDS, floor=10, level=0.9999))
    assert (found.gap_low, found.gap_high) == (pytest.approx(-0.4), pytest.approx(0.6))
    assert found.gap == pytest.approx(0.1)


def test_a_small_class_is_not_shown_at_all():
    group = cohort({}, dict.fromkeys(range(9), 0.6), NODES, BANDS, floor=10)
    assert group.hidden
    assert group.spreads == ()


def test_few_estimates_in_a_large_class_show_counts_and_no_distribution():
    estimates = {i: estimated(0.5) for i in range(9)}
    found = spread(cohort(estimates, dict.fromkeys(range(30), 0.6), NODES, BANDS, floor=10))
    assert (found.estimated, found.none, found.shown) == (9, 21, False)
    assert found.gap is None
    assert found.below is None


def test_professional_ethics_never_enters_a_group_portrait():
    group = cohort({}, dict.fromkeys(range(10), 0.6), NODES, BANDS, floor=10)
    assert "P1" not in {s.node for s in group.spreads}

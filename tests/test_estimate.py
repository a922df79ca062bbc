"""The estimator by hand, by property and against a simulated truth."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portrait.estimate import (
    Evidence,
    Prior,
    Sums,
    columns,
    combined,
    learned_prior,
    posterior,
    rule_prior,
    stage_priors,
)
from portrait.evidence import evidence_rule
from portrait.portrait import Estimate, State, band, gap, why_unsure, wording
from portrait.standard import standard_of

RULE = evidence_rule()
# Nothing but noise: for what is said of the prior and of marks alone.
QUIET = replace(rule_prior(RULE), source=0.0, particular=0.0, mixture=0.0, drift=0.0)


def one(w, wy, *, alignment=1.0, age=0.0, sources=(1.0,), kappa=1.0, noise=0.04, **given):
    """Level and standard deviation of one teacher; `sources` says how the weight is shared between them."""
    held = Evidence(
        *(np.array([x]) for x in (w, wy, w * alignment, w * age, sum((w * s) ** 2 for s in sources)))
    )
    prior = replace(QUIET, kappa=kappa, noise=noise, spread=noise / kappa, **given)
    level, sd, _ = posterior(held, columns([prior]))
    return float(level[0]), float(sd[0])


def estimate(
    level, low, high, *, n=9, weight=6.0, sources=2, last=date(2022, 11, 1), state=State.ESTIMATED, **given
):
    day = date(2022, 11, 15)
    return Estimate("P2", state, level, low, high, n, weight, sources, last, day, "v", **given)


def sums(rng, persons, *, mean=0.7, spread=0.1, noise=0.15, records=(1, 12)):
    """Teachers with true levels, each with some records of unequal weight of one source, added up as cells are."""
    truth = rng.normal(mean, spread, persons)
    n = rng.integers(*records, persons)
    rows = [rng.uniform(0.2, 1.0, k) for k in n]
    shown = [rng.normal(t, noise / np.sqrt(w)) for t, w in zip(truth, rows, strict=True)]
    w, wy, wyy = (
        np.array([(w * y**power).sum() for w, y in zip(rows, shown, strict=True)]) for power in range(3)
    )
    ones = np.ones(persons)
    return truth, Sums(
        w,
        wy,
        w,
        0 * w,
        w**2,
        np.arange(persons),
        0 * n,
        n,
        ones.astype(int),
        wyy,
        wyy - wy**2 / w,
        ones,
        n - 1.0,
    )


def test_the_level_is_the_weighted_mean_of_prior_and_evidence():
    # (1 · .5 + 2 · .8 weighted) / (1 + 3): Σw = 3, Σwy = 2.1 → 2.6 / 4.
    level, sd = one(3.0, 2.1)
    assert level == pytest.approx(0.65, abs=1e-15)
    assert sd == pytest.approx(0.1, abs=1e-15)  # √(.04 / 4)


def test_without_evidence_the_level_is_the_prior_with_the_spread_of_the_group():
    level, sd = one(0.0, 0.0, mean=0.6, kappa=4.0, noise=0.09)
    assert (level, sd) == (0.6, 0.15)  # τ² = σ² / κ


def test_what_is_not_known_of_the_mean_widens_the_interval_by_its_share():
    _, sd = one(3.0, 2.1, error=0.01)
    assert sd**2 == pytest.approx(0.01 + (1 / 4) ** 2 * 0.01)


def test_a_mark_says_less_of_an_indicator_the_less_its_course_is_about_it():
    # κ = 1, w = 3, alignment .5: R = 1.5; σ²A = .04 · 1.5, 2κRs² = .03, R²δ² = 2.25 · .015.
    _, sd = one(3.0, 2.1, alignment=0.5, particular=0.01, mixture=0.015)
    assert sd**2 == pytest.approx((0.04 + 0.03 + 2.25 * 0.015 + 0.04 * 1.5) / 16, abs=1e-15)


def test_more_marks_of_partial_courses_or_of_one_platform_do_not_make_sure():
    assert one(1e6, 7e5, alignment=0.4, mixture=0.015)[1] == pytest.approx(0.6 * 0.015**0.5, rel=1e-3)
    assert one(1e6, 7e5, source=0.0025)[1] == pytest.approx(0.05, rel=1e-3)
    assert one(1e6, 7e5, sources=(0.5, 0.5), source=0.0025)[1] == pytest.approx(0.05 / 2**0.5, rel=1e-3)


def test_evidence_of_long_ago_leaves_open_what_has_changed_since():
    assert one(1e6, 7e5, age=24.0, drift=0.0001)[1] == pytest.approx(0.0024**0.5, rel=1e-3)


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 1)), min_size=1, max_size=20),
    st.floats(0, 1),
    st.floats(0.1, 20),
)
def test_contributions_add_up_to_the_level(records, mean, kappa):
    w, wy = sum(r[0] for r in records), sum(r[0] * r[1] for r in records)
    level, _ = one(w, wy, mean=mean, kappa=kappa)
    assert mean + sum(r[0] * (r[1] - mean) / (kappa + w) for r in records) == pytest.approx(level, abs=1e-9)
    assert 0 <= level <= 1


@given(st.floats(0.1, 50), st.floats(0, 1), st.integers(0, 120), st.integers(1, 120))
def test_the_interval_widens_as_evidence_ages_and_the_level_goes_to_the_prior(w, y, age, more):
    young, old = (w * RULE.discount(months) for months in (age, age + more))
    (level, sd), (later, wider) = one(young, young * y), one(old, old * y)
    assert wider > sd
    assert abs(later - 0.5) <= abs(level - 0.5) + 1e-12


def test_the_discount_halves_after_the_half_life_and_nothing_counts_before_its_time():
    assert RULE.discount(0) == 1.0
    assert RULE.discount(24) == 0.5
    assert RULE.discount(48) == 0.25
    assert RULE.discount(-1) == 0.0


def test_too_few_teachers_leave_the_prior_of_the_rule():
    _, few = sums(np.random.default_rng(1), RULE.group_floor - 1)
    assert learned_prior(few, RULE, "all", rule_prior(RULE)) == rule_prior(RULE)
    assert rule_prior(RULE) == Prior(
        0.5,
        *(pytest.approx(x) for x in (1.0, 0.04, 0.04, 0.0025, 0.01, 0.04 / 3, 0.0016 / 12)),
        0.0,
        0,
        "rule",
    )


def test_the_prior_is_learned_from_the_group():
    truth, many = sums(np.random.default_rng(2), 5000)
    prior = learned_prior(many, RULE, "all", QUIET)
    assert prior.mean == pytest.approx(0.7, abs=0.01)
    assert prior.noise == pytest.approx(0.15**2, rel=0.05)
    assert prior.spread == pytest.approx(0.1**2, rel=0.1)
    assert prior.kappa == prior.noise / prior.spread
    assert (prior.persons, prior.basis) == (5000, "all")
    assert prior.error == pytest.approx(np.var(truth) / 5000, rel=1.5)


def test_a_stage_with_enough_teachers_has_its_own_prior_and_a_small_one_the_whole():
    rng = np.random.default_rng(3)
    _, low = sums(rng, 400, mean=0.5)
    _, high = sums(rng, 400, mean=0.8)
    _, few = sums(rng, 5, mean=0.1)
    stage = np.array(["S1"] * 400 + ["S2"] * 400 + ["S9"] * 5, dtype=object)
    joined = Sums(*(np.concatenate([getattr(s, f.name) for s in (low, high, few)]) for f in fields(Sums)))
    found = stage_priors(joined, stage, RULE, QUIET)
    assert found["S1"].mean == pytest.approx(0.5, abs=0.02)
    assert found["S2"].mean == pytest.approx(0.8, abs=0.02)
    assert found["S9"] == found[""]
    assert [found[code].basis for code in ("S1", "S2", "S9")] == ["stage", "stage", "all"]


def test_equal_teachers_are_not_told_apart_and_not_called_certain():
    rng = np.random.default_rng(4)
    _, same = sums(rng, 500, spread=0.0)
    prior = learned_prior(same, RULE, "all", QUIET)
    assert prior.spread == pytest.approx(RULE.least_spread**2, rel=0.5)


@pytest.mark.parametrize("records", [(1, 3), (1, 12), (8, 30)])
def test_intervals_hold_the_truth_nine_times_in_ten(records):
    truth, many = sums(np.random.default_rng(5), 4000, records=records)
    prior = learned_prior(many, RULE, "all", QUIET)
    level, sd, _ = posterior(many, columns([prior] * len(truth)))
    covered = np.mean(np.abs(truth - level) <= RULE.z * sd)
    assert 0.88 <= covered <= 0.92
    assert np.sqrt(np.mean((level - truth) ** 2)) < 0.95 * np.sqrt(np.mean((many.wy / many.w - truth) ** 2))


def test_a_dimension_is_the_mean_of_what_is_estimated_and_carries_the_uncertainty():
    levels, deviations = (
        np.array([[0.4, 0.8, 0.9], [0.4, 0.8, 0.9]]),
        np.array([[0.1, 0.1, 0.5], [0.1, 0.1, 0.5]]),
    )
    held = np.array([[True, True, False], [False, False, False]])
    level, sd = combined(levels, deviations, held, 0.5)
    assert level[0] == pytest.approx(0.6)
    assert sd[0] == pytest.approx(np.sqrt(0.01 + 0.01 + 2 * 0.5 * 0.01) / 2)
    assert np.isnan(level[1])


def test_indicators_that_err_together_leave_the_dimension_no_surer_than_one():
    sd = combined(np.full((1, 4), 0.5), np.full((1, 4), 0.1), np.full((1, 4), True), 1.0)[1]
    assert sd[0] == pytest.approx(0.1)


def test_a_level_is_worded_only_as_firmly_as_its_interval_allows():
    assert wording(estimate(0.7, 0.65, 0.75)) == "熟练"
    assert wording(estimate(0.7, 0.62, 0.82)) == "熟练，可能已到引领"
    assert wording(estimate(0.65, 0.55, 0.75)) == "熟练，也可能在尝试"
    assert wording(estimate(0.7, 0.5, 0.9)) == "熟练，可能在尝试到引领之间"
    assert wording(estimate(None, None, None, state=State.THIN)) == "证据不足"
    assert wording(estimate(None, None, None, state=State.NONE)) == "暂无证据"


def test_bands_hold_their_lower_bound():
    assert [band(level).code for level in (0.0, 0.39, 0.4, 0.6, 0.8, 1.0)] == [
        "L1",
        "L1",
        "L2",
        "L3",
        "L4",
        "L4",
    ]


def test_a_gap_is_judged_only_when_the_whole_interval_lies_on_one_side():
    assert gap(estimate(0.5, 0.45, 0.55), 0.6).verdict == "below"
    assert gap(estimate(0.7, 0.65, 0.75), 0.6).verdict == "met"
    assert gap(estimate(0.55, 0.45, 0.65), 0.6).verdict == "unsure"
    unknown = gap(estimate(None, None, None, state=State.THIN), 0.6)
    assert (unknown.verdict, unknown.distance) == ("unknown", None)
    assert gap(estimate(0.5, 0.45, 0.55), 0.6).distance == pytest.approx(0.1)


def test_the_standard_follows_the_title():
    assert standard_of("T4").level == 0.72
    assert standard_of("?").level == 0.60


def test_doubts_are_named_with_their_number():
    assert why_unsure(estimate(0.7, 0.6, 0.8)) == []
    few = why_unsure(estimate(0.7, 0.5, 0.9, n=2, weight=1.2))
    assert [(doubt.code, doubt.number) for doubt in few] == [("few", 1.2)]
    old = why_unsure(estimate(0.7, 0.5, 0.9, last=date(2020, 11, 1)))
    assert [(doubt.code, doubt.number) for doubt in old] == [("old", 24.0)]
    assert [doubt.code for doubt in why_unsure(estimate(None, None, None, state=State.THIN, sources=1))] == [
        "one_sided"
    ]
    partly = why_unsure(estimate(0.7, 0.5, 0.9, alignment=0.3, mixed=0.6))
    assert [(doubt.code, doubt.number) for doubt in partly] == [("mixed", 0.3)]
    assert why_unsure(estimate(0.7, 0.5, 0.9, alignment=0.3, mixed=RULE.mixed - 0.01)) == []
    assert why_unsure(estimate(None, None, None, state=State.NONE, n=0, weight=0, sources=0, last=None)) == []


@settings(max_examples=30)
@given(st.permutations(range(12)))
def test_the_prior_does_not_depend_on_how_many_share_a_value(order):
    """Sums of one teacher may come in any order: they are sums."""
    w, y = np.linspace(0.1, 1, 12), np.linspace(0, 1, 12)
    assert one(float(w[list(order)].sum()), float((w * y)[list(order)].sum()))[0] == pytest.approx(
        one(float(w.sum()), float((w * y).sum()))[0], abs=1e-12
    )

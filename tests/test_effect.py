from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sqlalchemy import insert

from models.effect import class_gain, gain
from portrait.portrait import State
from portrait.record import RECORD_SCHEMA, Flag, Kind
from portrait.store.schema import account, person, trainee, training_class

CLASS = 71
DAY = datetime(2022, 9, 13, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(11)
    pre = np.clip(rng.normal(0.55, 0.12, 30), 0, 1)
    post = np.clip(pre + rng.normal(0.1, 0.08, 30), 0, 1)
    return pre, post


def named(values):
    return dict(enumerate(values.tolist()))


def test_the_gain_and_its_interval_are_those_of_the_paired_t_test(scores):
    pre, post = scores
    found = gain(named(pre), named(post), frozenset(range(30)))
    known = stats.ttest_rel(post, pre)
    interval = known.confidence_interval(0.90)
    assert found.state is State.ESTIMATED
    assert found.gain.value == pytest.approx((post - pre).mean())
    assert (found.gain.low, found.gain.high) == pytest.approx((interval.low, interval.high))
    assert found.d_z == pytest.approx(known.statistic / np.sqrt(30))


def test_the_normalised_gain_is_the_share_of_what_could_be_gained(scores):
    pre, post = scores
    found = gain(named(pre), named(post), frozenset(range(30)))
    assert found.normalised.value == pytest.approx((post.mean() - pre.mean()) / (1 - pre.mean()))
    rng = np.random.default_rng(3)
    again = rng.integers(0, 30, (4000, 30))
    drawn = (post[again].mean(1) - pre[again].mean(1)) / (1 - pre[again].mean(1))
    low, high = np.quantile(drawn, [0.05, 0.95])
    assert found.normalised.low == pytest.approx(low, abs=0.02)
    assert found.normalised.high == pytest.approx(high, abs=0.02)


def test_who_is_missing_is_counted_and_told_as_a_threat():
    pre = {1: 0.5, 2: 0.4, 3: 0.6, 9: 0.1}
    post = {1: 0.7, 2: 0.5, 4: 0.9}
    found = gain(pre, post, frozenset({1, 2, 3, 4, 5}))
    assert (found.pairs, found.trainees) == (2, 5)
    assert (found.only_pre, found.only_post, found.neither, found.strangers) == (1, 1, 1, 1)
    assert found.gain.value == pytest.approx(0.15)
    assert found.state is State.THIN
    assert "attrition" in {threat.code for threat in found.design.threats}


def test_a_complete_class_has_no_threat_of_missing_people(scores):
    pre, post = scores
    found = gain(named(pre), named(post), frozenset(range(30)))
    assert "attrition" not in {threat.code for threat in found.design.threats}
    assert found.design.strength == "weak"
    assert len(found.design.threats) == 4


def test_nobody_with_both_tests_is_no_evidence_and_no_zero():
    found = gain({1: 0.5}, {2: 0.9}, frozenset({1, 2}))
    assert found.state is State.NONE
    assert (found.pre, found.post, found.gain, found.normalised, found.d_z) == (None,) * 5


def test_one_pair_has_a_mean_and_no_interval():
    found = gain({1: 0.5}, {1: 0.75}, frozenset({1}))
    assert found.gain.value == 0.25
    assert found.gain.low is None
    assert found.normalised.value == 0.5
    assert found.d_z is None


def test_who_had_the_full_mark_before_cannot_gain():
    found = gain({1: 1.0, 2: 1.0}, {1: 1.0, 2: 0.9}, frozenset({1, 2}))
    assert found.normalised is None
    assert found.gain.value == pytest.approx(-0.05)


def test_equal_gains_have_no_standardised_effect():
    found = gain({1: 0.5, 2: 0.25}, {1: 0.75, 2: 0.5}, frozenset({1, 2}))
    assert found.d_z is None
    assert found.gain.low == found.gain.high == 0.25


@pytest.mark.parametrize("pairs", [1, 2, 9])
def test_fewer_pairs_than_the_floor_have_counts_and_no_figure(pairs):
    learners = range(pairs)
    found = gain(
        {one: one / 20 for one in learners}, dict.fromkeys(learners, 0.9), frozenset(range(17)), floor=10
    )
    assert (found.state, found.hidden, found.pairs, found.trainees) == (State.THIN, True, pairs, 17)
    assert (found.pre, found.post, found.gain, found.normalised, found.d_z, found.points) == (None,) * 5 + (
        (),
    )


def test_ten_pairs_are_enough_for_a_floor_of_ten():
    learners = range(10)
    found = gain(
        {one: one / 20 for one in learners}, dict.fromkeys(learners, 0.9), frozenset(learners), floor=10
    )
    assert (found.state, found.hidden, len(found.points)) == (State.ESTIMATED, False, 10)


marks = st.integers(0, 100).map(lambda n: n / 100)


@given(st.lists(st.tuples(marks, marks), min_size=1, max_size=12))
def test_no_interval_reaches_beyond_what_the_quantity_can_be(pairs):
    pre, post = ({i: pair[k] for i, pair in enumerate(pairs)} for k in (0, 1))
    found = gain(pre, post, frozenset(pre))
    if found.gain.low is not None:
        assert -1 <= found.gain.low <= found.gain.value <= found.gain.high <= 1
    ratio = found.normalised
    if ratio is not None and ratio.low is not None:
        worst = -found.pre / (1 - found.pre)
        assert worst - 1e-9 <= ratio.low <= ratio.value + 1e-9
        assert ratio.value - 1e-9 <= ratio.high <= 1


# --- from records --------------------------------------------------------------------------------------------


def sat(number, account, kind, value, *, day=DAY, item="卷", flag=Flag.SCORED, run=CLASS):
    return {
        "id": number.to_bytes(16, "big"), "batch": 1, "line": number, "account": account, "course": 5, "run": run, "item": item,
        "kind": int(kind), "time": day, "seq": 0, "score": value / 100, "score_max": 100.0, "value": value, "weight": 10_000,
        "count": 1, "seconds": 0, "credit": 0, "flag": int(flag), "month": 2022 * 12 + 8, "bucket": account % 4,
    }  # fmt: skip


@pytest.fixture
def classroom(site):
    """Persons 1, 2, 3 and 4; person 1 has two accounts. 4 is on the list and never came; account 99 is not on it."""
    with site.registry.begin() as connection:
        connection.execute(insert(training_class).values(id=CLASS, source="t", code="c", name="某班"))
        for number, who in ((11, 1), (12, 1), (21, 2), (31, 3), (41, 4)):
            if number != 12:
                connection.execute(insert(person).values(id=who, key=f"k{who}", name="某"))
            connection.execute(
                insert(account).values(id=number, source="t", kind="native", shown=str(number), digest=str(number), person_id=who)
            )  # fmt: skip
            if number != 12:
                came = None if who == 4 else date(2022, 9, 13)
                connection.execute(insert(trainee).values(class_id=CLASS, account_id=number, checked_in=came))
    later = datetime(2022, 9, 30, 2, tzinfo=UTC)
    rows = [
        sat(1, 11, Kind.PRETEST, 6000),
        sat(2, 12, Kind.POSTTEST, 8000, day=later),  # on another platform
        sat(3, 12, Kind.POSTTEST, 9900, day=datetime(2022, 10, 9, 2, tzinfo=UTC)),  # a second try
        sat(4, 21, Kind.PRETEST, 4000, item="卷一"),
        sat(5, 21, Kind.PRETEST, 6000, item="卷二"),
        sat(6, 21, Kind.POSTTEST, 7500, day=later),
        sat(7, 31, Kind.PRETEST, 4000),
        sat(8, 31, Kind.POSTTEST, 9000, day=later, flag=Flag.SCORED | Flag.SPEED),  # doubtful
        sat(9, 99, Kind.PRETEST, 1000),
        sat(10, 31, Kind.POSTTEST, 9000, day=later, run=72),  # of another class
        sat(11, 31, Kind.QUIZ, 9000, day=later),
    ]
    site.lake.append("record", pa.Table.from_pylist(rows, schema=RECORD_SCHEMA), part="a")
    return site


def test_a_class_s_gain_pairs_persons_across_accounts_and_takes_first_tries(classroom):
    assert class_gain(classroom, CLASS).hidden
    anybody = replace(classroom, settings=classroom.settings.model_copy(update={"small_cell": 1}))
    found = class_gain(anybody, CLASS)
    assert (found.pairs, found.trainees, found.only_pre, found.neither, found.strangers) == (2, 3, 1, 0, 1)
    assert (found.pre, found.post) == pytest.approx((0.55, 0.775))
    assert found.gain.value == pytest.approx(0.225)
    assert found.normalised.value == pytest.approx(0.5)


def test_a_class_without_tests_or_without_trainees_has_no_gain(classroom):
    assert class_gain(classroom, 404).state is State.NONE
    assert class_gain(classroom, 404).trainees == 0

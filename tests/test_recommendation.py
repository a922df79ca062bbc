from datetime import date

import pytest

from models.recommendation import Candidate, Learner, Taste, Why, rank
from models.recommender import Recommender
from portrait.portrait import Estimate, State

DAY = date(2022, 8, 31)


def level(node, value, state=State.ESTIMATED):
    known = state is State.ESTIMATED
    return Estimate(
        node, state, value if known else None, 0.3 if known else None, 0.5 if known else None,
        4, 2.0, 2, DAY, DAY, "evidence-2022.1",
    )  # fmt: skip


def about(number, *aligned, **rest):
    return Candidate(number, aligned, **rest)


def learner(estimates=(), **rest):
    return Learner(standard=0.6, estimates={e.node: e for e in estimates}, **rest)


def kinds(recommendation):
    return [reason.why for reason in recommendation.because]


def test_the_course_for_the_widest_gap_comes_first_and_says_which():
    who = learner([level("P4.3", 0.4), level("P2.1", 0.58), level("P6.1", 0.9)])
    found = rank([about(1, ("P2.1", 100)), about(2, ("P4.3", 100)), about(3, ("P6.1", 100))], who, 3)
    assert [r.course_id for r in found] == [2, 1]  # nothing speaks for the third: no gap there
    reason = found[0].because[0]
    assert (reason.why, reason.indicator, reason.estimate.level, reason.standard) == (
        Why.GAP,
        "P4.3",
        0.4,
        0.6,
    )
    assert found[0].score == pytest.approx(
        0.8
    )  # .2 of the .25 that count as the full gap; the only part known


def test_an_unknown_level_is_to_be_diagnosed_and_is_not_low():
    who = learner([level("P4.3", 0.5), level("P3.1", None, State.THIN)], stage="S2")
    none, thin, gap = rank(
        [about(1, ("P2.1", 100)), about(2, ("P3.1", 100)), about(3, ("P4.3", 100))], who, 3
    )[::-1]
    assert gap.course_id == 3
    assert {none.course_id, thin.course_id} == {1, 2}
    for unknown in (none, thin):
        assert kinds(unknown) == [Why.STAGE, Why.DIAGNOSE]
        assert unknown.because[-1].points == 0
    found = {r.course_id: r.because[-1].estimate for r in (none, thin)}
    assert found[1] is None
    assert found[2].state is State.THIN


def test_ethics_is_never_to_be_diagnosed():
    found = rank([about(1, ("P1.2", 100))], learner(stage="S2"), 1)
    assert kinds(found[0]) == [Why.STAGE]


def test_the_points_of_the_reasons_sum_to_the_score():
    model = Recommender(l2=1.0).fit([[7, 1], [7, 1], [7, 2], [8, 3]])
    taste = Taste(
        "history",
        dict(zip(model.items_.tolist(), model.scores([7]).tolist(), strict=True)),
        lambda course: model.explain([7], course),
    )
    who = learner(
        [level("P4.3", 0.4)], stage="S2", subjects=("X01",), past=((("P4.3", 60), ("P2.1", 40)),), taste=taste
    )
    found = rank(
        [
            about(1, ("P4.3", 50), ("P3.1", 50), stages=("S2",), subjects=("X01", "X02")),
            about(2, ("P4.3", 100)),
            about(3, ("P7.1", 100), stages=("S3",)),
        ],
        who,
        3,
    )
    for recommendation in found:
        assert sum(r.points for r in recommendation.because) == pytest.approx(recommendation.score)
        assert [r.points for r in recommendation.because] == sorted(
            (r.points for r in recommendation.because), reverse=True
        )
    first = {reason.why: reason for reason in found[0].because}
    assert found[0].course_id == 1
    assert set(first) == {Why.GAP, Why.HISTORY, Why.STAGE, Why.NOVELTY}
    assert first[Why.STAGE].codes == ("S2", "X01")
    assert [(p.course_id, p.share) for p in first[Why.HISTORY].past] == [(7, 1.0)]


def test_who_has_no_history_is_told_that_it_is_popular_in_the_stage():
    taste = Taste("popular", {1: 0.5, 2: 0.25}, group="S2", count={1: 20, 2: 10}, of=40)
    found = rank([about(1), about(2)], learner(taste=taste), 2)
    reason = found[0].because[0]
    assert (reason.why, reason.codes, reason.count, reason.of) == (Why.POPULAR, ("S2",), 20, 40)
    assert found[0].score == 1.0
    assert found[1].score == 0.5


def test_parts_that_cannot_be_known_leave_their_weight_to_the_others():
    alone = rank([about(1, ("P4.3", 100))], learner([level("P4.3", 0.2)]), 1)[0]
    both = rank([about(1, ("P4.3", 100))], learner([level("P4.3", 0.2)], stage="S2"), 1)[0]
    assert alone.score == pytest.approx(1.0)
    assert both.score == pytest.approx((0.45 + 0.2 * 0.5) / 0.65)


def test_a_course_more_than_one_band_above_is_not_offered_yet():
    courses = [about(n, ("P4.3", 100), level_from=f"L{n}") for n in (1, 2, 3, 4)]
    low, unknown = learner([level("P4.3", 0.3)]), learner(stage="S2")
    assert {r.course_id for r in rank(courses, low, 9)} == {1, 2}
    assert {r.course_id for r in rank(courses, unknown, 9)} == {1, 2, 3, 4}


def test_at_most_two_of_one_dimension_stand_among_the_first_six():
    who = learner([level("P4.3", 0.3), level("P2.1", 0.4), level("P6.1", 0.45)])
    courses = [about(n, ("P4.3", 100)) for n in range(1, 6)]
    courses += [about(n, ("P2.1", 100)) for n in range(6, 9)] + [
        about(n, ("P6.1", 100)) for n in range(9, 12)
    ]
    found = [r.course_id for r in rank(courses, who, 8)]
    assert found[:6] == [1, 2, 6, 7, 9, 10]
    assert found[6:] == [3, 4]


def test_one_dimension_alone_still_fills_the_list():
    who = learner([level("P4.3", 0.3)])
    assert len(rank([about(n, ("P4.3", 100)) for n in range(1, 6)], who, 4)) == 4


@pytest.mark.parametrize("k", [0, -1])
def test_nothing_is_asked_or_nothing_is_there(k):
    who = learner([level("P4.3", 0.3)], stage="S2")
    assert rank([about(1, ("P4.3", 100))], who, k) == []
    assert rank([], who, 6) == []


def test_a_teacher_of_whom_nothing_is_known_gets_only_what_to_diagnose():
    found = rank([about(1, ("P4.3", 100)), about(2)], learner(), 6)
    assert [(r.course_id, r.score, kinds(r)) for r in found] == [(1, 0.0, [Why.DIAGNOSE])]


def test_equal_scores_keep_the_order_of_ids():
    who = learner(stage="S2")
    assert [r.course_id for r in rank([about(3), about(1), about(2)], who, 3)] == [1, 2, 3]

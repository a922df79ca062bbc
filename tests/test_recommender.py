import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.ease import Ease
from models.recommender import Recommender, evaluate

DATA = Path(os.environ.get("TEACHER_DATA") or Path(__file__).parents[2] / "shared" / "data")
MOOCCUBEX = DATA / "mooccubex" / "train.parquet"
N = 40


@parametrize_with_checks([Ease()])
def test_ease_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def board():
    """A checkerboard: even learners took the even courses, odd learners the odd ones, but nobody course number self."""
    histories = [[i for i in range(u % 2, N, 2) if i != u] for u in range(N)]
    return histories, Recommender(l2=1.0).fit(histories)


def test_the_withheld_course_comes_first(board):
    histories, model = board
    assert [model.recommend(history, 1)[0].item for history in histories] == list(range(N))


def test_taken_and_excluded_courses_never_come(board):
    histories, model = board
    found = {scored.item for scored in model.recommend(histories[0], N, exclude={1, 3})}
    assert found == set(range(N)) - set(histories[0]) - {1, 3}


def test_the_batch_scores_as_one_by_one(board):
    histories, model = board
    np.testing.assert_array_equal(model.scores_of(histories), [model.scores(h) for h in histories])


def test_the_shares_of_an_explanation_sum_to_the_score(board):
    histories, model = board
    shares = model.explain(histories[0], 0)
    assert [s.item for s in shares] == histories[0]
    assert sum(s.value for s in shares) == pytest.approx(model.scores(histories[0])[0])
    assert [s.value for s in shares] == sorted((s.value for s in shares), reverse=True)


def test_the_weights_are_those_of_the_ridge_without_the_item_itself():
    rng = np.random.default_rng(7)
    X = (rng.random((60, 5)) < 0.4).astype(float)
    weight = Ease(l2=2.0).fit(X).weight_
    for j in range(5):
        others = [i for i in range(5) if i != j]
        A = X[:, others]
        ridge = np.linalg.solve(A.T @ A + 2.0 * np.eye(4), A.T @ X[:, j])
        np.testing.assert_allclose(weight[others, j], ridge)
        assert weight[j, j] == 0


def test_a_learner_without_history_gets_what_is_popular_in_the_group():
    model = Recommender().fit([[1, 2], [2], [3], [3, 1], [3]], groups=["S1", "S1", "S2", "S2", "S2"])
    assert [(s.item, s.score, s.basis) for s in model.recommend([], 2, group="S1")] == [
        (2, 1.0, "popular"),
        (1, 0.5, "popular"),
    ]
    assert model.recommend([], 1, group="S2")[0].item == 3
    assert model.recommend([], 1, group="never seen")[0].item == 3
    assert model.popular("S1").learners == 2


def test_unknown_ids_count_nothing():
    model = Recommender().fit([[1, 2], [1, 2], [3]])
    assert model.recommend([99], 1) == model.recommend([], 1)
    np.testing.assert_array_equal(model.scores([1, 99]), model.scores([1]))
    assert model.explain([1], 99) == []
    assert model.explain([99], 1) == []


def test_repeated_courses_count_once():
    once, twice = Recommender().fit([[1, 2], [3]]), Recommender().fit([[1, 1, 2, 2], [3, 3]])
    np.testing.assert_array_equal(once.ease_.weight_, twice.ease_.weight_)
    np.testing.assert_array_equal(twice.scores([1, 1]), once.scores([1]))


def test_who_took_everything_gets_nothing():
    model = Recommender().fit([[1, 2], [2, 3]])
    assert model.recommend([1, 2, 3], 5) == []


@pytest.mark.parametrize("histories", [[], [[]], [[], []]])
def test_an_empty_catalogue_gives_no_course_and_no_error(histories):
    model = Recommender().fit(histories)
    assert model.recommend([5], 3) == []
    assert model.recommend([], 3) == []
    assert model.scores([5]).shape == (0,)
    assert evaluate(histories, Recommender())["asked"] == 0


def test_only_the_courses_taken_most_are_learned_from():
    model = Recommender(limit=2).fit([[5, 9], [5, 9], [5, 7]])
    assert model.items_.tolist() == [5, 9]


def test_evaluation_finds_the_second_of_a_pair_where_popularity_cannot():
    """Ten pairs, equally popular, known from learners who went on to something else."""
    histories = [[2 * i, 2 * i + 1, 90] for i in range(10) for _ in range(3)] + [
        [2 * i, 2 * i + 1] for i in range(10)
    ]
    found = evaluate(histories, Recommender(l2=0.1), k=1)
    assert found["asked"] == 40
    assert found["hr@1"] == 10 / 40  # course 90 is held back from everybody who took it: never findable
    assert found["hr@1_popularity"] == 0  # the first halves were seen more often


def test_evaluation_counts_hit_and_rank_exactly():
    """Course 1 is held back from the last learner and stands third by popularity behind the masked course."""
    histories = [[2], [2], [2], [3], [3], [1], [4, 1]]
    found = evaluate(histories, Recommender(l2=1.0), k=3)
    assert found["asked"] == 1
    assert found["hr@3_popularity"] == 1
    assert found["ndcg@3_popularity"] == pytest.approx(1 / np.log2(4))


@pytest.mark.slow
def test_ease_beats_popularity_on_real_enrolments():
    """Read for measuring only; nothing of it is kept."""
    if not MOOCCUBEX.exists():
        pytest.skip(f"没有 {MOOCCUBEX}：真实选课记录只用于测量，不随项目分发")
    rows = pd.read_parquet(MOOCCUBEX).sort_values(["user", "pos"])
    starts = np.flatnonzero(np.diff(rows["user"])) + 1
    histories = np.split(rows["item"].to_numpy(np.int64), starts)
    found = evaluate(histories, Recommender())
    assert found["asked"] == 97_722
    assert found["hr@10"] > 0.30
    assert found["ndcg@10"] > 0.18
    assert found["hr@10"] > 4 * found["hr@10_popularity"]

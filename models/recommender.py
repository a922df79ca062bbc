"""Courses for a learner from the courses they and others took: EASE over enrolment histories, and what is popular for who has none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from models.ease import Ease

NAME = "recommender"
VERSION = "ease-1"
ROWS = 4096  # learners scored at a time: 54 MB for 3,300 courses

History = Sequence[int] | np.ndarray


@dataclass(frozen=True)
class Share:
    """What one past course adds to a score. The shares of a score sum to it."""

    item: int
    value: float


@dataclass(frozen=True)
class Scored:
    """A course and its score. `basis` is history (EASE) or popular (share of learners), never a mix."""

    item: int
    score: float
    basis: str


@dataclass(frozen=True)
class Popularity:
    """How many of how many learners took each item, among the learners of `group` ("" = all)."""

    group: str
    count: np.ndarray
    learners: int


class Recommender(BaseEstimator):  # type: ignore[misc]
    """Next courses by EASE over histories of course ids.

    Parameters
    ----------
    l2 : float, default=100.0
        Penalty of EASE.
    limit : int, default=8000
        Only the courses taken most often are learned from, so that the square matrix stays below 0.6 GB while fitting.

    Attributes
    ----------
    items_ : ndarray of int64, ascending
        The course ids it knows.
    ease_ : Ease
        Its weights; float32, because float64 gave the same hit rate on 97,722 learners at twice the size.
    popularity_ : dict of str to Popularity
        By group of learners; "" holds all.
    """

    def __init__(self, l2: float = 100.0, limit: int = 8000) -> None:
        self.l2 = l2
        self.limit = limit

    def fit(self, histories: Sequence[History], groups: Sequence[str] | None = None) -> Self:
        """`histories`: one per learner, course ids in order of time. `groups`: a code per learner, for what is popular where."""
        learner, item = _flat(histories)
        known, count = np.unique(item, return_counts=True)
        if len(known) > self.limit:
            known = np.sort(known[np.argsort(-count, kind="stable")[: self.limit]])
        self.items_ = known
        taken = self._matrix(learner, item, len(histories))
        codes = np.array(["" for _ in histories] if groups is None else groups, dtype=object)
        self.popularity_ = {
            group: Popularity(group, *_count(taken if group == "" else taken[np.flatnonzero(codes == group)]))
            for group in {""} | set(codes.tolist())
        }
        if len(known):
            self.ease_ = Ease(self.l2).fit(taken)
        return self

    def scores_of(self, histories: Sequence[History]) -> np.ndarray:
        """EASE scores, learners × `items_`. Taken courses are scored too; ids it does not know count nothing."""
        check_is_fitted(self, "items_")
        if not len(self.items_):
            return np.zeros((len(histories), 0), dtype=np.float32)
        scores: np.ndarray = self.ease_.transform(self._matrix(*_flat(histories), len(histories)))
        return scores

    def scores(self, history: History) -> np.ndarray:
        """The scores of one learner, in the order of `items_`."""
        row: np.ndarray = self.scores_of([history])[0]
        return row

    def recommend(
        self, history: History, k: int, exclude: Collection[int] = (), group: str = ""
    ) -> list[Scored]:
        """At most `k` courses, best first, without those taken or in `exclude`.

        Who has no known course gets what is popular in their group, or among all when the group is unknown.
        """
        known = np.isin(self.items_, np.asarray(history, dtype=np.int64))
        if known.any():
            score, basis = self.scores(history).astype(np.float64), "history"
        else:
            popular = self.popular(group)
            score, basis = popular.count / max(popular.learners, 1), "popular"
        score[known | np.isin(self.items_, np.fromiter(exclude, dtype=np.int64))] = -np.inf
        best = np.argsort(-score, kind="stable")[: max(k, 0)]
        return [Scored(int(self.items_[i]), float(score[i]), basis) for i in best if np.isfinite(score[i])]

    def explain(self, history: History, item: int) -> list[Share]:
        """The exact shares of the score of `item` by past course, greatest first; empty for a course it does not know."""
        place = self._places([item])
        if not len(place):
            return []
        past = self._places(np.unique(np.asarray(history, dtype=np.int64)))
        values = self.ease_.weight_[past, place[0]]
        return [
            Share(int(self.items_[past[i]]), float(values[i])) for i in np.argsort(-values, kind="stable")
        ]

    def popular(self, group: str = "") -> Popularity:
        """How often each course was taken in the group, or among all when nobody of the group was seen."""
        return self.popularity_.get(group, self.popularity_[""])

    def _places(self, items: Any) -> np.ndarray:
        wanted = np.asarray(items, dtype=np.int64)
        if not len(self.items_):
            return np.zeros(0, dtype=np.intp)
        place = np.searchsorted(self.items_, wanted).clip(max=len(self.items_) - 1)
        found: np.ndarray = place[self.items_[place] == wanted]
        return found

    def _matrix(self, learner: np.ndarray, item: np.ndarray, learners: int) -> sparse.csr_array:
        if not len(self.items_):
            return sparse.csr_array((learners, 0), dtype=np.float32)
        place = np.searchsorted(self.items_, item).clip(max=len(self.items_) - 1)
        known = self.items_[place] == item
        matrix = sparse.csr_array(
            (np.ones(int(known.sum()), dtype=np.float32), (learner[known], place[known])),
            shape=(learners, len(self.items_)),
        )
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix


def evaluate(histories: Sequence[History], recommender: Recommender, k: int = 10) -> dict[str, float]:
    """Each learner's last course held back: hit rate and NDCG at `k` of EASE and of popularity, over the whole catalogue.

    Learners with fewer than two courses teach but are not asked. Taken courses are masked; ties go by course id, as in `recommend`.
    """
    paths = [_distinct(history) for history in histories]
    asked = np.flatnonzero([len(path) >= 2 for path in paths])
    past = [path[:-1] if len(path) >= 2 else path for path in paths]
    model = clone(recommender).fit(past)
    popular = model.popular().count.astype(np.float32)
    found = {"ease": np.zeros(2), "popularity": np.zeros(2)}
    for start in range(0, len(asked), ROWS):
        block = asked[start : start + ROWS]
        taken = model._matrix(*_flat([past[i] for i in block]), len(block))
        truth = np.array([paths[i][-1] for i in block], dtype=np.int64)
        place = np.searchsorted(model.items_, truth).clip(max=max(len(model.items_) - 1, 0))
        # A course that nobody else took cannot be found: a miss, not left out.
        rows = np.flatnonzero(model.items_[place] == truth)
        for name, score in (
            ("ease", model.scores_of([past[i] for i in block])),
            ("popularity", np.tile(popular, (len(block), 1))),
        ):
            score[taken.nonzero()] = -np.inf
            own = score[rows, place[rows]][:, None]
            before = np.arange(score.shape[1])[None, :] < place[rows][:, None]
            rank = ((score[rows] > own) | ((score[rows] == own) & before)).sum(axis=1)
            hit = rank[rank < k]
            found[name] += (len(hit), (1 / np.log2(hit + 2)).sum())
    rates = {name: (total / max(len(asked), 1)).tolist() for name, total in found.items()}
    return {
        "asked": float(len(asked)),
        f"hr@{k}": rates["ease"][0],
        f"ndcg@{k}": rates["ease"][1],
        f"hr@{k}_popularity": rates["popularity"][0],
        f"ndcg@{k}_popularity": rates["popularity"][1],
    }


def _flat(histories: Sequence[History]) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.fromiter((len(history) for history in histories), dtype=np.int64, count=len(histories))
    learner = np.repeat(np.arange(len(histories)), lengths)
    item = np.concatenate([np.asarray(h, dtype=np.int64) for h in histories] or [np.zeros(0, dtype=np.int64)])
    return learner, item


def _distinct(history: History) -> np.ndarray:
    """The courses in order of their first appearance."""
    items = np.asarray(history, dtype=np.int64)
    _, first = np.unique(items, return_index=True)
    return items[np.sort(first)]


def _count(taken: sparse.csr_array) -> tuple[np.ndarray, int]:
    """How often each item was taken, and by how many learners anything was."""
    return np.asarray(taken.sum(axis=0)).ravel(), int((np.diff(taken.indptr) > 0).sum())

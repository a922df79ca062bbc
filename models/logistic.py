"""A standardised logistic regression that can be told that no feature lowers the odds, and that knows its own uncertainty by group."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

STEPS = 100
TINY = 1e-10


class GroupedLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Odds of the second class, linear in standardised features; fitted again on draws of whole groups for its interval.

    Maximum likelihood with an L2 penalty on the weights and none on the intercept, so that the mean of the predicted
    chances equals the observed share: calibrated in the large by construction.

    Parameters
    ----------
    penalty : float, default=1.0
        Weight of ½‖w‖² against the summed log loss.
    positive : bool, default=False
        Keep every weight at or above zero. With features that each point towards the outcome, no reason can then
        argue the wrong way round because two features overlap.
    draws : int, default=0
        Bootstrap draws of groups.
    seed : int, default=0
        Of the draws.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    mean_, scale_ : ndarray of shape (n_features,)
    coef_ : ndarray of shape (n_features,), log odds per standard deviation
    intercept_ : float, log odds at the mean of all features
    drawn_ : ndarray of shape (draws, n_features + 1), weights and, last, intercept of each draw
    """

    def __init__(self, penalty: float = 1.0, positive: bool = False, draws: int = 0, seed: int = 0) -> None:
        self.penalty = penalty
        self.positive = positive
        self.draws = draws
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """`groups`: what each row belongs to and is drawn with; each row by itself when not given."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, target = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            # scikit-learn's own estimator checks look for these words.
            raise ValueError(
                f"Only binary classification is supported. 训练数据有 {len(self.classes_)} class，要 2 个"
            )
        self.mean_ = X.mean(axis=0)
        spread = X.std(axis=0)
        self.scale_ = np.where(spread > 1e-12, spread, 1.0)
        Z = (X - self.mean_) / self.scale_
        best = self._best(Z, target, np.ones(len(Z)), np.zeros(Z.shape[1] + 1))
        self.coef_, self.intercept_ = best[:-1], float(best[-1])
        _, group = np.unique(np.arange(len(Z)) if groups is None else groups, return_inverse=True)
        rng = np.random.default_rng(self.seed)
        drawn = []
        for _ in range(self.draws):
            times = np.bincount(rng.integers(0, group.max() + 1, group.max() + 1), minlength=group.max() + 1)
            weight = times[group].astype(np.float64)
            if 0 < weight @ target < weight.sum():
                drawn.append(self._best(Z, target, weight, best))
        self.drawn_ = np.array(drawn).reshape(-1, Z.shape[1] + 1)
        return self

    def _best(self, Z: np.ndarray, target: np.ndarray, weight: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Projected Newton steps. (L-BFGS-B took 25 times as long: its tiny products wait for BLAS threads.)"""
        design = np.c_[Z, np.ones(len(Z))]
        ridge = np.append(np.full(Z.shape[1], float(self.penalty)), 0.0)
        bounded = np.append(np.full(Z.shape[1], bool(self.positive)), False)

        def loss(w: np.ndarray) -> float:
            odds = design @ w
            return float(weight @ (np.logaddexp(0, odds) - target * odds) + ridge @ (w * w) / 2)

        w, now = start, loss(start)
        for _ in range(STEPS):
            chance = expit(design @ w)
            slope = design.T @ (weight * (chance - target)) + ridge * w
            free = ~(bounded & (w <= 0) & (slope > 0))
            bend = (design.T * (weight * chance * (1 - chance))) @ design + np.diag(ridge + TINY)
            step = np.zeros(len(w))
            step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
            length = 1.0
            while length > TINY:
                there = w - length * step
                there[bounded] = there[bounded].clip(min=0)
                then = loss(there)
                if then <= now - 1e-4 * slope @ (w - there):
                    break
                length /= 2
            else:
                break
            moved, w, now = np.abs(there - w).max(), there, then
            if moved < 1e-8:
                break
        return w

    def _standardised(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        standardised: np.ndarray = (X - self.mean_) / self.scale_
        return standardised

    def contributions(self, X: Any) -> np.ndarray:
        """What each feature adds to the log odds against the mean of the training data: rows × features.

        With the intercept they sum to `decision_function` exactly.
        """
        added: np.ndarray = self._standardised(X) * self.coef_
        return added

    def decision_function(self, X: Any) -> np.ndarray:
        """Log odds of the second class."""
        odds: np.ndarray = self.contributions(X).sum(axis=1) + self.intercept_
        return odds

    def predict_proba(self, X: Any) -> np.ndarray:
        chance = expit(self.decision_function(X))
        return np.column_stack([1 - chance, chance])

    def predict(self, X: Any) -> np.ndarray:
        positive = self.decision_function(X) > 0
        chosen: np.ndarray = self.classes_[positive.astype(int)]
        return chosen

    def interval(self, X: Any, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the chance of the second class over the draws: how far the groups it learned from pin it down."""
        Z = self._standardised(X)
        chance = expit(Z @ self.drawn_[:, :-1].T + self.drawn_[:, -1])
        low, high = np.quantile(chance, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
        return low, high

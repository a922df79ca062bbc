"""EASE: an item-item regression in closed form (Steck 2019, “Embarrassingly Shallow Autoencoders for Sparse Data”)."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import linalg, sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class Ease(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scores of every item for every learner, from the items the learner already has.

    The weights B minimise ‖X − XB‖² + l2‖B‖² with a zero diagonal, so that no item explains itself.

    Parameters
    ----------
    l2 : float, default=100.0
        Strength of the penalty; must be positive.

    Attributes
    ----------
    weight_ : ndarray of shape (n_items, n_items)
        `weight_[i, j]` is what having item i adds to the score of item j.

    Examples
    --------
    >>> import numpy as np
    >>> Ease(l2=1.0).fit(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])).transform(np.array([[1, 0, 0]])).round(2)
    array([[0.  , 0.67, 0.  ]])
    """

    def __init__(self, l2: float = 100.0) -> None:
        self.l2 = l2

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: learners × items, dense or sparse. The inverse is taken in float64, where a popular item cannot ruin it."""
        if not self.l2 > 0:
            raise ValueError(f"l2 必须大于 0，给的是 {self.l2!r}")
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        gram = X.T @ X
        gram = np.asarray(gram.toarray() if sparse.issparse(gram) else gram, dtype=np.float64)
        gram[np.diag_indices_from(gram)] += self.l2
        factor = linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
        (invert,) = linalg.get_lapack_funcs(("potri",), (factor,))
        inverse, _ = invert(factor, lower=True, overwrite_c=True)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weight = inverse / -np.diag(inverse)
        np.fill_diagonal(weight, 0.0)
        self.weight_ = weight.astype(X.dtype)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Scores, learners × items. What a learner already has is scored too; masking is the caller's."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        return np.asarray(X @ self.weight_)

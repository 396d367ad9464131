r"""Sufficient statistics of all rows but those of one fold, for every fold, from one pass over the rows.

Each is the sum of the statistics of the other folds (`SufficientStats` add), by sums from the front and from the back:
2 K additions of p x p matrices. Nothing is subtracted, so that a column whose spread lies in one fold costs no digits.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.data.columns import Columns
from bayesreg.data.stats import SufficientStats

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Sums of squares about a mean that are above this share of the squared mean are no rounding.
_SPREAD = 1e-20


def fold_stats(X: Any, y: Array, weight: Array, folds: list[Index]) -> list[SufficientStats]:
    """Statistics of each fold. Cost O(n p²) together.

    Parameters
    ----------
    X : array or SciPy sparse array, shape (n, p)
        The rows of one fold at a time are made dense.
    y, weight : array, shape (n,)
    folds : list of array of int
        Rows of each, which must have some weight.
    """
    by_row = X.tocsr() if sparse.issparse(X) else X
    return [SufficientStats.from_rows(Columns(by_row[rows], None).dense(), y[rows], weight[rows]) for rows in folds]


def complements(parts: list[SufficientStats]) -> list[SufficientStats]:
    """Statistics of all rows but those of each fold, for two folds or more.

    Parameters
    ----------
    parts : list of SufficientStats

    Returns
    -------
    list of SufficientStats
        In the order of the folds.
    """
    before = list(accumulate(parts))
    after = list(accumulate(reversed(parts)))[::-1]
    inner = [before[k - 1] + after[k + 1] for k in range(1, len(parts) - 1)]
    return [after[1], *inner, before[-2]]


def varying(X: Any, weight: Array, folds: list[Index], trained: list[SufficientStats]) -> NDArray[np.bool_]:
    """Whether a column takes two values among the rows with weight outside each fold, shape (K, p).

    Rounding leaves a constant column some spread about its mean: those with so little are looked at.
    """
    spread = np.array([np.diag(stats.gram) for stats in trained])
    size = np.array([stats.weight * stats.x_mean**2 for stats in trained])
    out = spread > _SPREAD * size
    doubtful = np.flatnonzero(~out.all(axis=0))
    if not doubtful.size:
        return out
    lowest, highest = np.empty((len(folds), doubtful.size)), np.empty((len(folds), doubtful.size))
    looked_at = Columns(X.tocsc() if sparse.issparse(X) else X, None).take(doubtful).dense()
    for k, rows in enumerate(folds):
        held = looked_at[rows[weight[rows] > 0]]
        lowest[k], highest[k] = held.min(axis=0), held.max(axis=0)
    for k in range(len(folds)):
        others = np.arange(len(folds)) != k
        out[k, doubtful] = lowest[others].min(axis=0) < highest[others].max(axis=0)
    return out


def residual_squares(stats: SufficientStats, coef: Array, intercept: Array) -> Array:
    """Weighted RSS of the rows behind the statistics, for coefficients (k, p) and intercepts (k,), shape (k,).

    It cancels where the fit is nearly perfect: to about 1e-16 of the total sum of squares.
    """
    inside = stats.total - 2 * coef @ stats.cross + np.einsum("kj,kj->k", coef @ stats.gram, coef)
    return np.asarray(inside + stats.weight * (stats.y_mean - coef @ stats.x_mean - intercept) ** 2)

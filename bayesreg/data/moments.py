"""Means and sizes of the columns of X in two passes over memory, dense or sparse, without a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted moments of each column, shapes (p,).

    Parameters
    ----------
    mean : array
        Weighted mean.
    size : array
        Root of the weighted sum of squares.
    spread : array
        Root of the weighted sum of squares about the mean; exactly 0 for a constant column.
    constant : array of bool
        Columns that hold one value only over the rows with weight.
    """

    mean: Array
    size: Array
    spread: Array
    constant: NDArray[np.bool_]


def column_moments(X: Any, weight: Array) -> Moments:
    """Compute the moments of a dense or CSC matrix. Cost O(n p), or O(nnz); squares cannot overflow.

    A column with a value that is not finite gets a mean that is not.
    """
    p = X.shape[1]
    mean, size, spread = np.empty(p), np.empty(p), np.empty(p)
    constant = np.empty(p, dtype=np.bool_)
    if sparse.issparse(X):
        _sparse(X.data, X.indices, X.indptr, weight, mean, size, spread, constant)
    elif X.flags.c_contiguous and p > 1:
        _by_rows(X, weight, mean, size, spread, constant)
    else:
        _by_columns(X.T, weight, mean, size, spread, constant)
    return Moments(mean, size, spread, constant)


@njit(cache=True, nogil=True)
def _by_columns(
    XT: Any, weight: Any, mean: Any, size: Any, spread: Any, constant: Any
) -> None:  # pragma: no cover - compiled
    """Moments of a matrix whose columns are contiguous, given as its C-ordered transpose."""
    n = weight.size
    total = weight.sum()
    first = 0
    while weight[first] == 0.0:
        first += 1
    for j in range(XT.shape[0]):
        x = XT[j]
        sum_, largest, differs = 0.0, 0.0, 0.0
        for i in range(n):
            used = weight[i] * x[i]
            sum_ += used
            if weight[i] > 0.0:
                largest = max(largest, abs(x[i]))
                differs = max(differs, abs(x[i] - x[first]))
        mean[j] = sum_ / total
        constant[j] = differs == 0.0
        _scale_column(j, x, weight, largest, mean, size, spread, constant)


@njit(cache=True, nogil=True)
def _scale_column(
    j: int, x: Any, weight: Any, largest: float, mean: Any, size: Any, spread: Any, constant: Any
) -> None:  # pragma: no cover - compiled
    """Sums of squares of one column, in units of its largest entry."""
    if largest == 0.0:
        size[j], spread[j] = 0.0, 0.0
        return
    per = 1.0 / largest
    centre = mean[j]
    squares, centred = 0.0, 0.0
    for i in range(x.size):
        a = x[i] * per
        b = (x[i] - centre) * per
        squares += weight[i] * a * a
        centred += weight[i] * b * b
    size[j] = np.sqrt(squares) * largest
    spread[j] = 0.0 if constant[j] else np.sqrt(centred) * largest


@njit(cache=True, nogil=True)
def _by_rows(
    X: Any, weight: Any, mean: Any, size: Any, spread: Any, constant: Any
) -> None:  # pragma: no cover - compiled
    """Moments of a C-ordered matrix, row by row."""
    n, p = X.shape
    total = weight.sum()
    first = 0
    while weight[first] == 0.0:
        first += 1
    largest = np.zeros(p)
    mean[:] = 0.0
    constant[:] = True
    differs = np.zeros(p)
    for i in range(n):
        w = weight[i]
        if w == 0.0:
            for j in range(p):
                mean[j] += 0.0 * X[i, j]
            continue
        for j in range(p):
            x = X[i, j]
            mean[j] += w * x
            largest[j] = max(largest[j], abs(x))
            differs[j] = max(differs[j], abs(x - X[first, j]))
    per = np.zeros(p)
    for j in range(p):
        mean[j] /= total
        constant[j] = differs[j] == 0.0
        per[j] = 1.0 / largest[j] if largest[j] > 0.0 else 0.0
    size[:] = 0.0
    spread[:] = 0.0
    for i in range(n):
        w = weight[i]
        for j in range(p):
            a = X[i, j] * per[j]
            b = (X[i, j] - mean[j]) * per[j]
            size[j] += w * a * a
            spread[j] += w * b * b
    for j in range(p):
        size[j] = np.sqrt(size[j]) * largest[j]
        spread[j] = 0.0 if constant[j] else np.sqrt(spread[j]) * largest[j]


@njit(cache=True, nogil=True)
def _sparse(
    data: Any, indices: Any, indptr: Any, weight: Any, mean: Any, size: Any, spread: Any, constant: Any
) -> None:  # pragma: no cover - compiled
    """Moments of a matrix in compressed columns; what is not stored is 0."""
    total = weight.sum()
    used = 0
    for i in range(weight.size):
        used += weight[i] > 0.0
    for j in range(mean.size):
        low, high = indptr[j], indptr[j + 1]
        sum_, largest, inside, met = 0.0, 0.0, 0.0, 0
        smallest, greatest = np.inf, -np.inf
        for k in range(low, high):
            w = weight[indices[k]]
            sum_ += w * data[k]
            if w > 0.0:
                met += 1
                inside += w
                largest = max(largest, abs(data[k]))
                smallest, greatest = min(smallest, data[k]), max(greatest, data[k])
        if met < used:
            smallest, greatest = min(smallest, 0.0), max(greatest, 0.0)
        mean[j] = sum_ / total
        constant[j] = smallest == greatest
        if largest == 0.0:
            size[j], spread[j] = 0.0, 0.0
            continue
        per = 1.0 / largest
        squares, centred = 0.0, (total - inside) * (mean[j] * per) ** 2
        for k in range(low, high):
            w = weight[indices[k]]
            squares += w * (data[k] * per) ** 2
            centred += w * ((data[k] - mean[j]) * per) ** 2
        size[j] = np.sqrt(squares) * largest
        spread[j] = 0.0 if constant[j] else np.sqrt(max(centred, 0.0)) * largest

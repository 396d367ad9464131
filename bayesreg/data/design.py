"""The checked data of one fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.checks import as_matrix, as_vector, as_weights

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Design:
    """X, y and what goes with their rows, checked once; nothing here is modified later.

    Parameters
    ----------
    X : array, shape (n, p)
    y : array, shape (n,)
    weight : array, shape (n,)
        Row weights; weight k is the row repeated k times.
    offset : array, shape (n,)
        Known part of the linear predictor.
    names : tuple of str
        Column names.
    weighted : bool
        Whether any weight differs from 1.
    """

    X: Array
    y: Array
    weight: Array
    offset: Array
    names: tuple[str, ...]
    weighted: bool

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def p(self) -> int:
        """Number of columns."""
        return int(self.X.shape[1])

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights: the number of rows that they stand for."""
        return float(self.weight.sum())

    @cached_property
    def x_mean(self) -> Array:
        """Weighted column means, shape (p,)."""
        return self.weight @ self.X / self.total_weight

    @cached_property
    def x_sd(self) -> Array:
        """Weighted column standard deviations with ddof 0, shape (p,); exactly 0 for a constant column."""
        spread = np.sqrt(self.weight @ (self.X - self.x_mean) ** 2 / self.total_weight)
        return np.where(self.constant, 0.0, spread)

    @cached_property
    def constant(self) -> NDArray[np.bool_]:
        """Columns that hold one value only, over the rows with weight, shape (p,)."""
        used = self.X if not self.weighted else self.X[self.weight > 0]
        return np.asarray(used.max(axis=0) == used.min(axis=0))

    @cached_property
    def y_sd(self) -> float:
        """Weighted standard deviation (ddof 0) of y less the offset."""
        r = self.y - self.offset
        mean = self.weight @ r / self.total_weight
        return float(np.sqrt(self.weight @ (r - mean) ** 2 / self.total_weight))

    @cached_property
    def centred(self) -> Array:
        """Weighted and centred X: sqrt(w_i) (x_i - mean), shape (n, p); constant columns are exactly 0."""
        rows = np.sqrt(self.weight)[:, None] * (self.X - self.x_mean)
        rows[:, self.constant] = 0.0
        return np.asarray(rows)

    @cached_property
    def uncentred(self) -> Array:
        """Weighted X: sqrt(w_i) x_i, shape (n, p)."""
        return np.asarray(np.sqrt(self.weight)[:, None] * self.X)

    @cached_property
    def centred_gram(self) -> Array:
        """``centred`` times itself, shape (p, p). Cost O(n p²), once."""
        return np.asarray(self.centred.T @ self.centred)

    @cached_property
    def uncentred_gram(self) -> Array:
        """``uncentred`` times itself, shape (p, p). Cost O(n p²), once."""
        return np.asarray(self.uncentred.T @ self.uncentred)


def make_design(X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Design:
    """Check the data and return them as a `Design`.

    Parameters
    ----------
    X : array or frame, shape (n, p)
        Real numbers; a pandas or polars frame gives the column names.
    y : array, shape (n,)
    sample_weight : array, shape (n,), optional
    offset : array, shape (n,), optional

    Raises
    ------
    InputError
        Naming the argument, for NaN or infinite values, wrong shapes, text, negative weights.

    Examples
    --------
    >>> import bayesreg as br
    >>> design = br.make_design([[1.0, 2.0], [3.0, 4.0]], [0.5, 1.5], sample_weight=[1, 3])
    >>> design.n, design.names, design.x_mean.tolist()
    (2, ('x0', 'x1'), [2.5, 3.5])
    """
    matrix, names = as_matrix(X)
    n = matrix.shape[0]
    response = as_vector(y, "y", n)
    weight = as_weights(sample_weight, n)
    shift = np.zeros(n) if offset is None else as_vector(offset, "offset", n)
    return Design(matrix, response, weight, shift, names, bool(np.any(weight != 1)))

"""The checked data of one fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.data.checks import as_vector, as_weights, check_columns_finite, read_matrix
from bayesreg.data.columns import Columns
from bayesreg.data.moments import Moments, column_moments
from bayesreg.errors import InputError

Array = NDArray[np.float64]

# Means of so many standard deviations cost a Gram matrix two digits when they are taken off afterwards.
IMPLICIT_CENTRING = 10.0
LARGEST_RESPONSE = 1e150


@dataclass(frozen=True, eq=False)
class Design:
    """X, y and what goes with their rows, checked once; nothing here is modified later.

    Parameters
    ----------
    X : array or scipy.sparse.csc_array, shape (n, p)
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

    X: Any
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

    @property
    def is_sparse(self) -> bool:
        """Whether X is stored sparsely."""
        return bool(sparse.issparse(self.X))

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights: the number of rows that they stand for."""
        return float(self.weight.sum())

    @cached_property
    def moments(self) -> Moments:
        """Weighted moments of the columns."""
        return column_moments(self.X, self.weight)

    @property
    def x_mean(self) -> Array:
        """Weighted column means, shape (p,)."""
        return self.moments.mean

    @cached_property
    def x_sd(self) -> Array:
        """Weighted column standard deviations with ddof 0, shape (p,); exactly 0 for a constant column."""
        return np.asarray(self.moments.spread / math.sqrt(self.total_weight))

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Columns that hold one value only, over the rows with weight, shape (p,)."""
        return self.moments.constant

    @cached_property
    def y_sd(self) -> float:
        """Weighted standard deviation (ddof 0) of y less the offset."""
        r = self.y - self.offset
        mean = self.weight @ r / self.total_weight
        return float(np.sqrt(self.weight @ (r - mean) ** 2 / self.total_weight))

    @cached_property
    def columns(self) -> Columns:
        """X as it is."""
        return Columns(self.X, None)

    @cached_property
    def centred_columns(self) -> Columns:
        """X less its weighted means: by a shift, or by one copy where the means would drown the differences."""
        moments = self.moments
        drowned = np.abs(moments.mean) > IMPLICIT_CENTRING * self.x_sd
        if not drowned.any():
            return Columns(self.X, moments.mean)
        if not self.is_sparse:
            return Columns(np.where(moments.constant, 0.0, self.X - moments.mean), None)
        # A sparse column with such a mean has hardly a zero, so that centring it costs no memory.
        few = np.flatnonzero(drowned)
        centred = np.where(moments.constant[few], 0.0, self.X[:, few].toarray() - moments.mean[few])
        order = np.argsort(np.concatenate([np.flatnonzero(~drowned), few]))
        X = sparse.hstack([self.X[:, ~drowned], sparse.csc_array(centred)], format="csc")[:, order]
        return Columns(sparse.csc_array(X), np.where(drowned, 0.0, moments.mean))

    @cached_property
    def row_weight(self) -> Array | None:
        """The weights, or None where all are 1."""
        return self.weight if self.weighted else None

    @cached_property
    def centred(self) -> Array:
        """Weighted and centred X: sqrt(w_i) (x_i - mean), a dense copy (n, p); constant columns are exactly 0."""
        rows = np.sqrt(self.weight)[:, None] * (self._dense() - self.x_mean)
        rows[:, self.constant] = 0.0
        return np.asarray(rows)

    @cached_property
    def uncentred(self) -> Array:
        """Weighted X: sqrt(w_i) x_i, a dense copy (n, p)."""
        return np.asarray(np.sqrt(self.weight)[:, None] * self._dense())

    @cached_property
    def centred_gram(self) -> Array:
        """``centred`` times itself, shape (p, p). Cost O(n p²), once."""
        gram = self.centred_columns.gram(self.row_weight)
        gram[self.constant] = 0.0
        gram[:, self.constant] = 0.0
        return gram

    def know_centred_gram(self, gram: Array) -> None:
        """Take ``centred_gram`` (p, p) from whoever has it already, such as a sum over parts of the rows."""
        vars(self)["centred_gram"] = gram

    @cached_property
    def uncentred_gram(self) -> Array:
        """``uncentred`` times itself, shape (p, p). Cost O(n p²), once."""
        return self.columns.gram(self.row_weight)

    def _dense(self) -> Array:
        return np.asarray(self.X.toarray() if self.is_sparse else self.X)


def make_design(X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Design:
    """Check the data and return them as a `Design`.

    Parameters
    ----------
    X : array, SciPy sparse array or frame, shape (n, p)
        Real numbers; a pandas or polars frame gives the column names. A sparse X stays sparse.
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
    matrix, names = read_matrix(X)
    n = matrix.shape[0]
    response = as_vector(y, "y", n)
    weight = as_weights(sample_weight, n)
    shift = np.zeros(n) if offset is None else as_vector(offset, "offset", n)
    design = Design(matrix, response, weight, shift, names, sample_weight is not None and bool(np.any(weight != 1)))
    # A column with NaN or an infinity has a mean that is not finite: the check costs no pass of its own.
    if not np.all(np.isfinite(design.x_mean)):
        check_columns_finite(matrix, names)
        raise InputError("X holds values near the largest that a float can be; divide its columns by a number.")
    if np.abs(response).max() > LARGEST_RESPONSE:
        raise InputError(f"y holds values beyond {LARGEST_RESPONSE:g}, whose squares overflow; divide it by a number.")
    return design

r"""What leaving one row out does to a penalised fit, from one solve with all rows.

With H the Hessian of the objective on the support, z_i the row (with its 1 for an intercept) there, g_i and h_i the
first two derivatives of the weighted loss of the row,

.. math:: \hat\eta_{-i} = \hat\eta_i + \frac{a_i}{1 - a_i h_i}\, g_i, \qquad a_i = z_i^T H^{-1} z_i

(Rad & Maleki, 2020, Journal of the Royal Statistical Society B 82, theorems 1 and 2). Exact for a quadratic loss with a
quadratic penalty, by the formula of Sherman and Morrison.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from bayesreg.data.columns import Columns
from bayesreg.numerics.least_squares import LeastSquares

Array = NDArray[np.float64]

# Numbers held at a time.
_BLOCK = 4_000_000
# Pivots of unit columns below this mean that the rows leave a direction free.
_SINGULAR = 1e-13
# Rows with less than this left to predict them are not predicted without themselves.
_FITTED = 1e-10


def left_out(eta: Array, a: Array, slope: Array, curvature: Array) -> Array:
    """Predictors of each row without it, shape (n,); NaN where nothing but the row itself determines it."""
    left = 1 - a * curvature
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(left > _FITTED, eta + a * slope / left, np.nan))


def inverse_norms(columns: Columns, h: Array, bend: Array, level: float | None, gram: Array | None = None) -> Array:
    """a_i for every row, shape (n,); NaN where the Hessian is not positive definite.

    Cost O(n k²) for k columns, or O(n² k) where there are more columns than rows and ``bend`` is a diagonal.

    Parameters
    ----------
    columns : Columns, shape (n, k)
        Of the support.
    h : array, shape (n,)
        Weighted curvature of the loss.
    bend : array, shape (k,) or (k, k)
        Hessian of the penalty.
    level : float or None
        Rate of the intercept's prior, 0 for a flat one; None without an intercept.
    gram : array, shape (k, k), optional
        columns' diag(h) columns, where it is known already.
    """
    n, k = columns.shape
    if k > n and bend.ndim == 1 and np.all(bend > 0):
        return _by_rows(columns, h, bend, level)
    cut = 0 if level is None else 1
    if k + cut == 0:
        # Nothing is fitted, so no row has a say in its own prediction.
        return np.zeros(n)
    H = np.empty((k + cut, k + cut))
    H[cut:, cut:] = (_gram(columns, h) if gram is None else gram) + (np.diag(bend) if bend.ndim == 1 else bend)
    if level is not None:
        H[0, 0] = h.sum() + level
        H[0, 1:] = H[1:, 0] = columns.transposed_times(h)
    size = np.sqrt(np.maximum(np.diag(H), 0.0))
    if np.any(size == 0):
        return np.full(n, np.nan)
    factor, info = linalg.lapack.dpotrf(H / np.outer(size, size), lower=1)
    if info != 0 or np.diag(factor).min() ** 2 < _SINGULAR:
        return np.full(n, np.nan)
    # a_i = |L^-1 z_i|²: the inverse of a triangular factor is as good as a solve with it, and is a plain product.
    inverse = linalg.solve_triangular(factor, np.diag(1 / size), lower=True, check_finite=False)
    on, constant = inverse[:, cut:].T.copy(), inverse[:, :cut].sum(axis=1)
    if columns.shift is not None:
        constant = constant - columns.shift @ on
    out = np.empty(n)
    step = max(1, _BLOCK // (k + cut))
    for start in range(0, n, step):
        along = columns.X[start : start + step] @ on + constant
        out[start : start + step] = np.einsum("ij,ij->i", along, along)
    return out


def _gram(columns: Columns, h: Array) -> Array:
    """X' diag(h) X of the shifted columns, whose means under h need not be 0; curvatures may be negative."""
    if columns.shape[1] == 0:
        return np.zeros((0, 0))
    plain = Columns(columns.X, None)
    out = plain.gram(h) if np.all(h >= 0) else plain.cross(plain, h)
    if columns.shift is None:
        return out
    along = np.outer(plain.transposed_times(h), columns.shift)
    return np.asarray(out - along - along.T + h.sum() * np.outer(columns.shift, columns.shift))


def _by_rows(columns: Columns, h: Array, bend: Array, level: float | None) -> Array:
    """The same in the space of the rows: A = K - K D (1 + D K D)^-1 D K, K = X R^-1 X', D² = h; then the intercept."""
    n = columns.shape[0]
    if np.any(h < 0):
        return np.full(n, np.nan)
    X, shift = columns.X, columns.shift
    weighted = X.multiply(1 / bend[None, :]).tocsr() if columns.is_sparse else X / bend
    K = weighted @ X.T
    K = K.toarray() if sparse.issparse(K) else K
    if shift is not None:
        along = weighted @ shift
        K = K - along[:, None] - along[None, :] + float(shift @ (shift / bend))
    root = np.sqrt(h)
    M = np.eye(n) + root[:, None] * K * root
    half = linalg.solve_triangular(linalg.cholesky(M, lower=True), root[:, None] * K, lower=True)
    A = K - half.T @ half
    out = np.diag(A).copy()
    if level is not None:
        seen = A @ h
        left = h.sum() + level - float(h @ seen)
        out += (1 - seen) ** 2 / left
    return out


@dataclass(frozen=True, eq=False)
class RidgeLeverages:
    """Leverages w_i a_i of a ridge penalty at any strength, in half-RSS units, from one decomposition; `of` makes it.

    Parameters
    ----------
    values : array, shape (r,)
        Eigenvalues of the Gram matrix in units of the penalty.
    squares : array, shape (n, r)
        Squared coordinates of the rows.
    by_rows : bool
        Whether those are of left singular vectors, and not of the rows themselves.
    level : array, shape (n,), or float
        What a flat intercept adds; 0 without one.
    """

    values: Array
    squares: Array
    by_rows: bool
    level: Array | float

    @classmethod
    def of(cls, problem: LeastSquares, total: float | None) -> RidgeLeverages:
        """Decompose. Cost O(n p min(n, p)).

        Parameters
        ----------
        problem : LeastSquares
            Every l2 positive, no row of an intercept's prior.
        total : float or None
            The sum of the weights beside a flat intercept.
        """
        A = problem.rows()[0] / np.sqrt(problem.penalty.l2)
        n, p = A.shape
        values, vectors = linalg.eigh(A.T @ A if p <= n else A @ A.T, check_finite=False, driver="evd")
        along = A @ vectors if p <= n else vectors
        weight = np.ones(n) if problem.weight is None else problem.weight
        return cls(np.maximum(values, 0.0), along**2, p > n, 0.0 if total is None else weight / total)

    def at(self, strengths: Array) -> Array:
        """Shape (k, n)."""
        shares = (self.values if self.by_rows else 1.0) / (self.values + strengths[:, None])
        return np.asarray(shares @ self.squares.T + self.level)

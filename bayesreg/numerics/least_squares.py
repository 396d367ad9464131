r"""Penalised least squares in half-RSS units, as a value, and its closed form.

.. math:: \min_d \tfrac12\sum_i w_i (b_i - a_i^T d)^2 + \Omega(d)

The columns of A are centred when an intercept has been eliminated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.data.columns import Columns
from bayesreg.numerics.double_double import residual_and_gradient
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """One penalised least-squares problem.

    Parameters
    ----------
    columns : Columns, shape (n, p)
        A, less the row below.
    weight : array, shape (n,), or None
        Row weights; None: all 1.
    response : array, shape (n,)
        b.
    penalty : Penalty
        In half-RSS units.
    norm : array, shape (p,)
        Weighted norms of the columns.
    make_gram : callable
        Returns A'WA without the row below, shape (p, p).
    row, row_response : array, shape (p,), or None, and float
        One more row of A (already weighted), from a proper prior of the intercept.
    """

    columns: Columns
    weight: Array | None
    response: Array
    penalty: Penalty
    norm: Array
    make_gram: Callable[[], Array]
    row: Array | None = None
    row_response: float = 0.0

    @cached_property
    def gram(self) -> Array:
        """A'WA, shape (p, p)."""
        gram = self.make_gram()
        return gram if self.row is None else gram + np.outer(self.row, self.row)

    @cached_property
    def cross(self) -> Array:
        """A'Wb, shape (p,)."""
        return -self.gradient_at(self.response, self.row_response)

    @cached_property
    def size(self) -> float:
        """Weighted norm of the response."""
        squares = self.response @ self._weighted(self.response)
        return float(np.sqrt(squares + self.row_response**2))

    @cached_property
    def kkt_scale(self) -> Array:
        """Norm of each column times that of the response, shape (p,): a KKT distance over it is a cosine."""
        scale = self.column_norm * self.size
        return np.where(scale > 0, scale, 1.0)

    @cached_property
    def column_norm(self) -> Array:
        """Norm of each column of A, shape (p,)."""
        return self.norm if self.row is None else np.hypot(self.norm, self.row)

    def residual(self, d: Array) -> tuple[Array, float]:
        """B - A d: of the rows, and of the extra one."""
        extra = 0.0 if self.row is None else self.row_response - float(self.row @ d)
        return self.response - self.columns.times(d), extra

    def gradient_at(self, residual: Array, extra: float) -> Array:
        """-A'W r for the residuals of `residual`, shape (p,)."""
        out = -self.columns.transposed_times(self._weighted(residual))
        return out if self.row is None else out - self.row * extra

    def gradient(self, d: Array) -> Array:
        """A'W(A d - b), from the rows and not from the Gram matrix, shape (p,)."""
        return self.gradient_at(*self.residual(d))

    def rows(self) -> tuple[Array, Array]:
        """A and b with every row weighted, as dense copies, shapes (m, p) and (m,)."""
        root = 1.0 if self.weight is None else np.sqrt(self.weight)
        A, b = (root * self.columns.dense().T).T, root * self.response
        if self.row is None:
            return np.asarray(A), np.asarray(b)
        return np.vstack([A, self.row]), np.append(b, self.row_response)

    def _weighted(self, residual: Array) -> Array:
        return residual if self.weight is None else self.weight * residual


def ridge(problem: LeastSquares) -> Array:
    """Closed form for ``l1 = 0`` and every ``l2 > 0``, in the smaller of the two spaces. Cost O(n p min(n, p)).

    (G + L)^-1 A'b for p <= n; for p > n the same as D A~'(A~A~' + I)^-1 b with D = L^-1/2 and A~ = A D. Each is
    followed by refinement steps whose residual comes from the rows.
    """
    n, p = problem.columns.shape
    l2 = problem.penalty.l2
    if p <= n:
        # Unit diagonal: the factorisation then does not feel the units of the columns.
        scale = np.sqrt(np.diag(problem.gram) + l2)
        factor = linalg.cho_factor((problem.gram + np.diag(l2)) / np.outer(scale, scale), lower=True)

        def solve(v: Array) -> Array:
            return np.asarray(linalg.cho_solve(factor, v / scale) / scale)
    else:
        A, _ = problem.rows()
        A /= np.sqrt(l2)
        factor = linalg.cho_factor(A @ A.T + np.eye(A.shape[0]), lower=True)

        def solve(v: Array) -> Array:
            # Woodbury: (A'A + L)^-1 v = D [v~ - A~'(A~A~' + I)^-1 A~ v~], v~ = D v.
            inner = v / np.sqrt(l2)
            return np.asarray((inner - A.T @ linalg.cho_solve(factor, A @ inner)) / np.sqrt(l2))

    d = solve(problem.cross)
    for _ in range(3):
        step = solve(problem.gradient(d) + l2 * d)
        d = d - step
        if np.abs(step).max() <= 1e-15 * np.abs(d).max():
            break
    return d


def conjugate_gradients(problem: LeastSquares, max_iter: int = 2000) -> Array:
    """Solve ``l1 = 0`` by preconditioned conjugate gradients, restarted from the true gradient, for large sparse A.

    Cost O(nnz) a step; stops at rounding, or where a restart gains nothing.
    """
    l2 = problem.penalty.l2
    inverse = 1.0 / np.where(problem.column_norm**2 + l2 > 0, problem.column_norm**2 + l2, 1.0)
    d = np.zeros(l2.size)
    zero = np.zeros(problem.columns.shape[0])
    residual = -(problem.gradient(d) + l2 * d)
    first = float(residual @ (inverse * residual))
    for _ in range(10):
        z = inverse * residual
        direction, square = z, float(residual @ z)
        for _ in range(max_iter):
            if square <= 1e-32 * first:
                break
            extra = 0.0 if problem.row is None else -float(problem.row @ direction)
            product = problem.gradient_at(zero - problem.columns.times(direction), extra) + l2 * direction
            share = square / float(direction @ product)
            d = d + share * direction
            residual = residual - share * product
            z = inverse * residual
            before, square = square, float(residual @ z)
            direction = z + (square / before) * direction
        true = -(problem.gradient(d) + l2 * d)
        if float(true @ (inverse * true)) <= 1e-30 * first:
            break
        residual = true
    return d


def orthogonal(problem: LeastSquares) -> tuple[Array, Array]:
    """Householder QR solution for ``l1 = 0`` and any ``l2 >= 0``; returns it with the triangular factor.

    The augmented matrix [A; sqrt(L)] is factorised with unit columns, so the condition number is not squared.
    """
    l2 = problem.penalty.l2
    A, b = problem.rows()
    scale = np.sqrt(np.einsum("ij,ij->j", A, A) + l2)
    scale[scale == 0] = 1.0
    penalised = np.flatnonzero(l2 > 0)
    extra = np.zeros((penalised.size, l2.size))
    extra[np.arange(penalised.size), penalised] = np.sqrt(l2[penalised])
    stacked = np.vstack([A, extra]) / scale
    Q, R = linalg.qr(stacked, mode="economic")
    d = linalg.solve_triangular(R, Q.T @ np.concatenate([b, np.zeros(penalised.size)]))
    return np.asarray(d / scale), np.asarray(R * scale)


def refine(X: Array, y: Array, weight: Array, l2: Array, coef: Array, R: Array, centre: bool) -> tuple[Array, float]:
    """Refine a least-squares solution to full working accuracy; returns the coefficients and the intercept.

    Corrected seminormal equations (Björck, 1987): the gradient is taken on the uncentred data in doubled precision,
    the correction through the triangular factor R of the centred ones. Cost O(n p) a step.

    Parameters
    ----------
    X : array, shape (n, p)
    y, weight : array, shape (n,)
    l2, coef : array, shape (p,)
    R : array, shape (p, p)
        R'R = A'A + L.
    centre : bool
        Whether there is a flat intercept.
    """
    total = weight.sum()
    x_mean = weight @ X / total if centre else np.zeros(X.shape[1])
    high, low = coef.copy(), np.zeros_like(coef)
    b0 = np.array([weight @ (y - X @ coef) / total if centre else 0.0, 0.0])
    previous = np.inf
    for _ in range(8):
        for_intercept, for_coef = residual_and_gradient(X, y, weight, b0, np.stack([high, low]), l2)
        if not centre:
            for_intercept = 0.0
        rhs = for_coef - x_mean * for_intercept
        step = linalg.solve_triangular(R, linalg.solve_triangular(R, rhs, trans="T"))
        size = float(np.max(np.abs(step) / np.maximum(np.abs(high), np.finfo(float).tiny)))
        if not np.isfinite(size) or size > 0.5 * previous:
            break  # converged, or no longer contracting
        previous = size
        step0 = for_intercept / total - x_mean @ step if centre else 0.0
        # Two-sum of the pair with the correction.
        new = high + (low + step)
        low = (low + step) - (new - high)
        high = new
        new0 = b0[0] + (b0[1] + step0)
        b0 = np.array([new0, (b0[1] + step0) - (new0 - b0[0])])
        if size <= np.finfo(float).eps:
            break  # what follows would change the low parts only
    return high, float(b0[0])

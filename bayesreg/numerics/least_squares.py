r"""Penalised least squares in half-RSS units, as a value, and its closed form.

.. math:: \min_d \tfrac12\|b - A d\|^2 + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2

The rows of A are weighted, and centred when an intercept has been eliminated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.numerics.double_double import residual_and_gradient

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """One penalised least-squares problem.

    Parameters
    ----------
    rows : array, shape (m, p)
        A.
    response : array, shape (m,)
        b.
    gram : array, shape (p, p)
        A'A.
    l1, l2 : array, shape (p,)
        Penalties in half-RSS units.
    """

    rows: Array
    response: Array
    gram: Array
    l1: Array
    l2: Array

    @cached_property
    def cross(self) -> Array:
        """A'b, shape (p,)."""
        return np.asarray(self.rows.T @ self.response)

    @cached_property
    def kkt_scale(self) -> Array:
        """Norm of each column times that of the response, shape (p,): a KKT distance over it is a cosine."""
        scale = np.sqrt(np.diag(self.gram)) * np.sqrt(self.response @ self.response)
        return np.where(scale > 0, scale, 1.0)

    def gradient(self, d: Array) -> Array:
        """A'(A d - b), from the rows and not from the Gram matrix, shape (p,)."""
        return np.asarray(self.rows.T @ (self.rows @ d - self.response))


def ridge(problem: LeastSquares) -> Array:
    """Closed form for ``l1 = 0`` and every ``l2 > 0``, in the smaller of the two spaces. Cost O(n p min(n, p)).

    (G + L)^-1 A'b for p <= n; for p > n the same as D A~'(A~A~' + I)^-1 b with D = L^-1/2 and A~ = A D. Each is
    followed by refinement steps whose residual comes from the rows.
    """
    m, p = problem.rows.shape
    l2 = problem.l2
    if p <= m:
        # Unit diagonal: the factorisation then does not feel the units of the columns.
        scale = np.sqrt(np.diag(problem.gram) + l2)
        factor = linalg.cho_factor((problem.gram + np.diag(l2)) / np.outer(scale, scale), lower=True)

        def solve(v: Array) -> Array:
            return np.asarray(linalg.cho_solve(factor, v / scale) / scale)
    else:
        shrunk = problem.rows / np.sqrt(l2)
        factor = linalg.cho_factor(shrunk @ shrunk.T + np.eye(m), lower=True)

        def solve(v: Array) -> Array:
            # Woodbury: (A'A + L)^-1 v = D [v~ - A~'(A~A~' + I)^-1 A~ v~], v~ = D v.
            inner = v / np.sqrt(l2)
            return np.asarray((inner - shrunk.T @ linalg.cho_solve(factor, shrunk @ inner)) / np.sqrt(l2))

    d = solve(problem.cross)
    for _ in range(3):
        d = d - solve(problem.gradient(d) + l2 * d)
    return d


def orthogonal(problem: LeastSquares) -> tuple[Array, Array]:
    """Householder QR solution for ``l1 = 0`` and any ``l2 >= 0``; returns it with the triangular factor.

    The augmented matrix [A; sqrt(L)] is factorised with unit columns, so the condition number is not squared.
    """
    scale = np.sqrt(np.diag(problem.gram) + problem.l2)
    scale[scale == 0] = 1.0
    penalised = np.flatnonzero(problem.l2 > 0)
    extra = np.zeros((penalised.size, problem.l2.size))
    extra[np.arange(penalised.size), penalised] = np.sqrt(problem.l2[penalised])
    stacked = np.vstack([problem.rows, extra]) / scale
    Q, R = linalg.qr(stacked, mode="economic")
    d = linalg.solve_triangular(R, Q.T @ np.concatenate([problem.response, np.zeros(penalised.size)]))
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

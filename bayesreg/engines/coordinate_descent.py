r"""MAP by coordinate descent on the Gram matrix: Gaussian likelihood, any penalty, few columns.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \Omega(d)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised, one_by_one
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gram_descent import gram_path
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.penalised_quadratic import TOLERANCE, minimise
from bayesreg.numerics.symmetric_solve import solve_symmetric
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# With more columns most of the Gram matrix is never looked at.
MANY = 400


class CoordinateDescent:
    """Covariance-update coordinate descent with Newton steps on the support: exact zeros, errors at rounding."""

    name = "coordinate_descent"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood and few columns, dense."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if (reason := not_penalised(problem)) is not None:
            return reason
        if problem.design.is_sparse:
            return "X is sparse, and its Gram matrix need not be"
        return f"more than {MANY} columns, of which most stay out" if problem.p > MANY else None

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode; ``max_iter`` bounds the cycles."""
        ls = problem.least_squares(sigma)
        d = np.zeros(problem.p) if start is None else start.coef - problem.loc
        d, cycles = minimise(ls.gram, ls.cross, ls.penalty, d, ls.kkt_scale, max_iter, rows=ls.rows)
        if cycles < max_iter:
            d = _refine(ls, d)
        return Mode(problem.loc + d, problem.best_intercept(d, sigma), cycles)

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path, found in one compiled loop."""
        ls = problem.least_squares(sigma)
        penalty = ls.penalty
        if penalty.groups is not None or ls.row is not None:
            return one_by_one(self, problem, sigma, strengths, max_iter)
        coefs = np.zeros((strengths.size, problem.p))
        cycles = np.zeros(strengths.size, dtype=np.int64)
        arrays = (ls.gram, ls.cross, penalty.l1, penalty.l2, penalty.constrained, strengths, ls.kkt_scale)
        done = gram_path(*arrays, TOLERANCE, max_iter, coefs, cycles)
        # The last point leans most on the digits of the Gram matrix.
        if done == strengths.size and _worst(_stronger(ls, strengths[-1]), coefs[-1]) <= 1e-11:
            intercepts = problem.best_intercepts(coefs, sigma).tolist()
            coefs += problem.loc
            return [Mode(coef, b, k) for coef, b, k in zip(coefs, intercepts, cycles.tolist(), strict=True)]
        return one_by_one(self, problem, sigma, strengths, max_iter)


def _stronger(ls: LeastSquares, strength: float) -> LeastSquares:
    return LeastSquares(ls.columns, ls.weight, ls.response, ls.penalty.scaled(float(strength)), ls.norm, ls.make_gram)


def _refine(ls: LeastSquares, d: Array) -> Array:
    """Newton steps on the support whose gradient comes from the rows: the Gram matrix has lost digits."""
    on = np.flatnonzero(d)
    if on.size == 0 or ls.penalty.groups is not None:
        return d
    l1, l2 = ls.penalty.l1[on], ls.penalty.l2[on]
    sign = np.sign(d[on])
    before = _worst(ls, d)
    if before <= 1e-14:
        return d
    A = ls.gram[np.ix_(on, on)] + np.diag(l2)
    for _ in range(3):
        pull = ls.gradient(d)[on] + l2 * d[on] + l1 * sign
        new = d.copy()
        new[on] = d[on] + solve_symmetric(A, -pull, np.zeros(on.size))
        after = _worst(ls, new)
        if np.any(new[on] * sign <= 0) or not after < before:
            break
        d, before = new, after
    return d


def _worst(ls: LeastSquares, d: Array) -> float:
    """Largest KKT distance as a cosine, from the rows."""
    return float(np.max(ls.penalty.subdifferential_distance(d, ls.gradient(d)) / ls.kkt_scale))

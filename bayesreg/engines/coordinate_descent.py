r"""MAP by coordinate descent on the Gram matrix: Gaussian likelihood, any penalty.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.active_set import solve_symmetric
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.penalised_quadratic import minimise
from bayesreg.outcomes import Mode
from bayesreg.penalty import Penalty
from bayesreg.problem import Problem

Array = NDArray[np.float64]


class CoordinateDescent:
    """Covariance-update coordinate descent, then the active-set polish: exact zeros, errors at rounding."""

    name = "coordinate_descent"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood."""
        return not_penalised(problem) if isinstance(problem.likelihood, Gaussian) else "the likelihood is not Gaussian"

    def find_map(self, problem: Problem, sigma: float, start: Array | None, max_iter: int) -> Mode:
        """Return the mode; ``max_iter`` bounds the cycles."""
        ls = problem.least_squares(sigma)
        d = np.zeros(problem.p) if start is None else start - problem.loc
        d, cycles = minimise(ls.gram, ls.cross, ls.l1, ls.l2, d, ls.kkt_scale, max_iter)
        if cycles < max_iter:
            d = _refine(ls, d)
        return Mode(problem.loc + d, problem.best_intercept(d, sigma), cycles)


def _refine(ls: LeastSquares, d: Array) -> Array:
    """Newton steps on the support whose gradient comes from the rows: the Gram matrix has lost digits."""
    on = np.flatnonzero(d)
    if on.size == 0:
        return d
    A = ls.gram[np.ix_(on, on)] + np.diag(ls.l2[on])
    sign = np.sign(d[on])
    before = _worst(ls, d)
    for _ in range(3):
        pull = ls.gradient(d)[on] + ls.l2[on] * d[on] + ls.l1[on] * sign
        new = d.copy()
        new[on] = d[on] + solve_symmetric(A, -pull, np.zeros(on.size))
        after = _worst(ls, new)
        if np.any(new[on] * sign <= 0) or not after < before:
            break
        d, before = new, after
    return d


def _worst(ls: LeastSquares, d: Array) -> float:
    """Largest KKT distance as a cosine, from the rows."""
    distance = Penalty(ls.l1, ls.l2).subdifferential_distance(d, ls.gradient(d))
    return float(np.max(distance / ls.kkt_scale))

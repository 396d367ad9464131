r"""MAP by coordinate descent on the Gram matrix: Gaussian likelihood, any penalty.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.penalised_quadratic import minimise
from bayesreg.outcomes import Mode
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
        return Mode(problem.loc + d, problem.best_intercept(d, sigma), cycles)

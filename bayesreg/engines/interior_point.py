r"""MAP by an interior point with crossover: the absolute or quantile loss, separate penalties.

.. math:: \min_{\beta_0, d} \sum_i w_i [u\,(r_i)_+ + v\,(-r_i)_+] + \sum_j l_{1j}|d_j| + \tfrac12 l_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.engines.base import not_penalised, one_by_one
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Kinked
from bayesreg.numerics.interior_point import CheckLoss, minimise
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.row_problem import intercept_ridge, stored_columns, to_mode

Array = NDArray[np.float64]

# An interior point that has not arrived after so many steps will not.
PATIENCE = 100


class InteriorPoint:
    """Mehrotra's predictor and corrector, then the vertex that they point to: exact zeros and a multiplier."""

    name = "interior_point"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a likelihood of linear pieces and a penalty of single coefficients."""
        if not implements(problem.likelihood, Kinked):
            return "the loss is not made of linear pieces"
        if (reason := not_penalised(problem)) is not None:
            return reason
        if problem.penalty(1.0).groups is not None:
            return "the prior penalises the norms of groups"
        return None

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode with its multiplier; ``start`` is of no use to an interior point."""
        assert implements(problem.likelihood, Kinked)
        design, penalty = problem.design, problem.penalty(sigma)
        up, down = problem.likelihood.slopes(sigma)
        X, response = stored_columns(problem).X, design.y - problem.base()
        l1, l2, positive = penalty.l1, penalty.l2, penalty.constrained
        ridge = intercept_ridge(problem, sigma)
        loc = 0.0
        if ridge is not None:
            ones = np.ones((problem.n, 1))
            X = sparse.hstack([ones, X], format="csc") if design.is_sparse else np.hstack([ones, X])
            l1, l2, positive = np.append(0.0, l1), np.append(ridge.rate, l2), np.append(False, positive)
            loc = ridge.loc
        found = minimise(
            CheckLoss(X, response - loc, design.weight * up, design.weight * down, l1, l2, positive),
            min(max_iter, PATIENCE),
        )
        d = found.d if ridge is None else found.d[1:]
        intercept = 0.0 if ridge is None else loc + float(found.d[0])
        return to_mode(problem, d, intercept, found.iterations, dual=found.theta)

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path, point by point."""
        return one_by_one(self, problem, sigma, strengths, max_iter)

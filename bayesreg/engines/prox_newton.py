r"""MAP by proximal Newton steps: a smooth convex likelihood, any penalty.

.. math:: \min_{\beta_0, d} \sum_i w_i F_i(o_i + \beta_0 + x_i^T d) + \Omega(d)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised, one_by_one
from bayesreg.numerics.prox_newton import prox_newton
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.row_problem import LikelihoodRows, smooth_problem, to_mode, to_start

Array = NDArray[np.float64]


class ProxNewton:
    """Proximal Newton on a working set of columns."""

    name = "prox_newton"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a likelihood that is smooth and convex."""
        kind = type(problem.likelihood).__name__
        if not problem.likelihood.convex:
            return f"{kind} is not convex in the linear predictor"
        if not problem.likelihood.smooth:
            return f"{kind} has kinks"
        return not_penalised(problem)

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode; ``max_iter`` bounds the Newton steps."""
        smooth = smooth_problem(problem, sigma, LikelihoodRows.of(problem, sigma))
        found = prox_newton(smooth, *to_start(problem, sigma, start), max_iter)
        return to_mode(problem, found.d, found.intercept, found.steps)

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path, each point started at the one before."""
        return one_by_one(self, problem, sigma, strengths, max_iter)

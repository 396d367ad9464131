r"""MAP in closed form: Gaussian likelihood, no l1 penalty.

.. math:: \min_d \tfrac12\|b - A d\|^2 + \tfrac12 \sum_j L_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.least_squares import orthogonal, refine, ridge
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]


class ClosedForm:
    """Cholesky (p <= n), the n-space (p > n), or refined QR where a column has no penalty."""

    name = "closed_form"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood without an l1 penalty."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if (reason := not_penalised(problem)) is not None:
            return reason
        if np.any(problem.penalty(1.0).l1 > 0):
            return "the prior has an l1 penalty, so the mode is not a linear function of y"
        return None

    def find_map(self, problem: Problem, sigma: float, start: Array | None, max_iter: int) -> Mode:
        """Return the mode; nothing to iterate, so ``start`` and ``max_iter`` are ignored."""
        ls = problem.least_squares(sigma)
        if np.all(ls.l2 > 0):
            try:
                d = ridge(ls)
            except linalg.LinAlgError:  # a penalty so small that G + L is singular to rounding
                d = orthogonal(ls)[0]
            return Mode(problem.loc + d, problem.best_intercept(d, sigma), 0)
        d, R = orthogonal(ls)
        if problem.fit_intercept and not problem.flat_intercept:
            return Mode(problem.loc + d, problem.best_intercept(d, sigma), 0)
        design = problem.design
        if np.any(np.diag(R) == 0):
            return Mode(problem.loc + d, problem.best_intercept(d, sigma), 0)
        d, intercept = refine(design.X, problem.shifted_response, design.weight, ls.l2, d, R, problem.fit_intercept)
        return Mode(problem.loc + d, intercept, 0)

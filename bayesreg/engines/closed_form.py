r"""MAP in closed form: Gaussian likelihood, a ridge penalty or none.

.. math:: \min_d \tfrac12\|b - A d\|^2 + \tfrac12 \sum_j L_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.engines.base import not_penalised, one_by_one
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.least_squares import conjugate_gradients, orthogonal, refine, ridge
from bayesreg.numerics.ridge_path import ridge_path
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Sparse columns beyond this are solved by products alone.
DIRECT = 2000


class ClosedForm:
    """Cholesky (p <= n), the n-space (p > n), or refined QR where a column has no penalty; products for sparse X."""

    name = "closed_form"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood with a ridge penalty or none."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if (reason := not_penalised(problem)) is not None:
            return reason
        penalty = problem.penalty(1.0)
        if np.any(penalty.l1 > 0):
            return "the prior has an l1 penalty, so the mode is not a linear function of y"
        if penalty.groups is not None:
            return "the prior penalises the norms of groups, so the mode is not a linear function of y"
        if penalty.positive is not None:
            return "coefficients are constrained in sign, so the mode is not a linear function of y"
        return None

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode; nothing to iterate, so ``start`` and ``max_iter`` are ignored."""
        ls = problem.least_squares(sigma)
        l2 = ls.penalty.l2
        if problem.design.is_sparse and (min(problem.n, problem.p) > DIRECT or problem.p > problem.n):
            d = conjugate_gradients(ls)
        elif np.all(l2 > 0):
            try:
                d = ridge(ls)
            except linalg.LinAlgError:  # a penalty so small that G + L is singular to rounding
                d = orthogonal(ls)[0]
        else:
            return self._unpenalised(problem, sigma)
        return Mode(problem.loc + d, problem.best_intercept(d, sigma), 0)

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the mode at every strength from one decomposition, where every column has a penalty."""
        ls = problem.least_squares(sigma)
        by_products = problem.design.is_sparse and problem.p > min(problem.n, DIRECT)
        if by_products or not np.all(ls.penalty.l2 > 0):
            return one_by_one(self, problem, sigma, strengths, max_iter)
        d, values = ridge_path(ls, strengths)
        # The degrees of freedom need them too.
        problem.memo.update({"ridge eigenvalues": values, "ridge eigenvalues at": sigma})
        intercepts = problem.best_intercepts(d, sigma).tolist()
        return [Mode(coef, b, 0) for coef, b in zip(problem.loc + d, intercepts, strict=True)]

    def _unpenalised(self, problem: Problem, sigma: float) -> Mode:
        ls = problem.least_squares(sigma)
        d, R = orthogonal(ls)
        proper = problem.fit_intercept and not problem.flat_intercept
        if problem.design.is_sparse or proper or np.any(np.diag(R) == 0):
            return Mode(problem.loc + d, problem.best_intercept(d, sigma), 0)
        design = problem.design
        d, intercept = refine(
            design.X, problem.shifted_response, design.weight, ls.penalty.l2, d, R, problem.fit_intercept
        )
        return Mode(problem.loc + d, intercept, 0)

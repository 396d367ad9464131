"""MAP on a working set of columns: Gaussian likelihood, any penalty, many columns, dense or sparse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gram_set import gram_set_path
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.sparse_set import sparse_set_path
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]


# Sparse columns in use are worth a dense copy while they are this short.
FEW_ROWS = 2000


class WorkingSet:
    """Only the columns in use, and those that want to be, are worked on; the others are checked at the end."""

    name = "working_set"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if problem.design.is_sparse and problem.fit_intercept and not problem.flat_intercept:
            return "X is sparse and the intercept has a proper prior"
        return not_penalised(problem)

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode; ``max_iter`` bounds the cycles."""
        return self._follow(problem, sigma, np.ones(1), start, max_iter)[0]

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path; the set and its Gram matrix grow along it."""
        return self._follow(problem, sigma, strengths, None, max_iter)

    def _follow(
        self, problem: Problem, sigma: float, strengths: Array, start: Mode | None, max_iter: int
    ) -> list[Mode]:
        ls: LeastSquares = problem.least_squares(sigma)
        d = None if start is None else start.coef - problem.loc
        stored = problem.design.is_sparse and ls.penalty.groups is None and problem.n > FEW_ROWS
        follow = sparse_set_path if stored else gram_set_path
        return [
            Mode(problem.loc + at, problem.best_intercept(at, sigma), cycles)
            for at, cycles in follow(ls, strengths, d, max_iter)
        ]

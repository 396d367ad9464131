"""A bound model as the numerics see it: a loss of the rows, columns, a penalty; and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.columns import Columns
from bayesreg.likelihoods import Likelihood
from bayesreg.null_model import null_model
from bayesreg.numerics.prox_newton import Ridge, RowLoss, SmoothProblem
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LikelihoodRows:
    """The weighted loss of a likelihood at a noise level, as a function of eta.

    Parameters
    ----------
    likelihood : Likelihood
    y, weight : array, shape (n,)
    sigma : float
    """

    likelihood: Likelihood
    y: Array
    weight: Array
    sigma: float

    @classmethod
    def of(cls, problem: Problem, sigma: float) -> LikelihoodRows:
        """The rows of a problem."""
        return cls(problem.likelihood, problem.design.y, problem.design.weight, sigma)

    def value(self, eta: Array) -> float:
        """Sum of w F."""
        return float(self.weight @ self.likelihood.loss(eta, self.y, self.sigma))

    def slope(self, eta: Array) -> Array:
        """Return w F'."""
        return self.weight * self.likelihood.gradient(eta, self.y, self.sigma)

    def curvature(self, eta: Array) -> Array:
        """Return w F'', at least 0."""
        return self.weight * np.maximum(self.likelihood.curvature(eta, self.y, self.sigma), 0.0)

    def majorant(self, eta: Array) -> Array:
        """Return w times the curvature of a quadratic above F; 0 for a row without weight."""
        bound = np.where(self.weight > 0, self.likelihood.majorant(eta, self.y, self.sigma), 0.0)
        return self.weight * bound


@dataclass(frozen=True, eq=False)
class MajorisedRows(LikelihoodRows):
    """The loss of the rows with its majorant for a curvature, for one that is not convex."""

    def curvature(self, eta: Array) -> Array:
        """The majorant."""
        return self.majorant(eta)


def smooth_problem(
    problem: Problem, sigma: float, loss: RowLoss, hyper: Mapping[str, float] | None = None
) -> SmoothProblem:
    """The problem in d = coef - loc, its intercept that of the columns as they are stored (`stored_columns`)."""
    norm = problem.design.moments.spread if problem.fit_intercept else problem.design.moments.size
    scale = norm * null_model(problem, sigma).slope_norm(problem.design.row_weight)
    scale = np.where(scale > 0, scale, 1.0)
    penalty, intercept = problem.penalty(sigma, hyper), intercept_ridge(problem, sigma)
    return SmoothProblem(loss, stored_columns(problem), problem.base(), penalty, intercept, scale)


def intercept_ridge(problem: Problem, sigma: float) -> Ridge | None:
    """Penalty of the intercept; None without one."""
    prior = problem.intercept_prior
    if not problem.fit_intercept:
        return None
    return Ridge(0.0, 0.0) if prior.flat else Ridge(prior.l2(sigma), prior.loc)


def stored_columns(problem: Problem) -> Columns:
    """The columns without a shift: X itself, or its centred copy where its means are large and the intercept flat."""
    return Columns(problem.columns.X, None)


def to_start(problem: Problem, sigma: float, start: Mode | None) -> tuple[Array, float]:
    """Where the search begins: the mode given, or the null model."""
    if start is None:
        null = null_model(problem, sigma)
        d, eta = null.d, null.eta
        intercept = float(np.mean(eta - problem.base() - stored_columns(problem).times(d)))
        return d, intercept if problem.fit_intercept else 0.0
    d = start.coef - problem.loc
    return d, start.intercept + _moved(problem, d)


def to_mode(
    problem: Problem, d: Array, intercept: float, steps: int, *, dual: Array | None = None, optima: int | None = None
) -> Mode:
    """The mode in original units."""
    return Mode(problem.loc + d, intercept - _moved(problem, d), steps, dual, optima)


def _moved(problem: Problem, d: Array) -> float:
    """By how much the intercept differs where columns are stored centred."""
    if not problem.flat_intercept:
        return 0.0
    shift = problem.columns.shift
    mean = problem.design.x_mean
    return float((mean if shift is None else mean - shift) @ d)

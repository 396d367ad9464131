"""Approximate leave-one-out of MAP fits: one solve a strength, none for most of a ridge path."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.columns import Columns
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.approximate_loo import RidgeLeverages, inverse_norms, left_out
from bayesreg.problem import Problem
from bayesreg.results import PathResult
from bayesreg.tuning.scores import Score

Array = NDArray[np.float64]

# Predictors held at a time.
_BLOCK = 4_000_000
# A dense copy of so many numbers is made of a sparse X at most.
_DENSE = 50_000_000


def why_not_alo(problem: Problem) -> str | None:
    """Return why the fit without a row cannot be approximated from that with all."""
    if not problem.likelihood.smooth:
        return (
            f"the loss of {type(problem.likelihood).__name__} has kinks, where it has no curvature to step with; use "
            "method='cv'"
        )
    return None


def approximate_loo(problem: Problem, sigma: float, path: PathResult, score: Score) -> tuple[Array, Array]:
    """Score of every row predicted without it, at each strength (k,), and its standard error (k,).

    Parameters
    ----------
    problem : Problem
        With all rows.
    sigma : float
        Noise level of the path.
    path : PathResult
        The modes with all rows.
    score : Score

    Returns
    -------
    (array, array)
        NaN at strengths where the Hessian is singular or a row is alone in determining its own fit.
    """
    design, k = problem.design, path.strength.size
    value, error = np.full(k, np.nan), np.full(k, np.nan)
    for at, predicted in _left_out_rows(problem, sigma, path):
        value[at], error[at] = score.with_error(predicted, design.y, design.weight, design.total_weight)
    return value, error


def left_out_predictors(problem: Problem, sigma: float, path: PathResult) -> Array:
    """Linear predictor of every row without it at each strength, (k, n); NaN as in `approximate_loo`."""
    out = np.full((path.strength.size, problem.n), np.nan)
    for at, predicted in _left_out_rows(problem, sigma, path):
        out[at] = predicted
    return out


def _left_out_rows(problem: Problem, sigma: float, path: PathResult) -> Iterator[tuple[int, Array]]:
    """Position on the path and predictors of the rows (n,), where there are any."""
    design, k = problem.design, path.strength.size
    step = max(1, _BLOCK // problem.n)
    ridge = None
    if _quadratic(problem, sigma):
        ridge = RidgeLeverages.of(problem.least_squares(sigma), design.total_weight if problem.fit_intercept else None)
    norms = _Norms(problem, sigma)
    for start in range(0, k, step):
        some = np.arange(start, min(start + step, k))
        eta = np.asarray(design.X @ path.coef[some].T).T + path.intercept[some, None] + design.offset
        leverage = None if ridge is None else ridge.at(path.strength[some])
        for row, at in enumerate(some):
            slope = design.weight * problem.likelihood.gradient(eta[row], design.y, sigma)
            h = design.weight * problem.likelihood.curvature(eta[row], design.y, sigma)
            if leverage is not None:
                a = leverage[row] * np.divide(1.0, h, out=np.zeros_like(h), where=h > 0)
            else:
                a = norms.at(float(path.strength[at]), path.coef[at] - problem.loc, h)
            predicted = left_out(eta[row], a, slope, h)
            if np.all(np.isfinite(predicted[design.weight > 0])):
                yield int(at), np.where(design.weight > 0, predicted, eta[row])


def _quadratic(problem: Problem, sigma: float) -> bool:
    """Whether one decomposition gives the leverages at all strengths."""
    penalty = problem.penalty(sigma)
    plain = penalty.quadratic and bool(np.all(penalty.l2 > 0))
    dense = not problem.design.is_sparse or problem.n * problem.p <= _DENSE
    flat = not problem.fit_intercept or problem.flat_intercept
    return isinstance(problem.likelihood, Gaussian) and plain and flat and dense


class _Norms:
    """a_i at the points of a path; a lasso's are those of the point before while its support is the same."""

    def __init__(self, problem: Problem, sigma: float) -> None:
        self.problem, self.sigma = problem, sigma
        self.penalty = problem.penalty(sigma)
        self.level = problem.intercept_prior.l2(sigma) if problem.fit_intercept else None
        self.same = isinstance(problem.likelihood, Gaussian) and not np.any(self.penalty.l2) and not self.penalty.groups
        self.before: tuple[bytes, Array] | None = None
        self.gram = None
        design = problem.design
        if isinstance(problem.likelihood, Gaussian) and not design.is_sparse and problem.p <= problem.n:
            self.gram = (design.centred_gram if problem.flat_intercept else design.uncentred_gram) / sigma**2

    def at(self, strength: float, d: Array, h: Array) -> Array:
        """Shape (n,)."""
        penalty = self.penalty.scaled(strength)
        # A column without a penalty is in the model even where its coefficient happens to be 0.
        on = np.flatnonzero((d != 0) | ~(penalty.penalised | penalty.constrained))
        if self.same and self.before is not None and self.before[0] == on.tobytes():
            return self.before[1]
        taken = self.problem.columns.take(on)
        if taken.is_sparse and on.size <= taken.shape[0] and taken.shape[0] * on.size <= _DENSE:
            taken = Columns(taken.X.toarray(), taken.shift)
        bend = penalty.l2[on] if penalty.groups is None else penalty.smooth(d, on)[1]
        known = None if self.gram is None else self.gram[np.ix_(on, on)]
        a = inverse_norms(taken, h, bend, self.level, known)
        self.before = (on.tobytes(), a)
        return a

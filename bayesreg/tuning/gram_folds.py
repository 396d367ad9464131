r"""Cross-validation of a Gaussian likelihood without its rows: a small path on the statistics of each training set.

In half-RSS units, with the statistics of the rows that are trained on, d = coef - loc and an intercept with a normal
prior of rate r about m (r = 0: flat; r infinite about 0: none), the mode minimises

.. math:: \tfrac12 d^T (G + k \bar x \bar x^T) d - (c + k \bar x (\bar y - m))^T d + \Omega(d), \qquad
          \tfrac1k = \tfrac1W + \tfrac1{\sigma^2 r}
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.data.stats import SufficientStats
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.fold_moments import complements, fold_stats, residual_squares, varying
from bayesreg.numerics.gram_descent import gram_path
from bayesreg.numerics.penalised_quadratic import TOLERANCE
from bayesreg.penalty import Penalty
from bayesreg.priors.base import Penalised, penalty_of
from bayesreg.problem import Problem
from bayesreg.tuning.scores import Score
from bayesreg.tuning.splits import Split

Array = NDArray[np.float64]

# Gram matrices of more columns than this, or of more folds and columns than memory bears, are not formed.
_MANY = 400
_LARGEST = 50_000_000
# Rows take over where a Gram matrix leaves KKT cosines above this: it holds each entry to some roundings of the norms.
_COSINE, _ROUNDING = 1e-11, 1e-15
# Squared errors from statistics keep ten digits while they are more than this share of the sum of squares.
_CANCELLED = 1e-6


def why_not_gram(problem: Problem, n_splits: int) -> str | None:
    """Return why the folds must be fitted on their rows; None where statistics do."""
    design = problem.design
    if not isinstance(problem.likelihood, Gaussian) or not implements(problem.prior, Penalised):
        return "the likelihood is not Gaussian"
    if problem.p > _MANY:
        return "X has many columns"
    if design.is_sparse and problem.n * problem.p > n_splits * _LARGEST:
        return "X is sparse, and a fold of it would take much room when dense"
    if n_splits * problem.p**2 > _LARGEST or problem.p >= design.total_weight * (1 - 1 / n_splits) - 1:
        return "the statistics of the folds would take more room than their rows"
    size = design.moments.size
    if problem.penalty(1.0).groups is not None or np.any((size > 0) & ((size < 1e-60) | (size > 1e60))):
        return "the penalty has groups, or columns are of extreme size"
    return None


@dataclass(frozen=True, eq=False)
class GramFolds:
    """The folds of one problem.

    Parameters
    ----------
    problem : Problem
    sigma : float
        Noise level of the path.
    splits : list of Split
        A partition of the rows.
    standardize : bool
        Whether the prior is in units of the standard deviations of the rows trained on.
    """

    problem: Problem
    sigma: float
    splits: list[Split]
    standardize: bool

    @cached_property
    def _folds(self) -> list[NDArray[np.intp]]:
        return [split.test for split in self.splits]

    @cached_property
    def tested(self) -> list[SufficientStats]:
        """Statistics of the rows of each fold."""
        design = self.problem.design
        return fold_stats(design.X, design.y - design.offset, design.weight, self._folds)

    @cached_property
    def trained(self) -> list[SufficientStats]:
        """Statistics of the other rows."""
        return complements(self.tested)

    def tell_the_design(self) -> None:
        """Give the design its Gram matrix, which the statistics of the folds make up."""
        design = self.problem.design
        if not design.constant.any():
            whole = self.trained[0] + self.tested[0]
            design.know_centred_gram(whole.gram)

    @cached_property
    def _varying(self) -> NDArray[np.bool_]:
        return varying(self.problem.design.X, self.problem.design.weight, self._folds, self.trained)

    def modes(self, fold: int, strengths: Array, max_iter: int) -> tuple[Array, Array] | None:
        """Coefficients (k, p) and intercepts (k,) of a training set; None where its Gram matrix has too few digits."""
        stats, problem = self.trained[fold], self.problem
        unit, loc = problem.unit, problem.loc
        alive = self._varying[fold]
        if self.standardize:
            # A constant column has no unit of its own, as when the model is bound.
            sd = np.where(alive, np.sqrt(np.diag(stats.gram) / stats.weight), 1.0)
            before = np.where(problem.design.x_sd > 0, problem.design.x_sd, 1.0)
            unit, loc = unit * before / sd, loc * before / sd
        assert implements(problem.prior, Penalised)
        penalty = penalty_of(problem.prior, unit, problem.relative_to, self.sigma, {}).scaled(self.sigma**2)
        quadratic = self._quadratic(stats, alive, loc)
        if np.any(~penalty.penalised & ~penalty.constrained & (np.diag(quadratic.gram) == 0)):
            return None
        d = quadratic.path(penalty, strengths, max_iter)
        if d is None or quadratic.worst(penalty.scaled(float(strengths[-1])), d[-1]) > _COSINE:
            return None
        return d + loc, quadratic.intercepts(d)

    def _quadratic(self, stats: SufficientStats, alive: NDArray[np.bool_], loc: Array) -> _Quadratic:
        problem = self.problem
        gram = np.where(np.outer(alive, alive), stats.gram, 0.0)
        cross = np.where(alive, stats.cross, 0.0) - gram @ loc
        total = stats.total - float(loc @ (np.where(alive, stats.cross, 0.0) + cross))
        mean, prior = stats.y_mean - float(stats.x_mean @ loc), problem.intercept_prior
        if not problem.fit_intercept:
            keep, centre = stats.weight, 0.0
        elif prior.flat:
            keep, centre = 0.0, 0.0
        else:
            keep, centre = 1 / (1 / stats.weight + 1 / (self.sigma**2 * prior.l2(self.sigma))), prior.loc
        gap = mean - centre
        return _Quadratic(
            gram + keep * np.outer(stats.x_mean, stats.x_mean) if keep else gram,
            cross + keep * gap * stats.x_mean if keep else cross,
            max(total, 0.0) + keep * gap**2,
            stats,
            mean,
            keep / stats.weight,
            centre,
        )

    def scores(self, fold: int, coef: Array, intercept: Array, score: Score) -> Array | None:
        """Score of the held-out rows at each point (k,); None where it has to come from the rows."""
        stats = self.tested[fold]
        rss = residual_squares(stats, coef, intercept)
        around = stats.total + stats.weight * (stats.y_mean - intercept) ** 2
        if not score.by_row or np.any(rss < _CANCELLED * around):
            return None
        mean = rss / stats.weight
        if score.name == "mse":
            return np.asarray(mean)
        if score.name == "deviance":
            return np.asarray(mean / score.sigma**2)
        constant = float(self.problem.likelihood.row_constant(np.zeros(1), score.sigma))
        return np.asarray(-mean / (2 * score.sigma**2) - constant)


@dataclass(frozen=True, eq=False)
class _Quadratic:
    """The objective of one training set; see the top of this file. ``share`` is k over the weight."""

    gram: Array
    cross: Array
    total: float
    stats: SufficientStats
    y_mean: float
    share: float
    centre: float

    def path(self, penalty: Penalty, strengths: Array, max_iter: int) -> Array | None:
        """Minimisers at the penalty times each strength (k, p)."""
        if penalty.quadratic and np.all(penalty.l2 > 0):
            unit = 1 / np.sqrt(penalty.l2)
            values, vectors = linalg.eigh(self.gram * np.outer(unit, unit), check_finite=False, driver="evd")
            along = vectors.T @ (unit * self.cross)
            shares = along[:, None] / (np.maximum(values, 0.0)[:, None] + strengths)
            return np.asarray((vectors @ shares).T * unit)
        coefs, cycles = np.zeros((strengths.size, self.cross.size)), np.zeros(strengths.size, dtype=np.int64)
        scale = self._scale
        arrays = (np.ascontiguousarray(self.gram), self.cross, penalty.l1, penalty.l2, penalty.constrained)
        done = gram_path(*arrays, strengths, scale, TOLERANCE, max_iter, coefs, cycles)
        return coefs if done == strengths.size and cycles.max() < max_iter else None

    @cached_property
    def _scale(self) -> Array:
        """Norm of each column times that of the response: a KKT distance over it is a cosine."""
        scale = np.sqrt(np.diag(self.gram) * self.total)
        return np.where(scale > 0, scale, 1.0)

    def worst(self, penalty: Penalty, d: Array) -> float:
        """Largest KKT cosine of a point, and what the rounding of the Gram matrix hides of it."""
        distance = penalty.subdifferential_distance(d, self.gram @ d - self.cross)
        norm = np.sqrt(np.diag(self.gram))
        hidden = _ROUNDING * norm * float(norm @ np.abs(d)) / self._scale
        return float(np.max(distance / self._scale + hidden, initial=0.0))

    def intercepts(self, d: Array) -> Array:
        """Best intercept for each row of ``d`` (k, p), shape (k,)."""
        mean = self.y_mean - d @ self.stats.x_mean
        return np.asarray(mean - self.share * (mean - self.centre))

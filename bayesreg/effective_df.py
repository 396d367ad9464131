r"""Degrees of freedom of a penalised fit, the intercept not counted.

For the lasso the expected number of non-zero coefficients (Zou, Hastie & Tibshirani, 2007); with a ridge part
:math:`\mathrm{tr}\,[(G_{SS} + L_{SS})^{-1} G_{SS}]` on the support S, G weighted by the curvature of the loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.data.columns import Columns
from bayesreg.likelihoods import Gaussian
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Unit columns whose distance from the span of others is below this are left to least squares.
_PIVOT = 1e-5


def effective_df(problem: Problem, sigma: float, strengths: Array, coef: Array, intercept: Array) -> Array:
    """Degrees of freedom at each point of a path, shape (k,).

    Parameters
    ----------
    problem : Problem
    sigma : float
    strengths : array, shape (k,)
    coef : array, shape (k, p)
    intercept : array, shape (k,)

    Returns
    -------
    array, shape (k,)
        NaN where the curvature of the loss says nothing (absolute and quantile losses with a ridge part or groups).
    """
    penalty = problem.penalty(sigma)
    count: Array = np.count_nonzero(coef - problem.loc, axis=1).astype(np.float64)
    if penalty.groups is None and not np.any(penalty.l2):
        return count
    if not problem.likelihood.smooth:
        return np.full(count.size, np.nan)
    design = problem.design
    constant = not np.any(
        problem.likelihood.curvature_bound(sigma) != _curvature(problem, sigma, coef[0], intercept[0])
    )
    everywhere = bool(np.all(penalty.l2 > 0)) and not penalty.kinked
    if constant and everywhere and penalty.positive is None:
        return _ridge(problem, sigma, strengths)
    out = np.empty(count.size)
    whole = None
    if isinstance(problem.likelihood, Gaussian) and not design.is_sparse and problem.p <= problem.n:
        whole = (design.centred_gram if problem.fit_intercept else design.uncentred_gram) / sigma**2
    for k in range(count.size):
        d = coef[k] - problem.loc
        on = np.flatnonzero(d)
        if whole is not None:
            gram = whole[np.ix_(on, on)]
        else:
            h = design.weight * np.maximum(_curvature(problem, sigma, coef[k], float(intercept[k])), 0.0)
            gram = _gram(problem.design.columns.take(on), h, problem.fit_intercept)
        out[k] = _trace(gram, penalty.scaled(float(strengths[k])).smooth(d, on)[1]) if on.size else 0.0
    return out


def _trace(gram: Array, bend: Array) -> float:
    """tr(H^-1 G) = k - tr(H^-1 R) for H = G + R; by least squares where H is singular to rounding."""
    H = gram + bend
    size = np.sqrt(np.diag(H))
    if np.all(size > 0):
        factor, info = linalg.lapack.dpotrf(H / np.outer(size, size), lower=1, clean=1)
        if info == 0 and np.diag(factor).min() > _PIVOT:
            inverse = linalg.lapack.dtrtri(factor, lower=1)[0] / size
            return float(gram.shape[0] - np.vdot(inverse @ bend, inverse))
    return float(np.trace(linalg.lstsq(H, gram)[0]))


def _curvature(problem: Problem, sigma: float, coef: Array, intercept: float) -> Array:
    eta = problem.linear_predictor(coef, intercept)
    return np.asarray(problem.likelihood.curvature(eta, problem.design.y, sigma))


def _gram(columns: Columns, h: Array, centre: bool) -> Array:
    if not centre or h.sum() == 0:
        return columns.gram(h)
    return Columns(columns.X, columns.X.T @ h / h.sum()).gram(h)


def _ridge(problem: Problem, sigma: float, strengths: Array) -> Array:
    """All points from one spectrum: sum of d² / (d² + s)."""
    if problem.memo.get("ridge eigenvalues at") == sigma:
        values: Array = problem.memo["ridge eigenvalues"]
    else:
        values = _eigenvalues(problem, sigma)
    return np.asarray((values / (values + strengths[:, None])).sum(axis=1))


def _eigenvalues(problem: Problem, sigma: float) -> Array:
    ls = problem.least_squares(sigma)
    unit = 1.0 / np.sqrt(ls.penalty.l2)
    n, p = ls.columns.shape
    if p <= n or problem.design.is_sparse:
        gram = ls.gram * np.outer(unit, unit)
    else:
        A = ls.rows()[0] * unit
        gram = A @ A.T
    return np.asarray(np.maximum(linalg.eigvalsh(gram, check_finite=False), 0.0))

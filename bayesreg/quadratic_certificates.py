r"""Certificates for many points of one problem at once.

With a Gaussian likelihood and a separate penalty all sums over the rows are quadratic forms: for r = y - eta,

.. math:: P = \frac{r^T W r}{2\sigma^2} + \Omega(d), \qquad
          D(s) = s\,\frac{r^T W r - d^T g}{\sigma^2} - s^2 \frac{r^T W r}{2 \sigma^2} - \Omega^*(-s g / \sigma^2)

with g the gradient of half the RSS and s the share that makes the multiplier feasible.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.conditions import separate_conditions
from bayesreg.optimality import EPS, Certificate, rounding
from bayesreg.problem import Problem
from bayesreg.row_certificates import Certifier
from bayesreg.uniqueness import Uniqueness

Array = NDArray[np.float64]


def is_quadratic(problem: Problem, sigma: float) -> bool:
    """Whether the forms above apply: Gaussian, no groups, no column without a penalty, a flat intercept or none."""
    penalty = problem.penalty(sigma)
    flat = problem.intercept_prior.flat or not problem.fit_intercept
    lone = penalty.groups is None and bool(np.all(penalty.penalised))
    return isinstance(problem.likelihood, Gaussian) and flat and lone


def quadratic_certificates(
    certifier: Certifier, strengths: Array, d: Array, intercepts: Array, gram: bool
) -> tuple[Certificate, ...]:
    """Certify points, each for the penalty times its strength.

    Parameters
    ----------
    certifier : Certifier
    strengths, intercepts : array, shape (k,)
    d : array, shape (k, p)
        Coefficients less their location.
    gram : bool
        Take the quadratic forms from the Gram matrix in place of the rows.
    """
    problem, sigma = certifier.problem, certifier.sigma
    design, penalty = problem.design, problem.penalty(sigma)
    rss, gradient, best_intercept = _forms(certifier, d, gram)
    off = intercepts - best_intercept if problem.fit_intercept else np.zeros(d.shape[0])
    out, in_play = np.empty((d.shape[0], 4)), np.zeros(d.shape, dtype=bool)
    scaled = np.ascontiguousarray(gradient / sigma**2)
    arrays = (penalty.l1, penalty.l2, penalty.constrained, certifier.norm)
    separate_conditions(strengths, d, scaled, *arrays, out, in_play)
    distance, share, omega, conjugate = out.T
    half = rss / (2 * sigma**2)
    primal = half + 0.5 * design.total_weight * (off / sigma) ** 2 + omega
    along = (rss - np.einsum("kj,kj->k", d, gradient)) / sigma**2
    # The multiplier 0 is always feasible, and its dual value is 0.
    dual = np.maximum(share * along - share**2 * half - conjugate, 0.0)
    fall = certifier.null.value - dual
    gap = np.maximum(primal - dual, 0.0)
    relative = np.divide(gap, fall, out=np.full_like(gap, math.inf), where=fall > 0)
    # Rounding of the sums, and what an exact fit leaves of the response.
    response = float(design.weight @ problem.shifted_response**2) / sigma**2
    slack = np.maximum(rounding(primal, dual), (64 * EPS) ** 2 * response)
    relative[gap <= slack] = 0.0
    kkt = np.maximum(distance, np.sqrt(design.total_weight) * np.abs(off) / sigma**2) / certifier.slope_norm
    return tuple(
        Certificate(
            float(primal[k]),
            float(gap[k]),
            float(relative[k]),
            float(kkt[k]),
            Uniqueness(certifier.columns, design.weight, in_play[k], problem.flat_intercept),
        )
        for k in range(d.shape[0])
    )


def _forms(certifier: Certifier, d: Array, gram: bool) -> tuple[Array, Array, Array]:
    """Weighted RSS (k,), gradients of half of it (k, p), best intercepts (k,)."""
    problem = certifier.problem
    ls = problem.least_squares(certifier.sigma)
    best = problem.best_intercepts(d, certifier.sigma)
    if gram:
        gradient = d @ ls.gram - ls.cross
        return np.maximum(ls.size**2 + np.einsum("kj,kj->k", d, gradient - ls.cross), 0.0), gradient, best
    used = np.flatnonzero(np.any(d != 0, axis=0))
    # A copy of most columns would cost more than it saves.
    few = 2 * used.size < d.shape[1]
    fitted, at = (ls.columns.take(used), d[:, used]) if few else (ls.columns, d)
    eta = fitted.X @ at.T
    if fitted.shift is not None:
        eta = eta - fitted.shift @ at.T
    residual = ls.response[:, None] - eta
    weighted = residual if ls.weight is None else ls.weight[:, None] * residual
    return np.einsum("nk,nk->k", residual, weighted), -ls.columns.transposed_times(weighted).T, best

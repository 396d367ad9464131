r"""The scale of Huber's joint problem, coefficients profiled out.

.. math:: h(\sigma) = \min_{\beta_0, \beta} \sum_i w_i [\sigma + H_\epsilon(e_i/\sigma)\sigma] + \alpha\|\beta\|_2^2,
          \qquad h'(\sigma) = \sum_i w_i [1 - \min(|e_i|/\sigma, \epsilon)^2]

The objective is convex in coefficients and scale together (Owen, 2007), so h is convex and the root of h' is its
minimum. At a given scale the coefficients are the MAP under the Huber loss :math:`H_\epsilon/2` with the penalty
:math:`\alpha/\sigma`. Where rows are fitted without error the best scale may be 0, the limit of the absolute loss.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import lsqr

from bayesreg.choice import map_engine
from bayesreg.conventions import prior_from
from bayesreg.data import Design
from bayesreg.errors import InputError
from bayesreg.likelihoods import Huber, Laplace
from bayesreg.model import Model
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.scaling import rescaled

Array = NDArray[np.float64]

# In units of sd(y): below the first, it is asked whether the best scale is 0; below the second, residuals are rounding
# (2e-16 over it is what the certificate allows), so that no smaller scale can be told from 0.
SUSPECT, SMALLEST = 1e-3, 1e-8


def joint_scale(design: Design, epsilon: float, alpha: float, fit_intercept: bool, max_iter: int) -> tuple[float, bool]:
    """Return the scale that minimises the objective together with the coefficients.

    Parameters
    ----------
    design : Design
    epsilon : float
        Above 1.
    alpha : float
        At least 0.
    fit_intercept : bool
    max_iter : int
        Bound on the Newton steps at each scale.

    Returns
    -------
    float
        The scale; ``SMALLEST`` sd(y) in place of 0.
    bool
        Whether it stands for 0.

    Raises
    ------
    InputError
        For an epsilon of at most 1, under which no scale is the best.
    """
    model = Model(
        Huber(epsilon, sigma=1.0),
        prior_from("sklearn.HuberRegressor", alpha=alpha, sigma=1.0),
        fit_intercept=fit_intercept,
    )
    if epsilon <= 1:
        raise InputError(
            f"HuberRegressor(epsilon=...) must be above 1, got {epsilon!r}: up to 1 the best scale is always 0. "
            "For the absolute loss use QuantileRegressor()."
        )
    problem, _ = rescaled(model.bind(design))
    engine = map_engine("fit", problem)
    mode: Mode | None = None

    def slope(log_scale: float) -> float:
        nonlocal mode
        scale = math.exp(log_scale)
        mode = engine.find_map(problem.with_strength(1 / scale), scale, mode, max_iter)
        off = np.abs(_residual(problem, mode))
        return float(design.total_weight - design.weight @ np.minimum(off / scale, epsilon) ** 2)

    unit = design.y_sd or float(np.abs(design.y).max()) or 1.0
    high = math.log(unit)
    while slope(high) < 0:
        high += math.log(4)
    low, asked = high, False
    while slope(low) > 0:
        scale = math.exp(low) / unit
        if scale < SMALLEST or (scale < SUSPECT and not asked and _is_zero(problem, epsilon, unit, max_iter)):
            return SMALLEST * unit, True
        asked = scale < SUSPECT
        low -= math.log(4)
    return math.exp(low if low == high else brentq(slope, low, high, xtol=1e-15)), False


def _residual(problem: Problem, mode: Mode) -> Array:
    return np.asarray(problem.design.y - problem.linear_predictor(mode.coef, mode.intercept))


def _is_zero(problem: Problem, epsilon: float, unit: float, max_iter: int) -> bool:
    """Whether multipliers of the absolute loss, the limit of scale 0, prove that 0 is the best scale.

    They must be stationary, at most w and have a sum of squares over w of at most the total weight over epsilon².
    """
    design, limit = problem.design, replace(problem, likelihood=Laplace(1.0), strength=1 / epsilon, memo={})
    mode = map_engine("fit", limit).find_map(limit, 1.0, None, max_iter)
    residual = _residual(problem, mode)
    exact = np.abs(residual) <= SMALLEST * unit
    theta = np.where(exact, 0.0, -design.weight * np.sign(residual))
    # The rows without error have to make up for what the others and the penalty leave, with as little as they can.
    root = np.sqrt(design.weight[exact])
    columns = [design.X[exact], np.ones((root.size, int(problem.fit_intercept)))]
    Z = sparse.hstack(columns).T if design.is_sparse else np.hstack(columns).T
    left = np.append(limit.penalty(1.0).l2 * mode.coef + design.X.T @ theta, [theta.sum()] * int(problem.fit_intercept))
    share = lsqr(Z * root, -left, atol=1e-12, btol=1e-12)[0]
    stationary = np.linalg.norm(Z @ (root * share) + left) <= 1e-8 * np.linalg.norm(left)
    theta[exact] = root * share
    used = design.weight > 0
    total = np.sum(theta[used] ** 2 / design.weight[used])
    return bool(stationary and np.all(np.abs(theta) <= design.weight) and epsilon**2 * total <= design.total_weight)

r"""The scale of Huber's joint problem, coefficients profiled out.

.. math:: h(\sigma) = \min_{\beta_0, \beta} \sum_i w_i [\sigma + H_\epsilon(e_i/\sigma)\sigma] + \alpha\|\beta\|_2^2,
          \qquad h'(\sigma) = \sum_i w_i [1 - \min(|e_i|/\sigma, \epsilon)^2]

The objective is convex in coefficients and scale together (Owen, 2007), so h is convex and the root of h' is its
minimum. At a given scale the coefficients are the MAP under the Huber loss :math:`H_\epsilon/2` with the penalty
:math:`\alpha/\sigma`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from bayesreg.choice import map_engine
from bayesreg.conventions import prior_from
from bayesreg.data import Design
from bayesreg.errors import InputError
from bayesreg.likelihoods import Huber
from bayesreg.model import Model
from bayesreg.outcomes import Mode
from bayesreg.scaling import rescaled

# Where rows are fitted without error the scale falls to 0. It is held at this share of sd(y), which moves the
# coefficients of such a fit by no more than that; sd(y) itself below rounding is held as scikit-learn does.
SMALLEST_SHARE = 1e-6
SMALLEST = 10 * float(np.finfo(float).eps)


def joint_scale(design: Design, epsilon: float, alpha: float, fit_intercept: bool, max_iter: int) -> float:
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

    Raises
    ------
    InputError
        For an epsilon of at most 1, under which no scale is the best.
    """
    likelihood = Huber(epsilon, sigma=1.0)
    if epsilon <= 1:
        raise InputError(
            f"HuberRegressor(epsilon=...) must be above 1, got {epsilon!r}: up to 1 every row counts less than the scale "
            "costs, and the best scale is 0. For the absolute loss use QuantileRegressor()."
        )
    prior = prior_from("sklearn.HuberRegressor", alpha=alpha, sigma=1.0)
    problem, _ = rescaled(Model(likelihood, prior, fit_intercept=fit_intercept).bind(design))
    engine = map_engine("fit", problem)
    mode: Mode | None = None

    def slope(log_scale: float) -> float:
        nonlocal mode
        scale = math.exp(log_scale)
        mode = engine.find_map(problem.with_strength(1 / scale), scale, mode, max_iter)
        off = np.abs(design.y - problem.linear_predictor(mode.coef, mode.intercept))
        return float(design.total_weight - design.weight @ np.minimum(off / scale, epsilon) ** 2)

    least = math.log(max(SMALLEST_SHARE * design.y_sd, SMALLEST))
    high = max(math.log(design.y_sd), least) if design.y_sd > 0 else least
    while slope(high) < 0:
        high += math.log(4)
    low = high
    while slope(low) > 0:
        if low == least:
            return math.exp(least)
        low = max(low - math.log(4), least)
    if low == high:
        return math.exp(low)
    return math.exp(brentq(slope, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps))

"""Log density of the coefficients given sigma and the multipliers, local variances integrated out or not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.gibbs.laws import law_log_density
from bayesreg.numerics.gibbs.special import log_normaliser, log_scaled_e1
from bayesreg.numerics.gibbs.specification import (
    DIRECT,
    GAUSSIAN,
    HORSESHOE,
    INVERSE,
    INVERSE_ROOT,
    LAPLACE,
    REGULARIZED,
    STUDENT_T,
)


@njit(cache=True, nogil=True)
def learned_log_density(learned: Any, value: float) -> float:
    """Log density of log(value) for a multiplier or a noise level under its law, but for a constant."""
    if learned.kind == DIRECT:
        number = value
    elif learned.kind == INVERSE:
        number = 1.0 / value
    elif learned.kind == INVERSE_ROOT:
        number = 1.0 / math.sqrt(value)
    else:
        return 0.0
    if not (number > 0.0 and number < np.inf):
        return -np.inf
    # |d log number / d log value| is a constant.
    return float(law_log_density(learned.code, learned.first, learned.second, number, learned.third) + math.log(number))


@njit(cache=True, nogil=True)
def group_norms(prior: Any, delta: Any, out: Any) -> None:
    """Write ||r_g delta_g||² into ``out`` (G,)."""
    out[:] = 0.0
    for j in range(delta.size):
        z = prior.rate[j] * delta[j]
        out[prior.group[j]] += z * z


@njit(cache=True, nogil=True)
def fixed_log_density(prior: Any, delta: Any, sigma: float) -> float:
    """The part of the coefficients with a normal prior of their own, as a function of sigma."""
    if prior.fixed_on_sigma == 0:
        return 0.0
    total = 0.0
    for j in range(delta.size):
        if prior.fixed[j] > 0.0:
            total -= math.log(sigma) + 0.5 * prior.fixed[j] * (delta[j] / sigma) ** 2
    return total


@njit(cache=True, nogil=True)
def marginal_log_density(prior: Any, delta: Any, norms: Any, sigma: float, a: float, b: float) -> float:
    """Log density of delta with the local variances integrated out, but for what does not depend on the last three.

    Parameters
    ----------
    prior : Prior
        With any law but REGULARIZED.
    delta : array, shape (p,)
    norms : array, shape (G,)
        From `group_norms`.
    sigma, a, b : float
    """
    rho = a * sigma**-prior.on_sigma
    epsilon = b * sigma ** (-2 * min(prior.on_sigma, 1))
    total = fixed_log_density(prior, delta, sigma)
    if prior.law == LAPLACE:
        if prior.ridged:
            # Coefficients with the same rates share one normaliser.
            last_rate, last_ridge, normaliser = -1.0, -1.0, 0.0
            for j in range(delta.size):
                r, e = prior.rate[j], prior.ridge[j]
                if r > 0.0 or e > 0.0:
                    if r != last_rate or e != last_ridge:
                        last_rate, last_ridge, normaliser = r, e, log_normaliser(rho * r, epsilon * e)
                    total -= normaliser + rho * r * abs(delta[j]) + 0.5 * epsilon * e * delta[j] * delta[j]
            return float(total)
        log_rho = math.log(rho)
        for g in range(norms.size):
            if prior.size[g] > 0.0:
                total += prior.size[g] * log_rho - rho * math.sqrt(norms[g])
        return float(total)
    log_rho = math.log(rho)
    for g in range(norms.size):
        if prior.size[g] == 0.0:
            continue
        square = rho * rho * norms[g]
        total += prior.size[g] * log_rho
        if prior.law == GAUSSIAN:
            total -= 0.5 * square
        elif prior.law == STUDENT_T:
            total -= 0.5 * (prior.df + prior.size[g]) * math.log1p(square / prior.df)
        elif prior.law == HORSESHOE:
            total += log_scaled_e1(max(0.5 * square, 1e-300))
    return float(total)


@njit(cache=True, nogil=True)
def conditional_log_density(prior: Any, delta: Any, local: Any, sigma: float, a: float, b: float) -> float:
    """Log density of delta given the local variances: independent normals (REGULARIZED)."""
    rho = a * sigma**-prior.on_sigma
    epsilon = b * sigma ** (-2 * min(prior.on_sigma, 1))
    total = fixed_log_density(prior, delta, sigma)
    for j in range(delta.size):
        if prior.rate[j] > 0.0:
            precision = (rho * prior.rate[j]) ** 2 / local[prior.group[j]] + epsilon * prior.ridge[j]
            total += 0.5 * math.log(precision) - 0.5 * precision * delta[j] * delta[j]
    return float(total)


@njit(cache=True, nogil=True)
def coefficient_log_density(prior: Any, delta: Any, local: Any, norms: Any, sigma: float, a: float, b: float) -> float:
    """Log density of delta as a function of sigma and the multipliers: t integrated out wherever that is closed."""
    if prior.law == REGULARIZED:
        return float(conditional_log_density(prior, delta, local, sigma, a, b))
    return float(marginal_log_density(prior, delta, norms, sigma, a, b))


@njit(cache=True, nogil=True)
def prior_precision(prior: Any, local: Any, sigma: float, a: float, b: float, out: Any) -> None:
    """Write the prior precision of each coefficient times sigma² into ``out`` (p,)."""
    rho = a * sigma ** (1 - prior.on_sigma)
    epsilon = b * sigma ** (2 - 2 * min(prior.on_sigma, 1))
    own = sigma ** (2 - 2 * prior.fixed_on_sigma)
    for j in range(out.size):
        out[j] = epsilon * prior.ridge[j] + own * prior.fixed[j]
        if prior.rate[j] > 0.0:
            out[j] += (rho * prior.rate[j]) ** 2 / local[prior.group[j]]

r"""One slice step along the ray through the coefficients, for the logistic likelihood with its weights integrated out.

Latent weights of rows far from 1/2 hold much more information than the rows themselves, so that given them the length
of theta hardly moves, least of all where the classes are nearly separated and the prior's scale is learned. The step

.. math:: (\theta, a) \to (k\theta, a/k), \qquad
          p(\log k) \propto L(k Z\theta)\, p(k\theta \mid a/k)\, p(\log a - \log k)\, k^{\dim\theta}

leaves the posterior invariant (Liu & Sabatti, 2000, theorem 1: the group of multiplications, whose Haar measure is that
of log k). With a known a stays. It costs O(n) a step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.gibbs.densities import coefficient_log_density, learned_log_density
from bayesreg.numerics.gibbs.slices import DONE, answer, begin
from bayesreg.numerics.gibbs.specification import KNOWN, RATE, RIDGE, SIGMA

# Factors 1 + exp(-|s|), at most 2 each, that are multiplied before a logarithm is taken.
_FACTORS = 512


@njit(cache=True, nogil=True)
def logistic_log_likelihood(rows: Any, fit: Any, k: float) -> float:
    """Log likelihood at eta = -(response - k fit), shape (n,)."""
    total, product, factors = 0.0, 1.0, 0
    for i in range(fit.size):
        s = rows.response[i] - k * fit[i]
        far = abs(s)
        total -= rows.slope[i] * s + 0.5 * rows.amount[i] * far
        if far < 40.0:
            factor = 1.0 + math.exp(-far)
            if rows.amount[i] == 1.0:
                product *= factor
                factors += 1
                if factors == _FACTORS:
                    total -= math.log(product)
                    product, factors = 1.0, 0
            else:
                total -= rows.amount[i] * math.log(factor)
    return total - math.log(product)


@njit(cache=True, nogil=True)
def _log_density(
    x: float, rows: Any, fit: Any, prior: Any, hyper: Any, state: Any, norms: Any, delta: Any, scaled: Any
) -> float:
    """Log density of x = log k; ``delta`` (m,) and ``scaled`` (G,) are overwritten."""
    if abs(x) > 300.0:
        return -np.inf
    k = math.exp(x)
    sigma, a, b = state.level[SIGMA], state.level[RATE], state.level[RIDGE]
    total = logistic_log_likelihood(rows, fit, k) + delta.size * x
    for j in range(delta.size):
        delta[j] = k * state.delta[j]
        total -= 0.5 * prior.fixed[j] * delta[j] * delta[j]
    for g in range(scaled.size):
        scaled[g] = k * k * norms[g]
    if hyper.rate.kind != KNOWN:
        a /= k
        total += learned_log_density(hyper.rate, a)
    return float(total + coefficient_log_density(prior, delta, state.local, scaled, sigma, a, b))


@njit(cache=True, nogil=True)
def slice_ray(rng: Any, rows: Any, residual: Any, prior: Any, hyper: Any, state: Any, norms: Any, width: float) -> None:
    """Move theta along its ray, a, the residuals and the norms with it.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : Rows
        With the code LOGISTIC.
    residual : array, shape (n,)
    prior, hyper, state : Prior, Hyper, State
    norms : array, shape (G,)
    width : float
        Slice width of log k.
    """
    fit = rows.response - residual
    delta, scaled = np.empty(state.delta.size), np.empty(norms.size)
    step = begin(rng, 0.0, _log_density(0.0, rows, fit, prior, hyper, state, norms, delta, scaled), width)
    while step.phase != DONE:
        step = answer(rng, step, _log_density(step.at, rows, fit, prior, hyper, state, norms, delta, scaled))
    k = math.exp(step.at)
    state.delta[:] = k * state.delta
    residual[:] = rows.response - k * fit
    norms[:] = k * k * norms
    if hyper.rate.kind != KNOWN:
        state.level[RATE] /= k

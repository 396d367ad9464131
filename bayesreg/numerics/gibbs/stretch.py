r"""One slice step for the scale of a horseshoe together with its small coefficients, the local variances held.

Given the coefficients, the scale hardly moves where most of them are shrunk: they are as small as it was. Given t, the
step

.. math:: (\delta_S, a) \to (k\,\delta_S, a/k), \qquad S = \{j : t_j < \mathrm{cut}\}, \qquad
          p(\log k) \propto L(k\,\delta_S)\; \pi(\log a - \log k) \prod_{j \notin S} N(\delta_j; 0, k^2 t_j / \rho_j^2)

leaves their law as it is (Liu & Sabatti, 2000, theorem 1): the prior of delta_S and the Jacobian k^|S| cancel, and S
depends on t alone. The cut is drawn anew each time, independently of all else. It costs one product with G.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.gibbs.densities import learned_log_density
from bayesreg.numerics.gibbs.slices import DONE, answer, begin
from bayesreg.numerics.gibbs.specification import RATE, SIGMA

# Range of log cut. Coefficients whose t is larger are mostly signals, whose size the data know.
_LOWEST, _HIGHEST = 2.0, 6.0


@njit(cache=True, nogil=True)
def _log_density(x: float, along: float, square: float, count: float, pull: float, hyper: Any, a: float) -> float:
    """Log density of x = log k."""
    if abs(x) > 300.0:
        return -np.inf
    grown = math.expm1(x)
    total = along * grown - 0.5 * square * grown * grown - count * x - 0.5 * pull * math.exp(-2.0 * x)
    return float(total + learned_log_density(hyper.rate, a * math.exp(-x)))


@njit(cache=True, nogil=True)
def stretch_small(rng: Any, G: Any, prior: Any, hyper: Any, state: Any, width: float, part: Any, fit: Any) -> None:
    """Move the small coefficients and a; ``state.gradient`` is kept at c - G delta.

    Parameters
    ----------
    rng : numpy.random.Generator
    G : array, shape (p, p)
    prior, hyper, state : Prior, Hyper, State
        With a learned a, no ridge, and local variances that are up to date.
    width : float
        Slice width of log k.
    part, fit : array, shape (p,)
        Overwritten.
    """
    level, delta, gradient, p = state.level, state.delta, state.gradient, state.delta.size
    cut = math.exp(_LOWEST + (_HIGHEST - _LOWEST) * rng.random())
    variance = level[SIGMA] * level[SIGMA]
    rho = level[RATE] * level[SIGMA] ** -prior.on_sigma
    along, square, count, pull = 0.0, 0.0, 0.0, 0.0
    fit[:] = 0.0
    for j in range(p):
        part[j], t = 0.0, state.local[prior.group[j]]
        if prior.rate[j] > 0.0:
            if t < cut:
                part[j], row = delta[j], G[j]
                along += delta[j] * gradient[j] / variance
                for k in range(p):
                    fit[k] += row[k] * delta[j]
            else:
                count += 1.0
                pull += (rho * prior.rate[j] * delta[j]) ** 2 / t
    for j in range(p):
        square += part[j] * fit[j] / variance
    a = level[RATE]
    step = begin(rng, 0.0, _log_density(0.0, along, square, count, pull, hyper, a), width)
    while step.phase != DONE:
        step = answer(rng, step, _log_density(step.at, along, square, count, pull, hyper, a))
    level[RATE] = a * math.exp(-step.at)
    grown = math.expm1(step.at)
    for j in range(p):
        delta[j] += grown * part[j]
        gradient[j] -= grown * fit[j]

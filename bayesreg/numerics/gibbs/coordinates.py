r"""One coefficient after the other with its local variance integrated out: Laplace and horseshoe laws.

Where the likelihood of delta_j is normal about m = h/A with the standard deviation :math:`s = \sigma/\sqrt{A}`, a small
delta_j and a small local variance t_j hold each other near 0; with t_j integrated out nothing does.

Laplace (Hans, 2009; with a ridge, Hans, 2011): two normals cut at 0, whose shares are a ratio of Mills ratios.

Horseshoe: with :math:`B = (\rho s)^2` and :math:`u = t/(B + t)`, delta_j given t is normal about m u with the variance
s² u, and :math:`w = \sqrt{u}` has, delta_j integrated out, the density

.. math:: p(w) \propto \frac{e^{b w^2}}{1 + (B - 1) w^2}, \quad 0 < w < 1, \quad b = \frac{m^2}{2 s^2}

Both are drawn exactly. The sweeps over all coefficients leave the law of (delta, sigma, a) as it is, t integrated out,
so t is out of date after them: it is drawn before anything that is conditional on it.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from bayesreg.numerics.gibbs.special import log_mills
from bayesreg.numerics.gibbs.specification import HORSESHOE, LAPLACE, RATE, RIDGE, SIGMA
from bayesreg.numerics.gibbs.variates import truncated_normal

# Between B = 1 - this and 1 + this the density is that of B = 1 to working precision.
_FLAT = 1e-12
# From here on delta_j is m + s z up to less than s / 10^6.
_CERTAIN = 1e12
# A chord that rises by less is a constant.
_LEVEL = 1e-8


@njit(cache=True, nogil=True, error_model="numpy")
def two_sided(rng: Any, precision: float, pull: float, rate: float) -> float:
    """Draw d from the density proportional to exp(-precision d²/2 + pull d - rate |d|).

    Parameters
    ----------
    rng : numpy.random.Generator
    precision, pull, rate : float
        The first positive, the last not negative.
    """
    root = math.sqrt(precision)
    log_odds = log_mills((rate + pull) / root) - log_mills((rate - pull) / root)
    if rng.random() * (1.0 + math.exp(min(log_odds, 700.0))) < 1.0:
        return float(truncated_normal(rng, (pull - rate) / precision, 1.0 / root, 0.0))
    return float(-truncated_normal(rng, -(pull + rate) / precision, 1.0 / root, 0.0))


@njit(cache=True, nogil=True, error_model="numpy")
def shrunken_root(rng: Any, b: float, B: float) -> float:
    """Draw w in (0, 1) with density proportional to exp(b w²)/(1 + (B - 1) w²).

    By rejection from two pieces. In one of them exp(b w²) is below its greatest value there and the rest is the law of
    a tangent, hyperbolic for B < 1; in the other the log density is convex, hence below its chord. At least a third of
    the proposals is accepted.

    Parameters
    ----------
    rng : numpy.random.Generator
    b, B : float
        Not negative.
    """
    if not b < _CERTAIN:
        return 1.0
    c = B - 1.0 if math.fabs(B - 1.0) > _FLAT else _FLAT
    root = math.sqrt(math.fabs(c))
    # The chord reaches from `low` to `high`, the other piece from `begin` to `end`.
    if c > 1.0:
        # Convex where c w² > 1.
        low, high = 1.0 / math.sqrt(min(max(2.0 * b, 1.0), c)), 1.0
        begin, end, most = 0.0, low, b * low * low
    else:
        # Convex everywhere, as b > c.
        low, high = 0.0, math.sqrt(1.0 - 1.0 / b) if b > 1.0 else 0.0
        begin, end, most = high, 1.0, b
    if c > 0.0:
        first = math.atan(root * begin)
        width = math.atan(root * end) - first
    else:
        # The end is 1, and atanh(root) written without 1 - root.
        first = math.atanh(root * begin)
        width = math.log((1.0 + root) / math.sqrt(max(B, 1e-300))) - first
    share, at_low, reach, rise = 1.0, 0.0, high - low, 0.0
    if reach > 0.0:
        at_low = b * low * low - math.log1p(c * low * low)
        rise = b * high * high - math.log1p(c * high * high) - at_low
        mean = 1.0 if math.fabs(rise) < _LEVEL else -math.expm1(-math.fabs(rise)) / math.fabs(rise)
        log_odds = at_low + max(rise, 0.0) + math.log(reach * mean) - most - math.log(width / root)
        share = 1.0 / (1.0 + math.exp(min(log_odds, 700.0)))
    while True:
        if rng.random() < share:
            angle = first + width * rng.random()
            w = (math.tan(angle) if c > 0.0 else math.tanh(angle)) / root
            bound = most - b * w * w
        else:
            v = rng.random()
            if math.fabs(rise) < _LEVEL:
                part = v
            elif rise > 0.0:
                # From the upper end, where the mass is.
                part = 1.0 + math.log1p(v * math.expm1(-rise)) / rise
            else:
                part = math.log1p(v * math.expm1(rise)) / rise
            w = low + reach * part
            bound = at_low + rise * part - b * w * w + math.log1p(c * w * w)
        if rng.standard_exponential() >= bound:
            return min(max(w, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def draw_coefficient(rng: Any, law: int, A: float, h: float, sigma: float, rho: float, epsilon: float) -> float:
    """Draw delta_j under exp(-(A d² - 2 h d) / (2 sigma²)) and its prior, the local variance integrated out."""
    if law == LAPLACE:
        return float(two_sided(rng, A / (sigma * sigma) + epsilon, h / (sigma * sigma), rho))
    spread = sigma / math.sqrt(A)
    mean = h / A
    w = shrunken_root(rng, 0.5 * (mean / spread) ** 2, (rho * spread) ** 2)
    return float(mean * w * w + spread * w * rng.standard_normal())


@njit(cache=True, nogil=True)
def gram_coordinates(rng: Any, G: Any, prior: Any, state: Any) -> None:
    """Draw the coefficients that are groups of their own in turn; ``state.gradient`` is kept at c - G delta.

    Parameters
    ----------
    rng : numpy.random.Generator
    G : array, shape (p, p)
    prior, state : Prior, State
        With the law LAPLACE or HORSESHOE; under others nothing happens.
    """
    if prior.law != LAPLACE and prior.law != HORSESHOE:
        return
    sigma, delta, gradient = state.level[SIGMA], state.delta, state.gradient
    scale = state.level[RATE] * sigma**-prior.on_sigma
    slab = state.level[RIDGE] * sigma ** (-2 * min(prior.on_sigma, 1))
    for j in range(delta.size):
        row, r = G[j], prior.rate[j]
        if r > 0.0 and prior.size[prior.group[j]] == 1.0 and row[j] > 0.0:
            h = gradient[j] + row[j] * delta[j]
            new = draw_coefficient(rng, prior.law, row[j], h, sigma, scale * r, slab * prior.ridge[j])
            step = new - delta[j]
            delta[j] = new
            for k in range(gradient.size):
                gradient[k] -= row[k] * step


# Sums of products may be taken in any order, which lets them run several at a time.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _product(x: Any, r: Any) -> float:
    total = 0.0
    for i in range(x.size):
        total += x[i] * r[i]
    return total


@njit(cache=True, nogil=True)
def row_coordinates(rng: Any, columns: Any, squares: Any, prior: Any, state: Any, residual: Any) -> None:
    """The same with rows in place of a Gram matrix, O(n) a coefficient.

    Parameters
    ----------
    rng : numpy.random.Generator
    columns : array, shape (p, n)
        Those of X.
    squares : array, shape (p,)
        Their sums of squares.
    prior, state : Prior, State
    residual : array, shape (n,)
        Kept at y - X delta.
    """
    sigma, delta = state.level[SIGMA], state.delta
    scale = state.level[RATE] * sigma**-prior.on_sigma
    slab = state.level[RIDGE] * sigma ** (-2 * min(prior.on_sigma, 1))
    for j in range(delta.size):
        A, r = squares[j], prior.rate[j]
        if r > 0.0 and prior.size[prior.group[j]] == 1.0 and A > 0.0:
            x = columns[j]
            h = _product(x, residual) + A * delta[j]
            new = draw_coefficient(rng, prior.law, A, h, sigma, scale * r, slab * prior.ridge[j])
            step = new - delta[j]
            delta[j] = new
            for i in range(residual.size):
                residual[i] -= x[i] * step

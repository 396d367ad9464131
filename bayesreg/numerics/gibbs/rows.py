r"""Gibbs sampling of likelihoods that are normal given a latent weight a row.

Every row's likelihood is, with :math:`s = (y - \eta)/\sigma` and known amounts k and slopes m,

.. math:: \sigma^{-w} e^{-m s} \int e^{-\Omega s^2/2} f(\Omega)\, d\Omega

===========  ========================================  =====================================================
code         the integral                              law of Omega given s
===========  ========================================  =====================================================
LOGISTIC     2^k (e^(s/2) + e^(-s/2))^(-k)             Pólya-Gamma(k, s); y = 0, m = -k/2 or k/2, sigma = 1
STUDENT_T    (1 + s²/df)^(-k (df + 1)/2)               Gamma(k (df + 1)/2, rate (df + s²)/2)
ABSOLUTE     e^(-k \|s\|)                              inverse Gaussian(mean k/\|s\|, shape k²)
===========  ========================================  =====================================================

(Polson, Scott & Windle, 2013; West, 1987; Park & Casella, 2008). The asymmetric Laplace density is ABSOLUTE with half
the amount and a slope: the same posterior as with the mixture of Kozumi & Kobayashi (2011), without its latent means. A
row of weight k has the weight Omega of k rows, drawn at once.

Block 1: theta given Omega, normal with :math:`A = L L' = Z'\Omega Z + \sigma^2 Q` its precision times sigma² (before it
sigma, theta integrated out, where :math:`\sigma^2 Q` is free of sigma). Where sigma stays, theta is thrown to the other
side of its conditional mean, which leaves that law invariant as a new draw does (Adler, 1981),

.. math:: L'(\theta - m) \leftarrow -\rho L'(\theta - m) + \sigma \sqrt{1 - \rho^2}\, \epsilon, \quad
          \epsilon \sim N(0, I)

Block 2: sigma and the multipliers with Omega and the local variances t integrated out, then t and Omega.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesreg.numerics.cholesky import factorise
from bayesreg.numerics.gibbs.densities import (
    coefficient_log_density,
    group_norms,
    learned_log_density,
    prior_precision,
)
from bayesreg.numerics.gibbs.polya_gamma import polya_gamma_sum
from bayesreg.numerics.gibbs.ray import slice_ray
from bayesreg.numerics.gibbs.slices import DONE, answer, begin
from bayesreg.numerics.gibbs.specification import FLOOR, KNOWN, RATE, RIDGE, RSS, SIGMA
from bayesreg.numerics.gibbs.store import store
from bayesreg.numerics.gibbs.updates import draw_levels, draw_noise
from bayesreg.numerics.gibbs.variates import inverse_gaussian

Array = NDArray[np.float64]

LOGISTIC, STUDENT_T, ABSOLUTE = range(3)

_BLOCK = 48
# rho. Where rows are far from 1/2, theta follows its conditional mean slowly and gains most from being thrown across;
# where that mean stands still, the squares of coefficients are correlated by the square of this.
_BACK = 0.7
# A row within 1e-6 sigma of the fit weighs as if it were that far: more would drown all others in the factorisation.
_HEAVIEST = 1e12


class Rows(NamedTuple):
    """The data, free columns and a flat intercept last.

    Parameters
    ----------
    Z : array, shape (n, m)
    response : array, shape (n,)
        y less what is known of eta; 0 in place of y for two classes.
    amount, slope : array, shape (n,)
        k and m.
    moment : array, shape (m,)
        Z' slope.
    sloped : bool
        Whether any slope is not 0.
    code : int
    df : float
        Of STUDENT_T.
    total : float
        Sum of the row weights w.
    n_flat : int
        Columns at the end without a prior.
    """

    Z: Array
    response: Array
    amount: Array
    slope: Array
    moment: Array
    sloped: bool
    code: int
    df: float
    total: float
    n_flat: int


@njit(cache=True, nogil=True)
def draw_omega(rng: Any, rows: Any, residual: Any, sigma: float, omega: Any) -> None:
    """Draw the latent weights given the residuals y - eta, shape (n,), into ``omega``."""
    for i in range(omega.size):
        s, k = residual[i] / sigma, rows.amount[i]
        if rows.code == LOGISTIC:
            omega[i] = polya_gamma_sum(rng, int(k), s)
        elif rows.code == STUDENT_T:
            omega[i] = 2.0 * rng.standard_gamma(0.5 * k * (rows.df + 1.0)) / (rows.df + s * s)
        else:
            omega[i] = min(inverse_gaussian(rng, k / max(abs(s), 1e-150), k * k), _HEAVIEST)


@njit(cache=True, nogil=True)
def _noise_log_density(learned: Any, count: float, square: float, linear: float, x: float) -> float:
    """Log density of x = log(sigma) where the rows give sigma^-count exp(-square/(2 sigma²) - linear/sigma)."""
    if abs(x) > 300.0:
        return -np.inf
    u = math.exp(-x)
    return float(learned_log_density(learned, 1.0 / u) - count * x - 0.5 * square * u * u - linear * u)


@njit(cache=True, nogil=True)
def _slice_noise(
    rng: Any, learned: Any, count: float, square: float, linear: float, sigma: float, width: float
) -> float:
    """One slice step for sigma under `_noise_log_density`."""
    x = math.log(sigma)
    step = begin(rng, x, _noise_log_density(learned, count, square, linear, x), width)
    while step.phase != DONE:
        step = answer(rng, step, _noise_log_density(learned, count, square, linear, step.at))
    return math.exp(step.at)


@njit(cache=True, nogil=True)
def _marginal_log_density(
    x: float, rows: Any, residual: Any, linear: float, prior: Any, hyper: Any, state: Any, norms: Any
) -> float:
    """Log density of x = log(sigma) given the residuals, Omega integrated out."""
    density = _noise_log_density(hyper.noise, rows.total, 0.0, linear, x)
    if density == -np.inf:
        return float(density)
    sigma = math.exp(x)
    if rows.code == STUDENT_T:
        for i in range(residual.size):
            density -= 0.5 * rows.amount[i] * (rows.df + 1.0) * math.log1p((residual[i] / sigma) ** 2 / rows.df)
    if prior.on_sigma > 0 or prior.fixed_on_sigma > 0:
        a, b = state.level[RATE], state.level[RIDGE]
        density += coefficient_log_density(prior, state.delta, state.local, norms, sigma, a, b)
    return float(density)


@njit(cache=True, nogil=True)
def draw_marginal_noise(
    rng: Any, rows: Any, residual: Any, prior: Any, hyper: Any, state: Any, norms: Any, width: float
) -> None:
    """Draw sigma given the coefficients with Omega (and t) integrated out."""
    linear = 0.0
    if rows.code == ABSOLUTE:
        for i in range(residual.size):
            linear += rows.amount[i] * abs(residual[i]) + rows.slope[i] * residual[i]
    x = math.log(state.level[SIGMA])
    step = begin(rng, x, _marginal_log_density(x, rows, residual, linear, prior, hyper, state, norms), width)
    while step.phase != DONE:
        step = answer(rng, step, _marginal_log_density(step.at, rows, residual, linear, prior, hyper, state, norms))
    state.level[SIGMA] = math.exp(step.at)


@njit(cache=True, nogil=True)
def information(Z: Any, omega: Any) -> Any:
    """Z' diag(omega) Z, its lower triangle filled by blocks of columns."""
    n, m = Z.shape
    root = np.empty((n, m))
    for i in range(n):
        value = math.sqrt(omega[i])
        for j in range(m):
            root[i, j] = value * Z[i, j]
    if m <= 2 * _BLOCK:
        return np.dot(root.T, root)
    A, turned = np.empty((m, m)), np.ascontiguousarray(root.T)
    for start in range(0, m, _BLOCK):
        stop = min(start + _BLOCK, m)
        A[start:stop, :stop] = np.dot(turned[start:stop], turned[:stop].T)
    return A


@njit(cache=True, nogil=True)
def draw_theta(
    rng: Any, rows: Any, omega: Any, precision: Any, hyper: Any, state: Any, width: float, own: bool
) -> bool:
    """Draw sigma (if ``own``: with theta integrated out) and theta given Omega; False where A is singular."""
    Z, level = rows.Z, state.level
    m = Z.shape[1]
    A = information(Z, omega)
    for j in range(m):
        A[j, j] += max(precision[j], FLOOR * A[j, j])
    weighted = omega * rows.response
    v0, v1 = np.dot(weighted, Z), rows.moment.copy()
    if not factorise(A) > 0.0:
        return False
    for i in range(m):
        for k in range(i):
            v0[i] -= A[i, k] * v0[k]
            v1[i] -= A[i, k] * v1[k]
        v0[i] /= A[i, i]
        v1[i] /= A[i, i]
    if own and hyper.noise.kind != KNOWN:
        square = max(weighted @ rows.response - v0 @ v0, 0.0)
        count = rows.total - rows.n_flat
        if rows.sloped:
            linear = rows.slope @ rows.response - v0 @ v1
            level[SIGMA] = _slice_noise(rng, hyper.noise, count, square, linear, level[SIGMA], width)
        else:
            level[SIGMA] = draw_noise(rng, hyper.noise, count, square, level[SIGMA], width)
    sigma = level[SIGMA]
    # A sigma drawn with theta integrated out needs a new theta.
    back = 0.0 if own and hyper.noise.kind != KNOWN else _BACK
    fresh = math.sqrt(1.0 - back * back)
    for j in range(m):
        v0[j] += sigma * v1[j]
        old = -v0[j]
        for i in range(j, m):
            old += A[i, j] * state.delta[i]
        v0[j] += sigma * fresh * rng.standard_normal() - back * old
    for i in range(m - 1, -1, -1):
        v0[i] /= A[i, i]
        for k in range(i):
            v0[k] -= A[i, k] * v0[i]
    state.delta[:] = v0
    return bool(np.isfinite(v0).all())


@njit(cache=True, nogil=True)
def draw_scales(rng: Any, rows: Any, residual: Any, prior: Any, hyper: Any, state: Any, norms: Any, width: Any) -> None:
    """Block 2 but for Omega: sigma, the ray and the multipliers given theta, then the local variances.

    ``residual`` (n,) moves with the ray, ``norms`` (G,) is overwritten.
    """
    group_norms(prior, state.delta, norms)
    if hyper.noise.kind != KNOWN:
        draw_marginal_noise(rng, rows, residual, prior, hyper, state, norms, width[SIGMA])
    if rows.code == LOGISTIC:
        slice_ray(rng, rows, residual, prior, hyper, state, norms, width[RATE])
    state.level[RSS] = residual @ residual
    draw_levels(rng, prior, hyper, state, norms, rows.total, width, False)


@njit(cache=True, nogil=True)
def row_sweeps(
    rng: Any,
    rows: Any,
    prior: Any,
    hyper: Any,
    state: Any,
    width: Any,
    own: bool,
    free: Any,
    deltas: Any,
    locals_: Any,
    levels: Any,
) -> bool:
    """Make one sweep for each row of ``deltas`` and store the states.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : Rows
    prior, hyper, state : Prior, Hyper, State
        Of theta, the columns without a prior last; ``state`` is overwritten.
    width : array, shape (3,)
        Slice widths.
    own : bool
        Whether sigma² Q is free of sigma.
    free : array, shape (draws, n_flat)
        Filled with the last coefficients.
    deltas, locals_, levels : array, shape (draws, m), (draws, G), (draws, 5)

    Returns
    -------
    bool
        False where a matrix was singular to working precision or a number overflowed; what follows is not filled.
    """
    n, m = rows.Z.shape
    omega, precision, norms = np.empty(n), np.empty(m), np.empty(state.local.size)
    level = state.level
    for k in range(deltas.shape[0]):
        # From the state itself: however the draws are cut into calls, they are the same to the last digit.
        residual = rows.response - np.dot(rows.Z, state.delta)
        draw_omega(rng, rows, residual, level[SIGMA], omega)
        prior_precision(prior, state.local, level[SIGMA], level[RATE], level[RIDGE], precision)
        if not draw_theta(rng, rows, omega, precision, hyper, state, width[SIGMA], own):
            return False
        residual = rows.response - np.dot(rows.Z, state.delta)
        draw_scales(rng, rows, residual, prior, hyper, state, norms, width)
        free[k] = state.delta[m - rows.n_flat :]
        store(k, state, deltas, locals_, levels)
    return True

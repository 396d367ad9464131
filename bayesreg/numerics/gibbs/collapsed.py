r"""Gibbs sampling for more columns than rows: scales with the coefficients integrated out, n x n factorisations.

With v the prior variances over sigma² and :math:`M = I + X \operatorname{diag}(v) X'`,

.. math:: \log p(y \mid \sigma, v) = -N \log\sigma - \tfrac12 \log|M| - \frac{1}{2\sigma^2} y'M^{-1}y + \mathrm{const}

Where all of v is g t_j / r_j² with :math:`g = \sigma^{2k-2}/a^2` (no ridge, no fixed normal), g is drawn given sigma
and t, then sigma, both with delta integrated out (Johndrow, Orenstein & Bhattacharya, 2020, section 2). Then

.. math:: \delta = u + \operatorname{diag}(v) X' M^{-1} (y - X u - e), \quad u_j \sim N(0, \sigma^2 v_j), \;
          e \sim N(0, \sigma^2 I)

(Bhattacharya, Chakraborty & Mallick, 2016). Under the laws of `bayesreg.numerics.gibbs.coordinates` then some passes,
O(n p) each, over the coefficients one by one and sigma and the multipliers given them, t integrated out of all; else
the multipliers once more given delta. Last t: nothing between its integration and here is conditional on it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.cholesky import solve_lower, solve_upper
from bayesreg.numerics.gibbs.coordinates import row_coordinates
from bayesreg.numerics.gibbs.densities import group_norms, learned_log_density, prior_precision
from bayesreg.numerics.gibbs.laws import INVERSE_GAMMA
from bayesreg.numerics.gibbs.slices import DONE, answer, begin
from bayesreg.numerics.gibbs.specification import KNOWN, RATE, RIDGE, RSS, SIGMA
from bayesreg.numerics.gibbs.store import store_with_normals
from bayesreg.numerics.gibbs.updates import (
    draw_levels,
    draw_locals,
    draw_multipliers,
    draw_noise,
    draw_noise_along,
    noise_log_density,
)

_BLOCK = 48
# Largest g K_ii that is looked at: a signal 1e14 times the noise.
_LARGEST_RATIO = 1e14


@njit(cache=True, nogil=True)
def weighted_outer(X: Any, v: Any) -> Any:
    """X diag(v) X', its lower triangle filled by blocks of rows."""
    n = X.shape[0]
    root = X * np.sqrt(v)
    K = np.empty((n, n))
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        K[start:stop, :stop] = np.dot(root[start:stop], root[:stop].T)
    return K


@njit(cache=True, nogil=True)
def factor_of(K: Any, g: float) -> Any:
    """Cholesky factor of I + g K from the lower triangle of K."""
    n = K.shape[0]
    M = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            M[i, j] = g * K[i, j]
            M[j, i] = M[i, j]
        M[i, i] += 1.0
    return np.linalg.cholesky(M)


@njit(cache=True, nogil=True)
def whitened(L: Any, b: Any) -> Any:
    """Return L^-1 b."""
    out = b.copy()
    solve_lower(L, out)
    return out


@njit(cache=True, nogil=True)
def half_log_determinant(L: Any) -> float:
    """Sum of the logs of the diagonal."""
    total = 0.0
    for i in range(L.shape[0]):
        total += math.log(L[i, i])
    return total


@njit(cache=True, nogil=True)
def _ratio_log_density(L: Any, quadratic: float, sigma: float, a: float, rows: float, hyper: Any) -> float:
    """Log density of (log g, log sigma) given t, delta integrated out."""
    density = -half_log_determinant(L) + learned_log_density(hyper.rate, a)
    if hyper.noise.kind == KNOWN:
        return float(density - 0.5 * quadratic / (sigma * sigma))
    return float(density + noise_log_density(hyper.noise, rows, quadratic, math.log(sigma)))


@njit(cache=True, nogil=True)
def _draw_ratio(
    rng: Any, K: Any, y: Any, rows: float, prior: Any, hyper: Any, state: Any, width: float
) -> tuple[Any, float]:
    """Slice step for x = log g given t along which sigma follows sqrt(y'M^-1 y): nearly sigma integrated out.

    In the coordinates (log g, log sigma - log s(g)/2) with s any function of g the Jacobian is 1. Returns the factor of
    I + g K and y'M^-1 y, and sets sigma and a.
    """
    level = state.level
    power = prior.on_sigma - 1.0
    moves = hyper.noise.kind != KNOWN
    extra = 2.0 * hyper.noise.second if hyper.noise.code == INVERSE_GAMMA else 0.0
    log_sigma = math.log(level[SIGMA])
    x = 2.0 * (power * log_sigma - math.log(level[RATE]))
    L = factor_of(K, math.exp(x))
    v = whitened(L, y)
    quadratic = v @ v
    offset = log_sigma - 0.5 * math.log(quadratic + extra) if moves else log_sigma
    density = _ratio_log_density(L, quadratic, level[SIGMA], level[RATE], rows, hyper)
    largest = 0.0
    for i in range(y.size):
        largest = max(largest, K[i, i])
    top = max(x, math.log(_LARGEST_RATIO / largest)) if largest > 0.0 else 200.0
    step = begin(rng, x, density, width)
    at = x
    while True:
        if step.phase == DONE and step.at == at:
            break
        at = step.at
        density = -np.inf
        # Above, I is lost beside g K, which need not be positive to working precision; below, g K beside I.
        if -200.0 < at < top:
            L = factor_of(K, math.exp(at))
            v = whitened(L, y)
            quadratic = v @ v
            log_sigma = offset + 0.5 * math.log(quadratic + extra) if moves else offset
            log_a = power * log_sigma - 0.5 * at
            if abs(log_sigma) < 300.0 and abs(log_a) < 300.0:
                density = _ratio_log_density(L, quadratic, math.exp(log_sigma), math.exp(log_a), rows, hyper)
        if step.phase == DONE:
            # The interval has shrunk to the old value.
            break
        step = answer(rng, step, density)
    level[SIGMA] = math.exp(offset + 0.5 * math.log(quadratic + extra)) if moves else level[SIGMA]
    level[RATE] = level[SIGMA] ** power * math.exp(-0.5 * step.at)
    return L, quadratic


@njit(cache=True, nogil=True)
def draw_delta(rng: Any, X: Any, y: Any, v: Any, L: Any, sigma: float, delta: Any) -> None:
    """Draw delta given sigma and v into ``delta``; L is the factor of I + X diag(v) X'."""
    n, p = X.shape
    u = np.empty(p)
    for j in range(p):
        u[j] = sigma * math.sqrt(v[j]) * rng.standard_normal()
    residual = y - X @ u
    for i in range(n):
        residual[i] -= sigma * rng.standard_normal()
    solve_lower(L, residual)
    solve_upper(L, residual)
    delta[:] = u + v * (residual @ X)


@njit(cache=True, nogil=True)
def draw_given_locals(
    rng: Any,
    X: Any,
    y: Any,
    rows: float,
    prior: Any,
    hyper: Any,
    state: Any,
    width: Any,
    own: bool,
    pure: bool,
    precision: Any,
    delta: Any,
) -> None:
    """Draw sigma and a given t with delta integrated out, where that is possible, then delta into ``delta`` (q,).

    ``precision`` (q,) is overwritten; the other parameters are those of `collapsed_sweeps`.
    """
    q, level = X.shape[1], state.level
    if pure and hyper.rate.kind != KNOWN:
        shape = np.empty(q)
        for j in range(q):
            shape[j] = state.local[prior.group[j]] / prior.rate[j] ** 2
        L, quadratic = _draw_ratio(rng, weighted_outer(X, shape), y, rows, prior, hyper, state, 2.0 * width[RATE])
        if prior.on_sigma == 1:
            level[SIGMA] = draw_noise(rng, hyper.noise, rows, quadratic, level[SIGMA], width[SIGMA])
        else:
            # g = sigma^(2k - 2) / a² held.
            draw_noise_along(rng, rows, quadratic, prior.on_sigma - 1, hyper, state, width[SIGMA])
        v = shape * (level[SIGMA] ** (2 * prior.on_sigma - 2) / level[RATE] ** 2)
    else:
        prior_precision(prior, state.local, level[SIGMA], level[RATE], level[RIDGE], precision)
        v = 1.0 / precision
        L = factor_of(weighted_outer(X, v), 1.0)
        if own:
            half = whitened(L, y)
            level[SIGMA] = draw_noise(rng, hyper.noise, rows, half @ half, level[SIGMA], width[SIGMA])
    draw_delta(rng, X, y, v, L, level[SIGMA], delta)


@njit(cache=True, nogil=True)
def collapsed_sweeps(
    rng: Any,
    X: Any,
    y: Any,
    rows: float,
    prior: Any,
    hyper: Any,
    state: Any,
    width: Any,
    own: bool,
    pure: bool,
    inner: int,
    free: Any,
    deltas: Any,
    locals_: Any,
    levels: Any,
) -> bool:
    """Make one sweep for each row of ``deltas`` and store the states.

    Parameters
    ----------
    rng : numpy.random.Generator
    X : array, shape (m, q)
        Rows times the square roots of their weights, free columns projected out.
    y : array, shape (m,)
        The response likewise.
    rows : float
        What the rows count for: the total weight less what was projected out.
    prior, hyper, state : Prior, Hyper, State
        ``state`` is overwritten.
    width : array, shape (3,)
        Slice widths.
    own : bool
        Whether v is free of sigma.
    pure : bool
        Whether v is g t / r² for every coefficient, with a learned a or ``own``.
    inner : int
        Passes over the coefficients one by one; 0 unless the law is LAPLACE or HORSESHOE.
    free : array, shape (draws, f)
        Filled with standard normals for the free columns.
    deltas, locals_, levels : array, shape (draws, q), (draws, G), (draws, 5)

    Returns
    -------
    bool
        True.
    """
    precision = np.empty(X.shape[1])
    norms = np.empty(state.local.size)
    level = state.level
    collapsed = own or (pure and hyper.rate.kind != KNOWN)
    columns = np.ascontiguousarray(X.T) if inner > 0 else np.empty((0, 0))
    squares = (X * X).sum(0)
    for k in range(deltas.shape[0]):
        draw_given_locals(rng, X, y, rows, prior, hyper, state, width, own, pure, precision, state.delta)
        residual = y - X @ state.delta
        level[RSS] = residual @ residual
        group_norms(prior, state.delta, norms)
        if inner == 0:
            draw_levels(rng, prior, hyper, state, norms, rows, width, not collapsed)
        else:
            for _ in range(inner):
                row_coordinates(rng, columns, squares, prior, state, residual)
                level[RSS] = residual @ residual
                group_norms(prior, state.delta, norms)
                draw_multipliers(rng, prior, hyper, state, norms, rows, width, True)
            draw_locals(rng, prior, state, norms)
        store_with_normals(rng, k, state, free, deltas, locals_, levels)
    return True

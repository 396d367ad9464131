r"""Gibbs sampling of the coefficients in blocks of neighbouring columns, cut anew at random every sweep.

A block B given the rest is normal with precision :math:`(G_{BB} + \operatorname{diag} q_B)/\sigma^2` and mean
:math:`(G_{BB} + \operatorname{diag} q_B)^{-1}(g_B + G_{BB}\delta_B)`, where the gradient g = c - G delta is kept up to
date. A sweep costs 2 p² + p m² in place of p³/3.

The order of a sweep, each step leaving the posterior or a marginal law of it as it is: under a horseshoe the scale with
its small coefficients given t (`bayesreg.numerics.gibbs.stretch`); the blocks given t; the coefficients one by one with
their t integrated out (`bayesreg.numerics.gibbs.coordinates`); sigma and the multipliers given delta, t integrated out;
t, which nothing between its integration and here is conditional on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.cholesky import factorise, solve_lower, solve_upper
from bayesreg.numerics.gibbs.coordinates import gram_coordinates
from bayesreg.numerics.gibbs.densities import group_norms, prior_precision
from bayesreg.numerics.gibbs.specification import COUNT, FLOOR, HORSESHOE, KNOWN, RATE, RIDGE, RSS, SIGMA
from bayesreg.numerics.gibbs.store import store_with_normals
from bayesreg.numerics.gibbs.stretch import stretch_small
from bayesreg.numerics.gibbs.updates import draw_levels

# Sweeps after which the gradient is computed afresh: its rounding errors add up.
_REFRESH = 100


@njit(cache=True, nogil=True)
def _gradient(G: Any, c: Any, delta: Any, out: Any) -> None:
    out[:] = c
    for j in range(delta.size):
        if delta[j] != 0.0:
            row = G[j]
            for k in range(out.size):
                out[k] -= row[k] * delta[j]


@njit(cache=True, nogil=True)
def draw_block(
    rng: Any, G: Any, precision: Any, start: int, stop: int, sigma: float, delta: Any, gradient: Any
) -> bool:
    """Draw delta[start:stop] given the rest and keep the gradient; False where its precision is singular."""
    m = stop - start
    A = np.empty((m, m))
    mean = np.empty(m)
    for i in range(m):
        row = G[start + i]
        value = gradient[start + i]
        for k in range(m):
            value += row[start + k] * delta[start + k]
            A[i, k] = row[start + k]
        mean[i] = value
        A[i, i] += max(precision[start + i], FLOOR * row[start + i])
    if not factorise(A) > 0.0:
        return False
    solve_lower(A, mean)
    for i in range(m):
        mean[i] += sigma * rng.standard_normal()
    solve_upper(A, mean)
    for i in range(m):
        step = mean[i] - delta[start + i]
        row = G[start + i]
        for k in range(gradient.size):
            gradient[k] -= row[k] * step
        delta[start + i] = mean[i]
    return True


@njit(cache=True, nogil=True)
def block_sweeps(
    rng: Any,
    G: Any,
    c: Any,
    total: float,
    rows: float,
    prior: Any,
    hyper: Any,
    state: Any,
    width: Any,
    size: int,
    free: Any,
    deltas: Any,
    locals_: Any,
    levels: Any,
) -> bool:
    """Make one sweep for each row of ``deltas`` and store the states.

    Parameters
    ----------
    rng : numpy.random.Generator
    G, c, total, rows, prior, hyper, state, width
        As in `bayesreg.numerics.gibbs.full.full_sweeps`.
    size : int
        Columns in a block.
    free, deltas, locals_, levels
        As there.

    Returns
    -------
    bool
        False where a matrix was singular to working precision.
    """
    p = c.size
    precision, part, fit = np.empty(p), np.empty(p), np.empty(p)
    stretched = prior.law == HORSESHOE and hyper.rate.kind != KNOWN
    norms = np.empty(state.local.size)
    level, gradient = state.level, state.gradient
    for k in range(deltas.shape[0]):
        # Counted over the whole chain, so that the stream does not depend on how draws are cut.
        if level[COUNT] % _REFRESH == 0.0:
            _gradient(G, c, state.delta, gradient)
        level[COUNT] += 1.0
        if stretched:
            stretch_small(rng, G, prior, hyper, state, width[RATE], part, fit)
        prior_precision(prior, state.local, level[SIGMA], level[RATE], level[RIDGE], precision)
        start = 0
        stop = min(p, 1 + int(size * rng.random()))
        while start < p:
            if not draw_block(rng, G, precision, start, stop, level[SIGMA], state.delta, gradient):
                return False
            start, stop = stop, min(p, stop + size)
        gram_coordinates(rng, G, prior, state)
        rss = total
        for j in range(p):
            rss -= (c[j] + gradient[j]) * state.delta[j]
        level[RSS] = max(rss, 0.0)
        group_norms(prior, state.delta, norms)
        draw_levels(rng, prior, hyper, state, norms, rows, width, True)
        store_with_normals(rng, k, state, free, deltas, locals_, levels)
    return True

r"""Two-block Gibbs sampling with one Cholesky factorisation a sweep.

.. math:: y \mid \delta, \sigma: \tfrac{1}{2\sigma^2}(\delta' G \delta - 2 c'\delta + s), \qquad
          \delta_j \mid t, \sigma \sim N(0, \sigma^2 / q_j)

Block 1: sigma with delta integrated out (where q does not depend on sigma), then delta, from A = G + diag(q).
Block 2: the multipliers with t integrated out, then t (the blocks of Rajaratnam et al., 2019).

What is drawn with delta integrated out comes before delta, what is drawn with t integrated out before t: so each step
leaves the posterior as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.cholesky import factorise, solve_lower, solve_upper
from bayesreg.numerics.gibbs.densities import group_norms, prior_precision
from bayesreg.numerics.gibbs.specification import FLOOR, RATE, RIDGE, RSS, SIGMA
from bayesreg.numerics.gibbs.store import store_with_normals
from bayesreg.numerics.gibbs.updates import draw_levels, draw_noise


@njit(cache=True, nogil=True)
def draw_delta(
    rng: Any, G: Any, c: Any, total: float, rows: float, precision: Any, hyper: Any, state: Any, width: Any, own: bool
) -> bool:
    """Draw sigma (if ``own``: with delta integrated out) and delta; False where A is singular to working precision."""
    p = c.size
    A = G.copy()
    for j in range(p):
        A[j, j] += max(precision[j], FLOOR * G[j, j])
    if not factorise(A) > 0.0:
        return False
    v = c.copy()
    solve_lower(A, v)
    explained = v @ v
    level = state.level
    if own:
        level[SIGMA] = draw_noise(rng, hyper.noise, rows, max(total - explained, 0.0), level[SIGMA], width[SIGMA])
    for i in range(p):
        v[i] += level[SIGMA] * rng.standard_normal()
    solve_upper(A, v)
    state.delta[:] = v
    return True


@njit(cache=True, nogil=True)
def square_of(G: Any, delta: Any) -> float:
    """Return delta'G delta."""
    total = 0.0
    for i in range(delta.size):
        value = 0.0
        for k in range(delta.size):
            value += G[i, k] * delta[k]
        total += delta[i] * value
    return total


@njit(cache=True, nogil=True)
def full_sweep(
    rng: Any,
    G: Any,
    c: Any,
    total: float,
    rows: float,
    prior: Any,
    hyper: Any,
    state: Any,
    width: Any,
    own: bool,
    precision: Any,
    norms: Any,
) -> bool:
    """Both blocks once; ``precision`` (p,) and ``norms`` (G,) are overwritten, the rest is as in `full_sweeps`."""
    level = state.level
    prior_precision(prior, state.local, level[SIGMA], level[RATE], level[RIDGE], precision)
    if not draw_delta(rng, G, c, total, rows, precision, hyper, state, width, own):
        return False
    level[RSS] = max(total - 2.0 * (c @ state.delta) + square_of(G, state.delta), 0.0)
    group_norms(prior, state.delta, norms)
    draw_levels(rng, prior, hyper, state, norms, rows, width, not own)
    return True


@njit(cache=True, nogil=True)
def full_sweeps(
    rng: Any,
    G: Any,
    c: Any,
    total: float,
    rows: float,
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
    G : array, shape (p, p)
    c : array, shape (p,)
    total, rows : float
        Residual sum of squares at delta = 0 and the number of rows it stands for.
    prior, hyper, state : Prior, Hyper, State
        ``state`` is overwritten.
    width : array, shape (3,)
        Slice widths.
    own : bool
        Whether q is free of sigma, so that sigma is drawn with delta integrated out.
    free : array, shape (draws, f)
        Filled with standard normals for the free columns.
    deltas, locals_, levels : array, shape (draws, p), (draws, G), (draws, 5)

    Returns
    -------
    bool
        False where a matrix was singular to working precision; what follows is not filled.
    """
    precision, norms = np.empty(c.size), np.empty(state.local.size)
    for k in range(deltas.shape[0]):
        if not full_sweep(rng, G, c, total, rows, prior, hyper, state, width, own, precision, norms):
            return False
        store_with_normals(rng, k, state, free, deltas, locals_, levels)
    return True

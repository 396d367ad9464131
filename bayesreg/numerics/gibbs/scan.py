r"""Local variances of a horseshoe one after the other, all coefficients integrated out.

Given the other local variances, sigma and a, the likelihood of delta_j with the other coefficients integrated out is
normal, and with :math:`W = (G + \operatorname{diag} q)^{-1}`

.. math:: A_j = \frac{(G W)_{jj}}{W_{jj}}, \qquad h_j = \frac{(W c)_j}{W_{jj}}

are its A and h of `bayesreg.numerics.gibbs.coordinates`: no difference with q_j, which may be large, is taken. So
(delta_j, t_j) is drawn at once, delta_j is forgotten, and W follows by a change of rank one. A coefficient costs 4 p²;
given the others the chain moves slowly where correlated columns take each other's part.

A sweep is such a scan, then the two blocks of `bayesreg.numerics.gibbs.full`: what is drawn with delta integrated out
comes before delta.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.cholesky import factorise, solve_lower, solve_upper
from bayesreg.numerics.gibbs.coordinates import draw_coefficient
from bayesreg.numerics.gibbs.densities import prior_precision
from bayesreg.numerics.gibbs.full import full_sweep
from bayesreg.numerics.gibbs.shifted_reciprocal import shifted_reciprocal
from bayesreg.numerics.gibbs.specification import FLOOR, RATE, RIDGE, SIGMA
from bayesreg.numerics.gibbs.store import store_with_normals


@njit(cache=True, nogil=True)
def inverse_of(G: Any, precision: Any, W: Any) -> bool:
    """Write (G + diag precision)^-1 into ``W``; False where that is singular to working precision."""
    p = G.shape[0]
    A = G.copy()
    for j in range(p):
        A[j, j] += precision[j]
    if not factorise(A) > 0.0:
        return False
    W[:] = 0.0
    for j in range(p):
        W[j, j] = 1.0
        solve_lower(A[j:, j:], W[j, j:])
        solve_upper(A, W[j])
    return True


@njit(cache=True, nogil=True)
def draw_marginal_locals(rng: Any, G: Any, c: Any, prior: Any, state: Any, precision: Any, W: Any) -> bool:
    """Draw the local variances in turn, delta integrated out; False where a matrix is singular.

    Parameters
    ----------
    rng : numpy.random.Generator
    G, c : array, shape (p, p), (p,)
    prior, state : Prior, State
        With the law HORSESHOE. ``state.delta`` is of no account and out of date afterwards.
    precision, W : array, shape (p,), (p, p)
        Overwritten.
    """
    p, sigma = c.size, state.level[SIGMA]
    prior_precision(prior, state.local, sigma, state.level[RATE], state.level[RIDGE], precision)
    for j in range(p):
        precision[j] = max(precision[j], FLOOR * G[j, j])
    if not inverse_of(G, precision, W):
        return False
    scale = state.level[RATE] * sigma**-prior.on_sigma
    column = np.empty(p)
    for j in range(p):
        own = W[j, j]
        A, h = 0.0, 0.0
        for k in range(p):
            column[k] = W[j, k]
            A += G[j, k] * column[k]
            h += c[k] * column[k]
        g = prior.group[j]
        if not (prior.rate[j] > 0.0 and prior.size[g] == 1.0 and own > 0.0 and G[j, j] > 0.0):
            continue
        rho = scale * prior.rate[j]
        A = max(A / own, FLOOR * G[j, j])
        z = rho * draw_coefficient(rng, prior.law, A, h / own, sigma, rho, 0.0)
        inverse = min(max(shifted_reciprocal(rng, 0.5 * z * z), 1e-290), 1e290)
        state.local[g] = 1.0 / inverse
        fresh = max((sigma * rho) ** 2 * inverse, FLOOR * G[j, j])
        # 1 + (new - old) W_jj without a difference, as 1 / W_jj = A + old.
        change = (fresh - precision[j]) / (own * (A + fresh))
        precision[j] = fresh
        for i in range(p):
            factor = change * column[i]
            for k in range(p):
                W[i, k] -= factor * column[k]
    return True


@njit(cache=True, nogil=True)
def scanned_sweeps(
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
    """Make one sweep for each row of ``deltas`` and store the states; as `bayesreg.numerics.gibbs.full.full_sweeps`."""
    p = c.size
    precision, W, norms = np.empty(p), np.empty((p, p)), np.empty(state.local.size)
    for k in range(deltas.shape[0]):
        if not draw_marginal_locals(rng, G, c, prior, state, precision, W):
            return False
        if not full_sweep(rng, G, c, total, rows, prior, hyper, state, width, own, precision, norms):
            return False
        store_with_normals(rng, k, state, free, deltas, locals_, levels)
    return True

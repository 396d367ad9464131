r"""The sweeps of `bayesreg.numerics.gibbs.rows` for more columns than rows: n x n factorisations.

Given Omega the likelihood is a normal one of the pseudo-response :math:`z = y + \sigma m/\Omega` with the row weights
Omega. Reflections H make its columns without a prior, F, triangular,

.. math:: H\, \Omega^{1/2} (F, X, z) = \begin{pmatrix} R & B & b \\ 0 & \tilde X & \tilde z \end{pmatrix}

and the lower rows are a problem of `bayesreg.numerics.gibbs.collapsed`, with a (and sigma, where z is free of it) drawn
before the coefficients; those of F follow from the upper rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.gibbs.collapsed import draw_given_locals
from bayesreg.numerics.gibbs.rows import draw_omega, draw_scales
from bayesreg.numerics.gibbs.specification import SIGMA
from bayesreg.numerics.gibbs.store import store


@njit(cache=True, nogil=True)
def triangularise(A: Any, f: int) -> bool:
    """Apply f Householder reflections that make the first f columns of A (n, c) triangular; False where one is 0."""
    n, c = A.shape
    for j in range(f):
        length = 0.0
        for i in range(j, n):
            length += A[i, j] * A[i, j]
        length = math.copysign(math.sqrt(length), A[j, j])
        if not abs(length) > 0.0:
            return False
        v = A[j:, j] / length
        v[0] += 1.0
        # The reflection I - v v'/v_0 sends the column to (-length, 0, ...).
        share = np.zeros(c)
        for i in range(j, n):
            for k in range(j + 1, c):
                share[k] += v[i - j] / v[0] * A[i, k]
        for i in range(j, n):
            for k in range(j + 1, c):
                A[i, k] -= v[i - j] * share[k]
        A[j, j] = -length
    return True


@njit(cache=True, nogil=True)
def wide_row_sweeps(
    rng: Any,
    rows: Any,
    prior: Any,
    hyper: Any,
    given_omega: Any,
    state: Any,
    width: Any,
    own: bool,
    pure: bool,
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
    given_omega : Hyper
        What of ``hyper`` is drawn with the coefficients integrated out: all but sigma where there are slopes.
    width : array, shape (3,)
        Slice widths.
    own : bool
        Whether sigma is drawn there although a is not: the prior variances over sigma² are free of it.
    pure : bool
        Whether the prior variance of every coefficient is t / (a r)² but for sigma.
    free : array, shape (draws, n_flat)
        Filled with the last coefficients.
    deltas, locals_, levels : array, shape (draws, m), (draws, G), (draws, 5)

    Returns
    -------
    bool
        False where a column without a prior is spanned by those before it or a number overflowed; what follows is not
        filled.
    """
    n, m = rows.Z.shape
    f = rows.n_flat
    q = m - f
    omega, precision, norms = np.empty(n), np.empty(q), np.empty(state.local.size)
    # Columns without a prior first, then the others, then the pseudo-response.
    joined = np.empty((n, m + 1))
    level = state.level
    for k in range(deltas.shape[0]):
        residual = rows.response - np.dot(rows.Z, state.delta)
        draw_omega(rng, rows, residual, level[SIGMA], omega)
        for i in range(n):
            root = math.sqrt(omega[i])
            for j in range(f):
                joined[i, j] = root * rows.Z[i, q + j]
            for j in range(q):
                joined[i, f + j] = root * rows.Z[i, j]
            joined[i, m] = root * rows.response[i] + level[SIGMA] * rows.slope[i] / root
        if not triangularise(joined, f):
            return False
        X, z = np.ascontiguousarray(joined[f:, f:m]), joined[f:, m].copy()
        delta = state.delta[:q]
        draw_given_locals(rng, X, z, rows.total - f, prior, given_omega, state, width, own, pure, precision, delta)
        for j in range(f - 1, -1, -1):
            value = joined[j, m] - np.dot(joined[j, f:m], delta) + level[SIGMA] * rng.standard_normal()
            for i in range(j + 1, f):
                value -= joined[j, i] * state.delta[q + i]
            state.delta[q + j] = value / joined[j, j]
        if not np.isfinite(state.delta).all():
            return False
        residual = rows.response - np.dot(rows.Z, state.delta)
        draw_scales(rng, rows, residual, prior, hyper, state, norms, width)
        free[k] = state.delta[q:]
        store(k, state, deltas, locals_, levels)
    return True

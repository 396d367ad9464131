r"""Penalised least squares by a search over supports that always ends, however nearly the columns span each other.

.. math:: \min_d \tfrac12\|b - A d\|^2 + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2

over d, some of which must not be negative. On given signs the problem is a linear system: with :math:`A_S = Q^T R`,
:math:`R^T z = L_1 s` and :math:`R d_S = Q b - z`. The search walks towards its solution until a coefficient would
change sign (there it becomes an exact zero and leaves), and lets the worst violator in when the signs are optimal on
their own support: the active-set method of Lawson & Hanson (1974, chapter 23) with the signs of Lee, Battle, Raina & Ng
(2007). A column that the members span enters along the null direction, on which the objective is linear, and drives
another one out. The objective falls at every step, so no support comes back.

The orthogonal factor is updated column by column and never squares the condition number, unlike a Gram matrix: what is
left of the gradient is rounding of b and of the terms of A d.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.penalty import Penalty

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)
# A unit column nearer than this to the span of others lies in it, as far as rounding can tell.
DEPENDENT = 1e-13


def rows_of(G: Array, c: Array) -> tuple[Array, Array]:
    """Rows A and response b with A'A = G and A'b = c, where there are no others; shapes (k, p) and (k,)."""
    unit = np.sqrt(np.diag(G))
    unit[unit == 0] = 1.0
    values, vectors = linalg.eigh(G / np.outer(unit, unit))
    kept = values > 4 * EPS * values.size * values[-1]
    root = np.sqrt(values[kept])
    A = (vectors[:, kept] * root).T * unit
    # Rounding brings an empty column to life.
    A[:, np.diag(G) == 0] = 0.0
    return A, vectors[:, kept].T @ (c / unit) / root


def search(A: Array, b: Array, penalty: Penalty, d: Array, scale: Array, max_steps: int) -> tuple[Array, int]:
    """Return the exact minimiser, started at ``d``, and the number of linear solves.

    Parameters
    ----------
    A : array, shape (m, p)
    b : array, shape (m,)
    penalty : Penalty
        Without groups.
    d : array, shape (p,)
        Start; not modified.
    scale : array, shape (p,)
        Unit of a KKT distance of each coordinate.
    max_steps : int
        Give up after so many solves and return the best point reached.
    """
    p = d.size
    ridge = np.flatnonzero(penalty.l2 > 0)
    if ridge.size:
        more = np.zeros((ridge.size, p))
        more[np.arange(ridge.size), ridge] = np.sqrt(penalty.l2[ridge])
        A, b = np.vstack([A, more]), np.concatenate([b, np.zeros(ridge.size)])
    if A.shape[0] > p + 1:
        triangle = linalg.qr(np.column_stack([A, b]), mode="r", check_finite=False)[0][: p + 1]
        A, b = triangle[:, :p], triangle[:, p]
    d = d.copy()
    positive = penalty.constrained
    d[positive] = np.maximum(d[positive], 0.0)
    columns = np.ascontiguousarray(A.T)
    steps = _search(columns, np.ascontiguousarray(b), penalty.l1, positive, d, scale, max_steps)
    return d, int(steps)


@njit(cache=True, nogil=True)
def _search(columns: Any, b: Any, l1: Any, positive: Any, d: Any, scale: Any, max_steps: int) -> int:
    p, m = columns.shape
    bounded = (l1 > 0.0) | positive
    norm = np.sqrt(np.sum(columns * columns, axis=1))
    room = min(p, m) + 1
    state = (np.empty((room, m)), np.zeros((room, room)), np.empty(room, dtype=np.int64))
    sign, inside = np.sign(d), np.zeros(p, dtype=np.bool_)
    size = 0
    for free in (True, False):
        for j in range(p):
            if norm[j] > 0.0 and bounded[j] != free and (not bounded[j] or d[j] != 0.0):
                size = _settle(columns, norm, l1, bounded, state, size, d, sign, inside, j)
            elif norm[j] == 0.0 and bounded[j]:
                d[j] = 0.0
    # The objective when a coefficient was last let in: without a gain since, what is left of its violation is rounding.
    entered = np.full(p, np.inf)
    step, work = np.empty(room), np.empty(room)
    r, full = _residual(columns, b, d), False
    for steps in range(1, max_steps + 1):
        Q, L, member = state
        # Q r' = z with L z = l1 sign is where to; L' step = Q r - z the way.
        _forward(L, member, size, l1, sign, work)
        work[:size] = np.dot(Q[:size], r) - work[:size]
        _backward(L, size, work, step)
        share, out = 1.0, -1
        for i in range(size):
            j = member[i]
            if bounded[j] and (d[j] + step[i]) * sign[j] < 0.0:
                reach = max(-d[j] / step[i], 0.0)
                if reach < share:
                    share, out = reach, i
        for i in range(size):
            d[member[i]] += share * step[i]
        if out >= 0:
            j = member[out]
            d[j], sign[j], inside[j] = 0.0, 0.0, False
            _leave(state, size, out)
            size -= 1
            r, full = _residual(columns, b, d), False
            continue
        r = _residual(columns, b, d)
        if not full:
            # Solved once more from the residual that is there now.
            full = True
            continue
        pull = np.dot(columns, r)
        value, terms = 0.5 * np.dot(r, r), np.sqrt(np.dot(b, b))
        for i in range(size):
            value += l1[member[i]] * abs(d[member[i]])
            terms += norm[member[i]] * abs(d[member[i]])
        worst, new = 0.0, -1
        for j in range(p):
            if inside[j] or not bounded[j] or norm[j] == 0.0 or not value < entered[j]:
                continue
            excess = (pull[j] if positive[j] else abs(pull[j])) - l1[j]
            if excess > 2.0 * EPS * norm[j] * terms and excess > worst * scale[j]:
                worst, new = excess / scale[j], j
        if new < 0:
            return steps
        entered[new], full = value, False
        sign[new] = np.sign(pull[new])
        size = _settle(columns, norm, l1, bounded, state, size, d, sign, inside, new)
        r = _residual(columns, b, d)
    return max_steps


@njit(cache=True, nogil=True)
def _settle(
    columns: Any, norm: Any, l1: Any, bounded: Any, state: Any, size: int, d: Any, sign: Any, inside: Any, j: int
) -> int:
    """Let column j in with its sign; where the members span it, walk along the null direction until one leaves."""
    _, L, member = state
    way = np.empty(size + 1)
    while True:
        if _enter(columns, norm, state, size, j):
            inside[j] = True
            return size + 1
        # A_S way + a_j = 0; the penalty is linear along it.
        _backward(L, size, -L[size, :size], way)
        slope = l1[j] * sign[j]
        for i in range(size):
            slope += l1[member[i]] * sign[member[i]] * way[i]
        ahead = sign[j] if d[j] == 0.0 else (-1.0 if slope > 0.0 else 1.0)
        share, out = np.inf, -1
        if bounded[j] and d[j] * ahead < 0.0:
            share = abs(d[j])
        for i in range(size):
            k = member[i]
            # What rounding makes of a column that takes no part does not move.
            if bounded[k] and ahead * way[i] * sign[k] < -1e-12 * norm[j] / norm[k]:
                reach = abs(d[k] / way[i])
                if reach < share:
                    share, out = reach, i
        if share == np.inf:
            # Nothing bounds it: a column without a penalty stays where it is, one that would enter does not.
            sign[j] = np.sign(d[j])
            return size
        d[j] += share * ahead
        for i in range(size):
            d[member[i]] += share * ahead * way[i]
        if out < 0:
            d[j], sign[j] = 0.0, 0.0
            return size
        k = member[out]
        d[k], sign[k], inside[k] = 0.0, 0.0, False
        _leave(state, size, out)
        size -= 1


@njit(cache=True, nogil=True)
def _residual(columns: Any, b: Any, d: Any) -> Any:
    r = b.copy()
    for j in range(d.size):
        if d[j] != 0.0:
            r -= d[j] * columns[j]
    return r


@njit(cache=True, nogil=True)
def _forward(L: Any, member: Any, size: int, l1: Any, sign: Any, z: Any) -> None:
    """Solve L z = l1 sign over the members."""
    for i in range(size):
        z[i] = (l1[member[i]] * sign[member[i]] - np.dot(L[i, :i], z[:i])) / L[i, i]


@njit(cache=True, nogil=True)
def _backward(L: Any, size: int, right: Any, x: Any) -> None:
    """Solve L' x = right."""
    x[:size] = right[:size]
    for i in range(size - 1, -1, -1):
        x[i] /= L[i, i]
        x[:i] -= x[i] * L[i, :i]


@njit(cache=True, nogil=True)
def _enter(columns: Any, norm: Any, state: Any, size: int, j: int) -> bool:
    """Orthogonalise column j against the members, twice; its products stay in row ``size`` of L."""
    Q, L, member = state
    left = columns[j].copy()
    L[size, :] = 0.0
    for _ in range(2):
        along = np.dot(Q[:size], left)
        left -= np.dot(along, Q[:size])
        L[size, :size] += along
    rest = np.sqrt(np.dot(left, left))
    if size == L.shape[0] - 1 or rest <= DEPENDENT * norm[j]:
        return False
    L[size, size], member[size] = rest, j
    Q[size] = left / rest
    return True


@njit(cache=True, nogil=True)
def _leave(state: Any, size: int, out: int) -> None:
    """Take a member out: its row of L goes, rotations fill the diagonal and turn the rows of Q."""
    Q, L, member = state
    for i in range(out, size - 1):
        member[i] = member[i + 1]
        L[i, : i + 2] = L[i + 1, : i + 2]
    for i in range(out, size - 1):
        x, y = L[i, i], L[i, i + 1]
        length = np.hypot(x, y)
        cosine, sine = x / length, y / length
        for k in range(i, size - 1):
            x, y = L[k, i], L[k, i + 1]
            L[k, i], L[k, i + 1] = cosine * x + sine * y, cosine * y - sine * x
        for t in range(Q.shape[1]):
            x, y = Q[i, t], Q[i + 1, t]
            Q[i, t], Q[i + 1, t] = cosine * x + sine * y, cosine * y - sine * x
        L[i, i + 1] = 0.0

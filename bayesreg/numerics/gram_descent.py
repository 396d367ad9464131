r"""Coordinate descent on a Gram matrix, with Newton steps on the support.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2

over d, some of which must not be negative. One coordinate costs O(1) when it stays and O(p) when it moves (Friedman,
Hastie & Tibshirani, 2010, section 2.2, "covariance updates"). Between the cycles the problem on the present signs,
which is a linear system, is solved; where its solution changes a sign, that coefficient becomes an exact zero. The
objective falls at every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesreg.numerics.cholesky import factorise, solve_factored

Array = NDArray[np.float64]

# Unit columns whose distance from the span of others is below this are left to the careful solver.
PIVOT = 1e-5
SINGULAR = -1
# Newton steps on a singular support that may come one after the other, and all that may be taken.
PATIENCE = 30
MOST = 60


@njit(cache=True, nogil=True)
def _cycle(
    G: Any, q: Any, d: Any, l1: Any, l2: Any, positive: Any, scale: Any, active: Any, only_active: bool
) -> float:
    """One cycle over the (active) coordinates; returns the largest KKT distance met, over ``scale``."""
    worst = 0.0
    for j in range(d.size):
        if only_active and not active[j]:
            continue
        curvature = G[j, j] + l2[j]
        if curvature <= 0.0:
            # A column of zeros: without a penalty its coefficient stays as it is.
            if l1[j] > 0.0:
                d[j] = 0.0
            continue
        # q = c - G d, so z is the numerator of the one-dimensional solution.
        z = q[j] + G[j, j] * d[j]
        if z > l1[j]:
            new = (z - l1[j]) / curvature
        elif z < -l1[j] and not positive[j]:
            new = (z + l1[j]) / curvature
        else:
            new = 0.0
        step = new - d[j]
        if step != 0.0:
            row = G[j]
            for k in range(d.size):
                q[k] -= step * row[k]
            d[j] = new
            worst = max(worst, abs(step) * curvature / scale[j])
        active[j] = new != 0.0 or (l1[j] == 0.0 and not positive[j])
    return worst


@njit(cache=True, nogil=True)
def _move(G: Any, q: Any, d: Any, index: Any, step: Any) -> None:
    """Add ``step`` to the coefficients ``index`` and keep q = c - G d."""
    for i in range(index.size):
        if step[i] != 0.0:
            row = G[index[i]]
            for k in range(q.size):
                q[k] -= step[i] * row[k]
            d[index[i]] += step[i]


@njit(cache=True, nogil=True)
def _newton(G: Any, q: Any, d: Any, l1: Any, l2: Any, positive: Any) -> int:
    """Solve on the present signs; 1: solved with all signs kept, 0: some became zeros, -1: singular."""
    p = d.size
    count = 0
    index = np.empty(p, dtype=np.int64)
    for j in range(p):
        if G[j, j] + l2[j] > 0.0 and (d[j] != 0.0 or (l1[j] == 0.0 and not positive[j])):
            index[count] = j
            count += 1
    if count == 0:
        return 1
    index = index[:count].copy()
    root = np.empty(count)
    for i in range(count):
        root[i] = 1.0 / np.sqrt(G[index[i], index[i]] + l2[index[i]])
    A = np.empty((count, count))
    for i in range(count):
        row = G[index[i]]
        for k in range(i + 1):
            A[i, k] = row[index[k]] * root[i] * root[k]
        A[i, i] = 1.0
    if factorise(A) < PIVOT:
        return SINGULAR
    step = np.empty(count)
    for _ in range(2):
        for i in range(count):
            j = index[i]
            step[i] = (q[j] - l2[j] * d[j] - l1[j] * np.sign(d[j])) * root[i]
        solve_factored(A, step)
        first = 1.0
        crossed = False
        for i in range(count):
            j = index[i]
            step[i] *= root[i]
            bound = (l1[j] > 0.0 or positive[j]) and d[j] != 0.0
            if bound and (d[j] + step[i]) * d[j] < 0.0:
                crossed = True
                first = min(first, -d[j] / step[i])
        if not crossed:
            _move(G, q, d, index, step)
            continue
        # Along the step, what crosses stays at zero: the first share of it that lowers the objective is taken.
        wanted = np.empty(count)
        share, change = 1.0, 1.0
        while True:
            change, curvature = 0.0, 0.0
            for i in range(count):
                j = index[i]
                wanted[i] = share * step[i]
                bound = (l1[j] > 0.0 or positive[j]) and d[j] != 0.0
                if bound and (d[j] + wanted[i]) * d[j] <= 0.0:
                    wanted[i] = -d[j]
                new = d[j] + wanted[i]
                change += l1[j] * (abs(new) - abs(d[j])) + (l2[j] * d[j] - q[j]) * wanted[i]
            # wanted' (G + L2) wanted from the factor of the scaled matrix.
            for k in range(count):
                along = 0.0
                for i in range(k, count):
                    along += A[i, k] * wanted[i] / root[i]
                curvature += along * along
            change += 0.5 * curvature
            if change < 0.0 or share <= first:
                break
            share = max(0.5 * share, first)
        _move(G, q, d, index, wanted)
        for i in range(count):
            if wanted[i] == -d[index[i]] or abs(d[index[i]]) <= 1e-15 * abs(wanted[i]):
                d[index[i]] = 0.0
        return 0
    return 1


@njit(cache=True, nogil=True)
def gram_descent(
    G: Any, c: Any, l1: Any, l2: Any, positive: Any, d: Any, scale: Any, tol: float, max_cycles: int
) -> tuple[int, int]:
    """Minimise in place, warm-started at ``d``.

    Parameters
    ----------
    G : array, shape (p, p)
        Symmetric, C-contiguous.
    c, l1, l2, d : array, shape (p,)
        ``d`` is overwritten with the solution.
    positive : array of bool, shape (p,)
        Coefficients that must not be negative.
    scale : array, shape (p,)
        What a KKT distance of a coordinate is measured in; positive.
    tol : float
        Stop when no coordinate moved by more than this in a full cycle.
    max_cycles : int
        Largest number of cycles, those over the active coordinates included.

    Returns
    -------
    cycles : int
    outcome : int
        -1 where the cycles were given up: the support stayed collinear to working precision, so that no Newton step
        could be taken, or nearly so, and the steps went on changing signs. 0 otherwise.
    """
    p = d.size
    q = c.copy()
    for j in range(p):
        if d[j] != 0.0:
            row = G[j]
            for k in range(p):
                q[k] -= d[j] * row[k]
    active = np.ones(p, dtype=np.bool_)
    cycles, solved, singular, steps, before = 0, False, 0, 0, np.inf
    while cycles < max_cycles:
        worst = _cycle(G, q, d, l1, l2, positive, scale, active, False)
        cycles += 1
        # After a solve on the right support what moves is rounding, and does not get less.
        if worst <= tol or (solved and worst <= 1e-11 and worst >= 0.5 * before):
            break
        before = worst if solved else np.inf
        solved = False
        count = 0
        for j in range(p):
            count += active[j]
        # More cycles settle more signs; a solve costs count³ / 3, a cycle count p.
        for _ in range(2 + count // 150):
            if cycles >= max_cycles:
                break
            inner = _cycle(G, q, d, l1, l2, positive, scale, active, True)
            cycles += 1
            if inner <= 0.1 * tol:
                break
        if cycles < max_cycles:
            outcome = _newton(G, q, d, l1, l2, positive)
            solved = outcome == 1
            # Too many columns at once are dependent for a while only: cycles thin them out.
            singular = singular + 1 if outcome == SINGULAR else 0
            steps += 1
            if singular > PATIENCE or steps > MOST:
                return cycles, SINGULAR
    return cycles, 0


@njit(cache=True, nogil=True)
def gram_path(
    G: Any,
    c: Any,
    l1: Any,
    l2: Any,
    positive: Any,
    strengths: Any,
    scale: Any,
    tol: float,
    max_cycles: int,
    coefs: Any,
    cycles: Any,
) -> int:
    """Solve for the penalty times each strength, each started at the one before; rows of ``coefs`` (k, p) are filled.

    Returns the number of points done: fewer than all where the cycles were given up.
    """
    d = np.zeros(c.size)
    for k in range(strengths.size):
        cycles[k], outcome = gram_descent(
            G, c, l1 * strengths[k], l2 * strengths[k], positive, d, scale, tol, max_cycles
        )
        if outcome != 0:
            return k
        coefs[k] = d
    return int(strengths.size)

r"""Coordinate descent on the stored entries of sparse columns, with Newton steps by conjugate gradients.

.. math:: \min_d \tfrac12 \sum_i h_i (\tilde x_i^T (d - d_0))^2 + g^T \tilde X (d - d_0) + \Omega(d)

where :math:`\tilde X` is X less its h-weighted means, or X itself without an intercept. Nothing is densified: the
gradient of a column is that over its entries less a scalar (Friedman, Hastie & Tibshirani, 2010, section 2.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]


@njit(cache=True, nogil=True)
def _prepare(data: Any, indices: Any, indptr: Any, h: Any, inverse: float, mean: Any, curvature: Any) -> None:
    """Products of the columns with h, and their squared norms about the means; ``inverse`` is 0 or 1 / sum h."""
    for j in range(mean.size):
        along, square = 0.0, 0.0
        for k in range(indptr[j], indptr[j + 1]):
            used = h[indices[k]] * data[k]
            along += used
            square += used * data[k]
        mean[j] = along * inverse
        curvature[j] = max(square - along * along * inverse, 0.0)


@njit(cache=True, nogil=True)
def _cycle(
    data: Any,
    indices: Any,
    indptr: Any,
    h: Any,
    v: Any,
    level: float,
    total: float,
    mean: Any,
    curvature: Any,
    d: Any,
    l1: Any,
    l2: Any,
    positive: Any,
    scale: Any,
    active: Any,
    only_active: bool,
) -> tuple[float, float]:
    """One cycle. State: v = g + h (X (d - d0)), and the intercept's answer ``level``, so that v - level h sums to 0."""
    worst = 0.0
    for j in range(d.size):
        if only_active and not active[j]:
            continue
        bend = curvature[j] + l2[j]
        if bend <= 0.0:
            # An empty column: without a penalty its coefficient stays as it is.
            if l1[j] > 0.0:
                d[j] = 0.0
            continue
        slope = -level * mean[j] * total
        for k in range(indptr[j], indptr[j + 1]):
            slope += data[k] * v[indices[k]]
        z = curvature[j] * d[j] - slope
        if z > l1[j]:
            new = (z - l1[j]) / bend
        elif z < -l1[j] and not positive[j]:
            new = (z + l1[j]) / bend
        else:
            new = 0.0
        step = new - d[j]
        if step != 0.0:
            for k in range(indptr[j], indptr[j + 1]):
                v[indices[k]] += h[indices[k]] * data[k] * step
            level += step * mean[j]
            d[j] = new
            worst = max(worst, abs(step) * bend / scale[j])
        active[j] = new != 0.0 or (l1[j] == 0.0 and not positive[j])
    return worst, level


def sparse_descent(
    X: sparse.csc_array,
    h: Array,
    g: Array,
    intercept: tuple[float, float] | None,
    l1: Array,
    l2: Array,
    positive: NDArray[np.bool_],
    d: Array,
    scale: Array,
    tol: float,
    max_cycles: int,
) -> tuple[Array, int]:
    """Return the minimiser and the number of cycles.

    Parameters
    ----------
    X : csc_array, shape (n, k)
        The columns in play.
    h, g : array, shape (n,)
        Curvature and gradient of the weighted loss at ``d``.
    intercept : tuple of float, or None
        Ridge rate of the intercept that is eliminated (0: flat) and the slope of that ridge; None: there is none.
    l1, l2, positive, d, scale : array, shape (k,)
        ``d`` is the start, at which ``h`` and ``g`` were taken.
    tol : float
        KKT distance over ``scale`` at which to stop.
    max_cycles : int
    """
    d = np.array(d, dtype=float)
    rate, pull = (0.0, 0.0) if intercept is None else intercept
    total = float(h.sum()) + rate
    inverse = 0.0 if intercept is None or total == 0 else 1.0 / total
    mean, curvature = np.empty(d.size), np.empty(d.size)
    _prepare(X.data, X.indices, X.indptr, h, inverse, mean, curvature)
    v = g.copy()
    level = (float(g.sum()) + pull) * inverse
    active = np.ones(d.size, dtype=np.bool_)
    cycles, before = 0, np.inf
    settled: NDArray[np.intp] | None = None

    def cycle(only_active: bool) -> float:
        nonlocal level
        worst, level = _cycle(
            X.data,
            X.indices,
            X.indptr,
            h,
            v,
            level,
            total,
            mean,
            curvature,
            d,
            l1,
            l2,
            positive,
            scale,
            active,
            only_active,
        )
        return float(worst)

    while cycles < max_cycles:
        worst = cycle(False)
        cycles += 1
        if worst <= tol or (worst <= 1e-11 and worst >= 0.5 * before):
            break
        before = worst
        for _ in range(10):
            inner = cycle(True)
            cycles += 1
            if inner <= 0.1 * max(tol, 1e-3 * worst):
                break
        if inner > 0.1 * tol:
            # Exactly once the support has settled; before that a tenth of what is wrong is enough.
            support = np.flatnonzero(d)
            same = settled is not None and np.array_equal(support, settled)
            aim = 0.1 * tol if same else max(0.1 * tol, 0.05 * inner)
            settled = support
            level = _newton(X, h, v, level, pull, inverse, curvature, d, l1, l2, positive, scale, aim)
    return d, cycles


def _newton(
    X: sparse.csc_array,
    h: Array,
    v: Array,
    level: float,
    pull: float,
    inverse: float,
    curvature: Array,
    d: Array,
    l1: Array,
    l2: Array,
    positive: NDArray[np.bool_],
    scale: Array,
    aim: float,
) -> float:
    """Solve on the present signs by conjugate gradients, zeros where those break; ``d`` and ``v`` move if downhill."""
    on = np.flatnonzero(((d != 0) | ((l1 == 0) & ~positive)) & (curvature + l2 > 0))
    if on.size == 0:
        return level
    A = X[:, on]
    AT = A.T
    sign = np.where((l1[on] > 0) | positive[on], np.sign(d[on]), 0.0)

    def product(s: Array) -> Array:
        along = h * (A @ s)
        along -= h * (float(along.sum()) * inverse)
        return np.asarray(AT @ along + l2[on] * s)

    residual = -(AT @ (v - level * h) + l2[on] * d[on] + l1[on] * sign)
    diagonal = curvature[on] + l2[on]
    step = np.zeros(on.size)
    z = residual / diagonal
    direction, square = z, float(residual @ z)
    for _ in range(500):
        if np.abs(residual / scale[on]).max() <= aim or square == 0:
            break
        image = product(direction)
        bend = float(direction @ image)
        if bend <= 0:
            break
        share = square / bend
        step += share * direction
        residual = residual - share * image
        z = residual / diagonal
        before, square = square, float(residual @ z)
        direction = z + (square / before) * direction
    slope, here = AT @ (v - level * h), d[on].copy()
    crossing = (sign != 0) & ((here + step) * sign < 0)
    first = float(np.min(-here[crossing] / step[crossing], initial=1.0))
    share = 1.0
    while True:
        # Along the step, what crosses stays at zero: the first share of it that lowers the objective is taken.
        new = here + share * step
        new[(sign != 0) & (new * sign <= 0)] = 0.0
        moved = new - here
        change = float(slope @ moved + 0.5 * moved @ (product(moved) - l2[on] * moved))
        change += float(l1[on] @ (np.abs(new) - np.abs(here)) + 0.5 * l2[on] @ (new**2 - here**2))
        if change < 0 or share <= first:
            break
        share = max(0.5 * share, first)
    if not change < 0:
        return level
    d[on] = new
    v += h * (A @ moved)
    return (float(v.sum()) + pull) * inverse

r"""Coordinate descent on a Gram matrix.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2

One coordinate costs O(1) when it stays and O(p) when it moves (Friedman, Hastie & Tibshirani, 2010, section 2.2,
"covariance updates").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True, nogil=True)
def _pass(G: Any, q: Any, d: Any, l1: Any, l2: Any, scale: Any, active: Any, only_active: bool) -> float:
    """One cycle over the (active) coordinates; returns the largest KKT distance met, over ``scale``."""
    worst = 0.0
    for j in range(d.size):
        if only_active and not active[j]:
            continue
        curvature = G[j, j] + l2[j]
        if curvature <= 0.0:
            continue  # an all-zero column without a penalty: its coefficient stays as it is
        # q = c - G d, so z is the numerator of the one-dimensional solution.
        z = q[j] + G[j, j] * d[j]
        if z > l1[j]:
            new = (z - l1[j]) / curvature
        elif z < -l1[j]:
            new = (z + l1[j]) / curvature
        else:
            new = 0.0
        step = new - d[j]
        if step != 0.0:
            for k in range(d.size):
                q[k] -= step * G[j, k]
            d[j] = new
            worst = max(worst, abs(step) * curvature / scale[j])
        active[j] = new != 0.0 or l1[j] == 0.0
    return worst


@njit(cache=True, nogil=True)
def gram_descent(G: Any, c: Any, l1: Any, l2: Any, d: Any, scale: Any, tol: float, max_epochs: int) -> int:
    """Minimise in place, warm-started at ``d``.

    Parameters
    ----------
    G : array, shape (p, p)
        Symmetric, C-contiguous.
    c, l1, l2, d : array, shape (p,)
        ``d`` is overwritten with the solution.
    scale : array, shape (p,)
        What a KKT distance of a coordinate is measured in; positive.
    tol : float
        Stop when no coordinate moved by more than this in a full cycle.
    max_epochs : int
        Largest number of cycles, those over the active coordinates included.

    Returns
    -------
    int
        Number of cycles done.
    """
    q = c - G @ d
    active = np.ones(d.size, dtype=np.bool_)
    epochs = 0
    while epochs < max_epochs:
        worst = _pass(G, q, d, l1, l2, scale, active, False)
        epochs += 1
        if worst <= tol:
            break
        while epochs < max_epochs:
            inner = _pass(G, q, d, l1, l2, scale, active, True)
            epochs += 1
            if inner <= 0.1 * tol:
                break
    return epochs

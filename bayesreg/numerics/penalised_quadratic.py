r"""The exact minimiser of a penalised quadratic, whatever the penalty.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \Omega(d)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.active_set import polish
from bayesreg.numerics.gram_descent import gram_descent
from bayesreg.numerics.group_descent import group_descent
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]
TOLERANCE = 1e-13


def objective(G: Array, c: Array, penalty: Penalty, d: Array) -> float:
    """Value of the penalised quadratic."""
    k = d.size
    return float(0.5 * d @ (G[:k, :k] @ d) - c @ d + penalty.value(d))


def minimise(
    G: Array, c: Array, penalty: Penalty, d: Array, scale: Array, max_cycles: int, tol: float = TOLERANCE
) -> tuple[Array, int]:
    """Return the minimiser and the number of coordinate-descent cycles it took.

    Parameters
    ----------
    G : array, shape (m, m), m >= p
        C-contiguous; its leading p rows and columns are the quadratic.
    c : array, shape (p,)
    penalty : Penalty
        Of the p coefficients.
    d : array, shape (p,)
        Start; not modified.
    scale : array, shape (p,)
        Unit of a KKT distance of each coordinate.
    max_cycles : int
    tol : float
        KKT distance, in that unit, at which to stop.
    """
    d = np.array(d, dtype=float)
    if penalty.groups is not None:
        return group_descent(G[: d.size, : d.size], c, penalty, d, scale, max_cycles, tol)
    l1, l2, positive = penalty.l1, penalty.l2, penalty.constrained
    # A coefficient that starts on the wrong side of a constraint starts at 0.
    d[positive] = np.maximum(d[positive], 0.0)
    cycles, singular = gram_descent(G, c, l1, l2, positive, d, scale, tol, max_cycles)
    if singular == 0 or cycles >= max_cycles or tol > 1e-6:
        return d, cycles
    # Collinear support: solves that choose among many solutions, with more and more patience between them.
    G = np.ascontiguousarray(G[: d.size, : d.size])
    for limit in (50, 50 + d.size, 50 + 10 * d.size):
        polished, solves = polish(G, c, l1, l2, positive, d, scale, limit)
        if solves < limit:
            return polished, cycles
        if objective(G, c, penalty, polished) < objective(G, c, penalty, d):
            d = polished
        more, _ = gram_descent(G, c, l1, l2, positive, d, scale, tol, max(max_cycles - cycles, 1))
        cycles += more
        if cycles >= max_cycles:
            break
    return d, cycles

r"""The exact minimiser of a penalised quadratic: coordinate descent to find the support, then its polish.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.active_set import polish
from bayesreg.numerics.gram_descent import gram_descent

Array = NDArray[np.float64]


def objective(G: Array, c: Array, l1: Array, l2: Array, d: Array) -> float:
    """Value of the penalised quadratic."""
    return float(0.5 * d @ (G @ d) - c @ d + l1 @ np.abs(d) + 0.5 * l2 @ (d * d))


def minimise(G: Array, c: Array, l1: Array, l2: Array, d: Array, scale: Array, max_cycles: int) -> tuple[Array, int]:
    """Return the minimiser and the number of coordinate-descent cycles it took.

    Parameters
    ----------
    G : array, shape (p, p)
    c, l1, l2 : array, shape (p,)
    d : array, shape (p,)
        Start; not modified.
    scale : array, shape (p,)
        Unit of a KKT distance of each coordinate.
    max_cycles : int
        With a limit that stops the descent early the polish is left out: what comes back is what the cycles reached.
    """
    G = np.ascontiguousarray(G)
    d = np.array(d, dtype=float)
    cycles = 0
    # Cycles are cheap but slow to settle on collinear columns, solves are dear but exact: the search may take more of
    # both at each stage.
    for tol, most, limit in ((1e-4, 100, 50), (1e-8, 1000, 50 + d.size), (1e-13, 5000, 50 + 10 * d.size)):
        cycles += gram_descent(G, c, l1, l2, d, scale, tol, min(most, max_cycles - cycles))
        if cycles >= max_cycles:
            return d, cycles
        polished, solves = polish(G, c, l1, l2, d, scale, limit)
        if solves < limit:
            return polished, cycles
        if objective(G, c, l1, l2, polished) < objective(G, c, l1, l2, d):
            d = polished
    return d, cycles

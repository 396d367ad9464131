r"""The exact minimiser of a penalised quadratic, whatever the penalty.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \Omega(d)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.gram_descent import gram_descent
from bayesreg.numerics.group_descent import group_descent
from bayesreg.numerics.support_search import rows_of, search
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]
TOLERANCE = 1e-13
# To no better than this a solution only says which columns matter.
ROUGH = 1e-6


def objective(G: Array, c: Array, penalty: Penalty, d: Array) -> float:
    """Value of the penalised quadratic."""
    k = d.size
    return float(0.5 * d @ (G[:k, :k] @ d) - c @ d + penalty.value(d))


def minimise(
    G: Array,
    c: Array,
    penalty: Penalty,
    d: Array,
    scale: Array,
    max_cycles: int,
    tol: float = TOLERANCE,
    rows: Callable[[], tuple[Array, Array]] | None = None,
) -> tuple[Array, int]:
    """Return the minimiser and the number of coordinate-descent cycles and linear solves it took.

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
    rows : callable, optional
        Returns A and b with A'A = G and A'b = c, which keep the digits that G has lost of nearly collinear columns.
    """
    d = np.array(d, dtype=float)
    if penalty.groups is not None:
        return group_descent(G[: d.size, : d.size], c, penalty, d, scale, max_cycles, tol)
    l1, l2, positive = penalty.l1, penalty.l2, penalty.constrained
    # A coefficient that starts on the wrong side of a constraint starts at 0.
    d[positive] = np.maximum(d[positive], 0.0)
    cycles, outcome = gram_descent(G, c, l1, l2, positive, d, scale, tol, max_cycles)
    if outcome == 0 or cycles >= max_cycles or tol > ROUGH:
        return d, cycles
    A, b = rows_of(np.ascontiguousarray(G[: d.size, : d.size]), c) if rows is None else rows()
    d, steps = search(A, b, penalty, d, scale, max_cycles - cycles)
    return d, cycles + steps

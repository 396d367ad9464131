"""Whether a likelihood without a penalty has a maximum at all: linear programs over directions of the columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def separated(Z: Array, y: Array, one_sided: Mask | None = None) -> bool:
    """Return True when some direction has (2y - 1) Z b >= 0 in every row and > 0 in one (Albert & Anderson, 1984).

    Then the logistic likelihood has no maximum. Decided by a linear program over the box |b| <= 1.

    Parameters
    ----------
    Z : array, shape (n, k)
        The columns, with one of ones for an intercept.
    y : array, shape (n,)
        0 or 1.
    one_sided : array of bool, shape (k,), optional
        Coefficients that must not be negative.
    """
    return _reachable((2 * y - 1)[:, None] * Z, np.zeros((0, Z.shape[1])), one_sided)


def strictly_separated(Z: Array, y: Array) -> bool:
    """Return True when some direction has (2y - 1) Z b > 0 in every row: then a whole cone of directions has.

    Parameters
    ----------
    Z : array, shape (n, k)
        The columns, with one of ones for an intercept.
    y : array, shape (n,)
        0 or 1.
    """
    from scipy.optimize import linprog

    norm = np.abs(Z).max(axis=0)
    A = (2 * y - 1)[:, None] * Z / np.where(norm > 0, norm, 1.0)
    # The largest margin over the box |b| <= 1.
    bounds = [(-1.0, 1.0)] * Z.shape[1] + [(None, 1.0)]
    cost = np.append(np.zeros(Z.shape[1]), -1.0)
    margin = np.column_stack([-A, np.ones(A.shape[0])])
    result = linprog(cost, A_ub=margin, b_ub=np.zeros(A.shape[0]), bounds=bounds, method="highs")
    return bool(result.status == 0 and -result.fun > 1e-9)


def recedes(Z: Array, y: Array, one_sided: Mask | None = None) -> bool:
    """Return True when some direction has Z b = 0 where y > 0, Z b <= 0 where y = 0 and < 0 in one of these.

    Then the Poisson likelihood has no maximum (Haberman, 1974). Parameters as in `separated`, y counts.
    """
    return _reachable(-Z[y == 0], Z[y > 0], one_sided)


def _reachable(upwards: Array, still: Array, one_sided: Mask | None) -> bool:
    """Whether some b in the box has upwards b >= 0, not all 0, and still b = 0."""
    k = upwards.shape[1]
    if k == 0 or upwards.shape[0] == 0:
        return False
    norm = np.maximum(np.abs(upwards).max(axis=0), np.abs(still).max(axis=0, initial=0.0))
    norm[norm == 0] = 1.0
    lower = np.full(k, -1.0) if one_sided is None else np.where(one_sided, 0.0, -1.0)
    A = upwards / norm
    from scipy.optimize import linprog

    result = linprog(
        -A.sum(axis=0),
        A_ub=-A,
        b_ub=np.zeros(A.shape[0]),
        A_eq=still / norm if still.shape[0] else None,
        b_eq=np.zeros(still.shape[0]) if still.shape[0] else None,
        bounds=np.column_stack([lower, np.ones(k)]),
        method="highs",
    )
    return bool(result.status == 0 and -result.fun > 1e-7)

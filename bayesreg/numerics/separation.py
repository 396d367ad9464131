"""Whether two classes can be separated by a linear rule in given columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog


def separated(Z: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Return True when some direction has (2y - 1) Z b >= 0 in every row and > 0 in one (Albert & Anderson, 1984).

    Then the logistic likelihood has no maximum. Decided by a linear program over the box |b| <= 1.

    Parameters
    ----------
    Z : array, shape (n, k)
        The columns, with one of ones for an intercept.
    y : array, shape (n,)
        0 or 1.
    """
    if Z.shape[1] == 0:
        return False
    norm = np.abs(Z).max(axis=0)
    signed = (2 * y - 1)[:, None] * Z / np.where(norm > 0, norm, 1.0)
    result = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1, 1), method="highs")
    return bool(result.status == 0 and -result.fun > 1e-7)

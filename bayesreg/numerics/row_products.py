"""Matrix products row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def row_products(A: Any, B: Any) -> Any:
    """Return A B, every row of it independent of how many rows there are.

    A library's product rounds a row differently in matrices of different heights, so that draws would depend on how
    they are cut into calls.

    Parameters
    ----------
    A : array, shape (k, m)
    B : array, shape (m, n)

    Returns
    -------
    array, shape (k, n)
    """
    out = np.zeros((A.shape[0], B.shape[1]))
    for k in range(A.shape[0]):
        for j in range(A.shape[1]):
            value = A[k, j]
            for i in range(B.shape[1]):
                out[k, i] += value * B[j, i]
    return out

"""A blocked Cholesky factorisation for compiled loops that tells a nearly singular matrix from a regular one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_BLOCK = 48


@njit(cache=True, nogil=True)
def factorise(A: Any) -> float:
    """Overwrite the lower triangle of A with its factor; return the smallest pivot, 0 where A is not positive.

    Parameters
    ----------
    A : array, shape (k, k)
        Symmetric, C-contiguous, unit diagonal or nearly so.

    Returns
    -------
    float
        Smallest diagonal entry of the factor: for unit columns, the distance of one from what the others span.
    """
    n = A.shape[0]
    smallest = np.inf
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        if start > 0:
            left = np.ascontiguousarray(A[start:, :start])
            top = np.ascontiguousarray(A[start:stop, :start].T)
            update = np.dot(left, top)
            for i in range(start, n):
                for j in range(start, min(i + 1, stop)):
                    A[i, j] -= update[i - start, j - start]
        for j in range(start, stop):
            pivot = A[j, j]
            for k in range(start, j):
                pivot -= A[j, k] * A[j, k]
            if not pivot > 0.0:
                return 0.0
            pivot = np.sqrt(pivot)
            smallest = min(smallest, pivot)
            A[j, j] = pivot
            for i in range(j + 1, n):
                value = A[i, j]
                for k in range(start, j):
                    value -= A[i, k] * A[j, k]
                A[i, j] = value / pivot
    return smallest


# Sums of products may be taken in any order, which lets them run several at a time.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def solve_factored(L: Any, b: Any) -> None:
    """Overwrite b with the solution of L L' x = b for a lower factor L."""
    n = b.size
    for i in range(n):
        value = b[i]
        for k in range(i):
            value -= L[i, k] * b[k]
        b[i] = value / L[i, i]
    for i in range(n - 1, -1, -1):
        b[i] /= L[i, i]
        value = b[i]
        for k in range(i):
            b[k] -= L[i, k] * value


@njit(cache=True, nogil=True)
def solve_lower(L: Any, b: Any) -> None:
    """Overwrite b with L^-1 b for a lower factor L."""
    for i in range(b.size):
        value = b[i]
        for k in range(i):
            value -= L[i, k] * b[k]
        b[i] = value / L[i, i]


@njit(cache=True, nogil=True)
def solve_upper(L: Any, b: Any) -> None:
    """Overwrite b with L'^-1 b for a lower factor L."""
    for i in range(b.size - 1, -1, -1):
        b[i] /= L[i, i]
        value = b[i]
        for k in range(i):
            b[k] -= L[i, k] * value

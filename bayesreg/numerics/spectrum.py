"""Singular values and vectors of columns that may be of very different size, and the response in their basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg import lapack

Array = NDArray[np.float64]

_EPS = float(np.finfo(float).eps)
# Beyond this ratio of column norms the usual algorithm loses half of the digits of the smallest singular values.
_GRADED = 1e6


def spectrum(A: Array, b: Array, size: float, rank_left: int) -> tuple[Array, Array, Array, float]:
    """Return (d, V, c, left_over) with A = U diag(d) V', c = U'b and left_over = ||b - U c||². Cost O(m k min(m, k)).

    Parameters
    ----------
    A : array, shape (m, k)
    b : array, shape (m,)
    size : float
        Norm of the response before any projection: what is below its rounding is 0.
    rank_left : int
        Dimension of the space that A and b live in: with so many directions nothing can be left over.

    Returns
    -------
    d : array, shape (r,)
        Positive; directions of zero singular value, to rounding, are left out.
    V : array, shape (k, r)
    c : array, shape (r,)
    left_over : float
    """
    k = A.shape[1]
    if k == 0 or A.shape[0] == 0:
        left = float(b @ b)
        return np.empty(0), np.empty((k, 0)), np.empty(0), 0.0 if left <= (_EPS * size) ** 2 else left
    norm = np.linalg.norm(A, axis=0)
    seen = norm > 0
    if A.shape[0] >= k and seen.all() and norm.max() > _GRADED * norm.min():
        U, d, V = _graded(A, norm)
    else:
        U, d, Vt = linalg.svd(A, full_matrices=False, check_finite=False)
        on = d > max(A.shape) * _EPS * d[0]
        U, d, V = U[:, on], d[on], Vt[on].T
    c = U.T @ b
    rest = b - U @ c
    left = float(rest @ rest)
    if d.size >= rank_left or left <= (10 * max(A.shape) * _EPS * size) ** 2:
        left = 0.0
    return d, V, c, left


def _graded(A: Array, norm: Array) -> tuple[Array, Array, Array]:
    """One-sided Jacobi (Drmac & Veselic, 2008): every singular value to full relative accuracy."""
    sva, U, V, work, _, info = lapack.dgejsv(A, joba=0, jobp=0)
    if info != 0:
        U, d, Vt = linalg.svd(A, full_matrices=False, check_finite=False)
        return U, d, Vt.T
    d = sva * (work[0] / work[1])
    # The rank is that of the columns at a common size.
    pivots = np.abs(np.diag(linalg.qr(A / norm, mode="r", pivoting=True)[0]))
    rank = int(np.sum(pivots > max(A.shape) * _EPS * pivots[0]))
    return U[:, :rank], d[:rank], V[:, :rank]

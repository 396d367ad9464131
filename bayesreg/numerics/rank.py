"""Numerical rank of a set of columns, whatever their units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg


def dependent_columns(columns: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of columns that the others span, to rounding, by a pivoted QR of unit columns. Cost O(m k²).

    Parameters
    ----------
    columns : array, shape (m, k)
    """
    if columns.shape[1] == 0:
        return np.empty(0, dtype=np.intp)
    norm = np.linalg.norm(columns, axis=0)
    R, pivot = linalg.qr(columns / np.where(norm > 0, norm, 1.0), mode="r", pivoting=True)
    diagonal = np.zeros(columns.shape[1])
    diagonal[: min(R.shape)] = np.abs(np.diag(R))
    tolerance = max(columns.shape) * np.finfo(float).eps * max(float(diagonal.max()), np.finfo(float).tiny)
    return np.asarray(np.sort(pivot[diagonal <= tolerance]))

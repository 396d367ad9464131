"""An order of columns that puts correlated ones next to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Array = NDArray[np.float64]


def spectral_order(gram: Array) -> NDArray[np.intp]:
    """Order columns by the Fiedler vector of their squared correlations.

    It minimises the sum of corr_ij² (x_i - x_j)² over unit vectors x that are orthogonal to the constant (Atkins, Boman
    & Hendrickson, 1998).

    Parameters
    ----------
    gram : array, shape (p, p)

    Returns
    -------
    array of int, shape (p,)
        Positions of the columns in their new order. O(p³).
    """
    p = gram.shape[0]
    if p < 3:
        return np.arange(p)
    norm = np.sqrt(np.diag(gram))
    weight = (gram / np.outer(*[np.where(norm > 0, norm, 1.0)] * 2)) ** 2
    np.fill_diagonal(weight, 0.0)
    # A normalised Laplacian keeps columns with few neighbours from deciding alone.
    degree = weight.sum(axis=1) + 1e-12
    root = np.sqrt(degree)
    laplacian = np.eye(p) - weight / np.outer(root, root)
    _, vectors = eigh(laplacian, subset_by_index=[1, 1])
    return np.argsort(vectors[:, 0] / root, kind="stable")

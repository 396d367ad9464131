r"""Ridge at any number of strengths from one decomposition.

.. math:: d(s) = D V \mathrm{diag}\Big(\frac{1}{\lambda_k + s}\Big) V^T D A^T b, \qquad
          D A^T A D = V \mathrm{diag}(\lambda) V^T, \quad D = L^{-1/2}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.numerics.least_squares import LeastSquares

Array = NDArray[np.float64]


def ridge_path(problem: LeastSquares, strengths: Array) -> tuple[Array, Array]:
    """Minimisers for the penalty times each strength, shape (k, p), and the eigenvalues, shape (min(n, p),).

    For ``l1 = 0`` and every ``l2 > 0``.

    Cost of one symmetric eigendecomposition in the smaller of the two spaces, then O(rank) a coefficient and strength.
    """
    n, p = problem.columns.shape
    unit = 1.0 / np.sqrt(problem.penalty.l2)
    cross = unit * problem.cross
    if p <= n:
        values, vectors = linalg.eigh(problem.gram * np.outer(unit, unit), check_finite=False, driver="evd")
        values = np.maximum(values, 0.0)
        along = vectors.T @ cross

        def back(shares: Array) -> Array:
            return np.asarray((vectors @ shares).T * unit)

        return back(along[:, None] / (values[:, None] + strengths)), values
    A, b = problem.rows()
    A = A * unit
    values, vectors = linalg.eigh(A @ A.T, check_finite=False, driver="evd")
    values = np.maximum(values, 0.0)
    # d = D A~' (A~ A~' + s)^-1 b
    dual = vectors @ ((vectors.T @ b)[:, None] / (values[:, None] + strengths))
    return np.asarray((A.T @ dual).T * unit), values

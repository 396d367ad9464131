"""Symmetric systems that may be singular, as the smooth part of a problem on its support gives them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]


def solve_symmetric(A: Array, b: Array, guess: Array, noise: Array | float = 0.0) -> Array:
    """Minimise x'A x/2 - b'x for a positive semidefinite A, or head for where it has no minimum.

    Parameters
    ----------
    A : array, shape (k, k)
    b, guess : array, shape (k,)
    noise : array, shape (k,), or float
        Rounding in b - A guess, which may be most of it near a solution: along a null direction it is no slope.

    Returns
    -------
    array
        The solution of A x = b; where A is singular, the one nearest to ``guess``. Where b is not in the range of A the
        quadratic falls for ever along a null direction: then a point far out along it.
    """
    scale = np.sqrt(np.diag(A))
    scale[scale == 0] = 1.0
    S = A / np.outer(scale, scale)
    # Solving for the step keeps the sign of a small one, which the full solution would drown in its rounding.
    residual = (b - A @ guess) / scale
    try:
        factor = linalg.cho_factor(S, lower=True, check_finite=False)
        # The smallest pivot tells a singular matrix that rounding let through.
        if np.diag(factor[0]).min() > 1e-6:
            x = guess + linalg.cho_solve(factor, residual, check_finite=False) / scale
            return np.asarray(x + linalg.cho_solve(factor, (b - A @ x) / scale, check_finite=False) / scale)
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(S)
    null = values <= 1e-12 * values[-1]
    along = vectors.T @ residual
    downhill = vectors[:, null] @ along[null]
    if np.linalg.norm(downhill) > 1e-10 * np.linalg.norm(b / scale) + np.linalg.norm(noise / scale):
        far = 1e8 * (np.linalg.norm(guess * scale) + 1e-300) / np.linalg.norm(downhill)
        return np.asarray(guess + far * downhill / scale)
    correction = vectors[:, ~null] @ (along[~null] / values[~null])
    return np.asarray(guess + correction / scale)

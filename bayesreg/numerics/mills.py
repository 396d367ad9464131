r"""Moments of a normal cut at 0, by the Mills ratio :math:`R(x) = \Phi(-x)/\phi(x)`, stable in both tails.

For density proportional to :math:`e^{-b^2/2 - x b}` on b > 0: the integral is R(x), the mean 1/R(x) - x, the mean of b²
:math:`1 - x (1/R(x) - x)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr

Array = NDArray[np.float64]

# From here on the series 1/R - x = 1/x - 2/x³ + 10/x⁵ - ... is exact to 1e-13, and the difference is not.
_FAR = 50.0
_SERIES = (1.0, -2.0, 10.0, -74.0, 706.0)


def log_mills(x: Array) -> Array:
    """Log R(x)."""
    right = np.log(np.sqrt(np.pi / 2) * erfcx(np.maximum(x, 0.0) / np.sqrt(2)))
    left = np.minimum(x, 0.0)
    return np.asarray(np.where(x > 0, right, 0.5 * left**2 + 0.5 * np.log(2 * np.pi) + log_ndtr(-left)))


def cut_mean(x: Array) -> Array:
    """1/R(x) - x, positive."""
    far = np.maximum(x, _FAR)
    series = sum(term * far ** (-2.0 * k - 1) for k, term in enumerate(_SERIES))
    near = np.minimum(x, _FAR)
    return np.where(x > _FAR, series, np.exp(-log_mills(near)) - near)


def cut_square(x: Array) -> Array:
    """1 - x (1/R(x) - x): the mean of b²."""
    far = np.maximum(x, _FAR)
    series = -sum(term * far ** (-2.0 * k) for k, term in enumerate(_SERIES) if k)
    near = np.minimum(x, _FAR)
    return np.where(x > _FAR, series, 1 - near * cut_mean(near))

"""Residual and gradient of least squares in twice the working precision.

Error-free transformations of sums and products (Dekker, 1971; Ogita, Rump & Oishi, 2005), so that iterative
refinement can deliver every digit that the data determine, on any machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _split(a: float) -> tuple[float, float]:
    # Dekker's splitting constant for 53 bits: 2^27 + 1.
    t = 134217729.0 * a
    high = t - (t - a)
    return high, a - high


@njit(cache=True, nogil=True)
def _add_product(high: float, low: float, a: float, b: float) -> tuple[float, float]:
    """(high, low) + a b, renormalised."""
    product = a * b
    ah, al = _split(a)
    bh, bl = _split(b)
    error = al * bl - (((product - ah * bh) - al * bh) - ah * bl)
    total = high + product
    z = total - high
    low += (high - (total - z)) + (product - z) + error
    result = total + low
    return result, low - (result - total)


@njit(cache=True, nogil=True)
def residual_and_gradient(X: Any, y: Any, weight: Any, intercept: Any, coef: Any, l2: Any) -> tuple[Any, Any]:
    """Gradient of half the weighted RSS plus ridge, negated, with products summed in doubled precision.

    Parameters
    ----------
    X : array, shape (n, p)
    y, weight : array, shape (n,)
    intercept : array, shape (2,)
        Intercept as a high and a low part.
    coef : array, shape (2, p)
        Coefficients as high and low parts.
    l2 : array, shape (p,)

    Returns
    -------
    for_intercept : float
        sum_i w_i r_i
    for_coef : array, shape (p,)
        sum_i w_i r_i x_ij - l2_j coef_j
    """
    n, p = X.shape
    high_sum, low_sum = 0.0, 0.0
    high = np.zeros(p)
    low = np.zeros(p)
    for i in range(n):
        r, s = y[i], 0.0
        r, s = _add_product(r, s, -1.0, intercept[0])
        r, s = _add_product(r, s, -1.0, intercept[1])
        for j in range(p):
            r, s = _add_product(r, s, -X[i, j], coef[0, j])
            r, s = _add_product(r, s, -X[i, j], coef[1, j])
        # w r as an unevaluated sum of two numbers.
        wh, wl = _add_product(0.0, 0.0, weight[i], r)
        wl += weight[i] * s
        high_sum, low_sum = _add_product(high_sum, low_sum, 1.0, wh)
        low_sum += wl
        for j in range(p):
            high[j], low[j] = _add_product(high[j], low[j], X[i, j], wh)
            low[j] += X[i, j] * wl
    for j in range(p):
        high[j], low[j] = _add_product(high[j], low[j], -l2[j], coef[0, j])
        high[j], low[j] = _add_product(high[j], low[j], -l2[j], coef[1, j])
    return high_sum + low_sum, high + low

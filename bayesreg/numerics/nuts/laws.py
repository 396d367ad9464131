"""Laws of positive numbers in their logarithm, with slopes."""

from __future__ import annotations

import math

from numba import njit

from bayesreg.numerics.gibbs.laws import GAMMA, HALF_NORMAL, HALF_STUDENT_T, INVERSE_GAMMA, JEFFREYS


@njit(cache=True, nogil=True)
def log_law(code: int, a: float, b: float, v: float) -> tuple[float, float]:
    """Log density of v = log(value), Jacobian included, but for a constant; and its derivative in v.

    Parameters
    ----------
    code, a, b : int, float, float
        As in ``numerics.gibbs.laws``.
    v : float
    """
    if code == JEFFREYS:
        return 0.0, 0.0
    if code == HALF_NORMAL:
        square = (math.exp(v) / a) ** 2
        return v - 0.5 * square, 1.0 - square
    if code == HALF_STUDENT_T:
        # e^(2w)/(1 + e^(2w)) with w = log(value / (b sqrt(a))), from the side that cannot overflow.
        w = v - math.log(b) - 0.5 * math.log(a)
        if w < 0.0:
            tail = math.exp(2.0 * w)
            return v - 0.5 * (a + 1.0) * math.log1p(tail), 1.0 - (a + 1.0) * tail / (1.0 + tail)
        tail = math.exp(-2.0 * w)
        return v - (a + 1.0) * (w + 0.5 * math.log1p(tail)), 1.0 - (a + 1.0) / (1.0 + tail)
    if code == GAMMA:
        part = b * math.exp(v)
        return a * v - part, a - part
    if code == INVERSE_GAMMA:
        part = b * math.exp(-2.0 * v)
        return -2.0 * a * v - part, -2.0 * a + 2.0 * part
    return v, 1.0

"""The laws of scales as compiled kernels know them: a code and two or three numbers (see ``scales.Coded``)."""

from __future__ import annotations

import math

from numba import njit

FLAT, JEFFREYS, HALF_NORMAL, HALF_STUDENT_T, GAMMA, INVERSE_GAMMA, R_SQUARED = range(7)


@njit(cache=True, nogil=True)
def law_log_density(code: int, a: float, b: float, value: float, c: float = 0.0) -> float:
    """Log density of a law at ``value`` > 0 with respect to ``value`` itself, but for a constant.

    Parameters
    ----------
    code : int
        One of the codes above.
    a, b : float
        Its numbers: half-normal (scale, -), half-Student-t (df, scale), gamma (shape, rate), inverse gamma on the
        square (shape, scale), share of explained variance (a, b).
    value : float
    c : float
        The size of the predictors for the last.
    """
    if code == JEFFREYS:
        return -math.log(value)
    if code == HALF_NORMAL:
        return -0.5 * (value / a) ** 2
    if code == HALF_STUDENT_T:
        return -0.5 * (a + 1.0) * math.log1p((value / b) ** 2 / a)
    if code == GAMMA:
        return (a - 1.0) * math.log(value) - b * value
    if code == INVERSE_GAMMA:
        return -(2.0 * a + 1.0) * math.log(value) - b / (value * value)
    if code == R_SQUARED:
        return (2.0 * a - 1.0) * math.log(value) - (a + b) * math.log1p(c * value * value)
    return 0.0

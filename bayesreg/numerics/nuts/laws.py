"""Laws of positive numbers in their logarithm, with slopes."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from bayesreg.numerics.gibbs.laws import GAMMA, HALF_NORMAL, HALF_STUDENT_T, INVERSE_GAMMA, JEFFREYS, R_SQUARED


@njit(cache=True, nogil=True)
def log_law(code: int, a: float, b: float, v: float, c: float = 0.0) -> tuple[float, float]:
    """Log density of v = log(value), Jacobian included, but for a constant; and its derivative in v.

    Parameters
    ----------
    code, a, b : int, float, float
        As in ``numerics.gibbs.laws``.
    v : float
    c : float
        A third number, where the law has one.
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
    if code == R_SQUARED:
        # log(1 + c e^(2v)) and its slope, from the side that cannot overflow.
        w = math.log(c) + 2.0 * v
        tail = math.exp(-abs(w))
        share = 1.0 / (1.0 + tail) if w > 0.0 else tail / (1.0 + tail)
        return 2.0 * a * v - (a + b) * (max(w, 0.0) + math.log1p(tail)), 2.0 * a - 2.0 * (a + b) * share
    return v, 1.0


@njit(cache=True, nogil=True)
def law_term(form: Any, which: int, v: float) -> tuple[float, float]:
    """`log_law` of a law of a form: 0 is that of sigma, then the learned parameters, then the local scales."""
    at = 3 * which
    numbers = form.law_numbers
    value, slope = log_law(form.law_codes[which], numbers[at], numbers[at + 1], v, numbers[at + 2])
    return value, slope

"""The one-dimensional convex problem inside every fit: the best constant to add to the linear predictor."""

from __future__ import annotations

from collections.abc import Callable

from scipy.optimize import brentq


def best_constant(slope: Callable[[float], float], guess: float) -> float:
    """Return the root of an increasing function, which may be flat far from it.

    Parameters
    ----------
    slope : callable
        Derivative of the objective in the constant.
    guess : float
        Where to begin; the bracket grows from there until the sign changes (at most to ± 1e6 around it).
    """
    low, high, width = guess, guess, 1.0
    while slope(low) > 0 and width < 1e6:
        low, width = guess - width, 2 * width
    width = 1.0
    while slope(high) < 0 and width < 1e6:
        high, width = guess + width, 2 * width
    if not slope(low) <= 0 <= slope(high):
        return guess
    return float(brentq(slope, low, high, xtol=1e-12)) if low < high else low

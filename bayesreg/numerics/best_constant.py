"""The one-dimensional convex problem inside every fit: the best constant to add to the linear predictor."""

from __future__ import annotations

from collections.abc import Callable


def best_constant(slope: Callable[[float], float], curvature: Callable[[float], float], guess: float) -> float:
    """Return the root of an increasing function, which may be flat far from it.

    Newton steps while they shrink the slope, else a bracket.

    Parameters
    ----------
    slope : callable
        Derivative of the objective in the constant.
    curvature : callable
        Its derivative, at least 0.
    guess : float
        Where to begin; the bracket grows from there until the sign changes (at most to ± 1e6 around it).
    """
    at, value = guess, slope(guess)
    for _ in range(50):
        h = curvature(at)
        # Where the function is all but flat a Newton step says nothing.
        if value == 0.0 or abs(value) > 100.0 * (1.0 + abs(at)) * h:
            break
        new = at - value / h
        after = slope(new)
        if not abs(after) < 0.9 * abs(value):
            if abs(new - at) <= 1e-12 * (1.0 + abs(at)):
                return at
            break
        at, value = new, after
    if value == 0.0:
        return at
    low, high, width = at, at, 1.0
    while slope(low) > 0 and width < 1e6:
        low, width = at - width, 2 * width
    width = 1.0
    while slope(high) < 0 and width < 1e6:
        high, width = at + width, 2 * width
    if not slope(low) <= 0 <= slope(high):
        return at
    from scipy.optimize import brentq

    return float(brentq(slope, low, high, xtol=1e-14, rtol=1e-15)) if low < high else low

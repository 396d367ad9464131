"""The peak of a smooth function of one to three numbers, from second differences over about a standard deviation.

The function is a log density: where its peak lies to a tenth of a standard deviation, and how curved it is over one, is
all that a proposal needs, and differences this wide do not see small ripples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Longest step in one coordinate, and the width of the first differences; the coordinates are logarithms of scales.
LONGEST, FIRST = 1.0, 0.2
CLOSE = 0.1
# A scale that is known to a factor e^3 only has no peak worth the name.
WIDEST = 3.0


@dataclass(frozen=True, eq=False)
class Peak:
    """A peak and the points around it.

    Parameters
    ----------
    at : array, shape (q,)
    precision : array, shape (q, q)
        Minus the matrix of second derivatives there.
    width : array, shape (q,)
        Half the distance of the points in ``before`` from those in ``after``.
    centre : array, shape (q,)
        The point between them, near the peak.
    """

    at: Array
    precision: Array
    width: Array
    centre: Array


def find_peak(value: Callable[[Array], float], start: Array, max_steps: int = 20) -> Peak | None:
    """Climb from a start; None where no peak is found.

    Parameters
    ----------
    value : callable
        Of arrays of shape (q,); nan or -inf where it does not exist.
    start : array, shape (q,)
    max_steps : int
    """
    q = start.size
    at, width = start.copy(), np.full(q, FIRST)
    if q == 0:
        return Peak(at, np.zeros((0, 0)), width, at)
    for _ in range(max_steps):
        with np.errstate(invalid="ignore"):
            slope, bend = _differences(value, at, width)
        if not (np.all(np.isfinite(slope)) and np.all(np.isfinite(bend))):
            return None
        inside = bool(np.linalg.eigvalsh(-bend).min() > 0)
        step = np.linalg.solve(-bend, slope) if inside else np.sign(slope) * LONGEST
        step *= min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-300))
        sd = np.sqrt(np.diag(np.linalg.inv(-bend))) if inside else width
        if inside and np.all(np.abs(step) <= CLOSE * sd) and np.all((width <= sd) & (sd <= WIDEST)):
            return Peak(at + step, -bend, width, at)
        at = at + step
        if inside:
            width = np.clip(0.5 * sd, 1e-4, 0.5)
    return None


def _differences(value: Callable[[Array], float], at: Array, width: Array) -> tuple[Array, Array]:
    """Slope (q,) and second derivatives (q, q) by central differences."""
    q = at.size
    units = np.diag(width)
    middle = value(at)
    up = np.array([value(at + unit) for unit in units])
    down = np.array([value(at - unit) for unit in units])
    bend = np.diag((up - 2 * middle + down) / width**2)
    for i in range(q):
        for j in range(i):
            diagonal = units[i] + units[j]
            both = value(at + diagonal) + value(at - diagonal) - up[i] - up[j] - down[i] - down[j] + 2 * middle
            bend[i, j] = bend[j, i] = both / (2 * width[i] * width[j])
    return (up - down) / (2 * width), bend

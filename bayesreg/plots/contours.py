"""Curves around two coefficients: a circle of directions, and where a penalty has one value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def directions(n_points: int) -> Array:
    """Points of a circle, closed, the four on the axes among them, shape (m + 1, 2); m >= n_points."""
    quarter = -(-n_points // 4)
    angle = 2 * np.pi * np.arange(4 * quarter + 1) / (4 * quarter)
    # cos(pi/2) is 6e-17 in floating point; a corner lies on its axis exactly.
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    circle[np.abs(circle) < 1e-15] = 0.0
    return circle


def penalty_contour(l1: Array, l2: Array, value: float, circle: Array) -> Array:
    """Offsets (m, 2) in the directions ``circle`` (m, 2) at which l1 |d| + l2 d²/2 has the value."""
    slope, bend = np.abs(circle) @ l1, circle**2 @ l2
    # Along a direction the penalty is slope r + bend r²/2; this is its root, in the stable form.
    radius = 2 * value / np.maximum(slope + np.sqrt(slope**2 + 2 * bend * value), np.finfo(float).tiny)
    return np.asarray(radius[:, None] * circle)

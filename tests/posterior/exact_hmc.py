r"""Exact Hamiltonian Monte Carlo for a Gaussian times Laplace densities (Pakman & Paninski, arXiv:1208.4118).

.. math:: U(b) = \tfrac12 b'Pb - h'b + \sum_j a_j|b_j|

With the mass matrix P the motion inside an orthant is a rotation about the point m = P^{-1}(h - a s), of period 2 pi,
b(t) = m + (b0 - m) cos t + v sin t. Where a coordinate reaches 0 its sign flips, m moves, the velocity stays; the
energy is kept exactly, so nothing is rejected. It knows no local scales and shares nothing with Gibbs samplers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRAVEL = 0.5 * np.pi
# A crossing found again at once, by rounding, is no crossing.
LEAST = 1e-10


def exact_hmc(P: Array, h: Array, a: Array, draws: int, rng: np.random.Generator) -> Array:
    """Return draws, shape (draws, p), after a tenth as many that are left out."""
    p = h.size
    covariance = np.linalg.inv(P)
    root = np.linalg.cholesky(covariance)
    b = root @ rng.standard_normal(p)
    kept = np.empty((draws, p))
    for k in range(-(draws // 10), draws):
        b = _travel(b, root @ rng.standard_normal(p), covariance, h, a)
        if k >= 0:
            kept[k] = b
    return kept


def _travel(b: Array, v: Array, covariance: Array, h: Array, a: Array) -> Array:
    sign = np.where(b == 0, np.sign(v), np.sign(b))
    centre = covariance @ (h - a * sign)
    left, last = TRAVEL, -1
    while True:
        away = b - centre
        # b_j = centre + R cos(t - phase) is 0 first at the smallest of these times.
        radius = np.hypot(away, v)
        with np.errstate(invalid="ignore", divide="ignore"):
            angle = np.arccos(-centre / radius)
        phase = np.arctan2(v, away)
        times = np.stack([phase + angle, phase - angle]) % (2 * np.pi)
        if last >= 0:
            # The coordinate that has just crossed stands at 0: that root is the present.
            own = times[:, last]
            own[np.argmin(np.minimum(own, 2 * np.pi - own))] = np.nan
        times[np.isnan(times) | (times < LEAST)] = np.inf
        first = times.min(0)
        j = int(np.argmin(first))
        t = min(float(first[j]), left)
        cos, sin = np.cos(t), np.sin(t)
        b, v = centre + away * cos + v * sin, v * cos - away * sin
        left -= t
        if left <= 0:
            return b
        b[j], last = 0.0, j
        sign[j] = -sign[j]
        centre = centre - 2 * a[j] * sign[j] * covariance[:, j]

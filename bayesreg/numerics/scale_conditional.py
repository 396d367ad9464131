r"""Exact draws of the scale of a group of normal coefficients given these.

For k coefficients of precision :math:`b_j h^q` the conditional density of :math:`t = \log h` is

.. math:: \log f(t) = \tfrac{qk}{2} t - \tfrac12 e^{qt} \sum_j b_j d_j^2 + \log p(e^t) + t + \mathrm{const}

One density a draw: each is tabulated, interpolated by straight lines, and draws of these are accepted against it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.log_grid import MARGIN, bracket, draw_linear
from bayesreg.scales import Law

Array = NDArray[np.float64]

_NODES = 97
_REACH = 60.0
# Densities tabulated at a time.
_BLOCK = 4096


def draw_log_scales(rng: np.random.Generator, law: Law, power: float, count: int, square: Array) -> Array:
    """Draw log h for each sum of squares.

    Parameters
    ----------
    rng : numpy.random.Generator
    law : Law
        p.
    power : float
        q.
    count : int
        k.
    square : array, shape (m,)
        Sums of :math:`b_j d_j^2`, each positive.

    Returns
    -------
    array, shape (m,)
    """
    blocks = [square[start : start + _BLOCK] for start in range(0, square.size, _BLOCK)]
    return np.concatenate([_some(rng, law, power, count, block) for block in blocks])


def _some(rng: np.random.Generator, law: Law, power: float, count: int, square: Array) -> Array:
    def log_of(t: Array, rows: NDArray[np.intp] | slice = np.s_[:]) -> Array:
        own = square[rows].reshape(-1, *(1,) * (t.ndim - 1))
        with np.errstate(all="ignore"):
            value = 0.5 * power * count * t - 0.5 * own * np.exp(power * t) + law.log_density(np.exp(t)) + t
        return np.where(np.isnan(value), -np.inf, value)

    # Where the coefficients alone would put it; the law may draw it from there.
    middle = np.log(count / square) / power
    low, width, top = bracket(log_of, middle[:, None] + np.linspace(-_REACH, _REACH, 241), 40.0)
    x = np.linspace(0.0, 1.0, _NODES)
    table = np.exp(log_of(low[:, None] + width[:, None] * x) - top[:, None])
    centre = 0.5 * (table[:, 1:] + table[:, :-1])
    middles = low[:, None] + width[:, None] * 0.5 * (x[1:] + x[:-1])
    exact = np.exp(log_of(middles) - top[:, None])
    matters = centre > 1e-12 * centre.sum(axis=1, keepdims=True)
    ratio = np.divide(exact, centre, out=np.ones_like(centre), where=matters)
    excess = MARGIN * np.maximum(1.0, ratio.max(axis=1))
    cumulated = np.cumsum(centre, axis=1)
    out, left = np.empty(square.size), np.arange(square.size)
    while left.size:
        level = rng.random(left.size) * cumulated[left, -1]
        cell = np.minimum((cumulated[left] <= level[:, None]).sum(axis=1), _NODES - 2)
        a, b = table[left, cell], table[left, cell + 1]
        share = draw_linear(rng.random(left.size), a, b)
        t = low[left] + width[left] * (cell + share) / (_NODES - 1)
        density = np.exp(log_of(t, left) - top[left])
        accepted = rng.random(left.size) * excess[left] * (a + share * (b - a)) < density
        out[left[accepted]] = t[accepted]
        left = left[~accepted]
    return out

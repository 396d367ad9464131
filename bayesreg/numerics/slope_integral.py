r"""A curve from sampled slopes: the integral of f from the top downwards, with the error of its sampling.

Between neighbouring nodes the rule of Hermite, which uses the slopes f' that the same draws give,

.. math:: \int_a^b f \approx \tfrac h2 (f_a + f_b) + \tfrac{h^2}{12} (f'_a - f'_b)

(Friel, Hurn & Wyse, 2014, Statistics and Computing 24, section 2); the standard error is that of batches of the draws,
of each of which the whole curve is computed, plus what the rule on every second node differs by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slopes:
    """What is known of f at the nodes.

    Parameters
    ----------
    t : array, shape (k,)
        Falling.
    f, bend : array, shape (k,)
        f and f'.
    batches, bends : array, shape (k, B)
        The same from batches of draws.
    """

    t: Array
    f: Array
    bend: Array
    batches: Array
    bends: Array

    def curve(self) -> tuple[Array, Array]:
        """Integral from each node up to the first, with its sign turned (k,), and its standard error (k,)."""
        value = _from_top(self.t, self.f, self.bend)
        each = np.stack([_from_top(self.t, f, b) for f, b in zip(self.batches.T, self.bends.T, strict=True)])
        sampled = each.std(axis=0, ddof=1) / np.sqrt(each.shape[0])
        # Of every second node the same rule has 16 times the error.
        coarse = _from_top(self.t[::2], self.f[::2], self.bend[::2])
        apart = np.interp(-self.t, -self.t[::2], np.abs(coarse - value[::2]) / 15)
        return value, np.hypot(sampled, apart)

    def at(self, u: float, value: Array) -> float:
        """The curve between nodes: the cubic with its values and slopes at the neighbours."""
        k = min(max(int(np.searchsorted(-self.t, -u)), 1), self.t.size - 1)
        h = self.t[k - 1] - self.t[k]
        x = (u - self.t[k]) / h
        cubic = (1 + 2 * x) * (1 - x) ** 2 * value[k] + x**2 * (3 - 2 * x) * value[k - 1]
        return float(cubic + h * (x * (1 - x) ** 2 * self.f[k] - x**2 * (1 - x) * self.f[k - 1]))

    def crossing(self, k: int) -> float | None:
        """Where f falls through 0 next to node k, by a straight line; None if it does not."""
        for a, b in ((k, k - 1), (k + 1, k)):
            if b >= 0 and a < self.t.size and self.f[a] > 0 >= self.f[b]:
                share = self.f[a] / (self.f[a] - self.f[b])
                return float(self.t[a] + share * (self.t[b] - self.t[a]))
        return None


def _from_top(t: Array, f: Array, bend: Array) -> Array:
    """Minus the integral of f from each node to the first."""
    h = -np.diff(t)
    each = 0.5 * h * (f[:-1] + f[1:]) + h**2 / 12 * (bend[1:] - bend[:-1])
    return np.concatenate([[0.0], -np.cumsum(each)])

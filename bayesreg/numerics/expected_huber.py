r"""The expected Huber loss of errors with the Huber density, in closed form.

X = rZ + d lies in the core :math:`|X| \le \delta` where Z lies between :math:`c_1 = (-\delta - d)/r` and
:math:`c_2 = (\delta - d)/r`; the expectations follow from :math:`G_k(c) = \mathrm{E}[Z^k; Z < c]`, k = 0, 1, 2, of a
density that is normal within :math:`\pm\delta` and exponential beyond.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from bayesreg.numerics.expected_loss import Moments, tangent

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedHuber:
    """The Huber loss with tails from ``delta`` on."""

    delta: float

    @property
    def variance(self) -> float:
        """Of the core and the two tails."""
        a, root, edge = self.delta, math.sqrt(2 * math.pi), math.exp(-(self.delta**2) / 2)
        inside = math.erf(a / math.sqrt(2)) * root
        total = inside + 2 / a * edge
        return (inside - 2 * a * edge + 2 * edge * (a + 2 / a + 2 / a**3)) / total

    def at(self, d: Array, r: Array) -> Moments:
        """Return the expectations."""
        a = self.delta
        below, above = self._parts((-a - d) / r), self._parts((a - d) / r)
        out_below, out_above = below[0], 1 - above[0]
        g0, g1, g2 = (high - low for high, low in zip(above, below, strict=True))
        # Z has mean 0, so what lies above c2 is what is missing below it.
        x_below, x_above = r * below[1] + d * below[0], -r * above[1] + d * out_above
        first, second = r * g1 + d * g0, r * r * g2 + 2 * r * d * g1 + d * d * g0
        outside = a * (x_above - x_below)
        value = 0.5 * second + outside - 0.5 * a * a * (out_below + out_above)
        slope = first + a * (out_above - out_below)
        radial = second + outside
        # (X F')' is 2 X in the core and delta sign(X) beyond; X (X F')' is 2 X² and delta |X|.
        cross = 2 * first + a * (out_above - out_below)
        return Moments(value, slope, g0, radial, cross, 2 * second + outside, tangent(d, slope, g0))

    def _parts(self, c: Array) -> tuple[Array, Array, Array]:
        """G0, G1 and G2 at c, from those left of 0."""
        a, root = self.delta, math.sqrt(2 * math.pi)
        edge = math.exp(-a * a / 2)
        left = -np.abs(c)
        core = np.maximum(left, -a)
        far = np.minimum(left, -a)
        tail = np.exp(a * far + a * a / 2)
        bell = np.exp(-core * core / 2)
        mass = root * (ndtr(core) - ndtr(-a))
        total = root * (1 - 2 * ndtr(-a)) + 2 / a * edge
        g0 = (tail / a + mass) / total
        g1 = (tail * (far / a - 1 / a**2) + edge - bell) / total
        g2 = (tail * (far * far / a - 2 * far / a**2 + 2 / a**3) + mass - core * bell - a * edge) / total
        right = c > 0
        return np.where(right, 1 - g0, g0), g1, np.where(right, self.variance - g2, g2)

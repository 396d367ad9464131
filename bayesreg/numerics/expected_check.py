r"""The expected check loss of asymmetric Laplace errors, in closed form.

With F(x) = a x above 0 and b |x| below it, Z has the density :math:`\propto e^{-F}`, and for u = d/r

.. math:: \varphi(u) = \mathrm{E} F(Z + u) = a u + 1 - \tfrac ab (1 - e^{-b u}) \quad (u \ge 0), \qquad
          \varphi'(u) = a (1 - e^{-b u}), \quad \varphi''(u) = a b\, e^{-b u},

with a and b exchanged and u replaced by -u below 0; :math:`\psi(d, r) = r\,\varphi(d/r)`. For a = b = 1 it is
:math:`|u| + e^{-|u|}` of the Laplace law. Being homogeneous, its best scale is :math:`t = s \cdot` mean
:math:`\varphi(u_i)`, whatever t the centres were found with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.expected_loss import Moments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedCheck:
    """The check loss of slopes ``up`` (y above the centre) and ``down``."""

    up: float
    down: float

    @property
    def variance(self) -> float:
        """1/up² + 1/down²: Z is the difference of two exponentials."""
        return self.up**-2 + self.down**-2

    def at(self, d: Array, r: Array) -> Moments:
        """Return the expectations."""
        u = d / r
        size, right = np.abs(u), u >= 0
        mine, other = np.where(right, self.up, self.down), np.where(right, self.down, self.up)
        gone = -np.expm1(-other * size)
        value = r * (mine * size + 1 - mine / other * gone)
        slope = np.where(right, 1.0, -1.0) * mine * gone
        # phi'' is at most a b exp(-min(a, b) |u|), the second derivative of an even function that is concave in u².
        slower = min(self.up, self.down)
        at = np.maximum(slower * size, 1e-12)
        majorant = self.up * self.down / r * (-np.expm1(-at) / at)
        curvature = self.up * self.down / r * (1 - gone)
        # F is homogeneous: X F' = F.
        return Moments(value, slope, curvature, value.copy(), slope.copy(), value.copy(), majorant)

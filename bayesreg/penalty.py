r"""The penalty of every prior here, as a value: what it adds to the objective, in nats.

.. math:: \Omega(d) = \sum_j l_{1j}|d_j| + \tfrac12 l_{2j} d_j^2,  \qquad d = \beta - \mathrm{loc}

and, as a density, :math:`p(\beta) = \prod_j e^{-\Omega_j(d_j)} / Z_j` with
:math:`Z_j = \tfrac{2}{\sqrt{l_2}} R(l_1/\sqrt{l_2})`, where ``R`` is the Mills ratio. Its limits are the
Gaussian (``l1 = 0``) and the Laplace (``l2 = 0``); where both are 0 the density is flat and improper, ``Z = 1``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

Array = NDArray[np.float64]


def log_normalizer(l1: Array, l2: Array) -> Array:
    """Logarithm of Z(l1, l2), the integral of exp(-l1 |d| - l2 d²/2) over the line; 0 where both are 0.

    Parameters
    ----------
    l1, l2 : array
        Rates in nats, at least 0; any broadcastable shapes.

    Returns
    -------
    array
        log Z, of the broadcast shape.
    """
    l1, l2 = np.broadcast_arrays(np.asarray(l1, dtype=float), np.asarray(l2, dtype=float))
    out = np.zeros(l1.shape)
    laplace = (l2 == 0) & (l1 > 0)
    out[laplace] = np.log(2.0 / l1[laplace])
    curved = l2 > 0
    root = np.sqrt(l2[curved])
    # R(x) = sqrt(pi/2) erfcx(x / sqrt 2) neither under- nor overflows.
    out[curved] = 0.5 * np.log(2 * np.pi) - np.log(root) + np.log(erfcx(l1[curved] / root / np.sqrt(2.0)))
    return out


@dataclass(frozen=True)
class Penalty:
    """Per-coefficient penalty ``l1 |d| + l2 d² / 2``.

    Parameters
    ----------
    l1, l2 : array, shape (p,)
        Rates in nats (or in half-RSS units where the caller says so), at least 0.
    """

    l1: Array
    l2: Array

    @property
    def penalised(self) -> NDArray[np.bool_]:
        """Which coefficients carry any penalty, shape (p,)."""
        return (self.l1 > 0) | (self.l2 > 0)

    def scaled(self, factor: float) -> Penalty:
        """Return the same penalty multiplied by ``factor``."""
        return Penalty(self.l1 * factor, self.l2 * factor)

    def value(self, d: Array) -> float:
        """Return Ω(d)."""
        return float(self.l1 @ np.abs(d) + 0.5 * (self.l2 @ (d * d)))

    def conjugate(self, v: Array) -> float:
        """Fenchel conjugate Ω*(v) = sup_d v'd - Ω(d); infinite where ``|v| > l1`` meets ``l2 = 0``."""
        excess = np.maximum(np.abs(v) - self.l1, 0.0)
        if np.any((self.l2 == 0) & (excess > 0)):
            return float("inf")
        curved = self.l2 > 0
        return float(np.sum(excess[curved] ** 2 / (2.0 * self.l2[curved])))

    def subdifferential_distance(self, d: Array, gradient: Array) -> Array:
        """Distance of ``-gradient - l2 d`` to ``l1 ∂|d|`` for each coefficient, shape (p,).

        ``gradient`` is that of the loss with respect to the coefficients. Zero everywhere is optimality.
        """
        pull = gradient + self.l2 * d
        at_zero = np.maximum(np.abs(pull) - self.l1, 0.0)
        return np.where(d == 0, at_zero, np.abs(pull + self.l1 * np.sign(d)))

    def log_density(self, d: Array) -> float:
        """Log of the normalised density at offsets ``d`` from the location; flat coordinates count 0."""
        return -self.value(d) - float(np.sum(log_normalizer(self.l1, self.l2)))

r"""The expected loss of a law of errors, seen from another one of its family with another centre and scale.

Let F be the loss at unit scale (the density is :math:`e^{-F}` but for a constant), Z an error of unit scale and
:math:`X = rZ + d`. A law with centre m and scale t meets draws of one with centre :math:`\mu` and scale s with
:math:`d = (\mu - m)/t` and :math:`r = s/t`; the Kullback-Leibler divergence is

.. math:: \mathrm{KL} = \psi(d, r) - \psi(0, 1) + \log(t/s), \qquad \psi(d, r) = \mathrm{E}\,F(X).

Each family says :math:`\psi` and what a minimiser over m and t asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Expectations over X, all of the shape of d.

    Parameters
    ----------
    value, slope, curvature : array
        E F(X), E F'(X) and E F''(X).
    radial : array
        E X F'(X): how the value falls with log t.
    cross, radial_slope : array
        E (X F')'(X) and E X (X F')'(X): how ``radial`` grows with d and with log X.
    majorant : array
        Curvature of a quadratic in the centre that touches the value at d and lies above it everywhere.
    """

    value: Array
    slope: Array
    curvature: Array
    radial: Array
    cross: Array
    radial_slope: Array
    majorant: Array

    def put(self, rows: NDArray[np.intp], other: Moments) -> None:
        """Replace some rows by those of ``other``."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)


class ExpectedLoss(Protocol):
    """The expected loss of one family."""

    @property
    def variance(self) -> float:
        """Variance of an error of unit scale; infinite where there is none."""

    def at(self, d: Array, r: Array) -> Moments:
        """Return the expectations at distances d, shape (D, n), and ratios of the scales r in (0, 1], shape (D, 1)."""


def tangent(d: Array, slope: Array, curvature: Array) -> Array:
    """Return slope / d, the majorant of a value that is even in d and concave in d²; its limit is the curvature."""
    far = np.abs(d) > 1e-6
    return np.where(far, slope / np.where(far, d, 1.0), curvature)

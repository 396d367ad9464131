"""Sufficient statistics of a Gaussian likelihood: they add, so rows may come in parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SufficientStats:
    r"""Weighted first and centred second moments of the columns of X and of y.

    With :math:`\bar x, \bar y` the weighted means: ``gram`` is :math:`\sum_i w_i (x_i-\bar x)(x_i-\bar x)^T`,
    ``cross`` is :math:`\sum_i w_i (x_i-\bar x)(y_i-\bar y)` and ``total`` is :math:`\sum_i w_i (y_i-\bar y)^2`.

    Parameters
    ----------
    weight : float
        Sum of the row weights.
    x_mean : array, shape (p,)
    y_mean : float
    gram : array, shape (p, p)
    cross : array, shape (p,)
    total : float
    """

    weight: float
    x_mean: Array
    y_mean: float
    gram: Array
    cross: Array
    total: float

    @classmethod
    def from_rows(cls, X: Array, y: Array, weight: Array) -> SufficientStats:
        """Compute the statistics of some rows. Cost O(n p²).

        Centring comes before the product: forming X'X first loses the digits of the means.
        """
        total_weight = float(weight.sum())
        x_mean = weight @ X / total_weight
        y_mean = float(weight @ y / total_weight)
        Xc, yc = X - x_mean, y - y_mean
        if np.any(weight != 1):
            root = np.sqrt(weight)
            Xc *= root[:, None]
            yc = root * yc
        return cls(total_weight, x_mean, y_mean, Xc.T @ Xc, Xc.T @ yc, float(yc @ yc))

    def __add__(self, other: SufficientStats) -> SufficientStats:
        """Statistics of both sets of rows together (Chan, Golub & LeVeque, 1983)."""
        weight = self.weight + other.weight
        dx = other.x_mean - self.x_mean
        dy = other.y_mean - self.y_mean
        share = other.weight / weight
        between = self.weight * share
        return SufficientStats(
            weight,
            self.x_mean + dx * share,
            self.y_mean + dy * share,
            self.gram + other.gram + between * np.outer(dx, dx),
            self.cross + other.cross + between * dx * dy,
            self.total + other.total + between * dy * dy,
        )

r"""Posterior expectation of a separable penalty on one or two coefficients of a Gaussian model, by quadrature.

.. math:: p(b) \propto \exp\big(-\tfrac12 b^T A b + c^T b - s \textstyle\sum_j
          (l_{1j}|b_j| + \tfrac12 l_{2j} b_j^2)\big)

On each orthant the integral over the second coefficient is a Mills ratio; that over the first is log-concave: it is
bracketed and done by Gauss's rule, whose error is rounding.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.mills import cut_mean, cut_square, log_mills

Array = NDArray[np.float64]

# The density is cut off so many nats below its largest value, and the range covered by so many panels of Gauss nodes.
_FALL, _PANELS, _NODES = 42.0, 12, 20


def expected_penalty(A: Array, c: Array, l1: Array, l2: Array, strengths: Array) -> Array:
    """Posterior mean of the penalty at each strength, shape (m,).

    Parameters
    ----------
    A : array, shape (q, q)
        Positive semidefinite, q 1 or 2.
    c, l1, l2 : array, shape (q,)
        l1 or l2 positive for each.
    strengths : array, shape (m,)
    """
    if c.size == 1:
        # A second coefficient that nothing depends on, and that is not counted.
        A, c = np.diag([A[0, 0], 1.0]), np.append(c, 0.0)
        l1, l2, counted = np.append(l1, 0.0), np.append(l2, 0.0), np.array([1.0, 0.0])
    else:
        counted = np.ones(2)
    s = strengths
    logs, means = [], []
    for signs in itertools.product((1.0, -1.0), repeat=2):
        sign = np.array(signs)
        orthant = _Orthant(
            A[0, 0] + s * l2[0],
            A[1, 1] + s * l2[1],
            np.full_like(s, A[0, 1] * sign[0] * sign[1]),
            sign[0] * c[0] - s * l1[0],
            sign[1] * c[1] - s * l1[1],
        )
        log_total, first, first_square, second, second_square = orthant.moments()
        logs.append(log_total)
        one = counted[0] * s * (l1[0] * first + 0.5 * l2[0] * first_square)
        means.append(one + counted[1] * s * (l1[1] * second + 0.5 * l2[1] * second_square))
    logs_ = np.stack(logs)
    share = np.exp(logs_ - logs_.max(axis=0))
    return np.asarray((share * np.stack(means)).sum(axis=0) / share.sum(axis=0))


class _Orthant:
    """exp(-a b1²/2 + q b1 - d b1 b2 - e b2²/2 + r b2) on b1, b2 > 0, for vectors (m,) of parameters."""

    def __init__(self, a: Array, e: Array, d: Array, q: Array, r: Array) -> None:
        self.a, self.e, self.d, self.q, self.r = a, e, d, q, r

    def _x(self, b: Array) -> Array:
        column = (...,) + (None,) * (b.ndim - 1)
        return (self.d[column] * b - self.r[column]) / np.sqrt(self.e[column])

    def _log(self, b: Array) -> Array:
        column = (...,) + (None,) * (b.ndim - 1)
        return np.asarray(-0.5 * self.a[column] * b**2 + self.q[column] * b + log_mills(self._x(b)))

    def _slope(self, b: Array) -> Array:
        return self.q - self.a * b - self.d / np.sqrt(self.e) * cut_mean(self._x(b))

    def _bracket(self) -> tuple[Array, Array]:
        """Where the density of b1 is above its cut."""
        zero = np.zeros_like(self.a)
        step = 1 / (np.abs(self._slope(zero)) + np.sqrt(self.a))
        high = step
        while np.any(above := self._slope(high) > 0):
            high = np.where(above, 2 * high, high)
        low = zero
        for _ in range(100):
            middle = 0.5 * (low + high)
            rising = self._slope(middle) > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        peak = 0.5 * (low + high)
        floor = self._log(peak) - _FALL
        ends = []
        for direction in (-1.0, 1.0):
            near, far = peak, peak + direction * step
            while np.any(inside := (self._log(np.maximum(far, 0.0)) > floor) & (far > 0)):
                near, far = np.where(inside, far, near), np.where(inside, far + 2 * (far - near), far)
            far = np.maximum(far, 0.0)
            # A few halvings keep the panels near the density.
            for _ in range(20):
                middle = 0.5 * (near + far)
                inside = self._log(middle) > floor
                near, far = np.where(inside, middle, near), np.where(inside, far, middle)
            ends.append(far)
        low = np.where(self._log(zero) > floor, 0.0, ends[0])
        return low, ends[1]

    def moments(self) -> tuple[Array, Array, Array, Array, Array]:
        """Log of the integral, means of b1, b1², b2, b2², shapes (m,)."""
        node, weight = np.polynomial.legendre.leggauss(_NODES)
        share = (np.arange(_PANELS)[:, None] + 0.5 * (node + 1)).ravel() / _PANELS
        weight = np.tile(weight, _PANELS)
        low, high = self._bracket()
        b = low[:, None] + (high - low)[:, None] * share
        log = self._log(b)
        top = log.max(axis=1)
        mass = weight * np.exp(log - top[:, None])
        total = mass.sum(axis=1)
        log_total = top + np.log(total * (high - low) / (2 * _PANELS)) - 0.5 * np.log(self.e)
        x, root = self._x(b), np.sqrt(self.e)[:, None]
        mass /= total[:, None]
        first, first_square = (mass * b).sum(axis=1), (mass * b**2).sum(axis=1)
        second, second_square = (mass * cut_mean(x) / root).sum(axis=1), (mass * cut_square(x) / root**2).sum(axis=1)
        return log_total, first, first_square, second, second_square

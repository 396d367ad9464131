r"""The penalty of every prior here, as a value: what it adds to the objective, in nats.

.. math:: \Omega(d) = \sum_j l_{1j}|d_j| + \tfrac12 l_{2j} d_j^2 + \sum_g r_g \|d_g / u_g\|_2,
          \qquad d = \beta - \mathrm{loc}

and, as a density, :math:`p(\beta) = e^{-\Omega(d)} / Z`. A coefficient outside every group contributes
:math:`Z_j = \tfrac{2}{\sqrt{l_2}} R(l_1/\sqrt{l_2})`, where ``R`` is the Mills ratio; its limits are the Gaussian
(``l1 = 0``) and the Laplace (``l2 = 0``); where both are 0 the density is flat and improper, ``Z = 1``. A coefficient
that must not be negative has half of that. Groups: `bayesreg.groups`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from bayesreg.groups import Groups

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


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
    """Penalty ``l1 |d| + l2 d² / 2`` of each coefficient, plus the norms of groups; some coefficients at least 0.

    Parameters
    ----------
    l1, l2 : array, shape (p,)
        Rates in nats (or in half-RSS units where the caller says so), at least 0; both 0 within a group.
    groups : Groups, optional
        Groups of coefficients whose norm is penalised.
    positive : array of bool, shape (p,), optional
        Coefficients that must not lie below their location (d >= 0).
    """

    l1: Array
    l2: Array
    groups: Groups | None = None
    positive: Mask | None = None

    @property
    def penalised(self) -> Mask:
        """Which coefficients carry any penalty, shape (p,)."""
        on = (self.l1 > 0) | (self.l2 > 0)
        return on if self.groups is None else on | self.groups.member

    @property
    def kinked(self) -> bool:
        """Whether it has kinks: an l1 part, or norms of groups."""
        return self.groups is not None or bool(np.any(self.l1 > 0))

    @property
    def quadratic(self) -> bool:
        """Whether it is a ridge or nothing: no kinks, no sign constraint."""
        return self.positive is None and not self.kinked

    @property
    def constrained(self) -> Mask:
        """Which coefficients must not be negative, shape (p,)."""
        return np.zeros(self.l1.shape, dtype=bool) if self.positive is None else self.positive

    def scaled(self, factor: float) -> Penalty:
        """Return the same penalty multiplied by ``factor``; a sign constraint stays as it is."""
        groups = None if self.groups is None else self.groups.scaled(factor)
        return replace(self, l1=self.l1 * factor, l2=self.l2 * factor, groups=groups)

    def take(self, index: NDArray[np.intp]) -> Penalty:
        """The penalty of some coefficients, which hold whole groups."""
        groups = None if self.groups is None else self.groups.take(index)
        positive = None if self.positive is None else self.positive[index]
        return Penalty(self.l1[index], self.l2[index], groups, positive)

    def value(self, d: Array) -> float:
        """Return Ω(d); infinite where a sign constraint is broken."""
        if self.positive is not None and np.any(d[self.positive] < 0):
            return float("inf")
        total = float(self.l1 @ np.abs(d) + 0.5 * (self.l2 @ (d * d)))
        return total if self.groups is None else total + float(self.groups.rate @ self.groups.norms(d))

    def conjugate(self, v: Array) -> float:
        """Fenchel conjugate Ω*(v) = sup_d v'd - Ω(d); infinite where ``|v| > l1`` meets ``l2 = 0``."""
        excess = self._excess(v)
        separate = np.ones(v.shape, dtype=bool) if self.groups is None else ~self.groups.member
        if np.any((self.l2 == 0) & (excess > 0) & separate):
            return float("inf")
        if self.groups is not None and np.any(self.groups.dual_norms(v) > self.groups.rate):
            return float("inf")
        curved = self.l2 > 0
        return float(np.sum(excess[curved] ** 2 / (2.0 * self.l2[curved])))

    def shrink(self, v: Array) -> float:
        """Largest s in [0, 1] with s v in the domain of the conjugate, unpenalised coordinates left aside."""
        size = np.where(self.constrained, v, np.abs(v))
        boxed = (self.l1 > 0) & (self.l2 == 0)
        ratio = float(np.max(size[boxed] / self.l1[boxed], initial=1.0))
        if self.groups is not None:
            ratio = max(ratio, float(np.max(self.groups.dual_norms(v) / self.groups.rate, initial=1.0)))
        return 1.0 / ratio

    def clipped(self, v: Array, rounding: Array) -> Array:
        """Move ``v`` onto the domain of the conjugate where it leaves it by no more than ``rounding`` (p,)."""
        excess = self._excess(v)
        edge = (self.l2 == 0) & (excess > 0) & (excess <= rounding)
        if self.groups is not None:
            edge &= ~self.groups.member
            v = self.groups.clipped(v, rounding)
        return np.where(edge, np.sign(v) * self.l1, v)

    def subdifferential_distance(self, d: Array, gradient: Array) -> Array:
        """Distance of ``-gradient - l2 d`` to ``l1 ∂|d|`` for each coefficient, shape (p,).

        ``gradient`` is that of the loss with respect to the coefficients. Zero everywhere is optimality. Members of a
        group share the distance of their group (in coordinates d/u, over the norm of u).
        """
        pull = gradient + self.l2 * d
        at_zero = self._excess(-pull)
        out = np.where(d == 0, at_zero, np.abs(pull + self.l1 * np.sign(d)))
        return out if self.groups is None else self.groups.spread_distance(d, gradient, out)

    def kkt_ratios(self, d: Array, gradient: Array, norm: Array) -> Array:
        """Distances to optimality over the norms of the columns (p,): one entry a lone coefficient or a group."""
        if self.groups is None:
            return self.subdifferential_distance(d, gradient) / norm
        alone = replace(self, groups=None).subdifferential_distance(d, gradient)[~self.groups.member]
        return np.concatenate(
            [alone / norm[~self.groups.member], self.groups.distances(d, gradient) / self.groups.frobenius(norm)]
        )

    def smooth(self, d: Array, on: NDArray[np.intp]) -> tuple[Array, Array]:
        """Gradient (k,) and Hessian (k, k) on the support ``on``, where the penalty is smooth."""
        l1, l2 = self.l1[on], self.l2[on]
        gradient, hessian = l1 * np.sign(d[on]) + l2 * d[on], np.diag(l2)
        groups = None if self.groups is None else self.groups.take(on)
        if groups is None:
            return gradient, hessian
        more, bend = groups.smooth(d[on])
        return gradient + more, hessian + bend

    def log_density(self, d: Array) -> float:
        """Log of the normalised density at offsets ``d`` from the location; flat coordinates count 0."""
        normalizer = log_normalizer(self.l1, self.l2)
        halved = self.constrained & ((self.l1 > 0) | (self.l2 > 0))
        total = -self.value(d) - float(np.sum(normalizer)) + float(np.log(2.0) * halved.sum())
        return total if self.groups is None else total - float(self.groups.log_normalizers().sum())

    def _excess(self, v: Array) -> Array:
        """How far v leaves [-l1, l1], or (-inf, l1] under a sign constraint, shape (p,)."""
        return np.maximum(np.where(self.constrained, v, np.abs(v)) - self.l1, 0.0)

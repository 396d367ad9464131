r"""Groups of coefficients whose Euclidean norm is penalised: the group lasso, and its density.

.. math:: \Omega(d) = \sum_g r_g \|d_g / u_g\|_2, \qquad
          p(d_g) = \frac{\Gamma(k/2)\, r_g^k}{2\pi^{k/2}\,\Gamma(k) \prod_j u_j}\, e^{-r_g\|d_g/u_g\|}

for a group of k coefficients with units u: the multivariate Laplace of Yuan & Lin (2006, section 2) and, as a
scale mixture, of Raman et al. (2009). The normaliser is the integral in polar coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """A partition of some coefficients into groups.

    Parameters
    ----------
    label : array of int, shape (p,)
        Group 0, 1, ... of each coefficient, -1 outside every group.
    rate : array, shape (G,)
        Rate of each group, positive.
    unit : array, shape (p,)
        What each coefficient is divided by before the norm is taken.
    """

    label: NDArray[np.intp]
    rate: Array
    unit: Array

    @property
    def member(self) -> NDArray[np.bool_]:
        """Coefficients that are in a group, shape (p,)."""
        return self.label >= 0

    @property
    def sizes(self) -> Array:
        """Number of members of each group, shape (G,)."""
        return self._sum(np.ones(self.label.size))

    def scaled(self, factor: float) -> Groups:
        """Return the same groups with their rates multiplied."""
        return replace(self, rate=self.rate * factor)

    def take(self, index: NDArray[np.intp]) -> Groups | None:
        """The groups of some columns, which hold whole groups; None where they hold no group."""
        label = self.label[index]
        kept = np.unique(label[label >= 0])
        if kept.size == 0:
            return None
        new = np.full(self.rate.size + 1, -1, dtype=np.intp)
        new[kept] = np.arange(kept.size)
        return Groups(new[label], self.rate[kept], self.unit[index])

    def norms(self, d: Array) -> Array:
        """||d_g / u_g||, shape (G,)."""
        return np.sqrt(self._sum((d / self.unit) ** 2))

    def dual_norms(self, v: Array) -> Array:
        """||v_g u_g||, shape (G,): what the rates bound."""
        return np.sqrt(self._sum((v * self.unit) ** 2))

    def frobenius(self, norm: Array) -> Array:
        """Norm of the columns of each group, in units u, from the norms (p,) of the columns; shape (G,)."""
        return self.dual_norms(norm)

    def distances(self, d: Array, gradient: Array) -> Array:
        """Distance to optimality of each group in coordinates d/u, shape (G,)."""
        size = self.norms(d)
        at = self.member & (np.append(size, 0.0)[self.label] > 0)
        share = np.zeros(d.size)
        share[at] = (self.rate / np.where(size > 0, size, 1.0))[self.label[at]] * d[at] / self.unit[at]
        pull = np.sqrt(self._sum((gradient * self.unit + share) ** 2))
        return np.where(size > 0, pull, np.maximum(pull - self.rate, 0.0))

    def smooth(self, d: Array) -> tuple[Array, Array]:
        """Gradient (p,) and Hessian (p, p) of the penalty where every group is off 0; 0 outside groups."""
        size = np.append(self.norms(d), 1.0)[self.label]
        rate = np.append(self.rate, 0.0)[self.label]
        ray = np.where(self.member, d / self.unit**2 / size, 0.0)
        same = (self.label[:, None] == self.label[None, :]) & self.member
        bend = np.where(same, np.outer(rate / size * ray, ray), 0.0)
        return rate * ray, np.diag(rate / size / self.unit**2) - bend

    def spread_distance(self, d: Array, gradient: Array, out: Array) -> Array:
        """Write the distance of each group, over the norm of its units, to its members in a copy of ``out`` (p,)."""
        out = out.copy()
        each = self.distances(d, gradient) / self.frobenius(np.ones(d.size))
        out[self.member] = each[self.label[self.member]]
        return out

    def clipped(self, v: Array, rounding: Array) -> Array:
        """Shrink the groups of ``v`` that exceed their rate by no more than ``rounding`` (p,) allows."""
        size = self.dual_norms(v)
        near = (size > self.rate) & (size <= self.rate + self.dual_norms(rounding))
        factor = np.where(near, self.rate / np.where(size > 0, size, 1.0) * (1 - 1e-15), 1.0)
        return np.where(self.member, v * np.append(factor, 1.0)[self.label], v)

    def log_normalizers(self) -> Array:
        """Log Z of each group, shape (G,)."""
        k = self.sizes
        unit = self._sum(np.log(self.unit))
        sphere = np.log(2.0) + 0.5 * k * np.log(np.pi) - gammaln(0.5 * k)
        return np.asarray(sphere + gammaln(k) - k * np.log(self.rate) + unit)

    def _sum(self, values: Array) -> Array:
        on = self.member
        return np.bincount(self.label[on], weights=values[on], minlength=self.rate.size).astype(float)

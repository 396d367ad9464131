r"""A normal with heavier tails, to draw from and to evaluate: :math:`q = 0.8\, N(m, AA^T) + 0.2\, t_7(m, AA^T)`.

The weights of importance sampling are bounded by those of the t law times 5, and most draws are the normal's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]

SHARE_OF_T = 0.2
DF = 7.0


@dataclass(frozen=True, eq=False)
class MixtureProposal:
    """The mixture.

    Parameters
    ----------
    mean : array, shape (k,)
    root : array, shape (k, k)
        A, regular.
    """

    mean: Array
    root: Array

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Return draws (size, k) and the log densities of the mixture there (size,)."""
        k = self.mean.size
        z = rng.standard_normal((size, k))
        stretch = np.sqrt(DF / rng.chisquare(DF, size))
        z *= np.where(rng.random(size) < SHARE_OF_T, stretch, 1.0)[:, None]
        return self.mean + z @ self.root.T, self._log_density(np.einsum("sj,sj->s", z, z))

    def log_density(self, theta: Array) -> Array:
        """Log density of the mixture at theta (S, k), shape (S,)."""
        z = linalg.solve(self.root, (theta - self.mean).T)
        return self._log_density(np.einsum("js,js->s", z, z))

    def _log_density(self, square: Array) -> Array:
        """Log density at a squared distance from the mean, in units of the root."""
        k = self.mean.size
        normal = math.log(1 - SHARE_OF_T) - 0.5 * k * math.log(2 * math.pi) - 0.5 * square
        constant = math.lgamma(0.5 * (DF + k)) - math.lgamma(0.5 * DF) - 0.5 * k * math.log(DF * math.pi)
        student = math.log(SHARE_OF_T) + constant - 0.5 * (DF + k) * np.log1p(square / DF)
        return np.asarray(np.logaddexp(normal, student) - np.linalg.slogdet(self.root)[1])

    def refitted(self, theta: Array, log_weight: Array) -> MixtureProposal:
        """Move mean and covariance towards those of weighted draws (adaptive importance sampling).

        Parameters
        ----------
        theta : array, shape (S, k)
        log_weight : array, shape (S,)
            Smoothed log weights, of any constant.

        Notes
        -----
        With an effective number e of draws the covariance keeps a share k / (k + e) of what it was: few draws say
        little about k (k + 1)/2 numbers.
        """
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        effective = 1.0 / float(weight @ weight)
        kept = self.mean.size / (self.mean.size + effective)
        mean = kept * self.mean + (1 - kept) * (weight @ theta)
        off = theta - mean
        covariance = kept * (self.root @ self.root.T) + (1 - kept) * (off.T @ (weight[:, None] * off))
        return MixtureProposal(mean, linalg.cholesky(covariance, lower=True))

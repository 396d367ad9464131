r"""A linear model with a normal prior: the posterior for every noise level from one eigendecomposition.

.. math:: b \mid d, \sigma \sim N(A d, \sigma^2 I), \qquad d_j \sim N(0, 1/q_j) \text{ or } N(0, \sigma^2/q_j)

With the pencil of the two precision parts :math:`V^T (P_0 + P_1) V = I`, where P_1 scales as 1/sigma² (A'A and the
priors relative to sigma) and P_0 does not: the precision at sigma is :math:`V^{-T} (\mu + (1-\mu)/\sigma^2) V^{-1}`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """Posterior of the coefficients given sigma, and the marginal likelihood of sigma.

    Parameters
    ----------
    basis : array, shape (k, k)
        V, mapped to the output coordinates.
    mu : array, shape (k,)
        Share of each eigendirection's precision that does not scale with 1/sigma².
    projected : array, shape (k,)
        V'A'b.
    loc : array, shape (k,)
        Added to every draw.
    residual_total : float
        Minimum over d of ||b - A d||² plus the prior terms relative to sigma (times sigma²).
    log_prior_constant : float
        Half the sum of log q_j over proper coordinates.
    log_determinant : float
        log det of P_0 + P_1 at sigma = 1.
    n_relative : int
        Proper coordinates whose prior is relative to sigma.
    n_flat : int
        Coordinates without a prior.
    total_weight : float
        Sum of the row weights.
    """

    basis: Array
    mu: Array
    projected: Array
    loc: Array
    residual_total: float
    log_prior_constant: float
    log_determinant: float
    n_relative: int
    n_flat: int
    total_weight: float

    @classmethod
    def build(
        cls,
        rows: Array,
        response: Array,
        rate: Array,
        on_sigma: NDArray[np.bool_],
        loc: Array,
        output: Array,
        total_weight: float,
    ) -> GaussianPosterior:
        """Decompose once. Cost O(n k² + k³).

        Parameters
        ----------
        rows : array, shape (m, k)
            A.
        response : array, shape (m,)
            b.
        rate : array, shape (k,)
            q at sigma = 1; 0 is flat.
        on_sigma : array of bool, shape (k,)
            Whether a coordinate's prior is relative to sigma.
        loc : array, shape (k,)
        output : array, shape (k, k)
            Linear map from the coordinates of ``rows`` to those of the result.
        total_weight : float
        """
        gram = rows.T @ rows
        moving = gram + np.diag(np.where(on_sigma, rate, 0.0))
        fixed = np.where(on_sigma, 0.0, rate)
        size = np.sqrt(np.diag(moving) + fixed)
        if np.any(size == 0):
            raise InputError("an all-zero column has a flat prior, so its posterior is improper; drop the column.")
        both = (moving + np.diag(fixed)) / np.outer(size, size)
        # The larger eigenvalues of the pencil are 1 where the data or a relative prior rule.
        try:
            mu, vectors = linalg.eigh(np.diag(fixed / size**2), both)
        except linalg.LinAlgError as error:
            raise InputError(
                "columns without a prior are collinear, so the posterior is improper; "
                "drop them or give them a proper prior."
            ) from error
        pivot = np.diag(linalg.cholesky(both))
        if pivot.min() < 1e-7 and np.any(rate == 0):
            raise InputError(
                "columns without a prior are collinear (to 7 digits), so the posterior is improper or not computable; "
                "drop them or give them a proper prior."
            )
        vectors = vectors / size[:, None]
        proper = rate > 0
        augmented = np.vstack([rows, np.diag(np.sqrt(np.where(on_sigma, rate, 0.0)))])
        target = np.append(response, np.zeros(rate.size))
        mu = np.clip(mu, 0.0, 1.0)
        # Directions that the data do not see, to rounding, are the prior's alone.
        mu[1 - mu < 1e-13] = 1.0
        projected = np.where(mu < 1, vectors.T @ (rows.T @ response), 0.0)
        seen = np.where(mu < 1, 1 - mu, 1.0)
        left = target - augmented @ (vectors @ (projected / seen))
        return cls(
            basis=output @ vectors,
            mu=mu,
            projected=projected,
            loc=loc,
            residual_total=float(left @ left),
            log_prior_constant=0.5 * float(np.sum(np.log(rate[proper]))),
            log_determinant=2 * float(np.sum(np.log(pivot)) + np.sum(np.log(size))),
            n_relative=int(np.sum(proper & on_sigma)),
            n_flat=int(np.sum(~proper)),
            total_weight=total_weight,
        )

    @property
    def homogeneous(self) -> bool:
        """Whether the whole precision scales as 1/sigma²."""
        return bool(np.all(self.mu == 0))

    def precision(self, sigma: Array) -> Array:
        """Precision of each eigendirection at noise levels (m,), shape (m, k)."""
        return np.asarray(self.mu + (1 - self.mu) / sigma[:, None] ** 2)

    def quadratic(self, sigma: Array) -> Array:
        """sigma² times the minimum over d of ||b - A d||²/sigma² + all prior terms, shape (m,).

        As the value without the fixed priors plus what each of them adds: a sum of positive terms, which does not
        cancel where sigma is small.
        """
        both = (self.mu > 0) & (self.mu < 1)
        mu, seen = self.mu[both], 1 - self.mu[both]
        pull = sigma[:, None] ** 2 * mu
        return np.asarray(self.residual_total + (pull / (pull + seen)) @ (self.projected[both] ** 2 / seen))

    def log_marginal(self, sigma: Array) -> Array:
        """Log p(y | sigma) with the coefficients integrated out, up to a constant free of sigma, shape (m,)."""
        determinant = np.log(self.precision(sigma)).sum(axis=1) + self.log_determinant
        value = -(self.total_weight + self.n_relative) * np.log(sigma) + self.log_prior_constant
        return np.asarray(value - 0.5 * determinant - 0.5 * self.quadratic(sigma) / sigma**2)

    def draw(self, rng: np.random.Generator, sigma: Array) -> Array:
        """One draw for each noise level, shape (len(sigma), k)."""
        precision = self.precision(sigma)
        z = rng.standard_normal((sigma.size, self.mu.size))
        inner = self.projected / sigma[:, None] ** 2 / precision + z / np.sqrt(precision)
        return np.asarray(self.loc + inner @ self.basis.T)

    def moments(self, sigma: Array, mass: Array) -> tuple[Array, Array]:
        """Mean and covariance of the mixture over noise levels with the given masses.

        An infinite noise level stands for a mean square of sigma that does not exist: the variances are infinite.
        """
        if not np.all(np.isfinite(sigma)):
            # Only where the mean does not depend on sigma does infinity come in: as the mean square of sigma.
            mean, unit = self.moments(np.ones(1), np.ones(1))
            return mean, np.where(np.eye(mean.size, dtype=bool), np.inf, np.nan * unit)
        precision = self.precision(sigma)
        centres = self.projected / sigma[:, None] ** 2 / precision
        mean = mass @ centres
        spread = (centres - mean) * np.sqrt(mass)[:, None]
        inner = spread.T @ spread + np.diag(mass @ (1 / precision))
        return self.loc + self.basis @ mean, self.basis @ inner @ self.basis.T

"""Gaussian models with known and learned scales, and their evidence by brute force."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesreg as br
from bayesreg import likelihoods, priors, scales

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OwnLaw:
    """A law of a user's own: log-normal, with nothing that compiled code or a closed form could know."""

    spread: float

    def log_density(self, value: Any) -> Any:
        """Log density of the number."""
        z = np.log(value) / self.spread
        return -0.5 * z * z - np.log(value) - math.log(self.spread) - 0.5 * math.log(2 * math.pi)

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Log-normal draws."""
        return np.exp(self.spread * rng.standard_normal(size))

    def to_pymc(self, name: str) -> Any:
        """Not needed here."""
        raise NotImplementedError


LAWS: dict[str, Any] = {
    "flat": scales.Flat(),
    "jeffreys": scales.Jeffreys(),
    "half_normal": scales.HalfNormal(1.7),
    "half_student_t": scales.HalfStudentT(4.0, 0.8),
    "half_cauchy": scales.HalfCauchy(1.3),
    "gamma": scales.Gamma(2.5, 1.4),
    "inverse_gamma": scales.InverseGamma(3.0, 2.0),
    "r_squared": scales.RSquared(1.5, 2.0, size=3.0),
    "own": OwnLaw(0.7),
}


def data(n: int = 14, p: int = 3) -> tuple[Array, Array, Array, Array]:
    """Columns, response, whole weights, offset."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((n, p)) + rng.standard_normal(p)
    y = 1 + X[:, :3] @ [1.0, 0.0, -0.5] + 0.7 * rng.standard_normal(n)
    return X, y, rng.integers(1, 3, n).astype(float), np.linspace(-1, 1, n)


def model(sigma: Any, scale: Any, relative_to: Any = "auto", **options: Any) -> br.Model:
    """A ridge model."""
    return br.Model(likelihoods.Gaussian(sigma), priors.Gaussian(scale, relative_to=relative_to), **options)


class BruteForce:
    """The density of the response of a model with an intercept, from its covariance, for any (sigma, tau).

    Rows of whole weight are repeated. A flat intercept is integrated out by contrasts; a normal one is a column.
    """

    def __init__(self, X: Array, y: Array, weight: Array, offset: Array, loc: float, intercept: Any) -> None:
        times = weight.astype(int)
        X, r = np.repeat(X, times, axis=0), np.repeat(y - offset, times)
        r = r - X.sum(1) * loc
        n, self.constant = r.size, 0.0
        ones = np.ones((n, 1))
        if isinstance(intercept, priors.Flat):
            basis = np.linalg.svd(ones)[0][:, 1:]
            X, r, self.constant = basis.T @ X, basis.T @ r, -0.5 * math.log(n)
            self.own, self.scaled = np.zeros((r.size, r.size)), 0.0
        else:
            r = r - intercept.loc
            self.own = float(intercept.scale) ** 2 * ones @ ones.T
            self.scaled = float(intercept.relative_to == "sigma")
        self.r, self.K = r, X @ X.T

    def log_density(self, sigma: float, tau: float, relative: bool) -> float:
        """Log p(y | sigma, tau)."""
        variance = tau**2 * (sigma**2 if relative else 1.0)
        own = self.own * (sigma**2 if self.scaled else 1.0)
        C = sigma**2 * np.eye(self.r.size) + variance * self.K + own
        try:
            L = np.linalg.cholesky(C)
        except np.linalg.LinAlgError:
            return -np.inf  # to rounding singular: beyond where anything counts
        white = np.linalg.solve(L, self.r)
        half = float(np.sum(np.log(np.diag(L))))
        return self.constant - half - 0.5 * self.r.size * math.log(2 * math.pi) - 0.5 * float(white @ white)

    def evidence(self, sigma: Any, scale: Any, relative: bool) -> float:
        """Log of the integral over the laws of sigma and tau (numbers: known), by Gauss's rule on pieces."""
        u, weight_u = legendre(-4.0, 10.0) if isinstance(sigma, scales.Law) else (np.log([sigma]), np.ones(1))
        v, weight_v = np.log([scale]) if not isinstance(scale, scales.Law) else np.zeros(1), np.ones(1)
        if isinstance(scale, scales.Law):
            # Far below the data only the law itself is left.
            parts = legendre(-40.0, -8.0, 4.0), legendre(-8.0, 10.0)
            v, weight_v = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        values = np.array([[self.log_density(math.exp(s), math.exp(t), relative) for t in v] for s in u])
        if isinstance(sigma, scales.Law):
            values += (sigma.log_density(np.exp(u)) + u)[:, None]
        if isinstance(scale, scales.Law):
            values += scale.log_density(np.exp(v)) + v
        top = values.max()
        return float(top + np.log(weight_u @ np.exp(values - top) @ weight_v))


def legendre(low: float, high: float, width: float = 0.5, order: int = 12) -> tuple[Array, Array]:
    """Nodes and weights of Gauss's rule on pieces of a range."""
    x, w = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(low, high, 1 + math.ceil((high - low) / width))
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * x).ravel(), (half * w).ravel()

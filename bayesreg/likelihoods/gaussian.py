"""Normal errors: the squared loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesreg.likelihoods.base import Array, as_sigma, observe
from bayesreg.scales import Law


@dataclass(frozen=True)
class Gaussian:
    r"""Normal errors: :math:`y \sim N(\eta, \sigma^2)`, the squared loss.

    Parameters
    ----------
    sigma : float or law, optional
        Noise standard deviation in the unit of y, or the law under which it is learned. None (default) learns it
        under half-Student-t(3, sd(y)), or, when p >= n - 1, InverseGamma(1.5, 0.375 var(y)) on its square.

    Raises
    ------
    InputError
        If ``sigma`` is a number that is not positive and finite.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> float(likelihoods.Gaussian(sigma=2.0).loss(0.0, 4.0, 2.0))
    2.0
    """

    sigma: float | Law | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", as_sigma("Gaussian", self.sigma))

    @property
    def has_sigma(self) -> bool:
        """True."""
        return True

    @property
    def smooth(self) -> bool:
        """True."""
        return True

    @property
    def convex(self) -> bool:
        """True."""
        return True

    def check_response(self, y: Array) -> None:
        """Accept every finite response."""

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return (y - eta)² / (2 sigma²)."""
        return np.asarray((y - eta) ** 2 / (2 * sigma**2))

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return (eta - y) / sigma²."""
        return (eta - y) / sigma**2

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 1 / sigma²."""
        return np.full(np.shape(eta), 1 / np.square(sigma))

    def curvature_bound(self, sigma: float) -> float:
        """Return 1 / sigma²."""
        return float(1 / sigma**2)

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 1 / sigma²: the loss is its own majorant."""
        return self.curvature(eta, y, sigma)

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = theta y + sigma² theta² / (2 w)."""
        used = weight > 0
        if np.any(theta[~used] != 0):
            return math.inf
        t, w = theta[used], weight[used]
        return float(t @ y[used] + sigma**2 * np.sum(t * t / (2 * w)))

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log sigma + log(2 pi) / 2."""
        return np.log(sigma) + 0.5 * math.log(2 * math.pi)

    def mean(self, eta: Array) -> Array:
        """Return eta."""
        return eta

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return eta plus normal noise."""
        return np.asarray(eta + sigma * rng.standard_normal(np.shape(eta)))

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.Normal``, or a weighted potential of the same density."""
        import pymc as pm

        return observe(name, pm.Normal, mu=eta, sigma=sigma, y=y, weight=weight)

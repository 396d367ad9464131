"""Normal errors with exponential tails: the Huber loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from bayesreg.likelihoods.base import Array, as_positive, as_sigma, in_box, observe
from bayesreg.scales import Law


@dataclass(frozen=True)
class Huber:
    r"""Errors that are normal up to ``delta`` scales from 0 and exponential beyond: the Huber loss.

    With :math:`z = (y - \eta)/\sigma`, :math:`F = z^2/2` for :math:`|z| \le \delta` and
    :math:`\delta |z| - \delta^2/2` beyond; the density is :math:`e^{-F} / (\sigma Z)` with
    :math:`Z = \sqrt{2\pi}(2\Phi(\delta) - 1) + (2/\delta) e^{-\delta^2/2}`, the least informative one of Huber
    (1964, Annals of Mathematical Statistics 35, section 5). A row pulls at the fit with at most delta / sigma.

    Parameters
    ----------
    delta : float, default 1.345
        Where the tails begin, in units of sigma. 1.345 keeps 95 % of the efficiency of least squares at normal errors.
    sigma : float or law, optional
        Scale of the normal core in the unit of y, or the law under which it is learned; None (default) learns it as
        `Gaussian` does.

    Raises
    ------
    InputError
        If ``delta`` is not positive and finite, or ``sigma`` is a number that is not.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> huber = likelihoods.Huber(delta=1.0, sigma=2.0)
    >>> float(huber.loss(0.0, 1.0, 2.0)), float(huber.loss(0.0, 6.0, 2.0))
    (0.125, 2.5)
    """

    delta: float = 1.345
    sigma: float | Law | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", as_positive("Huber", "delta", self.delta, "without tails use Gaussian()"))
        object.__setattr__(self, "sigma", as_sigma("Huber", self.sigma))

    @property
    def has_sigma(self) -> bool:
        """True."""
        return True

    @property
    def smooth(self) -> bool:
        """True: F' is continuous, F'' is not."""
        return True

    @property
    def convex(self) -> bool:
        """True."""
        return True

    def check_response(self, y: Array) -> None:
        """Accept every finite response."""

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return z²/2 where |z| <= delta, and delta |z| - delta²/2 beyond."""
        size = np.abs(y - eta) / sigma
        core = np.minimum(size, self.delta)
        return np.asarray(core * (size - core / 2))

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return -z / sigma with z cut off at -delta and delta."""
        return np.asarray(np.clip((eta - y) / sigma, -self.delta, self.delta) / sigma)

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 1 / sigma² where |z| <= delta, and 0 beyond."""
        return np.where(np.abs(y - eta) <= self.delta * sigma, 1 / np.square(sigma), 0.0)

    def curvature_bound(self, sigma: float) -> float:
        """Return 1 / sigma²."""
        return float(1 / sigma**2)

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return min(1, delta / |z|) / sigma²: F is concave in z², which gives it this tangent."""
        size = np.abs(y - eta) / sigma
        return np.asarray(self.delta / np.maximum(size, self.delta) / np.square(sigma))

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = theta y + sigma² theta² / (2 w), |theta| <= w delta / sigma."""
        edge = weight * self.delta / sigma
        if not in_box(theta, -edge, edge):
            return math.inf
        used = weight > 0
        t, w = theta[used], weight[used]
        return float(t @ y[used] + sigma**2 * np.sum(t * t / (2 * w)))

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log(sigma Z)."""
        return np.log(sigma) + self._log_normalizer

    def mean(self, eta: Array) -> Array:
        """Return eta."""
        return eta

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return eta plus noise: a truncated normal, or an exponential tail on either side."""
        shape = np.shape(eta)
        in_core = rng.random(shape) < self._core * math.exp(-self._log_normalizer)
        uniform = rng.random(shape)
        core = ndtri(ndtr(-self.delta) + uniform * (ndtr(self.delta) - ndtr(-self.delta)))
        tail = self.delta + rng.standard_exponential(shape) / self.delta
        return np.asarray(eta + sigma * np.where(in_core, core, np.where(uniform < 0.5, -tail, tail)))

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed distribution of this density, or a weighted potential of it."""
        import pymc as pm
        import pytensor.tensor as pt

        def logp(value: Any, eta: Any, sigma: Any) -> Any:
            size = pt.abs(value - eta) / sigma
            core = pt.minimum(size, np.float64(self.delta))
            return -core * (size - 0.5 * core) - pt.log(sigma) - np.float64(self._log_normalizer)

        def random(eta: Any, sigma: Any, rng: Any = None, size: Any = None) -> Any:
            return self.draw(rng, np.broadcast_to(eta, size if size is not None else np.shape(eta)), sigma)

        return observe(name, pm.CustomDist, eta, sigma, logp=logp, random=random, y=y, weight=weight)

    @property
    def _core(self) -> float:
        """Integral of exp(-F) over |z| <= delta."""
        return math.sqrt(2 * math.pi) * math.erf(self.delta / math.sqrt(2))

    @property
    def _log_normalizer(self) -> float:
        """Logarithm of Z."""
        return math.log(self._core + 2 / self.delta * math.exp(-(self.delta**2) / 2))

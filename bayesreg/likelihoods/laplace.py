"""Double-exponential errors: the absolute loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesreg.likelihoods.base import Array, as_sigma, in_box, observe
from bayesreg.scales import Law


@dataclass(frozen=True)
class Laplace:
    r"""Laplace errors: density :math:`e^{-|y - \eta|/\sigma} / (2\sigma)`, the absolute loss; eta is the median of y.

    The "L1 loss" is this likelihood. An "L1 penalty" is a prior: ``priors.Laplace``.

    Parameters
    ----------
    sigma : float or law, optional
        Mean absolute error in the unit of y (the standard deviation is sqrt(2) sigma), or the law under which it is
        learned; None (default) learns it as `Gaussian` does.

    Raises
    ------
    InputError
        If ``sigma`` is a number that is not positive and finite.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> float(likelihoods.Laplace(sigma=2.0).loss(0.0, 4.0, 2.0))
    2.0
    """

    sigma: float | Law | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", as_sigma("Laplace", self.sigma))

    @property
    def has_sigma(self) -> bool:
        """True."""
        return True

    @property
    def smooth(self) -> bool:
        """False: F has a kink at eta = y."""
        return False

    @property
    def convex(self) -> bool:
        """True."""
        return True

    def check_response(self, y: Array) -> None:
        """Accept every finite response."""

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return |y - eta| / sigma."""
        return np.asarray(np.abs(y - eta) / sigma)

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return sign(eta - y) / sigma, 0 at the kink."""
        return np.asarray(np.sign(eta - y) / sigma)

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 0."""
        return np.zeros(np.shape(eta))

    def curvature_bound(self, sigma: float) -> float:
        """Return infinity."""
        return math.inf

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 1 / (sigma |y - eta|), infinite at the kink."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (sigma * np.abs(y - eta)))

    def slopes(self, sigma: float) -> tuple[float, float]:
        """Return (1 / sigma, 1 / sigma)."""
        return 1 / sigma, 1 / sigma

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = theta y, |theta| <= w / sigma."""
        edge = weight / sigma
        return float(theta @ y) if in_box(theta, -edge, edge) else math.inf

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log(2 sigma)."""
        return np.log(sigma) + math.log(2)

    def mean(self, eta: Array) -> Array:
        """Return eta."""
        return eta

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return eta plus Laplace noise."""
        return np.asarray(eta + sigma * rng.laplace(size=np.shape(eta)))

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.Laplace``, or a weighted potential of the same density."""
        import pymc as pm

        return observe(name, pm.Laplace, mu=eta, b=sigma, y=y, weight=weight)

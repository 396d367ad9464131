"""Exponential errors of unequal sides: the quantile loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesreg.errors import InputError
from bayesreg.likelihoods.base import Array, as_sigma, in_box, observe
from bayesreg.scales import Law


@dataclass(frozen=True)
class AsymmetricLaplace:
    r"""Asymmetric Laplace errors: the check loss of quantile regression; eta is the ``quantile`` of y.

    With :math:`r = y - \eta`, :math:`F = r (q - 1\{r < 0\}) / \sigma` and density :math:`q (1 - q) e^{-F} / \sigma`
    (Koenker & Bassett, 1978, Econometrica 46; Yu & Moyeed, 2001, Statistics & Probability Letters 54). At q = 1/2 it
    is ``Laplace(2 * sigma)``.

    The density stands in for the unknown law of the errors. Its MAP estimates the quantile whatever that law is; the
    width of its posterior is that of the stand-in and no calibrated uncertainty of the quantile.

    Parameters
    ----------
    quantile : float, default 0.5
        q, between 0 and 1.
    sigma : float or law, optional
        Mean check loss of the errors in the unit of y, or the law under which it is learned; None (default) learns it
        as `Gaussian` does.

    Raises
    ------
    InputError
        If ``quantile`` is not between 0 and 1, or ``sigma`` is a number that is not positive and finite.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> upper = likelihoods.AsymmetricLaplace(quantile=0.75, sigma=1.0)
    >>> float(upper.loss(0.0, 4.0, 1.0)), float(upper.loss(0.0, -4.0, 1.0))
    (3.0, 1.0)
    """

    quantile: float = 0.5
    sigma: float | Law | None = None

    def __post_init__(self) -> None:
        given: Any = self.quantile
        if not isinstance(given, int | float | np.number) or not 0 < given < 1:
            raise InputError(
                f"AsymmetricLaplace(quantile=...) must be a number between 0 and 1, got {given!r}; 0.5 is the median."
            )
        object.__setattr__(self, "quantile", float(given))
        object.__setattr__(self, "sigma", as_sigma("AsymmetricLaplace", self.sigma))

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
        """Return q r / sigma above eta and (1 - q) |r| / sigma below it."""
        r = y - eta
        return np.asarray(np.maximum(self.quantile * r, (self.quantile - 1) * r) / sigma)

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return -q / sigma where y is above eta, (1 - q) / sigma where it is below, 0 at the kink."""
        r = np.asarray(y - eta)
        return np.where(r > 0, -self.quantile, np.where(r < 0, 1 - self.quantile, 0.0)) / sigma

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 0."""
        return np.zeros(np.shape(eta))

    def curvature_bound(self, sigma: float) -> float:
        """Return infinity."""
        return math.inf

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return 1 / (2 sigma |r|), infinite at the kink (Hunter & Lange, 2000, section 2)."""
        # F = [|r| / 2 + (q - 1/2) r] / sigma: the linear part is its own majorant.
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (2 * sigma * np.abs(y - eta)))

    def slopes(self, sigma: float) -> tuple[float, float]:
        """Return (q / sigma, (1 - q) / sigma)."""
        return self.quantile / sigma, (1 - self.quantile) / sigma

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = theta y, -w q / sigma <= theta <= w (1 - q) / sigma."""
        unit = weight / sigma
        return float(theta @ y) if in_box(theta, -self.quantile * unit, (1 - self.quantile) * unit) else math.inf

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log(sigma / (q (1 - q)))."""
        return np.log(sigma) - math.log(self.quantile * (1 - self.quantile))

    def mean(self, eta: Array) -> Array:
        """Return eta, the fitted quantile."""
        return eta

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return eta plus noise: the difference of two exponentials with means sigma / q and sigma / (1 - q)."""
        shape = np.shape(eta)
        above, below = rng.standard_exponential(shape), rng.standard_exponential(shape)
        return np.asarray(eta + sigma * (above / self.quantile - below / (1 - self.quantile)))

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.AsymmetricLaplace``, or a weighted potential of the same density."""
        import pymc as pm

        # Its rates are b kappa above and b / kappa below, kappa² = q / (1 - q): q / sigma and (1 - q) / sigma.
        q = np.float64(self.quantile)
        b = np.sqrt(q * (1 - q)) / sigma
        return observe(name, pm.AsymmetricLaplace, q=q, mu=eta, b=b, y=y, weight=weight)

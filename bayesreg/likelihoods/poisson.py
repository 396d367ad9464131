"""Counts with a log link: the Poisson likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from bayesreg.errors import InputError
from bayesreg.likelihoods.base import Array, observe

# Beyond this eta the exponential goes on as its tangent: e^300 = 2e130 leaves room for sums, squares and products,
# and the loss stays convex with a continuous derivative.
LARGEST_ETA = 300.0


@dataclass(frozen=True)
class Poisson:
    r"""Counts with a log link: :math:`y \sim \mathrm{Poisson}(e^\eta)`, :math:`F = e^\eta - y \eta`.

    The log of an exposure goes into ``offset``. A response that is not whole is accepted and gives the
    quasi-likelihood, with the same estimate of a mean :math:`e^\eta`; its "density" :math:`e^{y\eta - e^\eta} /
    \Gamma(y + 1)` then does not sum to 1.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> float(likelihoods.Poisson().loss(0.0, 3.0, 1.0)), float(likelihoods.Poisson().mean(0.0))
    (1.0, 1.0)
    """

    @property
    def has_sigma(self) -> bool:
        """False."""
        return False

    @property
    def smooth(self) -> bool:
        """True."""
        return True

    @property
    def convex(self) -> bool:
        """True."""
        return True

    def check_response(self, y: Array) -> None:
        """Raise if y is negative somewhere or 0 everywhere."""
        if np.any(y < 0):
            raise InputError(
                f"y has {np.sum(y < 0)} negative values (smallest {y.min():g}); Poisson() needs counts, 0 or more: "
                "use Gaussian() for a response that may be negative."
            )
        if not np.any(y > 0):
            raise InputError(
                "y is 0 in every row, so no finite log rate fits best; Poisson() needs at least one count above 0."
            )

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return e^eta - y eta."""
        top = np.minimum(eta, LARGEST_ETA)
        return np.asarray(np.exp(top) * (1 + (eta - top)) - y * eta)

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return e^eta - y."""
        return self.mean(eta) - y

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return e^eta."""
        return self.mean(eta)

    def curvature_bound(self, sigma: float) -> float:
        """Return infinity."""
        return math.inf

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return infinity: no quadratic lies above an exponential."""
        return np.full(np.shape(eta), math.inf)

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = w (u log u - u), u = y + theta / w >= 0."""
        used = weight > 0
        if np.any(theta[~used] != 0):
            return math.inf
        w = weight[used]
        u = y[used] + theta[used] / w
        # theta / w carries the rounding of the subtraction of y.
        if np.any(u < -4 * np.finfo(float).eps * y[used]):
            return math.inf
        u = np.maximum(u, 0.0)
        return float(np.sum(w * (xlogy(u, u) - u)))

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log Gamma(y + 1)."""
        # A row of weight 0 may hold anything; its constant must be finite to be multiplied by 0.
        return gammaln(np.maximum(y, 0.0) + 1)

    def mean(self, eta: Array) -> Array:
        """Return e^eta."""
        return np.asarray(np.exp(np.minimum(eta, LARGEST_ETA)))

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return counts."""
        rate = self.mean(eta)
        # NumPy draws up to 9e18; from 1e15 on the skewness of the law, 1/sqrt(rate), is below any use.
        counts = rng.poisson(np.minimum(rate, 1e15)).astype(float)
        if np.any(rate > 1e15):
            normal = np.rint(rate + np.sqrt(rate) * rng.standard_normal(rate.shape))
            return np.where(rate > 1e15, normal, counts)
        return counts

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed distribution of this density, or a weighted potential of it."""
        import pymc as pm
        import pytensor.tensor as pt

        # Not pm.Poisson, which would cut a response that is not whole to an integer.
        def logp(value: Any, eta: Any) -> Any:
            return value * eta - pt.exp(eta) - pt.gammaln(pt.maximum(value, 0.0) + 1)

        def random(eta: Any, rng: Any = None, size: Any = None) -> Any:
            return self.draw(rng, np.broadcast_to(eta, size if size is not None else np.shape(eta)), 1.0)

        return observe(name, pm.CustomDist, eta, logp=logp, random=random, y=y, weight=weight)

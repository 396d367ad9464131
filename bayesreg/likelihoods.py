"""Densities of the response given the linear predictor, with what solvers and certificates need of them.

For row i with weight w_i the contribution to the objective is ``w_i F(eta_i, y_i)``, plus a constant that does not
depend on eta (`row_constant`). ``F*`` below is the Fenchel conjugate of ``w F`` in eta.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from bayesreg.errors import InputError
from bayesreg.scales import Law

Array = NDArray[np.float64]


@runtime_checkable
class Likelihood(Protocol):
    """What the engines ask of a likelihood; ``sigma`` is 1 where it has none."""

    @property
    def has_sigma(self) -> bool:
        """Whether the density has a noise scale."""

    @abstractmethod
    def check_response(self, y: Array) -> None:
        """Raise ``InputError`` when ``y`` (n,) is outside the density's support."""

    @abstractmethod
    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """F: negative log density without the terms free of eta, shape of ``eta``."""

    @abstractmethod
    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """F' with respect to eta."""

    @abstractmethod
    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """F'' with respect to eta."""

    @abstractmethod
    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """Sum of the conjugates F*(theta_i); infinite outside their domain."""

    @abstractmethod
    def row_constant(self, sigma: Any) -> Any:
        """The terms of a row's negative log density that are free of eta."""

    @abstractmethod
    def mean(self, eta: Array) -> Array:
        """Expected response at ``eta``."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """One response for each entry of ``eta``."""

    @abstractmethod
    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Add the observed response to the open PyMC model; ``weight`` None means 1 for every row."""


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
        given: Any = self.sigma
        if isinstance(given, type):
            raise InputError(f"Gaussian(sigma=...) is the class {given.__name__}: write scales.{given.__name__}(...).")
        if self.sigma is None or isinstance(self.sigma, Law):
            return
        number = isinstance(self.sigma, int | float | np.number) and not isinstance(self.sigma, bool)
        if not number or not (math.isfinite(self.sigma) and self.sigma > 0):
            raise InputError(
                "Gaussian(sigma=...) must be a positive finite number, a law from bayesreg.scales, "
                f"or None to learn it, got {self.sigma!r}."
            )
        object.__setattr__(self, "sigma", float(self.sigma))

    @property
    def has_sigma(self) -> bool:
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

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = theta y + sigma² theta² / (2 w)."""
        used = weight > 0
        if np.any(theta[~used] != 0):
            return math.inf
        t, w = theta[used], weight[used]
        return float(t @ y[used] + sigma**2 * np.sum(t * t / (2 * w)))

    def row_constant(self, sigma: Any) -> Any:
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

        if weight is None:
            return pm.Normal(name, mu=eta, sigma=sigma, observed=y, dims="obs")
        row = pm.logp(pm.Normal.dist(mu=eta, sigma=sigma), y)
        return pm.Potential(name, (weight * row).sum())


@dataclass(frozen=True)
class Bernoulli:
    r"""Binary response with a logit link: :math:`P(y=1) = 1/(1+e^{-\eta})`, the logistic loss.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> round(float(likelihoods.Bernoulli().loss(0.0, 1.0, 1.0)), 6)
    0.693147
    """

    @property
    def has_sigma(self) -> bool:
        """False."""
        return False

    def check_response(self, y: Array) -> None:
        """Raise unless y holds both classes, coded 0 and 1."""
        classes = np.unique(y)
        if classes.size == 1:
            raise InputError(f"y has only one class ({classes[0]:g}); Bernoulli() needs both classes, coded 0 and 1.")
        if classes.size != 2:
            raise InputError(
                f"y has {classes.size} distinct values; Bernoulli() needs exactly 2 classes, coded 0 and 1."
            )
        if classes[0] != 0 or classes[1] != 1:
            raise InputError(
                f"y is coded {classes[0]:g} and {classes[1]:g}; Bernoulli() needs 0 and 1: "
                f"pass (y == {classes[1]:g}) for the probability of {classes[1]:g}."
            )

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return log(1 + e^eta) - y eta."""
        # As log(1 + e^(-m)) + max(-m, 0) with margin m = (2y - 1) eta, which neither overflows nor cancels.
        return np.asarray(np.logaddexp(0.0, (1 - 2 * y) * eta))

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return expit(eta) - y."""
        sign = 1 - 2 * y
        return np.asarray(sign * expit(sign * eta))

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return expit(eta) expit(-eta)."""
        return np.asarray(expit(eta) * expit(-np.asarray(eta)))

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = w [u log u + (1 - u) log(1 - u)], u = y + theta / w in [0, 1]."""
        used = weight > 0
        if np.any(theta[~used] != 0):
            return math.inf
        w = weight[used]
        # |theta| / w is the distance of u from its own class; it must lie in [0, 1] on the right side.
        v = theta[used] / w * (1 - 2 * y[used])
        slack = 4 * np.finfo(float).eps
        if np.any((v < -slack) | (v > 1 + slack)):
            return math.inf
        v = np.clip(v, 0.0, 1.0)
        return float(np.sum(w * (xlogy(v, v) + xlogy(1 - v, 1 - v))))

    def row_constant(self, sigma: Any) -> Any:
        """Return 0."""
        return 0.0

    def mean(self, eta: Array) -> Array:
        """Return the probability of class 1."""
        return np.asarray(expit(eta))

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return 0 or 1."""
        return np.asarray(rng.random(np.shape(eta)) < expit(eta), dtype=float)

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.Bernoulli``, or a weighted potential of the same density."""
        import pymc as pm

        if weight is None:
            return pm.Bernoulli(name, logit_p=eta, observed=y, dims="obs")
        row = pm.logp(pm.Bernoulli.dist(logit_p=eta), y)
        return pm.Potential(name, (weight * row).sum())

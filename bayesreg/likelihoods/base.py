"""What a likelihood is to the rest of the package, and what the likelihoods share.

For row i with weight w_i the contribution to the objective is ``w_i F(eta_i, y_i)``, plus a constant that does not
depend on eta (`Likelihood.row_constant`). ``F*`` is the Fenchel conjugate of ``w F`` in eta; the dual variable theta
is ``w F'(eta)`` at the optimum.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.scales import Law

Array = NDArray[np.float64]


@runtime_checkable
class Likelihood(Protocol):
    """What the engines ask of a likelihood; ``sigma`` is 1 where it has none."""

    @property
    def has_sigma(self) -> bool:
        """Whether the density has a noise scale, which is then a field ``sigma`` (see `Scaled`)."""

    @property
    def smooth(self) -> bool:
        """Whether F is continuously differentiable in eta."""

    @property
    def convex(self) -> bool:
        """Whether F is convex in eta."""

    @abstractmethod
    def check_response(self, y: Array) -> None:
        """Raise ``InputError`` when ``y`` (n,) is outside the density's support."""

    @abstractmethod
    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """F: negative log density without the terms free of eta, shape of ``eta``."""

    @abstractmethod
    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """F' with respect to eta; at a kink the subgradient 0."""

    @abstractmethod
    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """F'' with respect to eta, where it exists; 0 at a kink."""

    @abstractmethod
    def curvature_bound(self, sigma: float) -> float:
        """Supremum of F'' over all eta and y; infinite where F'' is unbounded or F has a kink."""

    @abstractmethod
    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Curvature h of a quadratic that touches F at eta and lies above it everywhere, shape of ``eta``.

        F(e) <= F(eta) + F'(eta) (e - eta) + h (e - eta)² / 2 for every e. Infinite where there is no such quadratic.
        """

    @abstractmethod
    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """Sum of the conjugates F*(theta_i); infinite outside their domain."""

    @abstractmethod
    def row_constant(self, y: Array, sigma: Any) -> Any:
        """The terms of a row's negative log density that are free of eta, broadcastable to the shape of ``loss``."""

    @abstractmethod
    def mean(self, eta: Array) -> Array:
        """Expected response at ``eta``, or what stands for it where the class says so."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """One response for each entry of ``eta``."""

    @abstractmethod
    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Add the observed response to the open PyMC model; ``weight`` None means 1 for every row."""


@runtime_checkable
class Kinked(Likelihood, Protocol):
    """A likelihood whose F is up (y - eta) above eta and down (eta - y) below: linear pieces that meet at eta = y."""

    @abstractmethod
    def slopes(self, sigma: float) -> tuple[float, float]:
        """(up, down) in nats a unit of y."""


@runtime_checkable
class Scaled(Likelihood, Protocol):
    """A likelihood with a noise scale."""

    @property
    def sigma(self) -> float | Law | None:
        """The scale in the unit of y, the law under which it is learned, or None for the default law."""


def as_sigma(owner: str, value: float | Law | None) -> float | Law | None:
    """Return a checked ``sigma``: a positive float, a law or None."""
    given: Any = value
    if isinstance(given, type):
        raise InputError(f"{owner}(sigma=...) is the class {given.__name__}: write scales.{given.__name__}(...).")
    if value is None or implements(value, Law):
        return value
    if not _positive(value):
        raise InputError(
            f"{owner}(sigma=...) must be a positive finite number, a law from bayesreg.scales, "
            f"or None to learn it, got {value!r}."
        )
    return float(value)


def as_positive(owner: str, name: str, value: float, instead: str) -> float:
    """Return a checked positive and finite parameter; ``instead`` says what to use beyond its limits."""
    if not _positive(value):
        raise InputError(f"{owner}({name}=...) must be a positive finite number, got {value!r}; {instead}.")
    return float(value)


def _positive(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0


def in_box(theta: Array, lower: Array, upper: Array) -> bool:
    """Whether every theta_i lies in [lower_i, upper_i], bounds around 0, up to the rounding of their ends."""
    slack = 1 + 4 * np.finfo(float).eps
    return bool(np.all((theta >= lower * slack) & (theta <= upper * slack)))


def observe(name: str, family: Any, *parameters: Any, y: Any, weight: Any, **named: Any) -> Any:
    """Add an observed PyMC variable of a family, or, for weighted rows, a potential of the same density.

    Parameters
    ----------
    name : str
    family : class
        A distribution of PyMC, such as ``pm.Normal``.
    *parameters, **named : Any
        What the family takes.
    y : variable, shape (n,)
        The response.
    weight : variable, shape (n,), or None
        Row weights; None means 1 for every row.
    """
    import pymc as pm

    if weight is None:
        return family(name, *parameters, observed=y, dims="obs", **named)
    return pm.Potential(name, (weight * pm.logp(family.dist(*parameters, **named), y)).sum())

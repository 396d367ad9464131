"""Heavy-tailed errors: the Student-t likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaln

from bayesreg.likelihoods.base import Array, as_positive, as_sigma, observe
from bayesreg.scales import Law


@dataclass(frozen=True)
class StudentT:
    r"""Student-t errors: :math:`F = \frac{\nu + 1}{2} \log(1 + r^2 / (\nu \sigma^2))`, :math:`r = y - \eta`.

    A row far from the fit loses its influence altogether, at the price of convexity: F is not convex in eta, so there
    may be several modes, no dual value bounds the objective, and a MAP is a stationary point
    (Lange, Little & Taylor, 1989, Journal of the American Statistical Association 84).

    Parameters
    ----------
    df : float, default 4.0
        Degrees of freedom nu.
    sigma : float or law, optional
        Scale in the unit of y (for df > 2 the standard deviation is sigma sqrt(df / (df - 2))), or the law under which
        it is learned; None (default) learns it as `Gaussian` does.

    Raises
    ------
    InputError
        If ``df`` is not positive and finite, or ``sigma`` is a number that is not.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> round(float(likelihoods.StudentT(df=4.0, sigma=1.0).loss(0.0, 2.0, 1.0)), 6)
    1.732868
    """

    df: float = 4.0
    sigma: float | Law | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "df", as_positive("StudentT", "df", self.df, "for normal errors use Gaussian()"))
        object.__setattr__(self, "sigma", as_sigma("StudentT", self.sigma))

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
        """False."""
        return False

    def check_response(self, y: Array) -> None:
        """Accept every finite response."""

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return (df + 1)/2 log(1 + r² / (df sigma²))."""
        return np.asarray((self.df + 1) / 2 * np.log1p(((y - eta) / sigma) ** 2 / self.df))

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return -(df + 1) r / (df sigma² + r²)."""
        return np.asarray((eta - y) * self.majorant(eta, y, sigma))

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return (df + 1) (df sigma² - r²) / (df sigma² + r²)², negative far from y."""
        spread, square = self.df * np.square(sigma), np.square(y - eta)
        return np.asarray(self.majorant(eta, y, sigma) * (spread - square) / (spread + square))

    def curvature_bound(self, sigma: float) -> float:
        """Return (df + 1) / (df sigma²), the curvature at eta = y."""
        return float((self.df + 1) / (self.df * sigma**2))

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return (df + 1) / (df sigma² + r²), the weight of the EM algorithm: F is concave in r²."""
        return np.asarray((self.df + 1) / (self.df * np.square(sigma) + np.square(y - eta)))

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """Return infinity: F grows like a logarithm, slower than any line, so no dual value bounds the objective."""
        return math.inf

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return log sigma + log B(1/2, df/2) + log(df) / 2, B the beta function."""
        return np.log(sigma) + float(betaln(0.5, self.df / 2)) + 0.5 * math.log(self.df)

    def mean(self, eta: Array) -> Array:
        """Return eta, the centre of symmetry; the expectation exists for df > 1."""
        return eta

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return eta plus Student-t noise."""
        return np.asarray(eta + sigma * rng.standard_t(self.df, np.shape(eta)))

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.StudentT``, or a weighted potential of the same density."""
        import pymc as pm

        return observe(name, pm.StudentT, nu=np.float64(self.df), mu=eta, sigma=sigma, y=y, weight=weight)

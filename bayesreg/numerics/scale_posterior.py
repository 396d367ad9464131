r"""The posterior of the noise level and the prior scale with the coefficients integrated out.

With h the learned parameter of the prior, whose rate is :math:`h^q` times that at 1, and k = 0 for a prior relative to
sigma, 1 for an absolute one,

.. math:: \log\lambda = q \log h + 2 k \log\sigma, \qquad
          p(\lambda, \sigma \mid y) \propto p(y \mid \lambda, \sigma)\, p(\sigma)\, p(h) \,
          \Big|\frac{d(h, \sigma)}{d(\log\lambda, \log\sigma)}\Big|

The outer variable of the quadrature is log lambda, for which one table serves every sigma; the inner one is log sigma,
unless it is known, a function of lambda (an absolute known scale), or has an inverse gamma law given lambda.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, poch

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.numerics.gaussian_posterior import GaussianPosterior
from bayesreg.numerics.log_grid import LogGrid
from bayesreg.scales import Flat, Jeffreys, Law, VarianceConjugate

Array = NDArray[np.float64]

# How far the first look at log lambda goes beyond the squared singular values, in steps of 1 and then of 4.
_NEAR, _FAR = 40.0, 320.0
# And that at log sigma about the log of the response's standard deviation.
_REACH = 60.0
# Residuals below this share of the spread of y are rounding.
_ROUNDING = 1e-13


class Density(Protocol):
    """What is asked of the law of a prior scale."""

    def log_density(self, value: Any) -> Any:
        """Log density at ``value > 0``."""


@dataclass(frozen=True, eq=False)
class ScalePosterior:
    """Law of (lambda, sigma) given the data, on a grid; ``grid`` holds its integral and error.

    Parameters
    ----------
    coefficients : GaussianPosterior
        With the prior's rate at h = 1.
    sigma : float or Law
        Known noise level, or the law of a learned one.
    hyper : Density or None
        Law of a learned h.
    power : float
        q.
    relative : bool
        Whether the prior is relative to sigma.
    y_sd : float
        Standard deviation of the response: where to begin to look for sigma.
    fall : float
        Where the density is cut off, in nats below its largest value.
    """

    coefficients: GaussianPosterior
    sigma: float | Law
    hyper: Density | None
    power: float
    relative: bool
    y_sd: float
    fall: float = field(default=40.0)

    @property
    def law(self) -> Law | None:
        """Law of a learned noise level."""
        return self.sigma if implements(self.sigma, Law) else None

    @property
    def tied(self) -> bool:
        """Whether lambda determines sigma: a known absolute scale, a learned noise level."""
        no_prior = self.coefficients.scale.size == 0
        return self.law is not None and self.hyper is None and not self.relative and not no_prior

    @property
    def conjugate(self) -> bool:
        """Whether sigma² given lambda is inverse gamma."""
        by_lambda = self.relative or self.coefficients.scale.size == 0
        return by_lambda and self.coefficients.homogeneous and implements(self.law, VarianceConjugate)

    @property
    def inner(self) -> bool:
        """Whether log sigma is a variable of the quadrature beside log lambda."""
        return self.law is not None and not self.tied and not self.conjugate

    def log_hyper(self, log_rate: Array, log_sigma: Array) -> Array:
        """Log h at log lambda and log sigma."""
        return np.asarray((log_rate - (0.0 if self.relative else 2.0) * log_sigma) / self.power)

    def log_sigma(self, log_rate: Array, u: Array) -> Array:
        """Log sigma (m, k) at the outer variable (m,) and the inner one (m, k)."""
        if self.inner:
            return u
        if self.tied:
            return np.broadcast_to(0.5 * log_rate[:, None], u.shape)
        return np.zeros_like(u) if self.law is not None else np.full_like(u, math.log(float(self._known)))

    @property
    def _known(self) -> float:
        assert not implements(self.sigma, Law)
        return float(self.sigma)

    def log_density(self, log_rate: Array, u: Array) -> Array:
        """Log joint density of the response and the variables of the grid, constants included, shape (m, k)."""
        tables = self.coefficients.tables(log_rate)
        log_sigma = self.log_sigma(log_rate, u)
        if self.conjugate:
            shape, scale, constant = self.inverse_gamma(log_rate)
            total = constant + gammaln(shape) - shape * np.log(scale)
            total = np.broadcast_to(total[:, None], u.shape)
        else:
            sigma = np.exp(log_sigma)
            total = self.coefficients.log_marginal(tables, sigma)
            if self.law is not None:
                total = total + np.asarray(self.law.log_density(sigma)) + log_sigma
                # The outer variable is log sigma², not log sigma.
                total = total - (math.log(2) if self.tied else 0.0)
        if self.hyper is not None:
            log_h = self.log_hyper(log_rate[:, None], log_sigma)
            total = total + np.asarray(self.hyper.log_density(np.exp(log_h))) + log_h - math.log(abs(self.power))
        return np.asarray(total)

    def inverse_gamma(self, log_rate: Array) -> tuple[float, Array, Array]:
        """Shape and scale (m,) of sigma² given lambda, and the constant of the integral over sigma (m,)."""
        law = self.law
        assert law is not None
        assert implements(law, VarianceConjugate)
        a, b = law.variance_shape_scale
        degrees, residual, at_one = self.coefficients.conjugate_parts(self.coefficients.tables(log_rate))
        # p(sigma) = C sigma^(-2a-1) exp(-b/sigma²), and the integral of sigma^(-2s-1) exp(-t/sigma²) is G(s) t^-s / 2.
        constant = at_one + float(law.log_density(1.0)) + b - math.log(2)
        return a + 0.5 * degrees, b + 0.5 * residual, constant

    def _inner_range(self, log_rate: Array) -> tuple[Array, Array]:
        tables = self.coefficients.tables(log_rate)
        # Where the columns can fit everything, little of y is left for a small penalty.
        left = np.maximum(tables.residual, 1e-280) / max(self.coefficients.total_weight, 1.0)
        middle = math.log(self.y_sd)
        return np.minimum(middle - _REACH, 0.5 * np.log(left) - 10.0), np.full(log_rate.size, middle + _REACH)

    @cached_property
    def grid(self) -> LogGrid:
        """The quadrature.

        Raises
        ------
        InputError
            If the posterior is improper, or as good as.
        """
        if self.conjugate:
            shape, scale, _ = self.inverse_gamma(np.zeros(1))
            # Without a scale of its own the law leaves it to the residuals, of which rounding is none.
            if shape <= 0 or scale[0] <= 0.5 * self.coefficients.total_weight * (_ROUNDING * self.y_sd) ** 2:
                raise InputError(
                    f"the posterior of sigma is improper under {self.law!r}: too few rows for "
                    f"{self.coefficients.n_flat} flat coefficients, or y is fitted without error. "
                    "Give sigma a proper law."
                )
        inner = self._inner_range if self.inner else None
        return LogGrid.build(self.log_density, self._outer(), inner, self._ends(), self.fall)

    def _outer(self) -> Array:
        """Nodes of the first look at log lambda."""
        if self.hyper is None and not self.tied:
            return np.array([0.0 if self.relative or self.law is not None else 2 * math.log(self._known)])
        if self.tied:
            middle = 2 * math.log(self.y_sd)
            return np.linspace(middle - 2 * _REACH, middle + 2 * _REACH, 241)
        d = self.coefficients.d
        low, high = (2 * np.log(d[[-1, 0]])) if d.size else (0.0, 0.0)
        near = np.arange(low - _NEAR, high + _NEAR, 1.0)
        below, above = np.arange(low - _FAR, near[0], 4.0), np.arange(near[-1] + 4.0, high + _FAR, 4.0)
        return np.concatenate([below, near, above])

    def _ends(self) -> tuple[str, str]:
        cure = "give sigma a proper law that vanishes at 0 (scales.InverseGamma) or a number."
        low = f"the posterior of sigma piles up at 0, where the columns fit y exactly, so it is improper; {cure}"
        high = f"the posterior of sigma piles up at infinity, so it is improper or nearly so; {cure}"
        if self.hyper is None:
            return low, high
        learned = (
            f"the posterior piles up where the prior of the coefficients is {{}}, so it is improper or nearly so; "
            f"give the learned scale a law that falls faster there ({self.hyper!r} does not)"
        )
        weak, strong = learned.format("infinitely wide or sigma is 0"), learned.format("a point")
        return f"{weak}, and {cure}", f"{strong}."

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the quadrature."""
        return int(self.grid.mass.size)

    @property
    def error(self) -> float:
        """Relative error of the integral; 0 for closed forms."""
        return 0.0 if self.grid.mass.size == 1 else self.grid.error

    @property
    def proper(self) -> bool:
        """Whether every prior is a probability density, so that the evidence needs no convention."""
        improper = any(isinstance(law, Flat | Jeffreys) for law in (self.law, self.hyper))
        return self.coefficients.n_flat == 0 and not improper

    @property
    def log_evidence(self) -> float:
        """Log density of the response under the model; improper parts of the prior count as stated."""
        return self.grid.log_total

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Independent draws of (log lambda, sigma), shapes (size,)."""
        log_rate, u = self.grid.draw(rng, size)
        if self.conjugate:
            if self.hyper is None:
                shape, one, _ = self.inverse_gamma(log_rate[:1])
                return log_rate, np.sqrt(one[0] / rng.gamma(shape, 1.0, size))
            shape, scale, _ = self.inverse_gamma(log_rate)
            return log_rate, np.sqrt(scale / rng.gamma(shape, 1.0, size))
        return log_rate, np.exp(self.log_sigma(log_rate, u[:, None])[:, 0])

    @cached_property
    def sigma_squared(self) -> Array:
        """Mean of sigma² given each node of the grid, shape (V, U)."""
        if self.conjugate:
            shape, scale, _ = self.inverse_gamma(self.grid.v)
            return np.asarray(scale[:, None] / (shape - 1) if shape > 1 else np.full((scale.size, 1), np.inf))
        return np.exp(2 * self.log_sigma(self.grid.v, self.grid.u))

    def sigma_moments(self) -> tuple[float, float]:
        """Mean and standard deviation of sigma; infinite where they do not exist."""
        if not self.conjugate:
            return self.grid.mean_and_sd(self.log_sigma(self.grid.v, self.grid.u))
        shape, scale, _ = self.inverse_gamma(self.grid.v)
        if shape <= 0.5:
            return np.inf, np.inf
        # G(a - 1/2) / G(a) without cancellation, and the variance as a difference of the same order as its terms.
        ratio, root, mass = 1 / poch(shape - 0.5, 0.5), np.sqrt(scale), self.grid.mass[:, 0]
        mean = float(mass @ root) * ratio
        if shape <= 1:
            return mean, np.inf
        full = math.sqrt(1 / (shape - 1))
        inside = float(mass @ scale) * (full - ratio) * (full + ratio)
        return mean, math.sqrt(inside + float(mass @ (ratio * root - mean) ** 2))

    def hyper_moments(self) -> tuple[float, float]:
        """Mean and standard deviation of h; infinite where they do not exist."""
        log_sigma = self.log_sigma(self.grid.v, self.grid.u)
        return self.grid.mean_and_sd(self.log_hyper(self.grid.v[:, None], log_sigma))

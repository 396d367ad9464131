r"""A prior scale stated through the share of the response's variance that the predictors are expected to explain.

With coefficients of variance :math:`\tau^2 \sigma^2` in units of their columns, the linear predictor has variance
:math:`m \tau^2 \sigma^2`, with m the number of standardised columns, and

.. math:: R^2 = \frac{m\tau^2}{1 + m\tau^2} \sim \mathrm{Beta}(a, b) \quad\Longleftrightarrow\quad
          p(\tau) = \frac{2\, m^a\, \tau^{2a-1}}{B(a, b)\, (1 + m\tau^2)^{a+b}} .
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayesreg.errors import InputError
from bayesreg.scales.laws import Law, double, positive

Array = NDArray[np.float64]


@runtime_checkable
class Sized(Protocol):
    """A law that is complete only when the predictors are known."""

    @property
    def size(self) -> float | None:
        """Variance of the linear predictor at scale 1 over sigma², None until it is known."""

    @abstractmethod
    def at_size(self, size: float) -> Law:
        """Return the complete law."""


@dataclass(frozen=True)
class RSquared:
    """Law of a prior scale relative to sigma under which the share of variance explained, a priori, is Beta(a, b).

    For ``priors.Gaussian`` and ``priors.Laplace`` relative to sigma (as "auto" resolves for a learned scale). The
    size m is worked out when the model meets the data: the sum over the penalised columns of their variance times
    ``factor``², that is their number where ``standardize=True``; twice that for a Laplace prior, whose variance is
    2 scale².

    Parameters
    ----------
    a, b : float
        Positive. ``RSquared(1, 1)`` is uniform on the share; ``a = b = 0.5`` is a half-Cauchy law of the scale.
    size : float, optional
        m itself, to state it yourself.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.RSquared(0.5, 0.5, size=4.0).log_density(1.0)), 6)
    -1.367873
    >>> round(float(scales.HalfCauchy(0.5).log_density(1.0)), 6)
    -1.367873
    """

    a: float
    b: float
    size: float | None = None

    def __post_init__(self) -> None:
        positive(self, a=self.a, b=self.b)
        if self.size is not None:
            positive(self, size=self.size)

    @property
    def code(self) -> tuple[int, float, float, float]:
        """Code 6 with a, b and the size."""
        return 6, self.a, self.b, self._known

    @property
    def _known(self) -> float:
        if self.size is None:
            raise InputError(
                f"scales.RSquared({self.a:g}, {self.b:g}) is complete only with data; "
                "give size=... to use it by itself."
            )
        return self.size

    def at_size(self, size: float) -> Law:
        """Return the law for predictors of a given size m."""
        return replace(self, size=size)

    def log_density(self, value: Any) -> Any:
        """Return the log density of the scale."""
        value, m = np.asarray(value, dtype=float), self._known
        constant = math.log(2) + self.a * math.log(m) - special.betaln(self.a, self.b)
        # In this form neither a small nor a large scale overflows.
        log_odds = math.log(m) + 2 * np.log(value)
        return constant + (2 * self.a - 1) * np.log(value) - (self.a + self.b) * np.logaddexp(0.0, log_odds)

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return scales of beta-distributed shares: the root of a ratio of two gamma variables."""
        odds = rng.gamma(self.a, 1.0, size) / rng.gamma(self.b, 1.0, size)
        return np.sqrt(odds / self._known)

    def to_pymc(self, name: str) -> Any:
        """Return a variable with this density."""
        import pymc as pm
        import pytensor.tensor as pt

        m = self._known

        def logp(value: Any, a: Any, b: Any) -> Any:
            constant = math.log(2) + a * math.log(m) - (pt.gammaln(a) + pt.gammaln(b) - pt.gammaln(a + b))
            inside = constant + (2 * a - 1) * pt.log(value) - (a + b) * pt.log1p(m * value**2)
            return pt.switch(pt.gt(value, 0), inside, -np.inf)

        def random(a: Any, b: Any, rng: Any = None, size: Any = None) -> Any:
            return np.sqrt(rng.gamma(a, 1.0, size) / rng.gamma(b, 1.0, size) / m)

        return pm.CustomDist(
            name,
            double(self.a),
            double(self.b),
            logp=logp,
            random=random,
            transform=pm.distributions.transforms.log,
            initval=1 / math.sqrt(m),
        )

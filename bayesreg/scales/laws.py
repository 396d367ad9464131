"""What a law is, and the laws.

A law is the density of a positive number, with respect to that number itself. ``InverseGamma`` is stated on the
square of the number (the conjugate use); its ``log_density`` is still that of the number, Jacobian included.

All are proper but ``Flat`` and ``Jeffreys``, which fit the noise level only (``Flat`` also two coefficients' scale).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayesreg.errors import InputError

Array = NDArray[np.float64]


@runtime_checkable
class Law(Protocol):
    """What every law can do. Write a new one as a frozen dataclass with these three methods."""

    @abstractmethod
    def log_density(self, value: Any) -> Any:
        """Log density at ``value > 0`` with respect to ``value``; improper laws up to their stated constant."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return ``size`` independent draws; improper laws raise ``InputError``."""

    @abstractmethod
    def to_pymc(self, name: str) -> Any:
        """Add a random variable of this law to the open PyMC model and return it."""


@runtime_checkable
class VarianceConjugate(Protocol):
    """A law under which a Gaussian variance stays inverse gamma."""

    @property
    def variance_shape_scale(self) -> tuple[float, float]:
        """(a, b) with density of the square v proportional to v^(-a-1) exp(-b / v)."""


@runtime_checkable
class Coded(Protocol):
    """A law that compiled kernels know, as data."""

    @property
    def code(self) -> tuple[int, float, float] | tuple[int, float, float, float]:
        """Its number in ``numerics.gibbs.laws`` and two parameters, 0 where it has fewer, or three."""


def positive(law: Law, **parameters: float) -> None:
    """Check the fields of a law and store them as plain floats."""
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise InputError(f"{type(law).__name__}({name}=...) must be a number, got {value!r}.")
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{type(law).__name__}({name}=...) must be positive and finite, got {value!r}.")
        object.__setattr__(law, name, float(value))


def double(value: float) -> np.float64:
    """A number that PyTensor keeps in double precision: a plain float that float32 can hold would become one."""
    return np.float64(value)


def _folded(name: str, scale: np.float64, build: Any, dims: str | None = None) -> Any:
    """Absolute value of a PyMC distribution as a positive variable.

    PyMC's own half-t and half-Cauchy carry log 2 in single precision. Samplers of one number start at ``scale``.
    """
    import pymc as pm

    def fold(size: Any) -> Any:
        return pm.math.abs(build(size))

    start, transform = None if dims else scale, pm.distributions.transforms.log
    return pm.CustomDist(name, dist=fold, transform=transform, initval=start, dims=dims)


def _improper(law: Law) -> InputError:
    return InputError(
        f"scales.{type(law).__name__}() is improper, so nothing can be drawn from it; "
        "give a proper law such as scales.HalfStudentT(3, scale)."
    )


@dataclass(frozen=True)
class Flat:
    """Constant density 1 on the number: improper.

    Examples
    --------
    >>> from bayesreg import scales
    >>> float(scales.Flat().log_density(2.5))
    0.0
    """

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 0."""
        return 0, 0.0, 0.0

    @property
    def variance_shape_scale(self) -> tuple[float, float]:
        """p(s) = 1 is p(v) = v^(-1/2) / 2 on the square."""
        return -0.5, 0.0

    def log_density(self, value: Any) -> Any:
        """Return 0."""
        return np.zeros_like(np.asarray(value, dtype=float))

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Raise: the law is improper."""
        raise _improper(self)

    def to_pymc(self, name: str) -> Any:
        """Return ``pm.HalfFlat``."""
        import pymc as pm

        return pm.HalfFlat(name)


@dataclass(frozen=True)
class Jeffreys:
    """Density 1/s on the number, that is flat on its logarithm: improper.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.Jeffreys().log_density(2.0)), 6)
    -0.693147
    """

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 1."""
        return 1, 0.0, 0.0

    @property
    def variance_shape_scale(self) -> tuple[float, float]:
        """p(s) = 1/s is p(v) = 1/(2v) on the square."""
        return 0.0, 0.0

    def log_density(self, value: Any) -> Any:
        """Return ``-log value``."""
        return -np.log(value)

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Raise: the law is improper."""
        raise _improper(self)

    def to_pymc(self, name: str) -> Any:
        """Return ``pm.HalfFlat`` with the 1/s factor as a potential."""
        import pymc as pm

        number = pm.HalfFlat(name)
        pm.Potential(f"{name}_jeffreys", -pm.math.log(number))
        return number


@dataclass(frozen=True)
class HalfNormal:
    """Half-normal law with standard deviation ``scale`` of the unfolded normal.

    Parameters
    ----------
    scale : float
        Positive, in the unit of the number.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.HalfNormal(10.0).log_density(3.0)), 6)
    -2.573376
    """

    scale: float

    def __post_init__(self) -> None:
        positive(self, scale=self.scale)

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 2 with the scale."""
        return 2, self.scale, 0.0

    def log_density(self, value: Any) -> Any:
        """Return log[ sqrt(2/pi)/scale exp(-value²/(2 scale²)) ]."""
        z = np.asarray(value, dtype=float) / self.scale
        return 0.5 * math.log(2 / math.pi) - math.log(self.scale) - 0.5 * z * z

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return absolute values of normal draws."""
        return np.abs(rng.standard_normal(size)) * self.scale

    def to_pymc(self, name: str) -> Any:
        """Return ``pm.HalfNormal``."""
        import pymc as pm

        return pm.HalfNormal(name, sigma=double(self.scale))


@dataclass(frozen=True)
class HalfStudentT:
    """Half-Student-t law; ``df = 1`` is the half-Cauchy.

    Parameters
    ----------
    df : float
        Degrees of freedom, positive.
    scale : float
        Positive, in the unit of the number.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.HalfStudentT(3, 2.0).log_density(1.0)), 6)
    -1.160974
    """

    df: float
    scale: float

    def __post_init__(self) -> None:
        positive(self, df=self.df, scale=self.scale)

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 3 with df and scale."""
        return 3, self.df, self.scale

    def log_density(self, value: Any) -> Any:
        """Return the log density of twice the Student-t on the positive half line."""
        z = np.asarray(value, dtype=float) / self.scale
        constant = special.gammaln((self.df + 1) / 2) - special.gammaln(self.df / 2)
        constant += math.log(2) - 0.5 * math.log(self.df * math.pi) - math.log(self.scale)
        return constant - 0.5 * (self.df + 1) * np.log1p(z * z / self.df)

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return absolute values of Student-t draws."""
        return np.abs(rng.standard_t(self.df, size)) * self.scale

    def to_pymc(self, name: str) -> Any:
        """Return the absolute value of ``pm.StudentT``."""
        import pymc as pm

        df, scale = double(self.df), double(self.scale)
        return _folded(name, scale, lambda size: pm.StudentT.dist(nu=df, mu=0.0, sigma=scale, size=size))


@dataclass(frozen=True)
class HalfCauchy:
    """Half-Cauchy law.

    Parameters
    ----------
    scale : float
        Its median; positive, in the unit of the number.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.HalfCauchy(1.0).log_density(1.0)), 6)
    -1.14473
    """

    scale: float

    def __post_init__(self) -> None:
        positive(self, scale=self.scale)

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 3: the half-Student-t with df 1."""
        return 3, 1.0, self.scale

    def log_density(self, value: Any) -> Any:
        """Return log[ 2 / (pi scale (1 + value²/scale²)) ]."""
        z = np.asarray(value, dtype=float) / self.scale
        return math.log(2 / math.pi) - math.log(self.scale) - np.log1p(z * z)

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return absolute values of Cauchy draws."""
        return np.abs(rng.standard_cauchy(size)) * self.scale

    def to_pymc(self, name: str, dims: str | None = None) -> Any:
        """Return the absolute value of ``pm.Cauchy``, one or as many as ``dims`` holds."""
        import pymc as pm

        scale = double(self.scale)
        return _folded(name, scale, lambda size: pm.Cauchy.dist(alpha=0.0, beta=scale, size=size), dims=dims)


@dataclass(frozen=True)
class Gamma:
    """Gamma law with the given shape and rate (mean shape/rate).

    Parameters
    ----------
    shape, rate : float
        Positive; the rate is in units of 1/number.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.Gamma(2.0, 0.1).log_density(5.0)), 6)
    -3.495732
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        positive(self, shape=self.shape, rate=self.rate)

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 4 with shape and rate."""
        return 4, self.shape, self.rate

    def log_density(self, value: Any) -> Any:
        """Return log[ rate^shape value^(shape-1) e^(-rate value) / Gamma(shape) ]."""
        value = np.asarray(value, dtype=float)
        constant = self.shape * math.log(self.rate) - special.gammaln(self.shape)
        return constant + (self.shape - 1) * np.log(value) - self.rate * value

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return gamma draws."""
        return rng.gamma(self.shape, 1 / self.rate, size)

    def to_pymc(self, name: str) -> Any:
        """Return ``pm.Gamma``."""
        import pymc as pm

        return pm.Gamma(name, alpha=double(self.shape), beta=double(self.rate))


@dataclass(frozen=True)
class InverseGamma:
    """Inverse gamma law on the **square** of the number, with density v^(-shape-1) exp(-scale/v) up to a constant.

    Parameters
    ----------
    shape, scale : float
        Positive; the scale is in the unit of the number, squared.

    Examples
    --------
    >>> from bayesreg import scales
    >>> round(float(scales.InverseGamma(2.0, 3.0).log_density(1.5)), 6)
    -0.470287
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        positive(self, shape=self.shape, scale=self.scale)

    @property
    def code(self) -> tuple[int, float, float]:
        """Code 5 with shape and scale."""
        return 5, self.shape, self.scale

    @property
    def variance_shape_scale(self) -> tuple[float, float]:
        """The two parameters themselves."""
        return self.shape, self.scale

    def log_density(self, value: Any) -> Any:
        """Return the log density of the number: that of its square plus log(2 value)."""
        value = np.asarray(value, dtype=float)
        constant = self.shape * math.log(self.scale) - special.gammaln(self.shape) + math.log(2)
        return constant - (2 * self.shape + 1) * np.log(value) - self.scale / value**2

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return square roots of inverse gamma draws."""
        return np.sqrt(self.scale / rng.gamma(self.shape, 1.0, size))

    def to_pymc(self, name: str, dims: str | None = None) -> Any:
        """Return the square root of ``pm.InverseGamma``, Jacobian included, one or as many as ``dims`` holds."""
        import pymc as pm

        def root(shape: Any, scale: Any, size: Any) -> Any:
            return pm.math.sqrt(pm.InverseGamma.dist(alpha=shape, beta=scale, size=size))

        shape, scale = double(self.shape), double(self.scale)
        return pm.CustomDist(name, shape, scale, dist=root, transform=pm.distributions.transforms.log, dims=dims)

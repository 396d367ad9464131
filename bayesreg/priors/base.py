"""What a prior is to the rest of the package: small interfaces, and the checks their fields share.

A penalised prior states rates at unit noise. With ``factor_j`` the multiplier of a coefficient's scale, its penalty is
``l1/factor_j |d| + l2/factor_j² d²/2`` before ``relative_to`` brings the noise in (`at_noise`). A normal mixture states
standard deviations, which ``factor_j`` and the noise multiply (`bayesreg.priors.mixture`).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError
from bayesreg.groups import Groups
from bayesreg.interfaces import implements
from bayesreg.penalty import Penalty
from bayesreg.scales import Law

Array = NDArray[np.float64]
Vector = tuple[float, ...]
Number = float | Vector
RelativeTo = Literal["auto", "sigma", "penalty"] | None
Resolved = Literal["sigma", "penalty"] | None


@runtime_checkable
class Prior(Protocol):
    """The law of the coefficients. What all priors share; `Penalised`, `NormalMixture` and `Exported` are the kinds."""

    @property
    def loc(self) -> ArrayLike:
        """Location: a number or one a coefficient."""

    @property
    def factor(self) -> ArrayLike:
        """Multiplier of the scale of each coefficient; infinite means unpenalised."""

    @property
    def relative_to(self) -> RelativeTo:
        """How the scale meets the noise level."""

    @abstractmethod
    def hyperparameters(self) -> Mapping[str, Law]:
        """Name and law of each parameter of the prior that is learned; empty when all are known."""


@runtime_checkable
class Penalised(Prior, Protocol):
    """A prior whose negative log density is a penalty l1 |d| + l2 d²/2: it has a MAP."""

    @abstractmethod
    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """(l1, l2) at unit noise and factor 1, from the learned values in ``hyper``.

        Arithmetic only, so that it serves numbers, arrays and PyTensor variables; a rate that is absent is 0.0.
        """


@runtime_checkable
class Constrained(Prior, Protocol):
    """A prior that can be cut to one side of its location."""

    @property
    def positive(self) -> bool | tuple[bool, ...]:
        """Coefficients whose density is cut to values of at least ``loc``: all, none, or one flag each."""


@runtime_checkable
class Grouped(Penalised, Protocol):
    """A penalised prior that penalises the norms of groups, in place of or beside single coefficients."""

    @property
    def labels(self) -> tuple[int, ...]:
        """Group 0, 1, ... of each coefficient, -1 outside every group."""

    @abstractmethod
    def group_rates(self, hyper: Mapping[str, Any]) -> Any:
        """Rate of each group at unit noise and factor 1, shape (G,); arithmetic only, as in ``rates``."""


@runtime_checkable
class NormalMixture(Prior, Protocol):
    """A prior that is normal given a local variance t of each coefficient, and no penalty.

    The standard deviation of d_j is ``noise * unit_j * deviation(sqrt(t_j))``; see `bayesreg.priors.mixture`.
    """

    @property
    def scale(self) -> Any:
        """Global scale tau: a number, one a coefficient, or the law of ``prior_scale``."""

    @property
    def local_law(self) -> tuple[int, float]:
        """Law of t as compiled kernels know it: a code of `bayesreg.priors.mixture` and its parameter."""

    @abstractmethod
    def deviation(self, local: Any, hyper: Mapping[str, Any]) -> Any:
        """Standard deviation at unit noise and factor 1, given ``local`` = sqrt(t).

        Arithmetic only, so that it serves numbers, arrays and PyTensor variables.
        """


@runtime_checkable
class Marginal(NormalMixture, Protocol):
    """A normal mixture whose density is known with the local variances integrated out."""

    @abstractmethod
    def marginal_log_density(self, d: Array, hyper: Mapping[str, Any]) -> Array:
        """Log density of each coefficient at unit noise and factor 1, shape of ``d``."""


@runtime_checkable
class Exported(Prior, Protocol):
    """Any other prior: sampled through the PyMC variable that it makes, and evaluated by its own log density."""

    @abstractmethod
    def log_density(self, d: Array, unit: Array, noise: float, hyper: Mapping[str, float]) -> float:
        """Log density at offsets ``d`` (p,) from ``loc``; scales are multiplied by ``unit`` (p,) and ``noise``."""

    @abstractmethod
    def to_pymc(self, name: str, loc: Array, unit: Array, noise: Any, hyper: Mapping[str, Any]) -> Any:
        """Add the coefficient vector (dims ``feature``) to the open PyMC model and return it."""


def resolve_relative_to(prior: Prior) -> Resolved:
    """Turn "auto" into None for known scales and into "sigma" for a learned one."""
    if prior.relative_to == "auto":
        return "sigma" if prior.hyperparameters() else None
    return prior.relative_to


def at_noise(l1: Any, l2: Any, relative_to: Resolved, sigma: Any) -> tuple[Any, Any]:
    """Rates in nats at noise level ``sigma`` from those at unit noise (numbers, arrays or PyTensor variables)."""
    if relative_to == "sigma":
        return l1 / sigma, l2 / sigma**2
    if relative_to == "penalty":
        return l1 / sigma**2, l2 / sigma**2
    return l1, l2


def penalty_of(
    prior: Penalised, unit: Array, relative_to: Resolved, sigma: float, hyper: Mapping[str, float]
) -> Penalty:
    """Penalty in nats of each coefficient, shapes (p,), at the given noise level and learned values."""
    l1, l2 = at_noise(*prior.rates(hyper), relative_to, sigma)
    # An infinite unit leaves a coefficient without a penalty.
    l1, l2 = np.asarray(l1, dtype=float) / unit, np.asarray(l2, dtype=float) / unit**2
    given = positive_of(prior)
    positive = np.broadcast_to(np.asarray(given), unit.shape) if np.any(given) else None
    if not implements(prior, Grouped):
        return Penalty(l1, l2, None, positive)
    rate = at_noise(np.asarray(prior.group_rates(hyper), dtype=float), 0.0, relative_to, sigma)[0]
    finite = np.isfinite(unit)
    label = np.where(finite, np.asarray(prior.labels, dtype=np.intp), -1)
    # A group without a penalised member is none.
    groups = Groups(label, np.broadcast_to(rate, max(prior.labels) + 1), np.where(finite, unit, 1.0))
    return Penalty(l1, l2, groups.take(np.arange(unit.size)), positive)


def positive_of(prior: Prior) -> bool | tuple[bool, ...]:
    """The sign constraints of a prior; False for one that knows none."""
    return prior.positive if implements(prior, Constrained) else False


def as_positive(owner: str, value: Any) -> bool | tuple[bool, ...]:
    """Return a checked ``positive``: True, False or one of them a coefficient."""
    array = np.asarray(value)
    if array.dtype != np.bool_ or array.ndim > 1 or array.size == 0:
        raise InputError(f"{owner}(positive=...) must be True, False or a 1-d array of them, got {value!r}.")
    return bool(array) if array.ndim == 0 else tuple(array.tolist())


def check_relative_to(owner: object, value: object) -> None:
    """Raise unless ``value`` is one of the allowed words."""
    if value == "penalty" and implements(owner, NormalMixture):
        raise InputError(
            f"{type(owner).__name__}(relative_to='penalty') is for priors that are penalties; a normal mixture knows "
            "None, 'auto' and 'sigma'."
        )
    if value not in (None, "auto", "sigma", "penalty"):
        raise InputError(
            f"{type(owner).__name__}(relative_to=...) must be None, 'auto', 'sigma' or 'penalty', got {value!r}."
        )


def as_number(owner: str, name: str, value: ArrayLike, *, minimum: float, inclusive: bool, infinite: bool) -> Number:
    """Return ``value`` as a float or a tuple of floats, or raise naming ``owner(name=...)``.

    ``minimum`` (inclusive or not) bounds it from below; ``infinite`` allows +inf.
    """
    what = f"{owner}({name}=...)"
    try:
        array = np.asarray(value, dtype=float)
        usable = not isinstance(value, str | bytes | bool)
    except (TypeError, ValueError):
        usable = False
    if not usable or array.ndim > 1 or array.size == 0:
        raise InputError(f"{what} must be a number or a 1-d array of numbers, got {value!r}.")
    low = array >= minimum if inclusive else array > minimum
    if not np.all(low & (np.isfinite(array) | (infinite & (array == math.inf)))):
        bound = "" if minimum == -math.inf else f" and {'at least' if inclusive else 'above'} {minimum:g}"
        kind = "finite or inf" if infinite else "finite"
        raise InputError(f"{what} must be {kind}{bound}, got {value!r}.")
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def as_location(owner: str, value: ArrayLike) -> Number:
    """Return a checked ``loc``."""
    return as_number(owner, "loc", value, minimum=-math.inf, inclusive=True, infinite=False)


def as_factor(owner: str, value: ArrayLike) -> Number:
    """Return a checked ``factor``: positive, infinite for an unpenalised column."""
    return as_number(owner, "factor", value, minimum=0.0, inclusive=False, infinite=True)


def _refuse_class(owner: str, name: str, value: object) -> None:
    if isinstance(value, type):
        raise InputError(f"{owner}({name}=...) is the class {value.__name__}: write scales.{value.__name__}(...).")


def as_scale(owner: str, name: str, value: ArrayLike | Law) -> Number | Law:
    """Return a checked scale: positive, infinite for an unpenalised column, or a law."""
    _refuse_class(owner, name, value)
    if implements(value, Law):
        return value
    return as_number(owner, name, value, minimum=0.0, inclusive=False, infinite=True)


def as_rate(owner: str, name: str, value: ArrayLike | Law) -> Number | Law:
    """Return a checked rate: at least 0 and finite, or a law."""
    _refuse_class(owner, name, value)
    if implements(value, Law):
        return value
    return as_number(owner, name, value, minimum=0.0, inclusive=True, infinite=False)


def known(value: Any, name: str, hyper: Mapping[str, Any]) -> Any:
    """The value itself as a float or array when it is known, else the learned one from ``hyper``."""
    if implements(value, Law):
        return hyper[name]
    return np.asarray(value) if isinstance(value, tuple) else value

"""The rates of a prior as data: each is a base times a power of one learned parameter, over a power of sigma."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.interfaces import implements
from bayesreg.priors import (
    ElasticNet,
    Flat,
    Gaussian,
    GroupLaplace,
    Horseshoe,
    Laplace,
    NormalMixture,
    RegularizedHorseshoe,
    StudentT,
)
from bayesreg.priors.base import Grouped, Penalised
from bayesreg.priors.mixture import REGULARIZED_HORSESHOE, STUDENT_T, law_of_local
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Their rates are powers of what is learned; those of another class may be anything.
KNOWN = (ElasticNet, Flat, Gaussian, GroupLaplace, Laplace)
MIXTURES = (Horseshoe, RegularizedHorseshoe, StudentT)


@dataclass(frozen=True, eq=False)
class Rate:
    """``base * learned[index]**power / sigma**noise``.

    Parameters
    ----------
    base : array
        One a coefficient or a group, 0 where there is none.
    index : int
        Which learned parameter, -1: none.
    power, noise : int
    """

    base: Array
    index: int
    power: int
    noise: int

    def at(self, sigma: float, learned: Array) -> Array:
        """Its value."""
        times = learned[self.index] ** self.power if self.index >= 0 else 1.0
        return self.base * (times / sigma**self.noise)


@dataclass(frozen=True, eq=False)
class Mixture:
    """The standard deviations of a normal mixture given its local scales: see ``numerics.nuts.terms.deviations``.

    Parameters
    ----------
    tau, slab : int
        Which learned parameter is the global scale, and which the slab; -1: known, -2: there is no slab.
    noise : int
        Power of sigma.
    on : array of bool, shape (p,)
        Coefficients with a prior.
    log_unit, log_tau : array, shape (p,)
        Logarithms of the unit and of a known global scale, 0 where learned or not needed.
    log_slab : float
        Of a known slab.
    law : tuple of int, float, float
        Of the local scales (see ``scales.Coded``).
    df : float
        Degrees of freedom of the Student-t that a coefficient nearly is.
    """

    tau: int
    slab: int
    noise: int
    on: NDArray[np.bool_]
    log_unit: Array
    log_tau: Array
    log_slab: float
    law: tuple[int, float, float]
    df: float

    def core(self, sigma: float, learned: Array) -> Array:
        """Standard deviation at local scale 1 without the slab, shape (p,)."""
        tau = learned[self.tau] if self.tau >= 0 else 1.0
        return np.asarray(np.exp(self.log_unit + self.log_tau) * tau * sigma**self.noise)

    def bound(self, sigma: float, learned: Array) -> Array:
        """Standard deviation of the slab, shape (p,); infinite where there is none."""
        if self.slab == -2:
            return np.full(self.on.size, math.inf)
        slab = learned[self.slab] if self.slab >= 0 else math.exp(self.log_slab)
        return np.asarray(np.exp(self.log_unit) * slab * sigma**self.noise)


@dataclass(frozen=True, eq=False)
class Rates:
    """l1 and l2 of each coefficient and the rate of each group.

    Parameters
    ----------
    l1, l2 : Rate
        Shapes (p,).
    group : Rate
        Shape (G,).
    label : array of int, shape (p,)
        Group of each coefficient or -1.
    group_unit : array, shape (p,)
        What a member is divided by before the norm is taken.
    mixture : Mixture or None
        A normal mixture, beside which the others are 0.
    """

    l1: Rate
    l2: Rate
    group: Rate
    label: NDArray[np.int64]
    group_unit: Array
    mixture: Mixture | None

    @property
    def fixed(self) -> bool:
        """Whether nothing that is learned enters."""
        return all(rate.index < 0 and (rate.noise == 0 or not rate.base.any()) for rate in (self.l1, self.l2))


def why_not_powers(problem: Problem) -> str | None:
    """Return why the rates of a prior cannot be written so; None where they can."""
    prior = problem.prior
    if type(prior) in MIXTURES:
        return None
    if not implements(prior, Penalised):
        return f"{type(prior).__name__} has no rates"
    if problem.hyper_laws and type(prior) not in KNOWN:
        return f"how the rates of {type(prior).__name__} depend on what is learned is not known"
    return None


def power_rates(problem: Problem) -> Rates:
    """Return the rates of a problem for which `why_not_powers` is None."""
    prior, names = problem.prior, list(problem.hyper_laws)
    if implements(prior, NormalMixture):
        return _mixed(problem, prior)
    assert implements(prior, Penalised)
    noise = {None: (0, 0), "sigma": (1, 2), "penalty": (2, 2)}[problem.relative_to]

    def values(learned: Sequence[float]) -> list[Array]:
        hyper = dict(zip(names, learned, strict=True))
        groups = prior.group_rates(hyper) if implements(prior, Grouped) else np.zeros(0)
        return [np.atleast_1d(np.asarray(rate, dtype=float)) for rate in (*prior.rates(hyper), groups)]

    base = values([1.0] * len(names))
    index, power = [-1, -1, -1], [0, 0, 0]
    for h in range(len(names)):
        doubled = values([2.0 if h == other else 1.0 for other in range(len(names))])
        for which in range(3):
            if np.any(doubled[which] != base[which]):
                ratio = doubled[which].max() / base[which].max()
                index[which], power[which] = h, round(math.log2(ratio))
    finite = np.isfinite(problem.unit)
    label = np.asarray(prior.labels if implements(prior, Grouped) else [-1] * problem.p, dtype=np.int64)
    return Rates(
        Rate(base[0] / problem.unit, index[0], power[0], noise[0]),
        Rate(base[1] / problem.unit**2, index[1], power[1], noise[1]),
        Rate(base[2], index[2], power[2], noise[0]),
        np.where(finite, label, -1),
        np.where(finite, problem.unit, 1.0),
        None,
    )


def _mixed(problem: Problem, prior: NormalMixture) -> Rates:
    p, names, on = problem.p, list(problem.hyper_laws), ~problem.unpenalised
    code, parameter = prior.local_law
    tau = names.index("prior_scale") if "prior_scale" in names else -1
    slab, known_slab = -2, 1.0
    if code == REGULARIZED_HORSESHOE:
        slab, known_slab = names.index("slab") if "slab" in names else -1, parameter
    known = np.ones(p) if tau >= 0 else np.broadcast_to(np.asarray(prior.scale, dtype=float), p)
    zero, none = Rate(np.zeros(p), -1, 0, 0), Rate(np.zeros(0), -1, 0, 0)
    mixture = Mixture(
        tau,
        slab,
        0 if problem.relative_to is None else 1,
        on,
        np.log(np.where(on, problem.unit, 1.0)),
        np.log(np.where(on, known, 1.0)),
        math.log(known_slab),
        law_of_local(prior).code,
        parameter if code == STUDENT_T else 1.0,
    )
    return Rates(zero, zero, none, np.full(p, -1, dtype=np.int64), np.ones(p), mixture)

r"""A bound model as the Gibbs kernels see it, and the way back to original units.

A coefficient is d_j = unit_j delta_j beyond its location; columns without a prior are free. An intercept with a normal
prior is one more coefficient, the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.interfaces import implements
from bayesreg.numerics.gibbs.specification import (
    DIRECT,
    GAUSSIAN,
    INVERSE,
    INVERSE_ROOT,
    KNOWN,
    LAPLACE,
    RATE,
    RIDGE,
    SIGMA,
    Hyper,
    Learned,
    Prior,
    State,
)
from bayesreg.priors.base import Grouped, NormalMixture, Penalised, positive_of
from bayesreg.priors.mixture import REGULARIZED_HORSESHOE
from bayesreg.problem import Problem
from bayesreg.scales import Coded, Law

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_NONE = Learned(KNOWN, 0, 0.0, 0.0)
_PROBES = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class _Rates:
    """r and e of every column at unit noise and unit multipliers, and what is learned about them."""

    law: int
    df: float
    rate: Array
    ridge: Array
    label: Index
    learned_rate: tuple[str, int] | None
    learned_ridge: tuple[str, int] | None


@dataclass(frozen=True, eq=False)
class MixtureProblem:
    """The prior of a problem as arrays, and the data in the coordinates delta.

    Parameters
    ----------
    problem : Problem
    kept : array of int
        Columns with a prior.
    free : array of int
        Columns without one.
    unit : array, shape (len(kept),)
        d = unit * delta.
    prior : Prior
        Of delta, an intercept with a normal prior last.
    hyper : Hyper
    names : tuple of (str or None)
        What users call sigma, a and b where they are learned.
    """

    problem: Problem
    kept: Index
    free: Index
    unit: Array
    prior: Prior
    hyper: Hyper
    names: tuple[str | None, str | None, str | None]

    @classmethod
    def of(cls, problem: Problem, order: Index | None = None) -> MixtureProblem:
        """Reduce a problem that `why_not` does not refuse; ``order`` (p,) is that of the kept columns."""
        rates = _rates(problem)
        assert not isinstance(rates, str)
        mixed = (rates.rate > 0) | (rates.ridge > 0)
        kept, free = np.flatnonzero(mixed), np.flatnonzero(~mixed)
        if order is not None:
            kept = order[mixed[order]]
        prior, unit = _prior(problem, rates, kept)
        laws = problem.hyper_laws
        learned = [
            (None, _NONE) if found is None else (found[0], _learned(laws[found[0]], found[1]))
            for found in (rates.learned_rate, rates.learned_ridge)
        ]
        noise = _NONE if problem.sigma_law is None else _learned(problem.sigma_law, DIRECT)
        hyper = Hyper(noise, learned[0][1], learned[1][1])
        names = (None if problem.sigma_law is None else "sigma", learned[0][0], learned[1][0])
        return cls(problem, kept, free, unit, prior, hyper, names)

    @property
    def own_noise(self) -> bool:
        """Whether the prior precision times sigma² is free of sigma, which is then drawn with delta integrated out."""
        prior = self.prior
        with_fixed = bool(np.any(prior.fixed > 0))
        return prior.on_sigma == 1 and not (with_fixed and prior.fixed_on_sigma == 0)

    @property
    def pure(self) -> bool:
        """Whether every prior variance is t_j over a² r_j², but for the noise."""
        prior = self.prior
        return bool(np.all(prior.rate > 0)) and not prior.ridged

    def start(self, rng: np.random.Generator) -> State:
        """Random state, wider than a posterior: small coefficients, a noise level about the spread of y."""
        design = self.problem.design
        sigma = self.problem.known_sigma or float(design.y_sd * np.exp(0.5 * rng.standard_normal() - 0.3))
        spread = design.x_sd[self.kept] * self.unit
        typical = float(np.sqrt(np.mean(spread[spread > 0] ** 2))) if np.any(spread > 0) else 1.0
        # A prior under which the columns together explain about as much as the noise, or as a unit of eta.
        size = sigma if self.problem.likelihood.has_sigma else 1.0
        scale = size / (typical * np.sqrt(max(self.kept.size, 1)))
        a = b = 1.0
        if self.hyper.rate.kind != KNOWN:
            mean = float(np.mean(self.prior.rate[self.prior.rate > 0]))
            a = sigma**self.prior.on_sigma / (scale * mean) * float(np.exp(0.5 * rng.standard_normal()))
        if self.hyper.ridge.kind != KNOWN:
            law = self.hyper.ridge
            b = float(np.exp(0.5 * rng.standard_normal()))
            if law.kind == DIRECT:
                mean = float(np.mean(self.prior.ridge[self.prior.ridge > 0]))
                b *= sigma ** (2 * min(self.prior.on_sigma, 1)) / (scale**2 * mean)
            else:
                b *= law.first / law.second
        delta = np.zeros(self.prior.rate.size)
        local = np.where(self.prior.size > 0, np.exp(0.5 * rng.standard_normal(self.prior.size.size)), 1.0)
        if self.prior.law == GAUSSIAN:
            local[:] = 1.0
        return State(delta, local, np.array([sigma, a, b, 0.0, 0.0]), np.zeros(delta.size))

    def original(self, deltas: Array, locals_: Array, levels: Array, free: Array) -> dict[str, Array]:
        """Draws in original units from those of the kernel.

        Parameters
        ----------
        deltas : array, shape (k, q)
            Coefficients of the kept columns and, with a normal prior, the intercept.
        locals_ : array, shape (k, G)
        levels : array, shape (k, 5)
        free : array, shape (k, f)
            Values of the free columns and a flat intercept in original units (beyond the location).
        """
        problem = self.problem
        d = np.zeros((deltas.shape[0], problem.p))
        d[:, self.kept] = deltas[:, : self.kept.size] * self.unit
        d[:, self.free] = free[:, : self.free.size]
        values = {"coef": d + problem.loc}
        if problem.fit_intercept:
            given = (
                problem.intercept_prior.loc + deltas[:, self.kept.size] if not problem.flat_intercept else free[:, -1]
            )
            values["intercept"] = given
        for name, place, learned in zip(self.names, (SIGMA, RATE, RIDGE), self.hyper, strict=True):
            if name is not None:
                values[name] = _number(levels[:, place], learned.kind)
        if self.prior.law != GAUSSIAN:
            local = np.full_like(d, np.nan)
            mixed = self.prior.rate[: self.kept.size] > 0
            local[:, self.kept[mixed]] = np.sqrt(locals_[:, self.prior.group[: self.kept.size][mixed]])
            values["local_scale"] = local
        return values


def why_not(problem: Problem) -> str | None:
    """Return None where the prior is a scale mixture that the kernels know, else the reason in words."""
    if problem.design.is_sparse:
        return "X is sparse"
    if np.any(positive_of(problem.prior)):
        return "coefficients are constrained in sign"
    rates = _rates(problem)
    if isinstance(rates, str):
        return rates
    if not np.any(rates.rate > 0) and not np.any(rates.ridge > 0):
        return "no coefficient has a prior"
    laws = dict(problem.hyper_laws)
    if problem.sigma_law is not None:
        laws["sigma"] = problem.sigma_law
    for name, law in laws.items():
        if not implements(law, Coded):
            return f"the law of {name} ({type(law).__name__}) is not one that compiled samplers know"
    return None


def _rates(problem: Problem) -> _Rates | str:
    """Read the prior; a string says why it cannot be."""
    prior = problem.prior
    if implements(prior, Penalised):
        return _penalised_rates(problem, prior)
    if not implements(prior, NormalMixture):
        return f"{type(prior).__name__} is not a scale mixture of normals that compiled samplers know"
    law, df = prior.local_law
    laws = problem.hyper_laws
    # The standard deviation given t = 1 without a slab is tau.
    learned = ("prior_scale", INVERSE) if "prior_scale" in laws else None
    scale = np.ones(problem.p) if learned else np.broadcast_to(np.asarray(prior.scale, dtype=float), problem.p)
    penalised = np.isfinite(problem.unit) & np.isfinite(scale)
    rate = np.where(penalised, 1.0 / np.where(penalised, scale, 1.0), 0.0)
    ridge = np.zeros(problem.p)
    slab = None
    if law == REGULARIZED_HORSESHOE:
        slab = ("slab", INVERSE_ROOT) if "slab" in laws else None
        ridge = np.where(penalised, 1.0 if slab else df**-2.0, 0.0)
    return _Rates(law, df, rate, ridge, np.arange(problem.p), learned, slab)


def _penalised_rates(problem: Problem, prior: Penalised) -> _Rates | str:
    p = problem.p
    label: Index = np.arange(p)
    grouped = np.zeros(p, dtype=bool)

    def read(hyper: Mapping[str, Any]) -> tuple[Array, Array]:
        l1, l2 = (np.broadcast_to(np.asarray(rate, dtype=float), p).copy() for rate in prior.rates(hyper))
        if implements(prior, Grouped):
            of_group = np.broadcast_to(np.asarray(prior.group_rates(hyper), dtype=float), max(prior.labels) + 1)
            l1[grouped] = of_group[label[grouped]]
        return l1, l2

    if implements(prior, Grouped):
        given = np.asarray(prior.labels, dtype=np.intp)
        grouped = given >= 0
        label = np.where(grouped, given, given.max() + 1 + np.arange(p))
    finite = np.isfinite(problem.unit)
    ones = dict.fromkeys(problem.hyper_laws, 1.0)
    l1, l2 = (np.where(finite, rate, 0.0) for rate in read(ones))
    found: dict[bool, tuple[str, int]] = {}
    for name in problem.hyper_laws:
        probes = [read(ones | {name: value}) for value in _PROBES]
        powers = [_power([probe[k] for probe in probes]) for k in (0, 1)]
        if None in powers or (powers[0] != 0) == (powers[1] != 0):
            return f"{name} does not enter the prior as a power of one rate"
        of_l1 = powers[0] != 0
        kinds = {-1: INVERSE, 1: DIRECT} if of_l1 else {-2: INVERSE_ROOT, 1: DIRECT}
        power = powers[0] if of_l1 else powers[1]
        if power not in kinds or of_l1 in found:
            return f"{name} enters the prior in a way that compiled samplers do not know"
        found[of_l1] = (name, kinds[int(power)])
    if np.any(l1 > 0) or (False in found and found[False][1] == DIRECT):
        return _Rates(LAPLACE, 0.0, l1, l2, label, found.get(True), found.get(False))
    # Without an l1 part the square root of l2 is the rate: a learned scale is then that of the mixture with t = 1.
    learned = (found[False][0], INVERSE) if False in found else None
    return _Rates(GAUSSIAN, 0.0, np.sqrt(l2), np.zeros(p), label, learned, None)


def _power(values: list[Array]) -> float | None:
    """Exponent with which rates depend on a number, from those at the probes; None where it is no power."""
    on = values[0] > 0
    if not np.any(on):
        return 0.0
    probed = zip(_PROBES[1:], values[1:], strict=True)
    exponents = [np.log(value[on] / values[0][on]) / np.log(probe) for probe, value in probed]
    rounded = np.round(exponents[0][0])
    close = all(np.allclose(exponent, rounded, atol=1e-9) for exponent in exponents)
    return float(rounded) if close else None


def _prior(problem: Problem, rates: _Rates, kept: Index) -> tuple[Prior, Array]:
    """The arrays of the kernel and the unit of each kept column."""
    unit = problem.unit[kept]
    mixed = rates.rate[kept] > 0
    # Groups are numbered anew among the kept columns.
    _, group = np.unique(rates.label[kept], return_inverse=True)
    size = np.bincount(group[mixed], minlength=int(group.max()) + 1).astype(float)
    rate, ridge, fixed = rates.rate[kept], rates.ridge[kept], np.zeros(kept.size)
    own = problem.intercept_prior
    if problem.fit_intercept and not own.flat:
        rate, ridge, fixed = np.append(rate, 0.0), np.append(ridge, 0.0), np.append(fixed, own.rate)
        group, size = np.append(group, size.size), np.append(size, 0.0)
    on_sigma = {None: 0, "sigma": 1, "penalty": 2 if rates.law == LAPLACE else 1}[problem.relative_to]
    prior = Prior(
        group.astype(np.int64),
        size,
        rate,
        ridge,
        fixed,
        on_sigma,
        int(own.relative_to is not None),
        rates.law,
        rates.df,
        bool(np.any(ridge > 0)),
    )
    return prior, unit


def _learned(law: Law, kind: int) -> Learned:
    assert isinstance(law, Coded)
    return Learned(kind, *law.code)


def _number(value: Array, kind: int) -> Array:
    """The learned number itself from the multiplier."""
    if kind == INVERSE:
        return 1.0 / value
    return value**-0.5 if kind == INVERSE_ROOT else value.copy()

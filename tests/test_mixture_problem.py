"""Priors as the Gibbs kernels read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.mixture_problem import MixtureProblem, why_not
from bayesreg.numerics.gibbs.densities import prior_precision
from bayesreg.numerics.gibbs.specification import (
    DIRECT,
    GAUSSIAN,
    HORSESHOE,
    INVERSE,
    INVERSE_ROOT,
    KNOWN,
    LAPLACE,
    REGULARIZED,
    STUDENT_T,
)
from bayesreg.scales import HalfCauchy, HalfNormal

LAW = HalfCauchy(1.0)


def bind(prior: Any, data: Any, likelihood: Any = None, **options: Any) -> Any:
    return br.Model(likelihood or likelihoods.Gaussian(0.7), prior, **options).bind(make_design(*data))


@pytest.mark.parametrize(
    ("prior", "law", "rate", "ridge", "names"),
    [
        (priors.Gaussian(LAW), GAUSSIAN, INVERSE, KNOWN, ("prior_scale", None)),
        (priors.Gaussian(2.0), GAUSSIAN, KNOWN, KNOWN, (None, None)),
        (priors.Laplace(LAW), LAPLACE, INVERSE, KNOWN, ("prior_scale", None)),
        (priors.Laplace(rate=LAW), LAPLACE, DIRECT, KNOWN, ("prior_rate", None)),
        (priors.ElasticNet(LAW, 0.3), LAPLACE, DIRECT, KNOWN, ("prior_l1", None)),
        (priors.ElasticNet(0.3, LAW), LAPLACE, KNOWN, DIRECT, (None, "prior_l2")),
        (priors.ElasticNet(0.0, LAW), LAPLACE, KNOWN, DIRECT, (None, "prior_l2")),
        (priors.ElasticNet(LAW, LAW), LAPLACE, DIRECT, DIRECT, ("prior_l1", "prior_l2")),
        (priors.GroupLaplace([0, 0, 1, 1], LAW), LAPLACE, INVERSE, KNOWN, ("prior_scale", None)),
        (priors.StudentT(4.0, LAW), STUDENT_T, INVERSE, KNOWN, ("prior_scale", None)),
        (priors.Horseshoe(0.5), HORSESHOE, KNOWN, KNOWN, (None, None)),
        (priors.RegularizedHorseshoe(), REGULARIZED, INVERSE, INVERSE_ROOT, ("prior_scale", "slab")),
        (priors.RegularizedHorseshoe(0.1, 2.0, None), REGULARIZED, KNOWN, KNOWN, (None, None)),
    ],
)
def test_what_is_learned_is_found(prior: Any, law: int, rate: int, ridge: int, names: Any, linear: Any) -> None:
    problem = bind(prior, linear)
    assert why_not(problem) is None
    mixture = MixtureProblem.of(problem)
    assert mixture.prior.law == law
    assert (mixture.hyper.rate.kind, mixture.hyper.ridge.kind) == (rate, ridge)
    assert mixture.names == (None, *names)


PENALTIES = ("gaussian", "laplace", "net", "group")
OTHERS = ("student-t", "horseshoe", "regularised")


@pytest.mark.parametrize(
    ("kind", "relative_to"),
    [(kind, given) for kind in PENALTIES + OTHERS for given in (None, "sigma", "penalty")[: 3 - (kind in OTHERS)]],
)
def test_precisions_are_those_of_the_prior_given_its_local_variances(kind: str, relative_to: Any, linear: Any) -> None:
    factor, tau = np.array([1.0, 2.0, 0.5, 1.0]), 0.6
    prior = {
        "gaussian": lambda: priors.Gaussian(LAW, factor=factor, relative_to=relative_to),
        "laplace": lambda: priors.Laplace(LAW, factor=factor, relative_to=relative_to),
        "net": lambda: priors.ElasticNet(LAW, LAW, factor=factor, relative_to=relative_to),
        "student-t": lambda: priors.StudentT(4.0, LAW, factor=factor, relative_to=relative_to),
        "horseshoe": lambda: priors.Horseshoe(LAW, factor=factor, relative_to=relative_to),
        "regularised": lambda: priors.RegularizedHorseshoe(LAW, factor=factor, relative_to=relative_to),
        "group": lambda: priors.GroupLaplace([0, 0, 1, 1], LAW, factor=factor, relative_to=relative_to),
    }[kind]()
    mixture = MixtureProblem.of(bind(prior, linear, likelihoods.Gaussian(scales.HalfNormal(2.0))))
    sigma, slab, l2 = 1.7, 0.9, 0.4
    a = 1 / tau
    b = {"net": l2, "regularised": slab**-2.0}.get(kind, 1.0)
    t = np.array([0.3, 2.0, 1.0, 5.0])
    if kind == "gaussian":
        t = np.ones(4)
    if kind == "group":
        t = np.array([0.3, 2.0])
    found = np.empty(4)
    prior_precision(mixture.prior, t, sigma, a, b, found)
    # sd of d given t, stated once more by hand; the kernel's is in units of factor and sigma.
    noise = {None: 1.0, "sigma": sigma, "penalty": sigma**2}[relative_to]
    ridge_noise = {None: 1.0, "sigma": sigma, "penalty": sigma}[relative_to]
    if kind == "gaussian":
        precision = 1 / (tau * ridge_noise) ** 2 * np.ones(4)
    elif kind == "group":
        # GroupLaplace: the rate of a group of two is sqrt(2)/scale.
        precision = 2 / ((tau * noise) ** 2 * t[[0, 0, 1, 1]])
    elif kind == "net":
        precision = 1 / ((tau * noise) ** 2 * t) + l2 / ridge_noise**2
    elif kind == "regularised":
        precision = 1 / ((tau * noise) ** 2 * t) + 1 / (slab * noise) ** 2
    else:
        precision = 1 / ((tau * noise) ** 2 * t)
    np.testing.assert_allclose(found, precision * sigma**2, rtol=1e-13)
    np.testing.assert_array_equal(mixture.unit, factor)


@dataclass(frozen=True)
class Odd:
    """A user's penalty with a learned number that is no power of a rate."""

    power: bool
    loc: float = 0.0
    factor: float = 1.0
    relative_to: Any = None

    def hyperparameters(self) -> Any:
        """Return the law of strength."""
        return {"strength": HalfNormal(1.0)}

    def rates(self, hyper: Any) -> tuple[Any, Any]:
        """Two rates of one number, or one that is no power."""
        value = hyper["strength"]
        return (value, value**2) if self.power else (np.exp(value), 0.0)


class OwnLaw:
    """A law that compiled kernels do not know."""

    def log_density(self, value: Any) -> Any:
        """Exponential."""
        return -value

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Exponential."""
        return rng.standard_exponential(size)

    def to_pymc(self, name: str) -> Any:
        """Not needed here."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        (priors.Flat(), "no coefficient has a prior"),
        (priors.Laplace(1.0, positive=True), "constrained in sign"),
        (Odd(power=True), "does not enter the prior as a power of one rate"),
        (Odd(power=False), "does not enter the prior as a power of one rate"),
        (priors.Laplace(OwnLaw()), "not one that compiled samplers know"),
    ],
)
def test_what_kernels_do_not_know_is_refused_in_words(prior: Any, words: str, linear: Any) -> None:
    assert words in str(why_not(bind(prior, linear)))


def test_draws_come_back_in_the_users_units(linear: Any) -> None:
    prior = priors.Laplace(rate=LAW, factor=[1.0, float("inf"), 2.0, 1.0], loc=0.5)
    problem = bind(prior, linear, likelihoods.Gaussian(scales.HalfNormal(2.0)), standardize=True)
    mixture = MixtureProblem.of(problem)
    assert (list(mixture.kept), list(mixture.free)) == ([0, 2, 3], [1])
    deltas, local = np.array([[1.0, 2.0, 3.0]]), np.array([[4.0, 9.0, 16.0]])
    levels = np.array([[1.5, 0.25, 1.0, 0.0, 0.0]])
    values = mixture.original(deltas, local, levels, np.array([[7.0, -2.0]]))
    sd = linear[0].std(axis=0)
    np.testing.assert_allclose(values["coef"][0], [1.5 / sd[0], 7 + 0.5 / sd[1], 4.5 / sd[2], 3.5 / sd[3]])
    np.testing.assert_allclose(values["local_scale"][0], [2.0, np.nan, 3.0, 4.0])
    assert (values["intercept"][0], values["sigma"][0], values["prior_rate"][0]) == (-2.0, 1.5, 0.25)

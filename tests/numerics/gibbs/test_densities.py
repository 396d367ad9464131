"""Densities of the coefficients against the mixtures that they integrate."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg import scales
from bayesreg.numerics.gibbs.densities import (
    coefficient_log_density,
    group_norms,
    learned_log_density,
    prior_precision,
)
from bayesreg.numerics.gibbs.specification import (
    DIRECT,
    GAUSSIAN,
    HORSESHOE,
    INVERSE,
    INVERSE_ROOT,
    LAPLACE,
    REGULARIZED,
    STUDENT_T,
    Learned,
    Prior,
)

RATE = np.array([1.0, 0.5, 2.0])


def prior_of(law: int, on_sigma: int, df: float = 0.0, ridge: float = 0.0, fixed_on_sigma: int = 1) -> Prior:
    """Three mixed coefficients and one with a normal prior of its own."""
    return Prior(
        np.arange(4),
        np.array([1.0, 1.0, 1.0, 0.0]),
        np.append(RATE, 0.0),
        np.append(np.full(3, ridge), 0.0),
        np.array([0.0, 0.0, 0.0, 0.7]),
        on_sigma,
        fixed_on_sigma,
        law,
        df,
        ridge > 0,
    )


DELTA = np.array([0.3, -1.1, 0.05, 0.4])
LEVELS = [(1.0, 1.0, 1.0), (0.7, 2.3, 1.0), (1.9, 0.4, 3.0)]


def local_density(law: int, df: float, t: float) -> float:
    """Density of the local variance t."""
    if law == LAPLACE:
        return 0.5 * math.exp(-0.5 * t)
    if law == STUDENT_T:
        return float(stats.invgamma.pdf(t, df / 2, scale=df / 2))
    return 1 / (math.pi * math.sqrt(t) * (1 + t))


def mixed(prior: Prior, sigma: float, a: float, b: float) -> float:
    """Log density of DELTA by quadrature over every t, normalised for each set of levels."""
    total = stats.norm.logpdf(DELTA[3], 0, sigma**prior.fixed_on_sigma / math.sqrt(prior.fixed[3]))
    for j in range(3):
        rho = a * RATE[j] * sigma**-prior.on_sigma
        epsilon = b * prior.ridge[j] * sigma ** (-2 * min(prior.on_sigma, 1))

        def normal(d: float, rho: float = rho) -> float:
            if prior.law == GAUSSIAN:
                return float(stats.norm.pdf(d, 0, 1 / rho))
            value, _ = integrate.quad(
                lambda x: (
                    math.exp(2 * x)
                    * 2
                    * local_density(prior.law, prior.df, math.exp(2 * x))
                    * stats.norm.pdf(d, 0, math.exp(x) / rho)
                ),
                -25,
                25,
                epsabs=0,
                epsrel=1e-10,
                limit=400,
                points=[math.log(abs(d) * rho)] if d else None,
            )
            return float(value)

        density = normal(DELTA[j])
        if epsilon > 0:
            whole, _ = integrate.quad(
                lambda d, e=epsilon, r=rho: math.exp(-r * abs(d) - 0.5 * e * d * d), 0, 40, points=[1e-3, 1.0]
            )
            density = math.exp(-rho * abs(DELTA[j]) - 0.5 * epsilon * DELTA[j] ** 2) / (2 * whole)
        total += math.log(density)
    return float(total)


CASES: list[Any] = [
    pytest.param(prior_of(GAUSSIAN, 1), id="gaussian"),
    pytest.param(prior_of(LAPLACE, 0, fixed_on_sigma=0), id="laplace absolute"),
    pytest.param(prior_of(LAPLACE, 1), id="laplace"),
    pytest.param(prior_of(LAPLACE, 2), id="laplace as a penalty"),
    pytest.param(prior_of(LAPLACE, 1, ridge=0.8), id="net"),
    pytest.param(prior_of(LAPLACE, 2, ridge=0.8), id="net as a penalty"),
    pytest.param(prior_of(STUDENT_T, 1, df=3.0), id="student-t"),
    pytest.param(prior_of(HORSESHOE, 1), id="horseshoe"),
]


@pytest.mark.parametrize("prior", CASES)
def test_changes_with_the_levels_are_those_of_the_mixture(prior: Prior) -> None:
    norms = np.zeros(4)
    group_norms(prior, DELTA, norms)
    found = [coefficient_log_density(prior, DELTA, np.ones(4), norms, *level) for level in LEVELS]
    expected = [mixed(prior, *level) for level in LEVELS]
    for (one, other), (first, second) in zip(pairwise(found), pairwise(expected), strict=True):
        assert other - one == pytest.approx(second - first, abs=1e-7)


def test_a_regularised_coefficient_is_normal_given_its_local_variance() -> None:
    prior = prior_of(REGULARIZED, 1, ridge=1.0)
    local, norms = np.array([0.4, 3.0, 1.0, 1.0]), np.zeros(4)
    found, expected = [], []
    for sigma, a, b in LEVELS:
        found.append(coefficient_log_density(prior, DELTA, local, norms, sigma, a, b))
        precision = np.empty(4)
        prior_precision(prior, local, sigma, a, b, precision)
        # Piironen & Vehtari: variance c² tau² t / (c² + tau² t) with tau = 1/(a r) and c² = 1/b.
        tau2, c2 = 1 / (a * RATE) ** 2 * local[:3], 1 / b
        np.testing.assert_allclose(precision[:3], (c2 + tau2) / (c2 * tau2), rtol=1e-14)
        expected.append(stats.norm.logpdf(DELTA, 0, sigma / np.sqrt(precision)).sum())
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=1e-12)


@pytest.mark.parametrize("kind", [DIRECT, INVERSE, INVERSE_ROOT])
@pytest.mark.parametrize(
    "law",
    [
        scales.Flat(),
        scales.Jeffreys(),
        scales.HalfNormal(0.7),
        scales.HalfStudentT(3.0, 1.2),
        scales.HalfCauchy(0.4),
        scales.Gamma(2.0, 3.0),
        scales.InverseGamma(1.5, 0.3),
    ],
)
def test_a_law_is_read_on_the_multiplier(law: Any, kind: int) -> None:
    power = {DIRECT: 1.0, INVERSE: -1.0, INVERSE_ROOT: -0.5}[kind]
    values = np.array([0.2, 0.9, 4.0])
    found = [learned_log_density(Learned(kind, *law.code), value) for value in values]
    number = values**power
    # Density of the logarithm of the number, which is the multiplier's up to a constant.
    np.testing.assert_allclose(np.diff(found), np.diff(law.log_density(number) + np.log(number)), atol=1e-12)

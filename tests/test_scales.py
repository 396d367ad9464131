"""Each law against scipy's: density with its Jacobian, integral, draws, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg import scales
from bayesreg.errors import InputError
from bayesreg.scales import Law, VarianceConjugate


def share(s: Any) -> Any:
    """R² of a scale with size 4."""
    return 4 * np.asarray(s) ** 2 / (1 + 4 * np.asarray(s) ** 2)


# law, the same density from scipy, its distribution function
PROPER: dict[str, tuple[Any, Any, Any]] = {
    "half_normal": (
        scales.HalfNormal(1.7),
        lambda s: stats.halfnorm.logpdf(s, scale=1.7),
        stats.halfnorm(scale=1.7).cdf,
    ),
    "half_student_t": (
        scales.HalfStudentT(4.0, 0.8),
        lambda s: np.log(2) + stats.t.logpdf(s, 4.0, scale=0.8),
        lambda s: 2 * stats.t.cdf(s, 4.0, scale=0.8) - 1,
    ),
    "half_cauchy": (
        scales.HalfCauchy(1.3),
        lambda s: stats.halfcauchy.logpdf(s, scale=1.3),
        stats.halfcauchy(scale=1.3).cdf,
    ),
    "gamma": (
        scales.Gamma(2.5, 1.4),
        lambda s: stats.gamma.logpdf(s, 2.5, scale=1 / 1.4),
        stats.gamma(2.5, scale=1 / 1.4).cdf,
    ),
    "inverse_gamma": (
        scales.InverseGamma(3.0, 2.0),
        # The law is that of the square: the density of its root has the Jacobian 2 s.
        lambda s: stats.invgamma.logpdf(np.asarray(s) ** 2, 3.0, scale=2.0) + np.log(2 * np.asarray(s)),
        lambda s: stats.invgamma.cdf(np.asarray(s) ** 2, 3.0, scale=2.0),
    ),
    "r_squared": (
        scales.RSquared(1.5, 2.5, size=4.0),
        # R² = 4 s²/(1 + 4 s²) is beta; the density of s has the Jacobian 8 s/(1 + 4 s²)².
        lambda s: (
            stats.beta.logpdf(share(s), 1.5, 2.5) + np.log(8 * np.asarray(s)) - 2 * np.log1p(4 * np.asarray(s) ** 2)
        ),
        lambda s: stats.beta.cdf(share(s), 1.5, 2.5),
    ),
}
IMPROPER = {"flat": scales.Flat(), "jeffreys": scales.Jeffreys()}
POINTS = np.array([1e-3, 0.2, 1.0, 3.7, 50.0])


@pytest.mark.parametrize("name", PROPER)
def test_the_density_is_that_of_the_number_itself(name: str) -> None:
    law, log_density, _ = PROPER[name]
    np.testing.assert_allclose(law.log_density(POINTS), log_density(POINTS), rtol=1e-12)
    np.testing.assert_allclose(float(law.log_density(0.7)), log_density(0.7), rtol=1e-12)


@pytest.mark.parametrize("name", PROPER)
def test_a_proper_law_integrates_to_one(name: str) -> None:
    law = PROPER[name][0]

    def density(u: float) -> float:
        return float(np.exp(law.log_density(np.exp(u)) + u))

    total = integrate.quad(density, -40, 0, epsabs=1e-12)[0] + integrate.quad(density, 0, 40, epsabs=1e-12)[0]
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)


@pytest.mark.parametrize("name", PROPER)
def test_draws_follow_the_law(name: str) -> None:
    law, _, cdf = PROPER[name]
    draws = law.draw(np.random.default_rng(4), 4000)
    assert draws.shape == (4000,)
    assert np.all(draws > 0)
    assert stats.kstest(draws, cdf).pvalue > 1e-3


def test_improper_densities_are_the_stated_ones() -> None:
    np.testing.assert_array_equal(scales.Flat().log_density(POINTS), np.zeros(5))
    np.testing.assert_allclose(scales.Jeffreys().log_density(POINTS), -np.log(POINTS))


@pytest.mark.parametrize("name", IMPROPER)
def test_improper_laws_refuse_draws(name: str) -> None:
    with pytest.raises(InputError, match="improper"):
        IMPROPER[name].draw(np.random.default_rng(0), 3)


def test_the_half_cauchy_is_the_half_t_of_one_degree() -> None:
    np.testing.assert_allclose(
        scales.HalfCauchy(1.3).log_density(POINTS), scales.HalfStudentT(1.0, 1.3).log_density(POINTS), rtol=1e-12
    )


@pytest.mark.parametrize("law", [scales.Flat(), scales.Jeffreys(), scales.InverseGamma(3.0, 2.0)])
def test_conjugate_laws_give_the_exponents_of_the_variance(law: Any) -> None:
    assert isinstance(law, VarianceConjugate)
    a, b = law.variance_shape_scale
    v = np.array([0.3, 1.0, 4.0])
    # Density of v = s²: p(s) / (2 s).
    ours = law.log_density(np.sqrt(v)) - np.log(2 * np.sqrt(v))
    expected = -(a + 1) * np.log(v) - b / v
    np.testing.assert_allclose(np.diff(ours), np.diff(expected), rtol=1e-12)


@pytest.mark.parametrize("name", PROPER | IMPROPER)
def test_laws_are_hashable_values(name: str) -> None:
    law = PROPER[name][0] if name in PROPER else IMPROPER[name]
    assert isinstance(law, Law)
    assert law == type(law)(**vars(law))
    assert hash(law) == hash(type(law)(**vars(law)))
    with pytest.raises(AttributeError):
        law.scale = 3.0


BAD = [0.0, -1.0, float("nan"), float("inf"), "1", None, True, [1.0]]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: scales.HalfNormal(v), "HalfNormal(scale"),
        (lambda v: scales.HalfStudentT(v, 1.0), "HalfStudentT(df"),
        (lambda v: scales.HalfStudentT(3.0, v), "HalfStudentT(scale"),
        (lambda v: scales.HalfCauchy(v), "HalfCauchy(scale"),
        (lambda v: scales.Gamma(v, 1.0), "Gamma(shape"),
        (lambda v: scales.Gamma(1.0, v), "Gamma(rate"),
        (lambda v: scales.RSquared(v, 1.0), "RSquared(a"),
        (lambda v: scales.RSquared(1.0, v), "RSquared(b"),
        (lambda v: scales.InverseGamma(v, 1.0), "InverseGamma(shape"),
        (lambda v: scales.InverseGamma(1.0, v), "InverseGamma(scale"),
    ],
)
def test_an_unusable_parameter_is_named(make: Any, name: str, value: Any) -> None:
    with pytest.raises(InputError) as raised:
        make(value)
    assert name in str(raised.value)

"""The joint mode over a learned noise level, its slope, and the models that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import NoMapError
from bayesreg.noise import MEASURES, slope
from bayesreg.problem import Problem

INF = float("inf")
LAWS = {
    "default": None,
    "flat": scales.Flat(),
    "jeffreys": scales.Jeffreys(),
    "half_normal": scales.HalfNormal(0.5),
    "half_t": scales.HalfStudentT(3.0, 1.0),
    "half_cauchy": scales.HalfCauchy(0.3),
    "gamma": scales.Gamma(2.0, 3.0),
    "inverse_gamma": scales.InverseGamma(3.0, 0.5),
}
SMOOTH = {
    "gaussian": lambda r: priors.Gaussian(0.5, loc=0.2, relative_to=r),
    "partly": lambda r: priors.Gaussian([0.5, INF, 1.0, 2.0], relative_to=r),
}
KINKED = {
    "laplace": lambda r: priors.Laplace(0.15, relative_to=r),
    "net": lambda r: priors.ElasticNet(l1=[4.0, 0.0, 2.0, 1.0], l2=[1.0, 2.0, 0.0, 0.0], loc=0.1, relative_to=r),
}


def split_objective(problem: Problem, at: np.ndarray) -> float:
    """Minus log posterior of (up, down, intercept, log sigma) with coef = loc + up - down: smooth for up, down >= 0."""
    p = problem.p
    coef, sigma = problem.loc + at[:p] - at[p : 2 * p], float(np.exp(at[-1]))
    excess = problem.penalty(sigma).l1 @ (at[:p] + at[p : 2 * p] - np.abs(at[:p] - at[p : 2 * p]))
    return -problem.log_posterior(coef, at[-2], sigma) + float(excess)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("word", [None, "sigma", "penalty"])
@pytest.mark.parametrize("prior", SMOOTH | KINKED)
def test_the_mode_is_the_one_that_scipy_finds(linear: Any, prior: str, word: Any, law: str) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(LAWS[law]), (SMOOTH | KINKED)[prior](word))
    problem = model.bind(make_design(X, y))
    mode = br.find_map(model, X, y)
    start = np.concatenate([np.full(8, 0.1), [y.mean()], [np.log(problem.design.y_sd)]])
    theirs = optimize.minimize(
        lambda at: split_objective(problem, at),
        start,
        method="L-BFGS-B",
        bounds=[(0, None)] * 8 + [(None, None)] * 2,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 100_000},
    )
    np.testing.assert_allclose(mode.sigma, np.exp(theirs.x[-1]), rtol=2e-4)
    np.testing.assert_allclose(mode.coef, problem.loc + theirs.x[:4] - theirs.x[4:8], rtol=2e-3, atol=2e-4)
    assert -mode.log_posterior <= theirs.fun + 1e-11 * abs(theirs.fun)
    assert mode.measure == MEASURES["natural"]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("word", [None, "sigma", "penalty"])
@pytest.mark.parametrize("prior", ["gaussian", "laplace", "net"])
@pytest.mark.parametrize("intercept", [None, "sigma"])
def test_the_slope_is_that_of_the_density(linear: Any, prior: str, word: Any, law: str, intercept: Any) -> None:
    X, y = linear
    model = br.Model(
        likelihoods.Gaussian(LAWS[law]),
        (SMOOTH | KINKED)[prior](word),
        intercept=priors.Gaussian(0.7, loc=1.0, relative_to=intercept),
    )
    problem = model.bind(make_design(X, y, np.arange(30) % 3 + 0.5, np.linspace(-1, 1, 30)))
    coef, b0 = np.array([1.0, 0.3, 0.0, -0.8]), 2.5

    def value(u: float) -> float:
        return -problem.log_posterior(coef, b0, float(np.exp(u)))

    for sigma in (0.05, 0.7, 20.0):
        u, h = np.log(sigma), 1e-3
        expected = (value(u - 2 * h) - 8 * value(u - h) + 8 * value(u + h) - value(u + 2 * h)) / (12 * h)
        np.testing.assert_allclose(slope(problem, coef, b0, sigma), expected, rtol=1e-7, atol=1e-6)


def test_without_a_prior_the_mode_is_the_root_of_rss_over_its_divisor(linear: Any) -> None:
    X, y = linear
    Z = np.column_stack([np.ones(30), X])
    rss = np.linalg.lstsq(Z, y)[1][0]
    # Flat on sigma: n log sigma + RSS / (2 sigma²); 1/sigma counts as one more row.
    for law, divisor in ((scales.Flat(), 30), (scales.Jeffreys(), 31)):
        mode = br.find_map(br.Model(likelihoods.Gaussian(law), priors.Flat()), X, y)
        np.testing.assert_allclose(mode.sigma, np.sqrt(rss / divisor), rtol=1e-12)


def test_an_inverse_gamma_law_and_a_relative_lasso_have_the_root_of_park_and_casella(linear: Any) -> None:
    X, y = linear
    law, rate = scales.InverseGamma(2.0, 0.5), 3.0
    prior = priors.Laplace(rate=rate, relative_to="sigma")
    mode = br.find_map(br.Model(likelihoods.Gaussian(law), prior), X, y)
    residual = y - mode.intercept - X @ mode.coef
    size = np.abs(mode.coef).sum()
    # d/d log sigma of (n + p + 2a + 1) log sigma + (RSS + 2 b) / (2 sigma²) + rate |coef| / sigma.
    count = 30 + 4 + 2 * 2.0 + 1
    top = residual @ residual + 2 * 0.5
    np.testing.assert_allclose(mode.sigma, (rate * size + np.sqrt((rate * size) ** 2 + 4 * count * top)) / (2 * count))


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("word", ["sigma", "penalty"])
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace])
def test_a_relative_prior_has_a_mode_where_the_columns_can_fit_every_row(wide: Any, make: Any, word: Any) -> None:
    X, y = wide
    for law in (scales.HalfCauchy(1.0), scales.Jeffreys(), None):
        mode = br.find_map(br.Model(likelihoods.Gaussian(law), make(0.5, relative_to=word)), X, y)
        assert mode.certificate.accepted
        assert 1e-3 < mode.sigma < 10


def test_an_inverse_gamma_has_a_mode_where_the_columns_can_fit_every_row(wide: Any) -> None:
    X, y = wide
    mode = br.find_map(br.Model(likelihoods.Gaussian(scales.InverseGamma(2.0, 0.3)), priors.Laplace(0.5)), X, y)
    assert mode.certificate.accepted
    problem = br.Model(likelihoods.Gaussian(scales.InverseGamma(2.0, 0.3)), priors.Laplace(0.5)).bind(make_design(X, y))
    for level in np.geomspace(0.1, 10, 60):
        other = br.find_map(br.Model(likelihoods.Gaussian(level), priors.Laplace(0.5)), X, y)
        assert problem.log_posterior(other.coef, other.intercept, level) <= mode.log_posterior + 1e-10


def test_of_two_modes_the_higher_one_is_found() -> None:
    # An absolute prior that forbids a large coefficient: either the coefficient pays or the noise does.
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 12)[:, None]
    for size in (4.0, 12.0):
        y = size * x[:, 0] + 0.01 * rng.standard_normal(12)
        model = br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Gaussian(0.5))
        mode = br.find_map(model, x, y)
        problem = model.bind(make_design(x, y))
        best = -np.inf
        for level in np.geomspace(1e-3, 20, 400):
            coef = br.find_map(br.Model(likelihoods.Gaussian(level), priors.Gaussian(0.5)), x, y)
            best = max(best, problem.log_posterior(coef.coef, coef.intercept, level))
        assert best <= mode.log_posterior <= best + 0.01


@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_the_unit_of_the_response_is_only_a_unit(linear: Any, factor: float) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), priors.Laplace(0.2, relative_to="sigma"))
    plain, scaled = br.find_map(model, X, y), br.find_map(model, X, y * factor)
    np.testing.assert_allclose(scaled.sigma, plain.sigma * factor, rtol=1e-10)
    np.testing.assert_allclose(scaled.coef, plain.coef * factor, rtol=1e-9)


LAWS_WITHOUT_A_MODE = [
    None,
    scales.HalfCauchy(1.0),
    scales.HalfNormal(1.0),
    scales.Jeffreys(),
    scales.Flat(),
    scales.Gamma(3.0, 1.0),
]


@pytest.mark.parametrize("law", LAWS_WITHOUT_A_MODE[1:])
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace])
def test_an_absolute_prior_is_refused_where_the_columns_fit_every_row(wide: Any, make: Any, law: Any) -> None:
    with pytest.raises(NoMapError, match=r"no joint MAP.*the columns can fit y without error"):
        br.find_map(br.Model(likelihoods.Gaussian(law), make(0.5)), *wide)


@pytest.mark.parametrize("law", LAWS_WITHOUT_A_MODE)
def test_a_response_in_the_span_of_the_columns_is_refused(linear: Any, law: Any) -> None:
    X, _ = linear
    y = 3.0 + X @ [1.0, 2.0, 0.0, -1.0]
    with pytest.raises(NoMapError, match="without error"):
        br.find_map(br.Model(likelihoods.Gaussian(law), priors.Gaussian(0.5)), X, y)
    with pytest.raises(NoMapError, match="unpenalised columns"):
        br.find_map(
            br.Model(likelihoods.Gaussian(law), priors.Gaussian([INF, INF, 1.0, INF], relative_to="sigma")), X, y
        )
    relative = br.find_map(br.Model(likelihoods.Gaussian(law), priors.Gaussian(0.5, relative_to="sigma")), X, y)
    assert relative.certificate.accepted


@pytest.mark.parametrize("word", ["sigma", "penalty"])
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace])
def test_a_response_at_the_location_of_a_relative_prior_is_refused(linear: Any, make: Any, word: Any) -> None:
    X, _ = linear
    loc = [1.0, 2.0, 0.0, -1.0]
    with pytest.raises(NoMapError, match="without error"):
        br.find_map(br.Model(likelihoods.Gaussian(), make(0.5, loc=loc, relative_to=word)), X, 3.0 + X @ loc)


def test_weights_of_zero_do_not_hide_that_the_rest_is_fitted_without_error(linear: Any) -> None:
    X, y = linear
    weight = (np.arange(30) < 4).astype(float)
    with pytest.raises(NoMapError, match="3 free rows"):
        br.find_map(
            br.Model(likelihoods.Gaussian(scales.HalfCauchy(1.0)), priors.Gaussian(0.5)), X, y, sample_weight=weight
        )


def test_a_law_that_vanishes_faster_than_the_rows_pull_is_not_refused() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, 30)), rng.standard_normal(8)
    # sigma^49 against sigma^-8.
    mode = br.find_map(br.Model(likelihoods.Gaussian(scales.Gamma(50.0, 50.0)), priors.Gaussian(0.5)), X, y)
    assert mode.certificate.accepted
    assert 0.5 < mode.sigma < 1.5

"""The density at many points is that of `Problem.log_posterior` in other coordinates; its parts add up to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.problem import Problem
from bayesreg.smooth_posterior import SmoothPosterior
from tests.contracts.parts import P, data_for, row_options

CAUCHY, GAMMA = scales.HalfCauchy(0.7), scales.Gamma(2.5, 1.4)
INF = float("inf")
MODELS: dict[str, Any] = {
    "bernoulli": (likelihoods.Bernoulli(), priors.Gaussian(0.7, loc=[0.5, -1.0, 0.0]), {}),
    "bernoulli, flat": (likelihoods.Bernoulli(), priors.Flat(), {"fit_intercept": False}),
    "bernoulli, learned": (likelihoods.Bernoulli(), priors.Gaussian(CAUCHY, factor=[1.0, INF, 0.5]), {}),
    "poisson": (likelihoods.Poisson(), priors.Gaussian([0.5, INF, 2.0]), {"intercept": priors.Gaussian(2.0, loc=-1.0)}),
    "poisson, learned": (likelihoods.Poisson(), priors.Gaussian(GAMMA, loc=0.2), {"standardize": True}),
    "huber": (likelihoods.Huber(0.8, 1.1), priors.Gaussian(0.7), {}),
    "huber, learned": (likelihoods.Huber(1.2), priors.Gaussian(0.7, relative_to="sigma"), {}),
    "student_t": (likelihoods.StudentT(4.0, GAMMA), priors.Gaussian(0.7), {"intercept": priors.Gaussian(2.0)}),
    "student_t, relative intercept": (
        likelihoods.StudentT(3.0, CAUCHY),
        priors.Gaussian(0.7),
        {"intercept": priors.Gaussian(5.0, loc=1.0, relative_to="sigma")},
    ),
    "student_t, both": (likelihoods.StudentT(3.0, CAUCHY), priors.Gaussian(GAMMA), {"standardize": True}),
    "huber, both": (likelihoods.Huber(1.0), priors.Gaussian(GAMMA, relative_to=None), {}),
    "elastic net without l1": (likelihoods.Huber(1.0), priors.ElasticNet(l1=0.0, l2=2.0), {}),
}


def bind(name: str, rows: bool = True) -> Problem:
    likelihood, prior, options = MODELS[name]
    X, y = data_for(likelihood)
    weight, offset = row_options(y.size) if rows else (None, None)
    return br.Model(likelihood, prior, **options).bind(make_design(X, y, weight, offset))


def points(posterior: SmoothPosterior, number: int) -> np.ndarray:
    return 0.5 * np.random.default_rng(3).standard_normal((number, posterior.size))


@pytest.mark.parametrize("rows", [False, True], ids=["plain", "weights and offset"])
@pytest.mark.parametrize("name", MODELS)
def test_the_density_is_that_of_the_problem_with_its_jacobians(name: str, rows: bool) -> None:
    problem = bind(name, rows)
    posterior = SmoothPosterior(problem)
    theta = points(posterior, 6)
    values = posterior.values(theta)
    expected = []
    for i in range(6):
        hyper = {law: float(values[law][i]) for law in problem.hyper_laws}
        sigma = float(values["sigma"][i]) if "sigma" in values else None
        b0 = float(values["intercept"][i]) if "intercept" in values else 0.0
        jacobian = sum(np.log(value) for value in [*hyper.values(), 1.0 if sigma is None else sigma])
        expected.append(problem.log_posterior(values["coef"][i], b0, sigma, hyper) + jacobian)
    got = posterior.log_density(theta)
    np.testing.assert_allclose(got - got[0], np.array(expected) - expected[0], rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_given_the_scales_what_is_left_is_a_loss_and_a_quadratic(name: str) -> None:
    problem = bind(name)
    posterior = SmoothPosterior(problem)
    theta = points(posterior, 5)
    m = posterior.n_linear
    total = []
    for point in theta:
        linear, s = point[:m], point[m:]
        sigma, hyper = posterior.scales(s)
        prior = posterior._quadratic(float(sigma), {law: float(value) for law, value in hyper.items()})
        loss = problem.design.weight @ problem.likelihood.loss(
            posterior.predictors(linear), problem.design.y, float(sigma)
        )
        bowl = 0.5 * linear @ prior.precision @ linear - prior.pull @ linear
        total.append(posterior.log_scale_terms(s) - loss - bowl)
    got = posterior.log_density(theta)
    np.testing.assert_allclose(got - got[0], np.array(total) - total[0], rtol=1e-10, atol=1e-9)


def test_blocks_of_rows_and_draws_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    posterior = SmoothPosterior(bind("student_t, both"))
    theta = points(posterior, 11)
    whole = posterior.log_density(theta)
    predictors = posterior.predictors(theta[0, : posterior.n_linear])
    found = posterior.given_scales(theta[0, posterior.n_linear :])
    for name, size in (("ROWS", 7), ("TILE_ROWS", 3), ("TILE_DRAWS", 4)):
        monkeypatch.setattr(f"bayesreg.smooth_posterior.{name}", size)
    np.testing.assert_allclose(posterior.log_density(theta), whole, rtol=1e-13)
    np.testing.assert_allclose(posterior.predictors(theta[0, : posterior.n_linear]), predictors, rtol=1e-13)
    again = posterior.given_scales(theta[0, posterior.n_linear :])
    assert found is not None
    assert again is not None
    np.testing.assert_allclose(again.mean, found.mean, rtol=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_the_normal_given_the_scales_is_where_the_density_is(name: str) -> None:
    posterior = SmoothPosterior(bind(name))
    s = np.full(len(posterior.scale_names), 0.2)
    found = posterior.given_scales(s)
    assert found is not None
    # From a neighbour's answer the same one is found.
    near = posterior.given_scales(s + 0.1)
    warm = posterior.given_scales(s, near)
    assert warm is not None
    offset = found.factor.T @ (warm.mean - found.mean)
    assert np.linalg.norm(offset) < 0.1
    # The density falls in every direction by about what the normal says.
    k = posterior.n_linear
    z = 0.7 * np.random.default_rng(1).standard_normal((20, k))
    there = np.column_stack([found.mean + np.linalg.solve(found.factor.T, z.T).T, np.tile(s, (20, 1))])
    middle = np.append(found.mean, s)[None]
    fall = posterior.log_density(middle) - posterior.log_density(there)
    assert np.corrcoef(fall, 0.5 * np.sum(z**2, axis=1))[0, 1] > 0.85
    assert 0.7 < fall.mean() / (0.5 * np.mean(np.sum(z**2, axis=1))) < 1.4


def test_predictors_are_those_of_the_values_they_stand_for() -> None:
    problem = bind("poisson")
    posterior = SmoothPosterior(problem)
    theta = points(posterior, 1)[0]
    values = posterior.values(theta)
    assert P == values["coef"].size
    np.testing.assert_allclose(
        posterior.predictors(theta), problem.linear_predictor(values["coef"], values["intercept"]), rtol=1e-12
    )

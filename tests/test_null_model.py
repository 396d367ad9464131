"""The fit without the penalised coefficients, against minimisers written for each case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.null_model import null_model
from bayesreg.problem import Problem

INF = float("inf")
SMOOTH = {
    "gaussian": likelihoods.Gaussian(0.7),
    "huber": likelihoods.Huber(0.5, 0.7),
    "bernoulli": likelihoods.Bernoulli(),
    "poisson": likelihoods.Poisson(),
    "student": likelihoods.StudentT(4.0, 0.7),
}
KINKED = {"laplace": likelihoods.Laplace(0.7), "quantile": likelihoods.AsymmetricLaplace(0.3, 0.7)}
INTERCEPTS = {"flat": priors.Flat(), "proper": priors.Gaussian(0.5, loc=-1.0), "none": None}


def rows(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((40, 4)) + np.array([0.0, 2.0, 0.0, -1.0])
    eta = 0.3 + X @ [0.5, 0.0, -0.4, 0.0]
    if name == "bernoulli":
        return X, (rng.random(40) < 1 / (1 + np.exp(-eta))).astype(float)
    if name == "poisson":
        return X, rng.poisson(np.exp(eta)).astype(float)
    return X, eta + rng.standard_t(3, 40)


def bind(name: str, scale: Any, intercept: Any, **changes: Any) -> Problem:
    X, y = rows(name)
    model = br.Model(
        (SMOOTH | KINKED)[name],
        priors.Laplace(scale, loc=changes.pop("loc", 0.2)),
        fit_intercept=intercept is not None,
        intercept=intercept or priors.Flat(),
    )
    weight, offset = np.arange(40) % 3.0, np.linspace(-0.5, 0.5, 40)
    return model.bind(make_design(changes.pop("wrap", np.asarray)(X), y, weight, offset))


def objective(problem: Problem, free: list[int]) -> Any:
    """The objective over the intercept and the free coefficients, others at their location, from its definition."""
    design, prior = problem.design, problem.intercept_prior
    X = design.X.toarray() if design.is_sparse else design.X

    def value(x: np.ndarray) -> float:
        coef = problem.loc.copy()
        coef[free] = x[1:]
        intercept = x[0] if problem.fit_intercept else 0.0
        eta = design.offset + intercept + X @ coef
        total = design.weight @ problem.likelihood.loss(eta, design.y, 0.7)
        return float(total + 0.5 * prior.rate * (intercept - prior.loc) ** 2 * problem.fit_intercept)

    return value


@pytest.mark.parametrize("intercept", INTERCEPTS)
@pytest.mark.parametrize("free", [[], [1], [0, 3]], ids=["none free", "one free", "two free"])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_value_is_the_minimum_over_the_free_ones(name: str, free: list[int], intercept: str) -> None:
    problem = bind(name, np.where(np.isin(np.arange(4), free), INF, 0.5), INTERCEPTS[intercept])
    null = null_model(problem, 0.7)
    value = objective(problem, free)
    found = optimize.minimize(value, np.zeros(1 + len(free)), method="BFGS", options={"gtol": 1e-8})
    np.testing.assert_allclose(null.value, found.fun, rtol=1e-9)
    assert np.all(null.d[~np.isin(np.arange(4), free)] == 0)
    np.testing.assert_allclose(null.d[free] + problem.loc[free], found.x[1:], atol=1e-4)
    design = problem.design
    theta = design.weight * problem.likelihood.gradient(null.eta, design.y, 0.7)
    np.testing.assert_allclose(null.theta, theta, rtol=1e-12, atol=1e-14)
    # Where the loss is not convex the steps are not Newton's own and end at the rounding of the value, its root here.
    size = (1e-9 if problem.likelihood.convex else 1e-7) * np.linalg.norm(theta)
    np.testing.assert_allclose(design.X[:, free].T @ null.theta, 0.0, atol=size)
    if intercept == "flat":
        assert abs(null.theta.sum()) < size


@pytest.mark.parametrize("intercept", INTERCEPTS)
@pytest.mark.parametrize("free", [[], [1], [0, 3]], ids=["none free", "one free", "two free"])
@pytest.mark.parametrize("name", KINKED)
def test_with_kinks_the_multiplier_is_feasible_and_closes_the_gap(name: str, free: list[int], intercept: str) -> None:
    problem = bind(name, np.where(np.isin(np.arange(4), free), INF, 0.5), INTERCEPTS[intercept])
    null = null_model(problem, 0.7)
    design, prior = problem.design, problem.intercept_prior
    value = objective(problem, free)
    intercept_at = 0.0
    if problem.fit_intercept:
        intercept_at = float(np.mean(null.eta - problem.base() - design.X @ null.d))
    here = value(np.append(intercept_at, null.d[free] + problem.loc[free]))
    np.testing.assert_allclose(null.value, here, rtol=1e-12)
    dual = -problem.likelihood.conjugate(null.theta, design.y, design.weight, 0.7) + null.theta @ problem.base()
    if free:
        np.testing.assert_allclose(design.X[:, free].T @ null.theta, 0.0, atol=1e-9)
    if intercept == "flat":
        assert abs(null.theta.sum()) < 1e-9
    elif intercept == "proper":
        pull = -float(null.theta.sum())
        dual -= prior.loc * pull + pull**2 / (2 * prior.rate)
    if free or problem.fit_intercept:
        np.testing.assert_allclose(dual, null.value, rtol=1e-11)
    else:
        assert dual <= null.value


def test_where_nothing_is_penalised_it_is_the_intercept_alone() -> None:
    problem = bind("gaussian", INF, priors.Flat(), loc=0.0)
    null = null_model(problem, 0.7)
    design = problem.design
    level = design.y - design.offset
    mean = np.average(level, weights=design.weight)
    np.testing.assert_allclose(null.eta, design.offset + mean, rtol=1e-13)
    np.testing.assert_allclose(null.value, design.weight @ (level - mean) ** 2 / (2 * 0.49), rtol=1e-13)
    assert np.all(null.d == 0)


@pytest.mark.parametrize("name", SMOOTH | KINKED)
@pytest.mark.parametrize("intercept", INTERCEPTS)
def test_sparse_columns_have_the_same_null_model(name: str, intercept: str) -> None:
    scale = np.array([0.5, INF, 0.5, 0.5])
    dense = null_model(bind(name, scale, INTERCEPTS[intercept]), 0.7)
    stored = null_model(bind(name, scale, INTERCEPTS[intercept], wrap=sparse.csc_array), 0.7)
    np.testing.assert_allclose(stored.value, dense.value, rtol=1e-11)
    # Two searches may end on either side of a minimum, at the root of the value's rounding from it.
    np.testing.assert_allclose(stored.eta, dense.eta, atol=1e-7)


def test_the_norm_of_the_slopes_is_weighted_and_one_where_it_vanishes() -> None:
    problem = bind("gaussian", 0.5, priors.Flat())
    weight = problem.design.weight
    null = null_model(problem, 0.7)
    slope = (null.eta - problem.design.y) / 0.49
    np.testing.assert_allclose(null.slope_norm(weight), np.sqrt(weight @ slope**2), rtol=1e-13)
    constant = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)).bind(make_design(np.eye(3), np.full(3, 2.0)))
    assert null_model(constant, 1.0).slope_norm(np.ones(3)) == 1.0


def test_each_noise_level_has_its_own_and_the_strength_of_the_penalty_changes_nothing() -> None:
    X, y = rows("gaussian")
    problem = br.Model(likelihoods.Gaussian(), priors.Laplace(0.5, relative_to="sigma")).bind(make_design(X, y))
    one, two = null_model(problem, 1.0), null_model(problem, 2.0)
    np.testing.assert_allclose(one.value, 4 * two.value, rtol=1e-13)
    assert null_model(problem.with_strength(7.0), 2.0).value == two.value


@pytest.mark.parametrize("mean", [1e4, 1e7])
@pytest.mark.parametrize("name", ["gaussian", "bernoulli", "laplace"])
def test_a_large_mean_of_a_free_column_goes_into_the_intercept(name: str, mean: float) -> None:
    X, y = rows(name)
    model = br.Model((SMOOTH | KINKED)[name], priors.Laplace([INF, 0.5, 0.5, 0.5]))
    plain = null_model(model.bind(make_design(X, y)), 0.7)
    moved = null_model(model.bind(make_design(X + np.array([mean, 0, 0, 0]), y)), 0.7)
    # X + mean is itself rounded.
    np.testing.assert_allclose(moved.value, plain.value, rtol=10 * 2.0**-52 * mean)
    np.testing.assert_allclose(moved.eta, plain.eta, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("offset", [-300.0, -40.0, 40.0, 300.0])
@pytest.mark.parametrize("name", ["bernoulli", "poisson"])
def test_an_offset_far_away_is_made_up_for(name: str, offset: float) -> None:
    X, y = rows(name)
    model = br.Model(SMOOTH[name], priors.Laplace([INF, 0.5, 0.5, 0.5]))
    plain = null_model(model.bind(make_design(X, y)), 1.0)
    moved = null_model(model.bind(make_design(X, y, None, np.full(40, offset))), 1.0)
    np.testing.assert_allclose(moved.eta, plain.eta, rtol=1e-7, atol=1e-9)

"""Local optima of Student-t errors: stationary, at least as good as what scipy finds, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.majorise_minimise import MajoriseMinimise
from bayesreg.outcomes import Mode

ENGINE = MajoriseMinimise()
PRIORS = {
    "lasso": priors.Laplace(0.3),
    "ridge": priors.Gaussian(0.3, loc=0.2),
    "net": priors.ElasticNet(2.0, 1.0),
    "some free": priors.Gaussian([np.inf, 0.3, 0.3, np.inf]),
    "signs": priors.Laplace(0.3, positive=True),
    "flat": priors.Flat(),
    "groups": priors.GroupLaplace([0, 0, 1, 1], 0.4),
}


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((50, 4)) + np.array([0.0, 2.0, 0.0, 0.0])
    return X, 1.0 + X @ [1.0, 0.0, -0.5, 0.0] + rng.standard_t(2, 50)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.5, loc=1.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize("name", PRIORS)
def test_the_mode_is_stationary_and_no_worse_than_what_another_search_finds(
    name: str, intercept: Any, layout: Any
) -> None:
    X, y = rows()
    weight, offset = np.arange(50) % 3.0, np.linspace(-1, 1, 50)
    model = br.Model(
        likelihoods.StudentT(3.0, 0.8),
        PRIORS[name],
        fit_intercept=intercept is not None,
        intercept=intercept or priors.Flat(),
    )
    problem = model.bind(make_design(layout(X), y, weight, offset))
    assert ENGINE.why_not(problem) is None
    mode = ENGINE.find_map(problem, 0.8, None, 10_000)
    assert mode.optima is not None
    assert mode.optima >= 1
    penalty, d = problem.penalty(0.8), mode.coef - problem.loc
    slope = weight * problem.likelihood.gradient(problem.linear_predictor(mode.coef, mode.intercept), y, 0.8)
    assert np.max(penalty.subdifferential_distance(d, X.T @ slope)) < 1e-7

    def negative(x: np.ndarray) -> float:
        coef, b0 = x[1:], x[0] if intercept is not None else 0.0
        eta = b0 + X @ coef + offset
        total = float(weight @ problem.likelihood.loss(eta, y, 0.8)) + penalty.value(coef - problem.loc)
        return total + (0.5 * 4.0 * (b0 - 1.0) ** 2 if isinstance(intercept, priors.Gaussian) else 0.0)

    here = negative(np.append(mode.intercept, mode.coef))
    for start in (np.ones(5), np.append(mode.intercept, np.abs(mode.coef)) + 0.1):
        found = optimize.minimize(negative, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10})
        assert here <= found.fun + 1e-8


def test_two_lines_through_the_rows_make_two_optima_and_the_better_is_the_mode() -> None:
    rng = np.random.default_rng(8)
    x, first = rng.standard_normal(30), rng.random(30) < 0.5
    y = np.where(first, 5 * x, 3 - 5 * x) + 0.1 * rng.standard_normal(30)
    model = br.Model(likelihoods.StudentT(1.0, 0.1), priors.Laplace(1.0))
    mode = br.find_map(model, x[:, None], y)
    assert mode.certificate.optima == 2
    assert mode.certificate.local
    assert not mode.certificate.unique
    assert np.isnan(mode.certificate.gap)
    problem = model.bind(make_design(x[:, None], y))
    values = []
    for slope, intercept in ((5.0, 0.0), (-5.0, 3.0)):
        near = ENGINE.find_map(problem, 0.1, Mode(np.array([slope]), intercept, 0), 10_000)
        assert near.optima == 1
        np.testing.assert_allclose([near.coef[0], near.intercept], [slope, intercept], atol=0.2)
        values.append(problem.log_posterior(near.coef, near.intercept))
    np.testing.assert_allclose(mode.log_posterior, max(values), rtol=1e-12)
    assert abs(values[0] - values[1]) > 1.0


def test_a_path_takes_every_point_from_its_own_starts() -> None:
    X, y = rows()
    problem = br.Model(likelihoods.StudentT(3.0, 0.8), priors.Laplace(0.3)).bind(make_design(X, y))
    strengths = np.array([30.0, 1.0, 0.1])
    for strength, mode in zip(strengths, ENGINE.find_path(problem, 0.8, strengths, 10_000), strict=True):
        alone = ENGINE.find_map(problem.with_strength(strength), 0.8, None, 10_000)
        np.testing.assert_array_equal(mode.coef, alone.coef)


@pytest.mark.parametrize("df", [1.0, 4.0, 1e6])
def test_many_degrees_of_freedom_are_least_squares(df: float) -> None:
    X, y = rows()
    mode = br.find_map(br.Model(likelihoods.StudentT(df, 5.0), priors.Laplace(3.0)), X, y)
    least = br.find_map(br.Model(likelihoods.Gaussian(5.0), priors.Laplace(3.0)), X, y)
    distance = np.abs(mode.coef - least.coef).max()
    assert distance < 1e-4 if df == 1e6 else distance > 1e-3


def test_more_columns_than_rows_under_a_ridge_end_quietly_at_a_stationary_point() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((8, 20)), rng.standard_t(2, 8)
    mode = br.find_map(br.Model(likelihoods.StudentT(3.0, 0.8), priors.Gaussian(1e3)), X, y)
    assert mode.certificate.accepted


def test_it_refuses_a_convex_loss_with_the_reason() -> None:
    X, y = rows()
    problem = br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(0.3)).bind(make_design(X, y))
    assert "convex" in str(ENGINE.why_not(problem))

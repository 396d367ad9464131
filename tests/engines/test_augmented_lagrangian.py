"""The augmented Lagrangian against the interior point, and on groups against a plain subgradient bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.augmented_lagrangian import AugmentedLagrangian
from bayesreg.engines.interior_point import InteriorPoint

ENGINE = AugmentedLagrangian()
LIKELIHOODS = {"median": likelihoods.Laplace(0.7), "quantile": likelihoods.AsymmetricLaplace(0.2, 0.7)}


def rows(n: int = 30, p: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p)) + np.where(np.arange(p) == 1, 4.0, 0.0)
    return X, 2.0 + X[:, :2] @ [1.0, -2.0] + rng.standard_t(2, n)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.5, loc=1.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize(
    "prior",
    [priors.Laplace(0.5), priors.Gaussian(0.5), priors.ElasticNet(1.0, 2.0), priors.Gaussian(0.5, positive=True)],
    ids=["lasso", "ridge", "net", "signs"],
)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_interior_point_finds_the_same_mode(name: str, prior: Any, intercept: Any, layout: Any) -> None:
    X, y = rows()
    model = br.Model(
        LIKELIHOODS[name], prior, fit_intercept=intercept is not None, intercept=intercept or priors.Flat()
    )
    problem = model.bind(make_design(layout(X), y, np.arange(30) % 3.0, np.linspace(-1, 1, 30)))
    assert ENGINE.why_not(problem) is None
    ours = ENGINE.find_map(problem, 0.7, None, 10_000)
    theirs = InteriorPoint().find_map(problem, 0.7, None, 10_000)
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ours.intercept, theirs.intercept, rtol=1e-8, atol=1e-9)
    assert ours.dual is not None
    up, down = problem.likelihood.slopes(0.7)  # type: ignore[attr-defined]
    weight = problem.design.weight
    assert np.all((ours.dual >= -up * weight) & (ours.dual <= down * weight))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_mode_of_groups_is_certified_and_no_point_beside_it_is_better(name: str, fit_intercept: bool) -> None:
    X, y = rows()
    model = br.Model(LIKELIHOODS[name], priors.GroupLaplace([0, 0, 1, 1, 2, 2], 0.4), fit_intercept=fit_intercept)
    mode = br.find_map(model, X, y)
    assert mode.engine == "augmented_lagrangian"
    assert mode.certificate.accepted
    pairs = mode.coef.reshape(3, 2)
    assert np.array_equal(pairs[:, 0] == 0, pairs[:, 1] == 0)

    def value(x: np.ndarray) -> float:
        loss = model.likelihood.loss(x[0] * fit_intercept + X @ x[1:], y, 0.7).sum()
        return float(loss + np.sqrt(2) / 0.4 * np.linalg.norm(x[1:].reshape(3, 2), axis=1).sum())

    best = value(np.append(mode.intercept, mode.coef))
    found = optimize.minimize(
        value, np.append(mode.intercept, mode.coef) + 0.01, method="Powell", options={"maxiter": 20_000, "ftol": 1e-14}
    )
    assert best <= found.fun + 1e-9
    assert found.fun <= best * (1 + 0.02)


def test_a_path_of_groups_is_its_points_one_by_one() -> None:
    X, y = rows()
    prior = priors.GroupLaplace([0, 0, 1, 1, 2, 2], 0.4)
    problem = br.Model(likelihoods.Laplace(0.7), prior).bind(make_design(X, y))
    strengths = np.array([3.0, 1.0, 0.3])
    for strength, mode in zip(strengths, ENGINE.find_path(problem, 0.7, strengths, 10_000), strict=True):
        alone = ENGINE.find_map(problem.with_strength(strength), 0.7, None, 10_000)
        np.testing.assert_allclose(mode.coef, alone.coef, rtol=1e-7, atol=1e-9)


def test_a_response_that_is_met_exactly_by_the_null_model_is_no_obstacle() -> None:
    X, _ = rows()
    problem = br.Model(likelihoods.Laplace(0.7), priors.GroupLaplace([0, 0, 1, 1, 2, 2], 0.4)).bind(
        make_design(X, np.full(30, 3.0))
    )
    mode = ENGINE.find_map(problem, 0.7, None, 10_000)
    assert np.all(mode.coef == 0)
    np.testing.assert_allclose(mode.intercept, 3.0, rtol=1e-12)


def test_it_refuses_a_loss_without_kinks_with_the_reason() -> None:
    X, y = rows()
    smooth = br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(0.3)).bind(make_design(X, y))
    assert "linear pieces" in str(ENGINE.why_not(smooth))

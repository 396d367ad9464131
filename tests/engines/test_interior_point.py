"""The interior point as an engine: linear programs, scikit-learn, and the multiplier that it hands back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.interior_point import InteriorPoint
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

ENGINE = InteriorPoint()
INF = float("inf")
LIKELIHOODS = {"median": likelihoods.Laplace(0.7), "quantile": likelihoods.AsymmetricLaplace(0.2, 0.7)}


def rows(n: int = 30, p: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p)) + np.where(np.arange(p) == 1, 4.0, 0.0)
    return X, 2.0 + X[:, :2] @ [1.0, -2.0] + rng.standard_t(2, n)


def linear_program(problem: Problem, l1: np.ndarray, positive: np.ndarray) -> float:
    """Least value of the loss plus the l1 penalty, as a linear program over split variables."""
    design, n, p = problem.design, problem.n, problem.p
    up, down = problem.likelihood.slopes(0.7)  # type: ignore[attr-defined]
    X = design.X.toarray() if design.is_sparse else design.X
    one = np.ones((n, int(problem.fit_intercept)))
    # eta = o + X loc + b+ - b- + X (d+ - d-), y - eta = u - v.
    A = np.hstack([one, -one, X, -X, np.eye(n), -np.eye(n)])
    cost = np.concatenate([np.zeros(2 * one.shape[1]), l1, l1, design.weight * up, design.weight * down])
    upper = np.full(cost.size, INF)
    first = 2 * one.shape[1] + p
    upper[first : first + p][positive] = 0.0
    found = optimize.linprog(
        cost, A_eq=A, b_eq=design.y - problem.base(), bounds=np.column_stack([np.zeros(cost.size), upper])
    )
    assert found.status == 0
    return float(found.fun)


def value(problem: Problem, mode: Mode, l1: np.ndarray) -> float:
    eta = problem.linear_predictor(mode.coef, mode.intercept)
    loss = problem.design.weight @ problem.likelihood.loss(eta, problem.design.y, 0.7)
    return float(loss + l1 @ np.abs(mode.coef - problem.loc))


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(("n", "p"), [(30, 5), (10, 25)])
@pytest.mark.parametrize("kind", ["lasso", "some free", "signs", "located"])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_value_is_that_of_a_linear_program(
    name: str, kind: str, n: int, p: int, fit_intercept: bool, layout: Any
) -> None:
    X, y = rows(n, p)
    l1 = np.linspace(0.5, 2.0, p)
    positive = (np.arange(p) % 2 == 0) & (kind == "signs")
    l1[1] = 0.0 if kind == "some free" else l1[1]
    prior = priors.Laplace(rate=l1, loc=0.3 if kind == "located" else 0.0, positive=tuple(positive.tolist()))
    weight, offset = np.arange(n) % 3.0, np.linspace(-1, 1, n)
    model = br.Model(LIKELIHOODS[name], prior, fit_intercept=fit_intercept)
    problem = model.bind(make_design(layout(X), y, weight, offset))
    assert ENGINE.why_not(problem) is None
    mode = ENGINE.find_map(problem, 0.7, None, 10_000)
    np.testing.assert_allclose(value(problem, mode, l1), linear_program(problem, l1, positive), rtol=1e-9)
    assert np.all(mode.coef[positive] >= problem.loc[positive])
    # A vertex: as many rows are met exactly as there are coefficients in use.
    residual = y - problem.linear_predictor(mode.coef, mode.intercept)
    met = int(np.sum((np.abs(residual) < 1e-9) & (weight > 0)))
    in_use = int(np.sum(mode.coef != problem.loc)) + fit_intercept
    assert met >= in_use


@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.5, loc=1.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize("prior", [priors.Laplace(0.5), priors.Gaussian(0.5), priors.ElasticNet(1.0, 2.0)])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_multiplier_is_feasible_and_its_dual_value_is_the_objective(name: str, prior: Any, intercept: Any) -> None:
    X, y = rows()
    model = br.Model(
        LIKELIHOODS[name], prior, fit_intercept=intercept is not None, intercept=intercept or priors.Flat()
    )
    problem = model.bind(make_design(X, y, np.arange(30) % 3.0))
    mode = ENGINE.find_map(problem, 0.7, None, 10_000)
    theta, penalty, design = mode.dual, problem.penalty(0.7), problem.design
    assert theta is not None
    dual = -problem.likelihood.conjugate(theta, y, design.weight, 0.7)
    v = -X.T @ theta
    dual -= penalty.conjugate(np.clip(v, -penalty.l1, penalty.l1) if not penalty.l2.any() else v)
    np.testing.assert_array_less(np.abs(v)[penalty.l2 == 0], penalty.l1[penalty.l2 == 0] * (1 + 1e-12))
    primal = value(problem, mode, penalty.l1) + 0.5 * penalty.l2 @ mode.coef**2
    if isinstance(intercept, priors.Gaussian):
        primal += 0.5 * 4.0 * (mode.intercept - 1.0) ** 2
        dual -= 1.0 * -theta.sum() + theta.sum() ** 2 / (2 * 4.0)
    elif intercept is not None:
        assert abs(theta.sum()) < 1e-11 * np.abs(theta).sum()
    np.testing.assert_allclose(dual, primal, rtol=1e-11)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("alpha", [0.02, 0.1])
def test_it_agrees_with_another_library(quantile: float, alpha: float) -> None:
    from sklearn.linear_model import QuantileRegressor

    # A number of rows of which no quantile is a whole number: else the intercept may be anywhere between two rows.
    X, y = rows(61, 6)
    theirs = QuantileRegressor(quantile=quantile, alpha=alpha, solver="highs").fit(X, y)
    # Mean of the check losses plus alpha times the l1 norm; the check loss over sigma is the density's.
    model = br.Model(likelihoods.AsymmetricLaplace(quantile, 1.0), priors.Laplace(rate=61 * alpha))
    ours = br.find_map(model, X, y)
    assert ours.engine == "interior_point"
    up, down = model.likelihood.slopes(1.0)  # type: ignore[attr-defined]
    np.testing.assert_allclose([up, down], [quantile, 1 - quantile])
    np.testing.assert_allclose(ours.coef, theirs.coef_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, rtol=1e-7)


def test_a_path_is_its_points_one_by_one() -> None:
    X, y = rows()
    problem = br.Model(likelihoods.Laplace(0.7), priors.ElasticNet(1.0, 1.0)).bind(make_design(X, y))
    strengths = np.array([10.0, 1.0, 0.1])
    for strength, mode in zip(strengths, ENGINE.find_path(problem, 0.7, strengths, 10_000), strict=True):
        alone = ENGINE.find_map(problem.with_strength(strength), 0.7, None, 10_000)
        np.testing.assert_allclose(mode.coef, alone.coef, rtol=1e-10, atol=1e-12)


def test_it_refuses_with_the_reason() -> None:
    X, y = rows()
    smooth = br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(0.3)).bind(make_design(X, y))
    assert "linear pieces" in str(ENGINE.why_not(smooth))
    groups = br.Model(likelihoods.Laplace(1.0), priors.GroupLaplace([0, 0, 1, 1, 1], 0.3)).bind(make_design(X, y))
    assert "groups" in str(ENGINE.why_not(groups))

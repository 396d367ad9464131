"""scikit-learn, live: its fits meet the optimality conditions of what their rows state, and of no other strength."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model
from scipy import optimize

import bayesreg as br
from bayesreg.conventions import CONVENTIONS, likelihood_from
from bayesreg.model import bind
from tests.conventions.kkt import Fit, violation

INF = math.inf
TIGHT = {"tol": 1e-14, "max_iter": 200_000}
# Stochastic steps of falling size end near the minimum only.
STEPS = {"tol": None, "max_iter": 2_000, "random_state": 0, "average": True, "penalty": "l2"}


def make_data(loss: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(40)
    X = rng.standard_normal((50, 4)) @ (np.eye(4) + 0.3) * [1.0, 2.0, 0.5, 1.0] + [0.0, 1.0, -3.0, 0.5]
    eta = X @ [1.2, 0.0, -0.8, 0.3]
    if loss == "logistic":
        return X, (rng.random(50) < 1 / (1 + np.exp(-(eta - eta.mean())))).astype(float)
    if loss == "poisson":
        return X, rng.poisson(np.exp(0.5 * (eta - eta.mean()))).astype(float)
    if loss == "huber":
        return X, eta + rng.standard_t(2, 50)
    return X, eta + 0.8 * rng.standard_normal(50)


# Class, parameters in the row's names, how it is run, and how far its solver goes.
SKLEARN: list[tuple[str, dict[str, Any], dict[str, Any], float]] = [
    *[("Ridge", {"alpha": alpha}, {}, 1e-12) for alpha in (0.1, 20.0)],
    ("Ridge", {"alpha": 1.0, "positive": True}, {"tol": 1e-14}, 1e-6),
    *[("Lasso", {"alpha": alpha}, TIGHT, 1e-12) for alpha in (0.01, 0.3)],
    ("Lasso", {"alpha": 0.01, "positive": True}, TIGHT, 1e-12),
    *[("ElasticNet", {"alpha": a, "l1_ratio": r}, TIGHT, 1e-12) for a in (0.01, 0.3) for r in (0.1, 0.5, 1.0)],
    ("ElasticNet", {"alpha": 0.01, "l1_ratio": 0.5, "positive": True}, TIGHT, 1e-12),
    ("SGDRegressor", {"alpha": 1.0, "l1_ratio": 0.0}, STEPS | {"eta0": 0.01}, 2e-2),
    ("SGDClassifier", {"alpha": 0.3, "l1_ratio": 0.0}, STEPS | {"loss": "log_loss"}, 2e-2),
    ("HuberRegressor", {"alpha": 3.0, "epsilon": 1.35}, {"tol": 1e-10, "max_iter": 10_000}, 1e-4),
    ("HuberRegressor", {"alpha": 20.0, "epsilon": 1.1}, {"tol": 1e-10, "max_iter": 10_000}, 1e-4),
    ("PoissonRegressor", {"alpha": 0.3}, {"tol": 1e-12, "max_iter": 1000, "solver": "newton-cholesky"}, 1e-12),
    ("LogisticRegression", {"C": 0.3, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cholesky"}, 1e-12),
    ("LogisticRegression", {"C": 3.0, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cg"}, 1e-12),
    ("LogisticRegression", {"C": INF, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cholesky"}, 1e-12),
    *[("LogisticRegression", {"C": 0.3, "l1_ratio": r}, TIGHT | {"solver": "saga"}, 1e-11) for r in (0.3, 1.0)],
]
SIGMA = {"HuberRegressor": "scale_"}
PRECISIONS = ("BayesianRidge", "ARDRegression")


def sklearn_fit(kind: str, parameters: dict[str, Any], options: dict[str, Any], weighted: bool = False) -> Fit:
    X, y = make_data(CONVENTIONS[f"sklearn.{kind}"].loss)
    if kind.startswith("SGD"):
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    weight = np.random.default_rng(41).integers(0, 5, y.size) + 0.5 if weighted else None
    fit = getattr(sklearn.linear_model, kind)(**(parameters | options)).fit(X, y, sample_weight=weight)
    intercept = float(np.asarray(fit.intercept_).reshape(-1)[0])
    sigma = getattr(fit, SIGMA[kind]) if kind in SIGMA else 1.0
    return Fit(f"sklearn.{kind}", parameters, X, y, fit.coef_.reshape(-1), intercept, weight=weight, sigma=sigma)


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize(("kind", "parameters", "options", "reach"), SKLEARN)
def test_a_scikit_learn_fit_is_optimal_for_its_row_and_at_no_other_strength(
    kind: str, parameters: dict[str, Any], options: dict[str, Any], reach: float, weighted: bool
) -> None:
    fit = sklearn_fit(kind, parameters, options, weighted)
    assert violation(fit) <= reach
    main = "C" if "C" in parameters else "alpha"
    if parameters[main] != INF:
        for factor in (0.5, 2.0):
            assert violation(fit.with_changes(**{main: factor * parameters[main]})) > max(1e-4, 3 * reach)
    if parameters.get("l1_ratio", 0.0) not in (0.0, 1.0):
        assert violation(fit.with_changes(l1_ratio=1 - parameters["l1_ratio"] + 0.1)) > 1e-4
    if parameters.get("positive"):
        assert np.any(fit.coef == 0)
        assert violation(fit.with_changes(positive=False)) > 1e-3


@pytest.mark.parametrize("sigma", [1.0, 3.0])
@pytest.mark.parametrize("kind", ["Ridge", "Lasso", "ElasticNet"])
def test_the_map_of_the_row_is_the_fit_at_every_noise_level(kind: str, sigma: float) -> None:
    parameters = {"alpha": 0.3, "l1_ratio": 0.5} if kind == "ElasticNet" else {"alpha": 0.3}
    fit = sklearn_fit(kind, parameters, {} if kind == "Ridge" else TIGHT)
    mode = br.find_map(br.Model(likelihood_from(fit.name, sigma=sigma), fit.prior()), fit.X, fit.y)
    np.testing.assert_allclose(mode.coef, fit.coef, rtol=1e-10, atol=1e-12)
    assert mode.intercept == pytest.approx(fit.intercept, rel=1e-10)


@pytest.mark.parametrize("kind", PRECISIONS)
@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
def test_a_fit_by_precisions_is_the_posterior_mean_at_them(kind: str, weighted: bool) -> None:
    X, y = make_data("squared")
    weight = np.random.default_rng(41).integers(0, 5, y.size) + 0.5 if weighted and kind == "BayesianRidge" else None
    options = {"threshold_lambda": 1e30} if kind == "ARDRegression" else {}
    estimator = getattr(sklearn.linear_model, kind)(**options)
    fit = estimator.fit(X, y) if weight is None else estimator.fit(X, y, sample_weight=weight)
    parameters, sigma = {"lambda_": fit.lambda_}, fit.alpha_**-0.5
    numbers = Fit(f"sklearn.{kind}", parameters, X, y, fit.coef_, fit.intercept_, weight=weight, sigma=sigma)
    assert violation(numbers) <= 1e-12
    assert numbers.prior().relative_to is None
    assert violation(numbers.with_changes(lambda_=1.5 * fit.lambda_)) > 1e-5
    back = br.penalty_for(numbers.name, numbers.prior(), sigma=sigma)
    np.testing.assert_allclose(back["lambda_"], fit.lambda_, rtol=1e-13)


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize("quantile", [0.5, 0.8])
def test_a_quantile_fit_has_the_smallest_sum_of_its_loss_and_penalty(quantile: float, weighted: bool) -> None:
    X, y = make_data("squared")
    weight = np.random.default_rng(41).integers(0, 5, y.size).astype(float) if weighted else np.ones(y.size)
    alpha = 0.1
    fit = sklearn.linear_model.QuantileRegressor(quantile=quantile, alpha=alpha).fit(X, y, sample_weight=weight)
    prior = br.prior_from("sklearn.QuantileRegressor", alpha=alpha, quantile=quantile, sum_weights=weight.sum())
    assert (prior.scale, prior.relative_to) == (pytest.approx(1 / (weight.sum() * alpha)), "sigma")
    for sigma in (1.0, 2.5):
        likelihood = likelihood_from("sklearn.QuantileRegressor", quantile=quantile, sigma=sigma)
        problem = bind(br.Model(likelihood, prior), X, y, weight)

        def value(coef: np.ndarray, intercept: float, problem: Any = problem, sigma: float = sigma) -> float:
            return -problem.log_posterior(coef, intercept, sigma)

        at = value(fit.coef_, fit.intercept_)
        for step in (1e-4, 1e-2, 0.5):
            for j in range(4):
                for sign in (-step, step):
                    assert value(fit.coef_ + sign * (np.arange(4) == j), fit.intercept_) >= at - 1e-9
        # Free of constants: the loss and the penalty that scikit-learn states, over the scale.
        other = fit.coef_ + 0.1
        stated = [
            weight @ np.where((e := y - X @ w - fit.intercept_) > 0, quantile * e, (quantile - 1) * e)
            + weight.sum() * alpha * np.abs(w).sum()
            for w in (fit.coef_, other)
        ]
        assert value(other, fit.intercept_) - at == pytest.approx((stated[1] - stated[0]) / sigma, rel=1e-9)


def test_a_wrong_quantile_penalty_has_another_minimum() -> None:
    X, y = make_data("squared")
    fit = sklearn.linear_model.QuantileRegressor(quantile=0.5, alpha=0.1).fit(X, y)
    for factor, same in ((1.0, True), (2.0, False), (0.5, False)):
        prior = br.prior_from("sklearn.QuantileRegressor", alpha=0.1 * factor, n=50)
        mode = br.find_map(br.Model(likelihood_from("sklearn.QuantileRegressor"), prior), X, y)
        assert np.allclose(mode.coef, fit.coef_, atol=1e-8) is same


def test_the_rows_of_scikit_learn_are_all_verified_live() -> None:
    verified = {f"sklearn.{kind}" for kind, *_ in SKLEARN} | {f"sklearn.{kind}" for kind in PRECISIONS}
    assert verified | {"sklearn.QuantileRegressor"} == {name for name in CONVENTIONS if "sklearn" in name}


@pytest.mark.parametrize("kind", ["Lasso", "ElasticNet", "PoissonRegressor"])
def test_the_sum_of_the_weights_counts_and_not_the_number_of_rows(kind: str) -> None:
    parameters = {"alpha": 0.1, "l1_ratio": 0.5} if kind == "ElasticNet" else {"alpha": 0.1}
    newton = {"tol": 1e-12, "solver": "newton-cholesky"}
    fit = sklearn_fit(kind, parameters, newton if kind == "PoissonRegressor" else TIGHT, weighted=True)
    assert violation(fit.with_changes(n=3)) <= 1e-12  # sum_weights= goes before n=
    assert violation(fit.with_changes(sum_weights=50.0)) > 1e-4


@pytest.mark.parametrize("kind", ["SGDRegressor", "SGDClassifier"])
def test_the_number_of_rows_counts_for_stochastic_descent_and_not_the_weights(kind: str) -> None:
    options = STEPS | ({"eta0": 0.01} if kind == "SGDRegressor" else {"loss": "log_loss"})
    fit = sklearn_fit(kind, {"alpha": 0.3, "l1_ratio": 0.0}, options, weighted=True)
    assert violation(fit) <= 2e-2
    assert violation(fit.with_changes(n=fit.w.sum())) > 6e-2


def test_unnamed_parameters_are_those_of_the_library() -> None:
    for name, row in CONVENTIONS.items():
        library, _, kind = name.partition(".")
        if library != "sklearn" or kind in PRECISIONS or kind.startswith("SGD"):
            continue  # fitted numbers, or an l1_ratio that another parameter switches off
        defaults = getattr(sklearn.linear_model, kind)().get_params()
        assert {key: parameter.default for key, parameter in row.parameters.items()} == {
            key: defaults[key] for key in row.parameters
        }
        stated = br.prior_from(name, n=50, sigma=1.0, **{key: defaults[key] for key in row.parameters})
        assert br.prior_from(name, n=50, sigma=1.0) == stated


def test_ridge_is_the_minimum_of_its_objective_by_a_general_optimiser() -> None:
    fit = sklearn_fit("Ridge", {"alpha": 20.0}, {})

    def objective(w: np.ndarray) -> float:
        return float(np.sum((fit.y - w[0] - fit.X @ w[1:]) ** 2) + 20.0 * w[1:] @ w[1:])

    found = optimize.minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-6}).x
    np.testing.assert_allclose(found, [fit.intercept, *fit.coef], atol=1e-5)

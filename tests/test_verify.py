"""Anybody's fit is judged by the objective that it claims to minimise, and read the way it was made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model as sk
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError, UnsupportedInputError

Data = tuple[np.ndarray, np.ndarray]
TIGHT = {"tol": 1e-14, "max_iter": 200_000}
# Solvers whose own criterion can be met to rounding; lbfgs stops where its line search no longer sees a decrease.
NEWTON = TIGHT | {"solver": "newton-cholesky"}
SAGA = TIGHT | {"solver": "saga"}
LIBLINEAR = {"tol": 1e-13, "max_iter": 200_000, "solver": "liblinear"}
# Its primal solver of the l2 problem stops where the objective's fall is lost in rounding; the dual one goes on.
DUAL = LIBLINEAR | {"dual": True}


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(50)
    X = rng.standard_normal((60, 4)) @ (np.eye(4) + 0.3) + [0.0, 2.0, -1.0, 0.0]
    return X, 1.0 + X @ [1.5, 0.0, -0.7, 0.05] + rng.standard_normal(60)


@pytest.fixture(scope="module")
def labels(data: Data) -> Data:
    """The same columns with the classes "ill" and "well", which they do not separate."""
    X, y = data
    noisy = y - y.mean() + 2.0 * np.random.default_rng(51).standard_normal(y.size)
    return X, np.where(noisy > 0.7, "well", "ill")


@pytest.fixture(scope="module")
def weight() -> np.ndarray:
    return np.random.default_rng(52).integers(1, 4, 60) * 0.5


def check_optimal(found: Any) -> None:
    assert found.accepted
    assert found.certificate.accepted
    assert found.certificate.kkt <= 1e-9
    assert found.ours.certificate.accepted
    assert found.same_zeros
    assert found.zeros == found.best_zeros
    assert found.max_difference <= 1e-9
    assert abs(found.excess) <= 1e-12 * abs(found.best_objective)
    assert not any("stopped" in note for note in found.notes)
    for name in ("minimises", "prior", "objective", "certificate", "coefficients", "zeros", "intercept"):
        assert f"\n  {name} " in str(found)


# Estimator, and the start of the label that says its penalty.
SQUARED: dict[str, tuple[Any, str]] = {
    "least squares": (sk.LinearRegression(), "sklearn LinearRegression()"),
    "ridge": (sk.Ridge(0.7), "sklearn Ridge(alpha=0.7)"),
    "ridge, svd": (sk.Ridge(0.7, solver="svd"), "sklearn Ridge(alpha=0.7, solver='svd')"),
    "ridge without penalty": (sk.Ridge(0.0), "sklearn Ridge(alpha=0)"),
    "ridge without intercept": (sk.Ridge(0.7, fit_intercept=False), "sklearn Ridge(alpha=0.7)"),
    "lasso": (sk.Lasso(0.1, **TIGHT), "sklearn Lasso(alpha=0.1)"),
    "lasso, random": (
        sk.Lasso(0.1, selection="random", random_state=0, **TIGHT),
        "sklearn Lasso(alpha=0.1)",
    ),
    "lasso without intercept": (sk.Lasso(0.1, fit_intercept=False, **TIGHT), "sklearn Lasso(alpha=0.1)"),
    "empty lasso": (sk.Lasso(100.0, **TIGHT), "sklearn Lasso(alpha=100)"),
    "elastic net": (
        sk.ElasticNet(alpha=0.2, l1_ratio=0.7, **TIGHT),
        "sklearn ElasticNet(alpha=0.2, l1_ratio=0.7)",
    ),
    "ridge by cv": (sk.RidgeCV(alphas=(0.5, 5.0, 50.0), cv=3), "sklearn RidgeCV(alpha="),
    "lasso by cv": (sk.LassoCV(alphas=8, cv=3, **TIGHT), "sklearn LassoCV(alpha="),
    "elastic net by cv": (
        sk.ElasticNetCV(l1_ratio=[0.3, 0.9], alphas=8, cv=3, **TIGHT),
        "sklearn ElasticNetCV(alpha=",
    ),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize("name", SQUARED)
def test_a_squared_loss_fit_of_scikit_learn_is_accepted(
    name: str, weighted: bool, data: Data, weight: np.ndarray
) -> None:
    estimator, label = SQUARED[name]
    if weighted and name == "ridge by cv":
        estimator = sk.RidgeCV(alphas=(0.5, 5.0, 50.0))  # without cv: its grid search passes no weights by default
    given = weight if weighted else None
    fit = estimator.fit(*data, sample_weight=given)
    found = br.verify(fit, *data, sample_weight=given)
    check_optimal(found)
    assert found.label.startswith(label)
    assert found.intercept == ("free" if fit.fit_intercept else "none")
    if name == "empty lasso":
        assert found.zeros == 4
    if weighted and name != "empty lasso":
        assert not br.verify(fit, *data).accepted


LOGISTIC: dict[str, tuple[dict[str, Any], str]] = {
    "l2": ({"C": 0.5} | NEWTON, "free"),
    "l2, newton-cg": ({"C": 0.5} | TIGHT | {"solver": "newton-cg"}, "free"),
    "l2 without intercept": ({"C": 0.5, "fit_intercept": False} | NEWTON, "none"),
    "no penalty": ({"C": math.inf} | NEWTON, "free"),
    "l1": ({"C": 0.5, "l1_ratio": 1.0} | SAGA, "free"),
    "elastic net": ({"C": 0.5, "l1_ratio": 0.6} | SAGA, "free"),
    "l1 without intercept": ({"C": 0.5, "l1_ratio": 1.0, "fit_intercept": False} | SAGA, "none"),
    "liblinear l2": ({"C": 0.5} | DUAL, "penalised"),
    "liblinear l1": ({"C": 0.5, "l1_ratio": 1.0} | LIBLINEAR, "penalised"),
    "liblinear l2, scaled": ({"C": 0.5, "intercept_scaling": 7.0} | DUAL, "penalised"),
    "liblinear l1, scaled": ({"C": 0.5, "l1_ratio": 1.0, "intercept_scaling": 7.0} | LIBLINEAR, "penalised"),
    "liblinear without intercept": ({"C": 0.5, "fit_intercept": False} | DUAL, "none"),
    "class weights": ({"C": 0.5, "class_weight": {"ill": 3.0, "well": 0.5}} | NEWTON, "free"),
    "one class weight": ({"C": 0.5, "class_weight": {"well": 2.5}} | NEWTON, "free"),
    "balanced": ({"C": 0.5, "class_weight": "balanced"} | NEWTON, "free"),
    "balanced l1": ({"C": 0.5, "l1_ratio": 1.0, "class_weight": "balanced"} | SAGA, "free"),
    "balanced liblinear": ({"C": 0.5, "class_weight": "balanced"} | DUAL, "penalised"),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize("name", LOGISTIC)
def test_a_logistic_fit_of_scikit_learn_is_accepted(
    name: str, weighted: bool, labels: Data, weight: np.ndarray
) -> None:
    options, intercept = LOGISTIC[name]
    given = weight if weighted else None
    # liblinear shuffles.
    fit = sk.LogisticRegression(**options, random_state=0).fit(*labels, sample_weight=given)
    found = br.verify(fit, *labels, sample_weight=given)
    check_optimal(found)
    assert found.intercept == intercept
    assert found.label.startswith(f"sklearn LogisticRegression(C={options['C']:g}, l1_ratio=")
    assert f"solver='{options['solver']}'" in found.label
    if "class_weight" in options:
        assert not br.verify(fit.set_params(class_weight=None), *labels, sample_weight=given).accepted


@pytest.mark.parametrize("code", [lambda y: y == "well", lambda y: np.where(y == "well", 7, -2), lambda y: y.tolist()])
def test_classes_may_be_coded_in_any_way_that_scikit_learn_takes(code: Callable[[Any], Any], labels: Data) -> None:
    X, y = labels
    check_optimal(br.verify(sk.LogisticRegression(**NEWTON).fit(X, code(y)), X, code(y)))


def test_a_data_frame_is_read_as_its_numbers(labels: Data) -> None:
    import pandas as pd

    X, y = pd.DataFrame(labels[0], columns=list("abcd")), pd.Series(labels[1])
    found = br.verify(sk.LogisticRegression(**NEWTON).fit(X, y), X, y)
    check_optimal(found)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_the_penalised_intercept_of_liblinear_is_said_and_is_not_the_optimum_of_a_free_one(
    l1_ratio: float, labels: Data
) -> None:
    options = DUAL if l1_ratio == 0 else LIBLINEAR
    fit = sk.LogisticRegression(C=0.5, l1_ratio=l1_ratio, random_state=0, **options).fit(*labels)
    found = br.verify(fit, *labels)
    check_optimal(found)
    (note,) = (note for note in found.notes if "free intercept" in note)
    assert "penalises the intercept" in note
    assert "NOT optimal" in note
    free = br.verify(
        fit.coef_[0],
        labels[0],
        (labels[1] == "well").astype(float),
        intercept=fit.intercept_[0],
        convention="sklearn.LogisticRegression",
        C=0.5,
        l1_ratio=l1_ratio,
    )
    assert free.intercept == "free"
    assert not free.accepted
    assert free.excess > 1e-3
    # Ours of the penalised reading has the same intercept as theirs: the coefficient of the appended column.
    assert found.ours.coef[-1] == pytest.approx(fit.intercept_[0], rel=1e-9)


def test_the_primal_solver_of_liblinear_is_at_the_optimum_of_its_objective_up_to_where_it_stops(labels: Data) -> None:
    found = br.verify(sk.LogisticRegression(C=0.5, **LIBLINEAR).fit(*labels), *labels)
    assert found.intercept == "penalised"
    assert found.certificate.relative_gap <= 1e-10
    assert found.certificate.kkt <= 1e-6


def test_a_lasso_at_the_default_tolerance_is_exposed() -> None:
    X, y = load_diabetes(return_X_y=True)
    found = br.verify(sk.Lasso(0.1).fit(X, y), X, y)
    assert not found.accepted
    assert 1e-7 < found.certificate.relative_gap < 1e-3
    assert 0 < found.excess <= found.certificate.gap * (1 + 1e-9)
    assert any("stopped before the optimum" in note for note in found.notes)
    assert "NOT optimal" in str(found)
    check_optimal(br.verify(sk.Lasso(0.1, **TIGHT).fit(X, y), X, y))


@pytest.mark.parametrize("tol", [1e-4, 1e-14])
def test_a_fit_by_lbfgs_is_exposed_at_any_tolerance(tol: float) -> None:
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    X = ((X - X.mean(0)) / X.std(0))[:, :8]
    found = br.verify(sk.LogisticRegression(tol=tol, max_iter=10_000).fit(X, y), X, y)
    assert found.ours.certificate.accepted
    assert not found.accepted
    assert found.excess >= -1e-13 * found.best_objective
    assert found.max_difference > 1e-9


def test_an_elastic_net_is_not_accepted_as_another_penalty(data: Data) -> None:
    fit = sk.ElasticNet(alpha=0.2, l1_ratio=0.7, **TIGHT).fit(*data)
    assert br.verify(fit, *data).accepted
    for changed in ({"alpha": 0.21}, {"l1_ratio": 0.69}, {"fit_intercept": False}):
        found = br.verify(sk.ElasticNet(**(fit.get_params() | changed)).fit(*data), *data)
        assert found.accepted
        copied = sk.ElasticNet(**(fit.get_params() | changed)).fit(*data)
        copied.coef_, copied.intercept_ = fit.coef_, fit.intercept_
        assert not br.verify(copied, *data).accepted


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0])
def test_perturbed_coefficients_are_rejected(size: float, data: Data) -> None:
    for estimator in (sk.Ridge(0.7), sk.Lasso(0.1, **TIGHT)):
        fit = estimator.fit(*data)
        exact = fit.coef_
        for j in np.flatnonzero(exact):
            fit.coef_ = exact + size * (np.arange(4) == j)
            found = br.verify(fit, *data)
            assert not found.accepted
            assert found.excess > 0
            assert found.max_difference == pytest.approx(size / np.abs(exact).max(), rel=1e-6)
        fit.coef_ = exact
        fit.intercept_ += size
        assert not br.verify(fit, *data).accepted


def test_a_zero_that_is_missing_or_wrong_is_told(data: Data) -> None:
    fit = sk.Lasso(0.1, **TIGHT).fit(*data)
    zeros = int(np.sum(fit.coef_ == 0))
    assert 0 < zeros < 4
    fit.coef_ = np.where(fit.coef_ == 0, 1e-9, fit.coef_)
    found = br.verify(fit, *data)
    assert (found.zeros, found.best_zeros, found.same_zeros) == (0, zeros, False)
    assert "NOT the same ones" in str(found)


def test_the_objective_is_that_of_our_scale_and_never_below_ours(data: Data) -> None:
    X, y = data
    fit = sk.Lasso(0.1).fit(X, y)
    found = br.verify(fit, X, y)
    residual = y - fit.predict(X)
    expected = 0.5 * residual @ residual + 60 * 0.1 * np.abs(fit.coef_).sum()
    assert found.objective == pytest.approx(expected, rel=1e-13)
    assert found.best_objective == found.ours.certificate.objective
    assert found.excess == found.objective - found.best_objective
    rng = np.random.default_rng(53)
    for size in (1e-8, 1e-4, 1.0):
        fit.coef_ = found.ours.coef + size * rng.standard_normal(4)
        fit.intercept_ = found.ours.intercept
        assert br.verify(fit, X, y).excess >= -1e-13 * expected


# Other losses.


def test_a_poisson_fit_is_accepted(data: Data, weight: np.ndarray) -> None:
    X, y = data
    counts = np.round(np.exp((y - y.mean()) / 4))
    for given in (None, weight):
        estimator = sk.PoissonRegressor(alpha=0.3, solver="newton-cholesky", tol=1e-12)
        found = br.verify(estimator.fit(X, counts, sample_weight=given), X, counts, sample_weight=given)
        check_optimal(found)
        assert found.label == "sklearn PoissonRegressor(alpha=0.3, solver='newton-cholesky')"
        fit = estimator.set_params(alpha=0.31)
        assert not br.verify(fit, X, counts, sample_weight=given).accepted


@pytest.mark.parametrize("quantile", [0.5, 0.8])
def test_a_quantile_fit_is_accepted(quantile: float, data: Data) -> None:
    fit = sk.QuantileRegressor(quantile=quantile, alpha=0.05).fit(*data)
    found = br.verify(fit, *data)
    # HiGHS solves the linear program to a feasibility of 1e-7.
    assert found.certificate.relative_gap <= 1e-9
    assert found.max_difference <= 1e-7
    assert found.label == f"sklearn QuantileRegressor(alpha=0.05, quantile={quantile}, solver='highs')"
    assert found.intercept == "free"
    assert not br.verify(fit.set_params(alpha=0.06), *data).accepted
    assert not br.verify(fit.set_params(quantile=quantile - 0.05), *data).accepted


def test_a_huber_fit_is_judged_at_its_own_scale(data: Data) -> None:
    X, y = data
    y = y + np.where(np.arange(60) % 9 == 0, 8.0, 0.0)
    fit = sk.HuberRegressor(alpha=5.0, epsilon=1.2, tol=1e-12, max_iter=10_000).fit(X, y)
    found = br.verify(fit, X, y)
    # It is fitted by L-BFGS, together with its scale.
    assert found.certificate.kkt <= 1e-5
    assert found.certificate.relative_gap <= 1e-8
    assert found.max_difference <= 1e-4
    assert any("taken as given" in note for note in found.notes)
    fit.coef_, fit.intercept_ = found.ours.coef, found.ours.intercept
    check_optimal(br.verify(fit, X, y))
    for change in ({"alpha": 5.5}, {"epsilon": 1.3}):
        assert not br.verify(
            sk.HuberRegressor(**(fit.get_params() | change))
            .fit(X, y)
            .set_params(**{key: fit.get_params()[key] for key in change}),
            X,
            y,
        ).accepted
    fit.scale_ = 1.1 * fit.scale_
    assert not br.verify(fit, X, y).accepted


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
def test_a_bayesian_ridge_is_the_map_at_its_precisions(weighted: bool, data: Data, weight: np.ndarray) -> None:
    given = weight if weighted else None
    fit = sk.BayesianRidge().fit(*data, sample_weight=given)
    found = br.verify(fit, *data, sample_weight=given)
    check_optimal(found)
    assert any("taken as given" in note for note in found.notes)
    fit.lambda_ = 1.1 * fit.lambda_
    assert not br.verify(fit, *data, sample_weight=given).accepted


def test_a_relevance_fit_is_the_map_at_its_precisions(data: Data) -> None:
    fit = sk.ARDRegression(threshold_lambda=1e30).fit(*data)
    check_optimal(br.verify(fit, *data))


def test_a_logistic_search_is_accepted_at_what_it_chose(labels: Data) -> None:
    fit = sk.LogisticRegressionCV(
        Cs=[0.1, 1.0], l1_ratios=(0.0,), cv=3, scoring="accuracy", use_legacy_attributes=False, **NEWTON
    ).fit(*labels)
    check_optimal(br.verify(fit, *labels))


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
def test_stochastic_descent_is_exposed_as_close_but_not_optimal(
    weighted: bool, data: Data, labels: Data, weight: np.ndarray
) -> None:
    steps = {"alpha": 0.3, "tol": None, "max_iter": 2000, "random_state": 0, "average": True}
    given = weight if weighted else None
    X = (data[0] - data[0].mean(axis=0)) / data[0].std(axis=0)
    for estimator, y in (
        (sk.SGDRegressor(eta0=0.003, **steps), data[1]),
        (sk.SGDClassifier(loss="log_loss", **steps), labels[1]),
    ):
        found = br.verify(estimator.fit(X, y, sample_weight=given), X, y, sample_weight=given)
        assert not found.accepted
        assert 1e-10 < found.certificate.relative_gap < 1e-2
        assert found.max_difference < 0.1


def test_a_sparse_matrix_is_judged_as_its_dense_one(data: Data) -> None:
    from scipy import sparse

    X = np.where(np.abs(data[0]) < 1.0, 0.0, data[0])
    y = data[1]
    for fit in (sk.Lasso(0.1, **TIGHT).fit(X, y), sk.Ridge(0.5).fit(X, y)):
        found = br.verify(fit, sparse.csr_array(X), y)
        check_optimal(found)
        assert found.objective == pytest.approx(br.verify(fit, X, y).objective, rel=1e-12)


def test_liblinear_on_a_sparse_matrix_is_judged_with_its_penalised_intercept(labels: Data) -> None:
    from scipy import sparse

    X = sparse.csr_matrix(np.where(np.abs(labels[0]) < 1.0, 0.0, labels[0]))
    fit = sk.LogisticRegression(C=0.5, random_state=0, **DUAL).fit(X, labels[1])
    found = br.verify(fit, X, labels[1])
    check_optimal(found)
    assert found.intercept == "penalised"


def test_a_constant_column_is_the_intercept_of_a_fit_without_one(data: Data) -> None:
    X = np.column_stack([np.ones(60), data[0]])
    found = br.verify(sk.Ridge(0.7, fit_intercept=False).fit(X, data[1]), X, data[1])
    check_optimal(found)
    assert found.intercept == "penalised"
    assert br.verify(sk.LinearRegression(fit_intercept=False).fit(X, data[1]), X, data[1]).intercept == "free"


# Plain coefficients.


def test_plain_coefficients_are_verified_by_their_convention(data: Data, weight: np.ndarray) -> None:
    X, y = data
    fit = sk.Lasso(0.1, **TIGHT).fit(X, y, sample_weight=weight)
    found = br.verify(
        fit.coef_.tolist(),
        X,
        y,
        intercept=fit.intercept_,
        convention="sklearn.Lasso",
        alpha=0.1,
        sample_weight=weight,
    )
    check_optimal(found)
    assert found.label == "sklearn.Lasso(alpha=0.1)"
    assert found.intercept == "free"
    without = br.verify(fit.coef_, X, y, convention="sklearn.Lasso", alpha=0.1, sample_weight=weight)
    assert without.intercept == "none"
    assert not without.accepted


def test_plain_coefficients_of_glmnet_get_what_the_row_needs_from_the_data(data: Data, weight: np.ndarray) -> None:
    X, y = data
    mean = weight @ X / weight.sum()
    sd = np.sqrt(weight @ (X - mean) ** 2 / weight.sum())
    y_sd = np.sqrt(weight @ (y - weight @ y / weight.sum()) ** 2 / weight.sum())
    # glmnet's own objective, with its quirks, as a scikit-learn fit of scaled columns.
    fit = sk.ElasticNet(alpha=0.2 * (0.4 + 0.6 / y_sd), l1_ratio=0.4 / (0.4 + 0.6 / y_sd), **TIGHT)
    fit.fit((X - mean) / sd, y, sample_weight=weight)
    coef = fit.coef_ / sd
    found = br.verify(
        coef,
        X,
        y,
        intercept=fit.intercept_ - mean @ coef,
        convention="glmnet.gaussian",
        lambda_=0.2,
        alpha=0.4,
        sample_weight=weight,
    )
    check_optimal(found)


def test_a_prior_of_many_columns_is_shown_by_its_first(data: Data) -> None:
    X, y = data
    wide = np.hstack([X, np.random.default_rng(54).standard_normal((60, 16))])
    found = br.verify(np.zeros(20), wide, y, intercept=y.mean(), convention="glmnet.gaussian", lambda_=1e4)
    check_optimal(found)
    assert ", ...)" in found.prior
    assert len(found.prior) < 250


def test_a_textbook_solution_is_verified(data: Data) -> None:
    X, y = data
    coef = np.linalg.solve(X.T @ X + 3.0 * np.eye(4), X.T @ y)
    found = br.verify(coef, X, y, convention="textbook.ridge", lambda_=3.0)
    check_optimal(found)
    assert found.minimises == "RSS + lambda_ ||w||²"
    assert found.prior == repr(br.prior_from("textbook.ridge", lambda_=3.0))


def test_a_penalty_that_depends_on_the_noise_asks_for_its_level(data: Data) -> None:
    X, y = data
    fit = sk.BayesianRidge().fit(X, y)
    stated = {"intercept": fit.intercept_, "convention": "sklearn.BayesianRidge", "lambda_": fit.lambda_}
    check_optimal(br.verify(fit.coef_, X, y, sigma=fit.alpha_**-0.5, **stated))
    assert not br.verify(fit.coef_, X, y, sigma=1.1 * fit.alpha_**-0.5, **stated).accepted
    with pytest.raises(InputError, match=r"sklearn.BayesianRidge depends on the noise level: give sigma="):
        br.verify(fit.coef_, X, y, **stated)
    with pytest.raises(InputError, match="sigma"):
        br.verify(fit.coef_, X, y, sigma=-1.0, **stated)


def test_a_prior_of_any_likelihood_is_no_objective(data: Data) -> None:
    with pytest.raises(InputError, match="under any likelihood"):
        br.verify(np.ones(4), *data, convention="pymc.Laplace", scale=1.0, sigma=1.0)


# Our own results.


@pytest.mark.parametrize(
    "model",
    [
        br.Model(likelihoods.Gaussian(1.1), priors.Laplace(0.1)),
        br.Model(likelihoods.Gaussian(), priors.Laplace(0.1)),
        br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.ElasticNet(4.0, 2.0, relative_to="sigma")),
        br.Model(likelihoods.Gaussian(), priors.Gaussian(0.3), standardize=True, fit_intercept=False),
        br.Model(likelihoods.Gaussian(), priors.Gaussian(0.3, relative_to="penalty")),
        br.Model(likelihoods.Gaussian(0.9), priors.Laplace(0.1), intercept=priors.Gaussian(0.5)),
    ],
    ids=["known", "learned", "relative", "standardized", "penalty", "proper_intercept"],
)
def test_our_own_map_is_verified_as_what_it_is(model: br.Model, data: Data, weight: np.ndarray) -> None:
    X, y = data
    mode = br.find_map(model, X, y, sample_weight=weight)
    found = br.verify(mode, X, y, sample_weight=weight)
    check_optimal(found)
    assert found.label == f"bayesreg {mode.engine}"
    np.testing.assert_allclose(found.objective, mode.certificate.objective, rtol=1e-13)
    flat = isinstance(model.intercept, priors.Flat)
    assert found.intercept == ("none" if not model.fit_intercept else "free" if flat else "penalised")
    assert not br.verify(mode, X, y).accepted
    assert not br.verify(dataclasses.replace(mode, coef=mode.coef * 1.0001), X, y, sample_weight=weight).accepted


@pytest.mark.parametrize(
    "likelihood",
    [likelihoods.Huber(1.2), likelihoods.Laplace(), likelihoods.AsymmetricLaplace(0.7), likelihoods.Huber(1.2, 0.8)],
    ids=["huber", "laplace", "quantile", "huber, known"],
)
def test_our_own_map_under_another_loss_is_verified(likelihood: Any, data: Data) -> None:
    mode = br.find_map(br.Model(likelihood, priors.Laplace(0.1)), *data)
    found = br.verify(mode, *data)
    assert found.accepted
    assert found.max_difference <= 1e-9
    assert not br.verify(dataclasses.replace(mode, coef=mode.coef * 1.001), *data).accepted


def test_our_own_logistic_map_is_verified(labels: Data) -> None:
    X, y = labels[0], (labels[1] == "well").astype(float)
    mode = br.find_map(br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5)), X, y)
    check_optimal(br.verify(mode, X, y))


# What cannot be read is refused with the way out.


@pytest.mark.parametrize(
    "estimator",
    [sk.LinearRegression(), sk.Ridge(), sk.RidgeCV(), sk.Lasso(), sk.LassoCV(), sk.ElasticNet(), sk.ElasticNetCV()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_estimator_that_is_not_fitted_is_refused(estimator: Any, data: Data) -> None:
    with pytest.raises(InputError, match=rf"this {type(estimator).__name__} is not fitted yet: call fit"):
        br.verify(estimator, *data)


def test_a_logistic_regression_that_is_not_fitted_is_refused(labels: Data) -> None:
    with pytest.raises(InputError, match="this LogisticRegression is not fitted yet"):
        br.verify(sk.LogisticRegression(), *labels)


def test_a_pipeline_is_refused_with_the_way_out_and_that_way_works(data: Data) -> None:
    X, y = data
    pipeline = make_pipeline(StandardScaler(), sk.Lasso(0.1, **TIGHT)).fit(X, y)
    with pytest.raises(UnsupportedInputError, match=r"Pipeline.*pass its last step and the X that this step saw"):
        br.verify(pipeline, X, y)
    check_optimal(br.verify(pipeline[-1], pipeline[:-1].transform(X), y))


def test_an_estimator_of_another_kind_is_refused_with_those_that_can_be_read(data: Data) -> None:
    with pytest.raises(
        UnsupportedInputError, match=r"cannot read TheilSenRegressor; it reads .*ElasticNetCV.*convention="
    ):
        br.verify(sk.TheilSenRegressor(random_state=0).fit(*data), *data)


@pytest.mark.parametrize(
    "estimator",
    [
        sk.Lasso(0.01, positive=True, **TIGHT),
        sk.LassoCV(alphas=[0.01, 0.1], cv=3, positive=True, **TIGHT),
        sk.ElasticNet(alpha=0.01, positive=True, **TIGHT),
        sk.LinearRegression(positive=True),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_fit_under_sign_constraints_is_accepted_as_one_and_not_without_them(estimator: Any, data: Data) -> None:
    fit = estimator.fit(*data)
    assert np.any(fit.coef_ == 0)
    found = br.verify(fit, *data)
    check_optimal(found)
    assert "positive=True" in found.label
    assert "positive=True" in found.prior
    assert not br.verify(fit.set_params(positive=False), *data).accepted


def test_more_than_two_classes_are_refused(data: Data) -> None:
    X, y = data[0], np.arange(60) % 3
    with pytest.raises(UnsupportedInputError, match=r"one response; this LogisticRegression has coef_ of shape \(3, 4"):
        br.verify(sk.LogisticRegression().fit(X, y), X, y)


def test_two_responses_are_refused(data: Data) -> None:
    X, y = data
    two = np.column_stack([y, -y])
    with pytest.raises(UnsupportedInputError, match=r"one response; this Ridge has coef_ of shape \(2, 4\)"):
        br.verify(sk.Ridge().fit(X, two), X, two)


def test_separated_classes_without_a_penalty_are_refused(data: Data) -> None:
    X = data[0]
    y = X[:, 0] > np.median(X[:, 0])
    fit = sk.LogisticRegression(C=math.inf, max_iter=10_000).fit(X, y)
    with pytest.raises(InputError, match="no unique solution to compare with: separation"):
        br.verify(fit, X, y)


@pytest.mark.parametrize(
    ("coef", "options", "words"),
    [
        (np.ones(4), {}, r"need convention=.*convention=\"sklearn.Lasso\""),
        (np.ones(4), {"convention": "lasso"}, "no convention 'lasso'; did you mean"),
        (np.ones(4), {"convention": "sklearn.Lasso", "alpha": -1.0}, r"sklearn.Lasso\(alpha="),
        (np.ones(4), {"convention": "sklearn.Lasso", "C": 1.0}, "sklearn.Lasso has no parameter C"),
        (np.ones(3), {"convention": "sklearn.Lasso"}, r"coefficients of shape \(3,\) but X has 4 columns"),
        (np.ones((1, 4)), {"convention": "sklearn.Lasso"}, r"coefficients of shape \(1, 4\) but X has 4 columns"),
        ([1.0, 2.0, math.nan, 0.0], {"convention": "sklearn.Lasso"}, "NaN or infinite coefficients"),
        (np.ones(4), {"convention": "sklearn.Lasso", "intercept": math.inf}, "NaN or infinite coefficients"),
    ],
)
def test_unusable_plain_coefficients_are_refused(coef: Any, options: dict[str, Any], words: str, data: Data) -> None:
    with pytest.raises(InputError, match=words):
        br.verify(coef, *data, **options)


@pytest.mark.parametrize(
    "options", [{"convention": "sklearn.Lasso"}, {"alpha": 0.1}, {"intercept": 0.0}, {"sigma": 1.0}]
)
def test_an_estimator_and_a_map_know_their_penalty_and_refuse_another(options: dict[str, Any], data: Data) -> None:
    with pytest.raises(InputError, match="knows its penalty"):
        br.verify(sk.Lasso().fit(*data), *data, **options)
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.1)), *data)
    with pytest.raises(InputError, match="knows its model"):
        br.verify(mode, *data, **options)


def test_columns_other_than_the_fitted_ones_are_refused(data: Data, labels: Data) -> None:
    X, y = data
    for fit, response in ((sk.Ridge().fit(X, y), y), (sk.LogisticRegression().fit(*labels), labels[1])):
        with pytest.raises(InputError, match=r"coefficients of shape \(4,\) but X has 3 columns"):
            br.verify(fit, X[:, :3], response)


def test_the_columns_of_a_map_other_than_the_fitted_ones_are_refused(data: Data) -> None:
    X, y = data
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.1)), X, y)
    with pytest.raises(InputError, match=r"4.*3 columns"):
        br.verify(mode, X[:, :3], y)


@pytest.mark.parametrize("X", [None, 3.0, "table"])
def test_data_that_are_no_matrix_are_refused_for_classes_too(X: Any, labels: Data) -> None:
    with pytest.raises(InputError, match=r"X (must be 2D|has dtype|holds)"):
        br.verify(sk.LogisticRegression().fit(*labels), X, labels[1])


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_response_of_another_length_is_refused(class_weight: Any, data: Data, labels: Data) -> None:
    X, y = data
    with pytest.raises(InputError, match="X has 60 rows but y has 59"):
        br.verify(sk.Ridge().fit(X, y), X, y[:-1])
    with pytest.raises(InputError, match="X has 60 rows but y has 59"):
        br.verify(sk.LogisticRegression(class_weight=class_weight).fit(*labels), X, labels[1][:-1])


def test_a_response_that_is_no_number_is_refused_by_name(data: Data, labels: Data) -> None:
    X, y = data
    fit = sk.Ridge().fit(X, y)
    with pytest.raises(InputError, match=r"y has dtype.*string"):
        br.verify(fit, X, labels[1])
    with pytest.raises(InputError, match="y contains NaN"):
        br.verify(fit, X, np.where(np.arange(60) == 3, np.nan, y))


def test_a_response_of_one_column_is_read_as_a_vector(data: Data) -> None:
    X, y = data
    check_optimal(br.verify(sk.Ridge().fit(X, y[:, None]), X, y[:, None]))


def test_a_label_that_the_fit_does_not_know_is_refused(labels: Data) -> None:
    X, y = labels
    fit = sk.LogisticRegression().fit(X, y)
    with pytest.raises(InputError, match="maybe"):
        br.verify(fit, X, np.where(np.arange(60) == 3, "maybe", y))


@pytest.mark.parametrize("bad", [-np.ones(60), np.full(60, np.nan), np.ones(59)])
def test_unusable_row_weights_are_refused_by_name(bad: np.ndarray, data: Data) -> None:
    with pytest.raises(InputError, match="sample_weight"):
        br.verify(sk.Ridge().fit(*data), *data, sample_weight=bad)


def test_a_lasso_with_a_repeated_column_is_accepted_and_said_not_to_be_unique(data: Data) -> None:
    X, y = data
    doubled = np.column_stack([X, X[:, 0]])
    found = br.verify(sk.Lasso(0.1, **TIGHT).fit(doubled, y), doubled, y)
    assert found.accepted
    assert not found.certificate.unique
    assert any("not certified unique" in note for note in found.notes)
    assert abs(found.excess) <= 1e-12 * found.best_objective


def test_the_text_holds_every_fact(data: Data) -> None:
    fit = sk.Lasso(0.1).fit(*data)
    fit.coef_ = fit.coef_ * 1.01
    found = br.verify(fit, *data)
    text = str(found)
    for fact in (
        found.label,
        found.minimises,
        found.prior,
        f"{found.objective:.12g}",
        f"{found.excess:.2e}",
        str(found.certificate),
        f"{found.max_difference:.1e}",
        f"{found.zeros}, ours {found.best_zeros}",
        *found.notes,
    ):
        assert fact in text
    assert text.splitlines()[0] == found.label

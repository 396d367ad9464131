"""The estimators and scikit-learn's of the same name find the same fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import nnls
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_diabetes

import bayesreg as br

Data = tuple[np.ndarray, np.ndarray]

# Tolerances at which scikit-learn's solvers come to a halt by rounding.
TIGHT: dict[str, dict[str, Any]] = {
    "Ridge": {},
    "Lasso": {"tol": 1e-14, "max_iter": 200_000},
    "ElasticNet": {"tol": 1e-14, "max_iter": 200_000},
    "LogisticRegression": {"tol": 1e-14, "max_iter": 1000, "solver": "newton-cholesky"},
    "PoissonRegressor": {"tol": 1e-13, "max_iter": 1000, "solver": "newton-cholesky"},
    "QuantileRegressor": {},
}
SQUARED = [
    ("Ridge", {"alpha": 0.1}),
    ("Ridge", {"alpha": 10.0, "fit_intercept": False}),
    ("Lasso", {"alpha": 0.5}),
    ("Lasso", {"alpha": 0.05, "fit_intercept": False}),
    ("Lasso", {"alpha": 0.1, "positive": True}),
    ("ElasticNet", {"alpha": 0.01, "l1_ratio": 0.9}),
    ("ElasticNet", {"alpha": 0.1, "l1_ratio": 0.2, "positive": True}),
]


def both(name: str, parameters: dict[str, Any]) -> tuple[Any, Any]:
    """Return our estimator and scikit-learn's, its tolerance tightened."""
    return getattr(br, name)(**parameters), getattr(linear_model, name)(**parameters, **TIGHT[name])


def check_equal(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    size = np.abs(theirs.coef_).max()
    assert ours.certificate_.accepted
    assert ours.coef_.shape == theirs.coef_.shape
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=tolerance * size)
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=tolerance, atol=tolerance * size)


@pytest.fixture(scope="module")
def diabetes() -> Data:
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def cancer() -> Data:
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    return X[:200, :10], np.array(["benign", "malignant"])[1 - y[:200]]


@pytest.fixture(scope="module")
def counts() -> Data:
    rng = np.random.default_rng(70)
    X = rng.standard_normal((120, 4))
    return X, rng.poisson(np.exp(0.5 + X @ [0.6, -0.4, 0.0, 0.2])).astype(float)


@pytest.mark.parametrize(("name", "parameters"), SQUARED, ids=str)
def test_squared_loss_fits_are_equal(name: str, parameters: dict[str, Any], diabetes: Data) -> None:
    X, y = diabetes
    ours, theirs = both(name, parameters)
    check_equal(ours.fit(X, y), theirs.fit(X, y))
    if name != "Ridge":
        assert np.array_equal(ours.coef_ == 0, theirs.coef_ == 0)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), rel=1e-9)


def test_a_ridge_with_positive_coefficients_is_the_non_negative_least_squares_fit(diabetes: Data) -> None:
    X, y = diabetes
    fit = br.Ridge(alpha=0.5, positive=True).fit(X, y)
    rows = np.vstack([X - X.mean(0), np.sqrt(0.5) * np.eye(X.shape[1])])
    coef, _ = nnls(rows, np.append(y - y.mean(), np.zeros(X.shape[1])))
    np.testing.assert_allclose(fit.coef_, coef, rtol=0, atol=1e-9 * coef.max())
    assert np.array_equal(fit.coef_ == 0, coef == 0)
    assert (coef == 0).any()


@pytest.mark.parametrize(
    "parameters",
    [
        {"C": 0.1},
        {"C": 10.0, "fit_intercept": False},
        {"C": np.inf},
        {"class_weight": "balanced"},
        {"class_weight": {"benign": 3.0, "malignant": 0.5}},
        {"l1_ratio": 1.0, "C": 0.2},
        {"l1_ratio": 0.5, "C": 0.5},
    ],
    ids=str,
)
def test_logistic_fits_are_equal_with_labels_of_text(parameters: dict[str, Any], cancer: Data) -> None:
    X, y = cancer
    X = X[:, :2] if parameters.get("C") == np.inf else X
    ours, theirs = both("LogisticRegression", parameters)
    if parameters.get("l1_ratio"):
        theirs.set_params(solver="saga", tol=1e-15, max_iter=100_000)
    check_equal(ours.fit(X, y), theirs.fit(X, y))
    assert np.array_equal(ours.coef_ == 0, theirs.coef_ == 0)
    assert ours.classes_.tolist() == theirs.classes_.tolist() == ["benign", "malignant"]
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    for method in ("decision_function", "predict_proba"):
        np.testing.assert_allclose(getattr(ours, method)(X), getattr(theirs, method)(X), rtol=1e-7, atol=1e-9)
    # Theirs is the logarithm of a probability, whose rounding it magnifies.
    probable = ours.predict_proba(X) > 1e-6
    log_proba = ours.predict_log_proba(X)
    np.testing.assert_allclose(log_proba[probable], theirs.predict_log_proba(X)[probable], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(log_proba[:, 1] - log_proba[:, 0], ours.decision_function(X), rtol=1e-12)
    assert ours.score(X, y) == theirs.score(X, y)
    assert ours.n_iter_.shape == theirs.n_iter_.shape


@pytest.mark.parametrize("parameters", [{"alpha": 0.5}, {"alpha": 0.01, "fit_intercept": False}], ids=str)
def test_poisson_fits_are_equal(parameters: dict[str, Any], counts: Data) -> None:
    ours, theirs = both("PoissonRegressor", parameters)
    check_equal(ours.fit(*counts), theirs.fit(*counts))
    np.testing.assert_allclose(ours.predict(counts[0]), theirs.predict(counts[0]), rtol=1e-9)
    assert ours.score(*counts) == pytest.approx(theirs.score(*counts), rel=1e-9)
    weight = np.arange(120) % 3
    assert ours.score(*counts, weight) == pytest.approx(theirs.score(*counts, weight), rel=1e-9)


@pytest.mark.parametrize("parameters", [{"alpha": 0.01, "quantile": 0.3}, {"alpha": 0.0, "quantile": 0.8}], ids=str)
def test_quantile_fits_are_equal(parameters: dict[str, Any], linear: Data) -> None:
    # Rows and quantile in general position: the solution of the linear program is a single point.
    ours, theirs = both("QuantileRegressor", parameters)
    check_equal(ours.fit(*linear), theirs.fit(*linear))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [*SQUARED[::2], ("PoissonRegressor", {"alpha": 0.1}), ("QuantileRegressor", {"alpha": 0.02, "quantile": 0.3})],
    ids=str,
)
def test_weighted_and_sparse_fits_are_equal(name: str, parameters: dict[str, Any], counts: Data) -> None:
    rng = np.random.default_rng(71)
    X, y = np.where(rng.random(counts[0].shape) < 0.5, counts[0], 0.0), counts[1]
    y = y if name == "PoissonRegressor" else y + 0.01 * rng.standard_normal(y.size)
    weight = rng.uniform(0, 2, y.size) * (rng.random(y.size) < 0.9)
    ours, theirs = both(name, parameters)
    theirs.fit(X, y, sample_weight=weight)
    check_equal(ours.fit(X, y, sample_weight=weight), theirs)
    check_equal(ours.fit(sparse.csr_array(X), y, sample_weight=weight), theirs)
    np.testing.assert_allclose(ours.predict(sparse.csr_matrix(X)), theirs.predict(X), rtol=1e-8)


def test_a_weighted_logistic_fit_is_equal(cancer: Data) -> None:
    X, y = cancer
    weight = np.random.default_rng(72).uniform(0, 2, y.size)
    ours, theirs = both("LogisticRegression", {"class_weight": "balanced"})
    check_equal(ours.fit(X, y, sample_weight=weight), theirs.fit(X, y, sample_weight=weight))
    check_equal(ours.fit(sparse.csc_matrix(X), y, weight), theirs)

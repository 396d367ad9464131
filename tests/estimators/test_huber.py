"""Huber's coefficients and scale minimise scikit-learn's objective together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model

import bayesreg as br
from bayesreg.errors import InputError
from bayesreg.likelihoods import Huber, Laplace

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def heavy() -> Data:
    """Return 80 rows of errors with heavy tails, and one wild row."""
    rng = np.random.default_rng(80)
    X = rng.standard_normal((80, 4)) * [1.0, 2.0, 0.5, 1.0] + [0.0, 3.0, 0.0, 0.0]
    y = 1.0 + X @ [1.0, -0.5, 0.0, 2.0] + rng.standard_t(2, 80)
    y[7] += 100.0
    return X, y


def objective(fit: Any, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """The objective in scikit-learn's documentation, at the coefficients and the scale of a fit."""
    z = np.abs(y - X @ fit.coef_ - fit.intercept_) / fit.scale_
    loss = np.where(z < fit.epsilon, z**2, 2 * fit.epsilon * z - fit.epsilon**2)
    return float(weight @ (fit.scale_ * (1 + loss)) + fit.alpha * fit.coef_ @ fit.coef_)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("epsilon", "alpha", "fit_intercept"), [(1.35, 1e-4, True), (1.1, 5.0, True), (3.0, 0.0, False), (20.0, 1.0, True)]
)
def test_the_gradient_of_the_joint_objective_is_zero(
    epsilon: float, alpha: float, fit_intercept: bool, weighted: bool, heavy: Data
) -> None:
    X, y = heavy
    weight = np.random.default_rng(81).integers(0, 4, y.size).astype(float) if weighted else np.ones(y.size)
    parameters = {"epsilon": epsilon, "alpha": alpha, "fit_intercept": fit_intercept}
    fit = br.HuberRegressor(**parameters).fit(X, y, weight)
    off = y - X @ fit.coef_ - fit.intercept_
    pull = np.clip(off / fit.scale_, -epsilon, epsilon)
    # Convex in (coef, intercept, scale), so that a gradient of 0 is the minimum; tolerances are rounding.
    size = 1e-12 * (weight @ np.abs(pull))
    np.testing.assert_allclose(X.T @ (weight * pull), alpha * fit.coef_, rtol=0, atol=10 * size)
    assert not fit_intercept or abs(weight @ pull) < size
    assert weight @ (1 - pull**2) == pytest.approx(0.0, abs=1e-11 * weight.sum())
    assert np.array_equal(fit.outliers_, np.abs(off) > epsilon * fit.scale_)
    assert fit.certificate_.accepted


def test_it_is_the_fit_of_scikit_learn_to_the_digits_that_this_has(heavy: Data) -> None:
    X, y = heavy
    ours = br.HuberRegressor(alpha=0.1).fit(X, y)
    theirs = linear_model.HuberRegressor(alpha=0.1, tol=1e-10, max_iter=10_000).fit(X, y)
    # Its L-BFGS stops when the objective no longer falls: half of the digits.
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert ours.scale_ == pytest.approx(theirs.scale_, rel=1e-5)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-5)
    assert np.array_equal(ours.outliers_, theirs.outliers_)
    ones = np.ones(y.size)
    assert objective(ours, X, y, ones) <= objective(theirs, X, y, ones) * (1 + 1e-15)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_rows_that_lie_on_a_plane_are_found_among_outliers(kind: Any) -> None:
    rng = np.random.default_rng(82)
    X = rng.standard_normal((40, 3))
    y = 5.0 + X @ [2.0, 0.0, -1.0]
    y[:6] += [30.0, -20.0, 9.0, -4.0, 50.0, 8.0]
    fit = br.HuberRegressor().fit(kind(X), y)
    np.testing.assert_allclose([fit.intercept_, *fit.coef_], [5.0, 2.0, 0.0, -1.0], atol=1e-9)
    assert fit.outliers_.nonzero()[0].tolist() == list(range(6))
    assert fit.scale_ == pytest.approx(1e-8 * y.std())
    assert isinstance(fit.model_.likelihood, Laplace)


def test_with_more_columns_than_rows_a_weak_penalty_interpolates() -> None:
    rng = np.random.default_rng(83)
    X, y = rng.random((12, 25)), rng.integers(0, 3, 12).astype(float)
    fit = br.HuberRegressor(alpha=1e-6).fit(X, y)
    least = np.linalg.pinv(X - X.mean(0)) @ (y - y.mean())
    np.testing.assert_allclose(fit.coef_, least, atol=1e-8)
    np.testing.assert_allclose(fit.predict(X), y, atol=1e-9)
    # A strong one does not.
    strong = br.HuberRegressor(alpha=30.0).fit(X, y)
    assert strong.scale_ > 0.1 * y.std()
    assert isinstance(strong.model_.likelihood, Huber)


def test_errors_far_below_the_spread_of_y_are_a_scale_and_not_zero() -> None:
    rng = np.random.default_rng(84)
    X = rng.standard_normal((60, 2))
    noise = rng.standard_normal(60)
    y = X @ [3.0, 4.0]
    fine, coarse = (br.HuberRegressor(alpha=0.0, fit_intercept=False).fit(X, y + sd * noise) for sd in (1e-6, 1.0))
    assert fine.scale_ == pytest.approx(1e-6 * coarse.scale_, rel=1e-6)


def test_a_constant_response_is_fitted_by_the_intercept() -> None:
    X = np.random.default_rng(85).standard_normal((20, 3))
    fit = br.HuberRegressor().fit(X, np.full(20, 7.0))
    assert fit.intercept_ == pytest.approx(7.0)
    np.testing.assert_allclose(fit.coef_, 0.0, atol=1e-12)
    assert not fit.outliers_.any()


@pytest.mark.parametrize("epsilon", [1.0, 0.5])
def test_an_epsilon_under_which_no_scale_is_the_best_is_refused(epsilon: float, heavy: Data) -> None:
    with pytest.raises(InputError, match=r"epsilon=\.\.\.\) must be above 1.*QuantileRegressor"):
        br.HuberRegressor(epsilon=epsilon).fit(*heavy)


def test_the_model_has_the_prior_of_the_penalty_at_the_scale(heavy: Data) -> None:
    fit = br.HuberRegressor(alpha=0.5).fit(*heavy)
    assert fit.model_.prior.scale == pytest.approx(np.sqrt(fit.scale_ / 0.5))
    assert fit.model_.likelihood == Huber(1.35)
    assert fit.map_.sigma == fit.scale_

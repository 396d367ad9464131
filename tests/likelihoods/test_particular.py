"""What one likelihood alone promises: known estimates, limits and extreme rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from bayesreg import likelihoods
from tests.likelihoods.cases import ETA, REAL

SAMPLE = stats.gamma(2.0).rvs(301, random_state=4)


def best_constant(likelihood: Any, y: np.ndarray) -> float:
    found = optimize.minimize_scalar(
        lambda eta: float(likelihood.loss(np.full(y.shape, eta), y, 1.0).sum()),
        bounds=(-10, 10),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.93])
def test_the_best_constant_of_the_quantile_loss_is_the_quantile(q: float) -> None:
    # 301 q is not whole, so the sample quantile is one order statistic.
    expected = np.quantile(SAMPLE, q, method="inverted_cdf")
    assert best_constant(likelihoods.AsymmetricLaplace(q), SAMPLE) == pytest.approx(expected, abs=1e-7)


def test_the_best_constant_of_the_absolute_loss_is_the_median() -> None:
    assert best_constant(likelihoods.Laplace(), SAMPLE) == pytest.approx(np.median(SAMPLE), abs=1e-7)


@pytest.mark.parametrize("whole", [True, False])
def test_the_best_constant_of_counts_is_the_logarithm_of_their_mean_whole_or_not(whole: bool) -> None:
    y = np.rint(SAMPLE) if whole else SAMPLE
    assert best_constant(likelihoods.Poisson(), y) == pytest.approx(np.log(y.mean()), abs=1e-6)


def test_the_median_of_the_quantile_loss_is_the_absolute_loss_at_twice_the_scale() -> None:
    half, whole = likelihoods.AsymmetricLaplace(0.5), likelihoods.Laplace()
    for name in ("loss", "gradient", "majorant"):
        found, expected = getattr(half, name)(ETA, REAL, 0.7), getattr(whole, name)(ETA, REAL, 1.4)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert half.row_constant(REAL, 0.7) == pytest.approx(whole.row_constant(REAL, 1.4), rel=1e-14)


@pytest.mark.parametrize(
    ("likelihood", "rtol"),
    [(likelihoods.Huber(30.0), 1e-14), (likelihoods.StudentT(1e10), 1e-7)],
    ids=["huber", "student_t"],
)
def test_without_tails_the_errors_are_normal(likelihood: Any, rtol: float) -> None:
    # The t differs by terms of the order (r / sigma)² / df, the Huber density by exp(-450).
    normal = likelihoods.Gaussian()
    for name in ("loss", "gradient", "curvature", "majorant"):
        found, expected = getattr(likelihood, name)(ETA, REAL, 0.7), getattr(normal, name)(ETA, REAL, 0.7)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-14)
    assert likelihood.row_constant(REAL, 0.7) == pytest.approx(normal.row_constant(REAL, 0.7), rel=rtol)


def test_the_default_tails_of_huber_cost_five_percent_at_normal_errors() -> None:
    delta = likelihoods.Huber().delta
    # Asymptotic efficiency of an M-estimator: (E psi')² / E psi².
    inside = 2 * stats.norm.cdf(delta) - 1
    square = inside - 2 * delta * stats.norm.pdf(delta) + 2 * delta**2 * stats.norm.sf(delta)
    assert inside**2 / square == pytest.approx(0.95, abs=5e-5)


def test_the_logistic_loss_survives_extreme_predictors() -> None:
    eta, y = np.array([-1e4, 1e4, -800.0, 800.0]), np.array([1.0, 0.0, 0.0, 1.0])
    logistic = likelihoods.Bernoulli()
    np.testing.assert_array_equal(logistic.loss(eta, y, 1.0), [1e4, 1e4, 0.0, 0.0])
    np.testing.assert_array_equal(logistic.gradient(eta, y, 1.0), [-1.0, 1.0, 0.0, 0.0])
    # A fitted probability close to its class keeps its relative digits.
    np.testing.assert_allclose(logistic.loss(np.array([40.0]), np.array([1.0]), 1.0), np.exp(-40.0), rtol=1e-12)
    np.testing.assert_allclose(logistic.gradient(np.array([40.0]), np.array([1.0]), 1.0), -np.exp(-40.0), rtol=1e-12)


def test_counts_beyond_the_integers_of_numpy_are_drawn_all_the_same() -> None:
    eta = np.repeat([30.0, 40.0, 60.0], 4000)
    z = likelihoods.Poisson().draw(np.random.default_rng(5), eta, 1.0) / np.exp(eta) - 1
    for row, rate in zip(z.reshape(3, -1), np.exp([30.0, 40.0, 60.0]), strict=True):
        assert stats.kstest(row * np.sqrt(rate), stats.norm.cdf).pvalue > 1e-3


def test_the_constant_of_a_row_that_does_not_count_is_finite() -> None:
    assert np.all(np.isfinite(likelihoods.Poisson().row_constant(np.array([-1.0, -3.0, 2.0]), 1.0)))

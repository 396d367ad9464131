"""F' and F'' against finite differences, and what is claimed of them: smooth, convex, bounded, majorised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.likelihoods.cases import CASES, CONVEX, ETA, SMOOTH, Case

GRID = np.linspace(-30.0, 30.0, 6001)
MAJORISED = [name for name in CASES if name != "poisson"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradient_and_curvature_are_the_derivatives_of_the_loss(case: Case) -> None:
    likelihood, y, sigma = case.likelihood, case.y, case.sigma
    h = 1e-4
    up, down = likelihood.loss(ETA + h, y, sigma), likelihood.loss(ETA - h, y, sigma)
    np.testing.assert_allclose(likelihood.gradient(ETA, y, sigma), (up - down) / (2 * h), rtol=1e-6, atol=1e-8)
    slopes = [likelihood.gradient(ETA + k * h, y, sigma) for k in (1, -1)]
    expected = (slopes[0] - slopes[1]) / (2 * h)
    np.testing.assert_allclose(likelihood.curvature(ETA, y, sigma), expected, rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_smooth_means_a_gradient_without_a_jump(case: Case) -> None:
    # The kinks, where there are any, are at eta = y.
    y = case.y[:2]
    jump = case.likelihood.gradient(y + 1e-9, y, case.sigma) - case.likelihood.gradient(y - 1e-9, y, case.sigma)
    assert case.likelihood.smooth == bool(np.all(np.abs(jump) < 1e-8))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_convex_means_a_gradient_that_never_falls(case: Case) -> None:
    rises = [np.diff(case.likelihood.gradient(GRID, y, case.sigma)) >= 0 for y in case.y]
    assert case.likelihood.convex == bool(np.all(rises))


@pytest.mark.parametrize("name", ["laplace", "asymmetric_laplace"])
def test_at_a_kink_gradient_and_curvature_are_zero(name: str) -> None:
    case = CASES[name]
    np.testing.assert_array_equal(case.likelihood.gradient(case.y, case.y, case.sigma), np.zeros(10))
    np.testing.assert_array_equal(case.likelihood.curvature(case.y, case.y, case.sigma), np.zeros(10))


@pytest.mark.parametrize("name", ["gaussian", "huber", "student_t", "bernoulli"])
@pytest.mark.parametrize("sigma", [0.3, 1.3])
def test_the_bound_of_the_curvature_is_reached_and_never_passed(name: str, sigma: float) -> None:
    likelihood = CASES[name].likelihood
    # A grid through eta = y and eta = 0, where the largest curvatures are.
    largest = max(likelihood.curvature(GRID, y, sigma).max() for y in (0.0, 1.0))
    assert likelihood.curvature_bound(sigma) == pytest.approx(largest, rel=1e-12)


@pytest.mark.parametrize("name", ["laplace", "asymmetric_laplace", "poisson"])
def test_no_bound_is_claimed_where_the_gradient_grows_faster_than_any_line(name: str) -> None:
    likelihood = CASES[name].likelihood
    assert likelihood.curvature_bound(1.3) == np.inf
    # Slopes between points, across the kink or far out.
    ends = np.array([1.0 - 1e-12, 1.0 + 1e-12]) if not likelihood.smooth else np.array([60.0, 60.1])
    assert np.diff(likelihood.gradient(ends, 1.0, 1.3)) / np.diff(ends) > 1e11


def quadratic(case: Case, eta: float, y: float, at: Any) -> Any:
    """The majorant that touches F at ``eta``, evaluated ``at``."""
    h = float(case.likelihood.majorant(np.array(eta), y, case.sigma))
    step = at - eta
    return (
        case.likelihood.loss(eta, y, case.sigma)
        + case.likelihood.gradient(np.array(eta), y, case.sigma) * step
        + h * step**2 / 2
    )


@pytest.mark.parametrize("name", MAJORISED)
def test_the_majorant_lies_above_the_loss_everywhere(name: str) -> None:
    case = CASES[name]
    for eta, y in zip(np.append(ETA, 1e-9), np.append(case.y, 0.0), strict=True):
        bound = quadratic(case, float(eta), float(y), GRID)
        assert np.all(case.likelihood.loss(GRID, y, case.sigma) <= bound * (1 + 1e-12) + 1e-12)


@pytest.mark.parametrize("name", MAJORISED)
def test_the_majorant_is_the_smallest_that_there_is(name: str) -> None:
    # By symmetry it touches F a second time, so that no smaller curvature would do.
    case = CASES[name]
    for eta, y in zip(ETA, case.y, strict=True):
        mirror = -eta if name == "bernoulli" else 2 * y - eta
        expected = case.likelihood.loss(mirror, y, case.sigma)
        np.testing.assert_allclose(quadratic(case, float(eta), float(y), mirror), expected, rtol=1e-10, atol=1e-12)


def test_the_logistic_majorant_passes_through_its_limit_at_zero() -> None:
    logistic = CASES["bernoulli"].likelihood
    eta = np.array([0.0, 5e-324, 1e-9, -1e-9, 1e-7])
    np.testing.assert_allclose(logistic.majorant(eta, np.ones(5), 1.0), 0.25, rtol=1e-15)


@pytest.mark.parametrize("name", ["laplace", "asymmetric_laplace"])
def test_the_majorant_at_a_kink_is_infinite(name: str) -> None:
    case = CASES[name]
    np.testing.assert_array_equal(case.likelihood.majorant(case.y, case.y, case.sigma), np.full(10, np.inf))


def test_an_exponential_has_no_majorant() -> None:
    case = CASES["poisson"]
    np.testing.assert_array_equal(case.likelihood.majorant(ETA, case.y, 1.0), np.full(10, np.inf))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("size", [1e4, 1e100])
def test_a_huge_linear_predictor_gives_finite_numbers(case: Case, size: float) -> None:
    eta = np.repeat([-size, size], 5)
    likelihood, y, sigma = case.likelihood, case.y, case.sigma
    for values in (
        likelihood.loss(eta, y, sigma),
        likelihood.gradient(eta, y, sigma),
        likelihood.curvature(eta, y, sigma),
        likelihood.mean(eta),
        likelihood.draw(np.random.default_rng(3), eta, sigma),
    ):
        assert np.all(np.isfinite(values))
    assert not np.any(np.isnan(likelihood.majorant(eta, y, sigma)))


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("eta", [-299.99, 299.99, -1e3, 1e3])
def test_far_out_the_gradient_is_still_the_slope_of_the_loss(name: str, eta: float) -> None:
    case = CASES[name]
    ends = eta + np.array([-0.01, 0.01])
    slope = np.diff(case.likelihood.loss(ends, 1.0, case.sigma)) / np.diff(ends)
    middle = case.likelihood.gradient(np.array(eta), 1.0, case.sigma)
    # h²/6 of the third derivative, relative, for an exponential; the differences of a loss of 1e6 lose 1e-9.
    np.testing.assert_allclose(slope, middle, rtol=2e-4, atol=1e-8)


@pytest.mark.parametrize("name", CONVEX)
def test_the_curvature_of_a_convex_loss_is_never_negative(name: str) -> None:
    case = CASES[name]
    assert all(np.all(case.likelihood.curvature(GRID, y, case.sigma) >= 0) for y in case.y)

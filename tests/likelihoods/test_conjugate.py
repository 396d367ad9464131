"""The Fenchel conjugate against its definition, its inequality and its domain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from tests.likelihoods.cases import CASES, CONVEX, ETA, WEIGHT, Case


def conjugate_by_search(case: Case, theta: float, y: float, weight: float) -> float:
    def negative(eta: float) -> float:
        return float(weight * case.likelihood.loss(eta, y, case.sigma) - theta * eta)

    found = optimize.minimize_scalar(negative, bounds=(-60.0, 60.0), method="bounded", options={"xatol": 1e-10})
    return -float(found.fun)


@pytest.mark.parametrize("name", CONVEX)
def test_the_conjugate_is_the_supremum(name: str) -> None:
    case = CASES[name]
    theta = 0.7 * WEIGHT * case.likelihood.gradient(0.5 * ETA, case.y, case.sigma)
    expected = sum(conjugate_by_search(case, *row) for row in zip(theta, case.y, WEIGHT, strict=True))
    np.testing.assert_allclose(case.likelihood.conjugate(theta, case.y, WEIGHT, case.sigma), expected, rtol=1e-7)


@pytest.mark.parametrize("name", CONVEX)
def test_fenchel_young_holds_with_equality_at_the_gradient(name: str) -> None:
    case = CASES[name]
    theta = WEIGHT * case.likelihood.gradient(ETA, case.y, case.sigma)
    loss = WEIGHT @ case.likelihood.loss(ETA, case.y, case.sigma)
    conjugate = case.likelihood.conjugate(theta, case.y, WEIGHT, case.sigma)
    # The two sides add and subtract numbers of the size of loss.
    assert loss + conjugate == pytest.approx(theta @ ETA, rel=1e-10, abs=1e-13 * abs(loss))
    for share in (0.0, 0.3, 0.9):
        other = share * theta
        assert loss + case.likelihood.conjugate(other, case.y, WEIGHT, case.sigma) >= other @ ETA


@pytest.mark.parametrize("name", ["laplace", "asymmetric_laplace"])
def test_at_a_kink_every_subgradient_gives_equality(name: str) -> None:
    case = CASES[name]
    left, right = (case.likelihood.gradient(case.y + step, case.y, case.sigma) for step in (-1.0, 1.0))
    for share in (0.0, 0.25, 1.0):
        theta = WEIGHT * (share * left + (1 - share) * right)
        conjugate = case.likelihood.conjugate(theta, case.y, WEIGHT, case.sigma)
        assert conjugate == pytest.approx(theta @ case.y, rel=1e-12)


@pytest.mark.parametrize("name", ["huber", "laplace", "asymmetric_laplace", "bernoulli"])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_domain_ends_at_the_steepest_gradients(name: str, side: float) -> None:
    case = CASES[name]
    edge = WEIGHT * case.likelihood.gradient(np.full(10, side * 1e4), case.y, case.sigma)
    assert np.isfinite(case.likelihood.conjugate(edge, case.y, WEIGHT, case.sigma))
    for row in np.flatnonzero(edge):
        beyond = np.where(np.arange(10) == row, 1 + 1e-12, 1.0) * edge
        assert case.likelihood.conjugate(beyond, case.y, WEIGHT, case.sigma) == np.inf


def test_the_logistic_conjugate_is_infinite_outside_its_domain() -> None:
    logistic = CASES["bernoulli"].likelihood
    y, weight = np.array([0.0, 1.0]), np.array([2.0, 0.5])
    assert logistic.conjugate(np.array([2.0, -0.5]), y, weight, 1.0) == 0.0
    for theta in ([2.01, 0.0], [-0.01, 0.0], [0.0, 0.01], [0.0, -0.51]):
        assert logistic.conjugate(np.array(theta), y, weight, 1.0) == np.inf


def test_the_poisson_conjugate_needs_a_rate_that_is_not_negative() -> None:
    poisson = CASES["poisson"].likelihood
    y, weight = np.array([0.0, 3.0]), np.array([2.0, 0.5])
    # theta = -w y is the rate 0.
    assert poisson.conjugate(np.array([0.0, -1.5]), y, weight, 1.0) == 0.0
    assert np.isfinite(poisson.conjugate(np.array([1e6, 1e6]), y, weight, 1.0))
    for theta in ([-1e-12, 0.0], [0.0, -1.5 * (1 + 1e-12)]):
        assert poisson.conjugate(np.array(theta), y, weight, 1.0) == np.inf


def test_a_student_t_has_no_dual_value() -> None:
    case = CASES["student_t"]
    theta = WEIGHT * case.likelihood.gradient(ETA, case.y, case.sigma)
    assert case.likelihood.conjugate(theta, case.y, WEIGHT, case.sigma) == np.inf
    # Any line outgrows the loss.
    far = np.array([1e3, 1e6, 1e9])
    assert np.all(np.diff(0.01 * far - case.likelihood.loss(far, 0.0, case.sigma)) > 0)


@pytest.mark.parametrize("name", CONVEX)
def test_a_row_of_weight_zero_has_a_conjugate_at_zero_alone(name: str) -> None:
    case = CASES[name]
    weight = np.where(np.arange(10) == 4, 0.0, WEIGHT)
    theta = weight * case.likelihood.gradient(ETA, case.y, case.sigma)
    np.testing.assert_allclose(
        case.likelihood.conjugate(theta, case.y, weight, case.sigma),
        case.likelihood.conjugate(np.delete(theta, 4), np.delete(case.y, 4), np.delete(weight, 4), case.sigma),
    )
    theta[4] = 1e-300
    assert case.likelihood.conjugate(theta, case.y, weight, case.sigma) == np.inf

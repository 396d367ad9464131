"""Each likelihood against finite differences, its conjugate's inequality and scipy's densities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesreg import likelihoods, scales
from bayesreg.errors import InputError
from bayesreg.likelihoods import Likelihood

GAUSSIAN, BERNOULLI = likelihoods.Gaussian(1.3), likelihoods.Bernoulli()
RNG = np.random.default_rng(0)
ETA = np.concatenate([RNG.standard_normal(8), [-6.0, 6.0]])
DATA: dict[str, tuple[Any, np.ndarray, float]] = {
    "gaussian": (GAUSSIAN, 2 * RNG.standard_normal(10), 1.3),
    "bernoulli": (BERNOULLI, (np.arange(10) % 2).astype(float), 1.0),
}
WEIGHT = RNG.uniform(0.2, 3.0, 10)


@pytest.mark.parametrize("name", DATA)
def test_gradient_and_curvature_are_the_derivatives_of_the_loss(name: str) -> None:
    likelihood, y, sigma = DATA[name]
    h = 1e-4
    up, down = likelihood.loss(ETA + h, y, sigma), likelihood.loss(ETA - h, y, sigma)
    np.testing.assert_allclose(likelihood.gradient(ETA, y, sigma), (up - down) / (2 * h), rtol=1e-6, atol=1e-8)
    slopes = [likelihood.gradient(ETA + k * h, y, sigma) for k in (1, -1)]
    np.testing.assert_allclose(likelihood.curvature(ETA, y, sigma), (slopes[0] - slopes[1]) / (2 * h), rtol=1e-6)


@pytest.mark.parametrize("name", DATA)
def test_loss_and_constant_make_the_full_density_of_scipy(name: str) -> None:
    likelihood, y, sigma = DATA[name]
    ours = -(likelihood.loss(ETA, y, sigma) + likelihood.row_constant(sigma))
    if name == "gaussian":
        expected = stats.norm.logpdf(y, ETA, sigma)
    else:
        expected = stats.bernoulli.logpmf(y.astype(int), 1 / (1 + np.exp(-ETA)))
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def conjugate_by_search(likelihood: Any, theta: float, y: float, weight: float, sigma: float) -> float:
    grid = np.linspace(-60, 60, 1_200_001)
    return float(np.max(theta * grid - weight * likelihood.loss(grid, np.full(grid.shape, y), sigma)))


@pytest.mark.parametrize("name", DATA)
def test_the_conjugate_is_the_supremum(name: str) -> None:
    likelihood, y, sigma = DATA[name]
    theta = 0.7 * WEIGHT * likelihood.gradient(0.5 * ETA, y, sigma)
    expected = sum(conjugate_by_search(likelihood, *row, sigma) for row in zip(theta, y, WEIGHT, strict=True))
    np.testing.assert_allclose(likelihood.conjugate(theta, y, WEIGHT, sigma), expected, rtol=1e-6)


@pytest.mark.parametrize("name", DATA)
def test_fenchel_young_holds_with_equality_at_the_gradient(name: str) -> None:
    likelihood, y, sigma = DATA[name]
    theta = WEIGHT * likelihood.gradient(ETA, y, sigma)
    loss = WEIGHT @ likelihood.loss(ETA, y, sigma)
    np.testing.assert_allclose(loss + likelihood.conjugate(theta, y, WEIGHT, sigma), theta @ ETA, rtol=1e-10)
    for share in (0.0, 0.3, 0.9):
        other = share * theta
        assert loss + likelihood.conjugate(other, y, WEIGHT, sigma) >= other @ ETA


def test_the_logistic_conjugate_is_infinite_outside_its_domain() -> None:
    y, weight = np.array([0.0, 1.0]), np.array([2.0, 0.5])
    assert BERNOULLI.conjugate(np.array([2.0, -0.5]), y, weight, 1.0) == 0.0
    for theta in ([2.01, 0.0], [-0.01, 0.0], [0.0, 0.01], [0.0, -0.51]):
        assert BERNOULLI.conjugate(np.array(theta), y, weight, 1.0) == np.inf


@pytest.mark.parametrize("name", DATA)
def test_a_row_of_weight_zero_has_a_conjugate_at_zero_alone(name: str) -> None:
    likelihood, y, sigma = DATA[name]
    weight = np.where(np.arange(10) == 4, 0.0, WEIGHT)
    theta = weight * likelihood.gradient(ETA, y, sigma)
    np.testing.assert_allclose(
        likelihood.conjugate(theta, y, weight, sigma),
        likelihood.conjugate(np.delete(theta, 4), np.delete(y, 4), np.delete(weight, 4), sigma),
    )
    theta[4] = 0.1
    assert likelihood.conjugate(theta, y, weight, sigma) == np.inf


def test_the_logistic_loss_survives_extreme_predictors() -> None:
    eta, y = np.array([-1e4, 1e4, -800.0, 800.0]), np.array([1.0, 0.0, 0.0, 1.0])
    np.testing.assert_array_equal(BERNOULLI.loss(eta, y, 1.0), [1e4, 1e4, 0.0, 0.0])
    np.testing.assert_array_equal(BERNOULLI.gradient(eta, y, 1.0), [-1.0, 1.0, 0.0, 0.0])
    # A fitted probability close to its class keeps its relative digits.
    np.testing.assert_allclose(BERNOULLI.loss(np.array([40.0]), np.array([1.0]), 1.0), np.exp(-40.0), rtol=1e-12)
    np.testing.assert_allclose(BERNOULLI.gradient(np.array([40.0]), np.array([1.0]), 1.0), -np.exp(-40.0), rtol=1e-12)


@pytest.mark.parametrize("name", DATA)
def test_draws_have_the_stated_mean_and_law(name: str) -> None:
    likelihood, _, sigma = DATA[name]
    eta = np.full(4000, 0.4)
    draws = likelihood.draw(np.random.default_rng(1), eta, sigma)
    if name == "gaussian":
        assert stats.kstest(draws, stats.norm(0.4, sigma).cdf).pvalue > 1e-3
    else:
        assert set(np.unique(draws)) == {0.0, 1.0}
    spread = sigma if name == "gaussian" else 0.5
    assert abs(draws.mean() - float(likelihood.mean(np.array(0.4)))) < 4 * spread / np.sqrt(4000)


def test_the_mean_is_the_inverse_link() -> None:
    np.testing.assert_array_equal(GAUSSIAN.mean(ETA), ETA)
    np.testing.assert_allclose(BERNOULLI.mean(ETA), 1 / (1 + np.exp(-ETA)))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0.0, 0.0], ("only one class", "0")),
        ([1.0, 1.0], ("only one class", "1")),
        ([0.0, 1.0, 2.0], ("3 distinct values", "exactly 2")),
        ([-1.0, 1.0], ("coded -1 and 1", "0 and 1")),
        ([1.0, 2.0], ("coded 1 and 2", "(y == 2)")),
        ([0.0, 0.5], ("coded 0 and 0.5",)),
    ],
)
def test_responses_that_are_not_two_classes_are_refused_with_the_coding(y: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as raised:
        BERNOULLI.check_response(np.array(y))
    for word in words:
        assert word in str(raised.value)


def test_usable_responses_pass() -> None:
    BERNOULLI.check_response(np.array([0.0, 1.0, 0.0]))
    GAUSSIAN.check_response(np.array([-1e300, 0.0, 7.0]))


def test_likelihoods_are_values_that_say_whether_they_have_a_noise_level() -> None:
    assert isinstance(GAUSSIAN, Likelihood)
    assert isinstance(BERNOULLI, Likelihood)
    assert (GAUSSIAN.has_sigma, BERNOULLI.has_sigma) == (True, False)
    assert likelihoods.Gaussian(2) == likelihoods.Gaussian(2.0)
    assert likelihoods.Gaussian(np.float64(2.0)).sigma == 2.0
    assert likelihoods.Gaussian(scales.HalfNormal(1.0)) != likelihoods.Gaussian()
    assert hash(BERNOULLI) == hash(likelihoods.Bernoulli())

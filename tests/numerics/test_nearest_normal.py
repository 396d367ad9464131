"""The nearest normal: exact where the posterior is normal, by brute force in one dimension elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import integrate, special, stats

from bayesreg.likelihoods import Bernoulli, Gaussian, Huber, Likelihood, StudentT
from bayesreg.numerics.nearest_normal import CLOSE, Quadratic, RowBlock, nearest_normal


@dataclass(frozen=True)
class Rows:
    """The loss of a likelihood for some rows."""

    likelihood: Likelihood
    y: np.ndarray
    sigma: float = 1.0

    def value(self, eta: np.ndarray) -> float:
        """Sum."""
        return float(self.likelihood.loss(eta, self.y, self.sigma).sum())

    def slope(self, eta: np.ndarray) -> np.ndarray:
        """F'."""
        return self.likelihood.gradient(eta, self.y, self.sigma)

    def bend(self, eta: np.ndarray) -> np.ndarray:
        """F''."""
        return self.likelihood.curvature(eta, self.y, self.sigma)

    def majorant(self, eta: np.ndarray) -> np.ndarray:
        """As the likelihood has it."""
        return self.likelihood.majorant(eta, self.y, self.sigma)


def quadratic(k: int, rate: float = 1.0) -> Quadratic:
    return Quadratic(rate * np.eye(k), np.full(k, 0.3))


def test_a_normal_posterior_is_found_with_its_mass() -> None:
    rng = np.random.default_rng(0)
    Z, y, base = rng.standard_normal((40, 3)), rng.standard_normal(40), rng.standard_normal(40)
    prior = quadratic(3, 2.0)
    blocks = [RowBlock(Z[part], base[part], Rows(Gaussian(), y[part], 0.7)) for part in (slice(0, 15), slice(15, 40))]
    found = nearest_normal(lambda: blocks, prior, np.zeros(3))
    assert found is not None
    precision = Z.T @ Z / 0.49 + prior.precision
    mean = np.linalg.solve(precision, Z.T @ (y - base) / 0.49 + prior.pull)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-10)
    np.testing.assert_allclose(found.factor @ found.factor.T, precision, rtol=1e-10, atol=1e-10)
    # The integral of exp(-U) is a normal density of the response times what normalises the quadratic.
    covariance = 0.49 * np.eye(40) + Z @ Z.T / 2
    centre = base + Z @ prior.pull / 2
    mass = stats.multivariate_normal(centre, covariance).logpdf(y) + 40 * 0.5 * np.log(2 * np.pi * 0.49)
    mass += 1.5 * np.log(2 * np.pi / 2) + 0.5 * prior.pull @ prior.pull / 2
    np.testing.assert_allclose(found.log_mass, mass, rtol=1e-12)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Huber(1.0), StudentT(2.0)])
def test_gradient_and_hessian_vanish_and_agree_on_average(likelihood: Likelihood) -> None:
    rng = np.random.default_rng(1)
    z, y = rng.standard_normal(12) + 0.5, (rng.random(12) < 0.7).astype(float)
    prior = quadratic(1, 0.5)
    rows = Rows(likelihood, y)
    found = nearest_normal(lambda: [RowBlock(z[:, None], np.zeros(12), rows)], prior, np.zeros(1))
    assert found is not None
    mean, sd = float(found.mean[0]), 1 / float(found.factor[0, 0])

    def average(function: object) -> float:
        grid = np.linspace(mean - 9 * sd, mean + 9 * sd, 20001)
        values = np.array([function(t) for t in grid])  # type: ignore[operator]
        return float(np.trapezoid(values * stats.norm(mean, sd).pdf(grid), grid))

    gradient = average(lambda t: z @ rows.slope(z * t) + 0.5 * t - 0.3)
    hessian = average(lambda t: z**2 @ rows.bend(z * t) + 0.5)
    assert abs(gradient) * sd < CLOSE
    # Seven nodes meet a step in the curvature to some per cent.
    np.testing.assert_allclose(hessian, sd**-2, rtol=0.1 if isinstance(likelihood, Huber) else 0.01)
    exact = integrate.quad(lambda t: np.exp(-rows.value(z * t) - 0.25 * t * t + 0.3 * t), -30, 30, epsabs=0)[0]
    assert 0 < np.log(exact) - found.log_mass < 0.05


def test_it_knows_of_the_skewness_that_the_mode_does_not() -> None:
    # One class three times as frequent: the posterior mean lies beyond the mode, and the nearest normal near the mean.
    y = np.array([1.0] * 9 + [0.0])
    rows = Rows(Bernoulli(), y)
    prior = Quadratic(np.full((1, 1), 0.01), np.zeros(1))
    mode = np.array([special.logit(0.9)])
    found = nearest_normal(lambda: [RowBlock(np.ones((10, 1)), np.zeros(10), rows)], prior, mode)
    assert found is not None
    grid = np.linspace(-3, 12, 4001)
    mass = np.exp(np.array([-rows.value(np.full(10, t)) for t in grid]) - 0.005 * grid**2)
    mean = np.sum(grid * mass) / mass.sum()
    assert abs(found.mean[0] - mean) < 0.25 * abs(mode[0] - mean)


def test_where_the_curvature_is_negative_there_is_none() -> None:
    # Student-t rows on both sides of a point from which all of them are far: a minimum of the density.
    y = np.array([-50.0, 50.0])
    block = RowBlock(np.ones((2, 1)), np.zeros(2), Rows(StudentT(4.0), y))
    assert nearest_normal(lambda: [block], Quadratic(np.zeros((1, 1)), np.zeros(1)), np.zeros(1)) is None
    empty = RowBlock(np.zeros((2, 1)), np.zeros(2), Rows(Gaussian(), y))
    assert nearest_normal(lambda: [empty], Quadratic(np.zeros((1, 1)), np.zeros(1)), np.zeros(1)) is None

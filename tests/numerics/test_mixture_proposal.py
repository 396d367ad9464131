"""The proposal: its density is that of its draws, normalised, and refitting moves it to the target."""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats

from bayesreg.numerics.mixture_proposal import MixtureProposal

ROOT = np.array([[1.0, 0.0, 0.4], [0.5, 2.0, -0.1], [0.0, 0.0, 0.5]])
MEAN = np.array([1.0, -2.0, 0.5])


def test_the_density_is_that_of_the_two_laws() -> None:
    proposal = MixtureProposal(MEAN, ROOT)
    theta, log_q = proposal.draw(np.random.default_rng(0), 50)
    normal = stats.multivariate_normal(MEAN, ROOT @ ROOT.T).pdf(theta)
    student = stats.multivariate_t(MEAN, ROOT @ ROOT.T, df=7).pdf(theta)
    np.testing.assert_allclose(np.exp(log_q), 0.8 * normal + 0.2 * student, rtol=1e-10)
    np.testing.assert_allclose(proposal.log_density(theta), log_q, rtol=1e-10)


def test_the_density_is_normalised_and_followed_by_the_draws() -> None:
    proposal = MixtureProposal(np.array([2.0]), np.array([[0.7]]))
    grid = np.linspace(-40, 44, 20_001)
    table = integrate.cumulative_trapezoid(np.exp(proposal.log_density(grid[:, None])), grid, initial=0)
    assert abs(table[-1] - 1) < 1e-6
    draws = proposal.draw(np.random.default_rng(1), 4000)[0][:, 0]
    assert stats.kstest(draws, lambda t: np.interp(t, grid, table)).pvalue > 1e-3


def test_refitting_goes_to_the_moments_of_the_target() -> None:
    target = stats.multivariate_normal([0.5, -0.5], [[1.0, 0.6], [0.6, 1.5]])
    proposal = MixtureProposal(np.zeros(2), 1.3 * np.eye(2))
    theta, log_q = proposal.draw(np.random.default_rng(2), 20_000)
    moved = proposal.refitted(theta, target.logpdf(theta) - log_q)
    np.testing.assert_allclose(moved.mean, target.mean, atol=0.05)
    np.testing.assert_allclose(moved.root @ moved.root.T, target.cov, atol=0.06)
    # One draw that holds all the weight says nothing about a covariance.
    alone = proposal.refitted(theta[:2], np.array([0.0, -500.0]))
    assert np.all(np.diag(alone.root @ alone.root.T) > 1.69 * 2 / 3 - 1e-9)

"""The posterior along the penalty, against closed forms and quadrature."""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np
import pytest
from scipy.special import ndtri

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError, SamplingWarning


def data(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    return X, X @ np.linspace(1.0, -0.5, p) + 0.5 + 0.8 * rng.standard_normal(n)


def test_a_ridge_is_exact_at_every_strength() -> None:
    X, y = data(30, 3)
    weight = np.arange(30) % 3 + 1.0
    model = br.Model(likelihoods.Gaussian(0.8), priors.Gaussian(0.5))
    band = br.path_posterior(model, X, y, strengths=[30.0, 1.0, 0.1], ci_prob=0.8, sample_weight=weight)
    assert band.exact
    centred = X - weight @ X / weight.sum()
    for i, strength in enumerate(band.strength):
        precision = centred.T @ (weight[:, None] * centred) / 0.64 + strength / 0.25 * np.eye(3)
        mean = np.linalg.solve(precision, centred.T @ (weight * y) / 0.64)
        half = ndtri(0.9) * np.sqrt(np.diag(np.linalg.inv(precision)))
        np.testing.assert_allclose(band.mean[i], mean, rtol=1e-9)
        np.testing.assert_allclose(band.path.coef[i], mean, rtol=1e-9)
        np.testing.assert_allclose(band.lower[i], mean - half, rtol=1e-9)
        np.testing.assert_allclose(band.upper[i], mean + half, rtol=1e-9)


@pytest.mark.parametrize(
    "prior", [priors.Laplace(rate=3.0), priors.ElasticNet(l1=2.0, l2=4.0)], ids=["lasso", "elastic net"]
)
def test_borrowed_draws_give_the_posterior_of_their_own_strength(prior: priors.Laplace | priors.ElasticNet) -> None:
    X, y = data(12, 1)
    model = br.Model(likelihoods.Gaussian(0.8), prior)
    grid = np.geomspace(20.0, 0.1, 12)
    band = br.path_posterior(model, X, y, strengths=grid, draws=2500, seed=1)
    assert 1 < band.sampled.sum() < 12
    assert np.nanmax(band.pareto_k) < 0.5
    beta = np.linspace(-4, 4, 200_001)
    x, r = X[:, 0] - X.mean(), y - y.mean()
    rss = r @ r - 2 * beta * (x @ r) + beta**2 * (x @ x)
    l1, l2 = (3.0, 0.0) if isinstance(prior, priors.Laplace) else (2.0, 4.0)
    for i, strength in enumerate(band.strength):
        log_density = -rss / (2 * 0.64) - strength * (l1 * np.abs(beta) + 0.5 * l2 * beta**2)
        mass = np.exp(log_density - log_density.max())
        mass /= mass.sum()
        mean = mass @ beta
        sd = np.sqrt(mass @ (beta - mean) ** 2)
        # Nearly independent draws, at least a quarter of which count.
        error = 5 * sd / np.sqrt(2500.0)
        assert abs(band.mean[i, 0] - mean) < error
        low, high = np.interp([0.05, 0.95], np.cumsum(mass), beta)
        assert abs(band.lower[i, 0] - low) < 2.5 * error
        assert abs(band.upper[i, 0] - high) < 2.5 * error


def test_the_frame_has_a_row_for_each_strength_and_coefficient() -> None:
    X, y = data(20, 2)
    band = br.path_posterior(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, n_points=3)
    frame = band.to_frame()
    assert frame.shape == (6, 6)
    np.testing.assert_array_equal(frame["mean"].to_numpy().reshape(3, 2), band.mean)
    assert (frame["lower"] < frame["upper"]).all()
    assert "exact" in repr(band)


def test_ctrl_c_ends_the_whole_band(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        attrs: ClassVar = {"interrupted": 1}

    monkeypatch.setattr("bayesreg.tuning.bands.sample", lambda *given, **more: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        br.path_posterior(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.3)), *data(20, 2), seed=1)


@pytest.mark.parametrize("prob", [0.0, 1.0, "half", True])
def test_a_probability_outside_0_and_1_is_refused(prob: object) -> None:
    X, y = data(20, 2)
    with pytest.raises(InputError, match="ci_prob must lie between 0 and 1"):
        br.path_posterior(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, ci_prob=prob)  # type: ignore[arg-type]


def test_few_draws_stand_for_their_own_strength_only() -> None:
    X, y = data(20, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0))
        band = br.path_posterior(model, X, y, strengths=[1.0, 0.99], draws=4, chains=2, seed=1)
    assert band.sampled.all()

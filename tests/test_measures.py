"""What is maximised over a learned noise level, and the scaled lasso, against formulae and PyMC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError, NoMapError


def data(n: int = 60, p: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, 1.0 + X[:, 0] - 2.0 * X[:, 1] + 0.7 * rng.standard_normal(n)


def test_a_flat_prior_has_the_modes_of_the_textbook() -> None:
    X, y = data()
    model = br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Flat())
    n = y.size
    fitted = br.find_map(model, X, y)
    rss = float(np.sum((y - fitted.intercept - X @ fitted.coef) ** 2))
    # n log sigma + RSS / (2 sigma²) + log sigma is least at RSS / (n + 1), the same less log sigma at RSS / n.
    np.testing.assert_allclose(fitted.sigma**2, rss / (n + 1), rtol=1e-12)
    np.testing.assert_allclose(br.find_map(model, X, y, measure="log").sigma ** 2, rss / n, rtol=1e-12)


@pytest.mark.parametrize("measure", ["natural", "log"])
@pytest.mark.parametrize(
    "likelihood",
    [likelihoods.Gaussian(), likelihoods.Huber(), likelihoods.Laplace(), likelihoods.StudentT(5.0)],
    ids=lambda likelihood: type(likelihood).__name__,
)
@pytest.mark.parametrize(
    "prior",
    [
        priors.Laplace(0.2),
        priors.Laplace(0.2, relative_to="sigma"),
        priors.GroupLaplace([0, 0, 1, 1, 1], 0.3, relative_to="penalty"),
    ],
    ids=["absolute", "sigma", "group"],
)
def test_no_other_noise_level_has_a_higher_density_in_the_stated_measure(
    likelihood: Any, prior: Any, measure: Any
) -> None:
    X, y = data()
    model = br.Model(likelihood, prior)
    mode = br.find_map(model, X, y, measure=measure)
    assert mode.certificate.accepted
    assert ("log sigma" in mode.measure) == (measure == "log")
    problem = model.bind(make_design(X, y))

    def value(log_sigma: float) -> float:
        extra = log_sigma if measure == "log" else 0.0
        return -problem.log_posterior(mode.coef, mode.intercept, float(np.exp(log_sigma))) - extra

    at = np.log(mode.sigma)
    best = optimize.minimize_scalar(value, bounds=(at - 1.0, at + 1.0), method="bounded", options={"xatol": 1e-10})
    # A minimum is known to the square root of the rounding.
    np.testing.assert_allclose(best.x, at, atol=1e-6)


def test_the_scaled_lasso_is_the_square_root_lasso() -> None:
    X, y = data()
    rate = 12.0
    model = br.Model(likelihoods.Gaussian(), priors.Laplace(rate=rate, relative_to="sigma"))
    mode = br.find_map(model, X, y, measure="scaled")
    residual = y - mode.intercept - X @ mode.coef
    np.testing.assert_allclose(mode.sigma**2, residual @ residual / y.size, rtol=1e-12)
    # Optimality of ||r|| + (rate / sqrt n) ||b||_1: X'r / ||r|| is in the box, at its edge on the support.
    pull = X.T @ residual / np.linalg.norm(residual) * np.sqrt(y.size)
    on = mode.coef != 0
    assert 0 < on.sum() < on.size
    np.testing.assert_allclose(pull[on], rate * np.sign(mode.coef[on]), rtol=1e-9)
    assert np.all(np.abs(pull[~on]) < rate)


@pytest.mark.parametrize(
    ("likelihood", "prior"),
    [
        (likelihoods.Gaussian(1.0), priors.Laplace(0.2, relative_to="sigma")),
        (likelihoods.Gaussian(), priors.Laplace(0.2)),
        (likelihoods.Gaussian(), priors.ElasticNet(1.0, 1.0, relative_to="sigma")),
        (likelihoods.Huber(), priors.Laplace(0.2, relative_to="sigma")),
    ],
)
def test_the_scaled_lasso_is_refused_where_it_is_none(likelihood: Any, prior: Any) -> None:
    with pytest.raises(InputError, match="measure='scaled' is for a Gaussian likelihood"):
        br.find_map(br.Model(likelihood, prior), *data(), measure="scaled")
    with pytest.raises(InputError, match="measure must be one of"):
        br.find_map(br.Model(likelihood, prior), *data(), measure="mean")


def test_a_student_t_with_enough_rows_on_a_perfect_fit_has_no_joint_mode() -> None:
    # 9 of 10 rows can be fitted: more than the share df / (df + 1) = 4/5 from which the density is unbounded.
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 8)), rng.standard_normal(10)
    with pytest.raises(NoMapError, match="without bound as sigma goes to 0"):
        br.find_map(br.Model(likelihoods.StudentT(4.0), priors.Laplace(1.0)), X, y)
    assert br.find_map(
        br.Model(likelihoods.StudentT(4.0, scales.InverseGamma(9.0, 3.0)), priors.Laplace(1.0)), X, y
    ).sigma


@pytest.mark.slow
def test_pymc_finds_the_natural_mode() -> None:
    import pymc as pm

    X, y = data(30, 2)
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(0.5))
    ours = br.find_map(model, X, y)
    with br.to_pymc(model, X, y):
        found = pm.find_MAP(return_inferencedata=True, jitter=False, progressbar=False, tol=1e-12)
    np.testing.assert_allclose(float(found["posterior"]["sigma"].item()), ours.sigma, rtol=1e-5)
    np.testing.assert_allclose(found["posterior"]["coef"].to_numpy().ravel(), ours.coef, rtol=1e-4)

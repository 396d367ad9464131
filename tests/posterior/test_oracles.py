"""The oracles agree with each other and with integrals that are done blindly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.problem import Problem
from tests.posterior.cases import SIGMA, columns, make_prior
from tests.posterior.exact_hmc import exact_hmc
from tests.posterior.importance import expectations
from tests.posterior.orthants import moments
from tests.posterior.quadrature import by_density, by_mixture

PRIORS = (
    "gaussian",
    "gaussian, learned",
    "laplace",
    "laplace, learned",
    "laplace, learned rate",
    "elastic net",
    "elastic net, learned l1",
    "student t",
    "student t, learned",
    "horseshoe",
    "horseshoe, learned",
)


def bind(prior: Any, sigma: Any, p: int = 1, weight: Any = None, **model: Any) -> Problem:
    rng = np.random.default_rng(4)
    X = columns(9, 3)[:, :p]
    y = 0.5 + X @ np.array([0.6, -0.4, 0.0])[:p] + rng.standard_normal(9)
    model.setdefault("intercept", priors.Gaussian(1.2, loc=0.4))
    return br.Model(likelihoods.Gaussian(sigma), prior, **model).bind(
        make_design(X, y, weight, np.linspace(-0.2, 0.3, 9))
    )


def kernel(p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((p + 6, p))
    P = A.T @ A
    return P, P @ np.resize([0.5, -0.3, 0.1], p), np.resize([2.0, 1.0, 3.0], p)


def test_orthant_sums_are_the_integrals_over_the_plane() -> None:
    P, h, a = kernel(2)
    found = moments(P, h, a)

    def integral(weigh: Any) -> float:
        def density(y: float, x: float) -> float:
            b = np.array([x, y])
            return float(np.exp(-0.5 * b @ P @ b + h @ b - a @ np.abs(b)) * weigh(x, y))

        sides = [(-6.0, 0.0), (0.0, 6.0)]
        return sum(integrate.dblquad(density, *one, *two, epsabs=1e-11)[0] for one in sides for two in sides)

    mass = integral(lambda x, y: 1.0)
    assert found.log_mass == pytest.approx(np.log(mass), abs=1e-10)
    mean = np.array([integral(lambda x, y: x), integral(lambda x, y: y)]) / mass
    np.testing.assert_allclose(found.mean, mean, atol=1e-10)
    assert found.covariance[0, 1] + mean[0] * mean[1] == pytest.approx(integral(lambda x, y: x * y) / mass, abs=1e-10)
    assert found.covariance[1, 1] + mean[1] ** 2 == pytest.approx(integral(lambda x, y: y * y) / mass, abs=1e-10)
    assert found.positive[0] == pytest.approx(integral(lambda x, y: float(x > 0)) / mass, abs=1e-10)
    assert found.magnitude[1] == pytest.approx(integral(lambda x, y: abs(y)) / mass, abs=1e-10)


@pytest.mark.parametrize("p", [1, 3])
def test_exact_hmc_has_the_moments_of_the_orthant_sums(p: int) -> None:
    P, h, a = kernel(p)
    found = moments(P, h, a)
    draws = exact_hmc(P, h, a, 4000, np.random.default_rng(1))
    # Hardly autocorrelated: the batches are for what there is of it.
    for got, exact in (
        (draws, found.mean),
        ((draws - found.mean) ** 2, np.diag(found.covariance)),
        (draws > 0, found.positive),
    ):
        batches = got.reshape(50, -1, p).mean(1)
        z = (batches.mean(0) - exact) / (batches.std(0, ddof=1) / np.sqrt(50))
        assert np.abs(z).max() < 4, z


def test_exact_hmc_keeps_the_energy_in_many_dimensions() -> None:
    P, h, a = kernel(20)
    draws = exact_hmc(P, h, a, 2000, np.random.default_rng(2))
    # Stein: P E[b] = h - a E[sign b], one equation for each coordinate.
    left = draws @ P + a * np.sign(draws) - h
    batches = left.reshape(40, -1, 20).mean(1)
    z = batches.mean(0) / (batches.std(0, ddof=1) / np.sqrt(40))
    assert np.abs(z).max() < 4.5, z


def test_the_laplace_posterior_is_an_orthant_sum() -> None:
    problem = bind(priors.Laplace(0.5), 1.1, p=2, fit_intercept=False)
    X, r = problem.design.X, problem.design.y - problem.design.offset
    exact = moments(X.T @ X / 1.1**2, X.T @ r / 1.1**2, np.full(problem.p, 1 / 0.5))
    found = by_mixture(problem)
    np.testing.assert_allclose(found.mean, exact.mean, atol=1e-9)
    np.testing.assert_allclose(found.sd, np.sqrt(np.diag(exact.covariance)), atol=1e-9)
    np.testing.assert_allclose(found.positive, exact.positive, atol=1e-9)


@pytest.mark.parametrize("relative_to", [None, "sigma", "penalty"])
@pytest.mark.parametrize("name", PRIORS)
def test_mixture_and_density_give_the_same_posterior(name: str, relative_to: Any) -> None:
    if relative_to == "penalty" and ("student" in name or "horseshoe" in name):
        relative_to = "auto"
    learned = "learned" in name
    problem = bind(make_prior(name, relative_to, 1), 1.1 if learned else SIGMA)
    one, two = by_mixture(problem), by_density(problem)
    for a, b in ((one.mean, two.mean), (one.sd, two.sd), (one.positive, two.positive)):
        np.testing.assert_allclose(a, b, atol=3e-9)
    assert one.log_evidence == pytest.approx(two.log_evidence, abs=3e-8)
    for key in one.log_mean:
        assert one.log_mean[key] == pytest.approx(two.log_mean[key], abs=1e-8)
        assert one.log_sd[key] == pytest.approx(two.log_sd[key], abs=1e-8)


def test_a_weight_is_a_repeated_row() -> None:
    weight = np.array([1, 2, 1, 3, 1, 1, 2, 1, 1])
    problem = bind(priors.Laplace(0.5, relative_to="sigma"), SIGMA, weight=weight, intercept=priors.Flat())
    design = problem.design
    again = make_design(
        *(np.repeat(part, weight, axis=0) for part in (design.X, design.y)), None, np.repeat(design.offset, weight)
    )
    model = br.Model(likelihoods.Gaussian(SIGMA), priors.Laplace(0.5, relative_to="sigma"))
    one, two = by_mixture(problem), by_mixture(model.bind(again))
    # The grids of log sigma differ, being placed about sd(y).
    assert one.log_evidence == pytest.approx(two.log_evidence, abs=1e-9)
    np.testing.assert_allclose(one.mean, two.mean, atol=1e-9)


@pytest.mark.parametrize(
    "name",
    ["laplace, learned rate", "elastic net", "horseshoe", "regularised horseshoe, known slab", "student t, learned"],
)
def test_weighted_prior_draws_give_the_posterior(name: str) -> None:
    problem = bind(make_prior(name, "sigma", 1), 1.1)
    exact, found = by_mixture(problem), expectations(problem, 400_000, seed=1)
    told = {"coef 0 > loc": exact.positive[0]} | {f"log {key}": value for key, value in exact.log_mean.items()}
    for key, value in told.items():
        assert abs(found[key].mean - value) < 4 * found[key].error, key


def test_the_posterior_of_a_learned_noise_level_is_the_conjugate_one() -> None:
    law = scales.InverseGamma(3.0, 2.0)
    problem = bind(priors.Gaussian(0.8, relative_to="sigma"), law, intercept=priors.Gaussian(1.2, relative_to="sigma"))
    Z = np.column_stack([problem.design.X, np.ones(9)])
    r = problem.design.y - problem.design.offset
    A = Z.T @ Z + np.diag([0.8**-2, 1.2**-2])
    mean = np.linalg.solve(A, Z.T @ r)
    shape, rate = 3.0 + 4.5, 2.0 + 0.5 * (r @ r - mean @ A @ mean)
    found = by_mixture(problem)
    assert found.mean[0] == pytest.approx(mean[0], abs=1e-12)
    assert found.sd[0] == pytest.approx(np.sqrt(np.linalg.inv(A)[0, 0] * rate / (shape - 1)), abs=1e-11)

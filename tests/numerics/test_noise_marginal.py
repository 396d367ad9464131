"""The marginal of the noise level against scipy's integration and laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg.errors import InputError
from bayesreg.numerics.noise_marginal import InverseGammaNoise, KnownNoise, QuadratureNoise


def test_a_known_level_is_itself() -> None:
    noise = KnownNoise(1.7)
    assert np.array_equal(noise.draw(np.random.default_rng(0), 3), np.full(3, 1.7))
    assert [float(part[0]) for part in noise.nodes()] == [1.7, 1.0]
    assert noise.mean_and_sd() == (1.7, 0.0)
    assert noise.error == 0.0


@pytest.mark.parametrize(("shape", "scale"), [(2.5, 3.0), (8.0, 0.1), (500.0, 2e4)])
def test_inverse_gamma_draws_and_moments_are_those_of_the_law(shape: float, scale: float) -> None:
    noise = InverseGammaNoise(shape, scale)
    law = stats.invgamma(shape, scale=scale)
    draws = noise.draw(np.random.default_rng(1), 4000)
    assert stats.kstest(draws**2, law.cdf).pvalue > 1e-3
    mean, sd = noise.mean_and_sd()
    np.testing.assert_allclose(mean, law.expect(np.sqrt), rtol=1e-8)
    np.testing.assert_allclose(sd, np.sqrt(law.expect(lambda v: (np.sqrt(v) - mean) ** 2)), rtol=1e-6)
    nodes, mass = noise.nodes()
    np.testing.assert_allclose(mass @ nodes**2, law.mean(), rtol=1e-12)
    assert noise.error == 0.0


@pytest.mark.parametrize("shape", [1e4, 1e6, 1e8])
def test_many_rows_cost_the_spread_no_digits(shape: float) -> None:
    mean, sd = InverseGammaNoise(shape, 4.0 * shape).mean_and_sd()
    # sigma is 2 (1 + 3 / (8 a)) with sd 1 / sqrt(a) (1 + 15 / (16 a)), to the next order in 1/a.
    np.testing.assert_allclose(mean, 2 * (1 + 3 / (8 * shape)), rtol=1e-8)
    np.testing.assert_allclose(sd, 1 / np.sqrt(shape) * (1 + 15 / (16 * shape)), rtol=1e-5)


def test_moments_that_do_not_exist_are_infinite() -> None:
    assert InverseGammaNoise(0.5, 1.0).mean_and_sd() == (np.inf, np.inf)
    mean, sd = InverseGammaNoise(1.0, 1.0).mean_and_sd()
    np.testing.assert_allclose(mean, np.sqrt(np.pi))
    assert sd == np.inf
    assert InverseGammaNoise(1.0, 1.0).nodes()[0][0] == np.inf


LAWS = {
    # Log density of sigma up to a constant; the last has a heavy tail, the narrow one is far from the guess.
    "inverse_gamma": (lambda s: -9 * np.log(s) - 2.0 / s**2, 1.0),
    "narrow": (lambda s: -0.5 * ((np.log(s) - 4.0) / 1e-3) ** 2, 1.0),
    "heavy": (lambda s: -2 * np.log(s) - 1.0 / s - np.log1p(s * s), 3.0),
    "two_modes": (
        lambda s: np.logaddexp(-0.5 * ((np.log(s) - 1) / 0.2) ** 2, -0.5 * ((np.log(s) + 0.5) / 0.3) ** 2),
        1.0,
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_quadrature_agrees_with_scipy(name: str) -> None:
    log_density, guess = LAWS[name]
    noise = QuadratureNoise.build(lambda s: np.asarray(log_density(s)) + 700.0, guess)
    nodes, mass = noise.nodes()
    u = np.log(nodes)
    peak = u[np.argmax(mass)]
    top = float(log_density(np.exp(peak)))

    def moment(power: float) -> float:
        edges = np.linspace(u[0], u[-1], 9)
        parts = [
            integrate.quad(
                lambda v: np.exp(log_density(np.exp(v)) - top + v + power * v), a, b, epsabs=0, epsrel=1e-11, limit=200
            )[0]
            for a, b in itertools.pairwise(edges)
        ]
        return float(np.sum(parts))

    total = moment(0.0)
    for power in (-1.0, 0.5, 1.0):
        np.testing.assert_allclose(mass @ nodes**power, moment(power) / total, rtol=1e-8)
    mean, sd = noise.mean_and_sd()
    np.testing.assert_allclose(mean, moment(1.0) / total, rtol=1e-8)
    np.testing.assert_allclose(sd**2 + mean**2, moment(2.0) / total, rtol=1e-6)
    assert noise.error < 1e-9
    # The density has fallen far at both ends.
    assert max(mass[0], mass[-1]) < 1e-12 * mass.max()


@pytest.mark.parametrize("name", LAWS)
def test_draws_of_the_quadrature_follow_the_density(name: str) -> None:
    log_density, guess = LAWS[name]
    noise = QuadratureNoise.build(log_density, guess)
    draws = noise.draw(np.random.default_rng(2), 4000)
    assert draws.shape == (4000,)
    grid = np.linspace(noise.log_sigma[0], noise.log_sigma[-1], 40_001)
    values = log_density(np.exp(grid)) + grid
    cdf = integrate.cumulative_simpson(np.exp(values - values.max()), x=grid, initial=0.0)
    assert stats.kstest(np.log(draws), lambda v: np.interp(v, grid, cdf / cdf[-1])).pvalue > 1e-3


@pytest.mark.parametrize("excess", [1.0, 1.2])
def test_proposals_are_corrected_to_the_density_itself(excess: float) -> None:
    # A tent of two cells, far from flat; in its middle the density may exceed nothing but fall short of the proposal.
    nodes, height = np.array([0.0, 1.0, 2.0]), np.array([0.05, 1.0, 0.3])

    def log_density(sigma: np.ndarray) -> np.ndarray:
        u = np.log(sigma)
        return np.log(np.interp(u, nodes, height)) - np.log(excess) * (u > 1.0)

    noise = QuadratureNoise(nodes, height / height.sum(), height, 0.0, lambda u: log_density(np.exp(u)))
    draws = np.log(noise.draw(np.random.default_rng(3), 8000))
    grid = np.linspace(0.0, 2.0, 20_001)
    cdf = integrate.cumulative_trapezoid(np.exp(log_density(np.exp(grid))), x=grid, initial=0.0)
    assert stats.kstest(draws, lambda v: np.interp(v, grid, cdf / cdf[-1])).pvalue > 1e-3


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_density_that_piles_up_at_an_end_is_refused(direction: int) -> None:
    with pytest.raises(InputError, match="piles up"):
        QuadratureNoise.build(lambda s: (direction * 2 - 1) * np.log(s), 1.0)

"""The marginal of the noise level against scipy's integration and laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, special, stats

from bayesreg.errors import InputError
from bayesreg.numerics.noise_marginal import InverseGammaNoise, KnownNoise, QuadratureNoise


def test_a_known_level_is_itself() -> None:
    noise = KnownNoise(1.7)
    assert np.array_equal(noise.draw(np.random.default_rng(0), 3), np.full(3, 1.7))
    assert [float(part[0]) for part in noise.nodes()] == [1.7, 1.0]
    assert noise.error == 0.0


@pytest.mark.parametrize(("shape", "scale"), [(2.5, 3.0), (8.0, 0.1), (500.0, 2e4)])
def test_inverse_gamma_nodes_and_draws_are_those_of_the_law(shape: float, scale: float) -> None:
    noise = InverseGammaNoise(shape, scale)
    law = stats.invgamma(shape, scale=scale)
    nodes, mass = noise.nodes()
    np.testing.assert_allclose(mass.sum(), 1.0, rtol=1e-12)
    mean = np.sqrt(scale) * np.exp(special.gammaln(shape - 0.5) - special.gammaln(shape))
    np.testing.assert_allclose(mass @ nodes, mean, rtol=1e-8)
    np.testing.assert_allclose(mass @ nodes**-2, shape / scale, rtol=1e-9)
    draws = noise.draw(np.random.default_rng(1), 4000)
    assert stats.kstest(draws**2, law.cdf).pvalue > 1e-3


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


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_density_that_piles_up_at_an_end_is_refused(direction: int) -> None:
    with pytest.raises(InputError, match="piles up"):
        QuadratureNoise.build(lambda s: (direction * 2 - 1) * np.log(s), 1.0)

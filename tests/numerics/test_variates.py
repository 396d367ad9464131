"""Random numbers against their densities, also at extreme parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg.numerics.variates import draw_laplace_local_variance, draw_penalised

N = 4000


@pytest.mark.parametrize(
    ("l1", "l2"),
    [
        (0.0, 1.0),
        (0.0, 1e-12),
        (3.0, 0.0),
        (1e8, 0.0),
        (2.0, 1.5),
        (1.0, 1e6),
        (50.0, 1.0),
        (5e3, 1.0),
        (1e6, 1.0),
        (1e-6, 1e-3),
    ],
)
def test_draws_follow_the_penalised_density(l1: float, l2: float) -> None:
    draws = draw_penalised(np.random.default_rng(1), np.array(l1), np.array(l2), (N,))
    assert np.all(np.isfinite(draws))
    size = np.abs(draws)
    if l2 == 0:
        law = stats.expon(scale=1 / l1)
    else:
        a = l1 / np.sqrt(l2)
        if a > 1e3:  # the truncated normal is an exponential to a relative 1 / a²
            law = stats.expon(scale=1 / l1)
        else:
            law = stats.truncnorm(a, np.inf, loc=-l1 / l2, scale=l2**-0.5)
    assert stats.kstest(size, law.cdf).pvalue > 1e-3
    assert abs(np.mean(draws > 0) - 0.5) < 4 * 0.5 / np.sqrt(N)
    assert abs(np.corrcoef(size, draws > 0)[0, 1]) < 4 / np.sqrt(N)


def test_draws_take_an_array_of_rates_and_a_shape() -> None:
    l1, l2 = np.array([0.0, 4.0, 1e5]), np.array([2.0, 0.0, 1.0])
    draws = draw_penalised(np.random.default_rng(1), l1, l2, (N, 3))
    assert draws.shape == (N, 3)
    np.testing.assert_allclose(draws.std(axis=0), [2**-0.5, 2**0.5 / 4, 2**0.5 / 1e5], rtol=0.06)
    assert np.max(np.abs(np.corrcoef(draws.T) - np.eye(3))) < 4 / np.sqrt(N)


@pytest.mark.parametrize(("distance", "l1"), [(0.7, 2.0), (0.05, 2.0), (1e-6, 1.0), (20.0, 3.0), (1e3, 1e-3)])
def test_local_variances_follow_their_conditional(distance: float, l1: float) -> None:
    draws = draw_laplace_local_variance(np.random.default_rng(2), np.full(N, -distance), np.array(l1))

    # p(t | d) is proportional to t^(-1/2) exp(-d²/(2t) - l1² t / 2), integrated in log t.
    def density(u: float) -> float:
        t = np.exp(u)
        return float(np.exp(0.5 * u - distance**2 / (2 * t) - l1**2 * t / 2 + l1 * distance))

    grid = np.linspace(np.log(draws.min()) - 3, np.log(draws.max()) + 3, 20_001)
    values = np.array([density(u) for u in grid])
    cdf = integrate.cumulative_simpson(values, x=grid, initial=0.0)
    assert stats.kstest(np.log(draws), lambda u: np.interp(u, grid, cdf / cdf[-1])).pvalue > 1e-3


def test_a_coefficient_at_zero_has_a_finite_local_variance() -> None:
    draws = draw_laplace_local_variance(np.random.default_rng(2), np.zeros(N), np.array(2.0))
    assert np.all(np.isfinite(draws))
    assert np.all(draws > 0)
    # t^(-1/2) exp(-2 t) is a gamma law of shape 1/2.
    assert stats.kstest(draws, stats.gamma(0.5, scale=0.5).cdf).pvalue > 1e-3


def test_mixing_the_local_variances_gives_back_the_laplace_law() -> None:
    rng = np.random.default_rng(3)
    l1 = 2.0
    first = rng.laplace(0, 1 / l1, N)
    variance = draw_laplace_local_variance(rng, first, np.array(l1))
    # One Gibbs step from the stationary law stays in it; and the variances are exponential.
    second = rng.standard_normal(N) * np.sqrt(variance)
    assert stats.kstest(second, stats.laplace(0, 1 / l1).cdf).pvalue > 1e-3
    assert stats.kstest(variance, stats.expon(scale=2 / l1**2).cdf).pvalue > 1e-3

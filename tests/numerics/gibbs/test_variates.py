"""Compiled random numbers against their distribution functions, also at extreme parameters."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from bayesreg.numerics.gibbs.variates import (
    half_normal_modified,
    horseshoe_group,
    horseshoe_local,
    inverse_gaussian,
    truncated_exponential,
    truncated_gamma,
    truncated_normal,
)

Array = NDArray[np.float64]
N = 20_000
INVERSE_GAUSSIAN, EXPONENTIAL, GAMMA, HALF_NORMAL, NORMAL = range(5)


@njit(cache=True)
def fill(kind: int, rng: np.random.Generator, a: float, b: float, c: float, size: int) -> Array:
    out = np.empty(size)
    for i in range(size):
        if kind == INVERSE_GAUSSIAN:
            out[i] = inverse_gaussian(rng, a, b)
        elif kind == EXPONENTIAL:
            out[i] = truncated_exponential(rng, a, b)
        elif kind == GAMMA:
            out[i] = truncated_gamma(rng, a, b, c)
        elif kind == HALF_NORMAL:
            out[i] = half_normal_modified(rng, a, b, c)
        else:
            out[i] = truncated_normal(rng, a, b, c)
    return out


def draws_of(kind: int, a: float, b: float, c: float = 0.0, size: int = N) -> Array:
    return fill(kind, np.random.default_rng(11), a, b, c, size)


def agrees(draws: Array, cdf: Callable[[Array], Array]) -> bool:
    return bool(np.all(np.isfinite(draws)) and stats.kstest(draws, cdf).pvalue > 1e-3)


def cdf_of(log_density: Callable[[Array], Array], low: float, high: float) -> Callable[[Array], Array]:
    """Distribution function of a density on (low, high) by the trapezium rule."""
    grid = np.linspace(low, high, 200_001)
    value = log_density(grid)
    value = np.exp(value - value.max())
    total = np.concatenate([[0.0], np.cumsum(value[1:] + value[:-1])])
    return lambda x: np.interp(x, grid, total / total[-1])


@pytest.mark.parametrize(("mean", "shape"), [(1.0, 1.0), (3.0, 0.2), (0.01, 5.0), (1e6, 0.5), (1e3, 1e9)])
def test_inverse_gaussian(mean: float, shape: float) -> None:
    draws = draws_of(INVERSE_GAUSSIAN, mean, shape)
    assert agrees(draws, stats.invgauss(mean / shape, scale=shape).cdf)


def test_inverse_gaussian_moments() -> None:
    draws = draws_of(INVERSE_GAUSSIAN, 2.0, 5.0, size=200_000)
    sd = math.sqrt(2.0**3 / 5.0)
    assert abs(draws.mean() - 2.0) < 4 * sd / math.sqrt(draws.size)
    assert abs((1 / draws).mean() - (1 / 2.0 + 1 / 5.0)) < 4 * (1 / draws).std() / math.sqrt(draws.size)
    assert draws.var() == pytest.approx(sd**2, rel=0.03)


@pytest.mark.parametrize("mean", [1e8, 1e150, 1e299, 1e305, math.inf])
@pytest.mark.parametrize("shape", [1e-2, 1.0, 1e6])
def test_inverse_gaussian_tends_to_the_levy_law(mean: float, shape: float) -> None:
    """Where a root with cancellation gives negative numbers."""
    draws = draws_of(INVERSE_GAUSSIAN, mean, shape)
    if mean / shape > 1e9:
        assert agrees(draws, stats.levy(scale=shape).cdf)
    else:
        assert agrees(draws, stats.invgauss(mean / shape, scale=shape).cdf)


@pytest.mark.parametrize("mean", [1e-150, 1e-20, 1.0, 1e20, 1e150])
@pytest.mark.parametrize("shape", [1e-150, 1e-20, 1.0, 1e20, 1e150])
def test_inverse_gaussian_survives_any_parameters(mean: float, shape: float) -> None:
    draws = draws_of(INVERSE_GAUSSIAN, mean, shape, size=2000)
    assert np.all((draws > 0) & np.isfinite(draws) & np.isfinite(1 / draws))
    if shape > 1e18 * mean:  # the law is a point
        np.testing.assert_allclose(draws, mean, rtol=1e-6)


@pytest.mark.parametrize(("rate", "upper"), [(1.0, 0.5), (2.0, 10.0), (1e-9, 3.0), (300.0, 5.0), (1e-320, 2.0)])
def test_truncated_exponential(rate: float, upper: float) -> None:
    draws = draws_of(EXPONENTIAL, rate, upper)
    assert np.all((draws > 0) & (draws <= upper))
    if rate * upper < 1e-8:
        assert agrees(draws, stats.uniform(0, upper).cdf)
    else:
        assert agrees(draws, stats.truncexpon(rate * upper, scale=1 / rate).cdf)


def test_truncated_exponential_without_a_bound_or_a_rate() -> None:
    assert agrees(draws_of(EXPONENTIAL, 3.0, math.inf), stats.expon(scale=1 / 3).cdf)
    assert agrees(draws_of(EXPONENTIAL, 0.0, 4.0), stats.uniform(0, 4).cdf)


@pytest.mark.parametrize("shape", [0.3, 1.0, 1.5, 8.0, 200.0])
@pytest.mark.parametrize("share", [0.0, 1e-6, 0.3, 0.999, 1.001, 3.0, math.inf])
def test_truncated_gamma(shape: float, share: float) -> None:
    """``share`` is the bound over the mean of the law without it."""
    rate, upper = 2.5, share * shape / 2.5
    if share == 0:
        rate, upper = 0.0, 0.7
    draws = draws_of(GAMMA, shape, rate, upper)
    assert np.all((draws > 0) & (draws <= upper))
    if share < 1e-5:
        # Below 1e-5 of the mean the exponential is 1; the cube of tiny shares underflows elsewhere.
        assert stats.kstest(shape * np.log(draws / upper), lambda v: np.exp(v)).pvalue > 1e-3
    else:
        law = stats.gamma(shape, scale=1 / rate)
        assert agrees(draws, lambda x: np.exp(law.logcdf(x) - law.logcdf(upper)))


@pytest.mark.parametrize("k", [0.05, 1.0, 2.0, 7.5, 400.0, 1e5])
@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.0, 3.0), (2.0, 1.0), (1e-6, 40.0), (5e8, 1e-3)])
def test_half_normal_modified(k: float, a: float, b: float) -> None:
    draws = np.log(draws_of(HALF_NORMAL, k, a, b))
    if b == 0:
        assert agrees(draws, lambda v: stats.gamma(k / 2).cdf(0.5 * a * np.exp(2 * v)))
    elif a == 0:
        assert agrees(draws, lambda v: stats.gamma(k).cdf(b * np.exp(v)))
    else:
        spread = draws.max() - draws.min()

        def log_density(v: Array) -> Array:
            return np.asarray(k * v - 0.5 * a * np.exp(2 * v) - b * np.exp(v))

        assert agrees(draws, cdf_of(log_density, draws.min() - 2 * spread, draws.max() + spread))


@pytest.mark.parametrize("a", [1e-300, 1e-20, 1e20, 1e300])
@pytest.mark.parametrize("b", [0.0, 1e-300, 1.0, 1e150])
def test_half_normal_modified_survives_any_parameters(a: float, b: float) -> None:
    for k in (1e-2, 3.0, 1e8):
        draws = draws_of(HALF_NORMAL, k, a, b, size=200)
        assert np.all((draws > 0) & np.isfinite(draws))


@pytest.mark.parametrize("lower", [-math.inf, -3.0, 0.0, 0.2, 0.3, 1.0, 6.0, 30.0])
def test_truncated_normal(lower: float) -> None:
    mean, sd = -2.0, 0.5
    draws = draws_of(NORMAL, mean, sd, mean + sd * lower)
    assert np.all(draws >= mean + sd * lower)
    assert agrees((draws - mean) / sd, stats.truncnorm(lower, math.inf).cdf)


def test_truncated_normal_far_out_is_an_exponential() -> None:
    draws = draws_of(NORMAL, -1e10, 1.0, 0.0)
    assert agrees(1e10 * draws, stats.expon().cdf)


@njit(cache=True)
def horseshoe_chain(rng: np.random.Generator, z2: float, size: int, draws: int, thin: int) -> Array:
    t, kept = 1.0, np.empty(draws)
    for i in range(draws * thin):
        t = horseshoe_local(rng, t, z2) if size == 1 else horseshoe_group(rng, t, z2, size)
        kept[i // thin] = t
    return kept


@pytest.mark.parametrize(("z2", "size"), [(1e-4, 1), (1.0, 1), (50.0, 1), (0.5, 2), (3.0, 5), (300.0, 40)])
def test_horseshoe_updates_leave_the_conditional_of_the_local_scale(z2: float, size: int) -> None:
    draws = np.log(horseshoe_chain(np.random.default_rng(5), z2, size, 5000, 30))

    def log_density(v: Array) -> Array:
        # sqrt(t) ~ C+(0, 1) has the density t^(1/2)/(1 + t) in log t.
        return np.asarray(0.5 * v - np.log1p(np.exp(v)) - 0.5 * size * v - 0.5 * z2 * np.exp(-v))

    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.06
    assert agrees(draws, cdf_of(log_density, draws.min() - 10, draws.max() + 60))


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("z2", [0.0, 1e-310, 1e-30, 1e30, 1e300])
def test_horseshoe_updates_survive_any_coefficient(z2: float, size: int) -> None:
    t = horseshoe_chain(np.random.default_rng(5), z2, size, 2000, 1)
    assert np.all((t > 0) & np.isfinite(t) & np.isfinite(1 / t))

"""Pólya-Gamma draws against their distribution function and their moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy import special, stats

from bayesreg.numerics.gibbs.polya_gamma import polya_gamma, polya_gamma_sum

Array = NDArray[np.float64]


@njit(cache=True)
def fill(rng: np.random.Generator, count: int, z: float, size: int) -> Array:
    out = np.empty(size)
    for i in range(size):
        out[i] = polya_gamma(rng, z) if count == 1 else polya_gamma_sum(rng, count, z)
    return out


def moments(z: float) -> tuple[float, float]:
    """Mean and variance of PG(1, z)."""
    if z < 1e-3:
        return 0.25 - z * z / 48, 1 / 24
    return math.tanh(z / 2) / (2 * z), (math.sinh(z) - z) / (4 * z**3 * math.cosh(z / 2) ** 2)


def cdf(x: Array, z: float) -> Array:
    """P(PG(1, z) < x) from inverse Gaussian distribution functions.

    PG(1, 0) = J*/4 is a hitting time of two barriers, so its density is an alternating sum of Lévy ones (hitting times
    of one barrier at 2k + 1, in the time 4x); tilted by exp(-z² x/2) each becomes an inverse Gaussian.
    """
    total = np.zeros_like(x)
    half = 0.5 * z
    for k in range(16):
        m = 2 * k + 1
        # exp(m half) and the tail are joined in the exponent, so that neither overflows.
        root = np.sqrt(4 * x)
        first = special.log_ndtr((half * 4 * x - m) / root) - m * half
        second = special.log_ndtr(-(half * 4 * x + m) / root) + m * half
        total += (-1) ** k * (np.exp(first) + np.exp(second))
    return np.asarray(total * 2 * math.cosh(half))


@pytest.mark.parametrize("z", [0.0, 1e-8, 0.3, -1.5, 3.1, 3.2, 7.0, 27.9, 40.0])
def test_draws_follow_the_law(z: float) -> None:
    draws = fill(np.random.default_rng(3), 1, z, 100_000)
    mean, variance = moments(abs(z))
    assert abs(draws.mean() - mean) < 4 * math.sqrt(variance / draws.size)
    assert draws.var() == pytest.approx(variance, rel=0.03)
    assert stats.kstest(draws, lambda x: cdf(x, abs(z))).pvalue > 1e-3


@pytest.mark.parametrize("z", [1e3, 1e10, 1e200])
def test_far_from_zero_the_law_is_narrow(z: float) -> None:
    draws = fill(np.random.default_rng(3), 1, z, 2000)
    assert np.all((draws > 0) & np.isfinite(draws))
    # Mean 1/(2z), coefficient of variation sqrt(2/z).
    assert draws.mean() * 2 * z == pytest.approx(1.0, abs=4 * math.sqrt(2 / z / draws.size) + 1e-12)


@pytest.mark.parametrize(("count", "z"), [(2, 1.0), (7, 0.0), (50, 4.0)])
def test_sums_have_the_moments_of_a_count(count: int, z: float) -> None:
    draws = fill(np.random.default_rng(4), count, z, 20_000)
    mean, variance = moments(z)
    assert abs(draws.mean() - count * mean) < 4 * math.sqrt(count * variance / draws.size)
    assert draws.var() == pytest.approx(count * variance, rel=0.06)

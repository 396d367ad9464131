"""The law of 1/t of a horseshoe coefficient against its distribution function."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from bayesreg.numerics.gibbs.shifted_reciprocal import shifted_reciprocal


@njit(cache=False)
def many(rng: np.random.Generator, b: float, size: int) -> np.ndarray:
    out = np.empty(size)
    for i in range(size):
        out[i] = shifted_reciprocal(rng, b)
    return out


@pytest.mark.parametrize("b", [1e-6, 0.03, 0.9999, 1.0, 4.0, 300.0])
def test_draws_follow_the_exponential_integral(b: float) -> None:
    eta = many(np.random.default_rng(3), b, 20_000)
    # The share beyond eta is E1(b (1 + eta)) / E1(b).
    assert stats.kstest(eta, lambda x: 1 - special.exp1(b * (1 + x)) / special.exp1(b)).pvalue > 1e-3


def test_a_coefficient_at_zero_has_a_draw() -> None:
    eta = many(np.random.default_rng(3), 0.0, 1000)
    assert np.all((eta > 0) & np.isfinite(eta))

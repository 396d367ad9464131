"""Slice updates leave a density invariant, whatever their width."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from bayesreg.numerics.gibbs.slices import DONE, answer, begin

GUMBEL, EDGE, TWO_HILLS = range(3)


@njit(cache=True)
def log_density(kind: int, x: float) -> float:
    if kind == GUMBEL:
        return -x - math.exp(-x)
    if kind == EDGE:
        return -x if x > 0 else -math.inf
    return math.log(0.7 * math.exp(-0.5 * (x + 1.5) ** 2) + 0.3 * math.exp(-0.5 * (x - 1.5) ** 2))


@njit(cache=True)
def chain(rng: np.random.Generator, kind: int, x: float, width: float, draws: int, thin: int) -> NDArray[np.float64]:
    kept = np.empty(draws)
    for i in range(draws * thin):
        step = begin(rng, x, log_density(kind, x), width)
        while step.phase != DONE:
            step = answer(rng, step, log_density(kind, step.at))
        x = step.at
        kept[i // thin] = x
    return kept


LAWS = {
    GUMBEL: stats.gumbel_r().cdf,
    EDGE: stats.expon().cdf,
    TWO_HILLS: lambda x: 0.7 * stats.norm.cdf(x + 1.5) + 0.3 * stats.norm.cdf(x - 1.5),
}


# A width of 0.05 needs some 60 steps out and often meets their limit, which is part of the law of the interval.
@pytest.mark.parametrize(("width", "thin"), [(0.05, 60), (2.0, 12), (50.0, 12)])
@pytest.mark.parametrize("kind", LAWS)
def test_the_chain_has_the_density_it_is_told(kind: int, width: float, thin: int) -> None:
    draws = chain(np.random.default_rng(kind), kind, 0.5, width, 4000, thin)
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.06
    assert stats.kstest(draws, LAWS[kind]).pvalue > 1e-3


@njit(cache=True)
def spike(rng: np.random.Generator, x: float) -> float:
    step = begin(rng, x, 0.0, 1.0)
    while step.phase != DONE:
        step = answer(rng, step, 0.0 if step.at == x else -math.inf)
    return step.at


@pytest.mark.parametrize("x", [0.0, 1.0, -1e300])
def test_a_slice_of_one_point_returns_it(x: float) -> None:
    assert spike(np.random.default_rng(1), x) == x

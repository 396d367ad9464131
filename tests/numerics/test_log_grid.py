"""Integrals and draws of one or two logarithms, against closed forms and scipy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, special, stats

from bayesreg.errors import InputError
from bayesreg.numerics.log_grid import LogGrid, rule_error

Array = NDArray[np.float64]
ENDS = ("falls nowhere below", "falls nowhere above")
WIDE = np.linspace(-60.0, 60.0, 121)


def one(log_of: Callable[[Array], Array], fall: float = 40.0) -> LogGrid:
    """Return a grid in the outer variable alone."""
    return LogGrid.build(lambda v, u: np.broadcast_to(log_of(v)[:, None], u.shape), WIDE, None, ENDS, fall)


def inner(log_of: Callable[[Array], Array]) -> LogGrid:
    """Return a grid in the inner variable alone."""
    at = np.array([0.5])
    return LogGrid.build(lambda v, u: log_of(u), at, lambda v: (np.full(1, -60.0), np.full(1, 60.0)), ENDS)


DENSITIES: dict[str, tuple[Any, Any]] = {
    # Log density with a constant, and the log of its integral.
    "gamma": (lambda s: 700.0 + 2.5 * s - np.exp(s), 700.0 + special.gammaln(2.5)),
    "narrow": (lambda s: -0.5 * ((s - 4.0) / 1e-3) ** 2, 0.5 * math.log(2 * math.pi) + math.log(1e-3)),
    "heavy": (lambda s: s - np.logaddexp(0.0, 2 * s), math.log(math.pi / 2)),
    "two_modes": (
        lambda s: np.logaddexp(-0.5 * ((s - 1) / 0.2) ** 2, -0.5 * ((s + 1) / 0.3) ** 2),
        0.5 * math.log(2 * math.pi) + math.log(0.5),
    ),
}


@pytest.mark.parametrize("make", [one, inner])
@pytest.mark.parametrize("name", DENSITIES)
def test_an_integral_is_the_closed_form_within_the_stated_error(name: str, make: Any) -> None:
    log_of, exact = DENSITIES[name]
    grid = make(log_of)
    assert grid.error < 1e-10
    assert grid.log_total == pytest.approx(exact, abs=max(3 * grid.error, 1e-13))
    assert grid.mass.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("name", ["gamma", "two_modes"])
def test_a_wider_cut_changes_nothing(name: str) -> None:
    log_of, exact = DENSITIES[name]
    assert one(log_of, 120.0).log_total == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("make", [one, inner])
@pytest.mark.parametrize("name", DENSITIES)
def test_draws_of_one_logarithm_follow_the_density(name: str, make: Any) -> None:
    log_of, exact = DENSITIES[name]
    v, u = make(log_of).draw(np.random.default_rng(1), 5000)
    draws = v if make is one else u
    low, high = draws.min() - 1, draws.max() + 1
    grid = np.linspace(low, high, 200_001)
    cdf = integrate.cumulative_simpson(np.exp(log_of(grid) - exact), x=grid, initial=0.0)
    assert stats.kstest(draws, lambda at: np.interp(at, grid, cdf / cdf[-1])).pvalue > 1e-3


# A correlated normal whose inner range depends on the outer variable, and one whose inner width does.
def tilted(v: Array, u: Array) -> Array:
    return -0.5 * (v[:, None] ** 2 + ((u - 3 * v[:, None]) / 0.1) ** 2)


def funnel(v: Array, u: Array) -> Array:
    return -0.5 * (v[:, None] ** 2 + (u * np.exp(-0.5 * v[:, None])) ** 2)


@pytest.mark.parametrize(("log_of", "exact"), [(tilted, 0.2 * math.pi), (funnel, 2 * math.pi * math.exp(0.125))])
def test_two_logarithms_have_the_integral_and_the_draws_of_the_density(log_of: Any, exact: float) -> None:
    grid = LogGrid.build(log_of, WIDE, lambda v: (np.full(v.size, -300.0), np.full(v.size, 300.0)), ENDS)
    assert grid.log_total == pytest.approx(math.log(exact), abs=1e-10)
    assert grid.error < 1e-10
    v, u = grid.draw(np.random.default_rng(2), 5000)
    mean_v = 0.0 if log_of is tilted else 0.5
    assert stats.kstest(v, stats.norm(mean_v, 1.0).cdf).pvalue > 1e-3
    white = (u - 3 * v) / 0.1 if log_of is tilted else u * np.exp(-0.5 * v)
    assert stats.kstest(white, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(white, v)[0, 1]) < 4 / np.sqrt(5000)


def test_draws_are_corrected_where_the_interpolation_is_poor() -> None:
    # Five nodes for a normal: proposals are far off between them, accepted draws are not.
    fine = one(lambda s: -0.5 * s * s)
    every = slice(None, None, (fine.v.size - 1) // 16)
    table = fine.table[every]
    coarse = LogGrid(fine.v[every], fine.u[every], table / table.sum(), 0.0, 0.0, fine.log_of, table, fine.log_top)
    assert coarse.excess > 1.1
    draws = coarse.draw(np.random.default_rng(3), 5000)[0]
    assert stats.kstest(draws, "norm").pvalue > 1e-3


def test_moments_of_the_exponential_and_those_that_do_not_exist() -> None:
    grid = one(lambda s: 2.5 * s - np.exp(s))
    assert grid.mean_and_sd(grid.v[:, None]) == pytest.approx((2.5, math.sqrt(2.5)), rel=1e-9)
    heavy = one(lambda s: 1.0 * s - 2 * np.logaddexp(0.0, s))  # s e^-2s at infinity: no mean
    assert heavy.mean_and_sd(heavy.v[:, None]) == (np.inf, np.inf)
    some = one(lambda s: 1.0 * s - 3 * np.logaddexp(0.0, s))  # a mean of 1, no variance
    mean, sd = some.mean_and_sd(some.v[:, None])
    assert mean == pytest.approx(1.0, rel=1e-6)
    assert sd == np.inf


@pytest.mark.parametrize(("slope", "end"), [(1.0, 1), (-1.0, 0), (0.0, 0)])
@pytest.mark.parametrize("make", [one, inner])
def test_a_density_that_does_not_fall_is_refused_in_words(slope: float, end: int, make: Any) -> None:
    with pytest.raises(InputError, match=ENDS[end]):
        make(lambda s: slope * s)


@pytest.mark.parametrize("shift", [0.0, 0.13, 0.41])
@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_the_error_of_the_rule_is_bounded_where_it_can_be_seen(rate: float, shift: float) -> None:
    # sech has the transform pi sech(pi w / 2): errors at half the nodes are visible.
    wide = np.linspace(-40.0, 40.0, 65) + shift
    for nodes in (wide, wide[::2], np.linspace(-40.0, 40.0, 129) + shift):
        values = 1 / np.cosh(rate * nodes)
        error = abs(values.sum() * (nodes[1] - nodes[0]) * rate / np.pi - 1)
        assert error <= rule_error(values) + 1e-14

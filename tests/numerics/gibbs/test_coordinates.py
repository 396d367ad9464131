"""Draws of single coefficients against their distribution functions, and a scan of local variances against a grid."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy import special, stats

from bayesreg.numerics.gibbs.coordinates import gram_coordinates, row_coordinates, shrunken_root, two_sided
from bayesreg.numerics.gibbs.scan import draw_marginal_locals
from bayesreg.numerics.gibbs.specification import HORSESHOE, LAPLACE, Prior, State

Array = NDArray[np.float64]
N = 20_000


@njit(cache=True)
def roots(rng: np.random.Generator, b: float, B: float, size: int) -> Array:
    out = np.empty(size)
    for i in range(size):
        out[i] = shrunken_root(rng, b, B)
    return out


@njit(cache=True)
def two_sided_draws(rng: np.random.Generator, precision: float, pull: float, rate: float, size: int) -> Array:
    out = np.empty(size)
    for i in range(size):
        out[i] = two_sided(rng, precision, pull, rate)
    return out


def cdf_on(grid: Array, log_density: Array) -> tuple[Array, Array]:
    """Knots of a distribution function, by the trapezium rule."""
    density = np.exp(log_density - log_density.max())
    total = np.concatenate([[0.0], np.cumsum(np.diff(grid) * (density[1:] + density[:-1]))])
    return grid, total / total[-1]


# Each piece of the envelope alone, both together, and the borders between the cases.
@pytest.mark.parametrize("B", [1e-9, 0.4, 1.0, 1.7, 2.0, 2.3, 40.0, 1e6])
@pytest.mark.parametrize("b", [0.0, 0.4, 1.0, 1.3, 4.0, 12.0, 300.0])
def test_the_root_of_a_shrinkage_factor(b: float, B: float) -> None:
    near = np.logspace(-15, 0, 20_001)
    grid = np.unique(np.concatenate([[0.0, 1.0], near, 1 - near, np.linspace(0, 1, 20_001)]))
    knots, cdf = cdf_on(grid, b * (grid**2 - 1) - np.log(B * grid**2 + (1 - grid) * (1 + grid)))
    w = roots(np.random.default_rng(5), b, B, N)
    assert stats.kstest(np.interp(w, knots, cdf), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("B", [0.0, 1e-30, 1.0, 1e30])
@pytest.mark.parametrize("b", [0.0, 1e6, 1e11, 1e30, np.inf])
def test_extreme_shrinkage_has_a_draw(b: float, B: float) -> None:
    w = roots(np.random.default_rng(5), b, B, 200)
    assert np.all((w >= 0) & (w <= 1))


@pytest.mark.parametrize(
    ("precision", "pull", "rate"),
    [(1.0, 0.0, 1.0), (100.0, 50.0, 1.0), (1.0, 3.0, 10.0), (1.0, -300.0, 3.0), (4.0, 2.0, 0.0), (1.0, 40.0, 39.0)],
)
def test_two_normals_cut_at_zero(precision: float, pull: float, rate: float) -> None:
    d = two_sided_draws(np.random.default_rng(6), precision, pull, rate, N)
    grid = np.unique(np.concatenate([np.linspace(-20, 20, 100_001) + m for m in (0, pull - rate, pull + rate)]))
    grid = np.unique(np.concatenate([grid, grid / precision]))
    knots, cdf = cdf_on(grid, -0.5 * precision * grid**2 + pull * grid - rate * abs(grid))
    assert stats.kstest(np.interp(d, knots, cdf), "uniform").pvalue > 1e-4


def model(law: int, rng: np.random.Generator) -> tuple[Array, Array, Prior, State]:
    X = rng.standard_normal((9, 3))
    X[:, 1] += 2 * X[:, 0]
    prior = Prior(np.arange(3), np.ones(3), np.array([1.0, 0.5, 2.0]), np.zeros(3), np.zeros(3), 1, 0, law, 0.0, False)
    y = X[:, 0] + rng.standard_normal(9)
    return X, y, prior, State(np.zeros(3), np.ones(3), np.array([0.8, 1.3, 1.0, 0.0, 0.0]), X.T @ y)


@pytest.mark.parametrize("law", [LAPLACE, HORSESHOE])
def test_rows_and_gram_matrix_give_the_same_draws(law: int) -> None:
    X, y, prior, state = model(law, np.random.default_rng(1))
    gram_coordinates(np.random.default_rng(2), X.T @ X, prior, state)
    other, residual = state._replace(delta=np.zeros(3)), y.copy()
    row_coordinates(np.random.default_rng(2), np.ascontiguousarray(X.T), (X**2).sum(0), prior, other, residual)
    np.testing.assert_allclose(other.delta, state.delta, rtol=1e-12)
    np.testing.assert_allclose(state.gradient, X.T @ residual, atol=1e-12)
    np.testing.assert_allclose(residual, y - X @ other.delta, atol=1e-12)


def test_a_scan_of_local_variances_has_their_law_without_coefficients() -> None:
    X, y, prior, state = model(HORSESHOE, np.random.default_rng(1))
    G, c, sigma, a = X.T @ X, X.T @ y, 0.8, 1.3
    # log t on a grid: the prior is the logistic law of scale 2 for each, the likelihood a determinant and a form.
    z = special.logit((np.arange(60) + 0.5) / 60) * 2
    t = np.exp(np.stack(np.meshgrid(z, z, z, indexing="ij"), -1).reshape(-1, 3))
    A = G / sigma**2 + (a / sigma * prior.rate) ** 2 / t[:, :, None] * np.eye(3)
    solved = np.linalg.solve(A, np.broadcast_to(c / sigma**2, (t.shape[0], 3))[..., None])[..., 0]
    log_weight = 0.5 * solved @ c / sigma**2 - 0.5 * np.linalg.slogdet(A)[1] - 0.5 * np.log(t).sum(1)
    weight = np.exp(log_weight - log_weight.max())
    # In log t a half-Cauchy law of sqrt(t) is t^(1/2)/(1 + t), the grid's law t^(1/2)/(1 + t^(1/2))² / 2.
    weight *= np.prod((1 + np.sqrt(t)) ** 2 / (1 + t), axis=1)
    expected = weight @ (t / (1 + t)) / weight.sum()
    rng, found = np.random.default_rng(3), np.empty((12_000, 3))
    for kept in found:
        assert draw_marginal_locals(rng, G, c, prior, state, np.empty(3), np.empty((3, 3)))
        kept[:] = state.local / (1 + state.local)
    error = found.reshape(60, 200, 3).mean(1).std(0, ddof=1) / np.sqrt(60)
    assert np.all(abs(found.mean(0) - expected) < 4 * error + 2e-3), (found.mean(0), expected, error)

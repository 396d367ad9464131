"""The factorisation for compiled loops against NumPy's, and what its smallest pivot says."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.cholesky import factorise, solve_factored


def unit_gram(k: int, seed: int = 0) -> np.ndarray:
    A = np.random.default_rng(seed).standard_normal((2 * k + 3, k))
    A /= np.linalg.norm(A, axis=0)
    return A.T @ A


# One block, its border, several blocks with a rest.
@pytest.mark.parametrize("k", [1, 2, 47, 48, 49, 96, 110])
def test_the_lower_triangle_becomes_the_factor(k: int) -> None:
    G = unit_gram(k)
    L = G.copy()
    smallest = factorise(L)
    expected = np.linalg.cholesky(G)
    np.testing.assert_allclose(np.tril(L), expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(smallest, np.diag(expected).min(), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 5, 60])
def test_the_solution_is_that_of_the_system(k: int) -> None:
    G, b = unit_gram(k), np.random.default_rng(1).standard_normal(k)
    L, x = G.copy(), b.copy()
    factorise(L)
    solve_factored(L, x)
    np.testing.assert_allclose(x, np.linalg.solve(G, b), rtol=1e-11, atol=1e-13)


def test_what_stands_above_the_diagonal_is_not_read() -> None:
    G = unit_gram(60)
    L = np.tril(G) + np.triu(np.full((60, 60), np.nan), 1)
    assert factorise(L) > 0
    np.testing.assert_allclose(np.tril(L), np.linalg.cholesky(G), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("position", [1, 30, 70])
def test_the_smallest_pivot_is_the_distance_of_a_column_from_the_span_of_the_others(
    distance: float, position: int
) -> None:
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(rng.standard_normal((120, 71)))[0]
    A = Q.copy()
    A[:, position] = np.sqrt(1 - distance**2) * Q[:, 0] + distance * Q[:, position]
    # The square of the distance is a difference of numbers of size one.
    np.testing.assert_allclose(factorise(A.T @ A), distance, rtol=10 * 2.0**-52 / distance**2)


@pytest.mark.parametrize("position", [3, 48, 59])
def test_a_matrix_that_is_not_positive_gives_zero(position: int) -> None:
    G = np.eye(60)
    G[position, position] = -1e-3
    assert factorise(G.copy()) == 0.0
    G[position, position] = 0.0
    assert factorise(G.copy()) == 0.0
    G[position, position] = np.nan
    assert factorise(G.copy()) == 0.0

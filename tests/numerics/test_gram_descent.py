"""Coordinate descent on a Gram matrix: each cycle is the textbook's, and its limit is the minimum."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.gram_descent import gram_descent


def problem(p: int, n: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    b = A[:, 0] - A[:, -1] + rng.standard_normal(n)
    return A.T @ A, A.T @ b, np.full(p, 2.0), np.linspace(0, 3, p), np.linalg.norm(A, axis=0) * np.linalg.norm(b)


def one_cycle(G: np.ndarray, c: np.ndarray, l1: np.ndarray, l2: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Minimise over each coordinate in turn, from the definition."""
    d = d.copy()
    for j in range(d.size):
        z = c[j] - G[j] @ d + G[j, j] * d[j]
        d[j] = np.sign(z) * max(abs(z) - l1[j], 0.0) / (G[j, j] + l2[j])
    return d


@pytest.mark.parametrize("seed", range(3))
def test_one_cycle_minimises_over_each_coordinate_in_turn(seed: int) -> None:
    G, c, l1, l2, scale = problem(6, 20, seed)
    d = np.random.default_rng(seed).standard_normal(6)
    expected = one_cycle(G, c, l1, l2, d)
    assert gram_descent(G, c, l1, l2, d, scale, 0.0, 1) == 1
    np.testing.assert_allclose(d, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("p", "n"), [(6, 20), (15, 8)])
def test_the_limit_meets_the_optimality_conditions(p: int, n: int) -> None:
    G, c, l1, l2, scale = problem(p, n, 1)
    d = np.zeros(p)
    epochs = gram_descent(G, c, l1, l2, d, scale, 1e-13, 100_000)
    assert epochs < 100_000
    pull = c - G @ d - l2 * d
    on = d != 0
    np.testing.assert_allclose(pull[on], l1[on] * np.sign(d[on]), rtol=1e-9)
    assert np.all(np.abs(pull[~on]) <= l1[~on] * (1 + 1e-9))


def test_a_warm_start_at_the_solution_stops_after_one_cycle() -> None:
    G, c, l1, l2, scale = problem(6, 20, 1)
    d = np.zeros(6)
    gram_descent(G, c, l1, l2, d, scale, 1e-14, 100_000)
    assert gram_descent(G, c, l1, l2, d, scale, 1e-10, 100) == 1


def test_the_number_of_cycles_is_bounded() -> None:
    G, c, l1, l2, scale = problem(15, 8, 1)
    d = np.zeros(15)
    assert gram_descent(G, c, l1, l2 * 0, d, scale, 0.0, 7) == 7


def test_a_column_of_zeros_without_a_penalty_is_left_alone() -> None:
    G, c, l1, l2, scale = problem(4, 20, 2)
    G[1], G[:, 1], c[1], l1[1], l2[1] = 0.0, 0.0, 0.0, 0.0, 0.0
    d = np.array([0.0, 5.0, 0.0, 0.0])
    gram_descent(G, c, l1, l2, d, scale, 1e-12, 1000)
    assert d[1] == 5.0

"""Descent on stored entries against the same quadratic written densely."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from bayesreg.numerics.sparse_descent import sparse_descent
from bayesreg.penalty import Penalty
from tests.numerics.oracles import brute_force


def draw(n: int, p: int, seed: int, density: float = 0.4) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < density)
    return X, rng.uniform(0.2, 2.0, n), X[:, 0] * 2 + rng.standard_normal(n), rng.standard_normal(p)


def dense(
    X: np.ndarray, h: np.ndarray, g: np.ndarray, intercept: tuple[float, float] | None, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """G and c of the quadratic d'Gd/2 - c'd, the intercept minimised out of the joint one."""
    if intercept is None:
        G = (X.T * h) @ X
        return G, G @ at - X.T @ g
    Z = np.column_stack([np.ones(h.size), X])
    H = (Z.T * h) @ Z
    H[0, 0] += intercept[0]
    slope = Z.T @ g
    slope[0] += intercept[1]
    G = H[1:, 1:] - np.outer(H[1:, 0], H[0, 1:]) / H[0, 0]
    return G, G @ at - (slope[1:] - H[1:, 0] * slope[0] / H[0, 0])


def solve(
    X: np.ndarray, h: np.ndarray, g: np.ndarray, intercept: tuple[float, float] | None, penalty: Penalty, at: np.ndarray
) -> np.ndarray:
    scale = np.linalg.norm(X, axis=0) * np.linalg.norm(g)
    scale[scale == 0] = 1.0
    columns = sparse.csc_array(X)
    d, cycles = sparse_descent(
        columns, h, g, intercept, penalty.l1, penalty.l2, penalty.constrained, at, scale, 1e-13, 5000
    )
    assert cycles < 500
    return d


@pytest.mark.parametrize("intercept", [None, (0.0, 0.0), (1.5, -0.7)], ids=["none", "flat", "proper"])
@pytest.mark.parametrize("constrained", [[], [0, 3]])
@pytest.mark.parametrize("seed", range(3))
def test_the_minimum_is_that_of_brute_force(
    intercept: tuple[float, float] | None, constrained: list[int], seed: int
) -> None:
    X, h, g, at = draw(15, 5, seed)
    rng = np.random.default_rng(seed)
    positive = np.isin(np.arange(5), constrained)
    penalty = Penalty(rng.choice([0.5, 1.0, 4.0], 5), rng.choice([0.0, 1.0], 5), positive=positive)
    at = np.where(positive, np.abs(at), at)
    expected, _ = brute_force(*dense(X, h, g, intercept, at), penalty)
    found = solve(X, h, g, intercept, penalty, at)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.array_equal(found == 0, expected == 0)


@pytest.mark.parametrize("intercept", [None, (0.0, 0.0), (2.0, 0.3)], ids=["none", "flat", "proper"])
@pytest.mark.parametrize(("n", "p"), [(8, 80), (40, 20)])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.3), (0.3, 0.0), (0.3, 0.2)])
def test_large_problems_reach_the_optimality_conditions(
    intercept: tuple[float, float] | None, n: int, p: int, l1: float, l2: float
) -> None:
    X, h, g, at = draw(n, p, 1)
    at[np.all(X == 0, axis=0)] = 0.0
    penalty = Penalty(np.full(p, l1), np.full(p, l2))
    d = solve(X, h, g, intercept, penalty, at)
    G, c = dense(X, h, g, intercept, at)
    assert penalty.subdifferential_distance(d, G @ d - c).max() < 1e-11


@pytest.mark.parametrize("signs", [False, True])
def test_columns_without_a_penalty_are_solved_for(signs: bool) -> None:
    X, h, g, at = draw(30, 6, 2, density=0.7)
    zero = np.zeros(6)
    penalty = Penalty(zero, zero, positive=np.arange(6) < 3) if signs else Penalty(zero, zero)
    found = solve(X, h, g, (0.0, 0.0), penalty, np.abs(at))
    G, c = dense(X, h, g, (0.0, 0.0), np.abs(at))
    expected = brute_force(G, c, penalty)[0] if signs else np.linalg.solve(G, c)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_an_empty_column_gets_zero_under_a_penalty_and_stays_without() -> None:
    X, h, g, _ = draw(15, 3, 0)
    X[:, 1] = 0.0
    for l1, l2 in ((0.0, 0.1), (0.1, 0.0), (0.1, 0.1)):
        assert solve(X, h, g, (0.0, 0.0), Penalty(np.full(3, l1), np.full(3, l2)), np.ones(3))[1] == 0.0
    # Nothing pulls at it and nothing holds it.
    free = Penalty(np.array([0.1, 0.0, 0.1]), np.zeros(3))
    assert solve(X, h, g, None, free, np.array([1.0, 7.0, 1.0]))[1] == 7.0


def test_duplicate_columns_reach_the_minimum_of_the_single_one() -> None:
    X, h, g, _ = draw(20, 4, 3)
    twice = np.column_stack([X, X[:, :2]])
    penalty = Penalty(np.full(6, 0.5), np.zeros(6))
    d = solve(twice, h, g, (0.0, 0.0), penalty, np.zeros(6))
    expected, _ = brute_force(*dense(X, h, g, (0.0, 0.0), np.zeros(4)), penalty.take(np.arange(4)))
    np.testing.assert_allclose(d[:4] + np.append(d[4:], [0, 0]), expected, rtol=1e-9, atol=1e-11)


def test_rows_without_curvature_count_with_their_slope_only() -> None:
    X, h, g, at = draw(15, 4, 4)
    h[::3] = 0.0
    penalty = Penalty(np.full(4, 0.4), np.full(4, 0.5))
    found = solve(X, h, g, (0.0, 0.0), penalty, at)
    expected, _ = brute_force(*dense(X, h, g, (0.0, 0.0), at), penalty)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_the_start_is_not_modified_and_cycles_are_bounded() -> None:
    X, h, g, at = draw(8, 80, 1, density=1.0)
    kept = at.copy()
    one = np.ones(80)
    _, cycles = sparse_descent(sparse.csc_array(X), h, g, None, 1e-3 * one, 0 * one, one > 2, at, one, 0.0, 7)
    assert np.array_equal(at, kept)
    # A round of cycles over the active columns is finished.
    assert cycles <= 7 + 10

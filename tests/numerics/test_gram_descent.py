"""Coordinate descent on a Gram matrix: each cycle is the textbook's, and its limit is the minimum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics.gram_descent import SINGULAR, gram_descent, gram_path

ANY_SIGN = np.zeros(40, dtype=bool)


def problem(p: int, n: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    b = A[:, 0] - A[:, -1] + rng.standard_normal(n)
    return A.T @ A, A.T @ b, np.full(p, 2.0), np.linspace(0, 3, p), np.linalg.norm(A, axis=0) * np.linalg.norm(b)


def one_cycle(
    G: np.ndarray, c: np.ndarray, l1: np.ndarray, l2: np.ndarray, positive: np.ndarray, d: np.ndarray
) -> np.ndarray:
    """Minimise over each coordinate in turn, from the definition."""
    d = d.copy()
    for j in range(d.size):
        z = c[j] - G[j] @ d + G[j, j] * d[j]
        d[j] = np.sign(z) * max(abs(z) - l1[j], 0.0) / (G[j, j] + l2[j])
        d[j] = max(d[j], 0.0) if positive[j] else d[j]
    return d


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("constrained", [[], [1, 5]])
def test_one_cycle_minimises_over_each_coordinate_in_turn(seed: int, constrained: list[int]) -> None:
    G, c, l1, l2, scale = problem(6, 20, seed)
    positive = np.isin(np.arange(6), constrained)
    d = np.random.default_rng(seed).standard_normal(6)
    expected = one_cycle(G, c, l1, l2, positive, d)
    assert gram_descent(G, c, l1, l2, positive, d, scale, 0.0, 1) == (1, 0)
    np.testing.assert_allclose(d, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("p", "n"), [(6, 20), (15, 8)])
def test_the_limit_meets_the_optimality_conditions(p: int, n: int) -> None:
    G, c, l1, l2, scale = problem(p, n, 1)
    d = np.zeros(p)
    cycles, singular = gram_descent(G, c, l1, l2, ANY_SIGN[:p], d, scale, 1e-13, 100_000)
    assert cycles < 100
    assert singular == 0
    pull = c - G @ d - l2 * d
    on = d != 0
    np.testing.assert_allclose(pull[on], l1[on] * np.sign(d[on]), rtol=1e-12)
    assert np.all(np.abs(pull[~on]) <= l1[~on] * (1 + 1e-12))


@pytest.mark.parametrize("seed", range(4))
def test_without_a_penalty_and_with_signs_the_limit_is_that_of_nnls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((20, 8))
    b = A @ rng.standard_normal(8) + rng.standard_normal(20)
    d = np.zeros(8)
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    zero, positive = np.zeros(8), np.ones(8, dtype=bool)
    cycles, singular = gram_descent(A.T @ A, A.T @ b, zero, zero, positive, d, scale, 1e-13, 10_000)
    expected = optimize.nnls(A, b)[0]
    assert (cycles < 1000, singular) == (True, 0)
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-13)
    assert np.array_equal(d == 0, expected == 0)


def test_a_warm_start_at_the_solution_stops_after_one_cycle() -> None:
    G, c, l1, l2, scale = problem(6, 20, 1)
    d = np.zeros(6)
    gram_descent(G, c, l1, l2, ANY_SIGN[:6], d, scale, 1e-14, 100_000)
    assert gram_descent(G, c, l1, l2, ANY_SIGN[:6], d, scale, 1e-10, 100) == (1, 0)


def test_the_number_of_cycles_is_bounded() -> None:
    G, c, l1, l2, scale = problem(15, 8, 1)
    d = np.zeros(15)
    assert gram_descent(G, c, l1, l2 * 0, ANY_SIGN[:15], d, scale, 0.0, 7)[0] == 7


def test_a_column_of_zeros_without_a_penalty_is_left_alone() -> None:
    G, c, l1, l2, scale = problem(4, 20, 2)
    G[1], G[:, 1], c[1], l1[1], l2[1] = 0.0, 0.0, 0.0, 0.0, 0.0
    d = np.array([0.0, 5.0, 0.0, 0.0])
    cycles, singular = gram_descent(G, c, l1, l2, ANY_SIGN[:4], d, scale, 1e-12, 1000)
    assert d[1] == 5.0
    others = np.array([0, 2, 3])
    rest = np.zeros(3)
    gram_descent(
        np.ascontiguousarray(G[np.ix_(others, others)]),
        c[others],
        l1[others],
        l2[others],
        ANY_SIGN[:3],
        rest,
        scale[others],
        1e-12,
        1000,
    )
    np.testing.assert_allclose(d[others], rest, rtol=1e-10)
    assert (cycles < 100, singular) == (True, 0)


def test_a_column_of_zeros_under_a_penalty_gets_zero() -> None:
    G, c, l1, l2, scale = problem(3, 20, 2)
    G[1], G[:, 1], c[1], scale[1] = 0.0, 0.0, 0.0, 1.0
    for l1[1], l2[1] in ((0.0, 0.1), (0.1, 0.0), (0.1, 0.1)):
        d = np.array([0.0, 5.0, 0.0])
        gram_descent(G, c, l1, l2, ANY_SIGN[:3], d, scale, 1e-12, 1000)
        assert d[1] == 0.0


def test_two_equal_columns_in_use_are_minimised_by_cycles_or_reported_as_singular() -> None:
    G, c, l1, l2, scale = problem(3, 20, 0)
    twin = np.array([0, 0, 1, 2])
    d = np.array([1.0, 2.0, 0.0, 0.0])
    rates = l1[twin], 0 * l2[twin]
    G4, c4 = np.ascontiguousarray(G[np.ix_(twin, twin)]), c[twin]
    _, singular = gram_descent(G4, c4, *rates, ANY_SIGN[:4], d, scale[twin], 1e-13, 1000)
    pull = G4 @ d - c4
    distance = np.where(d == 0, np.maximum(np.abs(pull) - rates[0], 0), np.abs(pull + rates[0] * np.sign(d)))
    assert singular == SINGULAR or np.all(distance <= 1e-12 * scale[twin])
    # Equal columns without a penalty cannot be told apart by cycles that move one at a time; nor do they have to be.
    assert d[0] * d[1] >= 0


def value(G: np.ndarray, c: np.ndarray, l1: np.ndarray, l2: np.ndarray, d: np.ndarray) -> float:
    return float(0.5 * d @ G @ d - c @ d + l1 @ np.abs(d) + 0.5 * l2 @ d**2)


@pytest.mark.parametrize("seed", range(5))
def test_the_objective_never_rises_with_more_cycles(seed: int) -> None:
    G, c, l1, l2, scale = problem(12, 9, seed)
    start = 3 * np.random.default_rng(seed).standard_normal(12)
    values = []
    for cycles in range(1, 30):
        d = start.copy()
        gram_descent(G, c, l1, l2 * 0.01, ANY_SIGN[:12], d, scale, 0.0, cycles)
        values.append(value(G, c, l1, l2 * 0.01, d))
    # Equal but for rounding once it has converged.
    assert np.all(np.diff(values) <= 1e-13 * abs(values[-1]))


@pytest.mark.parametrize("constrained", [[], [0, 3, 7]])
def test_a_path_is_its_points_solved_one_by_one(constrained: list[int]) -> None:
    G, c, l1, l2, scale = problem(10, 25, 4)
    positive = np.isin(np.arange(10), constrained)
    strengths = np.geomspace(np.abs(c).max() / 2.0, 1e-3, 12)
    coefs, cycles = np.full((12, 10), np.nan), np.zeros(12, dtype=np.int64)
    assert gram_path(G, c, l1, l2, positive, strengths, scale, 1e-13, 10_000, coefs, cycles) == 12
    assert np.all(cycles > 0)
    for k, strength in enumerate(strengths):
        d = np.zeros(10)
        gram_descent(G, c, l1 * strength, l2 * strength, positive, d, scale, 1e-13, 10_000)
        np.testing.assert_allclose(coefs[k], d, rtol=1e-9, atol=1e-12)
        assert np.array_equal(coefs[k] == 0, d == 0)


def test_a_path_goes_on_past_a_singular_support_that_cycles_settle() -> None:
    rng = np.random.default_rng(1)
    A = rng.standard_normal((30, 3))
    b = A[:, 0] + A[:, 1] + 0.1 * rng.standard_normal(30)
    A = np.column_stack([A, A[:, 0]])
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    none, strengths = np.zeros(4), np.array([1.0, 0.1])
    coefs, cycles = np.zeros((2, 4)), np.zeros(2, dtype=np.int64)
    # No penalty on the twins: both are in use.
    l1 = np.array([0.0, 1.0, 1.0, 0.0])
    assert gram_path(A.T @ A, A.T @ b, l1, none, ANY_SIGN[:4], strengths, scale, 1e-13, 1000, coefs, cycles) == 2
    for strength, d in zip(strengths, coefs, strict=True):
        pull = A.T @ (b - A @ d)
        at_edge = np.where(d == 0, np.clip(pull, -strength * l1, strength * l1), strength * l1 * np.sign(d))
        np.testing.assert_allclose(pull, at_edge, atol=1e-11)


def test_a_path_stops_where_a_support_stays_singular() -> None:
    rng = np.random.default_rng(1)
    x, z = rng.standard_normal((2, 30))
    # The third is what the first two span, and they are so close that cycles hardly move along them.
    A = np.column_stack([x, x + 1e-3 * z, x - 1e-3 * z])
    b = x + z
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    coefs, cycles = np.zeros((2, 3)), np.zeros(2, dtype=np.int64)
    l1, l2, strengths = np.zeros(3), np.zeros(3), np.array([1.0, 0.1])
    assert gram_path(A.T @ A, A.T @ b, l1, l2, ANY_SIGN[:3], strengths, scale, 1e-13, 10_000, coefs, cycles) == 0
    assert np.all(coefs == 0)

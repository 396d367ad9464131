"""The exact minimiser against brute force over every sign pattern, and the polish on its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bayesreg.numerics.active_set import polish, solve_symmetric
from bayesreg.numerics.penalised_quadratic import minimise, objective


def brute_force(G: np.ndarray, c: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> tuple[np.ndarray, float]:
    """Best stationary point over all sign patterns (least-norm one where the pattern's system is singular)."""
    best, value = np.zeros(c.size), 0.0
    for signs in itertools.product((-1, 0, 1), repeat=c.size):
        s = np.array(signs)
        on = s != 0
        if not on.any():
            continue
        A = G[np.ix_(on, on)] + np.diag(l2[on])
        d = np.zeros(c.size)
        d[on] = np.linalg.lstsq(A, c[on] - l1[on] * s[on], rcond=1e-12)[0]
        if np.all(d[on] * s[on] >= 0) and (at := objective(G, c, l1, l2, d)) < value:
            best, value = d, at
    return best, value


def draw(rng: np.random.Generator, p: int, n: int) -> tuple[np.ndarray, ...]:
    A = rng.standard_normal((n, p)) @ (np.eye(p) + rng.uniform(-1, 1, (p, p)))
    b = A @ (rng.standard_normal(p) * rng.integers(0, 2, p)) + rng.standard_normal(n)
    l1 = rng.choice([0.3, 2.0, 8.0], p)
    l2 = rng.choice([0.0, 1.5], p)
    return A, A.T @ A, A.T @ b, l1, l2, np.linalg.norm(A, axis=0) * np.linalg.norm(b)


@pytest.mark.parametrize("p", [1, 2, 3, 4])
def test_the_objective_is_the_formula(p: int) -> None:
    rng = np.random.default_rng(p)
    _, G, c, l1, l2, _ = draw(rng, p, 8)
    d = rng.standard_normal(p)
    expected = sum(0.5 * d[i] * G[i, j] * d[j] for i in range(p) for j in range(p))
    expected += sum(-c[j] * d[j] + l1[j] * abs(d[j]) + 0.5 * l2[j] * d[j] ** 2 for j in range(p))
    np.testing.assert_allclose(objective(G, c, l1, l2, d), expected, rtol=1e-13)


@pytest.mark.parametrize("p", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(8))
def test_the_minimum_is_that_of_brute_force(p: int, seed: int) -> None:
    rng = np.random.default_rng(100 * p + seed)
    _, G, c, l1, l2, scale = draw(rng, p, 8)
    l1[rng.random(p) < 0.2] = 0.0
    expected, _ = brute_force(G, c, np.maximum(l1, 1e-300), l2)
    for start in (np.zeros(p), 5 * rng.standard_normal(p)):
        d, _ = minimise(G, c, l1, l2, start, scale, 10_000)
        np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
        assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize("seed", range(6))
def test_where_columns_outnumber_rows_the_minimum_is_that_of_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, G, c, _, _, scale = draw(rng, 4, 2)
    l1 = np.full(4, 0.4)
    _, value = brute_force(G, c, l1, np.zeros(4))
    d, _ = minimise(G, c, l1, np.zeros(4), np.zeros(4), scale, 10_000)
    np.testing.assert_allclose(objective(G, c, l1, np.zeros(4), d), value, rtol=1e-12)
    assert np.count_nonzero(d) <= 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ratio", [0.5, 0.1, 1e-2, 1e-3, 1e-5])
def test_wide_problems_reach_the_optimality_conditions_at_rounding(ratio: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, G, c, _, _, scale = draw(rng, 40, 15)
    l1 = np.full(40, ratio * np.abs(c).max())
    d, cycles = minimise(G, c, l1, np.zeros(40), np.zeros(40), scale, 10_000)
    assert cycles < 10_000
    pull = c - G @ d
    distance = np.where(d == 0, np.maximum(np.abs(pull) - l1, 0), np.abs(pull - l1 * np.sign(d)))
    assert np.max(distance / scale) < 1e-13
    assert np.linalg.matrix_rank(A[:, d != 0]) == np.count_nonzero(d)


def test_identical_columns_share_or_not_but_reach_the_minimum() -> None:
    rng = np.random.default_rng(5)
    A, _, _, _, _, _ = draw(rng, 3, 10)
    b = A[:, 0] + 0.1 * rng.standard_normal(10)
    twice = np.column_stack([A, A[:, 0]])
    l1 = np.full(4, 0.7)
    scale = np.linalg.norm(twice, axis=0) * np.linalg.norm(b)
    d, _ = minimise(twice.T @ twice, twice.T @ b, l1, np.zeros(4), np.zeros(4), scale, 10_000)
    single, _ = minimise(A.T @ A, A.T @ b, l1[:3], np.zeros(3), np.zeros(3), scale[:3], 10_000)
    np.testing.assert_allclose(d[0] + d[3], single[0], rtol=1e-10)
    np.testing.assert_allclose(d[1:3], single[1:], rtol=1e-10, atol=1e-13)


def test_a_limit_on_the_cycles_gives_back_what_they_reached() -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    d, cycles = minimise(G, c, l1, l2, np.zeros(4), scale, 1)
    expected = np.zeros(4)
    for j in range(4):
        z = c[j] - G[j] @ expected
        expected[j] = np.sign(z) * max(abs(z) - l1[j], 0) / (G[j, j] + l2[j])
    assert cycles == 1
    np.testing.assert_allclose(d, expected, rtol=1e-12)


def test_the_start_is_not_modified() -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    start = np.ones(4)
    minimise(G, c, l1, l2, start, scale, 100)
    polish(G, c, l1, l2, start, scale, 100)
    assert np.array_equal(start, np.ones(4))


@pytest.mark.parametrize("seed", range(6))
def test_the_polish_alone_finds_the_minimum_from_a_far_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    expected, _ = brute_force(G, c, l1, l2)
    d, solves = polish(G, c, l1, l2, 10 * rng.standard_normal(4), scale, 100)
    assert solves < 100
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_a_symmetric_system_is_solved_whatever_its_units(unit: float) -> None:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((9, 4)) * [unit, 1.0, 1 / unit, 1.0]
    x = rng.standard_normal(4) / [unit, 1.0, 1 / unit, 1.0]
    np.testing.assert_allclose(solve_symmetric(A.T @ A, A.T @ (A @ x), np.zeros(4)), x, rtol=1e-11)


def test_a_singular_system_gives_the_solution_nearest_to_the_guess() -> None:
    A = np.array([[1.0, 1.0], [1.0, 1.0]])
    x = solve_symmetric(A, np.array([2.0, 2.0]), np.array([5.0, 1.0]))
    np.testing.assert_allclose(x, [3.0, -1.0], rtol=1e-10)


def test_a_system_without_a_solution_gives_a_point_far_downhill() -> None:
    A = np.array([[1.0, 1.0], [1.0, 1.0]])
    b = np.array([2.0, 0.0])
    x = solve_symmetric(A, b, np.array([1.0, 1.0]))
    assert 0.5 * x @ A @ x - b @ x < -1e6

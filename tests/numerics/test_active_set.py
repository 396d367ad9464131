"""The search over sign patterns on its own, and the linear solves inside it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics.active_set import polish, solve_symmetric
from bayesreg.penalty import Penalty
from tests.numerics.oracles import brute_force

ANY_SIGN = np.zeros(4, dtype=bool)


def draw(rng: np.random.Generator, p: int, n: int) -> tuple[np.ndarray, ...]:
    A = rng.standard_normal((n, p)) @ (np.eye(p) + rng.uniform(-1, 1, (p, p)))
    b = A @ (rng.standard_normal(p) * rng.integers(0, 2, p)) + rng.standard_normal(n)
    l1 = rng.choice([0.3, 2.0, 8.0], p)
    l2 = rng.choice([0.0, 1.5], p)
    return A.T @ A, A.T @ b, l1, l2, np.linalg.norm(A, axis=0) * np.linalg.norm(b)


@pytest.mark.parametrize("seed", range(6))
def test_the_polish_alone_finds_the_minimum_from_a_far_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    G, c, l1, l2, scale = draw(rng, 4, 8)
    expected, _ = brute_force(G, c, Penalty(l1, l2))
    d, solves = polish(G, c, l1, l2, ANY_SIGN, 10 * rng.standard_normal(4), scale, 100)
    assert solves < 100
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalised", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_with_signs_the_polish_finds_the_minimum_that_has_them(seed: int, penalised: bool) -> None:
    rng = np.random.default_rng(seed)
    G, c, l1, l2, scale = draw(rng, 4, 8)
    l1, l2 = l1 * penalised, l2 * penalised
    positive = np.array([True, False, True, True]) if penalised else np.ones(4, dtype=bool)
    expected, _ = brute_force(G, c, Penalty(l1, l2, positive=positive))
    start = np.where(positive, np.abs(rng.standard_normal(4)), rng.standard_normal(4))
    d, solves = polish(G, c, l1, l2, positive, start, scale, 100)
    assert solves < 100
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
    assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_singular_matrix_without_a_penalty_reaches_the_value_of_nnls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((4, 9))
    b = A @ rng.uniform(-1, 2, 9)
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    zero, positive = np.zeros(9), np.ones(9, dtype=bool)
    d, solves = polish(A.T @ A, A.T @ b, zero, zero, positive, np.full(9, 0.1), scale, 200)
    assert solves < 200
    assert np.all(d >= 0)
    np.testing.assert_allclose(np.linalg.norm(A @ d - b), optimize.nnls(A, b)[1], atol=1e-12 * np.linalg.norm(b))


def test_the_start_is_not_modified() -> None:
    G, c, l1, l2, scale = draw(np.random.default_rng(5), 4, 8)
    start = np.ones(4)
    polish(G, c, l1, l2, ANY_SIGN, start, scale, 100)
    assert np.array_equal(start, np.ones(4))


def test_the_number_of_solves_is_bounded() -> None:
    G, c, l1, l2, scale = draw(np.random.default_rng(3), 4, 8)
    _, needed = polish(G, c, l1 * 0.1, l2, ANY_SIGN, np.zeros(4), scale, 100)
    _, solves = polish(G, c, l1 * 0.1, l2, ANY_SIGN, np.zeros(4), scale, needed - 1)
    assert needed > 2
    assert solves == needed - 1


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

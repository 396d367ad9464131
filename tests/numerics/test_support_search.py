"""The search over supports on its own, against brute force, NNLS and the optimality conditions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics.support_search import rows_of, search
from bayesreg.penalty import Penalty
from tests.numerics.oracles import brute_force


def draw(rng: np.random.Generator, p: int, n: int) -> tuple[np.ndarray, ...]:
    A = rng.standard_normal((n, p)) @ (np.eye(p) + rng.uniform(-1, 1, (p, p)))
    b = A @ (rng.standard_normal(p) * rng.integers(0, 2, p)) + rng.standard_normal(n)
    l1 = rng.choice([0.3, 2.0, 8.0], p)
    l2 = rng.choice([0.0, 1.5], p)
    return A, b, l1, l2, np.linalg.norm(A, axis=0) * np.linalg.norm(b)


def distance(A: np.ndarray, b: np.ndarray, penalty: Penalty, d: np.ndarray) -> float:
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    return float(np.max(penalty.subdifferential_distance(d, A.T @ (A @ d - b)) / scale))


@pytest.mark.parametrize("n", [2, 8])
@pytest.mark.parametrize("seed", range(6))
def test_the_search_alone_finds_the_minimum_from_a_far_start(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    A, b, l1, l2, scale = draw(rng, 4, n)
    penalty = Penalty(l1, np.maximum(l2, 0.2))
    expected, _ = brute_force(A.T @ A, A.T @ b, penalty)
    d, steps = search(A, b, penalty, 10 * rng.standard_normal(4), scale, 100)
    assert steps < 100
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
    assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize("penalised", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_with_signs_it_finds_the_minimum_that_has_them(seed: int, penalised: bool) -> None:
    rng = np.random.default_rng(seed)
    A, b, l1, l2, scale = draw(rng, 4, 8)
    positive = np.array([True, False, True, True]) if penalised else np.ones(4, dtype=bool)
    penalty = Penalty(l1 * penalised, l2 * penalised, positive=positive)
    expected, _ = brute_force(A.T @ A, A.T @ b, penalty)
    d, steps = search(A, b, penalty, rng.standard_normal(4), scale, 100)
    assert steps < 100
    np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
    assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize("seed", range(4))
def test_more_columns_than_rows_without_a_penalty_reach_the_value_of_nnls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((4, 9))
    b = A @ rng.uniform(-1, 2, 9)
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    d, steps = search(A, b, Penalty(np.zeros(9), np.zeros(9), positive=np.ones(9, dtype=bool)), np.ones(9), scale, 200)
    assert steps < 200
    assert np.all(d >= 0)
    np.testing.assert_allclose(np.linalg.norm(A @ d - b), optimize.nnls(A, b)[1], atol=1e-12 * np.linalg.norm(b))


@pytest.mark.parametrize("weakness", [1e-1, 1e-4, 1e-7])
@pytest.mark.parametrize("spread", [1e-3, 1e-6, 1e-9, 1e-12, 0.0])
def test_columns_at_any_distance_from_each_other_end_at_the_optimality_conditions(
    spread: float, weakness: float
) -> None:
    rng = np.random.default_rng(1)
    A = rng.standard_normal((40, 1)) + spread * rng.standard_normal((40, 25))
    b = A @ rng.standard_normal(25) + 0.1 * rng.standard_normal(40)
    penalty = Penalty(np.full(25, weakness * np.abs(A.T @ b).max()), np.zeros(25))
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    for start in (np.zeros(25), rng.standard_normal(25)):
        d, steps = search(A, b, penalty, start, scale, 2000)
        assert steps < 2000
        assert distance(A, b, penalty, d) < 1e-14


def test_columns_without_a_penalty_are_all_in_use_and_twins_among_them_do_no_harm() -> None:
    rng = np.random.default_rng(2)
    A = rng.standard_normal((20, 6))
    A[:, 1] = A[:, 0]
    b = rng.standard_normal(20)
    penalty = Penalty(np.array([0.0, 0.0, 0.0, 2.0, 2.0, 2.0]), np.zeros(6))
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    d, _ = search(A, b, penalty, np.array([0.0, 1.5, 0.0, 0.0, 1.0, 0.0]), scale, 100)
    assert d[1] == 1.5
    assert distance(A, b, penalty, d) < 1e-14
    alone, _ = search(A[:, [0, 2, 3, 4, 5]], b, penalty.take(np.array([0, 2, 3, 4, 5])), np.zeros(5), scale[1:], 100)
    np.testing.assert_allclose(d[0] + d[1], alone[0], rtol=1e-12)


def test_empty_columns_and_an_empty_support_are_no_trouble() -> None:
    rng = np.random.default_rng(2)
    A = rng.standard_normal((20, 3))
    A[:, 1] = 0.0
    b = rng.standard_normal(20)
    d, _ = search(A, b, Penalty(np.full(3, 1e3), np.zeros(3)), np.ones(3), np.ones(3), 100)
    assert np.array_equal(d, np.zeros(3))
    d, _ = search(A, b, Penalty(np.full(3, 1e-3), np.zeros(3)), np.ones(3), np.ones(3), 100)
    assert d[1] == 0
    assert np.all(d[[0, 2]] != 0)


def test_the_start_is_not_modified() -> None:
    A, b, l1, l2, scale = draw(np.random.default_rng(5), 4, 8)
    start = -np.ones(4)
    search(A, b, Penalty(l1, l2, positive=l1 > 1), start, scale, 100)
    assert np.array_equal(start, -np.ones(4))


def test_the_number_of_solves_is_bounded() -> None:
    A, b, l1, l2, scale = draw(np.random.default_rng(3), 4, 8)
    penalty = Penalty(0.1 * l1, l2)
    _, needed = search(A, b, penalty, np.zeros(4), scale, 100)
    _, steps = search(A, b, penalty, np.zeros(4), scale, needed - 1)
    assert needed > 2
    assert steps == needed - 1


@pytest.mark.parametrize("n", [3, 12])
def test_rows_made_from_a_gram_matrix_have_its_products(n: int) -> None:
    rng = np.random.default_rng(n)
    A, b = rng.standard_normal((n, 6)) * 10.0 ** np.arange(-3, 3), rng.standard_normal(n)
    A[:, 2] = 0.0
    rows, response = rows_of(A.T @ A, A.T @ b)
    assert rows.shape == (min(n, 5), 6)
    assert np.array_equal(rows[:, 2], np.zeros(len(rows)))
    size = np.linalg.norm(A, axis=0)
    np.testing.assert_allclose(rows.T @ rows, A.T @ A, atol=1e-13 * np.outer(size, size).max())
    np.testing.assert_allclose(rows.T @ response, A.T @ b, atol=1e-12 * size.max())

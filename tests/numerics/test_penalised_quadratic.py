"""The exact minimiser of a penalised quadratic against brute force over every sign pattern."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.groups import Groups
from bayesreg.numerics.penalised_quadratic import minimise, objective
from bayesreg.penalty import Penalty
from tests.numerics.oracles import brute_force, group_value


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
    np.testing.assert_allclose(objective(G, c, Penalty(l1, l2), d), expected, rtol=1e-13)


@pytest.mark.parametrize("p", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(8))
def test_the_minimum_is_that_of_brute_force(p: int, seed: int) -> None:
    rng = np.random.default_rng(100 * p + seed)
    _, G, c, l1, l2, scale = draw(rng, p, 8)
    l1[rng.random(p) < 0.2] = 0.0
    expected, _ = brute_force(G, c, Penalty(np.maximum(l1, 1e-300), l2))
    for start in (np.zeros(p), 5 * rng.standard_normal(p)):
        d, _ = minimise(G, c, Penalty(l1, l2), start, scale, 10_000)
        np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
        assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(6))
def test_with_sign_constraints_the_minimum_is_that_of_brute_force(p: int, seed: int) -> None:
    rng = np.random.default_rng(100 * p + seed)
    _, G, c, l1, l2, scale = draw(rng, p, 8)
    l1[rng.random(p) < 0.4] = 0.0
    penalty = Penalty(l1, l2, positive=rng.random(p) < 0.6)
    expected, _ = brute_force(G, c, penalty)
    for start in (np.zeros(p), 5 * rng.standard_normal(p)):
        d, _ = minimise(G, c, penalty, start, scale, 10_000)
        np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)
        assert np.array_equal(d == 0, expected == 0)


@pytest.mark.parametrize(("p", "n"), [(10, 30), (30, 30), (30, 12)])
@pytest.mark.parametrize("seed", range(3))
def test_constraints_without_a_penalty_reach_the_minimum_of_nnls(p: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, p)) + 0.5
    b = A @ rng.uniform(-1, 1, p) + rng.standard_normal(n)
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b)
    zero = np.zeros(p)
    d, _ = minimise(A.T @ A, A.T @ b, Penalty(zero, zero, positive=np.ones(p, dtype=bool)), zero, scale, 10_000)
    expected, norm = optimize.nnls(A, b)
    assert np.all(d >= 0)
    # Rounding of b - A d, of the size of b.
    np.testing.assert_allclose(np.linalg.norm(A @ d - b), norm, atol=1e-12 * np.linalg.norm(b))
    if p < n:
        np.testing.assert_allclose(d, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(6))
def test_where_columns_outnumber_rows_the_minimum_is_that_of_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, G, c, _, _, scale = draw(rng, 4, 2)
    penalty = Penalty(np.full(4, 0.4), np.zeros(4))
    _, value = brute_force(G, c, penalty)
    d, _ = minimise(G, c, penalty, np.zeros(4), scale, 10_000)
    np.testing.assert_allclose(objective(G, c, penalty, d), value, rtol=1e-12)
    assert np.count_nonzero(d) <= 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ratio", [0.5, 0.1, 1e-2, 1e-3, 1e-5])
def test_wide_problems_reach_the_optimality_conditions_at_rounding(ratio: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, G, c, _, _, scale = draw(rng, 40, 15)
    l1 = np.full(40, ratio * np.abs(c).max())
    d, cycles = minimise(G, c, Penalty(l1, np.zeros(40)), np.zeros(40), scale, 10_000)
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
    penalty = Penalty(np.full(4, 0.7), np.zeros(4))
    scale = np.linalg.norm(twice, axis=0) * np.linalg.norm(b)
    d, _ = minimise(twice.T @ twice, twice.T @ b, penalty, np.zeros(4), scale, 10_000)
    single, _ = minimise(A.T @ A, A.T @ b, penalty.take(np.arange(3)), np.zeros(3), scale[:3], 10_000)
    np.testing.assert_allclose(d[0] + d[3], single[0], rtol=1e-10)
    np.testing.assert_allclose(d[1:3], single[1:], rtol=1e-10, atol=1e-13)


def test_a_column_that_mirrors_another_reaches_the_minimum_under_signs() -> None:
    rng = np.random.default_rng(5)
    A = rng.standard_normal((10, 3))
    b = A[:, 0] - 2 * A[:, 1] + 0.1 * rng.standard_normal(10)
    mirrored = np.column_stack([A, -A])
    scale = np.linalg.norm(mirrored, axis=0) * np.linalg.norm(b)
    both = Penalty(np.full(6, 0.7), np.zeros(6), positive=np.ones(6, dtype=bool))
    d, _ = minimise(mirrored.T @ mirrored, mirrored.T @ b, both, np.zeros(6), scale, 10_000)
    lasso, _ = brute_force(A.T @ A, A.T @ b, Penalty(np.full(3, 0.7), np.zeros(3)))
    np.testing.assert_allclose(d[:3] - d[3:], lasso, rtol=1e-10, atol=1e-13)
    assert np.all(d[:3] * d[3:] == 0)


def test_a_limit_on_the_cycles_gives_back_what_they_reached() -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    d, cycles = minimise(G, c, Penalty(l1, l2), np.zeros(4), scale, 1)
    expected = np.zeros(4)
    for j in range(4):
        z = c[j] - G[j] @ expected
        expected[j] = np.sign(z) * max(abs(z) - l1[j], 0) / (G[j, j] + l2[j])
    assert cycles == 1
    np.testing.assert_allclose(d, expected, rtol=1e-12)


def test_the_start_is_not_modified() -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    groups = Groups(np.array([0, 0, 1, 1]), np.array([1.0, 2.0]), np.ones(4))
    for penalty in (Penalty(l1, l2), Penalty(0 * l1, 0 * l2, groups), Penalty(l1, l2, positive=l1 > 1)):
        start = -np.ones(4)
        minimise(G, c, penalty, start, scale, 100)
        assert np.array_equal(start, -np.ones(4))


@pytest.mark.parametrize("kind", ["separate", "positive", "groups"])
def test_only_the_leading_block_of_a_larger_matrix_is_the_quadratic(kind: str) -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, scale = draw(rng, 4, 8)
    larger = np.full((7, 7), 1e9)
    larger[:4, :4] = G
    penalty = {
        "separate": Penalty(l1, l2),
        "positive": Penalty(l1, l2, positive=np.ones(4, dtype=bool)),
        "groups": Penalty(0 * l1, 0 * l2, Groups(np.array([0, 0, 1, 1]), np.array([1.0, 2.0]), np.ones(4))),
    }[kind]
    plain, _ = minimise(G, c, penalty, np.zeros(4), scale, 1000)
    found, _ = minimise(larger, c, penalty, np.zeros(4), scale, 1000)
    np.testing.assert_allclose(found, plain, rtol=1e-12, atol=1e-14)
    assert objective(larger, c, penalty, plain) == objective(G, c, penalty, plain)
    # A collinear support takes the way over the polish.
    twins = np.array([0, 0, 1, 2])
    larger[:4, :4] = G[np.ix_(twins, twins)]
    plain, _ = minimise(np.ascontiguousarray(larger[:4, :4]), c[twins], penalty, np.ones(4), scale[twins], 1000)
    found, _ = minimise(larger, c[twins], penalty, np.ones(4), scale[twins], 1000)
    np.testing.assert_allclose(
        objective(larger, c[twins], penalty, found), objective(larger, c[twins], penalty, plain), rtol=1e-12
    )


def test_the_objective_counts_the_norms_of_groups() -> None:
    rng = np.random.default_rng(5)
    _, G, c, l1, l2, _ = draw(rng, 4, 8)
    label, rate, unit, d = np.array([1, 0, 0, -1]), np.array([1.5, 2.5]), np.arange(1.0, 5.0), rng.standard_normal(4)
    found = objective(G, c, Penalty(0 * l1, 0 * l2, Groups(label, rate, unit)), d)
    np.testing.assert_allclose(found, group_value(G, c, label, rate, unit, d), rtol=1e-13)

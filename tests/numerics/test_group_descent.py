"""Block descent for groups against a plain proximal gradient and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.groups import Groups
from bayesreg.numerics.group_descent import group_descent
from bayesreg.penalty import Penalty
from tests.numerics.oracles import group_proximal_gradient, group_value


def draw(n: int, p: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, p)) + 0.4 * rng.standard_normal((n, 1))
    b = A[:, :2].sum(axis=1) + rng.standard_normal(n)
    return A.T @ A, A.T @ b, np.linalg.norm(A, axis=0) * np.linalg.norm(b)


def solve(
    G: np.ndarray,
    c: np.ndarray,
    label: np.ndarray,
    rate: np.ndarray,
    unit: np.ndarray,
    scale: np.ndarray,
    start: np.ndarray | None = None,
) -> np.ndarray:
    zero = np.zeros(c.size)
    penalty = Penalty(zero, zero, Groups(label, rate, unit))
    d, cycles = group_descent(G, c, penalty, zero if start is None else start, scale, 10_000, 1e-13)
    assert cycles < 1000
    return d


LABELS = {
    "in order": [0, 0, 0, 1, 1, 2],
    "mixed up": [2, 0, 1, 0, 2, 0],
    "some outside": [1, -1, 0, 0, -1, 1],
    "alone": [0, 1, 2, 3, 4, 5],
    "one": [0, 0, 0, 0, 0, 0],
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("rate", [0.5, 5.0, 25.0])
@pytest.mark.parametrize("units", [False, True])
def test_the_minimum_is_that_of_a_proximal_gradient(name: str, rate: float, units: bool) -> None:
    G, c, scale = draw(20, 6, 3)
    label = np.array(LABELS[name])
    rates = rate * np.arange(1.0, label.max() + 2)
    unit = np.array([0.5, 2.0, 1.0, 3.0, 1.0, 0.7]) if units else np.ones(6)
    expected = group_proximal_gradient(G, c, label, rates, unit)
    for start in (None, np.random.default_rng(0).standard_normal(6)):
        found = solve(G, c, label, rates, unit, scale, start)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
        assert np.array_equal(found == 0, expected == 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_where_columns_outnumber_rows_the_conditions_hold_at_rounding(seed: int, rate: float) -> None:
    G, c, scale = draw(8, 30, seed)
    label = np.random.default_rng(seed).permutation(np.repeat(np.arange(10), 3))
    groups = Groups(label, np.full(10, rate), np.ones(30))
    d = solve(G, c, label, np.full(10, rate), np.ones(30), scale)
    distance = groups.distances(d, G @ d - c) / groups.frobenius(scale)
    assert distance.max() < 1e-12
    pushed = group_value(G, c, label, groups.rate, groups.unit, d)
    for _ in range(50):
        other = d + 1e-3 * np.random.default_rng(seed).standard_normal(30)
        assert group_value(G, c, label, groups.rate, groups.unit, other) >= pushed


def test_groups_of_orthonormal_columns_are_shrunk_by_their_norm() -> None:
    c = np.array([3.0, 4.0, 0.3, 0.4, 1.0, 0.0])
    label, rate = np.array([0, 0, 1, 1, 2, 2]), np.array([2.0, 1.0, 0.25])
    found = solve(np.eye(6), c, label, rate, np.ones(6), np.ones(6))
    np.testing.assert_allclose(found, [3.0 * 0.6, 4.0 * 0.6, 0.0, 0.0, 0.75, 0.0], rtol=1e-14)


def test_groups_of_one_are_a_lasso() -> None:
    G, c, scale = draw(20, 5, 1)
    rate = np.array([1.0, 3.0, 2.0, 8.0, 0.5])
    found = solve(G, c, np.arange(5), rate, np.ones(5), scale)

    def smooth(x: np.ndarray) -> tuple[float, np.ndarray]:
        d = x[:5] - x[5:]
        slope = G @ d - c
        return float(0.5 * d @ G @ d - c @ d + rate @ (x[:5] + x[5:])), np.concatenate([slope + rate, rate - slope])

    split = optimize.minimize(
        smooth, np.ones(10), jac=True, bounds=[(0, None)] * 10, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    np.testing.assert_allclose(found, split.x[:5] - split.x[5:], atol=1e-6)


def test_lone_coefficients_may_have_rates_of_their_own() -> None:
    G, c, scale = draw(20, 4, 2)
    l1, l2 = np.array([0.0, 0.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0, 3.0])
    groups = Groups(np.array([0, 0, -1, -1]), np.array([4.0]), np.ones(4))
    d, _ = group_descent(G, c, Penalty(l1, l2, groups), np.zeros(4), scale, 1000, 1e-13)
    gradient = G @ d - c + l2 * d
    np.testing.assert_allclose(gradient[2], -2.0 * np.sign(d[2]), rtol=1e-10)
    np.testing.assert_allclose(gradient[3], 0.0, atol=1e-10)
    np.testing.assert_allclose(gradient[:2], -4.0 * d[:2] / np.linalg.norm(d[:2]), rtol=1e-10)


@pytest.mark.parametrize("copies", [2, 3])
def test_copies_of_a_column_in_one_group_share_its_coefficient(copies: int) -> None:
    G, c, scale = draw(20, 2, 4)
    index = np.array([0] * copies + [1])
    label = np.array([0] * copies + [1])
    found = solve(G[np.ix_(index, index)], c[index], label, np.array([2.0, 2.0]), np.ones(copies + 1), scale[index])
    # Copies count together as one column, whose unit is the root of their number.
    unit = np.array([np.sqrt(copies), 1.0])
    single = solve(G, c, np.array([0, 1]), np.array([2.0, 2.0]), unit, scale)
    np.testing.assert_allclose(found[:copies], single[0] / copies, rtol=1e-9)
    np.testing.assert_allclose(found[copies], single[1], rtol=1e-9)


def test_a_group_of_empty_columns_is_zero() -> None:
    G, c, scale = draw(20, 4, 4)
    G[2:], G[:, 2:], c[2:], scale[2:] = 0.0, 0.0, 0.0, 1.0
    found = solve(G, c, np.array([0, 0, 1, 1]), np.array([1.0, 1.0]), np.ones(4), scale)
    assert np.all(found[2:] == 0)
    alone = solve(np.ascontiguousarray(G[:2, :2]), c[:2], np.array([0, 0]), np.array([1.0]), np.ones(2), scale[:2])
    np.testing.assert_allclose(found[:2], alone, rtol=1e-10)


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_the_units_of_the_columns_do_not_matter(size: float) -> None:
    G, c, scale = draw(20, 6, 5)
    label, rate = np.array([0, 0, 1, 1, -1, -1]), np.array([2.0, 9.0])
    unit = np.array([size, 1.0, 1 / size, 1.0, size, 1.0])
    plain = solve(G, c, label, rate, np.ones(6), scale)
    moved = solve(G * np.outer(unit, unit), c * unit, label, rate, 1 / unit, scale * unit)
    np.testing.assert_allclose(moved * unit, plain, rtol=1e-9, atol=1e-13)


def test_the_number_of_cycles_is_bounded() -> None:
    G, c, scale = draw(8, 30, 5)
    penalty = Penalty(np.zeros(30), np.zeros(30), Groups(np.arange(30) // 3, np.full(10, 1e-3), np.ones(30)))
    assert group_descent(G, c, penalty, np.zeros(30), scale, 5, 0.0)[1] <= 7

"""Linear systems with a symmetric matrix, singular ones among them."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.symmetric_solve import solve_symmetric


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

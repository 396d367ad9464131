"""All ridge fits of a path against one linear system each."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.data.columns import Columns
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.ridge_path import ridge_path
from bayesreg.penalty import Penalty

STRENGTHS = np.geomspace(1e3, 1e-3, 7)


@pytest.mark.parametrize(("n", "p"), [(20, 6), (6, 20), (8, 8)])
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_every_point_solves_its_normal_equations(n: int, p: int, extra: bool, unit: float) -> None:
    rng = np.random.default_rng(n)
    units = np.where(np.arange(p) % 2, unit, 1 / unit)
    X, weight, b = rng.standard_normal((n, p)), np.arange(n) % 3 + 0.5, rng.standard_normal(n)
    l2, row, target = rng.uniform(0.1, 2.0, p), rng.standard_normal(p), 0.4
    plain = np.sqrt(weight)[:, None] * X
    ls = LeastSquares(
        Columns(X * units, None),
        weight,
        b,
        Penalty(np.zeros(p), l2 * units**2),
        np.linalg.norm(plain * units, axis=0),
        lambda: (plain * units).T @ (plain * units),
        row * units if extra else None,
        target if extra else 0.0,
    )
    A = np.vstack([plain, row]) if extra else plain
    response = np.append(np.sqrt(weight) * b, target) if extra else np.sqrt(weight) * b
    found, values = ridge_path(ls, STRENGTHS)
    found = found * units
    squares = np.linalg.svd(A / np.sqrt(l2), compute_uv=False) ** 2
    np.testing.assert_allclose(np.sort(values)[::-1][: squares.size], squares, rtol=1e-9, atol=1e-11 * squares[0])
    for k, strength in enumerate(STRENGTHS):
        expected = np.linalg.solve(A.T @ A + strength * np.diag(l2), A.T @ response)
        # The condition number of the weakest is 1e5.
        np.testing.assert_allclose(found[k], expected, rtol=1e-9, atol=1e-11)


def test_columns_that_are_empty_or_twice_there_get_what_the_penalty_gives_them() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 2))
    X, b = np.column_stack([X, X[:, 0], np.zeros(10)]), rng.standard_normal(10)
    norm = np.linalg.norm(X, axis=0)
    ls = LeastSquares(Columns(X, None), None, b, Penalty(np.zeros(4), np.ones(4)), norm, lambda: X.T @ X)
    found = ridge_path(ls, np.array([0.5]))[0][0]
    np.testing.assert_allclose(found, np.linalg.solve(X.T @ X + 0.5 * np.eye(4), X.T @ b), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-10)

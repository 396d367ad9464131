"""The gradient in doubled precision against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bayesreg.numerics.double_double import residual_and_gradient


def rational(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b0: np.ndarray, coef: np.ndarray, l2: np.ndarray
) -> tuple[float, list[float]]:
    F = Fraction
    n, p = X.shape
    at = [F(float(coef[0, j])) + F(float(coef[1, j])) for j in range(p)]
    start = F(float(b0[0])) + F(float(b0[1]))
    r = [F(float(y[i])) - start - sum(F(float(X[i, j])) * at[j] for j in range(p)) for i in range(n)]
    wr = [F(float(w[i])) * r[i] for i in range(n)]
    gradient = [sum(F(float(X[i, j])) * wr[i] for i in range(n)) - F(float(l2[j])) * at[j] for j in range(p)]
    return float(sum(wr)), [float(g) for g in gradient]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1.0, 1e8])
def test_cancelling_residuals_keep_every_digit(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((9, 3)) * [1.0, size, 1.0] + [0.0, size, 0.0]
    coef = np.stack([rng.standard_normal(3), 1e-17 * rng.standard_normal(3)])
    b0 = np.array([rng.standard_normal(), 1e-17])
    # The response is the fit to the last bit: what is left of it is rounding alone.
    y = X @ coef[0] + b0[0]
    w, l2 = rng.uniform(0.5, 3.0, 9), np.array([0.0, 1e-16, 1e-17])
    for_intercept, for_coef = residual_and_gradient(X, y, w, b0, coef, l2)
    expected_intercept, expected = rational(X, y, w, b0, coef, l2)
    np.testing.assert_allclose(for_intercept, expected_intercept, rtol=1e-14)
    np.testing.assert_allclose(for_coef, expected, rtol=1e-14)
    naive = X.T @ (w * (y - (b0.sum() + X @ coef.sum(axis=0)))) - l2 * coef[0]
    assert np.abs(naive / expected - 1).max() > 1e-3


def test_a_plain_residual_is_the_textbook_gradient() -> None:
    rng = np.random.default_rng(1)
    X, y, w, l2 = rng.standard_normal((7, 2)), rng.standard_normal(7), rng.uniform(0, 2, 7), np.array([0.5, 2.0])
    coef = np.stack([np.array([0.3, -1.0]), np.zeros(2)])
    for_intercept, for_coef = residual_and_gradient(X, y, w, np.array([0.2, 0.0]), coef, l2)
    r = y - 0.2 - X @ coef[0]
    np.testing.assert_allclose(for_intercept, w @ r, rtol=1e-13)
    np.testing.assert_allclose(for_coef, X.T @ (w * r) - l2 * coef[0], rtol=1e-13)

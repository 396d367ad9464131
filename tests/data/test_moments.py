"""Means and sizes of columns in any layout against NumPy, and where NumPy would over- or underflow."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from bayesreg.data.moments import Moments, column_moments

LAYOUTS: dict[str, Any] = {"C": np.ascontiguousarray, "F": np.asfortranarray, "CSC": sparse.csc_array}


def moments(X: np.ndarray, weight: Any, layout: str) -> Moments:
    return column_moments(LAYOUTS[layout](X), np.ones(X.shape[0]) if weight is None else weight)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("weight", [None, [0.0, 1.0, 2.0, 0.0, 0.5, 3.0, 1.0]], ids=["plain", "weighted"])
@pytest.mark.parametrize("p", [1, 5])
def test_they_are_those_of_their_definitions(layout: str, weight: Any, p: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((7, p)) * (rng.random((7, p)) < 0.6) + (rng.random(p) < 0.4)
    w = np.ones(7) if weight is None else np.array(weight)
    found = moments(X, w, layout)
    mean = w @ X / w.sum()
    np.testing.assert_allclose(found.mean, mean, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(found.size, np.sqrt(w @ X**2), rtol=1e-14)
    np.testing.assert_allclose(found.spread, np.sqrt(w @ (X - mean) ** 2), rtol=1e-13)
    assert not found.constant.any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_extreme_scales_neither_overflow_nor_underflow(layout: str, scale: float) -> None:
    x = np.array([[1.0, 0.0], [-2.0, 3.0], [4.0, 1.0], [0.5, 0.0]])
    plain, scaled = moments(x, None, layout), moments(x * [scale, 1.0], None, layout)
    for name in ("mean", "size", "spread"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(plain, name) * [scale, 1.0], rtol=1e-13)
    assert not scaled.constant.any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [0.0, 0.1, -1e5 / 3, 1e300 / 3])
def test_a_column_of_one_value_has_a_spread_of_exactly_zero(layout: str, value: float) -> None:
    X = np.column_stack([np.full(9, value), np.arange(9.0)])
    weight = np.arange(9) % 3.0
    # A row without weight may hold anything.
    X[0, 0] = 17.0
    found = moments(X, weight, layout)
    assert found.constant.tolist() == [True, False]
    assert found.spread[0] == 0.0
    np.testing.assert_allclose(found.mean[0], value, rtol=1e-15)
    np.testing.assert_allclose(found.size[0], abs(value) * 3.0, rtol=1e-14)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_column_that_differs_in_one_row_by_one_unit_in_the_last_place_is_not_constant(layout: str) -> None:
    X = np.full((5, 2), 0.1)
    X[3, 1] = np.nextafter(0.1, 1)
    found = moments(X, None, layout)
    assert found.constant.tolist() == [True, False]
    # The spread is of the size of the rounding of the mean.
    assert found.spread[1] <= 5e-17


def test_stored_zeros_and_the_sign_of_zero_make_no_difference() -> None:
    stored = sparse.csc_array((np.array([0.0, -0.0, 2.0]), np.array([0, 2, 1]), np.array([0, 2, 3])), shape=(3, 2))
    found = column_moments(stored, np.ones(3))
    assert found.constant.tolist() == [True, False]
    assert found.size.tolist() == [0.0, 2.0]
    full = sparse.csc_array(np.full((3, 1), 4.0))
    assert column_moments(full, np.ones(3)).constant.tolist() == [True]
    assert column_moments(full, np.array([1.0, 0.0, 0.0])).constant.tolist() == [True]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mean", [1e4, 1e8])
def test_a_large_mean_costs_the_spread_no_more_than_the_rounding_of_the_data(layout: str, mean: float) -> None:
    x = np.round(np.random.default_rng(1).standard_normal(40), 3)
    X = np.column_stack([x + mean, x])
    exact = [Fraction(float(v)) for v in X[:, 0]]
    centre = sum(exact) / 40
    spread = float(sum((v - centre) ** 2 for v in exact)) ** 0.5
    # Each difference from the mean carries an error of half a unit in the last place of the mean.
    np.testing.assert_allclose(moments(X, None, layout).spread[0], spread, rtol=2.0**-52 * mean * 10)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_a_value_that_is_not_finite_reaches_the_mean(layout: str, bad: float, weight: float) -> None:
    X = np.ones((4, 3))
    X[2, 1] = bad
    w = np.ones(4)
    w[2] = weight
    found = moments(X, w, layout)
    assert np.isfinite(found.mean).tolist() == [True, False, True]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_infinities_of_both_signs_and_in_the_first_row_reach_the_mean(layout: str) -> None:
    X = np.ones((3, 2))
    X[0, 0], X[1, 0] = np.inf, -np.inf
    assert np.isfinite(moments(X, None, layout).mean).tolist() == [False, True]

"""The shifted matrix as an operator is the matrix itself, dense or sparse, in any layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from bayesreg.data.columns import Columns

LAYOUTS: dict[str, Any] = {"C": np.ascontiguousarray, "F": np.asfortranarray, "CSC": sparse.csc_array}


@pytest.fixture
def rows() -> tuple[np.ndarray, ...]:
    """Return a matrix with an empty column and an empty row, its weighted means, and weights of which some are 0."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((11, 6)) * (rng.random((11, 6)) < 0.5)
    X[:, 2], X[5] = 0.0, 0.0
    weight = np.arange(11) % 4.0
    return X, weight @ X / weight.sum(), weight


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shifted", [False, True])
def test_products_are_those_of_the_shifted_matrix(rows: Any, layout: str, shifted: bool) -> None:
    X, mean, _ = rows
    columns = Columns(LAYOUTS[layout](X), mean if shifted else None)
    plain = X - mean if shifted else X
    rng = np.random.default_rng(1)
    few = np.zeros(6)
    few[3] = 2.0
    for d in (rng.standard_normal(6), few, np.zeros(6)):
        np.testing.assert_allclose(columns.times(d), plain @ d, rtol=1e-13, atol=1e-14)
    for v in (rng.standard_normal(11), rng.standard_normal((11, 3)), np.zeros((11, 0))):
        np.testing.assert_allclose(columns.transposed_times(v), plain.T @ v, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(columns.dense(), plain, rtol=1e-14)
    assert columns.shape == (11, 6)
    assert columns.is_sparse == (layout == "CSC")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_products_are_those_of_the_shifted_matrix(rows: Any, layout: str, shifted: bool, weighted: bool) -> None:
    X, _, weight = rows
    used = weight if weighted else None
    mean = np.average(X, axis=0, weights=used)
    plain = X - mean if shifted else X
    columns = Columns(LAYOUTS[layout](X), mean if shifted else None)
    expected = (plain.T * (weight if weighted else 1.0)) @ plain
    np.testing.assert_allclose(columns.gram(used), expected, rtol=1e-12, atol=1e-13)
    left, right = columns.take(np.array([4, 0])), columns.take(np.array([1, 5, 2]))
    np.testing.assert_allclose(left.cross(right, used), expected[np.ix_([4, 0], [1, 5, 2])], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_some_columns_keep_their_shifts_and_their_kind(rows: Any, layout: str) -> None:
    X, mean, _ = rows
    taken = Columns(LAYOUTS[layout](X), mean).take(np.array([3, 0, 3]))
    np.testing.assert_allclose(taken.dense(), (X - mean)[:, [3, 0, 3]], rtol=1e-14)
    assert taken.is_sparse == (layout == "CSC")
    assert layout == "CSC" or taken.X.flags.f_contiguous
    none = Columns(LAYOUTS[layout](X), None).take(np.array([], dtype=np.intp))
    assert none.shape == (11, 0)
    assert none.dense().shape == (11, 0)


def test_results_are_arrays_and_leave_the_matrix_alone(rows: Any) -> None:
    X, mean, weight = rows
    kept = X.copy()
    for layout in LAYOUTS.values():
        columns = Columns(layout(X), mean)
        for result in (columns.gram(weight), columns.gram(None), columns.dense(), columns.times(np.ones(6))):
            assert type(result) is np.ndarray
            result += 1.0
    assert np.array_equal(X, kept)


def test_weighted_squares_are_those_of_the_shifted_columns() -> None:
    rng = np.random.default_rng(5)
    X, weight, shift = rng.standard_normal((9, 4)), rng.standard_normal(9), rng.standard_normal(4)
    for stored in (X, sparse.csc_array(X)):
        for moved in (None, shift):
            exact = weight @ (X - (0.0 if moved is None else moved)) ** 2
            np.testing.assert_allclose(Columns(stored, moved).squares(weight), exact, rtol=1e-13)

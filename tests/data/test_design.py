"""What the user gives becomes float64 arrays with the right weighted moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from bayesreg.data import make_design
from bayesreg.errors import InputError


@pytest.fixture
def rows() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((9, 3)) + 4.0, rng.standard_normal(9), np.arange(9) % 3.0, rng.standard_normal(9)


def test_moments_are_those_of_the_repeated_rows(rows: Any) -> None:
    X, y, weight, offset = rows
    times = weight.astype(int)
    weighted = make_design(X, y, weight, offset)
    repeated = make_design(np.repeat(X, times, 0), np.repeat(y, times), None, np.repeat(offset, times))
    for name in ("total_weight", "x_mean", "x_sd", "y_sd", "centred_gram", "uncentred_gram"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12)
    np.testing.assert_allclose(repeated.x_sd, np.repeat(X, times, 0).std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(repeated.y_sd, np.repeat(y - offset, times).std(), rtol=1e-12)
    assert (weighted.weighted, repeated.weighted) == (True, False)
    assert (weighted.n, weighted.p) == (9, 3)


def test_centred_rows_are_weighted_and_have_mean_zero(rows: Any) -> None:
    X, y, weight, _ = rows
    design = make_design(X, y, weight)
    np.testing.assert_allclose(np.sqrt(weight) @ design.centred, np.zeros(3), atol=1e-13)
    np.testing.assert_allclose(design.uncentred, np.sqrt(weight)[:, None] * X)
    np.testing.assert_allclose(design.centred_gram, design.centred.T @ design.centred)


def test_a_column_is_constant_when_it_is_so_over_the_rows_that_count() -> None:
    X = np.array([[0.1, 1.0, 5.0], [0.1, 2.0, 5.0], [0.1, 3.0, 6.0]])
    design = make_design(X, np.arange(3.0), [1.0, 1.0, 0.0])
    assert list(design.constant) == [True, False, True]
    assert np.all(design.centred[:, [0, 2]] == 0.0)
    assert list(design.x_sd[[0, 2]]) == [0.0, 0.0]
    assert list(make_design(X, np.arange(3.0)).constant) == [True, False, False]


@pytest.mark.parametrize("mean", [1e6, 1e8])
def test_a_large_mean_costs_the_moments_no_more_digits_than_it_must(mean: float) -> None:
    rng = np.random.default_rng(1)
    x = np.round(rng.standard_normal((50, 2)), 4)
    plain, moved = make_design(x, x[:, 0]), make_design(x + mean, x[:, 0])
    # x + mean is itself rounded to eps * mean.
    rounding = 10 * np.finfo(float).eps * mean
    np.testing.assert_allclose(moved.x_sd, plain.x_sd, rtol=rounding)
    np.testing.assert_allclose(moved.centred_gram, plain.centred_gram, rtol=20 * rounding)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_give_the_names_of_their_columns(rows: Any, frame: Any) -> None:
    X, y, _, _ = rows
    design = make_design(frame({"age": X[:, 0], "bmi": X[:, 1]}), y)
    assert design.names == ("age", "bmi")
    np.testing.assert_array_equal(design.X, X[:, :2])


@pytest.mark.parametrize("vector", [list, pd.Series, pl.Series, lambda v: np.asarray(v)[:, None]])
def test_vectors_may_be_lists_series_or_one_column(rows: Any, vector: Any) -> None:
    X, y, weight, offset = rows
    design = make_design(X, vector(y), vector(weight), vector(offset))
    np.testing.assert_array_equal(design.y, y)
    np.testing.assert_array_equal(design.weight, weight)
    np.testing.assert_array_equal(design.offset, offset)


def test_arrays_without_names_are_numbered(rows: Any) -> None:
    design = make_design(rows[0], rows[1])
    assert design.names == ("x0", "x1", "x2")
    assert design.X.dtype == design.y.dtype == np.float64
    np.testing.assert_array_equal(design.weight, np.ones(9))
    np.testing.assert_array_equal(design.offset, np.zeros(9))


def test_a_list_of_rows_is_a_matrix() -> None:
    design = make_design([[1, 2], [3, 4]], [1, 0])
    np.testing.assert_array_equal(design.X, [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]), ("more than once",)),
        (pd.DataFrame({"a": ["u"], "b": [1.0]}), ("string", "float")),
        (pd.DataFrame({"a": [np.nan], "b": [1.0]}), ("NaN", "column a", "1 of 1 rows")),
        (np.array([["a", "b"]]), ("string", "float")),
        (np.array([[np.datetime64("2020-01-01")]]), ("datetime64", "numeric")),
        (np.zeros((2, 2, 2)), ("2D", "3D")),
        (3.0, ("2D", "0D")),
        (None, ("X",)),
    ],
)
def test_unusable_matrices_are_refused_by_name(frame: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as raised:
        make_design(frame, [1.0])
    for word in words:
        assert word in str(raised.value)


def test_many_bad_columns_are_named_up_to_five() -> None:
    with pytest.raises(InputError, match=r"columns x0, x1, x2, x3, x4, \.\.\."):
        make_design(np.full((3, 8), np.nan), np.zeros(3))


def test_the_first_bad_row_is_named() -> None:
    X = np.zeros((6, 2))
    X[4, 1] = X[5, 0] = -np.inf
    with pytest.raises(InputError, match=r"inf in 2 of 6 rows.*first bad row: 4"):
        make_design(X, np.zeros(6))


SPARSE = [sparse.csc_array, sparse.csr_array, sparse.coo_array, sparse.csc_matrix, sparse.lil_array, sparse.dia_array]


@pytest.mark.parametrize("kind", SPARSE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.bool_])
def test_sparse_columns_stay_sparse_and_mean_the_same(kind: Any, dtype: Any) -> None:
    X = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]], dtype=dtype)
    weight, y = [1.0, 2.0, 0.5, 0.0], np.arange(4.0)
    stored, dense = make_design(kind(X), y, weight), make_design(X, y, weight)
    assert stored.is_sparse
    assert isinstance(stored.X, sparse.csc_array)
    assert stored.X.dtype == np.float64
    for name in ("x_mean", "x_sd", "constant", "centred", "uncentred", "centred_gram", "uncentred_gram"):
        np.testing.assert_allclose(getattr(stored, name), getattr(dense, name), rtol=1e-14, atol=1e-15)
    assert stored.names == dense.names


def test_entries_given_twice_are_added_and_the_given_matrix_is_left_alone() -> None:
    given = sparse.coo_array((np.array([1.0, 2.0, 5.0]), (np.array([0, 0, 1]), np.array([0, 0, 1]))), shape=(2, 2))
    columns = sparse.csc_array((np.array([1.0, 2.0, 5.0]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    for X in (given, columns):
        design = make_design(X, [0.0, 1.0])
        np.testing.assert_array_equal(design.X.toarray(), [[3.0, 0.0], [0.0, 5.0]])
        np.testing.assert_array_equal(design.x_mean, [1.5, 2.5])
        assert X.nnz == 3


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (sparse.csc_array(np.array([[1.0, np.nan], [0.0, 1.0]])), "NaN"),
        (sparse.csc_array(np.array([[1.0, np.inf], [0.0, 1.0]])), "inf"),
        (sparse.csc_array(np.array([[1.0 + 1j, 0.0], [0.0, 1.0]])), "complex"),
        (sparse.csc_array((0, 3)), "0 samples"),
        (sparse.csc_array((2, 0)), "0 features"),
        (sparse.coo_array(np.ones(2)), "2D"),
    ],
)
def test_unusable_sparse_matrices_are_refused_by_name(X: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_design(X, [0.0, 1.0])


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_floats_is_not_copied(order: Any) -> None:
    X = np.asarray(np.random.default_rng(0).standard_normal((5, 3)), order=order)
    assert make_design(X, np.zeros(5)).X is X
    assert np.shares_memory(make_design(X[:, :], np.zeros(5)).X, X)
    # A view with steps in both directions has no layout that the loops know.
    strided = make_design(np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2], np.zeros(5)).X
    assert strided.flags.c_contiguous or strided.flags.f_contiguous
    np.testing.assert_array_equal(strided, X)


@pytest.mark.parametrize("weighted", [False, True])
def test_centred_columns_are_a_shift_until_the_means_drown_the_differences(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    weight = np.arange(30) % 3.0 if weighted else None
    near = rng.standard_normal((30, 3)) + np.array([3.0, 0.0, -5.0])
    far = near + np.array([1e7, 0.0, 0.0])
    far[:, 2] = 1 / 3
    for X, shifted in ((near, True), (far, False)):
        design = make_design(X, np.zeros(30), weight)
        columns = design.centred_columns
        assert (columns.shift is not None) == shifted
        expected = X - np.average(X, axis=0, weights=weight)
        np.testing.assert_allclose(columns.dense(), expected, rtol=1e-6, atol=1e-8)
    assert np.all(columns.dense()[:, 2] == 0.0)
    assert np.all(design.centred_gram[2] == 0.0)


def test_weights_of_one_are_no_weights(rows: Any) -> None:
    X, y, weight, _ = rows
    assert make_design(X, y, np.ones(9)).row_weight is None
    assert make_design(X, y).row_weight is None
    np.testing.assert_array_equal(make_design(X, y, weight).row_weight, weight)


@pytest.mark.parametrize("order", ["C", "F", "sparse"])
def test_a_value_that_is_not_finite_is_found_in_any_layout_and_row(order: str) -> None:
    for row, weight in ((0, None), (3, None), (3, [1.0, 1.0, 1.0, 0.0])):
        X = np.ones((4, 2))
        X[row, 1] = np.nan
        given = sparse.csc_array(X) if order == "sparse" else np.asarray(X, order=order)  # type: ignore[call-overload]
        with pytest.raises(InputError, match="NaN"):
            make_design(given, np.zeros(4), weight)


def test_missing_values_of_masks_and_of_pandas_are_refused(rows: Any) -> None:
    X, y, *_ = rows
    with pytest.raises(InputError, match="X is a masked array with missing values"):
        make_design(np.ma.masked_array(X, mask=X > X.max() - 1e-9), y)
    with pytest.raises(InputError, match="y is a masked array with missing values"):
        make_design(X, np.ma.masked_array(y, mask=y > y.max() - 1e-9))
    # A mask that hides nothing is none.
    np.testing.assert_array_equal(make_design(np.ma.masked_array(X, mask=False), y).X, X)
    with pytest.raises(InputError, match=r"Drop or impute missing values \(pandas.NA\)"):
        make_design(pd.DataFrame({"a": pd.array([None, *range(8)], dtype="Int64"), "b": y}), y)

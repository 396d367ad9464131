"""Singular values of columns of any size, and what they leave of the response."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.spectrum import spectrum

GRADED = [[1e10, 1.0, 1e-8, 1e-3], [1e-9, 1.0, 1e8, 1e3], [1.0, 2.0, 0.5, 3.0]]


@pytest.mark.parametrize("size", GRADED)
@pytest.mark.parametrize("rows", [4, 9])
def test_the_gram_matrix_and_the_determinant_keep_their_digits(size: list[float], rows: int) -> None:
    rng = np.random.default_rng(0)
    B = rng.standard_normal((rows, 4))
    d, V, c, left = spectrum(B * size, rng.standard_normal(rows), 3.0, rows)
    assert d.size == 4
    gram = (V * d**2) @ V.T / np.outer(size, size)
    np.testing.assert_allclose(gram, B.T @ B, rtol=1e-6, atol=1e-6 if max(size) > 10 else 1e-13)
    np.testing.assert_allclose(2 * np.sum(np.log(d)), np.linalg.slogdet(B.T @ B)[1] + 2 * np.sum(np.log(size)))
    assert c.shape == (4,)
    assert (left == 0.0) == (rows == 4)


@pytest.mark.parametrize("size", GRADED)
def test_the_response_is_split_into_what_the_columns_reach_and_the_rest(size: list[float]) -> None:
    rng = np.random.default_rng(1)
    B, b = rng.standard_normal((9, 4)), rng.standard_normal(9)
    _, _, c, left = spectrum(B * size, b, float(np.linalg.norm(b)), 9)
    rest = b - B @ np.linalg.lstsq(B, b)[0]
    np.testing.assert_allclose(left, rest @ rest, rtol=1e-10)
    np.testing.assert_allclose(c @ c + left, b @ b, rtol=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_dependent_columns_lower_the_rank(size: float) -> None:
    rng = np.random.default_rng(2)
    A = rng.standard_normal((7, 3))
    A = np.column_stack([A * [1.0, size, 1.0], A[:, 0] - 2 * A[:, 2]])
    assert spectrum(A, A[:, 0], 1.0, 7)[0].size == 3


def test_more_columns_than_rows_and_none() -> None:
    rng = np.random.default_rng(3)
    A, b = rng.standard_normal((3, 8)), rng.standard_normal(3)
    d, V, c, left = spectrum(A, b, 1.0, 3)
    assert (V.shape, d.size, left) == ((8, 3), 3, 0.0)
    np.testing.assert_allclose(c @ c, b @ b)
    d, V, c, left = spectrum(np.empty((3, 0)), b, 1.0, 3)
    assert (d.size, V.shape, c.size) == (0, (0, 0), 0)
    np.testing.assert_allclose(left, b @ b)

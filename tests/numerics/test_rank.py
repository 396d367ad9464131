"""Columns that others span."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.rank import dependent_columns


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_a_sum_of_columns_is_found_whatever_the_units(unit: float) -> None:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((20, 4))
    A = np.column_stack([A, A[:, 0] - 2 * A[:, 2]]) * [unit, 1.0, 1 / unit, 1.0, 1.0]
    lost = dependent_columns(A)
    assert lost.size == 1
    assert lost[0] in (0, 2, 4)


@pytest.mark.parametrize("shape", [(20, 4), (4, 4), (3, 7), (1, 3), (5, 0)])
def test_the_number_is_the_rank_deficiency(shape: tuple[int, int]) -> None:
    A = np.random.default_rng(1).standard_normal(shape)
    assert dependent_columns(A).size == max(shape[1] - shape[0], 0)


def test_zero_columns_are_dependent() -> None:
    A = np.column_stack([np.zeros(5), np.arange(5.0), np.zeros(5)])
    assert list(dependent_columns(A)) == [0, 2]
    assert list(dependent_columns(np.zeros((4, 2)))) == [0, 1]


def test_nearly_equal_columns_are_independent_down_to_rounding() -> None:
    rng = np.random.default_rng(2)
    a, e = rng.standard_normal(30), rng.standard_normal(30)
    for size, number in ((1e-6, 0), (1e-12, 0), (1e-17, 1)):
        assert dependent_columns(np.column_stack([a, a + size * e])).size == number

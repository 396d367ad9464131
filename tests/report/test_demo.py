"""The parts of the demo that need no sampling."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from bayesreg.report.demo import breast_cancer, default_tolerance_note, diabetes, quadratic_columns


def test_the_data_are_in_units_of_their_standard_deviations() -> None:
    X, y = diabetes()
    assert X.shape == (442, 10)
    assert list(X.columns[:3]) == ["age", "sex", "bmi"]
    np.testing.assert_allclose(X.mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(X.std(ddof=0), 1.0, rtol=1e-12)
    assert y.min() >= 25
    Xb, yb = breast_cancer()
    assert Xb.shape == (569, 30)
    np.testing.assert_allclose(Xb.std(0), 1.0, rtol=1e-12)
    assert set(yb) == {0.0, 1.0}


def test_the_wide_data_hold_every_square_and_product_once() -> None:
    X, _ = diabetes()
    wide, rows = quadratic_columns(X, rows=50, seed=1)
    # Ten columns, 45 products and the squares of the nine that are not binary.
    assert wide.shape == (50, 64)
    assert len(set(wide.columns)) == 64
    assert len(np.unique(rows)) == 50
    assert "sex²" not in wide
    product = (X["age"] * X["bmi"]).to_numpy()[rows]
    np.testing.assert_allclose(wide["age·bmi"], (product - product.mean()) / product.std(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(wide.std(ddof=0), 1.0, rtol=1e-12)
    again, same = quadratic_columns(X, rows=50, seed=1)
    pd.testing.assert_frame_equal(wide, again)
    np.testing.assert_array_equal(rows, same)
    assert not np.array_equal(rows, quadratic_columns(X, rows=50, seed=2)[1])


def test_the_note_gives_the_gaps_of_the_default_tolerance() -> None:
    X, y = diabetes()
    note = default_tolerance_note(X.to_numpy(), y)
    gaps = [float(number) for number in re.findall(r"\d(?:\.\d+)?e-\d+", note)]
    assert len(gaps) == 2
    assert all(1e-10 < gap < 1e-2 for gap in gaps)
    assert "penalised" in note


@pytest.mark.parametrize("rows", [30, 80])
def test_the_number_of_rows_of_the_wide_data_is_as_asked(rows: int) -> None:
    assert len(quadratic_columns(diabetes()[0], rows=rows, seed=0)[0]) == rows

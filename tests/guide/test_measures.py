"""What is measured before any model, against NumPy on the rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesreg.data import make_design
from bayesreg.guide.measures import collinearity, excess_kurtosis


def test_collinearity_is_that_of_standardised_columns() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((200, 6))
    X[:, 4] = X[:, 1] + 0.3 * X[:, 4]
    X[:, 5] = -X[:, 4] + 0.3 * X[:, 5]
    weight = rng.integers(0, 3, 200).astype(float)
    moved = X * [1e-3, 1, 1, 1, 1e3, 1] + [0, 50, 0, 0, 0, 0]
    found = collinearity(make_design(np.column_stack([moved, np.ones(200)]), X[:, 0], weight))
    rows = np.repeat(X, weight.astype(int), axis=0)
    R = np.corrcoef(rows.T)
    off = np.abs(R - np.eye(6))
    assert found.largest == pytest.approx(off.max(), rel=1e-9)
    assert set(found.pair) == {f"x{j}" for j in np.unravel_index(off.argmax(), off.shape)}
    Z = (rows - rows.mean(0)) / rows.std(0)
    singular = np.linalg.svd(Z, compute_uv=False)
    assert found.condition == pytest.approx(singular[0] / singular[-1], rel=1e-8)
    # x1 and x5 are linked through x4 alone.
    assert off[1, 4] > 0.8 < off[4, 5]
    assert found.groups == (("x1", "x4", "x5"),)


def test_dependent_columns_have_an_infinite_condition_number() -> None:
    X = np.random.default_rng(2).standard_normal((5, 8))
    assert collinearity(make_design(X, X[:, 0])).condition == np.inf
    one = collinearity(make_design(X[:, :1], X[:, 0]))
    assert (one.groups, one.largest, one.pair, one.condition) == ((), 0.0, (), 1.0)


def test_kurtosis_is_scipys_and_a_weight_repeats_a_row() -> None:
    residual = np.random.default_rng(3).standard_t(5, 300)
    weight = np.ones(300)
    found, se = excess_kurtosis(residual, weight)
    assert found == pytest.approx(stats.kurtosis(residual), rel=1e-10)
    assert se == pytest.approx(np.sqrt(24 / 300))
    weight[:50] = 2.0
    assert excess_kurtosis(residual, weight)[0] == pytest.approx(
        stats.kurtosis(np.append(residual, residual[:50])), rel=1e-10
    )

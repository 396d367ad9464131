"""Whether a likelihood without a penalty has a maximum: classes that can be separated, counts that can recede."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics.separation import recedes, separated


def with_ones(x: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), x])


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_complete_separation_is_found_whatever_the_unit(unit: float) -> None:
    x = np.arange(10.0)
    assert separated(with_ones(x * unit), (x > 4).astype(float))
    assert separated(with_ones(-x * unit), (x > 4).astype(float))
    assert not separated(with_ones(x * unit), (x % 2).astype(float))


def test_quasi_separation_is_separation() -> None:
    # Ties at 2 of both classes; every other row is on its own side.
    x = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 4.0])
    y = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    assert separated(with_ones(x), y)
    assert not separated(with_ones(x), 1 - np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0]))


def test_a_level_with_one_class_only_is_quasi_separation() -> None:
    level = np.repeat([0.0, 1.0], [6, 3])
    y = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    assert separated(with_ones(level), y)
    y[-1] = 0.0
    assert not separated(with_ones(level), y)


def test_without_an_intercept_the_rule_goes_through_the_origin() -> None:
    x = np.arange(1.0, 11.0)[:, None]
    y = (x[:, 0] > 4).astype(float)
    assert not separated(x, y)
    assert separated(x - 4.5, y)
    assert not separated(np.empty((10, 0)), y)


def test_more_columns_than_rows_separate() -> None:
    rng = np.random.default_rng(0)
    assert separated(rng.standard_normal((8, 12)), np.array([0.0, 1.0] * 4))


@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_with_whether_the_likelihood_has_a_maximum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z = with_ones(rng.standard_normal((12, 2)))
    y = (rng.random(12) < 1 / (1 + np.exp(-4 * Z[:, 1]))).astype(float)
    if np.ptp(y) == 0:
        y[0] = 1 - y[0]

    def loss(b: np.ndarray) -> float:
        return float(np.sum(np.logaddexp(0, -(2 * y - 1) * (Z @ b))))

    found = optimize.minimize(loss, np.zeros(3), method="BFGS")
    # Along a separating direction the loss falls for ever; otherwise moving out from the optimum raises it.
    runs_away = loss(3 * found.x) < loss(found.x)
    assert separated(Z, y) is bool(runs_away)


def test_a_coefficient_that_must_not_be_negative_separates_in_one_direction_only() -> None:
    x = np.arange(10.0)
    y = (x > 4).astype(float)
    sign_of_slope = np.array([False, True])
    assert separated(with_ones(x), y, sign_of_slope)
    assert not separated(with_ones(-x), y, sign_of_slope)
    assert separated(with_ones(-x), y, np.array([False, False]))
    # Without the freedom of the intercept the rows at the origin's side decide.
    assert not separated(x[:, None] + 1, y, np.array([True]))


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_a_level_without_any_count_recedes_unless_a_count_holds_it(unit: float) -> None:
    level = np.repeat([0.0, 1.0], [5, 3]) * unit
    y = np.array([1.0, 0.0, 2.0, 0.0, 4.0, 0.0, 0.0, 0.0])
    assert recedes(with_ones(level), y)
    assert recedes(level[:, None], y)
    assert not recedes(with_ones(level), y + (np.arange(8) == 6))
    # The other level holds counts: its rate may not fall.
    assert not recedes(with_ones(unit - level)[:, 1:], y)
    # A coefficient that must not be negative cannot send its own level to 0.
    assert not recedes(level[:, None], y, np.array([True]))
    assert recedes(-level[:, None], y, np.array([True]))


def test_counts_in_every_row_or_no_columns_do_not_recede() -> None:
    rng = np.random.default_rng(0)
    Z = with_ones(rng.standard_normal((6, 2)))
    assert not recedes(Z, np.ones(6))
    assert not recedes(np.empty((6, 0)), np.zeros(6))
    # One row with a count, two columns beside the constant: there is always a way down.
    assert recedes(Z, np.eye(6)[2])


@pytest.mark.parametrize("seed", range(16))
def test_counts_recede_where_the_likelihood_has_no_maximum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z = with_ones(np.round(rng.standard_normal((8, 2))))
    y = rng.poisson(0.4, 8).astype(float)
    y[0] = 1.0

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        eta = np.minimum(Z @ b, 50.0)
        return float(np.sum(np.exp(eta) - y * eta)), Z.T @ (np.exp(eta) - y)

    found = optimize.minimize(loss, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-12, "maxiter": 5000})
    # With a maximum every direction that the columns can tell from none is curved there; else the rates run to 0.
    h = np.exp(Z @ found.x)
    kept = np.linalg.svd(Z)[2][: np.linalg.matrix_rank(Z)]
    flat = np.linalg.eigvalsh(kept @ (Z.T * h) @ Z @ kept.T)[0] < 1e-4
    assert recedes(Z, y) is bool(flat)

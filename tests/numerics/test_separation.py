"""Separation of two classes, also where only some rows are strictly separated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics.separation import separated


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

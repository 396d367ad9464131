"""The rank of the columns in play against that of NumPy."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from bayesreg.data.columns import Columns
from bayesreg.uniqueness import Uniqueness

LAYOUTS: dict[str, Any] = {"dense": np.asarray, "sparse": sparse.csc_array}


def rank_of(X: np.ndarray, rows: np.ndarray, in_play: np.ndarray, constant: bool) -> int:
    """Rank of the columns beside the constant, over the rows that count, with unit columns."""
    Z = np.sqrt(rows)[:, None] * X[:, in_play]
    if constant:
        Q = np.sqrt(rows)[:, None] / np.sqrt(rows.sum())
        Z = Z - Q @ (Q.T @ Z)
    norm = np.linalg.norm(Z, axis=0)
    # What is left of a column that is constant over these rows is rounding.
    whole = np.linalg.norm(np.sqrt(rows)[:, None] * X[:, in_play], axis=0)
    kept = norm > 1e-10 * whole
    return int(np.linalg.matrix_rank(Z[:, kept] / norm[kept])) if kept.any() else 0


def draw(kind: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((20, 6)) * (rng.random((20, 6)) < 0.6)
    if kind == "twin":
        X[:, 4] = 2.5 * X[:, 1]
    elif kind == "sum":
        X[:, 0] = X[:, 1] - X[:, 2] + 0.5 * X[:, 3]
    elif kind == "constant":
        X[:, 3] = 1.7
    elif kind == "dummies":
        X[:, :3] = np.eye(3)[np.arange(20) % 3]
    elif kind == "empty":
        X[:, 5] = 0.0
    elif kind == "units":
        X = X * [1e-9, 1.0, 1e9, 1.0, 1e-5, 1e5]
    return X


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["plain", "twin", "sum", "constant", "dummies", "empty", "units"])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("partial", [False, True])
def test_the_rank_is_that_of_the_columns_in_play(layout: str, kind: str, constant: bool, partial: bool) -> None:
    X = draw(kind)
    rows = np.where(np.arange(20) % 3 == 0, 0.0, np.linspace(0.5, 2.0, 20)) if partial else np.ones(20)
    for in_play in ([0, 1, 2, 3, 4, 5], [1, 3, 4], [2]):
        on = np.isin(np.arange(6), in_play)
        shift = rows @ X / rows.sum() if constant else None
        found = Uniqueness(Columns(LAYOUTS[layout](X), shift), rows, on, constant)
        assert found.size == len(in_play)
        assert found.rank == rank_of(X, rows, on, constant)


def test_nothing_in_play_has_rank_zero() -> None:
    found = Uniqueness(Columns(np.eye(3), None), np.ones(3), np.zeros(3, dtype=bool), True)
    assert (found.size, found.rank) == (0, 0)


@pytest.mark.parametrize("constant", [False, True])
def test_few_rows_that_count_bound_the_rank(constant: bool) -> None:
    X = np.random.default_rng(0).standard_normal((10, 6))
    rows = np.where(np.arange(10) < 4, 1.0, 0.0)
    found = Uniqueness(Columns(X, X.mean(axis=0) if constant else None), rows, np.ones(6, dtype=bool), constant)
    assert found.rank == 4 - constant
    none = Uniqueness(Columns(X, None), np.zeros(10), np.ones(6, dtype=bool), constant)
    assert none.rank == 0


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e7])
@pytest.mark.parametrize("distance", [0.0, 1e-3])
def test_a_large_mean_neither_hides_nor_makes_a_twin(mean: float, distance: float) -> None:
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((2, 50))
    X = np.column_stack([x, x + distance * z]) + mean
    centred = X - X.mean(axis=0)
    found = Uniqueness(Columns(centred, None), np.ones(50), np.ones(2, dtype=bool), True)
    assert found.rank == (1 if distance == 0 else 2)


def test_the_answer_travels_without_the_data() -> None:
    X = np.random.default_rng(0).standard_normal((2000, 50))
    found = Uniqueness(Columns(X, X.mean(axis=0)), np.ones(2000), np.ones(50, dtype=bool), True)
    stored = pickle.dumps(found)
    assert len(stored) < 5000
    again = pickle.loads(stored)
    assert (again.size, again.rank) == (50, 50)

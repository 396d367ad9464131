"""Data that many tests share, all of it small."""

from __future__ import annotations

import os

# Before anything imports matplotlib: no test needs a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def linear() -> Data:
    """Return 30 rows of 4 correlated columns of unequal size and mean, and a response that uses two of them."""
    rng = np.random.default_rng(20)
    mix = np.array([[1.0, 0.7, 0.0, 0.2], [0.0, 0.7, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.3, 0.5]])
    X = rng.standard_normal((30, 4)) @ mix + [0.0, 2.0, -5.0, 1.0]
    return X, 2.0 + X @ [1.5, 0.0, -0.4, 0.0] + 0.7 * rng.standard_normal(30)


@pytest.fixture(scope="session")
def wide() -> Data:
    """Return 12 rows of 25 columns, two of which matter."""
    rng = np.random.default_rng(21)
    X = rng.standard_normal((12, 25)) + 0.5 * rng.standard_normal((12, 1))
    return X, 1.0 + X[:, 0] - 2.0 * X[:, 3] + 0.3 * rng.standard_normal(12)


@pytest.fixture(scope="session")
def binary() -> Data:
    """Return 60 rows of 3 columns and classes that they predict without separating them."""
    rng = np.random.default_rng(22)
    X = rng.standard_normal((60, 3)) * [1.0, 2.0, 0.5] + [0.0, 1.0, 0.0]
    return X, (rng.random(60) < 1 / (1 + np.exp(-(0.8 * X[:, 0] - 0.5 * X[:, 1])))).astype(float)

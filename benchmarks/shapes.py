"""Data on which a solver can stumble: one shape of X each, a response for every likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

Array = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Shape:
    """One kind of design.

    Parameters
    ----------
    name : str
    make : callable
        From a random generator to X.
    identified : bool, default True
        Whether the data alone determine the coefficients, so that a flat prior has a mode.
    rows : bool, default False
        Whether there are sample weights (0 to 3) and an offset.
    options : dict
        For `bayesreg.Model`.
    """

    name: str
    make: Callable[[Rng], Any]
    identified: bool = True
    rows: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def _normal(n: int, p: int) -> Callable[[Rng], Array]:
    return lambda rng: rng.standard_normal((n, p))


def _correlated(rng: Rng, n: int = 150, p: int = 30, rho: float = 0.95) -> Array:
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def _unequal(rng: Rng) -> Array:
    return np.geomspace(1e-4, 1e4, 12) * rng.standard_normal((120, 12)) + 100.0


def _far(rng: Rng) -> Array:
    return np.geomspace(1e-4, 1e4, 12) * (rng.standard_normal((120, 12)) + 100.0)


def _scattered(n: int, p: int, density: float) -> Callable[[Rng], Any]:
    return lambda rng: sparse.random_array((n, p), density=density, rng=rng, data_sampler=rng.standard_normal).tocsc()


def _duplicated(rng: Rng) -> Array:
    X = rng.standard_normal((120, 8))
    return np.column_stack([X, X[:, 1:]])


SHAPES = (
    Shape("n > p", _normal(120, 12)),
    Shape("p > n", _normal(60, 450), identified=False),
    Shape("p > n, correlated", lambda rng: _correlated(rng, 50, 120, 0.9), identified=False),
    Shape("correlated .95", _correlated),
    Shape("scales 1e±4, means 100", _unequal),
    Shape("scales 1e±4, means 100, standardize", _unequal, options={"standardize": True}),
    Shape("scales 1e±4, means 100 sd", _far),
    Shape("weights, offset", _normal(120, 12), rows=True),
    Shape("weights, offset, p > n", _normal(50, 120), identified=False, rows=True),
    Shape("no intercept", _normal(120, 12), options={"fit_intercept": False}),
    Shape("sparse", _scattered(200, 25, 0.1)),
    Shape("sparse, p > n", _scattered(60, 450, 0.1), identified=False),
    Shape("sparse, weights, offset", _scattered(200, 25, 0.1), rows=True),
    Shape("duplicated columns", _duplicated, identified=False),
)


def row_options(shape: Shape, n: int, rng: Rng) -> dict[str, Array]:
    """Sample weights and an offset, where the shape has them."""
    if not shape.rows:
        return {}
    return {"sample_weight": rng.integers(0, 4, n).astype(float), "offset": 0.3 * rng.standard_normal(n)}


def response(kind: str, X: Any, offset: Array | float, rng: Rng) -> Array:
    """A response with a few active columns: ``"real"`` with heavy tails, ``"class"`` or ``"count"``."""
    dense = np.asarray(X.toarray() if sparse.issparse(X) else X)
    n, p = dense.shape
    active = np.unique(np.linspace(0, p - 1, 5).astype(int))
    spread = dense[:, active].std(axis=0)
    units = (dense[:, active] - dense[:, active].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    signal = 0.5 * units @ (-1.0) ** np.arange(active.size)
    if kind == "class":
        return (rng.random(n) < expit(offset + signal)).astype(float)
    if kind == "count":
        return rng.poisson(np.exp(0.5 + offset + 0.5 * signal)).astype(float)
    return np.asarray(3.0 + offset + 2.0 * signal + rng.standard_t(3, n))

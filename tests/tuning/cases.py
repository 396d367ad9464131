"""Models and data that the tests of tuning share."""

from __future__ import annotations

from typing import Any

import numpy as np

import bayesreg as br
from bayesreg import likelihoods, priors

Array = np.ndarray
INF = float("inf")


def regression(n: int = 60, p: int = 5, seed: int = 0) -> tuple[Array, Array]:
    """Return correlated columns of unequal size and mean, and a response that uses two of them."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, p)) + 0.6 * rng.standard_normal((n, 1))) * np.geomspace(0.3, 3, p) + np.arange(p)
    return X, 1.0 + X[:, 0] - 0.5 * X[:, -1] + rng.standard_normal(n)


def classes(n: int = 120, p: int = 4, seed: int = 1) -> tuple[Array, Array]:
    """Return columns and overlapping classes."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, (rng.random(n) < 1 / (1 + np.exp(-X[:, 0] + 0.5))).astype(float)


def counts(n: int = 90, p: int = 4, seed: int = 2) -> tuple[Array, Array]:
    """Return columns and counts."""
    rng = np.random.default_rng(seed)
    X = 0.5 * rng.standard_normal((n, p))
    return X, rng.poisson(np.exp(0.5 + X[:, 0])).astype(float)


def gaussian(prior: Any, sigma: Any = 0.9, **settings: Any) -> br.Model:
    """Return a Gaussian model."""
    return br.Model(likelihoods.Gaussian(sigma), prior, **settings)


# Every branch of the statistics of folds: kinds of penalty, intercept, location, units, free columns, signs.
GAUSSIAN: dict[str, br.Model] = {
    "lasso": gaussian(priors.Laplace(0.3)),
    "ridge": gaussian(priors.Gaussian(0.5)),
    "net": gaussian(priors.ElasticNet(2.0, 1.0)),
    "standardized lasso": gaussian(priors.Laplace(0.3), standardize=True),
    "standardized ridge about a location": gaussian(priors.Gaussian(0.3, loc=0.4), standardize=True),
    "no intercept": gaussian(priors.Laplace(0.3, loc=0.2), fit_intercept=False),
    "normal intercept": gaussian(priors.Laplace(0.3), intercept=priors.Gaussian(0.4, loc=0.5)),
    "free column": gaussian(priors.Laplace([0.3, INF, 0.2, 0.3, 0.3], loc=[0.1, 0.0, 0.0, 0.0, 0.0])),
    "signs": gaussian(priors.Laplace(0.3, positive=True)),
    "learned sigma": gaussian(priors.Laplace(0.3, relative_to="penalty"), None),
}

"""Posteriors of data with a known support."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import bayesreg as br
from bayesreg import likelihoods, priors

Data = tuple[np.ndarray, np.ndarray]

SUPPORT = ("x0", "x3", "x6")


@pytest.fixture(scope="session")
def known() -> Data:
    """Return 120 rows of 8 columns, two of them correlated, of unequal size and mean; three matter."""
    rng = np.random.default_rng(60)
    X = rng.standard_normal((120, 8))
    X[:, 1] = 0.8 * X[:, 0] + 0.6 * X[:, 1]
    X = X * [1.0, 1.0, 5.0, 1.0, 0.2, 1.0, 1.0, 1.0] + [0.0, 3.0, -20.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    return X, 1.0 + X @ [2.0, 0, 0, -1.5, 0, 0, 1.0, 0] + rng.standard_normal(120)


@pytest.fixture(scope="session")
def post(known: Data) -> xr.DataTree:
    return br.sample(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), *known, draws=200, chains=2, seed=1)


@pytest.fixture(scope="session")
def classes(known: Data) -> Data:
    X, _ = known
    rng = np.random.default_rng(61)
    eta = X @ [1.5, 0, 0, -1.5, 0, 0, 0, 0]
    return X, (rng.random(120) < 1 / (1 + np.exp(-eta))).astype(float)


@pytest.fixture(scope="session")
def class_post(classes: Data) -> xr.DataTree:
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0))
    return br.sample(model, *classes, draws=500, chains=4, seed=2)

"""What every drawing must respect, and posteriors that cost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.results import MapResult

Data = tuple[np.ndarray, np.ndarray]

RIDGE = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(scale=0.5))
LASSO = br.Model(likelihoods.Gaussian(0.7), priors.Laplace(scale=0.05))


@pytest.fixture(autouse=True)
def settings_and_figures_stay() -> Iterator[None]:
    """Fail a test after which matplotlib's settings differ or a figure is still open."""
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    left = plt.get_fignums()
    plt.close("all")
    assert left == []


@pytest.fixture
def ax() -> Iterator[Axes]:
    """Return axes of a figure of its own, and check that the drawing opened no other and can be rendered."""
    figure, axes = plt.subplots()
    yield axes
    assert plt.get_fignums() == [figure.number]
    figure.canvas.draw()
    plt.close(figure)


@pytest.fixture(scope="module")
def ridge_post(linear: Data) -> xr.DataTree:
    return br.sample(RIDGE, *linear, draws=250, chains=2, seed=3)


@pytest.fixture(scope="module")
def flat_post(linear: Data) -> xr.DataTree:
    model = br.Model(likelihoods.Gaussian(0.7), priors.Flat())
    return br.sample(model, *linear, draws=250, chains=2, seed=4)


@pytest.fixture(scope="module")
def ridge_map(linear: Data) -> MapResult:
    return br.find_map(RIDGE, *linear)


@pytest.fixture(scope="module")
def lasso_map(linear: Data) -> MapResult:
    """Return a MAP of the same columns with exact zeros."""
    found = br.find_map(LASSO, *linear)
    assert 0 < found.n_nonzero < 4
    return found

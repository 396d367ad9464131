"""Two coefficients together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import likelihoods, plots, priors
from bayesreg.errors import InputError
from bayesreg.results import MapResult
from tests.plots.conftest import LASSO, RIDGE, Data


def test_draws_mean_and_mode_of_the_named_pair(ridge_post: xr.DataTree, ridge_map: MapResult) -> None:
    data = plots.joint_data(ridge_post, ("x2", "x0"), mode=ridge_map)
    draws = ridge_post["posterior"]["coef"].to_numpy().reshape(-1, 4)[:, [2, 0]]
    np.testing.assert_array_equal(data.draws, draws)
    np.testing.assert_allclose(data.mean, draws.mean(axis=0))
    assert data.correlation == pytest.approx(np.corrcoef(draws.T)[0, 1])
    assert data.mode is not None
    np.testing.assert_array_equal(data.mode, ridge_map.coef[[2, 0]])
    assert data.contour is not None
    # A ridge holds points of one radius as dear.
    np.testing.assert_allclose(np.hypot(*data.contour.T), np.hypot(*data.mode))


def test_without_names_the_most_correlated_pair_is_taken(ridge_post: xr.DataTree) -> None:
    data = plots.joint_data(ridge_post)
    draws = ridge_post["posterior"]["coef"].to_numpy().reshape(-1, 4)
    size = np.abs(np.corrcoef(draws.T))[np.triu_indices(4, 1)]
    assert abs(data.correlation) == pytest.approx(size.max())


def test_the_contour_of_a_net_has_the_penalty_of_the_mode(linear: Data, ridge_post: xr.DataTree) -> None:
    X, y = linear
    prior = priors.ElasticNet(l1=2.0, l2=np.array([1.0, 2.0, 3.0, 4.0]), loc=0.1)
    mode = br.find_map(br.Model(likelihoods.Gaussian(0.7), prior), X, y)
    data = plots.joint_data(ridge_post, ("x0", "x1"), mode=mode)
    assert data.contour is not None
    offset = np.vstack([data.contour, mode.coef[:2]]) - 0.1
    value = 2.0 * np.abs(offset).sum(axis=1) + 0.5 * offset**2 @ [1.0, 2.0]
    np.testing.assert_allclose(value, value[-1])


def test_a_prior_without_a_contour_draws_none(linear: Data, ridge_post: xr.DataTree) -> None:
    flat = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Flat()), *linear)
    assert plots.joint_data(ridge_post, ("x0", "x1"), mode=flat).contour is None


def test_the_picture_has_draws_mean_mode_and_contour(ridge_post: xr.DataTree, linear: Data, ax: Axes) -> None:
    mode = br.find_map(LASSO, *linear)
    data = plots.joint_data(ridge_post, mode=mode)
    assert plots.joint(ridge_post, ax=ax, mode=mode) is ax
    assert len(ax.collections) == 3
    np.testing.assert_array_equal(ax.collections[2].get_offsets()[0], data.mode)
    assert f"{data.correlation:.2f}" in ax.get_title(loc="left")


def test_names_that_are_not_there_and_single_columns_are_refused(ridge_post: xr.DataTree, linear: Data) -> None:
    with pytest.raises(InputError, match="two different names of"):
        plots.joint_data(ridge_post, ("x0", "x9"))
    X, y = linear
    alone = br.sample(RIDGE, X[:, :1], y, draws=50, chains=1, seed=0)
    with pytest.raises(InputError, match="needs two coefficients"):
        plots.joint_data(alone)
    with pytest.raises(InputError, match="a MapResult of the same columns"):
        plots.joint_data(ridge_post, mode=br.find_map(RIDGE, X[:, :1], y))


def test_one_posterior_and_names_that_are_numbers(ridge_post: xr.DataTree, linear: Data) -> None:
    with pytest.raises(InputError, match="shows one posterior, got 2: a, b"):
        plots.joint_data({"a": ridge_post, "b": ridge_post})  # type: ignore[arg-type]
    post = br.sample(RIDGE, pd.DataFrame(linear[0]), linear[1], draws=50, seed=1)
    assert plots.joint_data(post, (2, 0)).names == ("2", "0")  # type: ignore[arg-type]

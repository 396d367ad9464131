"""Rows of features, lanes of models."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesreg.errors import InputError
from bayesreg.plots.rows import figure_height, keep_features, named_trees, row_positions

FRAME = pd.DataFrame({"model": list("AABBB"), "feature": list("xyxyz"), "size": [1.0, 5.0, 7.0, 2.0, 3.0]})


def test_features_are_kept_by_their_largest_importance_in_their_own_order() -> None:
    kept, left_out = keep_features(FRAME, FRAME["size"], 2)
    assert kept["feature"].tolist() == ["x", "y", "x", "y"]
    assert left_out == 1


@pytest.mark.parametrize("limit", [None, 3, 10])
def test_nothing_is_left_out_within_the_limit(limit: int | None) -> None:
    kept, left_out = keep_features(FRAME, FRAME["size"], limit)
    assert left_out == 0
    pd.testing.assert_frame_equal(kept, FRAME)


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "5"])
def test_an_impossible_limit_is_refused(limit: object) -> None:
    with pytest.raises(InputError, match="max_features must be an integer of at least 1, or None"):
        keep_features(FRAME, FRAME["size"], limit)  # type: ignore[arg-type]


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_lanes_go_down_within_their_own_row_around_its_middle(lanes: int) -> None:
    heights = np.array([row_positions(pd.Series([0, 3]), lane, lanes) for lane in range(lanes)])
    assert np.all(np.diff(heights, axis=0) > 0)
    np.testing.assert_allclose(heights.mean(axis=0), [0.0, 3.0], atol=1e-12)
    assert np.abs(heights - [0.0, 3.0]).max() < 0.5


def test_a_figure_grows_with_its_rows_up_to_a_bound() -> None:
    heights = [figure_height(k, 2) for k in (10, 20, 30, 1000)]
    assert heights[0] < heights[1] < heights[2] < heights[3] == figure_height(5000, 2)


def test_one_tree_alone_is_called_posterior(ridge_post: xr.DataTree) -> None:
    assert list(named_trees(ridge_post)) == ["posterior"]


@pytest.mark.parametrize("given", [{}, 3, None, [1]])
def test_what_is_no_posterior_is_refused(given: object) -> None:
    with pytest.raises(InputError, match="posteriors must be a result of sample, or a dict"):
        named_trees(given)  # type: ignore[arg-type]


def test_a_tree_without_coefficients_is_named() -> None:
    empty = xr.DataTree.from_dict({"observed_data": xr.Dataset({"y": ("obs", [1.0])})})
    other = xr.DataTree.from_dict({"posterior": xr.Dataset({"beta": (("chain", "draw"), [[1.0]])})})
    with pytest.raises(InputError, match=r"posteriors\['a'\] must be a DataTree from sample"):
        named_trees({"a": empty})
    with pytest.raises(InputError, match=r"posteriors\['b'\] has no variable coef"):
        named_trees({"b": other})

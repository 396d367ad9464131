"""Predictions along one quantity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes
from scipy import sparse

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from tests.plots.conftest import Data


def line(m: int) -> tuple[np.ndarray, np.ndarray]:
    along = np.linspace(2.0, -2.0, m)
    return np.column_stack([along, along**2, np.zeros(m), np.ones(m)]), along


def test_curves_are_those_of_predict_in_ascending_order(ridge_post: xr.DataTree, flat_post: xr.DataTree) -> None:
    X, along = line(7)
    picture = plots.prediction_data({"a": ridge_post, "b": flat_post}, X, along, target="mean", ci_prob=0.5)
    np.testing.assert_array_equal(picture.along, along[::-1])
    for label, post in (("a", ridge_post), ("b", flat_post)):
        frame = br.predict(post, X, kind="interval", target="mean", ci_prob=0.5)
        np.testing.assert_array_equal(picture.curves[label].to_numpy(), frame.to_numpy()[::-1])


def test_a_new_response_has_the_wider_band(ridge_post: xr.DataTree) -> None:
    X, along = line(5)
    inner, outer = (
        plots.prediction_data(ridge_post, X, along, target=target).curves["posterior"]
        for target in ("mean", "response")
    )
    assert (outer["upper"] - outer["lower"] > inner["upper"] - inner["lower"]).all()


def test_a_line_and_a_band_each_and_the_data(
    ridge_post: xr.DataTree, flat_post: xr.DataTree, linear: Data, ax: Axes
) -> None:
    X, along = line(9)
    data = (linear[0][:, 0], linear[1])
    assert plots.prediction({"ridge": ridge_post, "flat": flat_post}, X, along, ax, points=data) is ax
    assert len(ax.collections) == 3
    np.testing.assert_array_equal(ax.collections[2].get_offsets(), np.column_stack(data))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ridge", "flat", "data"]
    low, high = ax.get_ylim()
    assert low < data[1].min() < data[1].max() < high


def test_places_must_be_as_many_as_rows(ridge_post: xr.DataTree) -> None:
    X, along = line(5)
    with pytest.raises(InputError, match="along has 4"):
        plots.prediction_data(ridge_post, X, along[:4])
    with pytest.raises(InputError, match="pair"):
        plots.prediction(ridge_post, X, along, points=(along,))  # type: ignore[arg-type]


def test_sparse_rows_are_predicted_as_dense_ones(ridge_post: xr.DataTree) -> None:
    X, along = line(5)
    dense = plots.prediction_data(ridge_post, X, along).curves["posterior"]
    pd.testing.assert_frame_equal(
        plots.prediction_data(ridge_post, sparse.csr_array(X), along).curves["posterior"], dense
    )


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (([1.0, 2.0], [1.0]), "as many places as responses, got 2 and 1"),
        (([1.0, 2.0], [1.0, np.nan]), r"points\[1\] contains NaN in 1 of 2 rows"),
        ((["a"], [1.0]), r"points\[0\] has dtype"),
    ],
)
def test_unusable_points_are_named_before_a_figure_is_made(
    ridge_post: xr.DataTree, points: tuple[list[object], list[object]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plots.prediction(ridge_post, *line(5), points=points)  # type: ignore[arg-type]


def test_a_single_place_is_drawn_and_the_band_says_its_probability(ridge_post: xr.DataTree, ax: Axes) -> None:
    plots.prediction(ridge_post, *line(1), ax=ax, ci_prob=0.5)
    assert "50 %" in ax.get_title(loc="left")

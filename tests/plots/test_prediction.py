"""Predictions along one quantity."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

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

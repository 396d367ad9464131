"""The measure of submodels by size."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from bayesreg.selection.result import Selection
from tests.plots.conftest import Data


@pytest.fixture(scope="module")
def result(linear: Data, ridge_post: xr.DataTree) -> Selection:
    return br.select(ridge_post, linear[0])


def test_the_curve_is_the_table(result: Selection) -> None:
    curve = plots.selection_data(result)
    path = result.path
    np.testing.assert_array_equal(curve.size, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(curve.value, path["elpd_diff"])
    np.testing.assert_allclose(curve.upper - curve.lower, 2 * path["elpd_diff_se"], rtol=1e-9, atol=1e-12)
    assert (curve.reference, curve.chosen, curve.measure) == (0.0, result.size, "elpd")
    assert curve.labels[0] == ""
    assert [label[1:] for label in curve.labels[1:]] == list(result.supports[-1])
    curve = plots.selection_data(result, "explained")
    np.testing.assert_array_equal(curve.lower, path["explained_lower"])
    assert curve.reference == result.reference["explained"]


def test_the_chosen_size_is_marked_and_named(result: Selection, ax: Axes) -> None:
    assert plots.selection(result, ax) is ax
    (size,), (value,) = ax.lines[-1].get_data()
    assert size == result.size
    assert value == result.path["elpd_diff"][result.size]
    assert [text.get_text() for text in ax.texts] == [f"+{name}" for name in result.chosen]
    assert ax.lines[0].get_ydata()[0] == 0.0  # type: ignore[index]
    assert "± 1 standard error" in ax.get_ylabel()


def test_without_rows_the_explained_variation_is_drawn(ridge_post: xr.DataTree) -> None:
    result = br.select(ridge_post)
    axes = plots.selection(result)
    assert "explained variation" in axes.get_ylabel()
    plt.close(axes.figure)
    with pytest.raises(InputError, match="this selection has no elpd"):
        plots.selection_data(result, "elpd")


def test_other_things_are_refused_before_a_figure_is_made(result: Selection, ridge_post: xr.DataTree) -> None:
    with pytest.raises(InputError, match=r"what bayesreg\.select returns, got DataTree"):
        plots.selection(ridge_post)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="measure must be"):
        plots.selection(result, measure="kl")  # type: ignore[arg-type]

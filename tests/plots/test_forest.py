"""Intervals, means and MAPs of coefficients."""

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from bayesreg.plots.canvas import PALETTE
from bayesreg.results import MapResult
from tests.plots.conftest import LASSO, RIDGE, Data


def flattened(tree: xr.DataTree) -> np.ndarray:
    return tree["posterior"]["coef"].to_numpy().reshape(-1, 4)


def test_means_and_equal_tailed_intervals_are_those_of_the_draws(
    ridge_post: xr.DataTree, flat_post: xr.DataTree, ridge_map: MapResult
) -> None:
    frame = plots.forest_data({"flat": flat_post, "ridge": ridge_post}, {"ridge": ridge_map})
    assert frame["model"].tolist() == ["flat"] * 4 + ["ridge"] * 4
    assert frame["feature"].tolist() == ["x0", "x1", "x2", "x3"] * 2
    for label, tree in (("flat", flat_post), ("ridge", ridge_post)):
        part, draws = frame[frame["model"] == label], flattened(tree)
        np.testing.assert_allclose(part["mean"], draws.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(part["lower"], np.quantile(draws, 0.055, axis=0), rtol=1e-10)
        np.testing.assert_allclose(part["upper"], np.quantile(draws, 0.945, axis=0), rtol=1e-10)
    assert frame["map"][:4].isna().all()
    np.testing.assert_array_equal(frame["map"][4:], ridge_map.coef)


def test_highest_density_intervals_are_the_shortest(ridge_post: xr.DataTree) -> None:
    frame = plots.forest_data(ridge_post, ci_prob=0.5, ci_kind="hdi")
    draws = np.sort(flattened(ridge_post), axis=0)
    inside = int(0.5 * len(draws))
    widths = draws[inside:] - draws[:-inside]
    start = widths.argmin(axis=0)
    np.testing.assert_allclose(frame["lower"], draws[start, range(4)])
    np.testing.assert_allclose(frame["upper"], draws[start + inside, range(4)])


def test_arvizs_settings_are_followed_and_said(ridge_post: xr.DataTree, ax: Axes) -> None:
    with az.rc_context({"stats.ci_prob": 0.5, "stats.ci_kind": "hdi"}):
        followed = plots.forest_data(ridge_post)
        plots.forest(ridge_post, ax=ax)
    given = plots.forest_data(ridge_post, ci_prob=0.5, ci_kind="hdi")
    np.testing.assert_array_equal(followed["upper"], given["upper"])
    assert ax.get_title(loc="left") == "Posterior mean and 50 % highest-density interval"


def test_a_map_is_matched_by_name_not_by_place(ridge_post: xr.DataTree, linear: Data) -> None:
    X, y = linear
    order = ["x2", "x0", "x3", "x1"]
    shuffled = {name: X[:, int(name[1])] for name in order}
    import pandas as pd

    found = br.find_map(RIDGE, pd.DataFrame(shuffled), y)
    frame = plots.forest_data({"ridge": ridge_post}, {"ridge": found}).set_index("feature")
    for name, value in zip(order, found.coef, strict=True):
        assert frame.loc[name, "map"] == value


def test_each_model_has_its_intervals_means_and_maps_hollow_at_zero(
    ridge_post: xr.DataTree, flat_post: xr.DataTree, lasso_map: MapResult, ax: Axes
) -> None:
    drawn = plots.forest({"flat": flat_post, "ridge": ridge_post}, {"ridge": lasso_map}, ax)
    assert drawn is ax
    assert len(ax.collections) == 2
    assert [to_hex(c.get_color()[0]) for c in ax.collections] == [color.lower() for color in PALETTE[:2]]
    discs = [line for line in ax.lines if line.get_marker() == "o"]
    filled, hollow = (line for line in ax.lines if line.get_marker() == "D")
    assert len(discs) == 2
    np.testing.assert_allclose(discs[1].get_xdata(), flattened(ridge_post).mean(axis=0))
    assert set(hollow.get_xdata()) == {0.0}
    assert len(hollow.get_xdata()) == 4 - lasso_map.n_nonzero
    np.testing.assert_array_equal(filled.get_xdata(), lasso_map.coef[lasso_map.coef != 0])
    assert to_hex(hollow.get_markerfacecolor()) == "#ffffff"
    assert to_hex(hollow.get_markeredgecolor()) == to_hex(filled.get_markerfacecolor()) == PALETTE[1].lower()


def test_no_two_markers_of_a_feature_share_a_height(
    ridge_post: xr.DataTree, ridge_map: MapResult, flat_post: xr.DataTree, ax: Axes
) -> None:
    plots.forest({"flat": flat_post, "ridge": ridge_post}, {"ridge": ridge_map}, ax)
    heights = np.array([line.get_ydata() for line in ax.lines if line.get_marker() in "oD"])
    assert heights.shape == (3, 4)
    assert np.diff(np.sort(heights, axis=0), axis=0).min() > 0.1
    np.testing.assert_array_equal(np.rint(heights), np.tile(np.arange(4), (3, 1)))


def test_the_first_feature_is_on_top_and_zero_is_marked(ridge_post: xr.DataTree, ax: Axes) -> None:
    plots.forest(ridge_post, ax=ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x0", "x1", "x2", "x3"]
    assert ax.yaxis_inverted()
    assert [0.0, 0.0] in [list(line.get_xdata()) for line in ax.lines]


@pytest.mark.parametrize(("which", "expected"), [("lasso_map", ["MAP", "MAP, exactly 0"]), ("ridge_map", ["MAP"])])
def test_the_legend_stands_outside_and_names_what_is_there(
    which: str, expected: list[str], ridge_post: xr.DataTree, ax: Axes, request: pytest.FixtureRequest
) -> None:
    plots.forest({"ridge": ridge_post}, {"ridge": request.getfixturevalue(which)}, ax)
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["ridge", *expected]
    ax.figure.canvas.draw()
    assert legend.get_window_extent().x0 > ax.get_window_extent().x1


def test_with_many_features_the_largest_are_shown_and_the_rest_counted(wide: Data, ax: Axes) -> None:
    post = br.sample(RIDGE, *wide, draws=50, chains=2, seed=5)
    plots.forest(post, ax=ax, max_features=6)
    means = np.abs(post["posterior"]["coef"].mean(("chain", "draw")).to_numpy())
    largest = sorted(np.argsort(-means)[:6])
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"x{j}" for j in largest]
    assert "19 more features" in ax.get_xlabel()


def test_maps_that_do_not_fit_the_posteriors_are_refused(
    ridge_post: xr.DataTree, ridge_map: MapResult, wide: Data
) -> None:
    with pytest.raises(InputError, match=r"maps has the labels \['other'\]"):
        plots.forest_data({"ridge": ridge_post}, {"other": ridge_map})
    with pytest.raises(InputError, match="of different columns: x10"):
        plots.forest_data({"ridge": ridge_post}, {"ridge": br.find_map(LASSO, *wide)})


def test_impossible_intervals_are_refused_before_a_figure_is_made(ridge_post: xr.DataTree) -> None:
    with pytest.raises(InputError, match="ci_prob must lie between 0 and 1"):
        plots.forest(ridge_post, ci_prob=89)
    with pytest.raises(InputError, match="ci_kind must be 'eti' or 'hdi'"):
        plots.forest(ridge_post, ci_kind="symmetric")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="max_features"):
        plots.forest(ridge_post, max_features=0)


def test_without_axes_a_new_figure_holds_everything(ridge_post: xr.DataTree, ridge_map: MapResult) -> None:
    made = plots.forest(ridge_post, ridge_map)
    figure = made.figure
    figure.canvas.draw()
    page, legend = figure.bbox, made.get_legend().get_window_extent()
    assert page.x0 <= legend.x0 < legend.x1 <= page.x1
    plt.close(figure)


def test_labels_that_are_no_strings_belong_together(ridge_post: xr.DataTree, ridge_map: MapResult) -> None:
    frame = plots.forest_data({1: ridge_post}, {1: ridge_map})  # type: ignore[dict-item]
    np.testing.assert_array_equal(frame["map"], ridge_map.coef)


def test_a_single_map_is_that_of_the_only_posterior(ridge_post: xr.DataTree, ridge_map: MapResult) -> None:
    frame = plots.forest_data({"ridge": ridge_post}, ridge_map)
    np.testing.assert_array_equal(frame["map"], ridge_map.coef)
    with pytest.raises(InputError, match="maps is a single MAP, and there are 2 posteriors"):
        plots.forest({"a": ridge_post, "b": ridge_post}, ridge_map)
    with pytest.raises(InputError, match="maps must be a result of find_map, or a dict"):
        plots.forest(ridge_post, {"posterior": 3})  # type: ignore[dict-item]

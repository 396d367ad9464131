"""Coefficients along the penalty."""

import dataclasses
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from bayesreg.plots.path import Scale
from bayesreg.results import PathResult
from tests.plots.conftest import LASSO, RIDGE, Data


@pytest.fixture(scope="module")
def lasso_path(linear: Data) -> PathResult:
    return br.map_path(LASSO, *linear, n_points=25)


@pytest.fixture(scope="module")
def returning(lasso_path: PathResult) -> PathResult:
    """Return a made-up path whose first coefficient leaves 0, comes back for two points and leaves again."""
    coef = np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, -1], [0, 0, -2], [3, 0, -4]])
    return PathResult(
        strength=np.array([1000.0, 100, 10, 1, 0.1]),
        coef=coef,
        intercept=np.zeros(5),
        certificates=lasso_path.certificates[:5],
        names=("a", "b", "c"),
        engine="coordinate_descent",
        df=np.count_nonzero(coef, axis=1).astype(float),
    )


def test_a_coefficient_vanishes_beside_every_point_where_it_is_alive(returning: PathResult) -> None:
    curves = plots.path_data(returning)
    assert curves.vanishing.tolist() == [[0, 0], [1, 2], [2, 0], [3, 0]]
    np.testing.assert_array_equal(curves.n_nonzero, [0, 1, 1, 1, 2])
    assert curves.order.tolist() == [2, 0, 1]


def test_on_a_monotone_path_each_coefficient_vanishes_once_at_its_entry(lasso_path: PathResult) -> None:
    curves = plots.path_data(lasso_path)
    alive = lasso_path.coef != 0
    assert np.all(alive[:-1] <= alive[1:])
    ever = np.flatnonzero(alive.any(axis=0))
    assert 2 <= ever.size < 4
    assert {(int(j), int(k)) for k, j in curves.vanishing} == {(int(j), int(alive[:, j].argmax()) - 1) for j in ever}


@pytest.mark.parametrize(("scale", "expected"), [("log", [0, 1, 2, 3, 4]), ("linear", [0, 1, 4])])
def test_counts_are_told_at_points_even_on_the_axis(returning: PathResult, scale: Scale, expected: list[int]) -> None:
    assert plots.path_data(returning, scale).count_at.tolist() == expected


def test_a_long_path_tells_few_counts_evenly(linear: Data) -> None:
    curves = plots.path_data(br.map_path(RIDGE, *linear, n_points=61))
    assert curves.count_at.tolist() == [0, 10, 20, 30, 40, 50, 60]


def test_lines_are_the_coefficients_wherever_they_are_not_zero(lasso_path: PathResult, ax: Axes) -> None:
    assert plots.path(lasso_path, ax) is ax
    lines = [line for line in ax.lines if len(line.get_xdata()) == 25]
    assert len(lines) == 4
    drawn = np.column_stack([line.get_ydata() for line in lines])
    alive = ~np.isnan(drawn) & (drawn != 0)
    order = np.argsort(np.abs(lasso_path.coef[-1]))
    np.testing.assert_array_equal(drawn[alive], lasso_path.coef[:, order][alive])
    assert alive.sum() == np.count_nonzero(lasso_path.coef)


def test_the_strongest_penalty_is_at_the_left_of_a_log_axis(lasso_path: PathResult, ax: Axes) -> None:
    plots.path(lasso_path, ax)
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == (lasso_path.strength[0], lasso_path.strength[-1])
    assert "strongest at the left" in ax.get_xlabel()


@pytest.mark.parametrize("mark", [True, False])
def test_dots_lie_on_zero_where_coefficients_vanish(returning: PathResult, ax: Axes, mark: bool) -> None:
    plots.path(returning, ax, mark_zero=mark)
    assert len(ax.collections) == int(mark)
    if mark:
        np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[1000, 0], [100, 0], [10, 0], [1, 0]])


def test_the_largest_are_named_at_their_ends_without_collision(ax: Axes) -> None:
    k, p = 6, 12
    ends = 1.0 + 0.001 * np.arange(p)
    ends[3] = -2.0
    path = PathResult(
        np.geomspace(10, 0.5, k),
        np.linspace(0, 1, k)[:, None] * ends,
        np.zeros(k),
        (),
        tuple(f"v{j}" for j in range(p)),
        "coordinate_descent",
        np.full(k, float(p)),
    )
    plots.path(path, ax, n_labels=5)
    names = [text for text in ax.texts if text.get_text() != "strength 1"]
    assert {text.get_text() for text in names} == {"v3", "v11", "v10", "v9", "v8"}
    ax.figure.canvas.draw()
    # Of the words alone: the extent of an annotation holds its line too.
    boxes = sorted((Text.get_window_extent(text) for text in names), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))
    assert all(box.x0 >= ax.get_window_extent().x1 for box in boxes)
    assert all(text.xy == (1.0, ends[int(text.get_text()[1:])]) for text in names)


def test_the_number_of_nonzeros_is_told_above_and_left_out_where_it_never_changes(
    lasso_path: PathResult, linear: Data, ax: Axes
) -> None:
    plots.path(lasso_path, ax)
    (top,) = ax.child_axes
    assert [int(label.get_text()) for label in top.get_xticklabels()] == lasso_path.n_nonzero[::4].tolist()
    np.testing.assert_allclose(top.get_xticks(), lasso_path.strength[::4])
    ridge = plots.path(br.map_path(RIDGE, *linear, n_points=5))
    assert ridge.child_axes == []
    plt.close(ridge.figure)


def test_strength_one_is_marked_only_when_it_is_on_the_path(returning: PathResult, ax: Axes) -> None:
    stronger = dataclasses.replace(returning, strength=returning.strength * 100)
    plots.path(stronger, ax)
    assert "strength 1" not in [text.get_text() for text in ax.texts]
    plots.path(returning, ax)
    assert "strength 1" in [text.get_text() for text in ax.texts]


def test_what_is_no_path_is_refused_before_a_figure_is_made(lasso_path: PathResult) -> None:
    with pytest.raises(InputError, match="path must be a result of map_path, got ndarray"):
        plots.path(lasso_path.coef)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="scale must be 'log' or 'linear'"):
        plots.path(lasso_path, scale="sqrt")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n_labels must be an integer of at least 0"):
        plots.path(lasso_path, n_labels=-1)


def test_a_single_point_is_drawn(linear: tuple[np.ndarray, np.ndarray], ax: Axes) -> None:
    plots.path(br.map_path(LASSO, *linear, strengths=[1.0]), ax=ax)
    # matplotlib would warn of limits that are the same.
    plots.path_bands(br.path_posterior(RIDGE, *linear, strengths=[1.0]), ax=ax)

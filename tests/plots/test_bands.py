"""Ribbons along the penalty."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from tests.plots.conftest import RIDGE, Data


@pytest.fixture(scope="module")
def bands(linear: Data) -> br.PathPosterior:
    return br.path_posterior(RIDGE, *linear, n_points=8, ci_prob=0.8)


def test_the_largest_coefficients_come_with_mode_mean_and_interval(bands: br.PathPosterior) -> None:
    data = plots.path_bands_data(bands, max_features=2)
    order = np.sort(np.argsort(-np.abs(bands.mean[-1]))[:2])
    assert data.names == tuple(f"x{j}" for j in order)
    np.testing.assert_array_equal(data.mode, bands.path.coef[:, order])
    np.testing.assert_array_equal(data.upper, bands.upper[:, order])
    assert data.density is None


def test_a_ribbon_each_and_the_learned_strength_at_the_foot(bands: br.PathPosterior, linear: Data, ax: Axes) -> None:
    learned = br.tune(RIDGE, *linear, method="bayes", seed=0)
    assert plots.path_bands(bands, ax, learned=learned) is ax
    assert len(ax.collections) == 4 + 1
    assert len(ax.lines) == 1 + 2 * 4
    ribbon = ax.collections[0].get_paths()[0].vertices
    assert ribbon[:, 1].max() == pytest.approx(bands.upper[:, 0].max())
    assert ax.get_xlim() == (bands.strength[0], bands.strength[-1])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"learned strength", "MAP", "posterior mean", "80 % interval"} <= set(labels)


def test_a_strength_learned_beyond_the_path_is_in_the_picture(bands: br.PathPosterior, linear: Data, ax: Axes) -> None:
    learned = br.tune(RIDGE, *linear, method="bayes", seed=0)
    short = br.path_posterior(RIDGE, *linear, strengths=bands.strength[bands.strength > 2 * learned.best])
    plots.path_bands(short, ax, learned=learned)
    assert ax.get_xlim()[0] == short.strength[0]
    assert ax.get_xlim()[1] < learned.best


def test_other_results_are_refused(bands: br.PathPosterior, linear: Data) -> None:
    with pytest.raises(InputError, match="that of path_posterior, got PathResult"):
        plots.path_bands_data(bands.path)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="max_features must be an integer of at least 1, or None for all, got 0"):
        plots.path_bands_data(bands, max_features=0)
    with pytest.raises(InputError, match="method='bayes'"):
        plots.path_bands_data(bands, learned=br.tune(RIDGE, *linear, method="cv"))

"""Shrinkage factors."""

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import likelihoods, plots, priors
from bayesreg.errors import InputError
from bayesreg.shrinkage_factors import shrinkage as measure
from tests.plots.conftest import RIDGE, Data


def test_a_known_gaussian_prior_gives_the_textbook_numbers(
    linear: Data, ridge_post: xr.DataTree, flat_post: xr.DataTree
) -> None:
    X = linear[0] - linear[0].mean(axis=0)
    gram, precision = X.T @ X / 0.7**2, 1 / 0.5**2
    table = plots.shrinkage_data({"flat": flat_post, "ridge": ridge_post})
    ridge = table.frame[table.frame["model"] == "ridge"]
    assert ridge["feature"].tolist() == ["x0", "x1", "x2", "x3"]
    kappa = precision / (precision + np.diag(gram))
    for column in ("kappa", "lower", "upper"):
        np.testing.assert_allclose(ridge[column], kappa, rtol=1e-10)
    trace = np.trace(np.linalg.solve(gram + precision * np.eye(4), gram))
    assert table.effective["ridge"] == pytest.approx(trace, rel=1e-10)
    assert table.effective_sum["ridge"] == pytest.approx(4 - kappa.sum(), rel=1e-10)
    assert (table.frame["kappa"][:4] == 0).all()
    assert table.effective["flat"] == pytest.approx(4.0)


@pytest.fixture(scope="module")
def noisy_post(linear: Data) -> xr.DataTree:
    """Return a posterior whose kappa has a spread, sigma being learned under an absolute prior."""
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(scale=0.5))
    return br.sample(model, *linear, draws=250, chains=2, seed=6)


def test_with_learned_noise_the_interval_is_that_of_kappa_over_the_draws(linear: Data, noisy_post: xr.DataTree) -> None:
    X = linear[0] - linear[0].mean(axis=0)
    sigma = noisy_post["posterior"]["sigma"].to_numpy().ravel()
    kappa = 4.0 / (4.0 + np.sum(X**2, axis=0) / sigma[:, None] ** 2)
    frame = plots.shrinkage_data(noisy_post).frame
    np.testing.assert_allclose(frame["kappa"], kappa.mean(axis=0), rtol=1e-10)
    tail = (1 - az.rcParams["stats.ci_prob"]) / 2
    np.testing.assert_allclose(frame["lower"], np.quantile(kappa, tail, axis=0), rtol=1e-8)
    np.testing.assert_allclose(frame["upper"], np.quantile(kappa, 1 - tail, axis=0), rtol=1e-8)


def test_each_model_has_dots_intervals_and_its_effective_number(
    ridge_post: xr.DataTree, noisy_post: xr.DataTree, ax: Axes
) -> None:
    posts = {"known": ridge_post, "learned": noisy_post}
    table = plots.shrinkage_data(posts)
    assert plots.shrinkage(posts, ax) is ax
    assert len(ax.collections) == len(ax.lines) == 2
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), table.frame["kappa"][4:])
    ends = np.array([segment[:, 0] for segment in ax.collections[1].get_segments()])
    np.testing.assert_array_equal(ends, table.frame[["lower", "upper"]][4:])
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"{label}: {table.effective[label]:.3g} of 4 effective" for label in posts]
    low, high = ax.get_xlim()
    assert low < 0 < 1 < high


def test_with_many_features_the_least_shrunk_are_shown(wide: Data, ax: Axes) -> None:
    X, y = wide
    scale = np.where(np.arange(25) % 5 == 0, 2.0, 0.1)
    post = br.sample(br.Model(RIDGE.likelihood, priors.Gaussian(scale)), X, y, draws=20, chains=2, seed=7)
    plots.shrinkage({"ridge": post}, ax, max_features=5)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x0", "x5", "x10", "x15", "x20"]
    assert "20 more features" in ax.get_xlabel()
    assert "of 25 effective" in ax.get_legend().get_texts()[0].get_text()


def test_a_table_keeps_what_the_measure_returns(ridge_post: xr.DataTree) -> None:
    measured = measure(ridge_post)
    frame = plots.shrinkage_data({"a": ridge_post}).frame.set_index("feature")
    expected = measured.frame.rename(columns={"kappa_lower": "lower", "kappa_upper": "upper"})
    shown = ["kappa", "lower", "upper", "relative_to_flat"]
    pd.testing.assert_frame_equal(frame[shown], expected[shown])


def test_what_cannot_be_drawn_is_refused_before_a_figure_is_made(ridge_post: xr.DataTree) -> None:
    with pytest.raises(InputError, match="posteriors must be a result of sample"):
        plots.shrinkage({})
    with pytest.raises(InputError, match="max_features"):
        plots.shrinkage(ridge_post, max_features=-3)


def test_intervals_have_the_probability_asked_for(linear: Data, ax: Axes) -> None:
    model = br.Model(likelihoods.Gaussian(), priors.Laplace(0.1))
    post = br.sample(model, *linear, draws=1000, seed=1)
    table = plots.shrinkage_data(post, ci_prob=0.5).frame
    np.testing.assert_array_equal(table["upper"], measure(post, ci_prob=0.5).frame["kappa_upper"])
    plots.shrinkage(post, ax=ax, ci_prob=0.5)
    assert "50 %" in ax.get_title(loc="left")

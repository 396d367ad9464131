"""The effective number of coefficients."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import likelihoods, plots, priors
from tests.plots.conftest import Data


def test_a_learned_noise_level_gives_a_distribution_and_a_known_one_a_number(
    linear: Data, ridge_post: xr.DataTree, ax: Axes
) -> None:
    learned = br.sample(
        br.Model(likelihoods.Gaussian(), priors.Gaussian(scale=0.5)), *linear, draws=200, chains=2, seed=6
    )
    numbers = plots.effective_data({"known": ridge_post, "learned $s$": learned})
    assert numbers["known"].shape == (1,)
    X = linear[0] - linear[0].mean(axis=0)
    sigma = learned["posterior"]["sigma"].to_numpy().ravel()
    values = np.linalg.eigvalsh(X.T @ X)
    exact = (values / (values + sigma[:, None] ** 2 / 0.25)).sum(axis=1)
    np.testing.assert_allclose(numbers["learned $s$"], exact, rtol=1e-9)
    assert plots.effective({"known": ridge_post, "learned $s$": learned}, ax) is ax
    # The mean of each is a line; only what varies has a histogram.
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([numbers["known"][0], exact.mean()])
    heights = np.array([patch.get_height() * patch.get_width() for patch in ax.patches])
    assert heights.sum() == pytest.approx(1.0)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[1] == rf"learned \$s\$: {exact.mean():.2f}"

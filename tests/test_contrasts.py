"""Contrasts against the moments of a normal posterior."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError

Data = tuple[np.ndarray, np.ndarray]
MODEL = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5))


@pytest.fixture(scope="module")
def post(linear: Data) -> xr.DataTree:
    return br.sample(MODEL, *linear, draws=5000, chains=4, seed=1)


def test_a_contrast_has_the_law_of_the_normal_posterior(linear: Data, post: xr.DataTree) -> None:
    X, y = linear
    Z = X - X.mean(0)
    covariance = np.linalg.inv(Z.T @ Z / 0.49 + 4 * np.eye(4))
    mean = covariance @ Z.T @ y / 0.49
    # With the intercept: b0 = mean(y) - mean(x)'b, so a prediction at x has the variance of (x - mean(x))'b and 1/n.
    a = np.array([1.0, -0.5, 0.0, 0.0])
    x = np.array([1.0, 0.0, 2.0, 0.0])
    table = br.contrast(
        post,
        {"difference": {"x0": 1, "x1": -0.5}, "at x": {"intercept": 1, "x0": 1.0, "x2": 2.0}},
        rope=0.5,
        ci_prob=0.8,
    )
    expected = {
        "difference": (a @ mean, np.sqrt(a @ covariance @ a)),
        "at x": (
            y.mean() + (x - X.mean(0)) @ mean,
            np.sqrt((x - X.mean(0)) @ covariance @ (x - X.mean(0)) + 0.49 / 30),
        ),
    }
    for name, (centre, sd) in expected.items():
        row = table.loc[name]
        # 20 000 independent draws
        assert row["mean"] == pytest.approx(centre, abs=4 * sd / np.sqrt(20_000))
        assert row["sd"] == pytest.approx(sd, rel=0.02)
        assert row["lower"] == pytest.approx(centre + stats.norm.ppf(0.1) * sd, abs=0.05 * sd)
        assert row["upper"] == pytest.approx(centre + stats.norm.ppf(0.9) * sd, abs=0.05 * sd)
        law = stats.norm(centre, sd)
        assert row["sign_probability"] == pytest.approx(max(law.cdf(0), law.sf(0)), abs=0.015)
        assert row["equivalence"] == pytest.approx(law.cdf(0.5) - law.cdf(-0.5), abs=0.015)


def test_arrays_and_names_mean_the_same(linear: Data, post: xr.DataTree) -> None:
    named = br.contrast(post, {"x0": 1, "x2": -2})
    assert list(named.index) == ["x0 - 2 x2"]
    given = br.contrast(post, [[1, 0, -2, 0], [0, 0, 0, 0]])
    assert list(given.index) == ["x0 - 2 x2", "0"]
    np.testing.assert_allclose(given.iloc[0], named.iloc[0], rtol=1e-12)
    assert given["sign_probability"].iloc[1] == 0.0
    direct = post["posterior"]["coef"].to_numpy()
    lower = az.eti((direct[..., 0] - 2 * direct[..., 2]).ravel())[0]
    assert named["lower"].item() == pytest.approx(lower)
    mode = br.find_map(MODEL, *linear)
    table = br.contrast(mode, {"x0": 1, "intercept": 3})
    assert table["map"].item() == pytest.approx(mode.coef[0] + 3 * mode.intercept, rel=1e-12)


def test_unknown_columns_and_wrong_shapes_are_named(post: xr.DataTree) -> None:
    with pytest.raises(InputError, match="weights names 'age', which is no column of the fit: 'x0', 'x1'"):
        br.contrast(post, {"age": 1})
    with pytest.raises(InputError, match=r"weights has shape \(3,\); it must be \(4,\) or \(k, 4\)"):
        br.contrast(post, [1, 2, 3])
    with pytest.raises(InputError, match="weights must be finite numbers"):
        br.contrast(post, {"x0": np.nan})
    with pytest.raises(InputError, match="weights is empty"):
        br.contrast(post, {})
    with pytest.raises(InputError, match="rope must be"):
        br.contrast(post, {"x0": 1}, rope=-1.0)
    with pytest.raises(InputError, match=r"what br\.sample or br\.find_map returns"):
        br.contrast(post["posterior"], {"x0": 1})


def test_named_numbers_of_pandas_go_by_their_names(post: xr.DataTree) -> None:
    given = pd.Series({"x3": 1.0, "x0": 2.0, "x1": 0.0, "x2": 0.0})
    expected = br.contrast(post, {"x0": 2.0, "x3": 1.0}).to_numpy()
    np.testing.assert_array_equal(br.contrast(post, given), expected)
    for several in (given.to_frame("a"), pd.DataFrame([given])):
        np.testing.assert_array_equal(br.contrast(post, several), expected)
    # Without names of their own they go by their places.
    np.testing.assert_array_equal(br.contrast(post, pd.Series([2.0, 0.0, 0.0, 1.0])), expected)


def test_columns_with_numbers_for_names_and_a_single_point(linear: Data) -> None:
    X, y = linear
    mode = br.find_map(MODEL, pd.DataFrame(X), y)
    assert br.contrast(mode, {0: 1, 2: -1}).index.tolist() == ["0 - 2"]  # type: ignore[dict-item]
    with pytest.raises(InputError, match="the weight of 'x0' must be one number"):
        br.contrast(br.find_map(MODEL, X, y), {"x0": [1, 2]})
    for option in ({"rope": 0.1}, {"ci_prob": 0.5}):
        with pytest.raises(InputError, match="a MAP is one point"):
            br.contrast(mode, {"0": 1}, **option)

"""The DataTree: groups, dims, coordinates, attributes, and the numbers in them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, posterior, priors, scales
from bayesreg.data import make_design
from bayesreg.outcomes import Draws
from bayesreg.posterior import build_tree, in_words

INF = float("inf")


@pytest.fixture(scope="module")
def tree() -> Any:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((15, 2)) + 3, columns=["age", "bmi"])
    y = X["age"] + rng.standard_normal(15)
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(0.7))
    weight, offset = np.arange(15) % 3 + 0.5, np.linspace(-1, 1, 15)
    tree = br.sample(model, X, y, draws=60, chains=3, seed=2, sample_weight=weight, offset=offset)
    return tree, X.to_numpy(), y.to_numpy(), weight, offset, model


def fake(model: br.Model, X: np.ndarray, y: np.ndarray, values: dict[str, np.ndarray], **stats: Any) -> Any:
    problem = model.bind(make_design(X, y))
    drawn = Draws(values, stats, "mcmc", {})
    return build_tree(problem, drawn, np.random.SeedSequence(0), {"engine": "fake"})


def test_groups_dims_and_coordinates(tree: Any) -> None:
    dt = tree[0]
    exact = {"exact_moments", "exact_loo"}
    assert set(dt.children) == {"posterior", "log_likelihood", "observed_data", "constant_data"} | exact
    group = dt["posterior"]
    assert group["coef"].dims == ("chain", "draw", "feature")
    assert group["intercept"].dims == group["sigma"].dims == ("chain", "draw")
    assert group["coef"].shape == (3, 60, 2)
    assert list(group["feature"].values) == ["age", "bmi"]
    assert list(group["chain"].values) == [0, 1, 2]
    assert dt["log_likelihood"]["y"].dims == ("chain", "draw", "obs")
    assert set(group.data_vars) == {"coef", "intercept", "sigma"}


def test_the_log_likelihood_is_that_of_scipy_row_by_row(tree: Any) -> None:
    dt, X, y, weight, offset, _ = tree
    group = dt["posterior"].to_dataset()
    eta = np.einsum("cdf,nf->cdn", group["coef"], X) + np.asarray(group["intercept"])[..., None] + offset
    expected = weight * stats.norm.logpdf(y, eta, np.asarray(group["sigma"])[..., None])
    np.testing.assert_allclose(dt["log_likelihood"]["y"], expected, rtol=1e-11)


def test_constant_data_hold_what_shrinkage_and_prediction_need(tree: Any) -> None:
    dt, X, y, weight, offset, _ = tree
    data = dt["constant_data"]
    mean = weight @ X / weight.sum()
    np.testing.assert_allclose(data["gram"], ((X - mean).T * weight) @ (X - mean), rtol=1e-12)
    assert data["gram"].dims == ("feature", "feature_other")
    np.testing.assert_allclose(data["x_mean"], mean)
    np.testing.assert_allclose(data["x_sd"], np.sqrt(weight @ (X - mean) ** 2 / weight.sum()))
    np.testing.assert_array_equal(data["sample_weight"], weight)
    np.testing.assert_array_equal(data["offset"], offset)
    np.testing.assert_array_equal(data["loc"], [0.0, 0.0])
    np.testing.assert_array_equal(data["unit"], [1.0, 1.0])
    np.testing.assert_array_equal(dt["observed_data"]["y"], y)
    assert "sigma" not in data.data_vars
    assert data.attrs["relative_to"] == "None"


def test_attributes_tell_the_whole_story(tree: Any) -> None:
    dt, _, y, _, _, model = tree
    attrs = dt.attrs
    assert br.Model.from_json(attrs["model"]) == model
    assert attrs["engine"] == "exact_gaussian"
    assert attrs["exactness"] == "independent"
    assert 0 <= attrs["numerical_error"] < 1e-10
    assert attrs["y_sha256"] == hashlib.sha256(y.tobytes()).hexdigest()
    assert attrs["bayesreg_version"] == br.__version__
    assert attrs["numpy_version"] == np.__version__
    assert attrs["log_likelihood_kept"] == 1
    assert "HalfStudentT(3, sd(y)" in attrs["notes"]
    assert set(json.loads(attrs["diagnostics"])) >= {"rhat_max", "ess_bulk_min", "ess_tail_min", "verdict"}


def test_it_saves_and_loads_and_arviz_reads_it(tree: Any, tmp_path: Path) -> None:
    dt = tree[0]
    dt.to_netcdf(tmp_path / "fit.nc")
    with xr.open_datatree(tmp_path / "fit.nc") as back:
        assert set(back.children) == set(dt.children)
        np.testing.assert_array_equal(back["posterior"]["coef"], dt["posterior"]["coef"])
        assert list(back["posterior"]["feature"].values) == ["age", "bmi"]
        assert back.attrs["model"] == dt.attrs["model"]
        summary = az.summary(back.load(), var_names=["coef", "sigma"])
    assert list(summary.index) == ["coef[age]", "coef[bmi]", "sigma"]


def test_arviz_cross_validates_from_it(linear: Any) -> None:
    X, y = linear
    dt = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(1.0)), X, y, draws=1000, chains=2, seed=1)
    found = az.loo(dt)
    # Given sigma, leaving a row out of a linear model has a closed form.
    Z = np.column_stack([np.ones(30), X])
    hat = Z @ np.linalg.solve(Z.T @ Z + 0.49 * np.diag([0, 1, 1, 1, 1]), Z.T)
    h = np.diag(hat)
    exact = stats.norm.logpdf((y - hat @ y) / (1 - h), 0, 0.7 * np.sqrt(1 / (1 - h)))
    np.testing.assert_allclose(found.elpd_i, exact, atol=0.2)
    np.testing.assert_allclose(found.elpd, exact.sum(), atol=0.5)


def test_exact_moments_agree_with_the_draws(tree: Any) -> None:
    dt = tree[0]
    for name in ("coef", "intercept", "sigma"):
        draws = dt["posterior"][name]
        sd = dt["exact_moments"][f"{name}_sd"]
        assert np.all(np.abs(draws.mean(("chain", "draw")) - dt["exact_moments"][f"{name}_mean"]) < 4.5 * sd / 180**0.5)


def test_two_classes_have_their_likelihood_and_curvature(binary: Any) -> None:
    X, y = binary
    rng = np.random.default_rng(1)
    coef, b0 = rng.standard_normal((2, 6, 3)), rng.standard_normal((2, 6))
    dt = fake(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, y, {"coef": coef, "intercept": b0})
    eta = np.einsum("cdf,nf->cdn", coef, X) + b0[..., None]
    probability = 1 / (1 + np.exp(-eta))
    np.testing.assert_allclose(dt["log_likelihood"]["y"], stats.bernoulli.logpmf(y.astype(int), probability), rtol=1e-9)
    at_mean = 1 / (1 + np.exp(-(X @ coef.mean((0, 1)) + b0.mean())))
    h = at_mean * (1 - at_mean)
    centre = h @ X / h.sum()
    np.testing.assert_allclose(dt["constant_data"]["gram"], ((X - centre).T * h) @ (X - centre), rtol=1e-10)
    np.testing.assert_array_equal(dt["constant_data"]["sigma"], 1.0)


def test_without_an_intercept_there_is_none_and_the_gram_is_not_centred(linear: Any) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0), fit_intercept=False)
    dt = br.sample(model, X, y, draws=10, chains=2, seed=0)
    assert set(dt["posterior"].data_vars) == {"coef"}
    np.testing.assert_allclose(dt["constant_data"]["gram"], X.T @ X, rtol=1e-12)
    np.testing.assert_array_equal(dt["constant_data"]["sigma"], 0.5)
    assert "no intercept" in dt.attrs["model_in_words"]


def test_draws_of_a_chain_state_no_numerical_error(linear: Any) -> None:
    values = {"coef": np.zeros((2, 5, 4)), "intercept": np.zeros((2, 5))}
    moved = np.arange(10.0).reshape(2, 5)
    dt = fake(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), *linear, values, energy=moved)
    assert (dt.attrs["exactness"], dt.attrs["numerical_error"]) == ("mcmc", 0.0)
    assert dt["sample_stats"]["energy"].dims == ("chain", "draw")
    np.testing.assert_array_equal(dt["sample_stats"]["energy"], moved)
    assert "exact_moments" not in dt.children


@pytest.mark.parametrize("word", [None, "sigma", "penalty"])
def test_local_scales_follow_their_conditional_given_the_coefficients(linear: Any, word: Any) -> None:
    X, y = linear
    rate, sigma, factor = 3.0, 0.6, np.array([1.0, 2.0, 0.5, INF])
    rng = np.random.default_rng(4)
    l1 = rate * sigma ** {None: 0, "sigma": -1, "penalty": -2}[word] / factor
    coef = np.where(l1 > 0, rng.laplace(size=(2, 2000, 4)) / np.where(l1 > 0, l1, 1.0), rng.standard_normal(4))
    model = br.Model(
        likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Laplace(rate=rate, factor=factor, relative_to=word)
    )
    values = {"coef": coef, "intercept": np.zeros((2, 2000)), "sigma": np.full((2, 2000), sigma)}
    local = np.asarray(fake(model, X, y, values)["posterior"]["local_scale"])
    # Over the prior of the coefficients, (scale / b)² is exponential with mean 2; the unpenalised one has no scale.
    for j in range(3):
        assert stats.kstest(local[..., j].ravel() ** 2, stats.expon(scale=2.0).cdf).pvalue > 1e-3
        standard = coef[..., j] * l1[j] / local[..., j]
        assert stats.kstest(standard.ravel(), "norm").pvalue > 1e-3
    assert np.all(np.isnan(local[..., 3]))


def test_a_gaussian_prior_has_no_local_scale(tree: Any) -> None:
    assert "local_scale" not in tree[0]["posterior"]


def test_a_learned_rate_reaches_the_local_scales_draw_by_draw(linear: Any) -> None:
    X, y = linear
    rng = np.random.default_rng(4)
    rate = rng.uniform(0.5, 5.0, (2, 1500))
    coef = rng.laplace(size=(2, 1500, 4)) / rate[..., None]
    model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=scales.HalfNormal(1.0), relative_to=None))
    dt = fake(model, X, y, {"coef": coef, "intercept": np.zeros((2, 1500)), "prior_rate": rate})
    local = np.asarray(dt["posterior"]["local_scale"])
    assert stats.kstest(local[..., 0].ravel() ** 2, stats.expon(scale=2.0).cdf).pvalue > 1e-3
    assert dt["posterior"]["prior_rate"].dims == ("chain", "draw")


def test_a_large_log_likelihood_is_left_out_and_said(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    monkeypatch.setattr(posterior, "LARGEST_LOG_LIKELIHOOD", 30 * 40)
    kept = br.sample(model, *linear, draws=20, chains=2, seed=0)
    left_out = br.sample(model, *linear, draws=21, chains=2, seed=0)
    assert ("log_likelihood" in kept.children, kept.attrs["log_likelihood_kept"]) == (True, 1)
    assert ("log_likelihood" in left_out.children, left_out.attrs["log_likelihood_kept"]) == (False, 0)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (br.Model(likelihoods.Gaussian(1.5), priors.Laplace(0.3)), ("Gaussian", "1.5", "Laplace", "flat intercept")),
        (
            br.Model(likelihoods.Bernoulli(), priors.Flat(), intercept=priors.Gaussian(2.0, loc=7.0)),
            ("Bernoulli", "Flat", "Normal(7"),
        ),
    ],
)
def test_the_model_in_words_names_its_parts(binary: Any, model: br.Model, words: tuple[str, ...]) -> None:
    text = in_words(model.bind(make_design(*binary)))
    for word in words:
        assert word in text

"""What a new user tries, and the mistakes made on the way."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError, NotIdentifiedError

Data = tuple[np.ndarray, np.ndarray]
RIDGE = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))


@pytest.mark.parametrize(
    "prior",
    [
        priors.Laplace(scales.Jeffreys()),
        priors.Gaussian(scales.Jeffreys()),
        priors.Laplace(rate=scales.Flat()),
        priors.ElasticNet(l1=scales.Flat(), l2=1.0),
    ],
)
def test_a_law_that_leaves_the_posterior_improper_is_refused_before_sampling(prior: Any, linear: Data) -> None:
    with pytest.raises(NotIdentifiedError, match=r"prior_\w+ ~ scales\.(Jeffreys|Flat).*improper"):
        br.sample(br.Model(likelihoods.Gaussian(1.0), prior), *linear)


def test_a_flat_law_needs_two_coefficients_to_be_proper(linear: Data) -> None:
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(scales.Flat()))
    X, y = linear
    assert np.all(br.sample(model, X, y, draws=10, seed=1)["posterior"]["prior_scale"] > 0)
    with pytest.raises(NotIdentifiedError, match="improper"):
        br.sample(model, X[:, :1], y)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: br.Model(likelihoods.Gaussian, priors.Flat()), r"class Gaussian: write Gaussian\("),
        (lambda: br.Model(likelihoods.Bernoulli(), priors.Flat), r"class Flat: write Flat\("),
        (lambda: likelihoods.Gaussian(scales.HalfNormal), r"scales\.HalfNormal\("),
        (lambda: priors.Laplace(scales.HalfCauchy), r"scales\.HalfCauchy\("),
        (lambda: priors.ElasticNet(scales.Gamma, 1.0), r"scales\.Gamma\("),
    ],
)
def test_a_class_in_place_of_a_value_is_told_apart(build: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        build()


@pytest.mark.parametrize("verb", [br.find_map, br.sample, br.explain, br.to_pymc, br.map_path])
def test_arguments_in_the_order_of_scikit_learn_are_refused(verb: Any, linear: Data) -> None:
    with pytest.raises(InputError, match=r"first argument must be a bayesreg\.Model, got ndarray"):
        verb(*linear, RIDGE)


def test_text_columns_are_named(linear: Data) -> None:
    X, y = linear
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"]).assign(city="Oslo")
    with pytest.raises(InputError, match=r"text \(string, not float\) in city"):
        br.find_map(RIDGE, frame, y)
    with pytest.raises(InputError, match=r"\(y == label\)"):
        br.find_map(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, np.where(y > y.mean(), "ill", "well"))


def test_posteriors_with_other_weights_are_not_compared(linear: Data) -> None:
    X, y = linear
    weighted = br.sample(RIDGE, X, y, sample_weight=np.full(y.size, 2.0), seed=1)
    with pytest.raises(InputError, match="different sample weights"):
        br.compare({"a": br.sample(RIDGE, X, y, seed=1), "b": weighted})


def test_posterior_predictive_responses_come_on_request(linear: Data) -> None:
    X, y = linear
    post = br.sample(RIDGE, X, y, seed=1, posterior_predictive=True)
    drawn = post["posterior_predictive"]["y"]
    assert drawn.dims == ("chain", "draw", "obs")
    expected = br.predict(post, X)
    error = np.sqrt((1.0 + post["posterior"]["coef"].var().item()) / 4000)
    np.testing.assert_allclose(drawn.mean(("chain", "draw")), expected, atol=6 * error)
    residual = drawn - post["posterior"]["intercept"] - xr_dot(post, X)
    assert abs(float(residual.std()) - 1.0) < 0.02
    assert "posterior_predictive" not in br.sample(RIDGE, X, y, seed=1).children
    assert set(az.summary(post, var_names=["coef"]).index) == {f"coef[x{j}]" for j in range(4)}


def xr_dot(post: Any, X: np.ndarray) -> Any:
    import xarray as xr

    return (post["posterior"]["coef"] * xr.DataArray(X, dims=("obs", "feature"))).sum("feature")


def test_predictions_keep_the_index_of_a_frame(linear: Data) -> None:
    X, y = linear
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"], index=np.arange(100, 130))
    post = br.sample(RIDGE, frame, y, seed=1)
    assert br.predict(post, frame[5:7], kind="interval").index.tolist() == [105, 106]


def test_the_exported_response_has_the_dimension_of_the_rows(linear: Data, binary: Data) -> None:
    for likelihood, data in ((likelihoods.Gaussian(1.0), linear), (likelihoods.Bernoulli(), binary)):
        model = br.to_pymc(br.Model(likelihood, priors.Gaussian(1.0)), *data)
        assert model.named_vars_to_dims["y"] == ("obs",)


def test_results_show_themselves_in_a_few_lines(linear: Data) -> None:
    X, y = linear
    mode, path = br.find_map(RIDGE, X, y), br.map_path(RIDGE, X, y, n_points=7)
    for result, words in ((mode, "optimal"), (path, "7 points"), (br.verify(mode, X, y), "certificate")):
        assert repr(result) == str(result)
        assert words in repr(result)
        assert len(repr(result).splitlines()) < 20


def test_data_of_another_fit_are_suspected_and_reordered_columns_refused(linear: Data) -> None:
    from sklearn.linear_model import Lasso

    X, y = linear
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    fit = Lasso(0.05, tol=1e-12).fit(frame, y)
    assert br.verify(fit, frame, y).accepted
    with pytest.raises(InputError, match="not those of the fit"):
        br.verify(fit, frame[["b", "a", "c", "d"]], y)
    other = br.verify(fit, frame, y, sample_weight=np.where(np.arange(y.size) < 10, 5.0, 1.0))
    assert not other.accepted
    assert "are these the X, y and sample_weight" in str(other)

"""The posterior of a fitted estimator: sampled on request, and what goes with it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bayesreg as br
from bayesreg.errors import InputError

Data = tuple[np.ndarray, np.ndarray]
NAMES = ["age", "dose", "size", "site"]


@pytest.fixture(scope="module")
def sampled(linear: Data) -> tuple[Any, pd.DataFrame, np.ndarray]:
    X, y = pd.DataFrame(linear[0], columns=NAMES), linear[1]
    fit = br.Ridge(alpha=2.0, random_state=4).fit(X, y)
    fit.sample()
    return fit, X, y


def test_it_is_the_posterior_of_the_model_that_the_fit_is_the_mode_of(sampled: Any) -> None:
    fit, X, y = sampled
    same = br.sample(fit.model_, X, y, seed=4)
    np.testing.assert_array_equal(fit.posterior_["posterior"]["coef"], same["posterior"]["coef"])
    assert fit.posterior_["posterior"]["feature"].to_numpy().tolist() == NAMES
    # Sigma is learned there, and the mode of the coefficients is the same for all of its values.
    mode = br.find_map(fit.model_, X, y)
    np.testing.assert_allclose(fit.coef_, mode.coef, rtol=1e-10)
    moments = fit.posterior_["exact_moments"]
    np.testing.assert_allclose(moments["coef_mean"], fit.coef_, rtol=1e-8)


def test_a_seed_of_the_call_goes_before_the_random_state(linear: Data) -> None:
    fit = br.Ridge(random_state=np.random.RandomState(1)).fit(*linear)
    first, second = (fit.sample(draws=5, chains=2)["posterior"]["coef"].to_numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    third, fourth = (fit.sample(draws=5, chains=2, seed=9)["posterior"]["coef"].to_numpy() for _ in range(2))
    assert np.array_equal(third, fourth)
    assert third.shape == (2, 5, 4)


def test_weights_reach_the_posterior(linear: Data) -> None:
    X, y = linear
    weight = np.arange(30) % 3
    moments = br.Ridge(0.5, random_state=1).fit(X, y, weight).sample(draws=5)["exact_moments"]
    repeated = br.Ridge(0.5, random_state=1).fit(X.repeat(weight, 0), y.repeat(weight)).sample(draws=5)["exact_moments"]
    # The default law of sigma counts in sd(y), which the weights enter too; quadrature, hence not to the last digit.
    np.testing.assert_allclose(moments["coef_sd"], repeated["coef_sd"], rtol=1e-6)


def test_predictions_have_the_standard_deviation_of_a_new_response(sampled: Any) -> None:
    fit, X, _ = sampled
    mean, sd = fit.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, fit.predict(X))
    posterior = fit.posterior_["posterior"]
    eta = posterior["coef"].to_numpy() @ X.to_numpy().T + posterior["intercept"].to_numpy()[..., None]
    exact = np.sqrt(eta.var((0, 1)) + (posterior["sigma"].to_numpy() ** 2).mean())
    # 4000 simulated responses know their sd to 1.1 %.
    np.testing.assert_allclose(sd, exact, rtol=0.05)
    np.testing.assert_array_equal(sd, fit.predict(X, return_std=True)[1])
    np.testing.assert_allclose(fit.predict(X[:7], return_std=True)[1], sd[:7], rtol=0.1)


def test_standard_deviations_are_near_those_of_bayesian_ridge(linear: Data) -> None:
    X, y = linear
    theirs = BayesianRidge().fit(X, y)
    fit = br.Ridge(alpha=theirs.lambda_ / theirs.alpha_, random_state=1).fit(X, y)
    fit.sample()
    # Theirs takes the noise level for known and leaves the intercept out: a few per cent in 30 rows.
    np.testing.assert_allclose(fit.predict(X, return_std=True)[1], theirs.predict(X, return_std=True)[1], rtol=0.15)


def test_what_is_asked_too_early_is_refused(linear: Data) -> None:
    X, y = linear
    with pytest.raises(NotFittedError):
        br.Ridge().sample()
    with pytest.raises(NotFittedError):
        br.Ridge().summary()
    with pytest.raises(InputError, match=r"return_std=True needs the posterior: call sample\(\) first"):
        br.Ridge().fit(X, y).predict(X, return_std=True)


def test_a_new_fit_forgets_the_posterior(linear: Data) -> None:
    X, y = linear
    fit = br.Ridge().fit(X, y)
    fit.sample(draws=5)
    fit.set_params(alpha=100.0).fit(X, y)
    assert not hasattr(fit, "posterior_")


def test_data_changed_in_place_are_noticed(linear: Data) -> None:
    X, y = linear[0].copy(), linear[1].copy()
    fit = br.Lasso(0.1).fit(X, y)
    X[:, 0] *= 2.0
    with pytest.raises(InputError, match="changed in place after the fit"):
        fit.sample()


def test_a_posterior_travels_with_its_estimator(sampled: Any) -> None:
    fit, X, _ = sampled
    for other in (pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):
        np.testing.assert_array_equal(other.predict(X, return_std=True)[1], fit.predict(X, return_std=True)[1])
        assert other.summary().equals(fit.summary())


def test_the_summary_sets_fit_and_posterior_side_by_side(sampled: Any) -> None:
    fit, _, _ = sampled
    table = fit.summary()
    assert table.index.tolist() == ["intercept", *NAMES, "sigma"]
    np.testing.assert_array_equal(table.loc[NAMES, "map"], fit.coef_)
    assert np.isnan(table.loc["sigma", "map"])
    draws = fit.posterior_["posterior"]
    np.testing.assert_allclose(table.loc[NAMES, "mean"], draws["coef"].mean(("chain", "draw")))
    assert table.loc["sigma", "sd"] == pytest.approx(float(draws["sigma"].std(ddof=1)), rel=1e-3)
    assert {"ess_bulk", "r_hat"} <= set(table.columns)


def test_a_model_without_an_intercept_is_summarised(linear: Data) -> None:
    fit = br.Ridge(fit_intercept=False, random_state=1).fit(*linear)
    fit.sample(draws=50)
    table = fit.summary()
    assert table.index.tolist() == ["intercept", "x0", "x1", "x2", "x3", "sigma"]
    assert table.loc["intercept", "map"] == 0.0
    assert table.loc["x2", "mean"] == pytest.approx(float(fit.posterior_["posterior"]["coef"][..., 2].mean()))


def test_standard_deviations_come_through_a_pipeline(linear: Data) -> None:
    X, y = linear
    steps = make_pipeline(StandardScaler(), br.Ridge(random_state=1)).fit(X, y)
    steps[-1].sample()
    mean, sd = steps.predict(X, return_std=True)
    assert mean.shape == sd.shape == (30,)


def test_other_functions_take_the_fit_and_the_posterior(sampled: Any) -> None:
    fit, X, _ = sampled
    interval = br.predict(fit.posterior_, X, kind="interval")
    assert (interval["lower"] < fit.predict(X)).all()
    assert br.shrinkage(fit.posterior_).frame.index.tolist() == NAMES
    np.testing.assert_allclose(br.predict(fit.map_, X), fit.predict(X), rtol=1e-12)

"""Decoupled selection against scikit-learn's lasso, thresholds and rules against their formulas, and known supports."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Lasso

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.selection.decoupled import decouple
from bayesreg.selection.reference import Reference
from tests.selection.conftest import SUPPORT, Data

METHODS = ("projection", "dss", "savs", "interval", "sign")


@pytest.fixture(scope="module")
def sparse_post(known: Data) -> xr.DataTree:
    """Return a posterior whose prior has done the shrinking."""
    model = br.Model(likelihoods.Gaussian(), priors.Horseshoe(expected_nonzero=3), standardize=True)
    return br.sample(model, *known, draws=500, chains=4, seed=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("with_rows", [True, False])
def test_the_known_support_is_found(method: str, with_rows: bool, known: Data, sparse_post: xr.DataTree) -> None:
    found = br.select(sparse_post, known[0] if with_rows else None, method=method, ci_prob=0.99, probability=0.99)  # type: ignore[arg-type]
    assert set(found.chosen) == set(SUPPORT)
    assert found.size == 3
    assert tuple(found.features.index[found.features["chosen"]]) == SUPPORT
    np.testing.assert_array_equal(found.coef != 0, found.features["chosen"])
    assert ("elpd" in found.path) == with_rows
    assert found.posterior["posterior"]["coef"].dims == ("chain", "draw", "feature")
    assert tuple(found.posterior["posterior"]["feature"].to_numpy()) == found.chosen
    assert np.isfinite(az.summary(found.posterior)["mean"]).all()


def test_decoupled_summaries_are_the_adaptive_lasso_towards_the_fit_of_the_mean(known: Data, post: xr.DataTree) -> None:
    X, _ = known
    found = br.select(post, method="dss")
    b = post["posterior"]["coef"].to_numpy().mean((0, 1))
    Z = (X - X.mean(0)) * np.abs(b)
    for size in range(1, 8):
        # scikit-learn's half squares have half the penalty
        refit = Lasso(alpha=found.path["penalty"][size] / 2, fit_intercept=False, tol=1e-14, max_iter=100_000)
        refit.fit(Z, (X - X.mean(0)) @ b)
        expected = refit.coef_ * np.abs(b)
        chosen = br.select(post, method="dss", size=size)
        np.testing.assert_allclose(chosen.coef, expected, atol=1e-7 * np.abs(b).max())
        # The least shrunken one of its size: at a slightly smaller penalty there is one column more.
        more = Lasso(alpha=0.999 * found.path["penalty"][size] / 2, fit_intercept=False, tol=1e-14, max_iter=100_000)
        assert np.count_nonzero(more.fit(Z, (X - X.mean(0)) @ b).coef_) == size + 1
        group = post["posterior"]
        signal = ((group["coef"].to_numpy().reshape(-1, 8) @ (X - X.mean(0)).T) ** 2).mean(axis=1)
        miss = ((group["coef"].to_numpy().reshape(-1, 8) - expected) @ (X - X.mean(0)).T) ** 2
        rho = signal / (signal + group["sigma"].to_numpy().ravel() ** 2 + miss.mean(axis=1))
        assert found.path["explained"][size] == pytest.approx(rho.mean(), rel=1e-6)
        tail = (1 - az.rcParams["stats.ci_prob"]) / 2
        assert found.path["explained_lower"][size] == pytest.approx(np.quantile(rho, tail), rel=1e-6)
    full = (signal / (signal + group["sigma"].to_numpy().ravel() ** 2)).mean()
    assert found.reference["explained"] == pytest.approx(full, rel=1e-10)
    reached = [size for size, upper in found.path["explained_upper"].items() if upper >= full]
    assert found.size == reached[0]
    # Its intercept keeps the mean of the fit.
    fit = float(group["intercept"].mean()) + X.mean(0) @ b
    assert found.intercept + X.mean(0) @ found.coef == pytest.approx(fit, rel=1e-10)


def test_a_size_that_the_path_comes_back_to_is_taken_where_it_leaves_it_for_good() -> None:
    rng = np.random.default_rng(2)
    X, b = rng.standard_normal((20, 5)) @ rng.standard_normal((5, 5)), rng.standard_normal(5)
    none = np.zeros((1, 1))
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0), fit_intercept=False)
    ones = np.ones(20)
    reference = Reference(
        tuple("abcde"), model, b[None, None], none, none + 1, X.T @ X, np.zeros(5), ones, 0 * ones, ones, None
    )
    found = decouple(reference, 5)
    assert [len(support) for support in found.supports] == [0, 1, 2, 3, 4, 5]
    Z = X * np.abs(b)

    def sizes(penalty: float) -> int:
        refit = Lasso(alpha=penalty / 2, fit_intercept=False, tol=1e-14, max_iter=1_000_000).fit(Z, X @ b)
        return int(np.count_nonzero(refit.coef_))

    # At less than its penalty there are more columns; somewhere above the path had more already.
    assert all(sizes(0.999 * found.penalty[size]) > size for size in (3, 4))
    assert all(sizes(p) >= 4 for p in np.linspace(0.05, 0.95, 9) * found.penalty[3])
    path = [sizes(p) for p in np.geomspace(found.penalty[4] / 2, found.penalty[1], 60)]
    assert np.any(np.diff(path) > 0)


def test_thresholds_are_the_closed_form_on_standardised_data(known: Data, post: xr.DataTree) -> None:
    X, y = known
    found = br.select(post, method="savs")
    draws = post["posterior"]["coef"].to_numpy().reshape(-1, 8) * X.std(0) / y.std()
    Z = (X - X.mean(0)) / X.std(0)
    square = (Z**2).sum(0)

    def savs(b: np.ndarray) -> np.ndarray:
        return np.sign(b) * np.maximum(np.abs(b) * square - np.abs(b) ** -2.0, 0) / square

    np.testing.assert_allclose(found.coef, savs(draws.mean(0)) * y.std() / X.std(0), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.features["inclusion"], (savs(draws) != 0).mean(0), rtol=0)
    assert found.size == np.count_nonzero(savs(draws.mean(0)))


@pytest.mark.parametrize("unit", [1e-3, 1e4])
def test_no_choice_hangs_on_units(unit: float, known: Data, post: xr.DataTree) -> None:
    X, y = known
    scale = np.ones(8)
    scale[[0, 4]] = unit
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0 / scale * 3.0))
    other = br.sample(model, X * scale, 3.0 * y, draws=200, chains=2, seed=1)
    for method in METHODS:
        a, b = br.select(post, method=method), br.select(other, method=method)  # type: ignore[arg-type]
        assert a.supports[a.size] == b.supports[b.size]
        np.testing.assert_allclose(b.coef * scale / 3.0, a.coef, rtol=1e-6, atol=1e-9)


def test_interval_and_sign_say_what_they_looked_at(known: Data, post: xr.DataTree) -> None:
    draws = post["posterior"]["coef"].to_numpy().reshape(-1, 8)
    lower, upper = np.quantile(draws, [0.1, 0.9], axis=0)
    found = br.select(post, method="interval", ci_prob=0.8)
    np.testing.assert_allclose(found.features["lower"], lower, rtol=1e-7)
    np.testing.assert_array_equal(found.features["chosen"], (lower > 0) | (upper < 0))
    assert "80 % (eti) interval" in found.rule
    sure = np.maximum((draws > 0).mean(0), (draws < 0).mean(0))
    found = br.select(post, method="sign", probability=0.9)
    np.testing.assert_array_equal(found.features["sign_probability"], sure)
    np.testing.assert_array_equal(found.features["chosen"], sure >= 0.9)
    # The point estimate of a rule is the mean of its projection, not of the whole posterior.
    projected = found.posterior["posterior"]["coef"].to_numpy().mean((0, 1))
    np.testing.assert_allclose(found.features["coef"][list(found.chosen)], projected, rtol=1e-12)


def test_nothing_to_choose_from_noise(known: Data) -> None:
    X, _ = known
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(0.3), standardize=True)
    post = br.sample(model, X, np.random.default_rng(5).standard_normal(120), draws=500, seed=1)
    assert br.select(post, X).size == 0
    found = br.select(post, method="savs")
    assert found.chosen == ()
    assert "none" in repr(found)
    assert np.ptp(found.estimator().predict(X)) == 0

"""Projections against least squares and maximum likelihood on the rows, and the search against trying everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LogisticRegression, PoissonRegressor

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.selection import forward as search
from bayesreg.selection.reference import Reference, read_reference
from bayesreg.selection.submodel import submodel
from tests.selection.conftest import SUPPORT, Data


def least_squares(
    post: xr.DataTree, X: np.ndarray, on: list[int], weight: np.ndarray | None = None, intercept: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intercept and coefficients (D, 1 + k), noise (D,) and divergence (D,) of each draw, refitted on the rows."""
    group = post["posterior"]
    b = group["coef"].to_numpy().reshape(-1, X.shape[1])
    b0 = group["intercept"].to_numpy().reshape(-1, 1) if intercept else 0.0
    sigma = group["sigma"].to_numpy().ravel()
    w = np.ones(len(X)) if weight is None else weight
    A = np.column_stack([np.full(len(X), float(intercept)), X[:, on]])
    fitted = b0 + b @ X.T
    found = np.linalg.lstsq(np.sqrt(w)[:, None] * A, (np.sqrt(w) * fitted).T)[0].T
    miss = (fitted - found @ A.T) ** 2 @ w / w.sum()
    noise = np.sqrt(sigma**2 + miss)
    # KL of N(f, s²) from N(g, t²), averaged over rows
    kl = np.log(noise / sigma) + (sigma**2 + miss) / (2 * noise**2) - 0.5
    return found, noise, kl


@pytest.mark.parametrize("on", [[], [3], [6, 0, 3], [0, 1, 2, 3, 4, 5, 6, 7]])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [True, False])
def test_a_gaussian_projection_is_least_squares_on_the_fit_of_each_draw(
    on: list[int], weighted: bool, intercept: bool, known: Data
) -> None:
    X, y = known
    weight = np.random.default_rng(70).integers(1, 4, y.size).astype(float) if weighted else None
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0), fit_intercept=intercept)
    post = br.sample(model, X, y, sample_weight=weight, draws=40, chains=2, seed=1)
    found = submodel(read_reference(post, None, "select"), on)
    coef, noise, kl = least_squares(post, X, on, weight, intercept)
    np.testing.assert_allclose(found.coef, coef[:, 1:], rtol=1e-9, atol=1e-10)
    if intercept:
        np.testing.assert_allclose(found.intercept, coef[:, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.sigma, noise, rtol=1e-9)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-6, atol=1e-12)


def test_the_search_takes_the_column_that_trying_all_of_them_on_the_rows_takes(known: Data, post: xr.DataTree) -> None:
    X, _ = known
    found = br.select(post, max_size=8)
    order: list[int] = []
    for size in range(8):
        left = [j for j in range(8) if j not in order]
        divergence = [least_squares(post, X, [*order, j])[2].mean() for j in left]
        order.append(left[int(np.argmin(divergence))])
        assert found.supports[size + 1] == tuple(f"x{j}" for j in order)
        assert found.path["kl"][size + 1] == pytest.approx(min(divergence), rel=1e-7, abs=1e-12)
    assert set(found.supports[3]) == set(SUPPORT)


def test_a_search_stops_where_the_columns_left_lie_in_the_span_of_those_that_are_in(wide: Data) -> None:
    X, y = wide
    model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
    twice = np.column_stack([X, X[:, 0], np.ones(len(X))])
    with pytest.warns(br.errors.DesignWarning, match="constant"):
        post = br.sample(model, twice, y, draws=50, chains=2, seed=1)
    found = br.select(post)
    # 12 rows less their mean.
    assert len(found.supports) == 12
    assert not {"x0", "x25"} <= set(found.supports[-1])
    assert "x26" not in found.supports[-1]
    # What is left is the rounding of 11 columns in 11 dimensions.
    assert found.path["kl"].to_numpy()[-1] < 1e-7 * found.path["kl"][0]


def means(reference: Reference) -> np.ndarray:
    return np.asarray(reference.model.likelihood.mean(reference.linear_predictor()))


@pytest.mark.parametrize("on", [[], [3], [0, 3, 5]])
def test_a_projected_logistic_draw_is_the_maximum_likelihood_fit_to_its_probabilities(
    on: list[int], classes: Data, class_post: xr.DataTree
) -> None:
    X, _ = classes
    reference = read_reference(class_post, X, "select").thinned(6)
    found = submodel(reference, on)
    for k, mu in enumerate(means(reference)):
        if on:
            refit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
            refit.fit(np.vstack([X[:, on]] * 2), np.repeat([1.0, 0.0], len(X)), sample_weight=np.append(mu, 1 - mu))
            np.testing.assert_allclose(found.coef[k], refit.coef_[0], rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(found.intercept[k], refit.intercept_[0], rtol=1e-6, atol=1e-7)
        nu = 1 / (1 + np.exp(-(found.intercept[k] + X[:, on] @ found.coef[k])))
        kl = mu * np.log(mu / nu) + (1 - mu) * np.log((1 - mu) / (1 - nu))
        assert found.kl[k] == pytest.approx(kl.mean(), rel=1e-9)
        # The intercept's condition: the mean of the means stays.
        assert nu.mean() == pytest.approx(mu.mean(), rel=1e-10)


def test_a_projected_poisson_draw_is_the_maximum_likelihood_fit_to_its_means(known: Data) -> None:
    X, _ = known
    rng = np.random.default_rng(71)
    offset, weight = rng.normal(0, 0.3, len(X)), rng.integers(1, 4, len(X)).astype(float)
    y = rng.poisson(np.exp(offset + 0.5 + 0.6 * X[:, 0] - 0.4 * X[:, 3])).astype(float)
    model = br.Model(likelihoods.Poisson(), priors.Gaussian(1.0))
    post = br.sample(model, X, y, draws=500, chains=4, seed=3, offset=offset, sample_weight=weight)
    reference = read_reference(post, X, "select").thinned(4)
    found = submodel(reference, [0, 6])
    for k, mu in enumerate(means(reference)):
        # An offset is an exposure: rates with the exposure as weight.
        exposure = np.exp(offset)
        refit = PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        refit.fit(X[:, [0, 6]], mu / exposure, sample_weight=weight * exposure)
        np.testing.assert_allclose(found.coef[k], refit.coef_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(found.intercept[k], refit.intercept_, rtol=1e-6)
    with pytest.warns(br.errors.SamplingWarning, match=r"1 of 120 rows is unreliable .* give folds=10"):
        assert set(br.select(post, X, size=2).chosen) == {"x0", "x3"}


def test_only_the_promising_of_many_columns_are_refitted_and_the_refits_decide(
    classes: Data, class_post: xr.DataTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _ = classes
    reference = read_reference(class_post, X, "select")
    order = search.forward(reference, 8)
    promised = search._promised
    # With the right candidates in any order the same column wins.
    monkeypatch.setattr(search, "_promised", lambda *given: np.where(promised(*given) > 0, 1.0, 0.0))
    assert search.forward(reference, 8) == order
    monkeypatch.undo()
    # With room for three refits the best of all is still among them.
    monkeypatch.setattr(search, "_REFITTED", 3)
    assert search.forward(reference, 8)[:3] == order[:3]


def test_the_logistic_search_takes_the_column_that_trying_all_of_them_takes(
    classes: Data, class_post: xr.DataTree
) -> None:
    X, _ = classes
    found = br.select(class_post, X, max_size=4)
    mu = means(read_reference(class_post, X, "select")).mean(axis=0)
    order: list[int] = []

    def deviance(on: list[int]) -> float:
        refit: Any = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        refit.fit(np.vstack([X[:, on]] * 2), np.repeat([1.0, 0.0], len(X)), sample_weight=np.append(mu, 1 - mu))
        eta = refit.intercept_[0] + X[:, on] @ refit.coef_[0]
        return float(np.sum(np.logaddexp(0, eta) - mu * eta))

    for size in range(4):
        left = [j for j in range(8) if j not in order]
        order.append(min(left, key=lambda j: deviance([*order, j])))
        assert found.supports[size + 1] == tuple(f"x{j}" for j in order)
    assert set(found.supports[2]) == {"x0", "x3"}

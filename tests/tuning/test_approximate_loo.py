"""Approximate leave-one-out against refits without each row: equal for ridge, close for the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import RidgeCV
from sklearn.metrics import roc_auc_score

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError
from bayesreg.model import bind
from bayesreg.numerics.approximate_loo import inverse_norms, left_out
from bayesreg.tuning.scores import area
from tests.tuning.cases import INF, classes, counts, gaussian, regression

STRENGTHS = [20.0, 2.0, 0.2]
BERNOULLI = likelihoods.Bernoulli()


def refits(found: Any, X: Any, y: Any, weight: Any, offset: Any) -> np.ndarray:
    """Predictors of each row by a fit without it, shape (k, n)."""
    out = np.empty((found.strength.size, y.size))
    for k, strength in enumerate(found.strength):
        for i in range(y.size):
            rest = np.arange(y.size) != i
            single = br.find_map(
                found.model_at(strength), X[rest], y[rest], sample_weight=weight[rest], offset=offset[rest]
            )
            out[k, i] = (X[[i]] @ single.coef)[0] + single.intercept + offset[i]
    return out


EXACT = {
    "flat intercept": gaussian(priors.Gaussian(0.5)),
    "no intercept": gaussian(priors.Gaussian(0.5, loc=0.3), fit_intercept=False),
    "normal intercept": gaussian(priors.Gaussian(0.5), intercept=priors.Gaussian(0.4, loc=0.5)),
    "free column": gaussian(priors.Gaussian([0.5, INF, 0.5, 0.2, 0.5])),
    "learned sigma": gaussian(priors.Gaussian(0.5, relative_to="sigma"), None),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("kind", ["tall", "sparse"])
def test_ridge_is_exact(name: str, kind: str) -> None:
    X, y = regression(25)
    rng = np.random.default_rng(0)
    weight, offset = rng.integers(1, 3, 25) + 0.5, rng.standard_normal(25)
    given = sparse.csc_array(X) if kind == "sparse" else X
    found = br.tune(EXACT[name], given, y, method="alo", strengths=STRENGTHS, sample_weight=weight, offset=offset)
    expected = refits(found, X, y, weight, offset)
    np.testing.assert_allclose(found.value, (y - expected) ** 2 @ weight / weight.sum(), rtol=1e-9)
    np.testing.assert_allclose(found.df, br.map_path(EXACT[name], X, y, strengths=STRENGTHS, sample_weight=weight).df)


@pytest.mark.parametrize("model", [EXACT["flat intercept"], EXACT["no intercept"], EXACT["normal intercept"]])
def test_ridge_is_exact_for_more_columns_than_rows(model: br.Model) -> None:
    X, y = regression(20, 45)
    found = br.tune(model, X, y, method="alo", strengths=STRENGTHS, score="elpd")
    expected = refits(found, X, y, np.ones(20), np.zeros(20))
    rows = -0.5 * np.log(2 * np.pi * 0.81) - (y - expected) ** 2 / (2 * 0.81)
    np.testing.assert_allclose(found.value, rows.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found.se, np.sqrt(20 * rows.var(axis=1)), rtol=1e-8)


def test_ridge_chooses_as_scikit_learn_does() -> None:
    X, y = regression(80)
    model = gaussian(br.prior_from("sklearn.Ridge", alpha=1.0), None)
    found = br.tune(model, X, y, method="alo")
    theirs = RidgeCV(alphas=found.strength, store_cv_results=True).fit(X, y)
    np.testing.assert_allclose(found.value, theirs.cv_results_.mean(axis=0), rtol=1e-9)
    assert found.best == theirs.alpha_
    assert found.penalties["sklearn.Ridge"]["alpha"] == pytest.approx(theirs.alpha_, rel=1e-12)


@pytest.mark.parametrize(
    ("model", "data", "tolerance"),
    [
        (gaussian(priors.GroupLaplace([0, 0, 1, 1, 1], 0.4)), regression, 0.01),
        (br.Model(BERNOULLI, priors.Laplace(0.5)), classes, 0.005),
        (br.Model(BERNOULLI, priors.Gaussian(0.5)), classes, 0.001),
        (br.Model(likelihoods.Poisson(), priors.ElasticNet(1.0, 1.0)), counts, 0.02),
        (br.Model(likelihoods.Huber(1.345, 0.9), priors.Gaussian(0.5)), regression, 0.01),
    ],
    ids=["groups", "logistic lasso", "logistic ridge", "poisson net", "huber"],
)
def test_the_rest_is_nearer_to_the_refits_than_to_the_fit(model: br.Model, data: Any, tolerance: float) -> None:
    X, y = data()
    found = br.tune(model, X, y, method="alo", strengths=STRENGTHS, score="deviance")
    expected = refits(found, X, y, np.ones(y.size), np.zeros(y.size))
    sigma = 0.9 if model.likelihood.has_sigma else 1.0
    least = y - np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0)), 0.0) if data is counts else 0.0
    exact = 2 * (model.likelihood.loss(expected, y, sigma) - least).mean(axis=1)
    path = br.map_path(model, X, y, strengths=STRENGTHS)
    own = 2 * (model.likelihood.loss(path.coef @ X.T + path.intercept[:, None], y, sigma) - least).mean(axis=1)
    np.testing.assert_allclose(found.value, exact, rtol=tolerance)
    assert np.all(np.abs(found.value - exact) < 0.2 * np.abs(own - exact))


@pytest.mark.parametrize(
    "prior",
    [
        priors.Laplace(0.2),
        priors.ElasticNet(3.0, 2.0),
        priors.Laplace(0.2, positive=True),
        priors.Laplace([0.2, INF, 0.1]),
    ],
    ids=["lasso", "net", "signs", "free column"],
)
def test_a_squared_loss_is_exact_for_every_row_without_which_the_same_columns_stay(prior: Any) -> None:
    X, y = regression(50, 3 if prior == priors.Laplace([0.2, INF, 0.1]) else 6)
    model = gaussian(prior)
    problem, whole = bind(model, X, y), br.find_map(model, X, y)
    on = np.flatnonzero(whole.coef)
    eta = whole.intercept + X @ whole.coef
    h = np.full(50, 1 / 0.81)
    a = inverse_norms(problem.columns.take(on), h, problem.penalty(0.9).l2[on], 0.0)
    predicted, same = left_out(eta, a, (eta - y) / 0.81, h), 0
    for i in range(50):
        rest = np.arange(50) != i
        single = br.find_map(model, X[rest], y[rest])
        if np.array_equal(np.sign(single.coef), np.sign(whole.coef)):
            assert predicted[i] == pytest.approx(single.intercept + X[i] @ single.coef, rel=1e-9, abs=1e-9)
            same += 1
    assert same > 25
    # And the curve is made of these.
    found = br.tune(model, X, y, method="alo", strengths=[1.0])
    assert found.value[0] == pytest.approx(np.mean((y - predicted) ** 2), rel=1e-9)


def test_logistic_ridge_of_more_columns_than_rows_is_solved_in_the_space_of_the_rows() -> None:
    X, y = classes(40, 60)
    for settings in ({}, {"fit_intercept": False}, {"intercept": priors.Gaussian(1.0)}):
        model = br.Model(BERNOULLI, priors.Gaussian(0.5), **settings)
        thin = br.tune(model, X, y, method="alo", strengths=[1.0], score="elpd")
        # Columns of zeros change no prediction but bring the rows beyond the columns, and the other solve.
        many = np.vstack([X, np.zeros((40, 60))])
        weight = np.repeat([1.0, 0.0], 40)
        wide = br.tune(model, many, np.tile(y, 2), method="alo", strengths=[1.0], score="elpd", sample_weight=weight)
        np.testing.assert_allclose(thin.value, wide.value, rtol=1e-9)


def test_the_area_and_its_error_are_those_of_pairs() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(60) < 0.4).astype(float)
    eta = np.round(y + rng.standard_normal(60), 1)
    weight = rng.integers(1, 4, 60).astype(float)
    whole = np.repeat(np.arange(60), weight.astype(int))
    assert area(eta, y, weight)[0] == pytest.approx(roc_auc_score(y, eta, sample_weight=weight), rel=1e-12)
    np.testing.assert_allclose(area(eta, y, weight), area(eta[whole], y[whole], np.ones(whole.size)), rtol=1e-12)
    draws = []
    for _ in range(1000):
        pick = np.concatenate([rng.choice(np.flatnonzero(y == c), int((y == c).sum())) for c in (0, 1)])
        draws.append(area(eta[pick], y[pick], np.ones(60))[0])
    assert area(eta, y, np.ones(60))[1] == pytest.approx(np.std(draws), rel=0.1)


def test_alo_of_classes_can_be_scored_by_the_area(binary: Any) -> None:
    model = br.Model(BERNOULLI, priors.Gaussian(1.0))
    found = br.tune(model, *binary, method="alo", score="auc", n_points=5)
    expected = refits(found, *binary, np.ones(60), np.zeros(60))
    np.testing.assert_allclose(found.value, [roc_auc_score(binary[1], eta) for eta in expected], atol=5e-3)
    assert found.larger_is_better
    assert found.best == found.strength[np.argmax(found.value)]


def test_losses_with_kinks_and_saturated_fits_say_what_to_do() -> None:
    X, y = regression()
    with pytest.raises(InputError, match=r"loss of Laplace has kinks.*use method='cv'"):
        br.tune(br.Model(likelihoods.Laplace(1.0), priors.Laplace(1.0)), X, y, method="alo")
    X, y = regression(12, 40)
    found = br.tune(gaussian(priors.Laplace(0.2)), X, y, method="alo", ratio=1e-4)
    assert np.isnan(found.value[-1])
    assert np.isfinite(found.value[found.strength == found.best])
    assert "no value" in found.notes[-1]


def test_without_an_intercept_an_empty_fit_leaves_every_row_as_it_is() -> None:
    X, y = regression(30)
    found = br.tune(gaussian(priors.Laplace(0.3), fit_intercept=False), X, y, method="alo", n_points=5)
    np.testing.assert_allclose(found.value[0], np.mean(y**2), rtol=1e-12)

"""The working set against scikit-learn, NNLS, other engines and the dense copy of sparse columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.working_set import WorkingSet
from bayesreg.outcomes import Mode

ENGINE = WorkingSet()
INF = float("inf")


def rows(n: int = 60, p: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.3)
    X[:, 1:] += 0.5 * X[:, :-1]
    return X, 2.0 + X[:, :5] @ [1.0, -2.0, 0.5, 0.0, 1.5] + 0.3 * rng.standard_normal(n)


@pytest.mark.parametrize("alpha", [0.3, 0.03])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, sparse.csc_array, sparse.csr_array])
def test_it_agrees_with_another_library(alpha: float, l1_ratio: float, layout: Any) -> None:
    from sklearn.linear_model import ElasticNet

    X, y = rows()
    theirs = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-13, max_iter=1_000_000).fit(X, y)
    prior = priors.ElasticNet(l1=60 * alpha * l1_ratio, l2=60 * alpha * (1 - l1_ratio))
    ours = br.find_map(br.Model(likelihoods.Gaussian(1.0), prior), layout(X), y)
    assert ours.engine == "working_set"
    np.testing.assert_allclose(ours.coef, theirs.coef_, rtol=1e-6, atol=1e-8)
    assert np.array_equal(ours.coef != 0, np.abs(theirs.coef_) > 1e-9)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, rtol=1e-7)


PRIORS = {
    "lasso": priors.Laplace(0.3),
    "located": priors.Laplace(0.3, loc=np.where(np.arange(90) == 2, 1.0, 0.0)),
    "ridge": priors.Gaussian(0.3),
    "net": priors.ElasticNet(2.0, 1.0),
    "some free": priors.Laplace(np.where(np.arange(90) % 40 == 3, INF, 0.3)),
    "signs": priors.Laplace(0.3, positive=True),
    "signs of a ridge": priors.Gaussian(0.3, positive=True),
    "groups": priors.GroupLaplace(np.repeat(np.arange(30), 3).tolist(), 0.3),
    "groups in units": priors.GroupLaplace((np.arange(90) % 30).tolist(), 0.3, factor=np.linspace(0.5, 2, 90)),
}


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.5, loc=1.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize("name", PRIORS)
def test_another_engine_finds_the_same_mode(name: str, intercept: Any, layout: Any) -> None:
    X, y = rows(p=90)
    weight, offset = np.arange(60) % 3.0, np.linspace(-1, 1, 60)
    model = br.Model(
        likelihoods.Gaussian(0.7),
        PRIORS[name],
        fit_intercept=intercept is not None,
        intercept=intercept or priors.Flat(),
    )
    problem = model.bind(make_design(layout(X), y, weight, offset))
    if layout is not np.asarray and isinstance(intercept, priors.Gaussian):
        assert "proper prior" in str(ENGINE.why_not(problem))
        return
    assert ENGINE.why_not(problem) is None
    ours = ENGINE.find_map(problem, 0.7, None, 10_000)
    theirs = br.find_map(model, X, y, sample_weight=weight, offset=offset, engine="prox_newton")
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours.intercept, theirs.intercept, rtol=1e-8, atol=1e-10)
    off = problem.loc
    assert np.array_equal(ours.coef == off, theirs.coef == off)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
def test_signs_alone_give_nnls(layout: Any) -> None:
    X, y = rows(p=40)
    model = br.Model(likelihoods.Gaussian(0.7), priors.Laplace(rate=0.0, positive=True), fit_intercept=False)
    ours = ENGINE.find_map(model.bind(make_design(layout(X), y)), 0.7, None, 10_000)
    np.testing.assert_allclose(ours.coef, optimize.nnls(X, y)[0], rtol=1e-8, atol=1e-10)
    # With an intercept the columns and the response are centred.
    free = br.Model(likelihoods.Gaussian(0.7), priors.Laplace(rate=0.0, positive=True))
    ours = ENGINE.find_map(free.bind(make_design(layout(X), y)), 0.7, None, 10_000)
    np.testing.assert_allclose(ours.coef, optimize.nnls(X - X.mean(0), y - y.mean())[0], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", ["lasso", "net", "signs", "groups"])
def test_a_path_is_its_points_one_by_one(name: str, layout: Any) -> None:
    X, y = rows(p=90)
    problem = br.Model(likelihoods.Gaussian(0.7), PRIORS[name]).bind(make_design(layout(X), y))
    strengths = np.geomspace(30.0, 0.05, 8)
    path = ENGINE.find_path(problem, 0.7, strengths, 10_000)
    for strength, mode in zip(strengths, path, strict=True):
        alone = ENGINE.find_map(problem.with_strength(strength), 0.7, None, 10_000)
        np.testing.assert_allclose(mode.coef, alone.coef, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(mode.intercept, alone.intercept, rtol=1e-8)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
def test_any_start_leads_to_the_same_mode(layout: Any) -> None:
    X, y = rows(p=90)
    problem = br.Model(likelihoods.Gaussian(0.7), PRIORS["located"]).bind(make_design(layout(X), y))
    cold = ENGINE.find_map(problem, 0.7, None, 10_000)
    start = Mode(np.random.default_rng(0).standard_normal(90), 0.0, 0)
    np.testing.assert_allclose(ENGINE.find_map(problem, 0.7, start, 10_000).coef, cold.coef, rtol=1e-8, atol=1e-10)
    assert ENGINE.find_map(problem, 0.7, cold, 10_000).n_iter <= 3


def test_copies_of_columns_share_or_not_but_reach_the_minimum() -> None:
    X, y = rows(p=200)
    single = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.3)), X, y)
    for layout in (np.asarray, sparse.csc_array):
        thrice = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.3)), layout(np.hstack([X, X, X])), y)
        assert thrice.engine == "working_set"
        assert thrice.certificate.accepted
        assert not thrice.certificate.unique
        np.testing.assert_allclose(thrice.coef.reshape(3, 200).sum(axis=0), single.coef, rtol=1e-7, atol=1e-9)


def test_it_refuses_another_likelihood_with_the_reason() -> None:
    X, y = rows(p=90)
    problem = br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(0.3)).bind(make_design(X, y))
    assert "not Gaussian" in str(ENGINE.why_not(problem))


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", ["lasso", "signs", "ridge"])
@pytest.mark.parametrize("mean", [1e2, 1e6])
def test_a_large_mean_of_some_columns_goes_into_the_intercept(name: str, layout: Any, mean: float) -> None:
    X, y = rows(p=90)
    moved = X + np.where(np.arange(90) % 7 == 0, mean, 0.0)
    model = br.Model(likelihoods.Gaussian(0.7), PRIORS[name])
    plain = br.find_map(model, X, y)
    mode = br.find_map(model, layout(moved), y, engine="working_set")
    assert mode.certificate.accepted
    # X + mean is itself rounded.
    np.testing.assert_allclose(mode.coef, plain.coef, rtol=1e-6, atol=1e-7)

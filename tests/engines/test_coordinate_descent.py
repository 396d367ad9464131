"""Coordinate descent against brute force over sign patterns, and against scikit-learn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.coordinate_descent import CoordinateDescent
from bayesreg.outcomes import Mode

ENGINE = CoordinateDescent()


def brute_force(G: np.ndarray, c: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> np.ndarray:
    """Try every sign pattern: the best of the stationary points that keep their signs is the minimiser."""
    p = c.size
    best, value = np.zeros(p), 0.0
    for signs in itertools.product((-1, 0, 1), repeat=p):
        s = np.array(signs)
        on = s != 0
        if not on.any():
            continue
        d = np.zeros(p)
        d[on] = np.linalg.solve(G[np.ix_(on, on)] + np.diag(l2[on]), c[on] - l1[on] * s[on])
        at = 0.5 * d @ G @ d - c @ d + l1 @ np.abs(d) + 0.5 * l2 @ d**2
        if np.all(d[on] * s[on] > 0) and at < value:
            best, value = d, at
    return best


@pytest.mark.parametrize("l2", [0.0, 2.5])
@pytest.mark.parametrize("l1", [0.3, 5.0, 40.0])
def test_it_finds_the_minimum_over_all_sign_patterns(linear: Any, l1: float, l2: float) -> None:
    X, y = linear
    sigma, loc = 0.7, np.array([0.0, 0.5, 0.0, -1.0])
    model = br.Model(likelihoods.Gaussian(sigma), priors.ElasticNet(l1=l1, l2=l2, loc=loc))
    problem = model.bind(make_design(X, y))
    mode = ENGINE.find_map(problem, sigma, None, 10_000)
    Xc, r = X - X.mean(0), y - y.mean() - (X - X.mean(0)) @ loc
    d = brute_force(Xc.T @ Xc / sigma**2, Xc.T @ r / sigma**2, np.full(4, l1), np.full(4, l2))
    np.testing.assert_allclose(mode.coef, loc + d, rtol=1e-10, atol=1e-12)
    assert np.array_equal(mode.coef == loc, d == 0)
    np.testing.assert_allclose(mode.intercept, y.mean() - X.mean(0) @ (loc + d), rtol=1e-10)


@pytest.mark.parametrize("alpha", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_it_agrees_with_another_library_where_p_exceeds_n(wide: Any, alpha: float, l1_ratio: float) -> None:
    from sklearn.linear_model import ElasticNet

    X, y = wide
    n = y.size
    theirs = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-14, max_iter=1_000_000).fit(X, y)
    prior = priors.ElasticNet(l1=n * alpha * l1_ratio, l2=n * alpha * (1 - l1_ratio))
    ours = br.find_map(br.Model(likelihoods.Gaussian(1.0), prior), X, y)
    assert ours.engine == "coordinate_descent"
    np.testing.assert_allclose(ours.coef, theirs.coef_, rtol=1e-6, atol=1e-8)
    assert np.array_equal(ours.coef != 0, np.abs(theirs.coef_) > 1e-9)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, rtol=1e-7)


def test_any_start_leads_to_the_same_mode(wide: Any) -> None:
    X, y = wide
    problem = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.4)).bind(make_design(X, y))
    cold = ENGINE.find_map(problem, 0.5, None, 10_000)
    rng = np.random.default_rng(0)
    for _ in range(3):
        start = 10 * rng.standard_normal(25)
        kept = start.copy()
        warm = ENGINE.find_map(problem, 0.5, Mode(start, 0.0, 0), 10_000)
        np.testing.assert_allclose(warm.coef, cold.coef, rtol=1e-10, atol=1e-12)
        assert np.array_equal(start, kept)


@pytest.mark.parametrize("sigma", [0.1, 0.03, 0.01, 0.003, 0.001])
def test_a_penalty_so_small_that_the_fit_nearly_interpolates_is_certified_too(wide: Any, sigma: float) -> None:
    X, y = wide
    mode = br.find_map(br.Model(likelihoods.Gaussian(sigma), priors.Laplace(0.5)), X, y)
    assert mode.certificate.accepted
    assert mode.certificate.unique
    assert mode.n_nonzero <= 11


def test_it_refuses_another_likelihood_with_the_reason(binary: Any) -> None:
    problem = br.Model(likelihoods.Bernoulli(), priors.Laplace(0.3)).bind(make_design(*binary))
    assert "not Gaussian" in str(ENGINE.why_not(problem))


def collinear(kind: str, n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    if kind == "common factor":
        X = rng.standard_normal((n, 1)) + 3e-3 * rng.standard_normal((n, p))
    elif kind == "powers":
        X = rng.uniform(0, 1, n)[:, None] ** np.arange(1, p + 1)
        X = X / X.std(axis=0)
    elif kind == "random walk":
        X = np.cumsum(rng.standard_normal((n, p)) * np.where(np.arange(p) == 0, 1.0, 3e-3), axis=1)
    else:
        levels = rng.integers(0, 3, (n, 4))
        main = np.hstack([np.eye(3)[levels[:, k]] for k in range(4)])
        X = np.hstack([main, (main[:, :6, None] * main[:, None, 6:]).reshape(n, -1)])
        X = X[:, np.ptp(X, axis=0) > 0]
    return X, X @ (rng.standard_normal(X.shape[1]) * (rng.random(X.shape[1]) < 0.3)) + 0.1 * rng.standard_normal(n)


@pytest.mark.parametrize("engine", ["coordinate_descent", "working_set"])
@pytest.mark.parametrize("weakness", [1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize("prior", ["lasso", "net", "signs", "signs alone"])
@pytest.mark.parametrize("kind", ["common factor", "powers", "random walk", "dummies"])
@pytest.mark.parametrize(("n", "p"), [(80, 30), (12, 30)])
def test_columns_that_nearly_span_each_other_are_certified(
    kind: str, prior: str, weakness: float, n: int, p: int, engine: str
) -> None:
    X, y = collinear(kind, n, p)
    rate = weakness * float(np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max())
    law = {
        "lasso": priors.Laplace(rate=rate),
        "net": priors.ElasticNet(l1=rate, l2=1e-3 * rate),
        "signs": priors.Laplace(rate=rate, positive=True),
        "signs alone": priors.Laplace(rate=0.0, positive=True),
    }[prior]
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), law), X, y, engine=engine)
    assert mode.certificate.accepted
    assert mode.n_iter < 5000

"""Degrees of freedom: the count of a lasso, the trace of the hat matrix elsewhere, and the divergence of the fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.effective_df import effective_df


def rows(n: int = 30, p: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    return X, X[:, :3] @ [1.0, -2.0, 0.5] + 0.5 * rng.standard_normal(n), np.arange(n) % 3 + 0.5


PRIORS: dict[str, Any] = {
    "ridge": priors.Gaussian(0.2),
    "partly": priors.Gaussian([np.inf, 0.2, 0.1, 0.2, 0.3]),
    "net": priors.ElasticNet(l1=3.0, l2=20.0),
    "signs": priors.Gaussian(0.2, positive=True),
    "groups": priors.GroupLaplace([0, 0, 1, 1, 1], 0.05),
    "group in units": priors.GroupLaplace([0, 0, 1, 1, 1], 0.05, factor=[1.0, 2.0, 0.5, 3.0, 1.0]),
    "group and a free one": priors.GroupLaplace([0, 0, 1, 1, 1], 0.05, factor=[1.0, 1.0, 1.0, 1.0, np.inf]),
}


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_they_are_the_divergence_of_the_fitted_values(name: str, fit_intercept: bool) -> None:
    X, y, weight = rows()
    model = br.Model(likelihoods.Gaussian(0.5), PRIORS[name], fit_intercept=fit_intercept)
    mode = br.find_map(model, X, y, sample_weight=weight)
    problem = model.bind(make_design(X, y, weight))
    found = effective_df(problem, 0.5, np.ones(1), mode.coef[None], np.array([mode.intercept]))
    divergence, step = 0.0, 1e-5
    for i in range(30):
        fits = []
        for sign in (1, -1):
            moved = y.copy()
            moved[i] += sign * step
            at = br.find_map(model, X, moved, sample_weight=weight)
            fits.append(at.intercept + X[i] @ at.coef)
        divergence += (fits[0] - fits[1]) / (2 * step)
    # Each side of the difference carries the rounding of a fit over the step.
    np.testing.assert_allclose(found, [divergence - fit_intercept], rtol=1e-6)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(("n", "p"), [(30, 5), (8, 20)])
def test_all_points_of_a_ridge_path_come_from_the_traces_of_their_hat_matrices(layout: Any, n: int, p: int) -> None:
    X, y, weight = rows(n, p)
    l2, strengths = np.linspace(1.0, 5.0, p), np.array([30.0, 1.0, 0.01])
    problem = br.Model(likelihoods.Gaussian(0.5), priors.ElasticNet(0.0, l2)).bind(make_design(layout(X), y, weight))
    found = effective_df(problem, 0.5, strengths, np.ones((3, p)), np.zeros(3))
    A = np.sqrt(weight)[:, None] * (X - weight @ X / weight.sum())
    for k, strength in enumerate(strengths):
        hat = np.linalg.solve(A.T @ A / 0.25 + strength * np.diag(l2), A.T @ A / 0.25)
        np.testing.assert_allclose(found[k], np.trace(hat), rtol=1e-9)


def test_a_lasso_counts_its_coefficients_off_their_location() -> None:
    X, y, _ = rows()
    problem = br.Model(likelihoods.Bernoulli(), priors.Laplace(1.0, loc=[0.0, 2.0, 0.0, 0.0, 0.0])).bind(
        make_design(X, (y > 0).astype(float))
    )
    coef = np.array([[0.0, 2.0, 0.0, 0.0, 0.0], [1.0, 2.0, 0.3, 0.0, 0.0], [1.0, 0.0, 0.3, 0.0, 0.0]])
    assert effective_df(problem, 1.0, np.array([3.0, 2.0, 1.0]), coef, np.zeros(3)).tolist() == [0.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("likelihood", "response"),
    [
        (likelihoods.Bernoulli(), lambda y: (y > 0).astype(float)),
        (likelihoods.Poisson(), lambda y: np.round(np.exp(0.5 * y))),
        (likelihoods.Huber(0.8, 0.5), lambda y: y),
    ],
    ids=["logistic", "poisson", "huber"],
)
def test_the_curvature_of_the_loss_weighs_the_rows(likelihood: Any, response: Any) -> None:
    X, y, weight = rows()
    y = response(y)
    model = br.Model(likelihood, priors.ElasticNet(l1=1.0, l2=2.0))
    mode = br.find_map(model, X, y, sample_weight=weight)
    problem = model.bind(make_design(X, y, weight))
    sigma = 0.5 if likelihood.has_sigma else 1.0
    found = effective_df(problem, sigma, np.ones(1), mode.coef[None], np.array([mode.intercept]))
    h = weight * likelihood.curvature(mode.intercept + X @ mode.coef, y, sigma)
    on = mode.coef != 0
    Z = X[:, on] - h @ X[:, on] / h.sum()
    G = (Z.T * h) @ Z
    np.testing.assert_allclose(found, [np.trace(np.linalg.solve(G + 2.0 * np.eye(on.sum()), G))], rtol=1e-9)
    assert 0 < found[0] < on.sum()


@pytest.mark.parametrize("prior", [priors.Gaussian(1.0), priors.GroupLaplace([0, 0, 1, 1, 1], 1.0)])
def test_a_loss_with_kinks_says_nothing_beyond_a_lasso(prior: Any) -> None:
    X, y, _ = rows()
    problem = br.Model(likelihoods.Laplace(0.5), prior).bind(make_design(X, y))
    assert np.all(np.isnan(effective_df(problem, 0.5, np.ones(2), np.ones((2, 5)), np.zeros(2))))


@pytest.mark.parametrize("prior", [priors.ElasticNet(1.0, 1.0), priors.GroupLaplace([0, 0, 1, 1, 1], 1.0)])
def test_an_empty_fit_has_none(prior: Any) -> None:
    X, y, _ = rows()
    problem = br.Model(likelihoods.Gaussian(0.5), prior).bind(make_design(X, y))
    assert effective_df(problem, 0.5, np.ones(1), np.zeros((1, 5)), np.zeros(1)).tolist() == [0.0]


def test_a_huber_fit_with_every_row_in_a_tail_has_none() -> None:
    X, y, _ = rows()
    problem = br.Model(likelihoods.Huber(0.1, 0.5), priors.ElasticNet(1.0, 1.0)).bind(make_design(X, y + 100.0))
    assert effective_df(problem, 0.5, np.ones(1), np.ones((1, 5)), np.zeros(1)).tolist() == [0.0]

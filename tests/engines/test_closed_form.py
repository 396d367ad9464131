"""The closed form against dense linear algebra written out here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.closed_form import ClosedForm

INF = float("inf")
ENGINE = ClosedForm()


def solve(model: br.Model, X: np.ndarray, y: np.ndarray, weight: Any = None, offset: Any = None) -> tuple[Any, float]:
    problem = model.bind(make_design(X, y, weight, offset))
    assert ENGINE.why_not(problem) is None
    mode = ENGINE.find_map(problem, problem.known_sigma, None, 10_000)
    assert mode.n_iter == 0
    return mode.coef, mode.intercept


def normal_equations(
    X: np.ndarray, y: np.ndarray, l2: Any, *, sigma: float, weight: Any, loc: Any, b0_l2: float, b0_loc: float
) -> tuple[np.ndarray, float]:
    """Solve (Z'WZ / sigma² + Q) b = Z'W y / sigma² + Q m with the intercept as the first column."""
    Z = np.column_stack([np.ones(len(y)), X])
    Q = np.diag(np.concatenate([[b0_l2], l2]))
    m = np.concatenate([[b0_loc], np.broadcast_to(loc, X.shape[1])])
    A = (Z.T * weight) @ Z / sigma**2 + Q
    b = np.linalg.solve(A, (Z.T * weight) @ y / sigma**2 + Q @ m)
    return b[1:], float(b[0])


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("intercept", [priors.Flat(), priors.Gaussian(0.5, loc=-1.0)], ids=["flat", "proper"])
@pytest.mark.parametrize(
    "prior",
    [
        priors.Gaussian(0.3),
        priors.Gaussian([0.3, 1.0, 5.0, 0.01], loc=[1.0, 0.0, -2.0, 0.5]),
        priors.Gaussian([0.3, INF, 5.0, INF], loc=0.4),
        priors.Gaussian(0.3, relative_to="sigma"),
        priors.Flat(),
        priors.ElasticNet(l1=0.0, l2=[1.0, 2.0, 0.0, 4.0]),
    ],
    ids=["ridge", "vector", "unpenalised", "sigma", "flat", "net"],
)
def test_it_solves_the_normal_equations(linear: Any, prior: Any, intercept: Any, standardize: bool) -> None:
    X, y = linear
    weight, offset = np.arange(30) % 4 + 0.5, np.linspace(-1, 2, 30)
    model = br.Model(likelihoods.Gaussian(0.7), prior, intercept=intercept, standardize=standardize)
    coef, b0 = solve(model, X, y, weight, offset)
    mean = weight @ X / weight.sum()
    sd = np.sqrt(weight @ (X - mean) ** 2 / weight.sum()) if standardize else np.ones(4)
    l2 = np.broadcast_to(prior.rates({})[1], 4) * sd**2 * (0.7**-2 if prior.relative_to == "sigma" else 1.0)
    proper = isinstance(intercept, priors.Gaussian)
    expected, expected_b0 = normal_equations(
        X,
        y - offset,
        l2,
        sigma=0.7,
        weight=weight,
        loc=np.asarray(prior.loc) / sd,
        b0_l2=4.0 if proper else 0.0,
        b0_loc=-1.0 if proper else 0.0,
    )
    np.testing.assert_allclose(coef, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(b0, expected_b0, rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_more_columns_than_rows_are_solved_in_the_space_of_the_rows(wide: Any, fit_intercept: bool) -> None:
    X, y = wide
    l2 = np.linspace(0.5, 3.0, 25)
    model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(l2**-0.5), fit_intercept=fit_intercept)
    coef, b0 = solve(model, X, y)
    Xc, yc = (X - X.mean(0), y - y.mean()) if fit_intercept else (X, y)
    expected = np.linalg.solve(Xc.T @ Xc / 0.25 + np.diag(l2), Xc.T @ yc / 0.25)
    np.testing.assert_allclose(coef, expected, rtol=1e-9)
    np.testing.assert_allclose(b0, y.mean() - X.mean(0) @ expected if fit_intercept else 0.0, rtol=1e-9)


def test_an_unpenalised_column_beside_more_columns_than_rows(wide: Any) -> None:
    X, y = wide
    l2 = np.where(np.arange(25) == 3, 0.0, 2.0)
    with np.errstate(divide="ignore"):
        coef, _ = solve(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(l2**-0.5)), X, y)
    Xc, yc = X - X.mean(0), y - y.mean()
    np.testing.assert_allclose(coef, np.linalg.solve(Xc.T @ Xc / 0.25 + np.diag(l2), Xc.T @ yc / 0.25), rtol=1e-8)


def test_a_tiny_penalty_tends_to_the_minimum_norm_fit(wide: Any) -> None:
    X, y = wide
    coef, b0 = solve(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1e5)), X, y)
    Xc, yc = X - X.mean(0), y - y.mean()
    np.testing.assert_allclose(coef, np.linalg.lstsq(Xc, yc)[0], rtol=1e-6)
    np.testing.assert_allclose(b0 + X @ coef, y, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_the_units_of_the_columns_cost_no_digits(linear: Any, scale: float) -> None:
    X, y = linear
    units = np.array([scale, 1.0, 1.0 / scale, 1.0])
    plain, b0 = solve(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.3)), X, y)
    other, other_b0 = solve(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.3 / units)), X * units, y)
    np.testing.assert_allclose(other * units, plain, rtol=1e-11)
    np.testing.assert_allclose(other_b0, b0, rtol=1e-11)


def test_it_refuses_with_the_reason(linear: Any, binary: Any) -> None:
    lasso = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.3)).bind(make_design(*linear))
    assert "l1" in str(ENGINE.why_not(lasso))
    logistic = br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.3)).bind(make_design(*binary))
    assert "not Gaussian" in str(ENGINE.why_not(logistic))


@pytest.mark.parametrize("shape", [(60, 12), (20, 40)])
def test_a_path_of_sparse_columns_is_that_of_dense_ones(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    X = np.where(rng.random(shape) < 0.2, rng.standard_normal(shape), 0.0)
    y, weight = X[:, 0] + rng.standard_normal(shape[0]), rng.random(shape[0])
    model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(rng.uniform(0.5, 2.0, shape[1])))
    dense = br.map_path(model, X, y, n_points=10, sample_weight=weight)
    stored = br.map_path(model, sparse.csr_array(X), y, n_points=10, sample_weight=weight)
    assert all(certificate.accepted for certificate in stored.certificates)
    np.testing.assert_allclose(stored.coef, dense.coef, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(stored.df, dense.df, rtol=1e-8)

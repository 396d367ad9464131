"""A bound model as the numerics see it is the model, and its modes come back in original units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.row_problem import LikelihoodRows, intercept_ridge, smooth_problem, stored_columns, to_mode, to_start

COEF, B0 = np.array([0.3, -0.2, 0.5]), 1.4
INTERCEPTS = {"flat": priors.Flat(), "proper": priors.Gaussian(0.5, loc=-1.0), "none": None}


def bind(intercept: str = "flat", mean: float = 2.0, layout: Any = np.asarray) -> Problem:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 3)) + np.array([0.0, mean, 0.0])
    prior = INTERCEPTS[intercept]
    model = br.Model(
        likelihoods.Huber(0.8, 0.7),
        priors.ElasticNet(2.0, 1.0, loc=[0.1, 0.0, -0.2]),
        fit_intercept=prior is not None,
        intercept=prior or priors.Flat(),
    )
    return model.bind(make_design(layout(X), rng.standard_normal(12), np.arange(12) % 3.0, np.linspace(-1, 1, 12)))


# A mean of many standard deviations makes the dense columns a centred copy.
@pytest.mark.parametrize("mean", [2.0, 1e4])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("intercept", INTERCEPTS)
def test_its_objective_differs_from_the_posterior_by_a_constant(intercept: str, layout: Any, mean: float) -> None:
    problem = bind(intercept, mean, layout)
    smooth = smooth_problem(problem, 0.7, LikelihoodRows.of(problem, 0.7))
    differences = []
    for factor in (1.0, -0.5, 3.0):
        d, b0 = to_start(problem, 0.7, Mode(factor * COEF, B0 * factor, 0))
        b0 = b0 if problem.fit_intercept else 0.0
        eta = smooth.base + b0 + smooth.X.times(d)
        expected = problem.linear_predictor(factor * COEF, factor * B0 if problem.fit_intercept else 0.0)
        np.testing.assert_allclose(eta, expected, rtol=1e-11, atol=1e-11)
        differences.append(smooth.value(eta, d, b0) + problem.log_posterior(factor * COEF, factor * B0))
    np.testing.assert_allclose(differences, differences[0], rtol=1e-9)


@pytest.mark.parametrize("mean", [2.0, 1e4])
@pytest.mark.parametrize("intercept", INTERCEPTS)
def test_a_mode_that_is_a_start_comes_back_as_it_was(intercept: str, mean: float) -> None:
    problem = bind(intercept, mean)
    given = Mode(COEF, B0 if problem.fit_intercept else 0.0, 0)
    back = to_mode(problem, *to_start(problem, 0.7, given), 7, dual=np.ones(12), optima=2)
    np.testing.assert_allclose(back.coef, COEF, rtol=1e-14)
    np.testing.assert_allclose(back.intercept, given.intercept, rtol=1e-11)
    assert (back.n_iter, back.optima) == (7, 2)
    assert back.dual is not None


@pytest.mark.parametrize("mean", [2.0, 1e4])
@pytest.mark.parametrize("intercept", INTERCEPTS)
def test_without_a_start_the_search_begins_at_the_null_model(intercept: str, mean: float) -> None:
    problem = bind(intercept, mean)
    d, b0 = to_start(problem, 0.7, None)
    assert np.all(d == 0)
    if problem.fit_intercept:
        slope = problem.design.weight @ problem.likelihood.gradient(problem.base() + b0, problem.design.y, 0.7)
        prior = problem.intercept_prior
        np.testing.assert_allclose(slope + prior.rate * (b0 - prior.loc), 0.0, atol=1e-9)
    else:
        assert b0 == 0.0


def test_the_ridge_of_the_intercept_is_its_prior() -> None:
    assert intercept_ridge(bind("none"), 0.7) is None
    flat, proper = intercept_ridge(bind("flat"), 0.7), intercept_ridge(bind("proper"), 0.7)
    assert flat is not None
    assert proper is not None
    assert (flat.rate, proper.rate, proper.loc) == (0.0, 4.0, -1.0)


def test_stored_columns_have_no_shift_and_are_centred_only_where_that_is_the_same_model() -> None:
    for intercept in INTERCEPTS:
        columns = stored_columns(bind(intercept, 1e4))
        assert columns.shift is None
        assert (abs(columns.X[:, 1].mean()) < 100) == (intercept == "flat")
    assert stored_columns(bind("flat", 1e4, sparse.csc_array)).is_sparse


def test_the_rows_are_the_weighted_loss_and_its_derivatives() -> None:
    problem = bind()
    rows, eta, step = LikelihoodRows.of(problem, 0.7), np.linspace(-2, 2, 12), 1e-6
    for i in range(12):
        ahead, behind = eta.copy(), eta.copy()
        ahead[i], behind[i] = eta[i] + step, eta[i] - step
        slope = (rows.value(ahead) - rows.value(behind)) / (2 * step)
        np.testing.assert_allclose(rows.slope(eta)[i], slope, atol=1e-8)
        bend = (rows.slope(ahead)[i] - rows.slope(behind)[i]) / (2 * step)
        np.testing.assert_allclose(rows.curvature(eta)[i], bend, atol=1e-8)
    assert np.all(rows.majorant(eta) >= rows.curvature(eta) - 1e-15)


def test_a_curvature_that_is_negative_counts_as_none() -> None:
    problem = br.Model(likelihoods.StudentT(2.0, 0.5), priors.Laplace(1.0)).bind(
        make_design(np.eye(3), np.array([0.0, 0.0, 9.0]))
    )
    assert problem.likelihood.curvature(np.zeros(3), problem.design.y, 0.5)[2] < 0
    assert LikelihoodRows.of(problem, 0.5).curvature(np.zeros(3))[2] == 0.0

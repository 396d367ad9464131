"""Proximal Newton against scipy on smooth problems and scikit-learn on the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse
from scipy.special import expit

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.prox_newton import ProxNewton
from bayesreg.errors import DesignWarning
from bayesreg.outcomes import Mode

INF = float("inf")
ENGINE = ProxNewton()


@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.5, loc=-1.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize("scale", [[0.3, 1.0, 2.0], [INF, 0.5, INF], [INF, INF, INF]], ids=["ridge", "partly", "flat"])
def test_a_smooth_problem_has_the_minimum_that_scipy_finds(binary: Any, scale: Any, intercept: Any) -> None:
    X, y = binary
    weight, offset, loc = np.arange(60) % 3 + 0.5, np.linspace(-1, 1, 60), np.array([0.3, 0.0, -1.0])
    fit_intercept = intercept is not None
    model = br.Model(
        likelihoods.Bernoulli(),
        priors.Gaussian(scale, loc=loc),
        fit_intercept=fit_intercept,
        intercept=intercept or priors.Flat(),
    )
    l2 = np.asarray(scale) ** -2.0
    b0_l2 = 4.0 if isinstance(intercept, priors.Gaussian) else 0.0

    def value(b: np.ndarray) -> tuple[float, np.ndarray]:
        coef, b0 = b[:3], b[3] * fit_intercept
        eta = b0 + X @ coef + offset
        slope = weight * (expit(eta) - y)
        total = weight @ (np.logaddexp(0, eta) - y * eta) + 0.5 * l2 @ (coef - loc) ** 2 + 0.5 * b0_l2 * (b0 + 1) ** 2
        return total, np.append(X.T @ slope + l2 * (coef - loc), (slope.sum() + b0_l2 * (b0 + 1)) * fit_intercept)

    theirs = optimize.minimize(value, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-9})
    problem = model.bind(make_design(X, y, weight, offset))
    mode = ENGINE.find_map(problem, 1.0, None, 10_000)
    np.testing.assert_allclose(mode.coef, theirs.x[:3], rtol=1e-6)
    np.testing.assert_allclose(mode.intercept, theirs.x[3] if fit_intercept else 0.0, rtol=1e-6)
    # Far below what the other one reaches: the gradient at the mode is at rounding.
    assert np.abs(value(np.append(mode.coef, mode.intercept))[1]).max() < 1e-11 * np.abs(value(np.zeros(4))[1]).max()


@pytest.mark.parametrize("C", [0.05, 0.5, 10.0])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_it_agrees_with_another_library_and_its_zeros(binary: Any, C: float, l1_ratio: float) -> None:
    from sklearn.linear_model import LogisticRegression

    X, y = binary
    X = X - X.mean(axis=0)
    theirs = LogisticRegression(C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-11, max_iter=100_000, random_state=0)
    theirs.fit(X, y)
    prior = priors.ElasticNet(l1=l1_ratio / C, l2=(1 - l1_ratio) / C)
    ours = br.find_map(br.Model(likelihoods.Bernoulli(), prior), X, y)
    np.testing.assert_allclose(ours.coef, theirs.coef_[0], rtol=1e-5, atol=1e-7)
    # The other library stops before its intercept has converged.
    assert abs(np.sum(expit(ours.intercept + X @ ours.coef) - y)) < 1e-12
    assert np.array_equal(ours.coef == 0, np.abs(theirs.coef_[0]) < 1e-8)


@pytest.mark.parametrize("prior", [priors.Laplace(0.5), priors.Gaussian(0.5), priors.ElasticNet(1.0, 0.1)])
def test_more_columns_than_rows_end_in_few_steps_at_rounding(wide: Any, prior: Any) -> None:
    X, y = wide
    mode = br.find_map(br.Model(likelihoods.Bernoulli(), prior), X, (y > 0).astype(float))
    assert mode.engine == "prox_newton"
    assert mode.n_iter < 20
    assert mode.certificate.kkt < 1e-13


def test_large_linear_predictors_are_no_obstacle(binary: Any) -> None:
    X, y = binary
    for scale in (1e-6, 1e6):
        mode = br.find_map(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0 / scale)), X * scale, y)
        reference = br.find_map(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, y)
        np.testing.assert_allclose(mode.coef * scale, reference.coef, rtol=1e-9)
    shifted = br.find_map(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X + 1e4, y)
    np.testing.assert_allclose(shifted.coef, reference.coef, rtol=1e-7)


@pytest.mark.parametrize("prior", [priors.Gaussian(1.0), priors.Laplace(1.0), priors.Flat()])
@pytest.mark.parametrize("offset", [-60.0, 20.0, 500.0])
def test_an_offset_for_all_rows_goes_into_the_intercept(binary: Any, prior: Any, offset: float) -> None:
    X, y = binary
    model = br.Model(likelihoods.Bernoulli(), prior)
    plain, moved = br.find_map(model, X, y), br.find_map(model, X, y, offset=np.full(60, offset))
    np.testing.assert_allclose(moved.coef, plain.coef, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(moved.intercept, plain.intercept - offset, rtol=1e-10)


def test_a_prior_far_from_the_data_is_no_obstacle(binary: Any) -> None:
    X, y = binary
    prior = priors.Gaussian(3.0, loc=[40.0, -30.0, 0.0])
    mode = br.find_map(br.Model(likelihoods.Bernoulli(), prior, fit_intercept=False), X, y)
    assert mode.certificate.accepted


def test_any_start_leads_to_the_same_mode(binary: Any) -> None:
    problem = br.Model(likelihoods.Bernoulli(), priors.Laplace(0.4)).bind(make_design(*binary))
    cold = ENGINE.find_map(problem, 1.0, None, 10_000)
    for start in (np.full(3, 5.0), np.array([-3.0, 0.0, 20.0])):
        warm = ENGINE.find_map(problem, 1.0, Mode(start, 0.0, 0), 10_000)
        np.testing.assert_allclose(warm.coef, cold.coef, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("likelihood", "words"), [(likelihoods.Laplace(1.0), "kinks"), (likelihoods.StudentT(4.0, 1.0), "not convex")]
)
def test_it_refuses_a_loss_that_is_not_smooth_and_convex_with_the_reason(
    linear: Any, likelihood: Any, words: str
) -> None:
    problem = br.Model(likelihood, priors.Laplace(0.3)).bind(make_design(*linear))
    assert words in str(ENGINE.why_not(problem))


@pytest.mark.parametrize("offset", [-60.0, -25.0, 25.0])
def test_a_rate_far_from_the_counts_is_brought_to_them_by_the_columns_alone(offset: float) -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(40), rng.standard_normal((40, 2))])
    y = rng.poisson(np.exp(X @ [1.0, 0.5, -0.5])).astype(float)
    model = br.Model(likelihoods.Poisson(), priors.Gaussian(np.array([1e3, 1.0, 1.0])), fit_intercept=False)
    mode = br.find_map(model, X, y, offset=np.full(40, offset))
    plain = br.find_map(model, X, y)
    assert mode.certificate.accepted
    np.testing.assert_allclose(mode.coef, plain.coef - np.array([offset, 0.0, 0.0]), rtol=1e-2)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("size", [1e3, 1e6, 1e9])
def test_large_counts_are_certified(size: float, fit_intercept: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 4))
    y = np.round(size * np.exp(X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * rng.standard_normal(40)))
    mode = br.find_map(br.Model(likelihoods.Poisson(), priors.Laplace(1.0), fit_intercept=fit_intercept), X, y)
    assert mode.certificate.accepted


@pytest.mark.parametrize("prior", [priors.Laplace(1e3), priors.Gaussian(1e2), priors.ElasticNet(1e-3, 1e-3)])
def test_separated_classes_have_a_mode_under_any_penalty(binary: Any, prior: Any) -> None:
    X, _ = binary
    mode = br.find_map(br.Model(likelihoods.Bernoulli(), prior), X, (X[:, 0] + X[:, 1] > 1).astype(float))
    assert mode.certificate.accepted
    assert np.abs(mode.coef[:2]).min() > 1.0


@pytest.mark.parametrize("delta", [1e-1, 1e-3, 1e-5])
def test_a_huber_loss_with_hardly_a_row_in_its_core_tends_to_the_median(linear: Any, delta: float) -> None:
    X, y = linear
    # F / delta is |z| up to delta / 2, so the penalty is divided by delta as well.
    huber = br.find_map(br.Model(likelihoods.Huber(delta, 1.0), priors.Laplace(0.5 / delta)), X, y)
    median = br.find_map(br.Model(likelihoods.Laplace(1.0), priors.Laplace(0.5)), X, y)
    assert huber.certificate.accepted
    np.testing.assert_allclose(huber.coef, median.coef, atol=5 * delta)


def test_rows_and_columns_without_entries_and_rows_without_weight_change_nothing(binary: Any) -> None:
    X, y = binary
    model = br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5), fit_intercept=False)
    plain = br.find_map(model, X, y)
    padded = np.zeros((70, 5))
    padded[5:65, 1:4] = X
    response, weight = np.zeros(70), np.zeros(70)
    response[5:65], weight[5:65] = y, 1.0
    # Rows of zeros with weight pull at nothing without an intercept.
    weight[66:] = 2.0
    for layout in (np.asarray, sparse.csc_array, sparse.csr_array):
        with pytest.warns(DesignWarning, match="all zero"):
            other = br.find_map(model, layout(padded), response, sample_weight=weight)
        np.testing.assert_allclose(other.coef[1:4], plain.coef, rtol=1e-10, atol=1e-13)
        assert other.coef[0] == other.coef[4] == 0.0

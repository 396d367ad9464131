"""Leave-one-out densities against refits without each row."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.exact_gaussian import data_of, scale_posterior
from bayesreg.numerics.leave_one_out import LeaveOneOut, leave_one_out
from tests.engines.gaussian_models import LAWS, data

INF = float("inf")
SIGMAS = {"known": 0.8} | {name: LAWS[name] for name in ("half_student_t", "inverse_gamma", "own")}
PRIORS = {
    "flat": priors.Flat(),
    "absolute": priors.Gaussian(0.7, loc=0.3),
    "relative": priors.Gaussian([0.7, INF, 2.0], relative_to="sigma"),
    "learned": priors.Gaussian(LAWS["half_cauchy"]),
    "learned_absolute": priors.Gaussian(LAWS["gamma"], factor=[1.0, INF, 0.5], relative_to=None),
}
INTERCEPTS: dict[str, dict[str, Any]] = {
    "none": {"fit_intercept": False},
    "flat": {},
    "absolute": {"intercept": priors.Gaussian(1.5, loc=0.5)},
    "relative": {"intercept": priors.Gaussian(1.5, loc=0.5, relative_to="sigma")},
}
CASES = [case for i, case in enumerate(itertools.product(SIGMAS, PRIORS, INTERCEPTS)) if i % 3 == 0]


def ours(model: br.Model, X: Any, y: Any, weight: Any = None, offset: Any = None) -> LeaveOneOut:
    problem = model.bind(make_design(X, y, weight, offset))
    rows, response, _ = data_of(problem)
    return leave_one_out(scale_posterior(problem), rows, response, problem.design.weight)


def refitted(model: br.Model, X: Any, y: Any, weight: Any, offset: Any) -> np.ndarray:
    """Log evidence with all rows less that without each."""
    full = br.log_evidence(model, X, y, sample_weight=weight, offset=offset).log_evidence
    rest = [np.arange(y.size) != i for i in range(y.size)]
    without = [br.log_evidence(model, X[r], y[r], sample_weight=weight[r], offset=offset[r]) for r in rest]
    return np.array([full - float(evidence) for evidence in without])


@pytest.mark.parametrize(("sigma", "prior", "intercept"), CASES)
def test_they_are_those_of_refits_to_eight_digits(sigma: str, prior: str, intercept: str) -> None:
    X, y, weight, offset = data(12)
    y[3] += 3.0  # an outlier: the scales without it lie far from those with it
    model = br.Model(likelihoods.Gaussian(SIGMAS[sigma]), PRIORS[prior], **INTERCEPTS[intercept])
    loo = ours(model, X, y, weight, offset)
    np.testing.assert_allclose(loo.elpd, refitted(model, X, y, weight, offset), rtol=0, atol=1e-8)
    assert loo.error < 1e-5


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("sigma", ["half_student_t", "inverse_gamma"])
@pytest.mark.parametrize("prior", [PRIORS["absolute"], PRIORS["learned"]], ids=["absolute", "learned"])
def test_more_columns_than_rows_leave_them_exact(sigma: str, prior: Any) -> None:
    X, y, _, _ = data(8, 15)
    model = br.Model(likelihoods.Gaussian(SIGMAS[sigma]), prior)
    loo = ours(model, X, y)
    np.testing.assert_allclose(loo.elpd, refitted(model, X, y, np.ones(8), np.zeros(8)), rtol=0, atol=1e-8)


def test_the_textbook_case_is_a_student_t_of_the_deleted_residual() -> None:
    X, y, _, _ = data(14)
    loo = ours(br.Model(likelihoods.Gaussian(LAWS["jeffreys"]), priors.Flat()), X, y)
    for i in range(y.size):
        rest = np.arange(y.size) != i
        Z, z = np.column_stack([X[rest], np.ones(13)]), np.append(X[i], 1.0)
        beta, rss, _, _ = np.linalg.lstsq(Z, y[rest])
        scale = np.sqrt(rss[0] / 9 * (1 + z @ np.linalg.solve(Z.T @ Z, z)))
        assert loo.elpd[i] == pytest.approx(stats.t(9, z @ beta, scale).logpdf(y[i]), abs=1e-10)
    assert loo.error == 0.0


def test_a_row_without_weight_counts_nothing_and_one_that_alone_decides_is_not_a_number() -> None:
    X, y, _, _ = data(12)
    weight = np.ones(12)
    weight[5] = 0.0
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    loo = ours(model, X, y, weight)
    assert loo.elpd[5] == 0.0
    np.testing.assert_allclose(np.delete(loo.elpd, 5), ours(model, np.delete(X, 5, 0), np.delete(y, 5)).elpd, rtol=1e-9)
    X[:, 0] = np.arange(12) == 2
    alone = ours(br.Model(likelihoods.Gaussian(1.0), priors.Flat()), X, y)
    assert np.isnan(alone.elpd[2])
    assert np.all(np.isfinite(np.delete(alone.elpd, 2)))

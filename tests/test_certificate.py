"""The certificate bounds the distance from the optimum, in numbers that no unit changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.certificate import GAP_TOLERANCE, KKT_TOLERANCE, Certificate, certify
from bayesreg.data import make_design
from bayesreg.data.columns import Columns
from bayesreg.fit import find_map_of
from bayesreg.problem import Problem
from bayesreg.uniqueness import Uniqueness

INF = float("inf")
NOTHING_IN_PLAY = Uniqueness(Columns(np.zeros((1, 1)), None), np.ones(1), np.empty(0, dtype=np.intp), True)


@dataclass(frozen=True)
class Case:
    """A model with its data."""

    model: br.Model
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    offset: np.ndarray | None = None

    def bind(self) -> Problem:
        """Bind the model to the data."""
        return self.model.bind(make_design(self.X, self.y, self.weight, self.offset))


def _cases() -> dict[str, Case]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4)) @ (np.eye(4) + 0.4) + [0.0, 3.0, -1.0, 10.0]
    y = 2.0 + X @ [1.5, 0.0, -0.4, 0.0] + 0.7 * rng.standard_normal(30)
    wide = rng.standard_normal((15, 40))
    wide_y = wide[:, 0] - 2 * wide[:, 1] + 0.3 * rng.standard_normal(15)
    classes = (rng.random(30) < 1 / (1 + np.exp(-(X @ [1.0, -0.5, 0.0, 0.0] + 1.0)))).astype(float)
    wide_classes = (wide_y > 0).astype(float)
    weight, offset = rng.integers(0, 4, 30).astype(float), rng.standard_normal(30)
    gaussian, bernoulli = likelihoods.Gaussian(0.6), likelihoods.Bernoulli()
    proper = priors.Gaussian(2.0, loc=1.0)
    lasso, ridge, net = priors.Laplace(0.1), priors.Gaussian(0.3), priors.ElasticNet(l1=8.0, l2=3.0)
    partly = priors.Laplace([INF, 0.1, 0.2, INF])
    moved = priors.ElasticNet(l1=[8.0, 4.0, 0.0, 2.0], l2=[0.0, 3.0, 1.0, 0.0], loc=[1.0, 0.0, -0.5, 0.0])
    counts = rng.poisson(np.exp(0.3 * y)).astype(float)
    tails = y + rng.standard_t(1, 30)
    poisson, huber, narrow = likelihoods.Poisson(), likelihoods.Huber(1.0, 0.6), likelihoods.Huber(0.05, 0.6)
    median, quantile = likelihoods.Laplace(0.6), likelihoods.AsymmetricLaplace(0.3, 0.6)
    groups, units = priors.GroupLaplace([0, 1, 1, 0], 0.1), [1.0, 2.0, INF, 0.5]
    some_groups = priors.GroupLaplace([0, 1, 2, 0], 0.1, factor=units, loc=[1.0, 0.0, 0.0, 0.2])
    signs = priors.Laplace([0.1, INF, INF, 0.2], positive=[True, True, True, False], loc=[0.0, 0.0, 0.0, 0.3])
    return {
        "lasso": Case(br.Model(gaussian, lasso), X, y),
        "lasso_no_intercept": Case(br.Model(gaussian, lasso, fit_intercept=False), X, y),
        "lasso_intercept_prior": Case(br.Model(gaussian, lasso, intercept=proper), X, y),
        "lasso_standardized": Case(br.Model(gaussian, lasso, standardize=True), X, y),
        "lasso_wide": Case(br.Model(gaussian, lasso), wide, wide_y),
        "ridge": Case(br.Model(gaussian, ridge), X, y),
        "ridge_wide": Case(br.Model(gaussian, ridge), wide, wide_y),
        "ridge_rows": Case(br.Model(gaussian, ridge, intercept=proper), X, y, weight, offset),
        "net": Case(br.Model(gaussian, net), X, y),
        "net_rows": Case(br.Model(gaussian, moved), X, y, weight, offset),
        "partly_unpenalised": Case(br.Model(gaussian, partly), X, y, weight, offset),
        "flat": Case(br.Model(gaussian, priors.Flat()), X, y, weight, offset),
        "logistic_ridge": Case(br.Model(bernoulli, ridge), X, classes),
        "logistic_lasso": Case(br.Model(bernoulli, priors.Laplace(0.5)), X, classes),
        "logistic_net_rows": Case(br.Model(bernoulli, moved), X, classes, weight, offset),
        "logistic_intercept_prior": Case(br.Model(bernoulli, priors.Laplace(0.5), intercept=proper), X, classes),
        "logistic_partly_unpenalised": Case(br.Model(bernoulli, priors.Gaussian([INF, 0.5, 0.5, INF])), X, classes),
        "logistic_no_intercept": Case(br.Model(bernoulli, priors.Laplace(0.5), fit_intercept=False), X, classes),
        "logistic_wide": Case(br.Model(bernoulli, priors.Laplace(0.5)), wide, wide_classes),
        "logistic_wide_ridge": Case(br.Model(bernoulli, ridge), wide, wide_classes),
        "groups": Case(br.Model(gaussian, groups), X, y),
        "groups_rows": Case(br.Model(gaussian, some_groups, intercept=proper), X, y, weight, offset),
        "groups_logistic": Case(br.Model(bernoulli, some_groups), X, classes, weight, offset),
        "groups_median": Case(br.Model(median, groups), X, y, weight, offset),
        "signs": Case(br.Model(gaussian, signs), X, y, weight, offset),
        "signs_huber": Case(br.Model(huber, signs), X, y, weight, offset),
        "signs_alone": Case(br.Model(gaussian, priors.Laplace(rate=0.0, positive=True)), X, y),
        "poisson_lasso": Case(br.Model(poisson, priors.Laplace(0.2)), X, counts),
        "poisson_net_rows": Case(br.Model(poisson, moved, intercept=proper), X, counts, weight, offset),
        "poisson_free": Case(br.Model(poisson, partly), X, counts, weight, offset),
        "huber_lasso": Case(br.Model(huber, lasso), X, tails),
        "huber_net_rows": Case(br.Model(huber, moved), X, tails, weight, offset),
        "huber_narrow_free": Case(br.Model(narrow, partly), X, tails, weight, offset),
        "median_lasso": Case(br.Model(median, lasso), X, tails),
        "median_free": Case(br.Model(median, partly), X, tails, weight, offset),
        "median_no_intercept": Case(br.Model(median, ridge, fit_intercept=False), X, tails),
        "quantile_net_rows": Case(br.Model(quantile, moved), X, tails, weight, offset),
        "quantile_intercept_prior": Case(br.Model(quantile, lasso, intercept=proper), X, tails),
    }


CASES = _cases()


def objective(case: Case, coef: np.ndarray, intercept: float) -> float:
    """P written out from the definitions, row by row."""
    model, prior = case.model, case.model.prior
    weight = np.ones(len(case.y)) if case.weight is None else case.weight
    eta = intercept + case.X @ coef + (0.0 if case.offset is None else case.offset)
    z = (case.y - eta) / 0.6
    match model.likelihood:
        case likelihoods.Gaussian():
            rows = z**2 / 2
        case likelihoods.Bernoulli():
            rows = np.logaddexp(0, eta) - case.y * eta
        case likelihoods.Poisson():
            rows = np.exp(eta) - case.y * eta
        case likelihoods.Huber(delta):
            rows = np.where(np.abs(z) <= delta, z**2 / 2, delta * np.abs(z) - delta**2 / 2)
        case likelihoods.Laplace():
            rows = np.abs(z)
        case likelihoods.AsymmetricLaplace(quantile):
            rows = z * (quantile - (z < 0))
    unit = 1 / case.X.std(axis=0) if model.standardize else np.ones(coef.size)
    l1, l2 = prior.rates({})
    d = (coef - np.asarray(prior.loc)) / unit
    total = weight @ rows + np.sum(np.asarray(l1) * np.abs(d)) + 0.5 * np.sum(np.asarray(l2) * d**2)
    if isinstance(prior, priors.GroupLaplace):
        scaled = d / np.asarray(prior.factor)
        for g, rate in enumerate(prior.group_rates({})):
            total += rate * np.linalg.norm(scaled[np.array(prior.labels) == g])
    if isinstance(model.intercept, priors.Gaussian):
        total += 0.5 * ((intercept - 1.0) / 2.0) ** 2
    return float(total)


@pytest.mark.parametrize("name", CASES)
def test_a_solution_is_accepted_with_its_own_objective(name: str) -> None:
    case = CASES[name]
    problem = case.bind()
    mode = find_map_of(problem, None, 10_000)
    found = certify(problem, mode.coef, mode.intercept, dual=mode.dual)
    same(found, mode.certificate)
    assert found.accepted
    np.testing.assert_allclose(found.objective, objective(case, mode.coef, mode.intercept), rtol=1e-13)
    assert found.kkt < 1e-10


@pytest.mark.parametrize("name", CASES)
def test_the_gap_bounds_the_distance_of_the_objective_from_its_minimum(name: str) -> None:
    case = CASES[name]
    problem = case.bind()
    mode = find_map_of(problem, None, 10_000)
    lowest = objective(case, mode.coef, mode.intercept)
    rng = np.random.default_rng(3)
    for size in (1e-6, 1e-3, 0.1, 1.0, 30.0):
        coef = mode.coef + size * rng.standard_normal(mode.coef.size) * (rng.random(mode.coef.size) < 0.7)
        constrained = problem.penalty(0.6).constrained
        coef[constrained] = np.maximum(coef, problem.loc)[constrained]
        intercept = mode.intercept + size * rng.standard_normal() * problem.fit_intercept
        found = certify(problem, coef, intercept)
        np.testing.assert_allclose(found.objective, objective(case, coef, intercept), rtol=1e-12)
        rounding = 1e-13 * abs(lowest)
        assert found.objective >= lowest - rounding
        assert found.gap >= (found.objective - lowest) * (1 - 1e-9) - rounding
        assert np.isfinite(found.gap)
        # Only a gap that is rounding is called none.
        dual = found.objective - found.gap
        assert (found.relative_gap == 0) == (found.gap <= 64 * 2.0**-52 * (abs(found.objective) + abs(dual)))


@pytest.mark.parametrize("free", [[], [1], [1, 3]], ids=["all penalised", "one free", "two free"])
def test_both_numbers_are_those_of_their_definitions(free: list[int]) -> None:
    X, y, sigma = CASES["lasso"].X, CASES["lasso"].y, 0.6
    # A penalised column that is nearly a free one: its norm is that of what is left of it.
    X = X + 100.0 * X[:, [1]] * [0, 0, 1, 0]
    l1 = np.where(np.isin(np.arange(4), free), 0.0, 5.0)
    weight = np.arange(30) % 3 + 0.5
    problem = Case(br.Model(likelihoods.Gaussian(sigma), priors.Laplace(rate=l1)), X, y, weight).bind()
    coef, b0 = np.array([1.2, 0.0, -0.3, 0.05]), 1.7
    found = certify(problem, coef, b0)
    root = np.sqrt(weight)
    Z = root[:, None] * np.column_stack([np.ones(30), X[:, free]])
    null_residual = root * y - Z @ np.linalg.lstsq(Z, root * y)[0]
    null = 0.5 * null_residual @ null_residual / sigma**2
    np.testing.assert_allclose(found.relative_gap, found.gap / (null - (found.objective - found.gap)), rtol=1e-9)
    # Of the centred columns: the intercept answers for the rest in its own condition.
    mean = weight @ X / weight.sum()
    gradient = (X - mean).T @ (weight * (b0 + X @ coef - y)) / sigma**2
    distance = np.where(coef == 0, np.maximum(np.abs(gradient) - l1, 0), np.abs(gradient + l1 * np.sign(coef)))
    others = root[:, None] * X
    left = others - Z @ np.linalg.lstsq(Z, others)[0]
    only_mean = others - Z[:, :1] @ np.linalg.lstsq(Z[:, :1], others)[0]
    norm = np.linalg.norm(np.where(np.isin(np.arange(4), free), only_mean, left), axis=0)
    null_gradient = np.linalg.norm(null_residual) / sigma**2
    cosines = distance / norm / null_gradient
    of_intercept = abs(weight @ (b0 + X @ coef - y)) / sigma**2 / np.sqrt(weight.sum()) / null_gradient
    np.testing.assert_allclose(found.kkt, max(cosines.max(), of_intercept), rtol=1e-8)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-2])
def test_a_point_beside_the_solution_is_not_accepted(name: str, size: float) -> None:
    problem = CASES[name].bind()
    mode = find_map_of(problem, None, 10_000)
    for j in np.flatnonzero(mode.coef)[:3]:
        coef = mode.coef.copy()
        coef[j] *= 1 + size
        assert not certify(problem, coef, mode.intercept).accepted
    if problem.fit_intercept:
        assert not certify(problem, mode.coef, mode.intercept + size).accepted


@pytest.mark.parametrize("name", [name for name in CASES if "lasso" in name or "net" in name])
def test_a_dropped_or_an_extra_coefficient_is_not_accepted(name: str) -> None:
    problem = CASES[name].bind()
    mode = find_map_of(problem, None, 10_000)
    on, off = np.flatnonzero(mode.coef != problem.loc), np.flatnonzero(mode.coef == problem.loc)
    for j, value in [(j, problem.loc[j]) for j in on[:2]] + [(j, problem.loc[j] + 1e-6) for j in off[:2]]:
        coef = mode.coef.copy()
        coef[j] = value
        assert not certify(problem, coef, mode.intercept).accepted


@pytest.mark.parametrize("prior", [priors.Gaussian(0.31), priors.Laplace(0.101)])
def test_the_solution_of_another_penalty_is_not_accepted(prior: Any) -> None:
    case = CASES["ridge" if isinstance(prior, priors.Gaussian) else "lasso"]
    other = br.find_map(replace(case.model, prior=prior), case.X, case.y)
    assert not certify(case.bind(), other.coef, other.intercept).accepted


def test_a_large_mean_of_a_column_does_not_hide_an_error() -> None:
    case = CASES["lasso"]
    X = case.X + np.array([0.0, 1e6, 0.0, 0.0])
    mode = br.find_map(case.model, X, case.y)
    assert mode.certificate.accepted
    problem = case.model.bind(make_design(X, case.y))
    wrong = mode.coef * (1 + np.array([0.0, 1e-5, 0.0, 0.0])) + np.array([0.0, 1e-5, 0.0, 0.0])
    intercept = float(np.mean(case.y - X @ wrong))
    assert not certify(problem, wrong, intercept).accepted


def same(one: Certificate, other: Certificate, factor: float = 1.0) -> None:
    np.testing.assert_allclose(other.relative_gap, one.relative_gap, rtol=1e-8)
    np.testing.assert_allclose(other.kkt, one.kkt, rtol=1e-8)
    np.testing.assert_allclose(other.gap, one.gap * factor, rtol=1e-8)
    assert (other.unique, other.rank, other.equicorrelated) == (one.unique, one.rank, one.equicorrelated)


@pytest.fixture(scope="module")
def point() -> tuple[np.ndarray, float]:
    return np.array([1.2, 0.0, -0.3, 0.05]), 1.7


@pytest.mark.parametrize("factor", [1e-6, 1e5])
@pytest.mark.parametrize("prior", [priors.Laplace(0.1, relative_to="sigma"), priors.Gaussian(0.3, relative_to="sigma")])
def test_the_unit_of_the_response_does_not_matter(point: Any, prior: Any, factor: float) -> None:
    case, (coef, intercept) = CASES["lasso"], point
    one = br.Model(likelihoods.Gaussian(0.6), prior).bind(make_design(case.X, case.y))
    other = br.Model(likelihoods.Gaussian(0.6 * factor), prior).bind(make_design(case.X, case.y * factor))
    same(certify(one, coef, intercept), certify(other, coef * factor, intercept * factor))


@pytest.mark.parametrize("name", ["lasso", "ridge", "net_rows", "logistic_lasso", "logistic_ridge"])
def test_the_units_of_the_columns_do_not_matter(point: Any, name: str) -> None:
    case, (coef, intercept) = CASES[name], point
    units = np.array([1e-5, 1.0, 300.0, 1e4])
    one = replace(case.model, prior=replace(case.model.prior, loc=0.0))
    other = replace(one, prior=replace(one.prior, factor=1 / units))
    moved = replace(case, model=other, X=case.X * units).bind()
    same(certify(replace(case, model=one).bind(), coef, intercept), certify(moved, coef / units, intercept))


@pytest.mark.parametrize("name", ["lasso", "ridge", "partly_unpenalised", "logistic_lasso", "logistic_intercept_prior"])
def test_a_weighted_row_is_a_repeated_row(point: Any, name: str) -> None:
    case, (coef, intercept) = CASES[name], point
    times = np.random.default_rng(9).integers(0, 4, case.y.size)
    offset = np.linspace(-1, 1, case.y.size)
    weighted = replace(case, weight=times.astype(float), offset=offset).bind()
    repeated = Case(case.model, np.repeat(case.X, times, 0), np.repeat(case.y, times), None, np.repeat(offset, times))
    same(certify(weighted, coef, intercept), certify(repeated.bind(), coef, intercept))


def test_multiplying_the_objective_changes_only_the_gap_itself(point: Any) -> None:
    case, (coef, intercept) = CASES["lasso"], point
    heavy = replace(case, weight=np.full(30, 7.0), model=replace(case.model, prior=priors.Laplace(0.1 / 7.0)))
    same(certify(case.bind(), coef, intercept), certify(heavy.bind(), coef, intercept), factor=7.0)


def test_a_repeated_column_makes_a_lasso_not_unique_and_a_ridge_unique() -> None:
    case = CASES["lasso"]
    X = np.column_stack([case.X, 2.0 * case.X[:, 0]])
    lasso = br.find_map(replace(case.model, prior=priors.Laplace(0.1, factor=[1, 1, 1, 1, 0.5])), X, case.y)
    assert lasso.certificate.accepted
    assert not lasso.certificate.unique
    assert lasso.certificate.rank == lasso.certificate.equicorrelated - 1
    assert "not certified unique" in str(lasso.certificate)
    for prior in (priors.Gaussian(1.0), priors.ElasticNet(l1=1.0, l2=1.0)):
        assert br.find_map(replace(case.model, prior=prior), X, case.y).certificate.unique


def test_a_twin_that_a_solution_leaves_out_counts_against_its_uniqueness() -> None:
    case = CASES["lasso"]
    single = br.find_map(case.model, case.X, case.y)
    on = int(np.flatnonzero(single.coef)[0])
    problem = replace(case, X=np.column_stack([case.X, case.X[:, on]])).bind()
    found = certify(problem, np.append(single.coef, 0.0), single.intercept)
    assert found.accepted
    assert (found.unique, found.equicorrelated) == (False, single.certificate.equicorrelated + 1)
    assert found.rank == single.certificate.rank


def test_a_repeated_column_that_stays_out_leaves_the_lasso_unique() -> None:
    case = CASES["lasso"]
    noise = np.random.default_rng(1).standard_normal(30) * 0.01
    mode = br.find_map(case.model, np.column_stack([case.X, noise, noise]), case.y)
    assert mode.coef[4] == mode.coef[5] == 0.0
    assert mode.certificate.unique
    assert "unique" in str(mode.certificate)


def test_an_empty_lasso_is_certified_with_gap_zero() -> None:
    case = CASES["lasso"]
    mode = br.find_map(replace(case.model, prior=priors.Laplace(1e-4)), case.X, case.y)
    assert mode.n_nonzero == 0
    assert mode.certificate.accepted
    assert mode.certificate.relative_gap == 0.0
    assert mode.certificate.unique


def test_a_learned_noise_level_is_taken_from_the_argument() -> None:
    case = CASES["lasso"]
    learned = replace(case.model, likelihood=likelihoods.Gaussian(), prior=priors.Laplace(0.1, relative_to="sigma"))
    problem = learned.bind(make_design(case.X, case.y))
    at_level = replace(learned, likelihood=likelihoods.Gaussian(0.9))
    known = br.find_map(at_level, case.X, case.y)
    same(certify(problem, known.coef, known.intercept, 0.9), known.certificate)
    assert not certify(problem, known.coef, known.intercept, 1.0).accepted


@pytest.mark.parametrize(
    ("gap", "kkt", "accepted"),
    [(GAP_TOLERANCE, KKT_TOLERANCE, True), (1.1e-10, 0.0, False), (0.0, 1.1e-8, False), (INF, 0.0, False)],
)
def test_both_numbers_must_meet_the_contract(gap: float, kkt: float, accepted: bool) -> None:
    certificate = Certificate(1.0, 1.0, gap, kkt, NOTHING_IN_PLAY)
    assert certificate.accepted is accepted
    assert str(certificate).startswith("optimal" if accepted else "NOT optimal")


@pytest.mark.parametrize("library_tol", [1e-2, 1e-12])
def test_a_fit_of_another_library_is_judged_by_what_it_is(library_tol: float) -> None:
    from sklearn.linear_model import Lasso

    rng = np.random.default_rng(4)
    X = rng.standard_normal((60, 10)) + rng.standard_normal((60, 1))
    y = X[:, :3].sum(axis=1) + 0.5 * rng.standard_normal(60)
    fit = Lasso(alpha=0.05, tol=library_tol, max_iter=100_000).fit(X, y)
    model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=0.05 * 60))
    found = certify(model.bind(make_design(X, y)), fit.coef_, fit.intercept_)
    assert found.accepted is (library_tol == 1e-12)


@pytest.mark.parametrize("prior", [priors.Gaussian([INF, 1.0, 1.0]), priors.Laplace([INF, 1.0, 1.0])])
@pytest.mark.parametrize(
    "likelihood",
    [likelihoods.Gaussian(1.0), likelihoods.Huber(1.0, 1.0), likelihoods.Laplace(1.0), likelihoods.StudentT(4.0, 1.0)],
)
def test_a_response_that_free_columns_fit_exactly_is_certified(likelihood: Any, prior: Any) -> None:
    for n in (2, 20):
        rng = np.random.default_rng(n)
        X = rng.standard_normal((n, 3))
        mode = br.find_map(br.Model(likelihood, prior), X, 2.0 + X[:, 0])
        np.testing.assert_allclose(mode.coef, [1.0, 0.0, 0.0], atol=1e-12)
        assert mode.certificate.accepted


def test_collinear_columns_held_at_zero_by_their_sign_alone_are_certified() -> None:
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 3, (60, 3))
    X = np.hstack([np.eye(3)[levels[:, k]] for k in range(3)])
    y = X @ rng.uniform(-1, 1, 9) + 0.1 * rng.standard_normal(60)
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=0.0, positive=True)), X, y)
    assert mode.certificate.accepted
    assert 0 < mode.n_nonzero < 9


@pytest.mark.parametrize("mean", [0.0, 1e8])
def test_rounding_of_a_large_response_does_not_hide_an_error(mean: float) -> None:
    case = CASES["lasso"]
    problem = replace(case, y=case.y + mean).bind()
    mode = find_map_of(problem, None, 10_000)
    assert certify(problem, mode.coef, mode.intercept).accepted
    for factor in (1 + 1e-4, 1 - 1e-4):
        assert not certify(problem, mode.coef * factor, mode.intercept).accepted

"""Every model that has a MAP gets one that is certified, and that no generic optimiser beats."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.choice import MAP_ENGINES
from bayesreg.data import make_design
from bayesreg.priors.base import positive_of
from bayesreg.problem import Problem
from tests.contracts.parts import (
    BERNOULLI,
    FLAT_PRIOR,
    KNOWN_PRIORS,
    LAWS,
    OTHERS,
    P,
    all_pairs,
    data_for,
    every_third_quick,
    gaussian_data,
    relative_words,
    row_options,
)

PRIORS = FLAT_PRIOR | KNOWN_PRIORS
LEARNED = {
    "default": likelihoods.Gaussian(),
    "huber": likelihoods.Huber(),
    "laplace": likelihoods.Laplace(LAWS["half_normal"]),
    "student_t": likelihoods.StudentT(5.0),
} | {name: likelihoods.Gaussian(law) for name, law in LAWS.items()}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "standardize": {"standardize": True},
    "intercept": {"intercept": priors.Gaussian(2.0, loc=-1.0)},
    "intercept_sigma": {"intercept": priors.Gaussian(2.0, loc=-1.0, relative_to="sigma")},
    "no_intercept": {"fit_intercept": False},
}
GIVEN = [
    (prior, likelihood, word, setting)
    for prior, likelihood, setting in itertools.product(PRIORS, (likelihoods.Gaussian(1.3), BERNOULLI), SETTINGS)
    for word in relative_words(likelihood, prior)
    if likelihood.has_sigma or setting != "intercept_sigma"
]
GIVEN += [
    (prior, OTHERS[name], None if word == "None" else word, setting)
    for prior, name, word, setting in all_pairs(
        [
            (prior, name, str(word), setting)
            for prior, name, setting in itertools.product(PRIORS, OTHERS, SETTINGS)
            for word in relative_words(OTHERS[name], prior)
            if OTHERS[name].has_sigma or setting != "intercept_sigma"
        ],
        seed=2,
    )
]
LEARNED_CASES = all_pairs(
    [
        (prior, likelihood, str(word), setting)
        for prior, likelihood, setting in itertools.product(PRIORS, LEARNED, SETTINGS)
        for word in relative_words(LEARNED[likelihood], prior)
    ],
    seed=1,
)


def best_of_scipy(problem: Problem, coef: np.ndarray, intercept: float, sigma: float | None) -> float:
    """Smallest minus log posterior that Powell's method reaches, from the claimed mode and from elsewhere."""
    learned = problem.sigma_law is not None

    constrained = np.broadcast_to(positive_of(problem.prior), P)

    def value(at: np.ndarray) -> float:
        # A search without constraints: what would be below the location is mirrored above it.
        coef = np.where(constrained, problem.loc + np.abs(at[:P] - problem.loc), at[:P])
        return -problem.log_posterior(coef, at[P], float(np.exp(at[P + 1])) if learned else None)

    claimed = np.concatenate([coef, [intercept], [np.log(sigma)] if learned and sigma else []])
    elsewhere = np.concatenate([problem.loc + 0.1, [problem.design.y.mean()], [np.log(problem.design.y_sd)] * learned])
    found = []
    # From a claimed mode any way down is enough; from elsewhere the search has to be begun anew to get near.
    for start, times in ((claimed, 1), (elsewhere, 2)):
        at = start
        for _ in range(times):
            at = optimize.minimize(value, at, method="Powell", options={"xtol": 1e-10, "ftol": 1e-14}).x
        found.append(value(at))
    return min(found)


@pytest.mark.parametrize(("prior", "likelihood", "word", "setting"), GIVEN)
def test_every_engine_that_can_gives_the_same_certified_mode(
    prior: str, likelihood: Any, word: Any, setting: str
) -> None:
    model = br.Model(likelihood, PRIORS[prior](word), **SETTINGS[setting])
    X, y = data_for(likelihood)
    weight, offset = row_options(y.size)
    able = [name for name, reason in br.explain(model, X, y).find_map if reason is None]
    modes = [br.find_map(model, X, y, sample_weight=weight, offset=offset, engine=name) for name in able]
    for mode in modes:
        assert mode.certificate.accepted
        np.testing.assert_allclose(mode.certificate.objective, modes[0].certificate.objective, rtol=1e-11)
        if likelihood.smooth and likelihood.convex:
            assert mode.certificate.unique
        if mode.certificate.unique:
            # A vertex is met by rounding in one engine, as a limit in the other.
            tolerance = 1e-10 if likelihood.smooth else 1e-7
            np.testing.assert_allclose(mode.coef, modes[0].coef, rtol=tolerance, atol=1e-2 * tolerance)
            np.testing.assert_allclose(mode.intercept, modes[0].intercept, rtol=1e1 * tolerance, atol=tolerance)


def test_every_map_engine_is_chosen_somewhere() -> None:
    chosen = set()
    for likelihood in (likelihoods.Gaussian(1.3), BERNOULLI, *OTHERS.values()):
        X, y = data_for(likelihood)
        chosen |= {br.explain(br.Model(likelihood, make(None)), X, y).map_engine for make in PRIORS.values()}
    wide = np.random.default_rng(0).standard_normal((10, 500))
    chosen.add(br.explain(br.Model(likelihoods.Gaussian(1.3), priors.Laplace(1.0)), wide, np.arange(10.0)).map_engine)
    assert chosen == {engine.name for engine in MAP_ENGINES}


@pytest.mark.parametrize("likelihood", [likelihoods.Gaussian(1.3), BERNOULLI, *OTHERS.values()], ids=str)
@pytest.mark.parametrize("prior", PRIORS)
def test_no_generic_optimiser_finds_a_lower_objective(prior: str, likelihood: Any) -> None:
    model = br.Model(likelihood, PRIORS[prior](None), intercept=priors.Gaussian(3.0, loc=1.0))
    X, y = data_for(likelihood)
    weight, offset = row_options(y.size)
    mode = br.find_map(model, X, y, sample_weight=weight, offset=offset)
    problem = model.bind(make_design(X, y, weight, offset))
    theirs = best_of_scipy(problem, mode.coef, mode.intercept, None)
    np.testing.assert_allclose(mode.log_posterior, problem.log_posterior(mode.coef, mode.intercept), rtol=1e-14)
    assert -mode.log_posterior <= theirs + 1e-12 * abs(theirs)


@pytest.mark.parametrize(("prior", "likelihood", "word", "setting"), every_third_quick(LEARNED_CASES))
def test_the_joint_mode_with_a_learned_noise_level_is_certified_and_not_beaten(
    prior: str, likelihood: str, word: str, setting: str
) -> None:
    model = br.Model(LEARNED[likelihood], PRIORS[prior](None if word == "None" else word), **SETTINGS[setting])
    X, y = gaussian_data()
    mode = br.find_map(model, X, y)
    assert mode.certificate.accepted
    assert mode.sigma is not None
    problem = model.bind(make_design(X, y))
    theirs = best_of_scipy(problem, mode.coef, mode.intercept, mode.sigma)
    assert -mode.log_posterior <= theirs + 1e-11 * abs(theirs)


INVARIANT = [
    "gaussian",
    "gaussian_loc",
    "laplace",
    "elastic_net",
    "elastic_net_unpenalised",
    "group",
    "laplace_positive",
    "flat",
]
KINDS = {
    "known": likelihoods.Gaussian(1.3),
    "learned": likelihoods.Gaussian(),
    "bernoulli": BERNOULLI,
    "poisson": OTHERS["poisson"],
    "huber": OTHERS["huber"],
    "quantile": OTHERS["quantile"],
    "student_t": OTHERS["student_t"],
}


def assert_same_mode(one: Any, other: Any, coef_factor: Any = 1.0, sigma_factor: float = 1.0) -> None:
    size = np.abs(one.coef).max()
    np.testing.assert_allclose(other.coef / coef_factor, one.coef, rtol=1e-9, atol=1e-11 * size)
    assert np.array_equal(other.coef == 0, one.coef == 0)
    if one.sigma is not None:
        np.testing.assert_allclose(other.sigma / sigma_factor, one.sigma, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prior", INVARIANT)
@pytest.mark.parametrize("standardize", [False, True])
def test_a_row_of_weight_k_is_the_row_repeated_k_times(kind: str, prior: str, standardize: bool) -> None:
    model = br.Model(KINDS[kind], PRIORS[prior](None), standardize=standardize)
    X, y = data_for(KINDS[kind])
    weight, offset = row_options(y.size)
    weight[3] = 0.0
    times = weight.astype(int)
    weighted = br.find_map(model, X, y, sample_weight=weight, offset=offset)
    repeated = br.find_map(model, np.repeat(X, times, 0), np.repeat(y, times), offset=np.repeat(offset, times))
    assert_same_mode(weighted, repeated)
    np.testing.assert_allclose(weighted.intercept, repeated.intercept, rtol=1e-9)
    np.testing.assert_allclose(weighted.log_posterior, repeated.log_posterior, rtol=1e-11)
    np.testing.assert_allclose(weighted.certificate.objective, repeated.certificate.objective, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prior", INVARIANT)
def test_standardising_makes_the_fit_free_of_the_units_of_the_columns(kind: str, prior: str) -> None:
    model = br.Model(KINDS[kind], PRIORS[prior](None), standardize=True)
    X, y = data_for(KINDS[kind])
    units = np.array([1e-4, 1.0, 1e5])
    assert_same_mode(br.find_map(model, X, y), br.find_map(model, X * units, y), coef_factor=1 / units)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace], ids=["gaussian", "laplace"])
def test_a_factor_stands_for_the_unit_of_its_column(kind: str, make: Any) -> None:
    X, y = data_for(KINDS[kind])
    units = np.array([1e-4, 1.0, 1e5])
    plain = br.find_map(br.Model(KINDS[kind], make(0.3)), X, y)
    other = br.find_map(br.Model(KINDS[kind], make(0.3, factor=1 / units)), X * units, y)
    assert_same_mode(plain, other, coef_factor=1 / units)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prior", INVARIANT)
def test_the_order_of_rows_and_columns_does_not_matter(kind: str, prior: str) -> None:
    if prior in ("gaussian_loc", "elastic_net_unpenalised", "group"):
        order = np.arange(P)  # these speak of columns by position
    else:
        order = np.array([2, 0, 1])
    X, y = data_for(KINDS[kind])
    rows = np.random.default_rng(2).permutation(y.size)
    model = br.Model(KINDS[kind], PRIORS[prior](None))
    plain = br.find_map(model, X, y)
    other = br.find_map(model, X[rows][:, order], y[rows])
    np.testing.assert_allclose(other.coef, plain.coef[order], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(other.log_posterior, plain.log_posterior, rtol=1e-11)


@pytest.mark.parametrize("prior", ["gaussian", "laplace", "elastic_net", "elastic_net_unpenalised"])
@pytest.mark.parametrize("sigma", [0.8, None])
@pytest.mark.parametrize("factor", [1e-5, 1e4])
def test_a_prior_relative_to_sigma_needs_no_unit_of_the_response(prior: str, sigma: Any, factor: float) -> None:
    X, y = gaussian_data()
    prior_value = PRIORS[prior]("sigma")
    plain = br.find_map(br.Model(likelihoods.Gaussian(sigma), prior_value), X, y)
    scaled = br.find_map(
        br.Model(likelihoods.Gaussian(None if sigma is None else sigma * factor), prior_value), X, y * factor
    )
    assert_same_mode(plain, scaled, coef_factor=factor, sigma_factor=factor)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 7.0, None])
@pytest.mark.parametrize("prior", ["gaussian", "laplace", "elastic_net"])
def test_a_prior_in_penalty_units_has_the_same_mode_at_every_noise_level(prior: str, sigma: Any) -> None:
    X, y = gaussian_data()
    at_one = br.find_map(br.Model(likelihoods.Gaussian(1.0), PRIORS[prior](None)), X, y)
    other = br.find_map(br.Model(likelihoods.Gaussian(sigma), PRIORS[prior]("penalty")), X, y)
    np.testing.assert_allclose(other.coef, at_one.coef, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.intercept, at_one.intercept, rtol=1e-9)

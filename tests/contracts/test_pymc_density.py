"""The PyMC export has the density of `Problem.log_posterior`, constants included, for every pair of parts."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.penalty import log_normalizer
from bayesreg.priors.base import positive_of
from bayesreg.problem import Problem
from bayesreg.pymc_export import build_pymc
from tests.contracts.parts import (
    BERNOULLI,
    FLAT_PRIOR,
    KNOWN_PRIORS,
    LAWS,
    LEARNED_PRIORS,
    MIXTURE_PRIORS,
    OTHERS,
    RELATIVE_TO,
    P,
    all_pairs,
    data_for,
    every_third_quick,
    gaussian_data,
    relative_words,
    row_options,
)

PRIORS = FLAT_PRIOR | KNOWN_PRIORS | LEARNED_PRIORS | MIXTURE_PRIORS
LIKELIHOODS = (
    {
        "known": likelihoods.Gaussian(3.0),
        "default": likelihoods.Gaussian(),
        "default_wide": likelihoods.Gaussian(),
        "bernoulli": BERNOULLI,
        "huber_learned": likelihoods.Huber(1.2),
        "student_t_learned": likelihoods.StudentT(3.0, LAWS["half_cauchy"]),
    }
    | OTHERS
    | {name: likelihoods.Gaussian(law) for name, law in LAWS.items()}
)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "standardize": {"standardize": True},
    "weights": {"weights": True},
    "offset": {"offset": True},
    "intercept_gaussian": {"intercept": priors.Gaussian(5.0, loc=1.0)},
    "intercept_sigma": {"intercept": priors.Gaussian(5.0, loc=1.0, relative_to="sigma")},
    "intercept_penalty": {"intercept": priors.Gaussian(5.0, loc=1.0, relative_to="penalty")},
    "no_intercept": {"fit_intercept": False},
    "everything": {
        "standardize": True,
        "weights": True,
        "offset": True,
        "intercept": priors.Gaussian(2.0, loc=-1.0),
    },
}


def allowed() -> list[tuple[str, ...]]:
    every = []
    for prior, likelihood, option in itertools.product(PRIORS, LIKELIHOODS, OPTIONS):
        if not LIKELIHOODS[likelihood].has_sigma and option in ("intercept_sigma", "intercept_penalty"):
            continue
        words = relative_words(LIKELIHOODS[likelihood], prior)
        every += [(prior, likelihood, str(word), option) for word in words]
    return every


CASES = all_pairs(allowed(), seed=0)


def bind(prior: Any, likelihood: str, option: str) -> Problem:
    settings = dict(OPTIONS[option])
    if not LIKELIHOODS[likelihood].has_sigma:
        X, y = data_for(LIKELIHOODS[likelihood])
    else:
        # p >= n - 1 makes the default law of sigma an inverse gamma.
        X, y = gaussian_data(P + 1 if likelihood == "default_wide" else 16)
    weight, offset = row_options(y.size)
    design = make_design(
        X, y, weight if settings.pop("weights", False) else None, offset if settings.pop("offset", False) else None
    )
    return br.Model(LIKELIHOODS[likelihood], prior, **settings).bind(design)


def assert_same_density(problem: Problem, *, centred: bool = False, standardised: bool = False, seed: int = 0) -> None:
    model = build_pymc(problem, centred=centred, standardised=standardised)
    compiled = model.compile_fn(model.logp(jacobian=False), mode="FAST_COMPILE")
    rng = np.random.default_rng(seed)
    for _ in range(3):
        d = rng.standard_normal(P)
        constrained = np.broadcast_to(positive_of(problem.prior), P)
        coef = problem.loc + np.where(constrained, np.abs(d), d)
        intercept, sigma = rng.standard_normal(), np.exp(0.5 * rng.standard_normal())
        hyper = {name: np.exp(0.5 * rng.standard_normal()) for name in problem.hyper_laws}
        beyond = np.where(constrained, np.log(np.abs(d)), coef)
        point = {"coef_beyond__": beyond} if constrained.any() else {"coef": coef}
        point |= {f"{name}_log__": np.log(value) for name, value in hyper.items()}
        jacobian, local = 0.0, None
        if isinstance(problem.prior, priors.NormalMixture):
            on = ~problem.unpenalised
            local = np.where(on, np.exp(rng.standard_normal(P)), np.nan)
            if on.any():
                point["local_scale_log__" if on.all() else "local_scale_penalised_log__"] = np.log(local[on])
            if standardised:
                # d = deviation z: the density of z is that of d times the deviations.
                noise = 1.0 if problem.relative_to is None else problem.known_sigma or sigma
                deviation = np.broadcast_to(noise * problem.unit * problem.prior.deviation(local, hyper), P)[on]
                jacobian = np.log(deviation).sum()
                del point["coef"]
                point["coef_standardised"] = (coef - problem.loc)[on] / deviation
                point |= {} if on.all() else {"coef_free": coef[~on]}
        if problem.sigma_law is not None:
            point["sigma_log__"] = np.log(sigma)
        if problem.fit_intercept and centred:
            point["intercept_centred"] = intercept + problem.design.x_mean @ coef
        elif problem.fit_intercept:
            point["intercept"] = intercept
        assert set(point) == {variable.name for variable in model.value_vars}
        ours = problem.log_posterior(coef, intercept, sigma, hyper, local) + jacobian
        theirs = float(compiled({name: np.asarray(value) for name, value in point.items()}))
        np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=0)


def test_the_cases_hold_every_pair_of_parts_that_is_allowed() -> None:
    def pairs(cases: list[tuple[str, ...]]) -> set[Any]:
        return {pair for case in cases for pair in itertools.combinations(enumerate(case), 2)}

    assert pairs(CASES) == pairs(allowed())


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize(("prior", "likelihood", "word", "option"), every_third_quick(CASES))
def test_the_density_is_that_of_the_export(prior: str, likelihood: str, word: str, option: str) -> None:
    relative_to = None if word == "None" else word
    assert_same_density(bind(PRIORS[prior](relative_to), likelihood, option))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    "make",
    [
        lambda law: priors.Gaussian(law),
        lambda law: priors.Laplace(law),
        lambda law: priors.Laplace(rate=law),
        lambda law: priors.StudentT(4.0, law),
    ],
    ids=["gaussian", "laplace", "rate", "student_t"],
)
def test_a_prior_scale_or_rate_is_learned_under_every_law(make: Any, law: str) -> None:
    assert_same_density(bind(make(LAWS[law]), "half_normal", "plain"))


def assert_finite_start(model: Any) -> None:
    start = model.initial_point()
    assert all(np.all(np.isfinite(value)) for value in start.values())
    assert np.isfinite(model.compile_fn(model.logp(), mode="FAST_COMPILE")(start))
    assert np.all(np.isfinite(model.compile_fn(model.dlogp(), mode="FAST_COMPILE")(start)))


@pytest.mark.parametrize("law", LAWS)
def test_a_sampler_can_start_where_the_export_tells_it_to(law: str) -> None:
    problem = bind(priors.Laplace(LAWS[law]), law, "plain")
    for centred in (False, True):
        assert_finite_start(build_pymc(problem, centred=centred))


@pytest.mark.parametrize(
    ("prior", "standardised"), every_third_quick(list(itertools.product(MIXTURE_PRIORS, [False, True])))
)
def test_a_sampler_can_start_on_a_normal_mixture(prior: str, standardised: bool) -> None:
    problem = bind(MIXTURE_PRIORS[prior]("sigma"), "default", "plain")
    assert_finite_start(build_pymc(problem, standardised=standardised))


@pytest.mark.parametrize("prior", MIXTURE_PRIORS)
@pytest.mark.parametrize(("word", "likelihood"), [("sigma", "default"), (None, "bernoulli")])
def test_the_standardised_form_is_a_change_of_variables(prior: str, word: Any, likelihood: str) -> None:
    assert_same_density(bind(MIXTURE_PRIORS[prior](word), likelihood, "everything"), standardised=True)


@pytest.mark.parametrize("option", ["plain", "intercept_gaussian", "intercept_sigma", "everything"])
def test_sampling_the_intercept_at_the_column_means_leaves_the_density_alone(option: str) -> None:
    assert_same_density(bind(priors.Laplace(0.3), "half_normal", option), centred=True)


@pytest.mark.parametrize("prior", ["gaussian", "laplace", "elastic_net"])
def test_a_column_in_units_of_its_deviation_gets_the_scale_over_it(prior: str) -> None:
    # Written out without the package: only the bound unit can make these agree.
    X, y = gaussian_data()
    sd = X.std(axis=0)
    problem = br.Model(LIKELIHOODS["known"], KNOWN_PRIORS[prior](None), standardize=True).bind(make_design(X, y))
    coef = np.array([0.4, -1.1, 0.2])
    density = {
        "gaussian": lambda: stats.norm.logpdf(coef, 0, 0.7 / sd).sum(),
        "laplace": lambda: stats.laplace.logpdf(coef, 0, 0.2 / sd).sum(),
        "elastic_net": lambda: np.sum(
            -3 * np.abs(coef) * sd - (coef * sd) ** 2 - log_normalizer(3.0 * sd, 2.0 * sd**2)
        ),
    }[prior]()
    np.testing.assert_allclose(problem.log_prior(coef), density, rtol=1e-13)
    likelihood = stats.norm.logpdf(y, 0.3 + X @ coef, 3.0).sum()
    np.testing.assert_allclose(problem.log_posterior(coef, 0.3), density + likelihood, rtol=1e-13)


@pytest.mark.parametrize("word", RELATIVE_TO)
@pytest.mark.parametrize("prior", ["gaussian", "laplace"])
def test_the_noise_multiplies_the_scale_as_relative_to_says(prior: str, word: Any) -> None:
    X, y = gaussian_data()
    problem = br.Model(likelihoods.Gaussian(1.3), KNOWN_PRIORS[prior](word)).bind(make_design(X, y))
    coef = np.array([0.4, -1.1, 0.2])
    if prior == "gaussian":
        scale = 0.7 * {None: 1.0, "auto": 1.0, "sigma": 1.3, "penalty": 1.3}[word]
        expected = stats.norm.logpdf(coef, 0, scale).sum()
    else:
        scale = 0.2 * {None: 1.0, "auto": 1.0, "sigma": 1.3, "penalty": 1.3**2}[word]
        expected = stats.laplace.logpdf(coef, 0, scale).sum()
    np.testing.assert_allclose(problem.log_prior(coef), expected, rtol=1e-13)


@pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")
def test_elastic_net_draws_follow_the_density() -> None:
    X, y = gaussian_data()
    model = br.to_pymc(br.Model(likelihoods.Gaussian(1.3), priors.ElasticNet(l1=2.0, l2=1.5, loc=0.5)), X, y)
    draws = pm.draw(model["coef"], draws=1500, random_seed=3)[:, 0] - 0.5
    normalizer = np.exp(log_normalizer(np.array(2.0), np.array(1.5)))
    grid = np.linspace(-8, 8, 40001)
    density = np.exp(-2.0 * np.abs(grid) - 0.75 * grid**2) / normalizer
    cdf = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
    assert stats.kstest(draws, lambda x: np.interp(x, grid, cdf)).pvalue > 1e-3

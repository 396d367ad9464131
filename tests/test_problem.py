"""The one definition of the posterior density, and the least-squares form that engines solve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError, NoMapError
from bayesreg.problem import InterceptPrior, Problem

INF = float("inf")
COEF, B0 = np.array([0.3, -0.2, 0.5, 0.0]), 1.4


def bind(model: br.Model, data: Any, weight: Any = None, offset: Any = None) -> Problem:
    return model.bind(make_design(*data, weight, offset))


def test_the_log_posterior_is_the_sum_of_its_densities(linear: Any) -> None:
    X, y = linear
    weight, offset = np.arange(30) % 3 + 0.5, np.linspace(-1, 1, 30)
    model = br.Model(
        likelihoods.Gaussian(scales.HalfNormal(2.0)),
        priors.Laplace(scales.Gamma(2.0, 3.0), loc=0.1, relative_to=None),
        intercept=priors.Gaussian(3.0, loc=-1.0),
    )
    problem = bind(model, linear, weight, offset)
    found = problem.log_posterior(COEF, B0, 0.8, {"prior_scale": 0.6})
    expected = weight @ stats.norm.logpdf(y, B0 + X @ COEF + offset, 0.8)
    expected += stats.laplace.logpdf(COEF, 0.1, 0.6).sum() + stats.norm.logpdf(B0, -1.0, 3.0)
    expected += stats.halfnorm.logpdf(0.8, scale=2.0) + stats.gamma.logpdf(0.6, 2.0, scale=1 / 3.0)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_without_an_intercept_its_value_is_ignored(linear: Any) -> None:
    problem = bind(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0), fit_intercept=False), linear)
    assert problem.log_posterior(COEF, 5.0) == problem.log_posterior(COEF)
    assert problem.best_intercept(COEF, 1.0) == 0.0
    assert not problem.flat_intercept


def test_rows_and_predictors_broadcast_over_draws(linear: Any) -> None:
    X, y = linear
    weight = np.arange(30) % 3 + 0.5
    problem = bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), linear, weight)
    rng = np.random.default_rng(0)
    coef, b0, sigma = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 5)), rng.uniform(0.5, 2, (2, 5))
    rows = problem.row_log_likelihood(coef, b0, sigma)
    assert rows.shape == (2, 5, 30)
    for c in range(2):
        for d in range(5):
            expected = weight * stats.norm.logpdf(y, b0[c, d] + X @ coef[c, d], sigma[c, d])
            np.testing.assert_allclose(rows[c, d], expected, rtol=1e-12)


def test_values_of_learned_parameters_are_asked_for_by_name(linear: Any) -> None:
    model = br.Model(likelihoods.Gaussian(), priors.ElasticNet(scales.HalfNormal(1.0), scales.HalfNormal(1.0)))
    problem = bind(model, linear)
    with pytest.raises(InputError, match="sigma is learned"):
        problem.log_posterior(COEF, B0, hyper={"prior_l1": 1.0, "prior_l2": 1.0})
    with pytest.raises(InputError, match="prior_l1, prior_l2"):
        problem.log_posterior(COEF, B0, 1.0)
    with pytest.raises(InputError, match="prior_l2"):
        problem.log_posterior(COEF, B0, 1.0, {"prior_l1": 1.0})


def test_a_known_noise_level_overrides_the_argument(linear: Any) -> None:
    problem = bind(br.Model(likelihoods.Gaussian(1.3), priors.Gaussian(1.0)), linear)
    assert problem.log_posterior(COEF, B0, 7.0) == problem.log_posterior(COEF, B0)
    assert problem.known_sigma == 1.3
    assert problem.sigma_law is None


def test_a_likelihood_without_noise_counts_as_level_one(binary: Any) -> None:
    problem = bind(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), binary)
    assert problem.known_sigma == 1.0
    assert problem.sigma is None


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (priors.Flat(), [True] * 4),
        (priors.Gaussian(1.0), [False] * 4),
        (priors.Laplace([1.0, INF, 1.0, INF]), [False, True, False, True]),
        (priors.ElasticNet([1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 2.0, 1.0]), [False, True, False, False]),
        (priors.Gaussian(scales.HalfCauchy(1.0), factor=[1, 1, INF, 1]), [False, False, True, False]),
    ],
)
def test_columns_without_a_penalty_are_known(linear: Any, prior: Any, expected: list[bool]) -> None:
    assert list(bind(br.Model(likelihoods.Gaussian(1.0), prior), linear).unpenalised) == expected


def test_strength_multiplies_the_penalty_and_nothing_else(linear: Any) -> None:
    problem = bind(br.Model(likelihoods.Gaussian(1.3), priors.ElasticNet(2.0, 3.0)), linear)
    strong = problem.with_strength(4.0)
    np.testing.assert_allclose(strong.penalty(1.3).l1, 8.0)
    np.testing.assert_allclose(strong.penalty(1.3).l2, 12.0)
    assert problem.strength == 1.0
    np.testing.assert_array_equal(strong.row_log_likelihood(COEF, B0), problem.row_log_likelihood(COEF, B0))


def test_a_prior_that_is_no_penalty_has_none() -> None:
    class Cauchy:
        """A prior of the exported kind."""

        loc = 0.0
        factor = 1.0
        relative_to = "sigma"
        positive = False

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

        def log_density(self, d: Any, unit: Any, noise: float, hyper: Any) -> float:
            """Return the sum of the log densities."""
            return float(stats.cauchy.logpdf(d, scale=unit * noise).sum())

        def to_pymc(self, name: str, loc: Any, unit: Any, noise: Any, hyper: Any) -> Any:
            """Return the PyMC variable."""
            import pymc as pm

            return pm.Cauchy(name, alpha=loc, beta=unit * noise, dims="feature")

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 2)), rng.standard_normal(12)
    model = br.Model(likelihoods.Gaussian(0.7), Cauchy(), fit_intercept=False)
    problem = model.bind(make_design(X, y))
    with pytest.raises(NoMapError, match="not a penalty"):
        problem.penalty(1.0)
    coef = np.array([0.5, -1.0])
    expected = stats.norm.logpdf(y, X @ coef, 0.7).sum() + stats.cauchy.logpdf(coef, scale=0.7).sum()
    np.testing.assert_allclose(problem.log_posterior(coef), expected, rtol=1e-13)
    exported = br.to_pymc(model, X, y)
    theirs = exported.compile_fn(exported.logp(jacobian=False), mode="FAST_COMPILE")({"coef": coef})
    np.testing.assert_allclose(theirs, expected, rtol=1e-12)


@pytest.mark.parametrize("word", [None, "sigma", "penalty"])
def test_the_prior_of_the_intercept_meets_the_noise_like_any_gaussian(word: Any) -> None:
    prior = InterceptPrior(rate=4.0, loc=1.0, relative_to=word)
    sd = 0.5 if word is None else 0.5 * 3.0
    np.testing.assert_allclose(prior.log_density(2.5, 3.0), stats.norm.logpdf(2.5, 1.0, sd), rtol=1e-13)
    np.testing.assert_allclose(prior.l2(3.0), sd**-2, rtol=1e-13)
    assert not prior.flat
    assert InterceptPrior(0.0, 0.0, None).log_density(3.0, 1.0) == 0.0


@pytest.mark.parametrize(
    "intercept", [priors.Flat(), priors.Gaussian(0.4, loc=2.0), None], ids=["flat", "proper", "no"]
)
@pytest.mark.parametrize("prior", [priors.Gaussian(0.5, loc=0.2), priors.ElasticNet([3.0, 0.0, 1.0, 2.0], 1.0)])
def test_the_least_squares_form_differs_from_the_posterior_by_a_constant(
    linear: Any, prior: Any, intercept: Any
) -> None:
    sigma = 0.7
    model = br.Model(
        likelihoods.Gaussian(sigma), prior, fit_intercept=intercept is not None, intercept=intercept or priors.Flat()
    )
    problem = bind(model, linear, np.arange(30) % 3 + 0.5, np.linspace(-1, 1, 30))
    ls = problem.least_squares(sigma)
    A, b = ls.rows()
    np.testing.assert_allclose(ls.gram, A.T @ A, rtol=1e-12)
    rng = np.random.default_rng(1)
    differences = []
    for _ in range(4):
        d = rng.standard_normal(4)
        b0 = problem.best_intercept(d, sigma)
        half = 0.5 * np.sum((b - A @ d) ** 2) + ls.penalty.l1 @ np.abs(d) + 0.5 * ls.penalty.l2 @ d**2
        differences.append(half / sigma**2 + problem.log_posterior(problem.loc + d, b0))
        if intercept is not None:
            found = optimize.minimize_scalar(
                lambda b, d=d: -problem.log_posterior(problem.loc + d, b), bracket=(b0 - 1, b0 + 2)
            )
            np.testing.assert_allclose(b0, found.x, rtol=1e-6)
    np.testing.assert_allclose(differences, differences[0], rtol=1e-10)


def test_a_group_whose_members_are_all_unpenalised_counts_for_nothing(linear: Any) -> None:
    whole = priors.GroupLaplace([0, 0, 1, 1], 0.5, factor=[INF, INF, 1.0, 2.0])
    alone = priors.GroupLaplace([0, 0], 0.5, factor=[1.0, 2.0])
    problem = bind(br.Model(likelihoods.Gaussian(1.0), whole, fit_intercept=False), linear)
    rest = bind(br.Model(likelihoods.Gaussian(1.0), alone, fit_intercept=False), (linear[0][:, 2:], linear[1]))
    np.testing.assert_allclose(problem.log_prior(COEF), rest.log_prior(COEF[2:]), rtol=1e-14)
    assert list(problem.unpenalised) == [True, True, False, False]
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), whole), *linear)
    assert mode.certificate.accepted

"""Draws from the prior have the laws that the model states, and what is improper is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError, PriorWarning

INF = float("inf")
DRAWS = 20_000
GAUSSIAN = likelihoods.Gaussian(1.0)


@pytest.fixture(scope="module")
def X() -> np.ndarray:
    """Few rows of two columns of unequal spread."""
    return np.random.default_rng(110).standard_normal((12, 2)) * [1.0, 5.0] + [0.0, 3.0]


def prior_draws(model: br.Model, X: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
    tree = br.prior_predictive(model, X, draws=DRAWS, seed=6, **options)
    assert list(tree.children) == ["prior", "prior_predictive"]
    values = {name: tree["prior"][name].to_numpy()[0] for name in tree["prior"].data_vars}
    return values | {"y": tree["prior_predictive"]["y"].to_numpy()[0]}


def check_law(draws: np.ndarray, cdf: Callable[[Any], Any]) -> None:
    """Kolmogorov-Smirnov at a level that a right law fails once in ten thousand seeds."""
    assert draws.size == DRAWS
    assert stats.kstest(draws, cdf).pvalue > 1e-4


def elastic_net_cdf(l1: float, l2: float) -> Callable[[Any], Any]:
    """Distribution function by quadrature on a grid."""
    reach = 12 / max(l1, np.sqrt(l2))
    grid = np.linspace(-reach, reach, 200_001)
    density = np.exp(-l1 * np.abs(grid) - 0.5 * l2 * grid**2)
    mass = integrate.cumulative_trapezoid(density, grid, initial=0.0)
    return lambda value: np.interp(value, grid, mass / mass[-1])


def mixture_cdf(deviation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Distribution function of N(0, deviation(local)²) over half-Cauchy local scales, at quantiles of these."""
    local = np.tan(0.5 * np.pi * (np.arange(20_000) + 0.5) / 20_000)
    grid = np.sinh(np.linspace(-12, 12, 2001))
    values = np.array([stats.norm.cdf(point / deviation(local)).mean() for point in grid])
    return lambda value: np.interp(value, grid, values)


SD = np.array([2.0, 0.5])
# Prior, law of each of the two coefficients at sigma = 2.
COEFFICIENTS: dict[str, tuple[Any, list[Callable[[Any], Any]]]] = {
    "gaussian": (priors.Gaussian(0.7), [stats.norm(0, 0.7).cdf] * 2),
    "gaussian_vector": (priors.Gaussian([0.7, 3.0]), [stats.norm(0, 0.7).cdf, stats.norm(0, 3.0).cdf]),
    "gaussian_loc": (priors.Gaussian(0.7, loc=[1.0, -2.0]), [stats.norm(1.0, 0.7).cdf, stats.norm(-2.0, 0.7).cdf]),
    "gaussian_factor": (priors.Gaussian(0.7, factor=[1.0, 3.0]), [stats.norm(0, 0.7).cdf, stats.norm(0, 2.1).cdf]),
    "gaussian_sigma": (priors.Gaussian(0.7, relative_to="sigma"), [stats.norm(0, 1.4).cdf] * 2),
    "gaussian_penalty": (priors.Gaussian(0.7, relative_to="penalty"), [stats.norm(0, 1.4).cdf] * 2),
    "laplace": (priors.Laplace(0.7), [stats.laplace(0, 0.7).cdf] * 2),
    "laplace_rate": (priors.Laplace(rate=[4.0, 0.5]), [stats.laplace(0, 0.25).cdf, stats.laplace(0, 2.0).cdf]),
    "laplace_loc": (priors.Laplace(0.7, loc=1.5), [stats.laplace(1.5, 0.7).cdf] * 2),
    "laplace_sigma": (priors.Laplace(0.7, relative_to="sigma"), [stats.laplace(0, 1.4).cdf] * 2),
    "laplace_penalty": (priors.Laplace(0.7, relative_to="penalty"), [stats.laplace(0, 2.8).cdf] * 2),
    "elastic_net": (priors.ElasticNet(3.0, 2.0), [elastic_net_cdf(3.0, 2.0)] * 2),
    "elastic_net_vector": (
        priors.ElasticNet([3.0, 0.0], [0.0, 4.0]),
        [stats.laplace(0, 1 / 3).cdf, stats.norm(0, 0.5).cdf],
    ),
    "elastic_net_factor": (priors.ElasticNet(3.0, 2.0, factor=2.0), [elastic_net_cdf(1.5, 0.5)] * 2),
    "elastic_net_sigma": (priors.ElasticNet(3.0, 2.0, relative_to="sigma"), [elastic_net_cdf(1.5, 0.5)] * 2),
    "elastic_net_penalty": (priors.ElasticNet(3.0, 2.0, relative_to="penalty"), [elastic_net_cdf(0.75, 0.5)] * 2),
    "student_t": (priors.StudentT(2.5, [0.7, 3.0]), [stats.t(2.5, scale=0.7).cdf, stats.t(2.5, scale=3.0).cdf]),
    "student_t_sigma": (
        priors.StudentT(2.5, 0.7, relative_to="sigma", loc=[1.0, 0.0], factor=[1.0, 3.0]),
        [stats.t(2.5, 1.0, 1.4).cdf, stats.t(2.5, 0.0, 4.2).cdf],
    ),
    "horseshoe": (priors.Horseshoe(0.4), [mixture_cdf(lambda local: 0.4 * local)] * 2),
    "regularized": (
        priors.RegularizedHorseshoe(0.4, 1.5, None, relative_to="sigma"),
        [mixture_cdf(lambda local: 2.0 * (1 / (0.4 * local) ** 2 + 1 / 1.5**2) ** -0.5)] * 2,
    ),
}


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_coefficients_follow_their_prior(name: str, X: np.ndarray) -> None:
    prior, laws = COEFFICIENTS[name]
    drawn = prior_draws(br.Model(likelihoods.Gaussian(2.0), prior, fit_intercept=False), X)
    assert set(drawn) - {"local_scale"} == {"coef", "y"}
    assert drawn["coef"].shape == (DRAWS, 2)
    for j, law in enumerate(laws):
        check_law(drawn["coef"][:, j], law)
    assert abs(np.corrcoef(drawn["coef"].T)[0, 1]) < 4 / np.sqrt(DRAWS)


def test_moments_are_those_of_the_closed_forms(X: np.ndarray) -> None:
    for prior, variance, fourth in (
        (priors.Gaussian(0.7), 0.49, 3 * 0.49**2),
        (priors.Laplace(0.7), 2 * 0.49, 24 * 0.49**2),
    ):
        coef = prior_draws(br.Model(GAUSSIAN, prior, fit_intercept=False), X)["coef"].ravel()
        assert abs(coef.mean()) < 4 * np.sqrt(variance / coef.size)
        assert abs((coef**2).mean() - variance) < 4 * np.sqrt((fourth - variance**2) / coef.size)


def test_standardize_divides_the_scale_and_the_location_by_the_spread_of_the_column(X: np.ndarray) -> None:
    model = br.Model(GAUSSIAN, priors.Laplace(0.7, loc=1.0), fit_intercept=False, standardize=True)
    coef = prior_draws(model, X)["coef"]
    for j, sd in enumerate(X.std(0)):
        check_law(coef[:, j], stats.laplace(1.0 / sd, 0.7 / sd).cdf)


def square_root_of_inverse_gamma(shape: float, scale: float) -> Callable[[Any], Any]:
    return lambda value: stats.invgamma(shape, scale=scale).cdf(np.square(value))


LAWS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "half_normal": (scales.HalfNormal(1.7), stats.halfnorm(scale=1.7).cdf),
    "half_student_t": (scales.HalfStudentT(4.0, 0.8), lambda v: 2 * stats.t(4.0, scale=0.8).cdf(v) - 1),
    "half_cauchy": (scales.HalfCauchy(1.3), stats.halfcauchy(scale=1.3).cdf),
    "gamma": (scales.Gamma(2.5, 1.4), stats.gamma(2.5, scale=1 / 1.4).cdf),
    "inverse_gamma": (scales.InverseGamma(3.0, 2.0), square_root_of_inverse_gamma(3.0, 2.0)),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_learned_noise_level_follows_its_law_and_is_the_noise_of_the_response(name: str, X: np.ndarray) -> None:
    law, cdf = LAWS[name]
    model = br.Model(likelihoods.Gaussian(law), priors.Gaussian(0.5), fit_intercept=False)
    drawn = prior_draws(model, X)
    check_law(drawn["sigma"], cdf)
    noise = (drawn["y"] - drawn["coef"] @ X.T) / drawn["sigma"][:, None]
    check_law(noise[:, 3], stats.norm.cdf)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 4 / np.sqrt(DRAWS)


PARAMETERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "gaussian_scale": (lambda law: priors.Gaussian(law, relative_to=None), "prior_scale"),
    "laplace_scale": (lambda law: priors.Laplace(law, relative_to=None), "prior_scale"),
    "laplace_rate": (lambda law: priors.Laplace(rate=law, relative_to=None), "prior_rate"),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_learned_prior_parameter_follows_its_law_and_scales_the_coefficients(
    parameter: str, law: str, X: np.ndarray
) -> None:
    make, name = PARAMETERS[parameter]
    value, cdf = LAWS[law]
    drawn = prior_draws(br.Model(GAUSSIAN, make(value), fit_intercept=False), X)
    check_law(drawn[name], cdf)
    scale = 1 / drawn[name] if name == "prior_rate" else drawn[name]
    unit = stats.norm.cdf if parameter == "gaussian_scale" else stats.laplace.cdf
    check_law(drawn["coef"][:, 0] / scale, unit)


def test_learned_rates_of_an_elastic_net_are_used_draw_by_draw(X: np.ndarray) -> None:
    prior = priors.ElasticNet(scales.Gamma(4.0, 1.0), scales.HalfNormal(3.0), relative_to=None)
    drawn = prior_draws(br.Model(GAUSSIAN, prior, fit_intercept=False), X)
    check_law(drawn["prior_l1"], stats.gamma(4.0).cdf)
    check_law(drawn["prior_l2"], stats.halfnorm(scale=3.0).cdf)
    # |d| given the rates is a truncated normal: its distribution function at the draw is uniform.
    root = np.sqrt(drawn["prior_l2"])
    a = drawn["prior_l1"] / root
    size = np.abs(drawn["coef"][:, 0])
    log_tail = stats.norm.logsf(a + size * root) - stats.norm.logsf(a)
    check_law(-np.expm1(log_tail), stats.uniform.cdf)


def test_a_scale_relative_to_a_learned_noise_level_moves_with_it(X: np.ndarray) -> None:
    learned = scales.HalfNormal(1.7)
    with pytest.warns(PriorWarning, match="pulls sigma down"):
        tight = br.prior_predictive(
            br.Model(likelihoods.Gaussian(learned), priors.Gaussian(0.5, relative_to="sigma"), fit_intercept=False),
            X[:4],
            draws=DRAWS,
            seed=6,
        )
    prior = tight["prior"]
    check_law((prior["coef"][0, :, 1] / prior["sigma"][0]).to_numpy() / 0.5, stats.norm.cdf)


def test_the_response_is_the_predictor_with_intercept_and_offset_plus_noise(X: np.ndarray) -> None:
    offset = np.linspace(-2, 5, 12)
    model = br.Model(likelihoods.Gaussian(0.3), priors.Gaussian(0.4), intercept=priors.Gaussian(2.0, loc=-1.0))
    drawn = prior_draws(model, X, offset=offset)
    check_law(drawn["intercept"], stats.norm(-1.0, 2.0).cdf)
    assert abs(np.corrcoef(drawn["intercept"], drawn["coef"][:, 0])[0, 1]) < 4 / np.sqrt(DRAWS)
    noise = drawn["y"] - (drawn["intercept"][:, None] + drawn["coef"] @ X.T + offset)
    for i in (0, 7):
        check_law(noise[:, i] / 0.3, stats.norm.cdf)
        total = np.sqrt(0.3**2 + 4.0 + 0.16 * X[i] @ X[i])
        check_law(drawn["y"][:, i], stats.norm(-1.0 + offset[i], total).cdf)


def test_an_intercept_may_be_relative_to_the_noise_level(X: np.ndarray) -> None:
    model = br.Model(
        likelihoods.Gaussian(scales.HalfNormal(1.0)),
        priors.Gaussian(0.4),
        intercept=priors.Gaussian(2.0, relative_to="sigma"),
    )
    drawn = prior_draws(model, X)
    check_law(drawn["intercept"] / drawn["sigma"], stats.norm(0, 2.0).cdf)


def test_a_binary_response_has_the_probability_of_its_predictor(X: np.ndarray) -> None:
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.4), intercept=priors.Gaussian(1.0, loc=0.5))
    y = prior_draws(model, X)["y"]
    assert set(np.unique(y)) == {0.0, 1.0}
    for i in (0, 7):
        sd = np.sqrt(1.0 + 0.16 * X[i] @ X[i])
        chance = integrate.quad(lambda z, sd=sd: stats.norm.pdf(z) / (1 + np.exp(-(0.5 + sd * z))), -9, 9)[0]
        assert abs(y[:, i].mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / DRAWS)


def test_the_default_noise_law_is_scaled_by_the_given_response() -> None:
    rng = np.random.default_rng(111)
    rows, y = rng.standard_normal((30, 2)), 5.0 * rng.standard_normal(30)
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(0.4), fit_intercept=False)
    check_law(prior_draws(model, rows, y=y)["sigma"], lambda v: 2 * stats.t(3.0, scale=y.std()).cdf(v) - 1)
    with pytest.raises(InputError, match=r"default law of sigma is scaled by sd\(y\): give y"):
        br.prior_predictive(model, rows)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (br.Model(GAUSSIAN, priors.Flat(), fit_intercept=False), "prior of coef is flat"),
        (br.Model(GAUSSIAN, priors.Gaussian([1.0, INF]), fit_intercept=False), "prior of coef is flat"),
        (br.Model(GAUSSIAN, priors.Laplace(rate=[0.0, 1.0]), fit_intercept=False), "prior of coef is flat"),
        (
            br.Model(GAUSSIAN, priors.Gaussian(scales.HalfNormal(1.0), factor=[INF, 1.0]), fit_intercept=False),
            "prior of coef is flat",
        ),
        (br.Model(GAUSSIAN, priors.Gaussian(1.0)), r"intercept has a flat \(improper\) prior; give one"),
        (br.Model(GAUSSIAN, priors.Gaussian(1.0), intercept=priors.Gaussian(INF)), "intercept has a flat"),
        (
            br.Model(likelihoods.Gaussian(scales.Flat()), priors.Gaussian(1.0), fit_intercept=False),
            r"scales\.Flat\(\) is improper",
        ),
        (
            br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Gaussian(1.0), fit_intercept=False),
            r"scales\.Jeffreys\(\) is improper",
        ),
        (
            br.Model(GAUSSIAN, priors.Gaussian(scales.Flat(), relative_to=None), fit_intercept=False),
            r"scales\.Flat\(\) is improper",
        ),
        (
            br.Model(GAUSSIAN, priors.ElasticNet(scales.Jeffreys(), 1.0, relative_to=None), fit_intercept=False),
            r"scales\.Jeffreys\(\) is improper",
        ),
    ],
)
def test_every_improper_part_is_named(model: br.Model, words: str, X: np.ndarray) -> None:
    with pytest.raises(InputError, match=words):
        br.prior_predictive(model, X)


PROPER = br.Model(GAUSSIAN, priors.Gaussian(1.0), intercept=priors.Gaussian(1.0))


def test_the_same_seed_gives_the_same_draws(X: np.ndarray) -> None:
    one, same, other = (br.prior_predictive(PROPER, X, draws=5, seed=seed) for seed in (1, 1, 2))
    assert one.identical(same)
    assert not one["prior"].equals(other["prior"])
    first, second = np.random.default_rng(1), np.random.default_rng(1)
    assert br.prior_predictive(PROPER, X, draws=5, seed=first).identical(
        br.prior_predictive(PROPER, X, draws=5, seed=second)
    )


def test_a_frame_gives_its_names_and_the_shapes_are_those_of_arviz(X: np.ndarray) -> None:
    import pandas as pd

    tree = br.prior_predictive(PROPER, pd.DataFrame(X, columns=["age", "dose"]), draws=5, seed=1)
    assert tree["prior"]["coef"].dims == ("chain", "draw", "feature")
    assert list(tree["prior"]["feature"].to_numpy()) == ["age", "dose"]
    assert tree["prior_predictive"]["y"].shape == (1, 5, 12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 0}, "draws must be an integer of at least 1"),
        ({"draws": 1.5}, "draws must be an integer of at least 1"),
        ({"draws": True}, "draws must be an integer of at least 1"),
        ({"seed": -1}, "seed must be"),
        ({"offset": [1.0]}, "offset has 1"),
        ({"y": [1.0]}, "y has 1"),
    ],
)
def test_unusable_options_are_refused_by_name(options: dict[str, Any], words: str, X: np.ndarray) -> None:
    with pytest.raises(InputError, match=words):
        br.prior_predictive(PROPER, X, **options)


@pytest.mark.parametrize(
    ("rows", "words"), [(np.ones(3), "X must be 2D"), (3.0, "X must be 2D"), ([[np.nan, 1.0]], "X contains NaN")]
)
def test_unusable_rows_are_refused_by_name(rows: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        br.prior_predictive(PROPER, rows)


def test_one_row_is_too_few_to_code_two_classes(X: np.ndarray) -> None:
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0), intercept=priors.Gaussian(1.0))
    with pytest.raises(InputError, match="at least 2 rows for Bernoulli"):
        br.prior_predictive(model, X[:1])


def test_a_prior_that_is_no_penalty_is_left_to_pymc(X: np.ndarray) -> None:
    class Other:
        """Meets `Prior` and no more."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

    with pytest.raises(InputError, match=r"Other cannot be drawn from here; use to_pymc"):
        br.prior_predictive(br.Model(GAUSSIAN, Other(), fit_intercept=False), X)

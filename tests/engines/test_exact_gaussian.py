"""Exact posterior draws and moments against dense formulas and brute-force integration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines.exact_gaussian import ExactGaussian, scale_posterior
from bayesreg.errors import InputError
from bayesreg.problem import Problem
from tests.engines.gaussian_models import LAWS

INF = float("inf")
ENGINE = ExactGaussian()


def bind(model: br.Model, X: np.ndarray, y: np.ndarray, weight: Any = None, offset: Any = None) -> Problem:
    problem = model.bind(make_design(X, y, weight, offset))
    assert ENGINE.why_not(problem) is None
    return problem


def sample(problem: Problem, draws: int = 4000, seed: int = 0) -> Any:
    return ENGINE.sample(problem, draws, 2, np.random.SeedSequence(seed), {})


def dense(X: np.ndarray, y: np.ndarray, q: Any, m: Any, weight: Any = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of (coef, intercept) at unit noise with prior precision ``q`` and mean ``m``."""
    Z = np.column_stack([X, np.ones(len(y))])
    covariance = np.linalg.inv((Z.T * weight) @ Z + np.diag(q))
    return covariance @ ((Z.T * weight) @ y + np.asarray(q) * m), covariance


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("intercept", [priors.Flat(), priors.Gaussian(0.5, loc=-1.0)], ids=["flat", "proper"])
@pytest.mark.parametrize(
    "prior",
    [
        priors.Gaussian(0.3),
        priors.Gaussian([0.3, 1.0, INF, 0.1], loc=[1.0, 0.0, -2.0, 0.5]),
        priors.Gaussian(0.3, relative_to="sigma"),
        priors.Flat(),
    ],
    ids=["ridge", "vector", "sigma", "flat"],
)
def test_at_a_known_noise_level_the_posterior_is_the_normal_of_the_textbook(
    linear: Any, prior: Any, intercept: Any, standardize: bool
) -> None:
    X, y = linear
    weight, offset, sigma = np.arange(30) % 4 + 0.5, np.linspace(-1, 2, 30), 0.7
    model = br.Model(likelihoods.Gaussian(sigma), prior, intercept=intercept, standardize=standardize)
    problem = bind(model, X, y, weight, offset)
    mean = weight @ X / weight.sum()
    sd = np.sqrt(weight @ (X - mean) ** 2 / weight.sum()) if standardize else np.ones(4)
    rate = np.broadcast_to(prior.rates({})[1], 4) * sd**2 * (1.0 if prior.relative_to == "sigma" else sigma**2)
    proper = isinstance(intercept, priors.Gaussian)
    q = np.append(rate, 4.0 * sigma**2 if proper else 0.0)
    m = np.append(np.broadcast_to(prior.loc, 4) / sd, -1.0)
    centre, covariance = dense(X, y - offset, q, m, weight)
    drawn = sample(problem)
    moments = drawn.moments
    np.testing.assert_allclose(moments["coef_mean"], centre[:4], rtol=1e-8)
    np.testing.assert_allclose(moments["intercept_mean"], centre[4], rtol=1e-8)
    np.testing.assert_allclose(moments["coef_sd"], sigma * np.sqrt(np.diag(covariance))[:4], rtol=1e-8)
    np.testing.assert_allclose(moments["intercept_sd"], sigma * np.sqrt(covariance[4, 4]), rtol=1e-8)
    assert drawn.exactness == "independent"
    assert drawn.numerical_error == 0.0
    # The whole joint law, not only its margins: whitened draws are standard normal.
    joint = np.concatenate([drawn.values["coef"], drawn.values["intercept"][..., None]], axis=-1).reshape(-1, 5)
    white = np.linalg.solve(np.linalg.cholesky(covariance) * sigma, (joint - centre).T)
    for row in white:
        assert stats.kstest(row, "norm").pvalue > 1e-4
    np.testing.assert_allclose(np.corrcoef(white), np.eye(5), atol=5 / np.sqrt(8000))


@pytest.mark.parametrize(
    ("law", "a", "b"),
    [(scales.InverseGamma(3.0, 2.0), 3.0, 2.0), (scales.Jeffreys(), 0.0, 0.0), (scales.Flat(), -0.5, 0.0)],
)
@pytest.mark.parametrize("prior", [priors.Gaussian(0.3, relative_to="sigma"), priors.Flat()], ids=["ridge", "flat"])
def test_a_conjugate_law_of_the_noise_gives_the_normal_inverse_gamma(
    linear: Any, prior: Any, law: Any, a: float, b: float
) -> None:
    X, y = linear
    problem = bind(br.Model(likelihoods.Gaussian(law), prior), X, y)
    rate = np.broadcast_to(prior.rates({})[1], 4)
    centre, covariance = dense(X, y, np.append(rate, 0.0), 0.0)
    rss = np.sum((y - centre[4] - X @ centre[:4]) ** 2) + rate @ centre[:4] ** 2
    flat = 1 + np.sum(rate == 0)
    shape, scale = a + (30 - flat) / 2, b + rss / 2
    drawn = sample(problem)
    assert stats.kstest(drawn.values["sigma"].ravel() ** 2, stats.invgamma(shape, scale=scale).cdf).pvalue > 1e-4
    spread = np.sqrt(np.diag(covariance) * scale / shape)
    for j in range(4):
        law_of_coef = stats.t(2 * shape, centre[j], spread[j])
        assert stats.kstest(drawn.values["coef"][..., j].ravel(), law_of_coef.cdf).pvalue > 1e-4
        np.testing.assert_allclose(drawn.moments["coef_mean"][j], centre[j], rtol=1e-9)
        np.testing.assert_allclose(drawn.moments["coef_sd"][j], law_of_coef.std(), rtol=1e-9)
    np.testing.assert_allclose(drawn.moments["sigma_sd"], _sd_of_root_inverse_gamma(shape, scale), rtol=1e-8)


def _sd_of_root_inverse_gamma(shape: float, scale: float) -> float:
    from scipy.special import gammaln

    mean = np.sqrt(scale) * np.exp(gammaln(shape - 0.5) - gammaln(shape))
    return float(np.sqrt(scale / (shape - 1) - mean**2))


def brute_force(problem: Problem, centre: np.ndarray, spread: np.ndarray) -> dict[str, float]:
    """Moments of (coef, intercept, sigma) by a product grid over `Problem.log_posterior`'s own ingredients."""
    design = problem.design
    x, r, w = design.X[:, 0], design.y - design.offset, design.weight
    coef, b0, u = (c + s * np.linspace(-1, 1, 161) for c, s in zip(centre, spread, strict=True))
    C, B, U = np.meshgrid(coef, b0, u, indexing="ij")
    sums = [w @ v for v in (r * r, r, r * x, np.ones_like(x), x, x * x)]
    rss = sums[0] - 2 * B * sums[1] - 2 * C * sums[2] + B**2 * sums[3] + 2 * B * C * sums[4] + C**2 * sums[5]
    sigma = np.exp(U)
    prior = problem.prior
    log = -w.sum() * U - rss / (2 * sigma**2) - 0.5 * ((C - prior.loc) / prior.scale) ** 2
    log += -0.5 * (B - problem.intercept_prior.loc) ** 2 * problem.intercept_prior.rate
    log += problem.sigma_law.log_density(sigma) + U
    mass = np.exp(log - log.max())
    for axis in range(3):
        edge = mass.take([0, -1], axis=axis).sum(axis=tuple(k for k in range(3) if k != axis))
        assert edge.max() < 1e-9 * mass.sum()
    mass /= mass.sum()
    out = {}
    for name, values in (("coef", C), ("intercept", B), ("sigma", sigma)):
        out[f"{name}_mean"] = float(np.sum(mass * values))
        out[f"{name}_sd"] = float(np.sqrt(np.sum(mass * values**2) - out[f"{name}_mean"] ** 2))
    return out


@pytest.mark.parametrize("law", [scales.HalfCauchy(0.7), scales.HalfNormal(0.5), scales.Gamma(3.0, 4.0)])
def test_any_other_law_and_absolute_priors_agree_with_brute_force_integration(law: Any) -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((9, 1)) + 1.0
    y = 0.5 + 0.8 * X[:, 0] + 0.6 * rng.standard_normal(9)
    weight, offset = np.arange(9) % 3 + 0.5, np.linspace(-0.5, 0.5, 9)
    model = br.Model(likelihoods.Gaussian(law), priors.Gaussian(0.4, loc=0.2), intercept=priors.Gaussian(0.8, loc=-0.3))
    problem = bind(model, X, y, weight, offset)
    drawn = sample(problem, draws=8000)
    at = {name: float(np.ravel(value)[0]) for name, value in drawn.moments.items()}
    centre = np.array([at["coef_mean"], at["intercept_mean"], np.log(at["sigma_mean"])])
    spread = 14 * np.array([at["coef_sd"], at["intercept_sd"], 1.2 * at["sigma_sd"] / at["sigma_mean"]])
    expected = brute_force(problem, centre, spread)
    for name, value in expected.items():
        np.testing.assert_allclose(at[name], value, rtol=2e-6, err_msg=name)
    assert drawn.numerical_error < 1e-11
    for name in ("coef", "intercept", "sigma"):
        values = drawn.values[name].ravel()
        mcse = at[f"{name}_sd"] / np.sqrt(values.size)
        assert abs(values.mean() - at[f"{name}_mean"]) < 4 * mcse
        assert abs(values.std() / at[f"{name}_sd"] - 1) < 0.06


def test_more_columns_than_rows_have_the_posterior_of_the_textbook(wide: Any) -> None:
    X, y = wide
    problem = bind(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(0.4)), X, y)
    centre, covariance = dense(X, y, np.append(np.full(25, 0.25 / 0.16), 0.0), 0.0)
    moments = sample(problem, draws=2).moments
    np.testing.assert_allclose(moments["coef_mean"], centre[:25], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(moments["coef_sd"], 0.5 * np.sqrt(np.diag(covariance))[:25], rtol=1e-8)


@pytest.mark.parametrize("prior", [priors.Gaussian(1.0), priors.Gaussian(1.0, relative_to="sigma")])
@pytest.mark.parametrize("shift", [1e4, 1e6])
def test_a_large_mean_of_the_response_moves_the_intercept_alone(linear: Any, prior: Any, shift: float) -> None:
    X, y = linear
    law = scales.HalfCauchy(1.0)
    plain = sample(bind(br.Model(likelihoods.Gaussian(law), prior), X, y), draws=2).moments
    moved = sample(bind(br.Model(likelihoods.Gaussian(law), prior), X, y + shift), draws=2).moments
    for name in ("coef_mean", "coef_sd", "sigma_mean", "sigma_sd", "intercept_sd"):
        np.testing.assert_allclose(moved[name], plain[name], rtol=1e-6)
    np.testing.assert_allclose(moved["intercept_mean"] - shift, plain["intercept_mean"], rtol=1e-6)


@pytest.mark.parametrize("shift", [1e3, 1e5])
def test_large_means_of_the_columns_move_the_intercept_alone(linear: Any, shift: float) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))
    plain = sample(bind(model, X, y), draws=2).moments
    moved = sample(bind(model, X + shift, y), draws=2).moments
    for name in ("coef_mean", "coef_sd", "sigma_mean", "sigma_sd"):
        np.testing.assert_allclose(moved[name], plain[name], rtol=1e-6)


def test_weights_repeat_rows_in_the_spread_too(linear: Any) -> None:
    X, y = linear
    times = np.arange(30) % 3
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(2.0)), priors.Gaussian(0.7))
    weighted = sample(bind(model, X, y, times.astype(float)), draws=2).moments
    repeated = sample(bind(model, np.repeat(X, times, 0), np.repeat(y, times)), draws=2).moments
    for name, value in repeated.items():
        np.testing.assert_allclose(weighted[name], value, rtol=1e-8)


@pytest.mark.parametrize("law", [scales.Flat(), scales.Jeffreys()])
def test_an_improper_law_with_too_few_rows_is_refused(linear: Any, law: Any) -> None:
    X, y = linear
    problem = bind(br.Model(likelihoods.Gaussian(law), priors.Flat()), X[:5], y[:5])
    with pytest.raises(InputError, match=r"improper"):
        scale_posterior(problem).grid  # noqa: B018 # it is worked out when asked for


@pytest.mark.parametrize(("rows", "law"), [(4, scales.Jeffreys()), (5, scales.Jeffreys()), (6, scales.Jeffreys())])
def test_few_degrees_of_freedom_have_the_spread_of_their_t_law(linear: Any, rows: int, law: Any) -> None:
    X, y = linear[0][:rows, :1], linear[1][:rows]
    moments = sample(bind(br.Model(likelihoods.Gaussian(law), priors.Flat()), X, y), draws=2).moments
    x = X[:, 0] - X.mean()
    slope = x @ y / (x @ x)
    df = rows - 2
    s2 = np.sum((y - y.mean() - slope * x) ** 2) / df
    expected = np.sqrt(s2 / (x @ x) * df / (df - 2)) if df > 2 else np.inf
    np.testing.assert_allclose(moments["coef_mean"], slope, rtol=1e-9)
    np.testing.assert_allclose(moments["coef_sd"], expected, rtol=1e-9)


def test_it_refuses_with_the_reason(linear: Any, binary: Any) -> None:
    gaussian, bernoulli = likelihoods.Gaussian(1.0), likelihoods.Bernoulli()
    for model, data, word in (
        (br.Model(bernoulli, priors.Gaussian(1.0)), binary, "not Gaussian"),
        (br.Model(gaussian, priors.Laplace(1.0)), linear, "l1"),
        (br.Model(gaussian, priors.ElasticNet(l1=[0, 0, 0, 1], l2=1.0)), linear, "l1"),
        (br.Model(gaussian, priors.ElasticNet(l1=scales.HalfNormal(1.0), l2=1.0)), linear, "l1"),
    ):
        assert word in str(ENGINE.why_not(model.bind(make_design(*data))))


def test_the_same_seed_gives_the_same_draws_and_chains_differ(linear: Any) -> None:
    problem = bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), *linear)
    one, two, other = sample(problem, 20, 1), sample(problem, 20, 1), sample(problem, 20, 2)
    assert np.array_equal(one.values["coef"], two.values["coef"])
    assert not np.any(one.values["coef"] == other.values["coef"])
    assert not np.any(one.values["coef"][0] == one.values["coef"][1])


LEARNED = [name for name in LAWS if name not in ("jeffreys",)]


@pytest.mark.parametrize("relative_to", [None, "sigma"])
@pytest.mark.parametrize("name", LEARNED)
def test_draws_with_a_learned_scale_have_the_exact_moments(linear: Any, name: str, relative_to: Any) -> None:
    X, y = linear
    noise = LAWS[LEARNED[::-1][LEARNED.index(name)]]
    prior = priors.Gaussian(LAWS[name], loc=0.1, factor=[1.0, 0.5, INF, 2.0], relative_to=relative_to)
    intercept = priors.Gaussian(2.0) if len(name) % 2 else priors.Flat()
    problem = bind(br.Model(likelihoods.Gaussian(noise), prior, intercept=intercept), X, y)
    drawn = sample(problem, draws=5000)
    assert drawn.numerical_error < 1e-9
    for what in ("coef", "intercept", "sigma", "prior_scale"):
        values = drawn.values[what].reshape(10_000, -1)
        mean, sd = np.atleast_1d(drawn.moments[f"{what}_mean"]), np.atleast_1d(drawn.moments[f"{what}_sd"])
        assert np.all(np.abs(values.mean(0) - mean) < 4.5 * sd / 100)
        if what in ("coef", "intercept"):
            np.testing.assert_allclose(values.std(0), sd, rtol=0.06)


@pytest.mark.parametrize("relative_to", [None, "sigma"])
def test_moments_of_both_scales_are_those_of_an_integral(relative_to: Any) -> None:
    from tests.engines.gaussian_models import BruteForce, data, legendre

    X, y, weight, offset = data(8)
    sigma_law, scale_law = LAWS["half_student_t"], LAWS["half_normal"]
    prior = priors.Gaussian(scale_law, loc=0.2, relative_to=relative_to)
    problem = bind(br.Model(likelihoods.Gaussian(sigma_law), prior), X, y, weight, offset)
    brute = BruteForce(X, y, weight, offset, 0.2, priors.Flat())
    (u, wu), (v, wv) = legendre(-3.0, 5.0, 0.5, 8), legendre(-14.0, 3.0, 0.5, 8)
    s, t = np.exp(u), np.exp(v)
    log = np.array([[brute.log_density(a, b, relative_to == "sigma") for b in t] for a in s])
    log += (sigma_law.log_density(s) + u)[:, None] + scale_law.log_density(t) + v
    mass = wu[:, None] * np.exp(log - log.max()) * wv
    mass /= mass.sum()
    moments = sample(problem, draws=2).moments
    for name, value in (
        ("sigma", np.broadcast_to(s[:, None], mass.shape)),
        ("prior_scale", np.broadcast_to(t, mass.shape)),
    ):
        mean = float(np.sum(mass * value))
        assert float(moments[f"{name}_mean"]) == pytest.approx(mean, rel=1e-5)
        assert float(moments[f"{name}_sd"]) == pytest.approx(
            float(np.sqrt(np.sum(mass * (value - mean) ** 2))), rel=1e-4
        )


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("relative_to", [None, "sigma"])
@pytest.mark.parametrize("intercept", [priors.Flat(), priors.Gaussian(1.0)], ids=["flat", "proper"])
def test_learned_scales_with_more_columns_than_rows(wide: Any, relative_to: Any, intercept: Any) -> None:
    X, y = wide
    prior = priors.Gaussian(scales.HalfCauchy(1.0), relative_to=relative_to)
    drawn = sample(bind(br.Model(likelihoods.Gaussian(), prior, intercept=intercept), X, y), draws=4000)
    for what in ("coef", "intercept"):
        values = drawn.values[what].reshape(8000, -1)
        mean, sd = np.atleast_1d(drawn.moments[f"{what}_mean"]), np.atleast_1d(drawn.moments[f"{what}_sd"])
        z = (values.mean(0) - mean) / sd * np.sqrt(8000)
        assert np.all(np.abs(z) < 4.5)
        np.testing.assert_allclose(values.std(0), sd, rtol=0.06)


@pytest.mark.parametrize("relative_to", [None, "sigma"])
def test_weights_repeat_rows_under_learned_scales(linear: Any, relative_to: Any) -> None:
    X, y = linear
    times = np.arange(30) % 3
    prior = priors.Gaussian(scales.HalfNormal(1.0), relative_to=relative_to)
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(2.0)), prior)
    weighted = sample(bind(model, X, y, times.astype(float)), draws=2)
    repeated = sample(bind(model, np.repeat(X, times, 0), np.repeat(y, times)), draws=2)
    for name, value in repeated.moments.items():
        np.testing.assert_allclose(weighted.moments[name], value, rtol=1e-8)
    assert weighted.attrs["log_evidence"] == pytest.approx(repeated.attrs["log_evidence"], abs=1e-8)


def test_a_learned_rate_is_the_scale_to_the_power_minus_two(linear: Any) -> None:
    X, y = linear
    # lambda ~ Gamma(a, b) on the rate is InverseGamma(a, b) on the square of the scale.
    rate = priors.ElasticNet(l1=0.0, l2=scales.Gamma(2.0, 0.7), relative_to="sigma")
    scale = priors.Gaussian(scales.InverseGamma(2.0, 0.7), relative_to="sigma")
    one, two = (sample(bind(br.Model(likelihoods.Gaussian(), prior), X, y), draws=2) for prior in (rate, scale))
    for name in ("coef_mean", "coef_sd", "sigma_mean", "sigma_sd", "intercept_sd"):
        np.testing.assert_allclose(one.moments[name], two.moments[name], rtol=1e-8)
    assert one.attrs["log_evidence"] == pytest.approx(two.attrs["log_evidence"], abs=1e-9)
    assert "prior_l2" in one.values


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize(
    ("sigma", "prior", "reason"),
    [
        # The columns fit y exactly: an absolute prior does not stop sigma from going to 0.
        (scales.Jeffreys(), priors.Gaussian(1.0), "piles up at 0, where the columns fit y exactly"),
        (scales.Jeffreys(), priors.Gaussian(scales.HalfCauchy(1.0), relative_to=None), "sigma is 0"),
        # A relative one does, but then the evidence does not fall as the prior widens.
        (scales.Jeffreys(), priors.Gaussian(scales.Flat()), "infinitely wide"),
    ],
    ids=["absolute", "learned", "wide"],
)
def test_improper_posteriors_with_many_columns_are_refused(wide: Any, sigma: Any, prior: Any, reason: str) -> None:
    problem = bind(br.Model(likelihoods.Gaussian(sigma), prior), *wide)
    with pytest.raises(InputError, match=reason):
        sample(problem, draws=2)


def test_one_column_of_tiny_and_one_of_huge_units_change_nothing(linear: Any) -> None:
    X, y = linear
    unit = np.array([1e-8, 1.0, 1e8, 1.0])
    law = scales.HalfCauchy(1.0)
    plain = sample(bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(law)), X, y), draws=2)
    prior = priors.Gaussian(law, factor=1 / unit)
    other = sample(bind(br.Model(likelihoods.Gaussian(), prior), X * unit, y), draws=2)
    np.testing.assert_allclose(other.moments["coef_mean"] * unit, plain.moments["coef_mean"], rtol=1e-8)
    np.testing.assert_allclose(other.moments["coef_sd"] * unit, plain.moments["coef_sd"], rtol=1e-8)
    # Wide known scales in graded columns: a flat prior to all digits that count.
    graded = sample(bind(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1e12)), X * unit, y), draws=2)
    flat = sample(bind(br.Model(likelihoods.Gaussian(1.0), priors.Flat()), X, y), draws=2)
    np.testing.assert_allclose(graded.moments["coef_mean"] * unit, flat.moments["coef_mean"], rtol=1e-6)


def test_the_cost_is_told(linear: Any) -> None:
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(scales.HalfCauchy(1.0)))
    assert "quadrature over two scales" in ENGINE.cost(model.bind(make_design(*linear)))

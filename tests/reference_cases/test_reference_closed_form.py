"""Posteriors with exact reference values: normal-inverse-gamma, one and two Laplace coefficients, elastic net."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference_case import LARGEST_Z, Array, Case, load, numbers, worst, z_scores
from scipy import integrate, stats

import bayesreg as br
from bayesreg import likelihoods, penalty, priors, scales

NIG = ("nig_small", "nig_flat_intercept")
LAPLACE = ("laplace1_moderate", "laplace1_zero_map", "laplace2_corr08")
CASES = (*NIG, *LAPLACE, "elasticnet_prior_const")

CONJUGATE = {
    "nig_small": br.Model(
        likelihoods.Gaussian(scales.InverseGamma(2.0, 1.0)),
        priors.Gaussian(1.0, relative_to="sigma"),
        intercept=priors.Gaussian(10.0, relative_to="sigma"),
    ),
    "nig_flat_intercept": br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Gaussian(2.0, relative_to="sigma")),
}


def fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


@pytest.mark.parametrize("identifier", NIG)
def test_the_normal_inverse_gamma_posterior_has_its_exact_moments(identifier: str) -> None:
    case = load(identifier)
    exact = case.reference
    post = br.sample(CONJUGATE[identifier], case.X, case.y, draws=4, chains=1, seed=1)
    assert post.attrs["engine"] == "exact_gaussian"
    got = post["exact_moments"]
    for what in ("mean", "sd"):
        values = np.append(got[f"intercept_{what}"], got[f"coef_{what}"])
        np.testing.assert_allclose(values, numbers(exact[f"posterior_{what}"]), rtol=1e-9)
    a, b = fraction(exact["a_n"]), float(exact["b_n"])
    mean, sd = got["sigma_mean"].item(), got["sigma_sd"].item()
    assert mean == pytest.approx(math.sqrt(b) * math.exp(math.lgamma(a - 0.5) - math.lgamma(a)), rel=1e-9)
    assert mean**2 + sd**2 == pytest.approx(float(exact["sigma2_mean"]), rel=1e-9)


@pytest.mark.parametrize("identifier", NIG)
def test_draws_of_the_normal_inverse_gamma_posterior_have_its_quantiles(identifier: str) -> None:
    case = load(identifier)
    exact = case.reference
    post = br.sample(CONJUGATE[identifier], case.X, case.y, seed=11)["posterior"]
    a, b = fraction(exact["a_n"]), float(exact["b_n"])
    scores = {}
    for j, name in enumerate(exact["order"]):
        draws = post["intercept"] if name == "intercept" else post["coef"].sel(feature=f"x{j - 1}")
        keys = {"mean": "posterior_mean", "sd": "posterior_sd", "q05": "q05", "q95": "q95"}
        scores[name] = z_scores(draws.to_numpy(), {key: float(exact[column][j]) for key, column in keys.items()})
    law = stats.invgamma(a, scale=b)
    summary = {"mean": float(exact["sigma2_mean"]), "sd": math.sqrt(float(exact["sigma2_var"]))}
    summary |= {f"q{q:02d}": float(law.ppf(q / 100)) for q in (5, 50, 95)}
    scores["sigma2"] = z_scores(post["sigma"].to_numpy() ** 2, summary)
    assert worst(scores)[0] <= LARGEST_Z, worst(scores)


@pytest.mark.parametrize("identifier", NIG)
def test_the_conjugate_mode_of_the_coefficients_is_the_posterior_mean_whatever_the_noise(identifier: str) -> None:
    case = load(identifier)
    exact = numbers(case.reference["posterior_mean"])
    joint = br.find_map(CONJUGATE[identifier], case.X, case.y)
    np.testing.assert_allclose(np.append(joint.intercept, joint.coef), exact, rtol=1e-9)


def test_the_log_posterior_of_nig_small_normalises_to_its_marginal_likelihood() -> None:
    case = load("nig_small")
    exact = case.reference
    problem = CONJUGATE["nig_small"].bind(br.make_design(case.X, case.y))
    mean = numbers(exact["posterior_mean"])
    a, b = fraction(exact["a_n"]), float(exact["b_n"])
    per_variance = np.array([numbers(row) for row in exact["posterior_cov"]]) / float(exact["sigma2_mean"])
    for sigma, shift in ((0.6, 0.1), (1.4, -0.3)):
        theta = mean + shift * np.arange(1.0, 5.0)
        log_density = stats.multivariate_normal(mean, sigma**2 * per_variance).logpdf(theta)
        log_density += stats.invgamma(a, scale=b).logpdf(sigma**2) + math.log(2 * sigma)
        evidence = problem.log_posterior(theta[1:], theta[0], sigma) - log_density
        assert evidence == pytest.approx(float(exact["log_marginal_likelihood"]), rel=1e-9)


def laplace_data(case: Case) -> tuple[Array, Array, br.Model]:
    """Rows with the stated X'X and X'y at sigma = 1, and the model."""
    stated = case.info["model"]
    if "S" in stated:
        root = np.linalg.cholesky(np.array([numbers(row) for row in stated["S"]]))
        X, y = root.T, np.linalg.solve(root, numbers(stated["c"]))
        rate: object = numbers(stated["l"])
    else:
        size = math.sqrt(float(stated["a"]))
        X, y, rate = np.array([[size]]), np.array([float(stated["c"]) / size]), float(stated["lam"])
    return X, y, br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=rate), fit_intercept=False)


@pytest.mark.parametrize("identifier", LAPLACE)
def test_the_laplace_mode_is_exact_and_its_zeros_are_zero(identifier: str) -> None:
    case = load(identifier)
    X, y, model = laplace_data(case)
    exact = numbers(np.atleast_1d(case.reference["mode_MAP"]).tolist())
    mode = br.find_map(model, X, y)
    np.testing.assert_allclose(mode.coef, exact, rtol=1e-14)
    np.testing.assert_array_equal(mode.coef == 0, exact == 0)
    assert mode.converged


@pytest.mark.parametrize("identifier", ["laplace1_moderate", "laplace1_zero_map"])
def test_the_log_posterior_of_one_laplace_coefficient_integrates_to_its_exact_moments(identifier: str) -> None:
    case = load(identifier)
    X, y, model = laplace_data(case)
    problem = model.bind(br.make_design(X, y))
    # What the case leaves out of its density: the terms free of the coefficient.
    rate = float(case.info["model"]["lam"])
    constant = -0.5 * float(y @ y) - 0.5 * math.log(2 * math.pi) + math.log(rate / 2)

    def moment(order: int) -> float:
        def integrand(b: float) -> float:
            return b**order * math.exp(problem.log_posterior(np.array([b])) - constant)

        # The normal part has sd 1/sqrt(10), so nothing is left beyond 4; the kink is an end point.
        halves = (integrate.quad(integrand, *ends, epsabs=0, epsrel=1e-12, limit=200)[0] for ends in ((-4, 0), (0, 4)))
        return sum(halves)

    total = moment(0)
    mean = moment(1) / total
    assert math.log(total) == pytest.approx(float(case.reference["log_integral"]), rel=1e-9)
    assert mean == pytest.approx(float(case.reference["mean"]), rel=1e-9)
    assert math.sqrt(moment(2) / total - mean**2) == pytest.approx(float(case.reference["sd"]), rel=1e-9)


def test_the_log_posterior_of_two_laplace_coefficients_integrates_to_its_exact_moments() -> None:
    case = load("laplace2_corr08")
    X, y, model = laplace_data(case)
    problem = model.bind(br.make_design(X, y))
    rates = numbers(case.info["model"]["l"])
    constant = -0.5 * float(y @ y) - math.log(2 * math.pi) + float(np.sum(np.log(rates / 2)))
    # Gauss-Legendre in each quadrant, where the density is smooth; it is below e-40 beyond 6.
    node, weight = np.polynomial.legendre.leggauss(48)
    half, mass = 3 * (node + 1), 3 * weight
    line, mass = np.concatenate([-half[::-1], half]), np.concatenate([mass[::-1], mass])
    density = np.array(
        [[math.exp(problem.log_posterior(np.array([u, v])) - constant) for v in line] for u in line]
    ) * np.outer(mass, mass)
    total = density.sum()
    first, second = density.sum(axis=1) / total, density.sum(axis=0) / total
    mean = np.array([first @ line, second @ line])
    sd = np.sqrt([first @ (line - mean[0]) ** 2, second @ (line - mean[1]) ** 2])
    covariance = (line - mean[0]) @ density @ (line - mean[1]) / total
    exact = case.reference
    assert math.log(total) == pytest.approx(float(exact["log_integral"]), rel=1e-7)
    np.testing.assert_allclose(mean, numbers(exact["mean"]), rtol=1e-7)
    np.testing.assert_allclose(sd, numbers(exact["sd"]), rtol=1e-7)
    assert covariance == pytest.approx(float(exact["cov12"]), rel=1e-7)
    assert first[line > 0].sum() == pytest.approx(float(exact["prob_b1_positive"]), rel=1e-7)


def test_the_elastic_net_prior_is_normalised_as_stated() -> None:
    for row in load("elasticnet_prior_const").reference["rows"]:
        l1, l2 = np.array([float(row["l1"])]), np.array([float(row["l2"])])
        log_z = penalty.log_normalizer(l1, l2).item()
        assert log_z == pytest.approx(float(row["log_normalising_constant"]), rel=1e-10)
        prior = penalty.Penalty(l1, l2)
        assert prior.log_density(np.zeros(1)) == pytest.approx(float(row["log_density_at_0"]), rel=1e-10)
        assert prior.log_density(np.ones(1)) == pytest.approx(float(row["log_density_at_1"]), rel=1e-10)

        def second_moment(d: float, prior: penalty.Penalty = prior) -> float:
            return d * d * math.exp(prior.log_density(np.array([d])))

        variance = 2 * integrate.quad(second_moment, 0, 20 * float(row["sd"]), epsabs=0, epsrel=1e-11)[0]
        assert math.sqrt(variance) == pytest.approx(float(row["sd"]), rel=1e-10)

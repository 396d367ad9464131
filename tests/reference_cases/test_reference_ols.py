"""NIST's certified least-squares problems: the MAP and the posterior of a flat prior, digit by digit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference_case import Array, Case, load, numbers

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError

CASES = ("nist_longley", "nist_noint1", "nist_norris", "nist_wampler1", "nist_wampler3")


def digits(got: Array | float, exact: Array | float) -> float:
    """Smallest log relative error; 16 where a value is exact."""
    with np.errstate(divide="ignore"):
        return float(np.min(-np.log10(np.maximum(np.abs(np.asarray(got) - exact) / np.abs(exact), 1e-16))))


def has_intercept(case: Case) -> bool:
    return bool(case.info["model"]["intercept"])


def exact_moments(case: Case) -> dict[str, Array]:
    """Moments of intercept and coefficients together, and of sigma, under p(sigma) = 1/sigma."""
    model = br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Flat(), fit_intercept=has_intercept(case))
    post = br.sample(model, case.X, case.y, draws=4, chains=1, seed=1, engine="exact_gaussian")
    found = {name: np.atleast_1d(value.to_numpy()) for name, value in post["exact_moments"].data_vars.items()}
    out = {name: found[name] for name in ("sigma_mean", "sigma_sd")}
    for what in ("mean", "sd"):
        first = [found[f"intercept_{what}"]] if has_intercept(case) else []
        out[what] = np.concatenate([*first, found[f"coef_{what}"]])
    return out


@pytest.mark.parametrize("identifier", CASES)
def test_the_mode_of_a_flat_prior_has_the_required_digits_in_every_coefficient(identifier: str) -> None:
    case = load(identifier)
    model = br.Model(likelihoods.Gaussian(1.0), priors.Flat(), fit_intercept=has_intercept(case))
    mode = br.find_map(model, case.X, case.y)
    estimate = np.append(mode.intercept, mode.coef) if has_intercept(case) else mode.coef
    exact = numbers(case.reference["exact_30_digits"]["estimate"])
    assert digits(estimate, exact) >= case.info["tolerance"]["min_digits_coefficients"]
    assert mode.converged


def test_a_polynomial_without_noise_has_no_posterior_under_jeffreys() -> None:
    with pytest.raises(InputError, match=r"sigma is improper .* fitted without error"):
        exact_moments(load("nist_wampler1"))


@pytest.mark.parametrize("identifier", [case for case in CASES if case != "nist_wampler1"])
def test_the_posterior_under_jeffreys_has_the_certified_centre_spread_and_noise(identifier: str) -> None:
    case = load(identifier)
    tolerance, exact = case.info["tolerance"], case.reference["exact_30_digits"]
    moments = exact_moments(case)
    assert digits(moments["mean"], numbers(exact["estimate"])) >= tolerance["min_digits_from_sufficient_statistics"]
    # Each coefficient is Student-t with n - p degrees of freedom and the standard error as its scale.
    df, residual_sd = exact["df"], float(exact["residual_sd"])
    standard_error = moments["sd"] / math.sqrt(df / (df - 2))
    # sigma² is inverse gamma with shape df/2 and scale RSS/2.
    spread = math.sqrt(df / 2) * math.exp(math.lgamma((df - 1) / 2) - math.lgamma(df / 2))
    noise = float(moments["sigma_mean"][0]) / spread
    least = tolerance["min_digits_std_errors"]
    assert digits(standard_error, numbers(exact["std_error"])) >= least
    assert digits(noise, residual_sd) >= least
    variance = residual_sd**2 * (df / (df - 2) - spread**2)
    assert digits(moments["sigma_sd"], math.sqrt(variance)) >= least

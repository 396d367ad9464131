"""Posteriors without a closed form, one run each, against other packages' draws and exact integrals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from reference_case import LARGEST_Z, Array, Case, load, numbers, worst, z_scores

import bayesreg as br
from bayesreg import likelihoods, priors, scales

pytestmark = pytest.mark.slow


def unit_norm(case: Case) -> Array:
    """1/norm of each centred column: turns a prior on unit-norm columns into one on the columns as they are."""
    return 1 / np.linalg.norm(case.X - case.X.mean(axis=0), axis=0)


def park_casella(case: Case) -> br.Model:
    rate = float(case.info["id"].rpartition("fixed")[2].replace("p", "."))
    return br.Model(
        likelihoods.Gaussian(scales.Jeffreys()),
        priors.Laplace(rate=rate, factor=unit_norm(case), relative_to="sigma"),
    )


def bayesreg_ridge(case: Case) -> br.Model:
    return br.Model(
        likelihoods.Gaussian(scales.Jeffreys()),
        priors.Gaussian(scales.HalfCauchy(1.0), factor=unit_norm(case), relative_to="sigma"),
    )


def bayesreg_lasso(case: Case) -> br.Model:
    # An exponential law of rate 1 on lambda² makes the normal mixture a Laplace of scale sigma tau / sqrt(2).
    return br.Model(
        likelihoods.Gaussian(scales.Jeffreys()),
        priors.Laplace(scales.InverseGamma(1.0, 1.0), factor=unit_norm(case) / math.sqrt(2), relative_to="sigma"),
    )


def bayesreg_horseshoe(case: Case) -> br.Model:
    return br.Model(
        likelihoods.Gaussian(scales.Jeffreys()),
        priors.Horseshoe(scales.HalfCauchy(1.0), factor=unit_norm(case), relative_to="sigma"),
    )


def rstanarm_laplace(case: Case) -> br.Model:
    # An exponential law is a gamma law of shape 1.
    return br.Model(
        likelihoods.Gaussian(scales.Gamma(1.0, 0.02)),
        priors.Laplace(150.0),
        intercept=priors.Gaussian(100.0, loc=150.0),
    )


def rstanarm_logistic(case: Case) -> br.Model:
    return br.Model(likelihoods.Bernoulli(), priors.Gaussian(2.5), intercept=priors.Gaussian(2.5))


MODELS: dict[str, Callable[[Case], br.Model]] = {
    "bayesreg_diabetes_lasso": bayesreg_lasso,
    "bayesreg_diabetes_ridge": bayesreg_ridge,
    "bayesreg_prostate_hs": bayesreg_horseshoe,
    "monomvn_diabetes_pc_fixed0p237": park_casella,
    "rstanarm_diabetes_laplace": rstanarm_laplace,
    "rstanarm_wells_normal": rstanarm_logistic,
}
CASES = tuple(MODELS)


@pytest.mark.parametrize("identifier", CASES)
def test_the_posterior_agrees_with_the_other_packages_draws(identifier: str) -> None:
    case = load(identifier)
    # rstanarm puts the intercept's prior on centred columns and reports it on the columns as they are.
    centre = case.X.mean(axis=0) if identifier.startswith("rstanarm") else np.zeros(case.X.shape[1])
    post = br.sample(MODELS[identifier](case), case.X - centre, case.y, seed=31)
    found = post["posterior"]
    coef = found["coef"].to_numpy()
    draws = {name: coef[..., j] for j, name in enumerate(case.columns)}
    draws["intercept"] = found["intercept"].to_numpy() - coef @ centre
    if "sigma" in found:
        draws |= {"sigma": found["sigma"].to_numpy(), "sigma2": found["sigma"].to_numpy() ** 2}
    if "prior_scale" in found:
        draws["tau2"] = found["prior_scale"].to_numpy() ** 2
    # The moments of tau² are hardly determined by any number of draws: its tail is too heavy.
    scores = {
        name: z_scores(draws[name], summary, moments=name != "tau2")
        for name, summary in case.reference["parameters"].items()
    }
    assert np.isfinite(worst(scores)[0])
    assert worst(scores)[0] <= LARGEST_Z, worst(scores)


@pytest.mark.parametrize("identifier", ["laplace1_moderate", "laplace2_corr08"])
def test_draws_under_a_laplace_prior_have_the_exact_moments(identifier: str) -> None:
    case = load(identifier)
    stated, exact = case.info["model"], case.reference
    one = "S" not in stated
    gram = np.array([[float(stated["a"])]]) if one else np.array([numbers(row) for row in stated["S"]])
    cross = numbers([stated["c"]] if one else stated["c"])
    root = np.linalg.cholesky(gram)
    model = br.Model(
        likelihoods.Gaussian(1.0),
        priors.Laplace(rate=numbers([stated["lam"]] if one else stated["l"])),
        fit_intercept=False,
    )
    post = br.sample(model, root.T, np.linalg.solve(root, cross), seed=32)
    coef = post["posterior"]["coef"].to_numpy()
    summaries: list[dict[str, float]] = [{} for _ in cross]
    for key in ("mean", "sd", "q05", "q50", "q95"):
        if key in exact:
            for summary, value in zip(summaries, numbers(np.atleast_1d(exact[key]).tolist()), strict=True):
                summary[key] = float(value)
    scores = {f"b{j}": z_scores(coef[..., j], summary) for j, summary in enumerate(summaries)}
    positive = exact["prob_positive" if one else "prob_b1_positive"]
    scores["b0 > 0"] = {
        "mean": z_scores((coef[..., 0] > 0).astype(float), {"mean": float(positive), "sd": 0.5})["mean"]
    }
    if not one:
        centred = coef - numbers(exact["mean"])
        product = {"mean": float(exact["cov12"]), "sd": 1.0}
        scores["covariance"] = {"mean": z_scores(centred[..., 0] * centred[..., 1], product)["mean"]}
    assert worst(scores)[0] <= LARGEST_Z, worst(scores)

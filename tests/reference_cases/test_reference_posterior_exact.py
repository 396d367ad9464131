"""Gaussian-likelihood posteriors of posteriordb: the exact engine against quadrature and against Stan's draws."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from reference_case import LARGEST_Z, Array, Case, load, worst, z_scores

import bayesreg as br
from bayesreg import likelihoods, priors, scales

CASES = (
    "pdb_earnings__log10earn_height",
    "pdb_earnings__logearn_height_male",
    "pdb_kidiq__kidscore_momhsiq",
    "pdb_kidiq__kidscore_momiq",
    "pdb_kidiq_with_mom_work__kidscore_interaction_c2",
    "pdb_kidiq_with_mom_work__kidscore_mom_work",
    "pdb_kilpisjarvi_mod__kilpisjarvi",
    "pdb_mesquite__logmesquite",
    "pdb_mesquite__logmesquite_logvolume",
    "pdb_nes1972__nes",
    "pdb_nes1988__nes",
    "pdb_sblrc__blr",
)
NOISE = {
    "flat (improper uniform) on sigma > 0": scales.Flat(),
    "half-Cauchy(scale 2.5)": scales.HalfCauchy(2.5),
    "half-Normal(0, sd 10)": scales.HalfNormal(10.0),
}


def normal_or_flat(words: str) -> priors.Flat | priors.Gaussian:
    """Read "flat" or "... Normal(mean, sd s) ..."."""
    if words == "flat":
        return priors.Flat()
    found = re.search(r"Normal\(([^,]+), sd ([^)]+)\)", words)
    assert found, words
    return priors.Gaussian(float(found[2]), loc=float(found[1]))


def model_of(case: Case) -> br.Model:
    stated = case.info["model"]["prior"]
    return br.Model(
        likelihoods.Gaussian(NOISE[stated["sigma"]]),
        normal_or_flat(stated["coefficients"]),
        fit_intercept=case.info["model"]["intercept"],
        intercept=normal_or_flat(stated.get("intercept", "flat")),
    )


@pytest.fixture(scope="module", params=CASES)
def sampled(request: pytest.FixtureRequest) -> tuple[Case, xr.DataTree]:
    case = load(request.param)
    return case, br.sample(model_of(case), case.X, case.y, seed=20240701)


def draws_of(case: Case, post: xr.DataTree) -> dict[str, Array]:
    """Draws (chain, draw) by the case's parameter names."""
    out = {name: post["posterior"]["coef"].to_numpy()[..., j] for j, name in enumerate(case.columns)}
    return out | {
        name: post["posterior"][name].to_numpy() for name in ("intercept", "sigma") if name in post["posterior"]
    }


def test_exact_moments_agree_with_independent_quadrature(sampled: tuple[Case, xr.DataTree]) -> None:
    case, post = sampled
    moments, exact = post["exact_moments"], case.info["exact_by_quadrature"]
    assert post.attrs["engine"] == "exact_gaussian"
    assert post.attrs["numerical_error"] <= 1e-10
    for what in ("mean", "sd"):
        got = dict(zip(case.columns, moments[f"coef_{what}"].to_numpy(), strict=True))
        got |= {name: moments[f"{name}_{what}"].item() for name in ("intercept", "sigma") if name in exact}
        assert got.keys() == exact.keys()
        assert got == pytest.approx({name: value[what] for name, value in exact.items()}, rel=1e-6)


def test_draws_agree_with_independent_quadrature(sampled: tuple[Case, xr.DataTree]) -> None:
    case, post = sampled
    exact = case.info["exact_by_quadrature"]
    scores = {name: z_scores(draws, exact[name]) for name, draws in draws_of(case, post).items()}
    assert scores.keys() == exact.keys()
    assert worst(scores)[0] <= LARGEST_Z, worst(scores)


def test_draws_agree_with_the_published_draws(sampled: tuple[Case, xr.DataTree]) -> None:
    case, post = sampled
    published = case.reference["parameters"]
    scores = {name: z_scores(draws, published[name]) for name, draws in draws_of(case, post).items()}
    assert scores.keys() == published.keys()
    assert np.isfinite(worst(scores)[0])
    assert worst(scores)[0] <= LARGEST_Z, worst(scores)

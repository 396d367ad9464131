"""The log evidence against normal densities of the rows and integrals over the scales by another rule."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError, NoEngineError
from tests.engines.gaussian_models import LAWS, BruteForce, data, model

INTERCEPTS = {
    "flat": priors.Flat(),
    "absolute": priors.Gaussian(1.5, loc=0.5),
    "relative": priors.Gaussian(1.5, loc=0.5, relative_to="sigma"),
}


def both(sigma: Any, scale: Any, relative: bool, intercept: str) -> tuple[br.Evidence, float]:
    """Ours and the brute-force value."""
    X, y, weight, offset = data(8)
    prior = priors.Gaussian(scale, loc=0.2, relative_to="sigma" if relative else None)
    built = br.Model(likelihoods.Gaussian(sigma), prior, intercept=INTERCEPTS[intercept])
    ours = br.log_evidence(built, X, y, sample_weight=weight, offset=offset)
    brute = BruteForce(X, y, weight, offset, 0.2, INTERCEPTS[intercept])
    return ours, brute.evidence(sigma, scale, relative)


@pytest.mark.parametrize(("relative", "intercept"), list(itertools.product([False, True], INTERCEPTS)))
def test_known_scales_give_the_normal_density_of_the_rows(relative: bool, intercept: str) -> None:
    ours, brute = both(0.8, 1.3, relative, intercept)
    assert ours.log_evidence == pytest.approx(brute, abs=1e-10)
    assert ours.error == 0.0
    assert ours.proper == (intercept != "flat")


@pytest.mark.parametrize(("name", "relative"), list(itertools.product(LAWS, [False, True])))
def test_a_learned_sigma_is_integrated_over_to_eight_digits(name: str, relative: bool) -> None:
    intercept = list(INTERCEPTS)[len(name) % 3]
    ours, brute = both(LAWS[name], 1.3, relative, intercept)
    assert ours.log_evidence == pytest.approx(brute, abs=1e-8)
    assert ours.error < 1e-9


@pytest.mark.parametrize("name", [name for name in LAWS if name != "jeffreys"])
def test_a_learned_prior_scale_is_integrated_over_to_eight_digits(name: str) -> None:
    ours, brute = both(0.8, LAWS[name], len(name) % 2 == 0, list(INTERCEPTS)[len(name) % 3])
    assert ours.log_evidence == pytest.approx(brute, abs=1e-8)
    assert ours.error < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sigma", "scale", "relative", "intercept"),
    [
        ("gamma", "inverse_gamma", False, "absolute"),
        ("inverse_gamma", "own", True, "relative"),
    ],
)
def test_two_learned_scales_are_integrated_over_to_eight_digits(
    sigma: str, scale: str, relative: bool, intercept: str
) -> None:
    ours, brute = both(LAWS[sigma], LAWS[scale], relative, intercept)
    assert ours.log_evidence == pytest.approx(brute, abs=1e-8)
    assert ours.error < 1e-9


def test_units_of_the_response_change_the_evidence_by_their_jacobian_alone() -> None:
    X, y, _, _ = data()
    one = br.log_evidence(model(LAWS["jeffreys"], LAWS["half_cauchy"]), X, y)
    ten = br.log_evidence(model(LAWS["jeffreys"], LAWS["half_cauchy"]), X, 10 * y)
    # The flat intercept carries the unit once.
    assert ten.log_evidence == pytest.approx(one.log_evidence - (y.size - 1) * math.log(10.0), abs=1e-9)


def test_the_posterior_carries_its_evidence() -> None:
    X, y, _, _ = data()
    built = model(LAWS["half_cauchy"], LAWS["half_cauchy"])
    post = br.sample(built, X, y, draws=5, chains=1, seed=1)
    evidence = br.log_evidence(built, X, y)
    assert post.attrs["log_evidence"] == evidence.log_evidence == float(evidence)
    assert post.attrs["log_evidence_error"] == evidence.error


def test_other_models_and_improper_posteriors_are_refused_with_the_reason() -> None:
    X, y, _, _ = data()
    with pytest.raises(NoEngineError, match=r"l1 part.*br\.compare"):
        br.log_evidence(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y)
    with pytest.raises(NoEngineError, match="not Gaussian"):
        br.log_evidence(br.Model(likelihoods.Huber(1.0, 1.0), priors.Gaussian(1.0)), X, y)
    with pytest.raises(InputError, match="piles up at 0"):
        br.log_evidence(model(scales.Jeffreys(), 1.0), X[:3], y[:3])

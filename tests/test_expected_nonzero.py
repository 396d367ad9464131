"""How many coefficients are expected to matter: the scale of Piironen & Vehtari, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError

INF = float("inf")
MAKERS = [priors.Horseshoe, priors.RegularizedHorseshoe]


def bound(prior: Any, likelihood: Any, X: Any, y: Any, *rows: Any, **settings: Any) -> Any:
    return br.Model(likelihood, prior, standardize=True, **settings).bind(make_design(X, y, *rows))


@pytest.mark.parametrize("make", MAKERS)
def test_a_gaussian_likelihood_brings_its_noise_in(make: Any, wide: Any) -> None:
    X, y = wide
    n, p = X.shape
    for sigma, word, times in (
        (None, "auto", 1.0),
        (2.0, "auto", 1.0),
        (2.0, "sigma", 1.0),
        (2.0, None, 2.0),
    ):
        problem = bound(make(expected_nonzero=3, relative_to=word), likelihoods.Gaussian(sigma or 2.0), X, y)
        law = problem.hyper_laws["prior_scale"]
        assert isinstance(law, scales.HalfCauchy)
        assert law.scale == pytest.approx(times * 3 / (p - 3) / np.sqrt(n), rel=1e-14)
        assert problem.relative_to == (None if word is None else "sigma")
        assert any(note.startswith(f"expected_nonzero = 3 of {p} coefficients") for note in problem.notes)


def test_the_rows_count_by_their_weight_and_the_columns_if_they_have_a_prior(wide: Any) -> None:
    X, y = wide
    weight = np.arange(y.size) % 3 + 1.0
    factor = np.where(np.arange(X.shape[1]) < 5, INF, 1.0)
    prior = priors.Horseshoe(expected_nonzero=2.5, factor=factor)
    law = bound(prior, likelihoods.Gaussian(1.0), X, y, weight).hyper_laws["prior_scale"]
    k = X.shape[1] - 5
    assert law.scale == pytest.approx(2.5 / (k - 2.5) / np.sqrt(weight.sum()), rel=1e-14)


def test_without_a_noise_level_the_null_model_has_a_pseudo_sigma(binary: Any) -> None:
    X, y = binary
    n, p = X.shape
    law = bound(priors.Horseshoe(expected_nonzero=1), likelihoods.Bernoulli(), X, y).hyper_laws["prior_scale"]
    mean = y.mean()
    assert law.scale == pytest.approx(1 / (p - 1) / np.sqrt(n) / np.sqrt(mean * (1 - mean)), rel=1e-9)
    counts = np.random.default_rng(3).poisson(2.0, n)
    law = bound(priors.Horseshoe(expected_nonzero=1), likelihoods.Poisson(), X, counts).hyper_laws["prior_scale"]
    assert law.scale == pytest.approx(1 / (p - 1) / np.sqrt(n) / np.sqrt(counts.mean()), rel=1e-9)
    offset = np.linspace(-2, 1, n)
    prior = priors.Horseshoe(expected_nonzero=1)
    law = bound(prior, likelihoods.Bernoulli(), X, y, None, offset, fit_intercept=False).hyper_laws["prior_scale"]
    curvature = np.mean(expit(offset) * expit(-offset))
    assert law.scale == pytest.approx(1 / (p - 1) / np.sqrt(n * curvature), rel=1e-12)


def test_the_model_keeps_what_was_said(linear: Any) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), priors.Horseshoe(expected_nonzero=2), standardize=True)
    problem = model.bind(make_design(X, y))
    assert br.Model.from_json(problem.spec) == model
    assert problem.prior == priors.Horseshoe(problem.hyper_laws["prior_scale"])


@pytest.mark.parametrize("make", MAKERS)
def test_what_cannot_be_meant_is_refused(make: Any, linear: Any) -> None:
    X, y = linear
    with pytest.raises(InputError, match=r"expected_nonzero=4\) must be below the number of penalised columns, 4"):
        bound(make(expected_nonzero=4), likelihoods.Gaussian(1.0), X, y)
    with pytest.raises(InputError, match="below the number of penalised columns, 0"):
        bound(make(expected_nonzero=1, factor=INF), likelihoods.Gaussian(1.0), X, y)
    with pytest.raises(InputError, match="relative to the noise level, which is learned here"):
        bound(make(expected_nonzero=1, relative_to=None), likelihoods.Gaussian(), X, y)

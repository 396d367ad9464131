"""Models with a normal mixture as prior: their density, what they refuse, what they explain, their posteriors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.certificate import certify
from bayesreg.data import make_design
from bayesreg.errors import InputError, NoMapError

INF = float("inf")
GAUSSIAN = likelihoods.Gaussian(1.0)
EVERY = {
    "student_t": priors.StudentT(3.0, 0.5),
    "horseshoe": priors.Horseshoe(),
    "regularized": priors.RegularizedHorseshoe(expected_nonzero=2),
}
REASON = {"student_t": "is not convex", "horseshoe": "is infinite where", "regularized": "is infinite where"}


@pytest.mark.parametrize("prior", [priors.StudentT(3.0, 0.5, loc=0.1), priors.Horseshoe(0.4, factor=[1.0, INF])])
@pytest.mark.parametrize("word", [None, "sigma"])
def test_the_density_without_local_scales_is_the_integral_of_that_with_them(prior: Any, word: Any) -> None:
    rng = np.random.default_rng(120)
    X, y = rng.standard_normal((8, 2)), rng.standard_normal(8)
    prior = type(prior)(**(vars(prior) | {"relative_to": word}))
    problem = br.Model(likelihoods.Gaussian(1.7), prior, standardize=True).bind(make_design(X, y))
    coef = np.array([0.3, -1.2])
    marginal = problem.log_posterior(coef, 0.2)

    def joint(first: float, second: float) -> float:
        local = np.exp([first, second])
        return float(np.exp(problem.log_posterior(coef, 0.2, local_scale=local) - marginal + first + second))

    # One coordinate at a time: their densities multiply, and a column without a prior has no local scale.
    fixed = problem.log_posterior(coef, 0.2, local_scale=np.ones(2))
    parts = 2 - int(problem.unpenalised.sum())
    total = integrate.quad(lambda u: joint(u, 0.0), -30, 30, limit=300, epsabs=0, epsrel=1e-10)[0]
    if parts == 2:
        total *= integrate.quad(lambda u: joint(0.0, u), -30, 30, limit=300, epsabs=0, epsrel=1e-10)[0]
        total /= np.exp(fixed - marginal)
    assert total == pytest.approx(1.0, rel=1e-8)


def test_local_scales_must_be_positive_and_belong_to_a_mixture(linear: Any) -> None:
    problem = br.Model(GAUSSIAN, priors.Horseshoe(0.3)).bind(make_design(*linear))
    for local in (np.array([1.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, np.nan, 1.0]), np.ones(3)):
        with pytest.raises(InputError, match="local_scale must hold 4 positive numbers"):
            problem.log_prior(np.zeros(4), local_scale=local)
    with pytest.raises(InputError, match="local_scale belongs to a normal mixture"):
        br.Model(GAUSSIAN, priors.Laplace(0.3)).bind(make_design(*linear)).log_prior(
            np.zeros(4), local_scale=np.ones(4)
        )
    slab = br.Model(GAUSSIAN, priors.RegularizedHorseshoe(0.3, slab_df=None)).bind(make_design(*linear))
    with pytest.raises(InputError, match="local_scale must be given"):
        slab.log_prior(np.ones(4))


@pytest.mark.parametrize("name", EVERY)
def test_there_is_no_mode_and_every_verb_says_why(name: str, linear: Any) -> None:
    model = br.Model(likelihoods.Gaussian(), EVERY[name], standardize=True)
    found = br.explain(model, *linear)
    assert found.map_engine is None
    assert all(reason is not None and REASON[name] in reason for _, reason in found.find_map)
    assert found.sample_engine is not None
    assert any("relative_to resolved to" in note for note in found.notes)
    for verb in (br.find_map, br.map_path):
        with pytest.raises(NoMapError, match=REASON[name]):
            verb(model, *linear)
    problem = model.bind(make_design(*linear))
    with pytest.raises(NoMapError, match=REASON[name]):
        problem.penalty(1.0)
    with pytest.raises(NoMapError, match=REASON[name]):
        certify(problem, np.zeros(4), 0.0, 1.0)
    with pytest.raises(InputError, match=type(EVERY[name]).__name__):
        br.penalty_for("sklearn.Lasso", EVERY[name], n=30)


def test_a_likelihood_without_noise_refuses_a_relative_scale(binary: Any) -> None:
    with pytest.raises(InputError, match="needs a noise level"):
        br.Model(likelihoods.Bernoulli(), priors.Horseshoe(relative_to="sigma"))
    problem = br.Model(likelihoods.Bernoulli(), priors.Horseshoe()).bind(make_design(*binary))
    assert problem.relative_to is None


def test_a_vector_must_fit_the_columns(linear: Any) -> None:
    with pytest.raises(InputError, match=r"Horseshoe\(scale=\.\.\.\) has 2 entries but X has 4 columns"):
        br.Model(GAUSSIAN, priors.Horseshoe([0.1, 0.2])).bind(make_design(*linear))


@pytest.mark.slow
def test_two_samplers_agree_on_a_slab_beside_a_column_without_a_prior() -> None:
    rng = np.random.default_rng(121)
    X = rng.standard_normal((40, 4))
    y = X @ [1.0, 0.0, 0.0, -0.8] + rng.standard_normal(40)
    prior = priors.RegularizedHorseshoe(
        scales.InverseGamma(4.0, 0.4), slab_scale=1.5, factor=[1.0, 1.0, INF, 1.0], relative_to="sigma"
    )
    model = br.Model(likelihoods.Gaussian(scales.HalfStudentT(4.0, 1.0)), prior)
    gibbs = br.sample(model, X, y, seed=1, draws=4000)
    nuts = br.sample(model, X, y, seed=2, engine="nuts", target_accept=0.99)
    assert gibbs.attrs["engine"] != "nuts"
    for name in ("coef", "sigma", "prior_scale", "slab", "local_scale"):
        ours, theirs = (np.log(np.abs(post["posterior"][name].to_numpy())) for post in (gibbs, nuts))
        if name in ("coef", "local_scale"):
            assert np.isnan(ours[..., 2]).all() == np.isnan(theirs[..., 2]).all() == (name == "local_scale")
            ours, theirs = (np.moveaxis(np.delete(value, 2, axis=-1), -1, 0) for value in (ours, theirs))
        else:
            ours, theirs = ours[None], theirs[None]
        for mine, other in zip(ours, theirs, strict=True):
            assert abs(z_score(mine, other)) < 4.0, name


def z_score(first: np.ndarray, second: np.ndarray) -> float:
    """Difference of two means over draws (chain, draw) in their Monte Carlo standard errors."""
    import arviz as az

    errors = [float(az.mcse(value, method="mean")) for value in (first, second)]
    return float((first.mean() - second.mean()) / np.hypot(*errors))

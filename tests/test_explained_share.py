"""A prior scale stated through the share of variance explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError
from bayesreg.numerics.gibbs.laws import law_log_density
from bayesreg.pymc_export import build_pymc
from bayesreg.scales import RSquared

INF = float("inf")
LAW = RSquared(2.0, 3.0)


def bound(prior: Any, X: Any, y: Any, likelihood: Any = None, **options: Any) -> Any:
    return br.Model(likelihood or likelihoods.Gaussian(), prior, **options).bind(make_design(X, y))


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(("kind", "variance"), [(priors.Gaussian, 1.0), (priors.Laplace, 2.0)])
def test_the_variance_of_the_predictor_follows_the_law(
    linear: Any, kind: Any, variance: float, standardize: bool
) -> None:
    X, y = linear
    problem = bound(kind(LAW, factor=[1.0, 2.0, INF, 0.5]), X, y, standardize=standardize)
    unit = np.array([1.0, 2.0, 0.0, 0.5]) / (X.std(0) if standardize else 1.0)
    size = problem.prior.scale.size
    assert size == pytest.approx(variance * np.sum((unit * X.std(0)) ** 2), rel=1e-12)
    assert any(f"size {size:.6g}" in note for note in problem.notes)
    # Over the prior of the coefficients the mean variance of X coef at scale t is size t² sigma²; its share is beta.
    tau = problem.prior.scale.draw(np.random.default_rng(0), 4000)
    assert stats.kstest(size * tau**2 / (1 + size * tau**2), stats.beta(2.0, 3.0).cdf).pvalue > 1e-3


def test_standardised_predictors_count_as_their_number(linear: Any) -> None:
    assert bound(priors.Gaussian(LAW), *linear, standardize=True).prior.scale.size == pytest.approx(4.0)


def test_the_compiled_density_is_the_law_up_to_a_constant() -> None:
    law = LAW.at_size(3.0)
    code, a, b, size = law.code
    at = np.array([1e-4, 0.3, 1.0, 20.0])
    compiled = [law_log_density(code, a, b, value, size) for value in at]
    np.testing.assert_allclose(np.diff(compiled), np.diff(law.log_density(at)), rtol=1e-12)


def test_the_pymc_density_and_its_draws_are_those_of_the_law(linear: Any) -> None:
    import pymc as pm

    problem = bound(priors.Gaussian(LAW), *linear)
    model = build_pymc(problem)
    ours = problem.prior.scale
    log_density = model.compile_fn(model.logp(vars=[model["prior_scale"]], jacobian=False), mode="FAST_COMPILE")
    for value in (0.01, 0.5, 3.0):
        theirs = float(log_density({"prior_scale_log__": np.log(value)}))
        assert theirs == pytest.approx(float(ours.log_density(value)), rel=1e-12)
    draws = pm.draw(model["prior_scale"], draws=2000, random_seed=1, mode="FAST_COMPILE")
    assert stats.ks_2samp(draws, ours.draw(np.random.default_rng(2), 2000)).pvalue > 1e-3


def test_the_model_survives_json_and_prior_prediction(linear: Any) -> None:
    X, _ = linear
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(LAW), intercept=priors.Gaussian(1.0))
    assert br.Model.from_json(model.to_json()) == model
    tree = br.prior_predictive(model, X, draws=50, seed=1)
    assert np.all(tree["prior"]["prior_scale"] > 0)


def test_where_it_means_nothing_it_is_refused(linear: Any, binary: Any) -> None:
    for prior, likelihood, data, words in (
        (priors.Gaussian(LAW, relative_to=None), likelihoods.Gaussian(1.0), linear, "relative to the noise"),
        (priors.Laplace(LAW, relative_to="penalty"), likelihoods.Gaussian(1.0), linear, "relative to the noise"),
        (priors.Gaussian(LAW), likelihoods.Bernoulli(), binary, "relative to the noise"),
        (priors.Laplace(rate=LAW), likelihoods.Gaussian(1.0), linear, "prior_rate"),
        (priors.ElasticNet(l1=0.0, l2=LAW), likelihoods.Gaussian(1.0), linear, "prior_l2"),
        (priors.GroupLaplace([0, 0, 1, 1], LAW), likelihoods.Gaussian(1.0), linear, "takes another one"),
        (priors.Gaussian(1.0), likelihoods.Gaussian(LAW), linear, "no law of a noise level"),
        (priors.Gaussian(LAW, factor=INF), likelihoods.Gaussian(1.0), linear, "no penalised column varies"),
    ):
        with pytest.raises(InputError, match=words):
            bound(prior, *data, likelihood)
    with pytest.raises(InputError, match="complete only with data"):
        LAW.log_density(1.0)


def test_compiled_samplers_agree_with_the_exact_engine(linear: Any) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)), priors.Gaussian(LAW), standardize=True)
    exact = br.sample(model, X, y, draws=10, chains=1, seed=1)["exact_moments"]
    post = br.sample(model, X, y, draws=2000, chains=2, seed=1, engine="gibbs_full")["posterior"]
    for name in ("prior_scale", "sigma"):
        mean, sd = float(exact[f"{name}_mean"]), float(exact[f"{name}_sd"])
        # The chains mix well: at least a quarter of the draws count.
        assert abs(float(post[name].mean()) - mean) < 4.5 * sd / np.sqrt(1000)

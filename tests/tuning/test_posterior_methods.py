"""Strengths from posteriors: leave-one-out along a grid, and full Bayes under a law of the scale."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import pytest

import bayesreg as br
from bayesreg import posterior, priors, scales
from bayesreg.errors import InputError, SamplingWarning
from bayesreg.tuning import posterior_loo
from bayesreg.tuning.full_bayes import with_law
from tests.tuning.cases import INF, gaussian, regression


def test_leave_one_out_of_a_ridge_is_exact() -> None:
    X, y = regression(25)
    model = gaussian(priors.Gaussian(0.5), fit_intercept=False)
    found = br.tune(model, X, y, method="loo", strengths=[3.0, 0.3], draws=100, seed=1)
    for strength, value, se in zip(found.strength, found.value, found.se, strict=True):
        elpd = np.empty(25)
        for i in range(25):
            rest = np.arange(25) != i
            A = X[rest].T @ X[rest] / 0.81 + strength * 4 * np.eye(5)
            mean = X[i] @ np.linalg.solve(A, X[rest].T @ y[rest] / 0.81)
            variance = 0.81 + X[i] @ np.linalg.solve(A, X[i])
            elpd[i] = -0.5 * np.log(2 * np.pi * variance) - (y[i] - mean) ** 2 / (2 * variance)
        assert value == pytest.approx(elpd.sum(), rel=1e-9)
        assert se == pytest.approx(np.sqrt(25) * elpd.std(), rel=1e-8)
    assert np.all(np.isnan(found.details["pareto_k"]))


def test_leave_one_out_of_a_sampled_posterior_is_that_of_compare_and_finds_a_sensible_strength() -> None:
    X, y = regression(50)
    model = gaussian(priors.Laplace(0.3))
    weight = np.random.default_rng(0).integers(1, 3, y.size).astype(float)
    found = br.tune(model, X, y, method="loo", strengths=[100.0, 3.0], seed=4, draws=500, sample_weight=weight)
    posts = {
        str(s): br.sample(found.model_at(s), X, y, seed=5, draws=500, sample_weight=weight) for s in found.strength
    }
    table = br.compare(posts)
    for strength, value, se in zip(found.strength, found.value, found.se, strict=True):
        assert value == pytest.approx(table.loc[str(strength), "elpd"], abs=0.5)
        assert se == pytest.approx(table.loc[str(strength), "se"], rel=0.05)
    assert found.best == 3.0
    assert np.all(found.details["pareto_k"] < 0.7)
    again = br.tune(model, X, y, method="loo", strengths=[100.0, 3.0], seed=4, draws=500, sample_weight=weight)
    np.testing.assert_array_equal(found.value, again.value)


def test_a_mixture_with_a_known_scale_can_be_tuned_by_leave_one_out() -> None:
    X, y = regression(30)
    found = br.tune(gaussian(priors.StudentT(4.0, 0.5)), X, y, method="loo", n_points=3, draws=200, seed=1)
    np.testing.assert_allclose(found.strength, [100.0, 1.0, 0.01])
    assert found.model_at(4.0).prior == priors.StudentT(4.0, 0.25)
    assert found.penalties == {}


def test_the_posterior_of_a_ridge_strength_has_the_density_of_the_quadrature() -> None:
    X, y = regression(40)
    law = scales.HalfCauchy(1.0)
    model = gaussian(priors.Gaussian(law, relative_to=None))
    found = br.tune(model, X, y, method="bayes", draws=4000, seed=2)

    def log_density(strength: float) -> float:
        scale = strength**-0.5
        evidence = br.log_evidence(gaussian(priors.Gaussian(scale)), X, y).log_evidence
        # The density of log strength is that of the scale times |d scale / d log strength| = scale / 2.
        return evidence + float(law.log_density(scale)) + np.log(scale / 2)

    grid = np.geomspace(found.strength[0], found.strength[-1], 200)
    log = np.array([log_density(s) for s in grid])
    density = np.exp(log - log.max())
    step = np.log(grid[0] / grid[1])
    density /= density.sum() * step
    cumulated = np.cumsum(density) * step
    median = float(np.interp(0.5, cumulated, grid))
    assert found.best == pytest.approx(median, rel=0.05)
    at = np.interp(-np.log(found.strength), -np.log(grid), density)
    assert np.abs(found.value - at).max() < 0.06 * density.max()
    assert found.posterior is not None
    assert found.model.prior.scale == pytest.approx(np.median(found.posterior["posterior"]["prior_scale"]))
    assert found.details["interval"][0] < found.best < found.details["interval"][1]


@pytest.mark.parametrize(
    "prior",
    [
        priors.Laplace(rate=scales.Gamma(2.0, 1.0)),
        priors.ElasticNet(scales.Gamma(2.0, 1.0), scales.Gamma(2.0, 1.0)),
        priors.RegularizedHorseshoe(expected_nonzero=2),
        priors.Gaussian(scales.RSquared(1.0, 1.0)),
        priors.GroupLaplace([0, 0, 1, 1, 1], scales.HalfNormal(1.0)),
    ],
    ids=["rate", "two rates", "horseshoe", "explained share", "groups"],
)
def test_the_learned_scale_of_any_prior_is_fixed_at_its_median(prior: Any) -> None:
    X, y = regression()
    with warnings.catch_warnings(action="ignore", category=SamplingWarning):
        found = br.tune(gaussian(prior, standardize=True), X, y, method="bayes", draws=200, seed=3)
    assert found.posterior is not None
    assert not found.model.prior.hyperparameters()
    name = next(iter(prior.hyperparameters()))
    learned = float(np.median(found.posterior["posterior"][name]))
    field = {"prior_scale": "scale", "prior_rate": "rate", "prior_l1": "l1"}[name]
    assert getattr(found.model.prior, field) == pytest.approx(learned, rel=1e-9)
    # Twice the strength is twice the penalty.
    pair = [bound_penalty(found, strength) for strength in (found.best, 2 * found.best)]
    assert pair[1] == pytest.approx(2 * pair[0])


def bound_penalty(found: br.TuneResult, strength: float) -> float:
    """Penalty of a vector of ones at unit noise; of a mixture the precision of its normal given unit local scales."""
    prior = found.model_at(strength).prior
    if isinstance(prior, priors.RegularizedHorseshoe):
        return float(prior.scale**-2)
    if isinstance(prior, priors.GroupLaplace):
        return float(np.sum(prior.group_rates({})))
    l1, l2 = prior.rates({})
    return float(l1 + l2)


def test_groups_with_scales_of_their_own_become_a_ridge_with_a_penalty_for_each_column() -> None:
    X, y = regression()
    prior = priors.GroupGaussian(["a", "a", "b", "b", "b"], scales.HalfCauchy(1.0))
    found = br.tune(gaussian(prior), X, y, method="bayes", draws=300, seed=1)
    assert found.posterior is not None
    medians = found.posterior["posterior"]["prior_scale"].median(("chain", "draw")).to_numpy()
    np.testing.assert_allclose(found.model.prior.scale, medians[[0, 0, 1, 1, 1]])
    assert found.model.prior.relative_to == "sigma"
    # The strength is that of the first group.
    assert found.best == pytest.approx(medians[0] ** -2, rel=1e-9)


def test_a_known_scale_becomes_the_median_of_a_law() -> None:
    X, y = regression()
    for prior in (priors.Laplace(0.3), priors.Laplace(rate=1 / 0.3), priors.Laplace(0.3, relative_to="penalty")):
        model, unit, _ = with_law(gaussian(prior, None if prior.relative_to == "penalty" else 0.9))
        assert model.prior.scale == scales.HalfCauchy(0.3)
        assert unit == 0.3
        assert model.prior.relative_to == (None if prior.relative_to == "auto" else prior.relative_to)
    model, unit, _ = with_law(gaussian(priors.Gaussian([0.3, INF, 0.2, 0.3, 0.3])))
    assert (model.prior.factor, unit) == ((0.3, INF, 0.2, 0.3, 0.3), 1.0)
    found = br.tune(gaussian(priors.Gaussian(0.3)), X, y, method="bayes", draws=300, seed=1)
    exact = br.tune(gaussian(priors.Gaussian(0.3)), X, y, method="evidence")
    # Strengths of all methods are multiples of the same penalty.
    assert found.details["interval"][0] < exact.best < found.details["interval"][1]
    with pytest.raises(InputError, match=r"needs a law for the strength: give ElasticNet a learned parameter"):
        br.tune(gaussian(priors.ElasticNet(1.0, 1.0)), X, y, method="bayes")


@pytest.mark.parametrize(("method", "place"), [("loo", "posterior_loo.sample"), ("evidence", "sampled_evidence.run")])
def test_ctrl_c_ends_the_whole_curve(method: Any, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        attrs: ClassVar = {"interrupted": 1}

    monkeypatch.setattr(f"bayesreg.tuning.{place}", lambda *given, **more: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        br.tune(gaussian(priors.Laplace(0.3)), *regression(), method=method, seed=1)


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(InputError, match=r"draws must be at least 100 for method='evidence'.*got 50"):
        br.tune(gaussian(priors.Laplace(0.3)), *regression(), method="evidence", draws=50)


def test_the_interval_of_the_strength_has_the_probability_asked_for() -> None:
    X, y = regression()
    model = gaussian(priors.Laplace(scales.HalfCauchy(1.0)))
    found = br.tune(model, X, y, method="bayes", draws=1000, seed=1, ci_prob=0.5)
    assert found.posterior is not None
    strength = 1 / found.posterior["posterior"]["prior_scale"].to_numpy()
    np.testing.assert_allclose(found.details["interval"], np.quantile(strength, [0.25, 0.75]), rtol=1e-3)
    assert "50 % interval" in str(found)
    with pytest.raises(InputError, match="ci_prob= is for method='bayes'"):
        br.tune(model, X, y, method="loo", ci_prob=0.5)


@pytest.mark.parametrize(
    ("prior", "method", "message"),
    [
        (priors.Flat(), "bayes", r"nothing to tune: priors.Flat\(\) penalises nothing"),
        (priors.Laplace(1.0, factor=INF), "bayes", "nothing to tune: every column is unpenalised"),
        (priors.Laplace(1.0, factor=INF), "loo", "nothing to tune: every column is unpenalised"),
        (priors.Horseshoe(expected_nonzero=2), "cv", "tunes a penalty, and Horseshoe is none; use method='bayes'"),
        (priors.GroupGaussian([0, 0, 1, 1, 1], scales.HalfCauchy(1.0)), "cv", "priors.Gaussian with a number for each"),
    ],
)
def test_what_has_no_strength_says_what_to_do(prior: Any, method: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        br.tune(gaussian(prior), *regression(), method=method)


def test_more_rows_and_draws_than_leave_one_out_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posterior, "LARGEST_LOG_LIKELIHOOD", 60 * 2 * 100)
    monkeypatch.setattr(posterior_loo, "LARGEST_LOG_LIKELIHOOD", 60 * 2 * 100)
    few = {"method": "loo", "n_points": 2, "chains": 2, "seed": 1}
    with pytest.raises(InputError, match="give draws=100 or fewer, or use method='cv'"):
        br.tune(gaussian(priors.Laplace(0.3)), *regression(), draws=101, **few)
    assert br.tune(gaussian(priors.Laplace(0.3)), *regression(), draws=100, **few).value.size == 2

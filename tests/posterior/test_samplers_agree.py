"""Two samplers of one posterior, of which neither knows the other, have the same expectations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines import gibbs_blocks
from bayesreg.engines.base import Options
from bayesreg.engines.exact_gaussian import ExactGaussian
from bayesreg.problem import Problem
from tests.posterior.exact_hmc import exact_hmc
from tests.posterior.forward import Theta
from tests.posterior.geweke import as_theta
from tests.posterior.importance import numbers
from tests.posterior.test_geweke import ENGINES

Array = NDArray[np.float64]

BATCHES = 60
LIMIT = 4.5

PAIRS: list[tuple[tuple[str, str], int, int, Any]] = [
    (("gibbs_full", "gibbs_blocks"), 40, 20, priors.Horseshoe(scales.HalfCauchy(0.5))),
    (("gibbs_full", "gibbs_blocks"), 60, 30, priors.Laplace(scales.HalfCauchy(0.5), relative_to="penalty")),
    (("gibbs_full", "gibbs_collapsed"), 12, 30, priors.Laplace(rate=scales.Gamma(3.0, 1.0), relative_to="sigma")),
    (("gibbs_full", "gibbs_collapsed"), 12, 20, priors.StudentT(4.0, scales.HalfNormal(0.5))),
]


def bind(prior: Any, n: int, p: int, sigma: Any) -> Problem:
    rng = np.random.default_rng(12)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + 2.0
    y = 3.0 + X[:, 0] - X[:, 1] + rng.standard_normal(n)
    return br.Model(likelihoods.Gaussian(sigma), prior).bind(make_design(X, y))


def draws(engine: str, problem: Problem, size: int) -> Theta:
    chain = ENGINES[engine].start(problem, np.random.default_rng(3))
    chain.warm_up(1000)
    return as_theta(problem, chain.advance(size), size)


def batches(values: Array) -> tuple[float, float]:
    means = values.reshape(BATCHES, -1).mean(1)
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(BATCHES))


def assert_same(one: dict[str, Array], two: dict[str, Array]) -> None:
    z = {}
    for name in one.keys() & two.keys():
        (a, error), (b, other) = batches(one[name]), batches(two[name])
        if (gap := abs(a - b)) > 0:
            z[name] = gap / np.hypot(error, other)
    assert max(z.values()) < LIMIT, sorted(z.items(), key=lambda item: -item[1])[:5]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize(("engines", "n", "p", "prior"), PAIRS)
def test_two_gibbs_samplers_agree(
    engines: tuple[str, str], n: int, p: int, prior: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gibbs_blocks, "SIZE", 7)
    problem = bind(prior, n, p, scales.InverseGamma(3.0, 3.0))
    one, two = (numbers(problem, draws(engine, problem, 24_000)) for engine in engines)
    assert_same(one, two)


@pytest.mark.parametrize(
    ("engine", "n", "p"), [("gibbs_full", 30, 10), ("gibbs_blocks", 30, 10), ("gibbs_collapsed", 8, 12)]
)
@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
def test_gibbs_sampling_has_the_exact_moments_of_ridge_with_a_learned_scale(
    engine: str, n: int, p: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gibbs_blocks, "SIZE", 4)
    problem = bind(priors.Gaussian(scales.HalfCauchy(0.6)), n, p, scales.InverseGamma(3.0, 3.0))
    options = Options(tune=0, cores=1, progressbar=False, target_accept=0.8)
    moments = ExactGaussian().sample(problem, 4, 1, np.random.SeedSequence(1), options).moments
    theta = draws(engine, problem, 24_000)
    z = []
    for j in range(p):
        mean, sd = moments["coef_mean"][j], moments["coef_sd"][j]
        for values, exact in ((theta["coef"][:, j], mean), ((theta["coef"][:, j] - mean) ** 2, sd**2)):
            found, error = batches(values)
            z.append((found - exact) / error)
    for name in ("intercept", "sigma", "prior_scale"):
        found, error = batches(theta[name])
        z.append((found - float(moments[f"{name}_mean"])) / error)
    assert np.abs(z).max() < LIMIT, z


@pytest.mark.parametrize("engine", ["gibbs_full", "gibbs_blocks"])
def test_the_lasso_at_a_known_noise_level_by_exact_hmc(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gibbs_blocks, "SIZE", 4)
    problem = bind(priors.Laplace(0.3), 30, 12, 1.1)
    X = problem.design.X - problem.design.X.mean(0)
    y = problem.design.y - problem.design.y.mean()
    coef = exact_hmc(X.T @ X / 1.1**2, X.T @ y / 1.1**2, np.full(12, 1 / 0.3), 3000, np.random.default_rng(5))
    theta = draws(engine, problem, 12_000)["coef"]
    one, two = (
        {f"{j}": c[:, j] for j in range(12)} | {f"{j}²": c[:, j] ** 2 for j in range(12)} for c in (coef, theta)
    )
    assert_same(one, two)

"""Long chains of every sampler of our own have the posterior expectations that the oracles give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import bayesreg as br
from bayesreg import priors
from bayesreg.data import make_design
from bayesreg.engines import gibbs_blocks
from bayesreg.problem import Problem
from tests.posterior.cases import LIKELIHOODS, SIGMA, columns, make_prior
from tests.posterior.forward import Theta
from tests.posterior.geweke import as_theta
from tests.posterior.importance import expectations, numbers
from tests.posterior.quadrature import by_mixture
from tests.posterior.test_geweke import ENGINES

Array = NDArray[np.float64]

CHAINS, BATCHES = 4, 15
# Largest of about ten z scores in some thirty fixed cases.
LIMIT = 4.5

ONE = [
    ("laplace, learned", None),
    ("laplace, learned rate", "penalty"),
    ("elastic net, learned l1", "sigma"),
    ("student t, learned", "sigma"),
    ("horseshoe, learned", "sigma"),
    ("regularised horseshoe, known slab", None),
]
FEW = [
    ("gibbs_full", "gaussian", "laplace, learned", "sigma"),
    ("gibbs_full", "gaussian", "horseshoe, learned", None),
    ("gibbs_full", "gaussian", "regularised horseshoe, learned", "sigma"),
    ("gibbs_full", "gaussian", "group laplace, learned", "penalty"),
    ("gibbs_blocks", "gaussian", "elastic net, learned", "penalty"),
    ("gibbs_blocks", "gaussian", "student t, learned", None),
    ("gibbs_collapsed", "gaussian", "laplace, learned", "penalty"),
    ("gibbs_collapsed", "gaussian", "horseshoe, learned", "sigma"),
    ("gibbs_augmented", "bernoulli", "laplace, learned", None),
    ("gibbs_augmented", "bernoulli", "regularised horseshoe, learned", None),
    ("gibbs_augmented", "student t", "horseshoe, learned", "sigma"),
    ("gibbs_augmented", "laplace", "elastic net, learned l1", "sigma"),
    ("gibbs_augmented", "quantile", "laplace, learned", "penalty"),
]


def bind(prior: Any, likelihood: str, n: int, p: int, **model: Any) -> Problem:
    """A model with a normal intercept, and data with row weights, so that they are tried too."""
    rng = np.random.default_rng(7)
    X = columns(n, max(p, 2), seed=3)[:, :p]
    y = 0.4 + X @ np.resize([0.8, 0.0, -0.5], p) + rng.standard_normal(n)
    y = (y > 0.5).astype(float) if likelihood == "bernoulli" else y
    model.setdefault("intercept", priors.Gaussian(1.2, loc=0.4))
    weight = np.resize([1.0, 2.0, 1.0], n)
    design = make_design(X, y, weight, np.linspace(-0.3, 0.2, n))
    return br.Model(LIKELIHOODS[likelihood](SIGMA), prior, **model).bind(design)


def long_chains(engine: str, problem: Problem, draws: int) -> list[Theta]:
    chains = [ENGINES[engine].start(problem, np.random.default_rng([k, 11])) for k in range(CHAINS)]
    for chain in chains:
        chain.warm_up(500)
    return [as_theta(problem, chain.advance(draws), draws) for chain in chains]


def z_scores(parts: list[dict[str, Array]], exact: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Distance of the averages of the chains from exact values, by batch means and the errors of the latter."""
    found = {}
    for name, (value, error) in exact.items():
        means = np.concatenate([part[name].reshape(BATCHES, -1).mean(1) for part in parts])
        own = means.std(ddof=1) / np.sqrt(means.size)
        found[name] = float((means.mean() - value) / np.hypot(own, error))
    return found


def assert_close(z: dict[str, float]) -> None:
    wrong = {name: round(value, 1) for name, value in z.items() if not abs(value) < LIMIT}
    assert not wrong, wrong


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gibbs_blocks, "SIZE", 2)


@pytest.mark.parametrize("engine", ["gibbs_full", "gibbs_collapsed"])
@pytest.mark.parametrize(("prior", "word"), ONE)
@pytest.mark.parametrize("intercept", [priors.Gaussian(1.2, loc=0.4), priors.Flat()], ids=["normal", "flat"])
@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
def test_one_coefficient_by_quadrature(engine: str, prior: str, word: Any, intercept: Any) -> None:
    problem = bind(make_prior(prior, word, 1), "gaussian", 9, 1, intercept=intercept)
    exact = by_mixture(problem, step=1.6)
    told = {"mean": (exact.mean[0], 0.0), "square": (exact.mean[0] ** 2 + exact.sd[0] ** 2, 0.0)}
    told["positive"] = (exact.positive[0], 0.0)
    told |= {name: (value, 0.0) for name, value in exact.log_mean.items()}
    parts = []
    for theta in long_chains(engine, problem, 6000):
        coef = theta["coef"][:, 0]
        part = {"mean": coef, "square": coef**2, "positive": (coef > problem.loc[0]).astype(float)}
        parts.append(part | {name: np.log(theta[name]) for name in exact.log_mean})
    assert_close(z_scores(parts, told))


@pytest.mark.parametrize(("engine", "likelihood", "prior", "word"), FEW)
@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
def test_several_coefficients_by_weighted_prior_draws(engine: str, likelihood: str, prior: str, word: Any) -> None:
    n, p = (4, 6) if engine == "gibbs_collapsed" else (8, 3)
    problem = bind(make_prior(prior, word, p), likelihood, n, p)
    exact = {name: (each.mean, each.error) for name, each in expectations(problem, 1_000_000, seed=1).items()}
    parts = [numbers(problem, theta) for theta in long_chains(engine, problem, 6000)]
    assert_close(z_scores(parts, {name: value for name, value in exact.items() if name in parts[0]}))

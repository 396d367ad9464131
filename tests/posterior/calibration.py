"""Simulation-based calibration (Talts et al., 2018): the rank of the truth among posterior draws is uniform.

Beside the parameters the log likelihood is ranked, which depends on the data: it sees errors that parameters alone hide
(Modrák et al., 2023, "Simulation-based calibration checking with test quantities").
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bayesreg.engines.base import ChainEngine
from bayesreg.problem import Problem
from tests.posterior.forward import Theta, prior_draws, response_draws
from tests.posterior.geweke import as_theta, with_response
from tests.posterior.importance import log_likelihood

Array = NDArray[np.float64]

DRAWS = 99
BINS = 10
# After Bonferroni over quantities and statistics; the seeds are fixed, so that it is no coin toss.
LEVEL = 1e-3
# Makes `DRAWS` (nearly) independent draws from the posterior of a problem, shapes (DRAWS, ...).
Sampler = Callable[[Problem, np.random.Generator], Theta]


def thinned(engine: ChainEngine, tune: int, every: int) -> Sampler:
    """A sampler from a chain: its warm-up, then each so many-th draw."""

    def sample(problem: Problem, rng: np.random.Generator) -> Theta:
        chain = engine.start(problem, rng)
        chain.warm_up(tune)
        return {name: value[every - 1 :: every] for name, value in chain.advance(every * DRAWS).items()}

    return sample


def ranked(problem: Problem, theta: Theta) -> dict[str, Array]:
    """What is ranked, each of shape (size,)."""
    out = {f"coef {j}": theta["coef"][:, j] for j in np.flatnonzero(~problem.unpenalised)}
    if problem.fit_intercept and not problem.flat_intercept:
        out["intercept"] = theta["intercept"]
    if problem.sigma_law is not None:
        out["sigma"] = theta["sigma"]
    out |= {name: theta[name] for name in problem.hyper_laws}
    if "local_scale" in theta:
        out["sum of local scales"] = np.nansum(np.log(theta["local_scale"]), axis=1)
    return out | {"log likelihood": log_likelihood(problem, theta)}


def ranks(sampler: Sampler, problem: Problem, replications: int, seed: int) -> dict[str, Array]:
    """Ranks of the truth among the draws, 0 to `DRAWS`, each of shape (replications,)."""
    rng = np.random.default_rng(seed)
    theta = prior_draws(problem, replications, rng)
    y = response_draws(problem, theta, rng)
    found: dict[str, list[int]] = {}
    for k in range(replications):
        bound = with_response(problem, y[k])
        draws = ranked(bound, as_theta(bound, sampler(bound, rng), DRAWS))
        for name, truth in ranked(bound, {key: value[k : k + 1] for key, value in theta.items()}).items():
            if name in draws:
                found.setdefault(name, []).append(int(np.sum(draws[name] < truth[0])))
    return {name: np.array(values) for name, values in found.items()}


def p_values(rank: Array) -> dict[str, float]:
    """Of a chi-square over equal bins, and of the mean and the spread of the ranks, which see shifts and widths."""
    counts = np.histogram(rank, bins=BINS, range=(0, DRAWS + 1))[0]
    u = (rank + 0.5) / (DRAWS + 1)
    uniform = (np.arange(DRAWS + 1) + 0.5) / (DRAWS + 1)

    def normal(value: Array, law: Array) -> float:
        return float(2 * stats.norm.sf(abs(value.mean() - law.mean()) / law.std() * np.sqrt(value.size)))

    return {
        "bins": float(stats.chisquare(counts).pvalue),
        "mean": normal(u, uniform),
        "spread": normal((2 * u - 1) ** 2, (2 * uniform - 1) ** 2),
    }


def assert_calibrated(found: dict[str, Array]) -> None:
    """Fail with the quantities whose ranks are not uniform."""
    tested = {f"{name}: {what}": p for name, rank in found.items() for what, p in p_values(rank).items()}
    wrong = {name: p for name, p in tested.items() if p * len(tested) < LEVEL}
    assert not wrong, wrong

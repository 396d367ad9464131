"""Posterior expectations as averages over prior draws weighted by the likelihood.

The weights are bounded by the largest likelihood, so the error of the averages is known, whatever the tails of the
prior; for a handful of rows enough of the draws count. Needs nothing but forward simulation and the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.problem import Problem
from tests.posterior.forward import Theta, prior_draws

Array = NDArray[np.float64]

BLOCK = 200_000


@dataclass(frozen=True)
class Expectation:
    """A posterior mean and its standard error."""

    mean: float
    error: float


def numbers(problem: Problem, theta: Theta) -> dict[str, Array]:
    """What is averaged, each of shape (size,): bounded or light-tailed functions of everything unknown."""
    d = theta["coef"] - problem.loc
    out = {f"tanh coef {j}": np.tanh(d[:, j]) for j in range(problem.p)}
    out |= {f"coef {j} > loc": (d[:, j] > 0).astype(float) for j in range(problem.p)}
    out |= {f"|coef {j}| < 0.3": (np.abs(d[:, j]) < 0.3).astype(float) for j in range(problem.p)}
    if problem.fit_intercept:
        out["intercept"] = theta["intercept"]
    if problem.sigma_law is not None:
        out["log sigma"] = np.log(theta["sigma"])
    out |= {f"log {name}": np.log(theta[name]) for name in problem.hyper_laws}
    if "local_scale" in theta and not np.isnan(theta["local_scale"]).any():
        out |= {f"log local {j}": np.log(theta["local_scale"][:, j]) for j in range(problem.p)}
    return out


def log_likelihood(problem: Problem, theta: Theta) -> Array:
    """Log likelihood of each row of ``theta``, shape (size,)."""
    design = problem.design
    eta = theta["coef"] @ design.X.T + theta["intercept"][:, None] + design.offset
    sigma = theta["sigma"][:, None]
    loss = problem.likelihood.loss(eta, design.y, sigma) + problem.likelihood.row_constant(design.y, sigma)
    return np.asarray(-loss @ design.weight)


def expectations(problem: Problem, draws: int, seed: int) -> dict[str, Expectation]:
    """Return the posterior mean of each of the `numbers`."""
    rng = np.random.default_rng(seed)
    values: dict[str, list[Array]] = {}
    weights = []
    for _ in range(draws // BLOCK):
        theta = prior_draws(problem, BLOCK, rng)
        logs = log_likelihood(problem, theta)
        # Draws that no weight of consequence can come from are left out to save room.
        heavy = logs > logs.max() - 40
        weights.append(logs[heavy])
        for name, value in numbers(problem, {key: part[heavy] for key, part in theta.items()}).items():
            values.setdefault(name, []).append(value)
    logs = np.concatenate(weights)
    w = np.exp(logs - logs.max())
    w /= w.sum()
    assert 1 / np.sum(w**2) > 1000, "too few draws count: ask for more, or for a weaker likelihood"
    out = {}
    for name, parts in values.items():
        value = np.concatenate(parts)
        mean = float(w @ value)
        out[name] = Expectation(mean, float(np.sqrt(np.sum((w * (value - mean)) ** 2))))
    return out

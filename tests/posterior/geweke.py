"""The joint-distribution test of a sampler (Geweke, 2004, "Getting it right").

Alternate y ~ p(y | theta) and one sweep of the sampler given y: whatever the sweep, if it leaves p(theta | y) as it is,
the pairs (theta, y) follow the joint law, which can be drawn from directly. Each quantity is mapped to (0, 1) by its
distribution function among direct draws, so that no tail is too heavy for the means that are compared: of u, of
(2u - 1)², and of 1{u < k/8}, the heights of a PP plot. Their z scores come from batch means.

A flat intercept and unpenalised columns Z have no law to draw from, but given the rest their posterior is normal about
the least-squares fit, and the law of the rest given y depends on y only through its residuals on Z. Data are then
generated with these coefficients at 0, and what is compared of them is the standardised distance to that fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bayesreg.engines.base import Chain
from bayesreg.likelihoods import Gaussian
from bayesreg.problem import Problem
from tests.posterior.forward import Theta, prior_draws, response_draws

Array = NDArray[np.float64]

FORWARD = 20_000
BATCHES = 60
LONG_BATCHES = 20
BURN_IN = 0.1
# The chance that a right sampler fails a case; the seeds are fixed, so it fails always or never.
LEVEL = 1e-4
# What depends on X alone and may be handed on when the response changes.
OF_COLUMNS = (
    "moments",
    "x_sd",
    "total_weight",
    "columns",
    "centred_columns",
    "row_weight",
    "centred",
    "uncentred",
    "centred_gram",
    "uncentred_gram",
)
Start = Callable[[Problem, np.random.Generator], Chain]


@dataclass(frozen=True)
class Verdict:
    """The z scores of every comparison, by quantity and functional."""

    z: dict[str, float]

    @property
    def p_value(self) -> float:
        """Of the largest deviation, after Bonferroni."""
        worst = max(abs(value) for value in self.z.values())
        return float(min(1.0, len(self.z) * 2 * stats.t.sf(worst, BATCHES - 1)))

    def __str__(self) -> str:
        order = sorted(self.z, key=lambda name: -abs(self.z[name]))
        return f"p = {self.p_value:.1e}: " + ", ".join(f"{name} {self.z[name]:+.1f}" for name in order[:8])


def with_response(problem: Problem, y: Array) -> Problem:
    """The same bound model with another response, and with what was worked out about X kept."""
    design = replace(problem.design, y=y)
    known = problem.design.__dict__
    design.__dict__.update({name: known[name] for name in OF_COLUMNS if name in known})
    return replace(problem, design=design, memo={})


def standard_distances(problem: Problem, theta: Theta, y: Array) -> Array:
    """Coefficients without a prior, as standard normals given the rest, shape (size, k)."""
    columns = [np.ones(problem.n)] if problem.flat_intercept else []
    names = [theta["intercept"]] if problem.flat_intercept else []
    for j in np.flatnonzero(problem.unpenalised):
        columns.append(problem.design.X[:, j])
        names.append(theta["coef"][:, j])
    if not columns:
        return np.empty((y.shape[0], 0))
    assert isinstance(problem.likelihood, Gaussian), "a flat prior is tested with normal errors only"
    root = np.sqrt(problem.design.weight)
    Q, R = np.linalg.qr(root[:, None] * np.stack(columns, 1))
    kept = np.where(problem.unpenalised, 0.0, theta["coef"])
    left = root * (y - kept @ problem.design.X.T - problem.design.offset)
    return (np.stack(names, 1) @ R.T - left @ Q) / theta["sigma"][:, None]


def with_free_draws(problem: Problem, theta: Theta, y: Array, rng: np.random.Generator) -> Theta:
    """Fill in what has a flat prior, from its law given the rest and y."""
    free = np.flatnonzero(problem.unpenalised)
    k = free.size + problem.flat_intercept
    if k == 0:
        return theta
    root = np.sqrt(problem.design.weight)
    columns = ([np.ones(problem.n)] if problem.flat_intercept else []) + [problem.design.X[:, j] for j in free]
    Q, R = np.linalg.qr(root[:, None] * np.stack(columns, 1))
    left = root * (y - theta["coef"] @ problem.design.X.T - problem.design.offset)
    drawn = left @ Q + theta["sigma"][:, None] * rng.standard_normal((y.shape[0], k))
    value = np.linalg.solve(R, drawn.T).T
    coef = theta["coef"].copy()
    coef[:, free] = value[:, int(problem.flat_intercept) :]
    return theta | {"coef": coef} | ({"intercept": value[:, 0]} if problem.flat_intercept else {})


def quantities(problem: Problem, theta: Theta, y: Array) -> dict[str, Array]:
    """What is compared, each of shape (size,)."""
    design, sigma = problem.design, theta["sigma"]
    on = ~problem.unpenalised
    d = (theta["coef"] - problem.loc)[:, on]
    out = {f"coef {j}": d[:, k] for k, j in enumerate(np.flatnonzero(on))}
    out |= {f"|coef {j}|": np.abs(d[:, k]) for k, j in enumerate(np.flatnonzero(on))}
    if problem.fit_intercept and not problem.flat_intercept:
        out["intercept"] = theta["intercept"]
    out |= {f"free {j}": value for j, value in enumerate(standard_distances(problem, theta, y).T)}
    if problem.sigma_law is not None:
        out["sigma"] = sigma
    size = (np.abs(d) / problem.unit[on]).sum(1)
    out["sum |coef|"] = size
    for name in sorted(theta.keys() - {"coef", "intercept", "sigma", "local_scale"}):
        out[name] = theta[name]
        out[f"sum |coef| / {name}"] = size / theta[name]
        out[f"{name} * sigma"] = theta[name] * sigma
    if "local_scale" in theta:
        local = theta["local_scale"]
        out |= {f"local {j}": local[:, j] for j in np.flatnonzero(on)}
        out |= {f"|coef {j}| / local": np.abs(d[:, k]) / local[:, j] for k, j in enumerate(np.flatnonzero(on))}
    eta = theta["coef"] @ design.X.T + theta["intercept"][:, None] + design.offset
    level = sigma[:, None]
    loss = problem.likelihood.loss(eta, y, level) + problem.likelihood.row_constant(y, level)
    out["log likelihood"] = -loss @ design.weight
    spread = eta - eta.mean(1, keepdims=True)
    out["fit times residual"] = ((y - eta) * spread).sum(1) / sigma**2
    out["spread of eta / sigma"] = np.sqrt((spread**2).sum(1)) / sigma
    return out


def _functionals(u: Array) -> dict[str, Array]:
    steps = {f"< {k}/8": (u < k / 8).astype(float) for k in range(1, 8)}
    return {"mean": u, "spread": (2 * u - 1) ** 2} | steps


def _batch_variance(values: Array, number: int) -> float:
    means = values[: values.size // number * number].reshape(number, -1).mean(1)
    return float(means.var(ddof=1) / number)


def compare(direct: dict[str, Array], chain: dict[str, Array]) -> Verdict:
    """Compare independent draws of the joint law with a stationary sequence of them."""
    z: dict[str, float] = {}
    for name, sample in direct.items():
        order = np.sort(sample)
        # A tie (a coefficient that is exactly 0, say) goes to the middle of its steps.
        u = (np.searchsorted(order, chain[name]) + np.searchsorted(order, chain[name], "right")) / (2 * sample.size)
        grid = (np.arange(sample.size) + 0.5) / sample.size
        for (what, values), expected in zip(_functionals(u).items(), _functionals(grid).values(), strict=True):
            # Where the chain forgets so slowly that neighbouring batches are alike, longer ones show it.
            within = max(_batch_variance(values, BATCHES), _batch_variance(values, LONG_BATCHES))
            variance = within + expected.var() / sample.size
            z[f"{name}: {what}"] = float((values.mean() - expected.mean()) / np.sqrt(variance))
    return Verdict(z)


def as_theta(problem: Problem, draw: dict[str, Any], size: int) -> Theta:
    """Fill in what a chain does not report since it is known."""
    filled = {"intercept": np.zeros(size), "sigma": np.full(size, problem.known_sigma or 1.0)}
    return filled | {name: np.asarray(value) for name, value in draw.items()}


def successive(start: Start, problem: Problem, sweeps: int, rng: np.random.Generator) -> tuple[Theta, Array]:
    """Alternate data and sweeps; return the pairs (theta after a sweep, the y that it was made for)."""
    design = problem.design
    theta = prior_draws(problem, 1, rng)
    flat = problem.unpenalised
    thetas: list[dict[str, Any]] = []
    responses = np.empty((sweeps, design.n))
    chain, state = None, None
    for k in range(sweeps):
        y = response_draws(problem, theta, rng)[0]
        chain = start(with_response(problem, y), rng)
        if state is not None:
            chain.restore(state)
        drawn = chain.advance(1)
        state = chain.state()
        theta = as_theta(problem, drawn, 1)
        thetas.append(theta)
        responses[k] = y
        # Data are generated with the flat parts at 0: the law of the rest does not depend on them.
        if flat.any() or problem.flat_intercept:
            theta = theta | {"coef": np.where(flat, 0.0, theta["coef"])}
            theta |= {"intercept": np.zeros(1)} if problem.flat_intercept else {}
    joined = {name: np.concatenate([theta[name] for theta in thetas]) for name in thetas[0]}
    return joined, responses


def geweke(start: Start, problem: Problem, *, sweeps: int, seed: int) -> Verdict:
    """Run the test for one engine and one bound problem.

    Parameters
    ----------
    start : callable
        ``ChainEngine.start``: a chain for a problem, drawing from the given generator.
    problem : Problem
        All laws proper but that of the intercept and of unpenalised columns; the response does not matter.
    sweeps : int
        Length of the alternating chain; a tenth is left out at its beginning.
    seed : int
    """
    rng = np.random.default_rng(seed)
    theta = prior_draws(problem, FORWARD, rng)
    y = response_draws(problem, theta, rng)
    direct = quantities(problem, with_free_draws(problem, theta, y, rng), y)
    seen, responses = successive(start, problem, sweeps, rng)
    first = int(BURN_IN * sweeps)
    chain = quantities(problem, {name: value[first:] for name, value in seen.items()}, responses[first:])
    return compare({name: direct[name] for name in direct if name in chain}, chain)

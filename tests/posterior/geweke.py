"""The joint-distribution test of a sampler (Geweke, 2004, "Getting it right"), in two forms.

A sweep that leaves p(theta | y) as it is leaves the joint law of (theta, y) as it is, and from that law one can draw
directly. `replicated`: theta from the prior, y ~ p(y | theta), a chain put at theta, a few sweeps; repeated
independently, before and after are compared in pairs. `successive` is Geweke's own: alternate y ~ p(y | theta) and one
sweep; it needs no way to put a chain somewhere, but a heavy-tailed prior makes it wander for too long to be judged.

Each quantity is mapped to (0, 1) by its distribution function among direct draws, so that no tail is too heavy for the
means that are compared: of u, of (2u - 1)², and of 1{u < k/8}, the heights of a PP plot.

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
# Puts a chain at given parameters, each of shape (1, ...).
Place = Callable[[Chain, Problem, Theta], None]


@dataclass(frozen=True)
class Verdict:
    """The z scores of every comparison, by quantity and functional, and their degrees of freedom."""

    z: dict[str, float]
    df: int

    @property
    def p_value(self) -> float:
        """Of the largest deviation, after Bonferroni."""
        worst = max(abs(value) for value in self.z.values())
        return float(min(1.0, len(self.z) * 2 * stats.t.sf(worst, self.df)))

    def __repr__(self) -> str:
        order = sorted(self.z, key=lambda name: -abs(self.z[name]))
        return f"p = {self.p_value:.1e}: " + ", ".join(f"{name} {self.z[name]:+.1f}" for name in order[:8])


def with_response(problem: Problem, y: Array) -> Problem:
    """The same bound model with another response, and with what was worked out about X kept."""
    design = replace(problem.design, y=y)
    known = problem.design.__dict__
    design.__dict__.update({name: known[name] for name in OF_COLUMNS if name in known})
    return replace(problem, design=design, memo={})


def free_columns(problem: Problem) -> Array:
    """The columns Z without a prior, a flat intercept last, each row times the root of its weight, shape (n, k)."""
    design = problem.design
    ones = [np.ones((problem.n, 1))] if problem.flat_intercept else []
    Z = np.hstack([design.X[:, problem.unpenalised], *ones])
    assert Z.shape[1] == 0 or isinstance(problem.likelihood, Gaussian), "a flat prior needs normal errors here"
    return np.asarray(np.sqrt(design.weight)[:, None] * Z)


def _without_free(problem: Problem, theta: Theta, y: Array) -> Array:
    """Residuals with the free coefficients at 0, each times the root of its weight, shape (size, n)."""
    design = problem.design
    coef = np.where(problem.unpenalised, 0.0, theta["coef"])
    intercept = 0.0 if problem.flat_intercept else theta["intercept"][:, None]
    return np.asarray(np.sqrt(design.weight) * (y - coef @ design.X.T - intercept - design.offset))


def standard_distances(problem: Problem, theta: Theta, y: Array) -> Array:
    """Coefficients without a prior, as standard normals given the rest, shape (size, k)."""
    Q, R = np.linalg.qr(free_columns(problem))
    flat = [theta["intercept"][:, None]] if problem.flat_intercept else []
    value = np.hstack([theta["coef"][:, problem.unpenalised], *flat])
    return np.asarray((value @ R.T - _without_free(problem, theta, y) @ Q) / theta["sigma"][:, None])


def with_free_draws(problem: Problem, theta: Theta, y: Array, rng: np.random.Generator) -> Theta:
    """Fill in what has a flat prior, from its law given the rest and y."""
    Z = free_columns(problem)
    if Z.shape[1] == 0:
        return theta
    Q, R = np.linalg.qr(Z)
    noise = theta["sigma"][:, None] * rng.standard_normal((y.shape[0], Z.shape[1]))
    value = np.linalg.solve(R, (_without_free(problem, theta, y) @ Q + noise).T).T
    coef = theta["coef"].copy()
    coef[:, problem.unpenalised] = value[:, : value.shape[1] - problem.flat_intercept]
    return theta | {"coef": coef} | ({"intercept": value[:, -1]} if problem.flat_intercept else {})


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
        # A coefficient without a local scale has none in any draw.
        mixed = [(k, j) for k, j in enumerate(np.flatnonzero(on)) if not np.isnan(local[0, j])]
        out |= {f"local {j}": local[:, j] for _, j in mixed}
        out |= {f"|coef {j}| / local": np.abs(d[:, k]) / local[:, j] for k, j in mixed}
    eta = theta["coef"] @ design.X.T + theta["intercept"][:, None] + design.offset
    level = sigma[:, None]
    loss = problem.likelihood.loss(eta, y, level) + problem.likelihood.row_constant(y, level)
    out["log likelihood"] = -loss @ design.weight
    # Of the fitted values only what is orthogonal to the free columns has a law that can be drawn from.
    fitted = np.where(problem.unpenalised, 0.0, theta["coef"]) @ design.X.T
    centre = [] if problem.flat_intercept else [np.ones((problem.n, 1))]
    Q = np.linalg.qr(np.hstack([free_columns(problem), *centre]))[0]
    spread = fitted - fitted @ Q @ Q.T
    out["fit times residual"] = ((y - eta) * spread).sum(1) / sigma**2
    out["spread of eta / sigma"] = np.sqrt((spread**2).sum(1)) / sigma
    return out


def _functionals(sample: Array, values: Array) -> dict[str, Array]:
    """Map values by the distribution function of a sample (sorted; a tie goes to its middle), then by functions."""
    u = (np.searchsorted(sample, values) + np.searchsorted(sample, values, "right")) / (2 * sample.size)
    return {"mean": u, "spread": (2 * u - 1) ** 2} | {f"< {k}/8": (u < k / 8).astype(float) for k in range(1, 8)}


def _batch_variance(values: Array, number: int) -> float:
    means = values[: values.size // number * number].reshape(number, -1).mean(1)
    return float(means.var(ddof=1) / number)


def _compare_pairs(before: dict[str, Array], after: dict[str, Array]) -> Verdict:
    """Compare independent draws with what the sampler made of each."""
    z: dict[str, float] = {}
    for name in before.keys() & after.keys():
        sample = np.sort(before[name])
        values = zip(
            _functionals(sample, before[name]).items(), _functionals(sample, after[name]).values(), strict=True
        )
        for (what, old), new in values:
            gap = new - old
            spread = gap.std(ddof=1)
            z[f"{name}: {what}"] = float(gap.mean() / spread * np.sqrt(gap.size)) if spread > 0 else 0.0
    return Verdict(z, next(iter(before.values())).size - 1)


def _compare_chain(direct: dict[str, Array], chain: dict[str, Array]) -> Verdict:
    """Compare independent draws with a stationary sequence."""
    z: dict[str, float] = {}
    for name in direct.keys() & chain.keys():
        sample = np.sort(direct[name])
        expected = _functionals(sample, sample)
        for what, values in _functionals(sample, chain[name]).items():
            # Where the chain forgets so slowly that neighbouring batches are alike, longer ones show it.
            within = max(_batch_variance(values, BATCHES), _batch_variance(values, LONG_BATCHES))
            error = np.sqrt(within + expected[what].var() / sample.size)
            z[f"{name}: {what}"] = float((values.mean() - expected[what].mean()) / error)
    return Verdict(z, LONG_BATCHES - 1)


def as_theta(problem: Problem, draw: dict[str, Any], size: int) -> Theta:
    """Fill in what a chain does not report since it is known."""
    filled = {"intercept": np.zeros(size), "sigma": np.full(size, problem.known_sigma or 1.0)}
    return filled | {name: np.asarray(value) for name, value in draw.items()}


def _row(theta: Theta, k: int) -> Theta:
    return {name: value[k : k + 1] for name, value in theta.items()}


def _joined(rows: list[Theta]) -> Theta:
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def replicated(start: Start, place: Place, problem: Problem, *, replicates: int, sweeps: int, seed: int) -> Verdict:
    """Run the test with independent replicates.

    Parameters
    ----------
    start : callable
        ``ChainEngine.start``: a chain for a problem, drawing from the given generator.
    place : callable
        Puts the chain at the parameters.
    problem : Problem
        All laws proper but that of the intercept and of unpenalised columns; the response does not matter.
    replicates : int
    sweeps : int
        From each start: an error adds up over some of them.
    seed : int
    """
    rng = np.random.default_rng(seed)
    theta = prior_draws(problem, replicates, rng)
    y = response_draws(problem, theta, rng)
    theta = with_free_draws(problem, theta, y, rng)
    ends = []
    for k in range(replicates):
        bound = with_response(problem, y[k])
        chain = start(bound, rng)
        place(chain, bound, _row(theta, k))
        drawn = chain.advance(sweeps)
        ends.append(as_theta(problem, {name: value[-1:] for name, value in drawn.items()}, 1))
    after = _joined(ends)
    return _compare_pairs(quantities(problem, theta, y), quantities(problem, after, y))


def successive(start: Start, problem: Problem, *, sweeps: int, seed: int) -> Verdict:
    """Run the test by alternating data and sweeps; parameters as for `replicated`.

    A tenth of the sweeps is left out at the beginning.
    """
    rng = np.random.default_rng(seed)
    direct = prior_draws(problem, FORWARD, rng)
    y = response_draws(problem, direct, rng)
    direct = with_free_draws(problem, direct, y, rng)
    thetas, responses = [], np.empty((sweeps, problem.n))
    theta, state = _row(direct, 0), None
    for k in range(sweeps):
        # Data are generated with the flat parts at 0: the law of the rest does not depend on them.
        base = theta | {"coef": np.where(problem.unpenalised, 0.0, theta["coef"])}
        base |= {"intercept": np.zeros(1)} if problem.flat_intercept else {}
        responses[k] = response_draws(problem, base, rng)[0]
        chain = start(with_response(problem, responses[k]), rng)
        if state is not None:
            chain.restore(state)
        theta = as_theta(problem, chain.advance(1), 1)
        state = chain.state()
        thetas.append(theta)
    first = int(BURN_IN * sweeps)
    return _compare_chain(
        quantities(problem, direct, y), quantities(problem, _joined(thetas[first:]), responses[first:])
    )

r"""Where an evidence curve begins: the model without its penalised columns, and a strength at which they hardly count.

With D the likelihood at a draw of the prior over that without the penalised columns, over the posterior of the latter
and the prior at a strength s

.. math:: Z(s) = Z(\infty)\, \mathrm{E}[D]

is exact for every s, and a mean of numbers near 1 for a large one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from bayesreg.data.stats import SufficientStats
from bayesreg.engines.exact_gaussian import draw
from bayesreg.likelihoods import Gaussian
from bayesreg.null_model import null_model
from bayesreg.numerics.fold_moments import residual_squares
from bayesreg.priors.base import at_noise
from bayesreg.problem import Problem
from bayesreg.tuning.exact_evidence import null_scales, prior_variance

Array = NDArray[np.float64]

# Draws of the prior for a mean of likelihood ratios, whose logarithms vary by about this much.
DRAWS, VARIANCE = 20_000, 0.02
# Numbers of rows times draws at a time.
_BLOCK = 4_000_000
# Nodes of the integral over the intercept, and where it is cut off in nats.
_NODES, _FALL = 4001, 45.0


class Null(NamedTuple):
    """The model without its penalised columns: its evidence, and draws of what is left of it."""

    log_evidence: float
    coef: Array
    intercept: Array
    sigma: Array


def why_no_null(problem: Problem) -> str | None:
    """Return why the model without penalised columns has no evidence in closed form or by quadrature, or None."""
    if isinstance(problem.likelihood, Gaussian):
        return None
    if problem.known_sigma is None:
        return f"sigma of {type(problem.likelihood).__name__} is learned; give it as a number"
    if problem.unpenalised.any():
        return f"{type(problem.likelihood).__name__} has columns without a penalty; give them a proper prior"
    return None


def null_draws(problem: Problem, rng: np.random.Generator, size: int) -> Null:
    """The evidence of the null model and draws from its posterior.

    Parameters
    ----------
    problem : Problem
    rng : numpy.random.Generator
    size : int
    """
    known = 1.0 if problem.known_sigma is None else problem.known_sigma
    at_loc = np.broadcast_to(problem.loc, (size, problem.p))
    if not isinstance(problem.likelihood, Gaussian):
        value, intercept = intercept_alone(problem, known, rng, size)
        return Null(value, at_loc, intercept, np.full(size, known))
    scales = null_scales(problem)
    drawn = draw(problem, scales, rng, size)
    coef = np.where(problem.unpenalised, drawn["coef"], at_loc)
    intercept = drawn.get("intercept", np.zeros(size))
    return Null(scales.log_evidence, coef, intercept, drawn.get("sigma", np.full(size, known)))


def intercept_alone(problem: Problem, sigma: float, rng: np.random.Generator, size: int) -> tuple[float, Array]:
    """Log evidence with nothing but the intercept, by quadrature, and draws of it; any likelihood with known sigma."""
    design, base = problem.design, problem.base()
    constant = design.weight @ np.broadcast_to(problem.likelihood.row_constant(design.y, sigma), problem.n)

    def log_density(b: Array) -> Array:
        step = max(1, _BLOCK // problem.n)
        parts = [
            problem.likelihood.loss(base + b[start : start + step, None], design.y, sigma) @ design.weight
            for start in range(0, b.size, step)
        ]
        prior = problem.intercept_prior.log_density(b, sigma)
        return np.asarray(prior - np.concatenate(parts) - constant)

    if not problem.fit_intercept:
        return float(-(design.weight @ problem.likelihood.loss(base, design.y, sigma)) - constant), np.zeros(size)
    peak = float(np.mean(null_model(problem, sigma).eta - base))
    ends = []
    for direction in (-1.0, 1.0):
        step = 1e-3 * max(sigma, 1e-3)
        while log_density(np.array([peak + direction * step]))[0] > log_density(np.array([peak]))[0] - _FALL:
            step *= 1.5
        ends.append(peak + direction * step)
    b = np.linspace(ends[0], ends[1], _NODES)
    log = log_density(b)
    mass = np.exp(log - log.max())
    total = float(np.trapezoid(mass, b))
    below = np.concatenate([[0.0], np.cumsum(0.5 * (mass[1:] + mass[:-1]))])
    return float(log.max() + np.log(total)), np.interp(rng.random(size) * below[-1], below, b)


def beginning(problem: Problem, strong: Problem, seed: np.random.SeedSequence) -> tuple[float, float]:
    """Log Z of a strongly penalised model and its standard error.

    Parameters
    ----------
    problem : Problem
    strong : Problem
        The same at a strength from which `variance` is small.
    seed : numpy.random.SeedSequence
    """
    rng = np.random.default_rng(seed)
    size = DRAWS if isinstance(problem.likelihood, Gaussian) else max(2000, min(DRAWS, 20 * _BLOCK // problem.n))
    null = null_draws(problem, rng, size)
    after = null.coef + _prior_draws(strong, null.sigma, rng)
    if isinstance(problem.likelihood, Gaussian):
        design = problem.design
        stats = SufficientStats.from_rows(design.X, design.y - design.offset, design.weight)
        squares = [residual_squares(stats, coef, null.intercept) for coef in (null.coef, after)]
        log_ratio = (squares[0] - squares[1]) / (2 * null.sigma**2)
    else:
        log_ratio = _by_rows(problem, null, after)
    ratio = np.exp(log_ratio - log_ratio.max())
    mean = float(ratio.mean())
    value = null.log_evidence + float(log_ratio.max()) + float(np.log(mean))
    return value, float(ratio.std() / mean / np.sqrt(size))


def variance(problem: Problem, strength: float) -> float:
    """Variance of the log likelihood under the prior at a strength, to first order about the null model."""
    sigma = problem.known_sigma if problem.known_sigma is not None else problem.design.y_sd
    theta, columns = null_model(problem, sigma).theta, problem.columns
    # The squared score stands for the curvature, which a loss with kinks does not have.
    curvature = theta**2 if not isinstance(problem.likelihood, Gaussian) else problem.design.weight / sigma**2
    size = columns.transposed_times(theta) ** 2 + columns.squares(curvature)
    return float(size @ prior_variance(problem.penalty(sigma).scaled(strength)))


def _by_rows(problem: Problem, null: Null, after: Array) -> Array:
    """Log ratios of the likelihood, from the rows."""
    out = np.empty(null.sigma.size)
    step = max(1, _BLOCK // problem.n)
    for start in range(0, out.size, step):
        some = slice(start, start + step)
        rows = [
            problem.row_log_likelihood(coef[some], null.intercept[some], null.sigma[some]).sum(axis=1)
            for coef in (after, null.coef)
        ]
        out[some] = rows[0] - rows[1]
    return out


def _prior_draws(problem: Problem, sigma: Array, rng: np.random.Generator) -> Array:
    """Draws of d from the prior at noise levels (N,), shape (N, p); 0 where unpenalised."""
    one = problem.penalty(1.0)
    l1, l2 = at_noise(np.ones_like(sigma), np.ones_like(sigma), problem.relative_to, sigma)
    out = np.zeros((sigma.size, problem.p))
    for j in range(problem.p):
        a, b = one.l1[j] * l1, one.l2[j] * l2
        if one.l1[j] > 0 and one.l2[j] == 0:
            out[:, j] = rng.exponential(1.0, sigma.size) / a
        elif one.l2[j] > 0:
            # A normal with mean -a/b cut at 0, by inversion.
            x = a / np.sqrt(b)
            out[:, j] = (-ndtri_exp(log_ndtr(-x) + np.log1p(-rng.random(sigma.size))) - x) / np.sqrt(b)
    signless = one.constrained.copy()
    if one.groups is not None:
        signless |= one.groups.member
        for g in range(one.groups.rate.size):
            mine = np.flatnonzero(one.groups.label == g)
            ray = rng.standard_normal((sigma.size, mine.size))
            ray /= np.linalg.norm(ray, axis=1, keepdims=True)
            radius = rng.gamma(mine.size, 1.0, sigma.size) / (one.groups.rate[g] * l1)
            out[:, mine] = radius[:, None] * ray * one.groups.unit[mine]
    return np.where(signless, out, rng.choice((-1.0, 1.0), out.shape) * out)

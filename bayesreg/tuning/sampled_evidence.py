r"""The evidence curve of a Gaussian likelihood with any penalty, from draws of its posterior at a grid of strengths.

With t = log s, :math:`q = \mathrm{E}_{\rm prior}[\Omega_s \mid \sigma]` and :math:`g = q - \Omega_s`, over the
posterior at strength s

.. math:: \frac{d \log Z}{dt} = \mathrm{E}[g], \qquad
          \frac{d^2 \log Z}{dt^2} = \mathrm{E}[\dot q - \Omega_s] + \mathrm{Var}[g]

(the derivative of the log posterior density in t is g less its mean). The curve begins at a strength so large that
the posterior of the model without the penalised columns, which is known exactly, and draws of the prior give log Z by a
mean of likelihood ratios that hardly vary.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from bayesreg.chains import Request, repeat, run
from bayesreg.choice import SAMPLE_ENGINES, choose, sample_reasons
from bayesreg.data.stats import SufficientStats
from bayesreg.engines.base import ChainEngine
from bayesreg.engines.exact_gaussian import draw
from bayesreg.errors import BayesregWarning, UnsuitableError
from bayesreg.identified import check_identified, check_noise_law
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.model import Model
from bayesreg.numerics.fold_moments import residual_squares
from bayesreg.numerics.mills import cut_mean
from bayesreg.numerics.slope_integral import Slopes
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Penalised, at_noise
from bayesreg.problem import Problem
from bayesreg.tuning.exact_evidence import Curve, null_scales, prior_variance, with_peak
from bayesreg.tuning.strengths import at_strength

Array = NDArray[np.float64]

# Widest step in t between two runs.
_STEP = 0.5
# The curve begins where the log likelihood varies so little under the prior, from this many draws of it.
_VARIANCE, _PRIOR_DRAWS = 0.02, 20_000
_BATCHES = 10


class Sampling(NamedTuple):
    """How much to draw at each strength."""

    draws: int
    chains: int
    seed: np.random.SeedSequence


def why_not_sampled(problem: Problem) -> str | None:
    """Return why there is no such curve; None if there is."""
    if not implements(problem.prior, Penalised):
        return (
            f"{type(problem.prior).__name__} is not a penalty; use method='bayes' with a learned scale, or method='loo'"
        )
    if not isinstance(problem.likelihood, Gaussian):
        return (
            f"the likelihood is {type(problem.likelihood).__name__}: where the curve begins is known exactly for a "
            "Gaussian one; use method='cv', 'alo' or 'loo'"
        )
    return None


def sampled_curve(model: Model, problem: Problem, strengths: Array, how: Sampling) -> Curve:
    """The curve at the strengths, and at its peak between them.

    Parameters
    ----------
    model : Model
    problem : Problem
        The model bound.
    strengths : array, shape (k,)
        Falling.
    how : Sampling
    """
    top = float(strengths[0])
    while _spread(problem, top) > _VARIANCE:
        top *= 1.25
    t, wanted = _nodes(np.log(strengths), np.log(top))
    for_prior, *children = how.seed.spawn(t.size + 1)
    parts = [_slope(model, problem, float(np.exp(u)), how, child) for u, child in zip(t, children, strict=True)]
    slopes = Slopes(t, *(np.array([part[i] for part in parts]) for i in range(4)))
    value, se = slopes.curve()
    start, start_se = _beginning(problem, at_strength(model, top).bind(problem.design), for_prior)
    value, se = value + start, np.hypot(se, start_se)
    peak = slopes.crossing(wanted[0] + int(np.argmax(value[wanted[0] :])))
    if peak is None or not t[wanted[-1]] < peak < t[wanted[0]]:
        return Curve(strengths, value[wanted], se[wanted], float(strengths[np.argmax(value[wanted])]))
    near = float(np.interp(-peak, -t, se))
    return with_peak(strengths, value[wanted], se[wanted], float(np.exp(peak)), slopes.at(peak, value), near)


def _nodes(t: Array, top: float) -> tuple[Array, NDArray[np.intp]]:
    """Log strengths to sample at, and the places of the ones asked for."""
    out = [top]
    wanted = []
    for u in t:
        gap = out[-1] - u
        pieces = max(1, int(np.ceil(gap / _STEP - 1e-9)))
        if gap > 0:
            out += np.linspace(out[-1], u, pieces + 1)[1:].tolist()
        wanted.append(len(out) - 1)
    return np.array(out), np.array(wanted, dtype=np.intp)


def _spread(problem: Problem, strength: float) -> float:
    """Variance of the log likelihood under the prior, to first order, at the spread of the response."""
    sigma = problem.known_sigma if problem.known_sigma is not None else problem.design.y_sd
    ls = problem.least_squares(sigma)
    size = (ls.cross / sigma**2) ** 2 + ls.column_norm**2 / sigma**2
    return float(size @ prior_variance(problem.penalty(sigma).scaled(strength)))


def _slope(
    model: Model, whole: Problem, strength: float, how: Sampling, seed: np.random.SeedSequence
) -> tuple[float, float, Array, Array]:
    """Slopes f and f' at a strength, and the same from batches (B,)."""
    with warnings.catch_warnings():
        # The model has been bound before, and said what there is to say.
        warnings.simplefilter("ignore", BayesregWarning)
        problem = at_strength(model, strength).bind(whole.design)
        drawn = _draws(problem, how, seed)
    chains, draws = drawn.values["coef"].shape[:2]
    known = 1.0 if problem.known_sigma is None else problem.known_sigma
    sigma = drawn.values.get("sigma", np.full((chains, draws), known))
    omega, prior, turn = _penalties(problem, drawn.values["coef"], sigma)
    g, rest = prior - omega, turn - omega
    length = draws - draws % _BATCHES
    parts = [part.reshape(chains * _BATCHES, -1) for part in (g[:, :length], rest[:, :length])]
    return (
        float(g.mean()),
        float(rest.mean() + g.var()),
        parts[0].mean(axis=1),
        parts[1].mean(axis=1) + parts[0].var(axis=1),
    )


def _draws(problem: Problem, how: Sampling, seed: np.random.SeedSequence) -> Draws:
    """Draws of the posterior by the first engine that can."""
    check_identified(problem)
    check_noise_law(problem)
    reasons = sample_reasons(problem)
    while True:
        chosen = SAMPLE_ENGINES[choose("tune", reasons, None)]
        request = Request(how.draws, how.chains, chosen.tune, None, None, None, False)
        try:
            if isinstance(chosen, ChainEngine):
                return run(chosen, problem, request, seed)
            return repeat(chosen, problem, request, seed, 0.9)
        except UnsuitableError as error:
            reasons = tuple((name, str(error) if name == chosen.name else reason) for name, reason in reasons)


def _penalties(problem: Problem, coef: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Penalty of each draw, its prior mean at that noise level, and how that changes with t; shapes of ``sigma``."""
    at_one = problem.penalty(1.0)
    d = coef - problem.loc
    edged: Any = np.abs(d) @ at_one.l1
    members = 0.0
    if at_one.groups is not None:
        flat = d.reshape(-1, d.shape[-1])
        norms = np.stack([at_one.groups.norms(one) for one in flat])
        edged = edged + (norms @ at_one.groups.rate).reshape(sigma.shape)
        members = float(at_one.groups.sizes.sum())
    l1, l2 = at_noise(edged, 0.5 * d**2 @ at_one.l2, problem.relative_to, sigma)
    alone = (at_one.l1 > 0) & (at_one.l2 == 0)
    prior, turn = np.full(sigma.shape, members + float(alone.sum())), np.zeros(sigma.shape)
    curved = at_one.l2 > 0
    # x = l1 / sqrt(l2), which under "penalty" goes as 1/sigma.
    ratios, counts = np.unique(at_one.l1[curved] / np.sqrt(at_one.l2[curved]), return_counts=True)
    for ratio, count in zip(ratios, counts, strict=True):
        x = ratio / (sigma if problem.relative_to == "penalty" else np.ones_like(sigma))
        mean = cut_mean(x)
        prior = prior + count * 0.5 * (1 + x * mean)
        # x goes as e^(t/2), so that dq/dt = ½ x dq/dx, and d mean/dx = mean² + x mean - 1.
        turn = turn + count * 0.25 * x * (mean + x * (mean**2 + x * mean - 1))
    return np.asarray(l1 + l2), prior, turn


def _beginning(problem: Problem, strong: Problem, seed: np.random.SeedSequence) -> tuple[float, float]:
    """Log Z at the first node and its standard error."""
    rng = np.random.default_rng(seed)
    scales = null_scales(problem)
    null = draw(problem, scales, rng, _PRIOR_DRAWS)
    sigma = null.get("sigma", np.full(_PRIOR_DRAWS, 1.0 if problem.known_sigma is None else problem.known_sigma))
    design = problem.design
    stats = SufficientStats.from_rows(design.X, design.y - design.offset, design.weight)
    intercept = null.get("intercept", np.zeros(_PRIOR_DRAWS))
    on = ~problem.unpenalised
    before = np.where(on, problem.loc, null["coef"])
    after = before + _prior_draws(strong, sigma, rng)
    fall = residual_squares(stats, before, intercept) - residual_squares(stats, after, intercept)
    log_ratio = fall / (2 * sigma**2)
    ratio = np.exp(log_ratio - log_ratio.max())
    mean = float(ratio.mean())
    value = scales.log_evidence + float(log_ratio.max()) + np.log(mean)
    return value, float(ratio.std() / mean / np.sqrt(_PRIOR_DRAWS))


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
    if one.groups is not None:
        label = one.groups.label
        for g in range(one.groups.rate.size):
            mine = np.flatnonzero(label == g)
            ray = rng.standard_normal((sigma.size, mine.size))
            ray /= np.linalg.norm(ray, axis=1, keepdims=True)
            radius = rng.gamma(mine.size, 1.0, sigma.size) / (one.groups.rate[g] * l1)
            out[:, mine] = radius[:, None] * ray * one.groups.unit[mine]
    positive = one.constrained | (one.groups.member if one.groups is not None else np.zeros(problem.p, dtype=bool))
    signs = rng.choice((-1.0, 1.0), out.shape)
    return np.where(positive, out, signs * out)

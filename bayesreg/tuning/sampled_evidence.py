r"""The evidence curve of any penalty, from draws of its posterior at a grid of strengths.

With t = log s, :math:`q = \mathrm{E}_{\rm prior}[\Omega_s \mid \sigma]` and :math:`g = q - \Omega_s`, over the
posterior at strength s

.. math:: \frac{d \log Z}{dt} = \mathrm{E}[g], \qquad
          \frac{d^2 \log Z}{dt^2} = \mathrm{E}[\dot q - \Omega_s] + \mathrm{Var}[g]

(the derivative of the log posterior density in t is g less its mean). The curve begins where
`bayesreg.tuning.null_evidence` says.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesreg.chains import Request, repeat, run
from bayesreg.choice import SAMPLE_ENGINES, choose, sample_reasons
from bayesreg.engines.base import ChainEngine
from bayesreg.errors import BayesregWarning, InputError, UnsuitableError
from bayesreg.identified import check_identified, check_noise_law
from bayesreg.interfaces import implements
from bayesreg.model import Model
from bayesreg.numerics.mills import cut_mean
from bayesreg.numerics.slope_integral import Slopes
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem
from bayesreg.tuning.draw_penalties import draw_penalties
from bayesreg.tuning.exact_evidence import Curve, with_peak
from bayesreg.tuning.null_evidence import VARIANCE, beginning, variance, why_no_null
from bayesreg.tuning.strengths import at_strength

Array = NDArray[np.float64]

# Widest step in t between two runs.
_STEP = 0.5
_BATCHES, _FEWEST = 10, 100


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
    if (reason := why_no_null(problem)) is not None:
        return f"{reason}, or use method='cv', 'alo' or 'loo'"
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
    if how.draws < _FEWEST:
        raise InputError(
            f"draws must be at least {_FEWEST} for method='evidence', which judges batches; got {how.draws}."
        )
    top = float(strengths[0])
    while variance(problem, top) > VARIANCE:
        top *= 1.25
    t, wanted = _nodes(np.log(strengths), np.log(top))
    for_prior, *children = how.seed.spawn(t.size + 1)
    parts = [_slope(model, problem, float(np.exp(u)), how, child) for u, child in zip(t, children, strict=True)]
    slopes = Slopes(t, *(np.array([part[i] for part in parts]) for i in range(4)))
    value, se = slopes.curve()
    start, start_se = beginning(problem, _bound(model, top, problem), for_prior)
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


def _slope(
    model: Model, whole: Problem, strength: float, how: Sampling, seed: np.random.SeedSequence
) -> tuple[float, float, Array, Array]:
    """Slopes f and f' at a strength, and the same from batches (B,)."""
    problem = _bound(model, strength, whole)
    with warnings.catch_warnings():
        # What fails is told by the errors of the curve.
        warnings.simplefilter("ignore", BayesregWarning)
        drawn = _draws(problem, how, seed)
    if drawn.attrs.get("interrupted"):
        # Part of a posterior is no point of a curve.
        raise KeyboardInterrupt
    chains, draws = drawn.values["coef"].shape[:2]
    known = 1.0 if problem.known_sigma is None else problem.known_sigma
    sigma = drawn.values.get("sigma", np.full((chains, draws), known))
    omega = draw_penalties(problem, drawn.values["coef"], sigma)
    prior, turn = _prior_penalty(problem, sigma)
    g, rest = prior - omega, turn - omega
    length = draws - draws % _BATCHES
    parts = [part.reshape(chains * _BATCHES, -1) for part in (g[:, :length], rest[:, :length])]
    return (
        float(g.mean()),
        float(rest.mean() + g.var()),
        parts[0].mean(axis=1),
        parts[1].mean(axis=1) + parts[0].var(axis=1),
    )


def _bound(model: Model, strength: float, whole: Problem) -> Problem:
    """The model at a strength; it has been bound before, and said what there is to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BayesregWarning)
        return at_strength(model, strength).bind(whole.design)


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


def _prior_penalty(problem: Problem, sigma: Array) -> tuple[Array, Array]:
    """Mean of the penalty under the prior at noise levels, and how it changes with t; shapes of ``sigma``."""
    at_one = problem.penalty(1.0)
    members = 0.0 if at_one.groups is None else float(at_one.groups.sizes.sum())
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
    return prior, turn

r"""Evidence curves without sampling: a ridge by its closed form, up to two l1-penalised coefficients by quadrature.

For the latter, with t = log s and the penalty :math:`\Omega_s = s\,\Omega`,

.. math:: \frac{d \log Z}{dt} = \mathrm{E}_{\rm prior}[\Omega_s] - \mathrm{E}_{\rm posterior}[\Omega_s], \qquad
          \log Z(\infty) = \log p(y \mid \text{no penalised columns})
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.exact_gaussian import ExactGaussian, scale_posterior
from bayesreg.errors import InputError
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.mills import cut_mean
from bayesreg.numerics.scale_posterior import ScalePosterior
from bayesreg.numerics.two_coefficients import expected_penalty
from bayesreg.penalty import Penalty
from bayesreg.priors import Gaussian as GaussianPrior
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Gauss nodes a panel of the integral over t, and its widest panel.
_NODES, _PANEL = 10, 0.5
# The curve counts as arrived at infinity where what is left of the slope is below this.
_ARRIVED = 1e-13


class Curve(NamedTuple):
    """A log evidence and its standard error, strongest first, shapes (k,); the best strength is one of them."""

    strength: Array
    value: Array
    se: Array
    best: float


def null_scales(problem: Problem) -> ScalePosterior:
    """The posterior of the same model with the penalised coefficients at their location (Gaussian likelihood)."""
    free = problem.unpenalised
    # So narrow a prior is none to the last digit; relative to sigma it is never too wide.
    unit = np.where(free, np.inf, 1e-15 / np.where(problem.column_norms > 0, problem.column_norms, 1.0))
    return known_scales(
        replace(problem, prior=GaussianPrior(1.0), relative_to="sigma", unit=unit, strength=1.0, memo={})
    )


def known_scales(problem: Problem) -> ScalePosterior:
    """The posterior of sigma, no prior scale being learned."""
    scales = scale_posterior(problem)
    assert isinstance(scales, ScalePosterior)
    return scales


def ridge_curve(problem: Problem, strengths: Array) -> Curve:
    """The log evidence of a model that the exact engine knows. One decomposition for all strengths."""
    scales = known_scales(problem)

    def at(t: float) -> tuple[float, float]:
        here = replace(scales, coefficients=scales.coefficients.tightened(float(np.exp(t))))
        return here.log_evidence, here.error

    found = [at(t) for t in np.log(strengths)]
    value, error = np.array([pair[0] for pair in found]), np.array([pair[1] for pair in found])
    best = _peak(lambda t: at(t)[0], np.log(strengths), value)
    if best is None:
        return Curve(strengths, value, error, float(strengths[np.argmax(value)]))
    return with_peak(strengths, value, error, float(np.exp(best)), *at(best))


def why_not_two(problem: Problem) -> str | None:
    """Return why quadrature over orthants does not apply; None where it does."""
    if not isinstance(problem.likelihood, Gaussian):
        return "the likelihood is not Gaussian"
    if problem.known_sigma is None:
        return "sigma is learned"
    penalty = problem.penalty(problem.known_sigma)
    if penalty.groups is not None or penalty.positive is not None:
        return "the prior has groups or sign constraints"
    q = int(penalty.penalised.sum())
    return None if q <= 2 else f"{q} coefficients are penalised, more than 2"


def two_curve(problem: Problem, strengths: Array) -> Curve:
    """The log evidence with one or two penalised coefficients, by the slope from infinity downwards."""
    sigma = problem.known_sigma
    assert sigma is not None
    A, c, penalty = _reduced(problem, sigma)

    def slope(t: Array) -> Array:
        s = np.exp(t)
        return prior_mean(penalty, s) - expected_penalty(A, c, penalty.l1, penalty.l2, s)

    top = np.log(strengths[0])
    while _left(A, c, penalty, float(np.exp(top))) > _ARRIVED:
        top += 1.0
    edges = np.concatenate([[top], np.log(strengths)])
    value = null_scales(problem).log_evidence - np.cumsum(_integrals(slope, edges))
    t = np.log(strengths)
    k = int(np.argmax(value))
    best = None
    if 0 < k < t.size - 1:
        from scipy.optimize import brentq

        # The slope in t is positive below the peak.
        low, high = t[k + 1], t[k - 1]
        best = brentq(lambda u: float(slope(np.array([u]))[0]), low, high, xtol=1e-12)
    zero = np.zeros_like(value)
    if best is None:
        return Curve(strengths, value, zero, float(strengths[k]))
    peak = value[k] - _integrals(slope, np.array([t[k], best]))[0]
    return with_peak(strengths, value, zero, float(np.exp(best)), float(peak), 0.0)


def prior_mean(penalty: Penalty, strengths: Array) -> Array:
    """Prior expectation of the penalty times each strength, shape (m,): 1 a coefficient under l1, 1/2 under l2."""
    total = np.full(strengths.shape, 0.0 if penalty.groups is None else float(penalty.groups.sizes.sum()))
    for l1, l2 in zip(penalty.l1, penalty.l2, strict=True):
        if l2 > 0:
            x = np.sqrt(strengths) * (l1 / np.sqrt(l2))
            total += 0.5 * (1 + x * cut_mean(x))
        elif l1 > 0:
            total += 1.0
    return total


def _reduced(problem: Problem, sigma: float) -> tuple[Array, Array, Penalty]:
    """Precision and linear term of the penalised coefficients, the others integrated out, and their penalty in nats."""
    ls, on = problem.least_squares(sigma), ~problem.unpenalised
    G, c = ls.gram / sigma**2, ls.cross / sigma**2
    penalty = problem.penalty(sigma).take(np.flatnonzero(on))
    A, linear = G[np.ix_(on, on)], c[on]
    if not on.all():
        across = np.linalg.solve(G[np.ix_(~on, ~on)], np.column_stack([G[np.ix_(~on, on)], c[~on]]))
        A = A - G[np.ix_(on, ~on)] @ across[:, :-1]
        linear = linear - G[np.ix_(on, ~on)] @ across[:, -1]
    return A, linear, penalty


def _left(A: Array, c: Array, penalty: Penalty, strength: float) -> float:
    """Size of the slope far above: variance of the log likelihood under the prior, to first order."""
    return float((c**2 + np.diag(A)) @ prior_variance(penalty.scaled(strength)))


def prior_variance(penalty: Penalty) -> Array:
    """A bound on the prior variance of each penalised coefficient, shape (p,); 0 where unpenalised."""
    with np.errstate(divide="ignore"):
        bound = np.minimum(2 / penalty.l1**2, 1 / penalty.l2)
    if penalty.groups is not None:
        groups = penalty.groups
        each = np.append((groups.sizes + 1) / groups.rate**2, np.inf)[groups.label]
        bound = np.minimum(bound, each * groups.unit**2)
    return np.where(np.isfinite(bound), bound, 0.0)


def _integrals(slope: Callable[[Array], Array], edges: Array) -> Array:
    """Integrals of the slope from each edge to the one before it (which is larger), shape (len - 1,)."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    pieces = [np.linspace(b, a, max(2, int(np.ceil(abs(a - b) / _PANEL)) + 1)) for a, b in itertools.pairwise(edges)]
    low = np.concatenate([piece[:-1] for piece in pieces])
    width = np.concatenate([np.diff(piece) for piece in pieces])
    at = low[:, None] + 0.5 * width[:, None] * (node + 1)
    values = slope(at.ravel()).reshape(at.shape)
    each = 0.5 * width * (values @ weight)
    ends = np.cumsum([piece.size - 1 for piece in pieces])[:-1]
    return np.array([part.sum() for part in np.split(each, ends)])


def _peak(at: Callable[[float], float], t: Array, value: Array) -> float | None:
    """Where a smooth curve is largest between the neighbours of its largest point; None at an end."""
    from scipy.optimize import minimize_scalar

    k = int(np.argmax(value))
    if not 0 < k < t.size - 1:
        return None
    return float(minimize_scalar(lambda u: -at(u), bounds=(t[k + 1], t[k - 1]), method="bounded").x)


def with_peak(strengths: Array, value: Array, se: Array, best: float, at_best: float, error: float) -> Curve:
    """The curve with one more point, which is its best."""
    place = int(np.searchsorted(-strengths, -best))
    return Curve(np.insert(strengths, place, best), np.insert(value, place, at_best), np.insert(se, place, error), best)


def exact_curve(problem: Problem, strengths: Array) -> Curve | None:
    """The curve where it can be computed without sampling, else None."""
    if problem.design.is_sparse:
        raise InputError("the evidence of a sparse X is not computed: pass X.toarray(), or use method='cv'.")
    if ExactGaussian().why_not(problem) is None:
        return ridge_curve(problem, strengths)
    return two_curve(problem, strengths) if why_not_two(problem) is None else None

r"""A normal approximation of a posterior, cheap and only as good as a sampler's coordinates need.

Fisher scoring on (coef, alpha), alpha the intercept at the column means. Every kink becomes the quadratic of its
expectation: under a rate l1 the precision is :math:`l_1 / \sqrt{d_j^2 + v_j}`, v the variance of d that comes out.
Sigma and the learned rates follow from the moment equations of the same expectations, an EM algorithm. Nothing is
claimed about the mode: kinks and bounds are smoothed, the laws of what is learned left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.data.columns import Columns
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gibbs.laws import GAMMA, HALF_NORMAL, HALF_STUDENT_T, INVERSE_GAMMA, R_SQUARED
from bayesreg.power_rates import Mixture, Rate, Rates
from bayesreg.priors.base import positive_of
from bayesreg.problem import Problem
from bayesreg.scales import Coded, Law

Array = NDArray[np.float64]

STEPS = 30
# Change of the point, in posterior standard deviations, below which coordinates stop improving.
CLOSE = 0.05
# What is learned changes by at most e² a step, and the linear predictor of a likelihood without a scale by 2.
LARGEST_CHANGE = 2.0
# Share of a Gaussian row's information that every row is taken to have: little beside what real residuals show.
_LEAST_INFORMATION = 0.01


@dataclass(frozen=True, eq=False)
class Approximation:
    """Where a posterior is and how wide.

    Parameters
    ----------
    point : array, shape (k,)
        Coefficients and, with an intercept, its value at the column means.
    precision : array, shape (k, k)
        Inverse covariance, the prior's part included.
    prior_precision : array, shape (p,)
        The prior's part.
    sigma : float
        Noise level.
    learned : array, shape (H,)
        Learned parameters of the prior, in the order of ``problem.hyper_laws``.
    """

    point: Array
    precision: Array
    prior_precision: Array
    sigma: float
    learned: Array


def approximate(problem: Problem, rates: Rates) -> Approximation:
    """Return the approximation. Cost O(n p² + p³) a step for a likelihood without a scale, else once, then O(n p + p³).

    Parameters
    ----------
    problem : Problem
    rates : Rates
        Those of its prior.
    """
    p, design, likelihood = problem.p, problem.design, problem.likelihood
    columns = design.centred_columns if problem.fit_intercept else design.columns
    sigma = problem.known_sigma or design.y_sd
    learned = np.array([_typical(law) for law in problem.hyper_laws.values()])
    bounded = np.broadcast_to(np.asarray(positive_of(problem.prior)), p)
    point = np.append(problem.loc, _level(problem))[: p + problem.fit_intercept]
    covariance: Array | None = None
    for _ in range(STEPS):
        alpha = point[p] if problem.fit_intercept else 0.0
        eta = design.offset + columns.times(point[:p]) + alpha
        slope = design.weight * likelihood.gradient(eta, design.y, sigma)
        data = _information(problem, eta, sigma)
        d = point[:p] - problem.loc
        variance = 1 / (np.diag(data)[:p] + 0.5 * rates.l1.at(sigma, learned) ** 2 + np.finfo(float).tiny)
        if covariance is not None:
            variance = np.diag(covariance)[:p]
        ridge = _prior_precision(rates, d, variance, sigma, learned)
        gradient = np.append(columns.transposed_times(slope) + ridge * d, slope.sum())[: point.size]
        precision = data.copy()
        precision[np.arange(p), np.arange(p)] += ridge
        if problem.fit_intercept:
            rate, direction = problem.intercept_prior.l2(sigma), np.append(-design.x_mean, 1.0)
            gradient += rate * (direction @ point - problem.intercept_prior.loc) * direction
            precision += rate * np.outer(direction, direction)
        covariance = _inverse(precision)
        move = -covariance @ gradient
        if not likelihood.has_sigma:
            reach = np.abs(columns.times(move[:p]) + (move[p] if problem.fit_intercept else 0.0)).max()
            move *= LARGEST_CHANGE / max(reach, LARGEST_CHANGE)
        sd = np.sqrt(np.diag(covariance))
        point = point + move
        # Where the bound is active the distance from it is an exponential of about this size.
        point[:p] = np.where(bounded, np.maximum(point[:p], problem.loc + 0.3 * sd[:p]), point[:p])
        size = np.sqrt((point[:p] - problem.loc) ** 2 + sd[:p] ** 2)
        balance = _balance(rates, size, sigma, learned)
        changes = [float(np.max(np.abs(move) / sd))]
        if problem.sigma_law is not None:
            spent = float(-slope @ (design.y - eta) + np.sum(data * covariance))
            change = _noise_change(balance, spent, design.total_weight)
            sigma *= math.exp(change)
            changes.append(abs(change))
        factor = _learned_change(balance, learned.size)
        learned = learned * np.exp(factor)
        if max([*changes, *np.abs(factor)]) < CLOSE:
            break
    return Approximation(point, precision, ridge, sigma, learned)


def _level(problem: Problem) -> float:
    """Where alpha starts."""
    design = problem.design
    mean = float(design.weight @ (design.y - design.offset)) / design.total_weight
    return mean if problem.likelihood.has_sigma else 0.0


def _typical(law: Law) -> float:
    """About the middle of a law."""
    if not implements(law, Coded):
        return 1.0
    code, a, b, size = (*law.code, 1.0)[:4]
    if code == R_SQUARED:
        return math.sqrt(a / (b * size))
    middle = {HALF_NORMAL: a, HALF_STUDENT_T: b, GAMMA: a / max(b, 1e-300), INVERSE_GAMMA: math.sqrt(b / (a + 0.5))}
    return float(middle.get(code, 1.0))


def _information(problem: Problem, eta: Array, sigma: float) -> Array:
    """Fisher information of (coef, alpha), shape (k, k); a likelihood with a scale has the same one in every row."""
    design, likelihood = problem.design, problem.likelihood
    if likelihood.has_sigma:
        gram = design.centred_gram if problem.fit_intercept else design.uncentred_gram
        square = 1 / sigma**2
        if not isinstance(likelihood, Gaussian):
            # The information is the mean square of the slope, also where the loss has kinks; rows that are all fitted
            # perfectly have no slope, and yet information.
            found = float(design.weight @ likelihood.gradient(eta, design.y, sigma) ** 2) / design.total_weight
            square = max(found, _LEAST_INFORMATION * square)
        cross, total = np.zeros(problem.p), design.total_weight * square
        inner = gram * square
    else:
        row = design.weight * likelihood.curvature(eta, design.y, sigma)
        columns = design.centred_columns if problem.fit_intercept else design.columns
        stored = Columns(columns.X, None)
        inner, cross, total = stored.gram(row), stored.transposed_times(row), float(row.sum())
        if columns.shift is not None:
            inner = inner - np.outer(columns.shift, cross) - np.outer(cross - total * columns.shift, columns.shift)
            cross = cross - total * columns.shift
    if not problem.fit_intercept:
        return np.asarray(inner)
    return np.block([[inner, cross[:, None]], [cross[None, :], np.array([[total]])]])


def _prior_precision(rates: Rates, d: Array, variance: Array, sigma: float, learned: Array) -> Array:
    """Expected curvature of the negative log prior, shape (p,)."""
    size = np.sqrt(d**2 + variance)
    ridge = rates.l1.at(sigma, learned) / size + rates.l2.at(sigma, learned)
    if rates.group.base.size:
        per_norm = rates.group.at(sigma, learned) / _norms(rates, size)
        ridge += np.where(rates.label >= 0, per_norm[rates.label], 0.0) / rates.group_unit**2
    if rates.mixture is not None:
        ridge += _mixed_precision(rates.mixture, size, sigma, learned)
        ridge += np.where(rates.mixture.on, rates.mixture.bound(sigma, learned) ** -2, 0.0)
    return np.asarray(ridge)


def _mixed_precision(mixture: Mixture, size: Array, sigma: float, learned: Array) -> Array:
    """Expected inverse of the local variance, slab apart: that of a Student-t of the same degrees of freedom."""
    spread = mixture.df * mixture.core(sigma, learned) ** 2 + size**2
    return np.where(mixture.on, (mixture.df + 1) / spread, 0.0)


def _norms(rates: Rates, size: Array) -> Array:
    square = np.zeros(rates.group.base.size)
    member = rates.label >= 0
    np.add.at(square, rates.label[member], (size[member] / rates.group_unit[member]) ** 2)
    return np.sqrt(np.where(square > 0, square, 1.0))


def _balance(rates: Rates, size: Array, sigma: float, learned: Array) -> list[tuple[Rate, float, float]]:
    """Of l1, l2 and the groups: the rate, the penalty at the expected sizes, and what it is on average a priori."""
    one, two = rates.l1.at(sigma, learned), rates.l2.at(sigma, learned)
    members = float(np.sum(rates.label >= 0))
    group = float(rates.group.at(sigma, learned) @ _norms(rates, size)) if members else 0.0
    mixed, number = Rate(np.zeros(0), -1, 0, 0), 0.0
    expected = 0.0
    if rates.mixture is not None:
        # A standard deviation is a rate l2 to the power -1/2.
        mixed, number = Rate(np.zeros(0), rates.mixture.tau, -2, 2 * rates.mixture.noise), float(rates.mixture.on.sum())
        expected = 0.5 * float(_mixed_precision(rates.mixture, size, sigma, learned) @ size**2)
    return [
        (mixed, expected, 0.5 * number),
        (rates.l1, float(one @ size), float(np.sum(one > 0))),
        (rates.l2, 0.5 * float(two @ size**2), 0.5 * float(np.sum(two > 0))),
        (rates.group, group, members),
    ]


def _noise_change(balance: list[tuple[Rate, float, float]], spent: float, total: float) -> float:
    """Change of log sigma towards the expected loss, ``spent``, that it has on average."""
    found = spent + sum(rate.noise * penalty for rate, penalty, _ in balance)
    expected = total + sum(rate.noise * usual for rate, _, usual in balance)
    return float(np.clip(0.5 * math.log(max(found, 1e-300) / expected), -LARGEST_CHANGE, LARGEST_CHANGE))


def _learned_change(balance: list[tuple[Rate, float, float]], number: int) -> Array:
    """Change of the log of each learned parameter towards the penalty that it has on average, shape (H,)."""
    change = np.zeros(number)
    for rate, penalty, usual in balance:
        if rate.index >= 0 and penalty > 0:
            change[rate.index] = math.log(usual / penalty) / rate.power
    return np.clip(change, -LARGEST_CHANGE, LARGEST_CHANGE)


def _inverse(precision: Array) -> Array:
    """Inverse of a positive matrix of any scaling, nudged where it is singular to rounding."""
    per = 1 / np.sqrt(np.maximum(np.diag(precision), np.finfo(float).tiny))
    scaled = precision * np.outer(per, per)
    scaled[np.diag_indices_from(scaled)] += 1e-10
    return np.asarray(linalg.inv(scaled) * np.outer(per, per))

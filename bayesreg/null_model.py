"""The best fit without the penalised coefficients: where certificates and paths begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian, Kinked
from bayesreg.numerics.best_constant import best_constant
from bayesreg.numerics.interior_point import CheckLoss, minimise
from bayesreg.problem import Problem

Array = NDArray[np.float64]
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class NullModel:
    """The minimum of the objective with every penalised coefficient at its location.

    Parameters
    ----------
    value : float
        The objective there.
    eta : array, shape (n,)
        The linear predictor there.
    theta : array, shape (n,)
        Gradient of the weighted loss with respect to eta, orthogonal to the unpenalised columns.
    d : array, shape (p,)
        Coefficients less their location.
    """

    value: float
    eta: Array
    theta: Array
    d: Array

    def slope_norm(self, weight: Array | None) -> float:
        """Weighted norm of F' at the null model; 1 where it vanishes. Weight None: all 1."""
        if weight is None:
            norm = float(np.sqrt(self.theta @ self.theta))
        else:
            slope = np.divide(self.theta, weight, out=np.zeros_like(self.theta), where=weight > 0)
            norm = float(np.sqrt(weight @ slope**2))
        return norm if norm > 0 else 1.0


def null_model(problem: Problem, sigma: float) -> NullModel:
    """Fit the unpenalised columns and the intercept. Where nothing is penalised, the intercept alone.

    Cost O(n k²) for k unpenalised columns.
    """
    if problem.memo.get("null model at") != sigma:
        problem.memo.update({"null model": _fit(problem, sigma), "null model at": sigma})
    null: NullModel = problem.memo["null model"]
    return null


def _fit(problem: Problem, sigma: float) -> NullModel:
    free = problem.unpenalised
    if free.all():
        free = np.zeros_like(free)
    base = problem.base()
    if implements(problem.likelihood, Kinked):
        return _kinked(problem, problem.likelihood, sigma, base, free)
    if not free.any():
        shift = _constant(problem, sigma, base)
        return _at(problem, sigma, base + shift, shift, np.zeros(problem.p))
    return _newton(problem, sigma, base, free)


def _at(problem: Problem, sigma: float, eta: Array, shift: float, d: Array) -> NullModel:
    design = problem.design
    value = float(design.weight @ problem.likelihood.loss(eta, design.y, sigma)) + _ridge(problem, sigma, shift)
    theta = design.weight * problem.likelihood.gradient(eta, design.y, sigma)
    return NullModel(value, eta, theta, d)


def _ridge(problem: Problem, sigma: float, shift: float) -> float:
    if not problem.fit_intercept or problem.intercept_prior.flat:
        return 0.0
    return 0.5 * problem.intercept_prior.l2(sigma) * (shift - problem.intercept_prior.loc) ** 2


def _constant(problem: Problem, sigma: float, base: Array) -> float:
    """The best intercept on top of ``base``; 0 without one."""
    if not problem.fit_intercept:
        return 0.0
    design, likelihood = problem.design, problem.likelihood
    rate, loc = problem.intercept_prior.l2(sigma), problem.intercept_prior.loc
    rate = 0.0 if problem.intercept_prior.flat else rate
    if isinstance(likelihood, Gaussian):
        data = design.total_weight / sigma**2
        mean = design.weight @ (design.y - base) / design.total_weight
        return float((data * mean + rate * loc) / (data + rate))

    def slope(t: float) -> float:
        return float(design.weight @ likelihood.gradient(base + t, design.y, sigma) + rate * (t - loc))

    def curvature(t: float) -> float:
        return float(design.weight @ likelihood.curvature(base + t, design.y, sigma) + rate)

    level = design.y - base if likelihood.has_sigma else -base
    guess = float(design.weight @ level) / design.total_weight
    return best_constant(slope, curvature, guess)


def _newton(problem: Problem, sigma: float, base: Array, free: NDArray[np.bool_]) -> NullModel:
    """Newton steps over the unpenalised columns, the intercept first."""
    design, likelihood = problem.design, problem.likelihood
    columns = problem.columns.take(np.flatnonzero(free)).dense()
    Z = np.column_stack([np.ones(design.n), columns]) if problem.fit_intercept else columns
    ridge, target = np.zeros(Z.shape[1]), np.zeros(Z.shape[1])
    if problem.fit_intercept and not problem.intercept_prior.flat:
        ridge[0], target[0] = problem.intercept_prior.l2(sigma), problem.intercept_prior.loc
    gamma = np.zeros(Z.shape[1])
    if problem.fit_intercept:
        gamma[0] = _constant(problem, sigma, base)
    scale = np.sqrt(design.weight @ Z**2)
    scale[scale == 0] = 1.0

    def value(at: Array) -> float:
        loss = design.weight @ likelihood.loss(base + Z @ at, design.y, sigma)
        return float(loss + 0.5 * ridge @ (at - target) ** 2)

    best = value(gamma)
    for _ in range(100):
        eta = base + Z @ gamma
        slope = design.weight * likelihood.gradient(eta, design.y, sigma)
        h = design.weight * np.maximum(likelihood.curvature(eta, design.y, sigma), 0.0)
        g = (Z.T @ slope + ridge * (gamma - target)) / scale
        H = (Z.T * h) @ Z / np.outer(scale, scale) + np.diag(ridge / scale**2)
        step = linalg.lstsq(H, g)[0] / scale
        share = 1.0
        while share > 1e-10 and not value(gamma - share * step) <= best:
            share /= 2
        new = value(gamma - share * step)
        moved = best - new
        if not new <= best:
            break
        gamma, best = gamma - share * step, new
        if moved <= 4 * EPS * abs(best) and np.abs(g).max() <= 1e-12 * (np.linalg.norm(slope) + 1e-300):
            break
    d = np.zeros(problem.p)
    d[free] = gamma[int(problem.fit_intercept) :]
    eta = base + Z @ gamma
    theta = design.weight * likelihood.gradient(eta, design.y, sigma)
    return NullModel(best, eta, theta, d)


def _kinked(problem: Problem, likelihood: Kinked, sigma: float, base: Array, free: NDArray[np.bool_]) -> NullModel:
    """The unpenalised quantile regression; its multiplier is the gradient."""
    design = problem.design
    up, down = likelihood.slopes(sigma)
    columns = problem.columns.take(np.flatnonzero(free)).dense()
    Z = np.column_stack([np.ones(design.n), columns]) if problem.fit_intercept else columns
    if Z.shape[1] == 0:
        return _at(problem, sigma, base, 0.0, np.zeros(problem.p))
    ridge = np.zeros(Z.shape[1])
    loc = 0.0
    if problem.fit_intercept and not problem.intercept_prior.flat:
        ridge[0], loc = problem.intercept_prior.l2(sigma), problem.intercept_prior.loc
    response, weight, none = design.y - base - loc, design.weight, np.zeros(ridge.size, dtype=bool)
    found = minimise(CheckLoss(Z, response, weight * up, weight * down, np.zeros_like(ridge), ridge, none))
    d = np.zeros(problem.p)
    d[free] = found.d[int(problem.fit_intercept) :]
    eta = base + loc + Z @ found.d
    value = float(design.weight @ likelihood.loss(eta, design.y, sigma)) + 0.5 * float(ridge @ found.d**2)
    return NullModel(value, eta, found.theta, d)

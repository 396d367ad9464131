r"""MAP by proximal Newton steps: a smooth likelihood, any penalty.

.. math:: \min_{\beta_0, d} \sum_i w_i F_i(o_i + \beta_0 + x_i^T d) + \sum_j l_{1j}|d_j| + \tfrac12 l_{2j} d_j^2

Each step minimises the quadratic model of the loss plus the penalty exactly (Friedman, Hastie & Tibshirani, 2010,
section 3), and a line search on the objective itself makes it safe.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Bernoulli
from bayesreg.numerics.best_constant import best_constant
from bayesreg.numerics.penalised_quadratic import minimise
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]


class ProxNewton:
    """Proximal Newton for the Bernoulli likelihood."""

    name = "prox_newton"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Bernoulli likelihood."""
        return (
            not_penalised(problem) if isinstance(problem.likelihood, Bernoulli) else "the likelihood is not Bernoulli"
        )

    def find_map(self, problem: Problem, sigma: float, start: Array | None, max_iter: int) -> Mode:
        """Return the mode; ``max_iter`` bounds the Newton steps."""
        design, likelihood = problem.design, problem.likelihood
        penalty = problem.penalty(sigma)
        # Work on centred columns: the intercept of the centred problem is nearly uncorrelated with them.
        centre = design.x_mean if problem.flat_intercept else np.zeros(problem.p)
        Z, l1, l2, loc = design.X - centre, penalty.l1, penalty.l2, problem.loc
        if problem.fit_intercept:
            Z = np.column_stack([np.ones(design.n), Z])
            l1 = np.append(0.0, l1)
            l2 = np.append(problem.intercept_prior.l2(sigma), l2)
            loc = np.append(problem.intercept_prior.loc if not problem.flat_intercept else centre @ loc, loc)
        base = design.offset + Z @ loc
        d = np.zeros(Z.shape[1])
        if start is not None:
            d[-problem.p :] = start - problem.loc

        def value(at: Array) -> float:
            loss = design.weight @ likelihood.loss(base + Z @ at, design.y, sigma)
            return float(loss + l1 @ np.abs(at) + 0.5 * l2 @ (at * at))

        if problem.fit_intercept and start is None:

            def slope_of_constant(t: float) -> float:
                return float(design.weight @ likelihood.gradient(base + t, design.y, sigma) + l2[0] * t)

            d[0] = best_constant(slope_of_constant, -float(np.median(base)))
        best = value(d)
        steps, stalled, bounded = 0, 0, False
        while steps < max_iter:
            eta = base + Z @ d
            slope = design.weight * likelihood.gradient(eta, design.y, sigma)
            h = design.weight * likelihood.curvature(eta, design.y, sigma)
            # Where every probability has saturated the curvature says nothing; its bound 1/4 always gives descent.
            h = design.weight / 4 if bounded else np.maximum(h, 1e-12 * h.max(initial=1e-300))
            H = (Z.T * h) @ Z
            g = Z.T @ slope
            scale = np.sqrt(np.diag(H)) * np.sqrt(float(design.weight.sum()))
            scale[scale == 0] = 1.0
            target, _ = minimise(H, H @ d - g, l1, l2, d, scale, 10_000)
            steps += 1
            direction = target - d
            decrease = float(g @ direction + l1 @ (np.abs(target) - np.abs(d)) + 0.5 * l2 @ (target**2 - d**2))
            share, new, candidate = _line_search(value, d, target, best, decrease)
            size = np.max(np.abs(direction) * np.sqrt(np.diag(H)), initial=0.0)
            if share > 0:
                d, best = candidate, new
            # Quadratic convergence: the step after a tiny one is at rounding.
            stalled = stalled + 1 if share == 0 or size < 1e-9 else 0
            if stalled >= 2 or size == 0:
                break
            bounded = share < 1e-3 and not bounded
        coef = problem.loc + d[-problem.p :]
        intercept = 0.0
        if problem.fit_intercept:
            intercept = float(d[0] + loc[0] - centre @ coef)
        return Mode(coef, intercept, steps)


def _line_search(
    value: Callable[[Array], float], d: Array, target: Array, best: float, decrease: float
) -> tuple[float, float, Array]:
    """Armijo backtracking from the full step; a step within rounding of the best value is taken too."""
    rounding = 8 * np.finfo(float).eps * abs(best)
    share = 1.0
    while share > 1e-8:
        # The full step is the target itself, so that its zeros stay exact.
        candidate = target if share == 1.0 else d + share * (target - d)
        new = value(candidate)
        if new <= best + 1e-4 * share * min(decrease, 0.0) + rounding:
            return share, new, candidate
        share /= 2
    return 0.0, best, d

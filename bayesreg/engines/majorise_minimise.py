r"""MAP for a likelihood that is not convex: a local optimum, the best of several starts, and said to be local.

Each step minimises a quadratic that lies above the loss, plus the penalty: for Student-t errors this is the EM
algorithm with weights :math:`(\nu + 1) / (\nu + r_i^2/\sigma^2)` (Lange, Little & Taylor, 1989). Newton steps on the
support follow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.engines.base import not_penalised
from bayesreg.likelihoods import Gaussian, Huber
from bayesreg.numerics.prox_newton import SmoothProblem, prox_newton
from bayesreg.numerics.symmetric_solve import solve_symmetric
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.row_problem import LikelihoodRows, MajorisedRows, smooth_problem, to_mode, to_start

Array = NDArray[np.float64]


class MajoriseMinimise:
    """Weighted penalised least squares, again and again, from a least-squares, a Huber and a null start."""

    name = "majorise_minimise"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a smooth likelihood that is not convex."""
        if problem.likelihood.convex:
            return "the likelihood is convex"
        return not_penalised(problem)

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the best local optimum; from ``start`` alone when given."""
        rows = LikelihoodRows.of(problem, sigma)
        smooth = smooth_problem(problem, sigma, MajorisedRows.of(problem, sigma))
        optima: list[tuple[float, Array, float, int]] = []
        for d, intercept in self._starts(problem, sigma, start, smooth, max_iter):
            found = prox_newton(smooth, d, intercept, max_iter)
            d, intercept = _newton(smooth.with_loss(rows), rows, found.d, found.intercept)
            eta = smooth.base + intercept + smooth.X.times(d)
            value = smooth.value(eta, d, intercept)
            known = any(np.allclose(eta, smooth.base + b + smooth.X.times(e), rtol=1e-5) for _, e, b, _ in optima)
            if not known:
                optima.append((value, d, intercept, found.steps))
        _, d, intercept, steps = min(optima, key=lambda optimum: optimum[0])
        return to_mode(problem, d, intercept, steps, optima=len(optima))

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path: every point from its own starts, so that none inherits a worse optimum."""
        return [self.find_map(problem.with_strength(float(s)), sigma, None, max_iter) for s in strengths]

    def _starts(
        self, problem: Problem, sigma: float, start: Mode | None, smooth: SmoothProblem, max_iter: int
    ) -> list[tuple[Array, float]]:
        null = to_start(problem, sigma, start)
        if start is not None:
            return [null]
        starts = [null]
        for likelihood in (Huber(1.345, sigma), Gaussian(sigma)):
            rows = LikelihoodRows(likelihood, problem.design.y, problem.design.weight, sigma)
            found = prox_newton(smooth.with_loss(rows), *null, max_iter)
            starts.append((found.d, found.intercept))
        return starts


def _newton(smooth: SmoothProblem, rows: LikelihoodRows, d: Array, intercept: float) -> tuple[Array, float]:
    """Newton steps with the curvature itself, on the support with its signs, while they bring the conditions closer."""
    penalty = smooth.penalty
    on = np.flatnonzero((d != 0) | (~penalty.penalised & ~penalty.constrained))
    sign = np.sign(d[on]) * (penalty.l1[on] > 0)
    rate = smooth.pull(0.0)
    Z = smooth.X.take(on).dense()
    Z = Z if rate is None else np.column_stack([np.ones(Z.shape[0]), Z])
    first = int(rate is not None)

    def worst(at: Array, b: float) -> tuple[float, Array]:
        slope = rows.slope(smooth.base + b + smooth.X.times(at))
        gap = float(np.max(smooth.violation(at, smooth.X.transposed_times(slope)), initial=0.0))
        pulled = smooth.pull(b)
        return max(gap, 0.0 if pulled is None else abs(float(slope.sum()) + pulled[1])), slope

    before, slope = worst(d, intercept)
    for _ in range(10):
        eta = smooth.base + intercept + smooth.X.times(d)
        h = rows.weight * rows.likelihood.curvature(eta, rows.y, rows.sigma)
        along, bend = penalty.smooth(d, on)
        gradient, H = Z.T @ slope, (Z.T * h) @ Z
        gradient[first:] += along
        H[first:, first:] += bend
        pulled = smooth.pull(intercept)
        if pulled is not None:
            gradient[0] += pulled[1]
            H[0, 0] += pulled[0]
        noise = 1e-14 * np.linalg.norm(slope) * np.linalg.norm(Z, axis=0)
        if np.any(np.diag(H) < 0):
            break  # no minimum of its own
        try:
            step = solve_symmetric(H, -gradient, np.zeros(gradient.size), noise)
        except (linalg.LinAlgError, ValueError):
            break  # the point stays as the majorants left it
        new = d.copy()
        new[on] += step[first:]
        moved = intercept + (float(step[0]) if first else 0.0)
        after, slope = worst(new, moved)
        flipped = np.any(new[on] * sign < 0) or np.any(new[penalty.constrained] < 0)
        if flipped or not after < before:
            break
        d, intercept, before = new, moved, after
    return d, intercept

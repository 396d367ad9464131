r"""MAP by the augmented Lagrangian: the absolute or quantile loss, any penalty.

With z for the linear predictor and the constraint z = eta, minimising over z leaves a smooth function of eta,

.. math:: \phi_i(\eta) = \min_z \rho_i(y_i - z) + \theta_i (\eta - z) + \tfrac{\tau}{2} (\eta - z)^2, \qquad
          \phi_i'(\eta) = \mathrm{clip}(\theta_i + \tau(\eta - y_i), -u_i, v_i)

whose slope is the next multiplier (Rockafellar, 1976). Each round is a smooth problem with the same penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import not_penalised, one_by_one
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Kinked
from bayesreg.numerics.prox_newton import prox_newton
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.row_problem import smooth_problem, to_mode, to_start

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Smoothed:
    """The sum of the functions phi above."""

    y: Array
    up: Array
    down: Array
    theta: Array
    stiffness: float

    def _bound(self, eta: Array) -> tuple[Array, Array]:
        raw = self.theta + self.stiffness * (eta - self.y)
        return raw, np.clip(raw, -self.up, self.down)

    def value(self, eta: Array) -> float:
        """Sum over the rows."""
        raw, bound = self._bound(eta)
        distance = eta - self.y
        outside = bound * distance - (bound - self.theta) ** 2 / (2 * self.stiffness)
        inside = self.theta * distance + 0.5 * self.stiffness * distance**2
        return float(np.where(raw == bound, inside, outside).sum())

    def slope(self, eta: Array) -> Array:
        """The next multiplier."""
        return self._bound(eta)[1]

    def curvature(self, eta: Array) -> Array:
        """Stiffness at the kink, 0 elsewhere."""
        raw, bound = self._bound(eta)
        return np.where((raw == bound) & (self.up + self.down > 0), self.stiffness, 0.0)

    def majorant(self, eta: Array) -> Array:
        """Stiffness."""
        return np.where(self.up + self.down > 0, self.stiffness, 0.0)


class AugmentedLagrangian:
    """Proximal Newton on a smoothed loss whose centre moves with the multiplier."""

    name = "augmented_lagrangian"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a likelihood of linear pieces."""
        if not implements(problem.likelihood, Kinked):
            return "the loss is not made of linear pieces"
        return not_penalised(problem)

    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode with its multiplier; ``max_iter`` bounds the Newton steps of all rounds."""
        assert implements(problem.likelihood, Kinked)
        design = problem.design
        up, down = problem.likelihood.slopes(sigma)
        up_rows, down_rows = design.weight * up, design.weight * down
        d, intercept = to_start(problem, sigma, start)
        theta = np.zeros(problem.n) if start is None or start.dual is None else start.dual
        smooth = smooth_problem(problem, sigma, _Smoothed(design.y, up_rows, down_rows, theta, 1.0))
        eta = smooth.base + intercept + smooth.X.times(d)
        size = float(np.median(np.abs(design.y - eta))) or design.y_sd or 1.0
        stiffness = (up + down) * float(design.weight.max()) / size
        gentle, steps, distance = stiffness, 0, np.inf
        for _ in range(60):
            loss = _Smoothed(design.y, up_rows, down_rows, theta, stiffness)
            found = prox_newton(smooth.with_loss(loss), d, intercept, max_iter - steps, tol=1e-16)
            d, intercept, steps = found.d, found.intercept, steps + found.steps
            eta = smooth.base + intercept + smooth.X.times(d)
            before, theta = theta, loss.slope(eta)
            previous, distance = distance, float(np.max(np.abs(theta - before))) / stiffness
            # How far z is from eta, in units of the residuals.
            if distance <= 1e-15 * float(np.max(np.abs(design.y - eta), initial=size)) or steps >= max_iter:
                break
            # Stiffer while the multiplier moves slowly; too stiff a problem loses digits.
            stiffness *= 3.0 if distance > 0.1 * previous and stiffness < 1e6 * gentle else 1.0
        return to_mode(problem, d, intercept, steps, dual=theta)

    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the path, each point started at the one before."""
        return one_by_one(self, problem, sigma, strengths, max_iter)

r"""A Gibbs sampler of the Bayesian lasso in plain NumPy (Park & Casella, 2008), and planted errors in it.

.. math:: y \sim N(\beta_0 + X\beta, \sigma^2), \quad \beta_j \sim \mathrm{Laplace}(\sigma/\lambda), \quad
          \sigma^2 \sim IG(a, b), \quad \lambda \sim \Gamma(r, \delta)

The intercept has an absolute normal prior, or a flat one, which is integrated out. Slow and plain: it shares no code
with the package's samplers, and the tests of the tests are run on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Chain
from bayesreg.problem import Problem
from tests.posterior.forward import Theta

Array = NDArray[np.float64]

MISTAKES = {
    "noise shape": "the shape of sigma forgets the coefficients: n/2 in place of (n + p)/2",
    "local scale": "the local scale is drawn as if |coef| did not count in units of sigma",
    "rows": "n - 1 rows with a proper prior of the intercept",
    "rows of a flat intercept": "n rows with a flat intercept",
    "learned rate": "the rate forgets that the density of each coefficient holds it",
    "order": "the rate is drawn without the local scales, but the local scales are left as they were",
}


@dataclass
class ParkCasella:
    """One chain; ``mistake`` is None or a key of ``MISTAKES``."""

    problem: Problem
    rng: np.random.Generator
    mistake: str | None = None

    def __post_init__(self) -> None:
        p = self.problem.p
        design, prior = self.problem.design, self.problem.intercept_prior
        self.flat = prior.flat
        self.X = design.X - design.X.mean(0) if self.flat else design.X
        self.y = design.y - design.y.mean() if self.flat else design.y
        law: Any = self.problem.sigma_law
        self.a, self.b = law.shape, law.scale
        self.rate_law: Any = self.problem.hyper_laws["prior_rate"]
        self.t, self.rate = 2 * self.rng.standard_exponential(p), 1.0
        self.sigma2, self.b0 = 1.0, 0.0

    def warm_up(self, sweeps: int) -> None:
        """Nothing adapts; run some sweeps."""
        self.advance(sweeps)

    def sweep(self) -> Array:
        """(b0, coef | sigma), sigma, (rate, local scales); each as its textbook has it."""
        n, p = self.X.shape
        rng, X = self.rng, self.X
        precision = X.T @ X + np.diag(self.rate**2 / self.t)
        L = np.linalg.cholesky(precision)
        mean = np.linalg.solve(precision, X.T @ (self.y - self.b0))
        coef = mean + np.sqrt(self.sigma2) * np.linalg.solve(L.T, rng.standard_normal(p))
        left = self.y - X @ coef
        if not self.flat:
            prior = self.problem.intercept_prior
            weight = n / self.sigma2 + prior.rate
            centre = (left.sum() / self.sigma2 + prior.rate * prior.loc) / weight
            self.b0 = centre + rng.standard_normal() / np.sqrt(weight)
        rows = n - 1 if self.flat != (self.mistake in ("rows", "rows of a flat intercept")) else n
        shape = self.a + 0.5 * rows + (0.0 if self.mistake == "noise shape" else 0.5 * p)
        square = np.sum((left - self.b0) ** 2) + self.rate**2 * np.sum(coef**2 / self.t)
        self.sigma2 = (self.b + 0.5 * square) / rng.standard_gamma(shape)
        size = np.abs(coef) / (1.0 if self.mistake == "local scale" else np.sqrt(self.sigma2))
        power = self.rate_law.shape + (0 if self.mistake == "learned rate" else p)
        self.rate = rng.standard_gamma(power) / (self.rate_law.rate + np.sum(np.abs(coef)) / np.sqrt(self.sigma2))
        if self.mistake != "order":
            self.t = 1 / rng.wald(1 / (self.rate * size), 1.0)
        return coef

    def advance(self, draws: int) -> dict[str, Array]:
        """Sweep and report."""
        seen = []
        for _ in range(draws):
            coef = self.sweep()
            b0 = self.b0
            if self.flat:
                n = self.problem.n
                centre = self.problem.design.y.mean() - self.problem.design.X.mean(0) @ coef
                b0 = centre + np.sqrt(self.sigma2 / n) * self.rng.standard_normal()
            seen.append((coef, b0, np.sqrt(self.sigma2), self.rate, np.sqrt(self.t)))
        names = ("coef", "intercept", "sigma", "prior_rate", "local_scale")
        return {name: np.array(column) for name, column in zip(names, zip(*seen, strict=True), strict=True)}

    def state(self) -> dict[str, Array]:
        """The local scales, the noise, the rate and the intercept: a sweep draws the coefficients first."""
        return {"t": self.t, "rest": np.array([self.sigma2, self.rate, self.b0])}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take up a state."""
        self.t = np.array(state["t"])
        self.sigma2, self.rate, self.b0 = (float(value) for value in state["rest"])


def place(chain: Chain, problem: Problem, theta: Theta) -> None:
    """Put a chain at parameters of shape (1, ...); a flat intercept is no part of its state."""
    intercept = 0.0 if problem.flat_intercept else theta["intercept"][0]
    rest = np.array([theta["sigma"][0] ** 2, theta["prior_rate"][0], intercept])
    chain.restore({"t": theta["local_scale"][0] ** 2, "rest": rest})

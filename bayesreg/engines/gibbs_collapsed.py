r"""Gibbs sampling with the coefficients integrated out of the scales: more columns than rows.

Factorisations of n x n matrices; see `bayesreg.numerics.gibbs.collapsed`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg import gaussian_data
from bayesreg.engines.base import Chain
from bayesreg.gaussian_data import GaussianRows
from bayesreg.gibbs_chain import GibbsChain, Raw
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.gibbs.collapsed import collapsed_sweeps
from bayesreg.numerics.gibbs.specification import State
from bayesreg.problem import Problem

Array = NDArray[np.float64]


class GibbsCollapsed:
    """Scale and sigma with the coefficients integrated out, then the coefficients, then the scale and local ones."""

    name = "gibbs_collapsed"
    tune = 500
    exactness = "mcmc"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood, a mixture prior and at least as many columns as rows."""
        if (reason := gaussian_data.why_not(problem)) is not None:
            return reason
        return None if problem.p >= problem.n else "fewer columns than rows"

    def cost(self, problem: Problem) -> str:
        """A product of n² p and some Cholesky factorisations a sweep."""
        n, p = problem.n, problem.p
        return f"n² p + 3 n³ = {n**2 * p + 3 * n**3:.2g} operations a draw"

    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start."""
        mixture = MixtureProblem.of(problem)
        data, prior, hyper = GaussianRows.of(mixture), mixture.prior, mixture.hyper
        own, pure = mixture.own_noise, mixture.pure

        def sweeps(rng: np.random.Generator, state: State, width: Array, raw: Raw) -> bool:
            given = (data.X, data.y, data.rows, prior, hyper, state, width, own, pure)
            return bool(collapsed_sweeps(rng, *given, *raw))

        return GibbsChain(mixture, rng, sweeps, data.n_normals, data.back)

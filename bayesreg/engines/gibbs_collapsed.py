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
from bayesreg.numerics.gibbs.specification import HORSESHOE, LAPLACE, State
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Passes over single coefficients after each draw of all, by law: where one costs a tenth of that, so many pay.
PASSES = {LAPLACE: 8, HORSESHOE: 2}


class GibbsCollapsed:
    """Scale and sigma with the coefficients integrated out, then the coefficients, then the scale and local ones."""

    name = "gibbs_collapsed"
    tune = 250
    exactness = "mcmc"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood, a mixture prior and at least as many columns as rows."""
        if (reason := gaussian_data.why_not(problem)) is not None:
            return reason
        return None if problem.p >= problem.n else "fewer columns than rows"

    def cost(self, problem: Problem) -> str:
        """A product of n² p, some Cholesky factorisations and passes over the columns a sweep."""
        n, p = problem.n, problem.p
        return f"n² p + 3 n³ = {n**2 * p + 3 * n**3:.2g} operations a draw"

    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start."""
        mixture = MixtureProblem.of(problem)
        data, prior, hyper = GaussianRows.of(mixture), mixture.prior, mixture.hyper
        own, pure = mixture.own_noise, mixture.pure
        passes = PASSES.get(prior.law, 0) if np.any(prior.size == 1) else 0

        def sweeps(rng: np.random.Generator, state: State, width: Array, raw: Raw) -> bool:
            given = (data.X, data.y, data.rows, prior, hyper, state, width, own, pure, passes)
            return bool(collapsed_sweeps(rng, *given, *raw))

        return GibbsChain(mixture, rng, sweeps, data.n_normals, data.back)

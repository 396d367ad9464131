r"""Gibbs sampling with all coefficients in one block: Gaussian likelihood, scale mixtures of normals, few columns.

One Cholesky factorisation of the posterior precision a sweep, see `bayesreg.numerics.gibbs.full`; a horseshoe with few
columns has a scan of its local scales before, see `bayesreg.numerics.gibbs.scan`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg import gaussian_data
from bayesreg.engines.base import Chain
from bayesreg.gaussian_data import GaussianGram
from bayesreg.gibbs_chain import GibbsChain, Raw
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.gibbs.full import full_sweeps
from bayesreg.numerics.gibbs.scan import scanned_sweeps
from bayesreg.numerics.gibbs.specification import HORSESHOE, State
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# p³/3 operations a sweep: beyond this many columns other samplers are faster, and this one takes seconds a sweep.
MANY = 2000
# Columns up to which a scan of all local scales of a horseshoe, 5 p³ operations, pays.
FEW = 64


class GibbsFull:
    """Sigma with the coefficients integrated out, the coefficients at once, then the scales without the local ones."""

    name = "gibbs_full"
    tune = 500
    exactness = "mcmc"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood and a mixture prior."""
        if (reason := gaussian_data.why_not(problem)) is not None:
            return reason
        return f"more than {MANY} columns" if problem.p > MANY else None

    def cost(self, problem: Problem) -> str:
        """One Cholesky factorisation a sweep."""
        return f"one pass over the rows, then p³/3 = {problem.p**3 / 3:.2g} operations a draw"

    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start."""
        mixture = MixtureProblem.of(problem)
        data, prior, hyper, own = GaussianGram.of(mixture), mixture.prior, mixture.hyper, mixture.own_noise

        kernel = scanned_sweeps if prior.law == HORSESHOE and prior.rate.size <= FEW else full_sweeps

        def sweeps(rng: np.random.Generator, state: State, width: Array, raw: Raw) -> bool:
            given = (data.gram, data.cross, data.total, data.rows, prior, hyper, state, width, own)
            return bool(kernel(rng, *given, *raw))

        return GibbsChain(mixture, rng, sweeps, data.n_normals, data.back)

r"""Gibbs sampling in blocks of neighbouring columns: Gaussian likelihood, scale mixtures of normals, many columns.

See `bayesreg.numerics.gibbs.blocks`; the columns are put in an order in which correlated ones are neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg import gaussian_data
from bayesreg.engines.base import Chain
from bayesreg.gaussian_data import GaussianGram
from bayesreg.gibbs_chain import GibbsChain, Raw
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.column_order import spectral_order
from bayesreg.numerics.gibbs.blocks import block_sweeps
from bayesreg.numerics.gibbs.specification import State
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Columns in a block. Larger ones mix a little better and cost more: best at rank correlations from 0.5 to 0.95.
SIZE = 16
# Up to here one block of all columns is drawn about as fast, and mixes best.
FEW = 64


class GibbsBlocks:
    """Coefficients in blocks whose borders move from sweep to sweep, then one by one, then sigma and the scales."""

    name = "gibbs_blocks"
    tune = 500
    exactness = "mcmc"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood, a mixture prior and many columns, but fewer than rows."""
        if (reason := gaussian_data.why_not(problem)) is not None:
            return reason
        if problem.p <= FEW:
            return f"no more than {FEW} columns, which are better drawn at once"
        return None if problem.p < problem.n else "no more rows than columns"

    def cost(self, problem: Problem) -> str:
        """A pass over the Gram matrix a sweep."""
        p = problem.p
        return f"one pass over the rows, then 2 p² + {SIZE}² p = {2 * p**2 + SIZE**2 * p:.2g} operations a draw"

    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start."""
        design = problem.design
        gram = design.centred_gram if problem.flat_intercept else design.uncentred_gram
        mixture = MixtureProblem.of(problem, spectral_order(gram))
        data, prior, hyper = GaussianGram.of(mixture), mixture.prior, mixture.hyper

        def sweeps(rng: np.random.Generator, state: State, width: Array, raw: Raw) -> bool:
            given = (data.gram, data.cross, data.total, data.rows, prior, hyper, state, width, SIZE)
            return bool(block_sweeps(rng, *given, *raw))

        return GibbsChain(mixture, rng, sweeps, data.n_normals, data.back)

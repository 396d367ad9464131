"""Running the chains of a sampler of our own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Chain, ChainEngine
from bayesreg.outcomes import Draws
from bayesreg.problem import Problem

Array = NDArray[np.float64]


def run(
    engine: ChainEngine, problem: Problem, draws: int, chains: int, tune: int, seed: np.random.SeedSequence
) -> Draws:
    """Warm up and advance every chain.

    Parameters
    ----------
    engine : ChainEngine
    problem : Problem
    draws, chains, tune : int
    seed : numpy.random.SeedSequence
        One child a chain.

    Returns
    -------
    Draws
    """
    parts = []
    for child in seed.spawn(chains):
        chain: Chain = engine.start(problem, np.random.Generator(np.random.PCG64(child)))
        chain.warm_up(tune)
        parts.append(chain.advance(draws))
    values = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return Draws(values, {}, "mcmc", {})

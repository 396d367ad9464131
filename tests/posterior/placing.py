"""Putting the chains of the package's samplers at given parameters: what their states are called, not how they move."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Chain
from bayesreg.numerics.gibbs.specification import INVERSE, INVERSE_ROOT
from bayesreg.problem import Problem
from tests.posterior.forward import Theta

Array = NDArray[np.float64]


def place_gibbs(chain: Chain, problem: Problem, theta: Theta) -> None:
    """Put a Gibbs chain of the package at parameters of shape (1, ...)."""
    held: Any = chain
    mixture = held._mixture
    kept, prior = mixture.kept, mixture.prior
    state = {name: value.copy() for name, value in chain.state().items()}
    d = (theta["coef"][0] - problem.loc)[kept] / mixture.unit
    if problem.fit_intercept and not problem.flat_intercept:
        d = np.append(d, theta["intercept"][0] - problem.intercept_prior.loc)
    state["delta"] = d
    if "local_scale" in theta:
        on = np.flatnonzero(prior.rate[: kept.size] > 0)
        state["local"][prior.group[on]] = theta["local_scale"][0, kept[on]] ** 2
    multipliers = [1.0, 1.0]
    for k, (name, learned) in enumerate(zip(mixture.names[1:], mixture.hyper[1:], strict=True)):
        if name is not None:
            value = theta[name][0]
            multipliers[k] = {INVERSE: 1 / value, INVERSE_ROOT: value**-2.0}.get(learned.kind, value)
    left = problem.design.y - theta["coef"][0] @ problem.design.X.T - theta["intercept"][0] - problem.design.offset
    # What else is kept there counts sweeps and is no parameter.
    state["level"][:4] = theta["sigma"][0], *multipliers, problem.design.weight @ left**2
    chain.restore(state)

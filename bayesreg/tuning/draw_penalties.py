"""The penalty of every draw of a posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.priors.base import at_noise
from bayesreg.problem import Problem

Array = NDArray[np.float64]


def draw_penalties(problem: Problem, coef: Array, sigma: Array) -> Array:
    """Penalty in nats of coefficients (..., p) at noise levels (...), shape (...)."""
    one = problem.penalty(1.0)
    d = coef - problem.loc
    edged: Any = np.abs(d) @ one.l1
    if one.groups is not None:
        norms = np.stack([one.groups.norms(each) for each in d.reshape(-1, d.shape[-1])])
        edged = edged + (norms @ one.groups.rate).reshape(sigma.shape)
    l1, l2 = at_noise(edged, 0.5 * d**2 @ one.l2, problem.relative_to, sigma)
    return np.asarray(l1 + l2)

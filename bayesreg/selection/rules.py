"""Selection by the marginal posterior of each coefficient: whether its interval leaves 0 out, or its sign is sure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.intervals import interval

Array = NDArray[np.float64]


def by_interval(coef: Array, ci_prob: float | None) -> tuple[Array, Array, NDArray[np.bool_], str]:
    """Interval of each coefficient, (chains, draws, p) in: its ends, whether 0 lies outside, and its name in words."""
    import arviz as az

    lower, upper = interval(coef, ci_prob)
    share = az.rcParams["stats.ci_prob"] if ci_prob is None else ci_prob
    return lower, upper, (lower > 0) | (upper < 0), f"{100 * share:g} % ({az.rcParams['stats.ci_kind']})"


def sign_probability(coef: Array) -> Array:
    """Probability of the likelier sign, shape (p,): the share of draws on that side of 0, exact zeros on neither."""
    axes = tuple(range(coef.ndim - 1))
    return np.asarray(np.maximum((coef > 0).mean(axis=axes), (coef < 0).mean(axis=axes)))
